//! Who is in the groups that were read, and is active, once a plan is carried out.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, GroupId, LiveAccount, LiveState, Operation, PlannedOperation, Ref, UserRef};

/// Somebody, by account, or by the name of whoever has none yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who<'a> {
    Account(&'a AccountId),
    Invited(&'a UserRef),
}

impl<'a> Who<'a> {
    /// Whom an addition is about.
    pub(super) fn added(account: &'a Ref<AccountId>, user: &'a UserRef) -> Self {
        account.known().map_or(Self::Invited(user), Self::Account)
    }
}

/// The groups of everybody, and who is not active.
pub(super) struct After<'a> {
    pub(super) members: BTreeMap<&'a GroupId, BTreeSet<Who<'a>>>,
    inactive: BTreeSet<&'a AccountId>,
}

impl<'a> After<'a> {
    /// As live is.
    pub(super) fn before(live: &'a LiveState) -> Self {
        let members =
            live.members.iter().map(|(group, members)| (group, members.iter().map(Who::Account).collect()));
        let inactive = live.accounts.iter().filter(|(_, account)| !LiveAccount::active(account));
        Self { members: members.collect(), inactive: inactive.map(|(id, _)| id).collect() }
    }

    /// As it will be.
    pub(super) fn of(live: &'a LiveState, operations: impl Iterator<Item = &'a PlannedOperation>) -> Self {
        let mut after = Self::before(live);
        for planned in operations {
            after.carry_out(planned);
        }
        after
    }

    fn carry_out(&mut self, planned: &'a PlannedOperation) {
        match &planned.operation {
            Operation::AddMember { group: Ref::Known(group), account } => {
                let who = planned.key.address.user().map(|user| Who::added(account, user));
                self.members.entry(group).or_default().extend(who);
            }
            Operation::RemoveMember { membership } => {
                if let Some(members) = self.members.get_mut(membership.group()) {
                    members.remove(&Who::Account(membership.account()));
                }
            }
            Operation::ActivateUser { account, .. } => {
                self.inactive.remove(account);
            }
            Operation::SuspendUser { account, .. }
            | Operation::DeactivateUser { account, .. }
            | Operation::RemoveUser { account, .. } => {
                self.inactive.insert(account);
            }
            Operation::DeleteGroup { group, .. } => {
                self.members.remove(group);
            }
            // A group that is made has no floor yet, and excludes nobody by itself.
            Operation::AddMember { group: Ref::Made(_), .. }
            | Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::UpdateUser { .. } => {}
        }
    }

    /// The members of a group who are active.
    pub(super) fn active(&self, group: &GroupId) -> usize {
        let is_active = |who: &&Who<'_>| match who {
            Who::Account(id) => !self.inactive.contains(id),
            Who::Invited(_) => true,
        };
        self.members.get(group).map_or(0, |members| members.iter().filter(is_active).count())
    }
}
