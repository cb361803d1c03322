//! Jira REST v3: the routes on users, groups and rights that Rollbook uses (fact sheet §1).
//!
//! Each handler is a plain function from a [`Turn`] to a [`Reply`]; who may pass at all, limits and the log are
//! the gate's business, rights are the handler's (`rights`).

mod errors;
mod groups;
mod members;
mod rights;
mod search;
mod users;
mod wire;

use http::Method;

pub(super) use errors::{error, unauthenticated};

use super::turn::{Access, Handler, Route, Scopes};

const JIRA_USER: &str = "read:jira-user";
const CONFIGURATION: &str = "manage:jira-configuration";
const GROUP: &str = "read:group:jira";
const USER: &str = "read:user:jira";
const AVATAR: &str = "read:avatar:jira";
const ROLE: &str = "read:application-role:jira";
const SEARCH: &[&str] = &[USER, "read:user.property:jira", ROLE, AVATAR, GROUP];
const PERMISSION: &[&str] = &["read:permission:jira"];
const WRITE_GROUP: &str = "write:group:jira";
const DELETE_GROUP: &str = "delete:group:jira";
const WRITE_USER: &str = "write:user:jira";

/// Every route, with the scopes of fact sheet §1.1.
pub(super) static ROUTES: &[Route] = &[
    get("/rest/api/3/group/bulk", scopes(JIRA_USER, &[GROUP]), groups::bulk),
    anonymous("/rest/api/3/groups/picker", scopes(JIRA_USER, &[GROUP]), groups::picker),
    post("/rest/api/3/group", scopes(CONFIGURATION, &[WRITE_GROUP, GROUP, USER, AVATAR]), groups::create),
    delete("/rest/api/3/group", scopes(CONFIGURATION, &[DELETE_GROUP]), groups::delete),
    get("/rest/api/3/group/member", scopes(CONFIGURATION, &[GROUP, USER, AVATAR]), members::list),
    post("/rest/api/3/group/user", scopes(CONFIGURATION, &[WRITE_GROUP, GROUP, USER, AVATAR]), members::add),
    delete("/rest/api/3/group/user", scopes(CONFIGURATION, &[WRITE_GROUP]), members::remove),
    get("/rest/api/3/user", scopes(JIRA_USER, &[ROLE, GROUP, USER, AVATAR]), users::get),
    post("/rest/api/3/user", scopes(CONFIGURATION, &[WRITE_USER]), users::create),
    delete("/rest/api/3/user", scopes(CONFIGURATION, &[WRITE_USER]), users::delete),
    get("/rest/api/3/user/groups", scopes(JIRA_USER, &[GROUP]), users::groups),
    get("/rest/api/3/user/bulk", scopes(JIRA_USER, &[ROLE, GROUP, USER, AVATAR]), users::bulk),
    anonymous("/rest/api/3/user/search", scopes(JIRA_USER, SEARCH), search::search),
    get("/rest/api/3/users/search", scopes(JIRA_USER, &[USER, ROLE, AVATAR, GROUP]), search::everybody),
    get("/rest/api/3/users", scopes(JIRA_USER, &[USER, ROLE, AVATAR, GROUP]), search::everybody),
    get("/rest/api/3/myself", scopes(JIRA_USER, &[ROLE, GROUP, USER, AVATAR]), rights::myself),
    anonymous("/rest/api/3/serverInfo", Scopes::NONE, rights::server_info),
    anonymous("/rest/api/3/mypermissions", scopes("read:jira-work", PERMISSION), rights::my_permissions),
    get("/rest/api/3/applicationrole", scopes(CONFIGURATION, &[ROLE]), rights::application_roles),
];

const fn get(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::GET, path, access: Access::Account, scopes, run }
}

const fn anonymous(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::GET, path, access: Access::Anonymous, scopes, run }
}

const fn post(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::POST, path, access: Access::Account, scopes, run }
}

const fn delete(path: &'static str, scopes: Scopes, run: Handler) -> Route {
    Route { method: Method::DELETE, path, access: Access::Account, scopes, run }
}

const fn scopes(classic: &'static str, granular: &'static [&'static str]) -> Scopes {
    Scopes { classic, granular }
}
