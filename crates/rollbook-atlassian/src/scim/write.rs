//! Writes: sends requests, and interprets their responses. Only for plans with `authority: rollbook`.
//!
//! A refusal is [`SendKind::Failed`](crate::SendKind::Failed); a 409 says that a unique name or email is taken, perhaps by a
//! leftover record (docs/atlassian.md#errors-of-scim).

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::Scim;
use super::requests::{self, NewUser, RemoveShape};
use super::wire::{Group, User};
use crate::answer::Answer;
use crate::error::Error;
use crate::fault::Fault;
use crate::request::Request;
use crate::send::Sending;
use rollbook_core::model::{GroupName, ScimGroup, ScimId, ScimUser};

/// The writes of a directory, and the log of their requests.
#[derive(Debug)]
pub struct Writes<'a> {
    scim: &'a Scim,
    sending: &'a mut Sending,
}

impl Scim {
    /// Its writes, logged as they are sent.
    pub fn noting<'a>(&'a self, sending: &'a mut Sending) -> Writes<'a> {
        Writes { scim: self, sending }
    }
}

impl Writes<'_> {
    /// Provisions a user.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not.
    pub async fn create_user(&mut self, user: NewUser<'_>) -> Result<ScimUser, Error> {
        let user: User = self.written(&requests::create_user(&self.scim.directory, user)).await?;
        Ok(user.into())
    }

    /// Creates an empty group.
    ///
    /// # Errors
    /// As [`Writes::create_user`].
    pub async fn create_group(&mut self, name: &GroupName) -> Result<ScimGroup, Error> {
        let group: Group = self.written(&requests::create_group(&self.scim.directory, name)).await?;
        Ok(group.into())
    }

    /// Activates or deactivates an account.
    ///
    /// # Errors
    /// As [`Writes::create_user`]; it may also have been done if the response does not show the new status.
    pub async fn set_active(&mut self, user: &ScimId, active: bool) -> Result<(), Error> {
        let answer = self.sent(&requests::set_active(&self.scim.directory, user, active)).await?;
        if !answer.status().is_success() {
            return Err(answer.failed());
        }
        // 200 with the user, or 204 without (RFC 7644 §3.5.2).
        match serde_json::from_slice::<User>(answer.body()).map(ScimUser::from) {
            Ok(user) if user.active != active => Err(unseen(&answer, "it shows the account as before")),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sets the display name.
    ///
    /// # Errors
    /// As [`Writes::create_user`].
    pub async fn set_name(&mut self, user: &ScimId, name: &str) -> Result<(), Error> {
        let answer = self.sent(&requests::set_name(&self.scim.directory, user, name)).await?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.failed()) }
    }

    /// Adds members to a group; present members stay.
    ///
    /// # Errors
    /// As [`Writes::create_user`]; it may also have been done if the response shows the group without them.
    pub async fn add_members(&mut self, group: &ScimId, users: &[ScimId]) -> Result<(), Error> {
        let answer = self.sent(&requests::add_members(&self.scim.directory, group, users)).await?;
        if !answer.status().is_success() {
            return Err(answer.failed());
        }
        match shown(&answer) {
            Some(group) if !users.iter().all(|user| group.members.contains(user)) => {
                Err(unseen(&answer, "it shows the group without the new members"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Removes a member. The second shape is sent only if the first is refused as malformed, or accepted without effect: the
    /// second, misread, removes everybody.
    ///
    /// # Errors
    /// As [`Writes::create_user`]; it may also have been done if the response still shows the member.
    pub async fn remove_member(&mut self, group: &ScimId, user: &ScimId) -> Result<(), Error> {
        let first = self.removal(group, user, RemoveShape::Filter).await?;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_IMPLEMENTED].contains(&first.status());
        let ignored = first.status().is_success() && still_shows(&first, user);
        let answer = if refused || ignored {
            tracing::debug!(status = first.status().as_u16(), "the removal is sent in its second shape");
            self.removal(group, user, RemoveShape::Value).await?
        } else {
            first
        };
        match (answer.status().is_success(), still_shows(&answer, user)) {
            (false, _) => Err(answer.failed()),
            (true, true) => Err(unseen(&answer, "it shows the member still")),
            (true, false) => Ok(()),
        }
    }

    /// Deletes a group, from the organization and its sites too (docs/atlassian.md#groups-of-scim).
    ///
    /// # Errors
    /// As [`Writes::create_user`]; a missing group is a refusal with 404.
    pub async fn delete_group(&mut self, group: &ScimId) -> Result<(), Error> {
        let answer = self.sent(&requests::delete_group(&self.scim.directory, group)).await?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.failed()) }
    }

    async fn removal(&mut self, group: &ScimId, user: &ScimId, shape: RemoveShape) -> Result<Answer, Error> {
        self.sent(&requests::remove_member(&self.scim.directory, group, user, shape)).await
    }

    async fn sent(&mut self, request: &Request) -> Result<Answer, Error> {
        self.scim.client.write(request, self.sending).await
    }

    async fn written<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, Error> {
        let answer = self.sent(request).await?;
        if !answer.status().is_success() {
            return Err(answer.failed());
        }
        answer.decode().map_err(|fault| answer.lost(fault))
    }
}

/// The complete group, with its members, in the response to a change of it (docs/atlassian.md#patch-of-scim).
fn shown(answer: &Answer) -> Option<ScimGroup> {
    serde_json::from_slice::<Group>(answer.body()).ok().map(ScimGroup::from)
}

fn still_shows(answer: &Answer, user: &ScimId) -> bool {
    answer.status().is_success() && shown(answer).is_some_and(|group| group.members.contains(user))
}

fn unseen(answer: &Answer, why: &str) -> Error {
    answer.lost(Fault::Shape(why.to_owned()))
}
