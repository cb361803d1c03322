//! The site as it truly is: who is who, what happens on it by hand, and how operations change it one by one.

use std::collections::{BTreeMap, BTreeSet};

use rollbook::model::{Key, Operation, Plan, PlannedOperation};

use crate::world::{Account, Live};

/// The people who have an account at the start. Each has one.
pub(super) const PEOPLE: [&str; 6] = ["ada", "ben", "cleo", "dan", "eve", "finn"];

/// Somebody who has no account at the start.
pub(super) const NEWCOMER: &str = "gus";

/// The groups of the site at the start; `admins` gives site administration.
pub(super) const GROUPS: [&str; 6] = ["payroll", "admins", "makers", "approvers", "team", "app-users"];

pub(super) const APP: &str = "jira-software";

/// An account that does not belong to a person.
pub(super) const ROBOT: &str = "712020:robot";

/// A person, by first name.
pub(super) type Person = &'static str;

pub(super) fn account(person: Person) -> String {
    format!("712020:{person}")
}

pub(super) fn group_id(name: &str) -> String {
    format!("id-{name}")
}

/// One of a person's addresses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Name {
    /// The email at the start.
    Email,
    /// The one that it changes to, if it does.
    Later,
    /// The one before the start, which perhaps only the lock still has.
    Former,
    /// The email with a tag behind `+`.
    Tagged,
}

impl Name {
    pub(super) fn of(self, person: Person) -> String {
        let (dot, tag) = match self {
            Self::Email => ("", ""),
            Self::Later => (".new", ""),
            Self::Former => (".old", ""),
            Self::Tagged => ("", "+x"),
        };
        format!("{person}{dot}{tag}@acme.com")
    }
}

/// Whose address it is.
pub(super) fn owner(address: &str) -> Option<Person> {
    let local = address.split(['@', '+']).next().unwrap_or_default();
    let plain = local.trim_end_matches(".new").trim_end_matches(".old");
    PEOPLE.into_iter().chain([NEWCOMER]).find(|person| *person == plain)
}

/// Whose account it is. Of one that an invitation made, the address tells, unless it is one that could by now be
/// somebody else's.
pub(super) fn human(account: &str) -> Option<Person> {
    if let Some(name) = account.strip_prefix("712020:") {
        return PEOPLE.into_iter().find(|person| *person == name);
    }
    let invited = account.strip_prefix("made-")?;
    owner(invited).filter(|person| *person == NEWCOMER || invited.contains('+'))
}

/// Whether an account gives access to anything.
pub(super) fn is_active(account: &Account) -> bool {
    account.active && !account.suspended && !account.removed
}

/// A membership: a group's id and an account's.
pub(super) type Pair = (String, String);

pub(super) fn memberships(live: &Live) -> BTreeSet<Pair> {
    let of = |(id, group): (&String, &crate::world::Group)| {
        let id = id.clone();
        group.members.clone().into_iter().map(move |account| (id.clone(), account))
    };
    live.groups.iter().flat_map(of).collect()
}

/// The memberships of accounts that are active.
pub(super) fn effective(live: &Live) -> BTreeSet<Pair> {
    let active = |(_, account): &Pair| live.accounts.get(account).is_some_and(is_active);
    memberships(live).into_iter().filter(active).collect()
}

/// What somebody does on the site by hand, or what happens to somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drift {
    Leaves(&'static str, Person),
    Joins(&'static str, Person),
    /// A group gets another name.
    Renamed(&'static str),
    EmailChanges(Person),
    Suspended(Person),
    Restored(Person),
}

impl Drift {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Leaves(..) => "leaves-by-hand",
            Self::Joins(..) => "joins-by-hand",
            Self::Renamed(_) => "renamed-by-hand",
            Self::EmailChanges(_) => "email-changes",
            Self::Suspended(_) => "suspended-by-hand",
            Self::Restored(_) => "restored-by-hand",
        }
    }

    pub(super) fn happen(self, live: &mut Live) {
        let account = match self {
            Self::Renamed(_) => None,
            Self::Leaves(_, person)
            | Self::Joins(_, person)
            | Self::EmailChanges(person)
            | Self::Suspended(person)
            | Self::Restored(person) => live.accounts.get_mut(&account(person)),
        };
        match (self, account) {
            (Self::Leaves(group, person), _) => {
                if let Some(group) = live.groups.get_mut(&group_id(group)) {
                    group.members.remove(&self::account(person));
                }
            }
            (Self::Joins(group, person), Some(account)) if !account.removed => {
                if let Some(group) = live.groups.get_mut(&group_id(group)) {
                    group.members.insert(self::account(person));
                }
            }
            (Self::Renamed(group), _) => {
                if let Some(group) = live.groups.get_mut(&group_id(group)) {
                    group.name.push_str("-by-hand");
                }
            }
            (Self::EmailChanges(person), Some(account)) => account.email = Some(Name::Later.of(person)),
            (Self::Suspended(_), Some(account)) => account.suspended = account.active && !account.removed,
            (Self::Restored(_), Some(account)) => account.suspended = false,
            (
                Self::Joins(..) | Self::EmailChanges(_) | Self::Suspended(_) | Self::Restored(_),
                Some(_) | None,
            ) => {}
        }
    }
}

/// How an apply goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    /// Nothing for the plan's own order, else what another order that `requires` allows follows from.
    pub(super) order: Option<u64>,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Whole,
    /// One operation fails, and what requires it is skipped.
    Fails(usize),
    /// Nothing is done after so many operations.
    CutOff(usize),
}

impl Course {
    pub(super) const WHOLE: Self = Self { order: None, end: End::Whole };
}

/// Carries a plan out on a site, and shows each step as it was before, and after it. Says whether everything was done.
pub(super) fn carry_out<Stop>(
    live: &mut Live,
    plan: &Plan,
    course: Course,
    mut seen: impl FnMut(&PlannedOperation, &Live, &Live) -> Result<(), Stop>,
) -> Result<bool, Stop> {
    let count = plan.operations.len();
    let mut random = course.order.map(fastrand::Rng::with_seed);
    let mut waiting: Vec<(usize, &PlannedOperation)> = plan.operations.iter().enumerate().collect();
    let mut made = BTreeMap::new();
    let mut done: BTreeSet<&Key> = BTreeSet::new();
    let mut steps = 0;
    loop {
        let in_plan = |key: &Key| plan.operations.iter().any(|planned| planned.key == *key);
        let is_ready = |planned: &PlannedOperation| {
            planned.requires.iter().all(|key| done.contains(key) || !in_plan(key))
        };
        let ready: Vec<usize> = (0..waiting.len()).filter(|at| is_ready(waiting[*at].1)).collect();
        let cut = matches!(course.end, End::CutOff(after) if steps >= after % (count + 1));
        let next = random.as_mut().map_or(0, |random| random.usize(0..ready.len().max(1)));
        let Some(at) = ready.get(next).filter(|_| !cut) else { break };
        let (index, planned) = waiting.remove(*at);
        if matches!(course.end, End::Fails(which) if which % count.max(1) == index) {
            continue;
        }
        let before = live.clone();
        step(live, planned, &mut made);
        seen(planned, &before, live)?;
        done.insert(&planned.key);
        steps += 1;
    }
    Ok(done.len() == count)
}

/// One operation, with what the site does by itself: an app puts whom an invitation brings into its default groups.
fn step(live: &mut Live, planned: &PlannedOperation, made: &mut BTreeMap<Key, String>) {
    if let Operation::AddMember { group, account } = &planned.operation {
        let group =
            group.made().map_or_else(|| group.known().map(ToString::to_string), |key| made.get(key).cloned());
        let account = account
            .made()
            .map_or_else(|| account.known().map(ToString::to_string), |key| made.get(key).cloned());
        let there = group.zip(account).is_some_and(|(group, account)| {
            live.groups.get(&group).is_some_and(|group| group.members.contains(&account))
        });
        if there {
            return;
        }
    }
    live.step(planned, made);
    let apps = planned.operation.apps();
    let of_apps = live.roles.iter().filter(|(app, ..)| apps.iter().any(|asked| asked.as_str() == app));
    let defaults: Vec<String> = of_apps.flat_map(|(_, _, defaults)| defaults.clone()).collect();
    if let Some(account) = made.get(&planned.key).filter(|_| !apps.is_empty()) {
        for group in defaults {
            if let Some(group) = live.groups.get_mut(&group) {
                group.members.insert(account.clone());
            }
        }
    }
}
