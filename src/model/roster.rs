//! Who is active on a site.

use super::ids::GroupName;
use super::live::{LiveAccount, Reading};

/// Everybody who is active, in order of their e-mails, and what cannot be known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The site's origin.
    pub site: String,
    /// Everybody; who shows no e-mail comes last.
    pub users: Vec<RosterUser>,
    /// What is not known and why, in full sentences.
    pub unknown: Vec<String>,
}

/// Somebody who is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterUser {
    /// The account.
    pub account: LiveAccount,
    /// Their groups, in order.
    pub groups: Vec<GroupName>,
    /// When they last used an app, in UTC (RFC 3339); nothing where the organization knows of no use. It may be a day
    /// late (description of `productAccess`).
    pub last_active: Reading<Option<String>>,
}
