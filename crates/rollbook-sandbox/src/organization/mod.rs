//! Organizations API v2, and the parts of v1 that Rollbook needs (docs/atlassian.md#organizations-api): the same people and
//! groups as in Jira, as an administrator of the organization sees them.
//!
//! It shows emails that Jira hides, and neither app accounts nor the groups of [`HIDDEN_GROUPS`]. Its limits are unknown
//! (docs/atlassian.md#limits-of-the-other-apis): the sandbox has none.

mod cursor;
mod errors;
mod events;
mod groups;
mod invite;
mod managed;
mod members;
mod orgs;
mod roles;
mod search;
mod users;
mod view;
mod workspaces;

use http::Method;

pub(super) use errors::{bad_request, no_such_directory, no_such_user, refusal, scope_missing};
pub(super) use view::require_organization;

use super::request_context::{Access, Handler, Route, Scopes};

/// The groups that the organization does not show (docs/atlassian.md#what-the-organization-does-not-show).
const HIDDEN_GROUPS: [&str; 2] = ["system-administrators", "atlassian-addons-admin"];

/// The scopes that the descriptions name; the searches name none, but accept keys with read scopes
/// (docs/atlassian.md#keys-with-scopes). Assumption: it is these scopes.
const DIRECTORIES: Scopes = scopes("read:directories:admin", &["read:directories:admin"]);
const ACCOUNTS: Scopes = scopes("read:accounts:admin", &["read:directories:admin"]);
const GROUPS: Scopes = scopes("read:groups:admin", &["read:directories:admin"]);
const WORKSPACES: Scopes = scopes("read:workspaces:admin", &["read:workspaces:admin"]);
const DOMAINS: Scopes = scopes("read:domains:admin", &["read:domains:admin"]);
const ORGS: Scopes = scopes("read:orgs:admin", &["read:orgs:admin"]);
const EVENTS: Scopes = scopes("read:events:admin", &["read:events:admin"]);
const MANAGED: Scopes = scopes("read:accounts:admin", &["read:accounts:admin"]);

/// Every route. Writes only take a key without scopes (docs/atlassian.md#keys-with-scopes).
pub(super) static ROUTES: &[Route] = &[
    get("/admin/v1/orgs", Scopes::NONE, orgs::list),
    get("/admin/v1/orgs/{orgId}", ORGS, orgs::get),
    get("/admin/v1/orgs/{orgId}/domains", DOMAINS, orgs::domains),
    get("/admin/v1/orgs/{orgId}/users", MANAGED, managed::list),
    get(
        "/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates",
        MANAGED,
        managed::last_active,
    ),
    get("/admin/v1/orgs/{orgId}/events", EVENTS, events::list),
    get("/admin/v1/orgs/{orgId}/events-stream", EVENTS, events::stream),
    get("/admin/v1/orgs/{orgId}/events/{eventId}", EVENTS, events::get),
    get("/admin/v2/orgs/{orgId}/directories", DIRECTORIES, orgs::directories),
    post("/admin/v2/orgs/{orgId}/workspaces", WORKSPACES, workspaces::list),
    post("/admin/v2/orgs/{orgId}/users/invite", Scopes::UNSCOPED, invite::invite),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users", DIRECTORIES, users::list),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/count", DIRECTORIES, users::count),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}", DIRECTORIES, users::get),
    post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search", ACCOUNTS, users::search),
    get(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments",
        DIRECTORIES,
        roles::of_user,
    ),
    post(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend",
        Scopes::UNSCOPED,
        users::suspend,
    ),
    post(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore",
        Scopes::UNSCOPED,
        users::restore,
    ),
    delete("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}", users::remove),
    post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search", GROUPS, groups::search),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups", GROUPS, groups::list),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/count", GROUPS, groups::count),
    get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}", GROUPS, groups::get),
    post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups", Scopes::UNSCOPED, groups::create),
    delete("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}", groups::delete),
    get(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments",
        GROUPS,
        roles::list,
    ),
    post(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/assign",
        Scopes::UNSCOPED,
        roles::assign,
    ),
    post(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/revoke",
        Scopes::UNSCOPED,
        roles::revoke,
    ),
    post(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships",
        Scopes::UNSCOPED,
        members::add,
    ),
    delete(
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}",
        members::remove,
    ),
];

const fn get(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::GET, path, access: Access::Account, scopes, run }
}

const fn post(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::POST, path, access: Access::Account, scopes, run }
}

const fn delete(path: &'static str, run: Handler) -> Route {
    Route { method: Method::DELETE, path, access: Access::Account, scopes: Scopes::UNSCOPED, run }
}

const fn scopes(classic: &'static str, granular: &'static [&'static str]) -> Scopes {
    Scopes { classic, granular }
}
