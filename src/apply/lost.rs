//! Looks in the middle of a run for operations whose answer was lost, before anything else is done to the same.

use std::time::Duration;

use tokio::time::sleep;

use crate::atlassian::Surfaces;
use crate::model::{CreatedIds, Found, Operation, PlannedOperation, Surface};

use super::look::{Expectation, look};

/// How long after the answer was lost reads are made. What is found late is found by the reads after the writes.
const LOOKS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];

/// What was found of an operation, and its id where that came to light.
pub(super) type Look = (usize, Found, Option<CreatedIds>);

/// Looks for operations, all in one round of reads a time.
pub(super) async fn look_for(surfaces: &Surfaces, mut open: Vec<(usize, Expectation)>) -> Vec<Look> {
    let mut found = Vec::with_capacity(open.len());
    let mut last = Vec::new();
    for wait in LOOKS {
        sleep(wait).await;
        let seen = look(surfaces, open.iter().map(|(_, expectation)| expectation)).await;
        last.clear();
        open.retain(|(at, expectation)| {
            let shown = match seen.shows(expectation) {
                Ok(true) => Found::Done,
                Ok(false) => Found::NotDone,
                Err(_) => Found::Unknown,
            };
            match shown {
                Found::Done => found.push((*at, shown, seen.made(expectation))),
                Found::NotDone | Found::Unknown => last.push((*at, shown, None)),
            }
            shown != Found::Done
        });
        if open.is_empty() {
            break;
        }
    }
    found.extend(last);
    found
}

/// Whether an operation may be sent again once a read has not found it done. Doing it twice must be doing it once: an
/// invitation might send a second mail, and an app might be given a second time. A second group of one name is
/// refused by Jira (400), the organization and SCIM (409) alike
/// (docs/atlassian.md#creating-and-deleting-a-group-in-jira, docs/atlassian.md#groups-through-the-organization,
/// docs/atlassian.md#groups-of-scim), what is removed, suspended or deleted twice is so once, and a role that is assigned
/// twice is there once (docs/atlassian.md#roles-of-groups).
pub(super) fn may_repeat(operation: &Operation) -> bool {
    match operation {
        Operation::InviteUser { .. } => false,
        Operation::CreateGroup { .. }
        | Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => true,
    }
}

/// Whether what requires an operation can go on, with no more known of it than what was found.
pub(super) fn is_enough(planned: &PlannedOperation, made: Option<&CreatedIds>) -> bool {
    let creates = matches!(planned.operation, Operation::CreateGroup { .. });
    if !creates && !matches!(planned.operation, Operation::InviteUser { .. }) {
        return true;
    }
    // Members are added there by the id of the directory.
    made.is_some() && !(creates && planned.via == Surface::Scim)
}
