//! What other clients of Jira ask the sandbox for: versions of its API, pickers, permissions, rows of real sites.

use std::collections::BTreeSet;

use http::StatusCode;
use rollbook::sandbox::{Failure, Options, Sandbox, Seed};
use serde_json::{Value, json};

use crate::sandbox::{GATEWAY, acme, ask_as, basic, crowded, get};

/// A site answers versions 2, 3 and latest alike, with addresses in the version asked for; all are counted as one.
#[tokio::test]
async fn every_version_of_the_api_is_the_same_one() {
    let sandbox = acme();
    for (version, host) in [("2", ""), ("latest", ""), ("3", ""), ("2", GATEWAY)] {
        let base = format!("{host}/rest/api/{version}");
        let authorization = match host {
            "" => basic("root@acme.com", "root-token"),
            _ => "Bearer root-bearer".to_owned(),
        };
        let get = async |path: &str| {
            ask_as(&sandbox, Some(&authorization), "GET", &format!("{base}{path}"), "").await
        };
        let page = get("/group/member?groupId=g-users&maxResults=1").await.json();
        let address = |text: &Value| {
            text.as_str().is_some_and(|it| it.starts_with(&format!("http://127.0.0.1:8080{base}/")))
        };
        assert!(address(&page["self"]) && address(&page["nextPage"]), "{page}");
        assert!(address(&page["values"][0]["self"]), "{page}");
        let group = get("/group?groupname=jira-users&expand=users").await.json();
        assert!(address(&group["self"]) && address(&group["users"]["items"][0]["self"]), "{group}");
        assert_eq!(get("/serverInfo").await.json()["deploymentType"], json!("Cloud"));
    }
    assert_eq!(get(&sandbox, "/rest/api/4/myself").await.status, 404);
    let requests = sandbox.requests();
    assert_eq!(requests.count("GET /rest/api/3/group/member"), 4, "{:?}", requests.counts);
    sandbox.fail_next("GET /rest/api/3/myself", Failure::html(StatusCode::BAD_GATEWAY));
    assert_eq!(get(&sandbox, "/rest/api/latest/myself").await.status, 502);
}

/// `GET /group` gives 50 members at a time, by index.
#[tokio::test]
async fn a_group_expands_its_members_by_index() {
    let sandbox = crowded(120);
    let users = async |expand: &str| {
        let path = format!("/rest/api/3/group?groupname=Empty%20Room{expand}");
        get(&sandbox, &path).await.json()["users"].clone()
    };
    let mut seen = BTreeSet::new();
    for (expand, first, last, count) in [
        ("&expand=users", 0, 49, 50),
        ("&expand=users%5B50:99%5D", 50, 99, 50),
        ("&expand=users%5B100:149%5D", 100, 119, 20),
    ] {
        let users = users(expand).await;
        let shape = ["size", "start-index", "end-index"].map(|key| users[key].as_u64().unwrap());
        assert_eq!(shape, [120, first, last], "{expand}");
        let items = users["items"].as_array().unwrap();
        assert_eq!(items.len(), count);
        seen.extend(items.iter().map(|user| user["accountId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen.len(), 120, "nobody twice, and nobody left out");
    assert_eq!(users("").await["items"], json!([]));
}

/// The pickers find by the beginning of a name or an email, mark it, and show who lacks rights no more than an exact name.
#[tokio::test]
async fn pickers_find_people_and_groups() {
    let sandbox = acme();
    let found = get(&sandbox, "/rest/api/3/user/picker?query=love").await.json();
    assert_eq!((&found["total"], &found["users"][0]["accountId"]), (&json!(1), &json!("712020:ada")));
    assert_eq!(found["users"][0]["html"], json!("Ada <strong>Love</strong>lace"));
    assert!(found["users"][0]["avatarUrl"].is_null());
    let none =
        get(&sandbox, "/rest/api/3/user/picker?query=love&excludeAccountIds=x,712020:ada").await.json();
    assert_eq!(none["total"], json!(0));
    let outsider = basic("out@contractor.example", "out-token");
    for (query, total) in [("Ada", 0), ("Ada%20Lovelace", 1)] {
        let path = format!("/rest/api/3/user/picker?query={query}");
        let found = ask_as(&sandbox, Some(&outsider), "GET", &path, "").await.json();
        assert_eq!(found["total"], json!(total), "{query}");
    }
    let both =
        get(&sandbox, "/rest/api/3/groupuserpicker?query=A&caseInsensitive=true&maxResults=2").await.json();
    assert_eq!(both["groups"]["total"], json!(4), "{both}");
    assert_eq!(both["groups"]["groups"].as_array().map(Vec::len), Some(2));
    let apps = async |more: &str| {
        let path = format!("/rest/api/3/groupuserpicker?query=Add{more}");
        get(&sandbox, &path).await.json()["users"]["total"].clone()
    };
    assert_eq!((apps("").await, apps("&excludeConnectAddons=true").await), (json!(1), json!(0)));
}

/// Anybody is shown their own permissions, and Jira administrators those of others.
#[tokio::test]
async fn permissions_are_checked() {
    let sandbox = acme();
    let all = get(&sandbox, "/rest/api/3/permissions").await.json();
    assert_eq!(all["permissions"]["USER_PICKER"]["id"], json!("27"));
    let path = "/rest/api/3/permissions/check";
    let check = async |who: Option<(&str, &str)>, body: Value| {
        let authorization = who.map(|(email, token)| basic(email, token));
        ask_as(&sandbox, authorization.as_deref(), "POST", path, &body.to_string()).await
    };
    let asked = json!({ "globalPermissions": ["ADMINISTER", "USER_PICKER", null] });
    let granted = async |who| check(who, asked.clone()).await.json()["globalPermissions"].clone();
    assert_eq!(granted(Some(("root@acme.com", "root-token"))).await, json!(["ADMINISTER", "USER_PICKER"]));
    assert_eq!(granted(Some(("ada@acme.com", "ada-token"))).await, json!(["USER_PICKER"]));
    assert_eq!(granted(None).await, json!([]));
    let of_ada = json!({ "accountId": "712020:ada", "globalPermissions": ["ADMINISTER"] });
    assert_eq!(check(Some(("out@contractor.example", "out-token")), of_ada.clone()).await.status, 403);
    assert_eq!(check(None, of_ada.clone()).await.status, 403);
    let told = check(Some(("root@acme.com", "root-token")), of_ada).await.json();
    assert_eq!(told["globalPermissions"], json!([]));
}

/// Rows of real sites: a person who was erased, records that share one id, apps that tell no time zone.
#[tokio::test]
async fn rows_of_real_sites_are_seeded() {
    const SEED: &str = r#"
unknown-accounts: 2
users:
  - { email: root@acme.com }
  - { account-id: 5be37f8aa430e70fb00dfdaa, deletion: done }
  - { account-id: "557058:app", name: App, type: app }
groups:
  - { name: site-admins, site-admin: true, members: [root@acme.com] }
  - { name: old, id: g-old, members: [5be37f8aa430e70fb00dfdaa], unknown-members: 1 }
credentials: [{ basic: { account: root@acme.com, token: root-token } }]
"#;
    let seed = Seed::parse(SEED).unwrap();
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    assert_eq!(Seed::parse(&sandbox.to_seed().to_yaml().unwrap()).unwrap(), sandbox.to_seed());
    let all = get(&sandbox, "/rest/api/3/users/search").await.json();
    let of = |id: &str| {
        let rows = all.as_array().unwrap().iter().filter(move |row| row["accountId"] == *id);
        rows.cloned().collect::<Vec<_>>()
    };
    let [erased] = &*of("5be37f8aa430e70fb00dfdaa") else { panic!("{all}") };
    assert_eq!((&erased["displayName"], &erased["active"]), (&json!("Former user"), &json!(false)));
    assert_eq!(erased["accountType"], json!("atlassian"));
    for key in ["emailAddress", "locale", "timeZone"] {
        assert!(erased.get(key).is_none(), "absent, and not null: {erased}");
        assert!(of("557058:app")[0].get(key).is_none(), "{all}");
    }
    assert_eq!(of("unknown").len(), 2);
    let members = async |more: &str| {
        get(&sandbox, &format!("/rest/api/3/group/member?groupId=g-old{more}")).await.json()
    };
    assert_eq!(members("").await["total"], json!(0));
    let members = members("&includeInactiveUsers=true").await;
    assert_eq!((&members["total"], members["values"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let without_email = "users: [{ account-id: a }]";
    assert!(Seed::parse(without_email).is_err(), "a person who is there has an email");
}
