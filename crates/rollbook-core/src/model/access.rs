//! Roles in apps, which groups give to their members (docs/atlassian.md#roles-of-groups).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{App, GroupId, Role};
use super::live::{Listing, Reading};
use super::read::Unread;

/// A role in an app of the site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Access {
    /// The app.
    pub app: App,
    /// The role.
    pub role: Role,
}

/// The prefix of Atlassian's role IDs.
const ATLASSIAN: &str = "atlassian/";

impl Role {
    /// The roles that can be assigned to a group (docs/atlassian.md#roles-of-groups).
    pub const ASSIGNABLE: [&str; 9] = [
        "user",
        "admin",
        "user-access-admin",
        "guest",
        "contributor",
        "customer",
        "basic",
        "stakeholder",
        "viewer",
    ];

    /// The role that an Atlassian ID names, such as `atlassian/user`.
    pub fn of_id(id: &str) -> Self {
        Self::new(id.strip_prefix(ATLASSIAN).unwrap_or(id))
    }

    /// Atlassian's ID.
    pub fn id(&self) -> String {
        format!("{ATLASSIAN}{self}")
    }

    /// Whether it can be assigned to a group and revoked from one.
    pub fn is_assignable(&self) -> bool {
        Self::ASSIGNABLE.contains(&self.as_str())
    }

    /// The roles that let people decide about the access of others.
    pub const PRIVILEGED: [&str; 2] = ["admin", "user-access-admin"];

    /// Whether it lets people decide about the access of others.
    pub fn is_privileged(&self) -> bool {
        Self::PRIVILEGED.contains(&self.as_str())
    }

    /// Whether it takes a seat of the app's licence, and has Atlassian mail the people who get it
    /// (docs/atlassian.md#roles-of-groups). The descriptions of the other roles say that they are not billed, or say
    /// nothing.
    pub fn takes_a_seat(&self) -> bool {
        self.as_str() == "user"
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.role, self.app)
    }
}

/// A role of a group, as a listing showed it. Only a listing makes one, so nothing that was not read can be revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct HeldRole {
    group: GroupId,
    #[serde(flatten)]
    access: Access,
}

impl HeldRole {
    /// The group.
    pub fn group(&self) -> &GroupId {
        &self.group
    }

    /// The role.
    pub fn access(&self) -> &Access {
        &self.access
    }
}

impl Listing<Access> {
    /// The roles that this listing, read as those of a group, shows.
    pub fn held_by(&self, group: &GroupId) -> impl Iterator<Item = HeldRole> {
        self.iter().map(|access| HeldRole { group: group.clone(), access: access.clone() })
    }
}

/// The roles of groups in apps, as far as a tree manages them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// The resource of each app of the site, as requests name it.
    pub resources: BTreeMap<App, String>,
    /// The roles of each group that was read, in the apps of the site.
    pub of: BTreeMap<GroupId, Listing<Access>>,
    /// The apps of which each group that was read by itself is a default group.
    pub defaults: BTreeMap<GroupId, BTreeSet<App>>,
    /// Why they were not read, if the read failed.
    pub unread: Option<Unread>,
    /// The groups of the organization that give a role in an app of the site which lets people decide about access, where a
    /// rule asks about them.
    #[serde(default)]
    pub deciding: Reading<BTreeSet<GroupId>>,
}

impl Grants {
    /// Whether a group has a role; `None` if its roles were not read.
    pub fn holds(&self, group: &GroupId, access: &Access) -> Option<bool> {
        self.of.get(group).map(|held| held.contains(access))
    }
}
