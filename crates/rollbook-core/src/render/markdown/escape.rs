//! Writes text from outside as Markdown that only shows it.
//!
//! GitHub finds mentions, references and links after it has rendered Markdown, so a backslash or an entity does not
//! keep `@name` from notifying somebody. Only code does. Therefore a name is code, and so is every word of a sentence
//! that is more than letters and plain punctuation.

use std::fmt::Write as _;

use crate::render::escape_untrusted;

/// The most characters of one name, so that a single name cannot fill a comment.
const LONGEST_NAME: usize = 200;

/// The most characters of one sentence.
const LONGEST_TEXT: usize = 1_200;

/// Marks between joined words, none of which is Markdown inside a line.
const PLAIN_MARKS: &str = ".,;:!?'\"()-/%→…";

/// A name as code.
pub(in crate::render) fn code(text: &str) -> String {
    span(&name(text))
}

/// A name for a fence: on one line, harmless and within bounds.
pub(super) fn name(text: &str) -> String {
    clipped(&escape_untrusted(text), LONGEST_NAME)
}

/// A sentence by Rollbook with names in it, which may contain code itself. It must not start a line.
pub fn prose(text: &str) -> String {
    let text = clipped(&escape_untrusted(text), LONGEST_TEXT);
    let parts: Vec<&str> = text.split('`').collect();
    // An unpaired mark opens nothing: the text after the last one is words as well.
    let closed = parts.len() - usize::from(parts.len().is_multiple_of(2));
    let mut shown = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 && index < closed {
            shown.push_str(&span(part));
        } else {
            shown.push_str(&words(part));
        }
    }
    shown
}

/// The same, with some words marked as display names: each becomes one piece of code, so that none of its words is read
/// as something else, and its end is visible.
pub(super) fn prose_with_names(text: &str, names: &[String]) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((at, name)) = first_name(rest, names) {
        join(&mut shown, &prose(&rest[..at]));
        join(&mut shown, &code(name));
        rest = &rest[at + name.len()..];
    }
    join(&mut shown, &prose(rest));
    shown
}

/// Appends a piece to others. Adjacent backticks would be one run, which does not end code.
fn join(shown: &mut String, piece: &str) {
    if shown.ends_with('`') && piece.starts_with('`') {
        shown.push(' ');
    }
    shown.push_str(piece);
}

/// The first place where one of some names is a separate word in a text, and the name: of two that start together, the longer.
fn first_name<'a>(text: &str, names: &'a [String]) -> Option<(usize, &'a str)> {
    let alone = |at: usize, name: &str| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        ends(before) && ends(after)
    };
    let found = names.iter().filter(|name| !name.is_empty()).filter_map(|name| {
        let at = text.match_indices(name.as_str()).map(|(at, _)| at).find(|at| alone(*at, name))?;
        Some((at, name.as_str()))
    });
    found.min_by_key(|(at, name)| (*at, std::cmp::Reverse(name.len())))
}

fn words(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// A word without change if it is plain, and as code otherwise, without the marks that end a clause.
fn word(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let core = word.trim_end_matches(['.', ',', ';', ':']);
    let marks = &word[core.len()..];
    if core.is_empty() { span(word) } else { format!("{}{marks}", span(core)) }
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || PLAIN_MARKS.contains(c);
    let lower = word.to_lowercase();
    // GitLab reads `!45` and `%6` as references, too, anywhere in a word.
    let mut pairs = word.chars().zip(word.chars().skip(1));
    let refers =
        pairs.any(|(mark, next)| matches!(mark, '!' | '%') && (next.is_alphanumeric() || next == '"'));
    // A reference to an issue, a link, an emoji's name, the hash of a commit.
    let linked = lower.contains("www.") || lower.contains("gh-") || word.trim_end_matches(':').contains(':');
    let core = word.trim_matches(|c: char| PLAIN_MARKS.contains(c));
    let hash = core.len() >= 7 && core.chars().all(|c| c.is_ascii_hexdigit());
    word.chars().all(plain) && !linked && !refers && !hash
}

/// Wraps text that is already harmless in as many backticks as it needs.
fn span(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    let edge = |c: Option<char>| matches!(c, None | Some('`' | ' '));
    // Markdown removes one of the spaces at each end.
    let pad = if edge(text.chars().next()) || edge(text.chars().last()) { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// The backticks that open and close a fence around lines.
pub(super) fn fence<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    "`".repeat(lines.map(longest_run).max().unwrap_or(0).max(2) + 1)
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The comment by which the page of a site is recognized. Characters that do not belong to a host are encoded, so that
/// it cannot end the comment.
pub(in crate::render) fn marker(host: &str) -> String {
    let mut shown = String::from("<!-- rollbook-plan ");
    let mut before = ' ';
    for c in host.chars().take(LONGEST_NAME) {
        let is_dash = c == '-' && before.is_ascii_alphanumeric();
        if c.is_ascii_alphanumeric() || c == '.' || c == ':' || is_dash {
            shown.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(shown, "%{:x}", u32::from(c));
        }
        before = c;
    }
    shown.push_str(" -->\n");
    shown
}

fn clipped(text: &str, most: usize) -> String {
    let Some((at, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    format!("{}… ({} more characters)", &text[..at], text[at..].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_code() {
        assert_eq!(code("ada@acme.com"), "`ada@acme.com`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(code("a\n```\n@b"), "````a\\u{a}```\\u{a}@b````");
        assert_eq!(code(&"x".repeat(300)).len(), 1 + 200 + "… (100 more characters)".len() + 1);
    }

    #[test]
    fn a_sentence_shows_what_it_says_and_calls_nobody() {
        assert_eq!(
            prose("bob@acme.com, who made this change, loses 3."),
            "`bob@acme.com`, who made this change, loses 3."
        );
        assert_eq!(prose("run `rollbook lock` again"), "run `rollbook lock` again");
        assert_eq!(prose("an odd ` mark @you"), "an odd  mark `@you`");
        assert_eq!(prose("see #12, GH-12 or org/it#1"), "see `#12`, `GH-12` or `org/it#1`");
        assert_eq!(
            prose("<b> **x** [a](b) :tada: www.x.y http://x"),
            "`<b>` `**x**` `[a](b)` `:tada`: `www.x.y` `http://x`"
        );
        assert_eq!(prose("by 80ae8279 and OPS-77 closing Lyon"), "by `80ae8279` and OPS-77 closing Lyon");
        assert_eq!(
            prose("see !45, a!6 and %7, is it 50% (yes!)?"),
            "see `!45`, `a!6` and `%7`, is it 50% (yes!)?"
        );
        assert_eq!(prose("a | b $x$ ~y~ \\ &amp;"), "a `|` b `$x$` `~y~` `\\` `&amp`;");
    }

    #[test]
    fn a_display_name_is_one_piece_of_code() {
        let with = |text: &str, names: &[&str]| {
            prose_with_names(text, &names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let text = "bob@acme.com is named Bob !45 is @octocat live; is it";
        assert_eq!(
            with(text, &["Bob !45 is @octocat"]),
            "`bob@acme.com` is named `Bob !45 is @octocat` live; is it"
        );
        assert_eq!(
            with("account x (Ann) is (Ann Lee)", &["Ann", "Ann Lee"]),
            "account x (`Ann`) is (`Ann Lee`)"
        );
        assert_eq!(with("named named, nameda", &["named", ""]), "`named` `named`, nameda");
        assert_eq!(with("a `b` is `` c", &["b` is `"]), "a `` b` is ` `` c");
        // Adjacent backticks would be one run.
        assert_eq!(with("a #(Bob)# c", &["Bob"]), "a `#(` `Bob` `)#` c");
    }

    #[test]
    fn a_site_ends_no_comment() {
        assert_eq!(marker("acme.atlassian.net"), "<!-- rollbook-plan acme.atlassian.net -->\n");
        assert_eq!(marker("a--> <b>@c\n"), "<!-- rollbook-plan a-%2d%3e%20%3cb%3e%40c%a -->\n");
    }

    #[test]
    fn a_fence_outgrows_what_is_in_it() {
        assert_eq!(fence(["a", "b``"].into_iter()), "```");
        assert_eq!(fence(["a", "b`````c"].into_iter()), "``````");
    }
}
