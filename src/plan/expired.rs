//! Entries that have done their work: their day has come, and live no longer has whom they brought.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, GroupName, GroupState, Listing, LiveState, Member, UserRef};

use super::desired::Desired;
use super::identity::{GroupIdentity, Groups, Identity, People};

/// The entries of each group that can be taken out of a tree: they have expired, and nobody whom one of them denies is left
/// in any group that denies them. Each is named by its place among the group's entries. Where it cannot be told who
/// somebody is, or what a group is, the entry stays: while live may have them, it is what takes them out.
pub fn spent(desired: &Desired<'_>, live: &LiveState) -> BTreeMap<GroupName, BTreeSet<usize>> {
    let lingering = lingering(desired, live);
    let mut found = BTreeMap::new();
    for (name, group) in &desired.groups {
        let GroupState::Present(declared) = &group.declared.state else { continue };
        let is_spent = |member: &Member| {
            let over = member.until.as_ref().is_some_and(|until| until.value <= desired.today);
            let mut denied = group.denied.iter().filter(|(_, denial)| denial.origin == member.origin);
            over && denied.all(|(user, _)| !lingering.contains(user))
        };
        let entries = declared.entries.iter().enumerate().filter(|(_, member)| is_spent(member));
        let places: BTreeSet<usize> = entries.map(|(place, _)| place).collect();
        if !places.is_empty() {
            found.insert(name.clone(), places);
        }
    }
    found
}

/// Everybody who may still be in a group that denies them. A group that takes another one in denies whom that one does, so
/// that an entry may be what takes somebody out of more than its own group.
fn lingering<'a>(desired: &'a Desired<'_>, live: &LiveState) -> BTreeSet<&'a UserRef> {
    let people = People::of(desired, live);
    let groups = Groups::of(desired.declaration, &live.groups);
    let mut lingering = BTreeSet::new();
    for (name, group) in &desired.groups {
        let members = match groups.get(name) {
            GroupIdentity::Missing => continue,
            GroupIdentity::Live(group) => live.members.get(&group.id),
            GroupIdentity::Unresolved(_) => None,
        };
        let is_left = |user: &&UserRef| members.is_none_or(|members| !is_gone(user, members, &people, live));
        lingering.extend(group.denied.keys().filter(is_left));
    }
    lingering
}

/// Whether somebody is not among the members for sure.
fn is_gone(user: &UserRef, members: &Listing<AccountId>, people: &People, live: &LiveState) -> bool {
    match people.person(user) {
        Identity::Account(id) => !members.contains(id),
        Identity::Unresolved(obstacle) if obstacle.code == "account-gone" => true,
        Identity::Unresolved(obstacle) if obstacle.code != "identity-unresolved" => false,
        Identity::Missing | Identity::Unresolved(_) => {
            !members.iter().any(|id| people.hides(id, live.accounts.get(id)))
        }
    }
}
