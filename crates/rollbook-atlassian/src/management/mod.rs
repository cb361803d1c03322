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

/// What is asked: the right that is needed, and those that show a SCIM directory as the owner.
const PRIVILEGES: [&str; 3] = ["lifecycle.enablement", "profile.write", "email.set"];

/// The surface, behind one organization's API key.
#[derive(Debug)]
pub struct Management {
    client: Arc<Client>,
}

/// `GET …/manage`: what may be done to an account, and why not (docs/atlassian.md#privileges-of-an-account).
pub fn privileges(account: &AccountId) -> Request {
    let request = Request::read(Host::Admin, MANAGE).segment(account.as_str());
    PRIVILEGES.iter().fold(request, |request, name| request.query("privileges", *name))
}

/// The method and the route that carry an operation out (docs/atlassian.md#deactivating-and-activating); nothing for
/// what this API cannot do.
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
/// site and product, and takes a body, in which the message may be missing; `POST …/lifecycle/enable` activates it
/// (docs/atlassian.md#deactivating-and-activating).
///
/// # Errors
/// [`RequestError::Unsupported`] where this API cannot do it.
pub fn request(operation: &Operation) -> Result<Request, RequestError> {
    let unsupported = || RequestError::Unsupported(Surface::UserManagement);
    let ((method, route), account) = route(operation).zip(operation.account()).ok_or_else(unsupported)?;
    let write = Request::write(method, Host::Admin, route).segment(account.as_str());
    Ok(if route == DISABLE { write.body(Body::Json(json!({}))) } else { write })
}

/// Says what the answer to a [`request`] means: 204 is done; 403 with a `key`, 404 and 409 with
/// `conflict.lifecycleErrors` are refusals, in the API's words (docs/atlassian.md#refusals-of-user-management). That
/// 409 might say that nothing needed doing is not documented, so it does not count as a success.
pub fn interpret(answer: &Answer) -> WriteOutcome {
    if answer.status().is_success() {
        WriteOutcome::Done { made: None }
    } else {
        WriteOutcome::Refused(answer.failed())
    }
}

/// Why a write was refused, where the answer says it: `{"key": "forbidden.action", "context": {…}}`.
pub fn restriction(answer: &Answer) -> Option<Restriction> {
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    refusal.restriction()
}

/// Says what the answer to [`privileges`] means.
///
/// # Errors
/// [`SendKind::Failed`](crate::SendKind::Failed) when it is neither an answer nor a documented refusal.
pub fn interpret_privileges(answer: &Answer) -> Result<Privileges, Error> {
    if answer.status().is_success() {
        let read: Manageability = answer.decode().map_err(|fault| answer.fails_by(fault))?;
        return Ok(read.privileges());
    }
    // An account that is not the organization's is a fact and no failure: 403 and 404 with a key of this API,
    // and not with the gateway's words about the credential.
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
    /// Speaks through a client.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// The client that it speaks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Carries an operation out.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not sent;
    /// [`RequestError::Unsupported`] where this API cannot do it.
    pub async fn write(&self, operation: &Operation, sending: &mut Sending) -> Result<WriteOutcome, Error> {
        let answer = self.client.write(&request(operation)?, sending).await?;
        Ok(interpret(&answer))
    }

    /// What may be done to an account. One request an account: only for those that a plan would act on.
    ///
    /// # Errors
    /// As [`Client::read`], but for an account that the organization does not manage.
    pub async fn privileges(&self, account: &AccountId) -> Result<Privileges, Error> {
        let answer = self.client.write(&privileges(account), &mut Sending::default()).await?;
        interpret_privileges(&answer)
    }
}
