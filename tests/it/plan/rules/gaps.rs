//! What people inside tried where a rule was read in two ways, where nobody knew whom or what it means, or where a long change
//! pushes it out of sight: each refused or shown, with an honest neighbour.

use jiff::civil::date;
use rollbook::model::{Plan, Surface};
use rollbook::render::plan_github;

use super::{NONE, hired, requires, said};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, World};

fn rules(plan: &Plan) -> Vec<&str> {
    plan.base.as_ref().unwrap().rules.iter().map(|change| change.rule.as_str()).collect()
}

#[test]
fn no_two_lists_read_the_same() {
    let lists = |list: &str| format!("policy:\n  exclusive: [{list}]\n");
    let groups = "  makers:\n    members: []\n  approvers:\n    members: []\n  sub:\n    members: []\n";
    let world = World::of(&lists("[approvers, makers, sub]"), "", groups).then_base();
    let changed = world.clone().edit("[approvers, makers, sub]", "[approvers and makers, sub]").plan();
    assert_eq!(
        rules(&changed),
        [
            "policy.exclusive: approvers and makers and sub",
            "policy.exclusive: \"approvers and makers\" and sub"
        ]
    );
    let again = World::of(&lists("[a and, b]"), "", groups).then_base();
    assert_eq!(rules(&again.edit("[a and, b]", "[a, and b]").plan()).len(), 2);
    let include = World::of("include: [a*.yaml, groups/*.yaml, b*.yaml]\n", "", groups).then_base();
    let one = include.edit("a*.yaml, groups/*.yaml, b*.yaml", "'a*.yaml, groups/*.yaml', b*.yaml");
    assert_eq!(rules(&one.plan()), ["include"]);
    // What excludes is refused by the rules of before, and let pass by the change alone.
    let both = world.edit("[approvers, makers, sub]", "[approvers and makers, sub]");
    let both = both.edit("makers:\n    members: []", "makers:\n    members: [dina@acme.com]");
    let both = both.edit("approvers:\n    members: []", "approvers:\n    members: [dina@acme.com]");
    let both = both.change(hired(&["dina@acme.com"])).plan();
    assert_eq!(
        rulings(&both),
        [
            "exclusive member.approvers/dina@acme.com: allowed by change",
            "exclusive member.makers/dina@acme.com: allowed by change"
        ]
    );
    // Neighbour: another order of a list changes nothing.
    let world = World::of(&lists("[approvers, makers, sub]"), "", groups).then_base();
    assert_eq!(rules(&world.edit("[approvers, makers, sub]", "[sub, makers, approvers]").plan()), NONE);
}

#[test]
fn a_dropped_rule_is_shown_before_whatever_a_change_brings() {
    let policy = "policy:\n  exclusive: [[makers, approvers]]\n  protect: { users: [prot@acme.com] }\n";
    let groups = "  makers:\n    members: []\n  approvers:\n    members: []\n";
    let mut world = World::of(policy, "", groups)
        .then_base()
        .edit("  exclusive: [[makers, approvers]]\n  protect: { users: [prot@acme.com] }\n", "");
    let owners: Vec<String> = (0..1800).map(|number| format!("reviewer-{number:04}@acme.com")).collect();
    let many = format!("policy:\n  admins: [{}]\n", owners.join(", "));
    world = world.edit("policy:\n", &many);
    for number in 0..20 {
        let group =
            format!("groups:\n  alpha-{number}:\n    owners: [{}]\n    members: []\n", owners.join(", "));
        world.files.push((format!("groups/{number}.yaml"), group));
    }
    let comment = world.markdown();
    for dropped in ["policy.exclusive: approvers and makers", "policy.protect.users: prot@acme.com"] {
        assert!(comment.contains(dropped), "{dropped} is left out of\n{comment}");
    }
    assert!(comment.contains("Left out:"), "{comment}");
    // An annotation has them first as well.
    let plan = world.plan();
    let annotations = plan_github(&plan, "");
    assert!(
        annotations.starts_with(
            "::warning title=rules that change::policy.exclusive: approvers and makers: listed → none"
        ),
        "{annotations}"
    );
    // Neighbour: no rule, no word.
    let same = World::of(policy, "", groups)
        .then_base()
        .edit("makers:\n    members: []", "makers:\n    members: [dina@acme.com]");
    assert!(!plan_github(&same.change(hired(&["dina@acme.com"])).plan(), "").contains("rules that change"));
}

const SELF_GRANT: &str =
    "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\npolicy:\n  self-grant: refuse\n";

#[test]
fn without_jira_any_group_may_give_site_administration() {
    let groups = "  admins:\n    members: [root@acme.com]\n";
    let world =
        World::of(SELF_GRANT, "", groups).change(hired(&["dina@acme.com", "ada@acme.com"])).change(|live| {
            live.admin_groups.insert("id-admins".into());
            live.surfaces = [Surface::Organization].into();
        });
    let joins = world.clone().then_base().edit("[root@acme.com]", "[root@acme.com, dina@acme.com]");
    let refused = ["self-grant member.admins/dina@acme.com: refused"];
    let own = joins.clone().by("dina@acme.com").plan();
    assert_eq!(rulings(&own), refused);
    assert!(own.guards[0].why.contains("it is unknown whether the group gives site administration"));
    assert_eq!(said(&own, "site-admins-unknown").len(), 1);
    assert_eq!(rulings(&joins.clone().plan()), refused, "nobody says who made it");
    let alone = World { base: None, ..joins.clone() };
    assert_eq!(rulings(&alone.plan()), ["self-grant : not judged"]);
    let nested = world
        .then_base()
        .edit("[root@acme.com]", "[root@acme.com, group: team]")
        .edit("groups:\n", "groups:\n  team: { members: [dina@acme.com] }\n");
    assert!(rulings(&nested.by("dina@acme.com").plan()).contains(&refused[0].to_owned()));
    // Neighbours: somebody else lets them in, and a group that the change makes gives nothing.
    assert_eq!(rulings(&joins.clone().by("ada@acme.com").plan()), NONE);
    let made = joins.clone().edit("[root@acme.com, dina@acme.com]", "[root@acme.com]");
    let made =
        made.edit("groups:\n", "groups:\n  lunch: { members: [dina@acme.com] }\n").by("dina@acme.com").plan();
    assert_eq!((rulings(&made), keys(&made).len()), (vec![], 2));
    // With Jira, it tells which do.
    let told = joins.change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization].into();
        live.admin_groups.clear();
    });
    assert_eq!(rulings(&told.by("dina@acme.com").plan()), NONE);
}

/// Two accounts hide their email; one of them is in a group by its id, in the base.
fn hiding(policy: &str) -> World {
    let groups = "  lunch:\n    members: [ada@acme.com, account: acc-hid]\n";
    let hidden = |email: &str| Account { hidden: true, ..Account::person(email) };
    World::of(policy, "  ada@acme.com: {}\n", groups).then_base().edit(", account: acc-hid", "").change(
        move |live| {
            live.accounts.remove("acc-hid@acme.com");
            live.accounts.insert("acc-hid".into(), hidden("hid@acme.com"));
            live.accounts.insert("acc-other".into(), hidden("other@acme.com"));
        },
    )
}

#[test]
fn whom_a_change_names_is_unseen_until_it_is_applied() {
    let kept = [("remove member.lunch/account:acc-hid".to_owned(), "identity-unresolved")];
    for policy in ["policy:\n  protect: { users: [hid@acme.com] }\n", "operator: hid@acme.com\n"] {
        let world = hiding(policy);
        let plan = world.plan();
        assert_eq!((keys(&plan), codes(&plan)), (vec![], kept.to_vec()), "{policy}");
        let nothing = said(&plan, "rule-names-nothing");
        assert!(nothing[0].ends_with("until it is known, no account that hides its email loses anything"));
        // The same change says that they are somebody else, by a pin or by a line of the lock.
        let pinned = world.clone().edit("users:\n", "users:\n  hid@acme.com: { account: acc-other }\n");
        assert_eq!((keys(&pinned.plan()), codes(&pinned.plan())), (vec![], kept.to_vec()), "{policy}");
        let lock = "users:\n  hid@acme.com: { account: acc-other, from: jira }\ngroups: {}\n";
        assert_eq!(codes(&world.clone().lock(lock).plan()), kept, "{policy}");
        // Or that the account is somebody else's.
        let named =
            world.clone().edit("users:\n", "users:\n  else@acme.com: { account: acc-hid, active: false }\n");
        assert!(
            !keys(&named.plan()).iter().any(|key| key.starts_with("remove")),
            "{policy}: {:?}",
            keys(&named.plan())
        );
        // Neighbours: once it was applied, and somebody whose email is shown.
        let applied = hiding(policy).edit("users:\n", "users:\n  hid@acme.com: { account: acc-other }\n");
        let applied = applied.edit("[ada@acme.com]", "[ada@acme.com, account: acc-hid]").then_base();
        let applied = applied.edit(", account: acc-hid", "").plan();
        assert_eq!(keys(&applied), ["remove member.lunch/account:acc-hid"], "{policy}");
        let shown = world.change(|live| live.accounts.get_mut("acc-hid").unwrap().hidden = false).plan();
        assert!(codes(&shown).is_empty() || codes(&shown)[0].1 == "self-lockout", "{:?}", codes(&shown));
    }
}

#[test]
fn nobody_but_an_owner_changes_who_owns_the_rules() {
    let policy = "policy:\n  self-grant: refuse\n  admins: [root@acme.com, ines@acme.com]\n";
    let world = World::of(policy, "", "")
        .change(hired(&["root@acme.com", "ines@acme.com", "dina@acme.com"]))
        .then_base();
    let out = world.clone().edit("[root@acme.com, ines@acme.com]", "[root@acme.com]");
    assert_eq!(rulings(&out.clone().by("dina@acme.com").plan()), ["self-grant : refused"]);
    let none = world.clone().edit("  admins: [root@acme.com, ines@acme.com]\n", "");
    assert_eq!(rulings(&none.by("dina@acme.com").plan()), ["self-grant : refused", "self-grant : refused"]);
    // Neighbour: one of them takes the other out, or leaves.
    assert_eq!(rulings(&out.clone().by("root@acme.com").plan()), NONE);
    assert_eq!(rulings(&out.by("ines@acme.com").plan()), NONE);
}

#[test]
fn a_group_that_is_deleted_excludes_nobody_who_comes_back() {
    let policy =
        "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\npolicy:\n  exclusive: [[makers, sub]]\n";
    let groups = "  makers:\n    members: [bob@acme.com]\n  sub:\n    members: []\n";
    let world = World::of(policy, "  bob@acme.com: { active: false }\n", &groups.replace("bob@acme.com", ""))
        .change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            live.account("bob@acme.com").suspended = true;
            live.join("makers", "bob@acme.com");
            live.join("sub", "bob@acme.com");
        })
        .then_base()
        .edit("active: false", "active: true")
        .edit("makers:\n    members: []", "makers:\n    members: [bob@acme.com]");
    let both = world.clone().edit("  sub:\n    members: []", "  sub:\n    members: [bob@acme.com]");
    assert!(rulings(&both.plan()).iter().all(|ruling| ruling.starts_with("exclusive ")), "control");
    assert_ne!(rulings(&both.plan()), NONE, "control");
    let deleted = world.edit("  sub:\n    members: []", "  sub: { absent: true }").plan();
    assert_eq!((rulings(&deleted), codes(&deleted)), (vec![], vec![]));
    // The deletion may fail: they come back after it.
    assert!(requires(&deleted, "activate user.bob@acme.com").contains(&"delete group.sub".to_owned()));
}

#[test]
fn an_end_that_a_rule_will_stop_is_not_told_as_one() {
    let until = date(2026, 11, 30);
    let groups =
        format!("  payroll:\n    members: [ada@acme.com, {{ user: dina@acme.com, until: {until} }}]\n");
    let told = |policy: &str| {
        let plan = World::of(policy, "", &groups).plan();
        said(&plan, "expires-soon")[0].to_owned()
    };
    assert_eq!(told(""), "dina@acme.com leaves payroll on 2026-11-30");
    for (policy, rule) in [
        ("policy:\n  protect: { groups: [payroll] }\n", "`policy.protect.groups`"),
        ("policy:\n  protect: { users: [dina@acme.com] }\n", "`policy.protect.users`"),
        ("operator: dina@acme.com\n", "`self-lockout`"),
    ] {
        let expected = format!("dina@acme.com should leave payroll on 2026-11-30, and {rule} prevents it");
        assert_eq!(told(policy), expected);
    }
    // Neighbour: another group's protection.
    assert_eq!(
        told("policy:\n  protect: { groups: [other] }\n"),
        "dina@acme.com leaves payroll on 2026-11-30"
    );
}
