//! Drift that the tree accepts: the site was changed by hand, and the tree declares it now.

use crate::model::{Address, Adopted, Change, GroupId, LiveAccount, LiveState, Ref, Wanted};

use super::{Base, Wants};
use crate::plan::identity::{GroupIdentity, Marked, Resolved};

/// The state that the base would change and the tree would not, since the tree declares it.
pub(super) fn adopted(
    base: &Base<'_>,
    head: &Resolved<'_>,
    wants: &Wants,
    live: &LiveState,
    privileged: &Marked,
) -> Vec<Adopted> {
    let unwanted = base.changes.iter().filter(|(deed, change)| !wants.want(deed, change));
    unwanted
        .filter(|(_, change)| !super::by_name(change.reason) && is_declared(change, head, live))
        .map(|(_, change)| Adopted {
            address: change.address.clone(),
            undoes: change.wanted.action(),
            privileged: group_of(&change.wanted).is_some_and(|group| privileged.holds(group))
                || change.address.access().is_some_and(|access| access.role.is_privileged()),
            name: change.name.clone(),
            origin: change.origin.clone(),
        })
        .collect()
}

/// Whether the tree declares the state of the site, and does not only leave it alone.
fn is_declared(change: &Change, head: &Resolved<'_>, live: &LiveState) -> bool {
    match &change.wanted {
        Wanted::RemoveMember { membership } => {
            let group = head.group(membership.group());
            group.is_some_and(|group| head.entry_of(group, membership.account()).is_some())
        }
        // It was revoked by hand, and the tree does not ask for it any more.
        Wanted::AddMember { group, .. } => match group {
            Ref::Known(id) => head.groups.declared_as(id).is_some(),
            Ref::Made(key) => {
                key.address.group().is_some_and(|name| head.desired.declaration.groups.contains_key(name))
            }
        },
        Wanted::RevokeRole { held } => {
            let name = head.groups.declared_as(held.group());
            let grants = name.and_then(|name| head.desired.groups.get(name)?.grants.as_ref());
            grants.is_some_and(|grants| grants.held.contains_key(held.access()))
        }
        // It was revoked by hand, and the tree does not ask for it any more.
        Wanted::AssignRole { group, access } => {
            let name = match group {
                Ref::Known(id) => head.groups.declared_as(id),
                Ref::Made(key) => key.address.group(),
            };
            let grants = name.and_then(|name| head.desired.groups.get(name)?.grants.as_ref());
            grants.is_some_and(|grants| !grants.held.contains_key(access))
        }
        // Not a manual change: the base would delete an existing group.
        Wanted::DeleteGroup { .. } => false,
        Wanted::CreateGroup { name, .. } => {
            !matches!(head.groups.get(name), GroupIdentity::Unresolved(_))
                && head.desired.declaration.groups.contains_key(name)
        }
        // If this plan lets somebody back in, that was not done by hand.
        Wanted::OffboardUser { account, .. } => {
            live.accounts.get(account).is_some_and(LiveAccount::active) && names(head, &change.address)
        }
        Wanted::InviteUser { .. } | Wanted::ActivateUser { .. } | Wanted::UpdateUser { .. } => {
            names(head, &change.address)
        }
    }
}

fn names(head: &Resolved<'_>, address: &Address) -> bool {
    match address {
        Address::User(user) => head.desired.people().contains(user),
        Address::Group(_) | Address::Member(..) | Address::Grant(..) => false,
    }
}

fn group_of(wanted: &Wanted) -> Option<&GroupId> {
    match wanted {
        Wanted::RemoveMember { membership } => Some(membership.group()),
        Wanted::AddMember { group: Ref::Known(group), .. }
        | Wanted::AssignRole { group: Ref::Known(group), .. }
        | Wanted::DeleteGroup { group, .. } => Some(group),
        Wanted::RevokeRole { held } => Some(held.group()),
        Wanted::AddMember { group: Ref::Made(_), .. }
        | Wanted::AssignRole { group: Ref::Made(_), .. }
        | Wanted::CreateGroup { .. }
        | Wanted::InviteUser { .. }
        | Wanted::OffboardUser { .. }
        | Wanted::ActivateUser { .. }
        | Wanted::UpdateUser { .. } => None,
    }
}
