//! The input and output of writes on all surfaces: the created IDs, and the meaning of a response.

use std::collections::BTreeMap;

use super::error::Error;
use super::request::RequestError;
use rollbook_core::model::{AccountId, CreatedIds, GroupId, Key, Ref, ScimId};

/// The IDs that the operations of a plan have created so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeIds(BTreeMap<Key, CreatedIds>);

/// The meaning of the response to a write.
#[derive(Debug)]
pub enum WriteOutcome {
    /// It was done.
    Done {
        /// The created IDs.
        made: Option<CreatedIds>,
    },
    /// The surface says that nothing needed doing. Its code is shared with real failures, so a read has to confirm it
    /// (docs/atlassian.md#adding-and-removing-members).
    ReportedUnchanged {
        /// In its own words.
        text: String,
    },
    /// It was not done.
    Refused(Error),
}

impl MadeIds {
    /// Records the ID that an operation created.
    pub fn insert(&mut self, key: Key, made: CreatedIds) {
        self.0.insert(key, made);
    }

    /// The IDs that some operations created.
    #[must_use]
    pub fn of<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Self {
        let made = keys.into_iter().filter_map(|key| Some((key.clone(), self.0.get(key)?.clone())));
        Self(made.collect())
    }

    /// The ID of a group that was known, or was created.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been created.
    pub fn group(&self, group: &Ref<GroupId>) -> Result<GroupId, RequestError> {
        self.id(group, |made| made.group.as_ref())
    }

    /// The ID of an account that was known, or was created.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been created.
    pub fn account(&self, account: &Ref<AccountId>) -> Result<AccountId, RequestError> {
        self.id(account, |made| made.account.as_ref())
    }

    fn id<T: Clone>(&self, id: &Ref<T>, of: fn(&CreatedIds) -> Option<&T>) -> Result<T, RequestError> {
        match id {
            Ref::Known(id) => Ok(id.clone()),
            Ref::Made(key) => {
                let made = self.0.get(key).and_then(of).cloned();
                made.ok_or_else(|| RequestError::Unresolved(key.clone()))
            }
        }
    }

    /// The SCIM ID that an operation created.
    pub fn scim(&self, key: &Key) -> Option<&ScimId> {
        let made = self.0.get(key)?;
        made.scim_group.as_ref().or(made.scim_user.as_ref())
    }

    /// Whether an invitation has already added its person to a group.
    pub fn joined(&self, key: &Key, group: &GroupId) -> bool {
        self.0.get(key).is_some_and(|made| made.joined.contains(group))
    }
}
