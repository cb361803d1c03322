//! Jira's refusals. Texts without a source in docs/atlassian.md#errors-of-jira are plausible inventions.

use http::StatusCode;
use serde_json::json;

use crate::change::Refused;
use crate::reply::Reply;

/// An error with one message: `{"errorMessages":[…],"errors":{}}` (docs/atlassian.md#errors-of-jira).
pub(crate) fn error(status: StatusCode, message: &str) -> Reply {
    Reply::json(status, &json!({ "errorMessages": [message], "errors": {} }))
}

/// The site host's response if the required credentials are missing or invalid.
pub(crate) fn unauthenticated() -> Reply {
    let message = "Client must be authenticated to access this resource.";
    let status = StatusCode::UNAUTHORIZED;
    Reply::json(status, &json!({ "message": message, "status-code": status.as_u16() }))
}

/// An error about one field of the body: `{"errorMessages":[],"errors":{field: message}}`.
pub(super) fn field_error(field: &str, message: &str) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, &json!({ "errorMessages": [], "errors": { field: message } }))
}

/// 400 with one message.
pub(super) fn bad_request(message: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, message)
}

/// 403 with one message.
pub(super) fn forbidden(message: &str) -> Reply {
    error(StatusCode::FORBIDDEN, message)
}

/// 404 for an account, in the words that Jira also uses for a caller without rights (docs/atlassian.md#errors-of-jira).
pub(super) fn no_such_user() -> Reply {
    error(StatusCode::NOT_FOUND, "Specified user does not exist or you do not have required permissions")
}

/// 404 for a group.
pub(super) fn no_such_group(reference: &str) -> Reply {
    error(StatusCode::NOT_FOUND, &format!("Group '{reference}' does not exist."))
}

/// The text of the identity back end, which reaches app identities unchanged
/// (docs/atlassian.md#apps-never-write-groups).
pub(super) fn back_end_forbidden() -> Reply {
    let text = "An error occurred: com.atlassian.idp.client.exceptions.AuthorizationException: \
                {\"key\":\"forbidden\",\"context\":{\"message\":\"user does not have the relevant permissions\"}}";
    Reply::text(StatusCode::FORBIDDEN, text)
}

/// Jira's response to an impossible change. Other tools match the texts of the two membership cases
/// (docs/atlassian.md#adding-and-removing-members: `User is already a member of`, `not a member of`).
pub(super) fn refused(refused: &Refused) -> Reply {
    match refused {
        Refused::UnknownGroup(group) => no_such_group(group),
        Refused::UnknownUser(_) => no_such_user(),
        Refused::NameInUse(name) => {
            field_error("name", &format!("A group or user with the name '{name}' already exists."))
        }
        Refused::NameEmpty => bad_request("A group name must be provided."),
        Refused::AlreadyMember { group, user } => bad_request(&format!(
            "Cannot add user '{user}' to group '{group}': User is already a member of '{group}'."
        )),
        Refused::NotAMember { group, user } => bad_request(&format!(
            "Cannot remove user '{user}' from group '{group}': User is not a member of '{group}'."
        )),
        Refused::GroupIdInUse(_)
        | Refused::UserExists(_)
        | Refused::NoEmail
        | Refused::ScimExists(_)
        | Refused::NoPerson(_)
        | Refused::UnknownCredential
        | Refused::UnknownApp(_)
        | Refused::DefaultWithoutGrant(_) => bad_request(&refused.to_string()),
    }
}
