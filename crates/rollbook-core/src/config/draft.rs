//! The content of a tree's files, combined, before the rules over the whole tree.

use std::collections::BTreeMap;

use crate::model::{
    DeclaredGroup, DeclaredUser, Diagnostic, Email, GroupName, GroupState, Member, Policy, Settings, Span,
    Waiver,
};

use super::codes;
use super::context::Context;
use super::lock::LockDraft;

/// The content of a tree's files.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The head of rollbook.yaml.
    pub(super) settings: Option<Settings>,
    /// `policy:`.
    pub(super) policy: Policy,
    /// `waive:`.
    pub(super) waivers: Vec<Waiver>,
    /// Every user whose entry could be decoded.
    pub(super) users: BTreeMap<Email, DeclaredUser>,
    /// Every group whose entry could be decoded.
    pub(super) groups: BTreeMap<GroupName, DeclaredGroup>,
    /// rollbook.lock.
    pub(super) lock: LockDraft,
    user_keys: BTreeMap<Email, Span>,
    group_keys: BTreeMap<GroupName, Span>,
}

impl Draft {
    /// Adds a user, with `None` if the entry has mistakes. The first declaration counts.
    pub(super) fn add_user(&mut self, cx: &mut Context, email: Email, user: Option<DeclaredUser>, key: Span) {
        if let Some(first) = self.user_keys.get(&email) {
            cx.report(declared_twice(&format!("user `{email}`"), *first, key));
            return;
        }
        self.user_keys.insert(email.clone(), key);
        if let Some(user) = user {
            self.users.insert(email, user);
        }
    }

    /// Adds a group, with `None` if the entry has mistakes. The first declaration counts.
    pub(super) fn add_group(
        &mut self,
        cx: &mut Context,
        name: GroupName,
        group: Option<DeclaredGroup>,
        key: Span,
    ) {
        if let Some(first) = self.group_keys.get(&name) {
            cx.report(declared_twice(&format!("group `{name}`"), *first, key));
            return;
        }
        self.group_keys.insert(name.clone(), key);
        if let Some(group) = group {
            self.groups.insert(name, group);
        }
    }

    /// Every group that is declared, even with mistakes, and its place.
    pub(super) fn declared_groups(&self) -> &BTreeMap<GroupName, Span> {
        &self.group_keys
    }

    /// Whether a group is declared absent.
    pub(super) fn is_absent(&self, name: &GroupName) -> bool {
        self.groups.get(name).is_some_and(|group| matches!(group.state, GroupState::Absent))
    }

    /// Whether somebody else owns the members of a group.
    pub(super) fn is_unmanaged(&self, name: &GroupName) -> bool {
        self.groups.get(name).is_some_and(|group| match &group.state {
            GroupState::Present(members) => members.unmanaged,
            GroupState::Absent => false,
        })
    }

    /// The entries of a group; none for one that is absent, undeclared or has mistakes.
    pub(super) fn entries(&self, name: &GroupName) -> &[Member] {
        self.groups.get(name).map_or(&[], entries)
    }
}

/// The entries of a group; none for one that is absent.
pub(super) fn entries(group: &DeclaredGroup) -> &[Member] {
    match &group.state {
        GroupState::Present(members) => &members.entries,
        GroupState::Absent => &[],
    }
}

fn declared_twice(what: &str, first: Span, again: Span) -> Diagnostic {
    Diagnostic::error(codes::DECLARED_TWICE, format!("{what} is declared twice"))
        .at(again, "again here")
        .at(first, "first here")
        .help("Keep one declaration: everything about one thing is in one place.")
}
