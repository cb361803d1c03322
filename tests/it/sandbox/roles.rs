//! Roles of groups in apps, as the organization shows, assigns and revokes them (docs/atlassian.md#roles-of-groups).

use std::time::Duration;

use rollbook::sandbox::{Change, Grant, Grants, Options, Sandbox, Seed, SeedApp};
use serde_json::{Value, json};

use crate::sandbox::Answered;
use crate::sandbox::organization::{ACME, DIRECTORY, acme, ask_with, column, org};

/// The resource of an app of the site.
fn resource(app: &str) -> String {
    format!("ari:cloud:{app}::site/11111111-2222-5333-8444-555555555555")
}

fn assignments(group: &str) -> String {
    format!("{DIRECTORY}/groups/{group}/role-assignments")
}

async fn roles(sandbox: &Sandbox, group: &str) -> Value {
    org(sandbox, "GET", &assignments(group), Value::Null).await.json()["data"].clone()
}

async fn set(sandbox: &Sandbox, how: &str, group: &str, app: &str, role: &str) -> Answered {
    let body = json!({ "resourceId": resource(app), "roleId": format!("atlassian/{role}") });
    org(sandbox, "POST", &format!("{}/{how}", assignments(group)), body).await
}

#[tokio::test]
async fn a_group_shows_its_roles_and_what_it_is_the_default_of() {
    let sandbox = acme();
    let user = json!([{
        "resourceId": resource("jira-software"),
        "resourceOwner": "jira-software",
        "roles": ["atlassian/user"],
        "defaultRole": "atlassian/user",
    }]);
    assert_eq!(roles(&sandbox, "g-users").await, user);
    assert_eq!(roles(&sandbox, "g-okta").await, json!([]));
    let by = |filter: &str| format!("{}?{filter}", assignments("g-users"));
    for (query, rows) in [
        ("roleIds=atlassian/admin", 0),
        ("roleIds=atlassian/admin&roleIds=atlassian/user", 1),
        ("resourceOwners=confluence", 0),
        ("resourceIds=ari:cloud:confluence::site/1,ari:cloud:x::site/2", 0),
        ("limit=1", 1),
    ] {
        let answer = org(&sandbox, "GET", &by(query), Value::Null).await;
        assert_eq!(answer.json()["data"].as_array().map(Vec::len), Some(rows), "{query}: {}", answer.text);
    }
    for (path, status) in [
        (by("limit=0"), 400),
        (by("roleIds=atlassian/queen"), 400),
        (by("cursor=none"), 400),
        (assignments("gone"), 404),
        (assignments("g-system"), 404),
    ] {
        assert_eq!(org(&sandbox, "GET", &path, Value::Null).await.status.as_u16(), status, "{path}");
    }
    let read = ask_with(&sandbox, "read-key", "GET", &assignments("g-users"), Value::Null).await;
    assert_eq!(read.status, 200, "a key that reads the directory reads roles");
}

#[tokio::test]
async fn a_person_shows_roles_and_how_each_came_about() {
    let mut seed = Seed::parse(ACME).unwrap();
    seed.apps.push(SeedApp { key: "confluence".into(), seats: Some(1), ..SeedApp::default() });
    for (index, app, grants) in
        [(1, "jira-software", [Grant::User, Grant::Admin]), (2, "confluence", [Grant::User, Grant::Guest])]
    {
        seed.users[index].grants = [(app.to_owned(), Grants(grants.into()))].into();
    }
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let shown = async |account: &str, query: &str| {
        let path = format!("{DIRECTORY}/users/712020:{account}/role-assignments{query}");
        org(&sandbox, "GET", &path, Value::Null).await.json()["data"].clone()
    };
    let row = |app: &str, roles: &[(&str, &[&str])]| {
        let ids: Vec<String> = roles.iter().map(|(role, _)| format!("atlassian/{role}")).collect();
        let method = |(role, methods): &(&str, &[&str])| json!({ "role": format!("atlassian/{role}"), "roleAssignmentMethods": methods });
        let assignments: Vec<Value> = roles.iter().map(method).collect();
        json!({
            "directoryId": "d-1", "resourceId": resource(app), "resourceOwner": app, "roles": ids,
            "roleAssignments": assignments, "userDirectoryStatus": "active",
        })
    };
    let ada = row("jira-software", &[("user", &["direct", "group_direct"]), ("admin", &["direct"])]);
    assert_eq!(shown("ada", "").await, json!([ada]));
    let by_both = row("confluence", &[("user", &["direct"]), ("guest", &["direct"])]);
    let by_group = row("jira-software", &[("user", &["group_direct"])]);
    assert_eq!(shown("eve", "").await, json!([by_both, by_group]));
    assert_eq!(shown("eve", "?resourceOwners=confluence").await, json!([by_both]));
    assert_eq!(shown("root", "").await, json!([]));
    let holders = async |body: Value| {
        let answer = org(&sandbox, "POST", &format!("{DIRECTORY}/users/search"), body).await;
        column(&answer, "name")
    };
    let of = |app: &str, role: &str| json!({ "resourceIds": [resource(app)], "roleIds": [format!("atlassian/{role}")] });
    assert_eq!(holders(of("jira-software", "admin")).await, ["Ada"]);
    assert_eq!(holders(of("jira-software", "user")).await, ["Ada", "Eve", "Sus"]);
    assert_eq!(holders(of("confluence", "admin")).await, [""; 0]);
    assert_eq!(holders(json!({ "resourceIds": [resource("confluence")] })).await, ["Eve"]);
    // Who holds the app directly takes a seat, and loses everything when removed.
    assert_eq!(set(&sandbox, "assign", "g-admins", "confluence", "user").await.status, 409);
    assert_eq!(
        org(&sandbox, "DELETE", &format!("{DIRECTORY}/users/712020:eve"), Value::Null).await.status,
        204
    );
    assert_eq!(set(&sandbox, "assign", "g-admins", "confluence", "user").await.status, 200);
}

#[tokio::test]
async fn assigning_is_an_upsert_and_mails_those_who_come_to_the_app() {
    let mut seed = Seed::parse(ACME).unwrap();
    seed.apps[0].seats = Some(4);
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    for _ in 0..2 {
        let done = set(&sandbox, "assign", "g-okta", "jira-software", "user").await;
        assert_eq!((done.status.as_u16(), done.text.as_str()), (200, ""), "also where it is there already");
    }
    assert!(sandbox.mails().is_empty(), "Ada has the app, and Off is not active");
    assert_eq!(set(&sandbox, "assign", "g-admins", "jira-software", "user").await.status, 200);
    assert_eq!(sandbox.mails(), ["712020:root"], "no bot");
    assert_eq!(set(&sandbox, "assign", "g-admins", "jira-software", "admin").await.status, 200);
    assert_eq!(
        roles(&sandbox, "g-admins").await[0]["roles"],
        json!(["atlassian/user", "atlassian/admin"]),
        "one role does not replace the other"
    );
    assert_eq!(sandbox.mails().len(), 1, "an administrator gets no seat and no mail");
    assert_eq!(set(&sandbox, "revoke", "g-admins", "jira-software", "user").await.status, 204);
    assert_eq!(set(&sandbox, "revoke", "g-admins", "jira-software", "user").await.status, 404);
    assert_eq!(roles(&sandbox, "g-admins").await[0]["roles"], json!(["atlassian/admin"]));
    assert_eq!(set(&sandbox, "revoke", "g-users", "jira-software", "user").await.status, 204);
    assert_eq!(
        roles(&sandbox, "g-users").await,
        json!([]),
        "and the app has it as a default group no longer"
    );
    let again = Seed::parse(&sandbox.to_seed().to_yaml().unwrap()).unwrap();
    assert_eq!(again, sandbox.to_seed(), "several roles are written and read");
}

#[tokio::test]
async fn what_cannot_be_assigned_is_refused() {
    let mut seed = Seed::parse(ACME).unwrap();
    seed.apps.push(SeedApp { key: "confluence".to_owned(), ..SeedApp::default() });
    seed.apps[0].seats = Some(2);
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let full = set(&sandbox, "assign", "g-admins", "jira-software", "user").await;
    assert_eq!(full.status, 409);
    assert!(full.text.contains("exceeded your user limit"), "{}", full.text);
    assert!(sandbox.mails().is_empty() && roles(&sandbox, "g-admins").await == json!([]));
    for (group, app, role, status) in [
        ("g-empty", "jira-software", "guest", 400),
        ("g-empty", "confluence", "guest", 200),
        ("g-empty", "jira-software", "ai-access", 400),
        ("g-empty", "jira-software", "queen", 400),
        ("g-empty", "loom", "user", 400),
        ("g-team", "confluence", "user", 403),
        ("gone", "confluence", "user", 404),
    ] {
        let answer = set(&sandbox, "assign", group, app, role).await;
        assert_eq!(answer.status.as_u16(), status, "{group} {app} {role}: {}", answer.text);
    }
    let path = format!("{}/assign", assignments("g-empty"));
    for body in
        [json!({ "role": "atlassian/user" }), json!({ "resourceId": resource("confluence") }), json!([])]
    {
        assert_eq!(org(&sandbox, "POST", &path, body.clone()).await.status, 400, "{body}");
    }
    let body = json!({ "resourceId": resource("confluence"), "roleId": "atlassian/user" });
    let narrow = ask_with(&sandbox, "read-key", "POST", &path, body).await;
    assert_eq!(narrow.status, 401, "a key with scopes writes nothing");
}

#[tokio::test]
async fn groups_are_found_by_what_they_give() {
    let sandbox = acme();
    let grant = |group: &str, role| Change::SetGrant {
        group: group.to_owned(),
        app: "jira-software".to_owned(),
        role,
        held: true,
    };
    sandbox.edit(&grant("g-admins", Grant::Admin)).unwrap();
    sandbox.edit(&grant("g-okta", Grant::User)).unwrap();
    let search = format!("{DIRECTORY}/groups/search");
    let jira = resource("jira-software");
    for (body, ids) in [
        (json!({ "resourceIds": [jira], "roleIds": ["atlassian/user"] }), vec!["g-users", "g-okta"]),
        (json!({ "resourceIds": [jira], "roleIds": ["atlassian/admin"] }), vec!["g-admins"]),
        (json!({ "resourceIds": [jira] }), vec!["g-users", "g-okta", "g-admins"]),
        (json!({ "resourceOwners": ["jira-software"], "roleIds": ["atlassian/guest"] }), vec![]),
        (json!({ "resourceIds": ["ari:cloud:loom::site/1"] }), vec![]),
    ] {
        let found = org(&sandbox, "POST", &search, body.clone()).await;
        assert_eq!(column(&found, "id"), ids, "{body}");
    }
    let wrong = json!({ "roleIds": ["atlassian/queen"] });
    assert_eq!(org(&sandbox, "POST", &search, wrong).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn reads_see_a_role_after_a_while() {
    let options = Options { lag: Duration::from_secs(35), ..Options::default() };
    let sandbox = Sandbox::new(&Seed::parse(ACME).unwrap(), &options).unwrap();
    assert_eq!(set(&sandbox, "assign", "g-okta", "jira-software", "user").await.status, 200);
    tokio::time::sleep(Duration::from_secs(34)).await;
    assert_eq!(roles(&sandbox, "g-okta").await, json!([]), "no read shows it yet");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(roles(&sandbox, "g-okta").await.as_array().map(Vec::len), Some(1));
}
