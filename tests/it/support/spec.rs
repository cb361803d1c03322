//! Random trees over random live states, as proptest draws and shrinks them, with an oracle that knows nothing of the
//! planner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use proptest::prelude::*;
use rollbook::model::{AccountKind, ManagedBy, Surface};

use crate::world::{Account, Group, Live, TODAY, World};

pub(crate) const PEOPLE: usize = 7;
pub(crate) const GROUPS: usize = 5;

#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) people: Vec<Person>,
    pub(crate) groups: Vec<Team>,
    pub(crate) undeclared_group: Vec<bool>,
    pub(crate) offboard: &'static str,
    pub(crate) surfaces: Vec<Surface>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
pub(crate) struct Person {
    pub(crate) declared: bool,
    pub(crate) active: Option<bool>,
    pub(crate) pinned: bool,
    /// Whether the lock holds the person.
    pub(crate) locked: bool,
    /// Whether groups name a pinned person by account.
    pub(crate) by_account: bool,
    pub(crate) exists: bool,
    pub(crate) live_active: bool,
    pub(crate) hidden: bool,
    pub(crate) kind: AccountKind,
    pub(crate) suspended: bool,
    /// Whether the person is in no directory any more.
    pub(crate) removed: bool,
    /// Whether the SCIM directory has a record of the person.
    pub(crate) scim: bool,
    pub(crate) managed: bool,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
pub(crate) struct Team {
    pub(crate) absent: bool,
    pub(crate) at_least: bool,
    pub(crate) apps_exact: bool,
    pub(crate) exists: bool,
    pub(crate) external: bool,
    /// Whether the tree pins the group, and whether the site calls it something else.
    pub(crate) pinned: bool,
    pub(crate) renamed: bool,
    pub(crate) direct: BTreeMap<usize, Option<i64>>,
    pub(crate) nested: BTreeMap<usize, (Option<i64>, bool)>,
    pub(crate) live: Vec<bool>,
}

fn until() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(-3)), 1 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(Some(40))]
}

fn person() -> impl Strategy<Value = Person> {
    let kind = prop_oneof![
        6 => Just(AccountKind::Atlassian),
        1 => Just(AccountKind::App),
        1 => Just(AccountKind::Customer),
    ];
    let active = prop_oneof![3 => Just(None), 2 => Just(Some(true)), 1 => Just(Some(false))];
    let odds = |yes: u32, no: u32| prop_oneof![yes => Just(true), no => Just(false)];
    let known = (odds(1, 3), odds(1, 3), odds(1, 1));
    let access = (odds(1, 6), odds(1, 10), odds(1, 1), odds(2, 1));
    (odds(2, 1), active, known, odds(5, 1), odds(5, 1), odds(1, 6), (kind, access)).prop_map(
        |(declared, active, (pinned, locked, by_account), exists, live_active, hidden, (kind, access))| {
            Person {
                declared,
                active,
                pinned,
                locked,
                by_account,
                exists,
                live_active,
                hidden,
                kind,
                suspended: access.0 && live_active,
                // Of somebody who is deactivated, the organization does not say whether a directory still has them.
                removed: access.1 && kind == AccountKind::Atlassian && live_active,
                scim: access.2 && kind == AccountKind::Atlassian,
                managed: access.3,
            }
        },
    )
}

fn team(index: usize) -> impl Strategy<Value = Team> {
    let odds = |yes: u32, no: u32| prop_oneof![yes => Just(true), no => Just(false)];
    let direct = prop::collection::btree_map(0..PEOPLE, until(), 0..5);
    // Entries name earlier groups only, so that there are no cycles.
    let nested = prop::collection::btree_map(0..index.max(1), (until(), any::<bool>()), 0..=index.min(2));
    let live = prop::collection::vec(any::<bool>(), PEOPLE);
    let names = (odds(1, 3), odds(1, 1));
    (odds(1, 8), odds(1, 2), odds(1, 4), odds(5, 1), odds(1, 8), names, direct, nested, live).prop_map(
        |(absent, at_least, apps_exact, exists, external, (pinned, renamed), direct, nested, live)| Team {
            absent,
            at_least,
            apps_exact,
            exists,
            external,
            pinned,
            renamed: pinned && renamed,
            direct,
            nested,
            live,
        },
    )
}

pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    let teams: Vec<_> = (0..GROUPS).map(team).collect();
    let people = prop::collection::vec(person(), PEOPLE);
    let offboard = prop_oneof![Just("suspend"), Just("deactivate"), Just("remove")];
    let (organization, scim) = ([Surface::Organization, Surface::UserManagement], Surface::Scim);
    let surfaces = prop_oneof![
        3 => Just(vec![Surface::Jira]),
        3 => Just([&[Surface::Jira][..], &organization].concat()),
        3 => Just([&[Surface::Jira, scim][..], &organization].concat()),
        1 => Just(vec![Surface::Jira, scim]),
        1 => Just(organization.to_vec()),
        1 => Just([&[scim][..], &organization].concat()),
    ];
    (people, teams, prop::collection::vec(any::<bool>(), PEOPLE), offboard, surfaces).prop_map(
        |(people, mut groups, undeclared_group, offboard, surfaces)| {
            let absent: Vec<bool> = groups.iter().map(|group| group.absent).collect();
            for group in &mut groups {
                group.nested.retain(|inner, _| !absent[*inner]);
            }
            Spec { people, groups, undeclared_group, offboard, surfaces }
        },
    )
}

pub(crate) fn email(person: usize) -> String {
    format!("p{person}@acme.com")
}

pub(crate) fn account(person: usize) -> String {
    format!("acc-{person}")
}

impl Spec {
    pub(crate) fn active(&self, person: usize) -> Option<bool> {
        let person = &self.people[person];
        person.active.filter(|_| person.declared)
    }

    pub(crate) fn excepted(&self, inner: usize) -> Option<usize> {
        self.groups[inner].direct.keys().next().copied()
    }

    pub(crate) fn world(&self) -> World {
        let policy = format!(
            "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n\
             scim: {{ directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }}\n\
             policy:\n  invite-domains: [acme.com]\n  offboard: {}\n",
            self.offboard
        );
        let mut users = String::new();
        for (index, person) in self.people.iter().enumerate().filter(|(_, person)| person.declared) {
            let active = person.active.map(|active| format!("active: {active}"));
            let pin = person.pinned.then(|| format!("account: {}", account(index)));
            let keys: Vec<String> = active.into_iter().chain(pin).collect();
            users.push_str(&format!("  {}: {{ {} }}\n", email(index), keys.join(", ")));
        }
        let mut groups = String::new();
        for (index, group) in self.groups.iter().enumerate() {
            groups.push_str(&self.group_yaml(index, group));
        }
        let mut world = World::of("", "", "");
        world.files[0].1.push_str(&policy);
        world.files.push(("groups/all.yaml".into(), format!("groups:\n{groups}")));
        if !users.is_empty() {
            world.files.push(("users/all.yaml".into(), format!("users:\n{users}")));
        }
        let locked = self
            .people
            .iter()
            .enumerate()
            .filter(|(_, person)| person.locked && person.kind == AccountKind::Atlassian);
        let locked: Vec<String> = locked
            .map(|(index, _)| format!("  {}: {{ account: {}, from: jira }}\n", email(index), account(index)))
            .collect();
        if !locked.is_empty() {
            world.files.push(("rollbook.lock".into(), format!("version: 1\nusers:\n{}", locked.concat())));
        }
        world.live = self.live();
        world.live.surfaces = self.surfaces.iter().copied().collect();
        world
    }

    pub(crate) fn has(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    pub(crate) fn group_yaml(&self, index: usize, group: &Team) -> String {
        if group.absent {
            let pin = if group.pinned { format!("id: id-{index}, ") } else { String::new() };
            return format!("  g{index}: {{ {pin}absent: true }}\n");
        }
        let until = |offset: Option<i64>| {
            offset
                .map_or(String::new(), |days| format!(", until: {}", TODAY.checked_add(days.days()).unwrap()))
        };
        let direct = group.direct.iter().map(|(person, offset)| {
            let who = match &self.people[*person] {
                Person { declared: true, pinned: true, by_account: true, .. } => {
                    format!("account: {}", account(*person))
                }
                _ => format!("user: {}", email(*person)),
            };
            format!("{{ {who}{} }}", until(*offset))
        });
        let nested = group.nested.iter().map(|(inner, (offset, except))| {
            let except = self.excepted(*inner).filter(|_| *except);
            let except = except.map_or(String::new(), |person| format!(", except: [{}]", email(person)));
            format!("{{ group: g{inner}{}{except} }}", until(*offset))
        });
        let entries: Vec<String> = direct.chain(nested).collect();
        let mode = if group.at_least { "at-least" } else { "exact" };
        let apps = if group.apps_exact { "exact" } else { "ignore" };
        let pin = if group.pinned { format!("    id: id-{index}\n") } else { String::new() };
        format!(
            "  g{index}:\n{pin}    mode: {mode}\n    apps-in-group: {apps}\n    members: [{}]\n",
            entries.join(", ")
        )
    }

    pub(crate) fn live(&self) -> Live {
        let mut live = Live::default();
        for (index, person) in self.people.iter().enumerate().filter(|(_, person)| person.exists) {
            let account_of = Account {
                active: person.live_active,
                hidden: person.hidden,
                kind: person.kind,
                suspended: person.suspended,
                removed: person.removed,
                scim: person.scim,
                managed: person.managed,
                ..Account::person(&email(index))
            };
            live.accounts.insert(account(index), account_of);
        }
        let members = |flags: &[bool]| -> BTreeSet<String> {
            let is_here = |person: &Person| person.exists && !person.removed;
            (0..PEOPLE)
                .filter(|person| flags[*person] && is_here(&self.people[*person]))
                .map(account)
                .collect()
        };
        for (index, group) in self.groups.iter().enumerate().filter(|(_, group)| group.exists) {
            let suffix = if group.renamed { "-renamed" } else { "" };
            let mut team = Group::of(&format!("g{index}{suffix}"), members(&group.live));
            if group.external {
                team.managed_by = ManagedBy::External;
            }
            live.groups.insert(format!("id-{index}"), team);
        }
        live.groups.insert("id-undeclared".into(), Group::of("undeclared", members(&self.undeclared_group)));
        live
    }

    /// Whether the tree wants somebody in a group, by walking every path: the oracle.
    pub(crate) fn wants(&self, group: usize, person: usize) -> bool {
        self.active(person) != Some(false) && self.reaches(group, person)
    }

    pub(crate) fn reaches(&self, group: usize, person: usize) -> bool {
        let group = &self.groups[group];
        let runs = |offset: Option<i64>| offset.is_none_or(|days| days > 0);
        group.direct.get(&person).is_some_and(|offset| runs(*offset))
            || group.nested.iter().any(|(inner, (offset, except))| {
                let excepted = *except && self.excepted(*inner) == Some(person);
                runs(*offset) && !excepted && self.reaches(*inner, person)
            })
    }

    /// Whether the tree names somebody for a group at all, and so decides about them in every mode.
    pub(crate) fn denies(&self, group: usize, person: usize) -> bool {
        !self.wants(group, person) && (self.active(person) == Some(false) || self.names(group, person))
    }

    pub(crate) fn names(&self, group: usize, person: usize) -> bool {
        let group = &self.groups[group];
        group.direct.contains_key(&person)
            || group.nested.iter().any(|(inner, (offset, except))| {
                let excepted = *except && self.excepted(*inner) == Some(person);
                let expired_there = self.names_by_expiry(*inner, person);
                let runs_out = offset.is_some_and(|days| days <= 0);
                let reaches = self.reaches(*inner, person);
                expired_there || (reaches && (excepted || runs_out))
            })
    }

    pub(crate) fn names_by_expiry(&self, group: usize, person: usize) -> bool {
        let team = &self.groups[group];
        let expired = team.direct.get(&person).is_some_and(|offset| offset.is_some_and(|days| days <= 0));
        !self.reaches(group, person)
            && (expired
                || team.nested.iter().any(|(inner, (offset, except))| {
                    let excepted = *except && self.excepted(*inner) == Some(person);
                    let runs_out = offset.is_some_and(|days| days <= 0);
                    self.names_by_expiry(*inner, person)
                        || (runs_out && !excepted && self.reaches(*inner, person))
                }))
    }
}

/// A failure with the world as a person would look at it.
pub(crate) fn told(error: &TestCaseError, world: &World) -> TestCaseError {
    let files: Vec<String> = world.files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
    let groups = world.live.groups.values();
    let groups: Vec<String> = groups.map(|group| format!("{}: {:?}", group.name, group.members)).collect();
    let (files, groups) = (files.concat(), groups.join("\n"));
    TestCaseError::fail(format!("{error}\n{files}\n{groups}\n{}", world.text()))
}
