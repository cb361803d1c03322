//! What a reviewer does not see is refused wherever it stands; emoji, which take two such characters, are seen.

use jiff::civil::date;
use rollbook::config::{codes, parse};
use rollbook::model::{Diagnostic, hidden, is_invisible};

use crate::config::tree;

/// A tree with a text in a comment, in every kind of prose and in a group's name.
fn with(place: &str, text: &str) -> Vec<Diagnostic> {
    let at = |named: &str| if named == place { text } else { "x" };
    let root = format!(
        "# {}\nversion: 1\nsite: https://acme.atlassian.net\nwaive:\n  \
         - {{ guard: max-revokes, for: [group.live], because: \"{}\", until: 2027-01-01 }}\n\
         users: {{ ada@acme.com: {{ name: \"{}\" }} }}\n\
         groups:\n  \"a{}b\":\n    description: \"{}\"\n    members: [{{ user: ada@acme.com, because: \"{}\" }}]\n",
        at("comment"),
        at("because of a waiver"),
        at("name"),
        at("group"),
        at("description"),
        at("because"),
    );
    parse(&tree(&[("rollbook.yaml", &root)]), date(2026, 6, 1)).diagnostics
}

const PLACES: [&str; 6] = ["comment", "because of a waiver", "name", "group", "description", "because"];

/// The first and the last of every run of invisible characters, and those that YAML readers or editors treat as their
/// own: a null ends the file, and a tab is seen as such in a comment.
fn ends() -> Vec<char> {
    let invisible = |c: Option<char>| c.is_some_and(is_invisible);
    let beside = |c: char, by: i64| u32::try_from(i64::from(u32::from(c)) + by).ok().and_then(char::from_u32);
    let is_end = |c: &char| is_invisible(*c) && !(invisible(beside(*c, -1)) && invisible(beside(*c, 1)));
    let ends: Vec<char> = ('\u{80}'..=char::MAX).filter(is_end).collect();
    assert!(ends.len() > 30, "{ends:?}");
    ends
}

#[test]
fn no_end_of_any_range_passes_in_any_place() {
    for c in ends() {
        for place in PLACES {
            for written in [c.to_string(), format!("\\U{:08x}", u32::from(c))] {
                if place == "comment" && written.starts_with('\\') {
                    continue;
                }
                let found = with(place, &format!("y{written}z"));
                let refused =
                    |d: &Diagnostic| [codes::HIDDEN_CHARACTER, codes::BAD_GROUP_NAME].contains(&d.code);
                assert!(found.iter().any(refused), "U+{:04X} in {place}: {found:#?}", u32::from(c));
            }
        }
    }
}

#[test]
fn emoji_are_seen() {
    let emoji = "❤\u{fe0f} 👩\u{200d}💻 🏳\u{fe0f}\u{200d}🌈 1\u{fe0f}\u{20e3} 👍🏽";
    assert_eq!(hidden(emoji).count(), 0);
    for place in PLACES {
        let found = with(place, emoji);
        assert!(found.is_empty(), "{place}: {found:#?}");
        assert!(!with(place, "y\u{fe0f}").is_empty(), "{place}");
        assert!(!with(place, "y\u{200d}z").is_empty(), "{place}");
    }
    let email = "version: 1\nsite: https://acme.atlassian.net\nusers: { a❤\u{fe0f}@acme.com: {} }\n";
    let found = parse(&tree(&[("rollbook.yaml", email)]), date(2026, 6, 1)).diagnostics;
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [codes::BAD_EMAIL]);
}

#[test]
fn a_tab_is_seen_in_a_comment_and_a_line_break_in_a_text() {
    assert_eq!(with("comment", "a\tb"), []);
    assert_eq!(with("description", "a\\nb"), []);
    for place in PLACES.iter().filter(|place| **place != "comment") {
        assert!(!with(place, "a\tb").is_empty(), "{place}");
        assert!(!with(place, "a\\rb").is_empty(), "{place}");
    }
}
