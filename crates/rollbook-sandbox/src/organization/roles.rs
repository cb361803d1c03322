//! Roles that groups have in apps (docs/atlassian.md#roles-of-groups): listing, assigning, revoking.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::State;
use crate::words::{Grant, Grants, Usage};

use super::cursor::{Cursor, links};
use super::errors::{bad_request, error, no_such_group};
use super::search::check_role;
use super::view::{Scope, membership_status, require_directory, require_group, require_user, resource};

/// The requested assignments, the same for every page.
#[derive(Default, Serialize, Deserialize)]
struct Asked {
    owners: Vec<String>,
    resources: Vec<String>,
    roles: Vec<String>,
    limit: usize,
}

/// `GET …/groups/{groupId}/role-assignments`: one row per app, 20 per page by default. `defaultRole` is the role that a
/// new user of the app gets by the group. Assumption: the owner of a resource is the app's key.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let (id, group) = require_group(context)?;
    let cursor = match context.query.filled("cursor") {
        Some(token) => Cursor::<Asked>::read(token)?,
        None => Cursor { request: asked(context)?, from: 0 },
    };
    let limit = cursor.request.limit;
    let of = |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|it| it == value);
    let Asked { owners, resources, roles, .. } = &cursor.request;
    let row = |(app, grants): (&String, &Grants)| {
        let resource = resource(context.state(), app);
        let held: Vec<&str> = grants.0.iter().map(|grant| grant.id()).collect();
        let is_asked = of(owners, app) && of(resources, &resource) && held.iter().any(|role| of(roles, role));
        let default = group.default_for.contains(app).then(|| Grant::User.id());
        is_asked.then(
            || json!({ "resourceId": resource, "resourceOwner": app, "roles": held, "defaultRole": default }),
        )
    };
    let rows: Vec<Value> = context.world.grants_seen(id).iter().filter_map(row).collect();
    let (data, next) = cursor.page(rows, limit);
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(next.as_deref()) })))
}

/// `GET …/users/{accountId}/role-assignments`: one row an app in which the person has a role, and how each role came about.
/// Assumption: what somebody administers in the whole organization is not among them.
pub(super) fn of_user(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let id = context.parameter("accountId");
    require_user(context, id)?;
    let cursor = match context.query.filled("cursor") {
        Some(token) => Cursor::<Asked>::read(token)?,
        None => Cursor { request: asked(context)?, from: 0 },
    };
    let state = context.state();
    let limit = cursor.request.limit;
    let of = |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|it| it == value);
    let Asked { owners, resources, roles, .. } = &cursor.request;
    let row = |app: &String| {
        let resource = resource(state, app);
        let held = state.roles_in(id, app);
        let is_asked =
            of(owners, app) && of(resources, &resource) && held.keys().any(|role| of(roles, role.id()));
        let assignment = |(role, (direct, by_group)): (&Grant, &(bool, bool))| {
            let methods = [("direct", direct), ("group_direct", by_group)];
            let methods: Vec<&str> =
                methods.iter().filter(|(_, is)| **is).map(|(method, _)| *method).collect();
            json!({ "role": role.id(), "roleAssignmentMethods": methods })
        };
        is_asked.then(|| {
            json!({
                "directoryId": state.organization.directory_id,
                "resourceId": resource,
                "resourceOwner": app,
                "roles": held.keys().map(|role| role.id()).collect::<Vec<_>>(),
                "roleAssignments": held.iter().map(assignment).collect::<Vec<_>>(),
                "userDirectoryStatus": state.accounts.get(id).map(membership_status),
            })
        })
    };
    let rows: Vec<Value> = state.apps.keys().filter_map(row).collect();
    let (data, next) = cursor.page(rows, limit);
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(next.as_deref()) })))
}

fn asked(context: &RequestContext<'_>) -> Result<Asked, Reply> {
    let limit = context.query.filled("limit").map_or(Ok(20), str::parse::<usize>);
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| bad_request("'limit' must be between 1 and 100"))?;
    let list = |key: &str, most: usize| {
        let items: Vec<String> =
            context.query.all(key).flat_map(|value| value.split(',')).map(str::to_owned).collect();
        let too_many = || bad_request(&format!("'{key}' must not have more than {most} items"));
        if items.len() > most { Err(too_many()) } else { Ok(items) }
    };
    let roles = list("roleIds", 10)?;
    roles.iter().try_for_each(|role| check_role(role))?;
    list("directoryIds", 10)?;
    Ok(Asked { owners: list("resourceOwners", 10)?, resources: list("resourceIds", 20)?, roles, limit })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    resource_id: Option<String>,
    role_id: Option<String>,
}

/// `POST …/role-assignments/assign`: 200, even if the group has the role already; 400 for a role that the app does not
/// have, 409 if it has too few seats for its new users. These are mailed.
pub(super) fn assign(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let (group, app, role) = wanted(context)?;
    let comes = newcomers(context.state(), &group, &app, role);
    let state = context.state();
    let seats = state.apps.get(&app).and_then(|app| app.seats);
    if seats.is_some_and(|seats| !comes.is_empty() && state.seats_taken(&app) + comes.len() > seats as usize)
    {
        let why = "You've exceeded your user limit for the app";
        return Err(error(StatusCode::CONFLICT, "ADMIN-409-3", why));
    }
    context.world.mails.extend(comes);
    set(context, &Change::SetGrant { group, app, role, held: true })?;
    Ok(Reply::empty(StatusCode::OK))
}

/// `POST …/role-assignments/revoke`: 204. Assumption: 404 if the group does not have the role.
pub(super) fn revoke(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let (group, app, role) = wanted(context)?;
    if !context.state().groups.get(&group).is_some_and(|group| group.grants(&app, role)) {
        return Err(error(StatusCode::NOT_FOUND, "ADMIN-404-1", "Role assignment not found"));
    }
    set(context, &Change::SetGrant { group, app, role, held: false })?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn set(context: &mut RequestContext<'_>, change: &Change) -> Result<(), Reply> {
    context.world.change(change).map_err(|_| no_such_group())
}

/// The group of the path with the app and the role of the body. An identity provider's group has roles like any other;
/// assumption: a team has none.
fn wanted(context: &RequestContext<'_>) -> Result<(String, String, Grant), Reply> {
    require_directory(context, Scope::Write)?;
    let asked: Assignment = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let (id, group) = require_group(context)?;
    if group.usage == Usage::TeamCollaboration {
        return Err(error(StatusCode::FORBIDDEN, "ADMIN-403-5", "Not allowed to manage the group"));
    }
    let given = asked.resource_id.ok_or_else(|| bad_request("'resourceId' must be given"))?;
    let role = asked.role_id.ok_or_else(|| bad_request("'roleId' must be given"))?;
    let state = context.state();
    let app = state.apps.keys().find(|app| resource(state, app) == given);
    let app = app.ok_or_else(|| bad_request("Unknown resource"))?;
    let grant = Grant::of_id(&role).filter(|grant| grant.suits(app));
    let grant = grant.ok_or_else(|| bad_request("Invalid role for the resource"))?;
    Ok((id.to_owned(), app.clone(), grant))
}

/// The members who get an app by the role `user`: people who need a seat and have none.
fn newcomers(state: &State, group: &str, app: &str, role: Grant) -> BTreeSet<String> {
    let members = state.groups.get(group).filter(|_| role == Grant::User).map(|group| &group.members);
    let comes = |id: &&String| state.takes_a_seat(id) && !state.apps_of(id).contains(app);
    members.into_iter().flatten().filter(comes).cloned().collect()
}
