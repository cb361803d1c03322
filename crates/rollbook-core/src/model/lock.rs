//! `rollbook.lock`: which account and which group a declared name meant when it was last resolved.

use std::collections::BTreeMap;

use super::email::Email;
use super::ids::{AccountId, GroupId, GroupName};

/// The mappings of `rollbook.lock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Accounts by declared email.
    pub users: BTreeMap<Email, LockedId<AccountId>>,
    /// Groups by declared name.
    pub groups: BTreeMap<GroupName, LockedId<GroupId>>,
}

/// An ID and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedId<Id> {
    /// The ID.
    pub id: Id,
    /// The read that gave it, by its name in the lock.
    pub from: String,
}
