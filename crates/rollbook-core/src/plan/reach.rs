//! How far operations reach beyond the site that a tree names (docs/design.md#reach-and-cost).

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::model::{Operation, PlannedOperation, Surface};

const GROUP: &str = "Groups are shared by every app of the organization.";
const DIRECTORY: &str = "Suspending, restoring and removing act on one directory, with all its apps.";
const EVERYWHERE: &str = "Deactivating and activating act on every Atlassian product, everywhere.";

/// One full sentence for each way in which the operations reach further.
pub(super) fn of(operations: &[PlannedOperation]) -> Vec<Cow<'static, str>> {
    let reach: BTreeSet<&'static str> = operations.iter().filter_map(sentence).collect();
    reach.into_iter().map(Cow::Borrowed).collect()
}

fn sentence(planned: &PlannedOperation) -> Option<&'static str> {
    match &planned.operation {
        Operation::CreateGroup { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::DeleteGroup { .. } => Some(GROUP),
        Operation::ActivateUser { .. } if planned.via != Surface::Organization => Some(EVERYWHERE),
        Operation::ActivateUser { .. } | Operation::SuspendUser { .. } => Some(DIRECTORY),
        Operation::RemoveUser { .. } if planned.via == Surface::Organization => Some(DIRECTORY),
        Operation::DeactivateUser { .. } => Some(EVERYWHERE),
        // Jira removes somebody only from the site, and an invitation or a name reaches no further than it says.
        Operation::RemoveUser { .. }
        | Operation::InviteUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => None,
    }
}
