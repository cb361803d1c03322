//! The people who get or lose a role in an app, since a group starts or stops giving it.

use crate::model::{AccessChange, Action, Beneficiary, Plan, PlannedOperation};
use crate::render::escape_untrusted;

/// The people of the operation on a role.
pub(in crate::render) fn of_operation<'a>(
    plan: &'a Plan,
    planned: &PlannedOperation,
) -> Option<&'a AccessChange> {
    plan.access.iter().find(|change| change.key == planned.key)
}

/// How many people get a role or lose it, and how many are mailed, in words.
pub(in crate::render) fn reach_of(change: &AccessChange) -> String {
    let most = if change.exact { "" } else { "up to " };
    let people = |number: usize| match number {
        0 => "nobody".to_owned(),
        1 => format!("{most}1 person"),
        several => format!("{most}{several} people"),
    };
    let number = change.people.len();
    let verb = match (change.key.action == Action::Assign, number == 1) {
        (true, true) => "gets it",
        (true, false) if number == 0 => "gets it",
        (true, false) => "get it",
        (false, true) => "loses it",
        (false, false) if number == 0 => "loses it",
        (false, false) => "lose it",
    };
    let mails = match change.mails {
        0 => String::new(),
        mails => format!(", Atlassian mails up to {mails}"),
    };
    format!("{} {verb}{mails}", people(number))
}

/// The people of every operation on a role, with the role and the group.
pub(in crate::render) fn people_of(
    plan: &Plan,
) -> impl Iterator<Item = (&AccessChange, &Beneficiary, String)> {
    let changes = plan.access.iter();
    changes.flat_map(|change| {
        let access = change.key.address.access().map(ToString::to_string).unwrap_or_default();
        let what = escape_untrusted(&access).into_owned();
        change.people.iter().map(move |person| (change, person, what.clone()))
    })
}
