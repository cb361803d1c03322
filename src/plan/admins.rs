//! Nothing may leave the site or the organization without an active administrator (design §9, 2).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Blocked, GroupId, Key, LiveAccount, Operation, PlannedOperation, Reading, Ref,
};

use super::resolve::Obstacle;
use super::route::Context;

/// Takes out the operations that together would leave no administrator, with what that blocks. Those that require
/// one of them stay: they only prepare it.
pub(super) fn keep_one(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Vec<Blocked> {
    let mut blocked = Vec::new();
    for (who, last) in [
        ("organization", organization_admins(operations, context)),
        ("site", site_admins(operations, context)),
    ] {
        for key in last {
            let Some(planned) = operations.remove(&key) else { continue };
            let obstacle = Obstacle {
                code: "last-admin",
                why: format!("it would leave the {who} without an active administrator"),
                help: "Make somebody else an administrator first.".into(),
            };
            blocked.push(obstacle.blocks(planned));
        }
    }
    blocked
}

/// The account that loses all its access by an operation.
fn leaver(operation: &Operation) -> Option<&AccountId> {
    match operation {
        Operation::SuspendUser { account, .. }
        | Operation::DeactivateUser { account, .. }
        | Operation::RemoveUser { account, .. } => Some(account),
        Operation::CreateGroup { .. }
        | Operation::InviteUser { .. }
        | Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::DeleteGroup { .. } => None,
    }
}

fn organization_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Vec<Key> {
    let Reading::Read(admins) = &context.capabilities.organization_admins else { return Vec::new() };
    let leaving: Vec<(&Key, &AccountId)> = operations
        .iter()
        .filter_map(|(key, planned)| Some((key, leaver(&planned.operation)?)))
        .filter(|(_, account)| admins.contains(*account))
        .collect();
    let gone: BTreeSet<&AccountId> = leaving.iter().map(|(_, account)| *account).collect();
    if gone.is_empty() || gone.len() < admins.len() {
        return Vec::new();
    }
    leaving.into_iter().map(|(key, _)| key.clone()).collect()
}

/// The operations that take site administration from whoever has it, where nobody would have it after all of them.
fn site_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Vec<Key> {
    let Reading::Read(before) = &context.capabilities.site_admins else { return Vec::new() };
    let groups: BTreeSet<&GroupId> = context.live.rights.site_admin_groups().map(|group| &group.id).collect();
    let mut after: BTreeSet<(&AccountId, &GroupId)> = before.iter().map(|(a, g)| (a, g)).collect();
    let mut taking = Vec::new();
    for (key, planned) in operations {
        if let Operation::AddMember { group: Ref::Known(group), account: Ref::Known(account) } =
            &planned.operation
        {
            let active = context.live.accounts.get(account).is_some_and(LiveAccount::active);
            if active && groups.contains(group) {
                after.insert((account, group));
            }
        } else if let Operation::RemoveMember { membership } = &planned.operation {
            let taken = after.remove(&(membership.account(), membership.group()));
            taking.extend(taken.then(|| key.clone()));
        } else if let Some(account) = leaver(&planned.operation) {
            let had = after.len();
            after.retain(|(admin, _)| *admin != account);
            taking.extend((after.len() < had).then(|| key.clone()));
        }
    }
    if after.is_empty() { taking } else { Vec::new() }
}
