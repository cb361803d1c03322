//! Who gets or loses a role in an app since a group gives it, or gives it no more.

use crate::model::{AccessChange, Action, Beneficiary, Plan, PlannedOperation};
use crate::render::escape_untrusted;

/// What a plan says of the people behind the operation of a role.
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

/// The people behind every operation of a role, with what they get or lose by which group.
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
