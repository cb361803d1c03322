//! The steps of a plan.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Access, HeldRole};
use super::address::{Key, UserRef};
use super::email::Email;
use super::ids::{AccountId, App, GroupId, GroupName};
use super::live::Membership;
use super::words::words;

/// One step. It is matched exhaustively everywhere, so the compiler finds every place that a new one concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Operation {
    /// Creates an empty group.
    CreateGroup {
        /// Its name.
        name: GroupName,
        /// Its purpose; not every surface can send it.
        description: Option<String>,
    },
    /// Invites a person to the site, or provisions them.
    InviteUser {
        /// Their email.
        email: Email,
        /// Their display name, if the tree has it; not every surface can send it.
        name: Option<String>,
        /// The apps that the invitation asks for.
        apps: Vec<App>,
        /// The groups that it adds the person to by itself: no separate requests add them.
        groups: Vec<Ref<GroupId>>,
        /// The default groups of its apps: the site adds the person to them by itself.
        defaults: Vec<NamedGroup>,
        /// Whether Atlassian sends the person a mail.
        sends_mail: bool,
    },
    /// Makes an account active again.
    ActivateUser {
        /// The account.
        account: AccountId,
        /// The status that it ends.
        from: Inactive,
        /// The memberships that have an effect again.
        memberships: Vec<Kept>,
    },
    /// Sets a user's display name.
    UpdateUser {
        /// The account.
        account: AccountId,
        /// The name.
        name: String,
    },
    /// Adds an account to a group.
    AddMember {
        /// The group.
        group: Ref<GroupId>,
        /// The account.
        account: Ref<AccountId>,
    },
    /// Removes an account from a group.
    RemoveMember {
        /// The membership, as it was read.
        membership: Membership,
    },
    /// Revokes an account's access in one directory.
    SuspendUser {
        /// The account.
        account: AccountId,
        /// The memberships that stay, without effect.
        memberships: Vec<Kept>,
    },
    /// Closes an account for every Atlassian product.
    DeactivateUser {
        /// The account.
        account: AccountId,
        /// The memberships that stay, without effect.
        memberships: Vec<Kept>,
    },
    /// Removes an account from the site.
    RemoveUser {
        /// The account.
        account: AccountId,
        /// The memberships that are lost with it and that no other operation of the plan ends.
        memberships: Vec<Kept>,
        /// Whether the account was active, so that its being inactive shows that it is removed.
        was_active: bool,
    },
    /// Deletes a group.
    DeleteGroup {
        /// The group.
        group: GroupId,
        /// The memberships that are lost with it.
        members: Vec<Lost>,
    },
    /// Gives a group a role in an app. [`AccessChange`](super::AccessChange) says who gets the role by that.
    AssignRole {
        /// The group.
        group: Ref<GroupId>,
        /// The role.
        access: Access,
    },
    /// Takes a role in an app from a group.
    RevokeRole {
        /// The role, as it was read.
        held: HeldRole,
    },
}

/// The status of an inactive account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inactive {
    /// Suspended in the directory.
    Suspended,
    /// Deactivated, for every product.
    Deactivated,
}

/// A membership of the person an operation is about, with the name that the plan uses for its group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The group's name.
    pub group: GroupName,
    /// The membership, as it was read.
    pub membership: Membership,
}

/// A group of the site, with the name that the plan uses for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NamedGroup {
    /// Its ID.
    pub id: GroupId,
    /// Its name.
    pub name: GroupName,
}

/// A membership that is lost with something else, and its person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// The membership, as it was read.
    pub membership: Membership,
    /// The person, as the plan calls them.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// The display name.
    pub name: Option<String>,
}

/// An ID that is known, or that another operation of the plan will create.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ref<Id> {
    /// The ID.
    Known(Id),
    /// The operation whose response contains it.
    Made(Key),
}

/// Whether an operation widens or narrows access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It narrows access.
    Revoke,
    /// It prepares, and changes nobody's access.
    Neutral,
    /// It widens access.
    Grant,
}

words! {
    /// The reason for an operation.
    pub enum Reason {
        /// The tree asks for it.
        Declared = "declared",
        /// The tree asks for everybody in a synced group, and this is one of them.
        Synced = "synced",
        /// The tree does not name it, in a group that is exact.
        Undeclared = "undeclared",
        /// Its `until` is past.
        Expired = "expired",
        /// An `except` names the person.
        Excepted = "excepted",
        /// The tree has `active: false` for the person.
        Offboarded = "offboarded",
        /// Nothing declares the person.
        Unlisted = "unlisted",
        /// An undo reverts a run's operation.
        Undone = "undone",
    }
}

words! {
    /// One of the APIs.
    pub enum Surface {
        /// Jira Cloud platform, REST v3.
        Jira = "jira",
        /// The Organizations API.
        Organization = "organization",
        /// The User management API: accounts that the organization manages.
        UserManagement = "user-management",
        /// The User provisioning API of one directory.
        Scim = "scim",
    }
}

impl Operation {
    /// Whether it widens or narrows access.
    pub fn direction(&self) -> Direction {
        match self {
            Self::CreateGroup { .. } | Self::UpdateUser { .. } => Direction::Neutral,
            Self::InviteUser { .. }
            | Self::ActivateUser { .. }
            | Self::AddMember { .. }
            | Self::AssignRole { .. } => Direction::Grant,
            Self::RemoveMember { .. }
            | Self::SuspendUser { .. }
            | Self::DeactivateUser { .. }
            | Self::RemoveUser { .. }
            | Self::DeleteGroup { .. }
            | Self::RevokeRole { .. } => Direction::Revoke,
        }
    }

    /// Its account, if that is already known.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::CreateGroup { .. }
            | Self::InviteUser { .. }
            | Self::DeleteGroup { .. }
            | Self::AssignRole { .. }
            | Self::RevokeRole { .. } => None,
            Self::ActivateUser { account, .. }
            | Self::UpdateUser { account, .. }
            | Self::SuspendUser { account, .. }
            | Self::DeactivateUser { account, .. }
            | Self::RemoveUser { account, .. } => Some(account),
            Self::AddMember { account, .. } => account.known(),
            Self::RemoveMember { membership } => Some(membership.account()),
        }
    }

    /// Its group, if that is already known.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Self::CreateGroup { .. }
            | Self::InviteUser { .. }
            | Self::ActivateUser { .. }
            | Self::UpdateUser { .. }
            | Self::SuspendUser { .. }
            | Self::DeactivateUser { .. }
            | Self::RemoveUser { .. } => None,
            Self::AddMember { group, .. } | Self::AssignRole { group, .. } => group.known(),
            Self::RemoveMember { membership } => Some(membership.group()),
            Self::DeleteGroup { group, .. } => Some(group),
            Self::RevokeRole { held } => Some(held.group()),
        }
    }

    /// Its account, known or not.
    pub fn account_ref(&self) -> Option<Ref<AccountId>> {
        if let Self::AddMember { account, .. } = self {
            return Some(account.clone());
        }
        self.account().cloned().map(Ref::Known)
    }

    /// Its group, known or not.
    pub fn group_ref(&self) -> Option<Ref<GroupId>> {
        if let Self::AddMember { group, .. } | Self::AssignRole { group, .. } = self {
            return Some(group.clone());
        }
        self.group().cloned().map(Ref::Known)
    }

    /// The account that loses all its access by it, and the memberships that it ends or makes ineffective.
    pub fn leaver(&self) -> Option<(&AccountId, &[Kept])> {
        if let Self::SuspendUser { account, memberships }
        | Self::DeactivateUser { account, memberships }
        | Self::RemoveUser { account, memberships, .. } = self
        {
            return Some((account, memberships));
        }
        None
    }

    /// Whether it removes a membership, an account, a group or a role, so that a response "not found" may be its success.
    pub fn removes(&self) -> bool {
        matches!(
            self,
            Self::RemoveMember { .. }
                | Self::RemoveUser { .. }
                | Self::DeleteGroup { .. }
                | Self::RevokeRole { .. }
        )
    }

    /// The memberships that have an effect again, or lose it, with an account or a group.
    pub fn memberships(&self) -> impl Iterator<Item = &Membership> {
        let kept: &[Kept] = if let Self::ActivateUser { memberships, .. }
        | Self::SuspendUser { memberships, .. }
        | Self::DeactivateUser { memberships, .. }
        | Self::RemoveUser { memberships, .. } = self
        {
            memberships
        } else {
            &[]
        };
        let lost: &[Lost] = if let Self::DeleteGroup { members, .. } = self { members } else { &[] };
        kept.iter().map(|kept| &kept.membership).chain(lost.iter().map(|lost| &lost.membership))
    }

    /// Adds a membership of its account that has an effect again, or loses it, by the operation.
    pub fn keep(&mut self, kept: &Kept) {
        if let Self::ActivateUser { account, memberships, .. }
        | Self::SuspendUser { account, memberships }
        | Self::DeactivateUser { account, memberships }
        | Self::RemoveUser { account, memberships, .. } = self
            && account == kept.membership.account()
            && !memberships.contains(kept)
        {
            memberships.push(kept.clone());
            memberships.sort();
        }
    }

    /// The operations that create an ID which it needs.
    pub fn awaits(&self) -> Vec<&Key> {
        match self {
            Self::AddMember { group, account } => {
                [group.made(), account.made()].into_iter().flatten().collect()
            }
            Self::InviteUser { groups, .. } => groups.iter().filter_map(Ref::made).collect(),
            Self::AssignRole { group, .. } => group.made().into_iter().collect(),
            Self::CreateGroup { .. }
            | Self::ActivateUser { .. }
            | Self::UpdateUser { .. }
            | Self::RemoveMember { .. }
            | Self::SuspendUser { .. }
            | Self::DeactivateUser { .. }
            | Self::RemoveUser { .. }
            | Self::DeleteGroup { .. }
            | Self::RevokeRole { .. } => Vec::new(),
        }
    }

    /// Whether it is an invitation that adds the person to a group by itself.
    pub fn joins(&self, group: &Ref<GroupId>) -> bool {
        matches!(self, Self::InviteUser { groups, .. } if groups.contains(group))
    }

    /// The groups to which the site adds somebody by itself.
    pub fn defaults(&self) -> &[NamedGroup] {
        if let Self::InviteUser { defaults, .. } = self { defaults } else { &[] }
    }

    /// Its apps.
    pub fn apps(&self) -> &[App] {
        if let Self::InviteUser { apps, .. } = self {
            return apps;
        }
        self.access().map_or(&[], |access| std::slice::from_ref(&access.app))
    }

    /// The role in an app that it gives or revokes.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Self::AssignRole { access, .. } => Some(access),
            Self::RevokeRole { held } => Some(held.access()),
            Self::CreateGroup { .. }
            | Self::InviteUser { .. }
            | Self::ActivateUser { .. }
            | Self::UpdateUser { .. }
            | Self::AddMember { .. }
            | Self::RemoveMember { .. }
            | Self::SuspendUser { .. }
            | Self::DeactivateUser { .. }
            | Self::RemoveUser { .. }
            | Self::DeleteGroup { .. } => None,
        }
    }
}

impl<Id> Ref<Id> {
    /// The ID, if it is already known.
    pub fn known(&self) -> Option<&Id> {
        match self {
            Self::Known(id) => Some(id),
            Self::Made(_) => None,
        }
    }

    /// The operation whose response contains the ID.
    pub fn made(&self) -> Option<&Key> {
        match self {
            Self::Known(_) => None,
            Self::Made(key) => Some(key),
        }
    }
}

/// A text that is not a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is declared, synced, undeclared, expired, excepted, offboarded, unlisted or undone")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::of(text).ok_or(UnknownReason)
    }
}
