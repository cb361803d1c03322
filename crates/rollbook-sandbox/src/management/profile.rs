//! The profile of an account (description: `AtlassianAccountUser`).

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::{RequestContext, encode};
use crate::state::Account;
use crate::words::{AccountType, Deletion};

use super::{asked_account, no_such_account, require, synced, unmanaged, unreadable};

/// The fields besides the name that can be written.
const FIELDS: [&str; 4] = ["nickname", "zoneinfo", "locale", "extended_profile"];

/// `GET …/manage/profile`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(unmanaged(account))?;
    Ok(Reply::json(StatusCode::OK, &json!({ "account": shown(context, account) })))
}

/// `PATCH …/manage/profile`: the fields that `profile.write` lists; 400 for any other, which would be lost.
pub(super) fn patch(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(unmanaged(account).or_else(|| synced(context)))?;
    let mut profile: Map<String, Value> = context.json().map_err(|_| unreadable())?;
    let user = context.parameter("accountId").to_owned();
    let name = match profile.remove("name") {
        None => None,
        Some(Value::String(name)) if !name.is_empty() => Some(name),
        Some(_) => return Err(unreadable()),
    };
    if profile.keys().any(|key| !FIELDS.contains(&key.as_str())) {
        return Err(unreadable());
    }
    let mut after = account.profile.clone();
    for (key, value) in profile {
        match (after.get_mut(&key).and_then(Value::as_object_mut), value) {
            (Some(parts), Value::Object(new)) => parts.extend(new),
            (_, value) => {
                after.insert(key, value);
            }
        }
    }
    context
        .world
        .change(&Change::SetProfile { user: user.clone(), profile: after })
        .map_err(|_| no_such_account())?;
    if let Some(name) = name {
        context.world.change(&Change::RenameUser { user, name }).map_err(|_| no_such_account())?;
    }
    get(context)
}

#[derive(Deserialize)]
struct Email {
    email: String,
}

/// `PUT …/manage/email`: 204. Assumption: 400 for a domain that is not verified, and for an email of another account.
pub(super) fn set_email(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(unmanaged(account).or_else(|| synced(context)))?;
    let Email { email } = context.json().map_err(|_| unreadable())?;
    let refused = |key: &str| Reply::json(StatusCode::BAD_REQUEST, &json!({ "key": key }));
    if !context.state().organization.has_verified(&email) {
        return Err(refused("invalidEmail"));
    }
    let user = context.parameter("accountId").to_owned();
    context.world.change(&Change::ChangeEmail { user, email }).map_err(|_| refused("emailInUse"))?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn shown(context: &RequestContext<'_>, account: &Account) -> Value {
    let id = context.parameter("accountId");
    let status = match account.deletion {
        Some(Deletion::Done) => "closed",
        None if account.active => "active",
        Some(Deletion::Scheduled) | None => "inactive",
    };
    let mut shown = json!({
        "account_id": id,
        "account_type": match account.kind {
            AccountType::Atlassian => "atlassian",
            AccountType::App => "app",
            AccountType::Customer => "customer",
        },
        "account_status": status,
        "name": account.name,
        "nickname": account.name,
        "picture": format!("https://avatar-management.invalid/{}", encode(id)),
        "email": account.email.as_deref().unwrap_or_default(),
        "email_verified": !account.pending,
        "characteristics": { "not_mentionable": false },
    });
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(account.profile.clone());
    }
    shown
}
