//! Which records an account is linked to, and letting go of them (jira.js' generated code, `scimLinks`). The refusals
//! are inventions, in the shape that the rest of the organization has.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::change::Change;
use crate::organization::{bad_request, no_such_directory, no_such_user, require_organization};
use crate::reply::Reply;
use crate::turn::Turn;

/// `GET …/user/{accountId}/get-scim-links`: none for an account that no directory has.
pub(super) fn get(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_organization(turn)?;
    let account = turn.parameter("accountId");
    Ok(Reply::json(StatusCode::OK, &json!({ "scimLinks": links(turn, account) })))
}

#[derive(Deserialize)]
struct Email {
    email: String,
}

/// `POST …/get-scim-links-for-email`.
pub(super) fn by_email(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_organization(turn)?;
    let Email { email } = turn.json().map_err(|error| bad_request(&error.to_string()))?;
    let account = turn.state().account_id(&email).unwrap_or_default();
    Ok(Reply::json(StatusCode::OK, &json!({ "scimLinks": links(turn, account) })))
}

/// `PATCH …/scimDirectoryId/{id}/scimUserId/{id}/unlink`: 204. Assumption: the record goes, since the sandbox has none
/// without an account; the account stays as it is.
pub(super) fn unlink(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_organization(turn)?;
    if turn.parameter("scimDirectoryId") != turn.state().organization.scim_directory_id {
        return Err(no_such_directory());
    }
    let account = turn.state().account_of_scim(turn.parameter("userId")).map(str::to_owned);
    let account = account.ok_or_else(no_such_user)?;
    forget(turn, account)
}

/// `DELETE …/user/{accountId}/onlyDeleteUserInDB`: 204; the account stays as it is.
pub(super) fn delete(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_organization(turn)?;
    let account = turn.parameter("accountId").to_owned();
    forget(turn, account)
}

fn forget(turn: &mut Turn<'_>, user: String) -> Result<Reply, Reply> {
    turn.subject.account_id = Some(user.clone());
    turn.world.change(&Change::UnlinkScim { user }).map_err(|_| no_such_user())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn links(turn: &Turn<'_>, account_id: &str) -> Vec<Value> {
    let organization = &turn.state().organization;
    let record = turn.state().scim.get(account_id);
    let link = record.map(|record| {
        json!({
            "scimUserId": record.id,
            "atlassianAccountId": account_id,
            "orgId": organization.id,
            "directoryId": organization.scim_directory_id,
        })
    });
    link.into_iter().collect()
}
