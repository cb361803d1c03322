//! What is between Rollbook and a site in containers and companies: proxies, and certificate authorities that are
//! missing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Ran, Rollbook, rollbook};

const TREE: &str = "version: 1\nsite: https://acme.atlassian.net\ngroups: { devs: { members: [] } }\n";

/// A proxy that gives every request the same answer, and keeps the first lines of what it was asked.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keeps = Arc::clone(&asked);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> =
                    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                keeps.lock().unwrap().extend(head.first().cloned());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, asked }
    }
}

/// A plan of a site that is not on this machine.
fn plan() -> Rollbook {
    let plan = rollbook(["plan"]).file("rollbook.yaml", TREE);
    plan.env("ROLLBOOK_EMAIL", "root@acme.com").env("ROLLBOOK_API_TOKEN", "sesame")
}

/// What is said with a proxy that answers so.
fn said(answer: &'static str) -> (Ran, String) {
    let proxy = Proxy::answering(answer);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let with_user = format!("http://ada:open%40sesame@127.0.0.1:{}", proxy.port);
    let ran = plan().env("HTTPS_PROXY", &with_user).run().ends(1);
    let asked = proxy.asked.lock().unwrap();
    assert!(asked.iter().all(|line| line == "CONNECT acme.atlassian.net:443 HTTP/1.1"), "{asked:?}");
    assert!(!asked.is_empty() && !ran.to_string().contains("sesame"), "{ran}");
    (ran, address)
}

#[test]
fn a_proxy_that_does_not_connect_is_named_with_what_it_says_and_what_to_do() {
    let page = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html><title>Blocked</title></html>";
    for (answer, status, help) in [
        (page, "status 403", "let the host through"),
        (
            "HTTP/1.0 407 Proxy Authentication Required\r\n\r\n",
            "status 407",
            "http://USER:PASSWORD@HOST:PORT",
        ),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "status 503", "Try again later"),
    ] {
        let (ran, address) = said(answer);
        let expected = format!("the proxy {address} does not connect to the host: {status}");
        assert!(ran.stderr.contains(&expected) && ran.stderr.contains(help), "{ran}");
    }
    // Something that is not a proxy at all.
    let (ran, address) = said("<html>hello</html>");
    assert!(ran.stderr.contains(&format!("the proxy {address} does not connect to the host")), "{ran}");
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ran = plan().env("https_proxy", &format!("127.0.0.1:{port}")).run().ends(1);
    let expected = format!("the proxy http://127.0.0.1:{port} cannot be used: it refuses connections");
    assert!(ran.stderr.contains(&expected) && ran.stderr.contains("HTTPS_PROXY"), "{ran}");
}

#[test]
fn a_proxy_that_would_not_be_used_is_refused() {
    for (variable, value, shown) in [
        ("HTTPS_PROXY", "socks5://ada:sesame@proxy.example:1080", "socks5://…@proxy.example:1080"),
        ("https_proxy", "ftp://proxy.example", "ftp://proxy.example"),
        ("ALL_PROXY", "socks5h://proxy.example:1080", "socks5h://proxy.example:1080"),
    ] {
        let ran = plan().env(variable, value).run();
        assert!(ran.code != Some(0) && !ran.to_string().contains("sesame"), "{ran}");
        assert!(ran.stderr.contains(&format!("{variable} names {shown}")), "{ran}");
        assert!(ran.stderr.contains("Name an HTTP proxy"), "{ran}");
        // What goes to this machine goes past every proxy.
        rollbook(["demo"]).env(variable, value).run().ends(0);
    }
    // Hosts that need no proxy need no usable one.
    let without =
        plan().env("HTTPS_PROXY", "ftp://proxy.example").env("NO_PROXY", ".atlassian.net,.atlassian.com");
    let closed = Proxy::answering("HTTP/1.1 403 Forbidden\r\n\r\n");
    let through = format!("http://127.0.0.1:{}", closed.port);
    let ran =
        without.env("ALL_PROXY", &through).env("ROLLBOOK_ENDPOINT_SITE", "https://127.0.0.1:9").run().ends(1);
    assert!(!ran.stderr.contains("Name an HTTP proxy"), "{ran}");
}

#[test]
fn without_certificate_authorities_this_machine_is_reached_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (file, empty) = (folder.path().join("none.pem"), folder.path().display().to_string());
    let nowhere =
        |run: Rollbook| run.env("SSL_CERT_FILE", &file.display().to_string()).env("SSL_CERT_DIR", &empty);
    nowhere(rollbook(["demo"])).run().ends(0);
    let ran = nowhere(plan()).run().ends(1);
    let places = format!("SSL_CERT_FILE names {} and SSL_CERT_DIR names {empty}", file.display());
    assert!(
        ran.stderr.contains(&places) && ran.stderr.contains("Install the package ca-certificates"),
        "{ran}"
    );
}
