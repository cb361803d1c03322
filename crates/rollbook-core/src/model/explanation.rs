//! Why somebody is, or is not, in a group according to the configuration alone.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::address::UserRef;
use super::ids::GroupName;
use super::tree::Location;

/// The ways by which a tree puts people into groups.
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
    /// Whom it is about.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// From the group that it leads into, through the groups that its entries name, to the entry that names the person.
    pub steps: Vec<Step>,
    /// The first day on which it does not hold any more: the earliest on the way.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Whether it holds.
    pub standing: Standing,
    /// Who owns the group that it leads into.
    pub owners: Vec<String>,
}

/// An entry on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// The group whose entry it is.
    pub group: GroupName,
    /// Where the entry stands.
    pub origin: Location,
    /// The first day on which the entry is inert.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Why, as the entry says.
    pub because: Option<String>,
}

/// Whether a way holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "standing", content = "by", rename_all = "kebab-case")]
pub enum Standing {
    /// It does.
    Member,
    /// It has expired.
    Expired,
    /// An entry on the way leaves the person out.
    Excepted,
    /// The tree offboards the person.
    Offboarded(Location),
}
