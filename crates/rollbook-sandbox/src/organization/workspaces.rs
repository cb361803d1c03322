//! Workspaces: the apps and their sites (description: `queryWorkspacesV2`).

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::stable_uuid;
use crate::reply::Reply;
use crate::request_context::{RequestContext, encode};
use crate::state::App;

use super::cursor::{Cursor, links};
use super::errors::not_emulated;
use super::view::{require_organization, resource};

/// The most workspaces of a page.
const MOST: usize = 1000;

/// `SearchWorkspacesRequestV2`, without the keys that the sandbox does not emulate.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Search {
    limit: Option<usize>,
}

/// `POST /v2/orgs/{orgId}/workspaces`: one for each app of the site; 20 per page by default. Assumptions: the
/// key of a workspace's type is the app's key in Jira, and the link to the next page is a bare cursor for the next body;
/// the description has a URL.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let cursor = read(context)?;
    let limit = cursor.request.limit.unwrap_or(20);
    let (page, next) = cursor.page(context.state().apps.iter().collect(), limit);
    let data: Vec<Value> = page.into_iter().map(|(key, app)| workspace(context, key, app)).collect();
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(next.as_deref()) })))
}

/// `WorkspaceModel`.
fn workspace(context: &RequestContext<'_>, key: &str, app: &App) -> Value {
    let state = context.state();
    let id = resource(state, key);
    let path = format!("/admin/v2/orgs/{}/workspaces/{}", encode(&state.organization.id), encode(&id));
    json!({
        "id": id,
        "type": "workspace",
        "attributes": {
            "name": state.site.name,
            "type": app.name,
            "typeKey": key,
            "hostUrl": state.site.url(),
            "status": "online",
            "statusDetails": [],
            "labels": [],
            "sandbox": { "type": "NONE" },
            "capacity": app.seats,
        },
        "links": { "self": context.url(&path, []) },
    })
}

/// Reads the request; an empty body asks for everything. "When a cursor is provided in the request body, no other
/// properties may be present" (description): only here it is a 400.
fn read(context: &RequestContext<'_>) -> Result<Cursor<Search>, Reply> {
    if context.body.is_empty() {
        return Ok(Cursor { request: Search::default(), from: 0 });
    }
    let body: Value = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let Some(keys) = body.as_object() else {
        return Err(bad_request("The body is not an object"));
    };
    if let Some(token) = keys.get("cursor").filter(|token| !token.is_null()) {
        if keys.len() > 1 {
            return Err(bad_request("No other properties may be present besides 'cursor'"));
        }
        let token = token.as_str().unwrap_or_default();
        return Cursor::read(token).map_err(|_| bad_request("Invalid page cursor"));
    }
    let asks = |key: &&&str| keys.get(**key).is_some_and(|value| !value.is_null());
    if let Some(key) = ["query", "sort"].iter().find(asks) {
        return Err(not_emulated(key));
    }
    let request = Search::deserialize(&body).map_err(|error| bad_request(&error.to_string()))?;
    if request.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(bad_request(&format!("'limit' must be between 1 and {MOST}")));
    }
    Ok(Cursor { request, from: 0 })
}

/// 400 by the description: one code, and a single `ApplicationError`.
fn bad_request(detail: &str) -> Reply {
    let error = json!({
        "id": stable_uuid("error", detail),
        "status": "400",
        "code": "ADMIN-400-4",
        "title": "Invalid resource",
        "detail": detail,
    });
    Reply::json(StatusCode::BAD_REQUEST, &error)
}
