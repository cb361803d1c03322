//! What holds for every text that is shown to somebody.

use rollbook::model::is_invisible;
use serde_json::Value;

/// The escapes that Rollbook's own styles are made of.
const STYLES: [&str; 7] =
    ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m", "\u{1b}[36m"];

/// Takes Rollbook's own styles out, and nothing else.
pub(super) fn unstyled(text: &str) -> String {
    STYLES.iter().fold(text.to_owned(), |text, style| text.replace(style, ""))
}

/// Asserts that nothing of a text moves a cursor, hides, or speaks to a runner of CI.
pub(super) fn is_harmless(text: &str) {
    let bad = text.chars().find(|c| *c != '\n' && *c != ' ' && is_invisible(*c));
    assert_eq!(bad, None, "{text:?}");
    for line in text.lines() {
        let command = line.trim_start().starts_with("::") || line.contains("##");
        assert!(!command, "{line:?} in {text:?}");
    }
}

/// Asserts that JSON is complete and shows everything that it holds.
pub(super) fn is_harmless_json(text: &str) -> Value {
    let bad = text.chars().find(|c| *c != '\n' && *c != ' ' && is_invisible(*c));
    assert_eq!(bad, None, "{text:?}");
    assert!(!text.contains("##"), "{text:?}");
    serde_json::from_str(text).expect("it is JSON")
}
