//! Inviting people, several at once and item by item (docs/atlassian.md#inviting-through-the-organization).

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedUser;
use crate::state::State;
use crate::words::Grant;

use super::errors::error;
use super::view::{is_modifiable, is_person, is_shown, require_organization, resource};

/// The most emails of one call.
const MOST: usize = 25;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    emails: Vec<String>,
    #[serde(default)]
    permission_rules: Vec<Rule>,
    #[serde(default)]
    additional_groups: Vec<String>,
    #[serde(default)]
    send_notification: bool,
    notification_text: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    resource: String,
    role: String,
}

/// `POST /v2/orgs/{orgId}/users/invite`: 200, or 206 when at least one item failed; 404 for an unknown resource,
/// role or group, 409 when a seat is missing for all of them. Assumptions: a synced group, a closed account, and a seat that
/// is missing for some fail by item; a suspended account stays suspended; no mail is ever sent. 402 does not occur: the
/// organization has paid.
pub(super) fn invite(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let asked: Invitation = context.json().map_err(|error| bad_request(&error.to_string()))?;
    if !(1..=MOST).contains(&asked.emails.len()) {
        return Err(bad_request(&format!("'emails' must have 1 to {MOST} items")));
    }
    if let Some(wrong) = asked.emails.iter().find(|email| !is_email(email)) {
        return Err(bad_request(&format!("'{wrong}' is not an email address")));
    }
    if asked.notification_text.is_some() && !asked.send_notification {
        return Err(bad_request("'notificationText' needs 'sendNotification'"));
    }
    let groups: Vec<String> = asked
        .additional_groups
        .iter()
        .map(|id| known_group(context.state(), id))
        .collect::<Result<_, _>>()?;
    let apps: Vec<(&Rule, String)> = asked
        .permission_rules
        .iter()
        .map(|rule| Ok((rule, known_app(context.state(), rule)?)))
        .collect::<Result<_, Reply>>()?;
    let mut data = Vec::new();
    let mut failed = false;
    if !apps.is_empty() && asked.emails.iter().all(|email| !has_seats(context.state(), email, &apps)) {
        let why = "You've exceeded your user limit for an app included in the invitation";
        return Err(error(StatusCode::CONFLICT, "ADMIN-UAM-409-3", why));
    }
    for email in &asked.emails {
        let item = one(context, email, &groups, &apps);
        failed |= item.failed;
        data.push(item.json);
    }
    let status = if failed { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    Ok(Reply::json(status, &json!({ "data": data })))
}

/// The outcome for one email.
struct Item {
    json: Value,
    failed: bool,
}

fn one(context: &mut RequestContext<'_>, email: &str, groups: &[String], apps: &[(&Rule, String)]) -> Item {
    let seats = has_seats(context.state(), email, apps);
    let id = bring_in(context, email);
    context.subject.account_id = id.as_ref().ok().cloned();
    let mut assigned = Vec::new();
    for group in groups {
        let done = id.as_ref().map_err(ToString::to_string).and_then(|id| join(context, group, id));
        assigned.push((json!({ "group": group }), done));
    }
    let mut roles = Vec::new();
    for (rule, app) in apps {
        let full = || format!("The user limit of {app} is exceeded");
        let done = match &id {
            Ok(_) if !seats => Err(full()),
            Ok(id) => give(context, rule, app, id),
            Err(why) => Err(why.to_string()),
        };
        roles.push((json!({ "resource": rule.resource, "role": rule.role }), done));
    }
    let failed = id.is_err() || assigned.iter().chain(&roles).any(|(_, done)| done.is_err());
    let results = |items: Vec<(Value, Result<(), String>)>| {
        items.into_iter().map(|(item, done)| with_status(item, done)).collect::<Vec<_>>()
    };
    let results =
        json!({ "groupAssignmentResult": results(assigned), "roleAssignmentResult": results(roles) });
    let mut json = json!({ "email": email, "results": [results] });
    if let (Ok(id), Some(json)) = (id, json.as_object_mut()) {
        json.insert("id".to_owned(), Value::from(id));
    }
    Item { json, failed }
}

fn with_status(mut item: Value, done: Result<(), String>) -> Value {
    if let Some(item) = item.as_object_mut() {
        item.insert("status".to_owned(), json!(if done.is_ok() { "INVITED" } else { "ERROR" }));
        item.insert("statusReason".to_owned(), json!(done.err()));
    }
    item
}

/// Creates the account, which has not accepted yet, or brings it back into the directory.
fn bring_in(context: &mut RequestContext<'_>, email: &str) -> Result<String, Refused> {
    let existing = context.state().account_id(email).map(str::to_owned);
    let Some(id) = existing else {
        let seed = SeedUser { email: Some(email.to_owned()), pending: true, ..SeedUser::default() };
        context.world.change(&Change::CreateUser(seed))?;
        let made = context.state().account_id(email).map(str::to_owned);
        return made.ok_or_else(|| Refused::UnknownUser(email.to_owned()));
    };
    let account = context.state().accounts.get(&id);
    if account.is_some_and(|account| !is_person(account) || account.deletion.is_some()) {
        return Err(Refused::NoPerson(id));
    }
    context.world.change(&Change::ReturnUser { user: id.clone() })?;
    Ok(id)
}

fn join(context: &mut RequestContext<'_>, group: &str, user: &str) -> Result<(), String> {
    if context.state().groups.get(group).is_some_and(|group| !is_modifiable(group)) {
        return Err("The group is synced from an identity provider".to_owned());
    }
    match context.world.change(&Change::AddMember { group: group.to_owned(), user: user.to_owned() }) {
        Ok(()) | Err(Refused::AlreadyMember { .. }) => Ok(()),
        Err(why) => Err(why.to_string()),
    }
}

/// Adds an account to the groups that give a role: the default groups for `user` (docs/atlassian.md#default-groups),
/// every group that grants it for `admin` (assumption).
fn give(context: &mut RequestContext<'_>, rule: &Rule, app: &str, user: &str) -> Result<(), String> {
    let gives = |group: &crate::state::Group| match rule.role.as_str() {
        "atlassian/admin" => group.grants(app, Grant::Admin),
        _ => group.default_for.contains(app),
    };
    let groups = context.state().groups.iter().filter(|(_, group)| gives(group));
    let ids: Vec<String> = groups.map(|(id, _)| id.clone()).collect();
    ids.into_iter().try_for_each(|id| join(context, &id, user))
}

/// Whether every app of an invitation has a seat for a person, or the person has one already.
fn has_seats(state: &State, email: &str, apps: &[(&Rule, String)]) -> bool {
    let id = state.account_id(email).unwrap_or_default();
    let users = apps.iter().filter(|(rule, _)| rule.role == "atlassian/user");
    state.apps_without_seat(id, users.map(|(_, app)| app.as_str())).is_empty()
}

fn known_group(state: &State, id: &str) -> Result<String, Reply> {
    let id = id.rsplit('/').next().unwrap_or_default();
    let known = state.groups.get(id).is_some_and(is_shown);
    let unknown = || error(StatusCode::NOT_FOUND, "ADMIN-UAM-404-3", "Group Not Found");
    known.then(|| id.to_owned()).ok_or_else(unknown)
}

/// The app behind a resource and a role. The sandbox knows the roles `user` and `admin`.
fn known_app(state: &State, rule: &Rule) -> Result<String, Reply> {
    let apps: BTreeSet<&String> = state.apps.keys().collect();
    let app = apps.into_iter().find(|app| resource(state, app) == rule.resource);
    let app = app.ok_or_else(|| error(StatusCode::NOT_FOUND, "ADMIN-UAM-404-1", "Unknown Resource"))?;
    match rule.role.as_str() {
        "atlassian/user" | "atlassian/admin" => Ok(app.clone()),
        _ => Err(error(StatusCode::BAD_REQUEST, "ADMIN-UAM-400-3", "Invalid Role for Resource")),
    }
}

fn bad_request(detail: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "ADMIN-UAM-400-1", detail)
}

fn is_email(text: &str) -> bool {
    let no_space = !text.contains(|it: char| it.is_whitespace() || it.is_control());
    no_space && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}
