//! Reads: sends requests, and returns responses as values of the model. A list is complete or an error.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::wire::{Group, List, User};
use super::{Scim, requests};
use crate::error::Error;
use crate::page::{Row, bounded, checked, incomplete};
use crate::request::Request;
use rollbook_core::model::{Email, GroupName, IncompleteRead, Listing, Rows, ScimGroup, ScimId, ScimUser};

impl Scim {
    /// Lists the users of the directory, in order of their IDs.
    ///
    /// # Errors
    /// [`SendKind::Incomplete`](crate::SendKind::Incomplete) when the list is incomplete, otherwise as
    /// [`super::super::Client::read`].
    pub async fn users(&self) -> Result<(Listing<ScimId>, Vec<ScimUser>), Error> {
        let (ids, users): (_, Vec<User>) = self.list(|start| requests::users(&self.directory, start)).await?;
        Ok((ids, users.into_iter().map(ScimUser::from).collect()))
    }

    /// Lists the groups of the directory with their members, in order of their IDs.
    ///
    /// # Errors
    /// As [`Scim::users`].
    pub async fn groups(&self) -> Result<(Listing<ScimId>, Vec<ScimGroup>), Error> {
        let (ids, groups): (_, Vec<Group>) =
            self.list(|start| requests::groups(&self.directory, start)).await?;
        Ok((ids, groups.into_iter().map(ScimGroup::from).collect()))
    }

    /// Finds the user whose unique name is an email. A user with this email and another name is not found.
    ///
    /// # Errors
    /// As [`Scim::users`].
    pub async fn user_named(&self, email: &Email) -> Result<Option<ScimUser>, Error> {
        let request = |start| requests::user_named(&self.directory, email.as_str(), start);
        let (_, users): (_, Vec<User>) = self.list(request).await?;
        let mut users = users.into_iter().map(ScimUser::from);
        Ok(users.find(|user| user.user_name.eq_ignore_ascii_case(email.as_str())))
    }

    /// Reads a user.
    ///
    /// # Errors
    /// As [`super::super::Client::read`].
    pub async fn user(&self, id: &ScimId) -> Result<ScimUser, Error> {
        let user: User = self.client.read(&requests::user(&self.directory, id)).await?;
        Ok(user.into())
    }

    /// Finds the group of a name.
    ///
    /// # Errors
    /// As [`Scim::users`].
    pub async fn group_named(&self, name: &GroupName) -> Result<Option<ScimGroup>, Error> {
        let request = |start| requests::group_named(&self.directory, name, start);
        let (_, groups): (_, Vec<Group>) = self.list(request).await?;
        Ok(groups.into_iter().map(ScimGroup::from).find(|group| group.name == *name))
    }

    /// Reads a group with its members.
    ///
    /// # Errors
    /// As [`super::super::Client::read`].
    pub async fn group(&self, id: &ScimId) -> Result<ScimGroup, Error> {
        let group: Group = self.client.read(&requests::group(&self.directory, id)).await?;
        Ok(group.into())
    }

    async fn list<T: DeserializeOwned + Row<Id = ScimId>>(
        &self,
        request: impl Fn(usize) -> Request,
    ) -> Result<(Listing<ScimId>, Vec<T>), Error> {
        let mut result = Err(IncompleteRead::Unended { read: 0 });
        for _ in 0..2 {
            result = checked(self.pages(&request).await?);
            if result.is_ok() {
                break;
            }
        }
        result.map_err(|cause| incomplete(&self.client, &request(1), cause))
    }

    /// Reads pages. The next row is computed from the number of received rows, never from the requested number
    /// (docs/atlassian.md#listings-of-scim).
    async fn pages<T: DeserializeOwned + Row<Id = ScimId>>(
        &self,
        request: &impl Fn(usize) -> Request,
    ) -> Result<Rows<T>, Error> {
        let mut rows: Vec<T> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut totals = Vec::new();
        loop {
            let page: List<T> = self.client.read(&request(rows.len() + 1)).await?;
            let came = page.resources.unwrap_or_default();
            let repeats = came.iter().filter_map(Row::key).any(|id| !seen.insert(id));
            let none = came.is_empty();
            rows.extend(came);
            bounded(&self.client, &request(1), rows.len())?;
            totals.push(page.total);
            // With a server that ignores `startIndex`, this would never end.
            if none || repeats || rows.len() >= page.total {
                let misfit = totals.iter().find(|total| **total != rows.len());
                let total = misfit.or(totals.first()).copied();
                return Ok(Rows { rows, total, ended: true });
            }
        }
    }
}
