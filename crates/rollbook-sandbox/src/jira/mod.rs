//! Jira REST v3: the routes on users, groups and rights (docs/atlassian.md#reading-from-jira), which a real site
//! also serves under `/rest/api/2` and `/rest/api/latest`: they differ only in the format of issue texts, and the sandbox
//! has no issues.
//!
//! Each handler is a plain function from a [`RequestContext`] to a [`Reply`]; authentication, limits and the log
//! belong to `middleware`, rights to the handler (`rights`).

mod errors;
mod groups;
mod members;
mod permissions;
mod picker;
mod rights;
mod search;
mod users;
mod wire;

use http::Method;

pub(super) use errors::{error, unauthenticated};

use super::request_context::{Access, Handler, Route, Scopes};

const JIRA_USER: &str = "read:jira-user";
const CONFIGURATION: &str = "manage:jira-configuration";
const GROUP: &str = "read:group:jira";
const USER: &str = "read:user:jira";
const AVATAR: &str = "read:avatar:jira";
const ROLE: &str = "read:application-role:jira";
const SEARCH: &[&str] = &[USER, "read:user.property:jira", ROLE, AVATAR, GROUP];
const STRUCTURED: &[&str] = &[
    "read:comment:jira",
    "read:issue:jira",
    "read:issue.vote:jira",
    "read:issue.watcher:jira",
    "read:project:jira",
    "read:user.property:jira",
    USER,
];
const PERMISSION: &[&str] = &["read:permission:jira"];
const WRITE_GROUP: &str = "write:group:jira";
const DELETE_GROUP: &str = "delete:group:jira";
const WRITE_USER: &str = "write:user:jira";

/// Every route, with the scopes of docs/atlassian.md#scopes-of-jira.
pub(super) static ROUTES: &[Route] = &[
    get("/rest/api/3/group/bulk", scopes(JIRA_USER, &[GROUP]), groups::bulk),
    anonymous("/rest/api/3/groups/picker", scopes(JIRA_USER, &[GROUP]), picker::groups),
    anonymous("/rest/api/3/groupuserpicker", scopes("read:jira-work", &[GROUP, USER]), picker::both),
    get("/rest/api/3/group", scopes(JIRA_USER, &[GROUP, USER, AVATAR]), members::group),
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
    anonymous("/rest/api/3/user/picker", scopes(JIRA_USER, &[USER]), picker::users),
    anonymous("/rest/api/3/user/search", scopes(JIRA_USER, SEARCH), search::search),
    get("/rest/api/3/user/search/query", scopes(JIRA_USER, STRUCTURED), search::structured),
    get("/rest/api/3/user/search/query/key", scopes(JIRA_USER, STRUCTURED), search::structured),
    get("/rest/api/3/users/search", scopes(JIRA_USER, &[USER, ROLE, AVATAR, GROUP]), search::everybody),
    get("/rest/api/3/users", scopes(JIRA_USER, &[USER, ROLE, AVATAR, GROUP]), search::everybody),
    get("/rest/api/3/myself", scopes(JIRA_USER, &[ROLE, GROUP, USER, AVATAR]), rights::myself),
    anonymous("/rest/api/3/serverInfo", Scopes::NONE, rights::server_info),
    anonymous("/rest/api/3/mypermissions", scopes("read:jira-work", PERMISSION), permissions::mine),
    anonymous("/rest/api/3/permissions", scopes(CONFIGURATION, PERMISSION), permissions::all),
    Route {
        method: Method::POST,
        path: "/rest/api/3/permissions/check",
        access: Access::Anonymous,
        scopes: scopes("read:jira-work", PERMISSION),
        run: permissions::check,
    },
    get("/rest/api/3/applicationrole", scopes(CONFIGURATION, &[ROLE]), rights::application_roles),
    get("/rest/api/3/applicationrole/{key}", scopes(CONFIGURATION, &[ROLE]), rights::application_role),
];

/// The names under which a site has its API.
pub(super) const VERSIONS: [&str; 3] = ["3", "2", "latest"];

/// The version in a path; the first if it names none.
pub(super) fn version(path: &str) -> &'static str {
    let named = path.split_once("/rest/api/").and_then(|(_, rest)| rest.split('/').next());
    VERSIONS.into_iter().find(|version| Some(*version) == named).unwrap_or(VERSIONS[0])
}

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
