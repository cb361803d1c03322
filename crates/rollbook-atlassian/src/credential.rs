//! Credentials, and the host that each is for. No secret is ever shown.

use secrecy::SecretString;

use super::endpoints::Door;
use super::login::Login;
use super::request::Host;

/// The route that access tokens come from.
pub(super) const EXCHANGE: &str = "/oauth/token";

/// A credential of Rollbook (docs/atlassian.md#surfaces-and-hosts).
#[derive(Clone, Debug)]
pub enum Credential {
    /// An email address and an API token.
    Basic {
        /// The account's email address.
        email: String,
        /// The API token.
        token: SecretString,
        /// A scoped token cannot be recognized by its text.
        kind: TokenKind,
    },
    /// An OAuth 2.0 access token from elsewhere.
    Bearer(SecretString),
    /// A service account's OAuth 2.0 client.
    ClientCredentials {
        /// The client's ID.
        id: String,
        /// The client's secret.
        secret: SecretString,
    },
    /// A login in the browser.
    Login(Login),
    /// An organization's API key, for the Organizations and the User management API
    /// (docs/atlassian.md#organization-api-keys).
    ApiKey(SecretString),
    /// The key of one SCIM directory; it differs from the organization's (docs/atlassian.md#scim-keys).
    DirectoryKey(SecretString),
    /// A service account's OAuth 2.0 client for SCIM. It does not replace a key of the directory (support.atlassian.com
    /// "Configure OAuth 2.0 to enable SCIM authentication").
    DirectoryClient {
        /// The client's ID.
        id: String,
        /// The client's secret.
        secret: SecretString,
    },
}

/// Whether an API token carries scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// All rights of its account; works at the site.
    Classic,
    /// Some rights; works only behind the gateway. Service accounts have only this kind.
    Scoped,
}

/// The kind of credential that a request was sent with, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// None.
    Nothing,
    /// A classic API token.
    Classic,
    /// A scoped API token.
    Scoped,
    /// An access token.
    Bearer,
    /// Client credentials.
    ClientCredentials,
    /// A login in the browser.
    Login,
    /// An organization's API key.
    ApiKey,
    /// A SCIM directory's key.
    DirectoryKey,
    /// Client credentials for SCIM.
    DirectoryClient,
}

impl Credential {
    /// Its kind.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Basic { kind: TokenKind::Classic, .. } => CredentialKind::Classic,
            Self::Basic { kind: TokenKind::Scoped, .. } => CredentialKind::Scoped,
            Self::Bearer(_) => CredentialKind::Bearer,
            Self::ClientCredentials { .. } => CredentialKind::ClientCredentials,
            Self::Login(_) => CredentialKind::Login,
            Self::ApiKey(_) => CredentialKind::ApiKey,
            Self::DirectoryKey(_) => CredentialKind::DirectoryKey,
            Self::DirectoryClient { .. } => CredentialKind::DirectoryClient,
        }
    }

    /// Whether a host is sent this credential. Each API takes its own and answers 401 to the others
    /// (docs/atlassian.md#surfaces-and-hosts), and a secret is sent only to the host that it is for (docs/design.md#secrets).
    pub(super) fn is_for(&self, host: Host) -> bool {
        match (host, self.kind()) {
            (Host::Admin, kind) => kind == CredentialKind::ApiKey,
            (Host::Directory, kind) => kind.is_for_directory(),
            (Host::Jira, kind) => {
                !kind.is_for_directory() && ![CredentialKind::ApiKey, CredentialKind::Nothing].contains(&kind)
            }
            (Host::Resources, kind) => matches!(kind, CredentialKind::Bearer | CredentialKind::Login),
            (Host::Site | Host::Auth, _) => false,
        }
    }

    /// Chooses the gateway if the site would answer 401, as for a scoped token and every OAuth token
    /// (docs/atlassian.md#scoped-tokens).
    pub(super) fn door(&self) -> Door {
        match self.kind() {
            CredentialKind::Nothing | CredentialKind::Classic => Door::Site,
            CredentialKind::Scoped
            | CredentialKind::Bearer
            | CredentialKind::ClientCredentials
            | CredentialKind::Login
            | CredentialKind::ApiKey
            | CredentialKind::DirectoryKey
            | CredentialKind::DirectoryClient => Door::Gateway,
        }
    }

    pub(super) fn secret(&self) -> &SecretString {
        match self {
            Self::Basic { token: secret, .. }
            | Self::Bearer(secret)
            | Self::ApiKey(secret)
            | Self::DirectoryKey(secret)
            | Self::ClientCredentials { secret, .. }
            | Self::DirectoryClient { secret, .. } => secret,
            Self::Login(login) => &login.app.secret,
        }
    }
}

impl CredentialKind {
    /// Whether it is only for a SCIM directory.
    pub(super) fn is_for_directory(self) -> bool {
        matches!(self, Self::DirectoryKey | Self::DirectoryClient)
    }

    /// Whether it is exchanged for access tokens.
    pub(super) fn is_exchanged(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::DirectoryClient | Self::Login)
    }
}
