//! Who may do what in the sandbox: credentials by host, rights, scopes, limits; and the routes besides Jira.

use std::time::Duration;

use rollbook::sandbox::{Change, Limits, Options};
use serde_json::json;

use crate::sandbox::{GATEWAY, acme, acme_with, ask, ask_as, basic, get};

#[tokio::test]
async fn each_host_takes_its_own_credentials() {
    let sandbox = acme();
    let gateway = format!("{GATEWAY}/rest/api/3/myself");
    let elsewhere = "/ex/jira/99999999-2222-5333-8444-555555555555/rest/api/3/myself";
    let (classic, scoped) =
        (basic("root@acme.com", "root-token"), basic("ci@serviceaccount.atlassian.com", "bot-token"));
    let bearer = "Bearer root-bearer".to_owned();
    let site = "/rest/api/3/myself";
    let cases = [
        (Some(&classic), site, 200),
        (Some(&basic("ROOT@acme.com", "root-token")), site, 200),
        (Some(&basic("root@acme.com", "wrong")), site, 401),
        (Some(&basic("ada@acme.com", "root-token")), site, 401),
        (Some(&basic("eve@acme.com", "eve-token")), site, 401),
        (Some(&scoped), site, 401),
        (Some(&bearer), site, 401),
        (Some(&"Basic %%%".to_owned()), site, 401),
        (None, site, 401),
        (Some(&scoped), gateway.as_str(), 200),
        (Some(&bearer), gateway.as_str(), 200),
        (Some(&classic), gateway.as_str(), 401),
        (None, gateway.as_str(), 401),
        (Some(&scoped), elsewhere, 404),
    ];
    for (authorization, path, status) in cases {
        let answer = ask_as(&sandbox, authorization.map(String::as_str), "GET", path, "").await;
        assert_eq!(answer.status.as_u16(), status, "{authorization:?} {path}: {}", answer.text);
    }
    let own = ask_as(&sandbox, Some(&scoped), "GET", &gateway, "").await.json();
    assert_eq!(own["appType"], json!("service"));
    let url = own["self"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://127.0.0.1:8080{GATEWAY}/rest/api/3/user?")), "{url}");
    assert_eq!(sandbox.requests().count("GET /rest/api/3/myself"), 15, "both hosts are one route");
}

#[tokio::test]
async fn wrong_credentials_look_like_none_where_anybody_may_ask() {
    let sandbox = acme();
    let wrong = basic("root@acme.com", "wrong");
    for authorization in [None, Some(wrong.as_str())] {
        let path = "/rest/api/3/mypermissions?permissions=ADMINISTER";
        let answer = ask_as(&sandbox, authorization, "GET", path, "").await;
        assert_eq!(answer.json()["permissions"]["ADMINISTER"]["havePermission"], json!(false));
        let failed = if authorization.is_some() { "AUTHENTICATED_FAILED" } else { "" };
        assert_eq!(answer.header("x-seraph-loginreason"), failed);
        let info = ask_as(&sandbox, authorization, "GET", "/rest/api/3/serverInfo", "").await;
        assert_eq!(
            (info.status.as_u16(), info.json()["baseUrl"].clone()),
            (200, json!("https://acme.atlassian.net"))
        );
        let found = ask_as(&sandbox, authorization, "GET", "/rest/api/3/user/search?query=a", "").await;
        assert_eq!((found.status.as_u16(), found.json()), (200, json!([])));
        let picked =
            ask_as(&sandbox, authorization, "GET", "/rest/api/3/groups/picker?query=okta-all", "").await;
        assert_eq!(picked.json()["total"], json!(0));
    }
}

#[tokio::test]
async fn a_missing_right_to_browse_is_403_here_and_emptiness_there() {
    let sandbox = acme();
    let outsider = basic("out@contractor.example", "out-token");
    let answer = async |path: &str| ask_as(&sandbox, Some(&outsider), "GET", path, "").await;
    for path in [
        "/rest/api/3/group/bulk",
        "/rest/api/3/group/member?groupId=g-users",
        "/rest/api/3/users/search",
        "/rest/api/3/users",
        "/rest/api/3/user?accountId=712020:ada",
        "/rest/api/3/user/groups?accountId=712020:ada",
        "/rest/api/3/applicationrole",
    ] {
        let refused = answer(path).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(!refused.message().is_empty(), "{path}");
    }
    assert_eq!(answer("/rest/api/3/user/search?query=ada").await.json(), json!([]));
    assert_eq!(answer("/rest/api/3/groups/picker?query=").await.json()["groups"], json!([]));
    assert_eq!(answer("/rest/api/3/groups/picker?query=okta").await.json()["groups"], json!([]));
    assert_eq!(answer("/rest/api/3/groups/picker?query=okta-all").await.json()["total"], json!(1));
    let path = "/rest/api/3/mypermissions?permissions=ADMINISTER,USER_PICKER";
    let rights = async |who: &str| {
        let json = ask_as(&sandbox, Some(who), "GET", path, "").await.json();
        ["ADMINISTER", "USER_PICKER"].map(|key| json["permissions"][key]["havePermission"] == json!(true))
    };
    assert_eq!(rights(&outsider).await, [false, false]);
    assert_eq!(rights(&basic("ada@acme.com", "ada-token")).await, [false, true]);
    assert_eq!(rights(&basic("root@acme.com", "root-token")).await, [true, true]);
}

#[tokio::test]
async fn writes_need_a_site_admin_and_no_app() {
    let sandbox = acme();
    let before = sandbox.state();
    let ada = basic("ada@acme.com", "ada-token");
    let writes = [
        ("POST", "/group", r#"{"name":"x"}"#),
        ("DELETE", "/group?groupId=g-empty", ""),
        ("POST", "/group/user?groupId=g-empty", r#"{"accountId":"712020:ada"}"#),
        ("DELETE", "/group/user?groupId=g-users&accountId=712020:eve", ""),
        ("POST", "/user", r#"{"emailAddress":"x@acme.com","products":[]}"#),
        ("DELETE", "/user?accountId=712020:eve", ""),
    ];
    for (method, path, body) in writes {
        let site = format!("/rest/api/3{path}");
        let refused = ask_as(&sandbox, Some(&ada), method, &site, body).await;
        assert_eq!((refused.status.as_u16(), refused.text.as_str()), (403, ""), "{method} {path}");
        let gateway = format!("{GATEWAY}/rest/api/3{path}");
        let app = ask_as(&sandbox, Some("Bearer addon-token"), method, &gateway, body).await;
        assert_eq!(app.status, 403);
        assert!(app.text.contains("AuthorizationException"), "the back end speaks: {}", app.text);
    }
    assert_eq!(sandbox.state(), before);
    let bot = basic("ci@serviceaccount.atlassian.com", "bot-token");
    let path = format!("{GATEWAY}/rest/api/3/group");
    assert_eq!(ask_as(&sandbox, Some(&bot), "POST", &path, r#"{"name":"x"}"#).await.status, 201);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_a_401_of_the_gateway() {
    let sandbox = acme();
    let narrow = basic("ci@serviceaccount.atlassian.com", "narrow-token");
    let bulk = format!("{GATEWAY}/rest/api/3/group/bulk");
    assert_eq!(ask_as(&sandbox, Some(&narrow), "GET", &bulk, "").await.status, 200);
    let member = format!("{GATEWAY}/rest/api/3/group/member?groupId=g-users");
    let refused = ask_as(&sandbox, Some(&narrow), "GET", &member, "").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json(), json!({ "code": 401, "message": "Unauthorized; scope does not match" }));
}

#[tokio::test(start_paused = true)]
async fn client_credentials_make_a_token_that_lasts_an_hour() {
    let sandbox = acme();
    let ask_token = async |secret: &str| {
        let body =
            json!({ "grant_type": "client_credentials", "client_id": "id-1", "client_secret": secret });
        ask_as(&sandbox, None, "POST", "/oauth/token", &body.to_string()).await
    };
    assert_eq!(ask_token("wrong").await.status, 401);
    let made = ask_token("s3cret").await.json();
    assert_eq!(made["expires_in"], json!(3600));
    let bearer = format!("Bearer {}", made["access_token"].as_str().unwrap());
    let path = format!("{GATEWAY}/rest/api/3/myself");
    let status = async || ask_as(&sandbox, Some(&bearer), "GET", &path, "").await.status.as_u16();
    assert_eq!(status().await, 200);
    let sites = ask_as(&sandbox, Some(&bearer), "GET", "/oauth/token/accessible-resources", "").await;
    assert_eq!(sites.json()[0]["id"], json!("11111111-2222-5333-8444-555555555555"));
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(status().await, 401);
    let tenant = ask_as(&sandbox, None, "GET", "/_edge/tenant_info", "").await;
    assert_eq!(tenant.json(), json!({ "cloudId": "11111111-2222-5333-8444-555555555555" }));
}

#[tokio::test(start_paused = true)]
async fn burst_limits_answer_429_with_the_headers() {
    let epoch = "2026-12-01T10:00:00Z".parse().unwrap();
    let options = Options { limits: Limits::Atlassian, epoch: Some(epoch), ..Options::default() };
    let sandbox = acme_with(&options);
    let path = "/rest/api/3/group/user?groupId=g-empty&accountId=712020:ada";
    for _ in 0..50 {
        assert_eq!(ask(&sandbox, "DELETE", path, "").await.status, 400);
    }
    let limited = ask(&sandbox, "DELETE", path, "").await;
    assert_eq!(limited.status, 429);
    let told = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "ratelimit-reason"];
    assert_eq!(told.map(|name| limited.header(name)), ["1", "50", "0", "jira-burst-based"]);
    assert_eq!(limited.header("x-ratelimit-reset"), "2026-12-01T10:00:01Z");
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 200, "other routes go on");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&sandbox, "DELETE", path, "").await.status, 400);
    assert_eq!(sandbox.requests().counts["DELETE /rest/api/3/group/user"][&429], 1);
}

#[tokio::test]
async fn credentials_run_out_in_the_middle() {
    let sandbox = acme();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 200);
    sandbox.edit(&Change::ExpireCredentials { user: "root@acme.com".to_owned() }).unwrap();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 401);
    let sandbox = acme();
    sandbox.edit(&Change::SetActive { user: "root@acme.com".to_owned(), active: false }).unwrap();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 401);
}
