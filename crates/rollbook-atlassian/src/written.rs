//! What writes need and give, whatever the surface: the ids that come to be, and what an answer says.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::request::RequestError;
use rollbook_core::model::{AccountId, GroupId, Key, Ref, ScimId};

/// An id that an operation made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MadeId {
    /// A group's.
    Group(GroupId),
    /// An account's.
    Account(AccountId),
    /// An account's, and the groups that the invitation led into.
    Invited(AccountId, BTreeSet<GroupId>),
    /// A group's in the SCIM directory. The group's own is not told there.
    ScimGroup(ScimId),
    /// A user's in the SCIM directory, and the account that it is linked to, where that is told.
    ScimUser(ScimId, Option<AccountId>),
}

impl MadeId {
    /// The account that came to be, or that an invitation led to, where the surface tells.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Account(id) | Self::Invited(id, _) | Self::ScimUser(_, Some(id)) => Some(id),
            Self::Group(_) | Self::ScimGroup(_) | Self::ScimUser(_, None) => None,
        }
    }
}

/// The ids that the operations of a plan have made so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeIds(BTreeMap<Key, MadeId>);

/// What the answer to a write says.
#[derive(Debug)]
pub enum Written {
    /// It was done.
    Done {
        /// The id that came to be.
        made: Option<MadeId>,
    },
    /// The surface says that nothing needed doing. It is an error of Atlassian's whose code real failures share,
    /// so that a read has to confirm it (fact sheet §1.3).
    ClaimsSatisfied {
        /// In its own words.
        text: String,
    },
    /// It was not done.
    Refused(Error),
}

impl MadeIds {
    /// Remembers what an operation made.
    pub fn insert(&mut self, key: Key, id: MadeId) {
        self.0.insert(key, id);
    }

    /// Those that came of some operations.
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
        match group {
            Ref::Known(id) => Ok(id.clone()),
            Ref::Made(key) => match self.0.get(key) {
                Some(MadeId::Group(id)) => Ok(id.clone()),
                Some(
                    MadeId::Account(_) | MadeId::Invited(..) | MadeId::ScimGroup(_) | MadeId::ScimUser(..),
                )
                | None => Err(RequestError::Unresolved(key.clone())),
            },
        }
    }

    /// The id of an account that is known, or that was made.
    ///
    /// # Errors
    /// [`RequestError::Unresolved`] when it has not been made.
    pub fn account(&self, account: &Ref<AccountId>) -> Result<AccountId, RequestError> {
        match account {
            Ref::Known(id) => Ok(id.clone()),
            Ref::Made(key) => match self.0.get(key) {
                Some(MadeId::Account(id) | MadeId::Invited(id, _) | MadeId::ScimUser(_, Some(id))) => {
                    Ok(id.clone())
                }
                Some(MadeId::Group(_) | MadeId::ScimGroup(_) | MadeId::ScimUser(_, None)) | None => {
                    Err(RequestError::Unresolved(key.clone()))
                }
            },
        }
    }

    /// The SCIM id that an operation made.
    pub fn scim(&self, key: &Key) -> Option<&ScimId> {
        match self.0.get(key)? {
            MadeId::ScimGroup(id) | MadeId::ScimUser(id, _) => Some(id),
            MadeId::Group(_) | MadeId::Account(_) | MadeId::Invited(..) => None,
        }
    }

    /// Whether an invitation has led its person into a group already.
    pub fn joined(&self, key: &Key, group: &GroupId) -> bool {
        matches!(self.0.get(key), Some(MadeId::Invited(_, groups)) if groups.contains(group))
    }
}
