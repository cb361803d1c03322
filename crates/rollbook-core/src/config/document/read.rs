//! A text → a document.

use std::ops::Range;

use super::super::events::{Step, walk};
use super::attach::Found;
use super::{Document, Entry, Items, Kind, Place, Text, Value};

impl Document {
    /// Reads a text that `events` reads without a mistake: one mapping without anchors, tags and nulls.
    pub(in crate::config) fn read(text: &str) -> Option<Self> {
        let (comments, steps): (Vec<_>, Vec<_>) =
            walk(text)?.into_iter().partition(|(step, _)| matches!(step, Step::Comment));
        let comments: Vec<Range<usize>> = comments.into_iter().map(|(_, range)| range).collect();
        let mut reader =
            Reader { text, comments: &comments, at: 0, open: Vec::new(), root: None, marked: false };
        for (step, range) in steps {
            reader.take(step, range)?;
        }
        let mut document = Self { marked: reader.marked, root: reader.root? };
        for range in &comments {
            document.root.attach(Found::of(text, range));
        }
        Some(document)
    }
}

struct Reader<'t> {
    text: &'t str,
    comments: &'t [Range<usize>],
    /// How far it has been read.
    at: usize,
    open: Vec<Open>,
    root: Option<Items>,
    marked: bool,
}

/// A list or mapping that is still open.
struct Open {
    items: Items,
    /// The start of its entry, and its own.
    place: Place,
    /// The key of its entry.
    of: Option<Text>,
    /// A key that still needs its value, and the start of its entry.
    key: Option<(Text, usize)>,
}

impl Reader<'_> {
    fn take(&mut self, step: Step<'_>, range: Range<usize>) -> Option<()> {
        match step {
            Step::Marker => (self.marked, self.at) = (true, range.end),
            Step::Scalar(says, style) => {
                let source = self.text.get(range.clone())?.trim_end();
                let text = Text::read(source, self.column(range.start), &says, style);
                let start = self.entry_start();
                let open = self.open.last_mut()?;
                let key = open.key.take();
                self.at = range.end;
                if open.items.kind == Kind::Map && key.is_none() {
                    open.key = Some((text.on_a_line(), start));
                    return Some(());
                }
                let (key, start) = key.map_or((None, start), |(key, start)| (Some(key), start));
                let place = Place { start, value: range.start, end: range.start + source.len() };
                self.place(key, Value::Text(text), place);
            }
            Step::Start { map, flow } => self.open(if map { Kind::Map } else { Kind::List }, flow, &range),
            Step::End => {
                let Open { items, mut place, of, .. } = self.open.pop()?;
                if items.flow {
                    self.at = self.at.max(range.end);
                    place.end = self.at;
                } else {
                    place.end = items.entries.last()?.place.end;
                }
                if self.open.is_empty() {
                    self.root = Some(items);
                } else {
                    self.place(of, Value::Items(items), place);
                }
            }
            Step::Comment => {}
        }
        Some(())
    }

    /// The start of the next entry: its dash, its `?`, or its key. The entry of a value has started.
    fn entry_start(&mut self) -> usize {
        let Some(open) = self.open.last() else { return self.next() };
        let (kind, flow, is_value) = (open.items.kind, open.items.flow, open.key.is_some());
        if flow && !open.items.entries.is_empty() && !is_value && self.is_next(',') {
            self.at = self.next() + 1;
        }
        let start = self.next();
        let is_sign = match kind {
            Kind::Map if is_value => self.is_next(':'),
            Kind::Map => self.is_next('?') && self.text[start + 1..].starts_with([' ', '\n', '\t']),
            Kind::List => !flow,
        };
        if is_sign {
            self.at = start + 1;
        }
        start
    }

    /// The start of the next text or sign.
    fn next(&self) -> usize {
        let mut at = self.at;
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r', '\u{feff}']).len();
            let Ok(comment) = self.comments.binary_search_by_key(&at, |range| range.start) else { return at };
            at = self.comments[comment].end;
        }
    }

    fn column(&self, at: usize) -> usize {
        at - self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn is_next(&self, sign: char) -> bool {
        self.text[self.next()..].starts_with(sign)
    }

    fn open(&mut self, kind: Kind, flow: bool, range: &Range<usize>) {
        let start = self.entry_start();
        let (of, start) = match self.open.last_mut().and_then(|open| open.key.take()) {
            Some((key, start)) => (Some(key), start),
            None => (None, start),
        };
        let value = self.next();
        let mut items = Items::new(kind, flow, Vec::new());
        items.column = self.column(value);
        // A mapping of one pair within brackets has no brackets itself.
        if flow && self.text[value..].starts_with(['[', '{']) {
            self.at = self.at.max(range.end);
        }
        self.open.push(Open { items, place: Place { start, value, end: 0 }, of, key: None });
    }

    fn place(&mut self, key: Option<Text>, value: Value, place: Place) {
        let before = self.text[..place.start].trim_end_matches(' ');
        let gap = before.strip_suffix('\n').is_some_and(|text| text.trim_end_matches(' ').ends_with('\n'));
        if let Some(open) = self.open.last_mut() {
            open.items.entries.push(Entry { above: Vec::new(), gap, key, value, line: None, place });
        }
    }
}
