//! A file as people wrote it: its nodes with their comments, each attached to an item, and blank lines. `read` makes it
//! from a text, `print` writes its canonical form, and `edit` changes it in between, so an edit leaves a file as `fmt`
//! would.

mod attach;
mod print;
mod read;
mod text;

pub(super) use text::{Text, quoted};

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Whether it starts with `---`.
    pub(super) marked: bool,
    /// Its content.
    pub(super) root: Items,
}

/// A list or a mapping.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// Which of the two it is.
    pub(super) kind: Kind,
    /// Whether it was written between brackets. It stays so if it fits on a line.
    pub(super) flow: bool,
    /// Its items.
    pub(super) entries: Vec<Entry>,
    /// Comments below the last item.
    pub(super) below: Vec<Comment>,
    /// The column of its first item, while comments are attached.
    column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Map,
}

/// An item of a list, or a key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Comments above it.
    pub(super) above: Vec<Comment>,
    /// Whether a blank line separates it from the text above.
    pub(super) gap: bool,
    /// The key, in a mapping.
    pub(super) key: Option<Text>,
    /// The value.
    pub(super) value: Value,
    /// The comment on its line.
    pub(super) line: Option<String>,
    /// Its place, while comments are attached.
    place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Text),
    Items(Items),
}

/// A comment on a separate line.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// The comment, from its `#` on.
    pub(super) text: String,
    /// Whether it follows a blank line.
    pub(super) gap: bool,
}

/// Bytes of the text that was read.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: usize,
    value: usize,
    end: usize,
}

impl Document {
    /// The value at nested keys.
    pub(super) fn at(&mut self, keys: &[&str]) -> Option<&mut Value> {
        let (first, rest) = keys.split_first()?;
        let mut value = &mut self.root.entry(first)?.value;
        for key in rest {
            let Value::Items(items) = value else { return None };
            value = &mut items.entry(key)?.value;
        }
        Some(value)
    }
}

impl Document {
    /// Passes every text with its path: nested keys, `-` for the items of lists, and at the end `:` for a key itself.
    pub(super) fn texts(&mut self, see: &mut dyn FnMut(&[String], &mut Text)) {
        self.root.texts(&mut Vec::new(), see);
    }
}

impl Items {
    fn texts(&mut self, path: &mut Vec<String>, see: &mut dyn FnMut(&[String], &mut Text)) {
        for entry in &mut self.entries {
            if let Some(key) = &mut entry.key {
                // The path of a value has the key as it was read.
                let read = key.says().to_owned();
                path.push(":".into());
                see(path, key);
                path.pop();
                path.push(read);
            } else {
                path.push("-".into());
            }
            match &mut entry.value {
                Value::Text(text) => see(path, text),
                Value::Items(items) => items.texts(path, see),
            }
            path.pop();
        }
    }

    pub(super) fn new(kind: Kind, flow: bool, entries: Vec<Entry>) -> Self {
        Self { kind, flow, entries, below: Vec::new(), column: 0 }
    }

    /// The entry of a key.
    pub(super) fn entry(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key.as_ref().is_some_and(|text| text.is(key)))
    }
}

impl Entry {
    pub(super) fn item(value: Value) -> Self {
        Self { above: Vec::new(), gap: false, key: None, value, line: None, place: Place::default() }
    }

    pub(super) fn keyed(key: &str, value: Value) -> Self {
        Self { key: Some(Text::of(key)), ..Self::item(value) }
    }

    /// The number of comments, including nested ones.
    pub(super) fn comments(&self) -> usize {
        let within = match &self.value {
            Value::Text(_) => 0,
            Value::Items(items) => {
                items.below.len() + items.entries.iter().map(Self::comments).sum::<usize>()
            }
        };
        self.above.len() + usize::from(self.line.is_some()) + within
    }

    /// Adds comments above it, separated from it.
    pub(super) fn prepend(&mut self, comments: Vec<Comment>) {
        match self.above.first_mut() {
            Some(first) => first.gap = true,
            None => self.gap = true,
        }
        self.above.splice(0..0, comments);
    }

    /// Adds a comment right above it.
    fn atop(&mut self, text: String) {
        self.above.push(Comment { text, gap: std::mem::take(&mut self.gap) });
    }

    /// Adds a comment on its line, or above if the line already has one.
    fn remark(&mut self, text: String) {
        if self.line.is_none() {
            self.line = Some(text);
        } else {
            self.atop(text);
        }
    }
}
