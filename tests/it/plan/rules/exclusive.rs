//! `exclusive`: nobody comes into two groups of a list, whatever the tree calls the groups.

use super::{NONE, hired, notes, otherwise, refused_first, requires, said, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, World};

const APART: &str = "policy:\n  exclusive: [[developers, support]]\n";
const DEVELOPERS: &str = "  developers:\n    members: [bruno@acme.com]\n";
const GROUPS: &str =
    "  developers:\n    members: [bruno@acme.com]\n  support:\n    members: [ada@acme.com]\n";

fn apart() -> World {
    World::of(APART, "", GROUPS).then_base()
}

#[test]
fn a_group_that_leaves_the_tree_still_excludes() {
    let refused = ["exclusive member.support/bruno@acme.com: refused"];
    let left = apart().edit(DEVELOPERS, "");
    let plan = left.plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(rulings(&plan), NONE);
    assert_eq!(otherwise(&plan), ["group.developers: leaves, Some(1) stay, 0 dropped"]);
    let named = [
        "policy.exclusive names developers, which this change stops declaring: its members stay, and the rule applies to them",
    ];
    assert_eq!(said(&plan, "rule-names-left-group"), named);
    shown_first(&left, "no longer declared: 1 member stay");
    let joins = "members: [ada@acme.com, bruno@acme.com]";
    let after = left.clone().then_base().edit("members: [ada@acme.com]", joins);
    assert_eq!(keys(&after.plan()), ["add member.support/bruno@acme.com"]);
    assert_eq!(rulings(&after.plan()), refused);
    refused_first(&after, "exclusive");
    let both = left.clone().edit("members: [ada@acme.com]", joins);
    assert_eq!(rulings(&both.plan()), refused, "both in one change");
    // Neighbours: somebody else may join, and so may he once he has left.
    let other =
        left.clone().then_base().edit("members: [ada@acme.com]", "members: [ada@acme.com, carla@acme.com]");
    let other = other.change(hired(&["carla@acme.com"])).plan();
    assert_eq!((keys(&other), rulings(&other)), (vec!["add member.support/carla@acme.com".into()], vec![]));
    let gone = after.change(|live| live.leave("developers", "bruno@acme.com"));
    assert_eq!(rulings(&gone.plan()), NONE);
    // A group that stays declared needs no note.
    assert_eq!(notes(&apart().plan()), NONE);
}

#[test]
fn a_group_excludes_by_whatever_name_and_whoever_joins() {
    // The group goes by another key, was never declared, or takes in another one.
    let refused = ["exclusive member.support/bruno@acme.com: refused"];
    let joins = "members: [ada@acme.com, bruno@acme.com]";
    let renamed = apart().edit("  developers:\n", "  makers:\n    id: id-developers\n");
    let renamed = renamed.then_base().edit("members: [ada@acme.com]", joins);
    assert_eq!(rulings(&renamed.plan()), refused);
    let never = World::of(APART, "", "  support:\n    members: [ada@acme.com]\n").then_base();
    let never = never.change(hired(&["bruno@acme.com"])).change(|live| {
        let members = [live.id_of("bruno@acme.com")].into();
        live.groups.insert("id-developers".into(), Group::of("developers", members));
    });
    assert_eq!(rulings(&never.clone().edit("members: [ada@acme.com]", joins).plan()), refused);
    let by_account = "members: [ada@acme.com, account: acc-bruno@acme.com]";
    let by_account = never.clone().edit("members: [ada@acme.com]", by_account).plan();
    assert_eq!(rulings(&by_account), ["exclusive member.support/account:acc-bruno@acme.com: refused"]);
    let nested = "members: [ada@acme.com, group: team]\n  team:\n    members: [bruno@acme.com]";
    let nested = never.edit("members: [ada@acme.com]", nested).plan();
    assert!(rulings(&nested).contains(&refused[0].to_owned()), "{:?}", rulings(&nested));
}

#[test]
fn a_pair_that_stands_already_is_said_and_not_refused() {
    // That `check` finds it in the tree alone is in `diagnostics/exclusive-pair`.
    let both = GROUPS.replace("[ada@acme.com]", "[ada@acme.com, bruno@acme.com]");
    let world = World::of(APART, "", &both);
    let standing = ["bruno@acme.com is in developers and in support, which exclude each other"];
    let plan = world.plan();
    assert_eq!((keys(&plan), rulings(&plan)), (vec![], vec![]));
    assert_eq!(said(&plan, "exclusive-stands"), standing);
    assert_eq!(said(&world.clone().then_base().plan(), "exclusive-stands"), standing);
    // Done by hand in a group that takes undeclared members.
    let by_hand = World::of(&APART.replace("policy:\n", "policy:\n  mode: at-least\n"), "", GROUPS)
        .change(|live| live.join("support", "bruno@acme.com"));
    assert_eq!(said(&by_hand.plan(), "exclusive-stands"), standing);
    assert!(by_hand.text().contains("which exclude each other"), "{}", by_hand.text());
    assert!(by_hand.markdown().contains("which exclude each other"), "{}", by_hand.markdown());
    // Two groups that nothing declares exclude each other as well.
    let undeclared = World::of(APART, "", "  sre:\n    members: [bruno@acme.com]\n").change(|live| {
        let members: std::collections::BTreeSet<String> = [live.id_of("bruno@acme.com")].into();
        live.groups.insert("id-d".into(), Group::of("developers", members.clone()));
        live.groups.insert("id-s".into(), Group::of("support", members));
    });
    assert_eq!(said(&undeclared.plan(), "exclusive-stands"), standing);
    // Neighbour: one who is in one of the two.
    assert_eq!(said(&apart().plan(), "exclusive-stands"), NONE);
}

const SWAP: &str = "policy:\n  exclusive: [[makers, approvers]]\n";
const SWAPPED: &str = "  makers:\n    members: [mia@acme.com]\n  approvers:\n    members: [bob@acme.com]\n";

/// The tree has two people change places.
fn swapping(policy: &str, groups: &str) -> World {
    World::of(policy, "", groups)
        .then_base()
        .edit("makers:\n    members: [mia@acme.com", "makers:\n    members: [BOTH@acme.com")
        .edit("approvers:\n    members: [bob@acme.com", "approvers:\n    members: [mia@acme.com")
        .edit("BOTH@acme.com", "bob@acme.com")
}

#[test]
fn people_leave_before_they_come_into_what_excludes_it() {
    let plan = swapping(SWAP, SWAPPED).plan();
    assert_eq!(rulings(&plan), NONE);
    assert_eq!(requires(&plan, "add member.makers/bob@acme.com"), ["remove member.approvers/bob@acme.com"]);
    assert_eq!(requires(&plan, "add member.approvers/mia@acme.com"), ["remove member.makers/mia@acme.com"]);
    // Also where the tree calls the group something else than the rule does.
    let renamed = World::of(SWAP, "", SWAPPED)
        .edit("  makers:\n", "  creators:\n    id: id-makers\n")
        .then_base()
        .edit("[mia@acme.com]", "[]")
        .edit("[bob@acme.com]", "[mia@acme.com]")
        .plan();
    assert_eq!(
        requires(&renamed, "add member.approvers/mia@acme.com"),
        ["remove member.creators/mia@acme.com"]
    );
    // Neighbour: groups that may be held together wait for nothing.
    let free = swapping("policy:\n  mode: exact\n", SWAPPED).plan();
    assert_eq!(requires(&free, "add member.makers/bob@acme.com"), NONE);
}

#[test]
fn where_a_floor_closes_the_circle_the_plan_is_refused() {
    let floors = format!("{SWAP}  keep-at-least: {{ makers: 1, approvers: 1 }}\n");
    let stuck = swapping(&floors, SWAPPED);
    let refused = ["keep-at-least group.approvers: refused", "keep-at-least group.makers: refused"];
    assert_eq!(rulings(&stuck.plan()), refused);
    refused_first(&stuck, "keep-at-least");
    assert_eq!(stuck.plan().operations.len(), 4, "it is shown whole");
    // Neighbours: one floor leaves an order, and so does a third person who stays.
    let one = swapping(&format!("{SWAP}  keep-at-least: {{ makers: 1 }}\n"), SWAPPED).plan();
    assert_eq!(rulings(&one), NONE);
    let order = keys(&one);
    let at = |key: &str| order.iter().position(|it| it == key).unwrap();
    assert!(at("add member.makers/bob@acme.com") < at("remove member.makers/mia@acme.com"), "{order:?}");
    assert!(at("remove member.approvers/bob@acme.com") < at("add member.makers/bob@acme.com"), "{order:?}");
    let third =
        SWAPPED.replace("mia@acme.com", "mia@acme.com, zoe@acme.com").replace("[bob", "[yan@acme.com, bob");
    let third = World::of(&floors, "", &third)
        .then_base()
        .edit("[mia@acme.com, zoe", "[bob@acme.com, zoe")
        .edit("[yan@acme.com, bob", "[yan@acme.com, mia");
    assert_eq!(rulings(&third.plan()), NONE);
}

#[test]
fn a_group_under_two_keys_does_not_blind_a_rule() {
    // What pins and the lock show is `check`'s to refuse (`diagnostics/shared-group-id`); here the site alone shows it.
    let two =
        apart().edit(DEVELOPERS, &format!("{DEVELOPERS}  makers:\n    id: id-developers\n    members: []\n"));
    let shared: Vec<(String, &str)> = vec![
        ("create group.developers".into(), "identity-shared"),
        ("create group.makers".into(), "identity-shared"),
    ];
    let joins = two.clone().edit("members: [ada@acme.com]", "members: [ada@acme.com, bruno@acme.com]");
    assert_eq!(codes(&two.plan()), shared);
    assert_eq!(rulings(&two.plan()), NONE);
    let judged = rulings(&joins.plan());
    assert!(judged.contains(&"exclusive member.support/bruno@acme.com: refused".to_owned()), "{judged:?}");
    // A floor counts by the group as well.
    let floor =
        APART.replace("exclusive: [[developers, support]]", "keep-at-least: { helpdesk: 2, support: 2 }");
    let groups = "  support:\n    members: [ada@acme.com, eve@acme.com]\n";
    let floor = World::of(&floor, "", groups)
        .then_base()
        .edit("support:\n", "helpdesk:\n    id: id-support\n")
        .edit(", eve@acme.com", "");
    let refused = ["keep-at-least group.helpdesk: refused"];
    assert_eq!(rulings(&floor.plan()), refused, "by either name, once");
    // Neighbour: two keys of two groups.
    let apart = apart().edit(DEVELOPERS, &format!("{DEVELOPERS}  makers:\n    members: []\n"));
    assert_eq!(codes(&apart.plan()), []);
}

#[test]
fn a_waiver_covers_the_account_whatever_names_it() {
    let waived = |address: &str| {
        let waive = format!(
            "waive:\n  - {{ guard: exclusive, for: [{address}], because: OPS-1, until: 2026-12-31 }}\n"
        );
        let world = World::of(&format!("{APART}{waive}"), "", GROUPS).then_base();
        rulings(&world.edit("members: [ada@acme.com]", "members: [ada@acme.com, bruno@acme.com]").plan())
    };
    let [refused, covered] =
        ["refused", "waived"].map(|ruling| [format!("exclusive member.support/bruno@acme.com: {ruling}")]);
    assert_eq!(waived("user.bruno@acme.com"), covered);
    assert_eq!(waived("user.account:acc-bruno@acme.com"), covered);
    assert_eq!(waived("user.account:acc-ada@acme.com"), refused);
}

#[test]
fn groups_that_are_yet_to_be_made_exclude_each_other_in_whatever_case() {
    let base = World::of("policy:\n  exclusive: [[Alpha, Beta]]\n", "", GROUPS).then_base();
    let both = "  alpha:\n    members: [ada@acme.com]\n  beta:\n    members: [ada@acme.com]\n  support:";
    let refused = rulings(&base.clone().edit("  support:", both).plan());
    assert!(refused.iter().any(|it| it.starts_with("exclusive member.")), "{refused:?}");
    let apart = both.replace("beta:\n    members: [ada@acme.com]", "beta:\n    members: [bruno@acme.com]");
    assert_eq!(rulings(&base.edit("  support:", &apart).plan()), NONE);
}
