//! Turns an operation of a plan into requests of this API: the only way from a plan to a write.

use http::Method;

use super::Scim;
use super::requests::{GROUP, GROUPS, NewUser, USER, USERS};
use crate::error::Error;
use crate::request::RequestError;
use crate::send::Sending;
use crate::write_outcome::{MadeIds, WriteOutcome};
use rollbook_core::model::{
    AccountId, Action, Address, CreatedIds, GroupId, Inactive, Key, Operation, Ref, ScimId, Surface,
    SurfaceIds, UserRef,
};

/// How many members one request adds. No maximum is documented; it bounds the operations that one refusal affects.
pub const ADDITIONS: usize = 50;

/// The method and the route that carry an operation out (docs/atlassian.md#scim); `None` if this API cannot do it.
pub fn route(operation: &Operation) -> Option<(Method, &'static str)> {
    match operation {
        Operation::CreateGroup { .. } => Some((Method::POST, GROUPS)),
        Operation::InviteUser { .. } => Some((Method::POST, USERS)),
        Operation::AddMember { .. } | Operation::RemoveMember { .. } => Some((Method::PATCH, GROUP)),
        Operation::ActivateUser { from: Inactive::Deactivated, .. }
        | Operation::UpdateUser { .. }
        | Operation::DeactivateUser { .. } => Some((Method::PATCH, USER)),
        Operation::DeleteGroup { .. } => Some((Method::DELETE, GROUP)),
        // Never a DELETE of a user, which cannot be undone; and SCIM has no suspension.
        Operation::ActivateUser { from: Inactive::Suspended, .. }
        | Operation::SuspendUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => None,
    }
}

/// The IDs that operations need: those of the plan, and those that were created since.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The IDs of the plan.
    pub ids: &'a SurfaceIds,
    /// The IDs that its operations created.
    pub made: &'a MadeIds,
}

impl Known<'_> {
    /// The SCIM ID of a group.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been created; the key of the group's creation stands for a group without
    /// an ID in the plan.
    pub fn group(&self, group: &Ref<GroupId>) -> Result<ScimId, RequestError> {
        let (found, key) = match group {
            Ref::Known(id) => (self.ids.scim_groups.get(id), unknown_group(id)),
            Ref::Made(key) => (self.made.scim(key), key.clone()),
        };
        found.cloned().ok_or(RequestError::Unresolved(key))
    }

    /// The SCIM ID of a user.
    ///
    /// # Errors
    /// As [`Known::group`].
    pub fn user(&self, account: &Ref<AccountId>) -> Result<ScimId, RequestError> {
        let (found, key) = match account {
            Ref::Known(id) => (self.ids.scim_users.get(id), unknown_user(id)),
            Ref::Made(key) => (self.made.scim(key), key.clone()),
        };
        found.cloned().ok_or(RequestError::Unresolved(key))
    }
}

fn unknown_group(id: &GroupId) -> Key {
    Key { address: Address::Group(id.as_str().into()), action: Action::Create }
}

fn unknown_user(id: &AccountId) -> Key {
    Key { address: Address::User(UserRef::Account(id.clone())), action: Action::Invite }
}

impl Scim {
    /// Carries an operation out.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not;
    /// [`RequestError`] when a required ID is unknown, this API cannot do it, or the tree gives Rollbook no authority over the
    /// directory.
    pub async fn write(
        &self,
        operation: &Operation,
        known: Known<'_>,
        sending: &mut Sending,
    ) -> Result<WriteOutcome, Error> {
        self.must_be_ours()?;
        let mut writes = self.noting(sending);
        let known_user = |account: &AccountId| known.user(&Ref::Known(account.clone()));
        let made = match operation {
            Operation::CreateGroup { name, .. } => {
                let group = writes.create_group(name).await?;
                Some(CreatedIds { scim_group: Some(group.id), ..CreatedIds::default() })
            }
            Operation::InviteUser { email, name, .. } => {
                let name =
                    name.as_deref().unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default());
                let user = writes.create_user(NewUser { email, name, active: true }).await?;
                Some(user.into())
            }
            Operation::AddMember { group, account } => {
                writes.add_members(&known.group(group)?, &[known.user(account)?]).await?;
                None
            }
            Operation::RemoveMember { membership } => {
                let group = known.group(&Ref::Known(membership.group().clone()))?;
                writes.remove_member(&group, &known_user(membership.account())?).await?;
                None
            }
            Operation::ActivateUser { account, from: Inactive::Deactivated, .. } => {
                writes.set_active(&known_user(account)?, true).await?;
                None
            }
            Operation::DeactivateUser { account, .. } => {
                writes.set_active(&known_user(account)?, false).await?;
                None
            }
            Operation::UpdateUser { account, name } => {
                writes.set_name(&known_user(account)?, name).await?;
                None
            }
            Operation::DeleteGroup { group, .. } => {
                let group = known.group(&Ref::Known(group.clone()))?;
                writes.delete_group(&group).await?;
                None
            }
            Operation::ActivateUser { from: Inactive::Suspended, .. }
            | Operation::SuspendUser { .. }
            | Operation::RemoveUser { .. }
            | Operation::AssignRole { .. }
            | Operation::RevokeRole { .. } => return Err(RequestError::Unsupported(Surface::Scim).into()),
        };
        Ok(WriteOutcome::Done { made })
    }

    /// Adds members to one group with one request.
    ///
    /// # Errors
    /// As [`Scim::write`].
    pub async fn add_together(
        &self,
        additions: &[&Operation],
        known: Known<'_>,
        sending: &mut Sending,
    ) -> Result<(), Error> {
        self.must_be_ours()?;
        let mut to = None;
        let mut users = Vec::new();
        for addition in additions {
            if let Operation::AddMember { group, account } = addition {
                to = Some(known.group(group)?);
                users.push(known.user(account)?);
            }
        }
        match to {
            Some(group) => self.noting(sending).add_members(&group, &users).await,
            None => Ok(()),
        }
    }

    fn must_be_ours(&self) -> Result<(), Error> {
        if self.is_ours() { Ok(()) } else { Err(RequestError::Unsupported(Surface::Scim).into()) }
    }
}
