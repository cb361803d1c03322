//! The API tokens of an account: the credentials of the seed that act as it.

use http::StatusCode;
use serde_json::{Value, json};

use crate::change::Change;
use crate::credential::SeedCredential;
use crate::ids::stable_uuid;
use crate::reply::Reply;
use crate::request_context::RequestContext;

use super::{asked_account, no_such_account, require, unmanaged};

/// `GET …/manage/api-tokens`: the unexpired ones, without their secrets.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require(unmanaged(asked_account(context)?))?;
    let row = |token: &SeedCredential| {
        json!({
            "id": id(token),
            "label": if matches!(token, SeedCredential::Scoped(_)) { "API token with scopes" } else { "API token" },
            "createdAt": "2024-01-01T00:00:00.000Z",
        })
    };
    let rows: Vec<Value> = tokens(context).map(row).collect();
    Ok(Reply::json(StatusCode::OK, &rows))
}

/// `DELETE …/manage/api-tokens/{tokenId}`: 204; from then on the token is invalid.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require(unmanaged(asked_account(context)?))?;
    let asked = context.parameter("tokenId");
    let found = tokens(context).find(|token| id(token) == asked).map(|token| token.secret().to_owned());
    let secret = found.ok_or_else(no_such_account)?;
    context.world.change(&Change::ExpireSecret { secret }).map_err(|_| no_such_account())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn tokens<'a>(context: &'a RequestContext<'_>) -> impl Iterator<Item = &'a SeedCredential> {
    let account = context.parameter("accountId");
    let is_token = |it: &&SeedCredential| matches!(it, SeedCredential::Basic(_) | SeedCredential::Scoped(_));
    let credentials = context.state().credentials.iter().filter(is_token);
    credentials.filter(move |token| token.account() == Some(account) && !token.expired())
}

fn id(token: &SeedCredential) -> String {
    stable_uuid("api-token", token.secret())
}
