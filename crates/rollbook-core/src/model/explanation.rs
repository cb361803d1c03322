//! Why somebody is, or is not, in a group, according only to the configuration.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::address::UserRef;
use super::ids::GroupName;
use super::tree::Location;

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
