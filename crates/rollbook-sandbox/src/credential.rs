//! The credentials of clients: their kinds, hosts and accounts.

use serde::{Deserialize, Serialize};

use super::seed::is_default;

/// A credential for a client (docs/atlassian.md#credentials).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedCredential {
    /// A classic API token: Basic, at the site host only.
    Basic(SeedToken),
    /// A scoped API token: Basic, at the gateway only.
    Scoped(SeedToken),
    /// An OAuth access token: Bearer, at the gateway only.
    Bearer(SeedToken),
    /// OAuth 2.0 client credentials: `POST /oauth/token` makes a bearer token that lasts an hour.
    OauthClient(SeedClient),
    /// An OAuth 2.0 (3LO) app that people consent to at `/authorize`: access tokens last an hour, and are renewed with refresh
    /// tokens.
    OauthApp(SeedOauthApp),
    /// A key of the organization: Bearer, for the surfaces organization and user management.
    OrgApiKey(SeedOrgKey),
    /// A key of a SCIM directory: Bearer, for that directory.
    ScimApiKey(SeedScimKey),
}

/// A token and its account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedToken {
    /// The email or account ID it acts as. With Basic, the account's email is the user name.
    pub account: String,
    /// The token.
    pub token: String,
    /// The scopes it is limited to, classic or granular; every scope if left out. Not for `basic`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Whether it has expired: it is treated like a wrong one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
}

/// An OAuth 2.0 client and its account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedClient {
    /// The email or account ID it acts as.
    pub account: String,
    /// The client ID.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// The scopes it is limited to, classic or granular; every scope if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Whether it has expired.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
}

/// An OAuth 2.0 (3LO) app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedOauthApp {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// The addresses that a browser may be sent back to, each to be named exactly.
    pub callbacks: Vec<String>,
    /// The addresses of other sites that the app may be used on, and was consented to before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
}

/// An API key of the organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedOrgKey {
    /// The key.
    pub key: String,
    /// The email or account ID of its creator, who cannot deactivate themselves with it. It keeps working whatever happens to
    /// them (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The scopes it is limited to; if left out, it is a key without scopes, the only kind that writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Whether it has expired, which is after a week unless its creator chose another date.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
}

/// An API key of a SCIM directory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedScimKey {
    /// The key.
    pub key: String,
    /// The directory it is for; the organization's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Whether it has expired.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
}

impl SeedCredential {
    /// The account that it acts as, as in the seed; keys may have none.
    pub fn account(&self) -> Option<&str> {
        match self {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                Some(&token.account)
            }
            SeedCredential::OauthClient(client) => Some(&client.account),
            SeedCredential::OrgApiKey(key) => key.account.as_deref(),
            SeedCredential::OauthApp(_) | SeedCredential::ScimApiKey(_) => None,
        }
    }

    /// The app, if it is one with this client id that was not deleted.
    pub(super) fn oauth_app(&self, client_id: &str) -> Option<&SeedOauthApp> {
        match self {
            SeedCredential::OauthApp(app) => {
                Some(app).filter(|app| app.client_id == client_id && !app.expired)
            }
            SeedCredential::Basic(_)
            | SeedCredential::Scoped(_)
            | SeedCredential::Bearer(_)
            | SeedCredential::OauthClient(_)
            | SeedCredential::OrgApiKey(_)
            | SeedCredential::ScimApiKey(_) => None,
        }
    }

    /// Whether it is for Jira, and works only as long as its account does.
    pub(super) fn is_for_jira(&self) -> bool {
        match self {
            SeedCredential::Basic(_)
            | SeedCredential::Scoped(_)
            | SeedCredential::Bearer(_)
            | SeedCredential::OauthClient(_) => true,
            SeedCredential::OauthApp(_) | SeedCredential::OrgApiKey(_) | SeedCredential::ScimApiKey(_) => {
                false
            }
        }
    }

    /// The SCIM directory it is for, if it names one.
    pub(super) fn directory(&self) -> Option<&str> {
        match self {
            SeedCredential::ScimApiKey(key) => key.directory.as_deref(),
            SeedCredential::Basic(_)
            | SeedCredential::Scoped(_)
            | SeedCredential::Bearer(_)
            | SeedCredential::OauthClient(_)
            | SeedCredential::OauthApp(_)
            | SeedCredential::OrgApiKey(_) => None,
        }
    }

    /// The token, secret or key.
    pub(super) fn secret(&self) -> &str {
        match self {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                &token.token
            }
            SeedCredential::OauthClient(client) => &client.client_secret,
            SeedCredential::OauthApp(app) => &app.client_secret,
            SeedCredential::OrgApiKey(key) => &key.key,
            SeedCredential::ScimApiKey(key) => &key.key,
        }
    }

    /// The scopes it is limited to; empty for every scope.
    pub(super) fn scopes(&self) -> &[String] {
        match self {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                &token.scopes
            }
            SeedCredential::OauthClient(client) => &client.scopes,
            SeedCredential::OrgApiKey(key) => &key.scopes,
            SeedCredential::OauthApp(_) | SeedCredential::ScimApiKey(_) => &[],
        }
    }

    /// Whether it has expired.
    pub(super) fn expired(&self) -> bool {
        match self {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                token.expired
            }
            SeedCredential::OauthClient(client) => client.expired,
            SeedCredential::OauthApp(app) => app.expired,
            SeedCredential::OrgApiKey(key) => key.expired,
            SeedCredential::ScimApiKey(key) => key.expired,
        }
    }

    /// Expires it.
    pub(super) fn expire(&mut self) {
        let expired = match self {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                &mut token.expired
            }
            SeedCredential::OauthClient(client) => &mut client.expired,
            SeedCredential::OauthApp(app) => &mut app.expired,
            SeedCredential::OrgApiKey(key) => &mut key.expired,
            SeedCredential::ScimApiKey(key) => &mut key.expired,
        };
        *expired = true;
    }

    /// The same credential acting as `account`, if it acts as an account.
    pub(super) fn acting_as(&self, account: &str) -> Self {
        let mut credential = self.clone();
        match &mut credential {
            SeedCredential::Basic(token) | SeedCredential::Scoped(token) | SeedCredential::Bearer(token) => {
                account.clone_into(&mut token.account);
            }
            SeedCredential::OauthClient(client) => account.clone_into(&mut client.account),
            SeedCredential::OrgApiKey(key) => key.account = Some(account.to_owned()),
            SeedCredential::OauthApp(_) | SeedCredential::ScimApiKey(_) => {}
        }
        credential
    }
}
