//! The organization's refusals, in their two shapes (docs/atlassian.md#errors-of-the-organization). Texts are plausible
//! inventions; codes are from the list in the published description.

use http::StatusCode;
use serde_json::json;

use crate::ids::stable_uuid;
use crate::reply::Reply;
use crate::request_context::edge_error;

/// `{"errors":[{id,status,code,title,detail}]}`.
pub(super) fn error(status: StatusCode, code: &str, detail: &str) -> Reply {
    let error = json!({
        "id": stable_uuid("error", detail),
        "status": status.as_u16().to_string(),
        "code": code,
        "title": status.canonical_reason().unwrap_or_default(),
        "detail": detail,
    });
    Reply::json(status, &json!({ "errors": [error] }))
}

/// 400 for a request that cannot be understood.
pub(crate) fn bad_request(detail: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "ADMIN-400-24", detail)
}

/// 400 for a parameter that cannot be read, as the audit log answers it.
pub(super) fn invalid_syntax(detail: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "ADMIN-400-19", detail)
}

/// 404 for an organization that is not the key's.
pub(super) fn no_such_organization() -> Reply {
    error(StatusCode::NOT_FOUND, "ADMIN-404-2", "Organization not found")
}

/// 404 for a directory.
pub(crate) fn no_such_directory() -> Reply {
    error(StatusCode::NOT_FOUND, "ADMIN-404-1", "Directory not found")
}

/// 404 for an account that is not in the directory.
pub(crate) fn no_such_user() -> Reply {
    error(StatusCode::NOT_FOUND, "ADMIN-404-8", "User not found")
}

/// 404 for a group.
pub(super) fn no_such_group() -> Reply {
    error(StatusCode::NOT_FOUND, "ADMIN-404-10", "Group not found")
}

/// Refuses a request of the description that the sandbox does not emulate, so that silence is not mistaken for a response.
pub(super) fn not_emulated(what: &str) -> Reply {
    error(StatusCode::NOT_IMPLEMENTED, "SANDBOX", &format!("The sandbox does not emulate {what}."))
}

/// A refusal before any handler. Limits, everything of v1, and the workspaces answer in the gateway's shape; the
/// rest of v2 has its own (descriptions: `ProxyError`, `Errors`).
pub(crate) fn refusal(path: &str, status: StatusCode, message: &str) -> Reply {
    let of_gateway = path.starts_with("/admin/v1/") || path.ends_with("/workspaces");
    if of_gateway || status == StatusCode::TOO_MANY_REQUESTS {
        return edge_error(status, message);
    }
    error(status, &format!("ADMIN-{}-1", status.as_u16()), message)
}

/// The response to a key with the wrong scopes: two are known (docs/atlassian.md#keys-with-scopes). Assumption: which
/// route gives which.
pub(crate) fn scope_missing(path: &str) -> Reply {
    if path.ends_with("/invite") {
        return error(StatusCode::FORBIDDEN, "ADMIN-UAM-403-1", "Forbidden");
    }
    error(StatusCode::UNAUTHORIZED, "ADMIN-401-2", "INSUFFICIENT_SCOPE")
}
