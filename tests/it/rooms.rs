//! The rooms of `rollbook-core`: imports point down. Between crates, cargo sees to that.

use std::fs;
use std::path::Path;

use crate::cli::repository;

/// The rooms above each room, whose names must not be in it.
const ABOVE: [(&str, &[&str]); 4] = [
    ("model", &["config", "plan", "journal", "render"]),
    ("config", &["plan", "journal", "render"]),
    ("plan", &["config", "journal", "render"]),
    ("journal", &["config", "plan", "render"]),
];

fn upward(source: &str, above: &[&str]) -> Vec<String> {
    let names = |line: &&str| above.iter().any(|room| line.contains(&format!("crate::{room}")));
    source.lines().filter(names).map(str::to_owned).collect()
}

fn sources(folder: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "rs"));
    files.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
}

#[test]
fn imports_point_down() {
    for (room, above) in ABOVE {
        let sources = sources(&repository().join("crates/rollbook-core/src").join(room));
        assert!(!sources.is_empty(), "{room} holds no source");
        let found: Vec<String> = sources.iter().flat_map(|source| upward(source, above)).collect();
        assert!(found.is_empty(), "{room} names what is above it: {found:#?}");
    }
    let upward = upward("use crate::model::Plan;\nuse crate::render::plan_text;", &["render"]);
    assert_eq!(upward, ["use crate::render::plan_text;"]);
}
