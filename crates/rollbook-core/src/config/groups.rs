//! `groups:`, the groups of a tree.

use crate::model::{DeclaredGroup, GroupName, GroupState, Members};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::fields::{Fields, map};
use super::grants::grants;
use super::members::members;
use super::node::{Entry, Node, Value};
use super::values::{boolean, choice, email, group_id, group_name_text, is_text, list_of, prose};

/// The keys that describe an existing group, and make no sense for an absent one.
const PRESENT_ONLY: &[&str] =
    &["description", "members", "mode", "source", "apps-in-group", "nest", "grants"];

/// The keys about members, which make no sense if somebody else owns them.
const MANAGED_ONLY: &[&str] = &["description", "source", "apps-in-group", "nest"];

/// The word for members that somebody else owns.
pub(super) const UNMANAGED: &str = "unmanaged";

/// Decodes `groups:` of one file into the draft.
pub(super) fn groups(cx: &mut Context, node: &Node<'_>, draft: &mut Draft) {
    let Some(map) = map(cx, node, "groups' names, each with its declaration") else {
        return;
    };
    for entry in &map.entries {
        if let Some(name) = key(cx, entry) {
            let group = group(cx, entry);
            draft.add_group(cx, name, group, entry.span);
        }
    }
}

fn key(cx: &mut Context, entry: &Entry<'_>) -> Option<GroupName> {
    if !is_text(cx, &entry.key, entry.span, "a group's name") {
        return None;
    }
    let name = group_name_text(cx, &entry.key.text, entry.span)?;
    Some(cx.locate(name, entry.span).value)
}

fn group(cx: &mut Context, entry: &Entry<'_>) -> Option<DeclaredGroup> {
    let mut fields = Fields::of(cx, &entry.value, "a group")?.owned_by(entry.span);
    let id = fields.take("id").and_then(|node| group_id(cx, node));
    let owners =
        fields.take("owners").map_or_else(Vec::new, |node| list_of(cx, node, "a list of emails", email));
    let absent = fields.entry("absent");
    let description = fields.take("description").and_then(|node| prose(cx, node, "a description"));
    let state = match absent {
        Some(absent) => tombstone(cx, absent, &mut fields).then_some(GroupState::Absent),
        None => present(cx, &mut fields).map(GroupState::Present),
    };
    fields.finish(cx);
    Some(DeclaredGroup { origin: entry.span.origin, id, description, owners, state: state? })
}

fn tombstone(cx: &mut Context, absent: &Entry<'_>, fields: &mut Fields<'_, '_>) -> bool {
    let flag = boolean(cx, &absent.value);
    if flag.as_ref().is_some_and(|flag| !flag.value) {
        cx.mistake(
            codes::UNKNOWN_VALUE,
            absent.value.span,
            "`absent: false` has no meaning",
            "only `true` makes sense",
            "Remove the key, and list the group's `members`.",
        );
    }
    for key in PRESENT_ONLY {
        if let Some(entry) = fields.entry(key) {
            cx.mistake(
                codes::TOMBSTONE_KEY,
                entry.span,
                format!("`{key}` of a group that will be deleted"),
                "means nothing with `absent: true`",
                "Remove this key to delete the group, or remove `absent` to keep it.",
            );
        }
    }
    flag.is_some_and(|flag| flag.value)
}

fn present(cx: &mut Context, fields: &mut Fields<'_, '_>) -> Option<Members> {
    let node = fields.require(
        "members",
        "List the members. A group without members has `members: []`; one to delete has `absent: true`.",
    );
    let unmanaged = node.is_some_and(is_unmanaged);
    let entries = if unmanaged { Some(Vec::new()) } else { node.and_then(|node| members(cx, node)) };
    for entry in MANAGED_ONLY.iter().filter(|_| unmanaged).filter_map(|key| fields.entry(key)) {
        cx.mistake(
            codes::UNMANAGED_KEY,
            entry.span,
            format!("`{}` of a group whose members are unmanaged", entry.key.text),
            "means nothing with `members: unmanaged`",
            "Remove this key, or list the members.",
        );
    }
    let mode = fields.take("mode").and_then(|node| choice(cx, node));
    let source = fields.take("source").and_then(|node| choice(cx, node));
    let apps_in_group = fields.take("apps-in-group").and_then(|node| choice(cx, node));
    let nest = fields.take("nest").and_then(|node| boolean(cx, node));
    let grants = fields.take("grants").map(|node| grants(cx, node));
    Some(Members {
        entries: entries?,
        mode,
        source: source.unwrap_or_default(),
        apps_in_group: apps_in_group.unwrap_or_default(),
        nest: nest.is_some_and(|nest| nest.value),
        unmanaged,
        // A list with a mistake differs from one that is left out.
        grants: grants.map_or(Some(None), |grants| grants.map(Some))?,
    })
}

fn is_unmanaged(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if scalar.text == UNMANAGED)
}
