//! The effect of a change on an account and a group, by whatever names: two changes of one deed are one.

use crate::model::{
    Access, AccountId, Action, Address, Blocked, Change, GroupId, GroupName, UserRef, Wanted,
};

use crate::plan::identity::Resolved;

/// An action and its object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deed {
    action: Action,
    group: Option<GroupKey>,
    user: Option<UserKey>,
    access: Option<Access>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GroupKey {
    Id(GroupId),
    /// A group that does not exist, or that is ambiguous.
    Name(GroupName),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UserKey {
    Account(AccountId),
    Name(UserRef),
}

impl Deed {
    /// The deed of a change that a tree wants.
    pub(super) fn of(change: &Change, tree: &Resolved<'_>) -> Self {
        let (group, account) = match &change.wanted {
            Wanted::AddMember { group, account } => (group.known(), account.known()),
            Wanted::RemoveMember { membership } => (Some(membership.group()), Some(membership.account())),
            Wanted::DeleteGroup { group, .. } => (Some(group), None),
            Wanted::AssignRole { group, .. } => (group.known(), None),
            Wanted::RevokeRole { held } => (Some(held.group()), None),
            Wanted::OffboardUser { account, .. }
            | Wanted::ActivateUser { account, .. }
            | Wanted::UpdateUser { account, .. } => (None, Some(account)),
            Wanted::CreateGroup { .. } | Wanted::InviteUser { .. } => (None, None),
        };
        let named = Self::at(&change.address, change.wanted.action(), tree);
        Self {
            group: group.cloned().map(GroupKey::Id).or(named.group),
            user: account.cloned().map(UserKey::Account).or(named.user),
            ..named
        }
    }

    /// The deed of a change that a tree wants and that is blocked.
    pub(super) fn of_blocked(blocked: &Blocked, tree: &Resolved<'_>) -> Self {
        Self::at(&blocked.address, blocked.action, tree)
    }

    fn at(address: &Address, action: Action, tree: &Resolved<'_>) -> Self {
        let group = address.group().map(|name| match tree.groups.id(name) {
            Some(id) => GroupKey::Id(id.clone()),
            None => GroupKey::Name(name.clone()),
        });
        let user = address.user().map(|user| match (tree.account(user), user) {
            (Some(id), _) | (None, UserRef::Account(id)) => UserKey::Account(id.clone()),
            (None, UserRef::Email(_)) => UserKey::Name(user.clone()),
        });
        Self { action, group, user, access: address.access().cloned() }
    }

    pub(super) fn group_id(&self) -> Option<&GroupId> {
        match &self.group {
            Some(GroupKey::Id(group)) => Some(group),
            Some(GroupKey::Name(_)) | None => None,
        }
    }

    pub(super) fn account(&self) -> Option<&AccountId> {
        match &self.user {
            Some(UserKey::Account(account)) => Some(account),
            Some(UserKey::Name(_)) | None => None,
        }
    }

    /// The membership that it ends.
    pub(super) fn ends(&self) -> Option<(&GroupId, &AccountId)> {
        self.group_id().zip(self.account()).filter(|_| self.action == Action::Remove)
    }
}

/// Whether two changes of one deed have the same effect.
pub(super) fn same(one: &Wanted, other: &Wanted) -> bool {
    match (one, other) {
        // The site decides who loses a deleted group, and the tree decides the name of a person.
        (Wanted::DeleteGroup { .. }, Wanted::DeleteGroup { .. })
        | (Wanted::AddMember { .. }, Wanted::AddMember { .. })
        | (Wanted::AssignRole { .. }, Wanted::AssignRole { .. })
        | (Wanted::ActivateUser { .. }, Wanted::ActivateUser { .. }) => true,
        (one, other) => one == other,
    }
}
