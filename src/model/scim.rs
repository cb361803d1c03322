//! What a SCIM directory says of people and groups (fact sheet §4).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::email::Email;
use super::ids::{AccountId, GroupName};

/// The id of a user or a group in a SCIM directory. It is no account id and no group id (fact sheet §4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScimId(Arc<str>);

/// A user of a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScimUser {
    /// The id in the directory.
    pub id: ScimId,
    /// The Atlassian account that it is linked to, where the directory says it.
    pub account: Option<AccountId>,
    /// The unique name; it need not be an e-mail.
    pub user_name: String,
    /// The primary e-mail, or the only one.
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

impl ScimId {
    /// Takes the text as it is.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// The text, exactly as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
