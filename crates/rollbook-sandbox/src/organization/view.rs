//! The state as the organization shows it: its accounts and groups, and their JSON by the schemas of the published
//! description (spec 2026-08-21).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::{RequestContext, encode};
use crate::state::{Account, Group, State};
use crate::words::{AccountType, Deletion, Grant, ManagedBy, PlatformRole, Usage};

use super::HIDDEN_GROUPS;
use super::errors::{no_such_directory, no_such_group, no_such_organization, no_such_user};

/// 404 unless the path names the key's organization.
pub(crate) fn require_organization(context: &RequestContext<'_>) -> Result<(), Reply> {
    let known = context.parameter("orgId") == context.state().organization.id;
    if known { Ok(()) } else { Err(no_such_organization()) }
}

/// Whether a path may name all directories at once: `-`, for reads (docs/atlassian.md#directories).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Read,
    Write,
}

/// 404 unless the path names the organization and its directory.
pub(super) fn require_directory(context: &RequestContext<'_>, scope: Scope) -> Result<(), Reply> {
    require_organization(context)?;
    let named = context.parameter("directoryId");
    let known = named == context.state().organization.directory_id || (scope == Scope::Read && named == "-");
    if known { Ok(()) } else { Err(no_such_directory()) }
}

/// 404 unless the account of the path is in the directory; an erased one is not.
pub(super) fn require_user(context: &RequestContext<'_>, account_id: &str) -> Result<(), Reply> {
    let account = context.state().accounts.get(account_id);
    if account.is_some_and(|account| is_person(account) && !account.is_erased() && !account.removed) {
        Ok(())
    } else {
        Err(no_such_user())
    }
}

/// The group of the path; 404 unless the organization shows it.
pub(super) fn require_group<'a>(context: &'a RequestContext<'_>) -> Result<(&'a str, &'a Group), Reply> {
    let found = context.state().groups.get_key_value(context.parameter("groupId"));
    let found = found.filter(|(_, group)| is_shown(group));
    found.map(|(id, group)| (id.as_str(), group)).ok_or_else(no_such_group)
}

/// Apps, service accounts and customers are not in the organization's view
/// (docs/atlassian.md#what-the-organization-does-not-show).
pub(super) fn is_person(account: &Account) -> bool {
    account.kind == AccountType::Atlassian
}

/// Whether the organization shows a group (docs/atlassian.md#what-the-organization-does-not-show).
pub(super) fn is_shown(group: &Group) -> bool {
    !HIDDEN_GROUPS.contains(&group.name.as_str())
}

/// Whether an account is shown at all: it is in the directory, or it is managed and all directories are requested.
/// An erased account is never shown, though Jira may still list it in groups. Assumption: the description has
/// `no_membership` for "none of the organization's directories" and does not say which accounts that can be.
pub(super) fn is_listed(context: &RequestContext<'_>, account: &Account) -> bool {
    let outside = account.managed && context.parameter("directoryId") == "-";
    is_person(account) && !account.is_erased() && (!account.removed || outside)
}

pub(super) fn account_status(account: &Account) -> &'static str {
    match account.deletion {
        Some(Deletion::Done) => "closed",
        None if account.active => "active",
        Some(Deletion::Scheduled) | None => "inactive",
    }
}

pub(super) fn membership_status(account: &Account) -> &'static str {
    match (account.removed, account.suspended) {
        (true, _) => "no_membership",
        (false, true) => "suspended",
        (false, false) => "active",
    }
}

/// The composite status. Assumption: a closed account, for which it has no value, counts as deactivated.
pub(super) fn status(account: &Account) -> &'static str {
    match (account.deletion, account_status(account), membership_status(account)) {
        (Some(Deletion::Scheduled), _, _) => "for_deletion",
        (_, "active", "no_membership") => "not_invited",
        (_, "active", membership) => membership,
        _ => "deactivated",
    }
}

pub(super) fn claim_status(account: &Account) -> &'static str {
    if account.managed { "managed" } else { "unmanaged" }
}

/// The roles beyond groups. Members of a site-admin group administer the site (docs/atlassian.md#site-administration).
pub(super) fn platform_roles(state: &State, id: &str, account: &Account) -> BTreeSet<PlatformRole> {
    let mut roles = account.roles.clone();
    if state.is_site_admin(id) {
        roles.insert(PlatformRole::SiteAdmin);
    }
    roles
}

/// `MultiDirectoryUser`, with the email even if Jira hides it. Assumption: also for unmanaged accounts
/// (docs/atlassian.md#search-by-email: the console shows it). Assumption: users who have not accepted their invitation are
/// listed like everybody else, active, and only `emailVerified` distinguishes them; `not_invited` means accounts in no
/// directory.
pub(super) fn user(context: &RequestContext<'_>, id: &str, account: &Account, expand: &[String]) -> Value {
    let state = context.state();
    let wants = |what: &str| expand.iter().any(|it| it == what);
    let source = if state.scim.contains_key(id) { "synced" } else { "invited" };
    let mut user = json!({
        "accountId": id,
        "accountType": "atlassian",
        "accountStatus": account_status(account),
        "membershipStatus": membership_status(account),
        "status": status(account),
        "claimStatus": claim_status(account),
        "managementSource": if account.managed { Value::from(source) } else { Value::Null },
        "name": account.name,
        "nickname": account.name,
        "emailVerified": !account.pending,
        "avatar": format!("https://avatar-management.invalid/{}", encode(id)),
        "addedToOrg": "2024-01-01T00:00:00.000Z",
        "links": { "self": encode(id) },
    });
    let mut add = |key: &str, value: Value| {
        user.as_object_mut().map(|user| user.insert(key.to_owned(), value));
    };
    if let Some(email) = &account.email {
        add("email", json!(email));
    }
    if wants("platformRoles") {
        let roles = platform_roles(state, id, account).into_iter();
        add("platformRoles", roles.map(PlatformRole::id).collect());
    }
    if wants("counts.resources") {
        add("counts", json!({ "resources": state.apps_of(id).len() }));
    }
    if wants("productAccess") {
        let access = state.apps_of(id);
        add(
            "productAccess",
            access.iter().map(|app| last_used(&resource(state, app), app, account)).collect(),
        );
    }
    if wants("groups") {
        add("groups", groups_of(context, id));
    }
    user
}

/// `MultiDirectoryProductAccess`. Assumption: an app that was never used has no time.
fn last_used(resource: &str, app: &str, account: &Account) -> Value {
    let mut access = json!({ "id": resource, "key": app });
    if let (Some(at), Some(access)) = (&account.last_active, access.as_object_mut()) {
        access.insert("lastActiveTimestamp".into(), json!(at));
    }
    access
}

/// `MultiDirectoryUserGroup`: only here the ID of a group is an ARI (docs/atlassian.md#group-ids-and-names).
fn groups_of(context: &RequestContext<'_>, account_id: &str) -> Value {
    let groups = context.world.groups_seen(account_id).into_iter();
    let groups = groups.filter_map(|id| Some((id, context.state().groups.get(id)?)));
    let shown = groups.filter(|(_, group)| is_shown(group));
    let group = |(id, group): (&str, &Group)| {
        json!({
            "id": format!("ari:cloud:identity::group/{id}"),
            "name": group.name,
            "description": group.description,
        })
    };
    shown.map(group).collect()
}

/// `MultiDirectoryGroup`.
pub(super) fn group(context: &RequestContext<'_>, id: &str, group: &Group, expand: &[String]) -> Value {
    let synced = group.managed_by == ManagedBy::External;
    let modifiable = is_modifiable(group);
    let mut shown = json!({
        "id": id,
        "name": group.name,
        "description": group.description.as_deref().unwrap_or_default(),
        "directoryId": context.state().organization.directory_id,
        "externalSynced": synced,
        "managedBy": match group.managed_by {
            ManagedBy::Admins => "admins",
            ManagedBy::External => "external",
            ManagedBy::TeamMembers => "team-members",
            ManagedBy::Open => "open",
        },
        "managementAccess": {
            "readable": true,
            "modifiable": modifiable,
            "deletable": modifiable && group.default_for.is_empty() && !is_for_admins(group),
        },
        "links": { "self": encode(id) },
    });
    let mut counts = BTreeMap::new();
    for what in expand {
        match what.as_str() {
            "counts.users" => {
                let accounts = &context.state().accounts;
                let members = context.world.members_seen(id);
                let people = members.iter().filter(|id| accounts.get(*id).is_some_and(is_person));
                counts.insert("users", people.count());
            }
            "counts.resources" => {
                counts.insert("resources", group.grants.len());
            }
            _ => {}
        }
    }
    if let Some(shown) = shown.as_object_mut().filter(|_| !counts.is_empty()) {
        shown.insert("counts".to_owned(), json!(counts));
    }
    shown
}

/// Whether this API can change the members: not if an identity provider or a team decides them
/// (docs/atlassian.md#who-may-change-a-group).
pub(super) fn is_modifiable(group: &Group) -> bool {
    group.managed_by != ManagedBy::External && group.usage != Usage::TeamCollaboration
}

/// Whether a group gives admin access to an app, or to the site.
pub(super) fn is_for_admins(group: &Group) -> bool {
    group.site_admin || group.grants_anywhere(Grant::Admin)
}

/// The ARI of an app on the site.
pub(super) fn resource(state: &State, app: &str) -> String {
    format!("ari:cloud:{app}::site/{}", state.site.cloud_id)
}
