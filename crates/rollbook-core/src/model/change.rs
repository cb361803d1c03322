//! The difference between desired and live, before any surface is chosen for it.

use jiff::civil::Date;

use super::access::{Access, HeldRole};
use super::address::{Action, Address, Key};
use super::declaration::Source;
use super::email::Email;
use super::ids::{AccountId, App, GroupId, GroupName};
use super::live::Membership;
use super::operation::{Lost, Reason, Ref};
use super::plan::{Blocked, GroupSummary, Note};
use super::policy::Offboard;
use super::tree::Location;

/// The result of the diff.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// The groups that change, with their member counts.
    pub groups: Vec<GroupSummary>,
    /// The parts of the tree that are already known to be impossible.
    pub blocked: Vec<Blocked>,
    /// Facts that a reviewer should know.
    pub notes: Vec<Note>,
}

/// A wanted change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The thing that changes.
    pub address: Address,
    /// How.
    pub wanted: Wanted,
    /// Where the tree asks for it.
    pub origin: Location,
    /// Why.
    pub reason: Reason,
    /// The display name of the live account that it is about, if there is one.
    pub name: Option<String>,
    /// The first day on which the granted access is gone.
    pub until: Option<Date>,
}

/// A kind of change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// A group must exist.
    CreateGroup {
        /// Its name.
        name: GroupName,
        /// Its purpose.
        description: Option<String>,
        /// The owner that it will have.
        source: Source,
    },
    /// A group must go.
    DeleteGroup {
        /// Its ID.
        group: GroupId,
        /// The people who lose it.
        members: Vec<Lost>,
    },
    /// A person must have an account here.
    InviteUser {
        /// Their email.
        email: Email,
        /// Their display name.
        name: Option<String>,
        /// The apps that the invitation asks for.
        apps: Vec<App>,
    },
    /// A membership must exist.
    AddMember {
        /// The group.
        group: Ref<GroupId>,
        /// The account.
        account: Ref<AccountId>,
    },
    /// A membership must end.
    RemoveMember {
        /// The membership, as it was read.
        membership: Membership,
    },
    /// An account must lose all its access.
    OffboardUser {
        /// The account.
        account: AccountId,
        /// How, by the policy.
        how: Offboard,
    },
    /// An account must become active again.
    ActivateUser {
        /// The account.
        account: AccountId,
        /// Its email, to invite a person who is in no directory.
        email: Email,
        /// The apps that an invitation asks for.
        apps: Vec<App>,
    },
    /// An account must have another display name.
    UpdateUser {
        /// The account.
        account: AccountId,
        /// The name.
        name: String,
    },
    /// A group must give a role in an app.
    AssignRole {
        /// The group.
        group: Ref<GroupId>,
        /// The role.
        access: Access,
    },
    /// A group must stop giving a role in an app.
    RevokeRole {
        /// The role, as it was read.
        held: HeldRole,
    },
}

impl Change {
    /// The key of the operation that would make this change.
    pub fn key(&self) -> Key {
        Key { address: self.address.clone(), action: self.wanted.action() }
    }
}

impl Wanted {
    /// The membership that the change itself ends.
    pub fn ends(&self) -> Option<&Membership> {
        match self {
            Self::RemoveMember { membership } => Some(membership),
            Self::CreateGroup { .. }
            | Self::DeleteGroup { .. }
            | Self::InviteUser { .. }
            | Self::AddMember { .. }
            | Self::OffboardUser { .. }
            | Self::ActivateUser { .. }
            | Self::UpdateUser { .. }
            | Self::AssignRole { .. }
            | Self::RevokeRole { .. } => None,
        }
    }

    /// The action.
    pub fn action(&self) -> Action {
        match self {
            Self::CreateGroup { .. } => Action::Create,
            Self::DeleteGroup { .. } => Action::Delete,
            Self::InviteUser { .. } => Action::Invite,
            Self::AddMember { .. } => Action::Add,
            Self::RemoveMember { .. } => Action::Remove,
            Self::OffboardUser { how, .. } => how.action(),
            Self::ActivateUser { .. } => Action::Activate,
            Self::UpdateUser { .. } => Action::Update,
            Self::AssignRole { .. } => Action::Assign,
            Self::RevokeRole { .. } => Action::Revoke,
        }
    }
}
