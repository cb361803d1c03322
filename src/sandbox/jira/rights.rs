//! Who may do what: the checks of other routes, and the routes that tell a client about itself and the site.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::sandbox::reply::Reply;
use crate::sandbox::state::{Account, App, Group, State};
use crate::sandbox::turn::Turn;
use crate::sandbox::words::{AccountType, AppType};

use super::errors::{back_end_forbidden, bad_request, forbidden, unauthenticated};
use super::wire::{Expand, GroupName, group_name, single_user};

/// The permission keys that `mypermissions` knows: key, type, name. The fact sheet (§2) has no list; these are
/// Jira's long-standing global ones and two of the project ones.
const PERMISSIONS: [(&str, &str, &str); 8] = [
    ("ADMINISTER", "GLOBAL", "Administer Jira"),
    ("BROWSE_PROJECTS", "PROJECT", "Browse Projects"),
    ("BULK_CHANGE", "GLOBAL", "Make bulk changes"),
    ("CREATE_ISSUES", "PROJECT", "Create Issues"),
    ("CREATE_SHARED_OBJECTS", "GLOBAL", "Share dashboards and filters"),
    ("MANAGE_GROUP_FILTER_SUBSCRIPTIONS", "GLOBAL", "Manage group filter subscriptions"),
    ("SYSTEM_ADMIN", "GLOBAL", "Jira System Administrators"),
    ("USER_PICKER", "GLOBAL", "Browse users and groups"),
];

/// Whether the caller has *Browse users and groups*.
pub(super) fn may_browse(turn: &Turn<'_>) -> bool {
    turn.caller_id().is_some_and(|id| turn.state().browses_users(id))
}

/// 403 for who lacks *Browse users and groups*; the text stands in the published description of `group/bulk`.
pub(super) fn require_browse(turn: &Turn<'_>) -> Result<(), Reply> {
    if may_browse(turn) {
        return Ok(());
    }
    Err(forbidden("Browse users and groups permission is required to view groups."))
}

/// 403 for who does not administer the site. An app identity gets the back end's own text, and a person an empty
/// body (fact sheet §1.1, §1.3: "sometimes with an empty body").
pub(super) fn require_site_admin(turn: &Turn<'_>) -> Result<(), Reply> {
    let Some(id) = turn.caller_id() else {
        return Err(unauthenticated());
    };
    let account = turn.state().accounts.get(id);
    // A service account has the rights of its groups; Connect and Forge apps never write groups (§1.1, §2).
    if account.is_some_and(is_app_identity) {
        return Err(back_end_forbidden());
    }
    if turn.state().is_site_admin(id) { Ok(()) } else { Err(Reply::empty(StatusCode::FORBIDDEN)) }
}

fn is_app_identity(account: &Account) -> bool {
    account.kind == AccountType::App && account.app_type != Some(AppType::Service)
}

/// `GET /myself` (fact sheet §1.1).
pub(super) fn myself(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let found = turn.caller_id().and_then(|id| Some((id, turn.state().accounts.get(id)?)));
    let (id, account) = found.ok_or_else(unauthenticated)?;
    Ok(Reply::json(StatusCode::OK, &single_user(turn, id, account, Expand::of(turn))))
}

/// `GET /serverInfo`: it works for anybody, and so proves nothing about credentials (fact sheet §1.1). `baseUrl`
/// is the site's own address, wherever the sandbox listens.
#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
pub(super) fn server_info(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let site = &turn.state().site;
    let info = json!({
        "baseUrl": site.url(),
        "displayUrl": site.url(),
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_000,
        "serverTime": turn.world.now().strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string(),
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
    });
    Ok(Reply::json(StatusCode::OK, &info))
}

/// `GET /mypermissions`: `permissions` is required, an unknown key is a 400; anybody may ask (fact sheet §1.1).
pub(super) fn my_permissions(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let asked = turn
        .query
        .filled("permissions")
        .ok_or_else(|| bad_request("The permissions query parameter is required."))?;
    let mut permissions = Map::new();
    for key in asked.split(',').map(str::trim) {
        let known = PERMISSIONS.iter().enumerate().find(|(_, (known, _, _))| *known == key);
        let Some((id, (_, kind, name))) = known else {
            return Err(bad_request(&format!("Unrecognized permission: {key}")));
        };
        let have = turn.caller_id().is_some_and(|caller| has_permission(turn.state(), caller, key));
        let permission = json!({
            "id": id.to_string(),
            "key": key,
            "name": name,
            "type": kind,
            "description": name,
            "havePermission": have,
        });
        permissions.insert(key.to_owned(), permission);
    }
    Ok(Reply::json(StatusCode::OK, &json!({ "permissions": permissions })))
}

fn has_permission(state: &State, account_id: &str, key: &str) -> bool {
    match key {
        "ADMINISTER" => state.administers_jira(account_id),
        "USER_PICKER" => state.browses_users(account_id),
        // Nobody has it in Cloud.
        "SYSTEM_ADMIN" => false,
        _ => state.administers_jira(account_id) || !state.apps_of(account_id).is_empty(),
    }
}

/// `GET /applicationrole`: seats and groups of every app, for who administers Jira (fact sheet §1.1).
pub(super) fn application_roles(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    if !turn.caller_id().is_some_and(|id| turn.state().administers_jira(id)) {
        return Err(forbidden("You must have the Administer Jira permission."));
    }
    let roles: Vec<Value> = turn.state().apps.iter().map(|(key, app)| role(turn, key, app)).collect();
    Ok(Reply::json(StatusCode::OK, &roles))
}

fn role(turn: &Turn<'_>, key: &str, app: &App) -> Value {
    let (mut groups, mut default) = (Groups::default(), Groups::default());
    for (id, group) in turn.state().groups_with_access(key) {
        groups.add(turn, id, group);
        if group.default_for.contains(key) {
            default.add(turn, id, group);
        }
    }
    let taken = turn.state().seats_taken(key);
    // Unlimited is said by the flag, and by -1 in the numbers.
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
    fn add(&mut self, turn: &Turn<'_>, id: &str, group: &Group) {
        self.names.push(group.name.clone());
        self.details.push(group_name(turn, id, group));
    }
}
