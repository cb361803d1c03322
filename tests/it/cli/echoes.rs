//! Every command against peers that repeat what they are sent: no secret shows, and none is carried on.
//!
//! `secrets` has each way to give a credential to Jira; here each surface and each command has its own.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Ran, Rollbook, Served, TODAY, files_of, rollbook};

/// Secrets with every character that somebody might escape. The long parts are what must not show.
const JIRA: &str = "ATATT3x/jiraq7Zk2vR9/+x=5C0FFEE5";
const ORGANIZATION: &str = "ATCTT3x/orgKey8sYw3Lm/+x=0DECADE0";
const SCIM: &str = "scimKey5tUu7Nn/+x=ABADCAFE";
const PROXY: &str = "proxyPass4hGg";

const EMAIL: &str = "root@acme.com";

/// What nothing may hold: the parts of the secrets, and of what Basic makes of them.
fn parts() -> BTreeSet<String> {
    let pair = STANDARD.encode(format!("{EMAIL}:{JIRA}"));
    let proxy = STANDARD.encode(format!("user:{PROXY}"));
    let secrets = [JIRA, ORGANIZATION, SCIM, PROXY, &pair[20..], &proxy[8..]];
    let parts = secrets.iter().flat_map(|secret| secret.split(['/', '+', '=']));
    parts.filter(|part| part.len() >= 8).map(str::to_ascii_lowercase).collect()
}

#[track_caller]
fn holds_no_secret(ran: &Ran, what: &str) {
    for stream in [&ran.stdout, &ran.stderr] {
        let stream = stream.to_ascii_lowercase();
        for part in parts() {
            assert!(!stream.contains(&part), "{what}: {part:?} shows in\n{ran}");
        }
    }
}

/// A kind of credential.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Basic,
    Client,
    Organization,
    Everything,
}

/// A run on the example organization in a folder of its own, as loud as it gets.
fn run(command: &[&str], kind: Kind, host: &str) -> Rollbook {
    let loud = ["--today", TODAY, "-v", "-v", "-v", "-v"];
    let files = files_of("acme").into_iter().filter(|(path, _)| path != "sandbox.yaml");
    let run = rollbook(command.iter().copied().chain(loud));
    let mut run = files.fold(run, |run, (path, text)| run.file(&path, &text));
    let basic = [("ROLLBOOK_EMAIL", EMAIL), ("ROLLBOOK_API_TOKEN", JIRA)];
    let organization = [("ROLLBOOK_ORG_API_KEY", ORGANIZATION), ("ROLLBOOK_SCIM_API_KEY", SCIM)];
    let client = [("ROLLBOOK_CLIENT_ID", "client-id-1"), ("ROLLBOOK_CLIENT_SECRET", JIRA)];
    let variables = match kind {
        Kind::Basic => basic.to_vec(),
        Kind::Client => client.to_vec(),
        Kind::Organization => organization.to_vec(),
        Kind::Everything => [basic, organization].concat(),
    };
    for (name, value) in variables {
        run = run.env(name, value);
    }
    for endpoint in ["ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_ENDPOINT_GATEWAY"] {
        run = run.env(endpoint, host);
    }
    run.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full")
}

/// How a peer repeats what it was sent.
type Echo = fn(sent: &str) -> Response;

fn escaped(sent: &str) -> String {
    sent.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()
}

/// The peer that commands wait for.
const WAITED_FOR: &str = "waited for";

const ECHOES: [(&str, Echo); 10] = [
    ("words", |sent| (StatusCode::UNAUTHORIZED, sent.to_owned()).into_response()),
    ("json", |sent| {
        let body = json!({ "errorMessages": [sent], "errors": { sent: sent }, "message": sent });
        (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
    }),
    ("escapes", |sent| {
        let body = format!(r#"{{"message":"{}","detail":"{}"}}"#, escaped(sent), sent.replace('/', "\\/"));
        (StatusCode::BAD_REQUEST, body).into_response()
    }),
    ("page", |sent| {
        let page = format!("<html><title>{}</title></html>", sent.replace('=', "&#x3D;"));
        (StatusCode::FORBIDDEN, Html(page)).into_response()
    }),
    ("headers", |sent| {
        let value = sent.split(' ').nth(1).unwrap_or("none").to_owned();
        (StatusCode::NOT_FOUND, [("atl-traceid", value)], "{}").into_response()
    }),
    ("shape", |sent| axum::Json(json!({ "accountId": [sent], "data": sent })).into_response()),
    ("text", |sent| axum::Json(json!(sent)).into_response()),
    ("no json", |sent| format!("{{\"values\": \"{sent}").into_response()),
    ("server", |sent| (StatusCode::NOT_IMPLEMENTED, sent.to_owned()).into_response()),
    // It is asked again four times, a second each.
    (WAITED_FOR, |sent| {
        (StatusCode::BAD_GATEWAY, [(header::RETRY_AFTER, "1")], sent.to_owned()).into_response()
    }),
];

/// A peer that repeats all that it was sent, and what Basic holds. At `oauth` it does so too where it is told to.
fn peer(echo: Echo, oauth: bool) -> Served {
    Served::router(Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
        match uri.path() {
            "/oauth/token" if !oauth => axum::Json(json!({ "access_token": JIRA })).into_response(),
            "/_edge/tenant_info" => axum::Json(json!({ "cloudId": "cloud-1" })).into_response(),
            _ => {
                let sent = headers.get(header::AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
                let pair = sent.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok());
                let pair = String::from_utf8(pair.unwrap_or_default()).unwrap();
                echo(&format!("sent {sent} {pair} {}", String::from_utf8_lossy(&body)))
            }
        }
    }))
}

const COMMANDS: [&[&str]; 7] = [
    &["check", "--live"],
    &["lock"],
    &["doctor"],
    &["doctor", "--format", "json"],
    &["plan", "--format", "json"],
    &["plan", "--by", "user"],
    &["apply", "--yes", "--write-lock"],
];

/// Does all of these, many at a time: most of the time is waiting.
fn each<T: Send>(jobs: Vec<T>, work: impl Fn(T) + Sync) {
    let jobs = Mutex::new(VecDeque::from(jobs));
    let next = || jobs.lock().unwrap().pop_front();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some(job) = next() {
                    work(job);
                }
            });
        }
    });
}

#[test]
fn no_command_shows_what_a_peer_repeats() {
    let peers: Vec<(String, Served)> = ECHOES
        .iter()
        .flat_map(|(name, echo)| {
            [false, true].map(|oauth| (format!("{name}, oauth: {oauth}"), peer(*echo, oauth)))
        })
        .collect();
    let kinds = [Kind::Basic, Kind::Client, Kind::Organization, Kind::Everything];
    let mut jobs = Vec::new();
    for (index, (name, peer)) in peers.iter().enumerate() {
        for (number, kind) in kinds.into_iter().enumerate() {
            // Each peer and each kind meets each command, though not all three each other.
            for command in COMMANDS.iter().skip((index + number) % 2).step_by(2) {
                if name.starts_with(WAITED_FOR) && !["plan", "doctor"].contains(&command[0]) {
                    continue;
                }
                jobs.push((name, kind, *command, peer.url.as_str()));
            }
        }
    }
    assert!(jobs.len() > 200);
    each(jobs, |(name, kind, command, url)| {
        let ran = run(command, kind, url).run();
        holds_no_secret(&ran, &format!("{name}, {kind:?}"));
        assert_ne!(ran.code, Some(0), "{name}, {kind:?}: {ran}");
        assert!(!(ran.stdout + &ran.stderr).is_empty());
        for file in walkdir::WalkDir::new(ran.home.path()).into_iter().map(Result::unwrap) {
            if file.file_type().is_file() {
                let text = fs::read_to_string(file.path()).unwrap().to_ascii_lowercase();
                let part = parts().into_iter().find(|part| text.contains(part));
                assert_eq!(part, None, "{}", file.path().display());
            }
        }
    });
}

/// Every 3xx there is, to every request, the exchange of a token too: none leads anywhere.
#[test]
fn no_redirect_is_followed() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&taken);
    let thief = Served::router(Router::new().fallback(move |uri: Uri, headers: HeaderMap| async move {
        seen.lock().unwrap().push(format!("{uri} {headers:?}"));
        "{}"
    }));
    let target = thief.url.clone();
    let mut peers = Vec::new();
    for status in [300, 301, 302, 303, 304, 305, 307, 308] {
        for oauth in [false, true] {
            let target = target.clone();
            let status = StatusCode::from_u16(status).unwrap();
            let router = Router::new().fallback(move |uri: Uri| async move {
                match uri.path() {
                    "/oauth/token" if !oauth => axum::Json(json!({ "access_token": JIRA })).into_response(),
                    "/_edge/tenant_info" => axum::Json(json!({ "cloudId": "cloud-1" })).into_response(),
                    path => {
                        (status, [(header::LOCATION, format!("{target}{path}?token={JIRA}"))]).into_response()
                    }
                }
            });
            peers.push(Served::router(router));
        }
    }
    let kinds = [Kind::Basic, Kind::Client, Kind::Organization];
    let jobs = peers.iter().flat_map(|peer| kinds.map(|kind| (peer.url.as_str(), kind)));
    each(jobs.collect(), |(url, kind)| {
        for command in [&["plan"][..], &["doctor"]] {
            let ran = run(command, kind, url).run().ends(1);
            holds_no_secret(&ran, &format!("{kind:?}"));
            let said = format!("{}{}", ran.stdout, ran.stderr).replace("\n    |", "");
            assert!(said.contains("which is not followed") || said.contains("redirects to a login"), "{ran}");
        }
    });
    assert_eq!(*taken.lock().unwrap(), Vec::<String>::new(), "nothing came where the redirects lead");
}

/// A proxy sees where a connection is to go and its own password, and neither credential nor password shows.
#[test]
fn a_proxy_is_told_no_secret_and_loopback_needs_none() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let proxy =
        Served::router(Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let proven = headers.get(header::PROXY_AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
            let words = format!("{uri} {proven} {}", String::from_utf8_lossy(&body));
            seen.lock().unwrap().push(format!("{uri} {headers:?}"));
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, words)
        }));
    let (_, host) = proxy.url.split_once("://").unwrap();
    let through = format!("http://user:{PROXY}@{host}");
    let with_proxy = |run: Rollbook| {
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"]
            .iter()
            .fold(run, |run, name| run.env(name, &through))
    };
    let far = rollbook(["plan", "-v", "-v", "-v"])
        .file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\n")
        .env("ROLLBOOK_EMAIL", EMAIL)
        .env("ROLLBOOK_API_TOKEN", JIRA);
    let ran = with_proxy(far).run().ends(1);
    holds_no_secret(&ran, "through a proxy");
    let asked_far = std::mem::take(&mut *asked.lock().unwrap());
    assert!(!asked_far.is_empty(), "the proxy was used: {ran}");
    let jira = parts().into_iter().filter(|part| !part.contains("proxy"));
    let pair = STANDARD.encode(format!("{EMAIL}:{JIRA}")).to_ascii_lowercase();
    for part in jira.chain([pair]) {
        let proven = STANDARD.encode(format!("user:{PROXY}")).to_ascii_lowercase();
        let told =
            asked_far.iter().any(|line| line.to_ascii_lowercase().replace(&proven, "").contains(&part));
        assert!(!told, "{part} in {asked_far:?}");
    }
    // What is on this machine is asked itself.
    let (_, echo) = ECHOES[0];
    let near = peer(echo, false);
    for kind in [Kind::Basic, Kind::Everything] {
        let ran = with_proxy(run(&["plan"], kind, &near.url)).run().ends(1);
        holds_no_secret(&ran, "on loopback");
        assert!(ran.stderr.contains("the credential is not accepted"), "{ran}");
    }
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

/// The file of a secret: what is wrong with it is said, and nothing that it holds.
#[test]
fn a_secrets_file_is_read_with_care() {
    let plan = |text: Option<&str>| {
        let run = rollbook(["plan", "-v", "-v", "-v"])
            .file("rollbook.yaml", "version: 1\nsite: http://127.0.0.1:9\n")
            .env("ROLLBOOK_ENDPOINT_SITE", "http://127.0.0.1:9")
            .env("ROLLBOOK_EMAIL", EMAIL)
            .env("ROLLBOOK_API_TOKEN_FILE", "secret");
        match text {
            Some(text) => run.file("secret", text),
            None => run,
        }
    };
    let large = format!("{JIRA}{}", "x".repeat(70_000));
    let two = format!("{JIRA}\nsecond line\n");
    for (text, code, says) in [
        (None, 64, "failed to read the file that ROLLBOOK_API_TOKEN_FILE names: No such file"),
        (Some(""), 64, "the file that ROLLBOOK_API_TOKEN_FILE names is empty"),
        (Some("\r\n\n"), 64, "the file that ROLLBOOK_API_TOKEN_FILE names is empty"),
        (Some(large.as_str()), 64, "the file that ROLLBOOK_API_TOKEN_FILE names is larger than 65536 bytes"),
        (Some(two.as_str()), 1, "the credential is empty, or holds white space or a control character"),
    ] {
        let ran = plan(text).run().ends(code);
        holds_no_secret(&ran, says);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    // Line breaks at its end do not count: the request was made.
    for text in [format!("{JIRA}\n"), format!("{JIRA}\r\n"), JIRA.to_owned()] {
        let ran = plan(Some(&text)).run().ends(1);
        holds_no_secret(&ran, "a good file");
        assert!(ran.stderr.contains("127.0.0.1:9"), "{ran}");
    }
}
