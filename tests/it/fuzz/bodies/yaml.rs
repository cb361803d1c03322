//! A tree of files: parsed, and its diagnostics drawn.

use jiff::civil::date;
use rollbook::config::{self, Include, LOCK, ROOT, parse};
use rollbook::model::{Declaration, Locator, Severity, SourceFile, Tree};
use rollbook::render::{Colour, DiagnosticStyle, Frames, diagnostics, diagnostics_json};

use super::shown::{is_harmless, is_harmless_json};

/// What a line starts with that names the file which follows.
const NEXT: &str = "%%% ";

/// Paths that no pattern may take in.
const OUTSIDE: [&str; 5] = ["../a.yaml", "groups/../a.yaml", ".git/a.yaml", "groups/.a.yaml", ".a.yaml"];

pub(super) fn run(data: &[u8]) {
    check(&tree_of(&String::from_utf8_lossy(data)));
}

/// The first file is rollbook.yaml; the others are named by a line before them.
fn tree_of(text: &str) -> Tree {
    let mut files = vec![SourceFile { path: ROOT.into(), text: String::new() }];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(NEXT) {
            Some(path) if files.len() < 8 => {
                files.push(SourceFile { path: path.trim_end().to_owned(), text: String::new() });
            }
            Some(_) | None => files.last_mut().expect("there is one").text.push_str(line),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Tree { files }
}

/// Asserts what holds for every tree.
pub(crate) fn check(tree: &Tree) {
    let parsed = parse(tree, date(2026, 6, 1));
    let errors = parsed.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    assert_eq!(parsed.declaration.is_some(), errors == 0);
    let place = |index: usize| parsed.diagnostics[index].labels.first().map(|label| label.span.origin);
    for index in 1..parsed.diagnostics.len() {
        let (before, after) = (place(index - 1), place(index));
        assert!(after.is_none() || (before.is_some() && before <= after), "not in order");
    }
    for label in parsed.diagnostics.iter().flat_map(|d| &d.labels) {
        assert!(tree.get(label.span.origin.file).text.get(label.span.range()).is_some(), "{label:?}");
    }
    let root = tree.file(ROOT).map_or("", |(_, file)| &file.text);
    if root.contains("include") {
        let include = Include::of(root);
        assert!(!OUTSIDE.iter().any(|path| include.takes(path)), "{root:?}");
    }
    drawn(tree, &parsed.diagnostics);
    if let Some(declaration) = &parsed.declaration {
        locked(tree, declaration);
    }
}

/// Diagnostics are harmless in every form. Drawing takes most of the time, so that each tree is drawn in one of them.
fn drawn(tree: &Tree, found: &[rollbook::model::Diagnostic]) {
    let plain = DiagnosticStyle::default();
    let form = tree.files.iter().map(|file| file.text.len()).sum::<usize>() % 5;
    let text = match form {
        0 => {
            let json = is_harmless_json(&diagnostics_json(tree, found));
            assert_eq!(json["diagnostics"].as_array().map(Vec::len), Some(found.len()));
            return;
        }
        1 => return is_harmless(&diagnostics(tree, found, DiagnosticStyle { width: 40, ..plain })),
        2 => {
            let (frames, width) = (Frames::Ascii, 120);
            return is_harmless(&diagnostics(tree, found, DiagnosticStyle { frames, width, ..plain }));
        }
        _ => diagnostics(tree, found, plain),
    };
    is_harmless(&text);
    let locator = Locator::new(tree);
    for label in found.iter().filter_map(|d| d.labels.first()) {
        let place = locator.locate(label.span.origin);
        let shown = format!(":{}:{}]", place.line, place.column);
        assert!(text.contains(&shown), "{shown} is not in {text}");
    }
    if form == 3 {
        let coloured = diagnostics(tree, found, DiagnosticStyle { colour: Colour::Ansi, ..plain });
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text, "only the colour differs");
    }
}

/// A valid tree's lock, rewritten, says the same.
fn locked(tree: &Tree, declaration: &Declaration) {
    let mut files: Vec<SourceFile> = tree.files.iter().filter(|file| file.path != LOCK).cloned().collect();
    files.push(SourceFile { path: LOCK.into(), text: config::lock_text(&declaration.lock) });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let parsed = parse(&Tree { files }, date(2026, 6, 1));
    let again = parsed.declaration.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    assert_eq!((again.lock.users, again.lock.groups), {
        let lock = declaration.lock.clone();
        (lock.users, lock.groups)
    });
}
