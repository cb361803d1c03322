//! What a SCIM directory says of people and groups (docs/atlassian.md#scim).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::{AccountId, GroupName, ScimId};

/// A user of a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScimUser {
    /// The id in the directory.
    pub id: ScimId,
    /// The Atlassian account that it is linked to, where the directory says it.
    pub account: Option<AccountId>,
    /// The unique name; it need not be an email.
    pub user_name: String,
    /// The primary email, or the only one.
    pub email: Option<Email>,
    /// The display name; it comes from outside and may hold anything.
    pub name: String,
    /// Whether the account is active.
    pub active: bool,
}

/// A group of a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScimGroup {
    /// The id in the directory.
    pub id: ScimId,
    /// The name, which never changes.
    pub name: GroupName,
    /// Its members.
    pub members: BTreeSet<ScimId>,
}
