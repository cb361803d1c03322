//! One tree a mistake, each with a snapshot of what is printed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use rollbook::config::{Loaded, codes, load, not_included, parse};
use rollbook::model::{SourceFile, Tree};
use rollbook::render::{DiagnosticStyle, diagnostics};

const TODAY: Date = date(2026, 6, 1);

/// A file `CODE/CASE.yaml` is a tree of one rollbook.yaml; a folder `CODE/CASE` is a tree.
fn cases() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/config/diagnostics");
    let mut cases = Vec::new();
    for code in fs::read_dir(folder).unwrap() {
        let code = code.unwrap().path();
        for case in fs::read_dir(&code).unwrap() {
            let case = case.unwrap().path();
            if case.is_dir() || case.extension().is_some_and(|extension| extension == "yaml") {
                cases.push((code.file_name().unwrap().to_str().unwrap().to_owned(), case));
            }
        }
    }
    cases.sort();
    cases
}

fn loaded(case: &Path) -> Loaded {
    if case.is_dir() {
        let mut loaded = load(case, TODAY);
        loaded.diagnostics.extend(not_included(case, &loaded.tree));
        return loaded;
    }
    let text = fs::read_to_string(case).unwrap();
    let tree = Tree { files: vec![SourceFile { path: "rollbook.yaml".into(), text }] };
    let parsed = parse(&tree, TODAY);
    Loaded { tree, declaration: parsed.declaration, diagnostics: parsed.diagnostics }
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    for (code, case) in cases() {
        let loaded = loaded(&case);
        let shown = diagnostics(&loaded.tree, &loaded.diagnostics, DiagnosticStyle::default());
        assert!(loaded.diagnostics.iter().any(|d| d.code == code), "{}: {shown}", case.display());
        let name = case.file_stem().unwrap().to_str().unwrap().to_owned();
        insta::with_settings!({
            snapshot_path => case.parent().unwrap(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

/// Codes that no committed fixture can show; `config_files.rs` and `cli/checkouts.rs` make them.
const MADE_BY_TESTS: &[&str] =
    &[codes::UNREADABLE, codes::SYMBOLIC_LINK, codes::TOO_LARGE, codes::TOO_MANY, codes::RESERVED_NAME];

#[test]
fn every_code_has_a_fixture() {
    let shown: BTreeSet<String> = cases().into_iter().map(|(code, _)| code).collect();
    let made: BTreeSet<String> = MADE_BY_TESTS.iter().map(|code| (*code).to_owned()).collect();
    let all: BTreeSet<String> = codes::ALL.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(&shown | &made, all);
    assert_eq!(codes::ALL.len(), all.len(), "a code is listed twice");
}

const PAGE: &str = "docs/diagnostics.md";

fn page() -> String {
    let head = "<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it the_page_of_diagnostics -->\n\n\
                # Diagnostics\n\nWhat `rollbook check` may say of a tree, and every command that reads one. The code is above each \
                message, in\n`--format json` as `code`, and in `--format github` as the title. A code keeps its meaning within a \
                version.\n\n| code | meaning |\n| --- | --- |\n";
    let blocks = "\n## What blocks an operation\n\nA plan lists what cannot be done under *Blocked*, with one of these codes, the reason and the remedy; \
                  the rest goes on, and the\ncommand ends with 6. A guard that takes its own operations out of a plan is listed by its name \
                  ([trust.md](trust.md#what-each-rule-promises)).\n\n| code | meaning |\n| --- | --- |\n";
    let notes = "\n## What a plan notes\n\nNotes say what a reviewer should know. They change no exit code. `--format json` has the code, \
                 and the text gathers notes of one\ncode.\n\n| code | meaning |\n| --- | --- |\n";
    let rows = |codes: &[(&str, &str)]| -> String {
        codes.iter().map(|(code, meaning)| format!("| `{code}` | {} |\n", meaning.trim())).collect()
    };
    let [found, obstacles, remarks] =
        [codes::ALL, rollbook::plan::OBSTACLES, rollbook::plan::NOTES].map(rows);
    format!("{head}{found}{blocks}{obstacles}{notes}{remarks}")
}

#[test]
fn the_page_of_diagnostics_is_what_the_program_knows() {
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(PAGE, page()).unwrap();
    }
    assert_eq!(fs::read_to_string(PAGE).unwrap_or_default(), page(), "bless it with ROLLBOOK_BLESS=1");
}

/// A note with a code that no page has would be one that nobody can look up. The laws hold the plans of random worlds to
/// the same.
#[test]
fn the_page_of_diagnostics_has_every_note() {
    let mut sources = String::new();
    for file in walkdir::WalkDir::new("crates/rollbook-core/src/plan").into_iter().map(Result::unwrap) {
        if file.file_type().is_file() && file.file_name() != "note_codes.rs" {
            sources.push_str(&fs::read_to_string(file.path()).unwrap());
        }
    }
    let codes: BTreeSet<&str> = rollbook::plan::NOTES.iter().map(|(code, _)| *code).collect();
    let unused: Vec<&&str> = codes.iter().filter(|code| !sources.contains(&format!("\"{code}\""))).collect();
    assert_eq!(unused, [&""; 0]);
    let call = regex::Regex::new(r#"(?:Note::new\(|\bnote\(|note\(differ,)\s*"([a-z-]+)""#).unwrap();
    let made: BTreeSet<&str> = call.captures_iter(&sources).map(|it| it.get(1).unwrap().as_str()).collect();
    assert!(made.len() > 15, "{made:?}");
    assert_eq!(made.difference(&codes).collect::<Vec<_>>(), [&""; 0]);
}
