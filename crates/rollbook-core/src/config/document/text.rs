//! The written form of a text.

use super::super::events::Style;
use super::super::node::{Looks, Scalar};

/// A text, number or boolean.
#[derive(Clone, Debug)]
pub(in crate::config) struct Text {
    /// Its value.
    says: String,
    pub(super) form: Form,
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    /// On one line.
    Line(String),
    /// As a block text: `|`, `|-`, `>` or `>-`, and its lines.
    Block(&'static str, Vec<String>),
}

impl Text {
    /// A text, without quotes if every reader takes it for one.
    pub(in crate::config) fn of(text: &str) -> Self {
        let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+@-".contains(&b))
            && Scalar { text: text.into(), plain: true }.looks() == Looks::Text;
        let line = if plain { text.to_owned() } else { quoted(text) };
        Self { says: text.to_owned(), form: Form::Line(line) }
    }

    /// A text between quotes.
    pub(in crate::config) fn quoted(text: &str) -> Self {
        Self { says: text.to_owned(), form: Form::Line(quoted(text)) }
    }

    /// A boolean or a date, as it is written.
    pub(in crate::config) fn plain(text: &str) -> Self {
        Self { says: text.to_owned(), form: Form::Line(text.to_owned()) }
    }

    /// A text that was read: of a block text, the part after its header, from this column on.
    pub(super) fn read(source: &str, column: usize, says: &str, style: Style) -> Self {
        let form = match style {
            Style::Plain | Style::Single | Style::Double => flow(source, says, style),
            Style::Literal => block("|", says, says.lines().map(str::to_owned).collect()),
            Style::Folded => block(">", says, folded_lines(source, column)),
        };
        Self { says: says.to_owned(), form }
    }

    pub(in crate::config) fn says(&self) -> &str {
        &self.says
    }

    /// Whether it has this value.
    pub(in crate::config) fn is(&self, text: &str) -> bool {
        self.says == text
    }

    /// Its line; its value if it has several.
    pub(super) fn line(&self) -> &str {
        match &self.form {
            Form::Line(line) => line,
            Form::Block(..) => &self.says,
        }
    }

    /// Its form as a key.
    pub(super) fn on_a_line(self) -> Self {
        match self.form {
            Form::Line(_) => self,
            Form::Block(..) => Self::of(&self.says),
        }
    }
}

/// A text between quotes, with as few escapes as possible. A JSON string is also a YAML string.
pub(in crate::config) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    requoted(&json, Style::Double)
}

/// A text that people broke into folded lines stays so, in the form that every formatter leaves alone.
fn flow(source: &str, says: &str, style: Style) -> Form {
    let is_plain = style == Style::Plain;
    if !source.contains('\n') {
        return Form::Line(if is_plain { source.to_owned() } else { requoted(source, style) });
    }
    let inner = if is_plain { source } else { &source[1..source.len() - 1] };
    let lines: Vec<String> = inner.lines().map(|line| line.trim().to_owned()).collect();
    let ends = |line: Option<&String>| line.is_some_and(|line| !line.is_empty());
    let fits = ends(lines.first())
        && ends(lines.last())
        && says.trim() == says
        && !(style == Style::Double && inner.contains('\\'));
    if !fits {
        return Form::Line(quoted(says));
    }
    let lines =
        lines.into_iter().map(|line| if style == Style::Single { line.replace("''", "'") } else { line });
    Form::Block(">-", lines.collect())
}

/// Drops digits and `+` from the header; a text with white space that cannot be seen goes between quotes.
fn block(kind: &str, says: &str, lines: Vec<String>) -> Form {
    let clipped = says.strip_suffix('\n');
    let body = clipped.unwrap_or(says);
    let odd = |line: &String| line.ends_with([' ', '\t']) || line.starts_with('\t');
    if body.is_empty() || body.starts_with([' ', '\n']) || body.ends_with('\n') || lines.iter().any(odd) {
        return Form::Line(quoted(says));
    }
    let header = match (kind, clipped) {
        ("|", Some(_)) => "|",
        ("|", None) => "|-",
        (_, Some(_)) => ">",
        (_, None) => ">-",
    };
    Form::Block(header, lines)
}

/// The lines of a block text that starts in a column, without their indentation.
fn folded_lines(source: &str, column: usize) -> Vec<String> {
    let mut lines = source.lines();
    let first = lines.next().map(str::to_owned);
    first.into_iter().chain(lines.map(|line| line.get(column..).unwrap_or_default().to_owned())).collect()
}

/// The quotes that need the fewest escapes, double ones for a tie, as prettier chooses them.
fn requoted(source: &str, style: Style) -> String {
    let inner = &source[1..source.len() - 1];
    let is_double = style == Style::Double;
    let escapes = if is_double {
        let mut bytes = inner.bytes().skip_while(|b| *b != b'\\');
        let mut others = false;
        while let Some(b) = bytes.next() {
            others |= b == b'\\' && bytes.next() != Some(b'"');
        }
        others
    } else {
        inner.contains('\\')
    };
    if escapes {
        source.to_owned()
    } else if inner.contains('"') {
        let inner =
            if is_double { inner.replace("\\\"", "\"").replace('\'', "''") } else { inner.to_owned() };
        format!("'{inner}'")
    } else {
        format!("\"{}\"", if is_double { inner.to_owned() } else { inner.replace("''", "'") })
    }
}
