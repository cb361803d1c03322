//! The additions to a tree that an import makes, before they are YAML.

use std::collections::{BTreeMap, BTreeSet};

use super::access::Access;
use super::address::{Address, UserRef};
use super::capability::{AppRole, GroupKind};
use super::email::Email;
use super::ids::{GroupId, GroupName};

/// What an import adds besides groups and their members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// Active people, under `users:`.
    pub users: bool,
    /// The roles in apps that groups give, as `grants:`.
    pub grants: bool,
}

/// What is live and not in a tree.
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
    /// Whether an identity provider owns the members, so that the tree does not manage them.
    pub unmanaged: bool,
    /// The roles to add, in order, to a group that declares none.
    pub grants: Vec<Access>,
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

    /// Takes out the roles of a group, and keeps its members. Whether there were any.
    pub fn leave_grants(&mut self, name: &GroupName, why: &str) -> bool {
        let group = self.groups.iter_mut().find(|group| group.name == *name);
        let grants = group.map(|group| std::mem::take(&mut group.grants)).unwrap_or_default();
        let any = !grants.is_empty();
        let left = |access| LeftOut { address: Address::Grant(name.clone(), access), why: why.to_owned() };
        self.left.extend(grants.into_iter().map(left));
        self.drop_empty();
        any
    }

    /// Takes out declared groups to which nothing is added.
    pub fn drop_empty(&mut self) {
        self.groups.retain(|group| !group.declared || !group.members.is_empty() || !group.grants.is_empty());
    }
}
