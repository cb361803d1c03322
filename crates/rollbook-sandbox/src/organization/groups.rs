//! Groups of the directory: finding, showing, creating, deleting (docs/atlassian.md#groups-through-the-organization).

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedGroup;
use crate::state::Group;

use super::cursor::{Cursor, links};
use super::errors::{bad_request, error, no_such_group};
use super::search::{GroupSearch, of_query, read};
use super::view::{
    Scope, group, is_for_admins, is_modifiable, is_shown, require_directory, require_group, resource,
};

/// `POST …/groups/search`: by IDs, by exact names in any case, by a text, or all; 20 per page by default. Teams are among
/// them: `managedBy` has a word for them.
pub(super) fn search(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    Ok(page(context, read::<GroupSearch>(context)?))
}

/// `GET …/groups`, which will be removed after June 2027: the same by a query.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    Ok(page(context, of_query::<GroupSearch>(context)?))
}

/// `GET …/groups/count`: how many groups a query finds.
pub(super) fn count(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let asked = of_query::<GroupSearch>(context)?.request;
    Ok(Reply::json(StatusCode::OK, &json!({ "count": found(context, &asked).len() })))
}

fn found<'a>(context: &'a RequestContext<'_>, asked: &GroupSearch) -> Vec<(&'a String, &'a Group)> {
    let names: Vec<String> = asked.group_names.iter().map(|name| name.to_lowercase()).collect();
    let term = asked.search_term.as_ref().map(|term| term.to_lowercase());
    let ids: Vec<&str> = asked.group_ids.iter().filter_map(|id| id.rsplit('/').next()).collect();
    let directory = &context.state().organization.directory_id;
    let in_directory = asked.directory_ids.is_empty() || asked.directory_ids.contains(directory);
    let matches = |id: &str, group: &Group| {
        let name = group.name.to_lowercase();
        let members = || context.world.members_seen(id);
        in_directory
            && is_shown(group)
            && (ids.is_empty() || ids.contains(&id))
            && (names.is_empty() || names.contains(&name))
            && term.as_ref().is_none_or(|term| name.contains(term))
            && gives(context, id, asked)
            && (asked.account_ids.is_empty() || asked.account_ids.iter().any(|id| members().contains(id)))
    };
    let groups = context.state().groups.iter();
    let mut found: Vec<(&String, &Group)> = groups.filter(|(id, group)| matches(id, group)).collect();
    found.sort_unstable_by_key(|(id, group)| (group.name.as_str(), id.as_str()));
    found
}

/// Whether a group has one of the requested roles on one of the resources. Assumption: both filters apply to one assignment.
fn gives(context: &RequestContext<'_>, id: &str, asked: &GroupSearch) -> bool {
    let GroupSearch { resource_ids, resource_owners, role_ids, .. } = asked;
    let of = |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|it| it == value);
    if resource_ids.is_empty() && resource_owners.is_empty() && role_ids.is_empty() {
        return true;
    }
    context.world.grants_seen(id).iter().any(|(app, grants)| {
        of(resource_ids, &resource(context.state(), app))
            && of(resource_owners, app)
            && grants.0.iter().any(|grant| of(role_ids, grant.id()))
    })
}

fn page(context: &RequestContext<'_>, cursor: Cursor<GroupSearch>) -> Reply {
    let limit = cursor.request.limit.unwrap_or(20);
    let expand = cursor.request.expand.clone();
    let found = found(context, &cursor.request);
    let (page, next) = cursor.page(found, limit);
    let data: Vec<Value> = page.into_iter().map(|(id, found)| group(context, id, found, &expand)).collect();
    Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(next.as_deref()) }))
}

/// `GET …/groups/{groupId}`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let (id, found) = require_group(context)?;
    let counts = ["counts.users".to_owned(), "counts.resources".to_owned()];
    Ok(Reply::json(StatusCode::OK, &json!({ "data": group(context, id, found, &counts) })))
}

#[derive(Deserialize)]
struct NewGroup {
    name: Option<String>,
    description: Option<String>,
}

/// `POST …/groups`: 201 without a body, since the description has none; 409 for a name in use.
pub(super) fn create(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Write)?;
    let asked: NewGroup = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let name = asked.name.ok_or_else(|| bad_request("'name' must be given"))?;
    let seed = SeedGroup { name: name.clone(), description: asked.description, ..SeedGroup::default() };
    context.world.change(&Change::CreateGroup(seed)).map_err(|why| {
        if matches!(why, Refused::NameInUse(_)) {
            let text = "A group with this name already exists";
            return error(StatusCode::CONFLICT, "ADMIN-409-28", text);
        }
        bad_request(&why.to_string())
    })?;
    context.subject.group_id = context.state().group_named(&name).map(str::to_owned);
    Ok(Reply::empty(StatusCode::CREATED))
}

/// `DELETE …/groups/{groupId}`: 204; 403 for default, admin and other unmodifiable groups. Assumption: members are not an
/// obstacle (`ADMIN-409-5` is listed, but 409 is not among this call's responses).
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Write)?;
    let (id, found) = require_group(context)?;
    let forbidden = |code, why| Err(error(StatusCode::FORBIDDEN, code, why));
    if !is_modifiable(found) {
        return forbidden("ADMIN-403-5", "Not allowed to manage the group");
    }
    if !found.default_for.is_empty() {
        return forbidden("ADMIN-403-6", "Not allowed to delete group with default-role attribute");
    }
    if is_for_admins(found) {
        return forbidden("ADMIN-403-7", "Not allowed to delete group which grants admin access");
    }
    let id = id.to_owned();
    context.world.change(&Change::DeleteGroup { group: id }).map_err(|_| no_such_group())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
