//! Laws of plans under the rules that a tree sets for itself, over random worlds as sites really are: full licences, former
//! users, rows without an id, members whom the organization does not show, and questions that are refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rollbook::config;
use rollbook::model::{AccountKind, Guard, Key, Operation, Plan, Read, Ruling, Surface};

use crate::plan::laws::{body, requirements_come_first, without_places};
use crate::soak::worlds;
use crate::spec::{GROUPS, PEOPLE, Spec, account, email, spec, told};
use crate::world::{Account, Live, World};

/// The questions without which there is a plan all the same.
const REFUSABLE: [Read; 12] = [
    Read::GroupKind,
    Read::Memberships,
    Read::Account,
    Read::Standing,
    Read::Privileges,
    Read::AppRoles,
    Read::SiteAdmins,
    Read::OrganizationAdmins,
    Read::Domains,
    Read::Resources,
    Read::Directories,
    Read::DirectoryGroup,
];

/// What is in `policy`, and what a site has besides people and groups.
#[derive(Clone, Debug)]
struct Rules {
    floors: BTreeMap<usize, u32>,
    protected_people: BTreeSet<usize>,
    protected_groups: BTreeSet<usize>,
    privileged: BTreeSet<usize>,
    exclusive: BTreeSet<usize>,
    unlisted: &'static str,
    /// The groups that give the app, and how many seats it has left, where they are limited.
    licensed: BTreeSet<usize>,
    seats: Option<usize>,
    /// The groups that hold a former user.
    former: BTreeSet<usize>,
    unidentified: usize,
    unshown: BTreeSet<usize>,
    refused: BTreeSet<Read>,
}

fn rules() -> impl Strategy<Value = Rules> {
    let few = |range: std::ops::Range<usize>, most: usize| prop::collection::btree_set(range, 0..=most);
    let floors = prop::collection::btree_map(0..GROUPS, 1..5_u32, 0..3);
    let exclusive =
        prop_oneof![1 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(0..GROUPS, 2..=3)];
    // What is protected refuses most plans.
    let seldom =
        |all: usize| prop_oneof![4 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(0..all, 1)];
    let named = (floors, seldom(PEOPLE), seldom(GROUPS), few(0..GROUPS, 2), exclusive);
    let unlisted = prop_oneof![3 => Just("ignore"), 1 => Just("report"), 1 => Just("offboard")];
    let seats = prop_oneof![1 => Just(None), 3 => (0..3_usize).prop_map(Some)];
    let refused = prop_oneof![
        1 => Just(BTreeSet::new()),
        1 => prop::collection::btree_set(prop::sample::select(&REFUSABLE[..]), 1..4),
    ];
    let site = (few(0..GROUPS, 2), seats, few(0..GROUPS, 2), 0..3_usize, few(0..PEOPLE, 2), refused);
    (named, unlisted, site).prop_map(
        |(
            (floors, protected_people, protected_groups, privileged, exclusive),
            unlisted,
            (licensed, seats, former, unidentified, unshown, refused),
        )| Rules {
            floors,
            protected_people,
            protected_groups,
            privileged,
            exclusive,
            unlisted,
            licensed,
            seats,
            former,
            unidentified,
            unshown,
            refused,
        },
    )
}

fn listed<'a>(names: impl IntoIterator<Item = &'a usize>, name: impl Fn(usize) -> String) -> String {
    names.into_iter().map(|index| name(*index)).collect::<Vec<_>>().join(", ")
}

fn group(index: usize) -> String {
    format!("g{index}")
}

impl Rules {
    fn policy(&self) -> String {
        let floors: Vec<String> =
            self.floors.iter().map(|(index, least)| format!("g{index}: {least}")).collect();
        let exclusive = if self.exclusive.is_empty() {
            String::new()
        } else {
            format!("  exclusive: [[{}]]\n", listed(&self.exclusive, group))
        };
        format!(
            "  keep-at-least: {{ {} }}\n  protect: {{ users: [{}], groups: [{}] }}\n  privileged: [{}]\n{exclusive}  \
             unlisted-users: {}\n",
            floors.join(", "),
            listed(&self.protected_people, email),
            listed(&self.protected_groups, group),
            listed(&self.privileged, group),
            self.unlisted,
        )
    }

    /// The world of a tree under these rules; `None` if `check` refuses it.
    fn over(&self, spec: &Spec) -> Option<World> {
        let mut world = spec.world();
        for (path, text) in &mut world.files {
            if path == "rollbook.yaml" {
                text.push_str(&self.policy());
            }
            // Only a privileged group needs it; it does no harm elsewhere.
            *text = text.replace("    mode: ", "    nest: true\n    mode: ");
        }
        config::parse(&world.tree(), world.today).declaration?;
        let live = &mut world.live;
        live.accounts.insert("acc-former".to_owned(), Account::former());
        for (index, group) in &mut live.groups {
            if self.former.iter().any(|former| *index == format!("id-{former}")) {
                group.members.insert("acc-former".to_owned());
            }
        }
        for person in &self.unshown {
            // The organization shows users who are suspended or deactivated in a directory of its own.
            if let Some(account) =
                live.accounts.get_mut(&account(*person)).filter(|account| is_active(account))
            {
                account.unshown = true;
            }
        }
        live.unidentified = self.unidentified;
        let licensed: Vec<String> = self.licensed.iter().map(|index| format!("id-{index}")).collect();
        let licensed = licensed.into_iter().filter(|id| live.groups.contains_key(id)).collect();
        live.roles = vec![("jira-software".to_owned(), licensed, Vec::new())];
        live.seats.extend(self.seats.map(|left| ("jira-software".to_owned(), left)));
        live.refused.clone_from(&self.refused);
        Some(world)
    }
}

fn is_active(account: &Account) -> bool {
    account.active && !account.suspended && !account.removed
}

/// The active people in a group, by its name in the tree.
fn people_in(live: &Live, index: usize) -> BTreeSet<&str> {
    let groups = [format!("id-{index}"), format!("made-g{index}")];
    let members = groups.iter().filter_map(|id| live.groups.get(id)).flat_map(|group| &group.members);
    let is_person =
        |id: &&String| is_active(&live.accounts[*id]) && live.accounts[*id].kind == AccountKind::Atlassian;
    members.filter(is_person).map(String::as_str).collect()
}

fn seats_taken(live: &Live) -> usize {
    let groups = live.roles.iter().flat_map(|(_, groups, _)| groups);
    let members = groups.filter_map(|id| live.groups.get(id)).flat_map(|group| &group.members);
    let seated = members.filter(|id| {
        let account = &live.accounts[*id];
        is_active(account) && account.kind == AccountKind::Atlassian
    });
    seated.collect::<BTreeSet<_>>().len()
}

/// Everything that is active and where, as pairs.
fn access(live: &Live) -> BTreeSet<(String, String)> {
    let pairs = live
        .groups
        .iter()
        .flat_map(|(group, of)| of.members.iter().map(move |member| (group.clone(), member.clone())));
    pairs.filter(|(_, member)| is_active(&live.accounts[member])).collect()
}

/// Whether a guard says anything: what it let pass explicitly, or could not judge, is reported.
fn speaks(plan: &Plan, guard: Guard) -> bool {
    plan.guards.iter().any(|verdict| verdict.guard == guard && verdict.ruling != Ruling::Refused)
}

/// Carries a plan out step by step; after each step the rules hold as far as they held before.
fn holds_after_each_step(rules: &Rules, start: &Live, plan: &Plan) -> Result<Live, TestCaseError> {
    let mut live = start.clone();
    let mut made: BTreeMap<Key, String> = BTreeMap::new();
    let before = access(start);
    let full = seats_taken(start) + rules.seats.unwrap_or(usize::MAX / 2);
    let reads_seats = start.surfaces().contains(&Surface::Jira) && !rules.refused.contains(&Read::AppRoles);
    let short = plan.notes.iter().any(|note| note.code == "seats-short");
    for planned in &plan.operations {
        live.step(planned, &mut made);
        for (index, least) in rules.floors.iter().filter(|_| !speaks(plan, Guard::KeepAtLeast)) {
            let (was, is) = (people_in(start, *index).len(), people_in(&live, *index).len());
            let gone = !live.groups.contains_key(&format!("id-{index}"));
            prop_assert!(is >= was.min(*least as usize) || gone, "{}: g{} has {}", planned.key, index, is);
        }
        let pairs: Vec<usize> = rules.exclusive.iter().copied().collect();
        for (one, other) in pairs.iter().flat_map(|one| pairs.iter().map(move |other| (*one, *other))) {
            if one < other && !speaks(plan, Guard::Exclusive) {
                let both = |live: &Live| -> BTreeSet<String> {
                    let other = people_in(live, other);
                    people_in(live, one).intersection(&other).map(|id| (*id).to_owned()).collect()
                };
                let new: Vec<String> = both(&live).difference(&both(start)).cloned().collect();
                prop_assert!(new.is_empty(), "{}: {:?} in g{} and g{}", planned.key, new, one, other);
            }
        }
        if reads_seats && rules.floors.is_empty() && rules.exclusive.is_empty() && !short {
            prop_assert!(seats_taken(&live) <= full.max(seats_taken(start)), "{} lacks a seat", planned.key);
        }
    }
    let after = access(&live);
    for (group, member) in before.difference(&after).filter(|_| !speaks(plan, Guard::Protect)) {
        let in_protected = rules.protected_groups.iter().any(|index| *group == format!("id-{index}"));
        prop_assert!(!in_protected, "{} lost {}, which is protected", member, group);
        let protected = rules.protected_people.iter().any(|index| *member == account(*index));
        prop_assert!(
            !protected || start.accounts[member].kind != AccountKind::Atlassian,
            "{} lost {}",
            member,
            group
        );
    }
    Ok(live)
}

/// What is not somebody's is never given anything; what is left of an account is never activated.
fn former_users_get_nothing(plan: &Plan) -> Result<(), TestCaseError> {
    for planned in &plan.operations {
        let narrows =
            matches!(planned.operation, Operation::RemoveMember { .. } | Operation::RemoveUser { .. });
        let former = planned.operation.account().is_some_and(|id| id.as_str() == "acc-former");
        prop_assert!(!former || narrows, "{}", planned.key);
        let unknown = planned.operation.account().is_some_and(|id| id.as_str() == "unknown");
        prop_assert!(!unknown, "{}", planned.key);
    }
    Ok(())
}

/// A question that is refused takes operations away and brings none; what it takes away, and was not a matter of a
/// rule, is blocked.
fn a_refusal_brings_nothing(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    let mut told_all = world.clone();
    told_all.live.refused.clear();
    let whole = told_all.plan();
    let keys = |plan: &Plan| -> BTreeSet<Key> {
        plan.operations.iter().map(|planned| planned.key.clone()).collect()
    };
    let (some, all) = (keys(plan), keys(&whole));
    let more: Vec<&Key> = some.difference(&all).collect();
    prop_assert!(more.is_empty(), "only where a question is refused: {:?}", more);
    // What is blocked of a person or a group keeps the rest of theirs.
    let is_blocked = |key: &&Key| {
        let about =
            [key.address.group().map(ToString::to_string), key.address.user().map(ToString::to_string)];
        plan.blocked.iter().any(|blocked| {
            let named = [
                blocked.address.group().map(ToString::to_string),
                blocked.address.user().map(ToString::to_string),
            ];
            about.iter().flatten().any(|name| named.iter().flatten().any(|it| it == name))
        })
    };
    let lost: Vec<&Key> = all.difference(&some).filter(|key| !is_blocked(key)).collect();
    prop_assert!(lost.is_empty() || !plan.guards.is_empty(), "lost without a word: {:?}", lost);
    Ok(())
}

/// How much of all this the worlds had.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    invalid: usize,
    refused: usize,
    operations: usize,
    seats: usize,
    unread: usize,
    guards: BTreeMap<&'static str, usize>,
    blocked: BTreeMap<String, usize>,
}

fn one_world(spec: &Spec, rules: &Rules, tally: &mut Tally) -> Result<(), TestCaseError> {
    tally.cases += 1;
    let Some(world) = rules.over(spec) else {
        tally.invalid += 1;
        return Ok(());
    };
    let plan = world.plan();
    tally.operations += plan.operations.len();
    tally.seats += plan.cost.seats.len();
    for verdict in &plan.guards {
        *tally.guards.entry(verdict.guard.as_str()).or_default() += 1;
    }
    for blocked in &plan.blocked {
        *tally.blocked.entry(blocked.code.to_string()).or_default() += 1;
        tally.unread += usize::from(blocked.why.contains("was not read"));
    }
    requirements_come_first(&plan)?;
    former_users_get_nothing(&plan)?;
    a_refusal_brings_nothing(&world, &plan)?;
    let mut backwards = world.clone();
    backwards.live.backwards = true;
    prop_assert_eq!(body(&plan), body(&backwards.plan()), "the order of rows and pages");
    if plan.refusals().next().is_some() {
        tally.refused += 1;
        return Ok(());
    }
    let mut after = world.clone();
    after.live = holds_after_each_step(rules, &world.live, &plan)?;
    // Whom a plan invites can be told apart from then on, and what waited for a seat or a floor may follow.
    for _ in 0..3 {
        let next = after.plan();
        if next.operations.is_empty() || next.refusals().next().is_some() {
            return Ok(());
        }
        after.live = holds_after_each_step(rules, &after.live.clone(), &next)?;
    }
    prop_assert_eq!(without_places(&after.plan()), vec![], "plans come to an end");
    Ok(())
}

#[test]
fn rules_hold_on_sites_as_they_are() {
    let config = ProptestConfig { cases: worlds(), failure_persistence: None, ..ProptestConfig::default() };
    let tally = std::cell::RefCell::new(Tally::default());
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&(spec(), rules()), |(spec, rules)| {
        let outcome = one_world(&spec, &rules, &mut tally.borrow_mut());
        outcome.map_err(|error| match rules.over(&spec) {
            Some(world) => told(&error, &world),
            None => error,
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let tally = tally.into_inner();
    println!("{tally:#?}");
    let all = tally.cases;
    assert!(tally.invalid < all / 2 && tally.refused < all * 3 / 4, "{tally:#?}");
    assert!(tally.operations > all && tally.seats > all / 10 && tally.unread > all / 10, "{tally:#?}");
    let guards: BTreeSet<&str> = tally.guards.keys().copied().collect();
    for guard in [Guard::KeepAtLeast, Guard::Protect, Guard::Exclusive] {
        assert!(guards.contains(guard.as_str()), "{guard} never spoke: {tally:#?}");
    }
}
