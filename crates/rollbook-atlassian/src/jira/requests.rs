//! The requests that read, as values. Pure.

use crate::request::{Host, Request};
use rollbook_core::model::{AccountId, GroupId, GroupName};

/// How many members are asked for: the documented most (docs/atlassian.md#members-of-a-group).
pub const MEMBERS_PAGE: usize = 50;

/// How many users are asked for: the documented most (docs/atlassian.md#every-user).
pub const USERS_PAGE: usize = 1000;

/// How many accounts one request names. `/user/bulk` once documented 200 at most, now nothing
/// (docs/atlassian.md#accounts-by-id); 50 ids of 128 characters fit a URL.
pub const BATCH: usize = 50;

/// How many groups are asked for. No most is documented; Jira answers with fewer when it is too many, and says
/// how many it gives (introduction to the REST API, "Pagination").
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

/// `GET /group/member`: members of a group from a row on, those who are inactive too: they are members, and the
/// API leaves them out unless it is asked (docs/atlassian.md#members-of-a-group).
pub fn members(group: &GroupId, start: usize) -> Request {
    paged("/rest/api/3/group/member", start, MEMBERS_PAGE)
        .query("groupId", group.as_str())
        .query("includeInactiveUsers", "true")
}

/// `GET /users/search`: accounts from a row on, active, inactive and deleted, apps and customers too
/// (docs/atlassian.md#every-user). `/user/search` would show active ones only, and the first 1000 of them.
pub fn users(start: usize, size: usize) -> Request {
    paged("/rest/api/3/users/search", start, size)
}

/// `GET /user/bulk`: accounts by id, from a row of the answer on. Its page holds 10 unless more are asked for.
pub fn accounts(ids: &[AccountId], start: usize) -> Request {
    ids.iter().fold(paged("/rest/api/3/user/bulk", start, BATCH), |request, id| {
        request.query("accountId", id.as_str())
    })
}

/// `GET /user/groups`: the groups of an account, in one bare array (docs/atlassian.md#accounts-by-id).
pub fn groups_of(account: &AccountId) -> Request {
    read("/rest/api/3/user/groups").query("accountId", account.as_str())
}

/// `GET /groups/picker`: groups whose name contains a text; the only place that tells a synced group from
/// another (docs/atlassian.md#synced-groups-and-teams-in-jira). How many come is capped by the site.
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
