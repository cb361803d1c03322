//! The surface `scim`: requests as values, and what is read and written through small routers in this process.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::response::Response;
use rollbook::atlassian::scim::{self, NewUser, RemoveShape};
use rollbook::atlassian::{Body, Credential, Error, Fault, Repeat, Request, Scim, Sending};
use rollbook::model::{AccountId, Authority, Email, ErrorExt as _, GroupName, IncompleteRead, ScimId};
use rollbook::sandbox::State;
use serde_json::{Value, json};

use crate::atlassian::{Peer, Seen, TOKEN, client_with, json as answer};

fn with_key(router: Router, key: &str, directory: &str) -> Scim {
    Scim::new(
        Arc::new(client_with(router, Credential::DirectoryKey(key.to_owned().into()))),
        directory,
        Authority::Rollbook,
    )
}

fn surface(router: Router) -> Scim {
    with_key(router, TOKEN, "dir")
}

fn ok(value: &Value) -> Response {
    answer(200, &value.to_string())
}

fn id(text: &str) -> ScimId {
    ScimId::new(text)
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn reads(text: &str) -> Vec<Request> {
    vec![
        scim::users(text, 1),
        scim::groups(text, 101),
        scim::user_named(text, &format!("a\"\\{text}"), 1),
        scim::group_named(text, &GroupName::new(text), 1),
        scim::group(text, &id(text)),
        scim::user(text, &id(text)),
    ]
}

fn writes(text: &str) -> Vec<Request> {
    let (group, user) = (id(text), id(text));
    let new = NewUser { email: &email("Ada@acme.com"), name: text, active: false };
    vec![
        scim::create_user(text, new),
        scim::create_group(text, &GroupName::new(text)),
        scim::set_active(text, &user, false),
        scim::set_name(text, &user, text),
        scim::add_members(text, &group, &[user.clone(), id("b")]),
        scim::remove_member(text, &group, &user, RemoveShape::Filter),
        scim::remove_member(text, &group, &user, RemoveShape::Value),
        scim::delete_group(text, &group),
    ]
}

#[test]
fn every_request_of_the_surface() {
    let shown = |request: &Request| {
        let body = match request.payload() {
            Body::Json(value) => format!(" {value}"),
            Body::Empty | Body::Secret { .. } => String::new(),
        };
        format!("{} {}{body}", request.method(), request.target().unwrap())
    };
    let requests: Vec<_> = reads("a").into_iter().chain(writes("a")).collect();
    insta::assert_snapshot!(requests.iter().map(shown).collect::<Vec<_>>().join("\n"));
    assert!(reads("a").iter().all(|request| request.repeatable() == Repeat::Safe));
    assert!(writes("a").iter().all(|request| request.repeatable() == Repeat::Never));
    assert!(requests.iter().all(|request| request.method() != Method::PUT));
    let deletes: Vec<_> = requests.iter().filter(|request| request.method() == Method::DELETE).collect();
    assert!(deletes.iter().all(|request| request.route().ends_with("/Groups/{id}")), "never a user");
}

#[test]
fn hostile_ids_stay_in_their_place() {
    let both = |text: &str| reads(text).into_iter().chain(writes(text)).collect::<Vec<_>>();
    for hostile in ["a/b", "a?b=c", "a#b", "../..", "100%", "a\" or userName eq \"b", "a\r\nHost: evil"] {
        for (request, plain) in both(hostile).iter().zip(both("a")) {
            let (target, plain) = (request.target().unwrap(), plain.target().unwrap());
            assert!(target.is_ascii() && !target.contains([' ', '#', '"', '\r', '\n']), "{target}");
            assert_eq!(target.matches(['/', '?', '&']).count(), plain.matches(['/', '?', '&']).count());
        }
    }
    let quoted = scim::remove_member("d", &id("g"), &id("a\"] or members[value pr"), RemoveShape::Filter);
    let Body::Json(body) = quoted.payload() else { panic!("it has a body") };
    assert_eq!(body["Operations"][0]["path"], r#"members[value eq "a\"] or members[value pr"]"#);
}

fn person(id: &str) -> Value {
    json!({ "id": id, "userName": format!("{id}@acme.com"), "active": true })
}

/// What a peer answers with.
type Page = fn(&Seen) -> Value;

/// So many users, in pages of at most 40, whatever is asked for.
fn people(seen: &Seen, count: usize) -> Value {
    let start = seen.number("startIndex") - 1;
    let end = (start + 40).min(count);
    let rows: Vec<Value> = (start..end).map(|at| person(&format!("u{at:03}"))).collect();
    json!({ "totalResults": count, "startIndex": start + 1, "itemsPerPage": rows.len(), "Resources": rows })
}

#[tokio::test(start_paused = true)]
async fn lists_go_on_by_what_came() {
    for (count, starts) in [(0, vec![1]), (40, vec![1]), (41, vec![1, 41]), (100, vec![1, 41, 81])] {
        let peer = Peer::default();
        let (ids, users) = surface(peer.router(move |seen| ok(&people(seen, count)))).users().await.unwrap();
        assert_eq!((ids.len(), users.len()), (count, count));
        let asked: Vec<_> = peer.seen.lock().unwrap().iter().map(|seen| seen.number("startIndex")).collect();
        assert_eq!(asked, starts);
        assert!(peer.lines()[0].starts_with("GET api.atlassian.com/scim/directory/dir/Users?"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_off_or_moves_is_an_error() {
    let cut = |seen: &Seen| match seen.number("startIndex") {
        1 => people(seen, 100),
        _ => json!({ "totalResults": 100 }),
    };
    let deaf = |_: &Seen| json!({ "totalResults": 100, "Resources": [person("a"), person("b")] });
    let grows = |seen: &Seen| match seen.number("startIndex") {
        1 => people(seen, 81),
        _ => people(seen, 80),
    };
    let cases: [(Page, IncompleteRead); 3] = [
        (cut, IncompleteRead::Miscounted { distinct: 40, total: 100 }),
        (deaf, IncompleteRead::Miscounted { distinct: 2, total: 100 }),
        (grows, IncompleteRead::Miscounted { distinct: 80, total: 81 }),
    ];
    for (page, expected) in cases {
        let error = surface(Peer::default().router(move |seen| ok(&page(seen)))).users().await.unwrap_err();
        assert!(error.incomplete() == Some(&expected), "{error}");
    }
    let none =
        surface(Peer::default().router(|_| ok(&json!({ "Resources": [] })))).users().await.unwrap_err();
    assert!(matches!(none.fault(), Some(Fault::Shape(_))), "{none}");
}

#[tokio::test]
async fn people_and_groups_are_read_with_their_ids_apart() {
    let router = Peer::default().router(|seen| {
        let rows = if seen.uri.path().ends_with("/Users") {
            json!([
                { "id": "s1", "userName": "Ada@acme.com", "displayName": "Ada", "active": false,
                  "emails": [{ "value": "x@acme.com" }, { "value": "ada@acme.com", "primary": true }],
                  "urn:scim:schemas:extension:atlassian-external:1.0": { "atlassianAccountId": "712020:a" } },
                { "id": "s2", "userName": "bob", "name": { "formatted": "Bob" }, "emails": [{ "value": "bob@acme.com" }],
                  "urn:scim:schemas:extension:atlassian-external:1.1": { "atlassianAccountId": "wrong" } }
            ])
        } else {
            json!([{ "id": "g1", "displayName": "sre", "members": [{ "value": "s1", "display": "Ada" }] },
                   { "id": "g2", "displayName": "SRE" }])
        };
        ok(&json!({ "totalResults": 2, "Resources": rows }))
    });
    let scim = surface(router);
    let ada = scim.user_named(&email("ada@acme.com")).await.unwrap().unwrap();
    assert_eq!((ada.id.as_str(), ada.account, ada.active), ("s1", Some(AccountId::new("712020:a")), false));
    assert_eq!(ada.email, Some(email("ada@acme.com")));
    assert_eq!(scim.user_named(&email("bob@acme.com")).await.unwrap(), None, "an email is not a unique name");
    let (_, users) = scim.users().await.unwrap();
    assert_eq!((&users[1].account, users[1].active, users[1].name.as_str()), (&None, true, "Bob"));
    let sre = scim.group_named(&GroupName::new("SRE")).await.unwrap().unwrap();
    assert_eq!((sre.id.as_str(), sre.members.len()), ("g2", 0));
    assert!(scim.groups().await.unwrap().1[0].members.contains(&id("s1")));
}

/// Removes through a peer that answers each shape so.
async fn removed(filter: (u16, Value), value: (u16, Value)) -> (usize, Result<(), Error>) {
    let peer = Peer::default();
    let router = peer.router(move |seen| {
        let (status, body) = if seen.body.contains("value eq") { &filter } else { &value };
        answer(*status, &if body.is_null() { String::new() } else { body.to_string() })
    });
    let outcome = surface(router).noting(&mut Sending::default()).remove_member(&id("g"), &id("u")).await;
    let sent = peer.lines().len();
    (sent, outcome)
}

#[tokio::test(start_paused = true)]
async fn a_removal_has_a_second_shape() {
    let with = || json!({ "id": "g", "displayName": "sre", "members": [{ "value": "u" }, { "value": "v" }] });
    let without = || json!({ "id": "g", "displayName": "sre", "members": [{ "value": "v" }] });
    let bad = || json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "scimType": "invalidPath", "detail": "no filter" });
    let never = || (500, Value::Null);
    assert!(matches!(removed((200, without()), never()).await, (1, Ok(()))));
    assert!(matches!(removed((204, Value::Null), never()).await, (1, Ok(()))));
    assert!(matches!(removed((400, bad()), (200, without())).await, (2, Ok(()))));
    assert!(matches!(removed((200, with()), (200, without())).await, (2, Ok(()))), "taken, and nothing done");
    let (sent, both) = removed((400, bad()), (400, bad())).await;
    assert!(sent == 2 && both.unwrap_err().to_string().contains("invalidPath; no filter"));
    let (_, ignored) = removed((200, with()), (200, with())).await;
    assert!(ignored.unwrap_err().answer_lost());
    for (status, body) in [(403, json!({ "error": "not yours", "traceId": "t" })), (404, bad()), (409, bad())]
    {
        let (sent, refused) = removed((status, body), never()).await;
        let refused = refused.unwrap_err();
        assert!(sent == 1 && refused.status() == Some(status) && !refused.answer_lost(), "{refused}");
    }
    let (sent, lost) = removed(never(), (200, without())).await;
    assert!(sent == 1 && lost.unwrap_err().answer_lost(), "nothing is sent twice that may have been done");
}

#[tokio::test(start_paused = true)]
async fn writes_are_held_against_what_they_answer() {
    let taken = json!({ "schemas": [], "status": "409", "scimType": "uniqueness", "detail": "Resource [USER]: with email[a@b] already exists." });
    let scim = surface(Peer::default().router(move |seen| match (&seen.method, seen.uri.path()) {
        (&Method::POST, "/scim/directory/dir/Users") => answer(409, &taken.to_string()),
        (&Method::POST, _) => answer(201, r#"{"id":"g9","displayName":"sre"}"#),
        (_, path) if path.contains("Users") => ok(&person("u")),
        _ => ok(&json!({ "id": "g", "displayName": "sre", "members": [{ "value": "u" }] })),
    }));
    let new = NewUser { email: &email("ada@acme.com"), name: "Ada", active: true };
    let error = scim.noting(&mut Sending::default()).create_user(new).await.unwrap_err();
    assert!(
        error.status() == Some(409) && error.to_string().contains("uniqueness; Resource [USER]"),
        "{error}"
    );
    assert_eq!(
        scim.noting(&mut Sending::default()).create_group(&GroupName::new("sre")).await.unwrap().id,
        id("g9")
    );
    assert!(scim.noting(&mut Sending::default()).set_active(&id("u"), true).await.is_ok());
    assert!(
        scim.noting(&mut Sending::default()).set_active(&id("u"), false).await.unwrap_err().answer_lost(),
        "it is shown as active still"
    );
    assert!(scim.noting(&mut Sending::default()).add_members(&id("g"), &[id("u")]).await.is_ok());
    assert!(
        scim.noting(&mut Sending::default())
            .add_members(&id("g"), &[id("u"), id("v")])
            .await
            .unwrap_err()
            .answer_lost()
    );
    let nameless = surface(Peer::default().router(|_| answer(201, "{}")));
    assert!(
        nameless
            .noting(&mut Sending::default())
            .create_group(&GroupName::new("sre"))
            .await
            .unwrap_err()
            .answer_lost()
    );
    let wrong = surface(Peer::default().router(|_| answer(401, r#"{"error":"Unauthorized","traceId":"t"}"#)));
    let error = wrong.users().await.unwrap_err();
    assert!(error.help().unwrap().contains("ROLLBOOK_SCIM_API_KEY"), "{error}");
    assert!(!format!("{wrong:?} {error:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_user_is_read_and_a_group_is_deleted_everywhere() {
    let sandbox = crate::sandbox::organization::acme();
    let scim = with_key(sandbox.router(), "scim-key", "s-1");
    let ada = scim.user(&id("scim-ada")).await.unwrap();
    assert_eq!((ada.id, ada.account), (id("scim-ada"), Some(AccountId::new("712020:ada"))));
    assert!(!scim.user(&id("scim-off")).await.unwrap().active);
    assert_eq!(scim.user(&id("712020:ada")).await.unwrap_err().status(), Some(404), "no SCIM id");
    let okta = scim.group_named(&GroupName::new("okta-all")).await.unwrap().unwrap().id;
    for (key, directory, status) in
        [("other-scim-key", "s-1", 403), ("org-key", "s-1", 401), ("scim-key", "s-2", 403)]
    {
        let wrong = with_key(sandbox.router(), key, directory);
        let error = wrong.noting(&mut Sending::default()).delete_group(&okta).await.unwrap_err();
        assert!(error.status() == Some(status) && !error.answer_lost(), "{key}: {error}");
        assert_eq!(wrong.user(&id("scim-ada")).await.unwrap_err().status(), Some(status), "{key}");
    }
    let before = sandbox.state();
    scim.noting(&mut Sending::default()).delete_group(&okta).await.unwrap();
    let mut expected = before;
    expected.groups.remove("g-okta").unwrap();
    assert_eq!(sandbox.state(), expected, "the group is gone, and nothing else");
    let again = scim.noting(&mut Sending::default()).delete_group(&okta).await.unwrap_err();
    assert!(again.status() == Some(404) && !again.answer_lost(), "{again}");
    let native = State::scim_group_id("g-empty");
    assert_eq!(
        scim.noting(&mut Sending::default()).delete_group(&id(&native)).await.unwrap_err().status(),
        Some(404),
        "not SCIM's own"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_is_not_sent_again() {
    let peer = Peer::default();
    let error = surface(peer.router(|_| answer(500, "")))
        .noting(&mut Sending::default())
        .delete_group(&id("g"))
        .await
        .unwrap_err();
    assert!(error.answer_lost() && peer.lines().len() == 1, "{error}");
    assert_eq!(peer.lines(), ["DELETE api.atlassian.com/scim/directory/dir/Groups/g"]);
}

#[test]
fn every_request_is_in_the_specification() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = "shared/openapi/scim.json";
    let Some(text) = root.ancestors().find_map(|folder| std::fs::read_to_string(folder.join(file)).ok())
    else {
        println!("skipped: there is no OpenAPI file next to the project");
        return;
    };
    let specification: Value = serde_json::from_str(&text).unwrap();
    for request in reads("a").into_iter().chain(writes("a")) {
        let method = request.method().as_str().to_ascii_lowercase();
        let operation = &specification["paths"][request.route()][&method];
        assert!(operation.is_object(), "{request}");
        let documented = operation["parameters"].as_array().unwrap();
        let target = request.target().unwrap();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        for name in query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)) {
            assert!(documented.iter().any(|parameter| parameter["name"] == name), "{request}: {name}");
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let (Some(reference), Body::Json(sent)) = (schema.as_str(), request.payload()) {
            let properties = &specification.pointer(&reference[1..]).unwrap()["properties"];
            for name in sent.as_object().unwrap().keys() {
                // The description is known to spell `operations` where the official example does not.
                let known = [name.as_str(), &name.to_ascii_lowercase()]
                    .iter()
                    .any(|name| properties.get(name).is_some());
                assert!(known, "{request}: {name}");
            }
        }
    }
}
