//! The plan by person, folded: gains and losses over all groups.

use std::collections::BTreeMap;

use crate::model::{Action, Address, Direction, GroupName, Operation, Plan, UserRef};
use crate::render::lines::count;
use crate::render::plan::{people_of, person};

use super::escape::code;
use super::page::{Block, Line, Section, Weight};

/// The changes of one person.
#[derive(Default)]
struct Changes<'a> {
    name: Option<&'a str>,
    gains: Vec<String>,
    loses: Vec<String>,
    other: Vec<String>,
}

fn people(plan: &Plan) -> BTreeMap<&UserRef, Changes<'_>> {
    let mut people: BTreeMap<&UserRef, Changes<'_>> = BTreeMap::new();
    for planned in &plan.operations {
        if let Some(user) = planned.key.address.user() {
            let changes = people.entry(user).or_default();
            changes.name = changes.name.or(planned.name.as_deref());
            let what = match &planned.key.address {
                Address::Member(group, _) => code(group.as_str()),
                Address::User(_) | Address::Group(_) | Address::Grant(..) => {
                    format!("the site ({})", planned.key.action)
                }
            };
            let marks: Vec<String> = [
                planned.privileged.then(|| "privileged".to_owned()),
                planned.until.map(|until| format!("until {until}")),
            ]
            .into_iter()
            .flatten()
            .collect();
            let what = if marks.is_empty() { what } else { format!("{what} ({})", marks.join(", ")) };
            match planned.operation.direction() {
                Direction::Grant => changes.gains.push(what),
                Direction::Revoke => changes.loses.push(what),
                Direction::Neutral => changes.other.push(what),
            }
        }
        if let (Operation::DeleteGroup { members, .. }, Some(group)) =
            (&planned.operation, planned.key.address.group())
        {
            for lost in members {
                let changes = people.entry(&lost.user).or_default();
                changes.name = changes.name.or(lost.name.as_deref());
                changes.loses.push(format!("{} (deleted)", code(group.as_str())));
            }
        }
    }
    for (change, person, what) in people_of(plan) {
        let changes = people.entry(&person.user).or_default();
        changes.name = changes.name.or(person.name.as_deref());
        let group = change.key.address.group().map_or("", GroupName::as_str);
        let doubt = if change.exact { "" } else { ", unless another group gives it" };
        let what = format!("{} by {}{doubt}", code(&what), code(group));
        let gains = change.key.action == Action::Assign;
        if gains { &mut changes.gains } else { &mut changes.loses }.push(what);
    }
    people
}

/// The number of people that it is about.
pub(super) fn number(plan: &Plan) -> usize {
    people(plan).len()
}

pub(super) fn by_person(plan: &Plan) -> Option<Section> {
    let people = people(plan);
    if people.is_empty() {
        return None;
    }
    let title = format!("The same by person ({})", people.len());
    let lines = people.into_iter().map(|(user, changes)| {
        let parts = [("gains", changes.gains), ("loses", changes.loses), ("changes", changes.other)];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, what)| !what.is_empty())
            .map(|(verb, what)| format!("{verb} {}", what.join(", ")))
            .collect();
        Line::of(format!("- **{}** {}\n", code(&person(user, changes.name)), parts.join("; ")))
    });
    Some(Section {
        weight: Weight::Again,
        name: "By person",
        of: "list",
        open: format!("<details><summary>{title}</summary>\n\n"),
        blocks: vec![Block::list(lines.collect())],
        close: "</details>\n\n".into(),
    })
}

/// People in words.
pub(super) fn counted(number: usize) -> String {
    if number == 1 { count(number, "person") } else { format!("{number} people") }
}
