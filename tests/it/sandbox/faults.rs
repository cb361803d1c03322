//! The sandbox's failures, by script and by chance: what a client gets of them, and what was done all the same.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rollbook::atlassian::{
    Client, Credential, Endpoints, Fault, Host, Options, Overrides, Request, TokenKind,
};
use rollbook::sandbox::{self, Failure, Faults, Garbled, Moment, Sandbox, Seed, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::sandbox::{ACME, Answered, acme, acme_with, ask, basic, get};

const ADD: &str = "POST /rest/api/3/group/user";
const MEMBERS: &str = "GET /rest/api/3/group/member";

/// A sandbox in which these shares of requests go wrong.
fn rough(faults: &str) -> Sandbox {
    let faults = faults.parse().unwrap();
    let epoch = Some("2026-11-22T10:00:30Z".parse().unwrap());
    acme_with(&sandbox::Options { faults, epoch, ..sandbox::Options::default() })
}

/// Every failure of a connection or of a body, and whether the work is done.
fn broken() -> [(Failure, bool); 9] {
    [
        (Failure::Reset(Moment::BeforeWork), false),
        (Failure::Reset(Moment::AfterWork), true),
        (Failure::Reset(Moment::InBody), true),
        (Failure::Stalled(Moment::BeforeWork), false),
        (Failure::Stalled(Moment::AfterWork), true),
        (Failure::Stalled(Moment::InBody), true),
        (Failure::Truncated, true),
        (Failure::Gzip(Garbled::Garbage), true),
        (Failure::Gzip(Garbled::Cut), true),
    ]
}

fn credential() -> Credential {
    let token = "root-token".to_owned().into();
    Credential::Basic { email: "root@acme.com".into(), token, kind: TokenKind::Classic }
}

/// What a read of a group comes to that fails whenever it is sent.
async fn outcome(sandbox: &Sandbox, client: &Client, failure: &Failure) -> Result<Value, Fault> {
    for _ in 0..5 {
        sandbox.fail_next(MEMBERS, failure.clone());
    }
    let request = Request::read(Host::Jira, "/rest/api/3/group/member").query("groupId", "g-users");
    client.read(&request).await.map_err(|error| error.fault().unwrap().clone())
}

#[tokio::test(start_paused = true)]
async fn a_broken_answer_is_none_in_process() {
    for (failure, _) in broken() {
        let sandbox = acme();
        let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap();
        let client =
            Client::in_process(sandbox.router(), endpoints, credential(), Options::default()).unwrap();
        let fault = outcome(&sandbox, &client, &failure).await.unwrap_err();
        let as_expected = match failure {
            Failure::Reset(_) => matches!(fault, Fault::Broken(_)),
            Failure::Stalled(_) => matches!(fault, Fault::Timeout { seconds: 60 }),
            _ => matches!(fault, Fault::NotJson(_)),
        };
        assert!(as_expected, "{failure:?}: {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_comes_whole() {
    let sandbox = acme();
    let calm = get(&sandbox, "/rest/api/3/group/bulk").await;
    sandbox.fail_next("GET /rest/api/3/group/bulk", Failure::Slow);
    let before = tokio::time::Instant::now();
    let slow = get(&sandbox, "/rest/api/3/group/bulk").await;
    assert_eq!((slow.status, slow.json()), (calm.status, calm.json()));
    assert!(before.elapsed() >= Duration::from_secs(3), "{:?}", before.elapsed());
}

/// What is done does not follow from what the client sees, and the log tells it.
#[tokio::test(start_paused = true)]
async fn the_log_tells_what_was_done() {
    for (failure, done) in broken() {
        let sandbox = acme();
        get(&sandbox, "/rest/api/3/myself").await;
        sandbox.fail_next(ADD, failure.clone());
        let router = sandbox.router();
        let request = http::Request::post("/rest/api/3/group/user?groupId=g-empty")
            .header("authorization", basic("root@acme.com", "root-token"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(r#"{"accountId":"712020:out"}"#))
            .unwrap();
        let answer =
            tokio::time::timeout(Duration::from_secs(60), tower::ServiceExt::oneshot(router, request));
        drop(answer.await);
        let log = sandbox.requests();
        let write = &log.writes[0];
        let headless = matches!(
            failure,
            Failure::Reset(Moment::BeforeWork | Moment::AfterWork)
                | Failure::Stalled(Moment::BeforeWork | Moment::AfterWork)
        );
        assert_eq!((write.seq, write.done), (1, done), "{failure:?}");
        assert_eq!(write.status, if headless { 0 } else { 201 }, "{failure:?}");
        assert_eq!(sandbox.state().groups["g-empty"].members.contains("712020:out"), done, "{failure:?}");
        assert_eq!(log.faults["scripted"], 1);
    }
    let sandbox = acme();
    let again = |sandbox: Sandbox| async move {
        let path = "/rest/api/3/group/user?groupId=g-empty";
        ask(&sandbox, "POST", path, r#"{"accountId":"712020:out"}"#).await.status.as_u16()
    };
    assert_eq!((again(sandbox.clone()).await, again(sandbox.clone()).await), (201, 400));
    let told: Vec<(u64, bool)> = sandbox.requests().writes.iter().map(|it| (it.seq, it.done)).collect();
    assert_eq!(told, [(0, true), (1, false)], "what is refused is not done");
}

/// Serves a sandbox on a socket while something is done with it.
async fn served<T: Send + 'static>(sandbox: &Sandbox, ask: impl AsyncFnOnce(String) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = sandbox.clone();
    let serving = tokio::spawn(async move { serve(&serving, listener, async { drop(stopped.await) }).await });
    let answer = ask(address).await;
    let _ = stop.send(());
    let ended = tokio::time::timeout(Duration::from_secs(10), serving).await;
    ended.expect("what stalls does not hold the server").unwrap().unwrap();
    answer
}

/// The bytes that come over a socket until the peer ends it, or says nothing for a quarter of a second.
async fn bytes(address: &str, path: &str) -> (String, bool) {
    let (address, path) = (address.to_owned(), path.to_owned());
    let authorization = basic("root@acme.com", "root-token");
    let read = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: {authorization}\r\n\r\n")
            .unwrap();
        let (mut text, mut part) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut part) {
                Ok(0) => return (text, true),
                Ok(size) => text.extend(&part[..size]),
                Err(error) => return (text, error.kind() == std::io::ErrorKind::ConnectionReset),
            }
        }
    };
    let (text, ended) = tokio::task::spawn_blocking(read).await.unwrap();
    (String::from_utf8_lossy(&text).into_owned(), ended)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_socket_the_connection_itself_fails() {
    let sandbox = acme();
    let path = "/rest/api/3/group/member?groupId=g-users";
    let (whole, _) = served(&sandbox, async |address| bytes(&address, path).await).await;
    let body = whole.split_once("\r\n\r\n").unwrap().1.to_owned();
    for (failure, head, ends) in [
        (Failure::Reset(Moment::BeforeWork), false, true),
        (Failure::Reset(Moment::AfterWork), false, true),
        (Failure::Reset(Moment::InBody), true, true),
        (Failure::Stalled(Moment::BeforeWork), false, false),
        (Failure::Stalled(Moment::InBody), true, false),
    ] {
        let sandbox = acme();
        sandbox.fail_next(MEMBERS, failure.clone());
        let (text, ended) = served(&sandbox, async |address| bytes(&address, path).await).await;
        assert_eq!(ended, ends, "{failure:?}: {text}");
        if head {
            assert!(text.starts_with("HTTP/1.1 200 OK"), "{failure:?}: {text}");
            assert!(text.contains(&format!("content-length: {}", body.len())), "{failure:?}: {text}");
            let half = text.split_once("\r\n\r\n").unwrap().1.len();
            assert_eq!(half, body.len() / 2, "{failure:?}: {text}");
        } else {
            assert_eq!(text, "", "{failure:?}");
        }
    }
}

/// The network's client, which reads gzip, finds the same as the one in process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_answer_is_none_over_a_socket() {
    // Each is asked again after a while: all at once.
    let asked = broken().into_iter().map(|(failure, _)| async move {
        let sandbox = acme();
        let fault = served(&sandbox, async |address| {
            let overrides = Overrides { site: Some(format!("http://{address}")), ..Overrides::default() };
            let endpoints = Endpoints::new("https://acme.atlassian.net", &overrides).unwrap();
            let options = Options { answer_timeout: Duration::from_millis(300), ..Options::default() };
            let client = Client::network(endpoints, credential(), options).unwrap();
            sandbox.fail_next(MEMBERS, failure.clone());
            sandbox.fail_next(MEMBERS, failure.clone());
            let request = Request::read(Host::Jira, "/rest/api/3/group/member").query("groupId", "g-users");
            client.read::<Value>(&request).await.map_err(|error| error.fault().unwrap().clone())
        });
        let fault = fault.await.unwrap_err();
        let as_expected = match failure {
            Failure::Stalled(_) => matches!(fault, Fault::Timeout { .. }),
            Failure::Truncated => matches!(fault, Fault::NotJson(_)),
            _ => matches!(fault, Fault::Broken(_)),
        };
        assert!(as_expected, "{failure:?}: {fault:?}");
    });
    futures_util::future::join_all(asked).await;
}

fn counted(sandbox: &Sandbox, fault: &str) -> u64 {
    sandbox.requests().faults.get(fault).copied().unwrap_or(0)
}

/// Asks, and gives the connection up after a minute; no body is read.
async fn ask_in_passing(sandbox: &Sandbox, path: &str) {
    let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(sandbox.router(), request);
    drop(tokio::time::timeout(Duration::from_secs(60), answer).await);
}

#[tokio::test(start_paused = true)]
async fn each_fault_takes_its_share_of_every_route() {
    let names: Vec<&str> = sandbox::Fault::ALL.iter().map(|fault| fault.name()).collect();
    let spec: Vec<String> = names.iter().map(|name| format!("{name}=0.05")).collect();
    let sandbox = rough(&spec.join(","));
    let routes = ["/rest/api/3/myself", "/_edge/tenant_info", "/admin/v1/orgs", "/users/x/manage"];
    for number in 0..4_000 {
        ask_in_passing(&sandbox, routes[number % routes.len()]).await;
    }
    for name in &names {
        let count = counted(&sandbox, name);
        // 200 are due; four standard deviations are 55.
        assert!((145..255).contains(&count), "{name}: {count}");
    }
    let spoilt: u64 = sandbox.requests().faults.values().sum();
    assert!((2_270..2_530).contains(&spoilt), "{spoilt}");
    assert_eq!(sandbox.requests().total(), 4_000, "each is counted");
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_itself_answers_whatever_happens() {
    let sandbox = rough("reset=1");
    for path in ["/_sandbox/state", "/_sandbox/requests"] {
        assert_eq!(get(&sandbox, path).await.status, 200);
    }
    assert_eq!(sandbox.requests().faults.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn ids_are_the_same_with_faults_and_without() {
    let made = async |faults: &str| {
        let sandbox = rough(faults);
        ask(&sandbox, "POST", "/rest/api/3/group", r#"{"name":"made"}"#).await;
        let state = sandbox.state();
        state.group_named("made").unwrap().to_owned()
    };
    assert_eq!(made("off").await, made("truncate=0.6,gzip=0.4").await);
}

/// What a client has to live by after a 429.
fn signature(answer: &Answered) -> String {
    let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
    let told =
        ["retry-after", "x-ratelimit-reset", "ratelimit-reason"].map(|name| digits(answer.header(name)));
    let body: String = answer.text.chars().take(18).collect();
    format!("{} | {body}", told.join(" | "))
}

#[tokio::test(start_paused = true)]
async fn every_known_variety_of_429_comes() {
    let mut seen = BTreeSet::new();
    for path in ["/rest/api/3/myself", "/admin/v1/orgs"] {
        let sandbox = rough("429=1");
        for _ in 0..200 {
            let answer = get(&sandbox, path).await;
            assert_eq!(answer.status, 429);
            seen.insert(signature(&answer));
        }
        assert_eq!(counted(&sandbox, "429"), 200);
    }
    insta::assert_snapshot!(seen.into_iter().collect::<Vec<_>>().join("\n"));
}

/// A row that is on its way in or out shows in one read, and in nothing that stays.
#[tokio::test(start_paused = true)]
async fn somebody_who_moves_is_gone_again_at_once() {
    let seed = ACME.replace("groups:", "  - { email: new@acme.com }\n  - { email: deb@acme.com }\ngroups:");
    let faults = "moving=1".parse().unwrap();
    let options = sandbox::Options { faults, ..sandbox::Options::default() };
    let seed = Seed::parse(&seed.replace("[ada@acme.com, eve@", "[deb@acme.com, eve@")).unwrap();
    let sandbox = Sandbox::new(&seed, &options).unwrap();
    let before = sandbox.state();
    let path = "/rest/api/3/group/member?groupId=g-users&includeInactiveUsers=true";
    let mut counts = BTreeSet::new();
    for _ in 0..20 {
        let page = get(&sandbox, path).await.json();
        let (total, rows) = (page["total"].as_u64().unwrap(), page["values"].as_array().unwrap().len());
        assert_eq!(total, u64::try_from(rows).unwrap());
        counts.insert(total);
        assert_eq!(sandbox.state(), before);
    }
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [2, 4], "three are in it");
    let add =
        ask(&sandbox, "POST", "/rest/api/3/group/user?groupId=g-empty", r#"{"accountId":"712020:out"}"#);
    assert_eq!(add.await.status, 201, "writes are just done");
    assert_eq!(sandbox.state().groups["g-empty"].members.len(), 1);
}

#[test]
fn options_take_faults_as_text() {
    let faults: Faults = "429=0.05,lost-reply=0.01".parse().unwrap();
    assert_eq!(
        sandbox::Options { faults, ..Default::default() }.faults.to_string(),
        "429=0.05,lost-reply=0.01"
    );
}
