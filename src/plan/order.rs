//! What must be done before what (design §8).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::model::{
    AccountId, Direction, GroupId, GroupName, Key, LiveState, Located, Membership, Operation,
    PlannedOperation, Ref,
};

use super::groups::GroupResolution;

type Operations = BTreeMap<Key, PlannedOperation>;

/// Writes into every operation which others make it possible.
pub(super) fn require(operations: &mut Operations) {
    let by_account = removals_by(operations, Membership::account);
    let by_group = removals_by(operations, Membership::group);
    for planned in operations.values_mut() {
        let mut requires: BTreeSet<Key> = BTreeSet::new();
        match &planned.operation {
            Operation::AddMember { group, account } => {
                requires.extend(made(group));
                requires.extend(made(account));
            }
            Operation::RemoveUser { account, .. } => {
                requires.extend(by_account.get(account).into_iter().flatten().cloned());
            }
            Operation::DeleteGroup { group, .. } => {
                requires.extend(by_group.get(group).into_iter().flatten().cloned());
            }
            Operation::CreateGroup { .. } | Operation::InviteUser { .. } | Operation::RemoveMember { .. } => {
            }
        }
        planned.requires = requires.into_iter().collect();
    }
}

/// Lets additions go before removals in the groups that the removals alone would take under their
/// `keep-at-least` for a moment.
pub(super) fn keep_floors(
    operations: &mut Operations,
    keep_at_least: &BTreeMap<GroupName, Located<u32>>,
    groups: &GroupResolution,
    live: &LiveState,
) {
    let floors = floors(operations, keep_at_least, groups, live);
    for planned in operations.values_mut() {
        if let Operation::RemoveMember { membership } = &planned.operation {
            planned.requires.extend(floors.get(membership.group()).into_iter().flatten().cloned());
        }
    }
}

/// The operation whose answer brings an id.
fn made<Id>(id: &Ref<Id>) -> Option<Key> {
    match id {
        Ref::Known(_) => None,
        Ref::Made(key) => Some(key.clone()),
    }
}

fn removals_by<Id: Ord + Clone>(
    operations: &Operations,
    of: fn(&Membership) -> &Id,
) -> BTreeMap<Id, Vec<Key>> {
    let mut removals: BTreeMap<Id, Vec<Key>> = BTreeMap::new();
    for (key, planned) in operations {
        if let Operation::RemoveMember { membership } = &planned.operation {
            removals.entry(of(membership).clone()).or_default().push(key.clone());
        }
    }
    removals
}

/// The additions that must come first, for each group that its removals alone would take under its
/// `keep-at-least`.
fn floors(
    operations: &Operations,
    keep_at_least: &BTreeMap<GroupName, Located<u32>>,
    groups: &GroupResolution,
    live: &LiveState,
) -> BTreeMap<GroupId, Vec<Key>> {
    let is_active = |id: &AccountId| live.accounts.get(id).is_some_and(|account| account.active);
    let mut floors = BTreeMap::new();
    for (name, group) in groups.live() {
        let Some(floor) = keep_at_least.get(name) else {
            continue;
        };
        let Some(members) = live.members.get(&group.id) else {
            continue;
        };
        let active = members.iter().filter(|id| is_active(id)).count();
        let mut removed = 0;
        let mut adds = Vec::new();
        for (key, planned) in operations {
            match &planned.operation {
                Operation::RemoveMember { membership } if *membership.group() == group.id => {
                    removed += usize::from(is_active(membership.account()));
                }
                Operation::AddMember { group: Ref::Known(id), .. } if *id == group.id => {
                    adds.push(key.clone());
                }
                Operation::RemoveMember { .. }
                | Operation::AddMember { .. }
                | Operation::CreateGroup { .. }
                | Operation::InviteUser { .. }
                | Operation::RemoveUser { .. }
                | Operation::DeleteGroup { .. } => {}
            }
        }
        if active.saturating_sub(removed) < floor.value as usize {
            floors.insert(group.id.clone(), adds);
        }
    }
    floors
}

/// Puts operations in an order in which every requirement comes first; among the ready ones revokes come
/// first, then the order of keys decides.
pub(super) fn sorted(operations: Operations) -> Vec<PlannedOperation> {
    let rank = |planned: &PlannedOperation| (planned.operation.direction(), planned.key.clone());
    let mut waiting: BTreeMap<Key, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    let mut ready: BinaryHeap<Reverse<(Direction, Key)>> = BinaryHeap::new();
    for (key, planned) in &operations {
        let requires: Vec<&Key> =
            planned.requires.iter().filter(|key| operations.contains_key(key)).collect();
        if requires.is_empty() {
            ready.push(Reverse(rank(planned)));
        }
        for required in &requires {
            dependents.entry((*required).clone()).or_default().push(key.clone());
        }
        waiting.insert(key.clone(), requires.len());
    }
    let mut operations = operations;
    let mut sorted = Vec::with_capacity(operations.len());
    while let Some(Reverse((_, key))) = ready.pop() {
        for dependent in dependents.remove(&key).unwrap_or_default() {
            if let Some(count) = waiting.get_mut(&dependent) {
                *count -= 1;
                if *count == 0
                    && let Some(planned) = operations.get(&dependent)
                {
                    ready.push(Reverse(rank(planned)));
                }
            }
        }
        sorted.extend(operations.remove(&key));
    }
    // Requirements point from grants to what makes them possible and from removals to the grants of the same
    // group, never back, so nothing is left over.
    assert!(operations.is_empty(), "the requirements of a plan form a cycle");
    sorted
}
