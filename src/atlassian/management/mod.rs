//! The surface `user-management`: accounts that the organization manages, for all sites and products at once
//! (fact sheet §5, "User management API").

mod wire;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use super::client::Client;
use super::error::Error;
use super::limiter::published_rate;
use super::request::{Body, Host, Request};
use super::send::Answer;
use super::written::Written;
use crate::model::{AccountId, Privileges, Restriction};

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

/// `GET …/manage`: what may be done to an account, and why not (fact sheet §5).
pub fn privileges(account: &AccountId) -> Request {
    let request = Request::read(Host::Admin, MANAGE).segment(account.as_str());
    PRIVILEGES.iter().fold(request, |request, name| request.query("privileges", *name))
}

/// `POST …/lifecycle/disable`: deactivates an account for every site and product (fact sheet §5). The body is
/// required, the message in it is not.
pub fn disable(account: &AccountId) -> Request {
    Request::write(Method::POST, Host::Admin, DISABLE).segment(account.as_str()).body(Body::Json(json!({})))
}

/// `POST …/lifecycle/enable`: activates an account (fact sheet §5).
pub fn enable(account: &AccountId) -> Request {
    Request::write(Method::POST, Host::Admin, ENABLE).segment(account.as_str())
}

/// How many of these writes are let through a second.
pub fn per_second() -> f64 {
    published_rate(&Method::POST, DISABLE)
}

/// Says what the answer to [`disable`] or [`enable`] means: 204 is done; 403 with a `key`, 404 and 409 with
/// `conflict.lifecycleErrors` are refusals, in the API's words (fact sheet §5). That 409 might say that nothing
/// needed doing is not documented, so that it is no success.
pub fn interpret(answer: &Answer) -> Written {
    if answer.status().is_success() {
        Written::Done { made: None }
    } else {
        Written::Refused(answer.failed())
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
/// [`Error::Failed`] when it is neither an answer nor a documented refusal.
pub fn interpret_privileges(answer: &Answer) -> Result<Privileges, Error> {
    if answer.status().is_success() {
        return Ok(answer.decode::<Manageability>()?.privileges());
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

    /// What may be done to an account. One request an account: only for those that a plan would act on.
    ///
    /// # Errors
    /// As [`Client::read`], but for an account that the organization does not manage.
    pub async fn privileges(&self, account: &AccountId) -> Result<Privileges, Error> {
        let answer = self.client.write(&privileges(account)).await?;
        interpret_privileges(&answer)
    }
}
