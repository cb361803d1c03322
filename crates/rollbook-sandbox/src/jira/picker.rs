//! Pickers of people and groups (docs/atlassian.md#group-picker): shortened lists, with the match in bold.

use http::StatusCode;

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::{Account, Group};
use crate::words::{AccountType, Grant};

use super::errors::bad_request;
use super::rights::{may_browse, require_browse};
use super::search::begins_with;
use super::wire::{
    FoundGroup, FoundGroups, FoundUser, FoundUsers, FoundUsersAndGroups, Label, Window, avatar,
};

/// The value of `jira.ajax.autocomplete.limit` (docs/atlassian.md#group-picker names it; 20 is Jira's default).
const PICKER_LIMIT: usize = 20;

/// `GET /groups/picker`: the only route that shows who manages a group. Without rights it returns no error but an empty
/// list, or the group of exactly that name (docs/atlassian.md#group-picker).
pub(super) fn groups(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let limit = Window::of(context, PICKER_LIMIT, PICKER_LIMIT)?.max_results;
    let query = context.query.one("query").unwrap_or_default();
    Ok(Reply::json(StatusCode::OK, &found_groups(context, query, limit)))
}

/// `GET /user/picker`: without rights it finds a person only by the exact name (description).
pub(super) fn users(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let (query, limit) = asked(context)?;
    if context.query.one("exclude").is_some() && context.query.one("excludeAccountIds").is_some() {
        return Err(bad_request("Only one of 'exclude' and 'excludeAccountIds' can be given."));
    }
    Ok(Reply::json(StatusCode::OK, &found_users(context, query, limit, "excludeConnectUsers")))
}

/// `GET /groupuserpicker`: both at once, with the right to browse. The sandbox has no fields and projects, so they narrow
/// nothing.
pub(super) fn both(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let (query, limit) = asked(context)?;
    require_browse(context)?;
    let found = FoundUsersAndGroups {
        users: found_users(context, query, limit, "excludeConnectAddons"),
        groups: found_groups(context, query, limit),
    };
    Ok(Reply::json(StatusCode::OK, &found))
}

/// The required text to look for, and how many rows a list may have.
fn asked<'a>(context: &'a RequestContext<'_>) -> Result<(&'a str, usize), Reply> {
    let query = context.query.one("query").ok_or_else(|| bad_request("'query' must be given."))?;
    Ok((query, Window::of(context, 50, 1000)?.max_results))
}

fn found_groups(context: &RequestContext<'_>, query: &str, limit: usize) -> FoundGroups {
    let ignore_case = context.query.is_true("caseInsensitive");
    let browses = may_browse(context);
    let matches = |name: &str| match (context.caller.is_some(), browses) {
        (false, _) => false,
        (true, false) => name == query,
        (true, true) => position(name, query, ignore_case).is_some(),
    };
    let excluded = |id: &str, name: &str| {
        context.query.all("exclude").any(|it| it == name) || context.query.all("excludeId").any(|it| it == id)
    };
    let mut found: Vec<(&str, &Group)> = context
        .state()
        .groups
        .iter()
        .filter(|(id, group)| matches(&group.name) && !excluded(id, &group.name))
        .map(|(id, group)| (id.as_str(), group))
        .collect();
    found.sort_unstable_by_key(|(id, group)| (group.name.as_str(), *id));
    let total = found.len();
    let groups: Vec<FoundGroup> = found
        .into_iter()
        .take(limit)
        .map(|(id, group)| FoundGroup {
            name: group.name.clone(),
            html: highlight(&group.name, query, ignore_case, "b"),
            labels: labels(context, group),
            group_id: id.to_owned(),
            managed_by: group.managed_by,
            usage_type: group.usage,
        })
        .collect();
    FoundGroups { header: format!("Showing {} of {total} matching groups", groups.len()), total, groups }
}

/// Active people and apps; without Connect and Forge apps if the parameter of this name says so.
fn found_users(context: &RequestContext<'_>, query: &str, limit: usize, without_apps: &str) -> FoundUsers {
    let without_apps = context.query.is_true(without_apps);
    let excluded: Vec<&str> =
        context.query.all("excludeAccountIds").flat_map(|list| list.split(',')).collect();
    let browses = may_browse(context);
    let matches = |id: &str, account: &Account| {
        let app = account.kind == AccountType::App && account.app_type.is_none();
        let named = if browses { begins_with(account, query) } else { account.name == query };
        named && account.is_live() && !excluded.contains(&id) && !(app && without_apps)
    };
    let accounts = &context.state().accounts;
    let found: Vec<(&String, &Account)> = context
        .world
        .accounts_in_hidden_order()
        .filter_map(|id| Some((id, accounts.get(id)?)))
        .filter(|(id, account)| matches(id, account))
        .collect();
    let shown = |(id, account): &(&String, &Account)| FoundUser {
        account_id: (*id).clone(),
        account_type: account.kind,
        html: highlight(&account.name, query, true, "strong"),
        display_name: account.name.clone(),
        avatar_url: context.query.is_true("showAvatar").then(|| avatar(&account.name, 16)),
    };
    let users: Vec<FoundUser> = found.iter().take(limit).map(shown).collect();
    let header = format!("Showing {} of {} matching users", users.len(), found.len());
    FoundUsers { header, total: found.len(), users }
}

fn labels(context: &RequestContext<'_>, group: &Group) -> Vec<Label> {
    if group.site_admin || group.grants_anywhere(Grant::Admin) {
        let title = "Users added to this group will be given administrative access";
        return vec![Label { text: "Admin".to_owned(), title: title.to_owned(), kind: "ADMIN" }];
    }
    let label = |key: &String| {
        let text = context.state().apps.get(key).map_or_else(|| key.clone(), |app| app.name.clone());
        let title = format!("Users added to this group will be given access to {text}");
        Label { text, title, kind: "SINGLE" }
    };
    group.grants.keys().map(label).collect()
}

/// Where a query occurs in a name, in bytes. With `ignore_case`, ASCII letters match in either case.
fn position(name: &str, query: &str, ignore_case: bool) -> Option<usize> {
    if ignore_case { name.to_ascii_lowercase().find(&query.to_ascii_lowercase()) } else { name.find(query) }
}

/// The name as HTML, with the match between tags.
fn highlight(name: &str, query: &str, ignore_case: bool, tag: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let Some(start) = position(name, query, ignore_case).filter(|_| !query.is_empty()) else {
        return escape(name);
    };
    let (before, rest) = name.split_at(start);
    let (matched, after) = rest.split_at(query.len());
    format!("{}<{tag}>{}</{tag}>{}", escape(before), escape(matched), escape(after))
}
