//! Shortens a text, or a list, that may be long.

use super::invisible::is_invisible;

/// The most characters that are kept of a text from outside.
const MOST_WORDS: usize = 500;

/// Truncates a text from outside, and drops invisible characters.
pub fn cut(text: &str) -> String {
    let seen = |c: &char| *c == ' ' || !is_invisible(*c);
    let mut kept: String = text.chars().filter(seen).take(MOST_WORDS + 1).collect();
    if let Some((end, _)) = kept.char_indices().nth(MOST_WORDS) {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}

/// Lists the first few of several in one line, and how many more there are: `a, b and 3 more`.
pub fn listed(all: &[String], most: usize) -> String {
    let (shown, rest) = all.split_at(most.min(all.len()));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    shown.join(", ") + &more
}

/// Joins texts. Ambiguous ones are quoted, so that no two lists read the same.
pub fn joined<'a>(texts: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    let text = |text: &str| {
        let doubtful = text.contains('"') || format!(" {text} ").contains(between);
        if doubtful { format!("{text:?}") } else { text.to_owned() }
    };
    texts.into_iter().map(text).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::{cut, listed};

    #[test]
    fn texts_from_outside_are_cut_and_cannot_hide() {
        assert_eq!(cut("no\u{202e} rig\u{1b}[2Jht\nat all"), "no rig[2Jhtat all");
        let long = cut(&"é".repeat(600));
        assert_eq!(long.chars().count(), 501);
        assert!(long.ends_with('…'));
        assert_eq!(cut(&"é".repeat(500)), "é".repeat(500));
    }

    #[test]
    fn what_is_not_listed_is_counted() {
        let all = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&all, 1), "a and 2 more");
        assert_eq!(listed(&all, 2), "a, b and 1 more");
        assert_eq!((listed(&all, 3), listed(&[], 3)), ("a, b, c".to_owned(), String::new()));
    }
}
