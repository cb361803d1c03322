//! User provisioning (SCIM): the people and groups that an identity provider owns (docs/atlassian.md#scim).
//!
//! Has every operation of the description, more than Rollbook sends: a PUT clears omitted fields, and a DELETE cannot be
//! undone. SCIM IDs are neither account IDs nor group IDs. Atlassian publishes no limits
//! (docs/atlassian.md#limits-of-the-other-apis), and the sandbox sets none.

mod discovery;
mod errors;
mod filter;
mod groups;
mod links;
mod patch;
mod said;
mod schema;
mod users;
mod wire;

use http::Method;

pub(super) use errors::refusal;

use super::reply::Reply;
use super::request_context::{Access, Handler, RequestContext, Route, Scopes};

/// Every route.
pub(super) static ROUTES: &[Route] = &[
    route(Method::GET, "/scim/directory/{directoryId}/Users", users::list),
    route(Method::POST, "/scim/directory/{directoryId}/Users", users::create),
    route(Method::GET, "/scim/directory/{directoryId}/Users/{userId}", users::get),
    route(Method::PATCH, "/scim/directory/{directoryId}/Users/{userId}", users::patch),
    route(Method::PUT, "/scim/directory/{directoryId}/Users/{userId}", users::replace),
    route(Method::DELETE, "/scim/directory/{directoryId}/Users/{userId}", users::delete),
    route(Method::GET, "/scim/directory/{directoryId}/Groups", groups::list),
    route(Method::POST, "/scim/directory/{directoryId}/Groups", groups::create),
    route(Method::GET, "/scim/directory/{directoryId}/Groups/{id}", groups::get),
    route(Method::PATCH, "/scim/directory/{directoryId}/Groups/{id}", groups::patch),
    route(Method::PUT, "/scim/directory/{directoryId}/Groups/{id}", groups::replace),
    route(Method::DELETE, "/scim/directory/{directoryId}/Groups/{id}", groups::delete),
    route(Method::GET, "/scim/directory/{directoryId}/ServiceProviderConfig", discovery::features),
    route(Method::GET, "/scim/directory/{directoryId}/Schemas", discovery::schemas),
    route(Method::GET, "/scim/directory/{directoryId}/Schemas/{urn}", discovery::one_schema),
    route(Method::GET, "/scim/directory/{directoryId}/ResourceTypes", discovery::kinds),
    route(Method::GET, "/scim/directory/{directoryId}/ResourceTypes/{name}", discovery::one_kind),
];

/// The routes that repair the link between a record and its account: with a key of the organization, and in no available
/// description (jira.js' generated code of August 2026 has them).
pub(super) static LINK_ROUTES: &[Route] = &[
    link(Method::GET, "/admin/user-provisioning/v1/org/{orgId}/user/{accountId}/get-scim-links", links::get),
    link(Method::POST, "/admin/user-provisioning/v1/org/{orgId}/get-scim-links-for-email", links::by_email),
    link(
        Method::PATCH,
        "/admin/user-provisioning/v1/org/{orgId}/scimDirectoryId/{scimDirectoryId}/scimUserId/{userId}/unlink",
        links::unlink,
    ),
    link(
        Method::DELETE,
        "/admin/user-provisioning/v1/org/{orgId}/user/{accountId}/onlyDeleteUserInDB",
        links::delete,
    ),
];

const fn link(method: Method, path: &'static str, run: Handler) -> Route {
    Route { method, path, access: Access::Account, scopes: Scopes::UNSCOPED, run }
}

const fn route(method: Method, path: &'static str, run: Handler) -> Route {
    // Directory keys have no scopes; `read:account` is for OAuth clients until `manage:directory` exists (the same
    // page).
    let scopes = Scopes { classic: "read:account", granular: &["read:account"] };
    Route { method, path, access: Access::Account, scopes, run }
}

/// 403 for the key of another directory, 404 for a directory that the sandbox does not have.
fn require_directory(context: &RequestContext<'_>) -> Result<(), Reply> {
    let own = &context.state().organization.scim_directory_id;
    let keys = context.caller.as_ref().and_then(|caller| caller.directory.as_ref()).unwrap_or(own);
    let asked = context.parameter("directoryId");
    if keys != asked {
        return Err(errors::refusal(http::StatusCode::FORBIDDEN, "Forbidden"));
    }
    if own == asked { Ok(()) } else { Err(errors::not_found("directory", asked)) }
}
