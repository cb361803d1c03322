//! The read requests, as values. Pure.

use crate::request::{Host, Request};
use rollbook_core::model::{AccountId, GroupId, GroupName};

/// How many members a page asks for: the documented maximum (docs/atlassian.md#members-of-a-group).
pub const MEMBERS_PAGE: usize = 50;

/// How many users a page asks for: the documented maximum (docs/atlassian.md#every-user).
pub const USERS_PAGE: usize = 1000;

/// How many accounts one request names. `/user/bulk` once documented a maximum of 200, now none
/// (docs/atlassian.md#accounts-by-id); 50 IDs of 128 characters fit a URL.
pub const BATCH: usize = 50;

/// How many groups a page asks for. No maximum is documented; Jira returns fewer if it is too many, and says how many
/// (introduction to the REST API, "Pagination").
const GROUPS_PAGE: usize = 1000;

/// `GET /group/bulk`: groups from a row on (docs/atlassian.md#groups-of-a-site).
pub fn groups(start: usize) -> Request {
    paged("/rest/api/3/group/bulk", start, GROUPS_PAGE)
}

/// `GET /group/bulk?accessType=site-admin`: the groups that make site administrators
/// (docs/atlassian.md#site-administration).
pub fn site_admin_groups(start: usize) -> Request {
    groups(start).query("accessType", "site-admin")
}

/// `GET /group/bulk?accessType=admin`: the groups that make administrators of an app of Jira
/// (docs/atlassian.md#site-administration).
pub fn admin_groups(start: usize) -> Request {
    groups(start).query("accessType", "admin")
}

/// `GET /group/member`: members of a group from a row on, including inactive ones, which the API leaves out by default
/// (docs/atlassian.md#members-of-a-group).
pub fn members(group: &GroupId, start: usize) -> Request {
    paged("/rest/api/3/group/member", start, MEMBERS_PAGE)
        .query("groupId", group.as_str())
        .query("includeInactiveUsers", "true")
}

/// `GET /users/search`: accounts from a row on, including inactive and deleted ones, apps and customers
/// (docs/atlassian.md#every-user). `/user/search` would show only active ones, and only the first 1000.
pub fn users(start: usize, size: usize) -> Request {
    paged("/rest/api/3/users/search", start, size)
}

/// `GET /user/bulk`: accounts by ID, from a row of the result on. Its default page holds 10.
pub fn accounts(ids: &[AccountId], start: usize) -> Request {
    ids.iter().fold(paged("/rest/api/3/user/bulk", start, BATCH), |request, id| {
        request.query("accountId", id.as_str())
    })
}

/// `GET /user/groups`: the groups of an account, in one bare array (docs/atlassian.md#accounts-by-id).
pub fn groups_of(account: &AccountId) -> Request {
    read("/rest/api/3/user/groups").query("accountId", account.as_str())
}

/// `GET /groups/picker`: groups whose name contains a text; only it distinguishes a synced group from another
/// (docs/atlassian.md#synced-groups-and-teams-in-jira). The site caps the number of results.
pub fn group_picker(name: &GroupName) -> Request {
    read("/rest/api/3/groups/picker").query("query", name.as_str()).query("maxResults", "1000")
}

/// `GET /applicationrole`: which groups give which app (docs/atlassian.md#apps-and-seats).
pub fn app_roles() -> Request {
    read("/rest/api/3/applicationrole")
}

/// `GET /myself`: the account that the credential acts as (docs/atlassian.md#anonymous-answers).
pub fn myself() -> Request {
    read("/rest/api/3/myself")
}

/// `GET /mypermissions`: whether the account has permissions, named by their keys (docs/atlassian.md#administer-jira).
pub fn permissions(keys: &str) -> Request {
    read("/rest/api/3/mypermissions").query("permissions", keys)
}

fn read(route: &'static str) -> Request {
    Request::read(Host::Jira, route)
}

fn paged(route: &'static str, start: usize, size: usize) -> Request {
    read(route).query("startAt", start.to_string()).query("maxResults", size.to_string())
}
