//! What the threat model promises of each cell, by hand: a walk that finds another verdict has found a fault.

use super::axes::{Author, Cell, History, Kind, Rule};

/// What is promised of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// The deed is not done: the plan is refused, its operation is blocked, or there is no plan.
    Stopped,
    /// The base's rules would stop it, and a reviewer sees that those of the change do not.
    Shown,
    /// Nothing stops it, and why.
    Passes(&'static str),
    /// There is no such case, and why.
    Senseless(&'static str),
}

pub(super) fn promise(cell: Cell) -> Promise {
    match (senseless(cell), passes(cell)) {
        (Some(why), _) => Promise::Senseless(why),
        (None, Some(why)) => Promise::Passes(why),
        (None, None) if cell.history == History::Loosened && may_be_loosened(cell.rule) => Promise::Shown,
        (None, None) => Promise::Stopped,
    }
}

/// Whether the change that takes a rule out is let pass, once somebody approves it.
fn may_be_loosened(rule: Rule) -> bool {
    match rule {
        Rule::MaxRevokes
        | Rule::KeepAtLeast
        | Rule::Protect
        | Rule::ProtectPerson
        | Rule::ProtectDeleting
        | Rule::Exclusive
        | Rule::InviteDomain => true,
        Rule::SelfGrant
        | Rule::Nesting
        | Rule::Deleting
        | Rule::SelfLockout
        | Rule::LastAdmin
        | Rule::IdentityChanged
        | Rule::IdentityUnresolved
        | Rule::Reactivation
        | Rule::SuspiciousRead => false,
    }
}

fn senseless(cell: Cell) -> Option<&'static str> {
    let undeclared = cell.kind.is_undeclared();
    match cell.rule {
        Rule::Reactivation | Rule::InviteDomain if cell.kind != Kind::Declared => {
            return Some("The rule is about an account, and no group is concerned.");
        }
        Rule::Nesting | Rule::Deleting | Rule::ProtectDeleting if undeclared => {
            return Some(
                "Only a tree that declares the group says what it takes in, and whether it is there.",
            );
        }
        Rule::IdentityChanged | Rule::IdentityUnresolved if undeclared => {
            return Some("A tree puts nobody into a group that it does not declare.");
        }
        Rule::SuspiciousRead if undeclared => return Some("The plan does not change the group."),
        Rule::SuspiciousRead if cell.kind.is_unread() => {
            return Some("`apply` reads for itself, and takes no snapshot for live.");
        }
        Rule::MaxRevokes
        | Rule::KeepAtLeast
        | Rule::Protect
        | Rule::ProtectPerson
        | Rule::ProtectDeleting
        | Rule::Exclusive
        | Rule::SelfLockout
        | Rule::LastAdmin
        | Rule::IdentityChanged
        | Rule::IdentityUnresolved
            if cell.kind == Kind::Administers =>
        {
            return Some("The rule does not ask whether the group makes site administrators: as declared.");
        }
        _ => {}
    }
    None
}

fn passes(cell: Cell) -> Option<&'static str> {
    match cell.rule {
        Rule::SelfGrant => passes_as_self_grant(cell),
        Rule::Nesting if cell.kind == Kind::Nested => {
            Some("`nest: true` is in the group already, and lets in everybody those groups have.")
        }
        _ => None,
    }
}

fn passes_as_self_grant(cell: Cell) -> Option<&'static str> {
    let undeclared = cell.kind.is_undeclared();
    // Whose address the base alone has, lets it mean somebody else by taking it out, which is refused by itself.
    let moves = cell.author == Author::SecondInBase;
    if cell.history == History::Before && undeclared && !moves {
        return Some(
            "No operation is left to judge. Only `--base applied` still sees what the earlier change took back.",
        );
    }
    let unread = cell.kind.is_unread() || matches!(cell.kind, Kind::DefaultUnread | Kind::Synced);
    // A person who does not own the rules loosens none that is about authors.
    let may_pass = !matches!(cell.history, History::Before | History::Loosened) && !unread;
    if cell.author == Author::SomebodyElse && may_pass {
        return Some("Somebody else is named as the author, and as the only one. The rule is about authors.");
    }
    None
}
