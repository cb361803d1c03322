//! The rules of pins and locked ids: one account has one e-mail, one group id one name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::model::{Diagnostic, Email, GroupName, MemberRef, Span};

use super::codes;
use super::context::Context;
use super::draft::{Draft, entries};

/// Checks every rule of this file. Locked ids of what the tree does not name do not count: they are left over.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let mut accounts = accounts(cx, draft);
    only_declared(draft, &mut accounts);
    shared(cx, &accounts, codes::SHARED_ACCOUNT, "account", "e-mails");
    let groups = groups(cx, draft);
    shared(cx, &groups, codes::SHARED_GROUP_ID, "group id", "groups");
}

/// Each id with whom it is given to, and where.
type Claims<'d, Name> = BTreeMap<&'d str, Vec<(&'d Name, Span)>>;

fn accounts<'d>(cx: &mut Context, draft: &'d Draft) -> Claims<'d, Email> {
    let mut claims: Claims<'d, Email> = BTreeMap::new();
    for (email, user) in &draft.users {
        if let Some(pin) = &user.account {
            claims.entry(pin.value.as_str()).or_default().push((email, cx.span(pin.origin)));
        }
    }
    for (email, span) in &draft.lock.users {
        let Some(locked) = draft.lock.lock.users.get(email) else {
            continue;
        };
        match draft.users.get(email).and_then(|user| user.account.as_ref()) {
            Some(pin) if pin.value == locked.id => {}
            Some(pin) => {
                let place = cx.span(pin.origin);
                differs(cx, email, place, *span);
            }
            None if cx.people.contains(email) => {
                claims.entry(locked.id.as_str()).or_default().push((email, *span));
            }
            None => {}
        }
    }
    claims
}

/// An e-mail that only owns something, or is in a rule, is not declared (design §2, People), and what the lock
/// says of it is left over.
fn only_declared(draft: &Draft, claims: &mut Claims<'_, Email>) {
    claims.retain(|_, claimed| claimed.len() > 1);
    let doubtful: BTreeSet<&Email> = claims.values().flatten().map(|(email, _)| *email).collect();
    if doubtful.is_empty() {
        return;
    }
    let members = draft.groups.values().flat_map(entries).filter_map(|member| match &member.who {
        MemberRef::User(email) => Some(email),
        MemberRef::Account(_) | MemberRef::Group(_) => None,
    });
    let protected = draft.policy.protect.users.iter().map(|email| &email.value);
    let named = draft.users.keys().chain(protected).chain(members);
    let declared: BTreeSet<&Email> = named.filter(|email| doubtful.contains(email)).collect();
    for claimed in claims.values_mut() {
        claimed.retain(|(email, _)| declared.contains(email));
    }
}

fn groups<'d>(cx: &mut Context, draft: &'d Draft) -> Claims<'d, GroupName> {
    let mut claims: Claims<'d, GroupName> = BTreeMap::new();
    for (name, group) in &draft.groups {
        if let Some(pin) = &group.id {
            claims.entry(pin.value.as_str()).or_default().push((name, cx.span(pin.origin)));
        }
    }
    for (name, span) in &draft.lock.groups {
        let Some(locked) = draft.lock.lock.groups.get(name) else {
            continue;
        };
        match draft.groups.get(name).and_then(|group| group.id.as_ref()) {
            Some(pin) if pin.value == locked.id => {}
            Some(pin) => {
                let place = cx.span(pin.origin);
                differs(cx, name, place, *span);
            }
            None if draft.declared_groups().contains_key(name) => {
                claims.entry(locked.id.as_str()).or_default().push((name, *span));
            }
            None => {}
        }
    }
    claims
}

/// A pin wins over the lock, and `rollbook lock`, which mends the lock, must be able to read the tree: so this
/// is a warning.
fn differs(cx: &mut Context, name: &impl Display, pin: Span, lock: Span) {
    cx.report(
        Diagnostic::warning(
            codes::PIN_DIFFERS,
            format!("`{name}` is pinned to another id than it is locked to"),
        )
        .at(pin, "pinned here")
        .at(lock, "locked here")
        .help("Plans block what it names until both agree: if the pin is right, run `rollbook lock`; if not, remove it."),
    );
}

fn shared<Name: Display>(
    cx: &mut Context,
    claims: &Claims<'_, Name>,
    code: &'static str,
    id: &str,
    names: &str,
) {
    for (value, claimed) in claims {
        let mut claimed = claimed.clone();
        claimed.sort_by_key(|(_, span)| *span);
        let [(first, place), others @ ..] = claimed.as_slice() else {
            continue;
        };
        for (name, span) in others {
            cx.report(
                Diagnostic::error(
                    code,
                    format!("`{first}` and `{name}` are two {names} for one {id}, `{value}`"),
                )
                .at(*span, "again here")
                .at(*place, "first here")
                .help("Correct the wrong id, or declare only one of the two."),
            );
        }
    }
}
