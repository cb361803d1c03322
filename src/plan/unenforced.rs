//! The rules of a tree that this version accepts and does not enforce: a plan says so.

use crate::model::{Declaration, Guard, SelfGrant, Unenforced};

pub(super) fn unenforced(declaration: &Declaration) -> Vec<Unenforced> {
    let policy = &declaration.policy;
    let set = [
        (Guard::MaxRevokes, policy.max_revokes.is_some()),
        (Guard::KeepAtLeast, !policy.keep_at_least.is_empty()),
        (Guard::Protect, !policy.protect.users.is_empty() || !policy.protect.groups.is_empty()),
        (Guard::Exclusive, !policy.exclusive.is_empty()),
        (Guard::SelfGrant, policy.self_grant == SelfGrant::Refuse),
    ];
    set.into_iter().filter(|(_, set)| *set).map(|(guard, _)| Unenforced { guard }).collect()
}
