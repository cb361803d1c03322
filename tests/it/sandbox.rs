//! The sandbox behaves as the fact sheet says: listings, writes, and what is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use rollbook::sandbox::{Change, Failure, Options};
use serde_json::{Value, json};

use crate::sandbox_client::{acme, acme_with, ask, crowded, get};

#[tokio::test]
async fn members_come_50_a_page_whatever_is_asked_and_nobody_twice() {
    let sandbox = crowded(123);
    let mut path =
        "/rest/api/3/group/member?groupId=g-empty&includeInactiveUsers=True&maxResults=1000".to_owned();
    let (mut seen, mut sizes) = (BTreeSet::new(), Vec::new());
    loop {
        let page = get(&sandbox, &path).await;
        let json = page.json();
        sizes.push(json["values"].as_array().unwrap().len());
        seen.extend(page.each("accountId"));
        assert_eq!((json["total"].as_u64(), json["maxResults"].as_u64()), (Some(123), Some(50)));
        assert_eq!(json["isLast"], json!(json.get("nextPage").is_none()));
        let Some(next) = json["nextPage"].as_str() else {
            break;
        };
        assert!(next.contains("includeInactiveUsers=True"), "the next page keeps the question: {next}");
        path = next.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    }
    assert_eq!((sizes, seen.len()), (vec![50, 50, 23], 123));
}

#[tokio::test]
async fn inactive_members_are_hidden_unless_asked_for_in_any_case() {
    let sandbox = acme();
    let list = |flag: &'static str| {
        let sandbox = sandbox.clone();
        async move {
            let path = format!("/rest/api/3/group/member?groupname=jira-users{flag}");
            let page = get(&sandbox, &path).await;
            (page.each("accountId").into_iter().collect::<BTreeSet<_>>(), page.json()["total"].clone())
        }
    };
    let (shown, total) = list("").await;
    assert_eq!(shown, ["712020:ada".to_owned(), "712020:eve".to_owned()].into());
    assert_eq!(total, json!(2));
    assert_eq!(list("&includeInactiveUsers=false").await.1, json!(2));
    for flag in ["true", "True", "TRUE"] {
        let flag: &'static str = format!("&includeInactiveUsers={flag}").leak();
        let (shown, total) = list(flag).await;
        assert!(shown.contains("712020:old"));
        assert_eq!(total, json!(3), "{flag}");
    }
}

#[tokio::test]
async fn hidden_emails_are_absent_or_empty_but_for_oneself() {
    let sandbox = acme();
    let member = get(&sandbox, "/rest/api/3/group/member?groupId=g-users").await.json();
    let eve =
        |rows: &Value| rows.as_array().unwrap().iter().find(|it| it["accountId"] == "712020:eve").cloned();
    assert_eq!(eve(&member["values"]).unwrap()["emailAddress"], json!(""));
    let everybody = get(&sandbox, "/rest/api/3/users/search?maxResults=1000").await.json();
    assert_eq!(eve(&everybody).unwrap().get("emailAddress"), None);
    let ada = everybody.as_array().unwrap().iter().find(|it| it["accountId"] == "712020:ada").unwrap();
    assert_eq!(ada["emailAddress"], json!("ada@acme.com"));
    let hide = Change::HideEmail { user: "root@acme.com".to_owned(), hidden: true };
    sandbox.edit(&hide).unwrap();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.json()["emailAddress"], json!("root@acme.com"));
}

#[tokio::test]
async fn the_list_of_everybody_is_a_bare_array_that_ends_empty() {
    let sandbox = crowded(60);
    let first = get(&sandbox, "/rest/api/3/users/search").await;
    assert_eq!(first.json().as_array().unwrap().len(), 50);
    let all = get(&sandbox, "/rest/api/3/users?maxResults=5000").await;
    let all: BTreeSet<String> = all.each("accountId").into_iter().collect();
    assert_eq!(all.len(), 68);
    for kind in ["712020:old", "5b10addon", "qm:cust"] {
        assert!(all.contains(kind), "inactive people, apps and customers are in it: {kind}");
    }
    let end = get(&sandbox, "/rest/api/3/users/search?startAt=68&maxResults=1000").await;
    assert_eq!((end.status.as_u16(), end.json()), (200, json!([])));
}

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
async fn what_names_nothing_or_too_much_is_told_apart() {
    let sandbox = acme();
    let user = "/rest/api/3/group/user";
    let cases = [
        ("GET", "/rest/api/3/group/member".to_owned(), "", 400),
        ("GET", "/rest/api/3/group/member?groupId=g-users&groupname=jira-users".to_owned(), "", 400),
        ("GET", "/rest/api/3/group/member?groupId=jira-users".to_owned(), "", 404),
        ("GET", "/rest/api/3/group/member?groupId=g-users&startAt=-1".to_owned(), "", 400),
        ("POST", format!("{user}?groupId=g-gone"), r#"{"accountId":"712020:ada"}"#, 404),
        ("POST", format!("{user}?groupId=g-empty"), r#"{"accountId":"nobody"}"#, 404),
        ("POST", format!("{user}?groupId=g-empty"), r#"{"accountId":"ada@acme.com"}"#, 404),
        ("POST", format!("{user}?groupId=g-empty"), r#"{"name":"ada"}"#, 404),
        ("POST", format!("{user}?groupId=g-empty"), "{}", 400),
        ("POST", format!("{user}?groupId=g-empty"), "no json", 400),
        ("DELETE", format!("{user}?groupId=g-users"), "", 400),
        ("DELETE", format!("{user}?groupId=g-users&accountId=nobody"), "", 404),
        ("GET", "/rest/api/3/user".to_owned(), "", 400),
        ("GET", "/rest/api/3/user?accountId=nobody".to_owned(), "", 404),
        ("GET", "/rest/api/3/user?username=ada".to_owned(), "", 400),
        ("GET", "/rest/api/3/user/bulk".to_owned(), "", 400),
        ("GET", "/rest/api/3/user/search".to_owned(), "", 400),
        ("GET", "/rest/api/3/user/search?query=a&accountId=b".to_owned(), "", 400),
        ("GET", "/rest/api/3/group/bulk?accessType=owner".to_owned(), "", 400),
        ("GET", "/rest/api/3/mypermissions".to_owned(), "", 400),
        ("GET", "/rest/api/3/mypermissions?permissions=ADMINISTER,NO_SUCH".to_owned(), "", 400),
        ("GET", "/rest/api/latest/myself".to_owned(), "", 404),
        ("GET", "/rest/api/2/myself".to_owned(), "", 404),
        ("PUT", "/rest/api/3/user".to_owned(), "", 405),
        ("HEAD", "/rest/api/3/myself".to_owned(), "", 405),
    ];
    for (method, path, body, status) in cases {
        let answer = ask(&sandbox, method, &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.text);
        assert!(method == "HEAD" || answer.json()["errors"].is_object(), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn groups_are_listed_filtered_and_created_once() {
    let sandbox = acme();
    let names = |query: &'static str| {
        let sandbox = sandbox.clone();
        async move { get(&sandbox, &format!("/rest/api/3/group/bulk{query}")).await.each("name") }
    };
    assert_eq!(names("").await, ["A Team", "Empty Room", "jira-users", "okta-all", "site-admins"]);
    assert_eq!(
        names("?groupId=g-okta&groupName=jira-users&groupId=g-gone").await,
        ["jira-users", "okta-all"]
    );
    assert_eq!(names("?accessType=site-admin").await, ["site-admins"]);
    assert_eq!(names("?accessType=user&applicationKey=jira-software").await, ["jira-users"]);
    assert_eq!(names("?accessType=admin").await, Vec::<String>::new());
    assert_eq!(names("?startAt=1&maxResults=2").await, ["Empty Room", "jira-users"]);
    let made = ask(&sandbox, "POST", "/rest/api/3/group", r#"{"name": "new"}"#).await;
    assert_eq!(made.status, 201);
    let id = made.json()["groupId"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.state().groups[&id].name, "new");
    for taken in ["new", "NEW", "", "  "] {
        let body = json!({ "name": taken }).to_string();
        assert_eq!(ask(&sandbox, "POST", "/rest/api/3/group", &body).await.status, 400, "{taken:?}");
    }
    let delete = format!("/rest/api/3/group?groupId={id}");
    assert_eq!(ask(&sandbox, "DELETE", &format!("{delete}&swapGroup=gone"), "").await.status, 404);
    assert_eq!(ask(&sandbox, "DELETE", &format!("{delete}&swapGroup=okta-all"), "").await.status, 200);
    assert_eq!(ask(&sandbox, "DELETE", &delete, "").await.status, 404);
}

#[tokio::test]
async fn the_picker_alone_tells_who_manages_a_group() {
    let sandbox = acme();
    let picked = get(&sandbox, "/rest/api/3/groups/picker?query=okta").await.json();
    assert_eq!(picked["groups"][0]["managedBy"], json!("EXTERNAL"));
    assert_eq!(picked["groups"][0]["html"], json!("<b>okta</b>-all"));
    let team = get(&sandbox, "/rest/api/3/groups/picker?query=a%20team").await.json();
    assert_eq!(team["total"], json!(0), "case matters unless told otherwise");
    let team = get(&sandbox, "/rest/api/3/groups/picker?query=a%20team&caseInsensitive=TRUE").await.json();
    assert_eq!(team["groups"][0]["usageType"], json!("TEAM_COLLABORATION"));
    for number in 0..30 {
        let body = json!({ "name": format!("many-{number:02}") }).to_string();
        ask(&sandbox, "POST", "/rest/api/3/group", &body).await;
    }
    let many =
        get(&sandbox, "/rest/api/3/groups/picker?query=many&maxResults=100&exclude=many-00").await.json();
    assert_eq!(many["groups"].as_array().unwrap().len(), 20);
    assert_eq!(many["header"], json!("Showing 20 of 29 matching groups"));
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
    assert_eq!(invite("NEW@acme.com", json!([])).await.status, 201, "who has access is no error");
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
async fn a_search_matches_prefixes_of_active_people_and_hidden_emails() {
    let sandbox = acme();
    let found = |query: &'static str| {
        let sandbox = sandbox.clone();
        async move { get(&sandbox, &format!("/rest/api/3/user/search?query={query}")).await.each("accountId") }
    };
    assert_eq!(found("ada").await, ["712020:ada"]);
    assert_eq!(found("LOVE").await, ["712020:ada"]);
    assert_eq!(found("velace").await, Vec::<String>::new());
    assert_eq!(found("eve%40acme.com").await, ["712020:eve"]);
    assert_eq!(found("old%40acme.com").await, Vec::<String>::new(), "inactive people are not found");
    let one = get(&sandbox, "/rest/api/3/user/search?accountId=712020%3Abot").await;
    assert_eq!(one.json()[0]["appType"], json!("service"));
    let bulk =
        get(&sandbox, "/rest/api/3/user/bulk?accountId=712020:ada&accountId=712020:old&accountId=x").await;
    assert_eq!(bulk.json()["total"], json!(2));
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

#[tokio::test(start_paused = true)]
async fn answers_take_the_latency() {
    let sandbox = acme_with(&Options { latency: Duration::from_millis(250), ..Options::default() });
    let start = tokio::time::Instant::now();
    get(&sandbox, "/rest/api/3/myself").await;
    get(&sandbox, "/rest/api/3/no-such").await;
    assert_eq!(start.elapsed(), Duration::from_millis(500));
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
