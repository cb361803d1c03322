//! What writes need and give, whatever the surface: the ids that are created, and what an answer says.

use std::collections::BTreeMap;

use super::error::Error;
use super::request::RequestError;
use rollbook_core::model::{AccountId, CreatedIds, GroupId, Key, Ref, ScimId};

/// The ids that the operations of a plan have made so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeIds(BTreeMap<Key, CreatedIds>);

/// What the answer to a write says.
#[derive(Debug)]
pub enum WriteOutcome {
    /// It was done.
    Done {
        /// The ids that were created.
        made: Option<CreatedIds>,
    },
    /// The surface says that nothing needed doing. It is an error of Atlassian's whose code real failures share,
    /// so that a read has to confirm it (docs/atlassian.md#adding-and-removing-members).
    ReportedUnchanged {
        /// In its own words.
        text: String,
    },
    /// It was not done.
    Refused(Error),
}

impl MadeIds {
    /// Remembers what an operation made.
    pub fn insert(&mut self, key: Key, made: CreatedIds) {
        self.0.insert(key, made);
    }

    /// Those that some operations created.
    #[must_use]
    pub fn of<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Self {
        let made = keys.into_iter().filter_map(|key| Some((key.clone(), self.0.get(key)?.clone())));
        Self(made.collect())
    }

    /// The id of a group that is known, or that was made.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been made.
    pub fn group(&self, group: &Ref<GroupId>) -> Result<GroupId, RequestError> {
        self.id(group, |made| made.group.as_ref())
    }

    /// The id of an account that is known, or that was made.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been made.
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

    /// The SCIM id that an operation made.
    pub fn scim(&self, key: &Key) -> Option<&ScimId> {
        let made = self.0.get(key)?;
        made.scim_group.as_ref().or(made.scim_user.as_ref())
    }

    /// Whether an invitation has led its person into a group already.
    pub fn joined(&self, key: &Key, group: &GroupId) -> bool {
        self.0.get(key).is_some_and(|made| made.joined.contains(group))
    }
}
