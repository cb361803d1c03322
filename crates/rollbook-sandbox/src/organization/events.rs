//! The audit log: the events since the sandbox was created, newest first (docs/atlassian.md#audit-log).

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::world::Event;

use super::cursor::Cursor;
use super::errors::{error, invalid_syntax};
use super::view::require_organization;

/// The requested events: those that contain a text, of one action, from one time to another.
#[derive(Default, Serialize, Deserialize)]
struct Search {
    q: Option<String>,
    action: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    oldest_first: bool,
    limit: usize,
}

/// `GET /v1/orgs/{orgId}/events`: 30 per page by default. A filter by `actor`, `ip`, `product` or `location` finds
/// nothing, since the sandbox does not keep these.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    page(context, "events", 30)
}

/// `GET /v1/orgs/{orgId}/events-stream`: the same, oldest first, 200 per page; times mean `processedAt`, which in the
/// sandbox is the time of the event.
pub(super) fn stream(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    page(context, "events-stream", 200)
}

/// `GET /v1/orgs/{orgId}/events/{eventId}`.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let found = context.world.events.iter().find(|event| event.id == context.parameter("eventId"));
    let unknown = || error(StatusCode::NOT_FOUND, "ADMIN-404-4", "Event not found");
    let event = found.ok_or_else(unknown)?;
    Ok(Reply::json(StatusCode::OK, &json!({ "data": shown(context, event, false) })))
}

fn page(context: &RequestContext<'_>, what: &str, limit: usize) -> Result<Reply, Reply> {
    require_organization(context)?;
    let cursor = match context.query.filled("cursor") {
        Some(token) => Cursor::<Search>::read(token)?,
        None => Cursor { request: asked(context, what, limit)?, from: 0 },
    };
    let search = &cursor.request;
    let limit = search.limit;
    let matches = |event: &&Event| {
        let at = event.at.as_millisecond();
        let text = shown(context, event, false).to_string().to_lowercase();
        search.action.as_ref().is_none_or(|action| action == event.action)
            && search.from.is_none_or(|from| at >= from)
            && search.to.is_none_or(|to| at <= to)
            && search.q.as_ref().is_none_or(|term| text.contains(&term.to_lowercase()))
    };
    let unkept = ["actor", "ip", "product", "location"].iter().any(|key| context.query.filled(key).is_some());
    let mut found: Vec<&Event> =
        context.world.events.iter().filter(|event| !unkept && matches(event)).collect();
    if !search.oldest_first {
        found.reverse();
    }
    let (page, next) = cursor.page(found, limit);
    let data: Vec<Value> =
        page.into_iter().map(|event| shown(context, event, what == "events-stream")).collect();
    let path = format!("/admin/v1/orgs/{}/{what}", context.state().organization.id);
    let mut body = json!({ "data": data, "meta": { "page_size": limit }, "links": {} });
    if let Some(next) = next {
        body["meta"]["next"] = json!(next);
        body["links"]["next"] = json!(context.url(&path, [("cursor", next.as_str())]));
    }
    Ok(Reply::json(StatusCode::OK, &body))
}

fn asked(context: &RequestContext<'_>, what: &str, limit: usize) -> Result<Search, Reply> {
    let number = |key: &str| match context.query.filled(key) {
        None => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|_| invalid_syntax(&format!("'{key}' must be a number")))
        }
    };
    let limit = number("limit")?.map_or(limit, |asked: i64| usize::try_from(asked).unwrap_or(0));
    if !(1..=500).contains(&limit) {
        return Err(invalid_syntax("'limit' must be between 1 and 500"));
    }
    let text = |key: &str| context.query.filled(key).map(str::to_owned);
    Ok(Search {
        q: text("q"),
        action: text("action"),
        from: number("from")?,
        to: number("to")?,
        oldest_first: what == "events-stream" && context.query.filled("sortOrder") != Some("desc"),
        limit,
    })
}

fn shown(context: &RequestContext<'_>, event: &Event, with_processing: bool) -> Value {
    let state = context.state();
    let about = |kind: &str, id: &String, name: Option<String>| json!({ "id": id, "type": kind, "attributes": { "name": name.unwrap_or_default() } });
    let name = |id: &String| state.accounts.get(id).map(|account| account.name.clone());
    let group = |id: &String| state.groups.get(id).map(|group| group.name.clone());
    let users = event.account_id.iter().map(|id| about("users", id, name(id)));
    let groups = event.group_id.iter().map(|id| about("groups", id, group(id)));
    // The organization does not know who changes the state behind the surfaces.
    let actor = event.by.clone().unwrap_or_else(|| "atlassian-system".to_owned());
    let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let own = format!("/admin/v1/orgs/{}/events/{}", state.organization.id, event.id);
    let mut attributes = json!({
        "time": time(event.at),
        "action": event.action,
        "actor": { "id": actor, "name": event.by.as_ref().and_then(name).unwrap_or_else(|| "System".to_owned()) },
        "context": users.chain(groups).collect::<Value>(),
        "container": [{
            "type": "sites",
            "id": state.site.cloud_id,
            "attributes": { "siteName": state.site.name, "siteHostName": state.site.url() },
        }],
    });
    if with_processing {
        attributes["processedAt"] = json!(time(event.at));
    }
    json!({
        "id": event.id,
        "type": "events",
        "attributes": attributes,
        "message": { "format": "simple", "content": event.action.replace('_', " ") },
        "links": { "self": context.url(&own, []) },
    })
}
