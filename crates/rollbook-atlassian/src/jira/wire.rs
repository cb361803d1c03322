//! Jira's responses, as far as they are used: unused fields may be anything, and used ones must be present.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::page::Row;
use crate::page::{identified, present, shown_email};
use rollbook_core::model::{
    AccountId, AccountKind, App, AppRole, Email, GroupId, GroupKind, GroupName, LiveAccount, LiveGroup,
    ManagedBy, Seats, Usage, UserStatus,
};

/// `User` and `UserDetails`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(deserialize_with = "present")]
    account_id: AccountId,
    account_type: Option<AccountType>,
    active: bool,
    display_name: Option<String>,
    #[serde(default, deserialize_with = "shown_email")]
    email_address: Option<Email>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccountType {
    Atlassian,
    App,
    Customer,
    #[serde(other)]
    Other,
}

/// `GroupDetails` and `GroupName`. The specification calls the ID nullable: a group without one cannot be identified,
/// and is left out by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    group_id: Option<String>,
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

/// `ApplicationRole`. Sites of 2021 named only the groups, without `groupDetails` (captured by go-atlassian).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationRole {
    #[serde(deserialize_with = "present")]
    key: String,
    group_details: Option<Vec<Group>>,
    default_groups_details: Option<Vec<Group>>,
    remaining_seats: Option<i64>,
    has_unlimited_seats: Option<bool>,
}

/// The response to `POST /group`, whose ID is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedGroup {
    #[serde(deserialize_with = "present")]
    pub(super) group_id: String,
}

/// The response to `POST /user`, whose ID is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedUser {
    #[serde(deserialize_with = "present")]
    pub(super) account_id: String,
}

impl Row for User {
    type Id = AccountId;

    fn key(&self) -> Option<AccountId> {
        identified(&self.account_id)
    }

    fn shown(&self) -> String {
        self.display_name.clone().unwrap_or_default()
    }
}

impl Row for Group {
    type Id = GroupId;

    fn key(&self) -> Option<GroupId> {
        let id = self.group_id.as_deref().filter(|id| !id.is_empty());
        id.map(GroupId::new)
    }

    fn shown(&self) -> String {
        self.name.clone()
    }
}

impl From<User> for LiveAccount {
    fn from(user: User) -> Self {
        Self {
            id: user.account_id,
            kind: match user.account_type {
                Some(AccountType::Atlassian) => AccountKind::Atlassian,
                Some(AccountType::App) => AccountKind::App,
                Some(AccountType::Customer) => AccountKind::Customer,
                Some(AccountType::Other) | None => AccountKind::Unknown,
            },
            status: if user.active { UserStatus::Active } else { UserStatus::Inactive },
            name: user.display_name.unwrap_or_default(),
            email: user.email_address,
        }
    }
}

impl Group {
    /// The group, if it has an ID.
    pub(super) fn live(&self) -> Option<LiveGroup> {
        Some(LiveGroup { id: self.key()?, name: GroupName::new(&self.name) })
    }
}

impl ApplicationRole {
    /// The role; the app's key if the ID of a group that gives the app is missing.
    pub(super) fn role(self) -> Result<AppRole, String> {
        let ids = |groups: Option<&Vec<Group>>| groups?.iter().map(Row::key).collect::<Option<BTreeSet<_>>>();
        let (groups, defaults) =
            (ids(self.group_details.as_ref()), ids(self.default_groups_details.as_ref()));
        let (Some(groups), Some(default_groups)) = (groups, defaults) else { return Err(self.key) };
        Ok(AppRole {
            app: App::new(self.key),
            seats: match (self.has_unlimited_seats, self.remaining_seats.map(usize::try_from)) {
                (Some(true), _) => Seats::Unlimited,
                (Some(false) | None, Some(Ok(left))) => Seats::Left(left),
                // A negative number of seats says nothing.
                (Some(false) | None, Some(Err(_)) | None) => Seats::NotReported,
            },
            groups,
            default_groups,
        })
    }
}

impl FoundGroup {
    /// Its kind, if it is this group.
    pub(super) fn kind_of(&self, id: &GroupId) -> Option<GroupKind> {
        (self.group_id.as_deref() == Some(id.as_str())).then_some(GroupKind {
            modifiable: None,
            deletable: None,
            managed_by: match self.managed_by.as_deref() {
                Some("EXTERNAL") => ManagedBy::External,
                Some(_) => ManagedBy::People,
                None => ManagedBy::NotReported,
            },
            usage: match self.usage_type.as_deref() {
                Some("TEAM_COLLABORATION") => Usage::Team,
                Some(_) => Usage::Group,
                None => Usage::NotReported,
            },
        })
    }
}

impl Permissions {
    /// Whether the account has a permission; `None` if the response does not name it.
    pub(super) fn has(&self, key: &str) -> Option<bool> {
        self.permissions.get(key).map(|permission| permission.have_permission)
    }
}
