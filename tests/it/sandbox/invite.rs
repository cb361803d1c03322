//! Invitations through the organization: item by item (docs/atlassian.md#inviting-through-the-organization).

use rollbook::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::sandbox::organization::{DIRECTORY, acme, active_in_jira, org};
use crate::sandbox::{Answered, ask_as, basic};

const RESOURCE: &str = "ari:cloud:jira-software::site/11111111-2222-5333-8444-555555555555";

async fn invite(sandbox: &Sandbox, body: Value) -> Answered {
    org(sandbox, "POST", "/admin/v2/orgs/o-1/users/invite", body).await
}

#[tokio::test]
async fn an_invitation_brings_people_their_groups_and_their_apps() {
    let sandbox = acme();
    let body = json!({
        "emails": ["new@acme.com", "gone@acme.com"],
        "additionalGroups": ["g-empty"],
    });
    let done = invite(&sandbox, body).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let item = &done.json()["data"][0];
    assert_eq!(item["email"], json!("new@acme.com"));
    let joined = json!([{ "group": "g-empty", "status": "INVITED", "statusReason": null }]);
    assert_eq!(item["results"][0]["groupAssignmentResult"], joined);
    let state = sandbox.state();
    let id = state.account_id("new@acme.com").unwrap();
    assert_eq!(item["id"], json!(id));
    assert!(state.accounts[id].managed, "its domain is verified");
    assert!(!state.accounts["712020:gone"].removed);
    assert_eq!(state.groups["g-empty"].members.len(), 2);
    assert!(active_in_jira(&sandbox, "712020:gone").await);
    let rules = json!([{ "resource": RESOURCE, "role": "atlassian/user" }]);
    let seat = invite(&sandbox, json!({ "emails": ["new@acme.com"], "permissionRules": rules })).await;
    assert_eq!(seat.status, 200, "{}", seat.text);
    assert!(sandbox.state().groups["g-users"].members.contains(id), "through the default group");
}

#[tokio::test]
async fn what_fails_for_some_is_a_206_and_for_all_a_409() {
    let sandbox = acme();
    let groups = json!({ "emails": ["a@acme.com"], "additionalGroups": ["g-empty", "g-okta"] });
    let partly = invite(&sandbox, groups).await;
    assert_eq!(partly.status, 206);
    let results = &partly.json()["data"][0]["results"][0]["groupAssignmentResult"];
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!("INVITED"), &json!("ERROR")));
    let rules = json!([{ "resource": RESOURCE, "role": "atlassian/user" }]);
    let two =
        invite(&sandbox, json!({ "emails": ["b@acme.com", "c@acme.com"], "permissionRules": rules })).await;
    assert_eq!(two.status, 206, "one seat for two: {}", two.text);
    let statuses: Vec<Value> = (0..2)
        .map(|index| two.json()["data"][index]["results"][0]["roleAssignmentResult"][0]["status"].clone())
        .collect();
    assert_eq!(statuses, ["INVITED", "ERROR"]);
    let full = invite(&sandbox, json!({ "emails": ["d@acme.com"], "permissionRules": rules })).await;
    assert_eq!(
        (full.status.as_u16(), full.json()["errors"][0]["code"].clone()),
        (409, json!("ADMIN-UAM-409-3"))
    );
    assert_eq!(sandbox.state().account_id("d@acme.com"), None, "nobody came");
    let deleted = invite(&sandbox, json!({ "emails": ["del@acme.com"] })).await;
    assert_eq!(deleted.status, 206);
}

#[tokio::test]
async fn an_invitation_that_makes_no_sense_does_nothing() {
    let sandbox = acme();
    let before = sandbox.state();
    let many: Vec<String> = (0..26).map(|number| format!("u{number}@acme.com")).collect();
    let rule = |resource: &str, role: &str| json!([{ "resource": resource, "role": role }]);
    for (body, status) in [
        (json!({ "emails": many }), 400),
        (json!({ "emails": [] }), 400),
        (json!({}), 400),
        (json!({ "emails": ["no email"] }), 400),
        (json!({ "emails": ["a@acme.com"], "additionalGroups": ["nothing"] }), 404),
        (json!({ "emails": ["a@acme.com"], "permissionRules": rule("ari:x", "atlassian/user") }), 404),
        (json!({ "emails": ["a@acme.com"], "permissionRules": rule(RESOURCE, "atlassian/chief") }), 400),
    ] {
        let answer = invite(&sandbox, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
    }
    assert_eq!(sandbox.state(), before);
}

/// Whether the organization shows an email as verified, and the status that it shows.
async fn verified(sandbox: &Sandbox, email: &str) -> (Value, Value) {
    let found =
        org(sandbox, "POST", &format!("{DIRECTORY}/users/search"), json!({ "emails": [email] })).await;
    let mut row = found.json()["data"][0].take();
    (row["emailVerified"].take(), row["status"].take())
}

#[tokio::test]
async fn who_is_invited_has_not_accepted_until_they_do() {
    let sandbox = acme();
    let body = json!({ "emails": ["a@acme.com", "gone@acme.com"], "additionalGroups": ["g-empty"] });
    assert_eq!(invite(&sandbox, body).await.status, 200);
    let (path, body) = ("/rest/api/3/user", r#"{"emailAddress":"b@acme.com","products":[]}"#);
    let made = ask_as(&sandbox, Some(&basic("root@acme.com", "root-token")), "POST", path, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let edit = async |body: Value| {
        ask_as(&sandbox, None, "POST", "/_sandbox/edit", &body.to_string()).await.status.as_u16()
    };
    for email in ["a@acme.com", "b@acme.com"] {
        assert_eq!(verified(&sandbox, email).await, (json!(false), json!("active")), "{email}");
        let id = sandbox.state().account_id(email).unwrap().to_owned();
        assert!(sandbox.state().accounts[&id].pending && active_in_jira(&sandbox, &id).await);
        for _ in 0..2 {
            assert_eq!(edit(json!({ "accept": { "user": email } })).await, 204, "again is not an error");
            assert_eq!(verified(&sandbox, email).await, (json!(true), json!("active")), "{email}");
        }
    }
    let back = verified(&sandbox, "gone@acme.com").await;
    assert_eq!(back, (json!(true), json!("active")), "who comes back accepted long ago");
    assert_eq!(edit(json!({ "accept": { "user": "nobody@acme.com" } })).await, 409);
}
