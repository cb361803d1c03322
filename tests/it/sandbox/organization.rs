//! Organizations API: the same people and groups as Jira's, with its own quirks (docs/atlassian.md#organizations-api).

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use rollbook::sandbox::{Change, Limits, Options, PlatformRole, Sandbox, Seed, SeedApp, SeedUser};
use serde_json::{Value, json};

use crate::sandbox::{Answered, ask_as, basic};

/// A site of which the organization sees more, less and other things than Jira does.
pub(crate) const ACME: &str = r#"
site: { name: acme, cloud-id: 11111111-2222-5333-8444-555555555555 }
organization: { id: o-1, directory: d-1, scim-directory: s-1, domains: [acme.com], unverified-domains: [acme.example] }
apps:
  - { key: jira-software, name: Jira Software, seats: 3 }
users:
  - { account-id: "712020:root", email: root@acme.com, name: Root, roles: [org-admin] }
  - { account-id: "712020:ada", email: ada@acme.com, name: Ada, scim: { id: scim-ada, external-id: ext-ada } }
  - { account-id: "712020:eve", email: eve@acme.com, name: Eve, hide-email: true }
  - { account-id: "712020:sus", email: sus@acme.com, name: Sus, suspended: true }
  - { account-id: "712020:off", email: off@acme.com, name: Off, active: false, scim: { id: scim-off, active: false } }
  - { account-id: "712020:gone", email: gone@acme.com, name: Gone, removed: true }
  - { account-id: "712020:del", email: del@acme.com, name: Del, deletion: scheduled }
  - { account-id: "712020:out", email: out@contractor.example, name: Outsider }
  - { account-id: "712020:left", email: left@contractor.example, name: Left, removed: true }
  - { account-id: "712020:bot", email: ci@serviceaccount.atlassian.com, name: CI, type: app, app-type: service }
groups:
  - { name: site-admins, id: g-admins, site-admin: true, members: [root@acme.com, "712020:bot"] }
  - name: jira-users
    id: g-users
    description: Everybody
    grants: { jira-software: user }
    default-for: [jira-software]
    members: [ada@acme.com, eve@acme.com, sus@acme.com]
  - { name: Empty Room, id: g-empty }
  - { name: okta-all, id: g-okta, managed-by: EXTERNAL, members: [ada@acme.com, off@acme.com] }
  - { name: A Team, id: g-team, managed-by: TEAM_MEMBERS, usage: TEAM_COLLABORATION }
  - { name: system-administrators, id: g-system, members: [root@acme.com] }
credentials:
  - basic: { account: root@acme.com, token: root-token }
  - basic: { account: sus@acme.com, token: sus-token }
  - org-api-key: { key: old-key, expired: true }
  - org-api-key: { key: org-key, account: root@acme.com }
  - org-api-key: { key: read-key, scopes: ["read:directories:admin", "read:domains:admin"] }
  - org-api-key: { key: accounts-key, scopes: ["read:accounts:admin"] }
  - org-api-key: { key: narrow-key, scopes: ["read:events:admin"] }
  - scim-api-key: { key: scim-key }
  - scim-api-key: { key: other-scim-key, directory: s-2 }
"#;

pub(crate) const DIRECTORY: &str = "/admin/v2/orgs/o-1/directories/d-1";

pub(crate) fn acme() -> Sandbox {
    Sandbox::new(&Seed::parse(ACME).unwrap(), &Options::default()).unwrap()
}

/// Asks with a key: an empty body for `null`.
pub(crate) async fn ask_with(
    sandbox: &Sandbox,
    key: &str,
    method: &str,
    path: &str,
    body: Value,
) -> Answered {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    ask_as(sandbox, Some(&format!("Bearer {key}")), method, path, &body).await
}

pub(crate) async fn org(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Answered {
    ask_with(sandbox, "org-key", method, path, body).await
}

/// What Jira says of an account: whether it is active.
pub(crate) async fn active_in_jira(sandbox: &Sandbox, account: &str) -> bool {
    let path = format!("/rest/api/3/user?accountId={account}");
    let root = basic("root@acme.com", "root-token");
    ask_as(sandbox, Some(&root), "GET", &path, "").await.json()["active"] == json!(true)
}

/// The texts under `key` of the rows of `data`.
pub(crate) fn column(answer: &Answered, key: &str) -> Vec<String> {
    let json = answer.json();
    let rows = json["data"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    rows.iter().map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect()
}

async fn find(sandbox: &Sandbox, directory: &str, body: Value) -> Answered {
    org(sandbox, "POST", &format!("/admin/v2/orgs/o-1/directories/{directory}/users/search"), body).await
}

fn code(answer: &Answered) -> (u16, String) {
    let code = answer.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code)
}

#[tokio::test]
async fn keys_open_their_own_surface_and_nothing_else() {
    let sandbox = acme();
    let search = format!("{DIRECTORY}/users/search");
    for (key, status) in [
        ("org-key", 200),
        ("read-key", 200),
        ("narrow-key", 401),
        ("old-key", 401),
        ("scim-key", 401),
        ("root-token", 401),
    ] {
        let answer = ask_with(&sandbox, key, "POST", &search, json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{key}: {}", answer.text);
    }
    let basic = basic("root@acme.com", "root-token");
    let refused = ask_as(&sandbox, Some(&basic), "POST", &search, "{}").await;
    assert_eq!(code(&refused), (401, "ADMIN-401-1".to_owned()), "tokens of people do not work there");
    let v1 = ask_with(&sandbox, "wrong", "GET", "/admin/v1/orgs/o-1/domains", Value::Null).await;
    assert_eq!((v1.status.as_u16(), v1.json()), (401, json!({ "code": 401, "message": "Unauthorized" })));
    let write = format!("{DIRECTORY}/users/712020:eve/suspend");
    let narrow = ask_with(&sandbox, "read-key", "POST", &write, Value::Null).await;
    assert_eq!(code(&narrow), (401, "ADMIN-401-2".to_owned()));
    let jira = ask_with(&sandbox, "org-key", "GET", "/rest/api/3/myself", Value::Null).await;
    assert_eq!(jira.status, 401);
    sandbox.edit(&Change::ExpireSecret { secret: "org-key".to_owned() }).unwrap();
    assert_eq!(find(&sandbox, "d-1", json!({})).await.status, 401);
    assert!(sandbox.edit(&Change::ExpireSecret { secret: "nothing".to_owned() }).is_err());
}

#[tokio::test]
async fn the_organization_sees_other_people_than_jira() {
    let sandbox = acme();
    let all = ["ada", "del", "eve", "off", "out", "root", "sus"].map(|name| format!("712020:{name}"));
    assert_eq!(
        column(&find(&sandbox, "d-1", Value::Null).await, "accountId"),
        all,
        "no bot, nobody who left"
    );
    let gone = find(&sandbox, "-", json!({ "membershipStatus": ["no_membership"] })).await;
    assert_eq!(column(&gone, "accountId"), ["712020:gone"], "who left is seen where managed");
    let asked = json!({ "emails": ["EVE@acme.com", "ad", "gone@acme.com", "nobody@acme.com"] });
    let eve = find(&sandbox, "-", asked).await;
    assert_eq!(column(&eve, "email"), ["eve@acme.com", "gone@acme.com"], "whole emails, hidden ones too");
    let expanded = find(&sandbox, "d-1", json!({ "expand": ["groups", "platformRoles"] })).await.json();
    let user = |id: &str| {
        let rows = expanded["data"].as_array().unwrap();
        rows.iter().find(|row| row["accountId"] == json!(id)).unwrap().clone()
    };
    let root = user("712020:root");
    assert_eq!(root["platformRoles"], json!(["atlassian/org-admin", "atlassian/site-admin"]));
    let groups =
        json!([{ "id": "ari:cloud:identity::group/g-admins", "name": "site-admins", "description": null }]);
    assert_eq!(root["groups"], groups, "an ARI, and no system-administrators");
    let states = |id: &str| {
        let user = user(id);
        ["accountStatus", "membershipStatus", "status", "claimStatus", "managementSource"]
            .map(|key| user[key].as_str().unwrap_or("null").to_owned())
    };
    assert_eq!(states("712020:ada"), ["active", "active", "active", "managed", "synced"]);
    assert_eq!(states("712020:sus"), ["active", "suspended", "suspended", "managed", "invited"]);
    assert_eq!(states("712020:off"), ["inactive", "active", "deactivated", "managed", "synced"]);
    assert_eq!(states("712020:del"), ["inactive", "active", "for_deletion", "managed", "invited"]);
    assert_eq!(states("712020:out"), ["active", "active", "active", "unmanaged", "null"]);
    let members =
        find(&sandbox, "-", json!({ "groupIds": ["g-users", "g-okta"], "status": ["active"] })).await;
    assert_eq!(column(&members, "accountId"), ["712020:ada", "712020:eve"]);
    let outside = find(&sandbox, "d-1", json!({ "claimStatus": "unmanaged" })).await;
    assert_eq!(column(&outside, "email"), ["out@contractor.example"]);
    let term = find(&sandbox, "d-1", json!({ "searchTerm": "contractor" })).await;
    assert_eq!(column(&term, "accountId"), ["712020:out"]);
}

#[tokio::test]
async fn people_are_found_by_the_roles_they_hold() {
    let mut seed = Seed::parse(ACME).unwrap();
    let holder = |id: &str, more: SeedUser| {
        let (email, account_id) = (Some(format!("{id}@acme.com")), Some(id.to_owned()));
        SeedUser { email, account_id, roles: vec![PlatformRole::UserAccessAdmin], ..more }
    };
    seed.users.push(holder("h-uaa", SeedUser::default()));
    seed.users.push(holder("h-sus", SeedUser { suspended: true, ..SeedUser::default() }));
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let found = async |body: Value| column(&find(&sandbox, "-", body).await, "accountId");
    let (org, site, access) = ("atlassian/org-admin", "atlassian/site-admin", "atlassian/user-access-admin");
    assert_eq!(found(json!({ "roleIds": [org] })).await, ["712020:root"]);
    assert_eq!(found(json!({ "roleIds": [site] })).await, ["712020:root"], "by group, and no bot");
    assert_eq!(found(json!({ "roleIds": [access] })).await, ["h-sus", "h-uaa"]);
    assert_eq!(found(json!({ "roleIds": [access, org] })).await, ["712020:root", "h-sus", "h-uaa"], "one of");
    assert_eq!(
        found(json!({ "roleIds": [access], "status": ["active"] })).await,
        ["h-uaa"],
        "with the others"
    );
    let others = json!({ "roleIds": [access], "emails": ["ROOT@acme.com"] });
    assert!(found(others).await.is_empty());
    let bare = find(&sandbox, "-", json!({ "roleIds": [org] })).await.json();
    assert!(bare["data"][0].get("platformRoles").is_none(), "shown where it is expanded alone");
}

#[tokio::test]
async fn searches_keep_to_their_bounds() {
    let sandbox = acme();
    let emails = |count: usize| (0..count).map(|number| format!("u{number}@x.io")).collect::<Vec<_>>();
    for (body, status) in [
        (json!({ "emails": emails(100) }), 200),
        (json!({ "emails": emails(101) }), 400),
        (json!({ "emails": [] }), 400),
        (json!({ "emails": emails(1), "searchTerm": "a" }), 400),
        (json!({ "accountIds": emails(11) }), 400),
        (json!({ "groupIds": emails(11) }), 400),
        (json!({ "limit": 101 }), 400),
        (json!({ "limit": 0 }), 400),
        (json!({ "expand": ["members"] }), 400),
        (json!({ "cursor": "no cursor" }), 400),
        (json!({ "mfaEnabled": true }), 501),
        (json!({ "roleIds": ["atlassian/org-admin", "atlassian/user-access-admin"] }), 200),
        (json!({ "roleIds": ["atlassian/org-admin", "atlassian/user"] }), 501),
        (json!({ "roleIds": ["atlassian/emperor"] }), 400),
        (json!({ "roleIds": [] }), 400),
        (json!({ "roleIds": emails(11) }), 400),
        (json!([]), 400),
    ] {
        let answer = find(&sandbox, "d-1", body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
    }
    let path = format!("{DIRECTORY}/groups/search");
    for (body, status) in [
        (json!({ "groupNames": emails(100) }), 200),
        (json!({ "groupNames": emails(101) }), 400),
        (json!({ "groupIds": emails(11) }), 400),
        (json!({ "groupNames": ["a"], "groupIds": ["b"] }), 400),
        (json!({ "groupNames": ["a"], "searchTerm": "b" }), 400),
    ] {
        assert_eq!(org(&sandbox, "POST", &path, body.clone()).await.status.as_u16(), status, "{body}");
    }
    for (organization, directory, status) in [("o-2", "d-1", 404), ("o-1", "s-1", 404), ("o-1", "-", 200)] {
        let path = format!("/admin/v2/orgs/{organization}/directories/{directory}/users/search");
        assert_eq!(org(&sandbox, "POST", &path, json!({})).await.status.as_u16(), status, "{path}");
    }
    let write = "/admin/v2/orgs/o-1/directories/-/users/712020:eve/suspend";
    assert_eq!(org(&sandbox, "POST", write, Value::Null).await.status, 404, "`-` is for reads");
}

#[tokio::test]
async fn a_cursor_is_a_bare_token_beside_which_nothing_counts() {
    let mut seed = Seed::parse(ACME).unwrap();
    for number in 0..120 {
        let email = Some(format!("p{number:03}@acme.com"));
        let account_id = Some(format!("p{number:03}"));
        seed.users.push(SeedUser { email, account_id, ..SeedUser::default() });
    }
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let mut ids = Vec::new();
    let mut body = json!({ "emailDomains": ["acme.com"] });
    loop {
        let page = find(&sandbox, "d-1", body).await;
        let rows = column(&page, "accountId");
        assert!(rows.len() <= 50, "50 unless told otherwise");
        ids.extend(rows);
        let json = page.json();
        let Some(next) = json["links"]["next"].as_str() else { break };
        assert!(!next.contains("://"));
        body = json!({ "cursor": next, "emails": ["nobody@acme.com"], "limit": 1 });
    }
    assert_eq!(ids.len(), 126);
    let limited = find(&sandbox, "d-1", json!({ "limit": 100 })).await;
    assert_eq!(column(&limited, "accountId").len(), 100);
}

#[tokio::test]
async fn groups_say_who_may_write_to_them() {
    let sandbox = acme();
    let path = format!("{DIRECTORY}/groups/search");
    let all = org(&sandbox, "POST", &path, Value::Null).await;
    assert_eq!(column(&all, "name"), ["A Team", "Empty Room", "jira-users", "okta-all", "site-admins"]);
    let named = json!({ "groupNames": ["OKTA-ALL", "empty room", "jira"], "expand": ["counts.users"] });
    let named = org(&sandbox, "POST", &path, named).await;
    assert_eq!(column(&named, "id"), ["g-empty", "g-okta"], "exact names, in any case");
    let okta = &named.json()["data"][1];
    assert_eq!((&okta["externalSynced"], &okta["managedBy"]), (&json!(true), &json!("external")));
    let access = json!({ "readable": true, "modifiable": false, "deletable": false });
    assert_eq!((&okta["managementAccess"], &okta["counts"]), (&access, &json!({ "users": 2 })));
    let one = async |id: &str| org(&sandbox, "GET", &format!("{DIRECTORY}/groups/{id}"), Value::Null).await;
    let admins = one("g-admins").await.json();
    assert_eq!(admins["data"]["counts"]["users"], json!(1), "the service account is not seen");
    assert_eq!(admins["data"]["managementAccess"]["deletable"], json!(false));
    assert_eq!(code(&one("g-system").await), (404, "ADMIN-404-10".to_owned()));
    assert_eq!(one("g-team").await.json()["data"]["managedBy"], json!("team-members"));
}

#[tokio::test]
async fn groups_come_and_go() {
    let sandbox = acme();
    let groups = format!("{DIRECTORY}/groups");
    let made = org(&sandbox, "POST", &groups, json!({ "name": "new", "description": "d" })).await;
    assert_eq!((made.status.as_u16(), made.text.as_str()), (201, ""));
    let again = org(&sandbox, "POST", &groups, json!({ "name": "NEW" })).await;
    assert_eq!(code(&again), (409, "ADMIN-409-28".to_owned()));
    assert_eq!(org(&sandbox, "POST", &groups, json!({})).await.status, 400);
    let delete = async |id: &str| org(&sandbox, "DELETE", &format!("{groups}/{id}"), Value::Null).await;
    let refused = |number: &str| (403, format!("ADMIN-403-{number}"));
    assert_eq!(code(&delete("g-users").await), refused("6"));
    assert_eq!(code(&delete("g-admins").await), refused("7"));
    assert_eq!(code(&delete("g-okta").await), refused("5"));
    assert_eq!(code(&delete("g-system").await).0, 404);
    let id = sandbox.state().group_id("new").unwrap().to_owned();
    assert_eq!(delete(&id).await.status, 204);
    assert_eq!(delete(&id).await.status, 404);
    assert_eq!(sandbox.requests().writes.last().unwrap().group_id, Some(id));
}

#[tokio::test]
async fn memberships_have_one_409_for_two_reasons() {
    let sandbox = acme();
    let path = |group: &str| format!("{DIRECTORY}/groups/{group}/memberships");
    let add = async |group: &str, account: &str| {
        let answer = org(&sandbox, "POST", &path(group), json!({ "accountId": account })).await;
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
        (answer.status.as_u16(), detail)
    };
    let remove = async |group: &str, account: &str| {
        org(&sandbox, "DELETE", &format!("{}/{account}", path(group)), Value::Null).await.status.as_u16()
    };
    assert_eq!(add("g-empty", "712020:out").await, (204, String::new()));
    let member = add("g-empty", "712020:out").await;
    // Ada and Eve have two of three seats; the suspended member has none.
    assert_eq!(add("g-users", "712020:out").await.0, 204);
    let full = add("g-users", "712020:root").await;
    assert_eq!((member.0, &member), (409, &full), "the text is the same");
    assert_eq!(add("g-okta", "712020:out").await.0, 403);
    assert_eq!(add("g-team", "712020:out").await.0, 403);
    for (group, account) in [
        ("g-empty", "712020:gone"),
        ("g-empty", "712020:bot"),
        ("g-empty", "nobody"),
        ("g-system", "712020:ada"),
    ] {
        assert_eq!(add(group, account).await.0, 404, "{group} {account}");
        assert_eq!(remove(group, account).await, 404, "{group} {account}");
    }
    let old = org(&sandbox, "POST", &path("g-empty"), json!({ "account_id": "712020:ada" })).await;
    assert_eq!(old.status, 400, "the key of the dead v1");
    assert_eq!(remove("g-empty", "712020:out").await, 204);
    assert_eq!(remove("g-empty", "712020%3Aout").await, 404);
    assert_eq!(remove("g-okta", "712020:ada").await, 403);
    assert!(!sandbox.state().groups["g-empty"].members.contains("712020:out"));
}

#[tokio::test]
async fn suspension_keeps_groups_and_takes_access_and_the_seat() {
    let sandbox = acme();
    let user = async |method: &str, what: &str| {
        org(&sandbox, method, &format!("{DIRECTORY}/users/{what}"), Value::Null).await.status.as_u16()
    };
    assert!(!active_in_jira(&sandbox, "712020:sus").await);
    assert_eq!(user("POST", "712020:eve/suspend").await, 204);
    assert_eq!(user("POST", "712020:eve/suspend").await, 204);
    assert!(!active_in_jira(&sandbox, "712020:eve").await);
    let state = sandbox.state();
    assert!(state.groups["g-users"].members.contains("712020:eve"));
    assert_eq!(state.seats_taken("jira-software"), 1);
    let login = basic("sus@acme.com", "sus-token");
    let myself =
        async || ask_as(&sandbox, Some(&login), "GET", "/rest/api/3/myself", "").await.status.as_u16();
    assert_eq!(myself().await, 401);
    assert_eq!(user("POST", "712020:sus/restore").await, 204);
    assert_eq!(myself().await, 200);
    assert!(active_in_jira(&sandbox, "712020:sus").await);
    let seat = Change::AddMember { group: "g-users".to_owned(), user: "712020:root".to_owned() };
    sandbox.edit(&seat).unwrap();
    assert_eq!(user("POST", "712020:eve/restore").await, 400, "there is no seat left");
    assert_eq!(user("POST", "712020:gone/suspend").await, 404);
    assert_eq!(user("DELETE", "712020:sus").await, 204);
    assert_eq!(user("DELETE", "712020:sus").await, 404);
    assert!(!sandbox.state().groups["g-users"].members.contains("712020:sus"));
    assert_eq!(user("POST", "712020:eve/restore").await, 204);
}

#[tokio::test]
async fn the_organization_is_not_found_by_its_key_and_knows_its_domains() {
    let sandbox = acme();
    let orgs = org(&sandbox, "GET", "/admin/v1/orgs", Value::Null).await;
    assert_eq!(orgs.json()["data"], json!([]));
    let directories = org(&sandbox, "GET", "/admin/v2/orgs/o-1/directories", Value::Null).await;
    assert_eq!(column(&directories, "directoryId"), ["d-1"]);
    let path = "/admin/v2/orgs/o-1/directories?accountId=712020:gone";
    assert_eq!(org(&sandbox, "GET", path, Value::Null).await.json()["data"], json!([]));
    let verified = async || {
        let domains = org(&sandbox, "GET", "/admin/v1/orgs/o-1/domains", Value::Null).await.json();
        let rows = domains["data"].as_array().unwrap().clone();
        let pair = |row: &Value| {
            let attributes = &row["attributes"];
            format!("{} {}", attributes["name"], attributes["claim"]["status"]).replace('"', "")
        };
        rows.iter().map(pair).collect::<Vec<_>>()
    };
    assert_eq!(verified().await, ["acme.com verified", "acme.example unverified"]);
    sandbox.edit(&Change::SetDomain { domain: "Acme.Example".to_owned(), verified: true }).unwrap();
    assert_eq!(verified().await, ["acme.com verified", "acme.example verified"]);
    for number in 0..60 {
        let domain = format!("d{number}.example");
        sandbox.edit(&Change::SetDomain { domain, verified: true }).unwrap();
    }
    let first = org(&sandbox, "GET", "/admin/v1/orgs/o-1/domains", Value::Null).await.json();
    let next = first["links"]["next"].as_str().unwrap().replace("http://127.0.0.1:8080", "");
    let second = org(&sandbox, "GET", &next, Value::Null).await;
    assert_eq!(second.json()["data"].as_array().unwrap().len(), 12, "a URL, as everywhere in v1: {next}");
}

#[tokio::test]
async fn a_limit_of_the_tests_own_is_answered_in_the_gateways_shape() {
    let options = |limits| Options { limits, ..Options::default() };
    let sandbox = Sandbox::new(&Seed::parse(ACME).unwrap(), &options(Limits::PerSecond(1))).unwrap();
    assert_eq!(find(&sandbox, "d-1", json!({})).await.status, 200);
    let limited = find(&sandbox, "d-1", json!({})).await;
    assert_eq!((limited.status.as_u16(), limited.json()["code"].clone()), (429, json!(429)));
    let sandbox = Sandbox::new(&Seed::parse(ACME).unwrap(), &options(Limits::Atlassian)).unwrap();
    for _ in 0..150 {
        assert_eq!(find(&sandbox, "d-1", json!({ "limit": 1 })).await.status, 200, "none is known");
    }
}

#[tokio::test]
async fn workspaces_are_the_apps_of_the_site() {
    const PATH: &str = "/admin/v2/orgs/o-1/workspaces";
    let mut seed = Seed::parse(ACME).unwrap();
    for number in 0..24 {
        seed.apps.push(SeedApp { key: format!("app-{number:02}"), ..SeedApp::default() });
    }
    seed.credentials.extend(
        Seed::parse("credentials: [{ org-api-key: { key: w, scopes: [\"read:workspaces:admin\"] } }]")
            .unwrap()
            .credentials,
    );
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let ask = async |body: Value| org(&sandbox, "POST", PATH, body).await;
    let first = ask(Value::Null).await;
    assert_eq!(column(&first, "id").len(), 20, "20 unless told otherwise: {}", first.text);
    let next = first.json()["links"]["next"].clone();
    let second = ask(json!({ "cursor": next })).await.json();
    let row = &second["data"][4];
    assert_eq!((second["data"].as_array().unwrap().len(), &second["links"]), (5, &json!({})));
    assert_eq!(row["id"], "ari:cloud:jira-software::site/11111111-2222-5333-8444-555555555555");
    let said = ["typeKey", "hostUrl", "name", "status"].map(|key| row["attributes"][key].as_str().unwrap());
    assert_eq!(said, ["jira-software", "https://acme.atlassian.net", "acme", "online"]);
    assert_eq!(column(&ask(json!({ "limit": 1000 })).await, "id").len(), 25);
    let refused = ask(json!({ "cursor": next, "limit": 20 })).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("ADMIN-400-4")));
    for (body, status) in [
        (json!({ "cursor": "no cursor" }), 400),
        (json!({ "limit": 0 }), 400),
        (json!({ "limit": 1001 }), 400),
        (json!([]), 400),
        (json!({ "query": { "and": [] } }), 501),
        (json!({ "query": null, "cursor": null }), 200),
    ] {
        assert_eq!(ask(body.clone()).await.status.as_u16(), status, "{body}");
    }
    assert_eq!(org(&sandbox, "POST", "/admin/v2/orgs/o-2/workspaces", Value::Null).await.status, 404);
    for (key, status, answer) in [
        ("wrong", 401, json!({ "code": 401, "message": "Unauthorized" })),
        ("scim-key", 401, json!({ "code": 401, "message": "Unauthorized" })),
        ("w", 200, Value::Null),
    ] {
        let answered = ask_with(&sandbox, key, "POST", PATH, Value::Null).await;
        assert_eq!(answered.status.as_u16(), status, "{key}: {}", answered.text);
        assert!(answer.is_null() || answered.json() == answer, "{key}: {}", answered.text);
    }
    let narrow = ask_with(&sandbox, "read-key", "POST", PATH, Value::Null).await;
    assert_eq!(code(&narrow), (401, "ADMIN-401-2".to_owned()), "the scope is its own");
}
