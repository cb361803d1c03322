//! The state of decoding one tree.

use indexmap::IndexMap;
use jiff::civil::Date;

use crate::model::{Diagnostic, Email, GroupName, Located, Origin, Span};

use super::codes;
use super::mistakes::Mistakes;
use super::node::{Node, Value};
use super::suggest;

/// The state of decoding one tree.
#[derive(Debug)]
pub(super) struct Context {
    /// The date for warnings.
    pub(super) today: Date,
    /// The mistakes so far.
    pub(super) mistakes: Mistakes,
    /// The place where each person was first named.
    pub(super) people: People,
    /// The groups that rules of the policy name.
    pub(super) mentions: Vec<Mention>,
    lengths: Vec<(Origin, u32)>,
    lengths_in_order: bool,
}

/// Every email of the tree, each once, in the order of its first place.
#[derive(Debug, Default)]
pub(super) struct People(IndexMap<Email, Span>);

/// A group that a rule of the policy names.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    /// The rule's key.
    pub(super) rule: &'static str,
    /// The group.
    pub(super) name: GroupName,
    /// The place.
    pub(super) span: Span,
}

impl Context {
    /// An empty state.
    pub(super) fn new(today: Date) -> Self {
        Self {
            today,
            mistakes: Mistakes::default(),
            people: People::default(),
            mentions: Vec::new(),
            lengths: Vec::new(),
            lengths_in_order: true,
        }
    }

    /// Adds a diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.mistakes.report(diagnostic);
    }

    /// Reports a mistake that one place shows.
    pub(super) fn mistake(
        &mut self,
        code: &'static str,
        at: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Diagnostic::error(code, message).at(at, label).help(help));
    }

    /// Reports a value of another type than expected.
    pub(super) fn wrong_type(&mut self, node: &Node<'_>, wanted: &str) {
        let found = node.found();
        self.report(
            Diagnostic::error(codes::WRONG_TYPE, format!("expected {wanted}, found {found}"))
                .at(node.span, format!("this is {found}")),
        );
    }

    /// Checks that a value has the expected shape; otherwise reports the shape to write instead.
    pub(super) fn shaped(&mut self, node: &Node<'_>, fits: bool, wanted: &str, help: String) -> bool {
        if !fits && !matches!(node.value, Value::Reported) {
            let found = node.found();
            let message = format!("expected {wanted}, found {found}");
            self.mistake(codes::WRONG_TYPE, node.span, message, format!("this is {found}"), help);
        }
        fits
    }

    /// A value at its place. The model has only the start of a value; its length is remembered here, for the rules over
    /// the whole tree.
    pub(super) fn locate<T>(&mut self, value: T, span: Span) -> Located<T> {
        if self.lengths.last().is_some_and(|(last, _)| *last > span.origin) {
            self.lengths_in_order = false;
        }
        self.lengths.push((span.origin, span.length));
        Located::new(value, span.origin)
    }

    /// Makes [`Context::span`] work for everything located so far.
    pub(super) fn sort_places(&mut self) {
        if !self.lengths_in_order {
            self.lengths.sort_unstable();
            self.lengths_in_order = true;
        }
    }

    /// The complete place of a located value.
    pub(super) fn span(&self, origin: Origin) -> Span {
        let length = self
            .lengths
            .binary_search_by_key(&origin, |(at, _)| *at)
            .map_or(0, |found| self.lengths[found].1);
        Span { origin, length }
    }

    /// The candidate that a text was probably meant to be.
    pub(super) fn near<'c>(
        &self,
        text: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        self.mistakes.few().then(|| suggest::near(text, candidates)).flatten()
    }

    /// Adds an email, and reports another spelling of a known one.
    pub(super) fn person(&mut self, email: Email, span: Span) -> Email {
        let Some((first, place)) = self.people.0.get_key_value(&email) else {
            self.people.0.insert(email.clone(), span);
            return email;
        };
        if first.as_str() == email.as_str() {
            return first.clone();
        }
        let diagnostic = Diagnostic::error(
            codes::EMAIL_SPELLINGS,
            format!("`{email}` and `{first}` are one email in two spellings"),
        )
        .at(span, "spelled like this here")
        .at(*place, "and like this here")
        .help(format!("Write it the same way everywhere, such as `{first}`."));
        let known = first.clone();
        self.report(diagnostic);
        known
    }
}

impl People {
    /// Whether somebody is named anywhere in the tree.
    pub(super) fn contains(&self, email: &Email) -> bool {
        self.0.contains_key(email)
    }

    /// Everybody, with the first place of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Email, Span)> {
        self.0.iter().map(|(email, span)| (email, *span))
    }
}
