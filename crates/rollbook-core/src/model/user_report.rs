//! The people on a site.

use super::access::Access;
use super::capability::Seats;
use super::ids::{App, GroupName};
use super::live::{LiveAccount, Reading};
use super::organization::{Claim, UserSource, UserStatus};

/// Everybody on a site, in order of their emails, and the facts about them that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReport {
    /// The site's origin.
    pub site: String,
    /// Everybody; users without a visible email come last.
    pub users: Vec<ReportedUser>,
    /// Every group, including empty ones, in order.
    pub groups: Vec<GroupName>,
    /// Every app, where roles were asked for, in order.
    pub apps: Reading<Vec<ReportedApp>>,
    /// What is not known and why, in full sentences.
    pub unknown: Vec<String>,
    /// Those of these sentences by which members of groups may be missing.
    pub left_out: Vec<String>,
}

/// A user of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedUser {
    /// The account.
    pub account: LiveAccount,
    /// Their groups, in order.
    pub groups: Vec<GroupName>,
    /// When they last used an app, in UTC (RFC 3339); `None` if the organization knows of no use. It may be a day
    /// late (description of `productAccess`).
    pub last_active: Reading<Option<String>>,
    /// Whether the organization manages the account.
    pub claim: Claim,
    /// How they came into the directory.
    pub source: UserSource,
    /// Their roles in apps, in order; none where roles were not asked for.
    pub roles: Vec<PersonRole>,
    /// Whether the tree names them: under `users:`, in `members`, or in a rule.
    pub declared: bool,
}

/// A role of somebody in an app, and how they came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRole {
    /// The role.
    pub access: Access,
    /// The groups that give it, in order.
    pub groups: Vec<GroupName>,
    /// Whether a group gives it that is not shown.
    pub by_hidden_group: bool,
    /// Whether they hold it directly, not by a group.
    pub direct: Reading<bool>,
    /// Whether something else that they administer brings it.
    pub inferred: bool,
}

/// An app, and how many people have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedApp {
    /// The app.
    pub app: App,
    /// How many active people have a role that takes a seat.
    pub taken: usize,
    /// How many more may have one.
    pub seats: Seats,
}

/// Which people of a site are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those in one of these groups; in any if none is named.
    pub groups: Vec<GroupName>,
    /// Those of this status.
    pub status: StatusFilter,
    /// Those whose email is outside these domains, if any is named.
    pub outside: Vec<String>,
    /// Those who have a role in one of these apps, where one is named.
    pub apps: Vec<App>,
    /// Those whom the tree does not declare.
    pub undeclared: bool,
}

/// The accounts that a request asks for, by their status.
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
    /// Whether it includes a status.
    pub fn takes(self, status: UserStatus) -> bool {
        match self {
            Self::Active => status == UserStatus::Active,
            Self::Suspended => status == UserStatus::Suspended,
            Self::Deactivated => status == UserStatus::Deactivated,
            Self::Inactive => status != UserStatus::Active,
            Self::Any => true,
        }
    }

    /// The word before "account"; empty for all accounts.
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
