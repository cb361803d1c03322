//! `rollbook fmt`: one form, written whole or not at all.

use std::fs;

use super::{example, rollbook};

const ROOT: &str = "# Ours.\nversion:   1\nsite: 'https://acme.atlassian.net' # the site\n";
const GROUPS: &str = "groups:\n    # who is on call\n    sre: {members: [ada@acme.com,bob@acme.com]}\n";

#[test]
fn check_shows_what_would_change_and_writes_nothing() {
    let run = rollbook(["fmt", "--check"]).file("rollbook.yaml", ROOT).file("groups/a.yaml", GROUPS);
    let ran = run.run().ends(1);
    insta::assert_snapshot!(ran);
    assert_eq!(fs::read_to_string(ran.folder().join("groups/a.yaml")).unwrap(), GROUPS);
}

#[test]
fn files_are_formatted_once_and_then_stay() {
    let lock = "version:   1\n";
    let run = rollbook(["fmt"]).file("rollbook.yaml", ROOT).file("groups/a.yaml", GROUPS);
    let ran = run.file("rollbook.lock", lock).run().ends(0);
    assert_eq!(ran.stdout, "groups/a.yaml\nrollbook.yaml\n", "{ran}");
    let read = |path: &str| fs::read_to_string(ran.folder().join(path)).unwrap();
    assert_eq!(read("rollbook.lock"), lock, "the lock is for `rollbook lock` to write");
    let groups = "groups:\n  # who is on call\n  sre: { members: [ada@acme.com, bob@acme.com] }\n";
    assert_eq!(read("groups/a.yaml"), groups);
    let folder = ran.folder().display().to_string();
    let again = rollbook(["fmt", "--check", "-C", &folder]).run().ends(0);
    assert_eq!(again.stdout, "", "{again}");
}

#[test]
fn a_tree_that_is_not_valid_is_left_alone() {
    let wrong = "groups:\n    sre: {members: [ada]}\n";
    let ran = rollbook(["fmt"]).file("rollbook.yaml", ROOT).file("groups/a.yaml", wrong).run().ends(3);
    assert_eq!(fs::read_to_string(ran.folder().join("rollbook.yaml")).unwrap(), ROOT);
}

#[test]
fn the_examples_are_in_their_form() {
    for name in ["acme", "minimal"] {
        rollbook(["fmt", "--check", "-C", &example(name), "--today", "2026-11-22"]).run().ends(0);
    }
}
