//! Diagnostics as text in its forms, and as JSON.

use jiff::civil::date;
use rollbook::config::parse;
use rollbook::model::Tree;
use rollbook::render::{Colour, DiagnosticStyle, Frames, diagnostics, diagnostics_json};

use crate::config::tree;

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\n";

fn hostile() -> Tree {
    tree(&[
        ("rollbook.yaml", ROOT),
        (
            "groups/\u{1b}[31mred.yaml",
            "groups:\n  \"a\\e[2J\\u202e\": { members: [] }\n  b: { members: [ { group: a } ] }\n",
        ),
        ("users/a.yaml", "users:\n  ada@acme.com: { nam: x } # \u{1b}[2J \u{202e}\u{200b} ::error::\n"),
        ("users/b.yaml", "users:\n  ada@acme.com: {}\n"),
    ])
}

fn drawn(tree: &Tree, style: DiagnosticStyle) -> String {
    diagnostics(tree, &parse(tree, date(2026, 6, 1)).diagnostics, style)
}

#[test]
fn nothing_of_a_tree_reaches_a_terminal_unseen() {
    let shown = drawn(&hostile(), DiagnosticStyle::default());
    assert!(!shown.contains(|c: char| c != '\n' && (c.is_control() || rollbook::model::is_invisible(c) && c != ' ')));
    insta::assert_snapshot!(shown);
}

#[test]
fn ascii_frames_need_no_font() {
    let tree = tree(&[("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\ngrups: {}\n")]);
    let shown = drawn(&tree, DiagnosticStyle { frames: Frames::Ascii, ..DiagnosticStyle::default() });
    assert!(shown.is_ascii());
    insta::assert_snapshot!(shown);
}

#[test]
fn colour_changes_nothing_but_colour() {
    let tree = hostile();
    let coloured = drawn(&tree, DiagnosticStyle { colour: Colour::Ansi, ..DiagnosticStyle::default() });
    let stripped = anstream::adapter::strip_str(&coloured).to_string();
    assert_ne!(coloured, stripped);
    assert_eq!(stripped, drawn(&tree, DiagnosticStyle::default()));
}

#[test]
fn nothing_wrong_is_nothing_to_say() {
    let tree = tree(&[("rollbook.yaml", ROOT)]);
    assert_eq!(diagnostics(&tree, &[], DiagnosticStyle::default()), "");
}

#[test]
fn json_says_the_same_to_machines() {
    let tree = tree(&[
        ("rollbook.yaml", ROOT),
        ("users/a.yaml", "users:\n  \"ä@acme.com\": { nam: x }\n  bob@acme.com: {}\n"),
        ("users/b.yaml", "users:\n  bob@acme.com: {}\n"),
    ]);
    insta::assert_snapshot!(diagnostics_json(&tree, &parse(&tree, date(2026, 6, 1)).diagnostics));
}

#[test]
fn json_hides_nothing_and_changes_nothing() {
    let tree = tree(&[
        ("rollbook.yaml", ROOT),
        ("users/a.yaml", "users:\n  \"a\\u202e\\U000e0041\\x9b@b.c\": {}\n"),
    ]);
    let json = diagnostics_json(&tree, &parse(&tree, date(2026, 6, 1)).diagnostics);
    assert!(json.contains("a\\u202e\\udb40\\udc41\\u009b@b.c"), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let message = value["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("a\u{202e}\u{e0041}\u{9b}@b.c"), "{message}");
}
