//! Random worlds with floors, groups that exclude each other, full licences, ends and leavers: whichever operation of a
//! plan fails, what goes on breaks no rule, and a plan has an order.

use std::collections::BTreeSet;

use fastrand::Rng;
use rollbook::model::{Key, Plan, Ruling, Surface};

use crate::world::{Account, Group, Live, World};

const PEOPLE: usize = 7;
const GROUPS: [&str; 3] = ["gold", "makers", "approvers"];

fn email(number: usize) -> String {
    format!("p{number}@acme.com")
}

fn some(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

fn world(rng: &mut Rng) -> World {
    let offboard = rng.choice(["suspend", "deactivate", "remove"]).unwrap();
    let floors: Vec<String> = GROUPS.iter().map(|group| format!("{group}: {}", rng.u32(1..4))).collect();
    let mut policy =
        format!("policy:\n  offboard: {offboard}\n  keep-at-least: {{ {} }}\n", floors.join(", "));
    if some(rng, 70) {
        policy.push_str("  exclusive: [[makers, approvers]]\n");
    }
    if some(rng, 30) {
        policy.push_str("  protect: { users: [p0@acme.com] }\n");
    }
    let mut groups = String::new();
    for group in GROUPS {
        let mut members = Vec::new();
        for number in 0..PEOPLE {
            match rng.u32(..10) {
                0..4 => members.push(email(number)),
                4 => members.push(format!("{{ user: {}, until: 2026-11-20 }}", email(number))),
                _ => {}
            }
        }
        groups.push_str(&format!("  {group}:\n    members: [{}]\n", members.join(", ")));
    }
    let leaving = (1..PEOPLE).filter(|_| some(rng, 20));
    let users: String = leaving.map(|number| format!("  {}: {{ active: false }}\n", email(number))).collect();
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    World::of(&format!("{head}{policy}"), &users, &groups).change(|live| shake(rng, live))
}

/// Who is where on the site, whatever the tree asks for.
fn shake(rng: &mut Rng, live: &mut Live) {
    for number in 0..PEOPLE {
        let active = some(rng, 90);
        live.accounts
            .insert(format!("acc-{}", email(number)), Account { active, ..Account::person(&email(number)) });
    }
    for group in GROUPS {
        let members = (0..PEOPLE).filter(|_| some(rng, 45)).map(|number| format!("acc-{}", email(number)));
        live.groups.insert(format!("id-{group}"), Group::of(group, members.collect()));
    }
    if some(rng, 30) {
        live.admin_groups = ["id-gold".to_owned()].into();
    }
    live.roles = vec![("jira-software".into(), vec!["id-gold".into()], Vec::new())];
    live.seats = [("jira-software".to_owned(), rng.usize(..2))].into();
    live.surfaces = match rng.u32(..3) {
        0 => [Surface::Jira].into(),
        1 => [Surface::Jira, Surface::Organization].into(),
        _ => [Surface::Jira, Surface::Organization, Surface::UserManagement].into(),
    };
}

fn is_active(live: &Live, id: &str) -> bool {
    let account = &live.accounts[id];
    account.active && !account.suspended && !account.removed
}

fn active(live: &Live, group: &str) -> usize {
    live.groups[&format!("id-{group}")].members.iter().filter(|id| is_active(live, id)).count()
}

/// Who is in two groups that exclude each other.
fn in_both(live: &Live) -> BTreeSet<String> {
    let members = |group: &str| live.groups[group].members.clone();
    &members("id-makers") & &members("id-approvers")
}

/// A plan of which one operation fails, and with it what requires it.
fn failing(plan: &Plan, fails: Option<&Key>) -> Plan {
    let mut gone: BTreeSet<Key> = fails.cloned().into_iter().collect();
    let mut left = plan.clone();
    left.operations.retain(|planned| {
        let stays = !gone.contains(&planned.key) && planned.requires.iter().all(|key| !gone.contains(key));
        if !stays {
            gone.insert(planned.key.clone());
        }
        stays
    });
    left
}

#[test]
fn whatever_fails_no_rule_is_broken() {
    let (mut judged, mut refused, mut waited) = (0, 0, 0);
    for seed in 0..400 {
        let rng = &mut Rng::with_seed(seed);
        let world = world(rng);
        let plan = world.plan();
        let keys: Vec<&Key> = plan.operations.iter().map(|planned| &planned.key).collect();
        for (place, planned) in plan.operations.iter().enumerate() {
            for first in &planned.requires {
                let before = keys.iter().position(|key| *key == first).unwrap_or(0);
                assert!(before <= place, "seed {seed}: {first} comes before {}", planned.key);
            }
            waited += planned.requires.len();
        }
        if plan.guards.iter().any(|verdict| verdict.ruling == Ruling::Refused) {
            refused += 1;
            continue;
        }
        judged += 1;
        for fails in std::iter::once(None).chain(keys.iter().copied().map(Some)) {
            holds(&world, &failing(&plan, fails), &format!("seed {seed}, without {fails:?}"));
        }
    }
    assert!(judged > 50 && refused > 50 && waited > 100, "{judged} {refused} {waited}");
}

/// Makes sure that after every step the floors are kept and nobody new is in two groups that exclude each other.
fn holds(world: &World, plan: &Plan, when: &str) {
    let policy = world.declaration().policy;
    let stood = in_both(&world.live);
    for steps in 0..=plan.operations.len() {
        let mut live = world.live.clone();
        let mut part = plan.clone();
        part.operations.truncate(steps);
        live.apply(&part);
        let told = || format!("{when}, after {steps} steps\n{}", world.text());
        for (group, floor) in &policy.keep_at_least {
            let (had, has) = (active(&world.live, group.as_str()), active(&live, group.as_str()));
            assert!(has >= had.min(floor.value as usize), "{group} has {has} of {had}: {}", told());
        }
        let both = in_both(&live);
        assert!(policy.exclusive.is_empty() || both.is_subset(&stood), "{both:?} in both: {}", told());
    }
}
