//! No secret leaves the process except to the host it is for (docs/design.md#secrets), and least of all into a log.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Ran, Served, Site, TODAY, example, rollbook, seed_of};

/// The secret. Others that are made of it start alike.
const SECRET: &str = "TOPSECRET-q7Zk2vR9";

/// Whom the Basic credentials act as.
const EMAIL: &str = "root@acme.com";

/// One way to give a secret.
struct Way {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
    /// The variable that names the file with the secret in it.
    file: Option<&'static str>,
}

fn ways() -> Vec<Way> {
    let way = |name, variables: &[(&'static str, &str)], file| {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Way { name, variables, file }
    };
    let email = ("ROLLBOOK_EMAIL", EMAIL);
    let scoped = ("ROLLBOOK_TOKEN_KIND", "scoped");
    let id = ("ROLLBOOK_CLIENT_ID", "client-id-1");
    vec![
        way("basic", &[email, ("ROLLBOOK_API_TOKEN", SECRET)], None),
        way("basic, from a file", &[email], Some("ROLLBOOK_API_TOKEN_FILE")),
        way("scoped", &[email, scoped, ("ROLLBOOK_API_TOKEN", SECRET)], None),
        way("scoped, from a file", &[email, scoped], Some("ROLLBOOK_API_TOKEN_FILE")),
        way("bearer", &[("ROLLBOOK_ACCESS_TOKEN", SECRET)], None),
        way("bearer, from a file", &[], Some("ROLLBOOK_ACCESS_TOKEN_FILE")),
        way("client", &[id, ("ROLLBOOK_CLIENT_SECRET", SECRET)], None),
        way("client, from a file", &[id], Some("ROLLBOOK_CLIENT_SECRET_FILE")),
    ]
}

/// The smallest example, where each kind of credential has the secret.
fn seed() -> String {
    let mut seed = seed_of("minimal").split("credentials:").next().unwrap().to_owned();
    seed += "credentials:\n";
    for kind in ["basic", "scoped", "bearer"] {
        seed += &format!("  - {kind}: {{ account: {EMAIL}, token: {SECRET} }}\n");
    }
    seed += &format!(
        "  - oauth-client: {{ account: {EMAIL}, client-id: client-id-1, client-secret: {SECRET} }}\n"
    );
    seed
}

/// A run at a host, as loud as it gets.
fn run(way: &Way, command: &[&str], host: &str) -> Ran {
    let minimal = example("minimal");
    let loud = ["-C", &minimal, "--today", TODAY, "-v", "-v", "-v", "-v"];
    let mut run = rollbook(command.iter().copied().chain(loud)).file("secret", &format!("{SECRET}\n"));
    for (name, value) in &way.variables {
        run = run.env(name, value);
    }
    if let Some(variable) = way.file {
        run = run.env(variable, "secret");
    }
    for endpoint in ["ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_ENDPOINT_GATEWAY"] {
        run = run.env(endpoint, host);
    }
    // What turns on the logs and the backtraces of other programs must not open ours.
    run.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").run()
}

/// Asserts that neither the secret nor a part of it shows, plain or as Basic sends it.
fn holds_no_secret(ran: &Ran, what: &str) {
    let pair = STANDARD.encode(format!("{EMAIL}:{SECRET}"));
    // Its first eighteen bytes are the email, the colon and four letters.
    let encoded = &pair[24..];
    for stream in [&ran.stdout, &ran.stderr] {
        for part in [&SECRET[..10], &SECRET[10..], encoded, &encoded[..8]] {
            assert!(!stream.contains(part), "{what}: {part:?} shows in\n{ran}");
        }
    }
}

/// What a peer that wants to be quoted answers.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Unauthorized,
    ServerError,
    Redirect,
    RedirectToHost,
    Forbidden,
    Page,
    JsonOfNoUse,
    Header,
}

/// A peer that repeats what it was sent. It gives out an access token and a cloud id as the real hosts do, so
/// that the request that carries the secret comes.
fn peer(echo: Echo) -> Served {
    Served::router(Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
        match uri.path() {
            "/oauth/token" => {
                axum::Json(json!({ "access_token": "TOPSECRET-access-8sYw", "expires_in": 3600 }))
                    .into_response()
            }
            "/_edge/tenant_info" => axum::Json(json!({ "cloudId": "cloud-1" })).into_response(),
            _ => repeat(echo, &headers, &body),
        }
    }))
}

fn repeat(echo: Echo, headers: &HeaderMap, body: &Bytes) -> Response {
    let sent = headers.get(header::AUTHORIZATION).map_or("nothing", |value| value.to_str().unwrap());
    let value = sent.split(' ').next_back().unwrap();
    let text = format!("you sent {sent} and {}", String::from_utf8_lossy(body));
    match echo {
        Echo::Unauthorized => (StatusCode::UNAUTHORIZED, text).into_response(),
        Echo::ServerError => {
            // It is asked again four times, which would take half a minute.
            let soon = [(header::RETRY_AFTER, "1")];
            let page = Html(format!("<html>{text}</html>"));
            (StatusCode::INTERNAL_SERVER_ERROR, soon, page).into_response()
        }
        Echo::Redirect => {
            (StatusCode::FOUND, [(header::LOCATION, format!("https://evil.example/{value}?token={value}"))])
                .into_response()
        }
        Echo::RedirectToHost => {
            (StatusCode::FOUND, [(header::LOCATION, format!("https://{value}.evil.example/"))])
                .into_response()
        }
        Echo::Forbidden => {
            (StatusCode::FORBIDDEN, axum::Json(json!({ "errorMessages": [text], "errors": { sent: sent } })))
                .into_response()
        }
        Echo::Page => {
            (StatusCode::FORBIDDEN, Html(format!("<html><title>{text}</title>{text}</html>"))).into_response()
        }
        Echo::JsonOfNoUse => axum::Json(json!(sent)).into_response(),
        Echo::Header => (StatusCode::BAD_REQUEST, [("atl-traceid", value.to_owned())], axum::Json(json!({})))
            .into_response(),
    }
}

#[test]
fn no_secret_shows_at_a_working_site() {
    for way in ways() {
        let site = Site::of(&seed());
        for command in [&["check"][..], &["plan"], &["plan", "--format", "json"], &["apply", "--yes"]] {
            let ran = run(&way, command, site.url()).ends(0);
            holds_no_secret(&ran, way.name);
            assert!(command == ["check"] || ran.stderr.contains("route="), "{ran}");
        }
        // It was the secret that opened the door: each apply did its work.
        let writes = site.sandbox.requests().writes;
        let writes = writes.iter().filter(|write| write.route.contains("/rest/"));
        assert_eq!(writes.count(), 4, "{}", way.name);
    }
}

#[test]
fn no_secret_shows_where_things_go_wrong() {
    let echoes = [
        Echo::Unauthorized,
        Echo::ServerError,
        Echo::Redirect,
        Echo::RedirectToHost,
        Echo::Forbidden,
        Echo::Page,
        Echo::JsonOfNoUse,
        Echo::Header,
    ];
    let peers: Vec<(String, Served)> = echoes.map(|echo| (format!("{echo:?}"), peer(echo))).into();
    // This one repeats what it is sent whatever the path, the client's secret in a body too.
    let refusing = Served::router(
        Router::new()
            .fallback(async |headers: HeaderMap, body: Bytes| repeat(Echo::Forbidden, &headers, &body)),
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut places: Vec<(&str, String)> =
        peers.iter().map(|(name, peer)| (name.as_str(), peer.url.clone())).collect();
    places.push(("Refusing", refusing.url.clone()));
    places.push(("no such host", "https://acme.invalid".into()));
    places.push(("closed port", format!("http://{closed}")));
    let ways = ways();
    let runs = ways.iter().flat_map(|way| places.iter().map(move |place| (way, place)));
    // A host that has never answered is asked again after two seconds: these wait side by side.
    let jobs: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(runs.collect()));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some((way, (place, host))) = next(&jobs) {
                    let command = if way.file.is_some() { &["apply", "--yes"][..] } else { &["plan"] };
                    let ran = run(way, command, host).ends(1);
                    holds_no_secret(&ran, &format!("{}, {place}", way.name));
                    assert!(ran.stderr.contains("error: "), "{ran}");
                }
            });
        }
    });
}

fn next<T>(jobs: &Mutex<VecDeque<T>>) -> Option<T> {
    jobs.lock().unwrap().pop_front()
}

#[test]
fn what_cannot_be_sent_is_not_shown_either() {
    let secrets = [format!("{SECRET} with a space"), format!("{SECRET}\u{e9}"), format!("{SECRET}\ttab")];
    for secret in secrets {
        for (name, more) in [
            ("ROLLBOOK_API_TOKEN", Some(("ROLLBOOK_EMAIL", EMAIL))),
            ("ROLLBOOK_ACCESS_TOKEN", None),
            ("ROLLBOOK_CLIENT_SECRET", Some(("ROLLBOOK_CLIENT_ID", "x"))),
        ] {
            let mut run = rollbook(["plan", "-C", &example("minimal"), "-v", "-v", "-v"]).env(name, &secret);
            if let Some((name, value)) = more {
                run = run.env(name, value);
            }
            let ran = run.run();
            assert_ne!(ran.code, Some(0));
            holds_no_secret(&ran, name);
        }
    }
}

#[test]
fn the_tree_cannot_send_a_secret_to_a_foreign_host() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let thief = Served::router(Router::new().fallback(move |uri: Uri| async move {
        seen.lock().unwrap().push(uri);
        StatusCode::OK
    }));
    let port = thief.url.rsplit(':').next().unwrap();
    let sites = [
        "https://evil.example".to_owned(),
        "https://acme.atlassian.net.evil.com".to_owned(),
        "https://acme.atlassian.net@evil.com".to_owned(),
        format!("http://acme.atlassian.net@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}#.atlassian.net"),
        format!("http://127.0.0.1.evil.example:{port}"),
        "http://acme.atlassian.net".to_owned(),
        "https://acme.atlassian.net:8443".to_owned(),
        "https://acme.atlassian.net/rest".to_owned(),
        "https://аcme.atlassian.net".to_owned(),
    ];
    for site in sites {
        for command in [&["plan"][..], &["apply", "--yes"]] {
            let run = rollbook(command).file("rollbook.yaml", &format!("version: 1\nsite: \"{site}\"\n"));
            let run = run.env("ROLLBOOK_EMAIL", EMAIL).env("ROLLBOOK_API_TOKEN", SECRET);
            let ran = run.run().ends(3);
            assert!(ran.stderr.contains("bad-site"), "{ran}");
        }
    }
    // A port of this machine is a site that a tree may name, and anybody may listen there.
    let root = format!("version: 1\nsite: {}\n", thief.url);
    for command in [&["plan"][..], &["apply", "--yes"], &["doctor"], &["users"], &["check", "--live"]] {
        let run = |endpoint: &str| {
            let run = rollbook(command).file("rollbook.yaml", &root).env("ROLLBOOK_ENDPOINT_SITE", endpoint);
            run.env("ROLLBOOK_EMAIL", EMAIL).env("ROLLBOOK_API_TOKEN", SECRET).run()
        };
        let ran = run("").ends(4);
        let says = "is a port of this machine, and ROLLBOOK_ENDPOINT_SITE does not name it";
        assert!(ran.stderr.contains(says), "{ran}");
        // Nor where the environment names another.
        let ran = run("http://127.0.0.1:1").ends(4);
        assert!(ran.stderr.contains("Set ROLLBOOK_ENDPOINT_GATEWAY as well"), "{ran}");
    }
    // Nor by any other key: the tree has none for hosts or secrets.
    for key in ["endpoint", "gateway", "token", "api-token", "proxy"] {
        let root = format!("version: 1\nsite: https://acme.atlassian.net\n{key}: \"{}\"\n", thief.url);
        let run = rollbook(["plan"]).file("rollbook.yaml", &root);
        let ran = run.env("ROLLBOOK_EMAIL", EMAIL).env("ROLLBOOK_API_TOKEN", SECRET).run().ends(3);
        assert!(ran.stderr.contains("unknown-key"), "{ran}");
    }
    assert_eq!(*asked.lock().unwrap(), [""; 0]);
}
