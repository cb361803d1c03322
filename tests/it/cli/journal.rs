//! The journal as people meet it: where it is, what refuses to be without it, and `rollbook journal`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Ran, Rollbook, Site, TODAY, rollbook, seed_of};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\npolicy: { invite-domains: [acme.com] }\n";

/// A run on a copy of the smallest example, in a folder of its own.
fn minimal(arguments: &[&str]) -> Rollbook {
    let files = super::files_of("minimal");
    let run = rollbook(arguments.iter().copied().chain(["--today", TODAY]));
    files.iter().fold(run, |run, (path, text)| run.file(path, text))
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(".rollbook/journals"));
    entries.map_or(Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

/// A run of `journal` on a text.
fn on(text: &str, arguments: &[&str]) -> Ran {
    let run = rollbook(["journal"].iter().chain(arguments).chain(&["run.jsonl"]).copied());
    run.file("run.jsonl", text).run()
}

/// Hides what differs from run to run.
fn without_chance(text: &str) -> String {
    let word = |word: &str| match word.trim_end_matches([',', ':', '.', '\n']) {
        it if it.len() == 64 => word.replace(it, "[fingerprint]"),
        it if it.len() == 10 && it.starts_with("20") && it.contains('-') => word.replace(it, "[date]"),
        it if it.len() == 8 && it.matches(':').count() == 2 => word.replace(it, "[time]"),
        it if it == env!("CARGO_PKG_VERSION") => word.replace(it, "[version]"),
        _ => word.to_owned(),
    };
    text.split_inclusive([' ', '\n'])
        .map(|part| {
            let end = part.len() - usize::from(part.ends_with([' ', '\n']));
            word(&part[..end]) + &part[end..]
        })
        .collect()
}

/// An apply, its journal, and the last hash that it printed.
fn applied() -> (Ran, String, String) {
    let site = Site::example("minimal");
    let ran = minimal(&["apply", "--yes"]).at(&site).run().ends(0);
    let files = journals(&ran.folder());
    assert_eq!(files.len(), 1, "{ran}");
    let text = fs::read_to_string(&files[0]).unwrap();
    let last = ran.stderr.lines().find_map(|line| line.strip_prefix("Last hash: ")).unwrap().to_owned();
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(ran.stderr.contains(name), "{ran}");
    (ran, text, last)
}

#[test]
fn an_apply_leaves_a_journal_that_git_leaves_out() {
    let (ran, text, last) = applied();
    assert_eq!(fs::read_to_string(ran.folder().join(".rollbook/.gitignore")).unwrap(), "*\n");
    let verified = on(&text, &["verify", "--last", &last]).ends(0);
    assert!(verified.stdout.contains("all intact."), "{verified}");
    assert!(verified.stdout.contains("The run finished"), "{verified}");
    let git = |arguments: &[&str]| {
        let run = Command::new("git").args(arguments).current_dir(ran.folder()).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(run.stdout).unwrap()
    };
    git(&["init", "-q"]);
    let status = git(&["status", "--porcelain", "-uall"]);
    assert!(status.contains("rollbook.yaml") && !status.contains(".rollbook/"), "{status}");

    let show = on(&text, &["show"]).ends(0);
    for line in show.stdout.lines() {
        assert!(
            line.chars().count() <= 80 || !line.trim_start().contains(' ') || line.contains("/rest/"),
            "{line}"
        );
    }
    insta::assert_snapshot!("show", without_chance(&show.to_string()));
    let json = on(&text, &["show", "--format", "json"]).ends(0).json();
    assert_eq!(json["operations"].as_array().unwrap().len(), 4);
    assert_eq!(json["operations"][0]["exchanges"][0]["status"], 200);
}

#[test]
fn a_journal_that_is_not_as_it_was_written_fails_with_its_line() {
    let (_, text, last) = applied();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let without = |number: usize| -> String {
        lines.iter().enumerate().filter(|(at, _)| *at != number).map(|(_, line)| *line).collect()
    };
    for (text, line) in [
        (text.replacen("\"status\":201", "\"status\":200", 1), "is broken: hash mismatch"),
        (without(0), "Line 1 is broken: it does not follow the line before"),
        (without(3), "Line 4 is broken: it does not follow the line before"),
        (text[..text.len() - 9].to_owned(), "is broken: it is truncated"),
        (String::new(), "Line 1 is broken: the journal is empty"),
    ] {
        let ran = on(&text, &["verify"]).ends(1);
        assert!(ran.stdout.replace("\n  | ", " ").contains(line), "{line}:\n{ran}");
        on(&text, &["show"]).ends(1);
    }
    let short = without(lines.len() - 1);
    on(&short, &["verify"]).ends(0);
    let ran = on(&short, &["verify", "--last", &last]).ends(1);
    assert!(ran.stdout.contains(&format!("It should be {last}: lines are missing at the end.")), "{ran}");
    let missing = rollbook(["journal", "verify", "nowhere.jsonl"]).run().ends(1);
    assert!(missing.stderr.contains("failed to read nowhere.jsonl"), "{missing}");
}

#[test]
fn no_journal_is_made_where_nothing_is_applied() {
    let site = Site::example("minimal");
    let empty = |ran: &Ran| assert_eq!(journals(&ran.folder()), Vec::<PathBuf>::new(), "{ran}");
    empty(&minimal(&["plan"]).at(&site).run().ends(0));
    let guarded = ROOT.to_owned() + "groups: { developers: { members: [] } }\n";
    let protect = "policy: { invite-domains: [acme.com], max-revokes: { total: 0 } }";
    let guarded = guarded.replace("policy: { invite-domains: [acme.com] }", protect);
    let seed = seed_of("minimal");
    let full = Site::of(&seed);
    minimal(&["apply", "--yes"]).at(&full).run().ends(0);
    empty(&rollbook(["apply", "--yes"]).file("rollbook.yaml", &guarded).at(&full).run().ends(4));
    empty(&minimal(&["apply", "--yes"]).at(&full).run().ends(0));
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let site = Site::example("minimal");
    let there = || minimal(&["apply", "--yes", "--journal", "there.jsonl"]).file("there.jsonl", "mine");
    let ran = there().at(&site).run().ends(1);
    assert!(ran.stderr.contains("there.jsonl exists already, so nothing was changed"), "{ran}");
    assert!(ran.stderr.contains("help: Name another file with --journal"), "{ran}");
    assert_eq!(fs::read_to_string(ran.folder().join("there.jsonl")).unwrap(), "mine");
    for path in ["rollbook.yaml/journal.jsonl", "/proc/self/nothing/journal.jsonl"] {
        let ran = minimal(&["apply", "--yes", "--journal", path]).at(&site).run().ends(1);
        assert!(ran.stderr.contains("cannot be created"), "{ran}");
        assert!(ran.stderr.contains("so nothing was changed"), "{ran}");
    }
    #[cfg(unix)]
    {
        let run = minimal(&["apply", "--yes"]).at(&site);
        std::os::unix::fs::symlink("/tmp", run.folder().join(".rollbook")).unwrap();
        let ran = run.run().ends(1);
        assert!(ran.stderr.contains("it is not a folder, or a link to one"), "{ran}");
    }
    assert_eq!(site.sandbox.requests().writes, []);
}

/// A limit on the size of files is a disk that is full in the middle.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_in_the_middle_stops_the_run() {
    let site = Site::example("minimal");
    let limited = |blocks: usize| {
        let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let run = minimal(&["apply", "--yes", "--concurrency", "1", "--journal", "run.jsonl"]);
        run.at(&site).wrapped(&["/bin/sh", "-c", &shell, "sh"]).run()
    };
    let ran = limited(4).ends(1);
    assert!(ran.stderr.contains("the journal cannot be written"), "{ran}");
    assert!(ran.stderr.contains("so no further operation was started"), "{ran}");
    assert!(ran.stdout.contains("not attempted"), "{ran}");
    let text = fs::read_to_string(ran.folder().join("run.jsonl")).unwrap();
    let verified = on(&text, &["verify"]).ends(0);
    assert!(verified.stdout.contains("The run was cut off"), "{verified}");
    let writes = site.sandbox.requests().writes.len();
    assert!((1..4).contains(&writes), "{writes}: {ran}");
    minimal(&["apply", "--yes"]).at(&site).run().ends(0);
    assert_eq!(site.sandbox.requests().writes.len(), 4, "none twice, none missing");
}

#[test]
fn hostile_journals_show_as_text() {
    let ran = on("\u{1b}[2J::error::x\n", &["show"]).ends(1);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    let site = Site::example("minimal");
    let ran = minimal(&["apply", "--yes", "-q", "--journal", "quiet.jsonl"]).at(&site).run().ends(0);
    assert_eq!(ran.stderr, "", "{ran}");
}
