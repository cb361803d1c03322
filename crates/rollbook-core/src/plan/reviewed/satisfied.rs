//! Checks whether the effect of a reviewed operation already exists.

use crate::model::{AccountId, Address, GroupId, Key, LiveAccount, Operation, Ref, UserRef};

use super::Now;

/// Whether the site shows it. State that was not read does not count.
pub(super) fn satisfied(key: &Key, operation: &Operation, now: &Now<'_>) -> bool {
    let live = now.context.live;
    match operation {
        Operation::CreateGroup { name, .. } => live.groups.iter().any(|group| group.name == *name),
        Operation::DeleteGroup { group, .. } => live.groups.iter().all(|live| live.id != *group),
        Operation::InviteUser { .. } => key
            .address
            .user()
            .and_then(|user| now.account(user))
            .and_then(|id| live.accounts.get(id))
            .is_some_and(LiveAccount::active),
        Operation::ActivateUser { account, .. } => now.active(account) == Some(true),
        Operation::SuspendUser { account, .. }
        | Operation::DeactivateUser { account, .. }
        | Operation::RemoveUser { account, .. } => now.active(account) == Some(false),
        Operation::UpdateUser { account, name } => {
            live.accounts.get(account).is_some_and(|account| account.name == *name)
        }
        Operation::AddMember { group, account } => {
            let account = account.known().or_else(|| now.account(key.address.user()?));
            let members = now.group(key, group).and_then(|group| live.members.get(group));
            members.zip(account).is_some_and(|(members, account)| members.contains(account))
        }
        Operation::AssignRole { group, access } => {
            let group = now.group(key, group);
            group.is_some_and(|group| live.grants.holds(group, access) == Some(true))
        }
        Operation::RevokeRole { held } => match live.grants.holds(held.group(), held.access()) {
            Some(holds) => !holds,
            None => live.groups.iter().all(|group| group.id != *held.group()),
        },
        Operation::RemoveMember { membership } => match live.members.get(membership.group()) {
            Some(members) => !members.contains(membership.account()),
            None => live.groups.iter().all(|group| group.id != *membership.group()),
        },
    }
}

impl Now<'_> {
    fn account(&self, user: &UserRef) -> Option<&AccountId> {
        self.context.tree.account(user)
    }

    fn active(&self, account: &AccountId) -> Option<bool> {
        self.context.live.accounts.get(account).map(LiveAccount::active)
    }

    /// The group of a membership or a role, which may have been created under its name.
    fn group<'g>(&'g self, key: &Key, group: &'g Ref<GroupId>) -> Option<&'g GroupId> {
        let (Address::Member(name, _) | Address::Grant(name, _)) = &key.address else { return group.known() };
        group.known().or_else(|| self.context.tree.groups.id(name))
    }
}
