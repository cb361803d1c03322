//! Entries whose day has come: those that have done their work, since live no longer has whom they brought, and those of
//! which nobody can tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Action, Address, Blocked, GroupName, GroupState, Listing, LiveState, Locator, Member, Mode,
    UserRef,
};

use super::desired::{Denial, Desired, DesiredGroup};
use super::identity::{GroupIdentity, Groups, Identity, Marked, Obstacle, People, Resolved};

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

/// The ends that take nothing, in privileged groups that keep whom nobody declares: no account shows the email any more, and
/// a member whom the tree does not name may be the same person under another one.
pub(super) fn of_nobody(
    tree: &Resolved<'_>,
    live: &LiveState,
    privileged: &Marked,
    locator: &Locator<'_>,
) -> Vec<Blocked> {
    let mut found = Vec::new();
    for (name, group) in &tree.desired.groups {
        let GroupIdentity::Live(of_site) = tree.groups.get(name) else { continue };
        if group.mode != Mode::AtLeast || !privileged.holds(&of_site.id) {
            continue;
        }
        let is_missing = |user: &UserRef| *tree.people.person(user) == Identity::Missing;
        let mut ends = group.denied.iter().filter(|(user, _)| is_missing(user)).peekable();
        let Some(members) = live.members.get(&of_site.id).filter(|_| ends.peek().is_some()) else { continue };
        let undeclared = undeclared(tree, live, group, members);
        if let [first, ..] = undeclared.as_slice() {
            let block = |(user, denial): (&UserRef, &Denial)| {
                let Obstacle { code, why, help } = end_of_nobody(user, name, (first, undeclared.len()));
                let address = Address::Member(name.clone(), user.clone());
                let (code, origin) = (code.into(), locator.locate(denial.origin));
                Blocked { address, action: Action::Remove, reason: denial.reason, code, why, help, origin }
            };
            found.extend(ends.map(block));
        }
    }
    found
}

/// The people in a group whom it does not name, by what a plan calls them.
fn undeclared(
    tree: &Resolved<'_>,
    live: &LiveState,
    group: &DesiredGroup<'_>,
    members: &Listing<AccountId>,
) -> Vec<UserRef> {
    let is_named = |id: &AccountId| {
        tree.people.names(id).any(|user| group.members.contains_key(user) || group.denied.contains_key(user))
    };
    let is_person = |id: &&AccountId| live.accounts.get(id).is_none_or(|account| account.kind.is_person());
    let unnamed = members.iter().filter(is_person).filter(|id| !is_named(id));
    unnamed.map(|id| tree.people.name_of(id, live.accounts.get(id))).collect()
}

fn end_of_nobody(user: &UserRef, group: &GroupName, (first, several): (&UserRef, usize)) -> Obstacle {
    let whom = match several {
        1 => format!("{first}, whom the tree does not name there and who"),
        several => {
            format!("{several} people whom the tree does not name there, such as {first}, of whom one")
        }
    };
    Obstacle {
        code: "end-of-nobody",
        why: format!("no account shows {user}, and {group} keeps {whom} may be the same person under another email"),
        help: "Find out who that is. Write the email that the person has now, or take the entry out where the access has \
               ended. `rollbook lock` ties an email to an account, so that a later change of it changes nothing."
            .into(),
    }
}
