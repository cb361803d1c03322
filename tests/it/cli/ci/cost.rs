//! What a job that plans spends in addition to its plan: requests to the platform, processes of git, and time.
//!
//! `cargo test --profile dist --test it -- --ignored --nocapture what_a_plan_job_spends` prints the times. They are asserted
//! nowhere, since machines are noisy; what makes them up is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use rollbook::platform::Kind;

use super::TOKEN;
use super::machine::{Event, KINDS, Machine, Variables};

const FOUR: [&str; 4] = ["ada", "bruno", "chen", "erik"];

/// How often each command is timed.
const ROUNDS: usize = 7;

/// A pull request of so many commits, with so many comments by others.
fn proposed(kind: Kind, commits: usize, comments: usize) -> (Machine, u64) {
    let machine = Machine::new(kind).applied_from_the_first();
    let pull = machine.propose("chen", "developers", &FOUR, "bruno");
    for number in 1..commits {
        machine.commit(&format!("Commit {number}"), "bruno");
    }
    machine.push("chen", "bruno");
    for number in 0..comments {
        machine.hub.comment_by("mallory", pull, &format!("comment {number}"));
    }
    (machine, pull)
}

/// The lines of the plan's job, and of the same plan without a platform.
fn lines(machine: &Machine, pull: u64) -> (String, String) {
    let base = machine.pull(pull).base;
    ("rollbook ci plan".into(), format!("rollbook plan --base {base} --author bruno@acme.com"))
}

fn clone_of(machine: &Machine, pull: u64) -> (std::path::PathBuf, Variables) {
    let (clone, mut variables) = machine.start(Event::Pull(pull), None);
    variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
    (clone, variables)
}

#[test]
fn a_plan_job_asks_little_of_git_and_of_the_platform() {
    for kind in KINDS {
        for (commits, comments) in [(1, 0), (90, 90)] {
            let (machine, pull) = proposed(kind, commits, comments);
            let (clone, variables) = clone_of(&machine, pull);
            let calls = machine.path("home/git-calls");
            let wrapper =
                format!("#!/bin/sh\necho >>'{}'\nPATH=${{PATH#*:}} exec git \"$@\"\n", calls.display());
            fs::write(machine.path("bin/git"), wrapper).unwrap();
            fs::set_permissions(machine.path("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
            let count = |line: &str| {
                let _ = fs::remove_file(&calls);
                machine.bash(line, &clone, &variables).ends(0).says("1 grant");
                fs::read_to_string(&calls).unwrap().lines().count()
            };
            let (job, plan) = lines(&machine, pull);
            let alone = count(&plan);
            machine.hub.edit(|state| state.asked.clear());
            let beside = count(&job) - alone;
            let asked = machine.hub.edit(|state| std::mem::take(&mut state.asked));
            // docs/performance.md says these. They grow neither with the commits nor with the comments of one page.
            let requests = match kind {
                Kind::GitHub => 5,
                Kind::GitLab => 11,
                // One of them compares with what was rewritten after it was opened.
                Kind::Bitbucket => 13,
            };
            assert_eq!(asked.len(), requests, "{}: {asked:#?}", kind.name());
            assert!((12..=16).contains(&beside), "{}: {beside} processes of git", kind.name());
        }
    }
}

/// The time is asserted nowhere: `--nocapture` shows it.
#[test]
fn a_plan_job_needs_no_compiler() {
    for kind in KINDS {
        let (machine, pull) = proposed(kind, 1, 0);
        let started = machine.path("home/compilers");
        for name in ["cargo", "rustc", "cc", "gcc"] {
            let path = machine.path("bin").join(name);
            fs::write(&path, format!("#!/bin/sh\necho {name} >>'{}'\n", started.display())).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let begun = Instant::now();
        machine.run(Event::Pull(pull)).ends(0);
        println!("{}: a comment after {} ms", kind.name(), begun.elapsed().as_millis());
        assert_eq!(machine.hub.comments(pull).len(), 1, "{}", kind.name());
        assert!(!started.exists(), "{}: {}", kind.name(), fs::read_to_string(started).unwrap_or_default());
    }
}

#[test]
#[ignore = "it measures time"]
fn what_a_plan_job_spends_beside_its_plan() {
    let pulls = [("one commit", 1, 0), ("150 comments", 1, 150), ("100 commits", 100, 0)];
    for kind in KINDS {
        for (what, commits, comments) in pulls {
            let (machine, pull) = proposed(kind, commits, comments);
            let (clone, variables) = clone_of(&machine, pull);
            let (job, plan) = lines(&machine, pull);
            let time = |line: &str| {
                let begun = Instant::now();
                machine.bash(line, &clone, &variables).ends(0);
                begun.elapsed()
            };
            let mut beside: Vec<Duration> = (0..ROUNDS)
                .map(|_| {
                    let alone = time(&plan);
                    time(&job).saturating_sub(alone)
                })
                .collect();
            beside.sort();
            println!(
                "{}, {what}: {} ms (median of {ROUNDS}; the most {} ms)",
                kind.name(),
                beside[ROUNDS / 2].as_millis(),
                beside[ROUNDS - 1].as_millis()
            );
        }
    }
}

/// The base of the measurement is the one of the job.
#[test]
fn the_plan_that_is_measured_is_the_jobs() {
    for kind in KINDS {
        let (machine, pull) = proposed(kind, 2, 0);
        let (clone, variables) = clone_of(&machine, pull);
        let (job, plan) = lines(&machine, pull);
        let title =
            |text: &str| text.lines().find(|line| line.contains("  fingerprint ")).unwrap().to_owned();
        let of = |line: &str| title(&machine.bash(line, &clone, &variables).ends(0).text);
        assert_eq!(of(&job), of(&plan));
    }
}
