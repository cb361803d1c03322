//! The additions to a tree that an import makes, before they are YAML.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{Address, UserRef};
use super::capability::{AppRole, GroupKind};
use super::email::Email;
use super::ids::{GroupId, GroupName};

/// The state of the site that is not in a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Groups and members to add, ordered by name.
    pub groups: Vec<ImportedGroup>,
    /// People to declare as active, each with the display name if others have the same one.
    pub users: BTreeMap<Email, Option<String>>,
    /// The things that cannot be added.
    pub left: Vec<LeftOut>,
    /// The display names of active people that `users` cannot name: their email is hidden, or may mean somebody else.
    pub unnamed: Vec<String>,
}

/// Facts about the groups that an import may add, besides their members.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// The owner of each; `None` if the API did not show the group.
    pub kinds: BTreeMap<GroupId, Option<GroupKind>>,
    /// Which of them give which app.
    pub app_roles: Vec<AppRole>,
    /// Those that make their members administrators of an app of Jira.
    pub admins: BTreeSet<GroupId>,
}

/// A group to add, or one to add members to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedGroup {
    /// Its name in the tree.
    pub name: GroupName,
    /// Whether the tree declares it already.
    pub declared: bool,
    /// A remark for people; it may contain anything.
    pub remark: Option<String>,
    /// The members to add, in order.
    pub members: Vec<ImportedMember>,
}

/// A member to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMember {
    /// The member.
    pub user: UserRef,
    /// A remark for people; it may contain anything.
    pub remark: Option<String>,
}

/// Something that an import does not add.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The thing.
    pub address: Address,
    /// Why, as a lowercase fragment.
    pub why: String,
}

impl Import {
    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.users.is_empty()
    }

    /// Leaves a group out.
    pub fn leave(&mut self, name: &GroupName, why: impl Into<String>) {
        self.groups.retain(|group| group.name != *name);
        self.left.push(LeftOut { address: Address::Group(name.clone()), why: why.into() });
    }
}
