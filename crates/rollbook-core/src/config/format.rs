//! The canonical form of a file: the same content looks the same. Every comment and every meaning stay.

use crate::model::FileId;

use super::document::Document;
use super::events;
use super::mistakes::Mistakes;
use super::node::{Node, Scalar, Value};

/// Why a file has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It is not a mapping, or has mistakes.
    #[error("its YAML cannot be read")]
    Unreadable,
    /// Its meaning would change.
    #[error("its canonical form would mean something else")]
    OtherMeaning,
    /// A comment would be lost.
    #[error("its canonical form would lose a comment")]
    LostComment,
    /// No form is stable.
    #[error("its canonical form changes again")]
    Unstable,
}

/// Writes a file's text in its canonical form.
///
/// # Errors
/// [`FormatError`] when no form has the same meaning and the same comments.
pub fn format(text: &str) -> Result<String, FormatError> {
    let text = &unified(text);
    let after = read(text).ok_or(FormatError::Unreadable)?.print();
    if !says_the_same(text, &after)? {
        return Err(FormatError::OtherMeaning);
    }
    match Document::read(&after).map(Document::print) {
        Some(again) if again == after => Ok(after),
        Some(_) | None => Err(FormatError::Unstable),
    }
}

/// A text as a document, if it is a mapping without mistakes.
pub(super) fn read(text: &str) -> Option<Document> {
    let mut mistakes = Mistakes::default();
    let node = events::read(FileId(0), text, &mut mistakes)?;
    let is_map = mistakes.no_errors() && matches!(node.value, Value::Map(_));
    if is_map { Document::read(text) } else { None }
}

/// Unifies line breaks, and drops the byte order mark.
pub(super) fn unified(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// Whether two texts are the same nodes in the same order, with the same comments. The comments of a list between brackets, and
/// of a key with a `?`, may change their order.
pub(super) fn says_the_same(one: &str, other: &str) -> Result<bool, FormatError> {
    let comments = |text| {
        let mut comments = events::comments(text).ok_or(FormatError::Unreadable)?;
        comments.sort();
        Ok(comments)
    };
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
        // A mistake has no meaning that could be kept.
        (Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Reported, _) => false,
    }
}

fn same_scalar(one: &Scalar<'_>, other: &Scalar<'_>) -> bool {
    one.text == other.text && one.looks() == other.looks()
}
