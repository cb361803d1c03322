//! What Jira answers, as far as it is used: fields that are not used may be anything, and those that are used
//! must be there.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::atlassian::decode::present;
use crate::model::{
    AccountId, AccountKind, App, AppRole, Email, GroupId, GroupKind, GroupName, LiveAccount, LiveGroup,
    ManagedBy, Seats, Usage, UserStatus,
};

/// `User` and `UserDetails`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(deserialize_with = "present")]
    account_id: String,
    account_type: Option<String>,
    active: bool,
    display_name: Option<String>,
    email_address: Option<String>,
}

/// `GroupDetails` and `GroupName`. The specification calls the id nullable; a group without one cannot be told
/// from another, so that null is a mistake here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    #[serde(deserialize_with = "present")]
    group_id: String,
    #[serde(deserialize_with = "present")]
    name: String,
}

/// `FoundGroups`.
#[derive(Debug, Deserialize)]
pub(super) struct FoundGroups {
    pub(super) groups: Vec<FoundGroup>,
}

/// `FoundGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundGroup {
    group_id: Option<String>,
    managed_by: Option<String>,
    usage_type: Option<String>,
}

/// `Permissions`.
#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    permissions: BTreeMap<String, Permission>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    have_permission: bool,
}

/// `ApplicationRole`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationRole {
    #[serde(deserialize_with = "present")]
    key: String,
    group_details: Vec<Group>,
    default_groups_details: Vec<Group>,
    remaining_seats: Option<i64>,
    has_unlimited_seats: Option<bool>,
}

/// The answer to `POST /group`, whose id is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedGroup {
    #[serde(deserialize_with = "present")]
    pub(super) group_id: String,
}

/// The answer to `POST /user`, whose id is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedUser {
    #[serde(deserialize_with = "present")]
    pub(super) account_id: String,
}

impl User {
    pub(super) fn id(&self) -> AccountId {
        AccountId::new(&self.account_id)
    }
}

impl Group {
    pub(super) fn id(&self) -> GroupId {
        GroupId::new(&self.group_id)
    }
}

impl From<User> for LiveAccount {
    fn from(user: User) -> Self {
        Self {
            id: AccountId::new(user.account_id),
            kind: match user.account_type.as_deref() {
                Some("atlassian") => AccountKind::Atlassian,
                Some("app") => AccountKind::App,
                Some("customer") => AccountKind::Customer,
                Some(_) | None => AccountKind::Unknown,
            },
            status: if user.active { UserStatus::Active } else { UserStatus::Inactive },
            name: user.display_name.unwrap_or_default(),
            // Absent, null or empty where it is hidden (fact sheet §1.2, §7); what is no e-mail says nothing.
            email: user.email_address.and_then(|text| Email::parse(&text).ok()),
        }
    }
}

impl From<Group> for LiveGroup {
    fn from(group: Group) -> Self {
        Self { id: GroupId::new(group.group_id), name: GroupName::new(group.name) }
    }
}

impl From<ApplicationRole> for AppRole {
    fn from(role: ApplicationRole) -> Self {
        let ids = |groups: Vec<Group>| groups.into_iter().map(|group| LiveGroup::from(group).id).collect();
        Self {
            app: App::new(role.key),
            seats: match (role.has_unlimited_seats, role.remaining_seats.map(usize::try_from)) {
                (Some(true), _) => Seats::Unlimited,
                (Some(false) | None, Some(Ok(left))) => Seats::Left(left),
                // A number of seats below none says nothing.
                (Some(false) | None, Some(Err(_)) | None) => Seats::Unsaid,
            },
            groups: ids(role.group_details),
            default_groups: ids(role.default_groups_details),
        }
    }
}

impl FoundGroup {
    /// What it says of itself, if it is this group.
    pub(super) fn kind_of(&self, id: &GroupId) -> Option<GroupKind> {
        (self.group_id.as_deref() == Some(id.as_str())).then_some(GroupKind {
            modifiable: None,
            deletable: None,
            managed_by: match self.managed_by.as_deref() {
                Some("EXTERNAL") => ManagedBy::External,
                Some(_) => ManagedBy::People,
                None => ManagedBy::Unsaid,
            },
            usage: match self.usage_type.as_deref() {
                Some("TEAM_COLLABORATION") => Usage::Team,
                Some(_) => Usage::Group,
                None => Usage::Unsaid,
            },
        })
    }
}

impl Permissions {
    /// Whether the account has a permission; nothing where the answer does not name it.
    pub(super) fn has(&self, key: &str) -> Option<bool> {
        self.permissions.get(key).map(|permission| permission.have_permission)
    }
}
