//! The sandbox's answers besides Jira's fit Atlassian's published descriptions, where these are next to the tree.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::Answered;
use crate::sandbox::organization::{DIRECTORY, acme as surfaces, ask_with};

const ORGANIZATION: &str = "organization.users-groups.json";
const MANAGEMENT: &str = "user-management.json";
const SCIM: &str = "scim.json";

/// A published description, where it is next to the tree or above; otherwise it says that nothing is checked.
fn description(file: &str) -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = format!("shared/openapi/{file}");
    let found = root.ancestors().skip(1).map(|folder| folder.join(&file)).find(|path| path.exists());
    let Some(path) = found else {
        println!("skipped: no {file} next to the tree");
        return None;
    };
    let mut description = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    as_json_schema(&mut description);
    Some(description)
}

/// Says in JSON Schema's words what OpenAPI 3.0 says in its own, and fixes what is not a schema at all.
fn as_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(as_json_schema),
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").filter(|it| it.is_string()).cloned() {
                fields.clear();
                fields.insert("$ref".to_owned(), reference);
            }
            if fields.get("nullable") == Some(&json!(true)) {
                if let Some(kind) = fields.get("type").cloned() {
                    fields.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(values) = fields.get_mut("enum").and_then(Value::as_array_mut) {
                    values.push(Value::Null);
                }
            }
            // A YAML block left a line break at the end of one.
            if let Some(Value::String(pattern)) = fields.get_mut("pattern") {
                *pattern = pattern.trim_end().to_owned();
            }
            fields.values_mut().for_each(as_json_schema);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Holds an answer to what a description says of a status; without a schema there is no body. A body of a refusal
/// that has no schema is not looked at: the descriptions leave many out.
fn check(description: &Value, method: &str, path: &str, answer: &Answered) {
    let status = answer.status.as_u16();
    let described = &description["paths"][path][method]["responses"][status.to_string()];
    assert!(described.is_object(), "{method} {path} is not said to answer {status}: {}", answer.text);
    let described = match described["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => described,
    };
    let content = &described["content"];
    let content = content.get("application/json").unwrap_or(&content["application/scim+json"]);
    if content["schema"] == json!({ "type": "string" }) {
        // What SCIM says of itself: texts by the description, objects in every capture.
        return assert!(answer.json().is_object(), "{method} {path}: {}", answer.text);
    }
    if content["schema"].is_null() {
        assert!(status >= 400 || answer.text.is_empty(), "{method} {path} is not said to have a body");
        return;
    }
    let mut document = json!({ "components": description["components"] });
    document["allOf"] = json!([content["schema"]]);
    let validator = jsonschema::draft4::new(&document).unwrap();
    let answered = answer.json();
    // RFC 7643 §3.1 has the name of the resource type there, and what speaks SCIM goes by it; the description has capitals.
    let is_named = |it: &jsonschema::ValidationError<'_>| {
        it.instance_path().as_str().ends_with("/meta/resourceType")
            && [json!("User"), json!("Group")].contains(it.instance())
    };
    let errors = validator.iter_errors(&answered).filter(|it| !is_named(it));
    let wrong: Vec<String> = errors.map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{}", answer.text);
    assert!(!answered.as_array().is_some_and(Vec::is_empty), "{path} is empty: nothing was checked");
}

/// Asks every row of a table, `method path body status`, with the first key, and holds the answers to a
/// description, whose paths begin after `before`.
async fn check_all(file: &str, key: &str, before: &str, table: &[(&str, &str, &str, Value, u16)]) {
    let Some(description) = description(file) else { return };
    let sandbox = surfaces();
    for (method, template, path, body, status) in table {
        let answer = ask_with(&sandbox, key, &method.to_uppercase(), path, body.clone()).await;
        assert_eq!(answer.status.as_u16(), *status, "{method} {path}: {}", answer.text);
        check(&description, method, template.strip_prefix(before).unwrap(), &answer);
    }
}

/// Holds a table to having every operation of a description.
fn all_described(file: &str, table: &[(&str, &str, &str, Value, u16)]) {
    let Some(description) = description(file) else { return };
    for (path, methods) in description["paths"].as_object().unwrap() {
        let methods = ["get", "post", "put", "patch", "delete"].iter().filter(|it| !methods[**it].is_null());
        for method in methods {
            let asked = table.iter().any(|row| row.0 == *method && row.1 == path);
            assert!(asked, "{file} has {method} {path}, and no row asks it");
        }
    }
}

#[tokio::test]
async fn answers_of_the_organization_fit() {
    const D: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}";
    const V1: &str = "/admin/v1/orgs/{orgId}";
    const MANAGED: &str = "/admin/v1/orgs/{orgId}/users";
    const LAST_ACTIVE: &str = "/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates";
    const EVENTS: &str = "/admin/v1/orgs/{orgId}/events";
    const STREAM: &str = "/admin/v1/orgs/{orgId}/events-stream";
    const EVENT: &str = "/admin/v1/orgs/{orgId}/events/{eventId}";
    const WORKSPACES: &str = "/admin/v2/orgs/{orgId}/workspaces";
    let workspaces = "/admin/v2/orgs/o-1/workspaces";
    let at = |path: &str| format!("{DIRECTORY}{path}");
    let t = |path: &str| format!("{D}{path}");
    let (users, groups, group) = (t("/users/search"), t("/groups/search"), t("/groups/{groupId}"));
    let (members, member) =
        (t("/groups/{groupId}/memberships"), t("/groups/{groupId}/memberships/{accountId}"));
    let (suspend, restore) = (t("/users/{accountId}/suspend"), t("/users/{accountId}/restore"));
    let user = t("/users/{accountId}");
    let (all_users, users_count, one_user) = (t("/users"), t("/users/count"), t("/users/{userId}"));
    let (all_groups, groups_count) = (t("/groups"), t("/groups/count"));
    let roles = t("/groups/{groupId}/role-assignments");
    let person_roles = t("/users/{accountId}/role-assignments");
    let (assign, revoke) = (format!("{roles}/assign"), format!("{roles}/revoke"));
    let resource = "ari:cloud:jira-software::site/11111111-2222-5333-8444-555555555555";
    let role = json!({ "resourceId": resource, "roleId": "atlassian/user" });
    let v1 = |path: &str| format!("/admin/v1/orgs/o-1{path}");
    let everything = json!({ "expand": ["groups", "platformRoles", "counts.resources", "productAccess"] });
    let admins = json!({ "roleIds": ["atlassian/org-admin"], "expand": ["platformRoles"] });
    let holders = json!({ "resourceIds": [resource], "roleIds": ["atlassian/user"], "expand": ["groups"] });
    let counts = json!({ "expand": ["counts.users", "counts.resources"], "limit": 2 });
    let ada = json!({ "accountId": "712020:ada" });
    let invitation = json!({ "emails": ["n@acme.com"], "additionalGroups": ["g-empty", "g-okta"] });
    let none = Value::Null;
    let rows: Vec<(&str, &str, String, Value, u16)> = vec![
        ("get", "/admin/v1/orgs", "/admin/v1/orgs".to_owned(), none.clone(), 200),
        ("get", V1, v1(""), none.clone(), 200),
        ("get", V1, "/admin/v1/orgs/o-2".to_owned(), none.clone(), 404),
        ("get", MANAGED, v1("/users"), none.clone(), 200),
        ("get", MANAGED, v1("/users?cursor=x"), none.clone(), 400),
        ("get", LAST_ACTIVE, v1("/directory/users/712020:ada/last-active-dates"), none.clone(), 200),
        ("get", LAST_ACTIVE, v1("/directory/users/712020:bot/last-active-dates"), none.clone(), 404),
        ("get", EVENTS, v1("/events?limit=0"), none.clone(), 400),
        ("get", EVENT, v1("/events/none"), none.clone(), 404),
        ("get", "/admin/v1/orgs/{orgId}/domains", "/admin/v1/orgs/o-1/domains".to_owned(), none.clone(), 200),
        (
            "get",
            "/admin/v1/orgs/{orgId}/domains",
            "/admin/v1/orgs/o-1/domains?cursor=x".to_owned(),
            none.clone(),
            400,
        ),
        (
            "get",
            "/admin/v2/orgs/{orgId}/directories",
            "/admin/v2/orgs/o-1/directories".to_owned(),
            none.clone(),
            200,
        ),
        ("post", WORKSPACES, workspaces.to_owned(), none.clone(), 200),
        ("post", WORKSPACES, workspaces.to_owned(), json!({ "limit": 0 }), 400),
        ("post", WORKSPACES, "/admin/v2/orgs/o-2/workspaces".to_owned(), none.clone(), 404),
        ("post", &users, at("/users/search"), everything, 200),
        ("post", &users, at("/users/search"), admins, 200),
        ("post", &users, at("/users/search"), json!({ "limit": 0 }), 400),
        ("post", &users, at("/users/search"), holders, 200),
        ("post", &users, at("/users/search"), json!({ "resourceIds": vec!["x"; 21] }), 400),
        ("post", &users, "/admin/v2/orgs/o-1/directories/x/users/search".to_owned(), json!({}), 404),
        ("post", &groups, at("/groups/search"), counts, 200),
        ("get", &all_users, at("/users?limit=2&claimStatus=managed"), none.clone(), 200),
        ("get", &all_users, at("/users?limit=all"), none.clone(), 400),
        ("get", &users_count, at("/users/count?emailDomains=acme.com"), none.clone(), 200),
        ("get", &one_user, at("/users/712020:ada"), none.clone(), 200),
        ("get", &one_user, at("/users/712020:bot"), none.clone(), 404),
        ("get", &all_groups, at("/groups?limit=2"), none.clone(), 200),
        ("get", &groups_count, at("/groups/count?searchTerm=a"), none.clone(), 200),
        ("get", &group, at("/groups/g-users"), none.clone(), 200),
        ("get", &group, at("/groups/nothing"), none.clone(), 404),
        ("post", &members, at("/groups/g-empty/memberships"), ada.clone(), 204),
        ("post", &members, at("/groups/g-empty/memberships"), ada.clone(), 409),
        ("post", &members, at("/groups/g-okta/memberships"), ada, 403),
        ("delete", &member, at("/groups/g-empty/memberships/712020:ada"), none.clone(), 204),
        ("delete", &member, at("/groups/g-empty/memberships/712020:ada"), none.clone(), 404),
        ("get", &roles, at("/groups/g-users/role-assignments"), none.clone(), 200),
        ("get", &roles, at("/groups/g-users/role-assignments?limit=0"), none.clone(), 400),
        ("get", &roles, at("/groups/nothing/role-assignments"), none.clone(), 404),
        ("get", &person_roles, at("/users/712020:ada/role-assignments"), none.clone(), 200),
        ("get", &person_roles, at("/users/712020:ada/role-assignments?limit=0"), none.clone(), 400),
        ("get", &person_roles, at("/users/712020:bot/role-assignments"), none.clone(), 404),
        ("post", &assign, at("/groups/g-okta/role-assignments/assign"), role.clone(), 200),
        ("post", &assign, at("/groups/g-okta/role-assignments/assign"), json!({}), 400),
        ("post", &assign, at("/groups/nothing/role-assignments/assign"), role.clone(), 404),
        ("post", &revoke, at("/groups/g-okta/role-assignments/revoke"), role.clone(), 204),
        ("post", &revoke, at("/groups/g-okta/role-assignments/revoke"), role, 404),
        ("delete", &group, at("/groups/g-empty"), none.clone(), 204),
        (
            "post",
            "/admin/v2/orgs/{orgId}/users/invite",
            "/admin/v2/orgs/o-1/users/invite".to_owned(),
            json!({}),
            400,
        ),
        ("post", &suspend, at("/users/712020:eve/suspend"), none.clone(), 204),
        ("post", &restore, at("/users/712020:eve/restore"), none.clone(), 204),
        ("delete", &user, at("/users/712020:eve"), none.clone(), 204),
        // What was just done.
        ("get", EVENTS, v1("/events"), none.clone(), 200),
        ("get", EVENTS, v1("/events?action=group_deleted"), none.clone(), 200),
        ("get", STREAM, v1("/events-stream?limit=2"), none, 200),
    ];
    let rows: Vec<_> = rows.iter().map(|row| (row.0, row.1, row.2.as_str(), row.3.clone(), row.4)).collect();
    check_all(ORGANIZATION, "org-key", "/admin", &rows).await;
    let made = [
        ("post", &*t("/groups"), &*at("/groups"), json!({ "name": "n" }), 201),
        ("post", "/admin/v2/orgs/{orgId}/users/invite", "/admin/v2/orgs/o-1/users/invite", invitation, 206),
    ];
    check_all(ORGANIZATION, "org-key", "/admin", &made).await;
    let refused = [
        ("get", "/admin/v1/orgs", "/admin/v1/orgs", Value::Null, 401),
        ("post", WORKSPACES, workspaces, Value::Null, 401),
    ];
    check_all(ORGANIZATION, "wrong", "/admin", &refused).await;
}

#[tokio::test]
async fn answers_of_user_management_fit() {
    const MANAGE: &str = "/users/{account_id}/manage";
    const DISABLE: &str = "/users/{account_id}/manage/lifecycle/disable";
    const ENABLE: &str = "/users/{account_id}/manage/lifecycle/enable";
    const DELETE: &str = "/users/{account_id}/manage/lifecycle/delete";
    const CANCEL: &str = "/users/{account_id}/manage/lifecycle/cancel-delete";
    const PROFILE: &str = "/users/{account_id}/manage/profile";
    const EMAIL: &str = "/users/{account_id}/manage/email";
    const TOKENS: &str = "/users/{account_id}/manage/api-tokens";
    const TOKEN: &str = "/users/{account_id}/manage/api-tokens/{tokenId}";
    let none = Value::Null;
    let table = [
        ("get", MANAGE, "/users/712020:eve/manage", none.clone(), 200),
        ("get", MANAGE, "/users/712020:ada/manage", none.clone(), 200),
        ("get", MANAGE, "/users/nobody/manage", none.clone(), 404),
        ("post", DISABLE, "/users/712020:eve/manage/lifecycle/disable", json!({}), 204),
        ("post", DISABLE, "/users/712020:out/manage/lifecycle/disable", json!({}), 403),
        ("post", ENABLE, "/users/712020:eve/manage/lifecycle/enable", none.clone(), 204),
        ("post", ENABLE, "/users/712020:del/manage/lifecycle/enable", none.clone(), 409),
        ("get", PROFILE, "/users/712020:eve/manage/profile", none.clone(), 200),
        ("patch", PROFILE, "/users/712020:eve/manage/profile", json!({ "nickname": "E" }), 200),
        ("patch", PROFILE, "/users/712020:eve/manage/profile", json!({ "x": 1 }), 400),
        ("put", EMAIL, "/users/712020:eve/manage/email", json!({ "email": "e2@acme.com" }), 204),
        ("put", EMAIL, "/users/712020:eve/manage/email", json!({}), 400),
        ("get", TOKENS, "/users/712020:root/manage/api-tokens", none.clone(), 200),
        ("delete", TOKEN, "/users/712020:root/manage/api-tokens/none", none.clone(), 404),
        ("post", DELETE, "/users/712020:eve/manage/lifecycle/delete", none.clone(), 200),
        ("post", DELETE, "/users/712020:eve/manage/lifecycle/delete", none.clone(), 409),
        ("post", CANCEL, "/users/712020:eve/manage/lifecycle/cancel-delete", none.clone(), 200),
        ("post", CANCEL, "/users/712020:eve/manage/lifecycle/cancel-delete", none.clone(), 404),
    ];
    all_described(MANAGEMENT, &table);
    check_all(MANAGEMENT, "org-key", "", &table).await;
    check_all(MANAGEMENT, "wrong", "", &[("get", MANAGE, "/users/712020:eve/manage", none.clone(), 401)])
        .await;
    check_all(MANAGEMENT, "narrow-key", "", &[("get", MANAGE, "/users/712020:eve/manage", none, 403)]).await;
}

#[tokio::test]
async fn answers_of_scim_fit() {
    const USERS: &str = "/scim/directory/{directoryId}/Users";
    const USER: &str = "/scim/directory/{directoryId}/Users/{userId}";
    const GROUPS: &str = "/scim/directory/{directoryId}/Groups";
    const GROUP: &str = "/scim/directory/{directoryId}/Groups/{id}";
    let group = format!("/scim/directory/s-1/Groups/{}", rollbook::sandbox::State::scim_group_id("g-okta"));
    let (users, groups) = ("/scim/directory/s-1/Users", "/scim/directory/s-1/Groups");
    let patch = |operation: Value| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
    let off = patch(json!({ "op": "replace", "path": "active", "value": false }));
    let ada = patch(json!({ "op": "add", "path": "members", "value": [{ "value": "scim-ada" }] }));
    let nobody = patch(json!({ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }));
    let new =
        json!({ "userName": "n", "emails": [{ "value": "n@acme.com", "primary": true }], "externalId": "e" });
    let mut other = new.clone();
    other["userName"] = json!("other");
    other["emails"][0]["value"] = json!("ada@acme.com");
    other["externalId"] = Value::Null;
    let none = Value::Null;
    let table = [
        ("get", USERS, users, none.clone(), 200),
        ("get", USERS, "/scim/directory/s-1/Users?filter=x", none.clone(), 400),
        ("get", USERS, "/scim/directory/s-2/Users", none.clone(), 403),
        ("post", USERS, users, new.clone(), 201),
        ("post", USERS, users, new, 409),
        ("post", USERS, users, json!({}), 400),
        ("get", USER, "/scim/directory/s-1/Users/scim-ada", none.clone(), 200),
        ("get", USER, "/scim/directory/s-1/Users/nobody", none.clone(), 404),
        ("patch", USER, "/scim/directory/s-1/Users/scim-ada", off, 200),
        ("get", GROUPS, groups, none.clone(), 200),
        ("post", GROUPS, groups, json!({ "displayName": "n" }), 201),
        ("post", GROUPS, groups, json!({ "displayName": "n" }), 409),
        ("get", GROUP, &group, none.clone(), 200),
        ("patch", GROUP, &group, ada, 200),
        ("patch", GROUP, &group, nobody, 404),
        ("put", GROUP, &group, json!({ "members": [{ "value": "scim-off" }] }), 200),
        ("put", GROUP, &group, json!({ "members": [{ "value": "nobody" }] }), 400),
        ("put", USER, "/scim/directory/s-1/Users/scim-ada", other, 200),
        ("put", USER, "/scim/directory/s-1/Users/scim-ada", json!({}), 400),
        ("delete", USER, "/scim/directory/s-1/Users/scim-ada", none.clone(), 204),
        ("delete", USER, "/scim/directory/s-1/Users/scim-ada", none.clone(), 404),
        ("delete", GROUP, &group, none.clone(), 204),
        ("delete", GROUP, &group, none.clone(), 404),
    ];
    let schema = "Schemas/urn:ietf:params:scim:schemas";
    let itself = [
        "ServiceProviderConfig".to_owned(),
        "Schemas".to_owned(),
        format!("{schema}:core:2.0:User"),
        format!("{schema}:core:2.0:Group"),
        format!("{schema}:extension:enterprise:2.0:User"),
        "ResourceTypes".to_owned(),
        "ResourceTypes/User".to_owned(),
        "ResourceTypes/Group".to_owned(),
    ];
    let itself: Vec<[String; 2]> = itself
        .iter()
        .map(|path| ["{directoryId}", "s-1"].map(|it| format!("/scim/directory/{it}/{path}")))
        .collect();
    let itself = itself.iter().map(|[template, path]| ("get", &**template, &**path, Value::Null, 200));
    let table: Vec<_> = table.into_iter().chain(itself).collect();
    all_described(SCIM, &table);
    check_all(SCIM, "scim-key", "", &table).await;
    check_all(SCIM, "wrong", "", &[("get", USERS, users, none, 401)]).await;
}
