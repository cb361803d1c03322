//! Each way to fail has a message of its own, and says what to do.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use rollbook::atlassian::{
    Client, Credential, Endpoints, Error, Fault, Jira, MadeIds, Options, Overrides, Sending, SetupError,
    TokenKind, WriteOutcome,
};
use rollbook::model::{AccountId, ErrorExt as _, GroupId, GroupName, Operation, Ref};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::atlassian::{Peer, TOKEN, basic, client_with, jira, json, options};

fn html(status: u16, body: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "text/html")], body).into_response()
}

fn leads_to(location: &'static str) -> Response {
    (StatusCode::FOUND, [("location", location)]).into_response()
}

async fn read(jira: &Jira) -> Error {
    jira.groups_of(&AccountId::new("a")).await.unwrap_err()
}

fn told(name: &str, error: &Error) -> String {
    let help = error.help().unwrap_or("(no help)".to_owned());
    format!("{name}\n  {error}\n  {help}")
}

/// What a peer answers, by name.
type Case = (&'static str, fn() -> Response);

const CASES: &[Case] = &[
    ("a proxy's page, as success", || {
        html(
            200,
            "<!DOCTYPE html><html><head><title>Blocked by\n ACME proxy</title></head><body>no</body></html>",
        )
    }),
    ("a proxy's page, refused", || html(403, "<html><title>Blocked</title></html>")),
    ("a proxy's page, 502", || html(502, "<html><title>Bad Gateway</title></html>")),
    ("a misspelt site", || {
        html(
            404,
            "<html><head><title>Your Atlassian Cloud site is currently unavailable.</title></head></html>",
        )
    }),
    ("a deactivated site", || html(503, "<html><body>Site temporarily unavailable</body></html>")),
    ("no Jira", || (StatusCode::NOT_FOUND, "nothing here").into_response()),
    ("Atlassian's login", || leads_to("https://id.atlassian.com/login?continue=https%3A%2F%2Facme&secret=x")),
    ("a login by SAML", || leads_to("https://idp.acme.com/app/SAML2/sso?SAMLRequest=abc")),
    ("a login of the site", || leads_to("/login.jsp?os_destination=x")),
    ("elsewhere", || leads_to("https://new-acme.atlassian.net/rest/api/3/user/groups?accountId=a")),
    ("nowhere", || StatusCode::FOUND.into_response()),
    ("truncated", || json(200, r#"[{"groupId":"g"#)),
    ("not JSON", || json(200, "ok")),
    ("empty", || json(200, "")),
    ("another shape", || json(200, r#"{"groups":[]}"#)),
    ("401", || {
        json(401, r#"{"message":"Client must be authenticated to access this resource.","status-code":401}"#)
    }),
    ("a missing scope", || json(401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#)),
    ("403, empty", || json(403, "")),
    ("403, leaked", || {
        json(
            403,
            r#"An error occurred: com.atlassian.idp.client.exceptions.AuthorizationException: {"key":"forbidden"}"#,
        )
    }),
    ("403, empty document", || json(403, r#"{"errorMessages":[],"errors":{}}"#)),
    ("404", || {
        json(
            404,
            r#"{"errorMessages":["Specified user does not exist or you do not have required permissions"],"errors":{}}"#,
        )
    }),
    ("400, fields", || json(400, r#"{"errorMessages":["no"],"errors":{"name":"is in use","b":"c"}}"#)),
    ("409, organization", || {
        json(
            409,
            r#"{"errors":[{"id":"1","status":"409","code":"ADMIN-409-3","title":"Licence","detail":"too many"}]}"#,
        )
    }),
    ("429, edge", || (StatusCode::TOO_MANY_REQUESTS, "local_rate_limited").into_response()),
    ("500", || {
        json(500, r#"{"errorMessages":["Couldn't retrieve groups with the site-admin accessType."]}"#)
    }),
    ("500, traced", || {
        (StatusCode::INTERNAL_SERVER_ERROR, [("atl-traceid", "0af7651916cd43dd")], "oops").into_response()
    }),
    ("hostile words", || json(400, "{\"errorMessages\":[\"a\\u001b[31mb\\u202ec\\nd\\u200be\"]}")),
];

#[tokio::test(start_paused = true)]
async fn every_answer_that_is_no_success() {
    let mut table = Vec::new();
    for (name, response) in CASES {
        let jira = jira(Peer::default().router(move |_| response()));
        table.push(told(name, &read(&jira).await));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn words_are_bounded() {
    let jira = jira(Peer::default().router(|_| json(400, &"é".repeat(1_000_000))));
    let text = read(&jira).await.to_string();
    assert!(text.chars().count() < 400, "{}", text.len());
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_says_what_may_be_wrong_with_its_kind() {
    let answer = || json(401, r#"{"code":401,"message":"Unauthorized"}"#);
    let mut table = Vec::new();
    for (name, credential) in [
        ("classic, or scoped at the site", basic(TokenKind::Classic)),
        ("scoped, or classic at the gateway", basic(TokenKind::Scoped)),
        ("bearer", Credential::Bearer(TOKEN.to_owned().into())),
        (
            "client credentials",
            Credential::ClientCredentials { id: "id".into(), secret: TOKEN.to_owned().into() },
        ),
    ] {
        let router = Peer::default().router(move |seen| match seen.uri.path() {
            "/_edge/tenant_info" => json(200, r#"{"cloudId":"c"}"#),
            _ => answer(),
        });
        table.push(told(name, &read(&Jira::new(client_with(router, credential))).await));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up() {
    let silent = Router::new().fallback(std::future::pending::<()>);
    let error = read(&jira(silent)).await;
    assert_eq!(error.fault(), Some(&Fault::Timeout { seconds: 60 }), "{error}");
    let silent = Router::new().fallback(std::future::pending::<()>);
    let error = jira(silent).write(&add(), &MadeIds::default(), &mut Sending::default()).await.unwrap_err();
    assert!(error.answer_lost(), "{error}");
}

#[tokio::test]
async fn a_body_is_not_read_for_ever() {
    let router = Peer::default().router(|_| json(200, &format!("[{}]", " ".repeat(5000))));
    let small = Options { max_body: 5000, ..options() };
    let client =
        Client::in_process(router, crate::atlassian::acme(), basic(TokenKind::Classic), small).unwrap();
    let error = read(&Jira::new(client)).await;
    assert_eq!(error.fault(), Some(&Fault::TooLarge { bytes: 5000 }), "{error}");
}

#[tokio::test]
async fn a_credential_that_no_header_carries_is_refused_before_anything_is_sent() {
    for (email, token) in [
        ("a@b.c", "tok\nen"),
        ("a@b.c", ""),
        ("a@b.c", "tok en"),
        ("", "t"),
        ("a:b@c.d", "t"),
        ("a@b\n", "t"),
    ] {
        let credential = Credential::Basic {
            email: email.into(),
            token: token.to_owned().into(),
            kind: TokenKind::Classic,
        };
        let client = Client::in_process(Router::new(), crate::atlassian::acme(), credential, options());
        assert!(matches!(client, Err(SetupError::Credential)), "{email:?} {token:?}");
    }
}

fn add() -> Operation {
    Operation::AddMember { group: Ref::Known(GroupId::new("g")), account: Ref::Known(AccountId::new("a")) }
}

/// A Jira over the network, at this origin.
fn at(origin: &str) -> Jira {
    let overrides = Overrides { site: Some(origin.to_owned()), gateway: None };
    let endpoints = Endpoints::new("https://acme.atlassian.net", &overrides).unwrap();
    Jira::new(Client::network(endpoints, basic(TokenKind::Classic), options()).unwrap())
}

/// Listens, and answers the n-th request of each connection with the n-th text; then hangs up. Counts requests.
async fn listen(answers: &'static [&'static str]) -> (u16, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut buffer = [0; 8192];
                if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
                    break;
                }
                counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    (port, count)
}

/// A port that nobody listens at.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn what_the_network_does() {
    let (plain, _) = listen(&["HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"]).await;
    let (hangs_up, _) = listen(&[""]).await;
    let (cuts, _) = listen(&["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"]).await;
    let (no_http, _) = listen(&["SSH-2.0-OpenSSH_9.6\r\n\r\n"]).await;
    let closed = closed_port().await;
    let peers = [
        ("closed port", format!("http://127.0.0.1:{closed}"), closed),
        ("TLS against a plain peer", format!("https://localhost:{plain}"), plain),
        ("hangs up", format!("http://127.0.0.1:{hangs_up}"), hangs_up),
        ("cut off", format!("http://127.0.0.1:{cuts}"), cuts),
        ("no HTTP", format!("http://127.0.0.1:{no_http}"), no_http),
    ];
    let errors = peers.iter().map(|(name, origin, port)| async move {
        told(name, &read(&at(origin)).await).replace(&port.to_string(), "PORT")
    });
    insta::assert_snapshot!(join_all(errors).await.join("\n"));
}

#[tokio::test]
async fn a_name_that_means_nothing() {
    if ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        println!("skipped: a proxy would be asked for the name");
        return;
    }
    let error = read(&at("https://nonexistent.invalid")).await;
    assert_eq!(error.fault(), Some(&Fault::NoSuchHost), "{error}");
    assert!(error.help().unwrap().contains("spelling"), "{error}");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once() {
    const DONE: &str = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
    // A fresh connection, and one that answered before: HTTP libraries like to send again on the second.
    for (answers, before) in [
        (&[""][..], 0),
        (&[DONE, ""][..], 1),
        (&["HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{"][..], 0),
    ] {
        let (port, count) = listen(answers).await;
        let jira = at(&format!("http://127.0.0.1:{port}"));
        for _ in 0..before {
            let written = jira.write(&add(), &MadeIds::default(), &mut Sending::default()).await.unwrap();
            assert!(matches!(written, WriteOutcome::Done { made: None }));
        }
        let error = jira.write(&add(), &MadeIds::default(), &mut Sending::default()).await.unwrap_err();
        assert!(error.answer_lost(), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), before + 1, "{answers:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, visits) = listen(&["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Peer::default().router(move |_| {
        let location = format!("http://127.0.0.1:{elsewhere}/rest/api/3/user/groups");
        (StatusCode::TEMPORARY_REDIRECT, [("location", location)]).into_response()
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let error = read(&at(&format!("http://127.0.0.1:{port}"))).await;
    let target = "127.0.0.1".to_owned();
    assert_eq!(error.fault(), Some(&Fault::Redirect { target, status: 307 }), "{error}");
    assert_eq!(visits.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn speaks_over_the_network_as_in_process() {
    let peer = Peer::default();
    let router = peer.router(|seen| match seen.method.as_str() {
        "GET" => json(200, r#"[{"groupId":"g","name":"ä"}]"#),
        _ => json(201, r#"{"groupId":"new","name":"x"}"#),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let in_process = jira(router.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let network = at(&format!("http://127.0.0.1:{port}"));
    for jira in [&network, &in_process] {
        let groups = jira.groups_of(&AccountId::new("712020:a/../b?c")).await.unwrap();
        assert_eq!(groups.iter().next().unwrap().name, GroupName::new("ä"));
        let create = Operation::CreateGroup { name: GroupName::new("x"), description: None };
        assert!(matches!(
            jira.write(&create, &MadeIds::default(), &mut Sending::default()).await,
            Ok(WriteOutcome::Done { made: Some(_) })
        ));
    }
    let seen = peer.seen.lock().unwrap();
    let shown = |seen: &crate::atlassian::Seen| {
        let mut headers: Vec<String> =
            seen.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        headers.retain(|header| {
            !header.starts_with("host:")
                && !header.starts_with("accept-encoding:")
                && !header.starts_with("content-length:")
        });
        headers.sort();
        (seen.method.clone(), seen.uri.to_string(), headers, seen.body.clone())
    };
    assert_eq!(shown(&seen[0]), shown(&seen[2]));
    assert_eq!(shown(&seen[1]), shown(&seen[3]));
    assert_eq!(seen[0].headers["user-agent"], concat!("rollbook/", env!("CARGO_PKG_VERSION")));
}
