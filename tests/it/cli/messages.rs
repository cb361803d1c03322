//! What is between here and Jira: each failure has its own words, and says what to do.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect};

use super::{Ran, Served, example, rollbook};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// A plan of the smallest example at another host.
fn plan_at(host: &str) -> Ran {
    let plan = rollbook(["plan", "-C", &example("minimal")]).env("ROLLBOOK_ENDPOINT_SITE", host);
    let plan = plan.env("ROLLBOOK_EMAIL", "root@acme.com").env("ROLLBOOK_API_TOKEN", "sandbox-token");
    let ran = plan.hides(host, "[site]").run().ends(1);
    assert_eq!(ran.stdout, "");
    let no_help = ran.stderr.contains("not as documented");
    assert!(ran.stderr.contains("\nhelp: ") != no_help, "{ran}");
    ran
}

/// A plan at a peer that answers everything alike.
fn answered_with<A: IntoResponse>(answer: impl Fn() -> A + Clone + Send + Sync + 'static) -> String {
    let router = Router::new().fallback(move || async move { answer().into_response() });
    stderr(&plan_at(&Served::router(router).url))
}

/// Reads that are sent at the same time fail at the same time: which is reported first is not said.
fn stderr(ran: &Ran) -> String {
    let shown = ran.to_string();
    let routes = ["/rest/api/3/myself", "/rest/api/3/mypermissions", "/rest/api/3/group/bulk"];
    let shown = routes.iter().fold(shown, |shown, route| shown.replace(route, "[route]"));
    let shapes = ["struct User", "struct Permissions", "struct Page"];
    let shown = shapes.iter().fold(shown, |shown, shape| shown.replace(shape, "[shape]"));
    shown.split_once("──── stderr\n").unwrap().1.to_owned()
}

#[test]
fn each_failure_has_its_own_message() {
    let page = "<!DOCTYPE html><html><head><title>Blocked</title></head><body>by Proxomatic</body></html>";
    let login = "https://id.atlassian.com/login?continue=https%3A%2F%2Facme.atlassian.net";
    let elsewhere = "https://new-acme.atlassian.net/rest/api/3/myself";
    let refusal = r#"{"message":"Client must be authenticated to access this resource.","status-code":401}"#;
    let stderrs = thread::scope(|scope| {
        let runs: Vec<(&str, thread::ScopedJoinHandle<'_, String>)> = vec![
            ("no such host", scope.spawn(|| stderr(&plan_at("https://acmee.invalid")))),
            ("closed port", scope.spawn(|| stderr(&plan_at(&closed_port())))),
            ("TLS with what speaks none", scope.spawn(|| stderr(&plan_at(&plain_text())))),
            ("a page, status 200", scope.spawn(move || answered_with(move || Html(page)))),
            (
                "a page, status 502",
                scope.spawn(move || answered_with(move || (StatusCode::BAD_GATEWAY, Html(page)))),
            ),
            (
                "a page, status 404",
                scope.spawn(move || answered_with(move || (StatusCode::NOT_FOUND, Html(page)))),
            ),
            ("to a login", scope.spawn(move || answered_with(move || Redirect::to(login)))),
            ("elsewhere", scope.spawn(move || answered_with(move || Redirect::permanent(elsewhere)))),
            ("401", scope.spawn(move || answered_with(move || (StatusCode::UNAUTHORIZED, JSON, refusal)))),
            ("403", scope.spawn(move || answered_with(move || (StatusCode::FORBIDDEN, JSON, "{}")))),
            ("JSON of no use", scope.spawn(move || answered_with(move || (JSON, "7")))),
        ];
        runs.into_iter().map(|(what, run)| (what, run.join().unwrap())).collect::<Vec<_>>()
    });
    let mut messages: Vec<&str> = stderrs.iter().map(|(_, text)| text.lines().next().unwrap()).collect();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), stderrs.len(), "two failures have one message");
    let shown: Vec<String> = stderrs.iter().map(|(what, text)| format!("── {what}\n{text}")).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// A port that was free a moment ago.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// What answers a TLS handshake in plain text, as a port of another service does.
fn plain_text() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    format!("https://{address}")
}
