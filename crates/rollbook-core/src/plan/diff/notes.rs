//! Notes for reviewers besides the changes.

use std::collections::BTreeSet;

use crate::model::{
    Address, Email, GroupName, IdentitySource, LiveAccount, Lock, Note, Origin, Reading, SelfGrant,
    UnlistedGroups, UnlistedUsers, UserRef, listed,
};

use super::super::identity::only_group;
use super::Differ;

pub(super) fn add_notes(differ: &mut Differ<'_>) {
    no_longer_managed(differ);
    not_locked(differ);
    changed_emails(differ);
    renamed_groups(differ);
    unlisted_groups(differ);
    unlisted_users(differ);
    missing_rights(differ);
    unidentified(differ);
    differ.changes.notes.sort();
}

fn note(differ: &mut Differ<'_>, code: &'static str, text: String, origin: Option<Origin>) {
    let origin = origin.map(|origin| differ.locator.locate(origin));
    differ.changes.notes.push(Note::new(code, text, origin));
}

/// The lock has names that the tree once declared. Accounts and groups that are declared under another name are managed
/// as before.
fn no_longer_managed(differ: &mut Differ<'_>) {
    let (tree, live) = (differ.tree, differ.live);
    let lock = &tree.desired.declaration.lock;
    let mut notes = Vec::new();
    for (email, locked) in &lock.users {
        if tree.desired.has(&Address::User(UserRef::Email(email.clone()))) {
            continue;
        }
        notes.push(match tree.people.declared_as(&locked.id) {
            None => {
                ("no-longer-managed", format!("{email} of rollbook.lock is not declared; access remains"))
            }
            // It is reported anyway if the site still shows the old one.
            Some(_) if live.accounts.get(&locked.id).is_some_and(|it| it.email.as_ref() == Some(email)) => {
                continue;
            }
            Some(now) => (
                "written-anew",
                format!("{email} of rollbook.lock is declared as {now} now, the same account"),
            ),
        });
    }
    for (name, locked) in &lock.groups {
        let takes = || tree.desired.declaration.synced().any(|(_, synced)| synced == name);
        if tree.desired.declaration.groups.contains_key(name) || takes() {
            continue;
        }
        notes.push(match tree.groups.declared_as(&locked.id) {
            None => (
                "no-longer-managed",
                format!("group {name} of rollbook.lock is not declared; access remains"),
            ),
            Some(_) if live.groups.iter().any(|it| it.id == locked.id && it.name == *name) => continue,
            Some(now) => (
                "written-anew",
                format!("group {name} of rollbook.lock is declared as {now} now, the same group"),
            ),
        });
    }
    for (code, text) in notes {
        note(differ, code, text, None);
    }
}

/// The gaps of a lock, if there is one, or if `self-grant` depends on accounts: without a line, the meaning of a name may change.
fn not_locked(differ: &mut Differ<'_>) {
    let tree = differ.tree;
    let lock = &tree.desired.declaration.lock;
    if *lock == Lock::default() && tree.desired.declaration.policy.self_grant != SelfGrant::Refuse {
        return;
    }
    let people = tree.people.accounts().filter_map(|(user, _)| match (user, tree.people.source(user)) {
        (UserRef::Email(email), Some(source))
            if !matches!(source, IdentitySource::Pin | IdentitySource::Lock) =>
        {
            Some(email.to_string())
        }
        (UserRef::Email(_) | UserRef::Account(_), _) => None,
    });
    let pinned =
        |name: &GroupName| tree.desired.declaration.groups.get(name).is_some_and(|group| group.id.is_some());
    let groups = tree.groups.live().map(|(name, _)| name);
    let groups =
        groups.filter(|name| !lock.groups.contains_key(*name) && !pinned(name)).map(ToString::to_string);
    // For a group that only a rule names, the line says which one the rule means.
    let rules = tree.desired.declaration.policy.named_groups().map(|(_, name, _)| name);
    let rules: BTreeSet<&GroupName> = rules
        .filter(|name| !tree.desired.declaration.groups.contains_key(*name))
        .filter(|name| !lock.groups.contains_key(*name) && only_group(name, &differ.live.groups).is_some())
        .collect();
    let rules = rules.into_iter().map(ToString::to_string);
    let names: Vec<String> = people.chain(groups).chain(rules).collect();
    if names.is_empty() {
        return;
    }
    let text = format!(
        "rollbook.lock does not say which account or group is meant by {}: `rollbook lock` records it",
        listed(&names, SHOWN)
    );
    note(differ, "not-in-lock", text, None);
}

fn changed_emails(differ: &mut Differ<'_>) {
    let changed: Vec<(Email, Email)> = differ
        .tree
        .people
        .accounts()
        .filter_map(|(user, id)| match (user, differ.live.accounts.get(id)?.email.as_ref()) {
            (UserRef::Email(declared), Some(live)) if declared != live => {
                Some((declared.clone(), live.clone()))
            }
            (UserRef::Email(_) | UserRef::Account(_), _) => None,
        })
        .collect();
    for (declared, live) in changed {
        let text = format!("the account of {declared} shows the email {live} now; the account is still used");
        note(differ, "email-changed", text, None);
    }
}

fn renamed_groups(differ: &mut Differ<'_>) {
    let renamed: Vec<String> = differ
        .tree
        .groups
        .live()
        .filter(|(name, group)| **name != group.name)
        .map(|(name, group)| {
            format!("group {name} is named {} on the site; its ID is still used", group.name)
        })
        .collect();
    for text in renamed {
        note(differ, "group-renamed", text, None);
    }
}

fn unlisted_groups(differ: &mut Differ<'_>) {
    if differ.tree.desired.declaration.policy.unlisted_groups == UnlistedGroups::Ignore {
        return;
    }
    let unlisted: Vec<String> = differ
        .live
        .groups
        .iter()
        .filter(|group| differ.tree.groups.declared_as(&group.id).is_none())
        .map(|group| format!("group {} is not declared", group.name))
        .collect();
    for text in unlisted {
        note(differ, "unlisted-group", text, None);
    }
}

fn unlisted_users(differ: &mut Differ<'_>) {
    let Some(policy) = differ.tree.desired.declaration.policy.unlisted_users else { return };
    let Reading::Read(users) = &differ.live.users else { return };
    match policy.value {
        // The operations show the people that `offboard` concerns.
        UnlistedUsers::Ignore | UnlistedUsers::Offboard => return,
        UnlistedUsers::Report => {}
    }
    let told = |account: &LiveAccount| match &account.email {
        Some(email) => format!("{email} ({}) is active and not declared", account.name),
        None => format!("account {} ({}) is active and not declared", account.id, account.name),
    };
    let unlisted = users.iter().filter_map(|id| differ.unlisted(id));
    let notes: Vec<Note> = unlisted
        .map(|account| {
            let names = vec![account.name.clone()];
            Note { names, ..Note::new("unlisted-user", told(account), None) }
        })
        .collect();
    differ.changes.notes.extend(notes);
}

/// Rows of listings without an ID. They count, but nothing is done with them, which must be reported.
fn unidentified(differ: &mut Differ<'_>) {
    let live = differ.live;
    let mut notes = vec![rows_note("the list of groups", live.groups.unidentified())];
    notes.extend(live.users.read().map(|users| rows_note("the list of users", users.unidentified())));
    for (id, members) in &live.members {
        let named = live.groups.iter().find(|group| group.id == *id).map(|group| &group.name);
        let name = differ.tree.groups.declared_as(id).or(named).map_or(id.as_str(), |name| name.as_str());
        notes.push(rows_note(&format!("group {name}"), members.unidentified()));
    }
    differ.changes.notes.extend(notes.into_iter().flatten());
}

fn rows_note(what: &str, names: &[String]) -> Option<Note> {
    let rows = match names.len() {
        0 => return None,
        1 => "a row".to_owned(),
        several => format!("{several} rows"),
    };
    let distinct: BTreeSet<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let shown: Vec<&str> = distinct.iter().copied().take(SHOWN).collect();
    let more = if distinct.len() > SHOWN { " and others" } else { "" };
    let told = if shown.is_empty() { String::new() } else { format!(" ({}{more})", shown.join(", ")) };
    let text = format!(
        "{what} has {rows} without an ID{told}: Atlassian does not say whose, and nothing is done about it"
    );
    let names = shown.into_iter().map(ToOwned::to_owned).collect();
    Some(Note { names, ..Note::new("without-id", text, None) })
}

/// The number of names in a note.
const SHOWN: usize = 5;

fn missing_rights(differ: &mut Differ<'_>) {
    if differ.live.rights.jira.is_none() {
        let text = "without a credential for Jira, apps and service accounts are not shown, and nothing is planned \
                    for them";
        note(differ, "apps-not-shown", text.into(), None);
        let policy = &differ.tree.desired.declaration.policy;
        if policy.self_grant == SelfGrant::Refuse || !policy.privileged.is_empty() {
            let text = "without a credential for Jira, it is unknown which groups give site administration: name \
                        them in `policy.privileged`, otherwise they are not marked as privileged, and may nest other \
                        groups; with a base, `self-grant` treats every group of the site as one";
            note(differ, "site-admins-unknown", text.into(), None);
        }
    }
    if differ.live.rights.jira.as_ref().is_some_and(|jira| !jira.site_admin) {
        let text = "the Jira credential is not a site administrator's: it can plan, but apply would refuse operations that \
                    go through Jira";
        note(differ, "read-only", text.into(), None);
    }
}
