//! Looks during a run for operations whose response was lost, before anything else changes the same accounts and groups.

use std::time::Duration;

use tokio::time::sleep;

use crate::atlassian::Surfaces;
use crate::model::{CreatedIds, Found, Operation, PlannedOperation, Surface};

use super::look::{Expectation, look};

/// When to read after a response was lost. The reads after the writes find anything that appears later.
const LOOKS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];

/// The finding about an operation, and its ID if that was found.
pub(super) type Look = (usize, Found, Option<CreatedIds>);

/// Looks for operations, all in one round of reads each time.
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

/// Whether an operation may be sent again once a read has not found it done. Doing it twice must have the effect of doing it
/// once: an invitation might send a second mail, and an app might be given a second time. Jira (400), the organization and
/// SCIM (409) refuse a second group of one name (docs/atlassian.md#creating-and-deleting-a-group-in-jira,
/// docs/atlassian.md#groups-through-the-organization, docs/atlassian.md#groups-of-scim); removing, suspending or deleting
/// twice has the effect of once, and so has assigning a role twice (docs/atlassian.md#roles-of-groups).
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

/// Whether the operations that require one can continue with only what was found of it.
pub(super) fn is_enough(planned: &PlannedOperation, made: Option<&CreatedIds>) -> bool {
    let creates = matches!(planned.operation, Operation::CreateGroup { .. });
    if !creates && !matches!(planned.operation, Operation::InviteUser { .. }) {
        return true;
    }
    // SCIM adds members by the directory's ID.
    made.is_some() && !(creates && planned.via == Surface::Scim)
}
