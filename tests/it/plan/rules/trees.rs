//! What `check` shows of rules in the tree alone. How each is shown is in `diagnostics`.

use rollbook::config::parse;
use rollbook::model::{SourceFile, Tree};

use super::{NONE, said};
use crate::world::{TODAY, World};

/// The codes of what `check` finds.
fn found(rules: &str, users: &str, groups: &str) -> Vec<String> {
    found_with(rules, users, groups, "")
}

fn found_with(rules: &str, users: &str, groups: &str, lock: &str) -> Vec<String> {
    let head = "version: 1\nsite: https://acme.atlassian.net\n";
    let mut files = vec![("rollbook.yaml", format!("{head}{rules}"))];
    files.extend((!groups.is_empty()).then(|| ("groups/all.yaml", format!("groups:\n{groups}"))));
    files.extend((!users.is_empty()).then(|| ("users/all.yaml", format!("users:\n{users}"))));
    files.extend((!lock.is_empty()).then(|| ("rollbook.lock", format!("version: 1\n{lock}"))));
    files.sort();
    let files = files.into_iter().map(|(path, text)| SourceFile { path: path.into(), text }).collect();
    parse(&Tree { files }, TODAY).diagnostics.iter().map(|it| it.code.to_string()).collect()
}

const TEAM: &str = "  team:\n    members: [ada@acme.com]\n";

#[test]
fn a_pair_that_is_forbidden_is_found() {
    let rule = "policy:\n  exclusive: [[developers, support]]\n";
    let groups = |support: &str| {
        format!("  developers:\n    members: [bruno@acme.com]\n  support:\n    members: [{support}]\n")
    };
    assert_eq!(found(rule, "", &groups("bruno@acme.com")), ["exclusive-pair"]);
    let pin = "  bruno@acme.com: { account: \"712020:bruno\" }\n";
    assert_eq!(found(rule, pin, &groups("account: \"712020:bruno\"")), ["exclusive-pair"]);
    assert_eq!(found(rule, "", &groups("group: developers")), ["exclusive-pair"]);
    assert_eq!(found(rule, "", &groups("ada@acme.com")), NONE);
}

#[test]
fn to_offboard_whom_nothing_declares_asks_for_a_limit_and_for_files_that_match() {
    let rules = |rest: &str| {
        format!("include: [users/*.yaml, group/*.yaml]\npolicy:\n  unlisted-users: offboard\n{rest}")
    };
    let limit = "  max-revokes: { total: 5 }\n";
    let users = "  ada@acme.com: { active: true }\n";
    assert!(found(&rules(limit), users, "").contains(&"include-matches-nothing".to_owned()));
    let without = "policy:\n  unlisted-users: offboard\n";
    assert_eq!(found(without, users, TEAM), ["offboard-without-limit"]);
    assert_eq!(
        found(&format!("{without}  max-revokes: {{ group: {{ count: 1, percent: 1 }} }}\n"), users, TEAM),
        ["offboard-without-limit"]
    );
    assert_eq!(found(&format!("{without}{limit}"), users, TEAM), NONE);
    assert_eq!(found("policy:\n  unlisted-users: report\n", users, TEAM), NONE);
}

#[test]
fn owners_who_have_left_are_found() {
    let users = "  bob@acme.com: { active: false }\n";
    let owned = |owner: &str| format!("  team:\n    owners: [{owner}]\n    members: [ada@acme.com]\n");
    assert_eq!(found("", users, &owned("bob@acme.com")), ["inactive-owner"]);
    assert_eq!(found("policy:\n  admins: [bob@acme.com]\n", users, TEAM), ["inactive-owner"]);
    assert_eq!(found("", users, &owned("ada@acme.com")), NONE);
    assert_eq!(found("policy:\n  admins: [ada@acme.com]\n", users, TEAM), NONE);
}

#[test]
fn a_group_under_two_keys_is_found() {
    let id = "11111111-1111-4111-8111-111111111111";
    let two = format!("  one:\n    id: {id}\n    members: []\n  two:\n    id: {id}\n    members: []\n");
    assert_eq!(found("", "", &two), ["shared-group-id"]);
    let lock = format!("groups:\n  one: {{ id: {id}, from: jira }}\n");
    assert_eq!(
        found_with("", "", &two.replacen(&format!("    id: {id}\n"), "", 1), &lock),
        ["shared-group-id"]
    );
    assert_eq!(found("", "", &two.replacen("1111-1111", "1111-2222", 1)), NONE);
}

#[test]
fn two_waivers_of_one_guard_for_one_address_are_a_mistake_and_shown_as_a_set() {
    let one = "  - { guard: protect, for: [group.team], because: first, until: 2026-12-05 }\n";
    let ever = "  - { guard: protect, for: [group.team], because: ever, until: 2027-11-01 }\n";
    assert_eq!(found(&format!("waive:\n{ever}{one}"), "", TEAM), ["waived-twice"]);
    let other = ever.replace("guard: protect", "guard: max-revokes");
    assert_eq!(found(&format!("waive:\n{other}{one}"), "", TEAM), NONE);
    // Whichever stands first, the new one is shown.
    let world = World::of(&format!("waive:\n{one}"), "", TEAM).then_base();
    let rules = |world: &World| {
        let rules = world.plan().base.unwrap().rules;
        rules
            .into_iter()
            .map(|it| format!("{}: {}", it.rule, it.head.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let later = world.clone().edit("until: 2026-12-05", "until: 2027-11-01");
    assert_eq!(rules(&later), ["waive protect for group.team: until 2027-11-01: first"]);
    assert_eq!(rules(&world), NONE);
}

#[test]
fn what_belongs_to_the_tree_is_a_rule() {
    let world =
        World::of("policy:\n  mode: exact\n", "", "  team:\n    members: [ada@acme.com]\n").then_base();
    let world = world.edit("policy:", "include: [groups/*.yaml]\npolicy:");
    let rules = world.plan().base.unwrap().rules;
    let rules: Vec<_> = rules.iter().map(|it| (it.rule.as_str(), it.head.as_deref())).collect();
    assert_eq!(rules, [("include", Some("groups/*.yaml"))]);
}

#[test]
fn a_group_that_is_declared_absent_and_is_not_there_is_noted_once() {
    let tree = World::of("", "", "  old: { absent: true }\n  team:\n    members: [ada@acme.com]\n");
    let tree = tree.change(|live| live.groups.retain(|_, group| group.name != "old"));
    let base = tree.clone().edit("  old: { absent: true }\n", "").files;
    let change = World { base: Some(base), ..tree.clone() };
    assert_eq!(
        said(&change.plan(), "absent-already"),
        ["group old is already absent; while the line remains, any new group of this name is deleted"]
    );
    // Neighbour: the base says so as well.
    assert_eq!(said(&tree.then_base().plan(), "absent-already"), NONE);
}
