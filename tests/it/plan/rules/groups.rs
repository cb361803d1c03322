//! Rules that name groups: they hold for the group of the site, by whatever name the tree has it.

use rollbook::model::Plan;

use super::{NONE, hired, refused_first, said, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, World};

const NESTS: &str = "policy:\n  privileged: [support]\n  exclusive: [[developers, support]]\n";
const GROUPS: &str =
    "  developers:\n    members: [bruno@acme.com]\n  support:\n    members: [ada@acme.com]\n";

fn privileged(plan: &Plan) -> Vec<String> {
    let marked = plan.operations.iter().filter(|planned| planned.privileged);
    marked.map(|planned| planned.key.to_string()).collect()
}

/// Neither the group nor whom it would bring.
fn nesting(group: &str) -> Vec<(String, &'static str)> {
    [format!("add group.{group}"), format!("add member.{group}/bruno@acme.com")]
        .map(|key| (key, "nesting-privileged"))
        .to_vec()
}

#[test]
fn a_group_stays_privileged_and_exclusive_under_another_key() {
    // The rename by `id:` is applied and committed; the edit comes later.
    let renamed =
        World::of(NESTS, "", GROUPS).edit("  support:\n", "  helpdesk:\n    id: id-support\n").then_base();
    let nested =
        renamed.clone().edit("members: [ada@acme.com]", "members: [ada@acme.com, group: developers]");
    assert_eq!(codes(&nested.plan()), nesting("helpdesk"));
    let joins = renamed.clone().edit("members: [ada@acme.com]", "members: [ada@acme.com, bruno@acme.com]");
    assert_eq!(rulings(&joins.plan()), ["exclusive member.helpdesk/bruno@acme.com: refused"]);
    assert_eq!(privileged(&joins.plan()), ["add member.helpdesk/bruno@acme.com"]);
    assert!(joins.text().contains("privileged"), "{}", joins.text());
    // The site has followed the rename, and nothing but the base's lock knows the old name.
    let moved = World::of(NESTS, "", GROUPS).edit("  support:\n", "  helpdesk:\n    id: id-support\n");
    let moved = moved.lock("groups:\n  support: { id: id-support, from: jira }\n").then_base();
    let moved = moved.change(|live| live.group("support").name = "helpdesk".into());
    let moved = moved.edit("groups:\n  support: { id: id-support, from: jira }\n", "groups: {}\n");
    let moved = moved.edit("members: [ada@acme.com]", "members: [ada@acme.com, group: developers]");
    assert_eq!(codes(&moved.plan()), nesting("helpdesk"));
    // Neighbours: `nest: true` says so, and another group that took the name is another group.
    let said_so = World::of("policy:\n  privileged: [support]\n", "", GROUPS)
        .edit("  support:\n", "  helpdesk:\n    id: id-support\n    nest: true\n")
        .then_base()
        .edit("members: [ada@acme.com]", "members: [ada@acme.com, group: developers]");
    assert_eq!((codes(&said_so.plan()), keys(&said_so.plan()).len()), (vec![], 1));
    let other = World::of("policy:\n  privileged: [support]\n", "", GROUPS).then_base();
    let other = other.edit(
        "developers:\n    members: [bruno@acme.com]",
        "developers:\n    members: [bruno@acme.com, kim@acme.com]",
    );
    assert_eq!(privileged(&other.change(hired(&["kim@acme.com"])).plan()), NONE);
}

#[test]
fn a_group_that_makes_administrators_is_privileged_without_being_listed() {
    let world = World::of("policy:\n  self-grant: refuse\n", "", GROUPS).then_base();
    let world = world.change(|live| live.admin_groups = ["id-support".to_owned()].into());
    let nested = world.clone().edit("members: [ada@acme.com]", "members: [ada@acme.com, group: developers]");
    assert_eq!(codes(&nested.plan()), nesting("support"));
    let own = world.clone().edit("members: [ada@acme.com]", "members: [ada@acme.com, bruno@acme.com]");
    assert_eq!(
        rulings(&own.clone().by("bruno@acme.com").plan()),
        ["self-grant member.support/bruno@acme.com: refused"]
    );
    assert_eq!(privileged(&own.plan()), ["add member.support/bruno@acme.com"]);
    let ends = world.clone().edit("members: [ada@acme.com]", "absent: true");
    assert_eq!(codes(&ends.plan()), [("delete group.support".into(), "delete-refused")]);
    // By two groups: the inner one is taken in by one that is taken in.
    let deep = "members: [ada@acme.com, group: outer]\n  outer:\n    members: [group: developers]";
    let deep = codes(&world.clone().edit("members: [ada@acme.com]", deep).plan());
    assert!(deep.contains(&("add member.support/bruno@acme.com".into(), "nesting-privileged")), "{deep:?}");
    // Neighbour: a group that makes nobody one.
    let plain = world.change(|live| live.admin_groups.clear());
    let plain = plain.edit("members: [ada@acme.com]", "members: [ada@acme.com, group: developers]").plan();
    assert_eq!((codes(&plain), keys(&plain)), (vec![], vec!["add member.support/bruno@acme.com".into()]));
}

#[test]
fn what_a_rule_means_is_not_the_changes_to_loosen() {
    // No rule's text differs: a pin moves what `protect` names to another account.
    let policy = "policy:\n  protect: { users: [root@acme.com] }\n";
    let world = World::of(
        policy,
        "  root@acme.com: { account: acc-root }\n",
        "  admins:\n    members: [root@acme.com]\n",
    );
    let world = world.then_base().change(|live| {
        live.hire("other@acme.com");
        live.account("other@acme.com").hidden = true;
        live.account("root@acme.com").hidden = true;
    });
    let moved = world.clone().edit("account: acc-root", "account: acc-other@acme.com").plan();
    assert!(keys(&moved).contains(&"remove member.admins/account:acc-root".to_owned()), "{:?}", keys(&moved));
    let judged = rulings(&moved);
    assert_eq!(
        judged,
        ["protect user.root@acme.com: refused", "protect member.admins/account:acc-root: refused"]
    );
    // A second key for the group of a floor.
    let floor = World::of(
        "policy:\n  keep-at-least: { support: 2 }\n",
        "",
        "  support:\n    members: [ada@acme.com, eve@acme.com]\n",
    );
    let floor = floor.then_base().edit("  support:\n    members: [ada@acme.com, eve@acme.com]\n",
        "  helpdesk:\n    id: id-support\n    members: [ada@acme.com]\n  support:\n    id: id-new\n    members: []\n");
    let floor = floor.change(|live| {
        live.groups.insert("id-new".into(), Group::of("new", [].into()));
    });
    assert_eq!(keys(&floor.plan()), ["remove member.helpdesk/eve@acme.com"]);
    assert_eq!(rulings(&floor.plan()), ["keep-at-least group.helpdesk: refused"]);
    // Neighbours: the rule itself changes, which a reviewer reads; and the operation is the base's to allow as well.
    let said =
        world.edit("protect: { users: [root@acme.com] }", "mode: exact").edit("[root@acme.com]", "[]").plan();
    assert_eq!(rulings(&said), ["protect member.admins/root@acme.com: allowed by change"]);
}

#[test]
fn marks_the_operator_and_the_ban_on_deleting_are_the_bases_too() {
    let world = World::of("policy:\n  privileged: [support]\n", "", GROUPS).then_base();
    let unlisted = world
        .clone()
        .edit("  privileged: [support]\n", "  mode: exact\n")
        .edit("members: [ada@acme.com]", "absent: true");
    assert_eq!(codes(&unlisted.plan()), [("delete group.support".into(), "delete-refused")]);
    let joins = world
        .clone()
        .edit("  privileged: [support]\n", "  mode: exact\n")
        .edit("[ada@acme.com]", "[ada@acme.com, bruno@acme.com]");
    assert_eq!(privileged(&joins.plan()), ["add member.support/bruno@acme.com"]);
    let nested = joins.edit("[ada@acme.com, bruno@acme.com]", "[ada@acme.com, group: developers]");
    assert_eq!(codes(&nested.plan()), nesting("support"));
    let operator = World::of("operator: ada@acme.com\n", "", GROUPS).then_base();
    let operator =
        operator.edit("operator: ada@acme.com\n", "operator: bruno@acme.com\n").edit("[ada@acme.com]", "[]");
    assert_eq!(codes(&operator.plan()), [("remove member.support/ada@acme.com".into(), "self-lockout")]);
    // Newly listed counts at once.
    let listed = World::of("policy:\n  mode: exact\n", "", GROUPS).then_base();
    let listed = listed
        .edit("  mode: exact\n", "  privileged: [support]\n")
        .edit("[ada@acme.com]", "[ada@acme.com, bruno@acme.com]");
    assert_eq!(privileged(&listed.plan()), ["add member.support/bruno@acme.com"]);
    // Neighbour: unlisted in an earlier change.
    let earlier = world
        .edit("  privileged: [support]\n", "  mode: exact\n")
        .then_base()
        .edit("members: [ada@acme.com]", "absent: true");
    assert_eq!(
        (codes(&earlier.plan()), keys(&earlier.plan())),
        (vec![], vec!["delete group.support".into()])
    );
}

#[test]
fn a_lock_line_or_a_pin_does_not_give_a_name_to_another_existing_group() {
    let by_lock = |id: &str| {
        World::of("", "", GROUPS).lock(&format!("groups:\n  support: {{ id: {id}, from: jira }}\n"))
    };
    let changed = [("create group.support".to_owned(), "identity-changed")];
    assert_eq!(codes(&by_lock("id-developers").plan()), changed);
    let deleted = by_lock("id-developers").edit("members: [ada@acme.com]", "absent: true").plan();
    assert_eq!(
        (keys(&deleted), codes(&deleted)),
        (vec![], vec![("delete group.support".into(), "identity-changed")])
    );
    let by_pin =
        |id: &str| World::of("", "", GROUPS).edit("  support:\n", &format!("  support:\n    id: {id}\n"));
    let apart = |world: World| {
        world.change(|live| {
            live.groups.insert("id-third".into(), Group::of("third", [].into()));
        })
    };
    let pinned = apart(by_pin("id-third")).plan();
    assert_eq!((keys(&pinned), codes(&pinned)), (vec![], changed.to_vec()));
    // With a base the line that moves is shown first, and a rule that names the group refuses what it can.
    let moved = apart(by_lock("id-support").then_base().edit("id: id-support", "id: id-third"));
    assert_eq!((keys(&moved.plan()), codes(&moved.plan())), (vec![], changed.to_vec()));
    shown_first(&moved, "group support id-support → id-third");
    // Neighbours: the right id, and a name that the site has given to nobody else.
    assert_eq!(codes(&by_lock("id-support").plan()), []);
    assert_eq!(codes(&by_pin("id-support").plan()), []);
    let renamed = apart(by_pin("id-third"))
        .change(|live| {
            live.groups.remove("id-support");
        })
        .plan();
    assert_eq!((codes(&renamed), keys(&renamed)), (vec![], vec!["add member.support/ada@acme.com".into()]));
}

#[test]
fn the_deletion_of_a_protected_group_is_refused() {
    let world = World::of("policy:\n  protect: { groups: [support] }\n", "", GROUPS).then_base();
    let deleted = world.clone().edit("members: [ada@acme.com]", "absent: true");
    assert_eq!(
        (rulings(&deleted.plan()), codes(&deleted.plan())),
        (vec!["protect group.support: refused".into()], vec![])
    );
    refused_first(&deleted, "protect");
    assert_eq!(rulings(&World { base: None, ..deleted.clone() }.plan()), ["protect group.support: refused"]);
    // Nobody is in it; it goes by another key; a protected person is in it.
    let refused = |world: World| assert_eq!(rulings(&world.plan()), ["protect group.support: refused"]);
    refused(deleted.clone().change(|live| live.leave("support", "ada@acme.com")));
    let renamed = world
        .clone()
        .edit("  support:\n    members: [ada@acme.com]\n", "  old: { id: id-support, absent: true }\n");
    assert_eq!(rulings(&renamed.plan()), ["protect group.old: refused"]);
    let person = World::of("policy:\n  protect: { users: [ada@acme.com] }\n", "", GROUPS).then_base();
    refused(person.edit("members: [ada@acme.com]", "absent: true"));
    // Neighbours: another group, and a waiver of before.
    let other = world.clone().edit("members: [bruno@acme.com]", "absent: true").plan();
    assert_eq!((rulings(&other), keys(&other)), (vec![], vec!["delete group.developers".into()]));
    let waive =
        "waive:\n  - { guard: protect, for: [group.support], because: closed, until: 2026-12-31 }\npolicy:";
    let waived = world.edit("policy:", waive).then_base().edit("members: [ada@acme.com]", "absent: true");
    assert_eq!(rulings(&waived.plan()), ["protect group.support: waived"]);
}

#[test]
fn a_rule_that_holds_for_nothing_says_so() {
    // The kind of I: a name that resolves to nothing is said, whether or not it is close to a declared one.
    let policy = "policy:\n  privileged: [nowhere]\n  protect: { groups: [gone], users: [nobody@acme.com] }\n  \
                  keep-at-least: { none: 1 }\n  exclusive: [[support, void]]\n";
    let plan = World::of(policy, "", GROUPS)
        .change(|live| live.accounts.retain(|_, it| it.email.as_deref() != Some("nobody@acme.com")))
        .plan();
    let told = said(&plan, "rule-names-nothing");
    for name in [
        "privileged names nowhere",
        "protect.groups names gone",
        "keep-at-least names none",
        "exclusive names void",
        "protect.users names nobody@acme.com",
    ] {
        assert!(told.iter().any(|text| text.contains(name)), "{name}: {told:?}");
    }
    // Neighbours: a group that the tree makes, and one that only the site has.
    let made = World::of("policy:\n  privileged: [support, live-only]\n", "", GROUPS).change(|live| {
        live.groups.retain(|_, group| group.name != "support");
        live.groups.insert("id-live".into(), Group::of("live-only", [].into()));
    });
    assert_eq!(said(&made.plan(), "rule-names-nothing"), NONE);
}
