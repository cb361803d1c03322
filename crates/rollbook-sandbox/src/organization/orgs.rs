//! The organization itself: its directory and its domains.

use http::StatusCode;
use serde_json::{Value, json};

use crate::ids::stable_uuid;
use crate::reply::Reply;
use crate::request_context::RequestContext;

use super::cursor::{Cursor, links, url_links};
use super::errors::bad_request;
use super::view::require_organization;

/// How many domains a page has (assumption: the description names no number).
const DOMAINS_PAGE: usize = 50;

/// `GET /v1/orgs`: empty for a key of one organization, as all keys of the sandbox are
/// (docs/atlassian.md#version-1-of-the-organizations-api).
#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let own = context.url(context.path, []);
    Ok(Reply::json(StatusCode::OK, &json!({ "data": [], "links": { "self": own } })))
}

/// `GET /v1/orgs/{orgId}`. In the sandbox it has the site's name.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let own = format!("/admin/v1/orgs/{}", context.state().organization.id);
    let related = |what: &str| json!({ "links": { "related": context.url(&format!("{own}/{what}"), []) } });
    let organization = json!({
        "id": context.state().organization.id,
        "type": "orgs",
        "attributes": { "name": context.state().site.name },
        "relationships": { "domains": related("domains"), "users": related("users") },
        "links": { "self": context.url(&own, []) },
    });
    Ok(Reply::json(StatusCode::OK, &json!({ "data": organization })))
}

/// `GET /v1/orgs/{orgId}/domains`: verified and unverified ones. The next page is a URL, as everywhere in v1
/// (docs/atlassian.md#cursors).
pub(super) fn domains(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let cursor = match context.query.filled("cursor") {
        Some(token) => Cursor::read(token)?,
        None => Cursor { request: (), from: 0 },
    };
    let organization = &context.state().organization;
    let path = format!("/admin/v1/orgs/{}/domains", organization.id);
    let domain = |(name, verified): (&String, &bool)| {
        let id = stable_uuid("domain", name);
        let own = context.url(&format!("{path}/{id}"), []);
        let status = if *verified { "verified" } else { "unverified" };
        let claim = json!({ "type": "dns", "status": status });
        json!({ "id": id, "type": "domains", "attributes": { "name": name, "claim": claim }, "links": { "self": own } })
    };
    let rows: Vec<Value> = organization.domains.iter().map(domain).collect();
    let (data, next) = cursor.page(rows, DOMAINS_PAGE);
    let links = url_links(context, &path, next.as_deref());
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": links })))
}

/// `GET /v2/orgs/{orgId}/directories`: the only one.
pub(super) fn directories(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let limit = context.query.filled("limit").map_or(Ok(20), str::parse);
    if !limit.is_ok_and(|limit: u32| (1..=100).contains(&limit)) {
        return Err(bad_request("'limit' must be between 1 and 100"));
    }
    if let Some(token) = context.query.filled("cursor") {
        Cursor::<()>::read(token)?;
    }
    let state = context.state();
    let name = format!("{} directory", state.site.name);
    let holds = |id: &str| state.accounts.get(id).is_some_and(|account| !account.removed);
    let ids: Vec<&str> = context.query.all("directoryIds").collect();
    let asked = context.query.filled("accountId").is_none_or(holds)
        && context
            .query
            .filled("searchTerm")
            .is_none_or(|term| name.to_lowercase().contains(&term.to_lowercase()))
        && (ids.is_empty() || ids.contains(&state.organization.directory_id.as_str()));
    let directory = json!({ "directoryId": state.organization.directory_id, "name": name });
    let data: Vec<Value> = asked.then_some(directory).into_iter().collect();
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(None) })))
}
