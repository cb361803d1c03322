//! Orders the operations (docs/design.md#order-of-operations).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use std::hash::RandomState;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::model::{
    AccountId, Action, Address, Direction, Effect, GroupId, HeldRole, Key, LiveState, Membership, Operation,
    PlannedOperation, Ref, TargetGroup, UserRef, Who,
};

use super::context::Context;
use super::rules::RuleBook;
use super::seats::Seats;

type Operations = BTreeMap<Key, PlannedOperation>;

/// Adds to every operation the ones that make it possible.
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
        let mut requires: BTreeSet<Key> = planned.operation.awaits().into_iter().cloned().collect();
        match &planned.operation {
            Operation::AddMember { .. } => {
                requires.extend(planned.key.address.user().and_then(|user| arrivals.get(user)).cloned());
            }
            // A membership that ends before an account comes back does not take effect again (docs/design.md#coming-back).
            Operation::RemoveUser { account, .. } | Operation::ActivateUser { account, .. } => {
                requires.extend(by_account.get(account).into_iter().flatten().cloned());
            }
            Operation::DeleteGroup { group, .. } => {
                requires.extend(by_group.get(group).into_iter().flatten().cloned());
            }
            Operation::InviteUser { .. }
            | Operation::CreateGroup { .. }
            | Operation::UpdateUser { .. }
            | Operation::RemoveMember { .. }
            | Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. }
            | Operation::AssignRole { .. }
            | Operation::RevokeRole { .. } => {}
        }
        planned.requires = requires.into_iter().collect();
    }
}

/// Removes groups from invitations if the plan does not have the addition.
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

/// Removes memberships from a person's removal if they are lost with a deleted group: each counts once.
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

/// Makes a group give a role only after the people who will leave it have left: they would get the app, and mail about it. And
/// makes a group keep giving a role until the groups that will give it instead do, and its people have joined these: nobody
/// loses it in between. Additions and the roles of their group do not wait for each other: a failure for one person must not
/// fail everybody.
pub(super) fn hold_access(operations: &mut Operations, context: &Context<'_>) {
    let mut waits: Vec<(Key, Key)> = Vec::new();
    for (key, planned) in &*operations {
        match &planned.operation {
            Operation::AssignRole { group: Ref::Known(group), .. } => {
                let leaves = |other: &&PlannedOperation| matches!(&other.operation, Operation::RemoveMember { membership } if membership.group() == group);
                let first = operations.values().filter(leaves);
                waits.extend(first.map(|first| (key.clone(), first.key.clone())));
            }
            Operation::RevokeRole { held } => {
                let first = givers_of(held, operations, context);
                waits.extend(first.into_iter().map(|first| (key.clone(), first)));
            }
            Operation::AssignRole { .. }
            | Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::ActivateUser { .. }
            | Operation::UpdateUser { .. }
            | Operation::AddMember { .. }
            | Operation::RemoveMember { .. }
            | Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. }
            | Operation::RemoveUser { .. }
            | Operation::DeleteGroup { .. } => {}
        }
    }
    for (waiting, first) in waits {
        wait(operations, &waiting, [first]);
    }
}

/// The operations that give a role to the people of a group through other groups: these start giving it, and the people
/// join them.
fn givers_of(held: &HeldRole, operations: &Operations, context: &Context<'_>) -> Vec<Key> {
    let members = context.live.members.get(held.group());
    let is_member = |account: &Ref<AccountId>| match (account, members) {
        (Ref::Known(id), Some(members)) => members.contains(id),
        (Ref::Known(_) | Ref::Made(_), _) => false,
    };
    let assigned: BTreeSet<&Ref<GroupId>> = operations
        .values()
        .filter_map(|planned| {
            let Operation::AssignRole { group, access } = &planned.operation else { return None };
            (access == held.access()).then_some(group)
        })
        .collect();
    let gives = |group: &Ref<GroupId>| {
        let lives = |id: &GroupId| context.live.grants.holds(id, held.access()) == Some(true);
        assigned.contains(group) || group.known().is_some_and(|id| id != held.group() && lives(id))
    };
    let is_first = |planned: &&PlannedOperation| {
        let operation = &planned.operation;
        let assigns = matches!(operation, Operation::AssignRole { access, .. } if access == held.access());
        assigns
            || matches!(operation, Operation::AddMember { group, account } if is_member(account) && gives(group))
    };
    operations.values().filter(is_first).map(|planned| planned.key.clone()).collect()
}

/// Operations that wait for each other, so that no order meets the rules that make them wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Circle {
    /// The groups whose `keep-at-least` is part of it.
    pub(super) floors: BTreeSet<GroupId>,
    /// The additions that wait for a removal by `exclusive`, if only that makes a circle.
    pub(super) additions: BTreeSet<Address>,
}

/// A rule for which an operation waits.
#[derive(Clone, Debug)]
enum Wait {
    Floor(GroupId),
    Exclusive,
}

/// Makes operations wait for those that a rule relies on, so that it holds even if some of them fail: somebody joins a
/// group only after they have left the groups that exclude it, and people leave a group with a floor only after enough
/// others have joined. In a circle these waits are dropped, and a guard refuses.
pub(super) fn keep_rules(
    operations: &mut Operations,
    rules: &RuleBook<'_>,
    context: &Context<'_>,
) -> Vec<Circle> {
    let exclusive = exclusive(operations, rules, context.live);
    let floors = floors(operations, rules, context, &exclusive);
    let waits: Vec<(Key, Key, Wait)> = floors.into_iter().chain(exclusive).collect();
    if waits.is_empty() {
        return Vec::new();
    }
    let circles = circles(operations, &waits);
    let mut found = Vec::new();
    let mut dropped = BTreeSet::new();
    for circle in &circles {
        let within = |key: &Key| circle.contains(key);
        let inside =
            || waits.iter().enumerate().filter(|(_, (waiting, first, _))| within(waiting) && within(first));
        let mut told = Circle::default();
        for (index, (_, _, wait)) in inside() {
            if let Wait::Floor(group) = wait {
                told.floors.insert(group.clone());
                dropped.insert(index);
            }
        }
        if told.floors.is_empty() {
            told.additions = inside().map(|(_, (waiting, ..))| waiting.address.clone()).collect();
            dropped.extend(inside().map(|(index, _)| index));
        }
        found.push(told);
    }
    let kept: Vec<(Key, Key, Wait)> = waits
        .into_iter()
        .enumerate()
        .filter(|(index, _)| !dropped.contains(index))
        .map(|(_, wait)| wait)
        .collect();
    let mut kept = kept;
    // Without the floors, removals may still wait for each other by way of administrators.
    for circle in self::circles(operations, &kept) {
        let inside =
            |(waiting, first, _): &(Key, Key, Wait)| circle.contains(waiting) && circle.contains(first);
        let additions =
            kept.iter().filter(|wait| inside(wait)).map(|(waiting, ..)| waiting.address.clone()).collect();
        found.push(Circle { floors: BTreeSet::new(), additions });
        kept.retain(|wait| !inside(wait));
    }
    for (waiting, first, _) in kept {
        wait(operations, &waiting, [first]);
    }
    found
}

/// Makes an operation wait for others.
pub(super) fn wait(operations: &mut Operations, waiting: &Key, first: impl IntoIterator<Item = Key>) {
    if let Some(planned) = operations.get_mut(waiting) {
        planned.requires.extend(first);
        planned.requires.sort();
        planned.requires.dedup();
    }
}

/// The sets of operations that wait for each other.
fn circles(operations: &Operations, waits: &[(Key, Key, Wait)]) -> Vec<BTreeSet<Key>> {
    let mut graph: DiGraphMap<&Key, (), RandomState> = DiGraphMap::default();
    for (key, planned) in operations {
        graph.extend(
            planned.requires.iter().filter(|it| operations.contains_key(it)).map(|first| (key, first, ())),
        );
    }
    graph.extend(waits.iter().map(|(waiting, first, _)| (waiting, first, ())));
    let connected: Vec<Vec<&Key>> = tarjan_scc(&graph);
    connected
        .into_iter()
        // An operation does not wait for itself.
        .filter(|keys| matches!(keys.as_slice(), [_, _, ..]))
        .map(|keys| keys.into_iter().cloned().collect())
        .collect()
}

/// A group that falls below its `keep-at-least` while some leave it, unless others join it before.
struct Tight<'a> {
    group: &'a GroupId,
    floor: usize,
    /// The people in it with an active account.
    people: usize,
    leaving: BTreeSet<&'a Key>,
    /// Everything that may add somebody.
    coming: Vec<&'a Key>,
    /// The operations that add a person with an active account.
    filling: BTreeSet<&'a Key>,
    /// The operations that add somebody, by round.
    joined: Vec<Vec<&'a Key>>,
    /// How many have left so far.
    left: usize,
}

impl<'a> Tight<'a> {
    fn of(
        group: &'a GroupId,
        floor: u32,
        operations: &'a Operations,
        context: &'a Context<'_>,
    ) -> Option<Self> {
        let members = context.live.members.get(group)?;
        let is_person =
            |id: &AccountId| context.account(id).is_some_and(|it| it.active() && it.kind.is_person());
        let is_active = |id: &AccountId| members.contains(id) && is_person(id);
        let leaves = |planned: &PlannedOperation| {
            planned.effects().into_iter().any(|effect| match effect {
                Effect::Leaves(membership) => membership.group() == group && is_active(membership.account()),
                Effect::Sleeps(account, _) => is_active(account),
                Effect::Joins(..)
                | Effect::Wakes(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => false,
            })
        };
        let comes = |planned: &PlannedOperation| {
            planned.effects().into_iter().any(|effect| match effect {
                Effect::Joins(place, _) => place == TargetGroup::Group(group),
                Effect::Wakes(account, _) => members.contains(account),
                Effect::Leaves(_)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => false,
            })
        };
        let fills = |planned: &PlannedOperation| {
            matches!(&planned.operation, Operation::AddMember { account: Ref::Known(id), .. }
                if !members.contains(id) && is_person(id))
        };
        let keys = |test: &dyn Fn(&PlannedOperation) -> bool| -> Vec<&'a Key> {
            operations.iter().filter(|(_, planned)| test(planned)).map(|(key, _)| key).collect()
        };
        let (people, floor) = (members.iter().filter(|id| is_active(id)).count(), floor as usize);
        let leaving: BTreeSet<&Key> = keys(&leaves).into_iter().collect();
        if leaving.is_empty() || people.saturating_sub(leaving.len()) >= floor {
            return None;
        }
        let filling = keys(&|planned| comes(planned) && fills(planned)).into_iter().collect();
        let (coming, joined) = (keys(&comes), Vec::new());
        Some(Self { group, floor, people, leaving, coming, filling, joined, left: 0 })
    }

    /// How many others must have joined before one more leaves.
    fn needed(&self) -> usize {
        (self.floor + self.left + 1).saturating_sub(self.people)
    }

    /// The additions, round by round, until there are enough; `None` if there are too few.
    fn enough(&self) -> Option<Vec<&'a Key>> {
        let mut enough = self.joined.first().cloned().unwrap_or_default();
        for round in self.joined.iter().skip(1) {
            if enough.len() < self.needed() {
                enough.extend(round);
            }
        }
        (enough.len() >= self.needed()).then_some(enough)
    }

    /// Makes somebody leave only after others have joined.
    fn wait(&self, leaving: &Key, first: &[&Key]) -> Vec<(Key, Key, Wait)> {
        let wait = |first: &&Key| (leaving.clone(), (*first).clone(), Wait::Floor(self.group.clone()));
        first.iter().map(wait).collect()
    }
}

/// Finds who must join a group before somebody leaves it, so that it never falls below its `keep-at-least`. People leave
/// one by one, as soon as enough have joined. Each waits for enough of the earlier additions, so that the floor holds
/// whichever of them fail.
fn floors(
    operations: &Operations,
    rules: &RuleBook<'_>,
    context: &Context<'_>,
    exclusive: &[(Key, Key, Wait)],
) -> Vec<(Key, Key, Wait)> {
    let floors = rules.floors();
    let mut tight: Vec<Tight<'_>> = floors
        .into_iter()
        .filter_map(|(group, floor)| Tight::of(group, floor, operations, context))
        .collect();
    let mut open: BTreeSet<&Key> = tight.iter().flat_map(|it| it.leaving.iter().copied()).collect();
    let mut waits = Vec::new();
    let fills = |key: &Key| tight.iter().any(|it| it.filling.contains(key));
    let exchanged: BTreeSet<&Key> =
        exclusive.iter().filter(|(waiting, ..)| fills(waiting)).map(|(_, first, _)| first).collect();
    // In each round everybody joins who may, and then as many leave as the floors allow: first only those who fill another
    // such group once they have left, as long as there are any.
    loop {
        let held: BTreeSet<&Key> = exclusive
            .iter()
            .filter(|(_, first, _)| open.contains(first))
            .map(|(waiting, ..)| waiting)
            .collect();
        for it in &mut tight {
            let has_joined: BTreeSet<&Key> = it.joined.iter().flatten().copied().collect();
            let joins = it.filling.iter().filter(|key| !held.contains(*key) && !has_joined.contains(*key));
            it.joined.push(joins.copied().collect());
        }
        let (first, then): (Vec<&Key>, Vec<&Key>) = open.iter().partition(|key| exchanged.contains(*key));
        let mut left = leave(&mut tight, first, &mut waits);
        if left.is_empty() {
            left = leave(&mut tight, then, &mut waits);
        }
        if left.is_empty() {
            break;
        }
        open.retain(|key| !left.contains(key));
    }
    // If no order lets somebody leave, they wait for everybody: a guard reports it.
    for it in &tight {
        waits.extend(it.leaving.intersection(&open).flat_map(|key| it.wait(key, &it.coming)));
    }
    waits
}

/// Lets as many of some leave as the floors of their groups allow, and returns who does.
fn leave<'a>(
    tight: &mut [Tight<'a>],
    keys: Vec<&'a Key>,
    waits: &mut Vec<(Key, Key, Wait)>,
) -> BTreeSet<&'a Key> {
    let mut left = BTreeSet::new();
    for key in keys {
        let groups = || tight.iter().filter(|it| it.leaving.contains(key));
        let first: Option<Vec<_>> = groups().map(|it| Some(it.wait(key, &it.enough()?))).collect();
        let Some(first) = first else { continue };
        waits.extend(first.into_iter().flatten());
        left.insert(key);
        tight.iter_mut().filter(|it| it.leaving.contains(key)).for_each(|it| it.left += 1);
    }
    left
}

/// The removals that must precede an addition to a group that excludes the removed one.
fn exclusive(operations: &Operations, rules: &RuleBook<'_>, live: &LiveState) -> Vec<(Key, Key, Wait)> {
    let lists = rules.excluding();
    if lists.is_empty() {
        return Vec::new();
    }
    let mut removals: BTreeMap<(&GroupId, &AccountId), Vec<&Key>> = BTreeMap::new();
    for (key, planned) in operations {
        for effect in planned.effects() {
            if let Effect::Leaves(membership) = effect {
                removals.entry((membership.group(), membership.account())).or_default().push(key);
            }
        }
    }
    let mut waits = Vec::new();
    for (key, planned) in operations {
        for effect in planned.effects() {
            let (places, account) = match effect {
                Effect::Joins(place, Who::Account(account)) => (vec![place], account),
                // Existing memberships have an effect again.
                Effect::Wakes(account, kept) => {
                    (kept.iter().map(|kept| TargetGroup::Group(kept.membership.group())).collect(), account)
                }
                Effect::Joins(_, Who::Invited(_))
                | Effect::Leaves(_)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => {
                    continue;
                }
            };
            for place in places {
                let others = lists.iter().filter(|list| list.iter().any(|listed| listed.takes(place)));
                let others =
                    others.flatten().filter(|listed| !listed.takes(place)).flat_map(|listed| &listed.ids);
                let left = others.filter(|id| live.members.contains_key(*id));
                let first = left.filter_map(|id| removals.get(&(*id, account))).flatten();
                waits.extend(first.map(|first| (key.clone(), (*first).clone(), Wait::Exclusive)));
            }
        }
    }
    waits
}

/// Frees seats before others take them, in the apps that have too few for both at once. An operation that itself waits
/// for an addition, even indirectly, frees nothing in time.
pub(super) fn free_seats(operations: &mut Operations, seats: &[Seats]) {
    if !seats.iter().any(Seats::is_tight) {
        return;
    }
    let late = waiting_for_additions(operations);
    for app in seats.iter().filter(|app| app.is_tight()) {
        let freed: Vec<Key> = app.freed_by.iter().filter(|key| !late.contains(*key)).cloned().collect();
        for key in &app.taken_by {
            wait(operations, key, freed.iter().filter(|freed| *freed != key).cloned());
        }
    }
}

/// Every operation that waits for somebody to join, directly or not.
fn waiting_for_additions(operations: &Operations) -> BTreeSet<Key> {
    let mut dependents: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
    for (key, planned) in operations {
        for required in &planned.requires {
            dependents.entry(required).or_default().push(key);
        }
    }
    let comes =
        |key: &&Key| matches!(key.action, Action::Add | Action::Invite | Action::Activate | Action::Assign);
    let mut open: Vec<&Key> = operations.keys().filter(comes).collect();
    let mut late = BTreeSet::new();
    while let Some(key) = open.pop() {
        for dependent in dependents.get(key).into_iter().flatten() {
            if late.insert((*dependent).clone()) {
                open.push(dependent);
            }
        }
    }
    late
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

/// Sorts operations so that every requirement comes first; among the ready ones revokes come first, then the order of
/// keys decides.
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
    // Code that adds a requirement makes sure that no operation waits for itself. One that would comes last, and apply
    // does not attempt it.
    sorted.extend(operations.into_values());
    sorted
}
