//! Roles in apps, which groups give to their members (docs/atlassian.md#roles-of-groups).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, App, GroupId, Role};
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

    /// The roles in an app that searches of people know (docs/atlassian.md#roles-of-people).
    pub const SEARCHED: [&str; 9] = [
        "user",
        "admin",
        "user-access-admin",
        "guest",
        "contributor",
        "customer",
        "basic",
        "stakeholder",
        "ai-access",
    ];

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

/// A role of a group that no entry of `grants` can declare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undeclarable {
    /// What the role is in, as Atlassian names it (an ARI).
    pub resource: String,
    /// The app, where it is one of the site.
    pub app: Option<App>,
    /// The role.
    pub role: Role,
}

/// What a group shows of the roles that it gives.
#[derive(Clone, Debug)]
pub struct GroupRoles {
    /// Those that an entry of `grants` can declare.
    pub held: Listing<Access>,
    /// The apps of the site whose default group it is.
    pub defaults: BTreeSet<App>,
    /// The others.
    pub undeclarable: BTreeSet<Undeclarable>,
}

/// How somebody came to a role in an app (docs/atlassian.md#roles-of-people).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMethods {
    /// Whether they hold it directly, not by a group.
    pub direct: Reading<bool>,
    /// Whether a group gives it.
    pub by_group: bool,
    /// Whether something else that they administer brings it.
    pub inferred: bool,
}

/// A role in an app that a person holds directly, not by a group, as they show it themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectRole {
    /// The person's account.
    pub account: AccountId,
    /// The role.
    pub access: Access,
}

/// An app of a site, as the organization shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteApp {
    /// Its resource, as requests name it.
    pub resource: String,
    /// How many people may have it, where the organization says it.
    pub capacity: Option<usize>,
}

/// The roles of groups in apps, as far as a tree asks about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// The resource of each app of the site, as requests name it.
    pub resources: BTreeMap<App, String>,
    /// The roles of each group that was read, in the apps of the site.
    pub of: BTreeMap<GroupId, Listing<Access>>,
    /// The apps of which each group that was read by itself is a default group.
    pub defaults: BTreeMap<GroupId, BTreeSet<App>>,
    /// The roles of each group that no entry can declare, of those that were read one by one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub undeclarable: BTreeMap<GroupId, BTreeSet<Undeclarable>>,
    /// Why they were not read, where somebody asked.
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

    /// Takes in what a group showed.
    pub fn learn(&mut self, group: GroupId, roles: GroupRoles) {
        let GroupRoles { held, defaults, undeclarable } = roles;
        self.of.insert(group.clone(), held);
        self.defaults.insert(group.clone(), defaults);
        if !undeclarable.is_empty() {
            self.undeclarable.insert(group, undeclarable);
        }
    }

    /// Takes in what was read besides.
    pub fn join(&mut self, others: Self) {
        let Self { resources, of, defaults, undeclarable, deciding, unread } = others;
        self.resources.extend(resources);
        self.of.extend(of);
        self.defaults.extend(defaults);
        self.undeclarable.extend(undeclarable);
        if self.deciding.is_not_read() {
            self.deciding = deciding;
        }
        self.unread = self.unread.take().or(unread);
    }
}
