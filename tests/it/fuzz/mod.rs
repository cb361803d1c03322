//! The bodies of the fuzz targets over their corpora, which are committed: what the fuzzer found once stays found.

pub(crate) mod bodies;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use bodies::{TARGETS, run};

/// The most files that a corpus has, and the most bytes that they have together.
const LIMITS: (usize, usize) = (200, 1_000_000);

/// A corpus's files by their paths.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Runs a target over its corpus, and names every file that fails.
fn over_its_corpus(target: &str) {
    let files = corpus(target);
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let within = (1..=LIMITS.0).contains(&files.len()) && bytes <= LIMITS.1;
    assert!(within, "{target}: {} files of {bytes} bytes; see CONTRIBUTING.md", files.len());
    let fails =
        |(path, bytes): &(PathBuf, Vec<u8>)| catch_unwind(|| run(target, bytes)).err().map(|_| path.clone());
    let failed: Vec<PathBuf> = files.iter().filter_map(fails).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { over_its_corpus(stringify!($name)); })*

        /// The targets that have a test.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets!(accounts, journal, lock, plan, render, request, seed, snapshot, wire, yaml);

/// Every target has a body, a test, a program and a corpus.
#[test]
fn targets_are_whole() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let bodies: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(bodies, TESTED.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(bodies, names("fuzz/fuzz_targets"));
    assert_eq!(bodies, names("fuzz/corpus"));
    let manifest = fs::read_to_string("fuzz/Cargo.toml").unwrap();
    for name in &bodies {
        let program = format!("[[bin]]\nname = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(manifest.contains(&program), "{name}");
        let text = fs::read_to_string(format!("fuzz/fuzz_targets/{name}.rs")).unwrap();
        assert!(text.contains(&format!("rollbook_fuzz::run(\"{name}\", data)")), "{text}");
    }
}
