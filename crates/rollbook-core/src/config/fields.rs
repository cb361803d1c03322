//! The decoder of mappings, which goes on after a mistake.

use crate::model::Span;

use super::codes;
use super::context::Context;
use super::node::{Entry, Map, Node, Value};
use super::suggest;

/// A mapping whose keys are requested one after the other; a key that is not requested is a mistake.
#[derive(Debug)]
pub(super) struct Fields<'n, 't> {
    map: &'n Map<'t>,
    owner: Span,
    what: &'static str,
    known: Vec<&'static str>,
    elsewhere: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
}

impl<'n, 't> Fields<'n, 't> {
    /// Expects a node to be a mapping. `what` names the owner of the keys, such as "a group".
    pub(super) fn of(cx: &mut Context, node: &'n Node<'t>, what: &'static str) -> Option<Self> {
        Some(Self {
            map: map(cx, node, what)?,
            owner: node.span,
            what,
            known: Vec::new(),
            elsewhere: Vec::new(),
            missing: Vec::new(),
        })
    }

    /// Sets the place for missing keys; the default is the mapping's first line.
    pub(super) fn owned_by(mut self, owner: Span) -> Self {
        self.owner = owner;
        self
    }

    /// The value of a key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<&'n Entry<'t>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.map.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The value of a required key; `help` says how to write it.
    pub(super) fn require(&mut self, key: &'static str, help: &'static str) -> Option<&'n Node<'t>> {
        let found = self.take(key);
        if found.is_none() {
            self.missing(key, help);
        }
        found
    }

    /// Records that a key is missing. In a mapping that a syntax error cut short it may only be unread.
    pub(super) fn missing(&mut self, key: &'static str, help: &'static str) {
        if self.map.whole {
            self.missing.push((key, help));
        }
    }

    /// Whether the whole mapping could be read.
    pub(super) fn whole(&self) -> bool {
        self.map.whole
    }

    /// Reports the keys that belong in another file.
    pub(super) fn belong_into(&mut self, cx: &mut Context, keys: &[&'static str], file: &str) {
        for entry in &self.map.entries {
            let key = &*entry.key.text;
            if keys.contains(&key) {
                cx.mistake(
                    codes::MISPLACED_KEY,
                    entry.span,
                    format!("`{key}` belongs in {file}"),
                    "not read in this file",
                    format!("Move it into {file}."),
                );
            }
        }
        self.elsewhere.extend_from_slice(keys);
    }

    /// Reports every key that was not requested, and every one that is missing; if one is probably a mistyped other,
    /// only the first.
    pub(super) fn finish(mut self, cx: &mut Context) {
        for entry in &self.map.entries {
            let key = &*entry.key.text;
            if self.known.contains(&key) || self.elsewhere.contains(&key) {
                continue;
            }
            let near = cx.near(key, self.known.iter().copied());
            self.missing.retain(|(missing, _)| Some(*missing) != near);
            let help = suggest::help(near, || {
                format!("{} takes {}.", capital(self.what), suggest::listed(&self.known))
            });
            cx.mistake(
                codes::UNKNOWN_KEY,
                entry.span,
                format!("unknown key `{key}` in {}", self.what),
                "nothing reads this",
                help,
            );
        }
        for (key, help) in self.missing {
            let message = format!("{} without `{key}`", self.what);
            cx.mistake(codes::MISSING_KEY, self.owner, message, format!("`{key}` is missing"), help);
        }
    }
}

/// Expects a node to be a mapping whose keys are names.
pub(super) fn map<'n, 't>(cx: &mut Context, node: &'n Node<'t>, what: &str) -> Option<&'n Map<'t>> {
    match &node.value {
        Value::Map(map) => Some(map),
        Value::Reported => None,
        Value::Scalar(_) | Value::List(_) => {
            cx.wrong_type(node, &format!("a mapping ({what})"));
            None
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
