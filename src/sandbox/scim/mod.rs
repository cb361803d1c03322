//! User provisioning (SCIM): the people and groups that an identity provider owns (fact sheet §4).
//!
//! `PUT` and `DELETE` of users are left out and answered 404: a PUT clears what it leaves out, a DELETE cannot be
//! taken back, and Rollbook sends neither. SCIM ids are neither account ids nor group ids. Nothing is known of
//! limits (fact sheet §3.10): there are none here.

mod errors;
mod filter;
mod groups;
mod patch;
mod users;
mod wire;

use http::Method;

pub(super) use errors::refusal;

use super::reply::Reply;
use super::turn::{Access, Handler, Route, Scopes, Turn};

/// Every route.
pub(super) static ROUTES: &[Route] = &[
    route(Method::GET, "/scim/directory/{directoryId}/Users", users::list),
    route(Method::POST, "/scim/directory/{directoryId}/Users", users::create),
    route(Method::GET, "/scim/directory/{directoryId}/Users/{userId}", users::get),
    route(Method::PATCH, "/scim/directory/{directoryId}/Users/{userId}", users::patch),
    route(Method::GET, "/scim/directory/{directoryId}/Groups", groups::list),
    route(Method::POST, "/scim/directory/{directoryId}/Groups", groups::create),
    route(Method::GET, "/scim/directory/{directoryId}/Groups/{id}", groups::get),
    route(Method::PATCH, "/scim/directory/{directoryId}/Groups/{id}", groups::patch),
    route(Method::DELETE, "/scim/directory/{directoryId}/Groups/{id}", groups::delete),
];

const fn route(method: Method, path: &'static str, run: Handler) -> Route {
    Route { method, path, access: Access::Account, scopes: Scopes::NONE, run }
}

/// 403 for the key of another directory, 404 for a directory that the sandbox does not have.
fn require_directory(turn: &Turn<'_>) -> Result<(), Reply> {
    let own = &turn.state().organization.scim_directory_id;
    let keys = turn.caller.as_ref().and_then(|caller| caller.directory.as_ref()).unwrap_or(own);
    let asked = turn.parameter("directoryId");
    if keys != asked {
        return Err(errors::refusal(http::StatusCode::FORBIDDEN, "Forbidden"));
    }
    if own == asked { Ok(()) } else { Err(errors::not_found("directory", asked)) }
}
