//! What a tree declares otherwise than its base without an operation: groups that leave, ends that move.

use jiff::civil::date;
use rollbook::model::Reason;

use super::{NONE, hired, notes, otherwise, said, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, World};

const RULES: &str =
    "policy:\n  privileged: [payroll]\n  protect: { groups: [payroll] }\n  keep-at-least: { payroll: 1 }\n";
const PAYROLL: &str = "  payroll:\n    members: [ada@acme.com, erik@acme.com]\n";
const TEAM: &str = "  team:\n    members: [dina@acme.com]\n";

#[test]
fn a_group_that_leaves_the_tree_is_said_first() {
    // The base has a revoke for mallory, which is not done any more.
    let base = World::of(RULES, "", &format!("{PAYROLL}{TEAM}")).then_base().change(|live| {
        live.hire("mallory@acme.com");
        live.join("payroll", "mallory@acme.com");
    });
    assert_eq!(keys(&base.plan()), ["remove member.payroll/mallory@acme.com"]);
    let left = base.clone().edit(PAYROLL, "");
    let plan = left.plan();
    assert_eq!(keys(&plan), NONE);
    let expected = [
        "group.payroll: leaves, Some(3) stay, 1 dropped, privileged",
        "member.payroll/mallory@acme.com: kept, not remove undeclared, privileged",
    ];
    assert_eq!(otherwise(&plan), expected);
    shown_first(&left, "no longer declared: 3 members stay, 1 revoke dropped, privileged");
    let named = said(&plan, "rule-names-left-group");
    assert_eq!(named.len(), 3, "privileged, protect and keep-at-least name it: {named:?}");
    // Neighbours: nobody leaves by a rename by id, nor by a tombstone that goes.
    let renamed = base.clone().edit("  payroll:\n", "  wages:\n    id: id-payroll\n");
    assert_eq!(otherwise(&renamed.plan()), NONE);
    let tombstone = World::of("", "", &format!("{TEAM}  old: {{ absent: true }}\n")).then_base();
    assert_eq!(otherwise(&tombstone.edit("  old: { absent: true }\n", "").plan()), NONE);
}

#[test]
fn people_and_grants_that_leave_the_tree_are_said_as_well() {
    let groups = format!(
        "{PAYROLL}  team:\n    mode: at-least\n    members: [{{ user: dina@acme.com, until: 2027-01-10 }}]\n"
    );
    let base =
        World::of("policy:\n  privileged: [payroll]\n", "  zed@acme.com: { active: false }\n", &groups)
            .then_base();
    let end = base.clone().edit("[{ user: dina@acme.com, until: 2027-01-10 }]", "[]");
    assert_eq!(otherwise(&end.plan()), ["member.team/dina@acme.com: 2027-01-10 to no end"]);
    shown_first(&end, "until 2027-01-10 → no end");
    let loose = base.clone().edit("  payroll:\n", "  payroll:\n    mode: at-least\n").change(|live| {
        live.hire("mallory@acme.com");
        live.join("payroll", "mallory@acme.com");
    });
    let kept = ["member.payroll/mallory@acme.com: kept, not remove undeclared, privileged"];
    assert_eq!(otherwise(&loose.plan()), kept, "a mode that loosens");
    let zed = base.clone().edit("  zed@acme.com: { active: false }\n", "  zed@acme.com: {}\n");
    let zed = zed.change(|live| live.join("team", "zed@acme.com"));
    let kept = [
        "user.zed@acme.com: kept, not suspend offboarded",
        "member.team/zed@acme.com: kept, not remove offboarded",
    ];
    assert_eq!((keys(&zed.plan()), otherwise(&zed.plan())), (vec![], kept.map(String::from).to_vec()));
    shown_first(&zed, "stays: the base would suspend (offboarded)");
    // A group that the base deletes, and the tree keeps: nobody made it by hand.
    let tomb = World::of("", "", &format!("{TEAM}  old:\n    members: [ada@acme.com]\n"));
    let tomb = tomb.edit("  old:\n    members: [ada@acme.com]\n", "  old: { absent: true }\n").then_base();
    let tomb = tomb.edit("  old: { absent: true }\n", "  old:\n    members: [ada@acme.com]\n");
    assert_eq!(otherwise(&tomb.plan()), ["group.old: kept, not delete declared"]);
    assert_eq!(tomb.plan().base.unwrap().adopted, []);
    // Neighbour: somebody who never had the grant leaves the tree without a word.
    let never = base.change(|live| live.leave("team", "dina@acme.com"));
    let never = never.edit("[{ user: dina@acme.com, until: 2027-01-10 }]", "[]");
    assert_eq!((otherwise(&never.plan()), keys(&never.plan())), (vec![], vec![]));
}

const REFUSE: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
const EVE: &str =
    "  payroll:\n    members:\n      - ada@acme.com\n      - { user: eve@acme.com, until: 2027-01-10 }\n";

#[test]
fn an_end_that_moves_away_is_a_grant() {
    let base = World::of(REFUSE, "", EVE).then_base();
    let extended = [
        (
            base.clone().edit("2027-01-10", "2099-01-01"),
            "2027-01-10 to 2099-01-01",
            "until 2027-01-10 → until 2099-01-01",
        ),
        (
            base.clone().edit("{ user: eve@acme.com, until: 2027-01-10 }", "eve@acme.com"),
            "2027-01-10 to no end",
            "until 2027-01-10 → no end",
        ),
        (
            base.clone().edit("{ user: eve@acme.com, until: 2027-01-10 }", "{ account: acc-eve@acme.com }"),
            "2027-01-10 to no end",
            "until 2027-01-10 → no end",
        ),
    ];
    for (world, moved, shown) in extended {
        let plan = world.clone().by("eve@acme.com").plan();
        assert_eq!(keys(&plan), NONE);
        assert_eq!(
            otherwise(&plan),
            [format!("{}: {moved}, privileged", plan.base.as_ref().unwrap().declared[0].address)]
        );
        let judged = rulings(&plan);
        assert!(judged.len() == 1 && judged[0].starts_with("self-grant member.payroll/"), "{judged:?}");
        shown_first(&world.clone().by("eve@acme.com"), shown);
        assert_eq!(rulings(&world.by("ada@acme.com").plan()), NONE, "a colleague may");
    }
}

#[test]
fn an_end_is_judged_wherever_it_moves_from() {
    let base = World::of(REFUSE, "", EVE).then_base();
    let refused = ["self-grant member.payroll/eve@acme.com: refused"];
    // After that day, before an apply has ended it.
    let over = World { today: date(2027, 1, 11), ..base.clone() };
    assert_eq!(keys(&over.plan()), ["remove member.payroll/eve@acme.com"]);
    let revived = over.edit("2027-01-10", "2099-01-01").by("eve@acme.com");
    assert_eq!(
        otherwise(&revived.plan()),
        ["member.payroll/eve@acme.com: kept, not remove expired, privileged"]
    );
    assert_eq!((keys(&revived.plan()), rulings(&revived.plan())), (vec![], vec![refused[0].into()]));
    // A second way in, without an end.
    let second = World::of(REFUSE, "", &format!("{EVE}  team:\n    members: [eve@acme.com]\n")).then_base();
    let second = second.edit(
        "  payroll:\n    members:\n",
        "  payroll:\n    nest: true\n    members:\n      - group: team\n",
    );
    assert_eq!(otherwise(&second.plan()), ["member.payroll/eve@acme.com: 2027-01-10 to no end, privileged"]);
    assert_eq!(rulings(&second.by("eve@acme.com").plan()), refused);
    // The other rules judge it like a grant, too.
    let apart = "policy:\n  exclusive: [[payroll, audit]]\n";
    let apart = World::of(apart, "", &format!("{EVE}  audit:\n    members: [eve@acme.com]\n")).then_base();
    assert_eq!(rulings(&apart.plan()), NONE, "what stands is not refused");
    let apart = apart.edit("2027-01-10", "2099-01-01").plan();
    assert_eq!(rulings(&apart), ["exclusive member.payroll/eve@acme.com: refused"]);
    // Neighbours: the same day, another way of writing it, and an end of a group that is not privileged.
    let same = base
        .clone()
        .edit("until: 2027-01-10 }", "until: 2027-01-10, because: still }")
        .by("eve@acme.com")
        .plan();
    assert_eq!((otherwise(&same), rulings(&same)), (vec![], vec![]));
    let open = World::of(&REFUSE.replace("[payroll]", "[other]"), "", EVE)
        .then_base()
        .edit("2027-01-10", "2099-01-01");
    assert_eq!(otherwise(&open.plan()), ["member.payroll/eve@acme.com: 2027-01-10 to 2099-01-01"]);
    assert_eq!(rulings(&open.by("eve@acme.com").plan()), NONE);
}

#[test]
fn an_end_that_comes_nearer_is_a_revoke() {
    let protect = "policy:\n  privileged: [payroll]\n  protect: { users: [eve@acme.com] }\n";
    let nearer = World::of(protect, "", EVE).then_base().edit("2027-01-10", "2026-11-23");
    let plan = nearer.plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(otherwise(&plan), ["member.payroll/eve@acme.com: 2027-01-10 to 2026-11-23, privileged"]);
    assert_eq!(rulings(&plan), ["protect member.payroll/eve@acme.com: refused"]);
    shown_first(&nearer, "until 2027-01-10 → until 2026-11-23");
    // By an end where there was none, by account, and in a group that is protected.
    let groups = protect.replace("users: [eve@acme.com]", "groups: [payroll]");
    let none = World::of(&groups, "", PAYROLL).then_base();
    let none = none.edit("erik@acme.com", "{ user: erik@acme.com, until: 2026-11-23 }");
    assert_eq!(rulings(&none.plan()), ["protect member.payroll/erik@acme.com: refused"]);
    let by_account = World::of(protect, "", EVE).then_base();
    let by_account = by_account
        .edit("user: eve@acme.com, until: 2027-01-10", "account: acc-eve@acme.com, until: 2026-11-23");
    let by_account = by_account.plan();
    assert_eq!(rulings(&by_account).len(), 1, "{:?}", rulings(&by_account));
    // Neighbours: nobody protected, and an end that moves away.
    let open =
        World::of(REFUSE, "", EVE).then_base().edit("2027-01-10", "2026-12-30").by("ada@acme.com").plan();
    assert_eq!((otherwise(&open).len(), rulings(&open)), (1, vec![]));
    assert_eq!(
        rulings(&World::of(protect, "", EVE).then_base().edit("2027-01-10", "2028-01-10").plan()),
        NONE
    );
}

const ERIK: &str =
    "  payroll:\n    members:\n      - ada@acme.com\n      - { user: erik@acme.com, until: 2026-12-01 }\n";

#[test]
fn a_second_line_by_account_is_the_same_person() {
    // Nothing but the site says whose account it is.
    let second = World::of(REFUSE, "", ERIK).then_base().edit(
        "      - { user: erik@acme.com",
        "      - account: acc-erik@acme.com\n      - { user: erik@acme.com",
    );
    let plan = second.plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(codes(&plan), [("add member.payroll/erik@acme.com".into(), "listed-twice")]);
    assert_eq!(otherwise(&plan), ["member.payroll/erik@acme.com: 2026-12-01 to no end, privileged"]);
    assert_eq!(
        rulings(&second.clone().by("erik@acme.com").plan()),
        ["self-grant member.payroll/erik@acme.com: refused"]
    );
    let told = said(&plan, "expires-soon");
    assert_eq!(told, NONE, "nobody leaves on that day");
    shown_first(&second, "until 2026-12-01 → no end");
    // On the day what one line ends is not kept by the other one in silence.
    let mut day = second.clone();
    day.today = date(2026, 12, 1);
    day.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
    assert_eq!(keys(&day.plan()), ["remove member.payroll/erik@acme.com"], "the base ends it");
    day.base = None;
    assert_eq!(codes(&day.plan()), [("remove member.payroll/erik@acme.com".into(), "listed-twice")]);
    // Where both have ended, so has the access, and nothing is left to tell apart.
    let both = |mut day: World, is_in: bool| {
        day.today = date(2026, 12, 1);
        let day = day.edit("account: acc-erik@acme.com", "{ account: acc-erik@acme.com, until: 2026-12-01 }");
        let day = day.change(|live| {
            if !is_in {
                live.leave("payroll", "erik@acme.com");
            }
        });
        let plan = World { base: None, ..day }.plan();
        (keys(&plan), codes(&plan))
    };
    assert_eq!(both(second.clone(), true), (vec!["remove member.payroll/erik@acme.com".into()], vec![]));
    assert_eq!(both(second.clone(), false), (vec![], vec![]));
    // Taken out by email, he stays by account: it is shown.
    let out = second.then_base().edit("      - { user: erik@acme.com, until: 2026-12-01 }\n", "").plan();
    assert_eq!((keys(&out), codes(&out)), (vec![], vec![]));
    // `except` goes by account.
    let nested = "  payroll:\n    nest: true\n    members: [{ group: team, except: [chen@acme.com] }]\n  team:\n    \
                  members: [chen@acme.com, dina@acme.com, group: inner]\n  inner:\n    members: [dina@acme.com]\n";
    let nested = World::of(REFUSE, "", nested).then_base();
    let nested =
        nested.edit("members: [dina@acme.com]", "members: [dina@acme.com, account: acc-chen@acme.com]");
    assert_eq!(keys(&nested.plan()), ["add member.inner/chen@acme.com"]);
    // A second path without an end is an extension.
    let by_group =
        World::of(REFUSE, "", &format!("{ERIK}  team:\n    members: [account: acc-erik@acme.com]\n"))
            .then_base()
            .edit(
                "  payroll:\n    members:\n",
                "  payroll:\n    nest: true\n    members:\n      - group: team\n",
            );
    assert_eq!(
        otherwise(&by_group.plan()),
        ["member.payroll/erik@acme.com: 2026-12-01 to no end, privileged"]
    );
    // Neighbour: somebody else by account.
    let other = World::of(REFUSE, "", ERIK).then_base().change(hired(&["kim@acme.com"]));
    let other =
        other.edit("      - ada@acme.com\n", "      - ada@acme.com\n      - account: acc-kim@acme.com\n");
    assert_eq!((codes(&other.plan()), otherwise(&other.plan())), (vec![], vec![]));
}

#[test]
fn a_second_name_does_not_stop_an_end() {
    let users = "  d@acme.com: { account: acc-dina@acme.com }\n";
    let groups = "  team:\n    members: [{ user: dina@acme.com, until: 2026-12-01 }]\n";
    let mut named = World::of("", "", groups).then_base();
    named.files.push(("users/all.yaml".into(), format!("users:\n{users}")));
    named.files.sort();
    let shared =
        |plan: &rollbook::model::Plan| codes(plan).iter().any(|(_, code)| *code == "identity-shared");
    assert!(
        shared(&named.plan()),
        "two names of one account are a mistake of the tree: {:?}",
        codes(&named.plan())
    );
    let mut night = World { today: date(2026, 12, 1), base: None, ..named.clone() };
    night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
    let ended = keys(&night.plan());
    assert_eq!(ended.len(), 1, "{ended:?} {:?}", codes(&night.plan()));
    assert!(ended[0].starts_with("remove member.team/d"), "{ended:?}");
    assert_eq!(night.plan().operations[0].reason, Reason::Expired);
    // An honest change of email does it too, while `protect` still has the old one: the protection speaks, and the night
    // shows what it could not end.
    let protect = "policy:\n  protect: { users: [dina@acme.com] }\n";
    let mut honest = World::of(protect, "", groups).edit("user: dina@acme.com", "user: d@acme.com");
    honest.files.push(("users/all.yaml".into(), format!("users:\n{users}")));
    honest.files.sort();
    (honest.today, honest.scope) = (night.today, night.scope.clone());
    assert_eq!(keys(&honest.plan()), NONE);
    let shown = honest.plan().blocked;
    let shown = shown.iter().find(|it| it.code == "protect").map(|it| (it.address.to_string(), it.reason));
    assert_eq!(shown, Some(("member.team/d@acme.com".into(), Reason::Expired)));
    // An end by `active: false` under one of two names is an end as well.
    let leaves = "policy:\n  offboard: remove\n";
    let mut leaves = World::of(leaves, "", "  team:\n    members: [dina@acme.com]\n");
    let left = "users:\n  dina@acme.com: {}\n  d@acme.com: { account: acc-dina@acme.com, active: false }\n";
    leaves.files.push(("users/all.yaml".into(), left.into()));
    leaves.files.sort();
    assert!(
        keys(&leaves.plan()).iter().any(|key| key.starts_with("remove member.team/d")),
        "{:?}",
        keys(&leaves.plan())
    );
    // Neighbours: before its day nothing ends; and where a name goes on without an end, nothing does.
    let mut before = night.clone();
    before.today = date(2026, 11, 30);
    assert_eq!(keys(&before.plan()), NONE);
    let goes_on = night.edit(
        "[{ user: dina@acme.com, until: 2026-12-01 }]",
        "[{ user: dina@acme.com, until: 2026-12-01 }, d@acme.com]",
    );
    assert_eq!(keys(&goes_on.plan()), NONE);
    assert!(!codes(&goes_on.plan()).is_empty(), "and it is said");
    let alone = World::of("", "", groups);
    assert_eq!((codes(&alone.plan()), notes(&alone.plan())), (vec![], vec!["expires-soon"]));
}

#[test]
fn access_that_the_tree_lets_go_of_is_said_though_nothing_changes() {
    let policy = "policy:\n  mode: at-least\n  privileged: [team]\n";
    let users = "  dina@acme.com: { name: Dina }\n";
    let world = World::of(policy, users, "  team:\n    members: [ada@acme.com, dina@acme.com]\n").then_base();
    let left = world.clone().edit(", dina@acme.com", "");
    assert_eq!(keys(&left.plan()), NONE);
    assert_eq!(otherwise(&left.plan()), ["member.team/dina@acme.com: leaves, privileged"]);
    let gone = left.edit("  dina@acme.com: { name: Dina }\n", "  ada@acme.com: {}\n");
    assert_eq!(
        otherwise(&gone.plan()),
        ["user.dina@acme.com: leaves", "member.team/dina@acme.com: leaves, privileged"]
    );
    // Neighbour: where the group is exact, it is a revoke, and said as that.
    let exact = world.edit("at-least", "exact").then_base().edit(", dina@acme.com", "");
    assert_eq!(
        (keys(&exact.plan()), otherwise(&exact.plan())),
        (vec!["remove member.team/dina@acme.com".into()], vec![])
    );
}

#[test]
fn what_a_change_declares_of_access_that_is_there_is_shown() {
    // Payroll is on the site with Ada and Chen, and the base does not declare it.
    let policy = "policy:\n  privileged: [payroll]\n  protect: { users: [ada@acme.com] }\n";
    let base = World::of(policy, "", TEAM).change(hired(&["ada@acme.com", "chen@acme.com"])).change(|live| {
        live.groups.insert("id-payroll".into(), Group::of("payroll", [].into()));
        live.groups.insert("id-side".into(), Group::of("side", [].into()));
        for (group, email) in
            [("payroll", "ada@acme.com"), ("payroll", "chen@acme.com"), ("side", "chen@acme.com")]
        {
            live.join(group, email);
        }
    });
    let base = base.then_base();
    let declared = |groups: &str| base.clone().edit(TEAM, &format!("{TEAM}{groups}")).plan();
    let plan = declared("  payroll:\n    members: [ada@acme.com, chen@acme.com]\n");
    assert_eq!((keys(&plan), rulings(&plan)), (vec![], vec![]));
    let entered = [
        "member.payroll/ada@acme.com: enters, privileged",
        "member.payroll/chen@acme.com: enters, privileged",
    ];
    assert_eq!(otherwise(&plan), entered);
    // An end that nobody had before, in any group; a rule that protects somebody forbids it.
    let ends = |who: &str| {
        declared(&format!(
            "  payroll:\n    mode: at-least\n    members: [{{ user: {who}, until: 2027-06-01 }}]\n"
        ))
    };
    assert_eq!(
        otherwise(&ends("chen@acme.com")),
        ["member.payroll/chen@acme.com: no end to 2027-06-01, privileged"]
    );
    assert_eq!(rulings(&ends("ada@acme.com")), ["protect member.payroll/ada@acme.com: refused"]);
    let side = declared("  side:\n    members: [{ user: chen@acme.com, until: 2027-06-01 }]\n");
    assert_eq!(otherwise(&side), ["member.side/chen@acme.com: no end to 2027-06-01"]);
    // A list that has no room for all shows the end, and not all who come in.
    let both =
        declared("  payroll:\n    members: [ada@acme.com, { user: chen@acme.com, until: 2027-06-01 }]\n");
    assert_eq!(
        otherwise(&both),
        [
            "member.payroll/chen@acme.com: no end to 2027-06-01, privileged",
            "member.payroll/ada@acme.com: enters, privileged"
        ]
    );
    // Neighbour: a group that is not privileged comes with its members, and nothing changes for anybody.
    assert_eq!(otherwise(&declared("  side:\n    members: [chen@acme.com]\n")), NONE);
}
