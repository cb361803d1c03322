//! A file's text → nodes. YAML that a reviewer cannot see is a mistake here: anchors, aliases, merge keys, tags, second
//! documents, null.

mod conflict;
mod walk;

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, options};

use crate::model::{Diagnostic, FileId, Origin, Span};

pub(super) use walk::{Step, Style, walk};

use super::codes;
use super::mistakes::Mistakes;
use super::node::{Entry, Looks, Map, Node, Scalar, Value};

/// How deep lists and mappings may be nested. A declaration needs 6.
pub(super) const DEEPEST: usize = 64;

/// Reads one file. After a syntax error, the part before it is kept.
pub(super) fn read<'t>(file: FileId, text: &'t str, mistakes: &mut Mistakes) -> Option<Node<'t>> {
    let options = options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let source = Source { file, text };
    if let Some(conflict) = conflict::unresolved(source) {
        mistakes.report(conflict);
        return None;
    }
    let mut builder = Builder { source, open: Vec::new(), root: None, documents: 0, mistakes };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if builder.take(event, &span).is_break() {
                    break;
                }
            }
            Err(error) => {
                builder.syntax_error(&error);
                break;
            }
        }
    }
    builder.finish()
}

/// The comments of a file, in order, without the `#` and the white space at their ends; `None` when its YAML cannot
/// be read.
pub(super) fn comments(text: &str) -> Option<Vec<String>> {
    let options = options! { emit_comments: true };
    let events = Parser::new_from_str_with_options(text, options);
    let comment = |event| match event {
        Ok((Event::Comment(text, _), _)) => Some(Some(text.trim_end().to_owned())),
        Ok(_) => None,
        Err(_) => Some(None),
    };
    events.filter_map(comment).collect()
}

/// A file's text, and the places in it.
#[derive(Clone, Copy)]
struct Source<'t> {
    file: FileId,
    text: &'t str,
}

struct Builder<'t, 'm> {
    source: Source<'t>,
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
    documents: u32,
    mistakes: &'m mut Mistakes,
}

/// A list or mapping that is still open.
struct Open<'t> {
    start: usize,
    items: Items<'t>,
    /// Whether it is in the place of a key: that is reported once, and its content does not matter.
    is_key: bool,
}

enum Items<'t> {
    List(Vec<Node<'t>>),
    Map(Vec<Entry<'t>>, Option<Pending<'t>>),
}

/// A key that still needs its value.
enum Pending<'t> {
    Key(Scalar<'t>, Span),
    /// Reported; its value is dropped.
    Reported,
}

impl Source<'_> {
    fn span(self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span {
            origin: Origin { file: self.file, offset: offset(start) },
            length: offset(end.max(start)) - offset(start),
        }
    }

    fn parsed(self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        self.span(range.start, range.end)
    }

    /// The first line of a list or mapping, which represents it in messages.
    fn first_line(self, start: usize, end: usize) -> Span {
        let covered = self.text.get(start..end).unwrap_or_default();
        let line = covered.lines().next().unwrap_or_default().trim_end();
        self.span(start, start + line.len())
    }
}

impl<'t> Builder<'t, '_> {
    fn take(&mut self, event: Event<'t>, span: &granit_parser::Span) -> std::ops::ControlFlow<()> {
        let at = self.source.parsed(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.mistakes.report(
                        Diagnostic::error(codes::SECOND_DOCUMENT, "a second document in one file")
                            .at(at, "the first document ends here")
                            .help("Move it to a separate file, or remove the `---`."),
                    );
                    return std::ops::ControlFlow::Break(());
                }
            }
            Event::Anchor(..) => self.mistakes.report(not_allowed(codes::ANCHOR, "an anchor", at)),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.mistakes.report(not_allowed(codes::ALIAS, "an alias", at));
                self.place(Node { span: at, value: Value::Reported });
            }
            Event::Scalar(text, style, _, tag) => self.scalar(text, style, tag.is_some(), span),
            Event::SequenceStart(_, _, tag) => self.open(span, tag.is_some(), Items::List(Vec::new())),
            Event::MappingStart(_, _, tag) => self.open(span, tag.is_some(), Items::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let end = span.byte_range().map_or(0, |range| range.end);
                self.close(end, true);
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Comment(..) => {}
            // The parser's enum may grow; anything new is not YAML that a reviewer can read.
            _ => self.mistakes.report(Diagnostic::error(codes::INVALID_YAML, "unknown YAML").at(at, "here")),
        }
        std::ops::ControlFlow::Continue(())
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: ScalarStyle, tagged: bool, span: &granit_parser::Span) {
        let at = self.source.parsed(span);
        if tagged {
            self.tag(span);
            self.place(Node { span: at, value: Value::Reported });
            return;
        }
        let plain = matches!(style, ScalarStyle::Plain);
        if matches!(style, ScalarStyle::DoubleQuoted) {
            self.escapes(span);
        }
        self.place(Node { span: at, value: Value::Scalar(Scalar { text, plain }) });
    }

    /// Reports a character that is written as its number between quotes: a reviewer reads a text that differs from the tree's.
    fn escapes(&mut self, span: &granit_parser::Span) {
        let range = span.byte_range().unwrap_or_default();
        let written = self.source.text.get(range.clone()).unwrap_or_default();
        let mut chars = written.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            // The next character is part of the escape, even if it is a backslash.
            if let Some((_, 'x' | 'u' | 'U')) = chars.next() {
                let at = self.source.span(range.start + at, range.start + at + 2);
                self.mistakes.report(
                    Diagnostic::error(codes::HIDDEN_CHARACTER, "the string writes a character by its number")
                        .at(at, "hidden here")
                        .help("Write the character itself, or leave it out."),
                );
            }
        }
    }

    fn open(&mut self, span: &granit_parser::Span, tagged: bool, items: Items<'t>) {
        if tagged {
            self.tag(span);
        }
        let start = span.byte_range().map_or(0, |range| range.start);
        let is_key =
            self.in_key() || matches!(self.open.last(), Some(Open { items: Items::Map(_, None), .. }));
        self.open.push(Open { start, items, is_key });
    }

    fn tag(&mut self, span: &granit_parser::Span) {
        let at = self.source.parsed(&span.tag_span().unwrap_or(*span));
        self.mistakes.report(not_allowed(codes::TAG, "a tag", at));
    }

    fn close(&mut self, end: usize, whole: bool) {
        let Some(Open { start, items, .. }) = self.open.pop() else {
            return;
        };
        let value = match items {
            Items::List(nodes) => Value::List(nodes),
            Items::Map(entries, _) => {
                Value::Map(Map { entries: without_repetitions(entries, self.mistakes), whole })
            }
        };
        self.place(Node { span: self.source.first_line(start, end), value });
    }

    fn in_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_key)
    }

    /// Adds a node at its place: a key, a value, an item, or the whole.
    fn place(&mut self, node: Node<'t>) {
        if self.in_key() {
            return;
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(with_value(node, None, self.mistakes)),
            Some(Items::Map(entries, pending)) => match pending.take() {
                None => *pending = Some(key(node, self.mistakes)),
                Some(Pending::Reported) => {}
                Some(Pending::Key(key, span)) => {
                    let value = with_value(node, Some((&key, span)), self.mistakes);
                    entries.push(Entry { key, span, value });
                }
            },
        }
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let offset = error.marker().byte_offset().unwrap_or(self.source.text.len());
        let length =
            self.source.text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let at = self.source.span(offset, offset + length);
        self.mistakes.report(syntax_diagnostic(error.kind(), at));
    }

    /// Closes the nodes that a syntax error left open.
    fn finish(mut self) -> Option<Node<'t>> {
        while !self.open.is_empty() {
            self.close(self.source.text.len(), false);
        }
        self.root
    }
}

fn not_allowed(code: &'static str, what: &str, at: Span) -> Diagnostic {
    Diagnostic::error(code, format!("{what} hides the meaning of a line from a reviewer"))
        .at(at, format!("{what} is not allowed"))
        .help("Write the value itself in every place.")
}

fn key<'t>(node: Node<'t>, mistakes: &mut Mistakes) -> Pending<'t> {
    let at = node.span;
    match node.value {
        Value::Scalar(scalar) if scalar.plain && scalar.text == "<<" => {
            mistakes.report(not_allowed(codes::MERGE_KEY, "a merge key", at));
            Pending::Reported
        }
        Value::Scalar(scalar) if scalar.looks() == Looks::Null => {
            mistakes.report(
                Diagnostic::error(codes::NULL_VALUE, "an empty key")
                    .at(at, "there is no key here")
                    .help("Write a key before the `:`."),
            );
            Pending::Reported
        }
        Value::Scalar(scalar) => Pending::Key(scalar, at),
        Value::List(_) | Value::Map(_) => {
            mistakes.report(
                Diagnostic::error(codes::WRONG_TYPE, "a key that is not a string")
                    .at(at, "a key is a string on one line")
                    .help(
                        "If this is `{{ … }}` of a template, render the template before Rollbook reads it.",
                    ),
            );
            Pending::Reported
        }
        Value::Reported => Pending::Reported,
    }
}

/// Reports null as the value of anything: whether it means "none" or "unchanged" cannot be seen.
fn with_value<'t>(node: Node<'t>, key: Option<(&Scalar<'t>, Span)>, mistakes: &mut Mistakes) -> Node<'t> {
    let Value::Scalar(scalar) = &node.value else {
        return node;
    };
    if scalar.looks() != Looks::Null {
        return node;
    }
    let (message, place) = match key {
        Some((key, span)) if scalar.text.is_empty() => (format!("`{}` has no value", key.text), span),
        Some((key, _)) => (format!("`{}` is null", key.text), node.span),
        None => ("an empty list item".to_owned(), node.span),
    };
    mistakes.report(
        Diagnostic::error(codes::NULL_VALUE, message)
            .at(place, "a value is required here")
            .help("Write `[]` for an empty list, `{}` for an entry without settings, or leave the key out."),
    );
    Node { span: node.span, value: Value::Reported }
}

/// Reports duplicate keys, and keeps the first of each.
fn without_repetitions<'t>(entries: Vec<Entry<'t>>, mistakes: &mut Mistakes) -> Vec<Entry<'t>> {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let mut repeated = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(before) = first.insert(&entry.key.text, entry.span) {
            first.insert(&entry.key.text, before);
            mistakes.report(
                Diagnostic::error(codes::DUPLICATE_KEY, format!("`{}` appears twice", entry.key.text))
                    .at(entry.span, "again here")
                    .at(before, "first here")
                    .help("Keep one of them: other readers silently keep the last one only."),
            );
            repeated.push(index);
        }
    }
    if repeated.is_empty() {
        return entries;
    }
    let mut index = 0;
    let mut kept = entries;
    kept.retain(|_| {
        let again = repeated.binary_search(&index).is_ok();
        index += 1;
        !again
    });
    kept
}

fn syntax_diagnostic(kind: &ErrorKind, at: Span) -> Diagnostic {
    if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        return Diagnostic::error(codes::TOO_DEEP, format!("nested deeper than {DEEPEST} levels"))
            .at(at, "one level too many")
            .help("A declaration needs no more than 6 levels.");
    }
    let is_tab = matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    );
    let help = if is_tab {
        "Indent with spaces: YAML takes no tabs there."
    } else if matches!(kind, ErrorKind::DirectiveDisallowed) {
        "Remove the line: Rollbook reads YAML 1.2 and nothing else."
    } else if matches!(kind, ErrorKind::UnexpectedCharacter { .. }) {
        "Quote the text: it starts with a character that YAML reserves."
    } else {
        "Look at the indentation and the quotes of this line and of the one before."
    };
    Diagnostic::error(codes::INVALID_YAML, format!("invalid YAML: {kind}"))
        .at(at, "the YAML cannot be read from here on")
        .help(help)
}
