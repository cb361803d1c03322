//! What of a plan somebody reviewed: a saved plan is a filter, not a script (design §5).
//!
//! A new plan is made of the tree and of what is live now, and of it is kept what the reviewed one has as well. What is
//! new where the reviewed plan touches something is left out and told; what no longer follows refuses the whole.

mod satisfied;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Address, Blocked, GroupName, Key, Misfit, Operation, Plan, PlannedOperation, Ref, Review, UserRef,
};

use satisfied::satisfied;

use super::document::SavedPlan;
use super::groups::GroupResolution;
use super::resolve::Resolution;
use super::route::Context;

/// What is looked at to tell whether something is done already.
pub(super) struct Now<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) people: &'a Resolution,
    pub(super) groups: &'a GroupResolution,
}

/// Keeps what was reviewed, and says what became of the rest.
pub(super) fn keep_reviewed(
    saved: &SavedPlan,
    operations: &mut BTreeMap<Key, PlannedOperation>,
    blocked: &mut Vec<Blocked>,
    now: &Now<'_>,
) -> Review {
    let reviewed: BTreeMap<&Key, &PlannedOperation> =
        saved.plan().operations.iter().map(|planned| (&planned.key, planned)).collect();
    let touched = Touched::by(saved.plan());
    let mut review = Review { fingerprint: saved.plan().fingerprint.clone(), ..Review::default() };
    for (key, planned) in &reviewed {
        if operations.contains_key(*key) {
            continue;
        }
        match gone(key, &planned.operation, operations, blocked, now) {
            Ok(()) => review.satisfied.push((*key).clone()),
            Err(why) => review.misfits.push(Misfit { key: (*key).clone(), why }),
        }
    }
    let new: Vec<Key> = operations.keys().filter(|key| !reviewed.contains_key(key)).cloned().collect();
    let kept = |key: &&Key| reviewed.contains_key(*key);
    for (key, planned) in operations.iter().filter(|(key, _)| kept(key)) {
        if let Some(unreviewed) = planned.requires.iter().find(|required| !reviewed.contains_key(required)) {
            let why = format!("it requires `{unreviewed}` now, which was not reviewed");
            review.misfits.push(Misfit { key: key.clone(), why });
        }
    }
    operations.retain(|key, _| reviewed.contains_key(key));
    let (here, elsewhere): (Vec<Key>, Vec<Key>) =
        new.into_iter().partition(|key| touched.takes(&key.address));
    review.not_reviewed = here;
    review.elsewhere = elsewhere.len();
    blocked.retain(|blocked| touched.takes(&blocked.address));
    review
}

/// Why an operation is not needed any more: nothing where what it does is so already.
fn gone(
    key: &Key,
    operation: &Operation,
    operations: &BTreeMap<Key, PlannedOperation>,
    blocked: &[Blocked],
    now: &Now<'_>,
) -> Result<(), String> {
    if let Some(blocked) = blocked.iter().find(|it| it.address == key.address && it.action == key.action) {
        return Err(format!("it is blocked now: {}", blocked.why));
    }
    if let Some(other) = operations.keys().find(|other| other.address == key.address) {
        return Err(format!("the tree and live ask for `{other}` instead"));
    }
    if satisfied(key, operation, now) { Ok(()) } else { Err("the tree does not ask for it any more".into()) }
}

/// Compares what is kept with what was reviewed, once it has its final form.
pub(super) fn compare(saved: &SavedPlan, operations: &BTreeMap<Key, PlannedOperation>, review: &mut Review) {
    for reviewed in &saved.plan().operations {
        let Some(planned) = operations.get(&reviewed.key) else { continue };
        let why = if planned.via != reviewed.via {
            format!("it goes through {} now, and {} was reviewed", planned.via, reviewed.via)
        } else if !same(&planned.operation, &reviewed.operation) {
            "it would do something else now than what was reviewed".into()
        } else {
            continue;
        };
        review.misfits.push(Misfit { key: reviewed.key.clone(), why });
    }
    review.misfits.sort();
    review.misfits.dedup_by(|one, other| one.key == other.key);
}

/// Whether an operation is the reviewed one. What it needs may have come to be in the meantime. The groups of an
/// invitation are those of its additions, which are compared by themselves.
fn same(now: &Operation, reviewed: &Operation) -> bool {
    match (now, reviewed) {
        (
            Operation::AddMember { group, account },
            Operation::AddMember { group: old_group, account: old_account },
        ) => came_of(group, old_group) && came_of(account, old_account),
        (
            Operation::InviteUser { email, name, apps, groups: _, sends_mail },
            Operation::InviteUser {
                email: old_email,
                name: old_name,
                apps: old_apps,
                groups: _,
                sends_mail: sent_mail,
            },
        ) => (email, name, apps, sends_mail) == (old_email, old_name, old_apps, sent_mail),
        (now, reviewed) => now == reviewed,
    }
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
