//! A real front end between Rollbook and a site: nginx, which ends HTTP/2 connections while writes are under way, reloads,
//! and turns requests away.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

use super::{Ran, Rollbook, Site, rollbook};
use crate::soak::soaks;

/// nginx before a site, for as long as it is held.
pub(super) struct Nginx {
    child: Child,
    folder: TempDir,
    pub(super) url: String,
}

/// Whether there is what these tests need. `.ci/run` says that there must be.
pub(super) fn is_there() -> bool {
    let runs = |program: &str, argument: &str| {
        Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let there = runs("nginx", "-v") && runs("openssl", "version");
    assert!(there || std::env::var_os("ROLLBOOK_TEST_NGINX").is_none(), "nginx and openssl are to be here");
    if !there {
        println!("skipped: there is no nginx or no openssl here");
    }
    there
}

impl Nginx {
    /// Starts it, with directives for everything and for its one server.
    pub(super) fn before(site: &Site, http: &str, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display().to_string();
        certificates(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let upstream = site.url().strip_prefix("http://").unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {dir}/{name};\n"))
            .collect();
        let user = if nix_root() { "user root;\n" } else { "" };
        let config = format!(
            "{user}daemon off;\npid {dir}/pid;\nerror_log {dir}/error.log;\nworker_processes 1;\n\
             events {{ worker_connections 512; }}\n\
             http {{\naccess_log off;\n{temporary}{http}\n\
             upstream sandbox {{ server {upstream}; keepalive 64; }}\n\
             server {{\nlisten 127.0.0.1:{port} ssl http2;\nssl_certificate {dir}/leaf.pem;\n\
             ssl_certificate_key {dir}/leaf.key;\n{server}\n\
             location / {{ proxy_pass http://sandbox; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}\n\
             }}\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let conf = folder.path().join("nginx.conf");
        let mut child = Command::new("nginx");
        child.arg("-c").arg(&conf).arg("-e").arg(folder.path().join("error.log"));
        let child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let nginx = Self { child, folder, url: format!("https://127.0.0.1:{port}") };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "nginx came up: {}", nginx.log());
            thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Lets a run go through it.
    fn carries(&self, mut run: Rollbook, site: &Site) -> Rollbook {
        for (name, value) in site.sandbox.exports(&self.url) {
            run = run.env(name.as_ref(), value.as_ref());
        }
        run.env("SSL_CERT_FILE", &self.authority().display().to_string()).env("ROLLBOOK_PACE", "answers")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master ends its workers when it is asked to end.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn nix_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0"))
}

/// A certificate of an authority that nobody trusts unless configured.
fn certificates(folder: &Path) {
    fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let run = |line: &str| {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = Command::new("openssl").args(&arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=private"));
    run(&format!("req {key} -keyout leaf.key -out leaf.csr -subj /CN=front"));
    run("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile san");
}

/// A site on which so many people are to be added to so many groups.
fn site_of(people: usize, groups: usize) -> (Site, String) {
    let emails: Vec<String> = (0..people).map(|n| format!("p{n}@acme.com")).collect();
    let users: Vec<String> = emails.iter().map(|email| format!("{{ email: {email} }}")).collect();
    let mut tree = "version: 1\nsite: https://acme.atlassian.net\ngroups:\n".to_owned();
    let mut seed = format!(
        "site: {{ name: acme }}\ncredentials: [{{ basic: {{ account: root@acme.com, token: t }} }}]\n\
         users: [{{ email: root@acme.com }}, {}]\n\
         groups:\n  - {{ name: admins, site-admin: true, members: [root@acme.com] }}\n",
        users.join(", ")
    );
    for n in 0..groups {
        seed.push_str(&format!("  - {{ name: g{n} }}\n"));
        tree.push_str(&format!("  g{n}: {{ members: [{}] }}\n", emails.join(", ")));
    }
    (Site::of(&seed), tree)
}

/// Applies through nginx, and holds that everything is done in one run, and no write twice.
fn is_done_once(
    nginx: &Nginx,
    site: &Site,
    tree: &str,
    operations: usize,
    meanwhile: impl Fn(&Nginx),
) -> Ran {
    let run =
        nginx.carries(rollbook(["apply", "--yes", "--format", "json"]).file("rollbook.yaml", tree), site);
    let running = run.start();
    meanwhile(nginx);
    let ran = running.end_within(Duration::from_secs(600)).ends(0);
    let report = ran.json();
    assert_eq!(report["complete"], true, "{ran}");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for operation in report["operations"].as_array().unwrap() {
        *outcomes.entry(operation["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let done: usize = ["applied", "satisfied"].iter().filter_map(|word| outcomes.get(*word)).sum();
    assert_eq!(done, operations, "{outcomes:?}");
    ran
}

fn writes(site: &Site) -> (usize, usize) {
    let writes = site.sandbox.requests().writes;
    (writes.len(), writes.iter().filter(|write| write.status == 201).count())
}

/// With `ROLLBOOK_SOAK=1` 2,000 operations, else 240.
#[test]
fn a_front_end_that_ends_connections_loses_nothing() {
    if !is_there() {
        return;
    }
    let people = if soaks() { 200 } else { 24 };
    let (site, tree) = site_of(people, 10);
    let nginx = Nginx::before(&site, "", "keepalive_requests 10;");
    is_done_once(&nginx, &site, &tree, people * 10, |_| ());
    assert_eq!(writes(&site), (people * 10, people * 10), "each write was sent once: {}", nginx.log());
}

#[test]
fn a_front_end_that_reloads_loses_nothing() {
    if !is_there() {
        return;
    }
    let (site, tree) = site_of(40, 10);
    let nginx = Nginx::before(&site, "", "");
    is_done_once(&nginx, &site, &tree, 400, |nginx| {
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(100));
            let hup = Command::new("kill").args(["-HUP", &nginx.child.id().to_string()]).status();
            assert!(hup.unwrap().success());
        }
    });
    assert_eq!(writes(&site).1, 400);
}

/// nginx answers 503 to what is over its limit, and not 429.
#[test]
fn a_front_end_that_limits_is_given_time() {
    if !is_there() {
        return;
    }
    let (site, tree) = site_of(10, 4);
    let nginx = Nginx::before(
        &site,
        "limit_req_zone $server_name zone=all:1m rate=20r/s;",
        "limit_req zone=all burst=10 nodelay;",
    );
    is_done_once(&nginx, &site, &tree, 40, |_| ());
    assert_eq!(writes(&site).1, 40);
}

/// A certificate of an authority that the system does not know, and what to do about it.
#[test]
fn an_unknown_authority_is_told_with_what_to_do() {
    if !is_there() {
        return;
    }
    let (site, tree) = site_of(1, 1);
    let nginx = Nginx::before(&site, "", "");
    let run = nginx.carries(rollbook(["plan"]).file("rollbook.yaml", &tree), &site);
    let other = nginx.folder.path().join("other.pem");
    let line = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout o.key -out other.pem -subj /CN=o";
    let made = Command::new("openssl").args(line.split(' ')).current_dir(nginx.folder.path()).output();
    assert!(made.unwrap().status.success());
    let ran = run.env("SSL_CERT_FILE", &other.display().to_string()).run().ends(1);
    assert!(ran.stderr.contains("SSL_CERT_FILE"), "{ran}");
    assert!(
        ran.stderr.contains("signed by itself, or by an authority that this machine does not trust"),
        "{ran}"
    );
    // The certificate is for 127.0.0.1.
    let mut run = nginx.carries(rollbook(["plan"]).file("rollbook.yaml", &tree), &site);
    let (before, port) = nginx.url.rsplit_once(':').unwrap();
    assert_eq!(before, "https://127.0.0.1");
    for endpoint in ["SITE", "GATEWAY", "SCIM"] {
        run = run.env(&format!("ROLLBOOK_ENDPOINT_{endpoint}"), &format!("https://localhost:{port}"));
    }
    let ran = run.run().ends(1);
    assert!(ran.stderr.contains("its certificate is for another host"), "{ran}");
}
