//! `rollbook.lock` as text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_saphyr::{DoubleQuoted, FlowMap};

use crate::model::Lock;

const HEAD: &str = "# Written by `rollbook lock`: which account and which group each declared name means.\n\
                    # Commit it, and look at every line that changes.\n";

#[derive(Serialize)]
struct LockDocument<'a> {
    version: u8,
    users: BTreeMap<&'a str, FlowMap<LockedAccount<'a>>>,
    groups: BTreeMap<&'a str, FlowMap<LockedGroup<'a>>>,
}

#[derive(Serialize)]
struct LockedAccount<'a> {
    account: DoubleQuoted<&'a str>,
    from: &'a str,
}

#[derive(Serialize)]
struct LockedGroup<'a> {
    id: DoubleQuoted<&'a str>,
    from: &'a str,
}

/// Writes a lock, sorted, with a line break at its end. Reading it gives the same lock.
///
/// # Panics
/// Never: a lock is plain data.
pub fn lock_text(lock: &Lock) -> String {
    let users = lock.users.iter().map(|(email, locked)| {
        let account = DoubleQuoted(locked.id.as_str());
        (email.as_str(), FlowMap(LockedAccount { account, from: &locked.from }))
    });
    let groups = lock.groups.iter().map(|(name, locked)| {
        let id = DoubleQuoted(locked.id.as_str());
        (name.as_str(), FlowMap(LockedGroup { id, from: &locked.from }))
    });
    let document = LockDocument { version: 1, users: users.collect(), groups: groups.collect() };
    #[allow(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let body = serde_saphyr::to_string(&document).expect("a lock is plain data");
    format!("{HEAD}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LOCK, ROOT, parse};
    use crate::model::{AccountId, Email, GroupId, GroupName, LockedId, SourceFile, Tree};

    #[test]
    fn what_is_written_reads_the_same() {
        let mut lock = Lock::default();
        for (email, id) in
            [("b@acme.com", "712020:5e1f"), ("A.x+y@acme.com", "0123"), ("true@acme.com", "null")]
        {
            let locked = LockedId { id: AccountId::new(id), from: "jira".into() };
            lock.users.insert(Email::parse(email).unwrap(), locked);
        }
        for name in ["sre", "a: b", "- x", "#y", "1.0", "no", "Grüße & mehr", "\"q\" 'r'"] {
            let locked = LockedId { id: GroupId::new("276f955c-63d7"), from: "pin".into() };
            lock.groups.insert(GroupName::new(name), locked);
        }
        let text = lock_text(&lock);
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let root = "version: 1\nsite: https://acme.atlassian.net\n";
        let tree = Tree { files: vec![file(LOCK, &text), file(ROOT, root)] };
        let parsed = parse(&tree, jiff::civil::date(2026, 11, 22));
        let read = parsed.declaration.unwrap_or_else(|| panic!("{text}\n{:#?}", parsed.diagnostics)).lock;
        assert_eq!(read.users, lock.users, "{text}");
        assert_eq!(read.groups, lock.groups, "{text}");
        assert_eq!(lock_text(&read), text);
    }
}
