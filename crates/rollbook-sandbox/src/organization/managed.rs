//! The accounts that the organization manages, and the last use of apps: v1, and in snake case
//! (docs/atlassian.md#version-1-of-the-organizations-api).

use http::StatusCode;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::{RequestContext, encode};
use crate::state::Account;

use super::cursor::{Cursor, url_links};
use super::errors::no_such_user;
use super::view::{account_status, is_person, require_organization, resource};

/// How many accounts a page has (assumption: the description names no number).
const PAGE: usize = 100;

/// `GET /v1/orgs/{orgId}/users`: managed accounts, in the directory or not.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let cursor = match context.query.filled("cursor") {
        Some(token) => Cursor::read(token)?,
        None => Cursor { request: (), from: 0 },
    };
    let state = context.state();
    let path = format!("/admin/v1/orgs/{}/users", state.organization.id);
    let managed = state.accounts.iter().filter(|(_, account)| is_person(account) && account.managed);
    let rows: Vec<(&String, &Account)> = managed.collect();
    let total = rows.len();
    let (page, next) = cursor.page(rows, PAGE);
    let data: Vec<Value> =
        page.into_iter().map(|(id, account)| managed_account(context, id, account)).collect();
    let links = url_links(context, &path, next.as_deref());
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "meta": { "total": total }, "links": links })))
}

fn managed_account(context: &RequestContext<'_>, id: &str, account: &Account) -> Value {
    let state = context.state();
    let apps = state.apps_of(id);
    let mut row = json!({
        "account_id": id,
        "account_type": "atlassian",
        "account_status": account_status(account),
        "name": account.name,
        "picture": format!("https://avatar-management.invalid/{}", encode(id)),
        "access_billable": state.takes_a_seat(id) && !apps.is_empty(),
        "product_access": access(context, id, account, "name"),
        "links": { "self": context.url(&format!("/users/{}/manage/profile", encode(id)), []) },
    });
    let mut add = |key: &str, value: Value| row.as_object_mut().map(|row| row.insert(key.to_owned(), value));
    if let Some(email) = &account.email {
        add("email", json!(email));
    }
    if let Some(at) = account.last_active {
        add("last_active", json!(at));
    }
    row
}

/// `GET /v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates`: of a person of the directory.
pub(super) fn last_active(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let id = context.parameter("accountId");
    let account = context.state().accounts.get(id).filter(|account| is_person(account));
    let account = account.ok_or_else(no_such_user)?;
    let data = json!({
        "product_access": access(context, id, account, "id"),
        "added_to_org": "2024-01-01",
        "added_to_org_timestamp": "2024-01-01T00:00:00.000Z",
    });
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "links": {} })))
}

/// The apps that an account has access to, with their last use; each entry also has its `name`, or its `id`. An app
/// without a key in the description has no entry (assumption).
fn access(context: &RequestContext<'_>, id: &str, account: &Account, also: &str) -> Vec<Value> {
    let state = context.state();
    let entry = |app: &str| {
        let key = match app {
            "jira-servicedesk" => "jira-service-desk",
            "jira-software" | "jira-core" | "confluence" | "bitbucket" | "trello" | "opsgenie"
            | "statuspage" => app,
            _ => return None,
        };
        let name = state.apps.get(app).map(|app| app.name.clone()).unwrap_or_default();
        let mut entry = if also == "id" {
            json!({ "key": key, "id": resource(state, app) })
        } else {
            json!({ "key": key, "name": name, "url": state.site.url() })
        };
        if let (Some(at), Some(entry)) = (account.last_active, entry.as_object_mut()) {
            let date = at.strftime("%Y-%m-%d").to_string();
            if also == "id" {
                entry.insert("last_active".to_owned(), json!(date));
                entry.insert("last_active_timestamp".to_owned(), json!(at));
            } else {
                entry.insert("last_active".to_owned(), json!(at));
            }
        }
        Some(entry)
    };
    state.apps_of(id).into_iter().filter_map(entry).collect()
}
