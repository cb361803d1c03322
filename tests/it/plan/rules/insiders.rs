//! What people inside tried who may edit the tree, one step after the other, to come into a group or to stay there.

use jiff::civil::date;
use rollbook::model::{Reason, Surface};
use rollbook::plan::Scope;

use super::NONE;
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::World;

const RULES: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n";
const GROUPS: &str =
    "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com, dina@acme.com]\n";
const OWN: &str = "self-grant member.payroll/dina@acme.com: refused";

fn tree(policy: &str, groups: &str) -> World {
    World::of(policy, "", groups).change(|live| {
        live.hire("root@acme.com");
        live.hire("dina@acme.com");
    })
}

/// The nightly run of a world.
fn night(mut world: World, day: jiff::civil::Date) -> World {
    world.today = day;
    world.scope = Scope { reasons: vec![Reason::Expired, Reason::Offboarded], ..Scope::default() };
    world
}

#[test]
fn an_address_that_the_base_only_mentions_is_nobodys() {
    // Somebody has put an old address of theirs into the base, where it does nothing.
    let groups =
        GROUPS.replace("dina@acme.com]", "dina@acme.com, { user: dina.old@acme.com, until: 2026-01-01 }]");
    let mut world = tree(RULES, &groups)
        .then_base()
        .edit("payroll:\n    members: [", "payroll:\n    members: [dina@acme.com, ");
    world.live.accounts.retain(|_, account| account.email.as_deref() != Some("dina.old@acme.com"));
    assert_eq!(rulings(&world.clone().by("dina.old@acme.com").plan()), [OWN]);
    // An account that shows another email ties nobody to an address either.
    let pinned = world
        .edit("groups:\n", "groups:\n")
        .by("dina.old@acme.com")
        .lock("users:\n  dina.old@acme.com: { account: acc-ada@acme.com, from: jira }\ngroups: {}\n");
    let mut locked = pinned.clone();
    locked
        .base
        .as_mut()
        .unwrap()
        .push(pinned.files.iter().find(|(path, _)| path == "rollbook.lock").unwrap().clone());
    assert!(rulings(&locked.plan()).contains(&OWN.to_owned()), "{:?}", rulings(&locked.plan()));
}

#[test]
fn a_rule_does_not_lose_its_group_with_a_key() {
    let policy = format!("{RULES}  keep-at-least: {{ payroll: 1 }}\n  exclusive: [[payroll, team]]\n");
    let groups = "  payroll:\n    id: id-payroll\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com]\n";
    let world = tree(&policy, groups).change(|live| live.group("payroll").name = "Payroll EMEA".into());
    let moved = world.clone().then_base().edit("  payroll:\n", "  wages:\n").by("dina@acme.com");
    assert_eq!(
        rulings(&moved.plan()),
        [
            "keep-at-least group.wages: refused",
            "exclusive group.wages: refused",
            "self-grant group.payroll: refused",
            "self-grant group.wages: refused"
        ]
    );
    // Neighbour: the policy follows, in a change of one who owns the rules.
    let mut followed = world.then_base().edit("  payroll:\n", "  wages:\n").by("root@acme.com");
    for (_, text) in &mut followed.files {
        for name in ["[payroll", "{ payroll"] {
            *text = text.replace(name, &name.replace("payroll", "wages"));
        }
    }
    assert_eq!(rulings(&followed.plan()), NONE);
}

#[test]
fn nobody_gives_themselves_again_what_was_taken_back_in_between() {
    // The base asks for it, a change since took it away, and one after that asks for it again.
    let groups = GROUPS.replace("payroll:\n    members: [", "payroll:\n    members: [dina@acme.com, ");
    let world = tree(RULES, &groups).then_base().change(|live| live.leave("payroll", "dina@acme.com"));
    assert_eq!(rulings(&world.clone().by("ada@acme.com").by("dina@acme.com").plan()), [OWN]);
    assert_eq!(rulings(&world.by("ada@acme.com").plan()), NONE);
}

#[test]
fn no_author_becomes_the_operator_or_protected() {
    let world = tree(RULES, GROUPS).then_base();
    let operator = world.clone().edit("policy:", "operator: dina@acme.com\npolicy:");
    assert_eq!(rulings(&operator.clone().by("dina@acme.com").plan()), ["self-grant : refused"]);
    assert_eq!(rulings(&operator.by("root@acme.com").plan()), NONE);
    let protect =
        |who: &str| world.clone().edit("  admins:", &format!("  protect: {{ users: [{who}] }}\n  admins:"));
    assert_eq!(rulings(&protect("dina@acme.com").by("dina@acme.com").plan()), ["self-grant : refused"]);
    assert_eq!(rulings(&protect("ada@acme.com").by("dina@acme.com").plan()), NONE, "somebody else");
}

#[test]
fn a_change_that_was_not_applied_holds_nobody_and_takes_nothing_at_night() {
    let ends = |until: &str| {
        format!(
            "  payroll:\n    members: [ada@acme.com, {{ user: dina@acme.com, until: {until} }}]\n  \
             team:\n    members: [{{ user: dina@acme.com, until: {until} }}]\n"
        )
    };
    let world = tree(RULES, &ends("2026-12-05")).then_base();
    let mut held = world.clone();
    for (_, text) in &mut held.files {
        *text = text.replace("2026-12-05", "2099-01-01");
    }
    let plan = night(held, date(2026, 12, 6)).plan();
    assert_eq!(keys(&plan), ["remove member.payroll/dina@acme.com"], "a privileged membership ends");
    assert_eq!(codes(&plan), [("remove member.team/dina@acme.com".into(), "kept-by-change")]);
    // Nor does its operator.
    let operator = world.edit("policy:", "operator: dina@acme.com\npolicy:");
    assert_eq!(
        keys(&night(operator, date(2026, 12, 6)).plan()),
        ["remove member.payroll/dina@acme.com", "remove member.team/dina@acme.com"]
    );
    let shorter = tree(RULES, &ends("2099-01-01")).then_base().edit("2099-01-01", "2026-11-25");
    let plan = night(shorter, date(2026, 12, 6)).plan();
    assert_eq!(
        (keys(&plan), codes(&plan)),
        (vec![], vec![("remove member.payroll/dina@acme.com".into(), "change-not-applied")])
    );
}

#[test]
fn somebody_suspended_by_hand_does_not_come_back_in_two_steps() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let world = World::of(head, "  bob@acme.com: { name: Bob }\n", "").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.account("bob@acme.com").suspended = true;
    });
    // The base says nothing of it, since a change before took `active: true` out.
    let back = world.then_base().edit("name: Bob", "active: true");
    assert_eq!(rulings(&back.plan()), ["reactivation user.bob@acme.com: refused"]);
}
