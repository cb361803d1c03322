//! The surface `organization` against small routers in this process.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use rollbook::atlassian::organization::{INVITATIONS, Invite};
use rollbook::atlassian::{
    Client, Credential, CredentialKind, Error, Fault, Jira, MadeIds, Management, Organization, SendError,
    SendKind, Sending, SetupError, TokenKind, WriteOutcome,
};
use rollbook::model::{
    AccountId, App, Claim, Email, ErrorExt as _, GroupId, GroupManager, GroupName, IncompleteRead, Operation,
    PlatformRole, Ref, SurfaceIds, UserSource, UserStatus,
};
use serde_json::{Value, json};

use crate::atlassian::{Peer, Seen, TOKEN, basic, client_with, json as answer};

pub(crate) fn key() -> Credential {
    Credential::ApiKey(TOKEN.to_owned().into())
}

pub(crate) fn organization(router: Router) -> Organization {
    Organization::new(Arc::new(client_with(router, key())), "org", Some("dir".into()))
}

fn body(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap_or_default()
}

/// What a request asks for, by the last parts of its path.
fn call(seen: &Seen) -> &str {
    let path = seen.uri.path();
    path.match_indices('/').rev().nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

fn ok(value: &Value) -> Response {
    answer(200, &value.to_string())
}

fn ids(users: &[rollbook::model::OrganizationUser]) -> Vec<&str> {
    users.iter().map(|user| user.account.as_str()).collect()
}

fn emails(count: usize) -> Vec<Email> {
    (0..count).map(|at| Email::parse(&format!("u{at:05}@acme.com")).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_emails_are_a_hundred_requests() {
    let peer = Peer::default();
    let org = organization(peer.router(|seen| {
        let asked = body(seen);
        let asked = asked["emails"].as_array().unwrap().clone();
        assert!(asked.len() <= 100);
        let rows: Vec<Value> =
            asked.iter().map(|email| json!({ "accountId": format!("id-{email}"), "email": email })).collect();
        ok(&json!({ "data": rows, "links": { "self": "x" } }))
    }));
    let mut asked = emails(10_000);
    asked.push(Email::parse("U00000@ACME.com").unwrap());
    let found = org.find_by_email(&asked).await.unwrap();
    assert_eq!(found.len(), 10_000);
    let lines = peer.lines();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines[0], "POST api.atlassian.com/admin/v2/orgs/org/directories/-/users/search");
    assert_eq!(peer.seen.lock().unwrap()[0].headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(org.find_by_email(&[]).await.unwrap().is_empty());
    assert_eq!(peer.lines().len(), 100, "nothing to ask asks nothing");
}

#[tokio::test]
async fn people_are_shown_with_all_that_is_known_of_them() {
    let org = organization(Peer::default().router(|_| {
        ok(&json!({ "data": [
            { "accountId": "a", "email": "Ada@acme.com", "name": "Ada", "accountStatus": "active",
              "membershipStatus": "active", "status": "active", "claimStatus": "managed",
              "managementSource": "synced", "platformRoles": ["atlassian/org-admin", "atlassian/new"] },
            { "accountId": "b", "accountStatus": "closed", "status": "deactivated", "managementSource": null },
            { "accountId": "c", "email": "", "accountStatus": "active", "membershipStatus": "suspended" },
            { "accountId": "d", "email": "no email", "status": "from the future", "claimStatus": "unmanaged" },
            { "accountId": "e", "status": "for_deletion", "managementSource": "invited" },
            { "accountId": "f", "accountStatus": "active", "membershipStatus": "no_membership" }
        ]}))
    }));
    let found = org.find_by_email(&emails(1)).await.unwrap();
    let statuses: Vec<_> = found.iter().map(|user| user.status).collect();
    let expected = [
        UserStatus::Active,
        UserStatus::Closed,
        UserStatus::Suspended,
        UserStatus::NotReported,
        UserStatus::ForDeletion,
        UserStatus::NotInvited,
    ];
    assert_eq!(statuses, expected);
    assert_eq!(found[0].email, Email::parse("ada@acme.com").ok());
    assert_eq!((found[0].claim, found[0].source), (Claim::Managed, UserSource::Synced));
    assert!(found[0].roles.contains(&PlatformRole::OrganizationAdmin) && found[0].roles.len() == 2);
    assert!(found[1..].iter().all(|user| user.email.is_none()));
    let admins = org.with_role(&PlatformRole::OrganizationAdmin).await.unwrap();
    assert_eq!(ids(&admins), ["a"], "who is shown without the role does not count");
}

/// An organization with groups g00 to g24 of three members each, one person in all of them, in pages of two.
fn world(seen: &Seen) -> Response {
    let asked = body(seen);
    let groups: Vec<String> = asked["groupIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .filter(|id| id != "gone")
        .collect();
    if call(seen) == "groups/search" {
        let rows: Vec<Value> = groups
            .iter()
            .map(|id| json!({ "id": id, "name": id, "counts": { "users": if id == "empty" { 0 } else { 3 } } }))
            .collect();
        return ok(&json!({ "data": rows }));
    }
    let ari = |id: &str| json!({ "id": format!("ari:cloud:identity::group/{id}"), "name": null });
    let mut people =
        vec![json!({ "accountId": "all", "groups": groups.iter().map(|id| ari(id)).collect::<Vec<_>>() })];
    for id in groups.iter().filter(|id| id.starts_with('g')) {
        for n in 0..2 {
            people.push(json!({ "accountId": format!("{id}-{n}"), "groups": [ari(id), ari("other")] }));
        }
    }
    people[0]["groups"].as_array_mut().unwrap().retain(|group| group["id"].as_str().unwrap().contains("/g"));
    if groups.iter().all(|id| !id.starts_with('g')) {
        people.clear();
    }
    let start: usize = asked["cursor"].as_str().map_or(0, |cursor| cursor[1..].parse().unwrap());
    let end = (start + 2).min(people.len());
    let mut links = json!({ "self": format!("c{start}") });
    if end < people.len() {
        links["next"] = format!("c{end}").into();
    }
    ok(&json!({ "data": people[start..end], "links": links }))
}

#[tokio::test(start_paused = true)]
async fn members_come_by_ten_groups_and_every_page() {
    let peer = Peer::default();
    let org = organization(peer.router(world));
    let groups: Vec<GroupId> = (0..25).map(|at| GroupId::new(format!("g{at:02}"))).collect();
    let (members, users) = org.users_of_groups(&groups).await.unwrap();
    assert_eq!(members.len(), 25);
    for (group, listing) in &members {
        let shown: Vec<&str> = listing.iter().map(AccountId::as_str).collect();
        assert_eq!(shown, ["all".to_owned(), format!("{group}-0"), format!("{group}-1")]);
    }
    assert_eq!(users.len(), 51, "everybody once");
    let seen = peer.seen.lock().unwrap();
    assert_eq!(
        seen.len(),
        11 + 11 + 6 + 3,
        "21, 21 and 11 rows in pages of two, and a look at each ten groups"
    );
    assert!(seen.iter().all(|seen| body(seen)["groupIds"].as_array().unwrap().len() <= 10));
}

#[tokio::test]
async fn what_is_not_shown_is_not_read_and_not_empty() {
    let org = organization(Peer::default().router(world));
    let groups = ["empty", "gone", "hidden"].map(GroupId::new);
    let (members, _) = org.users_of_groups(&groups).await.unwrap();
    let shown: Vec<_> = members.iter().map(|(id, listing)| (id.as_str(), listing.len())).collect();
    assert_eq!(shown, [("empty", 0)], "`gone` is not a group, and `hidden` has three users that nobody sees");
}

#[tokio::test]
async fn people_outside_the_groups_that_were_asked_for_are_an_error() {
    for row in [json!({ "accountId": "a" }), json!({ "accountId": "a", "groups": [{ "id": "other" }] })] {
        let rows = json!({ "data": [row] });
        let org = organization(Peer::default().router(move |_| ok(&rows)));
        let error = org.users_of_groups(&["g"].map(GroupId::new)).await.unwrap_err();
        assert!(matches!(error.fault(), Some(Fault::Shape(_))), "{error}");
        assert!(org.groups_of_all(&["a"].map(AccountId::new)).await.is_err());
    }
}

/// Answers the pages of a chain in turn, again and again.
async fn chained(pages: Vec<Value>) -> Result<usize, Error> {
    let count = pages.len();
    let peer = Peer::default();
    let at = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let org = organization(peer.router(move |_| {
        let page = &pages[at.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % count];
        match page["status"].as_u64() {
            Some(status) => answer(u16::try_from(status).unwrap(), r#"{"errors":[{"code":"ADMIN-400-1"}]}"#),
            None => ok(page),
        }
    }));
    org.groups(None).await.map(|groups| groups.len())
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_breaks_off_is_never_a_listing() {
    let group = |id: &str| json!({ "id": id, "name": id });
    let page = |ids: &[&str], next: Value| json!({ "data": ids.iter().map(|id| group(id)).collect::<Vec<_>>(), "links": { "next": next } });
    let end = |ids: &[&str]| json!({ "data": ids.iter().map(|id| group(id)).collect::<Vec<_>>() });
    assert_eq!(chained(vec![end(&[])]).await.unwrap(), 0);
    assert_eq!(chained(vec![page(&["a"], "x".into()), page(&[], "y".into()), end(&["b"])]).await.unwrap(), 2);
    assert_eq!(chained(vec![page(&["a"], Value::Null)]).await.unwrap(), 1);
    assert_eq!(chained(vec![page(&["a"], "".into())]).await.unwrap(), 1, "an empty text is not a cursor");
    for cut in [
        vec![page(&["a"], "https://api.atlassian.com/admin/v2/x".into())],
        vec![page(&["a"], "x".into()), page(&[], "x".into())],
    ] {
        let error = chained(cut).await.unwrap_err();
        assert!(matches!(error.incomplete(), Some(IncompleteRead::Unended { .. })), "{error}");
    }
    let twice = chained(vec![page(&["a", "b"], "x".into()), end(&["b"])]).await.unwrap_err();
    assert!(twice.incomplete() == Some(&IncompleteRead::Repeated), "{twice}");
    let refused = chained(vec![page(&["a"], "x".into()), json!({ "status": 400 })]).await.unwrap_err();
    assert!(refused.to_string().contains("ADMIN-400-1"), "{refused}");
    let shape = chained(vec![json!({ "links": {} })]).await.unwrap_err();
    assert!(matches!(shape.fault(), Some(Fault::Shape(_))), "{shape}");
    let nameless = chained(vec![json!({ "data": [{ "id": "a", "name": "" }] })]).await.unwrap_err();
    assert!(matches!(nameless.fault(), Some(Fault::Shape(_))), "{nameless}");
}

#[tokio::test]
async fn the_cursor_of_a_url_is_taken_and_its_host_is_not() {
    let peer = Peer::default();
    let org = organization(peer.router(|seen| {
        let domain = |id: &str, status: &str| {
            json!({ "id": id, "type": "domains", "attributes": { "name": id, "claim": { "status": status } } })
        };
        match seen.uri.query() {
            None => ok(&json!({
                "data": [domain("Acme.com", "verified"), domain("old.com", "superseded")],
                "links": { "next": "https://evil.example.com/admin/v1/orgs/org/domains?cursor=a%2Fb%3D" },
            })),
            Some(_) => ok(&json!({ "data": [domain("acme.org", "verified")] })),
        }
    }));
    let domains = org.verified_domains().await.unwrap();
    assert_eq!(domains.iter().collect::<Vec<_>>(), ["acme.com", "acme.org"]);
    assert_eq!(peer.lines()[1], "GET api.atlassian.com/admin/v1/orgs/org/domains?cursor=a%2Fb%3D");
}

#[tokio::test]
async fn groups_say_who_may_change_them() {
    let peer = Peer::default();
    let org = organization(peer.router(|_| {
        ok(&json!({ "data": [
            { "id": "ari:cloud:identity::group/1-2", "name": "sre", "description": "", "externalSynced": true,
              "managedBy": "external", "managementAccess": { "readable": true, "modifiable": false, "deletable": false },
              "counts": { "users": 4 } },
            { "id": "3", "name": "SRE", "managedBy": "team-members" }
        ]}))
    }));
    let names = ["sre", "SRE", "other"].map(GroupName::new);
    let groups = org.groups(Some(&names)).await.unwrap();
    let groups: Vec<_> = groups.iter().collect();
    assert_eq!((groups[0].id.as_str(), groups[0].users, groups[0].modifiable), ("1-2", Some(4), Some(false)));
    assert_eq!((&groups[0].description, groups[0].external_synced), (&None, true));
    assert_eq!((groups[1].managed_by, groups[1].deletable), (GroupManager::TeamMembers, None));
    assert_eq!(
        body(&peer.seen.lock().unwrap()[0])["groupNames"].as_array().unwrap().len(),
        2,
        "case is folded"
    );
    let (live, all) = org.groups_of(&AccountId::new("a")).await.unwrap();
    assert_eq!((live.len(), all.len()), (2, 2));
    assert_eq!(live.memberships_of(&AccountId::new("a")).count(), 2);
}

#[tokio::test]
async fn the_directory_is_asked_for_once_and_has_to_be_the_only_one() {
    for (count, fits) in [(0, false), (1, true), (2, false)] {
        let peer = Peer::default();
        let router = peer.router(move |seen| match call(seen) {
            "org/directories" => {
                let rows: Vec<Value> =
                    (0..count).map(|at| json!({ "directoryId": format!("d{at}"), "name": "Main" })).collect();
                ok(&json!({ "data": rows }))
            }
            _ => ok(&json!({ "data": [] })),
        });
        let org = Organization::new(Arc::new(client_with(router, key())), "org", None);
        let (one, two) = (org.groups(None).await, org.groups(None).await);
        if fits {
            assert!(one.is_ok() && two.is_ok());
            let path = "api.atlassian.com/admin/v2/orgs/org/directories";
            let search = format!("POST {path}/d0/groups/search");
            assert_eq!(peer.lines(), [format!("GET {path}?limit=100"), search.clone(), search]);
        } else {
            let error = one.unwrap_err();
            assert!(error.help().unwrap().contains("`directory`"), "{error}");
            assert!(error.to_string().contains(&format!("{count} directories")), "{error}");
        }
    }
}

fn add() -> Operation {
    Operation::AddMember { group: Ref::Known(GroupId::new("g1")), account: Ref::Known(AccountId::new("a")) }
}

fn invite(email: &str) -> Operation {
    Operation::InviteUser {
        email: Email::parse(email).unwrap(),
        apps: vec![App::new("jira-software")],
        name: None,
        groups: vec![],
        defaults: Vec::new(),
        sends_mail: false,
    }
}

fn surface_ids() -> SurfaceIds {
    let resources = [(App::new("jira-software"), "ari:cloud:jira-software::site/1".to_owned())];
    SurfaceIds { resources: resources.into(), ..SurfaceIds::default() }
}

fn shown(outcome: Result<WriteOutcome, Error>) -> String {
    match outcome {
        Ok(WriteOutcome::Done { made }) => format!("done {}", json!(made)),
        Ok(WriteOutcome::ReportedUnchanged { text }) => format!("claims satisfied: {text}"),
        Ok(WriteOutcome::Refused(error)) => {
            format!("refused: {error} | {}", error.help().unwrap_or("no help".to_owned()))
        }
        Err(error) => format!("lost={}: {error}", error.answer_lost()),
    }
}

#[tokio::test(start_paused = true)]
async fn says_what_became_of_a_write() {
    let errors = |code: &str, title: &str| {
        format!(
            r#"{{"errors":[{{"id":"1","status":"409","code":"{code}","title":"{title}","detail":null}}]}}"#
        )
    };
    let create = || Operation::CreateGroup { name: GroupName::new("sre"), description: None };
    let delete = || Operation::DeleteGroup { group: GroupId::new("g"), members: vec![] };
    let mut table = Vec::new();
    for (operation, status, body) in [
        (add(), 204, String::new()),
        (add(), 409, String::new()),
        (add(), 409, errors("ADMIN-409-28", "Conflict")),
        (add(), 409, errors("ADMIN-UAM-409-2", "Conflict")),
        (add(), 409, errors("ADMIN-409-3", "License limit exceeded")),
        (add(), 403, errors("ADMIN-403-5", "Not allowed to manage the group")),
        (add(), 404, errors("ADMIN-404-8", "User not found")),
        (add(), 404, "no JSON".to_owned()),
        (add(), 401, errors("ADMIN-401-2", "INSUFFICIENT_SCOPE")),
        (add(), 401, r#"{"code":401,"message":"Unauthorized"}"#.to_owned()),
        (add(), 500, String::new()),
        (create(), 201, r#"{"id":"ari:cloud:identity::group/n-1"}"#.to_owned()),
        (create(), 201, r#"{"data":{"id":"n-2","name":"sre"}}"#.to_owned()),
        (create(), 201, String::new()),
        (create(), 409, errors("ADMIN-409-28", "Conflict")),
        (delete(), 204, String::new()),
        (delete(), 403, errors("ADMIN-403-6", "Not allowed to delete group with default-role attribute")),
        (
            Operation::RemoveUser { account: AccountId::new("a"), memberships: vec![], was_active: true },
            204,
            String::new(),
        ),
    ] {
        let name = format!("{operation:?}").split([' ', '{']).next().unwrap().to_owned();
        let (sent, sent_body) = (status, body.clone());
        let org = organization(Peer::default().router(move |seen| match call(seen) {
            "groups/search" => ok(&json!({ "data": [] })),
            _ => answer(status, &body),
        }));
        let outcome =
            org.write(&operation, &MadeIds::default(), &surface_ids(), &mut Sending::default()).await;
        table.push(format!("{name} {sent} {sent_body}\n  {}", shown(outcome)));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn a_group_that_was_made_without_a_word_is_looked_for() {
    let org = organization(Peer::default().router(|seen| match call(seen) {
        "groups/search" => {
            ok(&json!({ "data": [{ "id": "x", "name": "SRE" }, { "id": "n", "name": "sre" }] }))
        }
        _ => answer(201, ""),
    }));
    let create = Operation::CreateGroup { name: GroupName::new("sre"), description: None };
    let outcome =
        org.write(&create, &MadeIds::default(), &SurfaceIds::default(), &mut Sending::default()).await;
    assert_eq!(shown(outcome), r#"done {"group":"n"}"#);
}

#[tokio::test]
async fn invitations_go_by_25_and_are_read_item_by_item() {
    let peer = Peer::default();
    let org = organization(peer.router(|seen| {
        let asked = body(seen);
        let item = |email: &Value, results: Value| json!({ "email": email, "id": format!("id-{}", email.as_str().unwrap()), "results": results });
        let rows: Vec<Value> = asked["emails"].as_array().unwrap().iter().filter_map(|email| {
            let good = json!({ "roleAssignmentResult": [{ "resource": "ari:x", "status": "INVITED" }] });
            let bad = json!({ "groupAssignmentResult": [{ "group": "g", "status": "ERROR", "statusReason": "no seat" }] });
            match email.as_str().unwrap() {
                "gone@acme.com" => None,
                "bad@acme.com" => Some(item(email, json!([bad]))),
                "half@acme.com" => Some(item(email, json!([good, bad]))),
                "Case@Acme.com" => Some(item(&json!("case@acme.com"), json!([good]))),
                _ => Some(item(email, json!([good]))),
            }
        }).collect();
        answer(206, &json!({ "data": rows }).to_string())
    }));
    let mut operations = vec![
        invite("gone@acme.com"),
        invite("bad@acme.com"),
        invite("half@acme.com"),
        invite("Case@Acme.com"),
    ];
    operations.extend((0..30).map(|at| invite(&format!("u{at}@acme.com"))));
    let mut came = Vec::new();
    let invites: Vec<Invite> = operations.iter().filter_map(Invite::of).collect();
    for batch in invites.chunks(INVITATIONS) {
        came.extend(org.invite(batch, &MadeIds::default(), &surface_ids(), &mut Sending::default()).await);
    }
    assert_eq!(came.len(), 34);
    let shown: Vec<String> = came.into_iter().map(shown).collect();
    insta::assert_snapshot!(shown[..5].join("\n"));
    assert_eq!(shown[33], r#"done {"account":"id-u29@acme.com"}"#);
    let sizes: Vec<_> =
        peer.seen.lock().unwrap().iter().map(|seen| body(seen)["emails"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [25, 9]);
}

fn is_foreign(error: &Error) -> bool {
    matches!(error, Error::Send(SendError { kind: SendKind::ForeignCredential, .. }))
}

#[tokio::test]
async fn every_credential_goes_to_its_own_api_alone() {
    let directory = Credential::DirectoryKey(TOKEN.to_owned().into());
    for credential in [
        basic(TokenKind::Classic),
        basic(TokenKind::Scoped),
        Credential::Bearer(TOKEN.to_owned().into()),
        directory.clone(),
    ] {
        let peer = Peer::default();
        let client = Arc::new(client_with(peer.router(|_| answer(200, "{}")), credential));
        let org = Organization::new(Arc::clone(&client), "org", Some("dir".into()));
        let error = org.verified_domains().await.unwrap_err();
        assert!(is_foreign(&error), "{error}");
        assert!(error.help().unwrap().contains("ROLLBOOK_ORG_API_KEY"));
        assert!(
            org.write(&add(), &MadeIds::default(), &surface_ids(), &mut Sending::default()).await.is_err()
        );
        assert!(Management::new(client).privileges(&AccountId::new("a")).await.is_err());
        assert!(peer.lines().is_empty(), "nothing was sent");
    }
    for credential in [key(), directory] {
        let peer = Peer::default();
        let jira = Jira::new(client_with(peer.router(|_| answer(200, "[]")), credential));
        assert!(is_foreign(&jira.groups().await.unwrap_err()));
        assert!(peer.lines().is_empty(), "nothing was sent");
    }
    assert_eq!(key().kind(), CredentialKind::ApiKey);
}

#[tokio::test(start_paused = true)]
async fn a_limit_names_its_end_in_one_header_and_has_two_bodies() {
    for body in [
        r#"{"code":429,"message":"Rate limit exceeded"}"#,
        r#"{"errors":[{"code":"ADMIN-429-1","title":"Rate limit exceeded"}]}"#,
    ] {
        let peer = Peer::default();
        let first = std::sync::atomic::AtomicBool::new(true);
        let first = Arc::new(first);
        let org = organization(peer.router(move |_| {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                return (
                    axum::http::StatusCode::TOO_MANY_REQUESTS,
                    [("x-ratelimit-reset", "2026-11-22T10:02Z")],
                    body,
                )
                    .into_response();
            }
            ok(&json!({ "data": [] }))
        }));
        let start = tokio::time::Instant::now();
        org.verified_domains().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 120);
        let always = organization(Peer::default().router(move |_| answer(429, body)));
        let error = always.verified_domains().await.unwrap_err();
        assert!(
            matches!(error.fault(), Some(Fault::Limited(_)))
                && error.to_string().contains("Rate limit exceeded"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_never_shown() {
    for status in [200, 302, 401, 403, 404, 500] {
        let org = organization(Peer::default().router(move |seen| {
            answer(status, &format!("{} {}", seen.headers["authorization"].to_str().unwrap(), seen.body))
        }));
        let read = org.verified_domains().await.unwrap_err();
        let written = org.write(&add(), &MadeIds::default(), &surface_ids(), &mut Sending::default()).await;
        let shown = format!("{org:?} {:?} {read} {read:?} {written:?} {:?}", org.client(), key());
        assert!(!shown.contains(TOKEN), "{shown}");
    }
    let client: Result<Client, _> = Client::in_process(
        Router::new(),
        crate::atlassian::acme(),
        Credential::ApiKey("a\nb".to_owned().into()),
        crate::atlassian::options(),
    );
    assert!(matches!(client, Err(SetupError::Credential)));
}
