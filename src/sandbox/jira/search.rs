//! Finding people: everybody, or who matches a text (fact sheet §1.1, §1.4).

use http::StatusCode;

use crate::sandbox::reply::Reply;
use crate::sandbox::state::Account;
use crate::sandbox::turn::Turn;

use super::errors::bad_request;
use super::rights::{may_browse, require_browse};
use super::wire::{User, Window, listed_user};

/// `user/search` looks no further than this many matches (fact sheet §1.1).
const SEARCH_HORIZON: usize = 1000;

/// `GET /users/search` and `GET /users`: a bare array of every account, inactive and removed ones too, at most
/// 1000 a page, and an empty page at the end (fact sheet §1.3, §1.4).
pub(super) fn everybody(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_browse(turn)?;
    let window = Window::of(turn, 50, 1000)?;
    let accounts = &turn.state().accounts;
    let users: Vec<User> = window
        .cut(turn.world.accounts_in_hidden_order())
        .filter_map(|id| Some(listed_user(turn, id, accounts.get(id)?)))
        .collect();
    Ok(Reply::json(StatusCode::OK, &users))
}

/// `GET /user/search`: a bare array of active accounts, within the first 1000 matches; without the right to
/// browse it is empty, and no error (fact sheet §1.1).
pub(super) fn search(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let window = Window::of(turn, 50, SEARCH_HORIZON)?;
    let (query, account_id) = (turn.query.one("query"), turn.query.filled("accountId"));
    if query.is_some() && account_id.is_some() {
        return Err(bad_request("Only one of 'query' and 'accountId' can be given."));
    }
    let property = turn.query.one("property");
    if query.is_none() && account_id.is_none() && property.is_none() {
        return Err(bad_request("One of 'query', 'accountId' and 'property' must be given."));
    }
    let browses = may_browse(turn);
    let matches = |id: &str, account: &Account| {
        // The sandbox has no user properties, so nobody matches one.
        browses
            && account.is_live()
            && property.is_none()
            && account_id.is_none_or(|wanted| wanted == id)
            && query.is_none_or(|query| begins_with(account, query))
    };
    let accounts = &turn.state().accounts;
    let found = turn
        .world
        .accounts_in_hidden_order()
        .filter_map(|id| Some((id, accounts.get(id)?)))
        .filter(|(id, account)| matches(id, account))
        .take(SEARCH_HORIZON);
    let users: Vec<User> = window.cut(found).map(|(id, account)| listed_user(turn, id, account)).collect();
    Ok(Reply::json(StatusCode::OK, &users))
}

/// Whether the e-mail, the display name or a word of it begins with the text, in any case. A hidden e-mail is
/// matched too, though not shown (fact sheet §7.5).
fn begins_with(account: &Account, query: &str) -> bool {
    let query = query.to_lowercase();
    let name = account.name.to_lowercase();
    let email = account.email.as_deref().unwrap_or_default().to_lowercase();
    email.starts_with(&query)
        || name.starts_with(&query)
        || name.split_whitespace().any(|word| word.starts_with(&query))
}
