//! Laws of planning, over random worlds: what a plan leads to is compared with an oracle that knows nothing of
//! the planner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use proptest::prelude::*;
use rollbook::model::{AccountKind, Address, Key, ManagedBy, Operation, Plan, Surface};
use rollbook::render;

use crate::world::{Account, Group, Live, TODAY, World};

const PEOPLE: usize = 7;
const GROUPS: usize = 5;

#[derive(Clone, Debug)]
pub(crate) struct Spec {
    people: Vec<Person>,
    groups: Vec<Team>,
    undeclared_group: Vec<bool>,
    offboard: &'static str,
    surfaces: Vec<Surface>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
struct Person {
    declared: bool,
    active: Option<bool>,
    pinned: bool,
    /// Whether the lock holds the person.
    locked: bool,
    /// Whether groups name a pinned person by account.
    by_account: bool,
    exists: bool,
    live_active: bool,
    hidden: bool,
    kind: AccountKind,
    suspended: bool,
    /// Whether the person is in no directory any more.
    removed: bool,
    /// Whether the SCIM directory has a record of the person.
    scim: bool,
    managed: bool,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
struct Team {
    absent: bool,
    at_least: bool,
    apps_exact: bool,
    exists: bool,
    external: bool,
    /// Whether the tree pins the group, and whether the site calls it something else.
    pinned: bool,
    renamed: bool,
    direct: BTreeMap<usize, Option<i64>>,
    nested: BTreeMap<usize, (Option<i64>, bool)>,
    live: Vec<bool>,
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

fn email(person: usize) -> String {
    format!("p{person}@acme.com")
}

fn account(person: usize) -> String {
    format!("acc-{person}")
}

impl Spec {
    fn active(&self, person: usize) -> Option<bool> {
        let person = &self.people[person];
        person.active.filter(|_| person.declared)
    }

    fn excepted(&self, inner: usize) -> Option<usize> {
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

    fn has(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    fn group_yaml(&self, index: usize, group: &Team) -> String {
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

    fn live(&self) -> Live {
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
    fn wants(&self, group: usize, person: usize) -> bool {
        self.active(person) != Some(false) && self.reaches(group, person)
    }

    fn reaches(&self, group: usize, person: usize) -> bool {
        let group = &self.groups[group];
        let runs = |offset: Option<i64>| offset.is_none_or(|days| days > 0);
        group.direct.get(&person).is_some_and(|offset| runs(*offset))
            || group.nested.iter().any(|(inner, (offset, except))| {
                let excepted = *except && self.excepted(*inner) == Some(person);
                runs(*offset) && !excepted && self.reaches(*inner, person)
            })
    }

    /// Whether the tree names somebody for a group at all, and so decides about them in every mode.
    fn denies(&self, group: usize, person: usize) -> bool {
        !self.wants(group, person) && (self.active(person) == Some(false) || self.names(group, person))
    }

    fn names(&self, group: usize, person: usize) -> bool {
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

    fn names_by_expiry(&self, group: usize, person: usize) -> bool {
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

fn blocked_members(plan: &Plan) -> BTreeSet<(String, String)> {
    let blocked = plan.blocked.iter();
    blocked
        .filter_map(|blocked| match &blocked.address {
            Address::Member(group, user) => Some((group.to_string(), user.to_string())),
            Address::Group(_) | Address::User(_) => None,
        })
        .collect()
}

/// Every membership of declared groups is as the oracle says, but for what the plan says is blocked.
fn reaches_desired(spec: &Spec, before: &Live, after: &Live, plan: &Plan) -> Result<(), TestCaseError> {
    let blocked = blocked_members(plan);
    let blocked_groups: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter_map(|blocked| match &blocked.address {
            Address::Group(name) => Some(name.to_string()),
            Address::Member(..) | Address::User(_) => None,
        })
        .collect();
    // Somebody whom the plan could not tell from others who hide their e-mail.
    let untold: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter(|blocked| blocked.code == "identity-unresolved")
        .filter_map(|blocked| blocked.address.user().map(ToString::to_string))
        .collect();
    let team_of = |live: &Live, index: usize| {
        let made = live.groups.get(&format!("made-g{index}"));
        live.groups.get(&format!("id-{index}")).or(made).cloned()
    };
    let holds = |live: &Live, index: usize, id: &str| {
        team_of(live, index).is_some_and(|team| team.members.contains(id))
    };
    for (index, team) in spec.groups.iter().enumerate() {
        let name = format!("g{index}");
        if blocked_groups.contains(&name) {
            continue;
        }
        let exists = team_of(after, index).is_some();
        prop_assert_eq!(exists, !team.absent, "{} exists", name);
        let told = |person: &usize| !team.absent && !untold.contains(&email(*person));
        for (person, of) in spec.people.iter().enumerate().filter(|(person, _)| told(person)) {
            let ids = [account(person), format!("made-{}", email(person))];
            for id in ids.iter().filter(|id| after.accounts.contains_key(*id)) {
                // Whoever was invited is a person, whatever else has their e-mail.
                let kind = if id.starts_with("made-") { AccountKind::Atlassian } else { of.kind };
                let stays = match kind {
                    AccountKind::Customer => true,
                    AccountKind::App => !team.apps_exact,
                    AccountKind::Atlassian | AccountKind::Unknown => false,
                } || team.at_least;
                let was = holds(before, index, id);
                // An app is nobody's e-mail, so only a pin makes the tree speak of it; a customer never is.
                let is_named = match kind {
                    AccountKind::Atlassian | AccountKind::Unknown => true,
                    AccountKind::App => of.pinned && of.declared,
                    AccountKind::Customer => false,
                };
                let is_blocked = |who: String| blocked.contains(&(name.clone(), who));
                // Whoever is removed from the site loses what could not be taken away before.
                let removed = spec.offboard == "remove" && spec.active(person) == Some(false);
                if is_blocked(format!("account:{id}")) || (is_named && !removed && is_blocked(email(person)))
                {
                    prop_assert_eq!(holds(before, index, id), holds(after, index, id), "{} blocked", name);
                    continue;
                }
                let wanted = match () {
                    // The organization shows no apps.
                    () if !spec.has(Surface::Jira)
                        && matches!(kind, AccountKind::App | AccountKind::Customer) =>
                    {
                        was
                    }
                    () if is_named && spec.wants(index, person) => true,
                    () if is_named && spec.denies(index, person) => false,
                    () => was && stays,
                };
                prop_assert_eq!(holds(after, index, id), wanted, "{} in {}", id, name);
            }
        }
    }
    Ok(())
}

/// Nothing that the tree does not speak of is touched.
fn leaves_the_rest_alone(spec: &Spec, before: &Live, after: &Live) -> Result<(), TestCaseError> {
    let leaver =
        |id: &str| (0..PEOPLE).any(|person| account(person) == id && spec.active(person) == Some(false));
    let stays = |live: &Live| -> BTreeSet<String> {
        live.groups["id-undeclared"].members.iter().filter(|id| !leaver(id)).cloned().collect()
    };
    prop_assert_eq!(stays(before), stays(after));
    let kept = |live: &Live| -> Vec<String> {
        live.accounts.keys().filter(|id| !leaver(id) && !id.starts_with("made-")).cloned().collect()
    };
    prop_assert_eq!(kept(before), kept(after));
    Ok(())
}

/// Everybody's access is as the tree asks, but for what the plan says is blocked; nobody else's changes.
fn gives_and_takes_access(
    spec: &Spec,
    before: &Live,
    after: &Live,
    plan: &Plan,
) -> Result<(), TestCaseError> {
    let blocked: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter_map(|blocked| match &blocked.address {
            Address::User(user) => Some(user.to_string()),
            Address::Member(..) | Address::Group(_) => None,
        })
        .collect();
    let has_access = |account: &Account| account.active && !account.suspended && !account.removed;
    for (id, account) in &after.accounts {
        let person = (0..PEOPLE)
            .find(|person| crate::laws::account(*person) == *id || format!("made-{}", email(*person)) == *id);
        let person = person.expect("everybody is one of them");
        let was = before.accounts.get(id).map(has_access);
        let is_person = account.kind == AccountKind::Atlassian;
        let pinned = spec.people[person].pinned;
        match spec.active(person) {
            _ if blocked.contains(&email(person)) => {
                prop_assert_eq!(was, Some(has_access(account)), "{} is blocked", id);
            }
            Some(wanted) if is_person || pinned && account.kind == AccountKind::App => {
                prop_assert_eq!(has_access(account), wanted, "the access of {}", id);
            }
            Some(_) | None => {
                prop_assert!(was.is_none_or(|was| was == has_access(account)), "{} is left alone", id);
            }
        }
    }
    Ok(())
}

fn requirements_come_first(plan: &Plan) -> Result<(), TestCaseError> {
    let mut done = BTreeSet::new();
    for planned in &plan.operations {
        for required in &planned.requires {
            prop_assert!(done.contains(required), "{} before {}", required, planned.key);
        }
        prop_assert!(done.insert(planned.key.clone()), "{} stands twice", planned.key);
    }
    Ok(())
}

fn body(plan: &Plan) -> String {
    render::plan_json(plan)
}

/// The plan without what moving a line in a file changes.
fn without_places(plan: &Plan) -> Vec<(String, Operation, Vec<String>)> {
    let operations = plan.operations.iter();
    operations
        .map(|planned| {
            let requires = planned.requires.iter().map(ToString::to_string).collect();
            (planned.key.to_string(), planned.operation.clone(), requires)
        })
        .collect()
}

/// The same tree with the entries of its maps in the opposite order.
fn upside_down(world: &World) -> World {
    let mut world = world.clone();
    for (_, text) in &mut world.files {
        let Some(at) = text.find("groups:\n").or_else(|| text.find("users:\n")) else { continue };
        let (head, body) = text.split_at(at + text[at..].find('\n').unwrap() + 1);
        let mut entries: Vec<String> = Vec::new();
        for line in body.lines() {
            if line.starts_with("  ") && !line.starts_with("   ") {
                entries.push(String::new());
            }
            let entry = entries.last_mut().expect("a body starts with an entry");
            entry.push_str(line);
            entry.push('\n');
        }
        entries.reverse();
        *text = format!("{head}{}", entries.concat());
    }
    world.files.reverse();
    world
}

/// A failure with the world as a person would look at it.
pub(crate) fn told(error: &TestCaseError, world: &World) -> TestCaseError {
    let files: Vec<String> = world.files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
    let groups = world.live.groups.values();
    let groups: Vec<String> = groups.map(|group| format!("{}: {:?}", group.name, group.members)).collect();
    let (files, groups) = (files.concat(), groups.join("\n"));
    TestCaseError::fail(format!("{error}\n{files}\n{groups}\n{}", world.text()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_leads_to_what_the_tree_asks_for(spec in spec()) {
        let world = spec.world();
        let plan = world.plan();
        requirements_come_first(&plan)?;

        let mut after = world.clone();
        after.live.apply(&plan);
        reaches_desired(&spec, &world.live, &after.live, &plan).map_err(|error| told(&error, &world))?;
        leaves_the_rest_alone(&spec, &world.live, &after.live)?;
        gives_and_takes_access(&spec, &world.live, &after.live, &plan).map_err(|error| told(&error, &world))?;

        let mut second = after.plan();
        // Whoever might have been somebody that is invited now can be told apart from then on.
        let held = |key: &Key| plan.blocked.iter().any(|blocked| {
            blocked.code == "identity-unresolved" && (&blocked.address, blocked.action) == (&key.address, key.action)
        });
        if second.operations.iter().all(|planned| held(&planned.key)) {
            let mut later = after.clone();
            later.live.apply(&second);
            second = later.plan();
        }
        prop_assert_eq!(without_places(&second), vec![], "the second plan is empty");

        let mut backwards = world.clone();
        backwards.live.backwards = true;
        prop_assert_eq!(body(&plan), body(&backwards.plan()), "the order of rows and pages");
        prop_assert_eq!(without_places(&plan), without_places(&upside_down(&world).plan()), "the order of entries");
    }
}
