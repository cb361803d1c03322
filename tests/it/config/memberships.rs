//! What `check` says of memberships is what plans make of the same tree, day by day.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rollbook::config::{codes, parse};
use rollbook::model::{Declaration, GroupName, UserRef};
use rollbook::plan::Desired;

use crate::config::tree;

const TODAY: Date = date(2026, 6, 1);
const GROUPS: usize = 4;
const FLOOR: usize = 2;

/// A tree of groups that take earlier ones in, with days, exceptions, people who left, and accounts.
fn random(rng: &mut Rng) -> String {
    let mut text = "version: 1\nsite: https://acme.atlassian.net\n\
                    policy: { exclusive: [[g0, g1, g2, g3]], keep-at-least: { g0: 2, g1: 2, g2: 2, g3: 2 } }\n\
                    users: { u0@acme.com: { account: acc-0 }, u1@acme.com: { active: false } }\ngroups:\n"
        .to_owned();
    let mut reach: Vec<BTreeSet<usize>> = Vec::new();
    for group in 0..GROUPS {
        let mut brings = BTreeSet::new();
        let mut entries = Vec::new();
        for user in 0..5 {
            if rng.u8(..) < 100 {
                let who = match (user, rng.bool()) {
                    (0, true) => "account: acc-0".to_owned(),
                    (4, true) => "account: acc-4".to_owned(),
                    _ => format!("user: u{user}@acme.com"),
                };
                entries.push(format!("{{ {who}{} }}", until(rng)));
                brings.insert(user);
            }
        }
        for (inner, brought) in reach.iter().enumerate() {
            if rng.u8(..) < 80 {
                let except: Vec<String> = brought
                    .iter()
                    .filter(|user| **user != 4 && rng.u8(..) < 60)
                    .map(|user| format!("u{user}@acme.com"))
                    .collect();
                let except = if except.is_empty() {
                    String::new()
                } else {
                    format!(", except: [{}]", except.join(", "))
                };
                entries.push(format!("{{ group: g{inner}{}{except} }}", until(rng)));
                brings.extend(brought.iter().copied());
            }
        }
        text.push_str(&format!("  g{group}: {{ members: [{}] }}\n", entries.join(", ")));
        reach.push(brings);
    }
    text
}

fn until(rng: &mut Rng) -> String {
    if rng.bool() {
        return String::new();
    }
    let day = TODAY + rng.i64(-3..18).days();
    format!(", until: {day}")
}

/// Who is in each group on a day, as a plan has it.
fn members(declaration: &Declaration, day: Date) -> BTreeMap<GroupName, BTreeSet<UserRef>> {
    let desired = Desired::of(declaration, day);
    desired
        .groups
        .iter()
        .map(|(name, group)| (name.clone(), group.members.keys().cloned().collect()))
        .collect()
}

fn pairs(declaration: &Declaration) -> BTreeSet<String> {
    let mut groups_of: BTreeMap<UserRef, Vec<String>> = BTreeMap::new();
    for (name, members) in members(declaration, TODAY) {
        for user in members {
            groups_of.entry(user).or_default().push(format!("`{name}`"));
        }
    }
    groups_of.retain(|_, groups| groups.len() > 1);
    groups_of.into_keys().map(|user| format!("`{user}`")).collect()
}

/// The first day of the two weeks on which somebody leaves a group and fewer stay than its floor.
fn breaks(declaration: &Declaration) -> BTreeSet<String> {
    let people = |day: Date| -> BTreeMap<GroupName, usize> {
        let count = |members: BTreeSet<UserRef>| {
            members.iter().filter(|user| matches!(user, UserRef::Email(_))).count()
        };
        members(declaration, day).into_iter().map(|(name, members)| (name, count(members))).collect()
    };
    let mut before = people(TODAY - 1.day());
    let mut first: BTreeMap<GroupName, String> = BTreeMap::new();
    for ahead in 0..=14 {
        let day = TODAY + ahead.days();
        let now = people(day);
        for (name, left) in &now {
            if *left < before[name] && *left < FLOOR {
                first.entry(name.clone()).or_insert_with(|| {
                    format!("`{name}` falls to {left} on {day}; `keep-at-least` requires {FLOOR}")
                });
            }
        }
        before = now;
    }
    first.into_values().collect()
}

#[test]
fn check_sees_what_plans_make_of_a_tree() {
    let mut rng = Rng::with_seed(7);
    let (mut paired, mut broken) = (0, 0);
    for _ in 0..2000 {
        let text = random(&mut rng);
        let parsed = parse(&tree(&[("rollbook.yaml", &text)]), TODAY);
        let Some(declaration) = parsed.declaration else { panic!("{text}\n{:#?}", parsed.diagnostics) };
        let said = |code: &'static str| parsed.diagnostics.iter().filter(move |d| d.code == code);
        let said_pairs: BTreeSet<String> = said(codes::EXCLUSIVE_PAIR)
            .map(|d| d.message.split_once(" is in ").unwrap().0.to_owned())
            .collect();
        assert_eq!(said_pairs, pairs(&declaration), "{text}");
        let said_breaks: BTreeSet<String> =
            said(codes::FLOOR_WILL_BREAK).map(|d| d.message.clone()).collect();
        assert_eq!(said_breaks, breaks(&declaration), "{text}");
        paired += said_pairs.len();
        broken += said_breaks.len();
    }
    assert!(paired > 500 && broken > 500, "{paired} pairs and {broken} floors are too few to tell");
}
