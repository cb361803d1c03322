//! The faults of requests: each with its message, its meaning for the request, and the remedy.
//!
//! No message holds a secret, a query or a body that was sent: a request is shown as its method, route and host.

use std::fmt;

use http::Method;

use super::credential::{CredentialKind, EXCHANGE};
use super::endpoints::names_loopback;
use super::login::{AGAIN, ends_login};
use super::words::Words;

/// A request, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Its method.
    pub method: Method,
    /// The template of its path.
    pub route: &'static str,
    /// The host it went to, with the port if it is not the scheme's.
    pub host: String,
    /// The kind of credential that it was sent with.
    pub credential: CredentialKind,
}

/// The subject of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The operation, and perhaps only this one.
    Operation,
    /// The account's rights: it may have lost one, or only this operation may be forbidden.
    Right,
    /// The credential, or a quota: every request with it will be refused.
    Credential,
}

/// The meaning of a fault for its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing was sent.
    NotSent,
    /// Nothing was sent, and a retry would fail too.
    Untrusted,
    /// It may have been sent, and there was no readable response.
    Lost,
    /// It was sent, and the response is too large to read.
    TooLarge,
    /// It was answered with this status.
    Answered {
        /// The status.
        status: u16,
        /// The subject of the refusal.
        concern: Concern,
    },
}

const CHECK_NETWORK: &str = "Check the network and the proxy settings (HTTPS_PROXY, NO_PROXY).";
const ASK_PROXY: &str =
    "Something between here and Atlassian answered, most likely a proxy; ask it to let the host through.";
const LATER: &str = "Try again later; it is safe to run again.";

/// The fault of a request. The help of each variant is that for a site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum Fault {
    /// The host's name cannot be resolved.
    #[error("the host cannot be found")]
    #[diagnostic(help("Check the spelling of `site` in rollbook.yaml, then DNS and the proxy settings."))]
    NoSuchHost,
    /// Nothing listens at the address.
    #[error("the host refuses connections")]
    #[diagnostic(help("{CHECK_NETWORK}"))]
    ClosedPort,
    /// The connection failed for another reason.
    #[error("the host cannot be reached: {0}")]
    #[diagnostic(help("{CHECK_NETWORK}"))]
    Unreachable(String),
    /// The connection was not made in time.
    #[error("the host accepted no connection within {seconds} s")]
    #[diagnostic(help("{CHECK_NETWORK}"))]
    ConnectTimeout {
        /// The limit.
        seconds: u64,
    },
    /// The host did not prove its identity.
    #[error("no trusted TLS connection: {0}")]
    #[diagnostic(help(
        "A proxy that opens TLS needs its certificate authority in the system's trust store, or in a file that \
         SSL_CERT_FILE names, or a folder that SSL_CERT_DIR does; anything else that is not trusted here must not \
         get a credential."
    ))]
    Tls(String),
    /// No certificate could be checked, since the system has no certificate authority. Holds the places that the environment
    /// names.
    #[error("this system has no certificate authority to check the host with{}", within(.0))]
    #[diagnostic(help(
        "Install the package ca-certificates, or let SSL_CERT_FILE name a file of certificates in PEM, or SSL_CERT_DIR \
         a folder of them."
    ))]
    NoAuthorities(Vec<String>),
    /// Connections cannot be made at all.
    #[error("connections cannot be set up: {0}")]
    Setup(String),
    /// The proxy in between cannot be reached.
    #[error("the proxy {proxy} cannot be used: {why}")]
    #[diagnostic(help(
        "Check HTTPS_PROXY and ALL_PROXY, which name the proxy, and NO_PROXY, which names hosts to be reached without it."
    ))]
    NoProxy {
        /// Its address, without user and password.
        proxy: String,
        /// Why.
        why: String,
    },
    /// The proxy in between does not connect to the host.
    #[error("the proxy {proxy} does not connect to the host{}", .status.map(|status| format!(": status {status}")).unwrap_or_default())]
    #[diagnostic(help("{}", help_of_proxy(*.status)))]
    ProxyRefuses {
        /// Its address, without user and password.
        proxy: String,
        /// The status of its response, if known.
        status: Option<u16>,
    },
    /// The response, or its next part, did not arrive in time.
    #[error("no response for {seconds} s")]
    #[diagnostic(help("{LATER}"))]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// The server closed the connection and says that it has not processed the request (RFC 9113 §6.8, §8.7).
    #[error("the server closed the connection before it processed the request: {0}")]
    #[diagnostic(help("{LATER}"))]
    Unprocessed(String),
    /// The connection ended before the response was complete.
    #[error("the connection broke off before the response was complete: {0}")]
    #[diagnostic(help("{LATER}"))]
    Broken(String),
    /// The response is too large to read.
    #[error("the response is larger than {bytes} bytes")]
    TooLarge {
        /// The limit.
        bytes: usize,
    },
    /// The response says success and is not JSON.
    #[error("the response is not JSON: {0}")]
    #[diagnostic(help("{ASK_PROXY}"))]
    NotJson(Answered),
    /// A web page instead of an API response.
    #[error("got a web page instead of an API response: {0}")]
    #[diagnostic(help("{ASK_PROXY}"))]
    Page(Answered),
    /// There is no Jira at this address.
    #[error("there is no Jira site at this address: {0}")]
    #[diagnostic(help(
        "Check the spelling of `site` in rollbook.yaml, and that the site is not deactivated."
    ))]
    NoSite(Answered),
    /// A redirect to a login page.
    #[error("the response redirects to a login page at {target}, status {status}")]
    #[diagnostic(help(
        "The site wants a browser login: check that `site` is the Jira site itself, and that the credential is set."
    ))]
    Login {
        /// The host it leads to.
        target: String,
        /// The status.
        status: u16,
    },
    /// Any other redirect.
    #[error("the response redirects to {target}, which is not followed, status {status}")]
    #[diagnostic(help(
        "A site that was renamed leads to its new address: put that into `site` in rollbook.yaml."
    ))]
    Redirect {
        /// The host it leads to.
        target: String,
        /// The status.
        status: u16,
    },
    /// JSON of another shape than documented.
    #[error("the response is not as documented: {0}")]
    Shape(String),
    /// The credential is not accepted.
    #[error("the credential is not accepted: {0}")]
    Unauthorized(Answered),
    /// The credential is accepted, but lacks a scope.
    #[error("the token lacks a scope: {0}")]
    #[diagnostic(help(
        "The scopes of a token or an OAuth client are chosen when it is made. Make one with read:group:jira, \
         read:user:jira, read:avatar:jira, read:application-role:jira and read:permission:jira; to apply, also with \
         write:group:jira, delete:group:jira and write:user:jira."
    ))]
    MissingScope(Answered),
    /// The account lacks the permission.
    #[error("not allowed: {0}")]
    #[diagnostic(help(
        "The account needs the global permission `Browse users and groups` to read, and site administration to write."
    ))]
    Forbidden(Answered),
    /// It does not exist, or the account may not see it.
    #[error("not found: {0}")]
    NotFound(Answered),
    /// Too many requests: after every retry, or with too long a wait.
    #[error("too many requests: {0}")]
    #[diagnostic(help("{LATER}"))]
    Limited(Answered),
    /// The server failed, after every retry.
    #[error("the server failed: {0}")]
    #[diagnostic(help("{LATER}"))]
    Server(Answered),
    /// Any other refusal.
    #[error("refused: {0}")]
    Refused(Answered),
}

/// The status of a response, with Atlassian's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Its words.
    pub words: Words,
    /// The ID by which Atlassian's support finds the request.
    pub trace: Option<String>,
}

/// The API that was asked. The help for a refusal depends on it.
#[derive(Clone, Copy)]
enum Peer {
    /// The authorization server.
    Exchange,
    /// The Organizations and the User management API.
    Organization,
    /// The User provisioning API.
    Directory,
    /// A site, directly or behind the gateway.
    Site,
}

impl Fault {
    /// Its meaning for the request.
    pub(super) fn class(&self) -> Class {
        let answered = |status, concern| Class::Answered { status, concern };
        match self {
            Self::NoSuchHost
            | Self::ClosedPort
            | Self::Unreachable(_)
            | Self::ConnectTimeout { .. }
            | Self::NoProxy { .. }
            // It may let the request through in a moment.
            | Self::ProxyRefuses { status: Some(500..) | None, .. }
            | Self::Unprocessed(_) => Class::NotSent,
            Self::Tls(_) | Self::NoAuthorities(_) | Self::Setup(_) | Self::ProxyRefuses { .. } => {
                Class::Untrusted
            }
            Self::Timeout { .. } | Self::Broken(_) | Self::Shape(_) => Class::Lost,
            Self::TooLarge { .. } => Class::TooLarge,
            Self::Unauthorized(it) | Self::MissingScope(it) | Self::Limited(it) => {
                answered(it.status, Concern::Credential)
            }
            Self::Login { status, .. } => answered(*status, Concern::Credential),
            Self::Forbidden(it) => answered(it.status, Concern::Right),
            Self::NotJson(it)
            | Self::Page(it)
            | Self::NoSite(it)
            | Self::NotFound(it)
            | Self::Server(it)
            | Self::Refused(it) => answered(it.status, Concern::Operation),
            Self::Redirect { status, .. } => answered(*status, Concern::Operation),
        }
    }

    /// The status of the response, if there was one.
    pub fn status(&self) -> Option<u16> {
        if let Class::Answered { status, .. } = self.class() { Some(status) } else { None }
    }

    /// The remedy, if it depends on the request and the credential (docs/atlassian.md#credentials).
    pub(super) fn help_to(&self, at: &At) -> Option<&'static str> {
        Some(match (self, at.peer()) {
            (Self::ClosedPort, _) if names_loopback(&at.host) => {
                "A variable ROLLBOOK_ENDPOINT_… names this port of this machine, and nothing listens there: start `rollbook \
                 sandbox`, or correct the variable."
            }
            (Self::NoSuchHost, Peer::Organization | Peer::Directory) => {
                "Check DNS and the proxy settings (HTTPS_PROXY, NO_PROXY)."
            }
            (_, Peer::Exchange) if at.credential == CredentialKind::Login && ends_login(self) => AGAIN,
            // What is refused there is the client, with whatever status (RFC 6749 §5.2); rights on a site are asked for later.
            (
                Self::Unauthorized(_)
                | Self::MissingScope(_)
                | Self::Forbidden(_)
                | Self::NotFound(_)
                | Self::Refused(_)
                | Self::NoSite(_),
                Peer::Exchange,
            ) => at.credential.help_at_exchange(),
            (Self::MissingScope(_), Peer::Site) if at.credential == CredentialKind::Login => {
                "Give the OAuth app the scopes read:jira-user, read:jira-work and manage:jira-configuration of the Jira API, and \
                 run `rollbook login` again."
            }
            (Self::Unauthorized(_), Peer::Organization | Peer::Site)
            | (Self::Unauthorized(_) | Self::MissingScope(_) | Self::Forbidden(_), Peer::Directory) => {
                at.credential.help_where_refused()
            }
            (Self::NotFound(_), Peer::Directory) => {
                "Check `scim.directory` in rollbook.yaml: it is the last part of the directory's base URL, and not \
                 the organization's directory."
            }
            (Self::Login { .. } | Self::Redirect { .. }, Peer::Organization) => {
                "Something between here and Atlassian answered; ask it to let the gateway's host through."
            }
            (Self::MissingScope(_), Peer::Organization) => {
                "Make an API key without scopes at admin.atlassian.com: no operation that writes users, groups or \
                 memberships names a scope that a key could be given."
            }
            (Self::Forbidden(_), Peer::Organization) => {
                "Use an API key without scopes of this organization, made by an organization admin; synced groups, \
                 default groups and groups that give admin rights cannot be changed here at all."
            }
            (Self::NotFound(_), Peer::Organization) => {
                "Check `organization` and `directory` in rollbook.yaml; an account has to be in the directory before \
                 anything can be done to it there."
            }
            _ => return None,
        })
    }
}

impl At {
    /// Whether it was a request for an access token.
    pub(super) fn is_exchange(&self) -> bool {
        self.route == EXCHANGE
    }

    fn peer(&self) -> Peer {
        match self.credential {
            _ if self.is_exchange() => Peer::Exchange,
            CredentialKind::ApiKey => Peer::Organization,
            CredentialKind::DirectoryKey | CredentialKind::DirectoryClient => Peer::Directory,
            CredentialKind::Nothing
            | CredentialKind::Classic
            | CredentialKind::Scoped
            | CredentialKind::Bearer
            | CredentialKind::ClientCredentials
            | CredentialKind::Login => Peer::Site,
        }
    }
}

impl CredentialKind {
    /// The help when the peer does not accept it. A scoped token at the site, and a classic one at the gateway, are refused
    /// like invalid ones (docs/atlassian.md#scoped-tokens).
    fn help_where_refused(self) -> &'static str {
        match self {
            Self::Classic => {
                "Check the email and that the API token has not expired; if the token has scopes or belongs to a \
                 service account, set ROLLBOOK_TOKEN_KIND=scoped, since the site refuses such tokens."
            }
            Self::Scoped => {
                "Check the email and that the API token has not expired; if the token has no scopes, unset \
                 ROLLBOOK_TOKEN_KIND and ROLLBOOK_CLOUD_ID, since the gateway takes scoped tokens only."
            }
            Self::Bearer => "Get a new access token: they last about an hour.",
            Self::ApiKey => {
                "Check ROLLBOOK_ORG_API_KEY: an organization's API key expires after one week unless a later date was \
                 chosen, and an API token of a user is not taken here."
            }
            Self::DirectoryKey => {
                "Check ROLLBOOK_SCIM_API_KEY: it is the key of the SCIM directory, created with the identity provider's setup, \
                 and not the organization's API key."
            }
            Self::DirectoryClient => {
                "Give the service account the role User access admin of an app, and its OAuth client the scope read:account; \
                 or use the directory's key, ROLLBOOK_SCIM_API_KEY."
            }
            Self::Login => {
                "Run `rollbook login` again: the app may have been taken out of the account's connected apps, or not be let into \
                 this site."
            }
            Self::ClientCredentials | Self::Nothing => {
                "Check the client ID and secret, and that the service account may use this site."
            }
        }
    }

    /// The help when it gets no access token.
    fn help_at_exchange(self) -> &'static str {
        if self == Self::Login {
            "Check ROLLBOOK_OAUTH_CLIENT_ID and ROLLBOOK_OAUTH_CLIENT_SECRET: the client id and secret of the OAuth 2.0 (3LO) app, \
             which developer.atlassian.com/console shows under Settings."
        } else if self.is_for_directory() {
            "Check ROLLBOOK_SCIM_CLIENT_ID and ROLLBOOK_SCIM_CLIENT_SECRET: the id and secret of a service account's OAuth \
             client that has not expired or been deleted."
        } else {
            "Check ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET: the client ID and secret of a service account's OAuth \
             client that has not expired or been deleted. Only an organization with centralized user management has such \
             clients."
        }
    }
}

fn help_of_proxy(status: Option<u16>) -> &'static str {
    match status {
        Some(407) => {
            "Let HTTPS_PROXY hold a user and a password that the proxy takes, as http://USER:PASSWORD@HOST:PORT, with `@`, `:`, \
             `/` and `%` in them percent-encoded."
        }
        Some(500..) => {
            "Try again later; if it persists, ask those who run the proxy whether it reaches the host."
        }
        Some(_) | None => {
            "Ask those who run the proxy to let the host through, or name the host in NO_PROXY if it can be reached without it."
        }
    }
}

fn within(places: &[String]) -> String {
    if places.is_empty() { String::new() } else { format!(", where {}", places.join(" and ")) }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.method, self.route, self.host)
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if self.words.is_empty() {
            f.write_str(", without a word")?;
        } else {
            write!(f, ", {}", self.words)?;
        }
        match &self.trace {
            Some(trace) => write!(f, " (trace {trace})"),
            None => Ok(()),
        }
    }
}

/// Explains the fault of a certificate, if rustls (0.23) shows it by the names of its types.
pub fn of_certificate(why: &str) -> String {
    let has = |names: &[&str]| names.iter().any(|name| why.contains(name));
    let said = if has(&["UnknownIssuer", "CaUsedAsEndEntity"]) {
        "its certificate is signed by itself, or by an authority that this machine does not trust"
    } else if has(&["not valid for name", "NotValidForName"]) {
        "its certificate is for another host"
    } else if has(&["certificate expired", "Expired"]) {
        "its certificate has expired by this machine's clock"
    } else if has(&["not valid yet", "NotValidYet"]) {
        "its certificate is not valid yet by this machine's clock"
    } else {
        why
    };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::of_certificate;

    /// As rustls 0.23 and webpki 0.103 print them.
    #[test]
    fn a_certificate_is_told_of_in_plain_words() {
        for (printed, said) in [
            ("invalid peer certificate: UnknownIssuer", "signed by itself, or by an authority"),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "signed by itself, or by an authority",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a.example\"; certificate is only valid for \
                 DnsName(\"b.example\")",
                "for another host",
            ),
            (
                "invalid peer certificate: certificate expired: verification time 1796000000 (UNIX), but certificate is not \
                 valid after 1795000000 (1000000 seconds ago)",
                "has expired",
            ),
            (
                "invalid peer certificate: certificate not valid yet: verification time 1795000000 (UNIX), but certificate \
                 is not valid before 1796000000 (1000000 seconds in future)",
                "not valid yet",
            ),
        ] {
            assert!(of_certificate(printed).contains(said), "{printed}: {}", of_certificate(printed));
        }
        let other = "received corrupt message of type InvalidContentType";
        assert_eq!(of_certificate(other), other);
    }
}
