//! User management: managed accounts, everywhere at once (fact sheet §5).

use rollbook::sandbox::{Change, Sandbox};
use serde_json::{Value, json};

use crate::sandbox_client::Answered;
use crate::sandbox_organization::{DIRECTORY, acme, active_in_jira, ask_with, org};

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
    assert_eq!((nobody.status.as_u16(), nobody.json()), (404, json!({ "key": "accountNotFound" })));
    let refused = async |key| ask_with(&sandbox, key, "GET", "/users/712020:eve/manage", Value::Null).await;
    let wrong = refused("scim-key").await;
    assert_eq!((wrong.status.as_u16(), wrong.json()), (401, json!({ "key": "unauthorized" })));
    // Whatever scopes a key has, the whole API refuses it, and names one that no dialog offers.
    let scoped = refused("read-key").await;
    assert_eq!((scoped.status.as_u16(), &scoped.json()["key"]), (403, &json!("forbidden")));
    assert!(scoped.json()["errorDetail"].to_string().contains("manage:org"));
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
