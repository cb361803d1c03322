//! Random worlds: a site as a seed of the sandbox, and a tree over it. All of it follows from one number.

use std::fmt::Write as _;

use fastrand::Rng;
use jiff::ToSpan;
use rollbook::model::Tree;
use rollbook::sandbox::{AccountType, AppType, Grant, ManagedBy, Seed, SeedApp, SeedGroup, SeedUser, Usage};

use super::site::{ROOT, tree, with_root};
use crate::world::TODAY;

/// Names that mean something to a URL, to YAML or to a terminal.
const NAMES: [&str; 22] = [
    "devs",
    "Ops Team",
    "a/b",
    "100% sure",
    "c#",
    "grün",
    "日本",
    "x&y=z",
    "a+b",
    "q?r=1&groupId=2",
    "..",
    "%2e%2e",
    "it's",
    "\"quoted\"",
    "back\\slash",
    "🚀 launch",
    "group.a",
    "member.x/y",
    "<b>x</b>",
    "- list",
    "key: value",
    "null",
];

/// A site and a tree over it.
pub(crate) struct World {
    pub(crate) seed: Seed,
    pub(crate) files: Vec<(String, String)>,
}

#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
struct Person {
    email: Option<String>,
    id: String,
    kind: AccountType,
    exists: bool,
    removed: bool,
    hidden: bool,
    live_active: bool,
    active: Option<bool>,
    pinned: bool,
    locked: bool,
}

struct Team {
    name: String,
    live_name: String,
    id: String,
    exists: bool,
    absent: bool,
    pinned: bool,
    members: Vec<usize>,
    yaml: String,
    direct: Vec<usize>,
}

fn odds(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

/// Some of a list, in its order.
fn some(rng: &mut Rng, from: &[usize], percent: u32) -> Vec<usize> {
    from.iter().copied().filter(|_| odds(rng, percent)).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl World {
    pub(crate) fn of(number: u64) -> Self {
        let mut rng = Rng::with_seed(number);
        // Now and then a group takes several pages.
        let count = if odds(&mut rng, 8) { rng.usize(90..132) } else { rng.usize(3..24) };
        let people: Vec<Person> = (0..count).map(|index| person(&mut rng, index)).collect();
        let mut names = NAMES;
        rng.shuffle(&mut names);
        let mut teams: Vec<Team> = Vec::new();
        for name in &names[..rng.usize(1..7)] {
            let made = team(&mut rng, name, &people, &teams);
            teams.push(made);
        }
        let seed = seed(&mut rng, &people, &teams);
        let files = files(&mut rng, &people, &teams);
        Self { seed, files }
    }

    pub(crate) fn tree(&self) -> Tree {
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        tree(&files)
    }

    /// The world as a person would look at it.
    pub(crate) fn told(&self) -> String {
        let files = self.files.iter().map(|(path, text)| format!("# {path}\n{text}\n"));
        format!("{}# the site\n{}", files.collect::<String>(), self.seed.to_yaml().unwrap())
    }
}

fn person(rng: &mut Rng, index: usize) -> Person {
    let kind = match rng.u32(..100) {
        0..80 => AccountType::Atlassian,
        80..91 => AccountType::App,
        _ => AccountType::Customer,
    };
    let local = match rng.u32(..12) {
        0 => format!("p{index}+jira"),
        1 => format!("o'p{index}"),
        2 => format!("p{index}%2f#?"),
        3 => format!("zoë{index}"),
        4 => format!("P{index}"),
        _ => format!("p{index}"),
    };
    let domain = if odds(rng, 90) { "acme.com" } else { "contractor.example" };
    let email = match kind {
        AccountType::Atlassian => Some(format!("{local}@{domain}")),
        AccountType::App => odds(rng, 50).then(|| format!("bot{index}@serviceaccount.atlassian.com")),
        AccountType::Customer => Some(format!("client{index}@else.example")),
    };
    let id = match rng.u32(..8) {
        0 => format!("qm:a/b?{index}"),
        1 => format!("557058:%2F{index}"),
        2 => format!("5b10&x={index}#"),
        3 => format!("a+b.{index}"),
        _ => format!("712020:{:08x}-{index}", rng.u32(..)),
    };
    let is_person = kind == AccountType::Atlassian;
    let exists = !is_person || odds(rng, 88);
    let hidden = odds(rng, 8);
    Person {
        email,
        id,
        kind,
        exists,
        removed: exists && odds(rng, 4),
        hidden,
        live_active: odds(rng, 85),
        active: is_person
            .then(|| match rng.u32(..10) {
                0..3 => Some(true),
                3..5 => Some(false),
                _ => None,
            })
            .flatten(),
        // Else people without a visible account could not be told from the one who hides.
        pinned: is_person && exists && odds(rng, if hidden { 90 } else { 10 }),
        locked: is_person && exists && odds(rng, 10),
    }
}

/// Who may be in a tree, and how.
fn named(people: &[Person], index: usize) -> String {
    let person = &people[index];
    match (&person.email, person.kind) {
        (Some(email), AccountType::Atlassian) => format!("user: {}", quoted(&other_case(email, index))),
        _ => format!("account: {}", quoted(&person.id)),
    }
}

/// A tree may spell an email in another case than the site.
fn other_case(email: &str, index: usize) -> String {
    if index.is_multiple_of(7) { email.replace("acme", "ACME") } else { email.to_owned() }
}

fn until(rng: &mut Rng) -> String {
    let days = match rng.u32(..10) {
        0 => -3,
        1 => 0,
        2 => 1,
        3 => 40,
        _ => return String::new(),
    };
    format!(", until: {}", TODAY.checked_add(days.days()).unwrap())
}

fn team(rng: &mut Rng, name: &str, people: &[Person], others: &[Team]) -> Team {
    let all: Vec<usize> = (0..people.len()).collect();
    let share = *rng.choice(&[0, 15, 40, 70, 100]).unwrap();
    let exists = odds(rng, 80);
    let absent = odds(rng, 10);
    let pinned = exists && odds(rng, 20);
    // What is neither pinned nor locked to its id is created again under its name.
    let renamed = exists && odds(rng, if pinned { 40 } else { 5 });
    let present: Vec<usize> =
        all.iter().copied().filter(|index| people[*index].exists && !people[*index].removed).collect();
    let live = some(rng, &present, share);
    // Mostly what is live already, so that not everything changes.
    let mut direct: Vec<usize> = all
        .iter()
        .copied()
        .filter(|index| odds(rng, if live.contains(index) { 75 } else { 15 }))
        .filter(|index| people[*index].kind != AccountType::Customer || index.is_multiple_of(3))
        .collect();
    direct.dedup();
    let mut yaml = String::new();
    if absent {
        yaml.push_str(", absent: true");
    } else {
        let mut entries: Vec<String> =
            direct.iter().map(|index| format!("{{ {}{} }}", named(people, *index), until(rng))).collect();
        let inner: Vec<&Team> = others.iter().filter(|team| !team.absent).collect();
        for team in inner.into_iter().filter(|_| odds(rng, 25)).collect::<Vec<_>>() {
            entries.push(nested(rng, people, team));
        }
        rng.shuffle(&mut entries);
        write!(yaml, ", members: [{}]", entries.join(", ")).unwrap();
        yaml.push_str(if odds(rng, 30) { ", mode: at-least" } else { "" });
        yaml.push_str(if odds(rng, 30) { ", apps-in-group: exact" } else { "" });
        yaml.push_str(if odds(rng, 20) { ", description: What it is for" } else { "" });
        // Only a privileged group needs it; it does no harm elsewhere.
        yaml.push_str(", nest: true");
    }
    let live_name = if renamed { format!("{name} (old)") } else { name.to_owned() };
    let id = format!("id/{}?{}", others.len(), rng.u32(..));
    let direct = if absent { Vec::new() } else { direct };
    Team { name: name.to_owned(), live_name, id, exists, absent, pinned, members: live, yaml, direct }
}

fn nested(rng: &mut Rng, people: &[Person], inner: &Team) -> String {
    let except = inner.direct.iter().find(|index| people[**index].kind == AccountType::Atlassian);
    let except = except.filter(|_| odds(rng, 40)).map_or(String::new(), |index| {
        let email = people[*index].email.as_ref().unwrap();
        format!(", except: [{}]", quoted(&other_case(email, *index)))
    });
    format!("{{ group: {}{}{except} }}", quoted(&inner.name), until(rng))
}

fn seed(rng: &mut Rng, people: &[Person], teams: &[Team]) -> Seed {
    let mut seed = Seed::default();
    seed.apps.push(SeedApp { key: "jira-software".to_owned(), ..SeedApp::default() });
    for person in people.iter().filter(|person| person.exists) {
        seed.users.push(SeedUser {
            account_id: Some(person.id.clone()),
            email: person.email.clone(),
            name: Some(format!("Name of {}\u{202e}|`<b>`", person.id)),
            kind: person.kind,
            app_type: (person.kind == AccountType::App && odds(rng, 50)).then_some(AppType::Service),
            active: person.live_active,
            hide_email: person.hidden,
            removed: person.removed,
            ..SeedUser::default()
        });
    }
    for team in teams.iter().filter(|team| team.exists) {
        let is_default = odds(rng, 15);
        let grants = if is_default || odds(rng, 10) {
            vec![("jira-software".to_owned(), Grant::User.into())]
        } else {
            vec![]
        };
        seed.groups.push(SeedGroup {
            name: team.live_name.clone(),
            id: Some(team.id.clone()),
            managed_by: if odds(rng, 10) { ManagedBy::External } else { ManagedBy::Admins },
            usage: if odds(rng, 6) { Usage::TeamCollaboration } else { Usage::UserbaseGroup },
            grants: grants.into_iter().collect(),
            default_for: if is_default { vec!["jira-software".to_owned()] } else { Vec::new() },
            members: team.members.iter().map(|index| people[*index].id.clone()).collect(),
            ..SeedGroup::default()
        });
    }
    let present: Vec<usize> =
        (0..people.len()).filter(|index| people[*index].exists && !people[*index].removed).collect();
    let undeclared = some(rng, &present, 40);
    seed.groups.push(SeedGroup {
        name: "nobody declares this".to_owned(),
        members: undeclared.iter().map(|index| people[*index].id.clone()).collect(),
        ..SeedGroup::default()
    });
    with_root(&mut seed);
    seed
}

fn files(rng: &mut Rng, people: &[Person], teams: &[Team]) -> Vec<(String, String)> {
    let mut policy = String::new();
    let mut rule = |rng: &mut Rng, percent: u32, text: &str| {
        if odds(rng, percent) {
            writeln!(policy, "  {text}").unwrap();
        }
    };
    rule(rng, 70, "invite-domains: [acme.com]");
    rule(rng, 50, "offboard: remove");
    rule(rng, 20, "mode: at-least");
    rule(rng, 30, "unlisted-users: report");
    rule(rng, 30, "unlisted-groups: report");
    rule(rng, 30, &format!("protect: {{ users: [{ROOT}] }}"));
    let first = quoted(&teams[0].name);
    if !teams[0].absent {
        let least = rng.u32(1..4);
        rule(rng, 30, &format!("keep-at-least: {{ {first}: {least} }}"));
        rule(rng, 20, &format!("privileged: [{first}]"));
    }
    let policy = if policy.is_empty() { policy } else { format!("policy:\n{policy}") };
    let root = format!("version: 1\nsite: https://acme.atlassian.net\n{policy}");
    let mut files = vec![("rollbook.yaml".to_owned(), root)];
    files.extend(group_files(rng, teams));
    files.extend(user_file(rng, people));
    files.extend(lock(rng, people, teams));
    files
}

/// The groups, in up to three files.
fn group_files(rng: &mut Rng, teams: &[Team]) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for team in teams {
        let path = format!("groups/{}.yaml", rng.choice(&["a", "b", "deep/c"]).unwrap());
        let pin = if team.pinned { format!("id: {}", quoted(&team.id)) } else { String::new() };
        let keys = format!("{pin}{}", team.yaml);
        let entry = format!("  {}: {{ {} }}\n", quoted(&team.name), keys.trim_start_matches([',', ' ']));
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, text)) => text.push_str(&entry),
            None => files.push((path, format!("groups:\n{entry}"))),
        }
    }
    files
}

fn user_file(rng: &mut Rng, people: &[Person]) -> Option<(String, String)> {
    let mut users = String::new();
    for (index, person) in people.iter().enumerate() {
        let Some(email) = person.email.as_ref().filter(|_| person.kind == AccountType::Atlassian) else {
            continue;
        };
        if person.active.is_none() && !person.pinned && odds(rng, 60) {
            continue;
        }
        let active = person.active.map(|active| format!("active: {active}"));
        let apps = person.active == Some(true) && odds(rng, 50);
        let apps = apps.then(|| "apps: [jira-software]".to_owned());
        let pinned = person.pinned.then_some(&person.id);
        // A pin and the lock may not differ.
        let gone = (odds(rng, 2) && !person.locked).then(|| format!("gone-{index}"));
        let pin = gone.as_ref().or(pinned).map(|id| format!("account: {}", quoted(id)));
        let keys: Vec<String> = active.into_iter().chain(apps).chain(pin).collect();
        writeln!(users, "  {}: {{ {} }}", quoted(&other_case(email, index)), keys.join(", ")).unwrap();
    }
    (!users.is_empty()).then(|| ("users/all.yaml".to_owned(), format!("users:\n{users}")))
}

fn lock(rng: &mut Rng, people: &[Person], teams: &[Team]) -> Option<(String, String)> {
    let mut users = String::new();
    for person in people.iter().filter(|person| person.locked) {
        let email = quoted(person.email.as_ref().unwrap());
        writeln!(users, "  {email}: {{ account: {}, from: surfaces }}", quoted(&person.id)).unwrap();
    }
    let mut groups = String::new();
    for (index, team) in teams.iter().enumerate().filter(|(_, team)| team.exists) {
        // A group of the same name that is another one now, or one that was renamed. Where neither the id nor the
        // name is live, the group is created again, and then the lock has to be rewritten before the next plan.
        let id = match rng.u32(..10) {
            0 if team.live_name == team.name && !team.pinned => format!("gone-{index}"),
            1..4 => team.id.clone(),
            _ => continue,
        };
        writeln!(groups, "  {}: {{ id: {}, from: surfaces }}", quoted(&team.name), quoted(&id)).unwrap();
    }
    let part = |key: &str, entries: String| {
        if entries.is_empty() { entries } else { format!("{key}:\n{entries}") }
    };
    let parts = format!("{}{}", part("users", users), part("groups", groups));
    (!parts.is_empty()).then(|| ("rollbook.lock".to_owned(), format!("version: 1\n{parts}")))
}
