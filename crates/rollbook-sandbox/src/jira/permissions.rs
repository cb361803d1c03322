//! The permissions, and who has them (docs/atlassian.md#rights-in-jira).

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::State;

use super::errors::bad_request;
use super::rights::require_administer_jira;

/// A permission as Jira names it.
struct Permission {
    id: &'static str,
    key: &'static str,
    kind: &'static str,
    name: &'static str,
}

const GLOBAL: &str = "GLOBAL";
const PROJECT: &str = "PROJECT";

/// Jira's long-standing global permissions, and two project permissions. The IDs of `ADMINISTER` and `USER_PICKER` were
/// captured in a support engineer's session; the others are Jira Server's.
const PERMISSIONS: [Permission; 8] = [
    permission("0", "ADMINISTER", GLOBAL, "Administer Jira"),
    permission("10", "BROWSE_PROJECTS", PROJECT, "Browse Projects"),
    permission("33", "BULK_CHANGE", GLOBAL, "Make bulk changes"),
    permission("11", "CREATE_ISSUES", PROJECT, "Create Issues"),
    permission("22", "CREATE_SHARED_OBJECTS", GLOBAL, "Share dashboards and filters"),
    permission("24", "MANAGE_GROUP_FILTER_SUBSCRIPTIONS", GLOBAL, "Manage group filter subscriptions"),
    permission("44", "SYSTEM_ADMIN", GLOBAL, "Jira System Administrators"),
    permission("27", "USER_PICKER", GLOBAL, "Browse users and groups"),
];

const fn permission(
    id: &'static str,
    key: &'static str,
    kind: &'static str,
    name: &'static str,
) -> Permission {
    Permission { id, key, kind, name }
}

impl Permission {
    fn json(&self) -> Map<String, Value> {
        [
            ("id", self.id),
            ("key", self.key),
            ("name", self.name),
            ("type", self.kind),
            ("description", self.name),
        ]
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .into_iter()
        .collect()
    }
}

/// `GET /permissions`: all of them, public.
#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
pub(super) fn all(_: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let all: Map<String, Value> =
        PERMISSIONS.iter().map(|permission| (permission.key.to_owned(), permission.json().into())).collect();
    Ok(Reply::json(StatusCode::OK, &json!({ "permissions": all })))
}

/// `GET /mypermissions`: `permissions` is required, an unknown key is a 400; public
/// (docs/atlassian.md#administer-jira).
pub(super) fn mine(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let asked = context
        .query
        .filled("permissions")
        .ok_or_else(|| bad_request("The permissions query parameter is required."))?;
    let mut permissions = Map::new();
    for key in asked.split(',').map(str::trim) {
        let mut permission = known(key)?.json();
        let have = context.caller_id().is_some_and(|caller| has(context.state(), caller, key));
        permission.insert("havePermission".to_owned(), json!(have));
        permissions.insert(key.to_owned(), permission.into());
    }
    Ok(Reply::json(StatusCode::OK, &json!({ "permissions": permissions })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    account_id: Option<String>,
    #[serde(default)]
    global_permissions: Vec<Option<String>>,
    #[serde(default)]
    project_permissions: Vec<Option<InProjects>>,
}

#[derive(Deserialize)]
struct InProjects {
    permissions: Vec<String>,
}

/// `POST /permissions/check`: which of the given permissions an account has. Without an account it is the caller; another one
/// needs the right to administer Jira. Unknown IDs of projects and issues are ignored (description), and the sandbox has
/// none.
pub(super) fn check(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let asked: Asked = context.json().map_err(|_| bad_request("Invalid request payload."))?;
    let account = asked.account_id.as_deref().or(context.caller_id());
    if account != context.caller_id() {
        require_administer_jira(context)?;
    }
    if account.is_some_and(|id| !context.state().accounts.contains_key(id)) {
        // Assumption: the description has no response for an unknown account.
        return Err(bad_request("Specified user does not exist or you do not have required permissions"));
    }
    let mut granted = Vec::new();
    for key in asked.global_permissions.iter().flatten() {
        if known(key)?.kind != GLOBAL {
            return Err(bad_request(&format!("Unrecognized global permission: {key}")));
        }
        if account.is_some_and(|id| has(context.state(), id, key)) {
            granted.push(key);
        }
    }
    let mut in_projects = Vec::new();
    for InProjects { permissions } in asked.project_permissions.iter().flatten() {
        let mut named = permissions.iter().filter(|key| !key.is_empty()).peekable();
        if named.peek().is_none() {
            return Err(bad_request("At least one project permission must be given."));
        }
        for key in named {
            known(key)?;
            in_projects.push(json!({ "permission": key, "issues": [], "projects": [] }));
        }
    }
    let body = json!({ "projectPermissions": in_projects, "globalPermissions": granted });
    Ok(Reply::json(StatusCode::OK, &body))
}

/// 400 for an unknown permission.
fn known(key: &str) -> Result<&'static Permission, Reply> {
    let found = PERMISSIONS.iter().find(|permission| permission.key == key);
    found.ok_or_else(|| bad_request(&format!("Unrecognized permission: {key}")))
}

fn has(state: &State, account_id: &str, key: &str) -> bool {
    match key {
        "ADMINISTER" => state.administers_jira(account_id),
        "USER_PICKER" => state.browses_users(account_id),
        // Nobody has it in Cloud.
        "SYSTEM_ADMIN" => false,
        _ => state.administers_jira(account_id) || !state.apps_of(account_id).is_empty(),
    }
}
