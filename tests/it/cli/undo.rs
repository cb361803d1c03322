//! `undo`, by the journal that an apply leaves.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Ran, Rollbook, Site, TODAY, files_of, rollbook};

/// A folder with the smallest example, applied.
fn applied(site: &Site) -> Ran {
    let mut run = rollbook(["apply", "--yes", "--today", TODAY, "--journal", "run.jsonl"]).at(site);
    for (path, text) in files_of("minimal") {
        run = run.file(&path, &text);
    }
    run.run().ends(0)
}

fn undo(folder: &Path, arguments: &[&str]) -> Rollbook {
    let journal: PathBuf = folder.join("run.jsonl");
    let (folder, journal) = (folder.display().to_string(), journal.display().to_string());
    let common = ["undo", &journal, "-C", &folder, "--today", TODAY];
    rollbook(common.iter().copied().chain(arguments.iter().copied())).hides(&folder, "[folder]")
}

#[test]
fn a_run_is_taken_back_with_a_journal_of_its_own() {
    let site = Site::example("minimal");
    let before = site.sandbox.state();
    let made = applied(&site);
    let back = made.folder().join("back.jsonl").display().to_string();
    let ran = undo(&made.folder(), &["--yes", "--journal", &back]).at(&site).run().ends(0);
    assert!(ran.stderr.contains("+ erik@acme.com") && ran.stderr.contains("undone"), "{ran}");
    assert!(ran.stdout.contains("Done: 5 of 5 operations"), "{ran}");
    assert!(ran.stderr.contains("The tree still asks for what was taken back"), "{ran}");
    let after = site.sandbox.state();
    let members = |state: &rollbook::sandbox::State| {
        let groups = state.groups.values();
        groups.map(|group| (group.name.clone(), group.members.clone())).collect::<Vec<_>>()
    };
    assert_eq!(members(&after), members(&before));
    rollbook(["journal", "verify", &back]).run().ends(0);
    // There is nothing left to take back.
    let again = undo(&made.folder(), &["--yes"]).at(&site).run().ends(0);
    assert!(again.stderr.contains("No changes."), "{again}");
}

#[test]
fn guards_judge_an_undo_as_they_do_a_plan() {
    let site = Site::example("minimal");
    let made = applied(&site);
    let root = made.folder().join("rollbook.yaml");
    let text = fs::read_to_string(&root).unwrap();
    fs::write(&root, text.replace("policy:\n", "policy:\n  protect: { groups: [support] }\n")).unwrap();
    let writes = site.sandbox.requests().writes.len();
    let ran = undo(&made.folder(), &["--yes"]).at(&site).run().ends(4);
    assert!(ran.stderr.contains("the plan is refused by protect"), "{ran}");
    assert_eq!(site.sandbox.requests().writes.len(), writes);
}

#[test]
fn a_journal_that_cannot_be_trusted_is_not_taken_back() {
    let site = Site::example("minimal");
    let made = applied(&site);
    let path = made.folder().join("run.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    let writes = site.sandbox.requests().writes.len();
    let refused = |text: &str, code: i32, says: &str| {
        fs::write(&path, text).unwrap();
        let ran = undo(&made.folder(), &["--yes"]).at(&site).run().ends(code);
        assert!(ran.stderr.contains(says), "{ran}");
    };
    refused(&good.replacen("erik@acme.com", "chen@acme.com", 1), 1, "is broken at line");
    refused("", 1, "is broken at line 1");
    fs::write(&path, &good).unwrap();
    let root = made.folder().join("rollbook.yaml");
    let tree = fs::read_to_string(&root).unwrap();
    fs::write(&root, tree.replace("acme.atlassian.net", "other.atlassian.net")).unwrap();
    refused(&good, 4, "the journal is of https://acme.atlassian.net, and the tree names");
    fs::write(&root, tree).unwrap();
    undo(&made.folder(), &[]).at(&site).run().ends(64);
    assert_eq!(site.sandbox.requests().writes.len(), writes);
    // A run that was cut off in the middle of a line is taken back as far as it is known.
    let cut = &good[..good.trim_end().rfind('\n').unwrap() + 20];
    fs::write(&path, cut).unwrap();
    undo(&made.folder(), &["--yes"]).at(&site).run().ends(0);
}
