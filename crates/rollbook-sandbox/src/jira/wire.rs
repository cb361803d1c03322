//! The JSON of Jira's responses, by the schemas of the published description (`openapi/`, spec 2026-03-01).
//!
//! These types are separate from the client's, so that a mistake in one is noticed by the other.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::{RequestContext, encode};
use crate::state::{Account, Group};
use crate::words::{AccountType, AppType, ManagedBy, Usage};

use super::errors::bad_request;

/// `UserDetails`, the shape in a list of members: it has no `appType`. `key` and `name` are absent, as in every
/// capture of a real site (`JupiterOne`, Airbyte, Swimlane), though the description has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserDetails {
    #[serde(rename = "self")]
    url: String,
    account_id: String,
    account_type: AccountType,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<String>,
    avatar_urls: BTreeMap<&'static str, String>,
    display_name: String,
    active: bool,
    /// Absent for apps and erased accounts, as captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'static str>,
}

/// `User`, the shape everywhere else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(flatten)]
    details: UserDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_type: Option<AppType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'static str>,
    guest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Items<GroupName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_roles: Option<Items<Role>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expand: Option<&'static str>,
}

/// A list with its size; its items are empty without `expand`.
#[derive(Serialize)]
pub(super) struct Items<T> {
    size: usize,
    items: Vec<T>,
}

/// `ApplicationRole`, in its short form within a user.
#[derive(Serialize)]
pub(super) struct Role {
    key: String,
    name: String,
}

/// `GroupName`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupName {
    name: String,
    group_id: String,
    #[serde(rename = "self")]
    url: String,
}

/// `GroupDetails`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupDetails {
    pub(super) name: String,
    pub(super) group_id: String,
}

/// `Group`, the response when a group is created or a member added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FullGroup {
    #[serde(flatten)]
    name: GroupName,
    users: PagedUsers,
    expand: &'static str,
}

/// `PagedListUserDetailsApplicationUser`: its items only if they are expanded.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PagedUsers {
    size: usize,
    items: Vec<UserDetails>,
    max_results: usize,
    start_index: usize,
    end_index: usize,
}

/// `FoundGroups`.
#[derive(Serialize)]
pub(super) struct FoundGroups {
    pub(super) header: String,
    pub(super) total: usize,
    pub(super) groups: Vec<FoundGroup>,
}

/// `FoundGroup`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundGroup {
    pub(super) name: String,
    pub(super) html: String,
    pub(super) labels: Vec<Label>,
    pub(super) group_id: String,
    pub(super) managed_by: ManagedBy,
    pub(super) usage_type: Usage,
}

/// `FoundUsers`.
#[derive(Serialize)]
pub(super) struct FoundUsers {
    pub(super) header: String,
    pub(super) total: usize,
    pub(super) users: Vec<FoundUser>,
}

/// `UserPickerUser`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundUser {
    pub(super) account_id: String,
    pub(super) account_type: AccountType,
    pub(super) html: String,
    pub(super) display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avatar_url: Option<String>,
}

/// `FoundUsersAndGroups`.
#[derive(Serialize)]
pub(super) struct FoundUsersAndGroups {
    pub(super) users: FoundUsers,
    pub(super) groups: FoundGroups,
}

/// `GroupLabel`.
#[derive(Serialize)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) title: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

/// `PageBean…`: one page of a listing by offset.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(rename = "self")]
    url: String,
    #[serde(rename = "nextPage", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    max_results: usize,
    start_at: usize,
    total: usize,
    is_last: bool,
    values: Vec<T>,
}

/// The requested part of a listing.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) start_at: usize,
    pub(super) max_results: usize,
}

/// How a hidden email is shown (docs/atlassian.md#hidden-emails: it may be absent or empty; routes differ).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    Absent,
    Empty,
}

/// The lists within a user to fill.
#[derive(Clone, Copy, Default)]
pub(super) struct Expand {
    pub(super) groups: bool,
    pub(super) roles: bool,
}

impl Expand {
    /// Reads `expand=groups,applicationRoles`.
    pub(super) fn of(context: &RequestContext<'_>) -> Expand {
        let wants =
            |what| context.query.one("expand").is_some_and(|list| list.split(',').any(|item| item == what));
        Expand { groups: wants("groups"), roles: wants("applicationRoles") }
    }
}

impl Window {
    /// Reads `startAt` and `maxResults`; more than `cap` silently counts as `cap`
    /// (docs/atlassian.md#page-sizes).
    pub(super) fn of(context: &RequestContext<'_>, default: usize, cap: usize) -> Result<Window, Reply> {
        let number = |key: &str, default: usize| match context.query.filled(key) {
            None => Ok(default),
            // Assumption: anything but a number, or a negative one, is a 400.
            Some(text) => text.parse().map_err(|_| bad_request(&format!("'{key}' must be a number: {text}"))),
        };
        let max_results = number("maxResults", default)?.clamp(1, cap);
        Ok(Window { start_at: number("startAt", 0)?, max_results })
    }

    /// The part of a listing that the window shows.
    pub(super) fn cut<T>(self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.skip(self.start_at).take(self.max_results)
    }
}

/// One page of `total` rows.
pub(super) fn page<T: Serialize>(
    context: &RequestContext<'_>,
    window: Window,
    total: usize,
    values: Vec<T>,
) -> Reply {
    let Window { start_at, max_results } = window;
    let end = start_at.saturating_add(values.len());
    let is_last = end >= total;
    let url = |start_at: usize| {
        let (start_at, max_results) = (start_at.to_string(), max_results.to_string());
        let kept = context.query.pairs().filter(|(key, _)| !matches!(*key, "startAt" | "maxResults"));
        context.url(
            context.path,
            kept.chain([("startAt", start_at.as_str()), ("maxResults", max_results.as_str())]),
        )
    };
    let next = (!is_last).then(|| url(end));
    let page = Page { url: url(start_at), next, max_results, start_at, total, is_last, values };
    Reply::json(StatusCode::OK, &page)
}

/// An account as a list of members shows it.
pub(super) fn user_details(
    context: &RequestContext<'_>,
    id: &str,
    account: &Account,
    hidden: Hidden,
) -> UserDetails {
    let shown = !account.hide_email || context.caller_id() == Some(id);
    let email_address = match (&account.email, hidden) {
        (Some(email), _) if shown => Some(email.clone()),
        (Some(_), Hidden::Empty) => Some(String::new()),
        (None, Hidden::Empty) | (_, Hidden::Absent) => None,
    };
    UserDetails {
        url: context.url("/rest/api/3/user", [("accountId", id)]),
        account_id: id.to_owned(),
        account_type: account.kind,
        email_address,
        avatar_urls: avatars(&account.name),
        display_name: account.name.clone(),
        active: account.is_live(),
        time_zone: tells_where(account).then_some("Etc/GMT"),
    }
}

fn tells_where(account: &Account) -> bool {
    account.kind != AccountType::App && !account.is_erased()
}

/// A row of a list: an account, or one whose record is corrupted. Such rows share one ID, and cannot be distinguished.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Row<T> {
    Known(T),
    Unknown(Value),
}

impl<T> Row<T> {
    /// A row without an account, as `User.accountId` of the description has it and Cartography tests it.
    pub(super) fn unknown(context: &RequestContext<'_>) -> Row<T> {
        Row::Unknown(json!({
            "self": context.url("/rest/api/3/user", [("accountId", "unknown")]),
            "accountId": "unknown",
            "accountType": "unknown",
            "avatarUrls": {},
            "displayName": "Former user",
            "active": false,
        }))
    }
}

/// An account as a list of users shows it: without groups and roles.
pub(super) fn listed_user(context: &RequestContext<'_>, id: &str, account: &Account) -> User {
    User {
        details: user_details(context, id, account, Hidden::Absent),
        app_type: account.app_type,
        locale: tells_where(account).then_some("en_US"),
        guest: false,
        groups: None,
        application_roles: None,
        expand: None,
    }
}

/// A single account: with the number of its groups and roles, and these when expanded.
pub(super) fn single_user(context: &RequestContext<'_>, id: &str, account: &Account, expand: Expand) -> User {
    let groups: Vec<GroupName> = context
        .world
        .groups_seen(id)
        .into_iter()
        .filter_map(|id| Some(group_name(context, id, context.state().groups.get(id)?)))
        .collect();
    let role = |key: &str| {
        let name = context.state().apps.get(key).map_or_else(|| key.to_owned(), |app| app.name.clone());
        Role { key: key.to_owned(), name }
    };
    let roles: Vec<Role> = context.state().apps_of(id).into_iter().map(role).collect();
    User {
        groups: Some(Items { size: groups.len(), items: if expand.groups { groups } else { Vec::new() } }),
        application_roles: Some(Items {
            size: roles.len(),
            items: if expand.roles { roles } else { Vec::new() },
        }),
        expand: Some("groups,applicationRoles"),
        ..listed_user(context, id, account)
    }
}

/// A group with its address.
pub(super) fn group_name(context: &RequestContext<'_>, id: &str, group: &Group) -> GroupName {
    let url = context.url("/rest/api/3/group", [("groupId", id)]);
    GroupName { name: group.name.clone(), group_id: id.to_owned(), url }
}

/// A group with the number of its members as reads see them.
pub(super) fn full_group(context: &RequestContext<'_>, id: &str, group: &Group) -> FullGroup {
    let size = context.world.members_seen(id).len();
    with_users(context, id, group, size, 0, Vec::new())
}

/// A group with those of its `size` members that follow an index.
pub(super) fn with_users(
    context: &RequestContext<'_>,
    id: &str,
    group: &Group,
    size: usize,
    start_index: usize,
    items: Vec<UserDetails>,
) -> FullGroup {
    let end_index = start_index + items.len().saturating_sub(1);
    let users = PagedUsers { size, items, max_results: 50, start_index, end_index };
    FullGroup { name: group_name(context, id, group), users, expand: "users" }
}

fn avatars(name: &str) -> BTreeMap<&'static str, String> {
    let sizes = [("16x16", 16), ("24x24", 24), ("32x32", 32), ("48x48", 48)];
    sizes.map(|(key, size)| (key, avatar(name, size))).into()
}

/// The address of the picture of a name, `size` pixels wide.
pub(super) fn avatar(name: &str, size: u32) -> String {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    format!("https://avatar-management.invalid/initials/{}.png?size={size}", encode(&initials))
}
