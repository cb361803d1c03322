//! The difference between desired and live, before anybody asks which surface can make it.

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

/// What the diff found.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What is to change.
    pub changes: Vec<Change>,
    /// The groups that change, with their member counts.
    pub groups: Vec<GroupSummary>,
    /// What the tree wants and cannot have, already at this point.
    pub blocked: Vec<Blocked>,
    /// What a reviewer should know.
    pub notes: Vec<Note>,
}

/// A wanted change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What changes.
    pub address: Address,
    /// How.
    pub wanted: Wanted,
    /// Where the tree asks for it.
    pub origin: Location,
    /// Why.
    pub reason: Reason,
    /// The display name of the live account it is about, where there is one.
    pub name: Option<String>,
    /// The first day on which the granted access is gone.
    pub until: Option<Date>,
}

/// How something is to change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// A group is to be.
    CreateGroup {
        /// Its name.
        name: GroupName,
        /// What it is for.
        description: Option<String>,
        /// Who is to own it.
        source: Source,
    },
    /// A group is to end.
    DeleteGroup {
        /// Its id.
        group: GroupId,
        /// Who loses it.
        members: Vec<Lost>,
    },
    /// A person is to have an account here.
    InviteUser {
        /// Their email.
        email: Email,
        /// Their display name.
        name: Option<String>,
        /// What the invitation asks for.
        apps: Vec<App>,
    },
    /// A membership is to be.
    AddMember {
        /// The group.
        group: Ref<GroupId>,
        /// The account.
        account: Ref<AccountId>,
    },
    /// A membership is to end.
    RemoveMember {
        /// What was read.
        membership: Membership,
    },
    /// An account is to lose all it has.
    OffboardUser {
        /// The account.
        account: AccountId,
        /// What the policy says.
        how: Offboard,
    },
    /// An account is to be active again.
    ActivateUser {
        /// The account.
        account: AccountId,
        /// Its email, by which somebody who is in no directory is invited.
        email: Email,
        /// What an invitation asks for.
        apps: Vec<App>,
    },
    /// An account is to have another display name.
    UpdateUser {
        /// The account.
        account: AccountId,
        /// The name.
        name: String,
    },
    /// A group is to give a role in an app.
    AssignRole {
        /// The group.
        group: Ref<GroupId>,
        /// The role.
        access: Access,
    },
    /// A group is to give a role in an app no more.
    RevokeRole {
        /// What was read.
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
    /// The membership that it ends by itself.
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

    /// What is done.
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
