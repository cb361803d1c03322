//! Reads: surfaces → `LiveState`, questions → `Capabilities`. It never writes.
//!
//! What cannot be read whole is an error here and never a smaller listing.

mod capabilities;
mod checkup;
mod live;
mod members;
mod roster;
mod site;
mod snapshot;

pub use capabilities::capabilities;
pub use checkup::checkups;
pub use live::live_state;
pub use members::{Members, members};
pub use roster::roster;
pub use snapshot::readings;

/// Why there is no live state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing that lists groups and users has a credential.
    #[error("there is a credential neither for Jira nor for the organization, so that nothing can be read")]
    NoListing,
    /// A read failed.
    #[error(transparent)]
    Surface(#[from] crate::atlassian::Error),
    /// A question has no answer, without which there is nothing to do.
    #[error("{}", .0.told())]
    Unread(crate::model::Unread),
    /// Listings would come back empty instead of being refused (fact sheet §1.1).
    #[error("account {account} may not browse users and groups on {site}")]
    CannotBrowse {
        /// The account that the credential acts as.
        account: crate::model::AccountId,
        /// The site.
        site: String,
    },
    /// The listing of users has no total to be checked by (fact sheet §1.1), and the reader is one of them.
    #[error("the listing of every user lacks account {account}, which reads it")]
    UsersWithoutReader {
        /// The account that the credential acts as.
        account: crate::model::AccountId,
    },
}

impl Error {
    /// A full sentence that says what to do next, where there is something to do.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Surface(error) => error.help(),
            Self::Unread(unread) => unread.help.as_deref(),
            Self::NoListing => Some(
                "Set ROLLBOOK_EMAIL and ROLLBOOK_API_TOKEN, or ROLLBOOK_ORG_API_KEY with `organization` in \
                 rollbook.yaml.",
            ),
            Self::CannotBrowse { .. } => Some(
                "Give the account the global permission \"Browse users and groups\" in Jira's settings; without it \
                 every group would read as empty.",
            ),
            Self::UsersWithoutReader { .. } => Some(
                "The listing is not whole. Run again; if this stays, the account may not see every user.",
            ),
        }
    }
}
