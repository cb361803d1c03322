//! What a tree says in a cell of the table, as text, and what the site has.

use std::collections::BTreeSet;

use rollbook::model::ManagedBy;

use crate::world::{Account, Group, Live, World};

/// How a tree names the group that the rules call `payroll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Not at all.
    Not,
    /// By the name that the site has.
    Plainly,
    /// By the name that the rules have, with its id: the site has another name.
    Pinned,
    /// The same, with the id in `rollbook.lock`.
    Locked,
    /// By a key of its own, with the id.
    AsWages,
}

type Names = BTreeSet<&'static str>;

/// What one tree says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) named: Named,
    /// Whom it lists in the group itself. Who `leaves` has a day on which it ends.
    pub(super) listed: Names,
    pub(super) leaves: Names,
    /// The groups that it takes in, with `nest: true` or without.
    pub(super) nested: Vec<&'static str>,
    pub(super) nest: bool,
    pub(super) absent: bool,
    pub(super) team: Vec<&'static str>,
    pub(super) support: Names,
    pub(super) other: Names,
    /// Lines under `users:`.
    pub(super) users: Vec<&'static str>,
    /// Lines under `users:` of the lock.
    pub(super) locked: Vec<&'static str>,
}

impl Says {
    /// The group as it is before anybody changes anything.
    pub(super) fn plainly(members: &[&'static str]) -> Self {
        Self {
            named: Named::Plainly,
            listed: members.iter().copied().collect(),
            leaves: Names::new(),
            nested: Vec::new(),
            nest: false,
            absent: false,
            team: Vec::new(),
            support: ["carl"].into(),
            other: ["carl"].into(),
            users: Vec::new(),
            locked: Vec::new(),
        }
    }

    fn group(&self) -> String {
        let (key, pin) = match self.named {
            Named::Not => return String::new(),
            Named::Plainly | Named::Locked => ("payroll", ""),
            Named::Pinned => ("payroll", "    id: id-payroll\n"),
            Named::AsWages => ("wages", "    id: id-payroll\n"),
        };
        if self.absent {
            return format!("  {key}:\n{pin}    absent: true\n");
        }
        let nest = if self.nest { "    nest: true\n" } else { "" };
        let mut members: Vec<String> = self.listed.iter().map(|name| format!("{name}@acme.com")).collect();
        let ends = self.leaves.iter();
        members.extend(ends.map(|name| format!("{{ user: {name}@acme.com, until: 2026-12-24 }}")));
        members.extend(self.nested.iter().map(|name| format!("group: {name}")));
        format!("  {key}:\n{pin}{nest}    members: [{}]\n", members.join(", "))
    }

    /// A world with this tree under a policy.
    pub(super) fn world(&self, policy: &str) -> World {
        let emails = |names: &Names| {
            let emails: Vec<String> = names.iter().map(|name| format!("{name}@acme.com")).collect();
            emails.join(", ")
        };
        let team: Vec<String> = self
            .team
            .iter()
            .map(|name| if *name == "other" { "group: other".into() } else { format!("{name}@acme.com") })
            .collect();
        let groups = format!(
            "{}  team:\n    members: [{}]\n  support:\n    members: [{}]\n  other:\n    members: [{}]\n",
            self.group(),
            team.join(", "),
            emails(&self.support),
            emails(&self.other),
        );
        let users: String = self.users.iter().map(|line| format!("  {line}\n")).collect();
        let policy = format!("policy:\n  invite-domains: [acme.com]\n  {policy}\n");
        let head = format!("version: 1\nsite: https://acme.atlassian.net\n{policy}");
        let mut files =
            vec![("rollbook.yaml".into(), head), ("groups/all.yaml".into(), format!("groups:\n{groups}"))];
        files.extend((!users.is_empty()).then(|| ("users/all.yaml".into(), format!("users:\n{users}"))));
        let world = World { files, ..World::of("", "", "") };
        let mut lock = String::new();
        if !self.locked.is_empty() {
            lock.push_str("users:\n");
            lock.extend(self.locked.iter().map(|line| format!("  {line}\n")));
        }
        if self.named == Named::Locked {
            lock.push_str("groups:\n  payroll: { id: id-payroll, from: jira }\n");
        }
        if lock.is_empty() { world } else { world.lock(&lock) }
    }
}

/// What the site has.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
pub(super) struct Site {
    /// What it calls the group.
    pub(super) name: &'static str,
    /// Who is in it.
    pub(super) members: Names,
    pub(super) team: Names,
    /// Who has no account.
    pub(super) strangers: Names,
    pub(super) synced: bool,
    /// Whether an app puts new users into it.
    pub(super) default: bool,
    /// Whether the credential reads which groups an app has.
    pub(super) reads_apps: bool,
    /// Whether it makes site administrators.
    pub(super) administers: bool,
}

impl Site {
    pub(super) fn live(&self) -> Live {
        let mut live = Live::default();
        let id = |name: &&str| format!("acc-{name}@acme.com");
        let everybody = ["ada", "bob", "carl", "dina", "eve", "root"];
        for name in everybody.iter().filter(|name| !self.strangers.contains(**name)) {
            live.accounts.insert(id(name), Account::person(&format!("{name}@acme.com")));
        }
        let group = |name: &str, members: &Names| Group::of(name, members.iter().map(id).collect());
        let mut payroll = group(self.name, &self.members);
        if self.synced {
            payroll.managed_by = ManagedBy::External;
        }
        live.groups.insert("id-payroll".into(), payroll);
        live.groups.insert("id-team".into(), group("team", &self.team));
        live.groups.insert("id-support".into(), group("support", &["carl"].into()));
        live.groups.insert("id-other".into(), group("other", &["carl"].into()));
        if self.default {
            let groups = vec!["id-payroll".to_owned()];
            live.roles.push(("jira".into(), groups.clone(), groups));
        }
        if self.administers {
            live.admin_groups.insert("id-payroll".into());
        }
        live.read_only = !self.reads_apps;
        live
    }
}
