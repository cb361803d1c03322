//! The steps that a plan can hold.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use super::address::{Key, UserRef};
use super::email::Email;
use super::ids::{AccountId, App, GroupId, GroupName};
use super::live::Membership;

/// One step. It is matched exhaustively everywhere, so that a new one is a walk that the compiler leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Operation {
    /// Creates an empty group.
    CreateGroup {
        /// Its name.
        name: GroupName,
    },
    /// Invites a person to the site.
    InviteUser {
        /// Their e-mail.
        email: Email,
        /// The apps that the invitation asks for.
        apps: Vec<App>,
    },
    /// Puts an account into a group.
    AddMember {
        /// The group.
        group: Ref<GroupId>,
        /// The account.
        account: Ref<AccountId>,
    },
    /// Takes an account out of a group.
    RemoveMember {
        /// What was read.
        membership: Membership,
    },
    /// Takes an account out of the site.
    RemoveUser {
        /// The account.
        account: AccountId,
        /// The memberships that are lost with it and that no other operation of the plan ends.
        memberships: Vec<Membership>,
    },
    /// Deletes a group.
    DeleteGroup {
        /// The group.
        group: GroupId,
        /// The memberships that are lost with it.
        members: Vec<Lost>,
    },
}

/// A membership that is lost with something else, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Lost {
    /// What was read.
    pub membership: Membership,
    /// The person, as the plan calls them.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// The display name.
    pub name: Option<String>,
}

/// An id that is known, or that another operation of the plan will make.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ref<Id> {
    /// The id.
    Known(Id),
    /// The operation whose answer brings it.
    Made(Key),
}

/// Whether an operation widens or narrows access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It narrows access.
    Revoke,
    /// It prepares, and changes nobody's access.
    Neutral,
    /// It widens access.
    Grant,
}

/// Why an operation is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The tree asks for it.
    Declared,
    /// The tree does not name it, in a group that is exact.
    Undeclared,
    /// Its `until` has come.
    Expired,
    /// An `except` names the person.
    Excepted,
    /// The person is `active: false`.
    Offboarded,
    /// Nothing declares the person.
    Unlisted,
}

/// One of the APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// Jira Cloud platform, REST v3.
    Jira,
}

impl Operation {
    /// Whether it widens or narrows access.
    pub fn direction(&self) -> Direction {
        match self {
            Self::CreateGroup { .. } => Direction::Neutral,
            Self::InviteUser { .. } | Self::AddMember { .. } => Direction::Grant,
            Self::RemoveMember { .. } | Self::RemoveUser { .. } | Self::DeleteGroup { .. } => {
                Direction::Revoke
            }
        }
    }

    /// How many memberships or accounts lose access by it: a deleted group counts each member (design §9).
    pub fn revokes(&self) -> usize {
        match self {
            Self::CreateGroup { .. } | Self::InviteUser { .. } | Self::AddMember { .. } => 0,
            Self::RemoveMember { .. } => 1,
            Self::RemoveUser { memberships, .. } => memberships.len().max(1),
            Self::DeleteGroup { members, .. } => members.len().max(1),
        }
    }
}

/// A text that is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is declared, undeclared, expired, excepted, offboarded or unlisted")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Declared, Self::Undeclared, Self::Expired, Self::Excepted, Self::Offboarded, Self::Unlisted];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Undeclared => "undeclared",
            Self::Expired => "expired",
            Self::Excepted => "excepted",
            Self::Offboarded => "offboarded",
            Self::Unlisted => "unlisted",
        }
    }
}

impl Surface {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jira => "jira",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
