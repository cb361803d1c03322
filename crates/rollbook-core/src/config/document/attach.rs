//! Attaches comments to the items that they are about.

use std::ops::Range;

use super::{Comment, Entry, Items, Value};

/// A comment that was found in a text.
pub(super) struct Found {
    at: usize,
    column: usize,
    /// Whether it has a line to itself.
    alone: bool,
    comment: Comment,
}

impl Found {
    pub(super) fn of(text: &str, range: &Range<usize>) -> Self {
        let line = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let alone = text[line..range.start].trim().is_empty();
        let above = text[..line].strip_suffix('\n').unwrap_or_default();
        let gap = alone && line > 0 && above.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        let text = text[range.clone()].trim_end().to_owned();
        Self { at: range.start, column: range.start - line, alone, comment: Comment { text, gap } }
    }
}

impl Items {
    /// Attaches a comment of a whole file.
    pub(super) fn attach(&mut self, found: Found) {
        if let Some(Found { comment, .. }) = self.take(found) {
            match self.entries.first_mut() {
                Some(first) => first.above.push(comment),
                None => self.below.push(comment),
            }
        }
    }

    /// Attaches a comment, or returns it if it follows the opening bracket, or is in an empty list.
    fn take(&mut self, found: Found) -> Option<Found> {
        let begun = self.entries.partition_point(|entry| entry.place.start <= found.at);
        let Some(before) = begun.checked_sub(1) else {
            let first = self.entries.first_mut().filter(|_| found.alone);
            let Some(first) = first else { return Some(found) };
            first.above.push(found.comment);
            return None;
        };
        let (entries, next) = self.entries.split_at_mut(begun);
        let entry = &mut entries[before];
        if found.at < entry.place.end {
            entry.inside(found);
        } else if !found.alone {
            entry.behind(found);
        } else if let Some(inner) = entry.lines().filter(|inner| {
            // Dashes may be below the first letter of their key; a key that follows is nearer then.
            inner.column <= found.column && (self.column < found.column || next.is_empty())
        }) {
            return inner.take(found);
        } else if let Some(next) = next.first_mut() {
            next.above.push(found.comment);
        } else {
            self.below.push(found.comment);
        }
        None
    }
}

impl Entry {
    /// Its value, if that is written in lines.
    fn lines(&mut self) -> Option<&mut Items> {
        match &mut self.value {
            Value::Items(items) if !items.flow => Some(items),
            Value::Items(_) | Value::Text(_) => None,
        }
    }

    /// A comment between its key and the end of its value.
    fn inside(&mut self, found: Found) {
        let left = match &mut self.value {
            Value::Items(items) if found.alone || found.at >= self.place.value => items.take(found),
            Value::Items(_) | Value::Text(_) => Some(found),
        };
        match left {
            Some(Found { alone: true, comment, .. }) => self.atop(comment.text),
            Some(Found { comment, .. }) => self.remark(comment.text),
            None => {}
        }
    }

    /// A comment after it, on its last line.
    fn behind(&mut self, found: Found) {
        match self.lines().and_then(|items| items.entries.last_mut()) {
            Some(last) => last.behind(found),
            None => self.remark(found.comment.text),
        }
    }
}
