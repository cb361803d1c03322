//! A document → its canonical form: two spaces a level, double quotes, one blank line instead of several. A list or
//! mapping between brackets stays so if it fits on a line, and is written in lines if it does not, or contains a
//! comment: so prettier leaves it unchanged, too.

use super::text::Form;
use super::{Comment, Document, Entry, Items, Kind, Text, Value};

/// The longest line with brackets, in columns, as in prettier.
const WIDTH: usize = 80;

impl Document {
    /// Writes the canonical form.
    pub(in crate::config) fn print(mut self) -> String {
        self.root.flow = false;
        let below = std::mem::take(&mut self.root.below);
        let mut text = if self.marked { "---\n".to_owned() } else { String::new() };
        let body = self.root.print(0);
        text.push_str(if body.is_empty() { "{}\n" } else { &body });
        let mut gap = self.root.ends_in_a_block_text();
        for comment in below {
            write_comment(
                &mut text,
                &Comment { gap: std::mem::take(&mut gap) || comment.gap, ..comment },
                0,
                false,
            );
        }
        text
    }
}

impl Items {
    /// Prints the items one below the other, at this indentation.
    fn print(&mut self, indent: usize) -> String {
        let mut text = String::new();
        for entry in &mut self.entries {
            entry.settle(indent);
            for comment in &entry.above {
                let first = text.is_empty();
                write_comment(&mut text, comment, indent, first);
            }
            if entry.gap && !text.is_empty() {
                text.push('\n');
            }
            entry.print(&mut text, indent);
        }
        // After a comment prettier doubles such a blank line at a file's end.
        let mut closed = self.entries.last().is_some_and(Entry::ends_in_a_comment);
        for comment in &self.below {
            write_comment(&mut text, comment, indent, std::mem::take(&mut closed));
        }
        text
    }

    /// Prints it between brackets, if nothing in it needs a separate line.
    fn on_a_line(&self) -> Option<String> {
        let plain = |entry: &Entry| entry.above.is_empty() && entry.line.is_none();
        if !(self.flow || self.entries.is_empty())
            || !self.below.is_empty()
            || !self.entries.iter().all(plain)
        {
            return None;
        }
        let entries: Vec<String> = self.entries.iter().map(Entry::on_a_line).collect::<Option<_>>()?;
        let entries = entries.join(", ");
        Some(match self.kind {
            Kind::List => format!("[{entries}]"),
            Kind::Map if entries.is_empty() => "{}".into(),
            Kind::Map => format!("{{ {entries} }}"),
        })
    }

    /// Prettier separates the comments at a file's end from such a text.
    fn ends_in_a_block_text(&self) -> bool {
        match self.entries.last().map(|entry| &entry.value) {
            Some(Value::Text(Text { form: Form::Block(..), .. })) => self.below.is_empty(),
            Some(Value::Items(items)) => self.below.is_empty() && items.ends_in_a_block_text(),
            Some(Value::Text(_)) | None => false,
        }
    }
}

impl Entry {
    /// Decides the form, and moves comments to a place that the form has for them.
    fn settle(&mut self, indent: usize) {
        let column = indent + width(&self.head()) + 1;
        let Value::Items(items) = &mut self.value else { return };
        let mut inner = Vec::new();
        if items.entries.is_empty() {
            inner.append(&mut items.below);
        }
        items.flow = items.on_a_line().is_some_and(|text| column + width(&text) <= WIDTH);
        if !items.flow
            && self.key.is_none()
            && let Some(first) = items.entries.first_mut()
        {
            // The first line of such an item is that of its first entry.
            first.settle(indent + 2);
            first.gap = false;
            inner.append(&mut first.above);
            if first.line.is_none() && first.is_on_a_line() {
                first.line = self.line.take();
            } else {
                inner.extend(self.line.take().map(|text| Comment { text, gap: false }));
            }
        }
        if !items.flow && column > WIDTH {
            // Prettier writes a long key with a `?` if a comment is on its line.
            inner.extend(self.line.take().map(|text| Comment { text, gap: false }));
        }
        for comment in inner {
            self.atop(comment.text);
        }
    }

    /// Whether its last line ends with a comment.
    fn ends_in_a_comment(&self) -> bool {
        match &self.value {
            Value::Items(items) if !items.flow => {
                items.below.is_empty() && items.entries.last().is_some_and(Self::ends_in_a_comment)
            }
            Value::Items(_) => self.line.is_some(),
            Value::Text(text) => self.line.is_some() && matches!(text.form, Form::Line(_)),
        }
    }

    fn is_on_a_line(&self) -> bool {
        match &self.value {
            Value::Text(text) => matches!(text.form, Form::Line(_)),
            Value::Items(items) => items.flow,
        }
    }

    /// The text before its value.
    fn head(&self) -> String {
        match &self.key {
            Some(key) => format!("{}:", key.line()),
            None => "-".into(),
        }
    }

    fn print(&mut self, text: &mut String, indent: usize) {
        let pad = " ".repeat(indent);
        let line = self.line.as_ref().map(|line| format!(" {line}")).unwrap_or_default();
        let head = self.head();
        match &mut self.value {
            Value::Text(Text { form: Form::Line(value), .. }) => {
                text.push_str(&format!("{pad}{head} {value}{line}\n"));
            }
            Value::Text(Text { form: Form::Block(header, lines), .. }) => {
                text.push_str(&format!("{pad}{head} {header}{line}\n"));
                for line in lines {
                    let pad = if line.is_empty() { String::new() } else { " ".repeat(indent + 2) };
                    text.push_str(&format!("{pad}{line}\n"));
                }
            }
            Value::Items(items) if items.flow => {
                let value = items.on_a_line().unwrap_or_default();
                text.push_str(&format!("{pad}{head} {value}{line}\n"));
            }
            Value::Items(items) if self.key.is_some() => {
                text.push_str(&format!("{pad}{head}{line}\n{}", items.print(indent + 2)));
            }
            Value::Items(items) => {
                let body = items.print(indent + 2);
                text.push_str(&format!("{pad}- {}", &body[indent + 2..]));
            }
        }
    }

    fn on_a_line(&self) -> Option<String> {
        let value = match &self.value {
            Value::Text(Text { form: Form::Line(value), .. }) => value.clone(),
            Value::Text(_) => return None,
            Value::Items(items) => items.on_a_line()?,
        };
        Some(self.key.as_ref().map_or(value.clone(), |key| format!("{}: {value}", key.line())))
    }
}

fn write_comment(text: &mut String, comment: &Comment, indent: usize, first: bool) {
    let gap = if comment.gap && !first && !text.is_empty() { "\n" } else { "" };
    text.push_str(&format!("{gap}{}{}\n", " ".repeat(indent), comment.text));
}

/// Counts columns, at least as many as any formatter.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}
