//! Users of the SCIM directory: listing, provisioning, changing (docs/atlassian.md#users-of-scim).

use http::StatusCode;
use serde_json::{Map, Value};

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedUser;
use crate::state::ScimRecord;

use super::errors::{bad_request, exists, not_found};
use super::said::Said;
use super::wire::{Attributes, is_synced, page, reply, user};
use super::{filter, patch as patches, require_directory};

/// `GET /Users`: by `userName`, in any case, or by `externalId`; no other attribute.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let attributes = Attributes::of(context)?;
    let wanted = context.query.filled("filter").map(|text| filter::read(text, &["userName", "externalId"]));
    let wanted = wanted.transpose()?;
    let matches = |record: &ScimRecord| match &wanted {
        None => true,
        Some(("userName", name)) => record.user_name.eq_ignore_ascii_case(name),
        Some((_, id)) => record.external_id.as_ref() == Some(id),
    };
    let mut rows: Vec<(&String, &ScimRecord)> =
        context.state().scim.iter().filter(|(_, record)| matches(record)).collect();
    rows.sort_unstable_by_key(|(_, record)| &record.id);
    page(context, rows, |(account_id, record)| attributes.cut(shown(context, account_id, record)))
}

/// `GET /Users/{userId}`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account_id = asked(context)?;
    show(context, &account_id, StatusCode::OK)
}

/// `POST /Users`: creates an account, or links to the one with the email. If the organization has not verified the
/// domain, the account is not managed: the description of 2022 refused such a domain, and the text of August 2026 has it for
/// people outside the organization. Assumption: linking brings a removed account back into the directory, and sets whether
/// it is active.
pub(super) fn create(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let said = Said::read(&sent(context)?)?;
    said.require_unique(context.state(), None)?;
    let id = provision(context, said).map_err(|why| refused(&why))?;
    context.subject.account_id = Some(id.clone());
    show(context, &id, StatusCode::CREATED)
}

fn provision(context: &mut RequestContext<'_>, said: Said) -> Result<String, Refused> {
    let existing = context.state().account_id(&said.email).map(str::to_owned);
    let (linked, active) = (existing.is_some(), said.active);
    let id = if let Some(id) = existing {
        id
    } else {
        let seed = SeedUser { email: Some(said.email.clone()), ..SeedUser::default() };
        context.world.change(&Change::CreateUser(seed))?;
        let made = context.state().account_id(&said.email).map(str::to_owned);
        made.ok_or_else(|| Refused::UnknownUser(said.email.clone()))?
    };
    said.carry_out(context, &id)?;
    if linked {
        context.world.change(&Change::ReturnUser { user: id.clone() })?;
    }
    set_active(context, &id, active)?;
    Ok(id)
}

/// Applies the identity provider's status: a managed account is active everywhere or nowhere. Assumption: the access of an
/// unmanaged one is suspended or restored.
fn set_active(context: &mut RequestContext<'_>, id: &str, active: bool) -> Result<(), Refused> {
    let managed = context.state().accounts.get(id).is_some_and(|account| account.managed);
    let user = id.to_owned();
    context.world.change(&if managed {
        Change::SetActive { user, active }
    } else {
        Change::SetSuspended { user, suspended: !active }
    })
}

/// `PUT /Users/{userId}`: 200 with the complete user. Omitted attributes are cleared (description), and `active` becomes
/// `true`.
pub(super) fn replace(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account_id = asked(context)?;
    let said = Said::read(&sent(context)?)?;
    let active = said.active;
    change(context, &account_id, said, Some(active))
}

/// `PATCH /Users/{userId}`: 200 with the complete user.
pub(super) fn patch(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account_id = asked(context)?;
    let state = context.state();
    let known = state.accounts.get(&account_id).zip(state.scim.get(&account_id));
    let (account, record) = known.ok_or_else(|| not_found("user", &account_id))?;
    let mut attributes = Said::so_far(account, record);
    let mut about_active = false;
    for operation in patches::read(context)? {
        operation.apply(&mut attributes)?;
        let paths = operation.attributes()?;
        about_active |= paths.iter().any(|(path, _)| patches::local(path).eq_ignore_ascii_case("active"));
    }
    let said = Said::read(&attributes)?;
    let active = about_active.then_some(said.active);
    change(context, &account_id, said, active)
}

fn change(
    context: &mut RequestContext<'_>,
    id: &str,
    said: Said,
    active: Option<bool>,
) -> Result<Reply, Reply> {
    said.require_unique(context.state(), Some(id))?;
    said.carry_out(context, id).map_err(|why| refused(&why))?;
    if let Some(active) = active {
        set_active(context, id, active).map_err(|why| refused(&why))?;
    }
    show(context, id, StatusCode::OK)
}

/// `DELETE /Users/{userId}`: 204; the account is deactivated and no longer in the directory
/// (docs/atlassian.md#put-and-delete-of-scim-users), so the ID is a 404 from then on. Assumption: it leaves the groups
/// that the directory owns.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let user = asked(context)?;
    let groups = context.state().groups_of(&user).filter(|(_, group)| is_synced(group));
    let groups: Vec<String> = groups.map(|(id, _)| id.to_owned()).collect();
    let left = groups.into_iter().map(|group| Change::RemoveMember { group, user: user.clone() });
    for change in left.chain([Change::UnlinkScim { user: user.clone() }]).collect::<Vec<_>>() {
        context.world.change(&change).map_err(|why| refused(&why))?;
    }
    set_active(context, &user, false).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The attributes of the body. `schemas` is not required (assumption: the description requires it, and marks it as
/// read-only).
fn sent(context: &RequestContext<'_>) -> Result<Map<String, Value>, Reply> {
    context.json().map_err(|error| bad_request("invalidSyntax", &error.to_string()))
}

/// Finds the account behind the path's SCIM ID; an account ID is not one.
fn asked(context: &mut RequestContext<'_>) -> Result<String, Reply> {
    require_directory(context)?;
    let scim_id = context.parameter("userId");
    let found = context.state().account_of_scim(scim_id).map(str::to_owned);
    let account_id = found.ok_or_else(|| not_found("user", scim_id))?;
    context.subject.account_id = Some(account_id.clone());
    Ok(account_id)
}

fn show(context: &RequestContext<'_>, account_id: &str, status: StatusCode) -> Result<Reply, Reply> {
    let attributes = Attributes::of(context)?;
    let record = context.state().scim.get(account_id).ok_or_else(|| not_found("user", account_id))?;
    Ok(reply(status, &attributes.cut(shown(context, account_id, record))))
}

fn shown(context: &RequestContext<'_>, account_id: &str, record: &ScimRecord) -> Value {
    let account = context.state().accounts.get(account_id);
    account.map(|account| user(context, account_id, account, record)).unwrap_or_default()
}

fn refused(why: &Refused) -> Reply {
    if let Refused::ScimExists(name) = why {
        return exists("USER", "userName", name);
    }
    bad_request("invalidValue", &why.to_string())
}
