//! Expired entries: those that have served their purpose, since the site no longer has the members they granted, and those
//! for which this is unknown.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, Action, Address, Blocked, DeclaredGrant, GroupName, GroupState, Listing, LiveState, Member,
    Mode, Reason, Spent, UserRef,
};

use super::context::Context;
use super::desired::{Desired, DesiredGroup};
use super::identity::{
    GroupIdentity, GroupNames, Identity, Marked, Obstacle, ObstacleCode, People, Resolved,
};

/// The entries of each group that can be taken out of a tree: they have expired, and no user that one of them denies is left
/// in any group that denies them; the role of a grant, its group does not give any more. Each is named by its place among the group's entries. Where the account of a user or the
/// id of a group is unknown, the entry stays: while the site may have the member, the entry is what removes them.
pub fn spent(desired: &Desired<'_>, live: &LiveState) -> Spent {
    let tree = Resolved::of(desired.clone(), live);
    let lingering = lingering(&tree, live);
    let mut found = Spent::default();
    for (name, group) in &tree.desired.groups {
        let GroupState::Present(declared) = &group.declared.state else { continue };
        let is_spent = |member: &Member| {
            let over = member.until.as_ref().is_some_and(|until| until.value <= desired.today);
            let mut denied = group.denied.iter().filter(|(_, denial)| denial.origin == member.origin);
            let is_told = !tree.doubts.contains_key(&member.origin);
            over && is_told && denied.all(|(user, _)| !lingering.contains(user))
        };
        let entries = declared.entries.iter().enumerate().filter(|(_, member)| is_spent(member));
        let members: BTreeSet<usize> = entries.map(|(place, _)| place).collect();
        let is_taken = |grant: &DeclaredGrant| match tree.groups.get(name) {
            GroupIdentity::Live(of_site) => {
                live.grants.holds(&of_site.id, &grant.access.value) == Some(false)
            }
            GroupIdentity::Missing | GroupIdentity::Unresolved(_) => false,
        };
        let grants = declared.grants.iter().flatten().enumerate().filter(|(_, grant)| {
            let over = grant.until.as_ref().is_some_and(|until| until.value <= desired.today);
            over && is_taken(grant)
        });
        let grants: BTreeSet<usize> = grants.map(|(place, _)| place).collect();
        for (places, of) in [(members, &mut found.members), (grants, &mut found.grants)] {
            if !places.is_empty() {
                of.insert(name.clone(), places);
            }
        }
    }
    found
}

/// Everybody who may still be in a group that denies them. A group that takes another one in denies whom that one does, so
/// that an entry may be what takes somebody out of more than its own group.
fn lingering<'a>(tree: &'a Resolved<'_>, live: &LiveState) -> BTreeSet<&'a UserRef> {
    let desired = &tree.desired;
    let names = GroupNames::of([desired.declaration], &live.groups);
    let privileged = Marked::privileged([&desired.declaration.policy], &names, &live.rights, &live.groups)
        .and_givers(&live.grants);
    let mut lingering = BTreeSet::new();
    for (name, group) in &desired.groups {
        let (members, is_privileged) = match tree.groups.get(name) {
            GroupIdentity::Missing => continue,
            GroupIdentity::Live(of_site) => (live.members.get(&of_site.id), privileged.holds(&of_site.id)),
            GroupIdentity::Unresolved(_) => (None, false),
        };
        let is_left = |user: &&UserRef| {
            let Some(members) = members else { return true };
            let may_be_another =
                || is_privileged && unnamed(tree, live, Some(group), members).next().is_some();
            !is_gone(user, members, &tree.people, live) || tree.people.is_of_nobody(user) && may_be_another()
        };
        lingering.extend(group.denied.keys().filter(is_left));
    }
    lingering
}

/// Whether it is certain that somebody is not among the members.
fn is_gone(user: &UserRef, members: &Listing<AccountId>, people: &People, live: &LiveState) -> bool {
    match people.person(user) {
        Identity::Account(id) => !members.contains(id),
        Identity::Unresolved(obstacle) if obstacle.code == ObstacleCode::AccountGone => true,
        Identity::Unresolved(obstacle) if obstacle.code != ObstacleCode::IdentityUnresolved => false,
        Identity::Missing | Identity::Unresolved(_) => {
            !members.iter().any(|id| people.hides(id, live.accounts.get(id)))
        }
    }
}

/// Expired access that revokes nothing since no account shows the email any more, if a privileged group keeps people that
/// the tree does not name: one of them may be the same person under another email. A complete plan removes them from a group
/// that is exact; a run that only ends expired access does not.
pub(super) fn of_nobody(context: &Context<'_>, privileged: &Marked) -> Vec<Blocked> {
    let Context { tree, live, locator, scope, .. } = *context;
    let mut found = Vec::new();
    let mut staying: Vec<(&GroupName, &AccountId, usize)> = Vec::new();
    for of_site in live.groups.iter().filter(|group| privileged.holds(&group.id)) {
        let Some(members) = live.members.get(&of_site.id) else { continue };
        let name = tree.groups.declared_as(&of_site.id).unwrap_or(&of_site.name);
        let group = tree.group(&of_site.id);
        let is_left = |id: &&AccountId| {
            group.is_none_or(|group| {
                group.mode == Mode::AtLeast
                    || scope.is_by_time()
                    || group.members.contains_key(&UserRef::Account((*id).clone()))
            })
        };
        let unnamed: Vec<&AccountId> = unnamed(tree, live, group, members).filter(is_left).collect();
        let Some(first) = unnamed.first() else { continue };
        let staying_there = (name, *first, unnamed.len());
        staying.push(staying_there);
        let denied = group.into_iter().flat_map(|group| &group.denied);
        for (user, denial) in denied.filter(|(user, _)| tree.people.is_of_nobody(user)) {
            let address = Address::Member(name.clone(), user.clone());
            let obstacle = end_of_nobody(user, staying_there, context);
            let origin = locator.locate(denial.origin);
            found.push(obstacle.blocks_at((address, Action::Remove), denial.reason, origin));
        }
    }
    if let Some(staying) = staying.first() {
        found.extend(leavers_of_nobody(context, *staying));
    }
    found
}

/// The people that the change or a date offboards, and whose email no account shows.
fn leavers_of_nobody<'a>(
    context: &'a Context<'_>,
    staying: (&'a GroupName, &'a AccountId, usize),
) -> impl Iterator<Item = Blocked> + 'a {
    let desired = &context.tree.desired;
    let leave = desired.declaration.users.keys().filter_map(|email| {
        let origin = desired.offboarded(email)?;
        let is_new = || context.base.is_some_and(|base| base.tree.desired.offboarded(email).is_none());
        let user = UserRef::Email(email.clone());
        ((desired.has_ended(&user) || is_new()) && context.tree.people.is_of_nobody(&user))
            .then_some((user, origin))
    });
    leave.map(move |(user, origin)| {
        let obstacle = end_of_nobody(&user, staying, context);
        let at = (Address::User(user), desired.declaration.policy.offboard.action());
        obstacle.blocks_at(at, Reason::Offboarded, context.locator.locate(origin))
    })
}

/// The members of a group that it does not name by an email, or that the whole tree does not, if it does not declare the
/// group. The tree may name the same person by an ID and by an email.
pub(super) fn unnamed<'a>(
    tree: &'a Resolved<'_>,
    live: &'a LiveState,
    group: Option<&'a DesiredGroup<'_>>,
    members: &'a Listing<AccountId>,
) -> impl Iterator<Item = &'a AccountId> {
    let is_named = move |id: &AccountId| {
        let mut emails = tree.people.names(id).filter(|user| user.email().is_some());
        emails.any(|user| group.is_none_or(|group| group.names(user)))
    };
    let is_person = |id: &&AccountId| live.accounts.get(id).is_none_or(|account| account.kind.is_person());
    members.iter().filter(is_person).filter(move |id| !is_named(id))
}

fn end_of_nobody(
    user: &UserRef,
    (group, first, staying): (&GroupName, &AccountId, usize),
    context: &Context<'_>,
) -> Obstacle {
    let first = context.tree.people.name_of(first, context.live.accounts.get(first));
    let whom = match staying {
        1 => format!("{first}, who is not named there and"),
        several => {
            format!("{several} people who are not named there, such as {first}; one of them")
        }
    };
    Obstacle {
        code: ObstacleCode::EndOfNobody,
        why: format!("no account shows {user}, and {group} keeps {whom} may be the same person under another email"),
        help: "Find out who that is. Write the person's current email, or remove the entry if the access has ended \
               or never existed. `rollbook lock` ties an email to an account, so a later change of the email has no \
               effect."
            .into(),
    }
}
