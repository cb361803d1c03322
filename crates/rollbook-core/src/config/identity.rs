//! The rules of pins and locked IDs: one account has one email, one group ID one name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::model::{Diagnostic, Email, GroupName, MemberRef, Span};

use super::codes;
use super::context::Context;
use super::draft::{Draft, entries};

/// Checks every rule of this file. Locked IDs of undeclared names do not count: they are left over.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let mut accounts = accounts(cx, draft);
    only_declared(draft, &mut accounts);
    shared(cx, &accounts, codes::SHARED_ACCOUNT, "account", "emails");
    let groups = groups(cx, draft);
    shared(cx, &groups, codes::SHARED_GROUP_ID, "group ID", "groups");
}

/// Each ID with the names that have it, and their places.
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
                let pinned = (pin.value.as_str(), cx.span(pin.origin));
                differs(cx, email, pinned, (locked.id.as_str(), *span));
            }
            None if cx.people.contains(email) => {
                claims.entry(locked.id.as_str()).or_default().push((email, *span));
            }
            None => {}
        }
    }
    claims
}

/// Drops emails that only own something, or are in a rule: they are not declared (docs/design.md#people), and their
/// lines in the lock are left over.
fn only_declared(draft: &Draft, claims: &mut Claims<'_, Email>) {
    claims.retain(|_, claimed| claimed.len() > 1);
    let doubtful: BTreeSet<&Email> = claims.values().flatten().map(|(email, _)| *email).collect();
    if doubtful.is_empty() {
        return;
    }
    let members = draft.groups.values().flat_map(entries).filter_map(|member| match &member.who {
        MemberRef::User(email) => Some(email),
        MemberRef::Account(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
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
                let pinned = (pin.value.as_str(), cx.span(pin.origin));
                differs(cx, name, pinned, (locked.id.as_str(), *span));
            }
            None if draft.declared_groups().contains_key(name) => {
                claims.entry(locked.id.as_str()).or_default().push((name, *span));
            }
            None => {}
        }
    }
    claims
}

/// Reports two statements about one name. Whichever counted, the other one could change a rule's meaning unseen.
fn differs(cx: &mut Context, name: &impl Display, (pin, pinned): (&str, Span), (lock, locked): (&str, Span)) {
    cx.report(
        Diagnostic::error(
            codes::PIN_DIFFERS,
            format!("`{name}` is pinned to `{pin}`, and rollbook.lock says `{lock}`"),
        )
        .at(pinned, "pinned here")
        .at(locked, "locked here")
        .help(
            "If the pin is right, delete this line of rollbook.lock and run `rollbook lock`; if the line is right, remove \
             the pin.",
        ),
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
                .help("Correct the wrong ID, or declare only one of the two."),
            );
        }
    }
}
