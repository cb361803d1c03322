//! An access review from its start to the tree that it changes, on the sandbox and in a real repository.

use std::fs;
use std::path::Path;

use super::base::{git, repository};
use super::{Ran, Site, TODAY, rollbook};

fn run(folder: &Path, site: &Site, arguments: &[&str]) -> Ran {
    let tree = folder.join("access").display().to_string();
    let arguments = arguments.iter().copied().chain(["--today", TODAY, "-C", &tree]);
    rollbook(arguments).at(site).hides(&folder.display().to_string(), "[repository of the test]").run()
}

/// The file with a decision for the first row of a user.
fn decided(text: &str, user: &str, decision: &str) -> String {
    let row = text.find(&format!("user: {user}\n")).unwrap_or_else(|| panic!("{user} in {text}"));
    let (before, rest) = text.split_at(row);
    let indent = &before[before.rfind('\n').unwrap() + 1..];
    let indent = " ".repeat(indent.len());
    before.to_owned()
        + &rest.replacen("decision: pending", &decision.replace('\n', &format!("\n{indent}")), 1)
}

#[test]
fn a_review_is_frozen_decided_checked_and_applied() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let path = folder.join("review.yaml");
    let file = path.display().to_string();
    let write = |text: &str| fs::write(&path, text).unwrap();
    let started =
        run(folder, &site, &["review", "start", "--scope", "group.developers", "--out", &file]).ends(0);
    assert!(started.stderr.contains("to decide") && started.stderr.contains("sha256:"), "{started}");
    let again = run(folder, &site, &["review", "start", "--scope", "all", "--out", &file]).ends(64);
    assert!(again.stderr.contains("exists already"), "{again}");
    let first = fs::read_to_string(&path).unwrap();
    let head = git(folder, &["rev-parse", "HEAD"]);
    assert!(
        first.contains(&format!("commit: {head}")) && first.contains("author: Ada <ada@acme.com>"),
        "{first}"
    );
    // Nobody declares Erik.
    let erik = &first[first.find("user: erik@acme.com").unwrap()..];
    assert!(
        erik.contains("proposal: remove\n") && erik.contains("the configuration does not declare it"),
        "{first}"
    );
    run(folder, &site, &["review", "check", &file]).ends(0);
    let ran = run(folder, &site, &["review", "check", "--complete", &file]).ends(1);
    assert!(ran.stdout.contains("erik@acme.com in developers: not decided."), "{ran}");

    let by = |who: &str| format!("decision: remove\nby: {who}\nbecause: moved on");
    let problem = |text: &str, says: &str| {
        write(text);
        let ran = run(folder, &site, &["review", "check", &file]).ends(1);
        assert!(ran.stdout.contains(says), "{says} in {ran}");
        let before = fs::read_to_string(folder.join("access/groups/developers.yaml")).unwrap();
        let ran = run(folder, &site, &["review", "apply", &file]).ends(1);
        assert!(ran.stderr.contains("nothing was changed"), "{ran}");
        assert_eq!(fs::read_to_string(folder.join("access/groups/developers.yaml")).unwrap(), before);
    };
    problem(&decided(&first, "bruno@acme.com", &by("BRUNO@acme.com")), "whose own access it is");
    problem(&decided(&first, "bruno@acme.com", "decision: remove"), "`by` does not say who did");
    problem(
        &decided(&first, "bruno@acme.com", "decision: remove\nby: ada@acme.com"),
        "against the proposal, and `because` does not say why",
    );
    problem(&first.replace("user: erik@acme.com", "user: eric@acme.com"), "The population was changed");
    write("rows: none\n");
    let ran = run(folder, &site, &["review", "check", &file]).ends(1);
    assert!(ran.stderr.contains("is not the file of a review"), "{ran}");

    let text = decided(
        &decided(&first, "bruno@acme.com", &by("ada@acme.com")),
        "erik@acme.com",
        &by("ada@acme.com"),
    );
    write(&text);
    let ran = run(folder, &site, &["review", "status", "--format", "json", &file]).ends(0);
    assert_eq!(ran.json()["groups"]["developers"]["remove"], 2, "{ran}");
    let ran = run(folder, &site, &["review", "apply", "--check", &file]).ends(1);
    assert!(ran.stdout.contains("-      - bruno@acme.com\n"), "{ran}");
    // What the tree does not declare is not taken out of it.
    let ran = run(folder, &site, &["review", "apply", &file]).ends(6);
    assert!(
        ran.stderr.contains("left: erik@acme.com in developers: the configuration does not declare it"),
        "{ran}"
    );
    let after = fs::read_to_string(folder.join("access/groups/developers.yaml")).unwrap();
    assert!(!after.contains("bruno@acme.com"), "{after}");
    let plan = run(folder, &site, &["plan"]).ends(0);
    assert!(plan.stdout.contains("- bruno@acme.com"), "{plan}");
}

#[test]
fn users_without_activity_are_proposed_and_unknown_is_not() {
    let site = Site::example("minimal");
    let repository = repository();
    let file = repository.path().join("review.yaml").display().to_string();
    let arguments = ["review", "start", "--scope", "all", "--inactive", "90d", "--out", &file];
    run(repository.path(), &site, &arguments).ends(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("inactive-days: 90"), "{text}");
    for (at, _) in text.match_indices("last-active: unknown") {
        assert!(!text[at..].split("decision:").next().unwrap().contains("no activity"), "{text}");
    }
    let ran =
        run(repository.path(), &site, &["review", "start", "--scope", "team", "--out", "x.yaml"]).ends(64);
    assert!(ran.stderr.contains("--scope team is not privileged, all or group.NAME"), "{ran}");
}
