//! The users and groups of a SCIM directory (docs/atlassian.md#scim).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::{AccountId, GroupName, ScimId};

/// A user of a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScimUser {
    /// The ID in the directory.
    pub id: ScimId,
    /// The Atlassian account that it is linked to, if the directory reports it.
    pub account: Option<AccountId>,
    /// The unique name; it may be something other than an email.
    pub user_name: String,
    /// The primary email, or the only one.
    pub email: Option<Email>,
    /// The display name; it comes from outside and may contain anything.
    pub name: String,
    /// Whether the account is active.
    pub active: bool,
}

/// A group of a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScimGroup {
    /// The ID in the directory.
    pub id: ScimId,
    /// The name, which never changes.
    pub name: GroupName,
    /// Its members.
    pub members: BTreeSet<ScimId>,
}
