//! Guards that the tree asks for and that nothing can judge without a base revision to compare with.

use crate::model::{Guard, Operation, PlannedOperation, Ruling, SelfGrant, Verdict};

use super::Case;

pub(super) fn unjudged(case: &Case<'_>) -> Vec<Verdict> {
    let policy = &case.context.desired.declaration.policy;
    let activates = |planned: &PlannedOperation| matches!(planned.operation, Operation::ActivateUser { .. });
    let asked = [
        (Guard::SelfGrant, policy.self_grant == SelfGrant::Refuse),
        // Whether somebody else took the access away on purpose is known against a base alone (design §7).
        (Guard::Reactivation, case.operations.values().any(activates)),
    ];
    let verdict = |guard| Verdict {
        guard,
        ruling: Ruling::NotJudged,
        addresses: Vec::new(),
        why: "this version does not compare with a base revision".into(),
        help: "Look at it in review.".into(),
    };
    asked.into_iter().filter(|(_, asked)| *asked).map(|(guard, _)| verdict(guard)).collect()
}
