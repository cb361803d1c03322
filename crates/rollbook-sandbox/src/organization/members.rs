//! Memberships (docs/atlassian.md#memberships-through-the-organization): one request each, without a listing.

use http::StatusCode;
use serde::Deserialize;

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::Group;

use super::errors::{bad_request, error, no_such_user};
use super::view::{Scope, is_modifiable, require_directory, require_group, require_user};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMember {
    account_id: Option<String>,
}

/// `POST …/memberships`: 204; 409 both for a present member and for an app without a free seat, 403 for a
/// synced group, 404 for an account outside the directory. The removed v1 took `account_id`, which is a 400 in v2.
pub(super) fn add(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Write)?;
    let asked: NewMember = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let user = asked.account_id.ok_or_else(|| bad_request("'accountId' must be given"))?;
    let group = writable(context)?;
    require_user(context, &user).map_err(|_| not_in_directory())?;
    let state = context.state();
    let joins = state.groups.get(&group).is_some_and(|group| !group.members.contains(&user));
    let full = || {
        let granted = state.groups.get(&group).into_iter().flat_map(Group::apps);
        !state.apps_without_seat(&user, granted).is_empty()
    };
    if joins && state.takes_a_seat(&user) && full() {
        return Err(error(StatusCode::CONFLICT, "ADMIN-409-3", CONFLICT));
    }
    context.world.change(&Change::AddMember { group, user }).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The one text of the two meanings of 409, as the description has it.
const CONFLICT: &str = "The user is already in the group or you've exceeded your user limit for an app that the \
                        group grants access to.";

/// `DELETE …/memberships/{accountId}`: 204; 404 for a user who is not a member.
pub(super) fn remove(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Write)?;
    let group = writable(context)?;
    let user = context.parameter("accountId").to_owned();
    require_user(context, &user).map_err(|_| not_in_directory())?;
    context.world.change(&Change::RemoveMember { group, user }).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// 404 as measured (ConductorOne/baton-atlassian, 2026-08).
fn not_in_directory() -> Reply {
    error(StatusCode::NOT_FOUND, "ADMIN-UAM-404-1", "One or more user not found in the directory")
}

/// The ID of the path's group, whose members the organization must be able to change.
fn writable(context: &RequestContext<'_>) -> Result<String, Reply> {
    let (id, group) = require_group(context)?;
    if is_modifiable(group) {
        return Ok(id.to_owned());
    }
    Err(error(StatusCode::FORBIDDEN, "ADMIN-403-5", "Not allowed to manage the group"))
}

fn refused(why: &Refused) -> Reply {
    if matches!(why, Refused::AlreadyMember { .. }) {
        return error(StatusCode::CONFLICT, "ADMIN-409-28", CONFLICT);
    }
    no_such_user()
}
