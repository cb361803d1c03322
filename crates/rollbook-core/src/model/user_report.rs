//! Who is on a site.

use super::ids::GroupName;
use super::live::{LiveAccount, Reading};
use super::organization::{Claim, UserStatus};

/// Everybody on a site, in order of their emails, and what cannot be known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReport {
    /// The site's origin.
    pub site: String,
    /// Everybody; who shows no email comes last.
    pub users: Vec<ReportedUser>,
    /// Every group, those of nobody too, in order.
    pub groups: Vec<GroupName>,
    /// What is not known and why, in full sentences.
    pub unknown: Vec<String>,
    /// Those of these sentences by which members of groups may be missing.
    pub left_out: Vec<String>,
}

/// Somebody who is on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedUser {
    /// The account.
    pub account: LiveAccount,
    /// Their groups, in order.
    pub groups: Vec<GroupName>,
    /// When they last used an app, in UTC (RFC 3339); nothing where the organization knows of no use. It may be a day
    /// late (description of `productAccess`).
    pub last_active: Reading<Option<String>>,
    /// Whether the organization manages the account.
    pub claim: Claim,
    /// Whether the tree names them: under `users:`, in `members`, or in a rule.
    pub declared: bool,
}

/// Which people of a site are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those of one of these groups; of any where none is named.
    pub groups: Vec<GroupName>,
    /// Those of this status.
    pub status: StatusFilter,
    /// Those whose email is of none of these domains, where one is named.
    pub outside: Vec<String>,
}

/// Which accounts are asked for by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// Those that are active.
    #[default]
    Active,
    /// Those that are suspended.
    Suspended,
    /// Those that are deactivated.
    Deactivated,
    /// Those that are not active, for any reason.
    Inactive,
    /// All.
    Any,
}

impl StatusFilter {
    /// Whether it takes a status.
    pub fn takes(self, status: UserStatus) -> bool {
        match self {
            Self::Active => status == UserStatus::Active,
            Self::Suspended => status == UserStatus::Suspended,
            Self::Deactivated => status == UserStatus::Deactivated,
            Self::Inactive => status != UserStatus::Active,
            Self::Any => true,
        }
    }

    /// The word before "account"; nothing where all are asked for.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active ",
            Self::Suspended => "suspended ",
            Self::Deactivated => "deactivated ",
            Self::Inactive => "inactive ",
            Self::Any => "",
        }
    }
}
