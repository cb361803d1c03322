//! What a tree declares and its base does not, whether an operation is left to do or somebody did it by hand.

use std::collections::BTreeSet;

use crate::model::{GroupId, GroupName, UserRef};

use super::Case;
use super::after::Who;
use crate::plan::desired::Desired;
use crate::plan::groups::{GroupIdentity, GroupResolution};
use crate::plan::resolve::{Identity, Resolution};

/// A membership that a tree declares.
pub(super) struct Declared<'a> {
    pub(super) group: &'a GroupName,
    /// The group's id, where it exists.
    pub(super) id: Option<&'a GroupId>,
    pub(super) user: &'a UserRef,
    pub(super) who: Who<'a>,
}

/// The memberships that the tree declares and the base does not, by group and account and not by name; none without a
/// base.
pub(super) fn newly_declared<'a>(case: &Case<'a>) -> Vec<Declared<'a>> {
    let Some(base) = case.context.base else { return Vec::new() };
    let before: BTreeSet<(Result<&GroupId, &GroupName>, Who<'_>)> =
        declared(base.desired, &base.people, &base.groups).map(|it| (it.place(), it.who)).collect();
    let now = declared(case.context.desired, case.people, case.groups);
    now.filter(|it| !before.contains(&(it.place(), it.who.clone()))).collect()
}

fn declared<'a>(
    desired: &'a Desired<'a>,
    people: &'a Resolution,
    groups: &'a GroupResolution,
) -> impl Iterator<Item = Declared<'a>> {
    desired.groups.iter().flat_map(move |(name, group)| {
        let id = match groups.get(name) {
            GroupIdentity::Live(group) => Some(&group.id),
            GroupIdentity::Missing | GroupIdentity::Unresolved(_) => None,
        };
        group.members.keys().map(move |user| Declared { group: name, id, user, who: who(people, user) })
    })
}

fn who<'a>(people: &'a Resolution, user: &'a UserRef) -> Who<'a> {
    match (people.person(user), user) {
        (Identity::Account(id), _) | (_, UserRef::Account(id)) => Who::Account(id),
        (Identity::Missing | Identity::Unresolved(_), UserRef::Email(_)) => Who::Invited(user),
    }
}

impl<'a> Declared<'a> {
    fn place(&self) -> Result<&'a GroupId, &'a GroupName> {
        self.id.ok_or(self.group)
    }
}
