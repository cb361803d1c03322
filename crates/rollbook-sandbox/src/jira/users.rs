//! One account, some accounts, its groups; inviting and removing (docs/atlassian.md#accounts-by-id).

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedUser;

use super::errors::{bad_request, error, field_error, no_such_user, refused};
use super::rights::{require_browse, require_site_admin};
use super::wire::{Expand, User, Window, group_name, listed_user, page, single_user};

/// `GET /user`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_browse(context)?;
    let id = asked_account(context)?;
    show(context, &id, StatusCode::OK, Expand::of(context))
}

/// `GET /user/groups`: a bare array, not paged.
pub(super) fn groups(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_browse(context)?;
    let id = asked_account(context)?;
    let groups: Vec<_> = context
        .world
        .groups_seen(&id)
        .into_iter()
        .filter_map(|id| Some(group_name(context, id, context.state().groups.get(id)?)))
        .collect();
    Ok(Reply::json(StatusCode::OK, &groups))
}

/// `GET /user/bulk`: the accounts of the given IDs; unknown IDs are left out. 10 per page by default, at most 200
/// (an old figure: docs/atlassian.md#accounts-by-id).
pub(super) fn bulk(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let window = Window::of(context, 10, 200)?;
    let asked: BTreeSet<&str> = context.query.all("accountId").filter(|id| !id.is_empty()).collect();
    if asked.is_empty() {
        return Err(bad_request("'accountId' must be given."));
    }
    let found: Vec<_> = asked.iter().filter_map(|id| context.state().accounts.get_key_value(*id)).collect();
    let values: Vec<User> =
        window.cut(found.iter()).map(|(id, account)| listed_user(context, id, account)).collect();
    Ok(page(context, window, found.len(), values))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    email_address: Option<String>,
    products: Option<Vec<String>>,
}

/// `POST /user`: invites a person, or gives an existing one access to more products through their default groups. A new
/// person has not accepted, and Jira shows them as active (assumption). The caller must administer the organization; in the
/// sandbox, the site (docs/atlassian.md#inviting-through-jira).
pub(super) fn create(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let body: NewUser = context.json().map_err(|_| bad_request("Invalid request payload."))?;
    // Mandatory since 9 May 2024 (docs/atlassian.md#inviting-through-jira).
    let products = body
        .products
        .ok_or_else(|| field_error("products", "You must specify the products that user can access."))?;
    let email = body.email_address.filter(|email| is_email(email));
    let email =
        email.ok_or_else(|| field_error("emailAddress", "You must specify a valid email address."))?;
    let products: BTreeSet<&str> = products.iter().map(String::as_str).collect();
    if let Some(unknown) = products.iter().find(|key| !context.state().apps.contains_key(**key)) {
        return Err(field_error("products", &format!("'{unknown}' is not a valid product.")));
    }
    let existing = context.state().account_id(&email).map(str::to_owned);
    context.subject.account_id.clone_from(&existing);
    let held = existing.as_deref().map(|id| context.state().apps_of(id)).unwrap_or_default();
    // The account exists without access, and the request names no product
    // (docs/atlassian.md#inviting-through-jira).
    if existing.is_some() && held.is_empty() && products.is_empty() {
        return Err(bad_request("The user exists and does not have access to Jira."));
    }
    let wanted: Vec<String> = products.difference(&held).map(|app| (*app).to_owned()).collect();
    if let Some(app) = context.state().apps_without_seat("", wanted.iter().map(String::as_str)).first() {
        return Err(bad_request(&format!("The user limit of '{app}' would be exceeded.")));
    }
    let id = invite(context, &email, existing, &wanted).map_err(|why| refused(&why))?;
    context.subject.account_id = Some(id.clone());
    show(context, &id, StatusCode::CREATED, Expand::default())
}

/// Creates the account or brings it back, and adds it to the default groups of the products.
fn invite(
    context: &mut RequestContext<'_>,
    email: &str,
    existing: Option<String>,
    products: &[String],
) -> Result<String, Refused> {
    let id = if let Some(id) = existing {
        context.world.change(&Change::ReturnUser { user: id.clone() })?;
        id
    } else {
        let seed = SeedUser { email: Some(email.to_owned()), pending: true, ..SeedUser::default() };
        context.world.change(&Change::CreateUser(seed))?;
        let made = context.state().account_id(email).map(str::to_owned);
        made.ok_or_else(|| Refused::UnknownUser(email.to_owned()))?
    };
    let state = context.state();
    let joined: Vec<String> = state
        .groups
        .iter()
        .filter(|(_, group)| products.iter().any(|app| group.default_for.contains(app)))
        .filter(|(_, group)| !group.members.contains(&id))
        .map(|(group_id, _)| group_id.clone())
        .collect();
    for group in joined {
        context.world.change(&Change::AddMember { group, user: id.clone() })?;
    }
    Ok(id)
}

/// `DELETE /user`: 204; the account leaves the site and all groups, and lives on elsewhere
/// (docs/atlassian.md#removed-and-inactive-look-alike).
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let id = asked_account(context)?;
    context.subject.account_id = Some(id.clone());
    // Assumption: the documentation does not say which users its "400 cannot be removed" means.
    if context.caller_id() == Some(id.as_str()) {
        return Err(bad_request("You cannot remove yourself."));
    }
    context.world.change(&Change::RemoveUser { user: id }).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The account that `accountId` names: 400 without it or with a user name (docs/atlassian.md#account-ids), 404 if
/// it is unknown.
fn asked_account(context: &RequestContext<'_>) -> Result<String, Reply> {
    if context.query.one("username").or(context.query.one("key")).is_some() {
        return Err(bad_request("'username' and 'key' are no longer supported; use 'accountId'."));
    }
    let id = context.query.filled("accountId").ok_or_else(|| bad_request("'accountId' must be given."))?;
    let known = context.state().accounts.contains_key(id);
    if known { Ok(id.to_owned()) } else { Err(no_such_user()) }
}

fn show(context: &RequestContext<'_>, id: &str, status: StatusCode, expand: Expand) -> Result<Reply, Reply> {
    let account = context.state().accounts.get(id);
    let account = account.ok_or_else(|| error(StatusCode::NOT_FOUND, "The user does not exist."))?;
    Ok(Reply::json(status, &single_user(context, id, account, expand)))
}

fn is_email(text: &str) -> bool {
    let no_space = !text.contains(|it: char| it.is_whitespace() || it.is_control());
    no_space && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}
