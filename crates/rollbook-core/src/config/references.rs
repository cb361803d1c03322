//! The rules of `group:` entries: they name declared groups, form no cycle, and are in a privileged group only if it
//! allows them; `except` names somebody they add; nobody is listed twice.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::model::{AccountId, Diagnostic, Email, GroupName, GroupState, Member, MemberRef, Span};

use super::codes;
use super::context::Context;
use super::cycles;
use super::draft::{Draft, entries};
use super::suggest;

/// Checks every rule of this file.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let owners = owners_of_accounts(draft);
    let brings = Brings::of(draft, &owners);
    for (name, group) in &draft.groups {
        let mut seen = IndexMap::new();
        for member in entries(group) {
            listed_once(cx, name, member, &owners, &mut seen);
            if let MemberRef::Group(target) = &member.who
                && target_exists(cx, draft, member, target)
            {
                exceptions(cx, &brings, member, target);
            }
            if let MemberRef::Synced(target) = &member.who {
                is_of_others(cx, draft, member, target);
            }
        }
    }
    nesting(cx, draft);
    cycles::check(cx, draft);
}

/// The owners of account IDs: by pin, otherwise by lock, which does not count for a pinned email.
pub(super) fn owners_of_accounts(draft: &Draft) -> BTreeMap<&AccountId, &Email> {
    let pin = |email: &Email| draft.users.get(email).and_then(|user| user.account.as_ref());
    let locked = draft.lock.lock.users.iter().filter(|(email, _)| pin(email).is_none());
    let locked = locked.map(|(email, locked)| (&locked.id, email));
    let pinned = draft.users.iter().filter_map(|(email, user)| Some((&user.account.as_ref()?.value, email)));
    locked.chain(pinned).collect()
}

/// A person or a group, by any kind of name.
#[derive(PartialEq, Eq, Hash)]
enum Who<'d> {
    Person(&'d Email),
    Account(&'d AccountId),
    Group(&'d GroupName),
    Synced(&'d GroupName),
}

fn listed_once<'d>(
    cx: &mut Context,
    group: &GroupName,
    member: &'d Member,
    owners: &BTreeMap<&AccountId, &'d Email>,
    seen: &mut IndexMap<Who<'d>, &'d Member>,
) {
    let (who, name) = match &member.who {
        MemberRef::User(email) => (Who::Person(email), email.as_str()),
        MemberRef::Account(id) => match owners.get(id) {
            Some(email) => (Who::Person(email), email.as_str()),
            None => (Who::Account(id), id.as_str()),
        },
        MemberRef::Group(name) => (Who::Group(name), name.as_str()),
        MemberRef::Synced(name) => (Who::Synced(name), name.as_str()),
    };
    let Some(first) = seen.get(&who) else {
        seen.insert(who, member);
        return;
    };
    let diagnostic = Diagnostic::error(
        codes::DUPLICATE_MEMBER,
        format!("`{name}` is listed twice in the group `{group}`"),
    )
    .at(cx.span(member.origin), "again here")
    .at(cx.span(first.origin), "first here")
    .help("Keep one entry: of two, the less strict one would win.");
    cx.report(diagnostic);
}

fn target_exists(cx: &mut Context, draft: &Draft, member: &Member, target: &GroupName) -> bool {
    let declared = draft.declared_groups();
    if let Some(declaration) = declared.get(target) {
        if draft.is_unmanaged(target) {
            let message = format!("the members of `{target}` are unmanaged");
            let diagnostic = Diagnostic::error(codes::UNMANAGED_GROUP, message)
                .at(cx.span(member.origin), "brings nobody")
                .at(*declaration, "declared so here")
                .help("List the people: `group:` adds only declared members.");
            cx.report(diagnostic);
            return false;
        }
        if draft.is_absent(target) {
            cx.report(to_be_deleted(cx, member, target, *declaration));
            return false;
        }
        return true;
    }
    let near = cx.near(target.as_str(), declared.keys().map(GroupName::as_str));
    let help = suggest::help(near, || {
        "Declare the group; `group:` adds only declared members, so a group that exists only at Atlassian adds \
         nobody."
            .to_owned()
    });
    let span = cx.span(member.origin);
    cx.mistake(codes::UNKNOWN_GROUP, span, format!("no group `{target}` is declared"), "unknown group", help);
    false
}

/// A synced group that a tree takes members from may be declared, for its id or what it gives, and not for its members.
fn is_of_others(cx: &mut Context, draft: &Draft, member: &Member, target: &GroupName) {
    let Some(declaration) = draft.declared_groups().get(target).copied() else { return };
    if draft.is_absent(target) {
        cx.report(to_be_deleted(cx, member, target, declaration));
    } else if draft.groups.contains_key(target) && !draft.is_unmanaged(target) {
        let message = format!("this tree decides who is in `{target}`");
        let diagnostic = Diagnostic::error(codes::MANAGED_SOURCE, message)
            .at(cx.span(member.origin), "named as a synced group here")
            .at(declaration, "declared with its members here")
            .help(
                "Use `group:`, which brings its declared members; or say `members: unmanaged` there, where an identity \
                 provider decides.",
            );
        cx.report(diagnostic);
    }
}

fn to_be_deleted(cx: &Context, member: &Member, target: &GroupName, declaration: Span) -> Diagnostic {
    Diagnostic::error(codes::ABSENT_GROUP, format!("`{target}` is to be deleted"))
        .at(cx.span(member.origin), "used here")
        .at(declaration, "declared absent here")
        .help("Remove this entry, or keep the group.")
}

/// Which groups list the people that some `except` names, and which groups bring which.
struct Brings<'d> {
    draft: &'d Draft,
    listing: BTreeMap<&'d Email, BTreeSet<&'d GroupName>>,
    nested: BTreeMap<&'d GroupName, Vec<&'d GroupName>>,
}

impl<'d> Brings<'d> {
    fn of(draft: &'d Draft, owners: &BTreeMap<&'d AccountId, &'d Email>) -> Self {
        let excepted = draft.groups.values().flat_map(entries).flat_map(|member| &member.except);
        let mut listing: BTreeMap<&Email, BTreeSet<&GroupName>> =
            excepted.map(|email| (&email.value, BTreeSet::new())).collect();
        let mut nested: BTreeMap<&GroupName, Vec<&GroupName>> = BTreeMap::new();
        if listing.is_empty() {
            return Self { draft, listing, nested };
        }
        for (name, group) in &draft.groups {
            for member in entries(group) {
                let person = match &member.who {
                    MemberRef::User(email) => Some(email),
                    MemberRef::Account(id) => owners.get(id).copied(),
                    MemberRef::Group(inner) => {
                        nested.entry(name).or_default().push(inner);
                        None
                    }
                    MemberRef::Synced(_) => None,
                };
                if let Some(groups) = person.and_then(|email| listing.get_mut(email)) {
                    groups.insert(name);
                }
            }
        }
        Self { draft, listing, nested }
    }

    /// The groups whose members a group has, including itself; `None` if one of them has mistakes.
    fn reached(&self, target: &'d GroupName) -> Option<BTreeSet<&'d GroupName>> {
        let mut reached = BTreeSet::from([target]);
        let mut open = vec![target];
        while let Some(name) = open.pop() {
            if !self.draft.groups.contains_key(name) {
                return None;
            }
            for inner in self.nested.get(name).into_iter().flatten() {
                if reached.insert(inner) {
                    open.push(inner);
                }
            }
        }
        Some(reached)
    }
}

fn exceptions(cx: &mut Context, brings: &Brings<'_>, member: &Member, target: &GroupName) {
    if member.except.is_empty() {
        return;
    }
    let Some((target, _)) = brings.draft.groups.get_key_value(target) else {
        return;
    };
    let Some(reached) = brings.reached(target) else {
        return;
    };
    // Whom a synced group brings, only the site tells.
    let mut entries = reached.iter().flat_map(|name| brings.draft.entries(name));
    if entries.any(|member| matches!(member.who, MemberRef::Synced(_))) {
        return;
    }
    for email in &member.except {
        let listing = brings.listing.get(&email.value);
        if listing.is_some_and(|groups| groups.iter().any(|group| reached.contains(group))) {
            continue;
        }
        let near = near_member(cx, brings, &reached, &email.value);
        let help = suggest::help(near, || "Remove it, or correct the email.".to_owned());
        let span = cx.span(email.origin);
        cx.mistake(
            codes::EXCEPT_NAMES_NOBODY,
            span,
            format!("`{}` is not among the members of `{target}`", email.value),
            "excepts nobody",
            help,
        );
    }
}

fn near_member<'d>(
    cx: &Context,
    brings: &Brings<'d>,
    reached: &BTreeSet<&'d GroupName>,
    email: &Email,
) -> Option<&'d str> {
    let people =
        reached.iter().flat_map(|name| brings.draft.entries(name)).filter_map(|member| match &member.who {
            MemberRef::User(email) => Some(email.as_str()),
            MemberRef::Account(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
        });
    cx.near(email.as_str(), people)
}

fn nesting(cx: &mut Context, draft: &Draft) {
    for privileged in &draft.policy.privileged {
        let Some(group) = draft.groups.get(&privileged.value) else {
            continue;
        };
        let GroupState::Present(members) = &group.state else {
            continue;
        };
        let nested = members.entries.iter().find(|member| member.who.is_group());
        if let (Some(member), false) = (nested, members.nest) {
            let diagnostic = Diagnostic::error(
                codes::NESTING_PRIVILEGED,
                format!("the privileged group `{}` takes another group's members", privileged.value),
            )
            .at(cx.span(member.origin), "editing this group edits the privileged one")
            .at(cx.span(privileged.origin), "declared privileged here")
            .help("List the people themselves, or set `nest: true` in the privileged group.");
            cx.report(diagnostic);
        }
    }
}
