//! Random trees over random live states, as proptest draws and shrinks them, with an oracle that knows nothing of the
//! planner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use proptest::prelude::*;
use rollbook::model::{AccountKind, ManagedBy, Read, Surface};

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
    /// Groups that others may take members from.
    pub(crate) sources: Vec<Source>,
    /// Which of [`READS`] is refused.
    pub(crate) refused: Option<usize>,
}

/// A group `sN` that an identity provider may own.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) exists: bool,
    pub(crate) managed_by: usize,
    /// Whether the tree declares it, with `members: unmanaged`, and then its roles.
    pub(crate) declared: Option<Gives>,
    pub(crate) live: Vec<bool>,
    pub(crate) given: Roles,
}

/// Roles in apps, by the places of their app and role in [`APPS`] and [`ROLES`].
pub(crate) type Roles = BTreeSet<(usize, usize)>;

/// What a group is to give, where that is managed: by each role, its day, or that it is absent by name.
pub(crate) type Gives = Option<BTreeMap<(usize, usize), Option<Option<i64>>>>;

/// The app that comes last is not the site's.
pub(crate) const APPS: [&str; 3] = ["jira-software", "confluence", "loom"];
pub(crate) const ROLES: [&str; 3] = ["user", "guest", "admin"];
pub(crate) const SOURCES: usize = 2;
const READS: [Read; 3] = [Read::Synced, Read::Grants, Read::RoleGivers];
const KINDS: [ManagedBy; 3] = [ManagedBy::External, ManagedBy::People, ManagedBy::NotReported];

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
    /// By the number of the source: the day, and whom it leaves out.
    pub(crate) synced: BTreeMap<usize, (Option<i64>, Option<usize>)>,
    pub(crate) gives: Gives,
    pub(crate) given: Roles,
    /// The app whose default group it is.
    pub(crate) default: Option<usize>,
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
            synced: BTreeMap::new(),
            gives: None,
            given: Roles::new(),
            default: None,
        },
    )
}

fn given() -> impl Strategy<Value = Roles> {
    // The site has the apps but for the last.
    prop::collection::btree_set((0..APPS.len() - 1, 0..ROLES.len()), 0..3)
}

fn gives() -> impl Strategy<Value = Gives> {
    let entry = prop_oneof![4 => until().prop_map(Some), 1 => Just(None)];
    let app = prop_oneof![6 => 0..APPS.len() - 1, 1 => Just(APPS.len() - 1)];
    prop::option::of(prop::collection::btree_map((app, 0..ROLES.len()), entry, 0..4))
}

fn source() -> impl Strategy<Value = Source> {
    let odds = |yes: u32, no: u32| prop_oneof![yes => Just(true), no => Just(false)];
    let kind = prop_oneof![8 => Just(0), 1 => Just(1), 1 => Just(2)];
    let live = prop::collection::vec(any::<bool>(), PEOPLE);
    (odds(8, 1), kind, prop::option::of(gives()), live, given()).prop_map(
        |(exists, managed_by, declared, live, given)| Source { exists, managed_by, declared, live, given },
    )
}

/// The same, with groups that take members from synced ones, and that give roles in apps.
pub(crate) fn spec_with_sources() -> impl Strategy<Value = Spec> {
    let entry = (until(), prop::option::of(0..PEOPLE));
    let synced = prop::collection::btree_map(0..SOURCES, entry, 0..=SOURCES);
    let default = prop_oneof![4 => Just(None), 1 => (0..APPS.len() - 1).prop_map(Some)];
    let team = (synced, gives(), given(), default);
    let sources = prop::collection::vec(source(), SOURCES);
    let refused = prop_oneof![6 => Just(None), 1 => (0..READS.len()).prop_map(Some)];
    (spec(), prop::collection::vec(team, GROUPS), sources, refused).prop_map(
        |(spec, teams, sources, refused)| {
            let mut spec = Spec { sources, refused, ..spec };
            for (team, (synced, gives, given, default)) in spec.groups.iter_mut().zip(teams) {
                let absent = team.absent;
                team.synced = if absent { BTreeMap::new() } else { synced };
                team.gives = gives.filter(|_| !absent);
                // A default group gives its app to those who come by it.
                let by_default = default.map(|app| (app, 0));
                team.given = given.into_iter().chain(by_default).collect();
                team.default = default;
            }
            spec
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
            Spec { people, groups, undeclared_group, offboard, surfaces, sources: Vec::new(), refused: None }
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
        for (index, source) in self.sources.iter().enumerate() {
            if let Some(gives) = &source.declared {
                groups.push_str(&format!("  s{index}:\n    members: unmanaged\n{}", gives_yaml(gives)));
            }
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
        world.live.refused = self.refused.map(|read| READS[read]).into_iter().collect();
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
        let direct = group.direct.iter().map(|(person, offset)| {
            let who = match &self.people[*person] {
                Person { declared: true, pinned: true, by_account: true, .. } => {
                    format!("account: {}", account(*person))
                }
                _ => format!("user: {}", email(*person)),
            };
            format!("{{ {who}{} }}", until_yaml(*offset))
        });
        let nested = group.nested.iter().map(|(inner, (offset, except))| {
            let except = self.excepted(*inner).filter(|_| *except);
            let except = except.map_or(String::new(), |person| format!(", except: [{}]", email(person)));
            format!("{{ group: g{inner}{}{except} }}", until_yaml(*offset))
        });
        let synced = group.synced.iter().map(|(source, (offset, except))| {
            let except = except.map_or(String::new(), |person| format!(", except: [{}]", email(person)));
            format!("{{ synced: s{source}{}{except} }}", until_yaml(*offset))
        });
        let entries: Vec<String> = direct.chain(nested).chain(synced).collect();
        let mode = if group.at_least { "at-least" } else { "exact" };
        let apps = if group.apps_exact { "exact" } else { "ignore" };
        let pin = if group.pinned { format!("    id: id-{index}\n") } else { String::new() };
        // Whether it may take other groups' members, should it turn out to be privileged.
        let pin = if !self.sources.is_empty() && index.is_multiple_of(2) {
            format!("{pin}    nest: true\n")
        } else {
            pin
        };
        format!(
            "  g{index}:\n{pin}    mode: {mode}\n    apps-in-group: {apps}\n    members: [{}]\n{}",
            entries.join(", "),
            gives_yaml(&group.gives)
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
        for (index, source) in self.sources.iter().enumerate().filter(|(_, source)| source.exists) {
            let mut group = Group::of(&format!("s{index}"), members(&source.live));
            group.managed_by = KINDS[source.managed_by].clone();
            live.groups.insert(format!("id-s{index}"), group);
        }
        self.roles(&mut live);
        live
    }

    /// The roles that groups of the site give.
    fn roles(&self, live: &mut Live) {
        if self.sources.is_empty() {
            return;
        }
        live.apps.extend(APPS[..APPS.len() - 1].iter().map(|app| (*app).to_owned()));
        let teams = self.groups.iter().enumerate().filter(|(_, team)| team.exists);
        let teams = teams.map(|(index, team)| (format!("id-{index}"), &team.given, team.default));
        let sources = self.sources.iter().enumerate().filter(|(_, source)| source.exists);
        let sources = sources.map(|(index, source)| (format!("id-s{index}"), &source.given, None));
        for (id, given, default) in teams.chain(sources) {
            let role = |(app, role): &(usize, usize)| (id.clone(), APPS[*app].into(), ROLES[*role].into());
            live.grants.extend(given.iter().map(role));
            live.defaults.extend(default.map(|app| (id.clone(), APPS[app].to_owned())));
        }
    }

    /// Whether a source brings its people: an identity provider owns it, and it can be read.
    pub(crate) fn brings(&self, source: usize) -> bool {
        let told = self.refused.is_none_or(|read| READS[read] != Read::Synced);
        let source = &self.sources[source];
        told && source.exists && KINDS[source.managed_by] == ManagedBy::External
    }

    /// Whether somebody is among the active people of a source.
    fn is_in(&self, source: usize, person: usize) -> bool {
        let of = &self.people[person];
        let shown = !of.hidden || self.has(Surface::Organization) || of.scim && self.has(Surface::Scim);
        let is_told = of.declared && (of.pinned || of.locked || shown);
        let comes_back = is_told && self.active(person) == Some(true);
        let is_active = of.exists && !of.removed && (of.live_active && !of.suspended || comes_back);
        let is_person = of.kind == AccountKind::Atlassian;
        self.brings(source) && self.sources[source].live[person] && is_active && is_person
    }

    /// Whether the tree wants somebody in a group, by walking every path: the oracle.
    pub(crate) fn wants(&self, group: usize, person: usize) -> bool {
        self.active(person) != Some(false) && self.reaches(group, person)
    }

    pub(crate) fn reaches(&self, group: usize, person: usize) -> bool {
        let group = &self.groups[group];
        let runs = |offset: Option<i64>| offset.is_none_or(|days| days > 0);
        let synced = group.synced.iter().any(|(source, (offset, except))| {
            runs(*offset) && *except != Some(person) && self.is_in(*source, person)
        });
        synced
            || group.direct.get(&person).is_some_and(|offset| runs(*offset))
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
        let synced = group.synced.iter().any(|(source, (offset, except))| {
            self.is_in(*source, person) && (*except == Some(person) || offset.is_some_and(|days| days <= 0))
        });
        synced
            || group.direct.contains_key(&person)
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
        let synced = team.synced.iter().any(|(source, (offset, except))| {
            offset.is_some_and(|days| days <= 0) && *except != Some(person) && self.is_in(*source, person)
        });
        let expired =
            synced || team.direct.get(&person).is_some_and(|offset| offset.is_some_and(|days| days <= 0));
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

fn until_yaml(offset: Option<i64>) -> String {
    offset.map_or(String::new(), |days| format!(", until: {}", TODAY.checked_add(days.days()).unwrap()))
}

fn gives_yaml(gives: &Gives) -> String {
    let Some(gives) = gives else { return String::new() };
    let entry = |((app, role), until): (&(usize, usize), &Option<Option<i64>>)| {
        let end = until.map_or(", absent: true".to_owned(), until_yaml);
        format!("{{ app: {}, role: {}{end} }}", APPS[*app], ROLES[*role])
    };
    let entries: Vec<String> = gives.iter().map(entry).collect();
    format!("    grants: [{}]\n", entries.join(", "))
}

/// A failure with the world as a person would look at it.
pub(crate) fn told(error: &TestCaseError, world: &World) -> TestCaseError {
    let files: Vec<String> = world.files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
    let groups = world.live.groups.values();
    let groups: Vec<String> = groups.map(|group| format!("{}: {:?}", group.name, group.members)).collect();
    let (files, groups) = (files.concat(), groups.join("\n"));
    TestCaseError::fail(format!("{error}\n{files}\n{groups}\n{}", world.text()))
}
