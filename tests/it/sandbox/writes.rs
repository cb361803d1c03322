//! What writes do to the sandbox and what they answer, by docs/atlassian.md; lag and scripted failures.

use std::time::Duration;

use rollbook::sandbox::{Failure, Options};
use serde_json::{Value, json};

use crate::sandbox::{acme, acme_with, ask, get};

#[tokio::test]
async fn adding_twice_and_removing_twice_are_400_with_a_text() {
    let sandbox = acme();
    let add = r#"{"accountId": "712020:out"}"#;
    let added = ask(&sandbox, "POST", "/rest/api/3/group/user?groupId=g-empty", add).await;
    assert_eq!(added.status, 201);
    assert_eq!((&added.json()["groupId"], &added.json()["users"]["size"]), (&json!("g-empty"), &json!(1)));
    let again = ask(&sandbox, "POST", "/rest/api/3/group/user?groupname=Empty+Room", add).await;
    assert_eq!(again.status, 400);
    assert!(again.message().contains("User is already a member of"), "{}", again.text);
    let remove = "/rest/api/3/group/user?groupId=g-empty&accountId=712020%3Aout";
    let removed = ask(&sandbox, "DELETE", remove, "").await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (200, ""));
    let again = ask(&sandbox, "DELETE", remove, "").await;
    assert_eq!(again.status, 400);
    assert!(again.message().contains("not a member of"), "{}", again.text);
    let log = sandbox.requests();
    let told: Vec<_> = log.writes.iter().map(|write| (write.route.as_str(), write.status)).collect();
    let (post, delete) = ("POST /rest/api/3/group/user", "DELETE /rest/api/3/group/user");
    assert_eq!(told, [(post, 201), (post, 400), (delete, 200), (delete, 400)]);
    assert!(log.writes.iter().all(|write| write.group_id.as_deref() == Some("g-empty")
        && write.account_id.as_deref() == Some("712020:out")
        && write.by.as_deref() == Some("712020:root")));
    assert_eq!((log.counts[post][&201], log.count(delete)), (1, 2));
}

#[tokio::test]
async fn synced_groups_and_teams_refuse_writes() {
    let sandbox = acme();
    let body = r#"{"accountId": "712020:out"}"#;
    let before = sandbox.state();
    for id in ["g-okta", "g-team"] {
        let add = ask(&sandbox, "POST", &format!("/rest/api/3/group/user?groupId={id}"), body).await;
        assert_eq!(add.status, 400, "{}", add.text);
        let delete = ask(&sandbox, "DELETE", &format!("/rest/api/3/group?groupId={id}"), "").await;
        assert!(delete.message().contains("cannot be modified"), "{}", delete.text);
    }
    let path = "/rest/api/3/group/user?groupId=g-okta&accountId=712020:ada";
    assert_eq!(ask(&sandbox, "DELETE", path, "").await.status, 400);
    assert_eq!(sandbox.state(), before);
}

#[tokio::test]
async fn an_invitation_needs_products_joins_default_groups_and_stops_at_the_seats() {
    let sandbox = acme();
    let invite = async |email: &str, products: Value| {
        let body = json!({ "emailAddress": email, "products": products }).to_string();
        ask(&sandbox, "POST", "/rest/api/3/user", &body).await
    };
    let without = ask(&sandbox, "POST", "/rest/api/3/user", r#"{"emailAddress":"new@acme.com"}"#).await;
    assert_eq!(without.status, 400);
    assert_eq!(without.message(), "You must specify the products that user can access.");
    assert_eq!(invite("no mail", json!([])).await.status, 400);
    assert_eq!(invite("new@acme.com", json!(["jira-nothing"])).await.status, 400);
    let made = invite("new@acme.com", json!(["jira-software"])).await;
    assert_eq!((made.status.as_u16(), &made.json()["active"]), (201, &json!(true)));
    let id = made.json()["accountId"].as_str().unwrap().to_owned();
    assert!(sandbox.state().groups["g-users"].members.contains(&id));
    let before = sandbox.state();
    assert_eq!(invite("NEW@acme.com", json!([])).await.status, 201, "access already given is not an error");
    assert_eq!(sandbox.state(), before);
    assert_eq!(invite("out@contractor.example", json!([])).await.status, 400, "exists, without access");
    assert_eq!(invite("four@acme.com", json!(["jira-software"])).await.status, 201);
    assert_eq!(invite("five@acme.com", json!(["jira-software"])).await.status, 201);
    let roles = get(&sandbox, "/rest/api/3/applicationrole").await.json();
    assert_eq!((&roles[0]["userCount"], &roles[0]["remainingSeats"]), (&json!(5), &json!(0)));
    assert_eq!(roles[0]["defaultGroupsDetails"][0]["groupId"], json!("g-users"));
    assert_eq!(invite("six@acme.com", json!(["jira-software"])).await.status, 400, "the licence is full");
    let add = r#"{"accountId": "712020:out"}"#;
    let add = ask(&sandbox, "POST", "/rest/api/3/group/user?groupId=g-users", add).await;
    assert_eq!(add.status, 400, "{}", add.text);
}

#[tokio::test]
async fn a_removed_account_stays_listed_and_can_come_back_without_its_groups() {
    let sandbox = acme();
    let path = "/rest/api/3/user?accountId=712020%3Aada";
    assert_eq!(ask(&sandbox, "DELETE", path, "").await.status, 204);
    assert!(!sandbox.state().groups["g-users"].members.contains("712020:ada"));
    assert_eq!(get(&sandbox, path).await.json()["active"], json!(false));
    let add = r#"{"accountId": "712020:ada"}"#;
    let refused = ask(&sandbox, "POST", "/rest/api/3/group/user?groupId=g-empty", add).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    let body = r#"{"emailAddress": "ada@acme.com", "products": ["jira-software"]}"#;
    let back = ask(&sandbox, "POST", "/rest/api/3/user", body).await;
    assert_eq!((back.status.as_u16(), back.json()["accountId"].clone()), (201, json!("712020:ada")));
    let groups = get(&sandbox, "/rest/api/3/user/groups?accountId=712020:ada").await;
    assert_eq!(groups.each("name"), ["jira-users"]);
    let own = ask(&sandbox, "DELETE", "/rest/api/3/user?accountId=712020:root", "").await;
    assert_eq!(own.status, 400);
}

#[tokio::test]
async fn hostile_names_and_ids_come_through_whole() {
    let sandbox = acme();
    for name in
        ["a/b", "what?", "#1", "..", "100%", "%2F", "a b", "a+b", "Zürich ☃", "<b>&\"'", "a&b=c", "\u{202e}x"]
    {
        let body = json!({ "name": name }).to_string();
        let made = ask(&sandbox, "POST", "/rest/api/3/group", &body).await;
        assert_eq!((made.status.as_u16(), made.json()["name"].as_str()), (201, Some(name)));
        let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let listed = get(&sandbox, &format!("/rest/api/3/group/bulk?groupName={encoded}")).await;
        assert_eq!(listed.each("name"), [name]);
        let path = format!("/rest/api/3/group/user?groupname={encoded}");
        assert_eq!(ask(&sandbox, "POST", &path, r#"{"accountId":"712020:ada"}"#).await.status, 201);
        let members =
            get(&sandbox, &format!("/rest/api/3/group/member?groupname={encoded}&maxResults=1")).await;
        assert_eq!(members.each("accountId"), ["712020:ada"]);
        let own = members.json()["self"].as_str().unwrap().replace("http://127.0.0.1:8080", "");
        assert_eq!(get(&sandbox, &own).await.json(), members.json(), "the address of a page works: {own}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_lag_behind_writes_and_writes_do_not() {
    let sandbox = acme_with(&Options { lag: Duration::from_secs(10), ..Options::default() });
    let add = r#"{"accountId": "712020:out"}"#;
    let seen = async || get(&sandbox, "/rest/api/3/group/member?groupId=g-empty").await.each("accountId");
    let groups = async || get(&sandbox, "/rest/api/3/user/groups?accountId=712020:out").await.each("groupId");
    let path = "/rest/api/3/group/user?groupId=g-empty";
    assert_eq!(ask(&sandbox, "POST", path, add).await.status, 201);
    tokio::time::advance(Duration::from_secs(9)).await;
    assert_eq!((seen().await, groups().await), (Vec::new(), Vec::new()));
    assert_eq!(ask(&sandbox, "POST", path, add).await.status, 400, "the write knows better");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!((seen().await, groups().await), (vec!["712020:out".to_owned()], vec!["g-empty".to_owned()]));
    let path = "/rest/api/3/group/user?groupId=g-empty&accountId=712020:out";
    assert_eq!(ask(&sandbox, "DELETE", path, "").await.status, 200);
    assert_eq!(seen().await, ["712020:out"], "still seen");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(seen().await, Vec::<String>::new());
}

#[tokio::test]
async fn scripted_failures_come_once_and_in_order() {
    let sandbox = acme();
    let (route, path) = ("POST /rest/api/3/group/user", "/rest/api/3/group/user?groupId=g-empty");
    let add = r#"{"accountId": "712020:out"}"#;
    let gone = http::StatusCode::BAD_GATEWAY;
    sandbox.fail_next(route, Failure::html(gone));
    sandbox.fail_next(route, Failure::after_work(gone, &[("retry-after", "7")], ""));
    let refused = ask(&sandbox, "POST", path, add).await;
    assert_eq!((refused.status, refused.header("content-type")), (gone, "text/html; charset=utf-8"));
    assert!(sandbox.state().groups["g-empty"].members.is_empty(), "nothing was done");
    let lost = ask(&sandbox, "POST", path, add).await;
    assert_eq!((lost.status, lost.header("retry-after")), (gone, "7"));
    assert!(sandbox.state().groups["g-empty"].members.contains("712020:out"), "done, and the answer lost");
    assert_eq!(ask(&sandbox, "POST", path, add).await.status, 400, "back to normal");
    sandbox.fail_next("GET /rest/api/3/group/bulk", Failure::Truncated);
    let cut = get(&sandbox, "/rest/api/3/group/bulk").await;
    assert_eq!(cut.status, 200);
    assert!(serde_json::from_str::<Value>(&cut.text).unwrap_err().is_eof());
    assert_eq!(sandbox.requests().counts[route][&502], 2);
}
