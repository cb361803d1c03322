//! Reads of the surface `organization` against the sandbox in this process, and the workspaces against small routers.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::collections::BTreeSet;
use std::sync::Arc;

use rollbook::atlassian::{Credential, Fault, Jira, Organization, Surfaces, TokenKind};
use rollbook::fetch;
use rollbook::model::{
    Access, AccountId, App, ErrorExt as _, GroupId, GroupRoles, IncompleteRead, OrganizationGroup,
    OrganizationUser, PlatformRole, Role, Surface,
};
use rollbook::sandbox::{Options, PlatformRole as SeedRole, Sandbox, Seed, SeedApp, SeedGroup, SeedUser};
use serde_json::{Value, json};

use crate::atlassian::organization::organization as surface;
use crate::atlassian::{Peer, client_with, json as answer};
use crate::sandbox::organization::ACME;

/// The organization of [`ACME`] with so many more people, each in a group of their own, and so many more apps.
fn crowded(people: usize, apps: usize) -> Sandbox {
    let mut seed = Seed::parse(ACME).unwrap();
    for number in 0..people {
        let (email, id) = (format!("p{number:03}@acme.com"), format!("p{number:03}"));
        seed.users.push(SeedUser { email: Some(email), account_id: Some(id.clone()), ..SeedUser::default() });
        let (name, id, members) = (format!("G {id}"), Some(format!("g-{id}")), vec![id]);
        seed.groups.push(SeedGroup { name, id, members, ..SeedGroup::default() });
    }
    for number in 0..apps {
        seed.apps.push(SeedApp { key: format!("app-{number:03}"), ..SeedApp::default() });
    }
    Sandbox::new(&seed, &Options::default()).unwrap()
}

fn with_key(sandbox: &Sandbox, key: &str) -> Organization {
    let client = client_with(sandbox.router(), Credential::ApiKey(key.to_owned().into()));
    Organization::new(Arc::new(client), "o-1", Some("d-1".into()))
}

fn of(sandbox: &Sandbox) -> Organization {
    with_key(sandbox, "org-key")
}

/// How often a route was answered with 200.
fn asked(sandbox: &Sandbox, route: &str) -> u64 {
    let requests = serde_json::to_value(sandbox.requests()).unwrap();
    requests["counts"][format!("POST {route}")]["200"].as_u64().unwrap_or_default()
}

const USERS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";
const GROUPS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search";
const WORKSPACES: &str = "/admin/v2/orgs/{orgId}/workspaces";

fn user<'a>(users: &'a [OrganizationUser], id: &str) -> &'a OrganizationUser {
    users.iter().find(|user| user.account.as_str() == id).unwrap()
}

#[tokio::test]
async fn a_group_shows_its_roles_in_the_apps_of_the_site() {
    let sandbox = of(&crowded(0, 0));
    let resources = sandbox.resources("https://acme.atlassian.net").await.unwrap();
    let jira = App::new("jira-software");
    let access = |role: &str| Access { app: jira.clone(), role: Role::new(role) };
    let GroupRoles { held, defaults, undeclarable } =
        sandbox.roles_of(&GroupId::new("g-users"), &resources).await.unwrap();
    assert_eq!(undeclarable, BTreeSet::new());
    assert_eq!(held.iter().cloned().collect::<Vec<_>>(), [access("user")]);
    assert!(defaults.contains(&jira) && defaults.len() == 1, "{defaults:?}");
    let none = sandbox.roles_of(&GroupId::new("g-okta"), &resources).await.unwrap();
    assert_eq!(none.held.iter().count(), 0);
    // Another site's apps are kept apart.
    let elsewhere = [(jira.clone(), "ari:cloud:jira-software::site/other".to_owned())].into();
    let other = sandbox.roles_of(&GroupId::new("g-users"), &elsewhere).await.unwrap();
    assert_eq!((other.held.iter().count(), other.defaults.len()), (0, 0));
    let told: Vec<_> = other.undeclarable.iter().map(|it| (it.app.clone(), it.role.as_str())).collect();
    assert_eq!(told, [(None, "user")]);
    let counts = sandbox.counts_of_resources(&BTreeSet::new()).await.unwrap();
    assert_eq!(counts[&GroupId::new("g-users")], Some(1));
    assert_eq!(counts[&GroupId::new("g-okta")], Some(0));
    let asked = [GroupId::new("g-users"), GroupId::new("g-none")].into();
    assert_eq!(
        sandbox.counts_of_resources(&asked).await.unwrap(),
        [(GroupId::new("g-users"), Some(1))].into()
    );
    let found = sandbox.groups_with_roles(&[&resources[&jira]], &[Role::new("user")]).await.unwrap();
    assert!(found.contains(&GroupId::new("g-users")), "{found:?}");
    assert!(!found.contains(&GroupId::new("g-okta")), "{found:?}");
}

#[tokio::test]
async fn everybody_comes_by_a_hundred_a_page() {
    let sandbox = crowded(200, 0);
    let (accounts, users) = of(&sandbox).everybody().await.unwrap();
    // Of the seed's ten, the bot and those who left are not there.
    assert_eq!((accounts.len(), users.len()), (207, 207));
    assert!(accounts.iter().eq(users.iter().map(|user| &user.account)), "in one order");
    assert_eq!(asked(&sandbox, USERS), 3);
    let root = [PlatformRole::OrganizationAdmin, PlatformRole::SiteAdmin];
    assert_eq!(user(&users, "712020:root").roles, root.into());
    assert!(user(&users, "712020:eve").email.is_some(), "what Jira hides is shown");
}

#[tokio::test]
async fn who_holds_a_role_comes_by_a_hundred_a_page() {
    let mut seed = Seed::parse(ACME).unwrap();
    for number in 0..201 {
        let (email, account_id) = (format!("h{number:03}@acme.com"), format!("h{number:03}"));
        let (email, account_id) = (Some(email), Some(account_id));
        let roles = vec![SeedRole::UserAccessAdmin];
        seed.users.push(SeedUser { email, account_id, roles, ..SeedUser::default() });
    }
    let sandbox = Sandbox::new(&seed, &Options::default()).unwrap();
    let org = of(&sandbox);
    let access = org.with_role(&PlatformRole::UserAccessAdmin).await.unwrap();
    assert_eq!(access.len(), 201);
    assert_eq!(asked(&sandbox, USERS), 3, "the cursor goes on with the role");
    for role in [PlatformRole::OrganizationAdmin, PlatformRole::SiteAdmin] {
        let held = org.with_role(&role).await.unwrap();
        assert_eq!(held.len(), 1, "{role:?}");
        assert!(user(&held, "712020:root").roles.contains(&role));
    }
    let error = org.with_role(&PlatformRole::Other("atlassian/user".into())).await.unwrap_err();
    assert_eq!(error.status(), Some(501), "{error}");
}

#[tokio::test]
async fn a_role_that_nobody_holds_is_held_by_nobody() {
    let sandbox = crowded(120, 0);
    assert_eq!(of(&sandbox).with_role(&PlatformRole::UserAccessAdmin).await.unwrap(), Vec::new());
    assert_eq!(asked(&sandbox, USERS), 1);
}

#[tokio::test]
async fn groups_come_with_the_people_who_are_in_them() {
    let sandbox = crowded(23, 0);
    let mut ids: Vec<AccountId> = (0..23).map(|number| AccountId::new(format!("p{number:03}"))).collect();
    ids.extend(["712020:root", "712020:out", "712020:bot", "712020:gone", "nobody"].map(AccountId::new));
    ids.push(AccountId::new("p000"));
    let (groups, users) = of(&sandbox).groups_of_all(&ids).await.unwrap();
    assert_eq!((groups.len(), users.len()), (25, 25), "the bot, who left and nobody are not shown");
    assert!(groups.keys().eq(users.iter().map(|user| &user.account)));
    assert_eq!(asked(&sandbox, USERS), 3);
    let named = |id: &str| {
        let groups = groups[&AccountId::new(id)].iter();
        groups.map(|group| (group.id.as_str(), group.name.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(named("p007"), [("g-p007", "G p007")]);
    assert_eq!(named("712020:root"), [("g-admins", "site-admins")], "an admin group is not shown");
    assert_eq!(named("712020:out"), [], "in no group");
    assert!(user(&users, "712020:root").roles.contains(&PlatformRole::OrganizationAdmin));
    assert!(user(&users, "p000").roles.is_empty());
}

#[tokio::test]
async fn groups_come_by_ten_ids_and_who_is_not_shown_is_not_among_them() {
    let sandbox = crowded(21, 0);
    let mut ids: Vec<GroupId> = (0..21).map(|number| GroupId::new(format!("g-p{number:03}"))).collect();
    ids.extend(["g-okta", "g-system", "nothing", "g-okta"].map(GroupId::new));
    let org = of(&sandbox);
    let groups = org.groups_by_id(&ids).await.unwrap();
    assert_eq!((groups.len(), asked(&sandbox, GROUPS)), (22, 3));
    assert!(groups.iter().all(|(id, group)| *id == group.id && ids.contains(id)));
    let okta = &groups[&GroupId::new("g-okta")];
    assert_eq!((okta.external_synced, okta.modifiable, okta.users), (true, Some(false), Some(2)));
    assert!(org.groups_by_id(&[]).await.unwrap().is_empty());
    assert_eq!(asked(&sandbox, GROUPS), 3, "nothing to ask asks nothing");
}

#[tokio::test]
async fn groups_that_nobody_asked_for_are_left_out() {
    let org = surface(Peer::default().router(|_| {
        let rows = json!([{ "id": "ari:cloud:identity::group/a", "name": "a" }, { "id": "b", "name": "b" }]);
        answer(200, &json!({ "data": rows }).to_string())
    }));
    let groups = org.groups_by_id(&["a", "c"].map(GroupId::new)).await.unwrap();
    let names: Vec<_> = groups.into_values().map(|group: OrganizationGroup| group.name).collect();
    assert_eq!(names, ["a".into()]);
}

#[tokio::test]
async fn resources_are_those_of_the_site() {
    let sandbox = crowded(0, 150);
    let org = of(&sandbox);
    let resources = org.resources("ACME.atlassian.net").await.unwrap();
    assert_eq!((resources.len(), asked(&sandbox, WORKSPACES)), (151, 2));
    let jira = "ari:cloud:jira-software::site/11111111-2222-5333-8444-555555555555";
    assert_eq!(resources[&App::new("jira-software")], jira);
    assert!(org.resources("other.atlassian.net").await.unwrap().is_empty());
    assert!(org.resources("").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_site_is_known_by_its_host_alone() {
    let row = |id: &str, host: Value, key: Value| json!({ "id": id, "type": "workspace", "attributes": { "hostUrl": host, "typeKey": key } });
    let rows = json!([
        row("1", "https://ACME.atlassian.net/wiki/?a=b".into(), "confluence".into()),
        row("2", "https://acme.atlassian.net:443".into(), "jira-core".into()),
        row("3", "acme.atlassian.net".into(), "jira-software".into()),
        row("4", "https://acme.atlassian.net.evil.example".into(), "jira-software".into()),
        row("5", "https://acme.atlassian.net@evil.example/".into(), "jira-software".into()),
        row("6", "https://evil.example/acme.atlassian.net".into(), "jira-software".into()),
        row("7", "https://notacme.atlassian.net".into(), "jira-software".into()),
        row("8", "not an address".into(), "jira-software".into()),
        row("9", Value::Null, "trello".into()),
        row("10", "https://acme.atlassian.net".into(), "".into()),
        row("11", "https://acme.atlassian.net".into(), Value::Null),
        json!({ "id": "12" }),
    ]);
    let org = surface(Peer::default().router(move |_| answer(200, &json!({ "data": rows }).to_string())));
    for name in ["acme.atlassian.net", "https://acme.atlassian.net/"] {
        let resources = org.resources(name).await.unwrap();
        let shown: Vec<_> = resources.iter().map(|(app, id)| (app.as_str(), id.as_str())).collect();
        assert_eq!(shown, [("confluence", "1"), ("jira-core", "2"), ("jira-software", "3")], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn workspaces_that_do_not_come_whole_or_contradict_are_an_error() {
    let row = |id: &str| json!({ "id": id, "attributes": { "hostUrl": "https://acme.atlassian.net", "typeKey": "jira-software" } });
    let read = async |page: Value| {
        let org = surface(Peer::default().router(move |_| answer(200, &page.to_string())));
        org.resources("acme.atlassian.net").await
    };
    let twice = read(json!({ "data": [row("a"), row("b")] })).await.unwrap_err();
    assert!(matches!(twice.fault(), Some(Fault::Shape(_))), "{twice}");
    let nameless = read(json!({ "data": [row("")] })).await.unwrap_err();
    assert!(matches!(nameless.fault(), Some(Fault::Shape(_))), "{nameless}");
    for (page, why) in [
        (json!({ "data": [row("a")], "links": { "next": "://" } }), IncompleteRead::Unended { read: 1 }),
        (json!({ "data": [row("a")], "links": { "next": "c" } }), IncompleteRead::Repeated),
    ] {
        let error = read(page).await.unwrap_err();
        assert!(error.incomplete() == Some(&why), "{error}");
    }
}

#[tokio::test]
async fn beside_a_cursor_of_workspaces_nothing_is_sent() {
    let peer = Peer::default();
    let org = surface(peer.router(|seen| {
        let next = (!seen.body.contains("cursor"))
            .then_some("https://evil.example/admin/v2/orgs/org/workspaces?cursor=a%2Fb");
        answer(200, &json!({ "data": [], "links": { "next": next } }).to_string())
    }));
    assert!(org.resources("acme.atlassian.net").await.unwrap().is_empty());
    let bodies: Vec<_> = peer.seen.lock().unwrap().iter().map(|seen| seen.body.clone()).collect();
    assert_eq!(bodies, [r#"{"limit":100}"#, r#"{"cursor":"a/b"}"#]);
    assert!(peer.lines().iter().all(|line| line == "POST api.atlassian.com/admin/v2/orgs/org/workspaces"));
}

#[tokio::test]
async fn a_key_that_does_not_fit_reads_nothing() {
    let sandbox = crowded(0, 0);
    for key in ["old-key", "narrow-key", "scim-key", "wrong"] {
        let org = with_key(&sandbox, key);
        let ids = ["g-users"].map(GroupId::new);
        let errors = [
            org.everybody().await.err(),
            org.groups_by_id(&ids).await.err(),
            org.groups_of_all(&["712020:ada"].map(AccountId::new)).await.err(),
            org.resources("acme.atlassian.net").await.err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert_eq!(error.status(), Some(401), "{key}: {error}");
            assert!(error.help().is_some(), "{key}: {error}");
        }
    }
    let narrow = with_key(&sandbox, "read-key");
    assert_eq!(narrow.everybody().await.unwrap().0.len(), 7);
    let error = narrow.resources("acme.atlassian.net").await.unwrap_err();
    assert!(error.to_string().contains("lacks a scope"), "{error}");
}

/// The same site through both surfaces. The admin groups are not shown by the organization, and Jira reads them instead;
/// whom Jira hides, it shows.
#[tokio::test]
async fn members_through_the_organization_are_those_that_jira_shows() {
    let sandbox = crowded(30, 0);
    let root = Credential::Basic {
        email: "root@acme.com".into(),
        token: "root-token".to_owned().into(),
        kind: TokenKind::Classic,
    };
    let surfaces = Surfaces {
        jira: Some(Jira::new(client_with(sandbox.router(), root))),
        organization: Some(of(&sandbox)),
        ..Surfaces::default()
    };
    let ids = ["g-system", "g-users", "g-empty", "g-okta", "g-p000", "g-p029"].map(GroupId::from);
    let jira = fetch::members(&surfaces, Surface::Jira, &ids).await.unwrap();
    let before = asked(&sandbox, USERS);
    let organization = fetch::members(&surfaces, Surface::Organization, &ids).await.unwrap();
    assert!(asked(&sandbox, USERS) > before, "it was the organization that was asked");
    assert_eq!(jira.of, organization.of);
    assert_eq!(jira.of.len(), ids.len());
    let eve = AccountId::from("712020:eve");
    assert_eq!(
        (jira.accounts[&eve].email.is_some(), organization.accounts[&eve].email.is_some()),
        (false, true)
    );
    let keys = |members: &fetch::Members| members.accounts.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&jira), keys(&organization));
    // What both show of an account counts alike, whichever came first.
    let read = |surface| fetch::members(&surfaces, surface, &ids);
    for (first, second) in [(Surface::Jira, Surface::Organization), (Surface::Organization, Surface::Jira)] {
        let mut both = read(first).await.unwrap();
        both.take_in(read(second).await.unwrap());
        assert!(both.accounts[&eve].email.is_some(), "{first} first");
    }

    let alone = Surfaces { organization: Some(of(&sandbox)), ..Surfaces::default() };
    let alone = fetch::members(&alone, Surface::Organization, &ids).await.unwrap();
    assert!(!alone.of.contains_key(&ids[0]), "what nobody shows is not read, and not empty");
}
