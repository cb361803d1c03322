//! Makes a case that breaks a promise as small as can be, so that its kind can be told.

use std::collections::BTreeSet;

use super::edit::Edit;
use super::rules::Finding;
use super::run::{Author, Case, Event, Reached, Told, happens};
use super::site::Course;
use super::tree::Tree;
use crate::world::Account;

/// A smaller case of the same promise: of what happens, and then of the tree and the site.
pub(super) fn shrink(case: Case, finding: Finding, also_world: bool) -> (Case, Finding) {
    let mut smallest = (case, finding);
    while walk(&mut smallest, smaller_events) || (also_world && walk(&mut smallest, smaller_worlds)) {}
    smallest
}

/// Takes one thing away after the other, and goes on at the same place where that still breaks the promise. Says
/// whether anything was taken away.
fn walk(smallest: &mut (Case, Finding), smaller: fn(&Case) -> Vec<Case>) -> bool {
    let (mut at, mut any) = (0, false);
    while let Some(case) = smaller(&smallest.0).into_iter().nth(at) {
        match happens(&case, &mut Reached::default()) {
            Err(finding) if finding.rule == smallest.1.rule => {
                *smallest = (case, finding);
                any = true;
            }
            Ok(()) | Err(_) => at += 1,
        }
    }
    any
}

/// What kind of break it is: the promise, and what had to be done to break it.
pub(super) fn kind(case: &Case, finding: &Finding) -> String {
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    if !finding.refused.is_empty() {
        let guards: Vec<&str> = finding.refused.iter().copied().collect();
        return format!("{}: refused by {}", finding.rule, guards.join(" and "));
    }
    for event in &case.events {
        match event {
            Event::Change(change) => {
                kinds.extend(change.edits.iter().map(Edit::kind).map(ToOwned::to_owned));
                match change.author.told {
                    Told::Current => {}
                    Told::Other(_) => kinds.extend(["(author by another address)".to_owned()]),
                    Told::Slip => kinds.extend(["(author misspelt)".to_owned()]),
                    Told::Nothing => kinds.extend(["(author not told)".to_owned()]),
                }
                kinds.extend((change.course != Course::WHOLE).then(|| "(incomplete apply)".to_owned()));
            }
            Event::Drift(drift) => drop(kinds.insert(format!("({})", drift.kind()))),
            Event::Days(_) | Event::Night(_) => {}
        }
    }
    format!("{}: {}", finding.rule, kinds.into_iter().collect::<Vec<_>>().join(" "))
}

/// Each case in which one thing less happens, from the end, where what came after the break can go.
fn smaller_events(case: &Case) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let of = |events: Vec<Event>| Case { events, ..case.clone() };
    for at in (0..case.events.len()).rev() {
        let mut events = case.events.clone();
        events.remove(at);
        cases.push(of(events));
        cases.extend(simpler(&case.events[at]).into_iter().map(|event| {
            let mut events = case.events.clone();
            events[at] = event;
            of(events)
        }));
    }
    cases
}

/// Each case that has one thing less at the start.
fn smaller_worlds(case: &Case) -> Vec<Case> {
    let trees = simpler_trees(&case.tree).into_iter();
    let mut cases: Vec<Case> = trees.map(|tree| Case { tree, ..case.clone() }).collect();
    for (id, account) in &case.live.accounts {
        let plain = Account { hidden: false, suspended: false, ..account.clone() };
        if plain != *account {
            let mut smaller = case.clone();
            smaller.live.accounts.insert(id.clone(), plain);
            cases.push(smaller);
        }
    }
    for (id, group) in &case.live.groups {
        for member in &group.members {
            let mut smaller = case.clone();
            smaller.live.groups.get_mut(id).expect("a group").members.remove(member);
            cases.push(smaller);
        }
    }
    cases
}

fn simpler(event: &Event) -> Vec<Event> {
    let mut simpler = Vec::new();
    match event {
        Event::Change(change) => {
            for at in 0..change.edits.len().min(if change.edits.len() > 1 { usize::MAX } else { 0 }) {
                let mut smaller = change.clone();
                smaller.edits.remove(at);
                simpler.push(Event::Change(smaller));
            }
            let mut smaller = change.clone();
            smaller.course = Course::WHOLE;
            simpler.push(Event::Change(smaller));
            let mut smaller = change.clone();
            smaller.author = Author { told: Told::Current, ..change.author };
            simpler.push(Event::Change(smaller));
        }
        Event::Night(_) => simpler.push(Event::Night(Course::WHOLE)),
        Event::Drift(_) | Event::Days(_) => {}
    }
    simpler.retain(|smaller| smaller != event);
    simpler
}

/// Each tree that says one thing less.
fn simpler_trees(tree: &Tree) -> Vec<Tree> {
    let mut trees = Vec::new();
    let mut less = |change: &dyn Fn(&mut Tree)| {
        let mut smaller = tree.clone();
        change(&mut smaller);
        if smaller != *tree {
            trees.push(smaller);
        }
    };
    less(&|tree| tree.locked_users.clear());
    less(&|tree| tree.locked_groups.clear());
    less(&|tree| tree.users.clear());
    less(&|tree| tree.operator = None);
    less(&|tree| tree.policy.floors.clear());
    less(&|tree| tree.policy.exclusive.clear());
    less(&|tree| tree.policy.protected_users.clear());
    less(&|tree| tree.policy.protected_groups.clear());
    less(&|tree| tree.policy.max_revokes = None);
    less(&|tree| tree.policy.at_least = false);
    for email in tree.locked_users.keys() {
        less(&|tree| drop(tree.locked_users.remove(email)));
    }
    for name in tree.locked_groups.keys() {
        less(&|tree| drop(tree.locked_groups.remove(name)));
    }
    for email in tree.users.keys() {
        less(&|tree| drop(tree.users.remove(email)));
        less(&|tree| tree.users.get_mut(email).expect("a user").until = None);
    }
    for (name, team) in &tree.groups {
        less(&|tree| drop(tree.groups.remove(name)));
        less(&|tree| tree.groups.get_mut(name).expect("a group").id = None);
        less(&|tree| tree.groups.get_mut(name).expect("a group").at_least = None);
        less(&|tree| tree.groups.get_mut(name).expect("a group").nest = false);
        for at in 0..team.members.len() {
            less(&|tree| drop(tree.groups.get_mut(name).expect("a group").members.remove(at)));
            less(&|tree| tree.groups.get_mut(name).expect("a group").members[at].until = None);
        }
    }
    trees
}
