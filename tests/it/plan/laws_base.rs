//! Laws of what a plan is compared with: a base says what an operation is, and but for an invitation back not which ones there are, and a
//! reviewed plan lets nothing through that was not in it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::model::{Action, Address, Drift, Key, Operation, Plan, PlannedOperation, Ruling, UserRef};

use crate::soak::worlds;
use crate::spec::{spec, told};
use crate::world::World;

/// What is done to which group and account, whatever they are called.
type Deed = (Action, Option<String>, Option<String>);

fn deed(planned: &PlannedOperation) -> Deed {
    let (group, account) = (planned.operation.group(), planned.operation.account());
    let named = |name: Option<String>, known: Option<String>| known.or(name);
    let group = named(planned.key.address.group().map(ToString::to_string), group.map(ToString::to_string));
    let user = planned.key.address.user().map(ToString::to_string);
    (planned.key.action, group, named(user, account.map(ToString::to_string)))
}

fn deeds(plan: &Plan) -> BTreeSet<Deed> {
    plan.operations.iter().map(deed).collect()
}

fn keys(plan: &Plan) -> BTreeSet<&Key> {
    plan.operations.iter().map(|planned| &planned.key).collect()
}

/// Another tree over the live state of a world.
fn over(world: &World, tree: &World) -> World {
    World { files: tree.files.clone(), ..world.clone() }
}

fn a_base_does_not_change_what_is_done(world: &World, base: &World) -> Result<(), TestCaseError> {
    let alone = world.plan();
    let compared = World { base: Some(base.files.clone()), ..world.clone() }.plan();
    // What the base has asked about may tell who an undeclared member is, so that nothing holds them back any more.
    let (mut of_alone, of_compared) = (deeds(&alone), deeds(&compared));
    // Who was invited before and has another email by now is known by the base alone. What depends on it waits as well.
    let waits: BTreeSet<(Action, &Address)> =
        compared.blocked.iter().map(|it| (it.action, &it.address)).collect();
    if compared.blocked.iter().any(|it| it.code == "reactivation") {
        for it in alone.operations.iter().filter(|it| waits.contains(&(it.key.action, &it.key.address))) {
            of_alone.remove(&deed(it));
        }
    }
    prop_assert!(of_alone.is_subset(&of_compared), "{:?}\n{:?}", of_alone, of_compared);
    let held_back = alone.blocked.iter().filter(|blocked| blocked.code == "identity-unresolved").count();
    prop_assert!(of_compared.len() - of_alone.len() <= held_back, "{:?}\n{:?}", of_alone, of_compared);
    prop_assert!(compared.operations.iter().all(|planned| planned.drift != Drift::Unknown));
    // What the base alone would do is drift, where the tree asks for it as well, and nothing else is.
    let of_base = over(world, base).plan();
    let operations = of_base.operations.iter().map(|planned| planned.key.clone());
    let blocked = of_base.blocked.iter().map(|it| Key { address: it.address.clone(), action: it.action });
    let needed: BTreeSet<Key> = operations.chain(blocked).collect();
    // A user who is to lose everything is, by whatever name, to lose each of their groups.
    let offboarded: BTreeSet<String> = over(world, base)
        .declaration()
        .users
        .iter()
        .filter(|(_, user)| user.active.is_some_and(|active| !active.value))
        .flat_map(|(email, user)| {
            let pin = user.account.as_ref().map(|pin| format!("account:{}", pin.value));
            pin.into_iter().chain([email.to_string()])
        })
        .collect();
    let loses_all = |planned: &PlannedOperation| {
        planned.key.address.user().is_some_and(|user| offboarded.contains(&user.to_string()))
    };
    // Alone, the base knows somebody that the tree declares by account only, and may be held back.
    let held_back = |planned: &PlannedOperation| {
        let (Some(group), Some(account)) = (planned.key.address.group(), planned.operation.account()) else {
            return false;
        };
        let address = Address::Member(group.clone(), UserRef::Account(account.clone()));
        needed.contains(&Key { address, action: planned.key.action })
    };
    for planned in compared.operations.iter().filter(|planned| planned.drift == Drift::Yes) {
        let explained = needed.contains(&planned.key)
            || deeds(&of_base).contains(&deed(planned))
            || loses_all(planned)
            || held_back(planned);
        prop_assert!(explained, "{} is drift, and the base does not need it", planned.key);
    }
    Ok(())
}

fn a_tree_is_no_change_of_itself(world: &World) -> Result<(), TestCaseError> {
    let plan = World { base: Some(world.files.clone()), ..world.clone() }.plan();
    prop_assert!(plan.operations.iter().all(|planned| planned.drift == Drift::Yes));
    let base = plan.base.as_ref().unwrap();
    prop_assert!(base.identities.is_empty() && base.rules.is_empty() && base.adopted.is_empty(), "{base:?}");
    let loosened = |ruling: &Ruling| matches!(ruling, Ruling::AllowedByChange { .. });
    prop_assert!(!plan.guards.iter().any(|verdict| loosened(&verdict.ruling)));
    Ok(())
}

/// A plan that was reviewed of one tree and one live state, held against another of both.
fn only_what_was_reviewed_is_done(reviewed: &World, now: &World) -> Result<(), TestCaseError> {
    let before = reviewed.plan();
    let same = reviewed.clone().then_reviewed().plan();
    prop_assert_eq!(keys(&same), keys(&before), "nothing changed");
    let review = same.review.as_ref().unwrap();
    let rest = review.satisfied.len() + review.not_reviewed.len() + review.misfits.len() + review.elsewhere;
    prop_assert_eq!(rest, 0, "{:?}", review);

    let fresh = now.plan();
    let filtered = World { reviewed: reviewed.clone().then_reviewed().reviewed, ..now.clone() }.plan();
    let review = filtered.review.as_ref().unwrap();
    prop_assert!(keys(&filtered).is_subset(&keys(&fresh)));
    prop_assert!(filtered.operations.len() <= before.operations.len());
    let misfits: BTreeSet<&Key> = review.misfits.iter().map(|misfit| &misfit.key).collect();
    let satisfied: BTreeSet<&Key> = review.satisfied.iter().collect();
    for planned in &before.operations {
        let kept = filtered.operations.iter().find(|now| {
            let account = planned.operation.account();
            let called_otherwise = account.is_some()
                && (now.operation.account(), now.operation.group(), now.key.action)
                    == (account, planned.operation.group(), planned.key.action);
            now.key == planned.key || called_otherwise
        });
        let told = misfits.contains(&planned.key) || satisfied.contains(&planned.key);
        prop_assert!(kept.is_some() || told, "{} is neither done nor told", planned.key);
        if let Some(kept) = kept.filter(|_| misfits.is_empty()) {
            prop_assert!(concerns_the_same(&kept.operation, &planned.operation), "{}", planned.key);
        }
    }
    Ok(())
}

/// Whether two operations are about one group and one account.
fn concerns_the_same(now: &Operation, reviewed: &Operation) -> bool {
    let (group, account) = (now.group(), now.account());
    let known = |operation: &Operation| match operation {
        Operation::AddMember { group, account } => (group.known().is_some(), account.known().is_some()),
        operation => (operation.group().is_some(), operation.account().is_some()),
    };
    let (group_known, account_known) = known(reviewed);
    (!group_known || group == reviewed.group()) && (!account_known || account == reviewed.account())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: worlds(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_comparison_lets_nothing_in_and_keeps_nothing_out(one in spec(), other in spec()) {
        let (world, other) = (one.world(), other.world());
        a_base_does_not_change_what_is_done(&world, &other).map_err(|error| told(&error, &world))?;
        a_tree_is_no_change_of_itself(&world).map_err(|error| told(&error, &world))?;
        only_what_was_reviewed_is_done(&world, &other).map_err(|error| told(&error, &world))?;
        only_what_was_reviewed_is_done(&world, &over(&world, &other)).map_err(|error| told(&error, &world))?;
        only_what_was_reviewed_is_done(&world, &over(&other, &world)).map_err(|error| told(&error, &world))?;
    }
}
