//! SCIM: what the identity provider owns, seen through the other surfaces too (docs/atlassian.md#scim).

use rollbook::sandbox::{Change, Options, Sandbox, Seed, SeedScim, SeedUser, State};
use serde_json::{Value, json};

use crate::sandbox::organization::{ACME, DIRECTORY, acme, active_in_jira, ask_with, org};
use crate::sandbox::{Answered, ask_as, basic};

const EXTENSION: &str = "urn:scim:schemas:extension:atlassian-external:1.0";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ADA: &str = "/Users/scim-ada";

async fn scim(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Answered {
    ask_with(sandbox, "scim-key", method, &format!("/scim/directory/s-1{path}"), body).await
}

fn patch(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

async fn set_active(sandbox: &Sandbox, path: &str, active: Value) -> Answered {
    let operations = json!([{ "op": "replace", "path": "active", "value": active }]);
    scim(sandbox, "PATCH", path, patch(&operations)).await
}

fn person(email: &str) -> Value {
    json!({ "userName": email, "emails": [{ "value": email, "primary": true }], "displayName": "New Person" })
}

fn okta() -> String {
    format!("/Groups/{}", State::scim_group_id("g-okta"))
}

fn kind(answer: &Answered) -> (u16, String, String) {
    let json = answer.json();
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("status"), text("scimType"))
}

#[tokio::test]
async fn a_directory_has_its_own_key() {
    let sandbox = acme();
    for (key, directory, status) in [
        ("scim-key", "s-1", 200),
        ("org-key", "s-1", 401),
        ("wrong", "s-1", 401),
        ("other-scim-key", "s-1", 403),
        ("other-scim-key", "s-2", 404),
        ("scim-key", "d-1", 403),
    ] {
        let path = format!("/scim/directory/{directory}/Users");
        let answer = ask_with(&sandbox, key, "GET", &path, Value::Null).await;
        assert_eq!(answer.status.as_u16(), status, "{key} {directory}: {}", answer.text);
        let other_shape = answer.json()["traceId"].is_string();
        assert_eq!(other_shape, [401, 403].contains(&status), "{key}: {}", answer.text);
    }
    assert_eq!(ask_as(&sandbox, None, "GET", "/scim/directory/s-1/Users", "").await.status, 401);
    for (method, path) in
        [("POST", ADA), ("DELETE", "/Users"), ("POST", "/Schemas"), ("PUT", "/ResourceTypes")]
    {
        let refused = scim(&sandbox, method, path, Value::Null).await;
        assert_eq!(
            kind(&refused),
            (405, "405".to_owned(), String::new()),
            "{method} {path}: {}",
            refused.text
        );
    }
    assert_eq!(scim(&sandbox, "GET", "/Bulk", Value::Null).await.status, 404);
}

#[tokio::test]
async fn users_are_found_by_one_equation_and_paged_from_one() {
    let mut seed = Seed::parse(ACME).unwrap();
    for number in 0..120 {
        let email = Some(format!("p{number:03}@acme.com"));
        seed.users.push(SeedUser { email, scim: Some(SeedScim::default()), ..SeedUser::default() });
    }
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let get = async |query: &str| scim(&sandbox, "GET", &format!("/Users?{query}"), Value::Null).await;
    let ada = get("filter=userName%20eq%20%22ADA@acme.com%22").await.json();
    assert_eq!((&ada["totalResults"], &ada["Resources"][0]["id"]), (&json!(1), &json!("scim-ada")));
    assert_eq!(ada["Resources"][0][EXTENSION]["atlassianAccountId"], json!("712020:ada"));
    assert_eq!(ada["Resources"][0]["groups"][0]["display"], json!("okta-all"));
    assert_eq!(get("filter=externalId%20eq%20%22ext-ada%22").await.json()["totalResults"], json!(1));
    assert_eq!(get("filter=externalId%20eq%20%22EXT-ada%22").await.json()["totalResults"], json!(0));
    for filter in ["active%20eq%20true", "emails%20eq%20%22a%22", "userName%20co%20%22a%22"] {
        let refused = get(&format!("filter={filter}")).await;
        assert_eq!(kind(&refused), (400, "400".to_owned(), "invalidFilter".to_owned()), "{filter}");
    }
    let page = async |query: &str| {
        let json = get(query).await.json();
        ["totalResults", "startIndex", "itemsPerPage"].map(|key| json[key].as_u64().unwrap())
    };
    assert_eq!(page("count=200").await, [122, 1, 100], "100 whatever is asked");
    assert_eq!(page("startIndex=101&count=200").await, [122, 101, 22]);
    assert_eq!(page("startIndex=0&count=5").await, [122, 1, 5]);
    assert_eq!(page("startIndex=999").await, [122, 999, 0]);
    let cut = scim(&sandbox, "GET", &format!("{ADA}?attributes=userName"), Value::Null).await.json();
    assert_eq!(cut.as_object().unwrap().keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);
    let both = scim(&sandbox, "GET", &format!("{ADA}?attributes=a&excludedAttributes=b"), Value::Null).await;
    assert_eq!(both.status, 400);
}

#[tokio::test]
async fn whom_scim_makes_the_others_see() {
    let sandbox = acme();
    let made = scim(&sandbox, "POST", "/Users", person("new@acme.com")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("content-type"), "application/scim+json;charset=UTF-8");
    let made = made.json();
    let account = made[EXTENSION]["atlassianAccountId"].as_str().unwrap().to_owned();
    assert_eq!((&made["active"], &made["displayName"]), (&json!(true), &json!("New Person")));
    assert_ne!(made["id"], json!(account));
    assert!(active_in_jira(&sandbox, &account).await);
    let body = json!({ "emails": ["new@acme.com"] });
    let found = org(&sandbox, "POST", &format!("{DIRECTORY}/users/search"), body).await.json();
    assert_eq!(
        (&found["data"][0]["accountId"], &found["data"][0]["managementSource"]),
        (&json!(account), &json!("synced"))
    );
    let reason = org(&sandbox, "GET", &format!("/users/{account}/manage"), Value::Null).await.json();
    assert_eq!(reason["lifecycle.enablement"]["reason"]["key"], json!("externalDirectory.scim"));
    let twice = scim(&sandbox, "POST", "/Users", person("NEW@acme.com")).await;
    assert_eq!(kind(&twice), (409, "409".to_owned(), "uniqueness".to_owned()));
    let mut other = person("new@acme.com");
    other["userName"] = json!("another");
    assert_eq!(scim(&sandbox, "POST", "/Users", other).await.status, 409, "one record an account");
    let mut same = person("fresh@acme.com");
    same["externalId"] = json!("ext-ada");
    assert_eq!(scim(&sandbox, "POST", "/Users", same).await.status, 409);
    for body in [
        json!({ "emails": [{ "value": "x@acme.com", "primary": true }] }),
        json!({ "userName": "x", "emails": [{ "value": "x@acme.com" }] }),
        json!({ "userName": "x" }),
    ] {
        assert_eq!(scim(&sandbox, "POST", "/Users", body.clone()).await.status, 400, "{body}");
    }
    let outside = scim(&sandbox, "POST", "/Users", person("new@unverified.example")).await;
    assert_eq!(outside.status, 201, "the text of 2026 has people of other domains");
    let id = sandbox.state().account_id("new@unverified.example").unwrap().to_owned();
    assert!(!sandbox.state().accounts[&id].managed);
}

/// A PUT says everything: what it leaves out is gone. A DELETE lets go of the account, which is deactivated.
#[tokio::test]
async fn a_person_is_replaced_whole_and_deleted_for_good() {
    let sandbox = acme();
    let mut ada = person("ada@acme.com");
    for (key, value) in [("title", "Dr"), ("externalId", "ext-1"), ("department", "ignored")] {
        ada[key] = json!(value);
    }
    ada[ENTERPRISE] = json!({ "department": "Engines", "costCenter": "in no schema" });
    ada["phoneNumbers"] = json!([{ "value": "1", "type": "work" }, { "value": "2" }]);
    let said = scim(&sandbox, "PUT", ADA, ada).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let said = said.json();
    assert_eq!((&said["title"], &said["externalId"]), (&json!("Dr"), &json!("ext-1")));
    assert_eq!(said[ENTERPRISE], json!({ "department": "Engines" }), "and nothing that is in no schema");
    assert_eq!(said["phoneNumbers"].as_array().map(Vec::len), Some(2));
    assert!(said["name"].is_null() && said["department"].is_null());
    let again = scim(&sandbox, "PUT", ADA, person("lovelace@acme.com")).await.json();
    for cleared in ["title", "externalId", "phoneNumbers", ENTERPRISE] {
        assert!(again[cleared].is_null(), "{cleared}: {again}");
    }
    let state = sandbox.state();
    let account = &state.accounts["712020:ada"];
    assert_eq!((account.email.as_deref(), account.name.as_str()), (Some("lovelace@acme.com"), "New Person"));
    let mut off = person("lovelace@acme.com");
    off["active"] = json!(false);
    assert_eq!(scim(&sandbox, "PUT", ADA, off).await.json()["active"], json!(false));
    assert!(!active_in_jira(&sandbox, "712020:ada").await);
    scim(&sandbox, "PUT", ADA, person("lovelace@acme.com")).await;
    assert!(active_in_jira(&sandbox, "712020:ada").await, "`active` is true where it is left out");

    let before = sandbox.state();
    let mut taken = person("ada@acme.com");
    taken["userName"] = json!("off@acme.com");
    for (body, status) in [
        (person("eve@acme.com"), 409),
        (taken, 409),
        (json!({ "userName": "x" }), 400),
        (json!({ "userName": "x", "emails": [{ "value": "x@acme.com", "primary": true }], "title": 7 }), 400),
    ] {
        assert_eq!(scim(&sandbox, "PUT", ADA, body.clone()).await.status.as_u16(), status, "{body}");
    }
    assert_eq!(sandbox.state(), before, "whole or not at all");

    assert_eq!(scim(&sandbox, "DELETE", ADA, Value::Null).await.status, 204);
    for (method, body) in [("GET", Value::Null), ("DELETE", Value::Null), ("PUT", person("ada@acme.com"))] {
        assert_eq!(scim(&sandbox, method, ADA, body).await.status, 404, "{method}");
    }
    let state = sandbox.state();
    assert!(!state.accounts["712020:ada"].active, "it is there, and deactivated");
    assert!(state.groups["g-users"].members.contains("712020:ada"));
    assert!(!state.groups["g-okta"].members.contains("712020:ada"), "the directory's own groups let go");
}

/// What Okta, Entra and the RFC write, into every kind of attribute.
#[tokio::test]
async fn every_kind_of_attribute_is_patched() {
    let sandbox = acme();
    let change = async |operation: Value| {
        let answer = scim(&sandbox, "PATCH", ADA, patch(&json!([operation.clone()]))).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        answer.json()
    };
    let department = format!("{ENTERPRISE}:department");
    let named = change(json!({ "op": "add", "path": "name.givenName", "value": "Augusta" })).await;
    assert_eq!(named["name"], json!({ "formatted": "Ada", "givenName": "Augusta" }));
    let named =
        change(json!({ "op": "Replace", "value": { "name.familyName": "King", "TITLE": "Countess" } })).await;
    assert_eq!((&named["name"]["familyName"], &named["title"]), (&json!("King"), &json!("Countess")));
    let placed = change(json!({ "op": "add", "path": department, "value": "Engines" })).await;
    assert_eq!(placed[ENTERPRISE], json!({ "department": "Engines" }));
    assert!(placed["schemas"].as_array().unwrap().contains(&json!(ENTERPRISE)));
    assert!(change(json!({ "op": "remove", "path": department })).await[ENTERPRISE].is_null());
    let entra = json!({ "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1" });
    assert_eq!(change(entra).await["phoneNumbers"], json!([{ "value": "+1", "type": "mobile" }]));
    let second =
        json!({ "op": "add", "path": "phoneNumbers", "value": [{ "value": "+2", "primary": true }] });
    assert_eq!(change(second).await["phoneNumbers"].as_array().map(Vec::len), Some(2));
    let gone = change(json!({ "op": "remove", "path": "phoneNumbers[value eq \"+1\"]" })).await;
    assert_eq!(gone["phoneNumbers"], json!([{ "value": "+2", "primary": true }]));
    let moved =
        json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "king@acme.com" });
    assert_eq!(change(moved).await["emails"][0]["value"], json!("king@acme.com"));
    assert_eq!(sandbox.state().accounts["712020:ada"].email.as_deref(), Some("king@acme.com"));
    let core = "urn:ietf:params:scim:schemas:core:2.0:User:userName";
    assert_eq!(
        change(json!({ "op": "replace", "path": core, "value": "king" })).await["userName"],
        json!("king")
    );
    assert!(change(json!({ "op": "remove", "path": "name" })).await["name"].is_null());

    let before = sandbox.state();
    for operation in [
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "remove", "path": "emails" }),
        json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }),
        json!({ "op": "add", "path": "nonsense", "value": "x" }),
        json!({ "op": "add", "path": "name.nonsense", "value": "x" }),
        json!({ "op": "add", "path": "name", "value": "x" }),
        json!({ "op": "replace", "path": "emails", "value": [{ "value": "a@acme.com" }] }),
    ] {
        let refused = scim(&sandbox, "PATCH", ADA, patch(&json!([operation.clone()]))).await;
        assert_eq!(refused.status, 400, "{operation}: {}", refused.text);
    }
    assert_eq!(sandbox.state(), before, "whole or not at all");
}

#[tokio::test]
async fn an_account_that_exists_is_linked() {
    let sandbox = acme();
    let mut eve = person("eve@acme.com");
    eve["active"] = json!(false);
    let linked = scim(&sandbox, "POST", "/Users", eve).await.json();
    assert_eq!(
        (&linked[EXTENSION]["atlassianAccountId"], &linked["active"]),
        (&json!("712020:eve"), &json!(false))
    );
    assert!(!active_in_jira(&sandbox, "712020:eve").await);
    let back = scim(&sandbox, "POST", "/Users", person("gone@acme.com")).await;
    assert_eq!(back.status, 201);
    assert!(active_in_jira(&sandbox, "712020:gone").await, "linked accounts come back");
    let outside = scim(&sandbox, "POST", "/Users", person("out@contractor.example")).await;
    assert_eq!(outside.status, 201, "a domain need not be verified for who exists");
    let path = format!("/Users/{}", outside.json()["id"].as_str().unwrap());
    assert_eq!(set_active(&sandbox, &path, json!(false)).await.status, 200);
    let state = sandbox.state();
    let out = &state.accounts["712020:out"];
    assert_eq!((out.active, out.suspended), (true, true), "not the organization's to deactivate");
}

#[tokio::test]
async fn active_is_patched_in_every_spelling() {
    let sandbox = acme();
    let spellings = [
        ("Operations", json!([{ "op": "replace", "path": "active", "value": false }])),
        ("operations", json!([{ "op": "Replace", "path": "active", "value": "False" }])),
        ("OPERATIONS", json!([{ "op": "replace", "value": { "active": false } }])),
    ];
    for (key, operations) in spellings {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], key: operations });
        let off = scim(&sandbox, "PATCH", ADA, body.clone()).await;
        assert_eq!((off.status.as_u16(), off.json()["active"].clone()), (200, json!(false)), "{body}");
        assert!(!active_in_jira(&sandbox, "712020:ada").await);
        assert!(sandbox.state().groups["g-users"].members.contains("712020:ada"), "memberships stay");
        set_active(&sandbox, ADA, json!(true)).await;
        assert!(active_in_jira(&sandbox, "712020:ada").await);
    }
    let named = patch(&json!([{ "op": "replace", "path": "displayName", "value": "Countess" }]));
    assert_eq!(scim(&sandbox, "PATCH", ADA, named).await.json()["displayName"], json!("Countess"));
    let bare = json!({ "Operations": [{ "op": "replace", "path": "title", "value": "Dr" }] });
    let bare = scim(&sandbox, "PATCH", ADA, bare).await;
    assert_eq!(bare.status, 200, "the description does not want `schemas`: {}", bare.text);
    assert_eq!(sandbox.state().accounts["712020:ada"].name, "Countess");
    let before = sandbox.state();
    for body in [
        json!({ "schemas": ["urn:x"], "Operations": [{ "op": "replace", "path": "active", "value": false }] }),
        patch(&json!([])),
        patch(&json!([{ "op": "replace", "path": "active", "value": 1 }])),
        patch(&json!([{ "op": "flip", "path": "active", "value": true }])),
        patch(
            &json!([{ "op": "replace", "path": "active", "value": false }, { "op": "replace", "path": "nonsense", "value": "x" }]),
        ),
    ] {
        assert_eq!(scim(&sandbox, "PATCH", ADA, body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(
        scim(&sandbox, "PATCH", "/Users/712020:ada", patch(&json!([]))).await.status,
        404,
        "no SCIM id"
    );
    assert_eq!(sandbox.state(), before, "whole or not at all");
    sandbox.edit(&Change::UnlinkScim { user: "ada@acme.com".to_owned() }).unwrap();
    assert_eq!(scim(&sandbox, "GET", ADA, Value::Null).await.status, 404);
}

#[tokio::test]
async fn members_move_through_scim_and_nowhere_else() {
    let sandbox = acme();
    let members = || sandbox.state().groups["g-okta"].members.iter().cloned().collect::<Vec<_>>();
    let change = async |operation: Value| scim(&sandbox, "PATCH", &okta(), patch(&json!([operation]))).await;
    let okta_style = json!({ "op": "remove", "path": "members[value eq \"scim-ada\"]" });
    let whole = change(okta_style.clone()).await;
    assert_eq!(whole.json()["members"][0]["value"], json!("scim-off"), "the whole group: {}", whole.text);
    assert_eq!(members(), ["712020:off"]);
    assert_eq!(change(okta_style).await.status, 200, "nobody to remove is not an error");
    let ada = json!([{ "value": "scim-ada", "display": "Ada" }]);
    let add = json!({ "op": "add", "path": "members", "value": ada });
    assert_eq!(change(add.clone()).await.json()["members"].as_array().unwrap().len(), 2);
    assert_eq!(change(add).await.status, 200);
    let root = basic("root@acme.com", "root-token");
    let path = "/rest/api/3/user/groups?accountId=712020:ada";
    let in_jira = ask_as(&sandbox, Some(&root), "GET", path, "").await.each("name");
    assert_eq!(in_jira, ["okta-all", "jira-users"]);
    assert_eq!(change(json!({ "op": "Remove", "path": "members", "value": ada })).await.status, 200);
    assert_eq!(members(), ["712020:off"]);
    for (value, status) in [("712020:ada", 404), ("nobody", 404)] {
        let add = json!({ "op": "add", "path": "members", "value": [{ "value": value }] });
        assert_eq!(change(add).await.status.as_u16(), status, "account ids are not SCIM ids");
    }
    assert_eq!(
        change(json!({ "op": "replace", "path": "displayName", "value": "okta-all" })).await.status,
        200
    );
    let renamed = change(json!({ "op": "replace", "path": "displayName", "value": "other" })).await;
    assert_eq!(kind(&renamed), (400, "400".to_owned(), "mutability".to_owned()));
    assert_eq!(change(json!({ "op": "remove", "path": "members" })).await.status, 200);
    assert_eq!(members(), [""; 0], "RFC 7644: all of them");
}

/// A PUT has the members, and the name that it had; its refusal is an exception and no error of SCIM's.
#[tokio::test]
async fn a_group_is_replaced_whole_and_keeps_its_name() {
    let sandbox = acme();
    let put = async |body: Value| scim(&sandbox, "PUT", &okta(), body).await;
    let whole =
        json!({ "displayName": "okta-all", "externalId": "ext-g", "members": [{ "value": "scim-off" }] });
    let whole = put(whole).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    assert_eq!(whole.json()["externalId"], json!("ext-g"));
    let state = sandbox.state();
    assert_eq!(state.groups["g-okta"].members.iter().collect::<Vec<_>>(), ["712020:off"]);
    assert!(state.scim.contains_key("712020:ada"), "only the membership went");
    for (body, kind) in [
        (json!({ "displayName": "other" }), "mutability"),
        (json!({ "members": [{ "value": "712020:ada" }] }), "invalidValue"),
        (json!([]), "invalidSyntax"),
    ] {
        let refused = put(body.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["scimErrorType"]),
            (400, &json!(kind)),
            "{body}"
        );
        assert!(refused.json()["schemas"].is_null());
    }
    assert_eq!(put(json!({})).await.json()["members"], json!([]), "none are said");
    assert_eq!(sandbox.state().groups["g-okta"].external_id, None);
}

#[tokio::test]
async fn groups_that_scim_makes_are_read_only_elsewhere() {
    let sandbox = acme();
    let body = json!({ "displayName": "okta-new", "members": [{ "value": "scim-ada" }] });
    let made = scim(&sandbox, "POST", "/Groups", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = sandbox.state().group_id("okta-new").unwrap().to_owned();
    assert_eq!(kind(&scim(&sandbox, "POST", "/Groups", body).await).2, "uniqueness");
    assert_eq!(scim(&sandbox, "POST", "/Groups", json!({ "displayName": "Empty Room" })).await.status, 409);
    let stranger = json!({ "displayName": "x", "members": [{ "value": "712020:ada" }] });
    assert_eq!(scim(&sandbox, "POST", "/Groups", stranger).await.status, 400);
    let found =
        scim(&sandbox, "GET", "/Groups?filter=displayName%20eq%20%22OKTA-new%22", Value::Null).await.json();
    assert_eq!(found["Resources"][0]["id"], made.json()["id"]);
    assert_eq!(
        scim(&sandbox, "GET", "/Groups", Value::Null).await.json()["totalResults"],
        json!(2),
        "not native ones"
    );
    let shown = org(&sandbox, "GET", &format!("{DIRECTORY}/groups/{id}"), Value::Null).await.json();
    assert_eq!(shown["data"]["externalSynced"], json!(true));
    let root = basic("root@acme.com", "root-token");
    let path = format!("/rest/api/3/group/user?groupId={id}");
    let refused = ask_as(&sandbox, Some(&root), "POST", &path, r#"{"accountId":"712020:eve"}"#).await;
    assert_eq!(refused.status, 400, "Jira may not write to it");
    let path = format!("/Groups/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(scim(&sandbox, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(scim(&sandbox, "GET", &path, Value::Null).await.status, 404);
    let shown = org(&sandbox, "GET", &format!("{DIRECTORY}/groups/{id}"), Value::Null).await;
    assert_eq!(shown.status, 404, "it is gone from the organization");
    let in_jira = format!("/rest/api/3/group/member?groupId={id}");
    let in_jira = ask_as(&sandbox, Some(&root), "GET", &in_jira, "").await;
    assert_eq!(in_jira.status, 404, "and from the site");
    assert!(!sandbox.state().groups.contains_key(&id));
    assert_eq!(sandbox.requests().writes.last().unwrap().group_id, Some(id));
    assert_eq!(scim(&sandbox, "DELETE", &path, Value::Null).await.status, 404, "it is gone");
    let native = format!("/Groups/{}", State::scim_group_id("g-empty"));
    assert_eq!(scim(&sandbox, "DELETE", &native, Value::Null).await.status, 404, "not SCIM's own");
}
