//! SCIM's refusals: `ScimError`, and another shape for 401 and 403 (docs/atlassian.md#refused-credentials).

use http::StatusCode;
use serde_json::json;

use crate::ids::stable_uuid;
use crate::reply::Reply;

/// SCIM's own content type, as in the description's examples.
pub(super) const CONTENT_TYPE: &str = "application/scim+json;charset=UTF-8";

/// `{schemas, status, scimType, detail}`; the status is a text, and `scimType` may be missing.
pub(super) fn error(status: StatusCode, scim_type: Option<&str>, detail: &str) -> Reply {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_u16().to_string(),
        "detail": detail,
    });
    if let (Some(scim_type), Some(body)) = (scim_type, body.as_object_mut()) {
        body.insert("scimType".to_owned(), json!(scim_type));
    }
    Reply::typed(status, CONTENT_TYPE, &body)
}

/// 400 with one of the types of RFC 7644.
pub(super) fn bad_request(scim_type: &str, detail: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, Some(scim_type), detail)
}

/// 404. The text is an invention.
pub(super) fn not_found(what: &str, id: &str) -> Reply {
    error(StatusCode::NOT_FOUND, None, &format!("Resource [{}]: {id} not found.", what.to_uppercase()))
}

/// 409, in observed words (docs/atlassian.md#errors-of-scim).
pub(super) fn exists(what: &str, attribute: &str, value: &str) -> Reply {
    let detail = format!("Resource [{what}]: with {attribute}[{value}] already exists.");
    error(StatusCode::CONFLICT, Some("uniqueness"), &detail)
}

/// The refusal of `PUT /Groups/{id}` instead: the exception itself (`BadRequestException` of the description).
pub(super) fn exception(scim_type: &str, message: &str) -> Reply {
    let body = json!({
        "responseStatus": "BAD_REQUEST",
        "scimErrorType": scim_type,
        "message": message,
        "localizedMessage": message,
        "stackTrace": [],
        "suppressed": [],
    });
    Reply::typed(StatusCode::BAD_REQUEST, CONTENT_TYPE, &body)
}

/// A refusal before any handler. Assumption: a wrong or expired key gets 401 like a missing one, and one for another
/// directory 403.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Reply {
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        let trace = stable_uuid("trace", message);
        return Reply::json(status, &json!({ "error": message, "traceId": trace }));
    }
    error(status, None, message)
}
