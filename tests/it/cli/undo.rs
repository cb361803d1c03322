//! `undo`, by the journal that an apply leaves.

use std::fs;
use std::path::{Path, PathBuf};

use rollbook::sandbox::Change;

use super::base::git;
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
    assert!(ran.stderr.contains("The tree still asks for the reverted access"), "{ran}");
    let after = site.sandbox.state();
    let members = |state: &rollbook::sandbox::State| {
        let groups = state.groups.values();
        groups.map(|group| (group.name.clone(), group.members.clone())).collect::<Vec<_>>()
    };
    assert_eq!(members(&after), members(&before));
    rollbook(["journal", "verify", &back]).run().ends(0);
    // There is nothing left to take back.
    let again = undo(&made.folder(), &["--yes"]).at(&site).run().ends(0);
    assert!(again.stderr.contains("No changes. Nothing of the run is left to undo."), "{again}");
    assert!(!again.stderr.contains("as the tree asks"), "the tree asks for what was undone: {again}");
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
    refused(&good, 4, "the journal is of https://acme.atlassian.net, but the tree names");
    fs::write(&root, tree).unwrap();
    undo(&made.folder(), &[]).at(&site).run().ends(64);
    assert_eq!(site.sandbox.requests().writes.len(), writes);
    // A run that was cut off in the middle of a line is taken back as far as it is known.
    let cut = &good[..good.trim_end().rfind('\n').unwrap() + 20];
    fs::write(&path, cut).unwrap();
    undo(&made.folder(), &["--yes"]).at(&site).run().ends(0);
}

/// A folder with the smallest example, applied, with its journal in the folder of the tree.
fn applied_here(site: &Site) -> Ran {
    let run = rollbook(["apply", "--yes", "--today", TODAY]).at(site);
    files_of("minimal").into_iter().fold(run, |run, (path, text)| run.file(&path, &text)).run().ends(0)
}

#[test]
fn the_newest_run_is_looked_at_and_taken_back() {
    let site = Site::example("minimal");
    let made = applied_here(&site);
    let folder = made.folder().display().to_string();
    let at = |arguments: &[&str]| {
        let common = ["-C", &folder, "--today", TODAY];
        let used = if arguments[0] == "journal" { 2 } else { 4 };
        rollbook(arguments.iter().chain(&common[..used]).copied()).at(&site).hides(&folder, "[folder]")
    };
    let writes = site.sandbox.requests().writes.len();
    // Without a terminal the plan is shown all the same.
    let looked = at(&["undo", "--last"]).run().ends(64);
    assert!(looked.stderr.contains("- chen@acme.com") || looked.stderr.contains("undone"), "{looked}");
    assert!(looked.stderr.contains("there is no terminal to ask on, so nothing was changed"), "{looked}");
    assert_eq!(site.sandbox.requests().writes.len(), writes);
    let back = at(&["undo", "--last", "--yes"]).run().ends(0);
    assert!(back.stderr.contains("The newest run: "), "{back}");
    let list = at(&["journal", "list", "--format", "json"]).run().ends(0).json();
    let runs = list["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs[0]["began"].as_str() > runs[1]["began"].as_str(), "{list}");
    let text = at(&["journal", "list"]).run().ends(0);
    assert!(text.stdout.contains("The run finished") && text.stdout.contains("of no commit"), "{text}");
    let files: Vec<String> = runs.iter().map(|run| run["file"].as_str().unwrap().to_owned()).collect();
    at(&["journal", "verify", &files[0], &files[1]]).run().ends(0);
    at(&["journal", "verify", &files[0], &files[1], "--last", "00"]).run().ends(64);
    let shown = at(&["journal", "show", "--format", "json"]).run().ends(0).json();
    assert_eq!(shown["began"], runs[0]["began"]);
    // What a commit brings is not taken for a run of this folder.
    let repository = Path::new(&folder);
    git(repository, &["init", "--quiet"]);
    git(repository, &["add", "--force", ".rollbook"]);
    let brought = at(&["undo", "--last", "--yes"]).run().ends(64);
    assert!(brought.stderr.contains("git tracks .rollbook/journals/"), "{brought}");
    git(repository, &["rm", "--quiet", "--cached", "-r", ".rollbook"]);
    // The last is what nobody can tell where a journal does not say when it began.
    fs::write(Path::new(&files[1]), "no journal\n").unwrap();
    at(&["journal", "verify", &files[0], &files[1]]).run().ends(1);
    at(&["undo", "--last", "--yes"]).run().ends(1);
}

#[test]
fn an_apply_that_nobody_can_answer_shows_its_plan() {
    let site = Site::example("minimal");
    let run = rollbook(["apply", "--today", TODAY]).at(&site);
    let run = files_of("minimal").into_iter().fold(run, |run, (path, text)| run.file(&path, &text));
    let ran = run.run().ends(64);
    assert!(ran.stderr.contains("erik@acme.com") && ran.stderr.contains("pass `--yes`"), "{ran}");
    assert!(site.sandbox.requests().writes.is_empty());
}

#[test]
fn two_runs_of_one_folder_do_not_meet() {
    let site = Site::example("minimal");
    let made = applied_here(&site);
    let folder = made.folder().display().to_string();
    let lock = fs::File::open(made.folder().join(".rollbook/lock")).unwrap();
    lock.lock().unwrap();
    let run =
        || rollbook(["apply", "--yes", "-C", &folder, "--today", TODAY]).at(&site).hides(&folder, "[folder]");
    let ran = run().run().ends(1);
    assert!(ran.stderr.contains("another run of this folder is under way"), "{ran}");
    lock.unlock().unwrap();
    run().run().ends(0);
}

const SUSPENDS: &str = r"
site: { name: acme }
organization: { id: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41, domains: [acme.com] }
apps: [{ key: jira-software }]
users:
  - { email: root@acme.com, name: Root }
  - { email: zoe@acme.com, name: Zoe }
groups:
  - { name: site-admins, site-admin: true, grants: { jira-software: user }, members: [root@acme.com] }
  - { name: sre, grants: { jira-software: user }, members: [zoe@acme.com, root@acme.com] }
credentials:
  - basic: { account: root@acme.com, token: sandbox-token }
  - org-api-key: { key: organization-key, account: root@acme.com }
";

#[test]
fn a_suspension_is_taken_back_by_the_run_that_made_it() {
    let site = Site::of(SUSPENDS);
    let tree = "version: 1\nsite: https://acme.atlassian.net\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n\
                operator: root@acme.com\nusers: { zoe@acme.com: { active: false } }\n";
    let apply = ["apply", "--yes", "--today", TODAY, "--journal", "run.jsonl"];
    let made = rollbook(apply).file("rollbook.yaml", tree).at(&site).run().ends(0);
    let (folder, file) = (made.folder(), made.folder().join("rollbook.yaml"));
    git(&folder, &["init", "--quiet"]);
    let commit = |message: &str| {
        git(&folder, &["add", "rollbook.yaml"]);
        git(&folder, &["commit", "--quiet", "-m", message]);
    };
    commit("off");
    let back =
        |base: &[&str]| undo(&folder, &[&["--yes", "--author", "root@acme.com"], base].concat()).at(&site);
    // What the tree denies still is not given back.
    let denied = back(&["--base", "HEAD"]).run().ends(6);
    assert!(denied.stderr.contains("the tree takes it from the person again"), "{denied}");
    fs::write(&file, tree.replace("active: false", "active: true")).unwrap();
    let unknown = back(&[]).run().ends(4);
    assert!(unknown.stderr.contains("Compare by `--base` with the commit that the run applied"), "{unknown}");
    let done = back(&["--base", "HEAD"]).run().ends(0);
    assert!(done.stdout.contains("applied") && done.stdout.contains("activate user.zoe@acme.com"), "{done}");
    // Once the base lets her in, a suspension may be somebody's by hand, whatever the journal shows.
    commit("on");
    let (user, suspended) = ("zoe@acme.com".into(), true);
    site.sandbox.edit(&Change::SetSuspended { user, suspended }).unwrap();
    for tree in
        [tree.replace("active: false", "active: true"), tree.replace("zoe@acme.com: { active: false }", "")]
    {
        fs::write(&file, tree).unwrap();
        let refused = back(&["--base", "HEAD"]).run().ends(4);
        assert!(refused.stderr.contains("hand since the run"), "{refused}");
    }
    back(&["--base", "HEAD", "--allow", "reactivation"]).run().ends(0);
}
