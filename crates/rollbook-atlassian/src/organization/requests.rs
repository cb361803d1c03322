//! The read requests, as values. Pure.
//!
//! With a cursor the API discards the other parameters of a search (docs/atlassian.md#cursors); they are sent anyway, for
//! a server that reads them.

use http::Method;
use serde_json::{Value, json};

use crate::request::{Body, Host, Repeat, Request};
use rollbook_core::model::{AccountId, Email, GroupId, GroupName, PlatformRole, Role};

/// How many emails one search names: the documented maximum (docs/atlassian.md#searches).
pub const EMAILS: usize = 100;

/// How many groups one search of users names: the documented maximum (docs/atlassian.md#searches).
pub const GROUPS: usize = 10;

/// How many accounts one search names: the documented maximum (docs/atlassian.md#searches).
pub const ACCOUNTS: usize = 10;

/// How many names one search of groups names: the documented maximum (docs/atlassian.md#searches).
pub const NAMES: usize = 100;

/// The rows of a page: the documented maximum (docs/atlassian.md#searches).
pub const PAGE: usize = 100;

/// All directories that the key may manage (docs/atlassian.md#directories).
const EVERYWHERE: &str = "-";

const USERS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";
const WORKSPACES: &str = "/admin/v2/orgs/{orgId}/workspaces";
const ROLES: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments";
const PERSON_ROLES: &str =
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments";
const GROUPS_SEARCH: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search";

/// An organization and one of its directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The organization's ID.
    pub organization: String,
    /// The directory's ID, which differs from a SCIM directory's (docs/atlassian.md#scim-ids).
    pub directory: String,
}

/// `GET /v2/orgs/{o}/directories` (docs/atlassian.md#directories).
pub fn directories(organization: &str, cursor: Option<&str>) -> Request {
    let request = Request::read(Host::Admin, "/admin/v2/orgs/{orgId}/directories")
        .segment(organization)
        .query("limit", PAGE.to_string());
    with_cursor(request, cursor)
}

/// `GET /v1/orgs/{o}/domains`: the only listing of domains (docs/atlassian.md#verified-domains).
pub fn domains(organization: &str, cursor: Option<&str>) -> Request {
    let request = Request::read(Host::Admin, "/admin/v1/orgs/{orgId}/domains").segment(organization);
    with_cursor(request, cursor)
}

/// `POST /v2/orgs/{o}/workspaces`: the apps of every site. "When a cursor is provided in the request body, no other
/// properties may be present" (description, `queryWorkspacesV2`).
pub fn workspaces(organization: &str, cursor: Option<&str>) -> Request {
    let asked = match cursor {
        Some(cursor) => json!({ "cursor": cursor }),
        None => json!({ "limit": PAGE }),
    };
    let read = Request::write(Method::POST, Host::Admin, WORKSPACES).segment(organization);
    read.body(Body::Json(asked)).repeat(Repeat::Safe)
}

/// People by exact email, in every directory: an email means the same person in each
/// (docs/atlassian.md#search-by-email).
pub fn by_email(organization: &str, emails: &[Email], cursor: Option<&str>) -> Request {
    users(organization, EVERYWHERE, json!({ "emails": emails, "expand": ["platformRoles"] }), cursor)
}

/// People with a role in the organization.
pub fn with_role(organization: &str, role: &PlatformRole, cursor: Option<&str>) -> Request {
    let role = super::wire::role_name(role);
    users(organization, EVERYWHERE, json!({ "roleIds": [role], "expand": ["platformRoles"] }), cursor)
}

/// The members of groups, each with their groups. The API cannot list the members of a single group
/// (docs/atlassian.md#members-through-the-organization).
pub fn members_of(place: &Place, groups: &[GroupId], cursor: Option<&str>) -> Request {
    let asked = json!({ "groupIds": groups, "expand": ["groups", "platformRoles"] });
    users(&place.organization, &place.directory, asked, cursor)
}

/// Accounts, each with their groups.
pub fn memberships_of(place: &Place, accounts: &[AccountId], cursor: Option<&str>) -> Request {
    let asked = json!({ "accountIds": accounts, "expand": ["groups", "platformRoles"] });
    users(&place.organization, &place.directory, asked, cursor)
}

/// Everybody in the directory.
pub fn everybody(place: &Place, cursor: Option<&str>) -> Request {
    users(&place.organization, &place.directory, json!({ "expand": ["platformRoles"] }), cursor)
}

/// Everybody in the directory, with their groups and when they last used each app.
pub fn activity(place: &Place, cursor: Option<&str>) -> Request {
    let asked = json!({ "expand": ["groups", "platformRoles", "productAccess"] });
    users(&place.organization, &place.directory, asked, cursor)
}

/// Groups by exact name without regard to case, or all of them (docs/atlassian.md#searches).
pub fn groups(place: &Place, names: Option<&[GroupName]>, cursor: Option<&str>) -> Request {
    let expand = ["counts.users"];
    let asked = match names {
        Some(names) => json!({ "groupNames": names, "expand": expand }),
        None => json!({ "expand": expand }),
    };
    search(GROUPS_SEARCH, &place.organization, &place.directory, asked, cursor)
}

/// Groups by ID, with the number of their users.
pub fn groups_by_id(place: &Place, ids: &[GroupId], cursor: Option<&str>) -> Request {
    let asked = json!({ "groupIds": ids, "expand": ["counts.users"] });
    search(GROUPS_SEARCH, &place.organization, &place.directory, asked, cursor)
}

/// Groups by id, or all of them where none is named, with the number of resources that each has a role in.
pub fn resource_counts(place: &Place, ids: &[GroupId], cursor: Option<&str>) -> Request {
    let expand = ["counts.resources"];
    let asked = match ids {
        [] => json!({ "expand": expand }),
        ids => json!({ "groupIds": ids, "expand": expand }),
    };
    search(GROUPS_SEARCH, &place.organization, &place.directory, asked, cursor)
}

/// The groups that have one of some roles on one of some resources; any role where none is named
/// (docs/atlassian.md#roles-of-groups).
pub fn groups_with_roles(place: &Place, resources: &[&str], roles: &[Role], cursor: Option<&str>) -> Request {
    let mut asked = json!({ "resourceIds": resources });
    if !roles.is_empty() {
        asked["roleIds"] = roles.iter().map(Role::id).collect();
    }
    search(GROUPS_SEARCH, &place.organization, &place.directory, asked, cursor)
}

/// The roles of one group, app by app (docs/atlassian.md#roles-of-groups).
pub fn roles_of(place: &Place, group: &GroupId, cursor: Option<&str>) -> Request {
    let request = Request::read(Host::Admin, ROLES)
        .segment(&*place.organization)
        .segment(&*place.directory)
        .segment(group.as_str())
        .query("limit", PAGE.to_string());
    with_cursor(request, cursor)
}

/// The roles of one person, app by app, with how each came about (docs/atlassian.md#roles-of-people).
pub fn roles_of_person(place: &Place, account: &AccountId, cursor: Option<&str>) -> Request {
    let request = Request::read(Host::Admin, PERSON_ROLES)
        .segment(&*place.organization)
        .segment(&*place.directory)
        .segment(account.as_str())
        .query("limit", PAGE.to_string());
    with_cursor(request, cursor)
}

/// The people who have a role on a resource, by whatever way, each with their groups (docs/atlassian.md#roles-of-people).
pub fn holders(place: &Place, resource: &str, role: &Role, cursor: Option<&str>) -> Request {
    let asked = json!({ "resourceIds": [resource], "roleIds": [role.id()], "expand": ["groups"] });
    users(&place.organization, &place.directory, asked, cursor)
}

/// The groups of one account.
pub fn groups_of(place: &Place, account: &AccountId, cursor: Option<&str>) -> Request {
    let asked = json!({ "accountIds": [account] });
    search(GROUPS_SEARCH, &place.organization, &place.directory, asked, cursor)
}

fn users(organization: &str, directory: &str, asked: Value, cursor: Option<&str>) -> Request {
    search(USERS, organization, directory, asked, cursor)
}

/// A search is a `POST` that changes nothing, so it may be sent again.
fn search(
    route: &'static str,
    organization: &str,
    directory: &str,
    mut asked: Value,
    cursor: Option<&str>,
) -> Request {
    asked["limit"] = PAGE.into();
    if let Some(cursor) = cursor {
        asked["cursor"] = cursor.into();
    }
    Request::write(Method::POST, Host::Admin, route)
        .segment(organization)
        .segment(directory)
        .body(Body::Json(asked))
        .repeat(Repeat::Safe)
}

fn with_cursor(request: Request, cursor: Option<&str>) -> Request {
    match cursor {
        Some(cursor) => request.query("cursor", cursor),
        None => request,
    }
}
