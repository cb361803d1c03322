//! What to do about each fault, by the credential that met it.

use super::auth::CredentialKind;
use super::error::Fault;

impl Fault {
    /// A full sentence that says what to do next, where there is something to do.
    pub(super) fn help(&self, credential: CredentialKind) -> Option<&'static str> {
        let of_its_own = match credential {
            CredentialKind::ApiKey => self.help_with_api_key(),
            CredentialKind::DirectoryKey => self.help_with_directory(
                "Check ROLLBOOK_SCIM_API_KEY: it is the key of the SCIM directory, made where the identity provider is set \
                 up, and not the organization's API key.",
            ),
            CredentialKind::DirectoryClient => self.help_with_directory(
                "Give the service account the role User access admin of an app, and its OAuth client the scope read:account; \
                 or use the directory's key, ROLLBOOK_SCIM_API_KEY.",
            ),
            CredentialKind::Nothing
            | CredentialKind::Classic
            | CredentialKind::Scoped
            | CredentialKind::Bearer
            | CredentialKind::ClientCredentials => None,
        };
        of_its_own.or_else(|| self.help_at_site(credential))
    }

    /// The same where an access token was asked for. What is refused there is the client, with whatever status (RFC 6749
    /// §5.2); rights on a site are asked for later.
    pub(super) fn help_at_exchange(&self, credential: CredentialKind) -> Option<&'static str> {
        let refused = matches!(
            self,
            Self::Unauthorized(_)
                | Self::MissingScope(_)
                | Self::Forbidden(_)
                | Self::NotFound(_)
                | Self::Refused(_)
                | Self::NoSite(_)
        );
        if !refused {
            return self.help_at_site(credential);
        }
        Some(if credential.is_for_directory() {
            "Check ROLLBOOK_SCIM_CLIENT_ID and ROLLBOOK_SCIM_CLIENT_SECRET: the id and secret of a service account's OAuth \
             client that has not expired or been deleted."
        } else {
            "Check ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET: the client id and secret of a service account's OAuth \
             client that has not expired or been deleted. Only an organization with centralized user management has such \
             clients."
        })
    }

    /// The Organizations and the User management API (fact sheet §2, §5).
    fn help_with_api_key(&self) -> Option<&'static str> {
        match self {
            Self::NoSuchHost => Some("Check DNS and the proxy settings (HTTPS_PROXY, NO_PROXY)."),
            Self::Login { .. } | Self::Redirect { .. } => Some(
                "Something between here and Atlassian answered; ask it to let the gateway's host through.",
            ),
            Self::Unauthorized(_) => Some(
                "Check ROLLBOOK_ORG_API_KEY: an organization's API key expires after one week unless a later day was \
                 chosen, and an API token of a user is not taken here.",
            ),
            Self::MissingScope(_) => Some(
                "Make an API key without scopes at admin.atlassian.com: no operation that writes users, groups or \
                 memberships names a scope that a key could be given.",
            ),
            Self::Forbidden(_) => Some(
                "Use an API key without scopes of this organization, made by an organization admin; synced groups, \
                 default groups and groups that give admin rights cannot be changed here at all.",
            ),
            Self::NotFound(_) => Some(
                "Check `organization` and `directory` in rollbook.yaml; an account has to be in the directory before \
                 anything can be done to it there.",
            ),
            Self::ClosedPort
            | Self::Unreachable(_)
            | Self::ConnectTimeout { .. }
            | Self::Tls(_)
            | Self::NoAuthorities(_)
            | Self::Setup(_)
            | Self::NoProxy { .. }
            | Self::ProxyRefuses { .. }
            | Self::Timeout { .. }
            | Self::Unprocessed(_)
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::NotJson(_)
            | Self::Page(_)
            | Self::NoSite(_)
            | Self::Shape(_)
            | Self::Limited(_)
            | Self::Server(_)
            | Self::Refused(_) => None,
        }
    }

    /// The User provisioning API (fact sheet §0, §4).
    fn help_with_directory(&self, refused: &'static str) -> Option<&'static str> {
        match self {
            Self::NoSuchHost => Some("Check DNS and the proxy settings (HTTPS_PROXY, NO_PROXY)."),
            Self::Unauthorized(_) | Self::MissingScope(_) | Self::Forbidden(_) => Some(refused),
            Self::NotFound(_) => Some(
                "Check `scim.directory` in rollbook.yaml: it is the last part of the directory's base URL, and not \
                 the organization's directory.",
            ),
            Self::ClosedPort
            | Self::Unreachable(_)
            | Self::ConnectTimeout { .. }
            | Self::Tls(_)
            | Self::NoAuthorities(_)
            | Self::Setup(_)
            | Self::NoProxy { .. }
            | Self::ProxyRefuses { .. }
            | Self::Timeout { .. }
            | Self::Unprocessed(_)
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::NotJson(_)
            | Self::Page(_)
            | Self::NoSite(_)
            | Self::Shape(_)
            | Self::Limited(_)
            | Self::Server(_)
            | Self::Refused(_)
            | Self::Login { .. }
            | Self::Redirect { .. } => None,
        }
    }

    fn help_at_site(&self, credential: CredentialKind) -> Option<&'static str> {
        match self {
            Self::NoSuchHost => {
                Some("Check the spelling of `site` in rollbook.yaml, then DNS and the proxy settings.")
            }
            Self::NoSite(_) => {
                Some("Check the spelling of `site` in rollbook.yaml, and that the site is not deactivated.")
            }
            Self::ClosedPort | Self::Unreachable(_) | Self::ConnectTimeout { .. } => {
                Some("Check the network and the proxy settings (HTTPS_PROXY, NO_PROXY).")
            }
            Self::Tls(_) => Some(
                "A proxy that opens TLS needs its certificate authority in the system's trust store, or in a file that \
                 SSL_CERT_FILE names, or a folder that SSL_CERT_DIR does; anything else that is not trusted here is not \
                 to be trusted with a credential.",
            ),
            Self::NoAuthorities(_) => Some(
                "Install the package ca-certificates, or let SSL_CERT_FILE name a file of certificates in PEM, or SSL_CERT_DIR \
                 a folder of them.",
            ),
            Self::NoProxy { .. } => Some(
                "Check HTTPS_PROXY and ALL_PROXY, which name the proxy, and NO_PROXY, which names hosts to be reached without it.",
            ),
            Self::ProxyRefuses { status: Some(407), .. } => Some(
                "Let HTTPS_PROXY hold a user and a password that the proxy takes, as http://USER:PASSWORD@HOST:PORT, with `@`, `:`, \
                 `/` and `%` in them percent-encoded.",
            ),
            Self::ProxyRefuses { status: Some(500..), .. } => Some(
                "Try again later; if it stays so, ask those who run the proxy whether it reaches the host.",
            ),
            Self::ProxyRefuses { .. } => Some(
                "Ask those who run the proxy to let the host through, or name the host in NO_PROXY where it can be reached without.",
            ),
            Self::Page(_) | Self::NotJson(_) => Some(
                "Something between here and Atlassian answered, most likely a proxy; ask it to let the host through.",
            ),
            Self::Login { .. } => Some(
                "The site wants a browser login: check that `site` is the Jira site itself, and that the credential \
                 is set.",
            ),
            Self::Redirect { .. } => Some(
                "A site that was renamed leads to its new address: put that into `site` in rollbook.yaml.",
            ),
            Self::Unauthorized(_) => Some(help_with(credential)),
            Self::MissingScope(_) => Some(
                "The scopes of a token or an OAuth client are chosen when it is made. Make one with read:group:jira, \
                 read:user:jira, read:avatar:jira, read:application-role:jira and read:permission:jira; to apply, also with \
                 write:group:jira, delete:group:jira and write:user:jira.",
            ),
            Self::Forbidden(_) => Some(
                "The account needs the global permission `Browse users and groups` to read, and site administration \
                 to write.",
            ),
            Self::Timeout { .. }
            | Self::Unprocessed(_)
            | Self::Broken(_)
            | Self::Limited(_)
            | Self::Server(_) => Some("Try again later; nothing is lost by running again."),
            Self::NotFound(_)
            | Self::Refused(_)
            | Self::Shape(_)
            | Self::TooLarge { .. }
            | Self::Setup(_) => None,
        }
    }
}

/// A scoped token at the site, and a classic one at the gateway, are refused just as wrong ones are
/// (fact sheet §2, §8.7).
fn help_with(credential: CredentialKind) -> &'static str {
    match credential {
        CredentialKind::Classic => {
            "Check the e-mail and that the API token has not expired; if the token has scopes or belongs to a \
             service account, set ROLLBOOK_TOKEN_KIND=scoped, since the site refuses such tokens."
        }
        CredentialKind::Scoped => {
            "Check the e-mail and that the API token has not expired; if the token has no scopes, unset \
             ROLLBOOK_TOKEN_KIND and ROLLBOOK_CLOUD_ID, since the gateway takes scoped tokens only."
        }
        CredentialKind::Bearer => "Get a new access token: they last about an hour.",
        CredentialKind::ApiKey | CredentialKind::DirectoryKey | CredentialKind::DirectoryClient => {
            "Check the key, and that it has not expired."
        }
        CredentialKind::ClientCredentials | CredentialKind::Nothing => {
            "Check the client id and secret, and that the service account may use this site."
        }
    }
}
