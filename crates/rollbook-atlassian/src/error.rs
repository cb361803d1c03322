//! Why a request to a surface failed, by layer: the configuration, the building of the request, and its sending.

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
    /// The configuration is invalid.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Setup(#[from] SetupError),
    /// No request can be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Request(#[from] RequestError),
    /// A login in the browser is invalid.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Login(#[from] LoginError),
    /// A request was made, and came to nothing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Send(#[from] SendError),
}

/// Why the configuration is invalid.
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
    /// The given cloud ID belongs to another site.
    #[error("the cloud ID {} is not the site's, which is {}", given.as_str(), found.as_str())]
    #[diagnostic(help("Use the credential and the cloud ID of the site that the tree names."))]
    OtherSite {
        /// The given ID.
        given: CloudId,
        /// The site's.
        found: CloudId,
    },
    /// The host says that it is not the site that the tree names.
    #[error("the tree names {tree}, but the host says that it is {says:?}")]
    #[diagnostic(help(
        "Set ROLLBOOK_ENDPOINT_SITE to a host that replaces the tree's site, and use the credentials of that site."
    ))]
    WrongSite {
        /// The site that it names.
        says: String,
        /// The tree's site.
        tree: String,
    },
    /// No directory of the organization is named, and there is not exactly one.
    #[error("the organization has {} directories that this key may see{}", found.len(), listed(found))]
    #[diagnostic(help("Name the right one with `directory` in rollbook.yaml, and check `organization`."))]
    Directories {
        /// Their IDs and names.
        found: Vec<String>,
    },
}

/// A failed request.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{at}: {kind}")]
pub struct SendError {
    /// The request.
    pub at: At,
    /// The outcome.
    pub kind: SendKind,
}

/// How a request failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SendKind {
    /// It was not done.
    #[error("{0}")]
    Failed(Box<Fault>),
    /// A write was sent, and whether it was done is unknown: only a read can show it.
    #[error("the response was lost, and the change may have been made: {0}")]
    AnswerLost(Box<Fault>),
    /// The run was stopped while the request waited for its turn. It was not sent, or was refused before any work.
    #[error("the run was stopped before it was sent")]
    Halted,
    /// The pages of a listing were incomplete, twice.
    #[error("{0}")]
    Incomplete(IncompleteRead),
    /// It is for an API that takes another credential.
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

    /// Whether a write may have been done anyway.
    pub fn answer_lost(&self) -> bool {
        self.sent().is_some_and(|sent| matches!(sent.kind, SendKind::AnswerLost(_)))
    }

    /// Whether nothing was sent, since the run was stopped.
    pub fn halted(&self) -> bool {
        self.sent().is_some_and(|sent| matches!(sent.kind, SendKind::Halted))
    }

    /// The missing part of an incomplete listing.
    pub fn incomplete(&self) -> Option<&IncompleteRead> {
        if let SendKind::Incomplete(cause) = &self.sent()?.kind { Some(cause) } else { None }
    }

    /// The fault of the request, if one was made.
    pub fn fault(&self) -> Option<&Fault> {
        self.sent()?.fault()
    }

    /// The status of the response that failed it.
    pub fn status(&self) -> Option<u16> {
        self.fault()?.status()
    }

    /// Whether the host is not the site that the tree names.
    pub fn is_another_site(&self) -> bool {
        matches!(self, Self::Setup(SetupError::OtherSite { .. } | SetupError::WrongSite { .. }))
    }

    /// The subject of a refusal.
    pub fn concern(&self) -> Concern {
        if matches!(self, Self::Login(_)) {
            return Concern::Credential;
        }
        let Some((sent, fault)) = self.sent().and_then(|sent| Some((sent, sent.fault()?))) else {
            return Concern::Operation;
        };
        match fault.class() {
            // This is also the refusal of a credential that no longer gets a token.
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
