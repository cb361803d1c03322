//! Deactivating, activating and deleting (docs/atlassian.md#deactivating-and-activating).

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::words::Deletion;

use super::{asked_account, no_such_account, require, restriction, unreadable};

/// `POST …/lifecycle/delete`: 200 with a message; the account is inactive until it is gone, 14 days later, and until
/// then the deletion can be cancelled (description). The sandbox does not wait for these days.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(restriction(context, account))?;
    let user = context.parameter("accountId").to_owned();
    if account.deletion.is_some() {
        return Err(lifecycle_error(&user, "account-deletion-requested"));
    }
    set_deletion(context, user, Some(Deletion::Scheduled), "The account will be deleted in 14 days.")
}

/// `POST …/lifecycle/cancel-delete`: 200; the account is active again (description). Assumption: 404 if no deletion is
/// scheduled, since the description has no 409.
pub(super) fn cancel_delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(restriction(context, account))?;
    if account.deletion != Some(Deletion::Scheduled) {
        return Err(no_such_account());
    }
    let user = context.parameter("accountId").to_owned();
    set_deletion(context, user, None, "The deletion of the account is cancelled.")
}

fn set_deletion(
    context: &mut RequestContext<'_>,
    user: String,
    deletion: Option<Deletion>,
    message: &str,
) -> Result<Reply, Reply> {
    let active = deletion.is_none();
    for change in [Change::SetDeletion { user: user.clone(), deletion }, Change::SetActive { user, active }] {
        context.world.change(&change).map_err(|_| no_such_account())?;
    }
    Ok(Reply::json(StatusCode::OK, &json!({ "message": message })))
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message")]
    _text: Option<String>,
}

/// `POST …/lifecycle/disable`: 204, and again 204 (assumption). The body is required, and may be `{}`.
pub(super) fn disable(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    asked_account(context)?;
    context.json::<Message>().map_err(|_| unreadable())?;
    set_active(context, false)
}

/// `POST …/lifecycle/enable`: 204; a deletion must be cancelled first (description).
pub(super) fn enable(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    set_active(context, true)
}

fn set_active(context: &mut RequestContext<'_>, active: bool) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    require(restriction(context, account))?;
    let why = match account.deletion {
        Some(Deletion::Scheduled) => Some("account-scheduled-for-deletion"),
        Some(Deletion::Done) => Some("account-closed"),
        None => None,
    };
    let user = context.parameter("accountId").to_owned();
    if let Some(code) = why {
        return Err(lifecycle_error(&user, code));
    }
    context.world.change(&Change::SetActive { user, active }).map_err(|_| no_such_account())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// 409 for an account that is being deleted, or is. The codes are inventions: the description lists none.
fn lifecycle_error(account_id: &str, code: &str) -> Reply {
    let message = "The account is not eligible for the requested action";
    let context = json!({
        "message": message,
        "accountId": account_id,
        "errorCodes": [{ "code": code, "message": message }],
    });
    Reply::json(StatusCode::CONFLICT, &json!({ "key": "conflict.lifecycleErrors", "context": context }))
}
