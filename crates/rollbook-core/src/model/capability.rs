//! Facts that cost a request each: the questions that a set of changes raises, and the answers.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Access, DirectRole};
use super::ids::{AccountId, App, GroupId, GroupName, ScimId};
use super::live::{Listing, LiveAccount, LiveGroup, Reading};
use super::organization::{OrganizationUser, Privileges};
use super::read::{Read, Unread};
use super::scim::ScimUser;

/// What must be known before changes can be routed. No changes, no questions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Questions {
    /// Who owns these groups?
    pub group_kinds: BTreeMap<GroupId, GroupName>,
    /// Which groups are these accounts in, and what does the organization report about them?
    pub memberships: BTreeSet<AccountId>,
    /// What is known about these accounts, which no listing showed?
    pub accounts: BTreeSet<AccountId>,
    /// Why are these accounts, which will be given something, not active? The organization is asked.
    pub people: BTreeSet<AccountId>,
    /// What may user management do to these accounts?
    pub privileges: BTreeSet<AccountId>,
    /// Which groups give which app, and how many seats are left?
    pub app_roles: bool,
    /// Who administers the site and the organization?
    pub admins: bool,
    /// Which domains does the organization own, and which resources are the site's apps?
    pub invitations: bool,
    /// Who has a record in the SCIM directory?
    pub scim_users: bool,
    /// Who holds roles directly, whom no group of theirs gives them?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct_roles: bool,
    /// Which groups give these roles, and, of roles that are privileged, to whom?
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub role_givers: BTreeSet<Access>,
}

/// The answers to [`Questions`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capabilities {
    /// By group; `None` if the API does not show the group.
    pub group_kinds: BTreeMap<GroupId, Option<GroupKind>>,
    /// By account.
    pub memberships: BTreeMap<AccountId, Listing<LiveGroup>>,
    /// The organization's data about accounts that it was asked for; `None` if it does not show them.
    pub people: BTreeMap<AccountId, Option<OrganizationUser>>,
    /// By account; `None` if there is no such account.
    pub accounts: BTreeMap<AccountId, Option<LiveAccount>>,
    /// By account.
    pub privileges: BTreeMap<AccountId, Privileges>,
    /// Every app's role; not read if no change needs it, or if the credential lacks the permission
    /// (docs/atlassian.md#administer-jira).
    pub app_roles: Reading<Vec<AppRole>>,
    /// The active site administrators, each with a group that makes them one; the groups are known only with Jira.
    pub site_admins: Reading<BTreeSet<(AccountId, Option<GroupId>)>>,
    /// The active administrators of the organization.
    pub organization_admins: Reading<BTreeSet<AccountId>>,
    /// The domains that the organization has verified, in lower case.
    pub verified_domains: Reading<BTreeSet<String>>,
    /// The resource of each app of the site, as an invitation of the organization names it.
    pub resources: Reading<BTreeMap<App, String>>,
    /// Everybody in the SCIM directory.
    pub scim_users: Reading<Vec<ScimUser>>,
    /// The synced groups among [`Capabilities::group_kinds`] that are in the SCIM directory, by their names there.
    pub scim_groups: BTreeMap<GroupId, ScimId>,
    /// The groups that give each role that was asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_givers: Vec<RoleGivers>,
    /// The members of groups that give a privileged role, unless another read showed them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub giver_members: BTreeMap<GroupId, Listing<AccountId>>,
    /// The roles that people hold directly, whom no group of theirs gives them.
    #[serde(default, skip_serializing_if = "Reading::is_not_read")]
    pub direct_roles: Reading<BTreeSet<DirectRole>>,
    /// What was asked and has no answer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unread: BTreeSet<Unread>,
}

/// The groups that give a role in an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGivers {
    /// The role.
    pub access: Access,
    /// The groups.
    pub groups: BTreeSet<GroupId>,
}

/// Who may change a group: from Jira's group picker (docs/atlassian.md#synced-groups-and-teams-in-jira), or from the
/// organization (docs/atlassian.md#who-may-change-a-group).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupKind {
    /// Who manages it.
    pub managed_by: ManagedBy,
    /// What it is used for.
    pub usage: Usage,
    /// Whether the organization's key may change it, if the organization says so.
    pub modifiable: Option<bool>,
    /// Whether the organization's key may delete it, if the organization says so.
    pub deletable: Option<bool>,
}

/// Who manages a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ManagedBy {
    /// An identity provider: its members can be changed only there, and through SCIM.
    External,
    /// People, by any of the API's words for them.
    People,
    /// The API does not say, which happens for ordinary groups (docs/atlassian.md#synced-groups-and-teams-in-jira).
    NotReported,
}

/// What a group is used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// An Atlassian team, not an admin-hub group.
    Team,
    /// A group.
    Group,
    /// The API does not say.
    NotReported,
}

/// Which groups give an app, from `GET /applicationrole`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppRole {
    /// The app.
    pub app: App,
    /// The groups whose members have the app.
    pub groups: BTreeSet<GroupId>,
    /// The groups that a new user of the app joins automatically.
    pub default_groups: BTreeSet<GroupId>,
    /// How many more people may have it.
    pub seats: Seats,
}

/// How many more people may have an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seats {
    /// The number is not limited.
    Unlimited,
    /// This many.
    Left(usize),
    /// The API does not say.
    NotReported,
}

impl Capabilities {
    /// The groups that give a role; `None` if nothing asked for them, or the question got no answer.
    pub fn givers(&self, access: &Access) -> Option<&BTreeSet<GroupId>> {
        self.role_givers.iter().find(|givers| givers.access == *access).map(|givers| &givers.groups)
    }

    /// Why a question about this ID, or about all at once, got no answer.
    pub fn unread(&self, read: Read, about: &str) -> Option<&Unread> {
        let concerns = |unread: &&Unread| {
            unread.read == read && unread.about.as_deref().is_none_or(|asked| asked == about)
        };
        self.unread.iter().find(concerns)
    }

    /// Why a question that names no ID got no answer.
    pub fn unread_at_all(&self, read: Read) -> Option<&Unread> {
        self.unread.iter().find(|unread| unread.read == read)
    }
}

impl Questions {
    /// Adds other questions.
    pub fn join(&mut self, others: Self) {
        let Self {
            group_kinds,
            memberships,
            accounts,
            people,
            privileges,
            app_roles,
            admins,
            invitations,
            scim_users,
            direct_roles,
            role_givers,
        } = others;
        self.group_kinds.extend(group_kinds);
        self.memberships.extend(memberships);
        self.accounts.extend(accounts);
        self.people.extend(people);
        self.privileges.extend(privileges);
        self.app_roles |= app_roles;
        self.admins |= admins;
        self.invitations |= invitations;
        self.scim_users |= scim_users;
        self.direct_roles |= direct_roles;
        self.role_givers.extend(role_givers);
    }

    /// Whether nothing needs to be known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
