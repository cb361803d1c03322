//! `--format github`: annotations on the lines of a change.

use super::base::{edit, git, plan, repository};
use super::{Site, TODAY, rollbook};

/// One line a command, and nothing that could be another one.
fn are_commands(text: &str) {
    assert!(!text.is_empty());
    for line in text.lines() {
        let rest = line.strip_prefix("::").unwrap_or_else(|| panic!("no command: {line}"));
        let (head, message) = rest.split_once("::").unwrap_or_else(|| panic!("no message: {line}"));
        let kind = head.split(' ').next().unwrap();
        assert!(["error", "warning", "notice"].contains(&kind), "{line}");
        assert!(!message.is_empty() && head.contains("title="), "{line}");
    }
}

#[test]
fn diagnostics_stand_on_their_lines() {
    let groups = "groups:\n  sre: { members: [ada, 'x%0A::set-env name=A::b'] }\n  ops: {}\n  \
                  exp: { members: [{ user: a@acme.com, until: 2020-01-01 }] }\n";
    let run = rollbook(["check", "--format", "github", "--today", TODAY, "-q"]);
    let run = run.file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\n");
    let ran = run.file("groups/a.yaml", groups).run().ends(3);
    are_commands(&ran.stdout);
    insta::assert_snapshot!(ran);
}

#[test]
fn a_plan_stands_on_the_lines_that_ask_for_it() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    git(folder, &["switch", "--quiet", "-c", "change"]);
    edit(
        folder,
        "groups/developers.yaml",
        "- grace@acme.com",
        "- grace@acme.com\n      - nobody@else.example",
    );
    let ran = plan(folder, &["--base", "main", "--format", "github"]).at(&site).run().ends(6);
    are_commands(&ran.stdout);
    assert!(ran.stdout.contains("file=access/groups/developers.yaml,line="), "from the repository: {ran}");
    insta::assert_snapshot!(ran.stdout);
}
