//! `keep-at-least`: how many people with an active account a group must keep.

use crate::model::{
    Access, AccountId, Address, Effect, GroupId, GroupName, Guard, Operation, PlannedOperation,
};

use super::{Case, Rules, Tripped};
use crate::plan::access::losers;
use crate::plan::order::Circle;
use crate::plan::projection::Projection;

/// Refused when the plan leaves a group fewer active people than the policy says, and fewer than before, or when no order
/// of its operations keeps the group that large throughout.
pub(super) fn keep_at_least(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let floors = &rules.policy().keep_at_least;
    if floors.is_empty() {
        return Vec::new();
    }
    let before = Projection::before(case.context);
    let mut tripped = Vec::new();
    for (name, floor) in floors {
        let floor = floor.value;
        for id in case.rules.names.ids(name) {
            let shown = case.context.name_of(id, name);
            let (had, has) = (before.active_people(id), case.after.active_people(id));
            if has < had && has < floor as usize {
                let people = if has == 1 { "1 active person".into() } else { format!("{has} active people") };
                tripped.push(trip(
                    &shown,
                    name,
                    format!("group {shown} would keep {people}, and `keep-at-least` is {floor}"),
                    "Declare somebody else as a member first, or lower the floor in a reviewed change.",
                ));
            } else if let Some((access, stay)) = loses_role(case, id, has, floor) {
                tripped.push(trip(
                    &shown,
                    name,
                    format!(
                        "{stay} of the {has} active people in group {shown} would keep {access}, and `keep-at-least` is {floor}"
                    ),
                    "Let another group give them the role first, or lower the floor in a reviewed change.",
                ));
            } else if !case.context.live.members.contains_key(id) && loses_somebody(case, id) {
                tripped.push(trip(
                    &shown,
                    name,
                    format!(
                        "group {shown} loses somebody, `keep-at-least` is {floor}, and the members of {shown} were not read"
                    ),
                    "Plan from the site itself, or take a new snapshot of a tree that names the group in a rule.",
                ));
            } else if case.circles.iter().any(|circle: &Circle| circle.floors.contains(id)) {
                tripped.push(trip(
                    &shown,
                    name,
                    format!(
                        "no order of the operations keeps {floor} active people in group {shown} and lets nobody into two \
                         groups that exclude each other"
                    ),
                    "Make the change in two steps: first add somebody who is in none of the groups.",
                ));
            }
        }
    }
    tripped
}

/// Whether the plan removes anybody from a group, or closes their account. A snapshot may lack the group's members.
fn loses_somebody(case: &Case<'_>, group: &GroupId) -> bool {
    case.operations.values().flat_map(PlannedOperation::effects).any(|effect| match effect {
        Effect::Leaves(membership) => membership.group() == group,
        Effect::Sleeps(_, kept) => kept.iter().any(|kept| kept.membership.group() == group),
        Effect::Ends(ended) => ended == group,
        Effect::Takes(held) => held.group() == group,
        Effect::Joins(..) | Effect::Wakes(..) | Effect::Gives(..) => false,
    })
}

/// A role that a group stops giving, and that fewer people in the group would keep than its minimum: a floor protects what
/// the group lets people do.
fn loses_role<'a>(
    case: &Case<'a>,
    group: &GroupId,
    people: usize,
    floor: u32,
) -> Option<(&'a Access, usize)> {
    case.operations.values().find_map(|planned| {
        let Operation::RevokeRole { held } = &planned.operation else { return None };
        let is_active =
            |id: &AccountId| case.context.account(id).is_some_and(|it| it.active() && it.kind.is_person());
        let losers = losers(&planned.key, case.access).filter_map(|person| person.account.as_ref());
        let stay = people.saturating_sub(losers.filter(|id| is_active(id)).count());
        (held.group() == group && stay < floor as usize && stay < people).then_some((held.access(), stay))
    })
}

fn trip(shown: &GroupName, rule: &GroupName, why: String, help: &str) -> Tripped {
    Tripped {
        guard: Guard::KeepAtLeast,
        addresses: vec![Address::Group(shown.clone())],
        rule: format!("policy.keep-at-least.{rule}"),
        why,
        help: help.into(),
    }
}
