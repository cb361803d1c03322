//! Why somebody is, or is not, in a group, according only to the configuration.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::access::Access;
use super::address::UserRef;
use super::ids::GroupName;
use super::tree::Location;
use super::user_report::PersonRole;

/// The ways by which a tree adds people to groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// The ways, by group and then in the order of the tree.
    pub ways: Vec<Way>,
    /// The synced groups whose people come as well; the site alone tells who they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub synced: Vec<SyncedWay>,
    /// Whether there are more than are listed.
    pub more: bool,
    /// The roles in apps that a group declares, or that the groups which the tree puts a user into declare, by group.
    pub grants: Vec<ExplainedGrant>,
    /// What the site shows of roles, where `--live` asked for it; null otherwise.
    pub live: Option<LiveRoles>,
}

/// An entry of `grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedGrant {
    /// The group that declares it.
    pub group: GroupName,
    /// The role, and its app.
    #[serde(flatten)]
    pub access: Access,
    /// Where the entry stands.
    pub origin: Location,
    /// The first day on which the group does not give it any more.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Why, as the entry says.
    pub because: Option<String>,
    /// Whether the group gives it.
    pub standing: GrantStanding,
}

/// Whether an entry of `grants` gives its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantStanding {
    /// It does.
    Given,
    /// It has expired.
    Expired,
    /// It says that the group is not to have the role.
    Absent,
}

/// The roles that a site shows of a user, or of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LiveRoles {
    /// The roles, by app.
    pub roles: Vec<LiveRole>,
    /// What is not known and why, in full sentences.
    pub unknown: Vec<String>,
}

/// A role that a site shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LiveRole {
    /// The role, and its app.
    #[serde(flatten)]
    pub access: Access,
    /// The groups that give it.
    pub groups: Vec<GroupName>,
    /// Whether a group gives it that these credentials are not shown.
    pub hidden_group: bool,
    /// Whether the user holds it directly, not by a group, where no tree manages it; null where that is not known, and of a
    /// group.
    pub direct: Option<bool>,
    /// Whether something else that the user administers brings it.
    pub inferred: bool,
    /// Whether it comes with a default group of the app: of a group alone.
    pub default_group: bool,
}

impl From<PersonRole> for LiveRole {
    fn from(held: PersonRole) -> Self {
        let PersonRole { access, groups, by_hidden_group, direct, inferred } = held;
        let direct = direct.read().copied();
        Self { access, groups, hidden_group: by_hidden_group, direct, inferred, default_group: false }
    }
}

/// A way into a group for everybody in a synced group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SyncedWay {
    /// The synced group.
    pub synced: GroupName,
    /// From the group that it leads into, through the groups that its entries name, to the entry that names the synced group.
    pub steps: Vec<Step>,
    /// The first day on which it does not hold any more: the earliest on the way.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Whether it has expired.
    pub expired: bool,
    /// Whom an entry on the way leaves out.
    #[schemars(with = "Vec<String>")]
    pub except: Vec<UserRef>,
}

/// One way into a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Way {
    /// The person.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// From the group at the end of the way, through the groups that its entries name, to the entry that names the person.
    pub steps: Vec<Step>,
    /// The first day on which the way does not count any more: the earliest of its steps.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Whether it counts.
    pub standing: Standing,
    /// The owners of the group at its end.
    pub owners: Vec<String>,
}

/// An entry on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// The group that has the entry.
    pub group: GroupName,
    /// Where the entry is.
    pub origin: Location,
    /// The first day on which the entry is inert.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// The entry's reason.
    pub because: Option<String>,
}

/// Whether a way counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "standing", content = "by", rename_all = "kebab-case")]
pub enum Standing {
    /// It does.
    Member,
    /// It has expired.
    Expired,
    /// An entry on the way excepts the person.
    Excepted,
    /// The tree offboards the person.
    Offboarded(Location),
}
