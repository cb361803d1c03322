//! Groups of the SCIM directory, which are read-only everywhere else (docs/atlassian.md#groups-of-scim).

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedGroup;
use crate::state::{Group, State};
use crate::words::ManagedBy;

use super::errors::{bad_request, exception, exists, not_found};
use super::patch::{Kind, Operation, local, read};
use super::wire::{group, is_synced, page, reply};
use super::{filter, require_directory};

/// `GET /Groups`: by `displayName`, in any case.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let wanted =
        context.query.filled("filter").map(|text| filter::read(text, &["displayName"])).transpose()?;
    let matches = |group: &Group| {
        let name = wanted.as_ref().map(|(_, name)| name.to_lowercase());
        is_synced(group) && name.is_none_or(|name| name == group.name.to_lowercase())
    };
    let groups = context.state().groups.iter().filter(|(_, group)| matches(group));
    let mut rows: Vec<(String, &String, &Group)> =
        groups.map(|(id, group)| (State::scim_group_id(id), id, group)).collect();
    rows.sort_unstable_by(|(one, _, _), (other, _, _)| one.cmp(other));
    page(context, rows, |(_, id, found)| group(context, id, found, &context.world.members_seen(id)))
}

/// `GET /Groups/{id}`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let id = asked(context)?;
    let members = context.world.members_seen(&id).into_owned();
    show(context, &id, &members, StatusCode::OK)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewGroup {
    display_name: Option<String>,
    external_id: Option<String>,
    #[serde(default)]
    members: Value,
}

/// `POST /Groups`: 201; 409 for a name in use. Assumption: the name of a native group counts too; in reality an
/// administrator may accept the overwrite.
pub(super) fn create(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let new: NewGroup = context.json().map_err(|error| bad_request("invalidSyntax", &error.to_string()))?;
    let name = new.display_name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| bad_request("invalidValue", "displayName is required."))?;
    if context.state().name_in_use(&name) {
        return Err(exists("GROUP", "displayName", &name));
    }
    let members = accounts(context.state(), &new.members).map_err(|id| {
        // The description has 404 only for an unknown directory.
        bad_request("invalidValue", &format!("There is no user {id}."))
    })?;
    let seed = SeedGroup {
        name: name.clone(),
        managed_by: ManagedBy::External,
        external_id: new.external_id,
        members: members.iter().cloned().collect(),
        ..SeedGroup::default()
    };
    let made = context.world.change(&Change::CreateGroup(seed));
    made.map_err(|why| bad_request("invalidValue", &why.to_string()))?;
    let id = context.state().group_named(&name).map(str::to_owned).unwrap_or_default();
    context.subject.group_id = Some(id.clone());
    show(context, &id, &members, StatusCode::CREATED)
}

/// `PATCH /Groups/{id}`: members; 200 with the complete group. The name is immutable. Adding a member twice, or
/// removing a non-member, is not an error (assumption). Seats are not checked (assumption).
pub(super) fn patch(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let id = asked(context)?;
    let found = context.state().groups.get(&id).ok_or_else(|| not_found("group", &id))?;
    let mut after =
        Said { external_id: found.external_id.clone(), members: provisioned(context.state(), found) };
    for operation in read(context)? {
        apply(context.state(), found, &operation, &mut after)?;
    }
    change(context, &id, after)
}

/// `PUT /Groups/{id}`: all members; 200 with the complete group. The name is immutable too. Its 400 is not a SCIM
/// error (description).
pub(super) fn replace(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let id = asked(context)?;
    let new: NewGroup = context.json().map_err(|error| exception("invalidSyntax", &error.to_string()))?;
    let found = context.state().groups.get(&id).ok_or_else(|| not_found("group", &id))?;
    if new.display_name.is_some_and(|name| name != found.name) {
        return Err(exception("mutability", "The displayName of a group is immutable."));
    }
    let members = accounts(context.state(), &new.members)
        .map_err(|id| exception("invalidValue", &format!("There is no user {id}.")))?;
    change(context, &id, Said { external_id: new.external_id, members })
}

/// The identity provider's data of a group.
struct Said {
    external_id: Option<String>,
    members: BTreeSet<String>,
}

/// The members that have a record: SCIM cannot move others.
fn provisioned(state: &State, group: &Group) -> BTreeSet<String> {
    group.members.iter().filter(|member| state.scim.contains_key(*member)).cloned().collect()
}

fn change(context: &mut RequestContext<'_>, id: &str, after: Said) -> Result<Reply, Reply> {
    let found = context.state().groups.get(id).ok_or_else(|| not_found("group", id))?;
    let before = provisioned(context.state(), found);
    let Said { external_id, members } = after;
    let group = || id.to_owned();
    let left = before.difference(&members);
    let left = left.map(|user| Change::RemoveMember { group: group(), user: user.clone() });
    let joined = members.difference(&before);
    let joined = joined.map(|user| Change::AddMember { group: group(), user: user.clone() });
    let known = Change::SetExternalId { group: group(), external_id };
    for change in left.chain(joined).chain([known]).collect::<Vec<_>>() {
        context.world.change(&change).map_err(|why| bad_request("invalidValue", &why.to_string()))?;
    }
    show(context, id, &members, StatusCode::OK)
}

/// `DELETE /Groups/{id}`: 204; this also removes the group from the organization and its sites
/// (docs/atlassian.md#groups-of-scim).
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let id = asked(context)?;
    context.world.change(&Change::DeleteGroup { group: id.clone() }).map_err(|_| not_found("group", &id))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Applies one operation to the data of a group.
fn apply(state: &State, group: &Group, operation: &Operation, said: &mut Said) -> Result<(), Reply> {
    let members = &mut said.members;
    if let Some(path) = operation.path.as_deref().filter(|path| path.contains('[')) {
        let scim_id = filtered(path).filter(|_| operation.kind == Kind::Remove);
        let scim_id =
            scim_id.ok_or_else(|| bad_request("invalidPath", &format!("{path} cannot be changed.")))?;
        let account = state.account_of_scim(&scim_id).ok_or_else(|| not_found("user", &scim_id))?;
        members.remove(account);
        return Ok(());
    }
    for (attribute, value) in operation.attributes()? {
        match local(&attribute).to_ascii_lowercase().as_str() {
            "members" => {
                let named = accounts(state, &value).map_err(|id| not_found("user", &id))?;
                match operation.kind {
                    Kind::Add => members.extend(named),
                    // RFC 7644: a removal without a value removes every member.
                    Kind::Remove if value.is_null() => members.clear(),
                    Kind::Remove => members.retain(|member| !named.contains(member)),
                    Kind::Replace => *members = named,
                }
            }
            "externalid" if operation.kind == Kind::Remove => said.external_id = None,
            "externalid" => said.external_id = value.as_str().map(str::to_owned),
            "displayname" if value.as_str() == Some(&group.name) => {}
            "displayname" => {
                return Err(bad_request("mutability", "The displayName of a group is immutable."));
            }
            _ => {
                let why = format!("The directory has no attribute {attribute} of groups.");
                return Err(bad_request("invalidPath", &why));
            }
        }
    }
    Ok(())
}

/// The SCIM ID of `members[value eq "ID"]`, the shape that Okta sends.
fn filtered(path: &str) -> Option<String> {
    let inner = local(path).strip_prefix("members[")?.strip_suffix(']')?;
    filter::read(inner, &["value"]).ok().map(|(_, id)| id)
}

/// The accounts of `[{"value": SCIM ID}, …]`, or the unknown SCIM ID. Account IDs do not count.
fn accounts(state: &State, value: &Value) -> Result<BTreeSet<String>, String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    };
    let by_scim_id = |item: &Value| {
        let id = item.get("value").and_then(Value::as_str).unwrap_or_default();
        state.account_of_scim(id).map(str::to_owned).ok_or_else(|| id.to_owned())
    };
    items.iter().map(by_scim_id).collect()
}

/// Finds the group ID behind the path's SCIM ID.
fn asked(context: &mut RequestContext<'_>) -> Result<String, Reply> {
    require_directory(context)?;
    let scim_id = context.parameter("id");
    let mut synced = context.state().groups.iter().filter(|(_, group)| is_synced(group));
    let found = synced.find(|(id, _)| State::scim_group_id(id) == scim_id).map(|(id, _)| id.clone());
    let id = found.ok_or_else(|| not_found("group", scim_id))?;
    context.subject.group_id = Some(id.clone());
    Ok(id)
}

fn show(
    context: &RequestContext<'_>,
    id: &str,
    members: &BTreeSet<String>,
    status: StatusCode,
) -> Result<Reply, Reply> {
    let found = context.state().groups.get(id).ok_or_else(|| not_found("group", id))?;
    Ok(reply(status, &group(context, id, found, members)))
}
