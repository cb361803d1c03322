//! Each guard alone refuses a plan, and its waiver alone lets it pass.

use rollbook::model::{Guard, Plan, Ruling};

use crate::plan::keys;
use crate::world::{Live, World};

/// What the guards say, as `guard ADDRESS…: ruling`.
pub(crate) fn rulings(plan: &Plan) -> Vec<String> {
    let ruling = |ruling: &Ruling| match ruling {
        Ruling::Refused => "refused",
        Ruling::Waived { .. } => "waived",
        Ruling::Allowed => "allowed",
        Ruling::AllowedByChange { .. } => "allowed by change",
        Ruling::NotJudged => "not judged",
    };
    plan.guards
        .iter()
        .map(|verdict| {
            let addresses: Vec<String> = verdict.addresses.iter().map(ToString::to_string).collect();
            format!("{} {}: {}", verdict.guard, addresses.join(" "), ruling(&verdict.ruling))
        })
        .collect()
}

/// A group of so many, all of whom the tree has dropped but for one.
fn emptied(policy: &str, members: usize) -> World {
    let world = World::of(policy, "", "  lyon:\n    members: [p0@acme.com]\n");
    world.change(|live| {
        for number in 1..members {
            live.hire(&format!("p{number}@acme.com"));
            live.join("lyon", &format!("p{number}@acme.com"));
        }
    })
}

const WAIVE_LYON: &str =
    "waive:\n  - { guard: max-revokes, for: [group.lyon], because: closing, until: 2026-12-31 }\n";

#[test]
fn max_revokes_counts_the_plan() {
    let plan = |total: u32| emptied(&format!("policy:\n  max-revokes: {{ total: {total} }}\n"), 5).plan();
    assert_eq!(rulings(&plan(4)), Vec::<String>::new(), "as many as it says");
    let refused = plan(3);
    assert_eq!(rulings(&refused), ["max-revokes : refused"]);
    assert_eq!(refused.guards[0].why, "the plan revokes 4, and `max-revokes.total` is 3");
    assert_eq!(refused.operations.len(), 4, "it is shown whole");
    // What a waiver names does not count.
    let waived = emptied(&format!("policy:\n  max-revokes: {{ total: 3 }}\n{WAIVE_LYON}"), 5).plan();
    assert_eq!(rulings(&waived), Vec::<String>::new());
    let mut allowed = emptied("policy:\n  max-revokes: { total: 3 }\n", 5);
    allowed.allow = vec![Guard::MaxRevokes];
    assert_eq!(rulings(&allowed.plan()), ["max-revokes : allowed"]);
    let late = WAIVE_LYON.replace("2026-12-31", "2026-11-22");
    let late = emptied(&format!("policy:\n  max-revokes: {{ total: 3 }}\n{late}"), 5).plan();
    assert_eq!(rulings(&late), ["max-revokes : refused"], "it has expired");
}

#[test]
fn max_revokes_of_a_group_takes_both_figures() {
    let refused = |count: u32, percent: u32| {
        let policy =
            format!("policy:\n  max-revokes: {{ group: {{ count: {count}, percent: {percent} }} }}\n");
        rulings(&emptied(&policy, 10).plan())
    };
    // Nine of ten go.
    assert_eq!(refused(8, 80), ["max-revokes group.lyon: refused"]);
    assert_eq!(refused(9, 80), Vec::<String>::new());
    assert_eq!(refused(8, 90), Vec::<String>::new());
    let policy = format!("policy:\n  max-revokes: {{ group: {{ count: 2, percent: 20 }} }}\n{WAIVE_LYON}");
    let waived = emptied(&policy, 10);
    assert_eq!(rulings(&waived.plan()), ["max-revokes group.lyon: waived"]);
    assert!(waived.text().contains("(waived until 2026-12-31: closing)"), "{}", waived.text());
}

#[test]
fn whoever_is_offboarded_counts_with_what_they_lose() {
    let world = World::of(
        "policy:\n  offboard: remove\n  max-revokes: { total: 1 }\n",
        "  bob@acme.com: { active: false }\n",
        "  sre:\n    members: []\n  ops:\n    members: []\n",
    );
    let world = world.change(|live| {
        live.join("sre", "bob@acme.com");
        live.join("ops", "bob@acme.com");
    });
    assert_eq!(rulings(&world.plan()), ["max-revokes : refused"]);
}

#[test]
fn a_group_keeps_its_floor_of_active_members() {
    let policy = "policy:\n  keep-at-least: { admins: 2 }\n";
    let groups = "  admins:\n    members: [ada@acme.com, bob@acme.com]\n";
    let leaves = |live: &mut Live| {
        live.hire("eve@acme.com");
        live.join("admins", "eve@acme.com");
    };
    let above = World::of(policy, "", groups).change(leaves);
    assert_eq!(rulings(&above.plan()), Vec::<String>::new());
    let asleep = above.change(|live| live.account("bob@acme.com").active = false);
    assert_eq!(
        rulings(&asleep.plan()),
        ["keep-at-least group.admins: refused"],
        "who is not active does not count"
    );
    let waive =
        "waive:\n  - { guard: keep-at-least, for: [group.admins], because: holidays, until: 2026-12-31 }\n";
    let waived = World::of(&format!("{policy}{waive}"), "", groups).change(leaves);
    let waived = waived.change(|live| live.account("bob@acme.com").active = false);
    assert_eq!(rulings(&waived.plan()), ["keep-at-least group.admins: waived"]);
    let below = World::of(policy, "", groups).change(|live| live.leave("admins", "bob@acme.com"));
    assert_eq!(
        rulings(&below.plan()),
        Vec::<String>::new(),
        "a plan that adds does not give a reason to refuse"
    );
}

#[test]
fn what_is_protected_loses_nothing() {
    let groups = "  admins:\n    members: []\n";
    let leaves = |live: &mut Live| live.join("admins", "root@acme.com");
    let of = |policy: &str| {
        World::of(policy, "  root@acme.com: { account: acc-root }\n", groups).change(leaves).plan()
    };
    let tripped = ["protect member.admins/root@acme.com: refused"];
    assert_eq!(rulings(&of("policy:\n  protect: { users: [root@acme.com] }\n")), tripped);
    assert_eq!(rulings(&of("policy:\n  protect: { groups: [admins] }\n")), tripped);
    assert_eq!(rulings(&of("policy: { mode: exact }\n")), Vec::<String>::new());
    let waive = "policy:\n  protect: { groups: [admins] }\nwaive:\n  \
                 - { guard: protect, for: [user.root@acme.com], because: leaves, until: 2026-12-31 }\n";
    assert_eq!(rulings(&of(waive)), ["protect member.admins/root@acme.com: waived"]);
}

#[test]
fn nobody_comes_into_two_groups_that_exclude_each_other() {
    let policy = "policy:\n  exclusive: [[makers, approvers]]\n";
    let groups = "  makers:\n    members: [ada@acme.com]\n  approvers:\n    members: [ada@acme.com]\n";
    let world = World::of(policy, "", groups);
    assert_eq!(rulings(&world.plan()), Vec::<String>::new(), "the plan changes nothing");
    let joins = world.clone().change(|live| live.leave("approvers", "ada@acme.com"));
    assert_eq!(rulings(&joins.plan()), ["exclusive member.approvers/ada@acme.com: refused"]);
    // Also where one of the groups is yet to be made.
    let made = world.clone().change(|live| live.groups.retain(|_, group| group.name != "approvers"));
    assert_eq!(rulings(&made.plan()), ["exclusive member.approvers/ada@acme.com: refused"]);
    let moves = world.edit("makers:\n    members: [ada@acme.com]", "makers:\n    members: []");
    let moves = moves.change(|live| live.leave("approvers", "ada@acme.com")).plan();
    assert_eq!(rulings(&moves), Vec::<String>::new());
    assert_eq!(keys(&moves).len(), 2, "those who leave the one may join the other");
}

#[test]
fn a_refused_plan_says_what_tripped_and_what_to_do() {
    let policy = "policy:\n  max-revokes: { total: 3, group: { count: 2, percent: 20 } }\n";
    insta::assert_snapshot!(emptied(policy, 5).text());
}
