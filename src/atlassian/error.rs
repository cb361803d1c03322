//! What can go wrong between Rollbook and Atlassian, each with a message of its own and what to do about it.
//!
//! No message holds a secret, a query or a body that was sent: a request shows as its method, route and host.

use std::fmt;

use http::Method;

use super::auth::CredentialKind;
use super::endpoints::{CloudId, HostError};
use super::jira::Unresolved;
use super::request::PathError;
use super::words::Words;
use crate::model::IncompleteRead;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was not done.
    #[error("{at}: {fault}")]
    Failed {
        /// The request.
        at: At,
        /// What went wrong.
        fault: Box<Fault>,
    },
    /// A write was sent, and whether it was done is not known: only a read can tell.
    #[error("{at}: the answer was lost, and the change may have been made: {fault}")]
    AnswerLost {
        /// The request.
        at: At,
        /// How the answer was lost.
        fault: Box<Fault>,
    },
    /// A listing did not come whole, twice.
    #[error("{at}: {cause}")]
    Incomplete {
        /// The request for its pages.
        at: At,
        /// What is missing.
        cause: IncompleteRead,
    },
    /// The credential cannot be sent.
    #[error("the credential is empty, or holds white space or a control character")]
    Credential,
    /// A text names no host that may be sent a credential.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The given cloud id is another site's.
    #[error("the cloud id {} is not the site's, which is {}", given.as_str(), found.as_str())]
    OtherSite {
        /// The id that was given.
        given: CloudId,
        /// The site's.
        found: CloudId,
    },
    /// A request has no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An operation needs an id that has not come to be.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

/// A request, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Its method.
    pub method: Method,
    /// The template of its path.
    pub route: &'static str,
    /// The host it went to, with the port where it is not the scheme's.
    pub host: String,
    /// What it was sent with.
    pub credential: CredentialKind,
}

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The host's name means nothing.
    #[error("the host cannot be found")]
    NoSuchHost,
    /// Nobody listens there.
    #[error("the host refuses connections")]
    ClosedPort,
    /// No connection came to be, for another reason.
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    /// No connection came to be in time.
    #[error("the host took no connection within {seconds} s")]
    ConnectTimeout {
        /// The limit.
        seconds: u64,
    },
    /// The host did not prove who it is.
    #[error("no TLS connection that can be trusted: {0}")]
    Tls(String),
    /// No answer, or no more of it, came in time.
    #[error("no answer for {seconds} s")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// The connection ended before the answer did.
    #[error("the connection broke off before the answer was whole: {0}")]
    Broken(String),
    /// The answer is larger than is read.
    #[error("the answer is larger than {bytes} bytes")]
    TooLarge {
        /// The limit.
        bytes: usize,
    },
    /// An answer that says success and is not JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(Answered),
    /// A page for people instead of an answer.
    #[error("a web page came instead of an answer of the API: {0}")]
    Page(Answered),
    /// There is no Jira at this address.
    #[error("there is no Jira site at this address: {0}")]
    NoSite(Answered),
    /// A redirect to where people log in.
    #[error("the answer leads to a login page at {target}, status {status}")]
    Login {
        /// The host it leads to.
        target: String,
        /// The status.
        status: u16,
    },
    /// Any other redirect.
    #[error("the answer leads to {target}, which is not followed, status {status}")]
    Redirect {
        /// The host it leads to.
        target: String,
        /// The status.
        status: u16,
    },
    /// JSON of another shape than documented.
    #[error("the answer is not as documented: {0}")]
    Shape(String),
    /// The credential is not taken.
    #[error("the credential is not accepted: {0}")]
    Unauthorized(Answered),
    /// The credential is taken, and lacks a scope.
    #[error("the token lacks a scope: {0}")]
    MissingScope(Answered),
    /// The account may not.
    #[error("not allowed: {0}")]
    Forbidden(Answered),
    /// It does not exist, or the account may not know.
    #[error("not found: {0}")]
    NotFound(Answered),
    /// Too many requests: after every retry, or the wait that is asked for is too long.
    #[error("too many requests: {0}")]
    Limited(Answered),
    /// The server failed, after every retry.
    #[error("the server failed: {0}")]
    Server(Answered),
    /// Any other refusal.
    #[error("refused: {0}")]
    Refused(Answered),
}

/// The status of an answer, with Atlassian's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// What it said.
    pub words: Words,
    /// The id by which Atlassian's support finds the request.
    pub trace: Option<String>,
}

impl Error {
    /// Whether a write may have been done all the same.
    pub fn answer_lost(&self) -> bool {
        matches!(self, Self::AnswerLost { .. })
    }

    /// What went wrong with the request, if one was made.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed { fault, .. } | Self::AnswerLost { fault, .. } => Some(fault),
            Self::Incomplete { .. }
            | Self::Credential
            | Self::Host(_)
            | Self::OtherSite { .. }
            | Self::Path(_)
            | Self::Unresolved(_)
            | Self::Setup(_) => None,
        }
    }

    /// The status of the answer that failed it.
    pub fn status(&self) -> Option<u16> {
        self.fault().and_then(Fault::status)
    }

    /// Whether the account or its token may not do this.
    pub fn is_denied(&self) -> bool {
        matches!(self.fault(), Some(Fault::Forbidden(_) | Fault::MissingScope(_)))
    }

    /// A full sentence that says what to do next, where there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Failed { at, fault } => fault.help(at.credential),
            Self::AnswerLost { .. } => {
                Some("Read the group or the account again before anything else is done to it.")
            }
            Self::Incomplete { .. } => Some("Somebody is changing this list; run again when they are done."),
            Self::Credential => Some("Copy the credential again, without the line break at its end."),
            Self::Host(error) => Some(error.help()),
            Self::OtherSite { .. } => {
                Some("Use the credential and the cloud id of the site that the tree names.")
            }
            Self::Path(_) | Self::Unresolved(_) | Self::Setup(_) => None,
        }
    }
}

impl Fault {
    /// The status of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotJson(answered)
            | Self::Page(answered)
            | Self::NoSite(answered)
            | Self::Unauthorized(answered)
            | Self::MissingScope(answered)
            | Self::Forbidden(answered)
            | Self::NotFound(answered)
            | Self::Limited(answered)
            | Self::Server(answered)
            | Self::Refused(answered) => Some(answered.status),
            Self::Login { status, .. } | Self::Redirect { status, .. } => Some(*status),
            Self::NoSuchHost
            | Self::ClosedPort
            | Self::Unreachable(_)
            | Self::ConnectTimeout { .. }
            | Self::Tls(_)
            | Self::Timeout { .. }
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::Shape(_) => None,
        }
    }

    fn help(&self, credential: CredentialKind) -> Option<&'static str> {
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
                "A proxy that opens TLS needs its certificate authority in the system's trust store; anything else \
                 that is not trusted here is not to be trusted with a credential.",
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
                "Give the token the scopes read:jira-user, read:jira-work and manage:jira-configuration, or use a \
                 classic token.",
            ),
            Self::Forbidden(_) => Some(
                "The account needs the global permission `Browse users and groups` to read, and site administration \
                 to write.",
            ),
            Self::Timeout { .. } | Self::Broken(_) | Self::Limited(_) | Self::Server(_) => {
                Some("Try again later; nothing is lost by running again.")
            }
            Self::NotFound(_) | Self::Refused(_) | Self::Shape(_) | Self::TooLarge { .. } => None,
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
        CredentialKind::ClientCredentials | CredentialKind::Nothing => {
            "Check the client id and secret, and that the service account may use this site."
        }
    }
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
