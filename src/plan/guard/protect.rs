//! `protect`: nothing about these people and groups is ever revoked.

use std::collections::BTreeSet;

use crate::model::{AccountId, GroupId, Guard, Operation, PlannedOperation, UserRef};

use super::{Case, Rules, Tripped};
use crate::plan::marked::Marked;
use crate::plan::resolve::Identity;

/// Refused when the plan revokes anything of somebody, or in a group, that the policy protects.
pub(super) fn protect(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let protect = &rules.desired.declaration.policy.protect;
    let users: Vec<UserRef> = protect.users.iter().map(|user| UserRef::Email(user.value.clone())).collect();
    let accounts: BTreeSet<&AccountId> = users
        .iter()
        .filter_map(|user| match rules.people.person(user) {
            Identity::Account(id) => Some(id),
            Identity::Missing | Identity::Unresolved(_) => None,
        })
        .collect();
    let groups = Marked::of(&protect.groups, rules.groups, case.context.live);
    let of_person = |planned: &PlannedOperation| {
        let named = planned.key.address.user().is_some_and(|user| users.contains(user));
        named || revoked(&planned.operation).iter().any(|account| accounts.contains(account))
    };
    let of_group = |planned: &PlannedOperation| revoked_groups(&planned.operation).any(|id| groups.holds(id));
    let mut tripped = Vec::new();
    for planned in case.operations.values().filter(|planned| planned.operation.revokes() > 0) {
        let what = match (of_person(planned), of_group(planned)) {
            (true, _) => "somebody whom `protect.users` names",
            (false, true) => "a group that `protect.groups` names",
            (false, false) => continue,
        };
        tripped.push(Tripped {
            guard: Guard::Protect,
            addresses: vec![planned.key.address.clone()],
            why: format!("`{}` revokes something of {what}", planned.key),
            help: "Take the protection back in a change of its own, where that is really meant.".into(),
        });
    }
    tripped
}

/// The accounts that lose something by an operation.
fn revoked(operation: &Operation) -> Vec<&AccountId> {
    match operation {
        Operation::DeleteGroup { members, .. } => {
            members.iter().map(|lost| lost.membership.account()).collect()
        }
        Operation::RemoveMember { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. } => operation.account().into_iter().collect(),
        Operation::CreateGroup { .. }
        | Operation::InviteUser { .. }
        | Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::AddMember { .. } => Vec::new(),
    }
}

/// The groups in which an operation revokes something.
fn revoked_groups(operation: &Operation) -> impl Iterator<Item = &GroupId> {
    let kept = operation.leaver().map_or(&[][..], |(_, memberships)| memberships);
    operation.group().into_iter().chain(kept.iter().map(|kept| kept.membership.group()))
}
