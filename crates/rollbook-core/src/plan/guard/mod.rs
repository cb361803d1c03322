//! The guards: rules that may refuse a plan (docs/design.md#guards). Each is a function from a plan and the rules of a
//! tree to what tripped. It runs under the rules of the tree and under those of its base, so that a change cannot
//! quietly loosen the rules for itself (docs/design.md#how-guards-judge).
//!
//! They judge the resulting state of the site, by account and group. Changes that must never happen at all
//! (`self-lockout`, `last-admin`) and unknown identities (`identity-changed`, `identity-unresolved`) are blocked before,
//! each at its own address, and so is an invitation unless `invite-domain` is set aside for it. Whether a credential
//! belongs to the site that the tree names (`wrong-site`) is checked before there is a plan.

mod exclusive;
mod floors;
mod invite;
mod protect;
mod reactivation;
mod renamed;
mod revokes;
mod self_grant;
mod suspicious;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccessChange, AccountId, Address, Blocked, Direction, Drift, Effect, GroupId, Guard, IdentityChange,
    Kept, Key, Operation, PlannedOperation, Reason, RuleChange, RuleSource, Ruling, Verdict, Waiver,
    rule_of_waiver,
};

use super::base::{Difference, GrantDifference};
use super::context::Context;
use super::identity::{Obstacle, ObstacleCode};
use super::order::Circle;
use super::projection::Projection;
use super::rules::{RuleBook, Rules, group_id};

/// The input of the guards.
pub(super) struct Case<'a> {
    pub(super) operations: &'a BTreeMap<Key, PlannedOperation>,
    pub(super) context: &'a Context<'a>,
    pub(super) rules: &'a RuleBook<'a>,
    /// The site once the plan is carried out.
    pub(super) after: Projection<'a>,
    /// The people who get or lose a role in an app, since a group starts or stops giving it.
    pub(super) access: &'a [AccessChange],
    /// The differences between the declarations of the tree and of its base.
    pub(super) differences: &'a [Difference<'a>],
    /// The same for the roles that groups give.
    pub(super) grants: &'a [GrantDifference<'a>],
    /// The people who have a role through a difference that widens access.
    pub(super) widened: &'a [AccessChange],
    /// The names that mean another ID than in the base.
    pub(super) identities: &'a [IdentityChange],
    /// The rules whose text differs from the base's.
    pub(super) changed_rules: &'a [RuleChange],
    /// The circles: requirements that no order of operations can meet.
    pub(super) circles: &'a [Circle],
}

/// A guard that tripped, before it is known whether it is set aside.
struct Tripped {
    guard: Guard,
    /// The addresses that a waiver has to name or cover, each of them.
    addresses: Vec<Address>,
    /// The key of the rule, as in [`RuleChange`]. Only a change of its text can let a plan pass.
    rule: String,
    why: String,
    help: String,
}

/// Runs every guard.
pub(super) fn judge(case: &Case<'_>) -> Vec<Verdict> {
    let head = &case.rules.head;
    let mut verdicts: Vec<Verdict> =
        tripped(case, head).into_iter().map(|tripped| verdict(case, head, tripped)).collect();
    if let Some(base) = &case.rules.base {
        for tripped in tripped(case, base) {
            if base.waiver(tripped.guard, &tripped.addresses, case.context.tree).is_none() {
                loosened(case, &mut verdicts, tripped);
            }
        }
    }
    verdicts.extend(self_grant::verdicts(case));
    if let Some(base) = &case.rules.base {
        verdicts.extend(renamed::tripped(case).into_iter().map(|tripped| verdict(case, base, tripped)));
    }
    verdicts.sort();
    verdicts.dedup();
    verdicts
}

/// Blocks operations that a guard refuses and that can wait by themselves: a return that the change does not ask for, while
/// everybody else's changes go on. A run for time and offboarding judges no change: a guard blocks the operations that it is
/// about, so that the access of others ends. Verdicts about a change that this run leaves alone are for the run that makes
/// the change.
pub(super) fn block_refused(
    verdicts: &mut Vec<Verdict>,
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
    rules: &RuleBook<'_>,
) -> Vec<Blocked> {
    let by_time = context.scope.is_by_time();
    let refuses = |it: &Verdict| it.ruling == Ruling::Refused && it.guard != Guard::Reactivation;
    // If another guard refuses the whole plan, the whole plan is shown.
    if !by_time && verdicts.iter().any(refuses) {
        return Vec::new();
    }
    let mut blocked = Vec::new();
    verdicts.retain(|verdict| {
        if verdict.ruling != Ruling::Refused || !by_time && verdict.guard != Guard::Reactivation {
            return true;
        }
        if verdict.addresses.is_empty() {
            return verdict.guard != Guard::SelfGrant;
        }
        let about = |planned: &&PlannedOperation| {
            let mut addresses = verdict.addresses.iter();
            if by_time {
                addresses.any(|address| revokes_at(planned, address, (context, rules)))
            } else {
                waits(planned, context) && addresses.any(|address| *address == planned.key.address)
            }
        };
        let obstacle = Obstacle {
            code: ObstacleCode::Guard(verdict.guard),
            why: verdict.why.clone(),
            help: verdict.help.clone(),
        };
        let about = operations.values().filter(about);
        let mut held: BTreeMap<Key, Obstacle> = about.map(|it| (it.key.clone(), obstacle.clone())).collect();
        if held.is_empty() && !by_time {
            return true;
        }
        while let Some((key, reason)) = held.pop_first() {
            let Some(planned) = operations.remove(&key) else { continue };
            keep_membership(operations, &planned);
            for it in operations.values().filter(|it| it.requires.contains(&key)) {
                // An operation that depends on an account concerns its groups, too.
                let reason = if by_time { obstacle.clone() } else { Obstacle::requires(&key) };
                held.entry(it.key.clone()).or_insert(reason);
            }
            blocked.push(reason.blocks(planned));
        }
        false
    });
    blocked
}

/// Whether an operation lets somebody back in although the change does not ask for it: the base has it as well. An
/// invitation at an address that no account has also counts, even if only the change asks for it.
fn waits(planned: &PlannedOperation, context: &Context<'_>) -> bool {
    let of_nobody = || planned.key.address.user().is_some_and(|user| context.tree.account(user).is_none());
    let invites = matches!(planned.operation, Operation::InviteUser { .. });
    let returns = invites || matches!(planned.operation, Operation::ActivateUser { .. });
    // `undo` is judged as a whole, and its operations are never drift.
    planned.reason != Reason::Undone && (returns && planned.drift == Drift::Yes || invites && of_nobody())
}

/// A membership that no separate operation ends stays with the account: it ends, or loses its effect, with that.
fn keep_membership(operations: &mut BTreeMap<Key, PlannedOperation>, kept: &PlannedOperation) {
    let (Operation::RemoveMember { membership }, Some(group)) = (&kept.operation, kept.key.address.group())
    else {
        return;
    };
    let kept = Kept { group: group.clone(), membership: membership.clone() };
    for planned in operations.values_mut() {
        planned.operation.keep(&kept);
    }
}

/// Whether an operation revokes something at an address: at a group's address, also from its members.
fn revokes_at(
    planned: &PlannedOperation,
    address: &Address,
    (context, rules): (&Context<'_>, &RuleBook<'_>),
) -> bool {
    if planned.operation.direction() != Direction::Revoke {
        return false;
    }
    let Address::Group(name) = address else { return address.covers(&planned.key.address) };
    let mut groups: BTreeSet<&GroupId> = rules.names.ids(name).collect();
    groups.extend(group_id(context.tree, name, context.live));
    let is_member = |group: &GroupId, id: &AccountId| {
        context.live.members.get(group).is_some_and(|members| members.contains(id))
    };
    planned.effects().into_iter().any(|effect| match effect {
        Effect::Leaves(membership) => groups.contains(membership.group()),
        Effect::Sleeps(account, _) => groups.iter().any(|group| is_member(group, account)),
        Effect::Ends(id) => groups.contains(id),
        Effect::Takes(held) => groups.contains(held.group()),
        Effect::Joins(..) | Effect::Wakes(..) | Effect::Gives(..) => false,
    })
}

fn tripped(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let guards = [
        revokes::max_revokes,
        floors::keep_at_least,
        protect::protect,
        exclusive::exclusive,
        reactivation::reactivation,
        invite::invite_domain,
        suspicious::suspicious_read,
    ];
    guards.into_iter().flat_map(|guard| guard(case, rules)).collect()
}

/// Adds a refusal under the base's rules. If the tree's own rules do not refuse, either the tree's text of the rule lets
/// the plan pass, or the names in the rule have another meaning, which permits nothing.
fn loosened(case: &Case<'_>, verdicts: &mut Vec<Verdict>, tripped: Tripped) {
    let Tripped { guard, addresses, rule, why, help } = tripped;
    let judged = verdicts.iter_mut().find(|verdict| verdict.guard == guard && verdict.addresses == addresses);
    let differs = case.changed_rules.iter().any(|change| change.rule == rule);
    let allowed = case.context.tree.desired.allow.contains(&guard);
    let by_waiver = |because: &String, until| Ruling::AllowedByChange {
        by: RuleSource::Waiver { because: because.clone(), until },
    };
    let waiver = new_waiver(case, guard).filter(|_| addresses.is_empty());
    let ruling = match (judged.as_ref().map(|verdict| &verdict.ruling), waiver) {
        (None, _) if differs => Ruling::AllowedByChange { by: RuleSource::Policy },
        (None, Some(waiver)) => by_waiver(&waiver.because, waiver.until),
        (None, None) if allowed => Ruling::Allowed,
        (None, None) => Ruling::Refused,
        (Some(Ruling::Waived { because, until }), _) => by_waiver(because, *until),
        // The plan already shows what is refused, or allowed for one run.
        (Some(Ruling::Refused | Ruling::Allowed | Ruling::AllowedByChange { .. } | Ruling::NotJudged), _) => {
            return;
        }
    };
    match judged {
        Some(verdict) => verdict.ruling = ruling,
        None => verdicts.push(Verdict { guard, ruling, addresses, why, help }),
    }
}

/// A waiver that the base does not have, and that weakens a rule about a whole plan.
fn new_waiver<'a>(case: &Case<'a>, guard: Guard) -> Option<&'a Waiver> {
    let is_new = |waiver: &&Waiver| {
        waiver.addresses.iter().any(|address| {
            let rule = rule_of_waiver(guard, &address.value);
            case.changed_rules.iter().any(|change| change.rule == rule)
        })
    };
    case.context.tree.desired.waivers(guard).find(is_new)
}

/// The verdict of a guard that tripped, by the waivers of a tree.
fn verdict(case: &Case<'_>, rules: &Rules<'_>, tripped: Tripped) -> Verdict {
    let waiver = rules.waiver(tripped.guard, &tripped.addresses, case.context.tree);
    ruled(case, waiver, tripped)
}

fn ruled(case: &Case<'_>, waiver: Option<&Waiver>, tripped: Tripped) -> Verdict {
    let Tripped { guard, addresses, rule: _, why, help } = tripped;
    let ruling = if case.context.tree.desired.allow.contains(&guard) {
        Ruling::Allowed
    } else {
        waiver.map_or(Ruling::Refused, |waiver| Ruling::Waived {
            because: waiver.because.clone(),
            until: waiver.until,
        })
    };
    Verdict { guard, ruling, addresses, why, help }
}
