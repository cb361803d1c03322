//! rollbook.lock, which Rollbook writes and people merge.

use crate::model::{Diagnostic, Email, GroupName, Lock, LockedId, Span};

use super::codes;
use super::context::Context;
use super::fields::{Fields, map};
use super::node::{Entry, Node};
use super::settings::version;
use super::values::{account_id, email_text, group_id, group_name_text, is_text, prose};

/// The mappings of a lock, each with the place of its key.
#[derive(Debug, Default)]
pub(super) struct LockDraft {
    /// Its content.
    pub(super) lock: Lock,
    /// The place of each account, ordered as in the file.
    pub(super) users: Vec<(Email, Span)>,
    /// The place of each group, ordered as in the file.
    pub(super) groups: Vec<(GroupName, Span)>,
}

impl LockDraft {
    /// The place where a group is locked.
    pub(super) fn place(&self, name: &GroupName) -> Option<Span> {
        self.lock.groups.get(name)?;
        self.groups.iter().find(|(locked, _)| locked == name).map(|(_, span)| *span)
    }
}

/// Decodes rollbook.lock.
pub(super) fn lock(cx: &mut Context, node: &Node<'_>) -> LockDraft {
    let mut draft = LockDraft::default();
    let Some(mut fields) = Fields::of(cx, node, "rollbook.lock") else {
        return draft;
    };
    version(cx, &mut fields);
    if let Some(node) = fields.take("users") {
        users(cx, node, &mut draft);
    }
    if let Some(node) = fields.take("groups") {
        groups(cx, node, &mut draft);
    }
    fields.finish(cx);
    draft
}

fn users(cx: &mut Context, node: &Node<'_>, draft: &mut LockDraft) {
    let Some(map) = map(cx, node, "emails with their accounts") else {
        return;
    };
    for entry in &map.entries {
        let locked = locked(cx, entry, "account", |cx, node| account_id(cx, node).map(|id| id.value));
        if !is_text(cx, &entry.key, entry.span, "an email") {
            continue;
        }
        let Some(email) = email_text(cx, &entry.key.text, entry.span) else {
            continue;
        };
        let Some(locked) = locked else { continue };
        if draft.lock.users.insert(email.clone(), locked).is_some() {
            cx.report(
                Diagnostic::error(codes::EMAIL_SPELLINGS, format!("`{email}` is locked in two spellings"))
                    .at(entry.span, "here")
                    .help("Remove the wrong entry, or delete both and run `rollbook lock`."),
            );
        }
        draft.users.push((email, entry.span));
    }
}

fn groups(cx: &mut Context, node: &Node<'_>, draft: &mut LockDraft) {
    let Some(map) = map(cx, node, "groups' names with their IDs") else {
        return;
    };
    for entry in &map.entries {
        let locked = locked(cx, entry, "id", |cx, node| group_id(cx, node).map(|id| id.value));
        if !is_text(cx, &entry.key, entry.span, "a group's name") {
            continue;
        }
        let Some(name) = group_name_text(cx, &entry.key.text, entry.span) else {
            continue;
        };
        let Some(locked) = locked else { continue };
        draft.lock.groups.insert(name.clone(), locked);
        draft.groups.push((name, entry.span));
    }
}

fn locked<Id>(
    cx: &mut Context,
    entry: &Entry<'_>,
    key: &'static str,
    id: impl FnOnce(&mut Context, &Node<'_>) -> Option<Id>,
) -> Option<LockedId<Id>> {
    let help = "Delete the entry and run `rollbook lock`.";
    let mut fields = Fields::of(cx, &entry.value, "a locked ID")?.owned_by(entry.span);
    let id = fields.require(key, help).and_then(|node| id(cx, node));
    let from = fields.require("from", help).and_then(|node| prose(cx, node, "a source"));
    fields.finish(cx);
    Some(LockedId { id: id?, from: from?.value })
}
