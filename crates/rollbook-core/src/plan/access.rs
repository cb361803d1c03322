//! The people who get or lose a role in an app, since a group starts or stops giving it; and the roles that must not be lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccessChange, AccountId, AccountKind, Action, Beneficiary, Blocked, Effect, GroupId, Key,
    LiveAccount, Membership, Operation, PlannedOperation, Read, TargetGroup, UserRef, Who,
};

use super::admins::take_out;
use super::context::Context;
use super::identity::{Obstacle, ObstacleCode};
use super::projection::Projection;
use super::rules::{RuleBook, Unseen};

/// The people who get or lose a role by each operation that gives or revokes one for a group, in the order of the keys. The
/// people in the group after the plan count: a person who leaves the group loses its roles by that.
pub(super) fn changes(
    operations: &BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Vec<AccessChange> {
    let is_role = |planned: &&PlannedOperation| planned.operation.access().is_some();
    if !operations.values().any(|planned| is_role(&planned)) {
        return Vec::new();
    }
    let before = Projection::before(context);
    let after = Projection::after(context, operations.values());
    let mut found = Vec::new();
    for planned in operations.values() {
        for effect in planned.effects() {
            let (place, access, held) = match effect {
                // A person who already had it through another group gains nothing; one who keeps it through another
                // loses nothing.
                Effect::Gives(place, access) => (place, access, &before),
                Effect::Takes(held) => (TargetGroup::Group(held.group()), held.access(), &after),
                Effect::Joins(..)
                | Effect::Leaves(_)
                | Effect::Wakes(..)
                | Effect::Sleeps(..)
                | Effect::Ends(_) => continue,
            };
            let mut change = of(planned.key.clone(), (place, access), &after, held, context);
            if planned.key.action == Action::Revoke {
                change.mails = 0;
            }
            found.push(change);
        }
    }
    found.sort();
    found
}

/// The people in a group after a plan who, according to `held`, do not have the role through another group.
pub(super) fn of<'a>(
    key: Key,
    (place, access): (TargetGroup<'a>, &Access),
    after: &Projection<'a>,
    held: &Projection<'_>,
    context: &Context<'_>,
) -> AccessChange {
    let others: Vec<&GroupId> = held.givers(access).into_iter().filter(|id| !is(place, id)).collect();
    let has = |who: &Who<'_>| match who {
        Who::Account(account) => {
            others.iter().any(|id| held.holds(TargetGroup::Group(id), Who::Account(account)))
        }
        Who::Invited(_) => false,
    };
    let people: Vec<Who<'_>> =
        after.members(place).into_iter().filter(|who| counts(who, context) && !has(who)).collect();
    let is_read = |id: &&GroupId| context.live.members.contains_key(*id);
    let exact = context.capabilities.givers(access).is_some() && others.iter().all(is_read);
    let mailed = |who: &&Who<'_>| match who {
        Who::Account(id) => {
            context.account(id).is_none_or(|account| account.active() && account.kind.is_person())
        }
        Who::Invited(_) => true,
    };
    let mails = if access.role.takes_a_seat() { people.iter().filter(mailed).count() } else { 0 };
    let mut people: Vec<Beneficiary> = people.into_iter().map(|who| called(who, context)).collect();
    people.sort();
    AccessChange { key, people, exact, mails }
}

fn is(place: TargetGroup<'_>, id: &GroupId) -> bool {
    matches!(place, TargetGroup::Group(group) if group == id)
}

/// Portal-only customers are never touched.
fn counts(who: &Who<'_>, context: &Context<'_>) -> bool {
    match who {
        Who::Account(id) => context.account(id).is_none_or(|account| account.kind != AccountKind::Customer),
        Who::Invited(_) => true,
    }
}

fn called(who: Who<'_>, context: &Context<'_>) -> Beneficiary {
    match who {
        Who::Account(id) => {
            let account = context.account(id);
            Beneficiary {
                user: context.tree.people.name_of(id, account),
                account: Some(id.clone()),
                name: account.map(|account| account.name.clone()),
            }
        }
        Who::Invited(user) => Beneficiary { user: user.clone(), account: None, name: None },
    }
}

/// Blocks revokes of roles that would narrow the operator or the account that Rollbook acts as, touch somebody who may be
/// protected, or leave an app without an administrator. A blocked revoke may keep a role for others, so the rest is checked
/// again.
pub(super) fn keep(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
    rules: &RuleBook<'_>,
) -> Vec<Blocked> {
    let mut blocked = Vec::new();
    loop {
        let found = changes(operations, context).into_iter().find_map(|change| {
            let Operation::RevokeRole { held } = &operations.get(&change.key)?.operation else { return None };
            let obstacle =
                narrows(&change, context, rules).or_else(|| last_of(held.access(), operations, context))?;
            Some((change.key, obstacle))
        });
        let Some((key, obstacle)) = found else { return blocked };
        blocked.extend(take_out(operations, key, &obstacle));
    }
}

/// Why somebody may not lose a role (docs/design.md#what-is-never-planned).
fn narrows(change: &AccessChange, context: &Context<'_>, rules: &RuleBook<'_>) -> Option<Obstacle> {
    let accounts = change.people.iter().filter_map(|person| Some((&person.user, person.account.as_ref()?)));
    for (user, account) in accounts {
        let is_operator = rules.is_operator(account);
        if is_operator || context.live.rights.acting() == Some(account) {
            let who = if is_operator { "the operator" } else { "the account that Rollbook acts as" };
            return Some(Obstacle {
                code: ObstacleCode::SelfLockout,
                why: format!("it would reduce the access of {who}"),
                help: "Do it by hand, or with another administrator's credential.".into(),
            });
        }
        if let Some(Unseen { email, rule, .. }) = rules.may_be(account, context.account(account)) {
            return Some(Obstacle {
                code: ObstacleCode::IdentityUnresolved,
                why: format!(
                    "`{rule}` names {email}, whose account is unknown, and {user}, who would lose it, hides the \
                     email"
                ),
                help: format!(
                    "Pin the account of {email} under `users:`, or correct the email in `{rule}`, and apply that first, as a \
                     change of its own."
                ),
            });
        }
    }
    None
}

/// Why a role that lets people decide about access may not be revoked: nobody would be left with it, or this is unknown.
fn last_of(
    access: &Access,
    operations: &BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Option<Obstacle> {
    if !access.role.is_privileged() {
        return None;
    }
    let capabilities = context.capabilities;
    if let Some(unread) = capabilities.unread_at_all(Read::RoleGivers) {
        return Some(Obstacle::not_read(unread));
    }
    let after = Projection::after(context, operations.values());
    holders(access, &after, &leavers(operations), context).is_empty().then(|| nobody_left(access))
}

fn nobody_left(access: &Access) -> Obstacle {
    Obstacle {
        code: ObstacleCode::LastAdmin,
        why: format!("no group with an active person would be left that gives {access}"),
        help: "Let another group with somebody in it have the role first.".into(),
    }
}

fn leavers(operations: &BTreeMap<Key, PlannedOperation>) -> BTreeSet<&AccountId> {
    operations.values().filter_map(|planned| Some(planned.operation.leaver()?.0)).collect()
}

/// The active people who have a role by a group, as far as that is known, but for those who lose all access.
fn holders<'a>(
    access: &Access,
    projection: &Projection<'a>,
    leavers: &BTreeSet<&AccountId>,
    context: &'a Context<'_>,
) -> BTreeSet<&'a AccountId> {
    let active = |account: &LiveAccount| account.active() && account.kind.is_person();
    let mut holders = BTreeSet::new();
    for group in projection.givers(access) {
        // Whom nothing else showed, the listing of the group's members did, as active people alone.
        holders.extend(context.capabilities.giver_members.get(group).into_iter().flatten());
        let read = projection.members(TargetGroup::Group(group)).into_iter().filter_map(|who| match who {
            Who::Account(id) => Some(id),
            Who::Invited(_) => None,
        });
        holders.extend(read.filter(|id| context.account(id).is_some_and(active)));
    }
    holders.retain(|id| !leavers.contains(id));
    holders
}

/// Takes out what takes the last active people out of the groups that let them decide about the access to an app, or turns
/// their accounts off. Where nobody can tell who else does, so does each that takes anybody.
pub(super) fn keep_deciders(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Vec<Blocked> {
    let unread = context.capabilities.unread_at_all(Read::RoleGivers).map(Obstacle::not_read);
    let held = context.live.grants.of.values().flatten();
    let privileged: BTreeSet<&Access> = held.filter(|access| access.role.is_privileged()).collect();
    let mut blocked = Vec::new();
    for access in privileged {
        let before = Projection::before(context);
        let had = holders(access, &before, &BTreeSet::new(), context);
        let groups = before.givers(access);
        let takes = |planned: &PlannedOperation| {
            planned.effects().into_iter().any(|effect| match effect {
                Effect::Leaves(membership) => {
                    groups.contains(membership.group()) && had.contains(membership.account())
                }
                Effect::Sleeps(account, _) => had.contains(account),
                Effect::Ends(group) => groups.contains(group),
                Effect::Joins(..) | Effect::Wakes(..) | Effect::Gives(..) | Effect::Takes(_) => false,
            })
        };
        let taking: Vec<Key> =
            operations.values().filter(|planned| takes(planned)).map(|planned| planned.key.clone()).collect();
        let after = Projection::after(context, operations.values());
        let obstacle = match &unread {
            Some(unread) => unread.clone(),
            None if had.is_empty() => continue,
            None if !holders(access, &after, &leavers(operations), context).is_empty() => continue,
            None => nobody_left(access),
        };
        blocked.extend(taking.into_iter().flat_map(|key| take_out(operations, key, &obstacle)));
    }
    blocked
}

/// How many memberships and accounts lose access by operations: each membership once, and a person who loses none at
/// least once; and with a role of a group, everybody who loses it (docs/design.md#what-guards-count).
pub(super) fn revokes<'a>(
    operations: impl Iterator<Item = &'a PlannedOperation>,
    changes: &[AccessChange],
) -> usize {
    let mut memberships: BTreeSet<&Membership> = BTreeSet::new();
    let mut people: BTreeSet<&AccountId> = BTreeSet::new();
    let (mut empty_groups, mut roles) = (0, 0);
    for planned in operations {
        for effect in planned.effects() {
            match effect {
                Effect::Leaves(membership) => {
                    memberships.insert(membership);
                }
                Effect::Sleeps(account, kept) => {
                    memberships.extend(kept.iter().map(|kept| &kept.membership));
                    people.insert(account);
                }
                Effect::Ends(_) => {
                    let is_empty = matches!(&planned.operation, Operation::DeleteGroup { members, .. } if members.is_empty());
                    empty_groups += usize::from(is_empty);
                }
                Effect::Takes(_) => roles += losses(&planned.key, changes),
                Effect::Joins(..) | Effect::Wakes(..) | Effect::Gives(..) => {}
            }
        }
    }
    let counted: BTreeSet<&AccountId> = memberships.iter().map(|membership| membership.account()).collect();
    memberships.len() + people.difference(&counted).count() + empty_groups + roles
}

/// How many people an operation revokes a role from, at least one.
pub(super) fn losses(key: &Key, changes: &[AccessChange]) -> usize {
    let people = changes.iter().find(|change| change.key == *key).map_or(0, |change| change.people.len());
    people.max(1)
}

/// The people who lose a role by an operation.
pub(super) fn losers<'a>(key: &Key, changes: &'a [AccessChange]) -> impl Iterator<Item = &'a Beneficiary> {
    let of = changes.iter().filter(|change| change.key.action == Action::Revoke);
    let key = key.clone();
    of.filter(move |change| change.key == key).flat_map(|change| &change.people)
}

/// Why a change of a role differs from the reviewed one: it affects somebody else as well.
pub(super) fn differs(now: &AccessChange, reviewed: Option<&AccessChange>) -> Option<String> {
    let known: BTreeSet<&Beneficiary> = reviewed.into_iter().flat_map(|change| &change.people).collect();
    let is_known = |person: &&Beneficiary| {
        let same = |known: &&&Beneficiary| match (&known.account, &person.account) {
            (Some(one), Some(other)) => one == other,
            // An invited person has an account by now.
            (None, _) => known.user == person.user,
            (Some(_), None) => false,
        };
        known.iter().any(|known| same(&known))
    };
    let others: Vec<&UserRef> =
        now.people.iter().filter(|person| !is_known(person)).map(|person| &person.user).collect();
    let first = others.first()?;
    let more = others.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let verb = if now.key.action == Action::Assign { "gives the role to" } else { "takes the role from" };
    Some(format!("it {verb} {first}{more} now, who were not among those reviewed"))
}
