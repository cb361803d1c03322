//! A file's YAML as a tree of nodes, each with the bytes it came from.

use std::borrow::Cow;

use crate::model::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node<'t> {
    /// A scalar's bytes, including quotes; the first line of a list or mapping.
    pub(super) span: Span,
    /// The value.
    pub(super) value: Value<'t>,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub(super) enum Value<'t> {
    /// A text, number or boolean.
    Scalar(Scalar<'t>),
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping.
    Map(Map<'t>),
    /// An invalid value that has been reported.
    Reported,
}

/// A text, number or boolean, as written.
#[derive(Clone, Debug)]
pub(super) struct Scalar<'t> {
    /// The text, its escapes resolved.
    pub(super) text: Cow<'t, str>,
    /// Whether it has no quotes, so that YAML derives its type from its form.
    pub(super) plain: bool,
}

/// A mapping.
#[derive(Clone, Debug)]
pub(super) struct Map<'t> {
    /// The entries as written, without repetitions of a key.
    pub(super) entries: Vec<Entry<'t>>,
    /// Whether it was read completely; a syntax error cuts a mapping short.
    pub(super) whole: bool,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry<'t> {
    /// The key.
    pub(super) key: Scalar<'t>,
    /// The place of the key.
    pub(super) span: Span,
    /// The value.
    pub(super) value: Node<'t>,
}

/// The type that YAML readers give an unquoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// A text.
    Text,
    /// Nothing.
    Null,
    /// `true` or `false`, in the spellings that every reader knows.
    Boolean,
    /// `yes`, `no`, `on`, `off`: a boolean for readers of YAML 1.1, a text for those of 1.2.
    OldBoolean,
    /// A number.
    Number,
}

impl Scalar<'_> {
    /// The type that YAML readers give it.
    pub(super) fn looks(&self) -> Looks {
        if !self.plain {
            return Looks::Text;
        }
        match &*self.text {
            "" | "~" | "null" | "Null" | "NULL" => Looks::Null,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Looks::Boolean,
            text if ["yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word)) => {
                Looks::OldBoolean
            }
            text if is_number(text) => Looks::Number,
            _ => Looks::Text,
        }
    }
}

/// Whether a reader of YAML 1.1 or 1.2 takes a text for a number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let only = |text: &str, of: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| of(&b));
    if let Some(rest) = digits.strip_prefix("0x") {
        return only(rest, |b| b.is_ascii_hexdigit() || *b == b'_');
    }
    if let Some(rest) = digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0b")) {
        return only(rest, |b| b.is_ascii_digit() || *b == b'_');
    }
    if matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan") {
        return true;
    }
    // YAML 1.1 has 1_000 and the sexagesimal 12:30:45.
    let starts_as_one = digits.starts_with(|c: char| c.is_ascii_digit());
    if starts_as_one && only(digits, |b| b.is_ascii_digit() || matches!(b, b'_' | b':')) {
        return true;
    }
    let looks_decimal = starts_as_one
        || digits.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    looks_decimal && digits.parse::<f64>().is_ok()
}

impl Node<'_> {
    /// Its name in a message.
    pub(super) fn found(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => match scalar.looks() {
                Looks::Text => "a text",
                Looks::Null => "nothing",
                Looks::Boolean | Looks::OldBoolean => "a boolean",
                Looks::Number => "a number",
            },
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Reported => "a mistake",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_readers_take_a_text_for() {
        let table = [
            ("ada@acme.com", Looks::Text),
            ("2026-12-31", Looks::Text),
            ("712020:5e1f", Looks::Text),
            ("5b10ac8d82e05b22cc7d4ef5", Looks::Text),
            ("e3", Looks::Text),
            ("infinity", Looks::Text),
            (".", Looks::Text),
            ("-", Looks::Text),
            ("1.2.3", Looks::Text),
            ("0", Looks::Number),
            ("-12", Looks::Number),
            ("007", Looks::Number),
            ("1_000", Looks::Number),
            ("12:30", Looks::Number),
            ("623e45", Looks::Number),
            ("1.", Looks::Number),
            (".5", Looks::Number),
            ("0x1F", Looks::Number),
            ("-.inf", Looks::Number),
            ("NO", Looks::OldBoolean),
            ("on", Looks::OldBoolean),
            ("True", Looks::Boolean),
            ("~", Looks::Null),
            ("", Looks::Null),
        ];
        for (text, looks) in table {
            let plain = Scalar { text: text.into(), plain: true };
            assert_eq!(plain.looks(), looks, "{text}");
            let quoted = Scalar { text: text.into(), plain: false };
            assert_eq!(quoted.looks(), Looks::Text, "{text}");
        }
    }
}
