//! The canonical form of a file: what people see alike looks alike. Every comment and every meaning stay.
//!
//! `pretty_yaml` lays a file out. It reads YAML with a parser of its own, so that what it made is read again here, and
//! held against what stood there before.

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions};
use pretty_yaml::format_text;

use crate::model::FileId;

use super::events;
use super::mistakes::Mistakes;
use super::node::{Node, Scalar, Value};

/// Lines are broken where they would be longer, in characters; comments and texts never are.
const WIDTH: usize = 110;

/// How often a file is laid out until nothing moves any more. Twice is enough where a line's length depended on how it
/// was written before.
const ROUNDS: usize = 4;

/// Why a file has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// One of the two parsers cannot read it.
    #[error("its YAML cannot be read")]
    Unreadable,
    /// A line of it starts with a tab, or with one among its spaces.
    #[error("a line of it is indented with something else than spaces")]
    Indentation,
    /// It would say something else.
    #[error("its canonical form would say something else")]
    OtherMeaning,
    /// A comment would be lost, or stand elsewhere.
    #[error("its canonical form would lose a comment")]
    LostComment,
    /// There is no form that stays.
    #[error("its canonical form changes again each time")]
    Restless,
}

/// A file's text in its canonical form.
///
/// # Errors
/// [`FormatError`] when there is no form that says the same with the same comments.
pub fn format(text: &str) -> Result<String, FormatError> {
    let mut before = unified(text);
    // The parser of `pretty_yaml` panics over some texts that are no file of a tree.
    let mut mistakes = Mistakes::default();
    let read = events::read(FileId(0), &before, &mut mistakes);
    if !mistakes.no_errors() || !read.is_some_and(|node| matches!(node.value, Value::Map(_))) {
        return Err(FormatError::Unreadable);
    }
    // YAML takes tabs there in some texts, and `pretty_yaml` 0.6 cuts such a text between the bytes of a character.
    let odd = |line: &str| line.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_whitespace());
    if before.split('\n').any(odd) {
        return Err(FormatError::Indentation);
    }
    for _ in 0..ROUNDS {
        let after = format_text(&before, &options()).map_err(|_| FormatError::Unreadable)?;
        if after == before {
            return if says_the_same(text, &after)? { Ok(after) } else { Err(FormatError::OtherMeaning) };
        }
        before = after;
    }
    Err(FormatError::Restless)
}

fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions { print_width: WIDTH, ..LayoutOptions::default() },
        // A list that was broken into lines stays so, as a person meant it.
        language: LanguageOptions { trim_trailing_zero: false, ..LanguageOptions::default() },
    }
}

/// Line breaks of one kind, and no byte order mark.
fn unified(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// Whether two texts are the same nodes in the same order, with the same comments.
fn says_the_same(one: &str, other: &str) -> Result<bool, FormatError> {
    let comments = |text| events::comments(text).ok_or(FormatError::Unreadable);
    if comments(one)? != comments(other)? {
        return Err(FormatError::LostComment);
    }
    let mut mistakes = Mistakes::default();
    let nodes = (events::read(FileId(0), one, &mut mistakes), events::read(FileId(0), other, &mut mistakes));
    Ok(match nodes {
        (Some(one), Some(other)) => mistakes.no_errors() && same(&one, &other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    })
}

fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar(one), Value::Scalar(other)) => same_scalar(one, other),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let mut pairs = one.entries.iter().zip(&other.entries);
            one.entries.len() == other.entries.len()
                && pairs
                    .all(|(one, other)| same_scalar(&one.key, &other.key) && same(&one.value, &other.value))
        }
        // What is a mistake has no meaning that could be kept.
        (Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Reported, _) => false,
    }
}

fn same_scalar(one: &Scalar<'_>, other: &Scalar<'_>) -> bool {
    one.text == other.text && one.looks() == other.looks()
}
