//! User management API: only managed accounts, on all sites (docs/atlassian.md#user-management-api).
//!
//! Deactivating is global; suspending affects only one directory.

mod lifecycle;
mod profile;
mod tokens;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::request_context::{Access, Handler, RequestContext, Route, Scopes};
use super::state::Account;

/// Every route. All of them, including reads, refuse a key with scopes, since the required scope `manage:org` cannot be
/// chosen (measured by other clients in 2026).
pub(super) static ROUTES: &[Route] = &[
    route(Method::GET, "/users/{accountId}/manage", privileges),
    route(Method::GET, "/users/{accountId}/manage/profile", profile::get),
    route(Method::PATCH, "/users/{accountId}/manage/profile", profile::patch),
    route(Method::PUT, "/users/{accountId}/manage/email", profile::set_email),
    route(Method::GET, "/users/{accountId}/manage/api-tokens", tokens::list),
    route(Method::DELETE, "/users/{accountId}/manage/api-tokens/{tokenId}", tokens::delete),
    route(Method::POST, "/users/{accountId}/manage/lifecycle/disable", lifecycle::disable),
    route(Method::POST, "/users/{accountId}/manage/lifecycle/enable", lifecycle::enable),
    route(Method::POST, "/users/{accountId}/manage/lifecycle/delete", lifecycle::delete),
    route(Method::POST, "/users/{accountId}/manage/lifecycle/cancel-delete", lifecycle::cancel_delete),
];

const fn route(method: Method, path: &'static str, run: Handler) -> Route {
    Route { method, path, access: Access::Account, scopes: Scopes::UNSCOPED, run }
}

/// The fields that `profile.write` lists.
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

/// The response to a key with scopes: it names a scope that no dialog offers. Assumption: the shape of the body.
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
        StatusCode::TOO_MANY_REQUESTS => {
            return super::request_context::edge_error(status, "Rate limit exceeded.");
        }
        _ => "badRequest",
    };
    Reply::json(status, &json!({ "key": key }))
}

/// `GET /users/{accountId}/manage`: the permitted changes of an account, and why others are not. It is the
/// cheap way to ask whether SCIM owns it. Unknown names in `privileges` are left out.
fn privileges(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let account = asked_account(context)?;
    let asked: Vec<&str> = context.query.all("privileges").flat_map(|list| list.split(',')).collect();
    let wanted = PRIVILEGES.iter().filter(|name| asked.is_empty() || asked.contains(name));
    let rules: Map<String, Value> =
        wanted.map(|name| ((*name).to_owned(), privilege(context, account, name))).collect();
    Ok(Reply::json(StatusCode::OK, &rules))
}

fn privilege(context: &RequestContext<'_>, account: &Account, name: &str) -> Value {
    let rule = |why: Option<&str>| match why {
        None => json!({ "allowed": true }),
        Some(key) => json!({ "allowed": false, "reason": { "key": key } }),
    };
    let why = match name {
        "profile.read" | "apiToken.read" | "apiToken.delete" => unmanaged(account),
        "lifecycle.enablement" | "lifecycle.delete" => restriction(context, account),
        _ => unmanaged(account).or_else(|| synced(context)),
    };
    match name {
        "profile" | "profile.write" => PROFILE.iter().map(|field| ((*field).to_owned(), rule(why))).collect(),
        _ => rule(why),
    }
}

/// 403 with the reason why a privilege is withheld, as in `GET …/manage`.
fn require(why: Option<&str>) -> Result<(), Reply> {
    let Some(key) = why else { return Ok(()) };
    let context = json!({ "allowed": false, "reason": { "key": key } });
    Err(Reply::json(StatusCode::FORBIDDEN, &json!({ "key": "forbidden.action", "context": context })))
}

/// 400 for a body that cannot be read.
fn unreadable() -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, &json!({ "key": "bodyParseFailure" }))
}

/// Why this API cannot deactivate, activate or delete an account. Assumption: the order of the reasons.
fn restriction(context: &RequestContext<'_>, account: &Account) -> Option<&'static str> {
    let own = context.caller_id() == Some(context.parameter("accountId"));
    unmanaged(account).or(own.then_some("administrative.notMyself")).or_else(|| synced(context))
}

/// Assumption: for an account that the organization does not manage, the response is this reason, not 403.
fn unmanaged(account: &Account) -> Option<&'static str> {
    (!account.managed).then_some("managedAccount")
}

fn synced(context: &RequestContext<'_>) -> Option<&'static str> {
    context.state().scim.contains_key(context.parameter("accountId")).then_some("externalDirectory.scim")
}

fn asked_account<'a>(context: &'a RequestContext<'_>) -> Result<&'a Account, Reply> {
    context.state().accounts.get(context.parameter("accountId")).ok_or_else(no_such_account)
}

/// As measured (ConductorOne/baton-atlassian, 2026-10): `context` is a text.
fn no_such_account() -> Reply {
    let text = "User account not found";
    let body = json!({
        "key": "accountNotFound",
        "context": text,
        "errorKey": "account-not-found",
        "errorDetail": format!("Error: {text}"),
    });
    Reply::json(StatusCode::NOT_FOUND, &body)
}
