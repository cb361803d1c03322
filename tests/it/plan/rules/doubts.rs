//! What the base would end if it could tell whom it means, or which group, does not stay without a word; nor does what a
//! later change holds back by a doubt or a rule of its own.

use jiff::civil::date;
use rollbook::model::{Reason, Surface};
use rollbook::plan::Scope;

use super::{NONE, otherwise, requires};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, World};

const RULES: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n";
const PAYROLL: &str =
    "  payroll:\n    members:\n      - ada@acme.com\n      - { user: dina@acme.com, until: 2027-01-10 }\n";
const ERIK: &str = "  team:\n    members: [erik@acme.com]\n";
const LINE: &str = "      - { user: dina@acme.com, until: 2027-01-10 }\n";
const OWN: &str = "self-grant member.payroll/dina@acme.com: refused";

/// Dina is in payroll until a day, and Erik and Root stand by.
fn tree() -> World {
    World::of(RULES, "", &format!("{PAYROLL}{ERIK}")).change(|live| live.hire("root@acme.com"))
}

fn hides(world: World, email: &'static str) -> World {
    world.change(|live| live.account(email).hidden = true)
}

fn at_least(world: World) -> World {
    world.edit("payroll:\n    members:", "payroll:\n    mode: at-least\n    members:")
}

fn night(mut world: World) -> World {
    world.today = date(2027, 1, 10);
    world.scope = Scope { reasons: vec![Reason::Expired, Reason::Offboarded], ..Scope::default() };
    world
}

#[test]
fn an_end_of_somebody_whom_nobody_can_tell_is_still_an_end() {
    let base = hides(tree().then_base(), "dina@acme.com");
    let gone = at_least(base.clone()).edit(LINE, "");
    let shown = ["member.payroll/dina@acme.com: 2027-01-10 to no end, privileged"];
    assert_eq!((keys(&gone.plan()), otherwise(&gone.plan())), (vec![], shown.map(String::from).to_vec()));
    assert_eq!(rulings(&gone.clone().by("dina@acme.com").plan()), [OWN]);
    // Neighbours: a colleague may, and one who owns the rules; and leaving things as they are changes nothing.
    assert_eq!(rulings(&gone.clone().by("ada@acme.com").plan()), NONE);
    assert_eq!(rulings(&gone.by("root@acme.com").plan()), NONE);
    let past = base.clone().edit("2027-01-10", "2020-01-01").by("ada@acme.com").plan();
    assert_eq!((otherwise(&past), rulings(&past)), (vec![], vec![]), "the tree still ends it, and earlier");
    let same = base.edit("[erik@acme.com]", "[]").by("ada@acme.com").plan();
    assert_eq!((otherwise(&same), rulings(&same)), (vec![], vec![]));
}

#[test]
fn a_name_is_shown_where_it_is_told_whose_end_moves() {
    let later = tree().then_base().edit("2027-01-10", "2027-02-10");
    let names = |world: World| {
        let declared = world.plan().base.unwrap().declared;
        declared.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    let shown = later.live.accounts["acc-dina@acme.com"].name.clone();
    assert_eq!(names(later.clone()), [Some(shown)]);
    // Neighbour: it may be the end of anybody who hides their email.
    assert_eq!(names(at_least(hides(tree().then_base(), "dina@acme.com")).edit(LINE, "")), [None]);
}

/// A group that cannot be told, of which dina is a member whom the base would take out.
#[test]
fn a_group_that_cannot_be_told_keeps_what_it_takes_today() {
    let lock = "users: {}\ngroups:\n  payroll: { id: id-payroll, from: jira }\n";
    let ended = LINE.replace("2027-01-10", "2020-01-01");
    let cases = [(ended.as_str(), "expired"), ("", "undeclared")];
    for (line, reason) in cases {
        let base = tree().edit(LINE, line).lock(lock).then_base().change(|live| {
            live.hire("dina@acme.com");
            live.join("payroll", "dina@acme.com");
            live.group("payroll").name = "payroll-eu".into();
            live.groups.insert("id-new".into(), Group::of("payroll", [].into()));
        });
        let kept = format!("member.payroll/dina@acme.com: kept, not remove {reason}, privileged");
        let gone = base.clone().edit(&PAYROLL.replace(LINE, line), "");
        let loose = at_least(base).edit(line, "");
        for world in [gone, loose] {
            let plan = world.by("dina@acme.com").plan();
            assert!(rulings(&plan).contains(&OWN.to_owned()), "{reason}: {:?}", rulings(&plan));
            let of_members: Vec<String> =
                otherwise(&plan).into_iter().filter(|it| it.starts_with("member.")).collect();
            assert_eq!(of_members, std::slice::from_ref(&kept));
        }
    }
}

#[test]
fn a_group_that_cannot_be_told_keeps_its_ends() {
    let lock = "users: {}\ngroups:\n  payroll: { id: id-payroll, from: jira }\n";
    let renamed = tree().lock(lock).then_base().change(|live| {
        live.group("payroll").name = "payroll-eu".into();
        live.groups.insert("id-new".into(), Group::of("payroll", [].into()));
    });
    let refused = |world: World| {
        let plan = world.by("dina@acme.com").plan();
        assert!(rulings(&plan).contains(&OWN.to_owned()), "{:?} {:?}", rulings(&plan), otherwise(&plan));
    };
    refused(renamed.clone().edit(PAYROLL, ""));
    refused(at_least(renamed.clone()).edit(LINE, ""));
    let case = tree().then_base().change(|live| live.group("payroll").name = "Payroll".into());
    refused(at_least(case.clone()).edit(LINE, "").edit("  payroll:\n", "  Payroll:\n"));
    // Neighbours: nothing changes, and the group is declared as the site calls it, with what it said.
    let still = renamed.edit("[erik@acme.com]", "[]").by("ada@acme.com").plan();
    assert_eq!((otherwise(&still), rulings(&still)), (vec![], vec![]));
    let spelled = case.edit("  payroll:\n", "  Payroll:\n").by("ada@acme.com").plan();
    assert_eq!((otherwise(&spelled), rulings(&spelled)), (vec![], vec![]));
}

#[test]
fn what_a_doubt_holds_back_in_the_base_is_not_dropped_without_a_word() {
    // Somebody who cannot be told is not to be in the group any more, so that nobody who hides their email is taken out.
    let ghost = "      - { user: gone@acme.com, until: 2020-01-01 }\n";
    let base = tree().edit(LINE, ghost).then_base();
    let base = base.change(|live| {
        live.accounts.retain(|id, _| !id.contains("gone"));
        live.hire("dina@acme.com");
        live.join("payroll", "dina@acme.com");
        live.account("dina@acme.com").hidden = true;
    });
    assert_eq!(keys(&base.plan()), NONE, "blocked: {:?}", codes(&base.plan()));
    let loose = at_least(base.clone()).edit(ghost, "");
    assert!(!otherwise(&loose.plan()).is_empty());
    assert!(!rulings(&loose.clone().by("dina@acme.com").plan()).is_empty());
    assert_eq!(rulings(&loose.by("ada@acme.com").plan()), NONE);
    // A doubt of the change itself ends nothing either.
    let lock = "users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n";
    let own = hides(tree().lock(lock).then_base(), "dina@acme.com").edit(LINE, ghost);
    let own = own.change(|live| live.accounts.retain(|id, _| !id.contains("gone")));
    assert_eq!(rulings(&own.clone().by("dina@acme.com").plan()), [OWN]);
    assert_eq!(rulings(&own.by("ada@acme.com").plan()), NONE);
}

#[test]
fn an_offboarding_of_somebody_whom_nobody_can_tell_is_not_taken_back_without_a_word() {
    let groups =
        format!("{PAYROLL}{ERIK}").replace(LINE, "").replace("payroll:\n", "payroll:\n    mode: at-least\n");
    let base =
        World::of(RULES, "  dina@acme.com: { active: false }\n  ada@acme.com: {}\n", &groups).then_base();
    let base = base.change(|live| {
        live.hire("root@acme.com");
        live.join("payroll", "dina@acme.com");
        live.account("dina@acme.com").hidden = true;
    });
    let back = base.clone().edit("  dina@acme.com: { active: false }\n", "");
    assert!(otherwise(&back.plan()).iter().any(|it| it.contains("kept, not suspend offboarded, privileged")));
    assert!(!rulings(&back.clone().by("dina@acme.com").plan()).is_empty());
    assert_eq!(rulings(&back.by("ada@acme.com").plan()), NONE);
    let same = base.edit("[erik@acme.com]", "[]").by("ada@acme.com").plan();
    assert_eq!((otherwise(&same), rulings(&same)), (vec![], vec![]));
}

#[test]
fn exclusive_goes_by_whom_a_line_may_be_about() {
    let policy = "policy:\n  exclusive: [[payroll, team]]\n";
    let groups = format!("{PAYROLL}{}", ERIK.replace("erik@acme.com", "account: acc-dina@acme.com"));
    let base = World::of(policy, "", &groups).then_base();
    let gone = at_least(base).edit(LINE, "");
    let hidden = hides(gone.clone(), "dina@acme.com");
    let refused = ["exclusive member.payroll/dina@acme.com: refused"];
    assert_eq!(rulings(&gone.plan()), refused);
    assert_eq!(rulings(&hidden.plan()), refused);
}

#[test]
fn no_change_that_was_not_applied_holds_a_privileged_membership_at_night() {
    let lock = "users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n";
    let base = tree().lock(lock).then_base();
    let ended = ["remove member.payroll/dina@acme.com"];
    let rule = |text: &str| base.clone().edit("  admins:", &format!("{text}\n  admins:"));
    let held = [
        rule("  protect: { users: [dina@acme.com] }"),
        rule("  protect: { groups: [payroll] }"),
        rule("  keep-at-least: { payroll: 9 }"),
        rule("  max-revokes: { total: 0 }"),
        base.clone().edit("account: acc-dina@acme.com", "account: acc-nobody"),
        base.clone().edit(LINE, ""),
        base.clone().edit(LINE, "      - { user: gone@acme.com, until: 2020-01-01 }\n"),
    ];
    for world in held {
        let world = hides(world, "dina@acme.com");
        let plan = night(world.clone()).plan();
        assert_eq!(keys(&plan), ended, "{:?} {:?}", world.files, codes(&plan));
    }
    // Neighbours: a rule of the base holds, and so it does where the change is judged.
    let protected = tree().edit("  admins:", "  protect: { users: [dina@acme.com] }\n  admins:").then_base();
    assert_eq!(keys(&night(protected).plan()), NONE);
    assert_eq!(keys(&night(base).plan()), ended);
}

#[test]
fn no_author_tightens_a_rule_to_stay() {
    let policy = format!("{RULES}  max-revokes: {{ total: 9 }}\n");
    let base = World::of(&policy, "", &format!("{PAYROLL}{ERIK}")).change(|live| live.hire("root@acme.com"));
    let base = base.then_base();
    let rule = |text: &str| base.clone().edit("  admins:", &format!("{text}\n  admins:"));
    let tightened = [
        rule("  protect: { groups: [payroll] }"),
        rule("  keep-at-least: { payroll: 9 }"),
        base.clone().edit("total: 9", "total: 0"),
        base.clone().edit("total: 9", "total: 9, group: { count: 0, percent: 0 }"),
    ];
    for world in tightened {
        assert_eq!(
            rulings(&world.clone().by("dina@acme.com").plan()),
            ["self-grant : refused"],
            "{:?}",
            world.files
        );
        assert_eq!(rulings(&world.clone().by("ada@acme.com").plan()), NONE, "who has no end there may");
        assert_eq!(rulings(&world.by("root@acme.com").plan()), NONE);
    }
    // Neighbours: other groups, and a rule that is loosened.
    let other = rule("  keep-at-least: { team: 1 }\n  protect: { groups: [team] }");
    assert_eq!(rulings(&other.by("dina@acme.com").plan()), NONE);
    assert_eq!(rulings(&base.edit("total: 9", "total: 12").by("dina@acme.com").plan()), NONE);
}

#[test]
fn who_leaves_waits_for_those_who_come_back() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let groups = "  vault:\n    members: [ada@acme.com, bea@acme.com, sus@acme.com]\n";
    let world = |floor: usize| {
        let policy = format!("{head}policy:\n  keep-at-least: {{ vault: {floor} }}\n");
        let world = World::of(&policy, "  sus@acme.com: { active: false }\n", groups).then_base();
        world.edit("active: false", "active: true").edit(", bea@acme.com", "").change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            live.account("sus@acme.com").suspended = true;
            live.join("vault", "sus@acme.com");
        })
    };
    assert_eq!(
        requires(&world(2).plan(), "remove member.vault/bea@acme.com"),
        ["activate user.sus@acme.com"]
    );
    // Neighbour: a floor that holds all the way lets them go first.
    assert_eq!(requires(&world(1).plan(), "remove member.vault/bea@acme.com"), NONE);
}

#[test]
fn a_waiver_that_ends_earlier_is_taken_back() {
    let waiver = "waive:\n  - { guard: keep-at-least, for: [group.payroll], because: ends, until: 2027-06-01 }\npolicy:\n  \
                  keep-at-least: { payroll: 2 }";
    let base = tree().edit("policy:", waiver).then_base();
    let refused = ["self-grant : refused"];
    for day in ["2026-12-05", "2027-01-09"] {
        let shorter = base.clone().edit("2027-06-01", day);
        assert_eq!(rulings(&shorter.clone().by("dina@acme.com").plan()), refused, "{day}");
        assert_eq!(rulings(&shorter.by("root@acme.com").plan()), NONE);
    }
    assert_eq!(
        rulings(&base.edit("2027-06-01", "2027-07-01").by("dina@acme.com").plan()),
        NONE,
        "a later day"
    );
    // Neighbours: one that has ended, and one of another group.
    let gone = |waiver: &str| {
        let base = tree().edit("policy:", &format!("{waiver}policy:")).then_base();
        rulings(&base.edit(waiver, "").by("dina@acme.com").plan())
    };
    let waiver = |group: &str, until: &str| {
        format!("waive:\n  - {{ guard: keep-at-least, for: [{group}], because: ends, until: {until} }}\n")
    };
    assert_eq!(gone(&waiver("group.payroll", "2027-06-01")), refused);
    assert_eq!(gone(&waiver("group.payroll", "2026-11-22")), NONE);
    assert_eq!(gone(&waiver("group.team", "2027-06-01")), NONE);
    assert_eq!(gone(&waiver("member.payroll/ada@acme.com", "2027-06-01")), refused, "it is about the group");
}

#[test]
fn what_ended_before_holds_nobody_in() {
    let tighter = |world: World| {
        let base = world.edit("policy:", "policy:\n  max-revokes: { total: 10 }").then_base();
        rulings(&base.edit("total: 10", "total: 8").by("dina@acme.com").plan())
    };
    assert_eq!(tighter(tree()), ["self-grant : refused"]);
    let over = tree().edit("until: 2027-01-10", "until: 2026-01-01");
    assert_eq!(tighter(over.change(|live| live.leave("payroll", "dina@acme.com"))), NONE);
}
