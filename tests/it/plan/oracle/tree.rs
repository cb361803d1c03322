//! What a tree says, as plain data that edits change and that the oracle reads for itself; and its YAML, for Rollbook.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// A tree. Everything goes by its text: the names of groups, emails, ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    /// Whether it names an organization.
    pub(super) organization: bool,
    pub(super) operator: Option<String>,
    pub(super) policy: Policy,
    pub(super) waivers: Vec<Waiver>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Team>,
    /// Emails with their accounts, as `rollbook.lock` has them.
    pub(super) locked_users: BTreeMap<String, String>,
    pub(super) locked_groups: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the policy")]
pub(super) struct Policy {
    pub(super) at_least: bool,
    pub(super) refuses_self_grant: bool,
    pub(super) privileged: Vec<String>,
    pub(super) protected_users: Vec<String>,
    pub(super) protected_groups: Vec<String>,
    pub(super) floors: BTreeMap<String, usize>,
    pub(super) exclusive: Vec<Vec<String>>,
    pub(super) max_revokes: Option<usize>,
    pub(super) offboard: Offboard,
    pub(super) invites: bool,
    pub(super) offboards_unlisted: bool,
    pub(super) admins: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Offboard {
    #[default]
    Suspend,
    Deactivate,
    Remove,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waiver {
    pub(super) guard: &'static str,
    pub(super) of: Waived,
    pub(super) until: Date,
}

/// What a waiver is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Waived {
    Group(String),
    User(String),
    Member(String, String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct User {
    /// The pin.
    pub(super) account: Option<String>,
    pub(super) active: Option<bool>,
    pub(super) until: Option<Date>,
    /// Whether an invitation asks for the app.
    pub(super) app: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Team {
    /// The pin.
    pub(super) id: Option<String>,
    /// Whether it is `at-least` or `exact`; the policy's mode where it is left out.
    pub(super) at_least: Option<bool>,
    pub(super) nest: bool,
    pub(super) absent: bool,
    pub(super) members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) who: Who,
    pub(super) until: Option<Date>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Who {
    Email(String),
    Account(String),
    /// A group, and the emails that this entry leaves out.
    Group(String, Vec<String>),
}

/// A tree's files, as a [`crate::world::World`] takes them.
pub(super) type Files = Vec<(String, String)>;

impl Tree {
    pub(super) fn files(&self) -> Files {
        let mut files = vec![("rollbook.yaml".to_owned(), self.root())];
        if !self.users.is_empty() {
            let users = self.users.iter().map(|(email, user)| format!("  {email}: {}\n", user.yaml()));
            files.push(("users/all.yaml".to_owned(), format!("users:\n{}", users.collect::<String>())));
        }
        if !self.groups.is_empty() {
            let groups = self.groups.iter().map(|(name, team)| format!("  {name}:\n{}", team.yaml()));
            files.push(("groups/all.yaml".to_owned(), format!("groups:\n{}", groups.collect::<String>())));
        }
        if !(self.locked_users.is_empty() && self.locked_groups.is_empty()) {
            files.push(("rollbook.lock".to_owned(), self.lock()));
        }
        files.sort();
        files
    }

    /// The tree as one text, for people.
    pub(super) fn text(&self) -> String {
        self.files().iter().map(|(path, text)| format!("# {path}\n{text}")).collect()
    }

    fn root(&self) -> String {
        let mut text = "version: 1\nsite: https://acme.atlassian.net\n".to_owned();
        if self.organization {
            text.push_str("organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n");
        }
        if let Some(operator) = &self.operator {
            text.push_str(&format!("operator: {operator}\n"));
        }
        text.push_str(&self.policy.yaml());
        if !self.waivers.is_empty() {
            text.push_str("waive:\n");
        }
        for Waiver { guard, of, until } in &self.waivers {
            let of = of.address();
            text.push_str(&format!(
                "  - {{ guard: {guard}, for: [\"{of}\"], because: agreed, until: {until} }}\n"
            ));
        }
        text
    }

    fn lock(&self) -> String {
        let users = self
            .locked_users
            .iter()
            .map(|(email, id)| format!("  {email}: {{ account: \"{id}\", from: jira }}\n"));
        let groups =
            self.locked_groups.iter().map(|(name, id)| format!("  {name}: {{ id: {id}, from: jira }}\n"));
        let part = |key: &str, lines: String| {
            if lines.is_empty() { String::new() } else { format!("{key}:\n{lines}") }
        };
        format!("version: 1\n{}{}", part("users", users.collect()), part("groups", groups.collect()))
    }
}

impl Policy {
    fn yaml(&self) -> String {
        let mode = if self.at_least { "at-least" } else { "exact" };
        let self_grant = if self.refuses_self_grant { "refuse" } else { "allow" };
        let offboard = self.offboard.word();
        let mut text =
            format!("policy:\n  mode: {mode}\n  self-grant: {self_grant}\n  offboard: {offboard}\n");
        let mut list = |key: &str, items: &[String]| {
            if !items.is_empty() {
                text.push_str(&format!("  {key}: [{}]\n", items.join(", ")));
            }
        };
        list("privileged", &self.privileged);
        list("admins", &self.admins);
        list("invite-domains", &self.invites.then(|| "acme.com".to_owned()).into_iter().collect::<Vec<_>>());
        let exclusive: Vec<String> =
            self.exclusive.iter().map(|names| format!("[{}]", names.join(", "))).collect();
        list("exclusive", &exclusive);
        let named = |key: &str, items: &[String]| {
            (!items.is_empty()).then(|| format!("{key}: [{}]", items.join(", ")))
        };
        let protect: Vec<String> =
            [named("users", &self.protected_users), named("groups", &self.protected_groups)]
                .into_iter()
                .flatten()
                .collect();
        if !protect.is_empty() {
            text.push_str(&format!("  protect: {{ {} }}\n", protect.join(", ")));
        }
        let floors: Vec<String> =
            self.floors.iter().map(|(name, floor)| format!("{name}: {floor}")).collect();
        if !floors.is_empty() {
            text.push_str(&format!("  keep-at-least: {{ {} }}\n", floors.join(", ")));
        }
        if let Some(total) = self.max_revokes {
            text.push_str(&format!("  max-revokes: {{ total: {total} }}\n"));
        }
        if self.offboards_unlisted {
            text.push_str("  unlisted-users: offboard\n");
        }
        text
    }
}

impl Offboard {
    fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Deactivate => "deactivate",
            Self::Remove => "remove",
        }
    }
}

impl Waived {
    pub(super) fn address(&self) -> String {
        match self {
            Self::Group(name) => format!("group.{name}"),
            Self::User(email) => format!("user.{email}"),
            Self::Member(name, email) => format!("member.{name}/{email}"),
        }
    }
}

impl User {
    fn yaml(&self) -> String {
        let active = self.active.map(|active| format!("active: {active}"));
        let pin = self.account.as_ref().map(|id| format!("account: \"{id}\""));
        let app = self.app.then(|| "apps: [jira-software]".to_owned());
        let until = self.until.map(|until| format!("until: {until}"));
        let keys: Vec<String> = active.into_iter().chain(pin).chain(app).chain(until).collect();
        format!("{{ {} }}", keys.join(", "))
    }
}

impl Team {
    fn yaml(&self) -> String {
        let mut text = self.id.as_ref().map(|id| format!("    id: {id}\n")).unwrap_or_default();
        if self.absent {
            text.push_str("    absent: true\n");
            return text;
        }
        if let Some(at_least) = self.at_least {
            text.push_str(&format!("    mode: {}\n", if at_least { "at-least" } else { "exact" }));
        }
        if self.nest {
            text.push_str("    nest: true\n");
        }
        if self.members.is_empty() {
            text.push_str("    members: []\n");
            return text;
        }
        text.push_str("    members:\n");
        for member in &self.members {
            text.push_str(&format!("      - {{ {} }}\n", member.yaml()));
        }
        text
    }
}

impl Member {
    pub(super) fn of(who: Who) -> Self {
        Self { who, until: None }
    }

    fn yaml(&self) -> String {
        let who = match &self.who {
            Who::Email(email) => format!("user: {email}"),
            Who::Account(id) => format!("account: \"{id}\""),
            Who::Group(name, except) if except.is_empty() => format!("group: {name}"),
            Who::Group(name, except) => format!("group: {name}, except: [{}]", except.join(", ")),
        };
        let until = self.until.map(|until| format!(", until: {until}")).unwrap_or_default();
        format!("{who}{until}")
    }
}
