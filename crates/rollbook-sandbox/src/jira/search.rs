//! Finding people: everybody, or by a text (docs/atlassian.md#every-user).

use std::iter::repeat_n;

use http::StatusCode;

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::Account;

use super::errors::bad_request;
use super::rights::{may_browse, require_browse};
use super::wire::{Row, User, Window, listed_user, page};

/// `user/search` stops after this many matches (docs/atlassian.md#user-search-and-picker).
const SEARCH_HORIZON: usize = 1000;

/// `GET /users/search` and `GET /users`: a bare array of every account, including inactive and removed ones, at most 1000 per
/// page, and an empty page at the end (docs/atlassian.md#every-user).
pub(super) fn everybody(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_browse(context)?;
    let window = Window::of(context, 50, 1000)?;
    let accounts = &context.state().accounts;
    let ids = context.world.accounts_in_hidden_order().map(Some);
    let row = |id: Option<&String>| match id {
        Some(id) => accounts.get(id).map(|account| Row::Known(listed_user(context, id, account))),
        None => Some(Row::unknown(context)),
    };
    let ids = ids.chain(repeat_n(None, context.state().unknown_accounts));
    let users: Vec<Row<User>> = window.cut(ids).filter_map(row).collect();
    Ok(Reply::json(StatusCode::OK, &users))
}

/// `GET /user/search`: a bare array of active accounts, within the first 1000 matches; without the right to
/// browse it is empty instead of an error (docs/atlassian.md#user-search-and-picker).
pub(super) fn search(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let window = Window::of(context, 50, SEARCH_HORIZON)?;
    let (query, account_id) = (context.query.one("query"), context.query.filled("accountId"));
    if query.is_some() && account_id.is_some() {
        return Err(bad_request("Only one of 'query' and 'accountId' can be given."));
    }
    let property = context.query.one("property");
    if query.is_none() && account_id.is_none() && property.is_none() {
        return Err(bad_request("One of 'query', 'accountId' and 'property' must be given."));
    }
    let browses = may_browse(context);
    let matches = |id: &str, account: &Account| {
        // The sandbox has no user properties, so no account matches one.
        browses
            && account.is_live()
            && property.is_none()
            && account_id.is_none_or(|wanted| wanted == id)
            && query.is_none_or(|query| begins_with(account, query))
    };
    let accounts = &context.state().accounts;
    let found = context
        .world
        .accounts_in_hidden_order()
        .filter_map(|id| Some((id, accounts.get(id)?)))
        .filter(|(id, account)| matches(id, account))
        .take(SEARCH_HORIZON);
    let users: Vec<User> = window.cut(found).map(|(id, account)| listed_user(context, id, account)).collect();
    Ok(Reply::json(StatusCode::OK, &users))
}

/// `GET /user/search/query` and `…/query/key`: the sandbox has no issues and no user properties, so statements about
/// them match no account; an invalid statement is a 400.
pub(super) fn structured(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_browse(context)?;
    let query = context.query.filled("query").ok_or_else(|| bad_request("'query' must be given."))?;
    let statements = query.split(" AND ").flat_map(|part| part.split(" OR "));
    if let Some(wrong) = statements.map(str::trim).find(|statement| !is_statement(statement)) {
        return Err(bad_request(&format!("The query cannot be parsed: {wrong}")));
    }
    let window = Window::of(context, 100, SEARCH_HORIZON)?;
    Ok(page::<User>(context, window, 0, Vec::new()))
}

/// Whether a text is one of the statements of the description, ignoring parentheses around it.
fn is_statement(text: &str) -> bool {
    let text = text.trim_matches(|it| matches!(it, '(' | ')' | ' '));
    let about = ["assignee", "reporter", "watcher", "voter", "commenter", "transitioner"];
    let of_issues = text.strip_prefix("is ").and_then(|rest| rest.split_once(" of "));
    let of_property = text.strip_prefix('[').and_then(|rest| rest.split_once("]."));
    of_issues.is_some_and(|(what, of)| about.contains(&what) && !of.is_empty())
        || of_property.is_some_and(|(key, rest)| !key.is_empty() && rest.contains(" is \""))
}

/// Whether the email, the display name or a word of it begins with the text, in any case. A hidden email also
/// matches, though it is not shown (docs/atlassian.md#user-search-and-picker).
pub(super) fn begins_with(account: &Account, query: &str) -> bool {
    let query = query.to_lowercase();
    let name = account.name.to_lowercase();
    let email = account.email.as_deref().unwrap_or_default().to_lowercase();
    email.starts_with(&query)
        || name.starts_with(&query)
        || name.split_whitespace().any(|word| word.starts_with(&query))
}
