//! rollbook.lock: read as people may have merged it, and written with whatever a surface gave.

use jiff::civil::date;
use rollbook::config::{LOCK, ROOT, lock_text, parse};
use rollbook::model::{AccountId, Email, GroupId, GroupName, Lock, LockedId, SourceFile, Tree};

use super::parts::Parts;
use super::yaml::check;

/// The language takes no longer name of a group, and YAML no key of more than 1024 characters.
const LONGEST_NAME: usize = 255;

/// The first byte says whether the rest is a lock's text, or what a lock is made of.
pub(super) fn run(data: &[u8]) {
    match data.split_first() {
        Some((b'=', parts)) => written(&made_of(&Parts::of(parts))),
        Some(_) | None => read(&String::from_utf8_lossy(data)),
    }
}

fn tree(lock: &str) -> Tree {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    Tree { files: vec![file(LOCK, lock), file(ROOT, "version: 1\nsite: https://acme.atlassian.net\n")] }
}

fn lock_of(text: &str) -> Option<Lock> {
    parse(&tree(text), date(2026, 6, 1)).declaration.map(|declaration| declaration.lock)
}

fn read(text: &str) {
    check(&tree(text));
    if let Some(lock) = lock_of(text) {
        written(&lock);
        let again = lock_of(&lock_text(&lock)).expect("what was read can be written");
        assert_eq!((&again.users, &again.groups), (&lock.users, &lock.groups));
    }
}

fn made_of(parts: &Parts<'_>) -> Lock {
    let mut lock = Lock::default();
    for index in (0..16).step_by(2) {
        let (name, id, from) = (parts.get(index), parts.get(index + 1), "jira".to_owned());
        if let Ok(email) = Email::parse(name) {
            lock.users.insert(email, LockedId { id: AccountId::new(id), from: from.clone() });
        }
        if name.chars().count() <= LONGEST_NAME {
            lock.groups.insert(GroupName::new(name), LockedId { id: GroupId::new(id), from });
        }
    }
    lock
}

/// What is written is read as it was meant or refused, never as something else, and another parser agrees.
fn written(lock: &Lock) {
    let text = lock_text(lock);
    if let Some(read) = lock_of(&text) {
        assert_eq!((&read.users, &read.groups), (&lock.users, &lock.groups), "{text}");
        assert_eq!(lock_text(&read), text);
    }
    let second: serde_yaml::Value =
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for (email, locked) in &lock.users {
        assert_eq!(second["users"][email.as_str()]["account"].as_str(), Some(locked.id.as_str()), "{text}");
    }
    for (name, locked) in &lock.groups {
        assert_eq!(second["groups"][name.as_str()]["id"].as_str(), Some(locked.id.as_str()), "{text}");
    }
}
