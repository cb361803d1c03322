//! What a sandbox starts from and how it is handled: seeds, `/_sandbox`, the socket.

use rollbook::atlassian::use_cryptography;
use rollbook::sandbox::{Change, Options, Sandbox, Seed, SeedScim, serve};
use serde_json::json;

use crate::sandbox::organization::acme as surfaces;
use crate::sandbox::{ACME, acme, ask, ask_as, basic};

#[tokio::test]
async fn hands_behind_the_clients_back_change_the_state() {
    let sandbox = acme();
    let edit = async |body: serde_json::Value| {
        let answer = ask_as(&sandbox, None, "POST", "/_sandbox/edit", &body.to_string()).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let done = (204, String::new());
    assert_eq!(edit(json!({"add-member": {"group": "okta-all", "user": "EVE@acme.com"}})).await, done);
    assert_eq!(edit(json!({"remove-member": {"group": "g-users", "user": "712020:ada"}})).await, done);
    assert_eq!(edit(json!({"create-group": {"name": "new", "members": ["ada@acme.com"]}})).await, done);
    assert_eq!(edit(json!({"rename-group": {"group": "new", "name": "NEW"}})).await, done);
    assert_eq!(edit(json!({"delete-group": {"group": "A Team"}})).await, done);
    assert_eq!(edit(json!({"set-managed-by": {"group": "NEW", "managed-by": "EXTERNAL"}})).await, done);
    assert_eq!(edit(json!({"create-user": {"email": "new@acme.com", "account-id": "n"}})).await, done);
    assert_eq!(edit(json!({"set-active": {"user": "eve@acme.com", "active": false}})).await, done);
    assert_eq!(edit(json!({"change-email": {"user": "eve@acme.com", "email": "eva@acme.com"}})).await, done);
    assert_eq!(edit(json!({"remove-user": {"user": "old@acme.com"}})).await, done);
    let state = ask_as(&sandbox, None, "GET", "/_sandbox/state", "").await.json();
    assert_eq!(state["groups"]["g-okta"]["members"], json!(["712020:ada", "712020:eve"]));
    assert_eq!(state["groups"]["g-users"]["members"], json!(["712020:eve"]));
    assert_eq!(state["groups"].get("g-team"), None);
    let eve = json!({"email": "eva@acme.com", "name": "Eve", "type": "atlassian", "appType": null,
        "active": false, "pending": false, "suspended": false, "deletion": null, "managed": false, "roles": [],
        "hideEmail": true, "removed": false});
    assert_eq!(state["accounts"]["712020:eve"], eve);
    assert_eq!(state["accounts"]["n"]["name"], json!("new"));
    let new = state["groups"].as_object().unwrap().values().find(|group| group["name"] == "NEW").unwrap();
    assert_eq!((&new["managedBy"], &new["members"]), (&json!("EXTERNAL"), &json!(["712020:ada"])));
    let before = sandbox.state();
    let (status, why) = edit(json!({"add-member": {"group": "okta-all", "user": "ada@acme.com"}})).await;
    assert_eq!((status, why.as_str()), (409, "`Ada Lovelace` is already a member of `okta-all`"));
    assert_eq!(edit(json!({"rename-group": {"group": "NEW", "name": "Jira-Users"}})).await.0, 409);
    assert_eq!(edit(json!({"create-user": {"email": "ADA@acme.com"}})).await.0, 409);
    assert_eq!(edit(json!({"create-group": {"name": "x", "members": ["nobody"]}})).await.0, 409);
    assert_eq!(edit(json!({"add-member": {"group": "okta-all"}})).await.0, 400);
    assert_eq!(edit(json!({"make-coffee": {}})).await.0, 400);
    assert_eq!(sandbox.state(), before);
    let log = ask_as(&sandbox, None, "GET", "/_sandbox/requests", "").await.json();
    assert_eq!(log, json!({"counts": {}, "faults": {}, "writes": []}), "hands are not requests");
    let body = r#"{"accountId": "712020:ada"}"#;
    ask(&sandbox, "POST", "/rest/api/3/group/user?groupId=g-empty", body).await;
    let log = ask_as(&sandbox, None, "GET", "/_sandbox/requests", "").await.json();
    assert_eq!(log["counts"], json!({"POST /rest/api/3/group/user": {"201": 1}}));
    assert_eq!(log["writes"][0]["groupId"], json!("g-empty"));
}

#[tokio::test]
async fn a_seed_comes_back_from_the_state_it_made() {
    let sandbox = acme();
    let hostile =
        ["null", "~", "true", "1e3", "- x", "a: b", "# no comment", " padded ", "two\nlines", "é☃", "'\"\\"];
    for name in hostile {
        let body = json!({ "name": name }).to_string();
        assert_eq!(ask(&sandbox, "POST", "/rest/api/3/group", &body).await.status, 201, "{name:?}");
    }
    sandbox.edit(&Change::RemoveUser { user: "old@acme.com".to_owned() }).unwrap();
    let yaml = sandbox.to_seed().to_yaml().unwrap();
    let again = Seed::parse(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    assert_eq!(again, sandbox.to_seed());
    assert_eq!(Sandbox::new(&again, &Options::default()).unwrap().state(), sandbox.state());
}

#[tokio::test]
async fn a_seed_of_all_surfaces_comes_back_and_says_how_to_log_in() {
    let sandbox = surfaces();
    let edit = async |body: serde_json::Value| {
        let answer = ask_as(&sandbox, None, "POST", "/_sandbox/edit", &body.to_string()).await;
        assert_eq!(answer.status, 204, "{body}: {}", answer.text);
    };
    edit(json!({"set-suspended": {"user": "eve@acme.com", "suspended": true}})).await;
    edit(json!({"set-deletion": {"user": "eve@acme.com", "deletion": "done"}})).await;
    edit(json!({"set-managed": {"user": "out@contractor.example", "managed": true}})).await;
    edit(json!({"set-role": {"user": "out@contractor.example", "role": "site-admin", "held": true}})).await;
    edit(json!({"set-role": {"user": "root@acme.com", "role": "org-admin", "held": false}})).await;
    edit(json!({"set-scim": {"user": "eve@acme.com", "scim": {"external-id": "e"}}})).await;
    edit(json!({"rename-user": {"user": "eve@acme.com", "name": "Eva"}})).await;
    edit(json!({"create-user": {"email": "new@acme.com", "account-id": "n", "scim": {}}})).await;
    edit(json!({"create-user": {"email": "p@acme.com", "account-id": "p", "pending": true}})).await;
    edit(json!({"create-user": {"email": "q@acme.com", "account-id": "q", "pending": true}})).await;
    edit(json!({"accept": {"user": "q@acme.com"}})).await;
    let state = sandbox.state();
    assert!(state.is_site_admin("712020:out") && state.accounts["n"].managed);
    assert_eq!(["n", "p", "q"].map(|id| state.accounts[id].pending), [false, true, false]);
    let taken = Change::SetScim {
        user: "n".to_owned(),
        scim: SeedScim { user_name: Some("EVE@acme.com".to_owned()), ..SeedScim::default() },
    };
    assert!(sandbox.edit(&taken).is_err(), "the user name is another's");
    let shown = ask_as(&sandbox, None, "GET", "/_sandbox/state", "").await.json();
    assert_eq!(shown["organization"]["domains"], json!({"acme.com": true, "acme.example": false}));
    assert_eq!(shown["scim"]["712020:ada"]["id"], json!("scim-ada"));
    let yaml = sandbox.to_seed().to_yaml().unwrap();
    let again = Seed::parse(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    assert_eq!(again, sandbox.to_seed());
    assert_eq!(Sandbox::new(&again, &Options::default()).unwrap().state(), state);
    let exports: std::collections::BTreeMap<_, _> = sandbox.exports("http://h").into_iter().collect();
    assert_eq!(exports["ROLLBOOK_ORG_API_KEY"], "org-key", "the one that has not expired");
    assert_eq!(exports["ROLLBOOK_SCIM_API_KEY"], "scim-key");
    assert_eq!(exports["ROLLBOOK_ENDPOINT_SCIM"], "http://h");
    let jira_only = acme().exports("http://h");
    assert!(!jira_only.iter().any(|(name, _)| name.contains("ORG") || name.contains("SCIM")));
}

#[tokio::test]
async fn a_seed_without_credentials_still_lets_somebody_in() {
    for yaml in [
        "{}",
        "site: { name: x }\nusers: [{ email: root@x.example, active: false }]\ngroups: [{ name: site-admins }]",
        "users: [{ email: boss@acme.com }]\ngroups: [{ name: chiefs, site-admin: true, members: [boss@acme.com] }]",
    ] {
        let sandbox = Sandbox::new(&Seed::parse(yaml).unwrap(), &Options::default()).unwrap();
        let exports: std::collections::BTreeMap<_, _> =
            sandbox.exports("http://127.0.0.1:1").into_iter().collect();
        assert_eq!(exports["ROLLBOOK_ENDPOINT_SITE"], "http://127.0.0.1:1");
        assert_eq!(exports["ROLLBOOK_ENDPOINT_GATEWAY"], "http://127.0.0.1:1");
        let authorization = basic(&exports["ROLLBOOK_EMAIL"], &exports["ROLLBOOK_API_TOKEN"]);
        let made =
            ask_as(&sandbox, Some(&authorization), "POST", "/rest/api/3/group", r#"{"name":"n"}"#).await;
        assert_eq!(made.status, 201, "{yaml}: {}", made.text);
        Seed::parse(&sandbox.to_seed().to_yaml().unwrap()).unwrap();
    }
    let seed = Seed::parse(ACME).unwrap();
    let boss = Sandbox::new(&seed, &Options::default()).unwrap().exports("");
    assert!(boss.contains(&("ROLLBOOK_EMAIL".to_owned(), "root@acme.com".to_owned())), "{boss:?}");
}

#[test]
fn mistakes_of_a_seed_are_named() {
    let cases = [
        ("users: [{ email: a@x.io }, { email: A@X.io }]", "two users have the email `A@X.io`"),
        ("users: [{ email: a@x.io, account-id: i }, { email: b@x.io, account-id: i }]", "account id `i`"),
        ("groups: [{ name: Ops }, { name: ops }]", "two groups have the name `ops`"),
        ("groups: [{ name: a, id: g }, { name: b, id: g }]", "two groups have the id `g`"),
        ("groups: [{ name: ops, members: [who@x.io] }]", "group `ops` lists `who@x.io`, who is not a user"),
        ("users: [{ name: Nameless }]", "user `Nameless` has no email"),
        (
            "groups: [{ name: ops, grants: { jira-software: user } }]",
            "the app `jira-software`, which is not an app",
        ),
        ("apps: [{ key: j }]\ngroups: [{ name: o, default-for: [j] }]", "does not grant `user`"),
        ("credentials: [{ basic: { account: x@x.io, token: t } }]", "acts as `x@x.io`, who is not a user"),
        (
            "users: [{ email: a@x.io }]\ngroups: [{ name: o, members: [a@x.io, A@x.io] }]",
            "lists `A@x.io` twice",
        ),
        ("site: { name: x }\nusers:\n  - { email: a@x.io, admin: true }", "line 3"),
        ("groups:\n  - { name: o, managed-by: external }", "line 2"),
        ("groups: [{ members: [] }]", "name"),
        ("users: [", "line 1"),
        (
            "users: [{ email: a@x.io, scim: {} }, { email: b@x.io, scim: { user-name: A@x.io } }]",
            "two SCIM records have the userName `a@x.io`",
        ),
        ("users: [{ email: a@x.io, type: customer, scim: {} }]", "is not a person"),
        ("credentials: [{ org-api-key: { key: k, account: a@x.io } }]", "acts as `a@x.io`"),
    ];
    for (yaml, wanted) in cases {
        let error = Seed::parse(yaml).unwrap_err().to_string();
        assert!(error.contains(wanted), "{yaml}\n  said: {error}\n  wanted: {wanted}");
    }
    let both = "groups: [{ name: a, members: [x] }, { name: b, members: [y] }]";
    let error = Seed::parse(both).unwrap_err().to_string();
    assert!(error.contains("`x`") && error.contains("`y`"), "all at once: {error}");
}

#[test]
fn a_big_seed_is_read_whole() {
    let users: String =
        (0..84_000).fold("users:\n".to_owned(), |yaml, number| yaml + &format!("- email: u{number}@x.io\n"));
    assert_eq!(Seed::parse(&users).unwrap().users.len(), 84_000);
}

#[tokio::test]
async fn it_serves_on_loopback_and_nowhere_else() {
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = serve(&acme(), everywhere, std::future::pending()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let sandbox = acme();
    let served = sandbox.clone();
    let running = tokio::spawn(async move { serve(&served, listener, async { drop(stopped.await) }).await });
    use_cryptography();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{url}/rest/api/3/group/bulk?maxResults=1"));
    let answer = answer.basic_auth("root@acme.com", Some("root-token")).send().await.unwrap();
    let page: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(page["nextPage"], json!(format!("{url}/rest/api/3/group/bulk?startAt=1&maxResults=1")));
    drop(client);
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_example_in_the_documentation_is_a_seed() {
    let page = include_str!("../../../docs/sandbox.md");
    let (example, _) = page.split_once("```yaml\n").unwrap().1.split_once("```").unwrap();
    let seed = Seed::parse(example).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((seed.users.len(), seed.groups.len(), seed.credentials.len()), (9, 3, 7));
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let root = basic("root@acme.com", "sandbox");
    assert_eq!(ask_as(&sandbox, Some(&root), "GET", "/rest/api/3/myself", "").await.status, 200);
}
