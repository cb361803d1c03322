//! Members of a group: listing, adding, removing (docs/atlassian.md#members-of-a-group).

use std::iter::repeat_n;

use http::StatusCode;
use serde::Deserialize;

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::Account;

use super::errors::{bad_request, no_such_group, no_such_user, refused};
use super::groups::{named_group, require_writable};
use super::rights::{require_browse, require_site_admin};
use super::wire::{Hidden, Row, UserDetails, Window, full_group, page, user_details, with_users};

/// `GET /group/member`: at most 50 per page, by default without inactive members, in the order of a name that is not
/// shown (docs/atlassian.md#members-of-a-group).
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_sight(context)?;
    let group_id = named_group(context, "groupId", "groupname")?;
    let window = Window::of(context, 50, 50)?;
    let with_inactive = context.query.is_true("includeInactiveUsers");
    let members = context.world.members_seen(&group_id);
    let accounts = &context.state().accounts;
    let is_shown = |id: &&String| with_inactive || accounts.get(*id).is_some_and(Account::is_live);
    let listed = || context.world.in_hidden_order(&members).filter(is_shown);
    // They are inactive.
    let unknown = context.state().groups.get(&group_id).map_or(0, |group| group.unknown_members);
    let unknown = if with_inactive { unknown } else { 0 };
    let row = |id: Option<&String>| match id {
        Some(id) => {
            accounts.get(id).map(|account| Row::Known(user_details(context, id, account, Hidden::Empty)))
        }
        None => Some(Row::unknown(context)),
    };
    let ids = listed().map(Some).chain(repeat_n(None, unknown));
    let values: Vec<Row<UserDetails>> = window.cut(ids).filter_map(row).collect();
    let total = if with_inactive { members.len() } else { listed().count() } + unknown;
    Ok(page(context, window, total, values))
}

/// `GET /group`, which is deprecated but works: the group, and with `expand=users[0:49]` these members, at most 50; both
/// indexes are inclusive and count from 0. Assumption: inactive ones are among them.
pub(super) fn group(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_sight(context)?;
    let id = named_group(context, "groupId", "groupname")?;
    let group = context.state().groups.get(&id).ok_or_else(|| no_such_group(&id))?;
    let members = context.world.members_seen(&id);
    let Some((start, count)) = expanded_users(context) else {
        return Ok(Reply::json(StatusCode::OK, &full_group(context, &id, group)));
    };
    let accounts = &context.state().accounts;
    let shown = context.world.in_hidden_order(&members).skip(start).take(count);
    let shown = shown.filter_map(|id| Some(user_details(context, id, accounts.get(id)?, Hidden::Absent)));
    let shown: Vec<UserDetails> = shown.collect();
    Ok(Reply::json(StatusCode::OK, &with_users(context, &id, group, members.len(), start, shown)))
}

/// The members that `expand` asks for: the first index, and how many. Anything but `users[FIRST:LAST]` means the first 50.
fn expanded_users(context: &RequestContext<'_>) -> Option<(usize, usize)> {
    let mut asked = context.query.one("expand")?.split(',');
    let range = asked.find_map(|item| item.trim().strip_prefix("users"))?;
    let range = range.strip_prefix('[').and_then(|range| range.strip_suffix(']'));
    let range = range.and_then(|range| range.split_once(':'));
    let range = range.and_then(|(first, last)| first.parse().ok().zip(last.parse().ok()));
    let (first, last): (usize, usize) = range.unwrap_or((0, 49));
    Some((first, (last.saturating_sub(first) + 1).min(50)))
}

/// 403 unless the caller may browse users or administers Jira.
fn require_sight(context: &RequestContext<'_>) -> Result<(), Reply> {
    if context.caller_id().is_some_and(|id| context.state().administers_jira(id)) {
        return Ok(());
    }
    require_browse(context)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserToAdd {
    account_id: Option<String>,
    name: Option<String>,
}

/// `POST /group/user`: 201 with the group; 400 with a text if the user is a member already
/// (docs/atlassian.md#adding-and-removing-members).
pub(super) fn add(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let group_id = named_group(context, "groupId", "groupname")?;
    context.subject.group_id = Some(group_id.clone());
    let body: UserToAdd = context.json().map_err(|_| bad_request("Invalid request payload."))?;
    let account_id = match (body.account_id, body.name) {
        (Some(id), _) if !id.is_empty() => id,
        // User names are no longer valid (docs/atlassian.md#account-ids).
        (_, Some(_)) => return Err(no_such_user()),
        (_, None) => return Err(bad_request("'accountId' must be given.")),
    };
    context.subject.account_id = Some(account_id.clone());
    require_account(context, &account_id)?;
    require_writable(context, &group_id)?;
    require_seat(context, &group_id, &account_id)?;
    let change = Change::AddMember { group: group_id.clone(), user: account_id };
    context.world.change(&change).map_err(|why| refused(&why))?;
    let group = context.state().groups.get(&group_id).ok_or_else(|| no_such_group(&group_id))?;
    Ok(Reply::json(StatusCode::CREATED, &full_group(context, &group_id, group)))
}

/// `DELETE /group/user`: 200 without a body; 400 with a text for a user who is not a member
/// (docs/atlassian.md#adding-and-removing-members).
pub(super) fn remove(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let group_id = named_group(context, "groupId", "groupname")?;
    context.subject.group_id = Some(group_id.clone());
    let account_id = context.query.filled("accountId").map(str::to_owned);
    let account_id = account_id.ok_or_else(|| bad_request("'accountId' must be given."))?;
    context.subject.account_id = Some(account_id.clone());
    require_account(context, &account_id)?;
    require_writable(context, &group_id)?;
    let change = Change::RemoveMember { group: group_id, user: account_id };
    context.world.change(&change).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::OK))
}

/// 404 unless it is the ID of an account of the site; an email is not.
fn require_account(context: &RequestContext<'_>, account_id: &str) -> Result<(), Reply> {
    let account = context.state().accounts.get(account_id);
    if account.is_some_and(|account| !account.removed) { Ok(()) } else { Err(no_such_user()) }
}

/// 400 if the membership gives access to an app whose licence is full. Assumption
/// (docs/atlassian.md#memberships-through-the-organization).
fn require_seat(context: &RequestContext<'_>, group_id: &str, account_id: &str) -> Result<(), Reply> {
    let state = context.state();
    let Some(group) = state.groups.get(group_id) else {
        return Err(no_such_group(group_id));
    };
    if !state.takes_a_seat(account_id) {
        return Ok(());
    }
    match state.apps_without_seat(account_id, group.apps()).first() {
        None => Ok(()),
        Some(app) => Err(bad_request(&format!("The user limit of '{app}' would be exceeded."))),
    }
}
