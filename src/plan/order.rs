//! What must be done before what (design §8).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::model::{
    AccountId, Action, Direction, GroupId, GroupName, Key, LiveAccount, LiveState, Located, Membership,
    Operation, PlannedOperation, Ref, UserRef,
};

use super::groups::GroupResolution;
use super::seats::Seats;

type Operations = BTreeMap<Key, PlannedOperation>;

/// Writes into every operation which others make it possible.
pub(super) fn require(operations: &mut Operations) {
    let by_account = removals_by(operations, Membership::account);
    let by_group = removals_by(operations, Membership::group);
    let arrives = |key: &Key| matches!(key.action, Action::Invite | Action::Activate);
    let arrivals: BTreeMap<UserRef, Key> = operations
        .keys()
        .filter(|key| arrives(key))
        .filter_map(|key| Some((key.address.user()?.clone(), key.clone())))
        .collect();
    for planned in operations.values_mut() {
        let mut requires: BTreeSet<Key> = BTreeSet::new();
        match &planned.operation {
            Operation::AddMember { group, account } => {
                requires.extend(group.made().cloned());
                requires.extend(account.made().cloned());
                requires.extend(planned.key.address.user().and_then(|user| arrivals.get(user)).cloned());
            }
            // What ends before an account comes back has no effect again (design §7).
            Operation::RemoveUser { account, .. } | Operation::ActivateUser { account, .. } => {
                requires.extend(by_account.get(account).into_iter().flatten().cloned());
            }
            Operation::DeleteGroup { group, .. } => {
                requires.extend(by_group.get(group).into_iter().flatten().cloned());
            }
            Operation::InviteUser { groups, .. } => {
                requires.extend(groups.iter().filter_map(Ref::made).cloned());
            }
            Operation::CreateGroup { .. }
            | Operation::UpdateUser { .. }
            | Operation::RemoveMember { .. }
            | Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. } => {}
        }
        planned.requires = requires.into_iter().collect();
    }
}

/// Lets invitations lead into no group whose addition is not in the plan.
pub(super) fn trim_invitations(operations: &mut Operations) {
    let added: BTreeSet<(UserRef, Ref<GroupId>)> = operations
        .values()
        .filter_map(|planned| {
            let Operation::AddMember { group, .. } = &planned.operation else { return None };
            Some((planned.key.address.user()?.clone(), group.clone()))
        })
        .collect();
    for planned in operations.values_mut() {
        if let (Operation::InviteUser { groups, .. }, Some(user)) =
            (&mut planned.operation, planned.key.address.user())
        {
            groups.retain(|group| added.contains(&(user.clone(), group.clone())));
        }
    }
}

/// Lets a removed person lose no membership with the account that is lost with a deleted group: it counts once.
pub(super) fn lose_once(operations: &mut Operations) {
    let mut with_groups: BTreeSet<Membership> = BTreeSet::new();
    for planned in operations.values() {
        if let Operation::DeleteGroup { members, .. } = &planned.operation {
            with_groups.extend(members.iter().map(|lost| lost.membership.clone()));
        }
    }
    for planned in operations.values_mut() {
        if let Operation::RemoveUser { memberships, .. } = &mut planned.operation {
            memberships.retain(|kept| !with_groups.contains(&kept.membership));
        }
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
    // Whoever is not active does not count, and goes first where they are about to come back.
    let counts = |id: &AccountId| live.accounts.get(id).is_none_or(LiveAccount::active);
    for planned in operations.values_mut() {
        if let Operation::RemoveMember { membership } = &planned.operation
            && counts(membership.account())
        {
            planned.requires.extend(floors.get(membership.group()).into_iter().flatten().cloned());
            planned.requires.sort();
            planned.requires.dedup();
        }
    }
}

/// Lets what frees seats go before what takes them, in the apps that have too few for both at once. A removal that
/// waits for an addition itself frees nothing in time.
pub(super) fn free_seats(operations: &mut Operations, seats: &[Seats]) {
    for app in seats.iter().filter(|app| app.is_tight()) {
        let waits = |key: &&Key| {
            let requires =
                operations.get(*key).map(|planned| planned.requires.as_slice()).unwrap_or_default();
            requires.iter().any(|required| required.action == Action::Add)
        };
        let freed: Vec<Key> = app.freed_by.iter().filter(|key| !waits(key)).cloned().collect();
        for key in &app.taken_by {
            if let Some(planned) = operations.get_mut(key) {
                planned.requires.extend(freed.iter().filter(|freed| *freed != key).cloned());
                planned.requires.sort();
                planned.requires.dedup();
            }
        }
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
    if keep_at_least.is_empty() {
        return BTreeMap::new();
    }
    let is_active = |id: &AccountId| live.accounts.get(id).is_some_and(LiveAccount::active);
    let mut removed: BTreeMap<&GroupId, usize> = BTreeMap::new();
    let mut additions: BTreeMap<&GroupId, Vec<Key>> = BTreeMap::new();
    for (key, planned) in operations {
        match &planned.operation {
            Operation::RemoveMember { membership } => {
                *removed.entry(membership.group()).or_default() +=
                    usize::from(is_active(membership.account()));
            }
            Operation::AddMember { group: Ref::Known(id), .. } => {
                additions.entry(id).or_default().push(key.clone());
            }
            Operation::AddMember { group: Ref::Made(_), .. }
            | Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::ActivateUser { .. }
            | Operation::UpdateUser { .. }
            | Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. }
            | Operation::RemoveUser { .. }
            | Operation::DeleteGroup { .. } => {}
        }
    }
    let mut floors = BTreeMap::new();
    for (name, group) in groups.live() {
        let (Some(floor), Some(members)) = (keep_at_least.get(name), live.members.get(&group.id)) else {
            continue;
        };
        let active = members.iter().filter(|id| is_active(id)).count();
        let left = active.saturating_sub(removed.get(&group.id).copied().unwrap_or_default());
        if left < floor.value as usize {
            floors.insert(group.id.clone(), additions.remove(&group.id).unwrap_or_default());
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
