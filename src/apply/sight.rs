//! What a read must show for an operation to be seen.

use crate::atlassian::MadeIds;
use crate::model::{
    AccountId, Email, GroupId, GroupName, Key, Operation, PlannedOperation, Ref, ScimId, Surface, SurfaceIds,
};

/// What a read must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The account is in the group, or is not.
    Member { group: GroupId, account: AccountId, present: bool },
    /// The group exists, or does not.
    Group { group: GroupId, present: bool },
    /// A group of this name exists; its id got lost with the answer, or the surface does not tell it.
    Named(GroupName),
    /// The account is active, or is not: one that was removed is still shown (fact sheet §1.3).
    Account { account: AccountId, active: bool },
    /// The organization knows somebody by this e-mail: the account got lost with the answer.
    Person(Email),
    /// The SCIM directory has the user in the group: Atlassian's id of a group that was made there is not known.
    ScimMember { group: ScimId, user: ScimId },
    /// The SCIM directory has a user of this unique name.
    ScimUser(Email),
    /// The SCIM directory gives the user this name.
    ScimName { user: ScimId, name: String },
    /// Nothing that can be read would tell.
    Nothing,
}

pub(super) fn sight(planned: &PlannedOperation, made: &MadeIds, ids: &SurfaceIds) -> Sight {
    let own = Ref::Made(planned.key.clone());
    match &planned.operation {
        Operation::AddMember { group, account } => match (made.group(group), made.account(account)) {
            (Ok(group), Ok(account)) => Sight::Member { group, account, present: true },
            (Err(_), _) | (_, Err(_)) => scim_member(group.made(), account, made, ids),
        },
        Operation::RemoveMember { membership } => Sight::Member {
            group: membership.group().clone(),
            account: membership.account().clone(),
            present: false,
        },
        Operation::CreateGroup { name, .. } => match made.group(&own_group(&planned.key)) {
            Ok(group) => Sight::Group { group, present: true },
            Err(_) => Sight::Named(name.clone()),
        },
        Operation::DeleteGroup { group, .. } => Sight::Group { group: group.clone(), present: false },
        Operation::InviteUser { email, apps, .. } => match made.account(&own) {
            Ok(account) => Sight::Account { account, active: true },
            Err(_) => match planned.via {
                Surface::Scim => Sight::ScimUser(email.clone()),
                // That somebody is there does not say that they got an app.
                Surface::Organization if apps.is_empty() => Sight::Person(email.clone()),
                // Jira hides e-mails, so that no read would tell.
                Surface::Organization | Surface::Jira | Surface::UserManagement => Sight::Nothing,
            },
        },
        Operation::ActivateUser { account, .. } => Sight::Account { account: account.clone(), active: true },
        Operation::SuspendUser { account, .. }
        | Operation::DeactivateUser { account, .. }
        | Operation::RemoveUser { account, was_active: true, .. } => {
            Sight::Account { account: account.clone(), active: false }
        }
        // Whoever was inactive looks the same before and after (fact sheet §1.3).
        Operation::RemoveUser { was_active: false, .. } => Sight::Nothing,
        Operation::UpdateUser { account, name } => match ids.scim_users.get(account) {
            Some(user) => Sight::ScimName { user: user.clone(), name: name.clone() },
            None => Sight::Nothing,
        },
    }
}

fn own_group(key: &Key) -> Ref<GroupId> {
    Ref::Made(key.clone())
}

fn scim_member(group: Option<&Key>, account: &Ref<AccountId>, made: &MadeIds, ids: &SurfaceIds) -> Sight {
    let user = match account {
        Ref::Known(id) => ids.scim_users.get(id),
        Ref::Made(key) => made.scim(key),
    };
    match (group.and_then(|key| made.scim(key)), user) {
        (Some(group), Some(user)) => Sight::ScimMember { group: group.clone(), user: user.clone() },
        (None, _) | (_, None) => Sight::Nothing,
    }
}
