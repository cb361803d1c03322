//! The reviewers of a change of each file: the owners of its groups, and of the groups that nest those.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{Declaration, Email, FileId, GroupName, GroupState, Located, Tree};

use super::include::{LOCK, ROOT};

/// The files with rules for every group.
const RULES: [&str; 2] = [ROOT, LOCK];

/// The people of `policy.admins` who are not offboarded on a date.
pub fn active_admins(declaration: &Declaration, day: Date) -> BTreeSet<Email> {
    active(declaration, &declaration.policy.admins, day)
}

/// The owners of each file of a tree: of every group in it, and of every group that nests one of those, however far away.
/// `policy.admins` own the rules, the lock, the files of users, and groups without owners. A person who is offboarded on
/// the date owns nothing.
pub fn owners_of_files(
    declaration: &Declaration,
    tree: &Tree,
    day: Date,
) -> BTreeMap<String, BTreeSet<Email>> {
    let admins = active_admins(declaration, day);
    let path = |file: FileId| tree.get(file).path.clone();
    let mut owners: BTreeMap<String, BTreeSet<Email>> =
        RULES.map(|path| (path.into(), admins.clone())).into();
    let mut own = |path: String, emails: BTreeSet<Email>| {
        if !RULES.contains(&path.as_str()) {
            owners.entry(path).or_default().extend(emails);
        }
    };
    for user in declaration.users.values() {
        own(path(user.origin.file), admins.clone());
    }
    let outer = outer_groups(declaration);
    for (name, group) in &declaration.groups {
        let mut reached = BTreeSet::new();
        let mut next = vec![name];
        while let Some(name) = next.pop() {
            if reached.insert(name) {
                next.extend(outer.get(name).into_iter().flatten());
            }
        }
        let mut emails = BTreeSet::new();
        for group in reached.into_iter().filter_map(|name| declaration.groups.get(name)) {
            let owners = active(declaration, &group.owners, day);
            emails.extend(if owners.is_empty() { admins.clone() } else { owners });
        }
        own(path(group.origin.file), emails);
    }
    owners
}

fn active(declaration: &Declaration, people: &[Located<Email>], day: Date) -> BTreeSet<Email> {
    let is_offboarded =
        |email: &Email| declaration.users.get(email).is_some_and(|user| user.offboarded_on(day).is_some());
    let people = people.iter().map(|person| &person.value);
    people.filter(|email| !is_offboarded(email)).cloned().collect()
}

/// The groups that nest a group.
fn outer_groups(declaration: &Declaration) -> BTreeMap<&GroupName, BTreeSet<&GroupName>> {
    let mut outer: BTreeMap<&GroupName, BTreeSet<&GroupName>> = BTreeMap::new();
    for (name, group) in &declaration.groups {
        let GroupState::Present(members) = &group.state else { continue };
        for inner in members.nested().chain(members.synced().map(|(_, name)| name)) {
            outer.entry(inner).or_default().insert(name);
        }
    }
    outer
}
