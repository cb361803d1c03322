//! Clones, folders and branches as machines have them.

use std::fs;

use rollbook::platform::Kind;

use super::super::TOKEN;
use super::super::machine::{Event, How, KINDS, Machine, SETTLED};
use super::{applied, heading, journalled, on_each};
use crate::cli::base::git;

#[test]
fn what_git_refuses_is_said_and_never_no_base() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let merged = machine.merge(pull, How::Merge);
        let (clone, mut variables) = machine.start(Event::Push, None);
        variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
        // No git at all.
        let broken = machine.bash(
            "mkdir -p \"$HOME/none\" && ln -sf \"$(command -v rollbook)\" \"$HOME/none/rollbook\" && PATH=$HOME/none:/nowhere /bin/sh \
             -c 'rollbook ci apply'",
            &clone,
            &variables,
        );
        assert_ne!(broken.code, 0, "{}", broken.text);
        assert!(broken.text.contains("failed to run git"), "{}", broken.text);
        // A sparse checkout that leaves a file of the tree out.
        git(&clone, &["sparse-checkout", "set", "--no-cone", "/*", "!groups/support.yaml"]);
        let sparse = machine.run_in(Event::Push, &clone, &variables);
        assert_ne!(sparse.code, 0, "{}", sparse.text);
        git(&clone, &["sparse-checkout", "disable"]);
        assert_eq!(machine.live("developers"), SETTLED);
        let ran = machine.run_in(Event::Push, &clone, &variables).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
    });
}

#[test]
fn a_tree_in_a_folder_and_a_default_branch_of_another_name() {
    for kind in KINDS {
        let machine = Machine::with(kind, "infra/access", "trunk").applied_from_the_first();
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        assert!(heading(&machine, pull).starts_with("1 grant"), "{}", heading(&machine, pull));
        let merged = machine.merge(pull, How::Merge);
        let ran = applied(&machine).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
        machine.run(Event::Night).ends(0);
    }
}

#[test]
fn a_clone_that_is_not_whole_is_refused() {
    on_each(|machine| {
        for round in ["one", "two", "three"] {
            let pull = machine.propose(round, "developers", &["ada", "bruno", "chen", "erik"], "bruno");
            machine.merge(pull, How::Merge);
        }
        let ran = machine.run_at(Event::Push, Some(1));
        assert_ne!(ran.code, 0, "{}", ran.text);
        assert!(
            ran.text.contains("fetch-depth: 0") || ran.text.contains("clone the whole of it"),
            "{}",
            ran.text
        );
        assert_eq!(machine.live("developers"), SETTLED);
    });
}

/// A colleague who knows where artifacts go.
#[test]
fn what_a_commit_holds_is_never_written_to_nor_taken_for_a_run() {
    on_each(|machine| {
        machine.checkout(&["main"]);
        for folder in ["rollbook-apply", "rollbook-out", "rollbook-plan"] {
            fs::create_dir_all(machine.dev().join(folder)).unwrap();
            fs::write(machine.dev().join(folder).join("journal.jsonl"), "{}\n").unwrap();
        }
        machine.commit("Journals", "bruno");
        machine.push("main", "bruno");
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let merged = machine.merge(pull, How::Merge);
        let ran = applied(&machine).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
        assert_eq!(git(&ran.clone, &["status", "--porcelain", "--untracked-files=no"]), "");
    });
}

#[test]
fn what_looks_like_the_folder_of_a_run_is_refused_where_the_platform_would_store_it() {
    for kind in [Kind::GitLab, Kind::Bitbucket] {
        let machine = Machine::new(kind).applied_from_the_first();
        machine.checkout(&["main"]);
        fs::create_dir_all(machine.dev().join("rollbook-out-fake")).unwrap();
        fs::write(machine.dev().join("rollbook-out-fake/journal.jsonl"), "{}\n").unwrap();
        machine.commit("A journal", "bruno");
        machine.push("main", "bruno");
        machine.run(Event::Push).ends(64).says("git tracks rollbook-out-fake/journal.jsonl");
        // A link would be stored, too, and lead elsewhere.
        fs::remove_dir_all(machine.dev().join("rollbook-out-fake")).unwrap();
        std::os::unix::fs::symlink("/etc", machine.dev().join("rollbook-out-link")).unwrap();
        machine.commit("A link", "bruno");
        machine.push("main", "bruno");
        machine.run(Event::Push).ends(64).says("git tracks rollbook-out-link");
    }
}
