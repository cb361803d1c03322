//! `reactivation`: somebody who was suspended by hand stays so (docs/design.md#coming-back).

use crate::model::{Drift, Guard, Operation, PlannedOperation, Reason};

use super::{Case, Rules, Tripped};

/// Refused when the plan lets somebody back in although the base did not offboard them: their access may have been revoked on
/// purpose. Without a base this is unknown. A person who has an account and is in no directory is invited back. A journal that
/// shows who suspended them does not show later manual changes, so `undo` is judged alike.
pub(super) fn reactivation(case: &Case<'_>, _: &Rules<'_>) -> Vec<Tripped> {
    let trips = |planned: &&PlannedOperation| {
        if let Operation::ActivateUser { account, .. } = &planned.operation {
            let base = case.context.base.map(|base| &base.tree);
            // `undo` restores nothing that the tree denies, and its operations are never drift.
            let drifted = planned.drift != Drift::No && planned.reason != Reason::Undone;
            return drifted || base.is_none_or(|base| !base.offboards(account));
        }
        let invites = matches!(planned.operation, Operation::InviteUser { .. });
        // If an apply that asked for them has completed, they had an account, even if no account shows the address now.
        let had_account = has_account(case, planned) || case.context.was_applied(&planned.key.address, None);
        invites && (planned.drift == Drift::Yes && had_account || was_member(case, planned))
    };
    case.operations.values().filter(trips).map(|planned| tripped(case, planned)).collect()
}

fn has_account(case: &Case<'_>, planned: &PlannedOperation) -> bool {
    let user = planned.key.address.user();
    user.is_some_and(|user| case.context.tree.account(user).is_some())
}

/// Whether an apply has completed of a tree that has them in a group. Without an account, it would not have completed.
fn was_member(case: &Case<'_>, planned: &PlannedOperation) -> bool {
    let base = case.context.base;
    let applied = base.filter(|base| base.revision.applied).map(|base| &base.tree).or(case.context.applied);
    let (Some(applied), Some(user)) = (applied, planned.key.address.user()) else { return false };
    applied.desired.groups.values().any(|group| group.members.contains_key(user))
}

fn tripped(case: &Case<'_>, planned: &PlannedOperation) -> Tripped {
    let (why, help) = match (planned.reason == Reason::Undone, case.context.base) {
        (false, None) => (
            "without a base it is unknown whether their access was revoked on purpose",
            "Compare with the commit before the change, by `--base`; or apply by hand with `--allow reactivation`.",
        ),
        (false, Some(_)) if planned.operation.account().is_none() && !has_account(case, planned) => (
            "an apply that asked for them has completed, and no account shows the address any more: its holder may \
             have another one by now, and all of their old access",
            "Find out who that was, and write their current email; or waive `reactivation` for this person.",
        ),
        (false, Some(_)) => (
            "the tree did not offboard them before, so their access was revoked by hand",
            "Find out why; then declare `active: false`, or waive `reactivation` for this person.",
        ),
        (true, None) => (
            "without a base it is unknown whether their access was revoked by hand since the run",
            "Compare by `--base` with the commit that the run applied; or apply by hand with `--allow reactivation`.",
        ),
        (true, Some(_)) => (
            "the base does not offboard them, so their access may have been revoked by hand since the run",
            "Find out whether it was. If not, apply by hand with `--allow reactivation`.",
        ),
    };
    Tripped {
        guard: Guard::Reactivation,
        addresses: vec![planned.key.address.clone()],
        rule: String::new(),
        why: why.into(),
        help: help.into(),
    }
}
