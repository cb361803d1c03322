//! The requests, as values. Pure.

use http::Method;
use serde_json::{Value, json};

use crate::request::{Body, Host, Request};
use rollbook_core::model::{Email, GroupName, ScimId};

/// How many resources a page asks for: a response has 100 at most (docs/atlassian.md#listings-of-scim).
pub const PAGE: usize = 100;

pub(super) const USERS: &str = "/scim/directory/{directoryId}/Users";
pub(super) const USER: &str = "/scim/directory/{directoryId}/Users/{userId}";
pub(super) const GROUPS: &str = "/scim/directory/{directoryId}/Groups";
pub(super) const GROUP: &str = "/scim/directory/{directoryId}/Groups/{id}";

/// A user to provision.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// Their email; it is the unique name as well.
    pub email: &'a Email,
    /// Their display name.
    pub name: &'a str,
    /// Whether the account is active. It is always sent: the default is true (docs/atlassian.md#users-of-scim).
    pub active: bool,
}

/// The form of the removal of a member. Atlassian shows no example, and the identity providers that it supports use
/// both (docs/atlassian.md#patch-of-scim).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveShape {
    /// `members[value eq "ID"]`, the only one in RFC 7644 §3.5.2.2. It is tried first: a server that reads the
    /// other strictly by that section removes all members.
    Filter,
    /// `members` with a value, for a server that refuses the first form.
    Value,
}

/// `GET /Users` from a row on; rows count from 1 (docs/atlassian.md#listings-of-scim).
pub fn users(directory: &str, start: usize) -> Request {
    list(USERS, directory, start)
}

/// `GET /Groups` from a row on.
pub fn groups(directory: &str, start: usize) -> Request {
    list(GROUPS, directory, start)
}

/// `GET /Users` by `userName`: one of the two attributes that a filter can use; the email is not
/// (docs/atlassian.md#listings-of-scim).
pub fn user_named(directory: &str, name: &str, start: usize) -> Request {
    list(USERS, directory, start).query("filter", filter("userName", name))
}

/// `GET /Users/{id}`.
pub fn user(directory: &str, id: &ScimId) -> Request {
    Request::read(Host::Directory, USER).segment(directory).segment(id.as_str())
}

/// `GET /Groups` by `displayName`.
pub fn group_named(directory: &str, name: &GroupName, start: usize) -> Request {
    list(GROUPS, directory, start).query("filter", filter("displayName", name.as_str()))
}

/// `GET /Groups/{id}`.
pub fn group(directory: &str, id: &ScimId) -> Request {
    Request::read(Host::Directory, GROUP).segment(directory).segment(id.as_str())
}

/// `POST /Users`.
pub fn create_user(directory: &str, user: NewUser<'_>) -> Request {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user.email,
        "emails": [{ "value": user.email, "type": "work", "primary": true }],
        "displayName": user.name,
        "name": { "formatted": user.name },
        "active": user.active,
    });
    Request::write(Method::POST, Host::Directory, USERS).segment(directory).body(Body::Json(body))
}

/// `POST /Groups`: the name can never be changed (docs/atlassian.md#groups-of-scim).
pub fn create_group(directory: &str, name: &GroupName) -> Request {
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name });
    Request::write(Method::POST, Host::Directory, GROUPS).segment(directory).body(Body::Json(body))
}

/// `PATCH /Users/{id}`: activates or deactivates.
pub fn set_active(directory: &str, user: &ScimId, active: bool) -> Request {
    patch(USER, directory, user, &json!({ "op": "replace", "path": "active", "value": active }))
}

/// `PATCH /Users/{id}`: sets the display name.
pub fn set_name(directory: &str, user: &ScimId, name: &str) -> Request {
    patch(USER, directory, user, &json!({ "op": "replace", "path": "displayName", "value": name }))
}

/// `PATCH /Groups/{id}`: adds members by their SCIM IDs.
pub fn add_members(directory: &str, group: &ScimId, users: &[ScimId]) -> Request {
    let values: Vec<Value> = users.iter().map(|user| json!({ "value": user.as_str() })).collect();
    patch(GROUP, directory, group, &json!({ "op": "add", "path": "members", "value": values }))
}

/// `PATCH /Groups/{id}`: removes a member.
pub fn remove_member(directory: &str, group: &ScimId, user: &ScimId, shape: RemoveShape) -> Request {
    let operation = match shape {
        RemoveShape::Filter => {
            json!({ "op": "remove", "path": format!("members[{}]", filter("value", user.as_str())) })
        }
        RemoveShape::Value => {
            json!({ "op": "remove", "path": "members", "value": [{ "value": user.as_str() }] })
        }
    };
    patch(GROUP, directory, group, &operation)
}

/// `DELETE /Groups/{id}`: removes the group from the organization and its sites too, with the licences and permissions
/// that it gave (docs/atlassian.md#groups-of-scim).
pub fn delete_group(directory: &str, group: &ScimId) -> Request {
    Request::write(Method::DELETE, Host::Directory, GROUP).segment(directory).segment(group.as_str())
}

/// The key is `Operations`, as the official example and RFC 7644 §3.5.2 have it, whatever the description says.
fn patch(route: &'static str, directory: &str, id: &ScimId, operation: &Value) -> Request {
    let body =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
    let write = Request::write(Method::PATCH, Host::Directory, route);
    write.segment(directory).segment(id.as_str()).body(Body::Json(body))
}

fn list(route: &'static str, directory: &str, start: usize) -> Request {
    let read = Request::read(Host::Directory, route).segment(directory);
    read.query("startIndex", start.to_string()).query("count", PAGE.to_string())
}

/// `NAME eq "VALUE"`; the value is written as a JSON string (RFC 7644 §3.4.2.2).
fn filter(name: &str, value: &str) -> String {
    format!("{name} eq {}", Value::from(value))
}
