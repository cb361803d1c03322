//! User management API: managed accounts only, whichever sites they are on (fact sheet §5).
//!
//! To deactivate is global, where to suspend is an affair of one directory. Profile, e-mail, tokens and deletion
//! have no routes here.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::change::Change;
use super::reply::Reply;
use super::state::Account;
use super::turn::{Access, Route, Scopes, Turn};
use super::words::Deletion;

/// Every route. A key with scopes is refused at each of them, reads included (jira.js, measured).
pub(super) static ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/users/{accountId}/manage",
        access: Access::Account,
        scopes: Scopes::UNSCOPED,
        run: privileges,
    },
    Route {
        method: Method::POST,
        path: "/users/{accountId}/manage/lifecycle/disable",
        access: Access::Account,
        scopes: Scopes::UNSCOPED,
        run: disable,
    },
    Route {
        method: Method::POST,
        path: "/users/{accountId}/manage/lifecycle/enable",
        access: Access::Account,
        scopes: Scopes::UNSCOPED,
        run: enable,
    },
];

/// What `profile.write` lists.
const PROFILE: [&str; 8] = [
    "name",
    "nickname",
    "zoneinfo",
    "locale",
    "extended_profile.job_title",
    "extended_profile.department",
    "extended_profile.organization",
    "extended_profile.location",
];

/// Every privilege of the description.
const PRIVILEGES: [&str; 8] = [
    "profile",
    "profile.write",
    "profile.read",
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "apiToken.read",
    "apiToken.delete",
];

/// What a key with scopes is answered: it names a scope that no dialog offers. Assumption: the shape of the body.
pub(super) fn scope_missing() -> Reply {
    let detail = "Error: The API key lacks the scope manage:org";
    let body = json!({ "key": "forbidden", "errorKey": "forbidden", "errorDetail": detail });
    Reply::json(StatusCode::FORBIDDEN, &body)
}

/// A refusal before any handler: `{"key": …}`. Limits answer in the gateway's shape.
pub(super) fn refusal(status: StatusCode) -> Reply {
    let key = match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "notFound",
        StatusCode::TOO_MANY_REQUESTS => return super::turn::edge_error(status, "Rate limit exceeded."),
        _ => "badRequest",
    };
    Reply::json(status, &json!({ "key": key }))
}

/// `GET /users/{accountId}/manage`: what may be done with an account, and why not. It is the cheap way to ask
/// whether SCIM owns it. Unknown names in `privileges` are left out.
fn privileges(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let account = asked_account(turn)?;
    let asked: Vec<&str> = turn.query.all("privileges").flat_map(|list| list.split(',')).collect();
    let wanted = PRIVILEGES.iter().filter(|name| asked.is_empty() || asked.contains(name));
    let rules: Map<String, Value> =
        wanted.map(|name| ((*name).to_owned(), privilege(turn, account, name))).collect();
    Ok(Reply::json(StatusCode::OK, &rules))
}

fn privilege(turn: &Turn<'_>, account: &Account, name: &str) -> Value {
    let rule = |why: Option<&str>| match why {
        None => json!({ "allowed": true }),
        Some(key) => json!({ "allowed": false, "reason": { "key": key } }),
    };
    let why = match name {
        "profile.read" | "apiToken.read" | "apiToken.delete" => unmanaged(account),
        "lifecycle.enablement" | "lifecycle.delete" => restriction(turn, account),
        _ => unmanaged(account).or_else(|| synced(turn)),
    };
    match name {
        "profile" | "profile.write" => PROFILE.iter().map(|field| ((*field).to_owned(), rule(why))).collect(),
        _ => rule(why),
    }
}

/// Why an account cannot be deactivated, activated or deleted here. Assumption: the order of the reasons.
fn restriction(turn: &Turn<'_>, account: &Account) -> Option<&'static str> {
    let own = turn.caller_id() == Some(turn.parameter("accountId"));
    unmanaged(account).or(own.then_some("administrative.notMyself")).or_else(|| synced(turn))
}

/// Assumption: an account that the organization does not manage is answered with this reason, and not with 403.
fn unmanaged(account: &Account) -> Option<&'static str> {
    (!account.managed).then_some("managedAccount")
}

fn synced(turn: &Turn<'_>) -> Option<&'static str> {
    turn.state().scim.contains_key(turn.parameter("accountId")).then_some("externalDirectory.scim")
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message")]
    _text: Option<String>,
}

/// `POST …/lifecycle/disable`: 204, and again 204 (assumption). The body is required, and may be `{}`.
fn disable(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    asked_account(turn)?;
    let unreadable = |_| Reply::json(StatusCode::BAD_REQUEST, &json!({ "key": "bodyParseFailure" }));
    turn.json::<Message>().map_err(unreadable)?;
    set_active(turn, false)
}

/// `POST …/lifecycle/enable`: 204; a deletion has to be cancelled before (description).
fn enable(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    set_active(turn, true)
}

fn set_active(turn: &mut Turn<'_>, active: bool) -> Result<Reply, Reply> {
    let account = asked_account(turn)?;
    if let Some(key) = restriction(turn, account) {
        let context = json!({ "allowed": false, "reason": { "key": key } });
        let body = json!({ "key": "forbidden.action", "context": context });
        return Err(Reply::json(StatusCode::FORBIDDEN, &body));
    }
    let why = match account.deletion {
        Some(Deletion::Scheduled) => Some("account-scheduled-for-deletion"),
        Some(Deletion::Done) => Some("account-closed"),
        None => None,
    };
    let user = turn.parameter("accountId").to_owned();
    if let Some(code) = why {
        return Err(lifecycle_error(&user, code));
    }
    turn.world.change(&Change::SetActive { user, active }).map_err(|_| no_such_account())?;
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

fn asked_account<'a>(turn: &'a Turn<'_>) -> Result<&'a Account, Reply> {
    turn.state().accounts.get(turn.parameter("accountId")).ok_or_else(no_such_account)
}

fn no_such_account() -> Reply {
    Reply::json(StatusCode::NOT_FOUND, &json!({ "key": "accountNotFound" }))
}
