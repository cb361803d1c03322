//! Rights: the checks of other routes, and the routes that describe the caller and the site.

use http::StatusCode;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::{Account, App, Group};
use crate::words::{AccountType, AppType};

use super::errors::{back_end_forbidden, error, forbidden, unauthenticated};
use super::wire::{Expand, GroupName, group_name, single_user};

/// Whether the caller has *Browse users and groups*.
pub(super) fn may_browse(context: &RequestContext<'_>) -> bool {
    context.caller_id().is_some_and(|id| context.state().browses_users(id))
}

/// 403 without *Browse users and groups*; the text is that of the published description of `group/bulk`.
pub(super) fn require_browse(context: &RequestContext<'_>) -> Result<(), Reply> {
    if may_browse(context) {
        return Ok(());
    }
    Err(forbidden("Browse users and groups permission is required to view groups."))
}

/// 403 unless the caller administers the site. An app identity gets the back end's own text, a person an empty body
/// (docs/atlassian.md#errors-of-jira).
pub(super) fn require_site_admin(context: &RequestContext<'_>) -> Result<(), Reply> {
    let Some(id) = context.caller_id() else {
        return Err(unauthenticated());
    };
    let account = context.state().accounts.get(id);
    // A service account has the rights of its groups; Connect and Forge apps never write groups
    // (docs/atlassian.md#apps-never-write-groups).
    if account.is_some_and(is_app_identity) {
        return Err(back_end_forbidden());
    }
    if context.state().is_site_admin(id) { Ok(()) } else { Err(Reply::empty(StatusCode::FORBIDDEN)) }
}

fn is_app_identity(account: &Account) -> bool {
    account.kind == AccountType::App && account.app_type != Some(AppType::Service)
}

/// `GET /myself` (docs/atlassian.md#anonymous-answers).
pub(super) fn myself(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let found = context.caller_id().and_then(|id| Some((id, context.state().accounts.get(id)?)));
    let (id, account) = found.ok_or_else(unauthenticated)?;
    Ok(Reply::json(StatusCode::OK, &single_user(context, id, account, Expand::of(context))))
}

/// `GET /serverInfo`: it is public, so it proves nothing about credentials
/// (docs/atlassian.md#anonymous-answers). `baseUrl` is the site's own address, wherever the sandbox listens.
#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
pub(super) fn server_info(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let site = &context.state().site;
    let info = json!({
        "baseUrl": site.url(),
        "displayUrl": site.url(),
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_000,
        "serverTime": context.world.now().strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string(),
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
    });
    Ok(Reply::json(StatusCode::OK, &info))
}

/// `GET /applicationrole`: seats and groups of every app, with the right to administer Jira
/// (docs/atlassian.md#administer-jira).
pub(super) fn application_roles(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_administer_jira(context)?;
    let roles: Vec<Value> = context.state().apps.iter().map(|(key, app)| role(context, key, app)).collect();
    Ok(Reply::json(StatusCode::OK, &roles))
}

/// `GET /applicationrole/{key}`: one of them, 404 for an app that the site does not have.
pub(super) fn application_role(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_administer_jira(context)?;
    let key = context.parameter("key");
    let unknown = || error(StatusCode::NOT_FOUND, &format!("The application role '{key}' does not exist."));
    let app = context.state().apps.get(key).ok_or_else(unknown)?;
    Ok(Reply::json(StatusCode::OK, &role(context, key, app)))
}

/// 403 unless the caller administers Jira.
pub(super) fn require_administer_jira(context: &RequestContext<'_>) -> Result<(), Reply> {
    if context.caller_id().is_some_and(|id| context.state().administers_jira(id)) {
        return Ok(());
    }
    Err(forbidden("You must have the Administer Jira permission."))
}

fn role(context: &RequestContext<'_>, key: &str, app: &App) -> Value {
    let (mut groups, mut default) = (Groups::default(), Groups::default());
    for (id, group) in context.state().groups_with_access(key) {
        groups.add(context, id, group);
        if group.default_for.contains(key) {
            default.add(context, id, group);
        }
    }
    let taken = context.state().seats_taken(key);
    // The flag, and -1 in the numbers, mean unlimited.
    let seats = app.seats.map_or(-1, i64::from);
    let left = app.seats.map_or(-1, |seats| i64::from(seats).saturating_sub_unsigned(taken as u64).max(0));
    json!({
        "key": key,
        "name": app.name,
        "groups": groups.names,
        "groupDetails": groups.details,
        "defaultGroups": default.names,
        "defaultGroupsDetails": default.details,
        "selectedByDefault": false,
        "defined": true,
        "numberOfSeats": seats,
        "remainingSeats": left,
        "userCount": taken,
        "userCountDescription": if taken == 1 { "1 user".to_owned() } else { format!("{taken} users") },
        "hasUnlimitedSeats": app.seats.is_none(),
        "platform": key == "jira-core",
    })
}

/// The same groups twice, by name and in full, as Jira lists them.
#[derive(Default)]
struct Groups {
    names: Vec<String>,
    details: Vec<GroupName>,
}

impl Groups {
    fn add(&mut self, context: &RequestContext<'_>, id: &str, group: &Group) {
        self.names.push(group.name.clone());
        self.details.push(group_name(context, id, group));
    }
}
