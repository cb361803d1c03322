//! What can go wrong between Rollbook and Atlassian, each with a message of its own and what to do about it.
//!
//! No message holds a secret, a query or a body that was sent: a request shows as its method, route and host.

use std::fmt;

use http::Method;

use super::auth::CredentialKind;
use super::endpoints::{CloudId, HostError, names_loopback};
use super::organization::NoInvitation;
use super::request::PathError;
use super::words::{Words, shown};
use super::written::{Unresolved, Unsupported};
use rollbook_core::model::IncompleteRead;

/// Why a request came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// The run was stopped while the request waited for its turn. It was not sent, or was turned away at the door.
    #[error("{at}: the run was stopped before it was sent")]
    Halted {
        /// The request.
        at: At,
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
    /// What answers says that it is another site than the tree names.
    #[error("the tree names {tree}, and what answers says that it is {says:?}")]
    WrongSite {
        /// What it says.
        says: String,
        /// The tree's site.
        tree: String,
    },
    /// A request has no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A request was made for an API that another credential is for.
    #[error("{at}: the credential is for another API, and was not sent")]
    ForeignCredential {
        /// The request.
        at: At,
    },
    /// Which directory of the organization is meant is not said, and there is not exactly one.
    #[error("the organization has {} directories that this key may see{}", found.len(), listed(found))]
    Directories {
        /// Their ids and names.
        found: Vec<String>,
    },
    /// An invitation cannot be said in this API's words.
    #[error("{0}")]
    Invitation(#[from] NoInvitation),
    /// An operation needs an id that has not come to be.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A surface was asked for what it cannot do.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The operation, and perhaps no other.
    Operation,
    /// What the account may do: it may have lost a right, or this one thing may be forbidden.
    Right,
    /// The credential, or a quota: whatever is sent with it will be refused.
    Credential,
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
    /// Nobody's certificate could be checked, since the system has no certificate authority; with where the environment
    /// says that they are.
    #[error("this system has no certificate authority by which the host could prove who it is{}", within(.0))]
    NoAuthorities(Vec<String>),
    /// Connections cannot be made at all.
    #[error("connections cannot be set up: {0}")]
    Setup(String),
    /// The proxy in between cannot be reached.
    #[error("the proxy {proxy} cannot be used: {why}")]
    NoProxy {
        /// Its address, without user and password.
        proxy: String,
        /// Why.
        why: String,
    },
    /// The proxy in between does not connect to the host.
    #[error("the proxy {proxy} does not connect to the host{}", .status.map(|status| format!(": status {status}")).unwrap_or_default())]
    ProxyRefuses {
        /// Its address, without user and password.
        proxy: String,
        /// The status of its answer, where that is known.
        status: Option<u16>,
    },
    /// No answer, or no more of it, came in time.
    #[error("no answer for {seconds} s")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// The server ended the connection and says that it has not looked at the request (RFC 9113 §6.8, §8.7).
    #[error("the server ended the connection before it took the request: {0}")]
    Unprocessed(String),
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

    /// Whether nothing was sent, since the run was stopped.
    pub fn halted(&self) -> bool {
        matches!(self, Self::Halted { .. })
    }

    /// What went wrong with the request, if one was made.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed { fault, .. } | Self::AnswerLost { fault, .. } => Some(fault),
            Self::Incomplete { .. }
            | Self::Halted { .. }
            | Self::Credential
            | Self::Host(_)
            | Self::OtherSite { .. }
            | Self::WrongSite { .. }
            | Self::Path(_)
            | Self::ForeignCredential { .. }
            | Self::Directories { .. }
            | Self::Invitation(_)
            | Self::Unresolved(_)
            | Self::Unsupported(_) => None,
        }
    }

    /// The status of the answer that failed it.
    pub fn status(&self) -> Option<u16> {
        self.fault().and_then(Fault::status)
    }

    /// Whether what answers is another site than the tree names.
    pub fn is_another_site(&self) -> bool {
        matches!(self, Self::OtherSite { .. } | Self::WrongSite { .. })
    }

    /// What a refusal is about.
    pub fn concern(&self) -> Concern {
        match self.fault() {
            Some(
                Fault::Unauthorized(_) | Fault::MissingScope(_) | Fault::Login { .. } | Fault::Limited(_),
            ) => Concern::Credential,
            // A credential that gets no token any more is refused so, too.
            Some(Fault::Forbidden(_)) if self.is_exchange() => Concern::Credential,
            Some(Fault::Forbidden(_)) => Concern::Right,
            Some(
                Fault::NoSuchHost
                | Fault::ClosedPort
                | Fault::Unreachable(_)
                | Fault::ConnectTimeout { .. }
                | Fault::Tls(_)
                | Fault::NoAuthorities(_)
                | Fault::Setup(_)
                | Fault::NoProxy { .. }
                | Fault::ProxyRefuses { .. }
                | Fault::Timeout { .. }
                | Fault::Unprocessed(_)
                | Fault::Broken(_)
                | Fault::TooLarge { .. }
                | Fault::NotJson(_)
                | Fault::Page(_)
                | Fault::NoSite(_)
                | Fault::Redirect { .. }
                | Fault::Shape(_)
                | Fault::NotFound(_)
                | Fault::Server(_)
                | Fault::Refused(_),
            )
            | None => Concern::Operation,
        }
    }

    fn is_exchange(&self) -> bool {
        matches!(self, Self::Failed { at, .. } if at.route == super::auth::EXCHANGE)
    }

    /// Whether the account or its token may not do this.
    pub fn is_denied(&self) -> bool {
        matches!(self.fault(), Some(Fault::Forbidden(_) | Fault::MissingScope(_)))
    }

    /// The error and its causes, in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        text
    }

    /// A full sentence that says what to do next, where there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Failed { at, fault } if **fault == Fault::ClosedPort && names_loopback(&at.host) => Some(
                "A variable ROLLBOOK_ENDPOINT_… names this port of this machine, and nothing listens there: start `rollbook \
                 sandbox`, or correct the variable.",
            ),
            Self::Failed { at, fault } if self.is_exchange() => fault.help_at_exchange(at.credential),
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
            Self::WrongSite { .. } => Some(
                "Let ROLLBOOK_ENDPOINT_SITE name a host that stands for the tree's site, with the credentials of that site.",
            ),
            Self::ForeignCredential { .. } => Some(
                "Set ROLLBOOK_ORG_API_KEY for the organization, ROLLBOOK_SCIM_API_KEY or ROLLBOOK_SCIM_CLIENT_ID and \
                 ROLLBOOK_SCIM_CLIENT_SECRET for its SCIM directory, and an API token or OAuth client for Jira; none \
                 stands in for another.",
            ),
            Self::Directories { .. } => Some(
                "Name the one that is meant with `directory` in rollbook.yaml, and check `organization`.",
            ),
            Self::Invitation(why) => Some(why.help()),
            Self::Halted { .. } | Self::Path(_) | Self::Unresolved(_) | Self::Unsupported(_) => None,
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
            | Self::NoAuthorities(_)
            | Self::Setup(_)
            | Self::NoProxy { .. }
            | Self::ProxyRefuses { .. }
            | Self::Timeout { .. }
            | Self::Unprocessed(_)
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::Shape(_) => None,
        }
    }
}

fn within(places: &[String]) -> String {
    if places.is_empty() { String::new() } else { format!(", where {}", places.join(" and ")) }
}

fn listed(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(": {}", shown(&found.join(", "), 300)) }
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
