//! `rollbook prune`: entries that have done their work leave the tree.

use std::fs;

use super::{Rollbook, Site, TODAY, rollbook};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\n";

/// Erik is still in `developers`; nobody else who has expired is anywhere.
const GROUPS: &str = "groups:
  # who writes code
  developers:
    mode: at-least
    members:
      - ada@acme.com # lead
      # what is parted stays

      # a comment above goes along
      - user: chen@acme.com # helps out
        until: 2026-01-01
        because: OPS-1
      - { user: erik@acme.com, until: 2026-02-01 } # still there
      - { user: dina@contractor.example, until: 2026-02-01 } # gone
  support: { members: [{ user: ada@acme.com, until: 2026-01-01 }, chen@acme.com, { user: bruno@acme.com, until: 2026-01-01 }] }
";

fn run(arguments: &[&str], groups: &str) -> Rollbook {
    let run = rollbook(["prune", "--today", TODAY].iter().chain(arguments));
    run.file("rollbook.yaml", ROOT).file("groups/all.yaml", groups)
}

#[test]
fn entries_go_when_live_has_nobody_of_them() {
    let site = Site::example("minimal");
    insta::assert_snapshot!(run(&["--check", "-q"], GROUPS).at(&site).run().ends(1));
    let ran = run(&["-q"], GROUPS).at(&site).run().ends(0);
    let text = fs::read_to_string(ran.folder().join("groups/all.yaml")).unwrap();
    assert!(
        text.contains(
            "# what is parted stays\n\n      - { user: erik@acme.com, until: 2026-02-01 } # still there\n"
        ),
        "{text}"
    );
    assert!(!text.contains("goes along") && text.contains("members: [chen@acme.com] }"), "{text}");
    let again = run(&["--check", "-q"], &text).at(&site).run().ends(0);
    assert_eq!(again.stdout, "", "{again}");
}

#[test]
fn a_list_of_nothing_is_empty_and_not_gone() {
    let site = Site::example("minimal");
    let groups = "groups:\n  developers:\n    members:\n    - { user: chen@acme.com, until: 2026-01-01 }\n  \
                  support: { members: [{ user: ada@acme.com, until: 2026-01-01 }] }\n";
    let ran = run(&["-q"], groups).at(&site).run().ends(0);
    let text = fs::read_to_string(ran.folder().join("groups/all.yaml")).unwrap();
    assert_eq!(text, "groups:\n  developers:\n    members: []\n  support: { members: [] }\n");
}

#[test]
fn an_entry_goes_from_wherever_it_stands() {
    let site = Site::example("minimal");
    let groups = "groups:\n  developers:\n    members: [\n      { user: chen@acme.com, until: 2026-01-01 }, # why\n      \
                  ada@acme.com ]\n  support:\n    members:\n      - user: ada@acme.com\n        until: 2026-01-01\n        \
                  because: >-\n          was here\n\n      - chen@acme.com\n";
    let ran = run(&[], groups).at(&site).run().ends(0);
    assert!(ran.stderr.contains("2 entries gone, with 1 comment\n"), "{ran}");
    let text = fs::read_to_string(ran.folder().join("groups/all.yaml")).unwrap();
    let pruned = "groups:\n  developers:\n    members: [ada@acme.com]\n  support:\n    members:\n      - chen@acme.com\n";
    assert_eq!(text, pruned);
}
