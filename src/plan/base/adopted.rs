//! Drift that the tree accepts: somebody changed live by hand, and the tree declares it now.

use std::collections::BTreeSet;

use crate::model::{Action, Address, Adopted, GroupId, GroupName, Key, Ref, UserRef, Wanted};

use super::Base;
use crate::plan::desired::Desired;
use crate::plan::marked::Marked;
use crate::plan::resolve::Identity;

/// What the base would change, the tree does not, and the tree still speaks of.
pub(super) fn adopted(
    base: &Base<'_>,
    head: &Desired<'_>,
    changes: &[Key],
    privileged: &Marked,
) -> Vec<Adopted> {
    let wanted: BTreeSet<&Key> = changes.iter().collect();
    let people = head.people();
    let speaks_of = |address: &Address| match address {
        Address::Group(name) | Address::Member(name, _) => head.declaration.groups.contains_key(name),
        Address::User(user) => people.contains(user),
    };
    // An account that goes by another name now is the same account.
    let accounts: BTreeSet<Deed<'_>> = changes.iter().filter_map(|key| deed(base, key)).collect();
    let renamed = |key: &Key| deed(base, key).is_some_and(|deed| accounts.contains(&deed));
    base.changes
        .iter()
        .filter(|(key, _)| !wanted.contains(key) && speaks_of(&key.address) && !renamed(key))
        .map(|(key, change)| Adopted {
            address: key.address.clone(),
            undoes: key.action,
            privileged: group_of(&change.wanted).is_some_and(|group| privileged.holds(group)),
            name: change.name.clone(),
            origin: change.origin.clone(),
        })
        .collect()
}

/// What is done to an account, whatever it is called.
type Deed<'a> = (Action, Option<&'a GroupName>, &'a str);

fn deed<'a>(base: &'a Base<'_>, key: &'a Key) -> Option<Deed<'a>> {
    let account = match key.address.user()? {
        UserRef::Account(id) => id,
        user @ UserRef::Email(_) => match base.people.person(user) {
            Identity::Account(id) => id,
            Identity::Missing | Identity::Unresolved(_) => return None,
        },
    };
    Some((key.action, key.address.group(), account.as_str()))
}

fn group_of(wanted: &Wanted) -> Option<&GroupId> {
    match wanted {
        Wanted::RemoveMember { membership } => Some(membership.group()),
        Wanted::AddMember { group: Ref::Known(group), .. } | Wanted::DeleteGroup { group, .. } => Some(group),
        Wanted::AddMember { group: Ref::Made(_), .. }
        | Wanted::CreateGroup { .. }
        | Wanted::InviteUser { .. }
        | Wanted::OffboardUser { .. }
        | Wanted::ActivateUser { .. }
        | Wanted::UpdateUser { .. } => None,
    }
}
