//! Facts that cost a request each: which of them a set of changes needs, and the answers.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{AccountId, App, GroupId, GroupName};
use super::live::{Listing, LiveAccount, LiveGroup, Reading};

/// What must be known before changes can be routed. Nothing to do asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Who owns these groups?
    pub group_kinds: BTreeMap<GroupId, GroupName>,
    /// Which groups are these accounts in?
    pub memberships: BTreeSet<AccountId>,
    /// What are these accounts, which no listing showed?
    pub accounts: BTreeSet<AccountId>,
    /// Which groups give which app?
    pub app_roles: bool,
}

/// The answers to [`Questions`].
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// By group; `None` where the API did not show the group.
    pub group_kinds: BTreeMap<GroupId, Option<GroupKind>>,
    /// By account.
    pub memberships: BTreeMap<AccountId, Listing<LiveGroup>>,
    /// By account; `None` where there is no such account.
    pub accounts: BTreeMap<AccountId, Option<LiveAccount>>,
    /// Every app's role; not read where nothing asked or the credential may not (fact sheet §1.1).
    pub app_roles: Reading<Vec<AppRole>>,
}

/// Who may change a group, as Jira's group picker tells (fact sheet §1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKind {
    /// Who manages it.
    pub managed_by: ManagedBy,
    /// What it is used for.
    pub usage: Usage,
}

/// `managedBy` of the group picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedBy {
    /// An identity provider: its members cannot be changed here.
    External,
    /// People; whatever the API calls them.
    People,
    /// The API does not say, as it may for ordinary groups (fact sheet §1.2).
    Unsaid,
}

/// `usageType` of the group picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// An Atlassian team, not an admin-hub group.
    Team,
    /// A group.
    Group,
    /// The API does not say.
    Unsaid,
}

/// Which groups give an app, from `GET /applicationrole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRole {
    /// The app.
    pub app: App,
    /// The groups whose members have the app.
    pub groups: BTreeSet<GroupId>,
    /// The groups that a new user of the app joins by itself.
    pub default_groups: BTreeSet<GroupId>,
}

impl Questions {
    /// Whether nothing needs to be known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            group_kinds: BTreeMap::new(),
            memberships: BTreeMap::new(),
            accounts: BTreeMap::new(),
            app_roles: Reading::NotRead,
        }
    }
}
