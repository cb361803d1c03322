//! `reactivation`: somebody who was suspended by hand stays so (design §7).

use crate::model::{Drift, Guard, Operation, PlannedOperation, Reason};

use super::{Case, Rules, Tripped};

/// Refused when the plan lets somebody back in whom the base did not offboard: their access may have been taken away on
/// purpose. Without a base nobody can tell. Somebody who has an account and is in no directory is invited back.
pub(super) fn reactivation(case: &Case<'_>, _: &Rules<'_>) -> Vec<Tripped> {
    let trips = |planned: &&PlannedOperation| match &planned.operation {
        // The journal shows that the run which is taken back did it, and `undo` gives back nothing that the tree denies.
        Operation::ActivateUser { .. } if planned.reason == Reason::Undone => false,
        Operation::ActivateUser { account, .. } => {
            let base = case.context.base.map(|base| &base.tree);
            planned.drift != Drift::No || base.is_none_or(|base| !base.offboards(account))
        }
        Operation::InviteUser { .. } => planned.drift == Drift::Yes && has_account(case, planned),
        Operation::CreateGroup { .. }
        | Operation::UpdateUser { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. } => false,
    };
    case.operations.values().filter(trips).map(tripped).collect()
}

fn has_account(case: &Case<'_>, planned: &PlannedOperation) -> bool {
    let user = planned.key.address.user();
    user.is_some_and(|user| case.context.tree.account(user).is_some())
}

fn tripped(planned: &PlannedOperation) -> Tripped {
    let (why, help) = if planned.drift == Drift::Unknown {
        (
            "without a base nobody can tell whether somebody took their access away on purpose",
            "Compare with the commit before the change, by `--base`; or apply by hand with `--allow reactivation`.",
        )
    } else {
        (
            "the tree did not offboard them before, so somebody took their access away by hand",
            "Find out why; then declare `active: false`, or waive `reactivation` for this person.",
        )
    };
    Tripped {
        guard: Guard::Reactivation,
        addresses: vec![planned.key.address.clone()],
        rule: String::new(),
        why: why.into(),
        help: help.into(),
    }
}
