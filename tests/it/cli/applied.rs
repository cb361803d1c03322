//! The ref of the last commit whose apply completed, in real repositories.

use std::path::Path;

use rollbook::git::{APPLIED, GitError, applied, move_applied};
use rollbook::sandbox::Change;

use super::base::{edit, git, plan, repository};
use super::{Ran, Rollbook, Site, TODAY, rollbook};

fn apply(repository: &Path, arguments: &[&str]) -> Rollbook {
    let tree = repository.join("access").display().to_string();
    let common = ["apply", "--today", TODAY, "-C", &tree];
    rollbook(common.iter().copied().chain(arguments.iter().copied()))
        .hides(&repository.display().to_string(), "[repository of the test]")
}

fn head(repository: &Path) -> String {
    git(repository, &["rev-parse", "HEAD"])
}

/// Commits a change of a file of the tree, and gives the commit.
fn commit(repository: &Path, path: &str, from: &str, to: &str) -> String {
    edit(repository, path, from, to);
    git(repository, &["commit", "--quiet", "-am", path]);
    head(repository)
}

/// Says that the ref stays, and why.
#[track_caller]
fn stays(ran: &Ran, at: &str, why: &str) {
    let line = format!("{APPLIED} stays at {}: {why}.", &at[..12]);
    assert!(ran.stderr.lines().any(|it| it == line), "{line}\n{ran}");
}

#[test]
fn an_apply_that_completes_moves_the_ref_to_its_commit() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let first = head(folder);
    assert_eq!(applied(folder).unwrap(), None);
    let ran = apply(folder, &["--yes"]).at(&site).run().ends(0);
    assert!(ran.stderr.contains(&format!("{APPLIED} is at {}.", &first[..12])), "{ran}");
    assert_eq!(git(folder, &["rev-parse", APPLIED]), first);
    assert_eq!(git(folder, &["reflog", "--format=%gs", APPLIED]), "rollbook apply");
    // With nothing to do the site is in line as well.
    let second = commit(folder, "groups/support.yaml", "# Who", "# Those who");
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    assert_eq!(applied(folder).unwrap(), Some(second.clone()));
    // The word means the ref, whatever else has its name, and every revision says whether it is that commit.
    git(folder, &["branch", "applied", &first]);
    commit(folder, "groups/developers.yaml", "- grace@acme.com", "- grace@acme.com\n      - chen@acme.com");
    let json =
        |base: &str| plan(folder, &["--base", base, "--format", "json"]).at(&site).run().ends(0).json();
    let compared = json("applied");
    assert_eq!(compared["base"]["revision"]["name"], "applied");
    assert_eq!(compared["base"]["revision"]["commit"], second.as_str());
    assert_eq!(compared["base"]["revision"]["applied"], true);
    assert_eq!(json("HEAD~1")["base"]["revision"]["applied"], true);
    assert_eq!(json("HEAD~2")["base"]["revision"]["applied"], false);
    assert_eq!(json("refs/heads/applied")["base"]["revision"]["applied"], false);
}

#[test]
fn what_is_not_done_keeps_the_ref_where_it_is() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let first = head(folder);
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    commit(folder, "groups/developers.yaml", "- grace@acme.com", "- grace@acme.com\n      - chen@acme.com");
    commit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - bruno@acme.com");
    let stays = |arguments: &[&str], code: i32, why: &str| {
        let ran = apply(folder, arguments).at(&site).run().ends(code);
        stays(&ran, &first, why);
        assert_eq!(applied(folder).unwrap().as_ref(), Some(&first), "{ran}");
    };
    // It was refused, it was stopped, only a part was asked for, or what was asked for was reviewed before.
    let path = folder.join("access/rollbook.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    commit(folder, "rollbook.yaml", "policy:\n", "policy:\n  privileged: [support]\n  self-grant: refuse\n");
    let refused = "the plan is refused by self-grant, so nothing was changed";
    stays(&["--yes", "--base", "applied", "--author", "bruno@acme.com"], 4, refused);
    std::fs::write(&path, text).unwrap();
    git(folder, &["commit", "--quiet", "-am", "no rules"]);
    stays(&["--yes", "--timeout", "1ns"], 6, "2 operations were not done");
    stays(&["--yes", "--reason", "expired"], 0, "the run was limited to expired");
    let member = "member.support/bruno@acme.com";
    stays(&["--yes", "--target", member], 0, &format!("the run was limited to {member}"));
    let reviewed = tempfile::tempdir().unwrap();
    let reviewed = reviewed.path().join("plan.json").display().to_string();
    plan(folder, &["--out", &reviewed]).at(&site).run().ends(0);
    stays(&[&reviewed], 0, "the run was limited to the reviewed plan");
    // What is applied does not belong to a commit, or it lacks what the tree wants for somebody.
    edit(folder, "groups/support.yaml", "      - bruno@acme.com\n", "");
    stays(&["--yes"], 0, "the tree is not that of the commit that is checked out");
    commit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - nobody@acme.com");
    stays(&["--yes"], 6, "1 grant is blocked");
    // A revoke that is blocked gives nobody anything: root is who Rollbook acts as.
    let change = Change::AddMember { group: "support".into(), user: "root@acme.com".into() };
    site.sandbox.edit(&change).unwrap();
    let last = commit(folder, "groups/support.yaml", "      - nobody@acme.com\n", "");
    let ran = apply(folder, &["--yes"]).at(&site).run().ends(6);
    assert!(ran.stderr.contains("! remove root@acme.com in support"), "{ran}");
    assert_eq!(applied(folder).unwrap(), Some(last), "{ran}");
}

/// Bruno's merge is refused. The next one is somebody else's, and must not carry his out as drift.
#[test]
fn what_was_refused_is_still_a_change_to_the_next_apply() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    commit(folder, "rollbook.yaml", "policy:\n", "policy:\n  privileged: [support]\n  self-grant: refuse\n");
    // Who was to be in the group before it was privileged: no apply of that is known, so that somebody has to say so once.
    let first = ["--yes", "--base", "HEAD", "--author", "ada@acme.com"];
    apply(folder, &first).at(&site).run().ends(4);
    apply(folder, &[&first[..], &["--allow", "self-grant"]].concat()).at(&site).run().ends(0);
    commit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - bruno@acme.com");
    apply(folder, &["--yes", "--base", "applied", "--author", "bruno@acme.com"]).at(&site).run().ends(4);
    commit(folder, "groups/developers.yaml", "- grace@acme.com", "- grace@acme.com\n      - chen@acme.com");
    // Two people's changes: nobody says whose each is.
    let ran = apply(folder, &["--yes", "--base", "applied"]).at(&site).run().ends(4);
    assert!(ran.stderr.contains("+ bruno@acme.com") && !ran.stderr.contains("Drift"), "{ran}");
    assert!(ran.stderr.contains("the plan is refused by self-grant"), "{ran}");
    let both = ["--yes", "--base", "applied", "--author", "chen@acme.com", "--author", "bruno@acme.com"];
    let ran = apply(folder, &both).at(&site).run().ends(4);
    assert!(ran.stderr.contains("bruno@acme.com, who made this change"), "{ran}");
}

#[test]
fn the_ref_never_goes_back_and_never_overwrites_another_apply() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let first = head(folder);
    let second = commit(folder, "groups/support.yaml", "# Who", "# Those who");
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    git(folder, &["switch", "--quiet", "--detach", &first]);
    let ran = apply(folder, &["--yes"]).at(&site).run().ends(0);
    stays(&ran, &second, &format!("commit {} does not contain it", &first[..12]));
    assert_eq!(applied(folder).unwrap(), Some(second.clone()));
    let ran = apply(folder, &["--yes", "--base", "applied"]).at(&site).run().ends(1);
    assert!(
        ran.stderr.contains(&format!("HEAD does not contain {APPLIED}, commit {}", &second[..12])),
        "{ran}"
    );
    // Another apply was quicker: what was read before is not what the ref names now.
    let error = move_applied(folder, &second, Some(&first)).unwrap_err();
    assert!(matches!(&error, GitError::Refused(why) if why.to_string().contains(&second)), "{error}");
    let error = move_applied(folder, &second, None).unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
    assert_eq!(applied(folder).unwrap(), Some(second));
}

#[test]
fn without_the_ref_the_word_says_how_to_make_it() {
    let repository = repository();
    let folder = repository.path();
    git(folder, &["branch", "applied"]);
    let ran = plan(folder, &["--base", "applied"]).run().ends(1);
    assert!(ran.stderr.contains(&format!("this clone has no {APPLIED}")), "{ran}");
    for command in [
        "git update-ref refs/rollbook/applied COMMIT",
        "git fetch origin +refs/rollbook/applied:refs/rollbook/applied",
        "git push origin refs/rollbook/applied",
    ] {
        assert!(ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(command), "{ran}");
    }
    // A ref that names no commit is not an answer, either.
    let blob = git(folder, &["rev-parse", "HEAD:README"]);
    git(folder, &["update-ref", APPLIED, &blob]);
    let ran = plan(folder, &["--base", "applied"]).run().ends(1);
    assert!(ran.stderr.contains(&format!("there is no commit {APPLIED} here")), "{ran}");
}

/// In a shallow clone nobody can tell whether a commit contains another.
#[test]
fn a_shallow_clone_moves_nothing() {
    let site = Site::example("minimal");
    let repository = repository();
    let first = head(repository.path());
    commit(repository.path(), "groups/support.yaml", "# Who", "# Those who");
    git(repository.path(), &["update-ref", APPLIED, &first]);
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(clones.path(), &["clone", "--quiet", "--depth", "1", &from, "clone"]);
    let clone = clones.path().join("clone");
    git(&clone, &["fetch", "--quiet", "--depth", "1", "origin", &format!("+{APPLIED}:{APPLIED}")]);
    let ran = plan(&clone, &["--base", "applied"]).run().ends(1);
    assert!(ran.stderr.contains("it is unknown whether HEAD contains"), "{ran}");
    assert!(ran.stderr.contains("The clone is shallow"), "{ran}");
    let ran = apply(&clone, &["--yes"]).at(&site).run().ends(0);
    let commit = head(&clone);
    let why = format!("the clone is shallow, so it is unknown whether commit {} contains it", &commit[..12]);
    stays(&ran, &first, &why);
    assert_eq!(applied(&clone).unwrap(), Some(first));
}

/// The ref is one for the repository. Where that has two trees, it would say of both what is true of one.
#[test]
fn a_repository_of_several_trees_has_no_such_ref() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    std::fs::create_dir(folder.join("other")).unwrap();
    std::fs::copy(folder.join("access/rollbook.yaml"), folder.join("other/rollbook.yaml")).unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "other"]);
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    assert_eq!(applied(folder).unwrap(), None);
    git(folder, &["update-ref", APPLIED, "HEAD"]);
    let ran = apply(folder, &["--yes", "--base", "applied"]).at(&site).run().ends(1);
    let says = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("several trees"), "{ran}");
    assert!(says.contains("access/rollbook.yaml, other/rollbook.yaml"), "{ran}");
    for name in ["third", "fourth", "fifth"] {
        std::fs::create_dir(folder.join(name)).unwrap();
        std::fs::copy(folder.join("access/rollbook.yaml"), folder.join(name).join("rollbook.yaml")).unwrap();
    }
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "more"]);
    let ran = apply(folder, &["--yes", "--base", "applied"]).at(&site).run().ends(1);
    let says = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("fourth/rollbook.yaml, and 2 more"), "{ran}");
}

/// Applies with the ref would stop, so that the plan of such a change says it, also where the ref was not fetched.
#[test]
fn a_change_that_adds_a_second_tree_is_told() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    std::fs::create_dir_all(folder.join("node_modules/a")).unwrap();
    std::fs::write(folder.join("node_modules/a/rollbook.yaml"), "version: 1\n").unwrap();
    git(folder, &["add", "--force", "."]);
    git(folder, &["commit", "--quiet", "-m", "other"]);
    let first = head(folder);
    let told = plan(folder, &["--base", "HEAD~1"]).at(&site).run().ends(0);
    let says = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("the change adds node_modules/a/rollbook.yaml, a second tree"), "{told}");
    git(folder, &["update-ref", APPLIED, "HEAD~1"]);
    let refused = plan(folder, &["--base", "HEAD~1"]).at(&site).run().ends(1);
    let says = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("the change adds node_modules/a/rollbook.yaml, a second tree"), "{refused}");
    assert!(says.contains("Remove it from the change"), "{refused}");
    // Neighbours: it was there before, and a change that takes it out.
    commit(folder, "groups/support.yaml", "# Who", "# Those who");
    let there = plan(folder, &["--base", &first]).at(&site).run().ends(0);
    assert!(!there.stdout.contains("second tree"), "{there}");
    git(folder, &["rm", "--quiet", "-r", "node_modules"]);
    git(folder, &["commit", "--quiet", "-m", "out"]);
    plan(folder, &["--base", "HEAD~1"]).at(&site).run().ends(0);
}

#[test]
fn outside_a_repository_there_is_nothing_to_say() {
    let site = Site::example("minimal");
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in super::files_of("minimal") {
        let path = tree.path().join("access").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let ran = apply(tree.path(), &["--yes"]).at(&site).run().ends(0);
    assert!(!ran.stderr.contains(APPLIED), "{ran}");
}

/// Git writes other bytes into the work tree than the commit holds, and `git status` shows nothing. The ref would stay for
/// ever, and with it what every apply is compared with.
#[test]
fn a_tree_that_is_no_commits_does_not_stop_the_ref_in_silence() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    edit(folder, "groups/support.yaml", "groups:\n", "# $Id$\ngroups:\n");
    std::fs::write(folder.join(".gitattributes"), "*.yaml ident\n").unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "attributes"]);
    std::fs::remove_file(folder.join("access/groups/support.yaml")).unwrap();
    git(folder, &["checkout", "--quiet", "--", "."]);
    assert_eq!(git(folder, &["status", "--porcelain", "--untracked-files=no"]), "");
    let whole = ["--yes", "--base", "applied", "--author", "chen@acme.com"];
    let ran = apply(folder, &whole).at(&site).run().ends(4);
    assert!(ran.stderr.contains("the tree is not that of the commit"), "{ran}");
    // Neighbours: what ends by the day ends all the same, and without the attribute the ref moves on.
    let night = ["--yes", "--base", "applied", "--reason", "expired,offboarded"];
    apply(folder, &night).at(&site).run().ends(0);
    std::fs::remove_file(folder.join(".gitattributes")).unwrap();
    std::fs::remove_file(folder.join("access/groups/support.yaml")).unwrap();
    git(folder, &["rm", "--quiet", "--cached", ".gitattributes"]);
    git(folder, &["checkout", "--quiet", "--", "access"]);
    git(folder, &["commit", "--quiet", "-m", "no attributes"]);
    let ran = apply(folder, &whole).at(&site).run().ends(0);
    assert_eq!(applied(folder).unwrap(), Some(head(folder)), "{ran}");
}

/// Chen shows another email by now, and the group keeps whom no tree names. To offboard the old email takes nothing, and the
/// next base would only say that nobody has it.
#[test]
fn a_leaver_who_may_stay_under_another_email_holds_the_ref() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    edit(folder, "groups/support.yaml", "    members:", "    mode: at-least\n    members:");
    let first = commit(folder, "rollbook.yaml", "policy:\n", "policy:\n  privileged: [support]\n");
    apply(folder, &["--yes"]).at(&site).run().ends(0);
    let change = Change::ChangeEmail { user: "chen@acme.com".into(), email: "c.wei@acme.com".into() };
    site.sandbox.edit(&change).unwrap();
    edit(folder, "groups/support.yaml", "      - chen@acme.com\n", "");
    let leaves = "  chen@acme.com: { active: false }\n";
    commit(folder, "users/people.yaml", "users:\n", &format!("users:\n{leaves}"));
    let whole = ["--yes", "--base", "applied", "--author", "ada@acme.com"];
    for _ in 0..2 {
        let ran = apply(folder, &whole).at(&site).run().ends(6);
        assert!(ran.stderr.contains("end-of-nobody"), "{ran}");
        stays(&ran, &first, "access to the privileged group support should end, but that is blocked");
        let night = ["--yes", "--base", "applied", "--reason", "expired,offboarded"];
        let ran = apply(folder, &night).at(&site).run().ends(6);
        assert!(ran.stderr.contains("end-of-nobody"), "{ran}");
    }
    // Somebody has found out that the access has ended.
    let found = commit(folder, "users/people.yaml", leaves, "");
    apply(folder, &whole).at(&site).run().ends(0);
    assert_eq!(applied(folder).unwrap(), Some(found));
    // Neighbour: whom no privileged group had is said once, and holds nothing up.
    let other =
        commit(folder, "users/people.yaml", "users:\n", "users:\n  kim@acme.com: { active: false }\n");
    let ran = apply(folder, &whole).at(&site).run().ends(6);
    assert!(ran.stderr.contains("end-of-nobody"), "{ran}");
    assert_eq!(applied(folder).unwrap(), Some(other));
}
