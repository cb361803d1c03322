//! The surface `user-management`: accounts that the organization manages, for all sites and products at once
//! (docs/atlassian.md#user-management-api).

mod wire;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use super::answer::Answer;
use super::client::Client;
use super::error::Error;
use super::request::{Body, Host, Request, RequestError};
use super::send::Sending;
use super::write_outcome::WriteOutcome;
use rollbook_core::model::{AccountId, Inactive, Operation, Privileges, Restriction, Surface};

use wire::{Manageability, Refusal};

const MANAGE: &str = "/users/{account_id}/manage";
const DISABLE: &str = "/users/{account_id}/manage/lifecycle/disable";
const ENABLE: &str = "/users/{account_id}/manage/lifecycle/enable";

/// The privileges to ask for: the required right, and those that show a SCIM directory as the owner.
const PRIVILEGES: [&str; 3] = ["lifecycle.enablement", "profile.write", "email.set"];

/// The surface, behind one organization's API key.
#[derive(Debug)]
pub struct Management {
    client: Arc<Client>,
}

/// `GET …/manage`: the permitted changes of an account, and why others are not (docs/atlassian.md#privileges-of-an-account).
pub fn privileges(account: &AccountId) -> Request {
    let request = Request::read(Host::Admin, MANAGE).segment(account.as_str());
    PRIVILEGES.iter().fold(request, |request, name| request.query("privileges", *name))
}

/// The method and the route that carry an operation out (docs/atlassian.md#deactivating-and-activating); `None` if
/// this API cannot do it.
pub fn route(operation: &Operation) -> Option<(Method, &'static str)> {
    match operation {
        Operation::DeactivateUser { .. } => Some((Method::POST, DISABLE)),
        Operation::ActivateUser { from: Inactive::Deactivated, .. } => Some((Method::POST, ENABLE)),
        Operation::ActivateUser { from: Inactive::Suspended, .. }
        | Operation::CreateGroup { .. }
        | Operation::InviteUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::SuspendUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => None,
    }
}

/// Makes the request that carries an operation out: `POST …/lifecycle/disable` deactivates an account for every
/// site and product, and takes a body with an optional message; `POST …/lifecycle/enable` activates it
/// (docs/atlassian.md#deactivating-and-activating).
///
/// # Errors
/// [`RequestError::Unsupported`] when this API cannot do it.
pub fn request(operation: &Operation) -> Result<Request, RequestError> {
    let unsupported = || RequestError::Unsupported(Surface::UserManagement);
    let ((method, route), account) = route(operation).zip(operation.account()).ok_or_else(unsupported)?;
    let write = Request::write(method, Host::Admin, route).segment(account.as_str());
    Ok(if route == DISABLE { write.body(Body::Json(json!({}))) } else { write })
}

/// Interprets the response to a [`request`]: 204 is done; 403 with a `key`, 404 and 409 with
/// `conflict.lifecycleErrors` are refusals, in the API's words (docs/atlassian.md#refusals-of-user-management). It
/// is not documented that 409 may mean that nothing needed doing, so it does not count as a success.
pub fn interpret(answer: &Answer) -> WriteOutcome {
    if answer.status().is_success() {
        WriteOutcome::Done { made: None }
    } else {
        WriteOutcome::Refused(answer.failed())
    }
}

/// Why a write was refused, if the response says it: `{"key": "forbidden.action", "context": {…}}`.
pub fn restriction(answer: &Answer) -> Option<Restriction> {
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    refusal.restriction()
}

/// Interprets the response to [`privileges`].
///
/// # Errors
/// [`SendKind::Failed`](crate::SendKind::Failed) when it is neither a valid response nor a documented refusal.
pub fn interpret_privileges(answer: &Answer) -> Result<Privileges, Error> {
    if answer.status().is_success() {
        let read: Manageability = answer.decode().map_err(|fault| answer.fails_by(fault))?;
        return Ok(read.privileges());
    }
    // An account outside the organization is not a failure: 403 and 404 with a key of this API, and without the
    // gateway's words about the credential.
    let about_account = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status());
    match restriction(answer).filter(|_| about_account) {
        Some(restriction) => {
            let scim_owned = restriction == Restriction::Scim;
            Ok(Privileges { may_disable: Err(restriction), scim_owned, managed: scim_owned })
        }
        None => Err(answer.failed()),
    }
}

impl Management {
    /// Makes the surface from a client.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// The client that it uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Carries an operation out.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not sent;
    /// [`RequestError::Unsupported`] when this API cannot do it.
    pub async fn write(&self, operation: &Operation, sending: &mut Sending) -> Result<WriteOutcome, Error> {
        let answer = self.client.write(&request(operation)?, sending).await?;
        Ok(interpret(&answer))
    }

    /// Reads the permitted changes of an account. One request per account: only for those that a plan would change.
    ///
    /// # Errors
    /// As [`Client::read`]; an account that the organization does not manage is not an error.
    pub async fn privileges(&self, account: &AccountId) -> Result<Privileges, Error> {
        let answer = self.client.write(&privileges(account), &mut Sending::default()).await?;
        interpret_privileges(&answer)
    }
}
