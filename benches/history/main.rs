//! The history of a repository whose truth is known, read as `rollbook history` reads it, side by side with
//! `git blame -w -M1` over the same files: that names the wrong commit for many memberships, and takes longer.
//!
//! `cargo bench --bench history` fails where a membership has another commit than the one that is known, or where the walk
//! takes more than half the time of blame.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/it/support/history.rs"]
mod known;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rollbook::git::history_of;
use rollbook::model::{History, Turn};

use known::{Known, KnownTurn, Size, make};

const SIZE: Size = Size { files: 64, groups_per_file: 4, members: 10, commits: 5000 };

/// How often each is timed; the fastest counts.
const RUNS: usize = 3;

/// The share of blame's time that the walk may take.
const BOUND: f64 = 0.5;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let truth = make(folder.path(), SIZE, 1);
    let (walk, history) = fastest(|| history_of(folder.path(), "HEAD").unwrap());
    let (blame, lines) = fastest(|| blame(folder.path()));
    let wrong = wrong(&history, &truth);
    println!("{} files, {} commits, {} stretches", SIZE.files, SIZE.commits, truth.len());
    println!("rollbook history      {:>8.2} s   {wrong} wrong", walk.as_secs_f64());
    println!("git blame -w -M1      {:>8.2} s   {lines} lines", blame.as_secs_f64());
    let share = walk.as_secs_f64() / blame.as_secs_f64();
    println!("share of blame's time {share:>8.2}     the bound is {BOUND}");
    if wrong == 0 && share <= BOUND { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fastest<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        last = Some(run());
        times.push(start.elapsed());
    }
    (times.into_iter().min().unwrap(), last.unwrap())
}

/// Blames every file of the newest commit, and counts lines.
fn blame(folder: &Path) -> usize {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments).stderr(Stdio::null());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let files = git(&["ls-files", "groups"]);
    files.lines().map(|file| git(&["blame", "-w", "-M1", "HEAD", "--", file]).lines().count()).sum()
}

/// How many stretches are not as they are known.
fn wrong(history: &History, truth: &[Known]) -> usize {
    let turn = |turn: &Turn| KnownTurn {
        commit: turn.commit.clone().unwrap_or_default(),
        author: turn.author.clone().unwrap_or_default(),
        merge: turn.merge.clone(),
        pull_request: turn.pull_request,
    };
    let found = history.stretches.iter().map(|stretch| Known {
        group: stretch.address.group().unwrap().to_string(),
        user: stretch.address.user().unwrap().to_string(),
        from: turn(stretch.from.as_ref().unwrap()),
        to: stretch.to.as_ref().map(turn),
    });
    let found: BTreeSet<Known> = found.collect();
    let truth: BTreeSet<Known> = truth.iter().cloned().collect();
    truth.symmetric_difference(&found).count()
}
