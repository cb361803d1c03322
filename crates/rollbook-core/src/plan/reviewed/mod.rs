//! The reviewed part of a plan: a saved plan is a filter, not a script (docs/design.md#saved-plans).
//!
//! A new plan is made from the tree and the current state of the site, and the operations that the reviewed one also
//! has are kept. A new operation on something that the reviewed plan touches is left out and reported; a reviewed one
//! that no longer follows refuses everything.

mod satisfied;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    AccessChange, AccountId, Action, Address, Blocked, GroupId, GroupName, Guard, Key, LiveState, Misfit,
    Operation, Plan, PlannedOperation, Ref, Review, Ruling, UserRef, Verdict,
};

use satisfied::satisfied;

use super::access;
use super::context::Context;
use super::desired::lasts_longer;
use super::document::SavedPlan;

/// The state that shows whether something is already done.
pub(super) struct Now<'a> {
    pub(super) context: &'a Context<'a>,
}

/// Keeps the reviewed operations, and reports the outcome of the rest.
pub(super) fn keep_reviewed(
    saved: &SavedPlan,
    operations: &mut BTreeMap<Key, PlannedOperation>,
    blocked: &mut Vec<Blocked>,
    now: &Now<'_>,
) -> Review {
    let reviewed = Reviewed::of(saved);
    let touched = Touched::by(saved.plan());
    let mut review = Review { fingerprint: saved.plan().fingerprint.clone(), ..Review::default() };
    let found: BTreeSet<&Key> =
        operations.values().filter_map(|planned| Some(&reviewed.find(planned)?.key)).collect();
    let mut obstacles: BTreeMap<(&Address, Action), &Blocked> = BTreeMap::new();
    for it in &*blocked {
        obstacles.entry((&it.address, it.action)).or_insert(it);
    }
    for planned in saved.plan().operations.iter().filter(|planned| !found.contains(&planned.key)) {
        let key = planned.key.clone();
        match gone(&key, &planned.operation, operations, &obstacles, now) {
            Ok(()) => review.satisfied.push(key),
            Err(why) => review.misfits.push(Misfit { key, why }),
        }
    }
    let is_new = |key: &Key| operations.get(key).is_some_and(|planned| reviewed.find(planned).is_none());
    for planned in operations.values().filter(|planned| !is_new(&planned.key)) {
        if let Some(new) = planned.requires.iter().find(|required| is_new(required)) {
            let why = format!("it requires `{new}` now, which was not reviewed");
            review.misfits.push(Misfit { key: planned.key.clone(), why });
        }
    }
    let new: Vec<Key> = operations.keys().filter(|key| is_new(key)).cloned().collect();
    operations.retain(|_, planned| reviewed.find(planned).is_some());
    let (here, elsewhere): (Vec<Key>, Vec<Key>) =
        new.into_iter().partition(|key| touched.takes(&key.address));
    review.not_reviewed = here;
    review.elsewhere = elsewhere.len();
    blocked.retain(|blocked| touched.takes(&blocked.address));
    review
}

/// The operations of a reviewed plan, by key, and by action, group and account. The name of an account depends on the
/// reads: an email may be known to one run and hidden from the other.
struct Reviewed<'a> {
    by_key: BTreeMap<&'a Key, &'a PlannedOperation>,
    by_account: BTreeMap<Deed<'a>, &'a PlannedOperation>,
}

/// The action, the group and the account.
type Deed<'a> = (Action, Option<&'a GroupId>, &'a AccountId);

fn deed(planned: &PlannedOperation) -> Option<Deed<'_>> {
    let group = planned.operation.group();
    // A group that does not exist yet has no ID to compare.
    let is_known = group.is_some() || planned.key.address.group().is_none();
    Some((planned.key.action, group, planned.operation.account().filter(|_| is_known)?))
}

impl<'a> Reviewed<'a> {
    fn of(saved: &'a SavedPlan) -> Self {
        let operations = || saved.plan().operations.iter();
        Self {
            by_key: operations().map(|planned| (&planned.key, planned)).collect(),
            by_account: operations().filter_map(|planned| Some((deed(planned)?, planned))).collect(),
        }
    }

    /// Finds the reviewed operation that matches.
    fn find(&self, planned: &PlannedOperation) -> Option<&'a PlannedOperation> {
        let called_otherwise = || self.by_account.get(&deed(planned)?).copied();
        self.by_key.get(&planned.key).copied().or_else(called_otherwise)
    }
}

/// Why an operation is not needed any more: `None` if its effect already exists.
fn gone(
    key: &Key,
    operation: &Operation,
    operations: &BTreeMap<Key, PlannedOperation>,
    obstacles: &BTreeMap<(&Address, Action), &Blocked>,
    now: &Now<'_>,
) -> Result<(), String> {
    if let Some(blocked) = obstacles.get(&(&key.address, key.action)) {
        return Err(format!("it is blocked now: {}", blocked.why));
    }
    // Keys are in the order of their addresses.
    let first = Key { address: key.address.clone(), action: Action::ALL[0] };
    let next = operations.range(first..).next().map(|(other, _)| other);
    if let Some(other) = next.filter(|other| other.address == key.address) {
        return Err(format!("the tree and the site need `{other}` instead"));
    }
    if satisfied(key, operation, now) { Ok(()) } else { Err("the tree does not ask for it any more".into()) }
}

/// Compares the kept operations with the reviewed ones, once they have their final form.
pub(super) fn compare(
    saved: &SavedPlan,
    operations: &BTreeMap<Key, PlannedOperation>,
    changes: &[AccessChange],
    live: &LiveState,
    review: &mut Review,
) {
    let all = Reviewed::of(saved);
    for planned in operations.values() {
        let Some(reviewed) = all.find(planned) else { continue };
        let why = if planned.via != reviewed.via {
            format!("it goes through {} now, and {} was reviewed", planned.via, reviewed.via)
        } else if let Some(why) = another(planned, reviewed, saved, live) {
            why
        } else if !same(&planned.operation, &reviewed.operation) {
            "it would not do what was reviewed any more".into()
        } else if let Some(why) = somebody_else(planned, reviewed, changes, saved) {
            why
        } else if lasts_longer(planned.until, reviewed.until) {
            let end =
                |until: Option<Date>| until.map_or("without an end".into(), |until| format!("until {until}"));
            format!("it grants access {} now, and {} was reviewed", end(planned.until), end(reviewed.until))
        } else if reviewed.privileged && !planned.privileged {
            "it was reviewed as privileged, and is not privileged in the tree any more".into()
        } else if planned.privileged && !reviewed.privileged {
            "it is about a privileged group now, and was not when it was reviewed".into()
        } else {
            continue;
        };
        review.misfits.push(Misfit { key: planned.key.clone(), why });
    }
    review.misfits.sort();
    review.misfits.dedup_by(|one, other| one.key == other.key);
}

/// Verdicts that set a guard aside now and did not in the reviewed plan: the reviewer has not seen the need.
pub(super) fn compare_verdicts(
    saved: &SavedPlan,
    verdicts: &[Verdict],
    operations: &BTreeMap<Key, PlannedOperation>,
    review: &mut Review,
) {
    let aside = |verdict: &&Verdict| match verdict.ruling {
        Ruling::Waived { .. } | Ruling::AllowedByChange { .. } => true,
        // These do not give permission: `--allow` is for the person who starts the run.
        Ruling::Refused | Ruling::Allowed | Ruling::NotJudged => false,
    };
    let known: BTreeSet<(Guard, &[Address])> = saved
        .plan()
        .guards
        .iter()
        .filter(aside)
        .map(|verdict| (verdict.guard, verdict.addresses.as_slice()))
        .collect();
    for verdict in verdicts.iter().filter(aside) {
        if known.contains(&(verdict.guard, verdict.addresses.as_slice())) {
            continue;
        }
        let about = |key: &&Key| {
            verdict.addresses.is_empty() || verdict.addresses.iter().any(|it| it.covers(&key.address))
        };
        let why = format!("`{}` is set aside for it now, and was not when it was reviewed", verdict.guard);
        let about = operations.keys().filter(about);
        review.misfits.extend(about.map(|key| Misfit { key: key.clone(), why: why.clone() }));
    }
    review.misfits.sort();
    review.misfits.dedup_by(|one, other| one.key == other.key);
}

/// Whether an operation is the reviewed one. Its prerequisites may have been created in the meantime. The groups of an
/// invitation are those of its additions, which are compared separately.
fn same(now: &Operation, reviewed: &Operation) -> bool {
    match (now, reviewed) {
        (
            Operation::AddMember { group, account },
            Operation::AddMember { group: old_group, account: old_account },
        ) => came_of(group, old_group) && came_of(account, old_account),
        (
            Operation::AssignRole { group, access },
            Operation::AssignRole { group: old_group, access: old_access },
        ) => came_of(group, old_group) && access == old_access,
        (
            Operation::InviteUser { email, name, apps, groups: _, defaults, sends_mail },
            Operation::InviteUser {
                email: old_email,
                name: old_name,
                apps: old_apps,
                groups: _,
                defaults: old_defaults,
                sends_mail: sent_mail,
            },
        ) => {
            (email, name, apps, defaults, sends_mail)
                == (old_email, old_name, old_apps, old_defaults, sent_mail)
        }
        (now, reviewed) => now == reviewed,
    }
}

/// Why a role is given to, or revoked from, somebody who was not among the people of the reviewed plan.
fn somebody_else(
    planned: &PlannedOperation,
    reviewed: &PlannedOperation,
    changes: &[AccessChange],
    saved: &SavedPlan,
) -> Option<String> {
    let now = changes.iter().find(|change| change.key == planned.key)?;
    let known = saved.plan().access.iter().find(|change| change.key == reviewed.key);
    access::differs(now, known)
}

/// Why an addition concerns something other than the account or group that the reviewed plan would have created. An
/// account cannot be distinguished from one that somebody else's plan created, or that took the address; a group counts
/// as the same while nobody else is in it.
fn another(
    now: &PlannedOperation,
    reviewed: &PlannedOperation,
    saved: &SavedPlan,
    live: &LiveState,
) -> Option<String> {
    let (
        Operation::AddMember { group, account },
        Operation::AddMember { group: old_group, account: old_account },
    ) = (&now.operation, &reviewed.operation)
    else {
        return None;
    };
    if let (Ref::Known(id), Ref::Made(key)) = (account, old_account) {
        let why = format!("the reviewed plan has `{key}`, and account {id} has that address now: plan again");
        return Some(why);
    }
    let (Ref::Known(id), Ref::Made(key)) = (group, old_group) else { return None };
    let to_come: BTreeSet<&AccountId> = saved
        .plan()
        .operations
        .iter()
        .filter_map(|planned| {
            let Operation::AddMember { group, account } = &planned.operation else { return None };
            account.known().filter(|_| group == old_group)
        })
        .collect();
    let alone = live.members.get(id).is_some_and(|members| members.iter().all(|it| to_come.contains(it)));
    (!alone).then(|| {
        format!(
            "the reviewed plan has `{key}`, and group {id} of that name has other members now: plan again"
        )
    })
}

fn came_of<Id: PartialEq>(now: &Ref<Id>, reviewed: &Ref<Id>) -> bool {
    match (now, reviewed) {
        (Ref::Known(_), Ref::Made(_)) => true,
        (Ref::Known(now), Ref::Known(reviewed)) => now == reviewed,
        (Ref::Made(now), Ref::Made(reviewed)) => now == reviewed,
        (Ref::Made(_), Ref::Known(_)) => false,
    }
}

/// The groups and the users that a plan touches.
struct Touched<'a> {
    groups: BTreeSet<&'a GroupName>,
    users: BTreeSet<&'a UserRef>,
}

impl<'a> Touched<'a> {
    fn by(plan: &'a Plan) -> Self {
        let addresses = || {
            let operations = plan.operations.iter().map(|planned| &planned.key.address);
            operations.chain(plan.blocked.iter().map(|blocked| &blocked.address))
        };
        Self {
            groups: addresses().filter_map(Address::group).collect(),
            users: addresses().filter_map(Address::user).collect(),
        }
    }

    fn takes(&self, address: &Address) -> bool {
        address.group().is_some_and(|group| self.groups.contains(group))
            || address.user().is_some_and(|user| self.users.contains(user))
    }
}
