//! Why a request to a surface failed, by the layer that says so: what was configured, how the request is made, and how
//! sending it went.

use std::fmt;

use miette::Diagnostic;

use super::endpoints::{CloudId, HostError};
use super::fault::{At, Class, Concern, Fault};
use super::login::LoginError;
use super::request::RequestError;
use super::words::shown;
use rollbook_core::model::IncompleteRead;

/// Why the request failed.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// What was configured is not usable.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Setup(#[from] SetupError),
    /// There is no request to make.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Request(#[from] RequestError),
    /// A login in the browser is not usable.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Login(#[from] LoginError),
    /// A request was made, and came to nothing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Send(#[from] SendError),
}

/// Why nothing can be done with what was configured.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
pub enum SetupError {
    /// The credential cannot be sent.
    #[error("the credential is empty, or holds white space or a control character")]
    #[diagnostic(help("Copy the credential again, without the line break at its end."))]
    Credential,
    /// A text names no host that may be sent a credential.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// The given cloud id is another site's.
    #[error("the cloud id {} is not the site's, which is {}", given.as_str(), found.as_str())]
    #[diagnostic(help("Use the credential and the cloud id of the site that the tree names."))]
    OtherSite {
        /// The id that was given.
        given: CloudId,
        /// The site's.
        found: CloudId,
    },
    /// What answers says that it is another site than the tree names.
    #[error("the tree names {tree}, but the host says that it is {says:?}")]
    #[diagnostic(help(
        "Let ROLLBOOK_ENDPOINT_SITE name a host that stands for the tree's site, with the credentials of that site."
    ))]
    WrongSite {
        /// What it says.
        says: String,
        /// The tree's site.
        tree: String,
    },
    /// Which directory of the organization is meant is not said, and there is not exactly one.
    #[error("the organization has {} directories that this key may see{}", found.len(), listed(found))]
    #[diagnostic(help(
        "Name the one that is meant with `directory` in rollbook.yaml, and check `organization`."
    ))]
    Directories {
        /// Their ids and names.
        found: Vec<String>,
    },
}

/// A request that came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{at}: {kind}")]
pub struct SendError {
    /// The request.
    pub at: At,
    /// The outcome.
    pub kind: SendKind,
}

/// What happened to a request that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SendKind {
    /// It was not done.
    #[error("{0}")]
    Failed(Box<Fault>),
    /// A write was sent, and whether it was done is not known: only a read can tell.
    #[error("the answer was lost, and the change may have been made: {0}")]
    AnswerLost(Box<Fault>),
    /// The run was stopped while the request waited for its turn. It was not sent, or was turned away at the door.
    #[error("the run was stopped before it was sent")]
    Halted,
    /// The pages of a listing did not come whole, twice.
    #[error("{0}")]
    Incomplete(IncompleteRead),
    /// It is for an API that another credential is for.
    #[error("the credential is for another API, and was not sent")]
    ForeignCredential,
}

impl SendError {
    /// A request that was not done.
    pub(super) fn failed(at: At, fault: Fault) -> Self {
        Self { at, kind: SendKind::Failed(Box::new(fault)) }
    }

    fn fault(&self) -> Option<&Fault> {
        match &self.kind {
            SendKind::Failed(fault) | SendKind::AnswerLost(fault) => Some(fault),
            SendKind::Halted | SendKind::Incomplete(_) | SendKind::ForeignCredential => None,
        }
    }
}

impl Diagnostic for SendError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = match &self.kind {
            SendKind::Failed(fault) => {
                return fault.help_to(&self.at).map(|help| Box::new(help) as _).or_else(|| fault.help());
            }
            SendKind::AnswerLost(_) => {
                "Read the group or the account again before anything else is done to it."
            }
            SendKind::Halted => return None,
            SendKind::Incomplete(_) => "Somebody is changing this list; run again when they are done.",
            SendKind::ForeignCredential => {
                "Set ROLLBOOK_ORG_API_KEY for the organization, ROLLBOOK_SCIM_API_KEY or ROLLBOOK_SCIM_CLIENT_ID and \
                 ROLLBOOK_SCIM_CLIENT_SECRET for its SCIM directory, and an API token or OAuth client for Jira; none \
                 stands in for another."
            }
        };
        Some(Box::new(help))
    }
}

impl Error {
    fn sent(&self) -> Option<&SendError> {
        match self {
            Self::Send(error) => Some(error),
            Self::Setup(_) | Self::Request(_) | Self::Login(_) => None,
        }
    }

    /// Whether a write may have been done all the same.
    pub fn answer_lost(&self) -> bool {
        self.sent().is_some_and(|sent| matches!(sent.kind, SendKind::AnswerLost(_)))
    }

    /// Whether nothing was sent, since the run was stopped.
    pub fn halted(&self) -> bool {
        self.sent().is_some_and(|sent| matches!(sent.kind, SendKind::Halted))
    }

    /// What is missing of a listing that did not come whole.
    pub fn incomplete(&self) -> Option<&IncompleteRead> {
        if let SendKind::Incomplete(cause) = &self.sent()?.kind { Some(cause) } else { None }
    }

    /// What went wrong with the request, if one was made.
    pub fn fault(&self) -> Option<&Fault> {
        self.sent()?.fault()
    }

    /// The status of the answer that failed it.
    pub fn status(&self) -> Option<u16> {
        self.fault()?.status()
    }

    /// Whether what answers is another site than the tree names.
    pub fn is_another_site(&self) -> bool {
        matches!(self, Self::Setup(SetupError::OtherSite { .. } | SetupError::WrongSite { .. }))
    }

    /// What a refusal is about.
    pub fn concern(&self) -> Concern {
        if matches!(self, Self::Login(_)) {
            return Concern::Credential;
        }
        let Some((sent, fault)) = self.sent().and_then(|sent| Some((sent, sent.fault()?))) else {
            return Concern::Operation;
        };
        match fault.class() {
            // A credential that gets no token any more is refused so, too.
            Class::Answered { concern: Concern::Right, .. } if sent.at.is_exchange() => Concern::Credential,
            Class::Answered { concern, .. } => concern,
            Class::NotSent | Class::Untrusted | Class::Lost | Class::TooLarge => Concern::Operation,
        }
    }

    /// Whether the account or its token may not do this.
    pub fn is_denied(&self) -> bool {
        matches!(self.fault(), Some(Fault::Forbidden(_) | Fault::MissingScope(_)))
    }
}

fn listed(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(": {}", shown(&found.join(", "), 300)) }
}
