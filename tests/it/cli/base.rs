//! Plans that are compared with a base, in real repositories.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::{Files, Ran, Rollbook, Site, TODAY, example, files_below, files_of, rollbook, write_below};

/// Runs git as nobody in particular, whatever the machine's own settings are, and gives what it prints.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    let git = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.com", "-c", "init.defaultBranch=main"])
        // Each commit, merge and fetch would start one more process, which finds nothing to do.
        .args(["-c", "maintenance.auto=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(git.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&git.stderr));
    String::from_utf8(git.stdout).unwrap().trim_end().to_owned()
}

/// A repository that holds the smallest example in a folder of it, as its first commit.
pub(super) fn repository() -> TempDir {
    static FIRST: LazyLock<Files> = LazyLock::new(|| {
        let repository = tempfile::tempdir().unwrap();
        std::fs::write(repository.path().join("README"), "not a part of the tree\n").unwrap();
        write_below(&repository.path().join("access"), &files_below(Path::new(&example("minimal"))));
        git(repository.path(), &["init", "--quiet"]);
        git(repository.path(), &["add", "."]);
        git(repository.path(), &["commit", "--quiet", "-m", "first"]);
        files_below(repository.path())
    });
    let repository = tempfile::tempdir().unwrap();
    write_below(repository.path(), &FIRST);
    // The index of the copy knows its files only by then, and git keeps what it does not know.
    git(repository.path(), &["update-index", "--refresh"]);
    repository
}

pub(super) fn edit(repository: &Path, path: &str, from: &str, to: &str) {
    let path = repository.join("access").join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

pub(super) fn plan(repository: &Path, arguments: &[&str]) -> Rollbook {
    let tree = repository.join("access").display().to_string();
    let common = ["plan", "--today", TODAY, "-q", "-C", &tree];
    rollbook(common.iter().copied().chain(arguments.iter().copied()))
        .hides(&repository.display().to_string(), "[repository of the test]")
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn change_and_drift_are_told_apart_without_touching_the_work_tree() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    git(folder, &["switch", "--quiet", "-c", "change"]);
    edit(folder, "groups/developers.yaml", "- grace@acme.com", "- grace@acme.com\n      - chen@acme.com");
    let ran = plan(folder, &["--base", "main"]).at(&site).run().ends(0);
    let (change, drift) = ran.stdout.split_once("Drift (not from this change)").expect("both parts");
    assert!(change.contains("+ chen@acme.com"), "{ran}");
    assert!(drift.contains("- erik@acme.com") && drift.contains("+ grace@acme.com"), "{ran}");
    assert!(change.contains("Compared with main ("), "{ran}");
    // With what is not committed, no commit says what was planned.
    assert_eq!(
        json(&plan(folder, &["--format", "json"]).at(&site).run())["header"]["commit"],
        serde_json::Value::Null
    );
    git(folder, &["commit", "--quiet", "-am", "second"]);
    let committed = json(&plan(folder, &["--base", "main", "--format", "json"]).at(&site).run());
    assert_eq!(committed["header"]["commit"].as_str().unwrap().len(), 40);
    assert_ne!(committed["header"]["commit"], committed["base"]["revision"]["commit"]);
    assert_eq!(committed["base"]["revision"]["contained"], true);
    let status = Command::new("git").arg("-C").arg(folder).args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
}

#[test]
fn a_folder_is_a_base_too() {
    let site = Site::example("minimal");
    let repository = repository();
    let other = tempfile::tempdir().unwrap();
    write_below(other.path(), &files_below(Path::new(&example("minimal"))));
    let ran = plan(repository.path(), &["--base", &other.path().display().to_string()]).at(&site);
    let ran = ran.hides(&other.path().display().to_string(), "[other]").run().ends(0);
    assert!(ran.stdout.contains("Drift (not from this change)"), "{ran}");
}

#[test]
fn a_branch_that_lacks_its_base_is_told_to_rebase() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    git(folder, &["branch", "old"]);
    edit(folder, "groups/developers.yaml", "      - bruno@acme.com\n", "");
    git(folder, &["commit", "--quiet", "-am", "second"]);
    git(folder, &["switch", "--quiet", "old"]);
    let ran = plan(folder, &["--base", "main"]).at(&site).run().ends(0);
    assert!(ran.stdout.contains("the planned tree does not contain main"), "{ran}");
}

#[test]
fn a_base_that_cannot_be_read_is_refused_with_the_reason() {
    let repository = repository();
    let folder = repository.path();
    let refused = |base: &str, says: &str, helps: &str| {
        let ran = plan(folder, &[&format!("--base={base}")]).run();
        assert!(matches!(ran.code, Some(1 | 3 | 64)), "{ran}");
        assert!(ran.stderr.contains(says), "{ran}");
        assert!(ran.stderr.contains(helps), "{ran}");
    };
    refused("nowhere", "there is no commit nowhere here", "Fetch it, or correct the name.");
    refused("--upload-pack=x", "there is no commit --upload-pack=x here", "");
    refused("./nowhere", "--base ./nowhere names a folder without a rollbook.yaml", "");
    // An earlier tree that is not valid, one that has none, and one with a link.
    edit(folder, "groups/developers.yaml", "members:", "member:");
    git(folder, &["commit", "--quiet", "-am", "broken"]);
    git(folder, &["tag", "broken"]);
    edit(folder, "groups/developers.yaml", "member:", "members:");
    std::fs::remove_file(folder.join("access/groups/support.yaml")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("developers.yaml", folder.join("access/groups/support.yaml")).unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "linked"]);
    git(folder, &["tag", "linked"]);
    std::fs::remove_file(folder.join("access/groups/support.yaml")).unwrap();
    refused("broken", "the base broken is not valid", "Correct the base first");
    refused("linked", "groups/support.yaml at linked is not a regular file", "Correct the base first");
    git(folder, &["switch", "--quiet", "--orphan", "empty"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "nothing"]);
    git(folder, &["switch", "--quiet", "main"]);
    refused("empty", "there is no rollbook.yaml at empty", "A repository's first tree has no base");
}

/// Anybody who may push a tag would choose the base otherwise: git takes a tag before a branch, and goes on.
#[test]
fn a_name_of_two_meanings_is_refused_with_both() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let first = git(folder, &["rev-parse", "HEAD"]);
    git(folder, &["update-ref", "refs/remotes/origin/main", &first]);
    edit(folder, "groups/developers.yaml", "      - bruno@acme.com\n", "");
    git(folder, &["commit", "--quiet", "-am", "second"]);
    let fine = |base: &str| {
        let ran = plan(folder, &["--base", base, "--format", "json"]).at(&site).run().ends(0);
        assert!(!ran.stderr.contains("ambiguous"), "{ran}");
        ran.json()["base"]["revision"]["commit"].as_str().unwrap().to_owned()
    };
    let refused = |base: &str, meanings: &[&str]| {
        let ran = plan(folder, &["--base", base]).run().ends(1);
        let says = ran.stderr.replace(['\n', '|'], " ");
        let says = says.split_whitespace().collect::<Vec<_>>().join(" ");
        let error = format!("means {} things here: {}", meanings.len(), meanings.join(", "));
        assert!(says.contains(&error), "{error}\n{ran}");
        assert!(says.contains("Write one of them in full"), "{ran}");
    };
    assert_eq!(fine("main~1"), first);
    assert_eq!(fine("origin/main"), first);
    git(folder, &["tag", "main"]);
    git(folder, &["tag", "origin/main"]);
    let both = ["refs/tags/main", "refs/heads/main"];
    for name in ["main", "main~1", "main^", "main^{commit}", "main@{0}", "main^0"] {
        refused(name, &both);
    }
    refused("origin/main", &["refs/tags/origin/main", "refs/remotes/origin/main"]);
    // A setting of the clone keeps git's own warning back, and not this.
    git(folder, &["config", "core.warnAmbiguousRefs", "false"]);
    refused("main", &both);
    git(folder, &["config", "--unset", "core.warnAmbiguousRefs"]);
    // In full there is no doubt.
    assert_eq!(fine("refs/heads/main~1"), first);
    assert_eq!(fine("refs/remotes/origin/main"), first);
    assert_eq!(fine(&first), first);
    assert_eq!(fine("HEAD~1"), first);
    assert_eq!(fine("@~1"), first);
    // A full name is that ref and no other, as git would have it.
    git(folder, &["update-ref", "refs/heads/refs/heads/gone", "HEAD"]);
    let ran = plan(folder, &["--base", "refs/heads/gone"]).run().ends(1);
    assert!(ran.stderr.contains("there is no commit refs/heads/gone here"), "{ran}");
    // A branch that is called like the first digits of a commit, alone or as `git describe` writes it.
    let short = &first[..8];
    assert_eq!(fine(short), first);
    git(folder, &["branch", short, "HEAD"]);
    refused(short, &[&format!("refs/heads/{short}"), &format!("object {first}")]);
    let described = format!("v1-0-g{short}");
    assert_eq!(fine(&described), first);
    git(folder, &["branch", &described, "HEAD"]);
    refused(&described, &[&format!("refs/heads/{described}"), &format!("object {first}")]);
    // A name that a branch shares only with git's own folder.
    git(folder, &["fetch", "--quiet", ".", "refs/heads/main"]);
    assert_eq!(fine("FETCH_HEAD~1"), first);
    git(folder, &["update-ref", "refs/heads/FETCH_HEAD", "HEAD"]);
    refused("FETCH_HEAD", &["refs/heads/FETCH_HEAD", "FETCH_HEAD in git's own folder"]);
}

/// What git warns of while it answers is not kept from the one who asked.
#[test]
fn what_git_warns_of_is_passed_on() {
    let site = Site::example("minimal");
    let repository = repository();
    git(repository.path(), &["tag", "HEAD"]);
    let ran = plan(repository.path(), &["--base", "HEAD"]).at(&site).run().ends(0);
    assert!(ran.stderr.contains("git says: warning: refname 'HEAD' is ambiguous."), "{ran}");
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let repository = repository();
    edit(repository.path(), "groups/developers.yaml", "      - bruno@acme.com\n", "");
    git(repository.path(), &["commit", "--quiet", "-am", "second"]);
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(clones.path(), &["clone", "--quiet", "--depth", "1", &from, "clone"]);
    let clone = clones.path().join("clone");
    git(&clone, &["switch", "--quiet", "--detach"]);
    let ran = plan(&clone, &["--base", "main~1"]).run().ends(1);
    assert!(ran.stderr.contains("The clone is shallow: fetch the base first"), "{ran}");
    // What is there serves: the commit itself, of a detached head.
    let site = Site::example("minimal");
    let ran = plan(&clone, &["--base", "HEAD"]).at(&site).run().ends(0);
    assert!(ran.stdout.contains("Drift (not from this change)"), "{ran}");
}

#[test]
fn outside_a_repository_only_a_folder_is_a_base() {
    let mut run = rollbook(["plan", "--base", "main", "-q"]);
    for (path, text) in files_of("minimal") {
        run = run.file(&path, &text);
    }
    let ran = run.run().ends(1);
    assert!(ran.stderr.contains("not a git repository"), "{ran}");
    assert!(ran.stderr.contains("name a folder as the base"), "{ran}");
}

#[test]
fn an_author_who_lets_themselves_in_is_refused() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    edit(folder, "rollbook.yaml", "policy:\n", "policy:\n  privileged: [support]\n  self-grant: refuse\n");
    git(folder, &["commit", "--quiet", "-am", "rules"]);
    // The site still lacks somebody that this commit lets into the group: it is unknown whether an apply of it was
    // refused.
    let ran = plan(folder, &["--base", "HEAD", "--author", "ada@acme.com"]).at(&site).run().ends(4);
    assert!(ran.stdout.contains("no apply of HEAD is known to have completed"), "{ran}");
    git(folder, &["update-ref", "refs/rollbook/applied", "HEAD"]);
    edit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - bruno@acme.com");
    // Grace is invited again, since no apply has invited her in truth.
    let allowed = ["--base", "HEAD", "--allow", "reactivation"];
    let by = |author: &str| plan(folder, &[&allowed[..], &["--author", author]].concat()).at(&site).run();
    let refused = by("Bruno@acme.com").ends(4);
    assert!(refused.stdout.contains("bruno@acme.com, who made this change,"), "{refused}");
    by("ada@acme.com").ends(0);
    let nobody = plan(folder, &allowed).at(&site).run().ends(4);
    assert!(nobody.stdout.contains("! self-grant"), "{nobody}");
    plan(folder, &["--author", "not an email"]).run().ends(64);
}

/// The tree's folder is not the repository's own, and so are the paths.
#[test]
fn a_file_that_git_does_not_know_is_in_no_commit_and_no_review() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let commit =
        || json(&plan(folder, &["--format", "json"]).at(&site).run().ends(0))["header"]["commit"].clone();
    let head = serde_json::Value::from(git(folder, &["rev-parse", "HEAD"]));
    let tree = folder.join("access").display().to_string();
    let apply = |arguments: &[&str]| {
        let common = ["apply", "--yes", "-q", "--today", TODAY, "-C", &tree];
        rollbook(common.iter().chain(arguments)).at(&site).run()
    };
    // What else lies there is none of the tree's, such as the plan that was just written.
    std::fs::write(folder.join("access/plan.json"), "{}").unwrap();
    assert_eq!(commit(), head);
    let extra = "groups:\n  developers-2:\n    members: [ada@acme.com]\n";
    let path = folder.join("access/groups/extra.yaml");
    std::fs::write(&path, extra).unwrap();
    assert_eq!(commit(), serde_json::Value::Null);
    // It may still be committed, so a plan shows it; what is applied is reviewed.
    plan(folder, &["--base", "HEAD"]).at(&site).run().ends(0);
    let ran = apply(&["--base", "HEAD"]).ends(4);
    assert!(ran.stderr.contains("git does not track groups/extra.yaml, a file of the tree"), "{ran}");
    assert!(ran.stderr.contains("Add and commit it, or remove it."), "{ran}");
    // Whatever has git ignore it.
    let exclude = folder.join(".git/info/exclude");
    for (place, pattern) in [
        (exclude.as_path(), "extra.yaml\n"),
        (&folder.join("access/groups/.gitignore"), "*\n"),
        (&folder.join(".gitignore"), "/access/groups/\n"),
    ] {
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, pattern).unwrap();
        assert_eq!(commit(), serde_json::Value::Null, "{pattern}");
        for ran in [plan(folder, &["--base", "HEAD"]).at(&site).run(), apply(&["--base", "HEAD"])] {
            let ran = ran.ends(4);
            assert!(ran.stderr.contains("git ignores groups/extra.yaml, a file of the tree"), "{ran}");
            assert!(ran.stderr.contains("`git add -f`"), "{ran}");
        }
        std::fs::remove_file(place).unwrap();
    }
    // Added in spite of that and committed, it is like any other.
    std::fs::write(&exclude, "extra.yaml\n").unwrap();
    git(folder, &["add", "-f", "access/groups/extra.yaml"]);
    assert_eq!(commit(), serde_json::Value::Null);
    git(folder, &["commit", "--quiet", "-m", "extra"]);
    assert_eq!(commit(), git(folder, &["rev-parse", "HEAD"]).as_str());
    plan(folder, &["--base", "HEAD~1"]).at(&site).run().ends(0);
    // A change that git must not look for is a change.
    git(folder, &["update-index", "--skip-worktree", "access/groups/extra.yaml"]);
    std::fs::write(&path, extra.replace("ada", "chen")).unwrap();
    assert_eq!(commit(), serde_json::Value::Null);
    // Other line breaks are not a change: git itself may have made them.
    std::fs::write(&path, extra.replace('\n', "\r\n")).unwrap();
    assert_eq!(commit(), git(folder, &["rev-parse", "HEAD"]).as_str());
}

/// The tree moves into another folder. Its rules of before are still those that the change is judged by.
#[test]
fn a_base_is_found_where_the_tree_stood_then() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    edit(folder, "rollbook.yaml", "policy:\n", "policy:\n  max-revokes: { total: 0 }\n");
    git(folder, &["commit", "--quiet", "-am", "rules"]);
    git(folder, &["mv", "access", "who"]);
    let text = std::fs::read_to_string(folder.join("who/rollbook.yaml")).unwrap();
    std::fs::write(folder.join("who/rollbook.yaml"), text.replace("  max-revokes: { total: 0 }\n", ""))
        .unwrap();
    git(folder, &["commit", "--quiet", "-am", "moved"]);
    let tree = folder.join("who").display().to_string();
    let plan = || rollbook(["plan", "-C", &tree, "--today", TODAY, "--base", "HEAD~1"]).at(&site).run();
    let moved = plan().ends(0);
    assert!(moved.stdout.contains("Compared with HEAD~1:access ("), "{moved}");
    assert!(moved.stdout.contains("policy.max-revokes.total"), "{moved}");
    // Neighbour: a second tree next to the first is not one that has moved.
    git(folder, &["checkout", "--quiet", "HEAD~1", "--", "access"]);
    git(folder, &["commit", "--quiet", "-m", "two"]);
    let two = rollbook(["plan", "-C", &tree, "--today", TODAY, "--base", "HEAD~2"]).at(&site).run().ends(1);
    assert!(two.stderr.contains("there is no rollbook.yaml at HEAD~2 in this folder"), "{two}");
    assert!(
        two.stderr.contains("moved here: access/rollbook.yaml") && two.stderr.contains("git worktree add"),
        "{two}"
    );
    // What the help says: the rules of before, from a folder.
    let before = tempfile::tempdir().unwrap();
    let place = before.path().join("it").display().to_string();
    git(folder, &["worktree", "add", "--quiet", &place, "HEAD~2"]);
    let base = format!("{place}/access");
    let beside = rollbook(["plan", "-C", &tree, "--today", TODAY, "--base", &base]).at(&site).run().ends(0);
    assert!(beside.stdout.contains("policy.max-revokes.total"), "{beside}");
}
