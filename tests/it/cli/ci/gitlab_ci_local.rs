//! GitLab's recipe, run unchanged by gitlab-ci-local, which reads it as GitLab does. It runs where
//! `ROLLBOOK_TEST_GITLAB_CI_LOCAL` names a folder with its npm package and Node 22 in `node_modules`, as `.ci/run` makes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use rollbook::platform::Kind;

use super::machine::{Event, How, Machine, Variables};
use crate::cli::base::git;
use crate::cli::repository;

fn node_modules() -> Option<PathBuf> {
    let folder = std::env::var_os("ROLLBOOK_TEST_GITLAB_CI_LOCAL");
    if folder.is_none() {
        eprintln!("skipped: ROLLBOOK_TEST_GITLAB_CI_LOCAL is not set");
    }
    folder.map(|folder| Path::new(&folder).join("node_modules"))
}

/// Runs jobs of a clone's recipe, and gives the exit code and what was printed.
fn run(
    machine: &Machine,
    modules: &Path,
    clone: &Path,
    variables: &Variables,
    jobs: &[&str],
) -> (i32, String) {
    git(clone, &["remote", "set-url", "origin", "https://gitlab.example/acme/access.git"]);
    let mut command = Command::new(modules.join("node/bin/node"));
    command.arg(modules.join(".bin/gitlab-ci-local")).arg("--force-shell-executor");
    for (name, value) in variables {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", machine.path("bin").display());
    let ran = command
        .args(jobs)
        .env_clear()
        .env("PATH", path)
        .env("HOME", machine.path("home"))
        .env("TMPDIR", machine.path("tmp"))
        .current_dir(clone)
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    (ran.status.code().unwrap_or(-1), text)
}

#[test]
fn the_recipe_plans_comments_and_applies() {
    let Some(modules) = node_modules() else { return };
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let recipe = std::fs::read_to_string(repository().join("examples/ci/gitlab/.gitlab-ci.yml")).unwrap();
    machine.write(".gitlab-ci.yml", &recipe);
    machine.commit("The recipe", "ada");
    machine.push("main", "ada");
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    let (clone, variables) = machine.start(Event::Pull(pull), None);
    let (code, text) = run(&machine, &modules, &clone, &variables, &["plan", "check"]);
    assert_eq!(code, 0, "{text}");
    let [comment] = &machine.hub.comments(pull)[..] else { panic!("one comment\n{text}") };
    assert!(comment.contains("### 1 grant and 0 revokes"), "{comment}");
    machine.merge(pull, How::Merge);
    let (clone, variables) = machine.start(Event::Push, None);
    let (code, text) = run(&machine, &modules, &clone, &variables, &["apply"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(machine.live("developers"), ["ada", "bruno", "chen", "erik"]);
    // A refusal's exit code is the job's.
    let mine = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    let (clone, variables) = machine.start(Event::Pull(mine), None);
    let (code, text) = run(&machine, &modules, &clone, &variables, &["plan"]);
    assert!(code != 0 && text.contains("FAIL 4"), "{code}\n{text}");
}
