//! What the sandbox reads out, by docs/atlassian.md: pages, hidden people and emails, filters, and what is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use rollbook::sandbox::{Change, Options};
use serde_json::{Value, json};

use crate::sandbox::{acme, acme_with, ask, crowded, get};

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
        ("POST", format!("{user}?groupId=g-empty"), "", 415),
        ("GET", "/rest/api/1/myself".to_owned(), "", 404),
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

#[tokio::test(start_paused = true)]
async fn answers_take_the_latency() {
    let sandbox = acme_with(&Options { latency: Duration::from_millis(250), ..Options::default() });
    let start = tokio::time::Instant::now();
    get(&sandbox, "/rest/api/3/myself").await;
    get(&sandbox, "/rest/api/3/no-such").await;
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

#[tokio::test]
async fn the_order_of_people_is_stable_and_depends_on_the_seed() {
    let order = async |rng_seed: u64| {
        let sandbox = acme_with(&Options { rng_seed, ..Options::default() });
        let path = "/rest/api/3/group/member?groupId=g-users&includeInactiveUsers=true";
        let order = get(&sandbox, path).await.each("accountId");
        assert_eq!(order, get(&sandbox, path).await.each("accountId"));
        order
    };
    let mut orders = BTreeSet::new();
    for rng_seed in 0..16 {
        assert_eq!(order(rng_seed).await, order(rng_seed).await);
        orders.insert(order(rng_seed).await);
    }
    assert!(orders.len() > 1, "a client cannot count on one order: {orders:?}");
}
