//! The links of an account to records, and their removal (jira.js' generated code, `scimLinks`). The refusals are
//! inventions, in the shape of the organization's.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::change::Change;
use crate::organization::{bad_request, no_such_directory, no_such_user, require_organization};
use crate::reply::Reply;
use crate::request_context::RequestContext;

/// `GET …/user/{accountId}/get-scim-links`: none for an account that no directory has.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let account = context.parameter("accountId");
    Ok(Reply::json(StatusCode::OK, &json!({ "scimLinks": links(context, account) })))
}

#[derive(Deserialize)]
struct Email {
    email: String,
}

/// `POST …/get-scim-links-for-email`.
pub(super) fn by_email(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let Email { email } = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let account = context.state().account_id(&email).unwrap_or_default();
    Ok(Reply::json(StatusCode::OK, &json!({ "scimLinks": links(context, account) })))
}

/// `PATCH …/scimDirectoryId/{id}/scimUserId/{id}/unlink`: 204. Assumption: the record is removed, since the sandbox has none
/// without an account; the account stays as it is.
pub(super) fn unlink(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    if context.parameter("scimDirectoryId") != context.state().organization.scim_directory_id {
        return Err(no_such_directory());
    }
    let account = context.state().account_of_scim(context.parameter("userId")).map(str::to_owned);
    let account = account.ok_or_else(no_such_user)?;
    forget(context, account)
}

/// `DELETE …/user/{accountId}/onlyDeleteUserInDB`: 204; the account stays as it is.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_organization(context)?;
    let account = context.parameter("accountId").to_owned();
    forget(context, account)
}

fn forget(context: &mut RequestContext<'_>, user: String) -> Result<Reply, Reply> {
    context.subject.account_id = Some(user.clone());
    context.world.change(&Change::UnlinkScim { user }).map_err(|_| no_such_user())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn links(context: &RequestContext<'_>, account_id: &str) -> Vec<Value> {
    let organization = &context.state().organization;
    let record = context.state().scim.get(account_id);
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
