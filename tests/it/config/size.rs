//! A tree of a million memberships. Run it optimized:
//! `cargo test --profile dist --test it -- --ignored --nocapture million`

use std::fmt::Write;
use std::time::Instant;

use crate::soak::soaks;
use jiff::civil::date;
use rollbook::config::parse;
use rollbook::model::{SourceFile, Tree};
use rollbook::render::{DiagnosticStyle, diagnostics};

/// Groups of 500 among 100,000 people, in 20 files; every tenth entry has conditions.
fn many(groups_a_file: usize, mistake: bool) -> Tree {
    let root = "version: 1\nsite: https://acme.atlassian.net\n".to_owned();
    let mut files = vec![SourceFile { path: "rollbook.yaml".into(), text: root }];
    for file in 0..20 {
        let mut text = "groups:\n".to_owned();
        for group in 0..groups_a_file {
            writeln!(text, "  group-{file}-{group}:\n    members:").unwrap();
            for member in 0..500 {
                let person = (file * 7919 + group * 104_729 + member * 13) % 100_000;
                let at = if mistake && member % 50 == 3 { "@Acme.com" } else { "@acme.com" };
                match member % 10 {
                    0 => writeln!(
                        text,
                        "      - {{ user: person.{person}{at}, until: 2027-01-01, because: OPS-1 }}"
                    ),
                    _ => writeln!(text, "      - person.{person}{at}"),
                }
                .unwrap();
            }
        }
        files.push(SourceFile { path: format!("groups/{file:02}.yaml"), text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

fn peak_megabytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

#[test]
fn many_memberships_are_read() {
    let groups_a_file = if soaks() { 100 } else { 4 };
    for (what, mistake) in [("right", false), ("with mistakes", true)] {
        let tree = many(groups_a_file, mistake);
        let bytes: usize = tree.files.iter().map(|file| file.text.len()).sum();
        let start = Instant::now();
        let parsed = parse(&tree, date(2026, 6, 1));
        let took = start.elapsed();
        let found = parsed.diagnostics.len();
        println!("{what}: {bytes} bytes in {took:?}, {found} diagnostics, peak {:?} MB", peak_megabytes());
        let start = Instant::now();
        let shown = diagnostics(&tree, &parsed.diagnostics, DiagnosticStyle::default());
        println!("{what}: rendered {} bytes in {:?}", shown.len(), start.elapsed());
        assert_eq!(parsed.declaration.is_some(), !mistake);
    }
}
