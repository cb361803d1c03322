//! Checkouts and clones of other kinds than the usual one, by real git.

use std::path::Path;
use std::process::Command;

use super::base::{edit, git, plan, repository};
use super::{Ran, Site, TODAY, rollbook};

fn in_tree(repository: &Path, arguments: &[&str]) -> super::Rollbook {
    let tree = repository.join("access").display().to_string();
    rollbook(arguments.iter().copied().chain(["--today", TODAY, "-q", "-C", &tree]))
}

fn says(ran: Ran, code: i32, texts: &[&str]) {
    let ran = ran.ends(code);
    for text in texts {
        assert!(ran.stderr.contains(text), "{text} in {ran}");
    }
}

#[test]
fn a_checkout_that_leaves_out_files_of_the_tree_is_refused() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    git(folder, &["sparse-checkout", "set", "--no-cone", "/*", "!/README"]);
    plan(folder, &[]).at(&site).run().ends(0);
    git(folder, &["sparse-checkout", "set", "--no-cone", "/*", "!/access/groups/support.yaml"]);
    assert!(!folder.join("access/groups/support.yaml").exists());
    let refusal =
        ["the checkout leaves out groups/support.yaml, a file of the tree", "`git sparse-checkout disable`"];
    says(plan(folder, &[]).at(&site).run(), 4, &refusal);
    says(plan(folder, &["--base", "HEAD"]).at(&site).run(), 4, &refusal);
    for command in [&["check"][..], &["apply", "--yes"], &["lock"], &["import", "--check"]] {
        says(in_tree(folder, command).at(&site).run(), 4, &refusal);
    }
    // So is a base that is a folder, whichever tree is compared with it.
    let whole = self::repository();
    let base = folder.join("access").display().to_string();
    let ran =
        plan(whole.path(), &["--base", &base]).hides(&folder.display().to_string(), "[sparse]").at(&site);
    says(ran.run(), 4, &refusal);
    // What is there counts, whatever git is set to ignore.
    git(folder, &["sparse-checkout", "disable"]);
    git(folder, &["update-index", "--skip-worktree", "access/groups/support.yaml"]);
    plan(folder, &[]).at(&site).run().ends(0);
    std::fs::remove_file(folder.join("access/groups/support.yaml")).unwrap();
    says(plan(folder, &[]).at(&site).run(), 4, &refusal);
}

#[test]
fn all_that_git_says_is_shown_with_the_help_that_suits_it() {
    let repository = repository();
    let folder = repository.path();
    let foreign = plan(folder, &["--base", "HEAD"]).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").run();
    says(
        foreign,
        1,
        &["detected dubious ownership", "; git config --global --add safe.directory", "job's container"],
    );
    // Without a base nothing is asked of git, but whether the tree is complete.
    let site = Site::example("minimal");
    let foreign = plan(folder, &[]).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").at(&site).run();
    says(foreign, 0, &["git cannot tell whether the whole tree is checked out", "safe.directory"]);
    git(folder, &["config", "core.repositoryFormatVersion", "1"]);
    git(folder, &["config", "extensions.fromTheFuture", "yes"]);
    let newer = plan(folder, &["--base", "HEAD"]).run();
    says(newer, 1, &["unknown repository extension found:; fromthefuture", "use a newer git"]);
}

#[test]
fn a_partial_clone_says_that_it_is_one() {
    let repository = repository();
    let folder = repository.path();
    edit(folder, "groups/developers.yaml", "- grace@acme.com", "- chen@acme.com");
    git(folder, &["commit", "--quiet", "-am", "second"]);
    git(folder, &["config", "uploadpack.allowFilter", "true"]);
    git(folder, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let site = Site::example("minimal");
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", folder.display());
    for filter in ["blob:none", "tree:0"] {
        let name = filter.replace(':', "-");
        git(clones.path(), &["clone", "--quiet", "--filter", filter, &from, &name]);
        let clone = clones.path().join(name);
        let ran = plan(&clone, &["--base", "HEAD~1"]).at(&site).run();
        says(
            ran,
            1,
            &["the clone is partial, and does not hold all files of HEAD~1", "`git fetch --refetch"],
        );
        // What helps, by its own words.
        git(&clone, &["fetch", "--quiet", "--refetch", "--no-filter"]);
        plan(&clone, &["--base", "HEAD~1"]).at(&site).run().ends(0);
    }
}

/// git tells its hooks of one repository, also where it is asked about a folder of another.
#[test]
fn a_hook_of_a_linked_work_tree_has_a_base() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let linked = tempfile::tempdir().unwrap();
    let linked = linked.path().join("linked");
    git(folder, &["worktree", "add", "--quiet", &linked.display().to_string()]);
    let seen = linked.join("seen");
    std::fs::write(
        folder.join(".git/hooks/pre-commit"),
        format!("#!/bin/sh\nenv | grep ^GIT_ >'{}'\n", seen.display()),
    )
    .unwrap();
    let run = Command::new("chmod").arg("+x").arg(folder.join(".git/hooks/pre-commit")).status().unwrap();
    assert!(run.success());
    edit(&linked, "groups/developers.yaml", "- grace@acme.com", "- chen@acme.com");
    git(&linked, &["commit", "--quiet", "-am", "second"]);
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.contains("GIT_DIR="), "{seen}");
    let mut hook = plan(&linked, &["--base", "HEAD~1"]).at(&site);
    for (name, value) in seen.lines().filter_map(|line| line.split_once('=')) {
        hook = hook.env(name, value);
    }
    let ran = hook.hides(&linked.display().to_string(), "[linked]").run().ends(0);
    assert!(ran.stdout.contains("+ chen@acme.com"), "{ran}");
    // Every other variable of the kind that this git knows, but for settings, which are not of one repository.
    let names = git(folder, &["rev-parse", "--local-env-vars"]);
    let mut run = plan(folder, &["--base", "HEAD"]).at(&site);
    for name in names.lines().filter(|name| !matches!(*name, "GIT_CONFIG_PARAMETERS" | "GIT_CONFIG_COUNT")) {
        run = run.env(name, "/nowhere");
    }
    run.run().ends(0);
}

#[test]
fn a_base_of_which_a_submodule_holds_a_part_is_refused() {
    let part = tempfile::tempdir().unwrap();
    git(part.path(), &["init", "--quiet"]);
    std::fs::write(part.path().join("team.yaml"), "groups: { team: { members: [] } }\n").unwrap();
    git(part.path(), &["add", "."]);
    git(part.path(), &["commit", "--quiet", "-m", "part"]);
    let repository = repository();
    let folder = repository.path();
    let add = |place: &str| {
        let from = part.path().display().to_string();
        git(folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &from, place]);
        git(folder, &["commit", "--quiet", "-am", place]);
    };
    let site = Site::example("minimal");
    edit(folder, "rollbook.yaml", "groups/*.yaml", "groups/**/*.yaml");
    add("access/docs");
    plan(folder, &["--base", "HEAD"]).at(&site).run().ends(0);
    add("access/groups/teams");
    let ran = plan(folder, &["--base", "HEAD"]).at(&site).run();
    says(ran, 1, &["groups/teams at HEAD is another repository, a submodule", "Keep the files of the tree"]);
}

#[test]
fn what_git_tracks_where_runs_write_is_a_warning_of_check() {
    let repository = repository();
    let folder = repository.path();
    let found = || {
        let json = in_tree(folder, &["check", "--format", "json"]).run().ends(0).json();
        let all = json["diagnostics"].as_array().unwrap().clone();
        let of = all.iter().filter(|it| it["code"] == "reserved-name");
        of.map(|it| it["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let write = |path: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}\n").unwrap();
    };
    // What is there and not tracked is what runs leave, and other names are anybody's.
    write("access/.rollbook/journals/a.jsonl");
    write("rollbook-out-a1/journal.jsonl");
    write("access/rollbook-out-b2/plan.json");
    write("rollbook-outlook/notes");
    git(folder, &["add", "access/rollbook-out-b2", "rollbook-outlook"]);
    assert_eq!(found(), [""; 0]);
    git(folder, &["add", "--all", "--force"]);
    std::os::unix::fs::symlink("/etc", folder.join("rollbook-out-link")).unwrap();
    git(folder, &["add", "rollbook-out-link"]);
    let both = [
        "git tracks ../rollbook-out-a1/journal.jsonl and 1 more, where `rollbook ci` writes",
        "git tracks .rollbook/journals/a.jsonl, where `rollbook apply` writes",
    ];
    assert_eq!(found(), both);
    git(folder, &["rm", "-r", "--quiet", "--cached", "rollbook-out-a1"]);
    assert_eq!(found()[0], "git tracks ../rollbook-out-link, where `rollbook ci` writes");
}
