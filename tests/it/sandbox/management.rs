//! User management: managed accounts, everywhere at once (docs/atlassian.md#user-management-api).

use rollbook::sandbox::{Change, Sandbox};
use serde_json::{Value, json};

use crate::sandbox::Answered;
use crate::sandbox::organization::{DIRECTORY, acme, active_in_jira, ask_with, org};

async fn manage(sandbox: &Sandbox, account: &str) -> Answered {
    org(sandbox, "GET", &format!("/users/{account}/manage"), Value::Null).await
}

async fn lifecycle(sandbox: &Sandbox, account: &str, what: &str) -> Answered {
    let body = if what == "disable" { json!({ "message": "left" }) } else { Value::Null };
    org(sandbox, "POST", &format!("/users/{account}/manage/lifecycle/{what}"), body).await
}

#[tokio::test]
async fn privileges_say_who_owns_an_account() {
    let sandbox = acme();
    let reason = async |account: &str, privilege: &str| {
        let rule = manage(&sandbox, account).await.json()[privilege].clone();
        rule["reason"]["key"]
            .as_str()
            .unwrap_or(if rule["allowed"] == json!(true) { "yes" } else { "" })
            .to_owned()
    };
    for (account, enablement, email) in [
        ("712020:eve", "yes", "yes"),
        ("712020:ada", "externalDirectory.scim", "externalDirectory.scim"),
        ("712020:root", "administrative.notMyself", "yes"),
        ("712020:out", "managedAccount", "managedAccount"),
        ("712020:gone", "yes", "yes"),
    ] {
        assert_eq!(reason(account, "lifecycle.enablement").await, enablement, "{account}");
        assert_eq!(reason(account, "email.set").await, email, "{account}");
    }
    let ada = manage(&sandbox, "712020:ada").await.json();
    assert_eq!(ada["profile.read"], json!({ "allowed": true }));
    assert_eq!(ada["profile.write"]["name"]["allowed"], json!(false));
    let one = manage(&sandbox, "712020%3Aada").await;
    assert_eq!(one.json(), ada);
    let some =
        org(&sandbox, "GET", "/users/712020:eve/manage?privileges=email.set&privileges=nothing", Value::Null);
    assert_eq!(some.await.json(), json!({ "email.set": { "allowed": true } }));
    let nobody = manage(&sandbox, "nobody").await;
    let json = nobody.json();
    assert_eq!((nobody.status.as_u16(), &json["key"]), (404, &json!("accountNotFound")));
    assert_eq!(json["context"], json!("User account not found"), "a text, as it was measured");
    let refused = async |key| ask_with(&sandbox, key, "GET", "/users/712020:eve/manage", Value::Null).await;
    let wrong = refused("scim-key").await;
    assert_eq!((wrong.status.as_u16(), wrong.json()), (401, json!({ "key": "unauthorized" })));
    // Whatever scopes a key has, the whole API refuses it, and names one that no dialog offers.
    for key in ["read-key", "accounts-key"] {
        let scoped = refused(key).await;
        assert_eq!((scoped.status.as_u16(), &scoped.json()["key"]), (403, &json!("forbidden")), "{key}");
        assert!(scoped.json()["errorDetail"].to_string().contains("manage:org"), "{key}");
    }
}

#[tokio::test]
async fn to_deactivate_is_global_and_to_suspend_is_not() {
    let sandbox = acme();
    let status = async || {
        let body = json!({ "accountIds": ["712020:eve"] });
        let found = org(&sandbox, "POST", &format!("{DIRECTORY}/users/search"), body).await.json();
        [&found["data"][0]["accountStatus"], &found["data"][0]["membershipStatus"]]
            .map(|it| it.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(lifecycle(&sandbox, "712020:eve", "disable").await.status, 204);
    assert_eq!(lifecycle(&sandbox, "712020:eve", "disable").await.status, 204);
    assert!(!active_in_jira(&sandbox, "712020:eve").await);
    assert_eq!(status().await, ["inactive", "active"]);
    assert!(sandbox.state().groups["g-users"].members.contains("712020:eve"));
    let restore = format!("{DIRECTORY}/users/712020:eve/restore");
    assert_eq!(org(&sandbox, "POST", &restore, Value::Null).await.status, 204);
    assert!(!active_in_jira(&sandbox, "712020:eve").await, "the directory cannot bring it back");
    assert_eq!(lifecycle(&sandbox, "712020:eve", "enable").await.status, 204);
    assert!(active_in_jira(&sandbox, "712020:eve").await);
    assert_eq!(lifecycle(&sandbox, "712020:sus", "enable").await.status, 204);
    assert!(!active_in_jira(&sandbox, "712020:sus").await, "nor can this lift a suspension");
    assert_eq!(sandbox.requests().writes[0].account_id.as_deref(), Some("712020:eve"));
}

#[tokio::test]
async fn an_account_is_deleted_14_days_later_unless_somebody_thinks_again() {
    let sandbox = acme();
    let status = async || {
        let path = format!("{DIRECTORY}/users/712020:eve");
        org(&sandbox, "GET", &path, Value::Null).await.json()["data"]["status"].clone()
    };
    let deleted = lifecycle(&sandbox, "712020:eve", "delete").await;
    assert_eq!(deleted.status, 200, "{}", deleted.text);
    assert!(deleted.json()["message"].is_string());
    assert_eq!(status().await, json!("for_deletion"));
    assert!(!active_in_jira(&sandbox, "712020:eve").await);
    assert_eq!(lifecycle(&sandbox, "712020:eve", "delete").await.status, 409);
    assert_eq!(lifecycle(&sandbox, "712020:eve", "enable").await.status, 409, "first it is to be cancelled");
    assert_eq!(lifecycle(&sandbox, "712020:eve", "cancel-delete").await.status, 200);
    assert_eq!(status().await, json!("active"));
    assert!(active_in_jira(&sandbox, "712020:eve").await);
    assert_eq!(lifecycle(&sandbox, "712020:eve", "cancel-delete").await.status, 404);
    for (account, why) in
        [("712020:ada", "SCIM owns it"), ("712020:out", "unmanaged"), ("712020:root", "oneself")]
    {
        assert_eq!(lifecycle(&sandbox, account, "delete").await.status, 403, "{why}");
    }
}

#[tokio::test]
async fn a_profile_and_an_email_are_written_unless_scim_owns_them() {
    let sandbox = acme();
    let ask = async |method: &str, account: &str, what: &str, body: Value| {
        org(&sandbox, method, &format!("/users/{account}/manage/{what}"), body).await
    };
    let told = json!({ "name": "Eve Two", "extended_profile": { "job_title": "Chief" } });
    let written = ask("PATCH", "712020:eve", "profile", told).await;
    assert_eq!(written.status, 200, "{}", written.text);
    let more = json!({ "extended_profile": { "location": "Lompoc, CA" }, "locale": "en-GB" });
    let account = ask("PATCH", "712020:eve", "profile", more).await.json()["account"].clone();
    assert_eq!(account["extended_profile"], json!({ "job_title": "Chief", "location": "Lompoc, CA" }));
    assert_eq!((&account["name"], &account["locale"]), (&json!("Eve Two"), &json!("en-GB")));
    assert_eq!(sandbox.state().accounts["712020:eve"].name, "Eve Two");
    assert_eq!(ask("PUT", "712020:eve", "email", json!({ "email": "eve2@acme.com" })).await.status, 204);
    assert_eq!(
        ask("GET", "712020:eve", "profile", Value::Null).await.json()["account"]["email"],
        "eve2@acme.com"
    );
    let before = sandbox.state();
    for (method, account, what, body, status) in [
        ("PATCH", "712020:eve", "profile", json!({ "account_status": "closed" }), 400),
        ("PATCH", "712020:ada", "profile", json!({ "name": "x" }), 403),
        ("PATCH", "712020:out", "profile", json!({ "name": "x" }), 403),
        ("GET", "712020:out", "profile", Value::Null, 403),
        ("PUT", "712020:eve", "email", json!({ "email": "eve@acme.example" }), 400),
        ("PUT", "712020:eve", "email", json!({ "email": "root@acme.com" }), 400),
        ("PUT", "712020:ada", "email", json!({ "email": "a@acme.com" }), 403),
        ("GET", "nobody", "api-tokens", Value::Null, 404),
        ("DELETE", "712020:root", "api-tokens/none", Value::Null, 404),
    ] {
        let refused = ask(method, account, what, body.clone()).await;
        assert_eq!(refused.status.as_u16(), status, "{method} {account} {what} {body}: {}", refused.text);
    }
    assert_eq!(sandbox.state(), before);
}

/// Who loses a token is shut out.
#[tokio::test]
async fn api_tokens_are_listed_without_their_secrets_and_revoked() {
    let sandbox = acme();
    let path = "/users/712020:root/manage/api-tokens";
    let tokens = org(&sandbox, "GET", path, Value::Null).await;
    assert!(!tokens.text.contains("root-token"), "{}", tokens.text);
    let id = tokens.json()[0]["id"].as_str().unwrap().to_owned();
    let asked = async || {
        let root = crate::sandbox::basic("root@acme.com", "root-token");
        crate::sandbox::ask_as(&sandbox, Some(&root), "GET", "/rest/api/3/myself", "").await.status
    };
    assert_eq!(asked().await, 200);
    assert_eq!(org(&sandbox, "DELETE", &format!("{path}/{id}"), Value::Null).await.status, 204);
    assert_eq!(asked().await, 401);
    assert_eq!(org(&sandbox, "GET", path, Value::Null).await.json(), json!([]));
}

#[tokio::test]
async fn what_may_not_be_deactivated_is_said_in_two_shapes() {
    let sandbox = acme();
    for (account, reason) in [
        ("712020:out", "managedAccount"),
        ("712020:ada", "externalDirectory.scim"),
        ("712020:root", "administrative.notMyself"),
    ] {
        let refused = lifecycle(&sandbox, account, "disable").await;
        let context = json!({ "allowed": false, "reason": { "key": reason } });
        assert_eq!(refused.status, 403, "{account}");
        assert_eq!(refused.json(), json!({ "key": "forbidden.action", "context": context }));
    }
    let conflict = lifecycle(&sandbox, "712020:del", "enable").await;
    assert_eq!(conflict.status, 409);
    let json = conflict.json();
    assert_eq!(
        (&json["key"], &json["context"]["accountId"]),
        (&json!("conflict.lifecycleErrors"), &json!("712020:del"))
    );
    let body = org(&sandbox, "POST", "/users/712020:eve/manage/lifecycle/disable", Value::Null).await;
    assert_eq!(body.status, 400, "the body is required");
    sandbox.edit(&Change::SetManaged { user: "712020:eve".to_owned(), managed: false }).unwrap();
    assert_eq!(lifecycle(&sandbox, "712020:eve", "disable").await.status, 403);
}
