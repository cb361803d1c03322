//! Reads: surfaces → `LiveState`, questions → `Capabilities`. It never writes.
//!
//! An incomplete read is an error, never a smaller listing.

mod capabilities;
mod diagnosis;
mod grants;
mod live;
mod members;
mod roles;
mod site;
mod snapshot;
mod synced;
mod user_report;

pub use capabilities::capabilities;
pub use diagnosis::diagnoses;
pub use grants::{direct_roles, roles_of_groups};
pub use live::live_state;
pub use members::{Members, members};
pub use roles::{roles_of_group, roles_of_person};
pub use snapshot::readings;
pub use user_report::{Depth, user_report};

/// Why the live state cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// No surface that lists groups and users has a credential.
    #[error("no Jira or organization credential is configured, so nothing can be read")]
    #[diagnostic(help(
        "Set ROLLBOOK_EMAIL and ROLLBOOK_API_TOKEN, or ROLLBOOK_ORG_API_KEY with `organization` in rollbook.yaml."
    ))]
    NoListing,
    /// Nothing that tells roles in apps has a credential.
    #[error("no organization credential is configured, so nobody's apps and roles can be read")]
    #[diagnostic(help("Set ROLLBOOK_ORG_API_KEY, and `organization` in rollbook.yaml."))]
    NoRoles,
    /// A read failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Surface(#[from] crate::atlassian::Error),
    /// A question without whose answer nothing can be done failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unread(crate::model::Unread),
    /// Listings would be empty instead of refused (docs/atlassian.md#browse-users-and-groups).
    #[error("account {account} may not browse users and groups on {site}")]
    #[diagnostic(help(
        "Give the account the global permission \"Browse users and groups\" in Jira's settings; without it every group would \
         read as empty."
    ))]
    CannotBrowse {
        /// The account that the credential acts as.
        account: crate::model::AccountId,
        /// The site.
        site: String,
    },
    /// The listing of users has no total to check (docs/atlassian.md#every-user), but must contain the reader.
    #[error("the listing of every user lacks account {account}, which reads it")]
    #[diagnostic(help(
        "The listing is incomplete. Run again; if this stays, the account may not see every user."
    ))]
    UsersWithoutReader {
        /// The account that the credential acts as.
        account: crate::model::AccountId,
    },
}
