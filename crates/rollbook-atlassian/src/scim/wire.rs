//! The responses of the User provisioning API, as far as they are used.

use serde::Deserialize;

use crate::page::Row;
use crate::page::present;
use rollbook_core::model::{AccountId, Email, GroupName, ScimGroup, ScimId, ScimUser};

/// `ScimUserListResponse` and `ScimGroupListResponse`. An empty list may leave `Resources` out (RFC 7644 §3.4.2).
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    #[serde(rename = "totalResults")]
    pub(super) total: usize,
    #[serde(rename = "Resources")]
    pub(super) resources: Option<Vec<T>>,
}

/// `ScimUser`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(deserialize_with = "present")]
    id: String,
    #[serde(rename = "userName", deserialize_with = "present")]
    unique_name: String,
    display_name: Option<String>,
    name: Option<Name>,
    emails: Option<Vec<UserEmail>>,
    active: Option<bool>,
    /// Only version 1.0: a client that asks for 1.1 never gets an account (docs/atlassian.md#scim-ids).
    #[serde(rename = "urn:scim:schemas:extension:atlassian-external:1.0")]
    atlassian: Option<External>,
}

#[derive(Debug, Deserialize)]
struct Name {
    formatted: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UserEmail {
    value: Option<String>,
    primary: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct External {
    atlassian_account_id: Option<String>,
}

/// `ScimGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    #[serde(deserialize_with = "present")]
    id: String,
    #[serde(deserialize_with = "present")]
    display_name: String,
    members: Option<Vec<Member>>,
}

#[derive(Debug, Deserialize)]
struct Member {
    #[serde(deserialize_with = "present")]
    value: String,
}

impl Row for User {
    type Id = ScimId;

    fn key(&self) -> Option<ScimId> {
        Some(ScimId::new(&self.id))
    }
}

impl Row for Group {
    type Id = ScimId;

    fn key(&self) -> Option<ScimId> {
        Some(ScimId::new(&self.id))
    }
}

impl From<User> for ScimUser {
    fn from(user: User) -> Self {
        let emails = user.emails.as_deref().unwrap_or_default();
        let primary = emails.iter().find(|email| email.primary == Some(true)).or(match emails {
            [only] => Some(only),
            _ => None,
        });
        let account = user.atlassian.and_then(|external| external.atlassian_account_id);
        Self {
            id: ScimId::new(&user.id),
            account: account.filter(|id| !id.is_empty()).map(AccountId::new),
            email: primary.and_then(|email| Email::parse(email.value.as_deref()?).ok()),
            name: user.display_name.or(user.name.and_then(|name| name.formatted)).unwrap_or_default(),
            user_name: user.unique_name,
            // It is true by default (docs/atlassian.md#users-of-scim).
            active: user.active.unwrap_or(true),
        }
    }
}

impl From<Group> for ScimGroup {
    fn from(group: Group) -> Self {
        Self {
            id: ScimId::new(&group.id),
            name: GroupName::new(&group.display_name),
            members: group.members.iter().flatten().map(|member| ScimId::new(&member.value)).collect(),
        }
    }
}
