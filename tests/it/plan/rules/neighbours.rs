//! Whom and what a rule is not about, and the other of the two ways in which it is: each case here tells two readings of
//! one line of the rules apart.

use rollbook::model::Surface;

use super::{NONE, hired, otherwise, requires};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, Group, Live, World};

const ORGANIZATION: &str = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
const SELF_GRANT: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";

fn with_organization(live: &mut Live) {
    live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
}

#[test]
fn a_waiver_covers_a_group_that_is_yet_to_be_made_and_no_other_one() {
    let groups = "  makers:\n    members: [ada@acme.com]\n  approvers:\n    members: [ada@acme.com]\n  \
                  reviewers:\n    members: []\n";
    let waived = |address: &str| {
        let waive = format!(
            "waive:\n  - {{ guard: exclusive, for: [{address}], because: OPS-1, until: 2026-12-31 }}\n"
        );
        let world = World::of(&format!("policy:\n  exclusive: [[makers, approvers]]\n{waive}"), "", groups);
        let made = |name: &str| matches!(name, "approvers" | "reviewers");
        rulings(&world.change(|live| live.groups.retain(|_, group| !made(&group.name))).plan())
    };
    let refused = ["exclusive member.approvers/ada@acme.com: refused"];
    assert_eq!(waived("member.approvers/ada@acme.com"), ["exclusive member.approvers/ada@acme.com: waived"]);
    assert_eq!(waived("group.approvers"), ["exclusive member.approvers/ada@acme.com: waived"]);
    assert_eq!(waived("group.reviewers"), refused);
    assert_eq!(waived("member.approvers/eve@acme.com"), refused);
}

#[test]
fn who_is_not_protected_is_not_protected_by_somebody_else_who_is() {
    let world = World::of(
        "policy:\n  protect: { users: [root@acme.com] }\n",
        "",
        "  admins:\n    members: [root@acme.com, bob@acme.com]\n",
    );
    let plan = world.then_base().edit(", bob@acme.com", "").plan();
    assert_eq!((keys(&plan), rulings(&plan)), (vec!["remove member.admins/bob@acme.com".into()], vec![]));
}

#[test]
fn reactivation_says_what_is_known() {
    let world = World::of(ORGANIZATION, "  bob@acme.com: { active: true }\n", "").change(with_organization);
    let world = world.change(|live| live.account("bob@acme.com").suspended = true);
    let why = |world: &World| {
        let plan = world.plan();
        assert_eq!(rulings(&plan), ["reactivation user.bob@acme.com: refused"]);
        plan.guards[0].why.clone()
    };
    assert!(why(&world).starts_with("without a base it is unknown"), "{}", why(&world));
    // What the base asks for as well waits, and everybody else's changes go on.
    let drift = world.then_base().plan();
    assert_eq!(
        (codes(&drift), rulings(&drift)),
        (vec![("activate user.bob@acme.com".into(), "reactivation")], vec![])
    );
    let why = &drift.blocked[0].why;
    assert!(why.starts_with("the tree did not offboard them before"), "{why}");
}

#[test]
fn one_who_is_removed_is_invited_back_by_a_change_alone() {
    let groups = "  sre:\n    members: [bob@acme.com]\n";
    let policy = format!("{ORGANIZATION}policy:\n  invite-domains: [acme.com]\n");
    let active = World::of(&policy, "  bob@acme.com: { account: acc-bob, active: true }\n", groups)
        .change(with_organization)
        .change(|live| {
            live.accounts.get_mut("acc-bob").unwrap().removed = true;
            live.group("sre").members.clear();
        });
    let drift = active.clone().then_base().plan();
    let change = World { base: Some(active.clone().edit("active: true", "active: false").files), ..active };
    let change = change.plan();
    let waits = [
        ("invite user.bob@acme.com".to_owned(), "reactivation"),
        ("add member.sre/bob@acme.com".to_owned(), "requires-blocked"),
    ];
    assert_eq!((codes(&drift), codes(&change)), (waits.to_vec(), vec![]));
    assert!(keys(&change).contains(&"invite user.bob@acme.com".to_owned()), "{:?}", keys(&change));
    assert_eq!((rulings(&drift), rulings(&change)), (vec![], vec![]));
}

#[test]
fn an_empty_group_is_suspicious_only_where_it_had_members_that_were_to_stay() {
    let groups = "  sre:\n    members: [ada@acme.com]\n  ops:\n    members: [bob@acme.com]\n";
    // It was empty when the plan was reviewed; another group was full then, and is.
    let first = World::of("", "", groups).change(|live| live.leave("sre", "ada@acme.com")).then_reviewed();
    assert_eq!(keys(&first.plan()), ["add member.sre/ada@acme.com"]);
    assert_eq!(rulings(&first.plan()), NONE);
    let both = World::of("", "", groups).change(hired(&["eve@acme.com"])).change(|live| {
        live.leave("sre", "ada@acme.com");
        live.join("ops", "eve@acme.com");
    });
    assert_eq!(rulings(&both.then_reviewed().plan()), NONE);
    // The review was to leave nobody in it.
    let emptied =
        World::of("", "", "  sre:\n    members: []\n").change(hired(&["eve@acme.com", "kim@acme.com"]));
    let emptied = emptied.change(|live| {
        live.join("sre", "eve@acme.com");
        live.join("sre", "kim@acme.com");
    });
    let emptied = emptied.then_reviewed().change(|live| live.group("sre").members.clear());
    assert_eq!(rulings(&emptied.plan()), NONE);
    // It was to be deleted, with all its members.
    let deleted =
        World::of("", "", "  old: { absent: true }\n").change(hired(&["eve@acme.com"])).change(|live| {
            live.groups.insert("id-old".into(), Group::of("old", [live.id_of("eve@acme.com")].into()));
        });
    let deleted = deleted.then_reviewed().change(|live| live.group("old").members.clear());
    assert_eq!((keys(&deleted.plan()), rulings(&deleted.plan())), (vec!["delete group.old".into()], vec![]));
    // Neighbour: it had one member who was to stay.
    let one = World::of("", "", groups)
        .change(hired(&["eve@acme.com"]))
        .change(|live| live.leave("sre", "ada@acme.com"));
    let one = one.change(|live| live.join("sre", "eve@acme.com")).then_reviewed();
    let plan = one.change(|live| live.group("sre").members.clear()).plan();
    assert_eq!(rulings(&plan), ["suspicious-read group.sre: refused"]);
    assert_eq!(plan.guards[0].why, "group sre had 1 member when it was reviewed, and reads as empty now");
}

#[test]
fn a_group_is_suspicious_by_a_snapshot_in_which_it_had_members() {
    let groups = "  sre:\n    members: [ada@acme.com]\n  ops:\n    members: [bob@acme.com, eve@acme.com]\n";
    let full = World::of("", "", groups);
    let emptied = |name: &str, full: &World| {
        let mut world = full.clone().change(|live| live.group(name).members.clear());
        world.before = Some(full.live.clone());
        world.plan()
    };
    let plan = emptied("sre", &full);
    assert_eq!(rulings(&plan), ["suspicious-read group.sre: refused"]);
    assert_eq!(
        plan.guards[0].why,
        "group sre had 1 member when the snapshot was taken, and reads as empty now"
    );
    let plan = emptied("ops", &full);
    assert_eq!(
        plan.guards[0].why,
        "group ops had 2 members when the snapshot was taken, and reads as empty now"
    );
    // Neighbour: it was empty then, too.
    let empty = full.change(|live| live.group("sre").members.clear());
    let plan = emptied("sre", &empty);
    assert_eq!((keys(&plan), rulings(&plan)), (vec!["add member.sre/ada@acme.com".into()], vec![]));
}

#[test]
fn an_author_whom_the_base_names_and_whose_account_nobody_knows_may_be_anybody() {
    let groups = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com]\n";
    let world = World::of(SELF_GRANT, "", groups).then_base().change(|live| {
        live.account("dina@acme.com").hidden = true;
        live.hire("eve@acme.com");
    });
    let hidden = world.clone().edit("[ada@acme.com]", "[ada@acme.com, account: acc-dina@acme.com]");
    let refused = ["self-grant member.payroll/account:acc-dina@acme.com: refused"];
    assert_eq!(rulings(&hidden.by("dina@acme.com").plan()), refused);
    let shown = world.clone().edit("[ada@acme.com]", "[ada@acme.com, account: acc-eve@acme.com]");
    let refused = ["self-grant member.payroll/account:acc-eve@acme.com: refused"];
    assert_eq!(rulings(&shown.clone().by("dina@acme.com").plan()), refused);
    // Neighbour: the author's account shows the address.
    let known = shown.change(|live| live.account("dina@acme.com").hidden = false);
    assert_eq!(rulings(&known.by("dina@acme.com").plan()), NONE);
}

#[test]
fn an_author_is_known_by_the_lock_of_the_base_alone() {
    let groups = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [chen@acme.com]\n";
    let hidden = |live: &mut Live| live.account("chen@acme.com").hidden = true;
    let granted = |world: World| {
        let world = world.change(hired(&["eve@acme.com"]));
        rulings(&world.edit("[ada@acme.com]", "[ada@acme.com, eve@acme.com]").by("chen@acme.com").plan())
    };
    let refused = ["self-grant member.payroll/eve@acme.com: refused"];
    let mentioned = World::of(SELF_GRANT, "", groups).then_base().change(hidden);
    assert_eq!(granted(mentioned), refused, "an address without an account");
    let locked = World::of(SELF_GRANT, "", groups).change(hidden);
    let locked = locked
        .edit("[chen@acme.com]", "[]")
        .lock("users:\n  chen@acme.com: { account: acc-chen@acme.com, from: jira }\n");
    assert_eq!(granted(locked.then_base()), NONE);
    // Neighbour: neither has the address.
    let neither = World::of(SELF_GRANT, "", groups).change(hidden).edit("[chen@acme.com]", "[]").then_base();
    assert_eq!(granted(neither), refused);
}

#[test]
fn the_operator_is_known_by_the_account_alone() {
    let groups = "  admins:\n    members: [account: acc-ada@acme.com]\n  team:\n    members: [account: acc-ada@acme.com]\n";
    let world = World::of("operator: ada@acme.com\n", "", groups).change(|live| {
        live.accounts.insert("acc-ada@acme.com".into(), Account::person("ada@acme.com"));
    });
    let plan = world
        .then_base()
        .edit("admins:\n    members: [account: acc-ada@acme.com]", "admins:\n    members: []")
        .plan();
    let blocked: Vec<&str> = codes(&plan).into_iter().map(|(_, code)| code).collect();
    assert_eq!((keys(&plan).len(), blocked), (0, vec!["self-lockout"]));
}

#[test]
fn only_active_people_of_the_group_hold_a_floor_while_others_change_places() {
    let groups = "  support:\n    members: [ada@acme.com, zoe@acme.com, account: acc-app]\n  \
                  team:\n    members: [zoe@acme.com, ada@acme.com]\n";
    let policy = "policy:\n  keep-at-least: { support: 1 }\n";
    let swapped = |asleep: bool| {
        let world = World::of(policy, "", groups).then_base().change(hired(&["bruno@acme.com"]));
        let world = world.change(|live| live.account("zoe@acme.com").active = !asleep);
        let world = world.edit("[zoe@acme.com, ada@acme.com]", "[ada@acme.com]");
        let plan = world.edit("[ada@acme.com, zoe", "[bruno@acme.com, zoe").plan();
        assert_eq!((rulings(&plan), keys(&plan).len()), (vec![], 3));
        assert_eq!(requires(&plan, "remove member.team/zoe@acme.com"), NONE);
        requires(&plan, "remove member.support/ada@acme.com")
    };
    assert_eq!(swapped(true), ["add member.support/bruno@acme.com"]);
    // Neighbour: another one who is active stays. That she leaves another group is nothing to this one.
    assert_eq!(swapped(false), NONE);
}

#[test]
fn a_name_that_means_somebody_else_declares_somebody_new() {
    // Nothing but the pin changes. kim is in both groups by hand, and the base would leave them there.
    let world = World::of(
        "policy:\n  mode: at-least\n  exclusive: [[makers, approvers]]\n",
        "  x@acme.com: { account: acc-x }\n",
        "  makers:\n    members: [account: acc-kim@acme.com]\n  approvers:\n    members: [x@acme.com]\n",
    );
    let world = world.then_base().change(|live| {
        live.hire("kim@acme.com");
        live.account("kim@acme.com").hidden = true;
        live.account("x@acme.com").hidden = true;
        live.join("approvers", "kim@acme.com");
    });
    assert_eq!(rulings(&world.plan()), NONE);
    let moved = world.edit("account: acc-x", "account: acc-kim@acme.com").plan();
    assert_eq!((keys(&moved), codes(&moved)), (vec![], vec![]));
    assert_eq!(otherwise(&moved), ["member.approvers/x@acme.com: leaves"], "who was meant stays");
    assert_eq!(rulings(&moved), ["exclusive member.approvers/x@acme.com: refused"]);
    let identities = &moved.base.as_ref().unwrap().identities;
    assert_eq!(identities.iter().map(|it| it.name.as_deref()).collect::<Vec<_>>(), [Some("KIM")]);
}

#[test]
fn what_the_tree_leaves_alone_or_lets_go_is_not_adopted() {
    let adopted = |world: &World| {
        let plan = world.plan();
        let base = plan.base.as_ref().unwrap();
        base.adopted.iter().map(|it| format!("{} {}", it.undoes, it.address)).collect::<Vec<_>>()
    };
    let groups = "  admins:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let by_hand = World::of("", "", groups).then_base().change(|live| {
        live.hire("hand@acme.com");
        live.join("admins", "hand@acme.com");
    });
    let alone = by_hand.clone().edit("  admins:\n", "  admins:\n    mode: at-least\n");
    assert_eq!((keys(&alone.plan()), adopted(&alone)), (vec![], vec![]));
    let declared = by_hand.edit("[ada@acme.com]", "[ada@acme.com, hand@acme.com]");
    assert_eq!(adopted(&declared), ["remove member.admins/hand@acme.com"]);
    // Somebody took ada out of it by hand.
    let out = World::of("", "", groups).then_base().change(|live| live.leave("admins", "ada@acme.com"));
    let gone = out.clone().edit("  admins:\n    members: [ada@acme.com]\n", "");
    assert_eq!((keys(&gone.plan()), adopted(&gone)), (vec![], vec![]));
    let taken = out.edit("[ada@acme.com]", "[]");
    assert_eq!(adopted(&taken), ["add member.admins/ada@acme.com"]);
}

#[test]
fn an_end_that_comes_nearer_is_no_grant() {
    let groups = "  payroll:\n    members:\n      - ada@acme.com\n      - { user: eve@acme.com, until: 2027-01-10 }\n  \
                  audit:\n    members: [eve@acme.com]\n";
    let policy = format!("{SELF_GRANT}  exclusive: [[payroll, audit]]\n");
    let nearer =
        World::of(&policy, "", groups).then_base().edit("2027-01-10", "2026-12-01").by("eve@acme.com");
    assert_eq!(
        otherwise(&nearer.plan()),
        ["member.payroll/eve@acme.com: 2027-01-10 to 2026-12-01, privileged"]
    );
    assert_eq!(rulings(&nearer.plan()), NONE);
}

#[test]
fn what_a_group_says_of_itself_is_a_rule() {
    let groups = "  admins:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let world = World::of("", "", groups).then_base();
    let world = world.edit(
        "  admins:\n",
        "  admins:\n    owners: [ada@acme.com]\n    mode: at-least\n    nest: true\n    apps-in-group: exact\n",
    );
    let plan = world.plan();
    let rules: Vec<String> = plan.base.as_ref().unwrap().rules.iter().map(|it| it.rule.clone()).collect();
    assert_eq!(
        rules,
        ["groups.admins.apps-in-group", "groups.admins.mode", "groups.admins.nest", "groups.admins.owners"]
    );
}

#[test]
fn a_group_that_was_not_read_refuses_nothing_that_leaves_it_alone() {
    let groups = "  support:\n    members: [bob@acme.com, eve@acme.com]\n";
    let taken = World::of("", "", groups).change(|live| {
        live.groups.insert("id-payroll".into(), Group::of("payroll", ["acc-bob@acme.com".to_owned()].into()));
    });
    let text = taken.snapshot(false);
    let mut changed = World::of("policy:\n  keep-at-least: { payroll: 1 }\n", "", groups);
    changed.live = taken.live;
    let plan = changed.edit(", eve@acme.com", "").plan_from_text(&text).unwrap();
    assert_eq!((keys(&plan), rulings(&plan)), (vec!["remove member.support/eve@acme.com".into()], vec![]));
}

#[test]
fn owners_are_a_rule_of_their_group() {
    let groups = "  admins:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let world = World::of("", "", groups).then_base();
    let rules = |world: World| -> Vec<String> {
        let plan = world.plan();
        plan.base.as_ref().unwrap().rules.iter().map(|it| format!("{} {:?}", it.rule, it.head)).collect()
    };
    assert_eq!(rules(world.clone()), NONE);
    let owned = world.edit("  admins:\n", "  admins:\n    owners: [ada@acme.com, eve@acme.com]\n");
    assert_eq!(rules(owned), ["groups.admins.owners Some(\"ada@acme.com, eve@acme.com\")"]);
}

#[test]
fn the_deletion_of_an_empty_group_counts_once_each() {
    let groups = "  one:\n    members: []\n  two:\n    members: []\n";
    let world = World::of("policy:\n  max-revokes: { total: 1 }\n", "", groups).then_base();
    let one = world.edit("one:\n    members: []", "one:\n    absent: true");
    assert_eq!((keys(&one.plan()), rulings(&one.plan())), (vec!["delete group.one".into()], vec![]));
    let two = one.edit("two:\n    members: []", "two:\n    absent: true").plan();
    assert_eq!(rulings(&two), ["max-revokes : refused"]);
    assert_eq!(two.guards[0].why, "the plan revokes 2, and `max-revokes.total` is 1");
}

#[test]
fn of_two_that_a_guard_refuses_a_waiver_lets_its_own_pass() {
    let groups = "  admins:\n    members: [ada@acme.com, bob@acme.com, eve@acme.com]\n";
    let world = World::of("policy:\n  protect: { groups: [admins] }\n", "", groups).then_base();
    let removed = world.edit(", bob@acme.com, eve@acme.com", "");
    for (waived, one, other) in
        [("bob", "allowed by change", "refused"), ("eve", "refused", "allowed by change")]
    {
        let waive = format!(
            "waive:\n  - {{ guard: protect, for: [user.{waived}@acme.com], because: leaves, until: 2026-12-31 }}\n"
        );
        let plan = removed.clone().edit("policy:", &format!("{waive}policy:")).plan();
        let bob = format!("protect member.admins/bob@acme.com: {one}");
        let mut judged = rulings(&plan);
        judged.sort();
        assert_eq!(judged, [bob, format!("protect member.admins/eve@acme.com: {other}")]);
    }
}

#[test]
fn a_list_of_exclusive_is_a_rule_by_the_groups_in_it() {
    let policy = "policy:\n  exclusive: [[makers, approvers], [makers, auditors]]\n";
    let groups = "  makers:\n    members: [ada@acme.com]\n  approvers:\n    members: []\n  auditors:\n    members: []\n";
    let world = World::of(policy, "", groups).then_base();
    let joins = world.edit("approvers:\n    members: []", "approvers:\n    members: [ada@acme.com]");
    let judged = |list: &str| rulings(&joins.clone().edit(list, "").plan());
    assert_eq!(
        judged("[makers, approvers], "),
        ["exclusive member.approvers/ada@acme.com: allowed by change"]
    );
    assert_eq!(judged(", [makers, auditors]"), ["exclusive member.approvers/ada@acme.com: refused"]);
    let plan = joins.edit("[makers, approvers], ", "").plan();
    let rules = &plan.base.as_ref().unwrap().rules;
    assert_eq!(rules.len(), 1);
    assert!(rules[0].rule.contains("makers") && rules[0].rule.contains("approvers"), "{}", rules[0].rule);
}

#[test]
fn a_waiver_of_ones_own_loosens_a_rule_and_one_of_somebody_elses_does_not() {
    let groups =
        "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com, chen@acme.com]\n";
    let world = World::of(SELF_GRANT, "", groups).then_base();
    let waived = |whom: &str, by: Option<&str>| {
        let waive = format!(
            "waive:\n  - {{ guard: self-grant, for: [member.payroll/{whom}@acme.com], because: OPS-1, until: 2026-12-31 }}\n"
        );
        let world = world.clone().edit("policy:", &format!("{waive}policy:"));
        rulings(&by.map_or(world.clone(), |by| world.by(by)).plan())
    };
    assert_eq!(waived("chen", Some("dina@acme.com")), NONE);
    assert_eq!(waived("dina", Some("dina@acme.com")), ["self-grant : refused"]);
    assert_eq!(waived("chen", Some("dinna@acme.com")), ["self-grant : refused"], "nobody knows who that is");
    assert!(waived("chen", None).contains(&"self-grant : refused".to_owned()), "{:?}", waived("chen", None));
}

#[test]
fn a_refusal_says_how_many_are_left_and_who_made_the_change() {
    let groups = "  payroll:\n    members: [ada@acme.com, eve@acme.com]\n";
    let floor = |least: u32, to: &str| {
        let world = World::of(&format!("policy:\n  keep-at-least: {{ payroll: {least} }}\n"), "", groups);
        world.edit("[ada@acme.com, eve@acme.com]", to).plan().guards[0].why.clone()
    };
    assert_eq!(
        floor(2, "[ada@acme.com]"),
        "group payroll would keep 1 active person, and `keep-at-least` is 2"
    );
    assert_eq!(floor(2, "[]"), "group payroll would keep 0 active people, and `keep-at-least` is 2");
    let own = World::of(SELF_GRANT, "", "  payroll:\n    members: [ada@acme.com]\n").then_base();
    let own = own.change(hired(&["dina@acme.com"])).edit("[ada@acme.com]", "[ada@acme.com, dina@acme.com]");
    let why = own.by("dina@acme.com").plan().guards[0].why.clone();
    assert_eq!(
        why,
        "dina@acme.com, who made this change, would grant themselves the privileged group payroll"
    );
}

#[test]
fn a_self_grant_is_not_judged_without_a_name_and_what_a_night_revokes_is() {
    let groups = "  payroll:\n    members: [ada@acme.com]\n";
    let quiet = World::of(SELF_GRANT, "", groups).then_base();
    assert_eq!(rulings(&quiet.plan()), ["self-grant : not judged"], "a base and no author");
    assert_eq!(rulings(&quiet.by("ada@acme.com").plan()), NONE);
    // In a run by time, what is refused as a whole stays refused.
    let ended = "  team:\n    members:\n      - { user: bob@acme.com, until: 2026-11-20 }\n      - { user: eve@acme.com, until: 2026-11-20 }\n";
    let mut night = World::of("policy:\n  max-revokes: { total: 1 }\n", "", ended).change(|live| {
        hired(&["bob@acme.com", "eve@acme.com"])(live);
        live.join("team", "bob@acme.com");
        live.join("team", "eve@acme.com");
    });
    night.scope.reasons = vec![rollbook::model::Reason::Expired];
    assert_eq!(
        (keys(&night.plan()).len(), rulings(&night.plan())),
        (2, vec!["max-revokes : refused".into()])
    );
}

#[test]
fn an_owner_of_the_rules_is_known_by_the_email_or_by_the_account() {
    let groups = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [root@acme.com]\n";
    let policy = format!("{SELF_GRANT}  admins: [root@acme.com]\n");
    let loosened = |world: World| rulings(&world.edit("  privileged: [payroll]\n", "").plan());
    let line = |email: &str| format!("  {email}: {{ account: acc-root@acme.com, from: jira }}\n");
    let locked = |lines: String| World::of(&policy, "", groups).lock(&format!("users:\n{lines}"));
    let hidden = |live: &mut Live| live.account("root@acme.com").hidden = true;
    let by_email = locked(line("root@acme.com")).then_base().change(hidden);
    assert_eq!(loosened(by_email.by("root@acme.com")), NONE);
    let unknown = World::of(&policy, "", groups).then_base().change(hidden);
    assert_eq!(loosened(unknown.by("root@acme.com")), ["self-grant : refused"]);
    let by_account = locked(line("old@acme.com") + &line("root@acme.com")).then_base().change(hidden);
    assert_eq!(loosened(by_account.clone().by("old@acme.com")), NONE);
    assert_eq!(loosened(by_account.by("ada@acme.com")), ["self-grant : refused"]);
}

#[test]
fn a_group_that_is_new_says_no_rule_and_a_setting_that_differs_is_one() {
    let world =
        World::of("operator: ada@acme.com\n", "", "  admins:\n    members: [ada@acme.com]\n").then_base();
    let rules = |world: World| -> Vec<String> {
        world.plan().base.as_ref().unwrap().rules.iter().map(|it| it.rule.clone()).collect()
    };
    assert_eq!(
        rules(world.clone().edit("groups:\n", "groups:\n  team:\n    members: [ada@acme.com]\n")),
        NONE
    );
    assert_eq!(rules(world.edit("operator: ada@acme.com", "operator: root@acme.com")), ["operator"]);
}

#[test]
fn a_line_of_the_lock_whose_email_is_gone_names_no_account_either() {
    let groups = "  sre:\n    members: [{ user: ben@acme.com, until: 2026-11-20 }]\n  team:\n    members: [account: acc-ben@acme.com]\n";
    let lock = "users:\n  ben.old@acme.com: { account: acc-ben@acme.com, from: jira }\n";
    let world = World::of("", "", groups).lock(lock).change(|live| {
        live.hire("ben@acme.com");
        live.account("ben@acme.com").hidden = true;
        live.join("sre", "ben@acme.com");
        live.join("team", "ben@acme.com");
    });
    // Ben may be the account in `team`, so that the end is in doubt, and said.
    let ended = ("remove member.sre/ben@acme.com".to_owned(), "identity-unresolved");
    assert!(codes(&world.plan()).contains(&ended), "{:?}", codes(&world.plan()));
    // Neighbour: an `except` names the email, so that the line says whose the account is.
    let named = "  all:\n    members: [{ group: team, except: [ben.old@acme.com] }]\n";
    let named = world.edit("  team:\n", &format!("{named}  team:\n"));
    let plan = named.plan();
    let expected = ["remove member.sre/ben.old@acme.com", "create group.all"].map(String::from);
    assert_eq!((keys(&plan), codes(&plan)), (expected.to_vec(), vec![]));
}
