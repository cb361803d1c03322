//! The rules of a tree that this version accepts and does not enforce: a plan says so.

use crate::model::{Declaration, Guard, Operation, PlannedOperation, SelfGrant, Unenforced};

pub(super) fn unenforced(declaration: &Declaration, operations: &[PlannedOperation]) -> Vec<Unenforced> {
    let policy = &declaration.policy;
    let activates = |planned: &PlannedOperation| matches!(planned.operation, Operation::ActivateUser { .. });
    let set = [
        (Guard::MaxRevokes, policy.max_revokes.is_some()),
        (Guard::KeepAtLeast, !policy.keep_at_least.is_empty()),
        (Guard::Protect, !policy.protect.users.is_empty() || !policy.protect.groups.is_empty()),
        (Guard::Exclusive, !policy.exclusive.is_empty()),
        (Guard::SelfGrant, policy.self_grant == SelfGrant::Refuse),
        // Whether somebody else took the access away on purpose is known against a base alone (design §7).
        (Guard::Reactivation, operations.iter().any(activates)),
    ];
    set.into_iter().filter(|(_, set)| *set).map(|(guard, _)| Unenforced { guard }).collect()
}
