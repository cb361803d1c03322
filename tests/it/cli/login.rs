//! `login` and `logout`: through the sandbox's consent page, as a browser goes through it, and what the login is good for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use axum::Router;
use axum::http::StatusCode;
use regex::Regex;
use rollbook::sandbox::{Answer, Change, Failure, Moment};
use serde_json::Value;

use super::{Ran, Rollbook, Running, Served, Site, files_of, repository, rollbook, seed_of};

const SITE: &str = "https://acme.atlassian.net";
const ACCEPT: &str = "decision=accept";

/// The example `minimal`, whose site has an app instead of a token, with a callback that nobody listens at yet.
struct Office {
    site: Site,
    callback: String,
    home: tempfile::TempDir,
}

impl Office {
    fn open() -> Self {
        Self::with("")
    }

    /// The same, of an app that was consented to for other sites before.
    fn with(sites: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let callback = format!("http://localhost:{port}/callback");
        let seed = seed_of("minimal").replace("basic: { account: root@acme.com, token: sandbox-token }", &format!(
            "oauth-app: {{ client-id: the-app, client-secret: the-apps-secret, callbacks: [\"{callback}\"]{sites} }}\n  \
             - bearer: {{ account: root@acme.com, token: the-bearer }}"
        ));
        Self { site: Site::of(&seed), callback, home: tempfile::tempdir().unwrap() }
    }

    /// A run on the example's tree, at this site and in this home.
    fn run(&self, arguments: &[&str]) -> Rollbook {
        let files = files_of("minimal").into_iter().filter(|(path, _)| path != "sandbox.yaml");
        let run = rollbook(arguments).at(&self.site).env("ROLLBOOK_OAUTH_REDIRECT", &self.callback);
        // The other credential of the site is for a server in front of it.
        let run = run.env("ROLLBOOK_ACCESS_TOKEN", "");
        let run = run.env("XDG_STATE_HOME", self.home.path().to_str().unwrap());
        files.fold(run, |run, (path, text)| run.file(&path, &text))
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("rollbook/logins/acme.atlassian.net.json")
    }

    fn stored(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    /// Both tokens that are stored.
    fn secrets(&self) -> [String; 2] {
        let stored = self.stored();
        ["access_token", "refresh_token"].map(|name| stored[name].as_str().unwrap().to_owned())
    }

    /// Lets the stored access token be over, so that the next run renews the login.
    fn tire(&self) {
        let mut stored = self.stored();
        stored["access_ends"] = stored["consented"].clone();
        fs::write(self.file(), stored.to_string()).unwrap();
    }

    /// Signs somebody in through the consent page.
    fn sign_in(&self) -> Ran {
        let mut waiting = Waiting::start(self.run(&["login"]));
        let landed = decide(&waiting.address(), ACCEPT);
        let (status, page) = get(&landed);
        assert_eq!(status, 200, "{page}");
        waiting.end()
    }

    fn renewals(&self) -> u64 {
        self.site.sandbox.requests().count("POST /oauth/token")
    }
}

/// A `login` that waits for the browser.
struct Waiting {
    running: Running,
    lines: mpsc::Receiver<String>,
    seen: String,
}

impl Waiting {
    fn start(run: Rollbook) -> Self {
        let mut running = run.start();
        let stderr = BufReader::new(running.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { running, lines, seen: String::new() }
    }

    fn until(&mut self, found: impl Fn(&str) -> bool) -> String {
        loop {
            let line =
                self.lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{}", self.seen));
            self.seen += &format!("{line}\n");
            if found(&line) {
                return line;
            }
        }
    }

    /// The address that it prints first.
    fn address(&mut self) -> String {
        self.until(|line| line.contains("/authorize?")).trim().to_owned()
    }

    fn end(mut self) -> Ran {
        let mut ran = self.running.end();
        self.seen.extend(self.lines.iter().map(|line| line + "\n"));
        ran.stderr = std::mem::take(&mut self.seen);
        ran
    }
}

/// Sends a request and reads status, `Location` and body.
fn send(method: &str, url: &str, host: Option<&str>, form: &str) -> (u16, String, String) {
    let (authority, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority.replace("localhost", "127.0.0.1")).unwrap();
    let head = format!(
        "{method} /{target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        host.unwrap_or(authority),
        form.len(),
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), location.to_owned(), body.to_owned())
}

fn get(url: &str) -> (u16, String) {
    let (status, _, body) = send("GET", url, None, "");
    (status, body)
}

/// Answers the consent page of an address, and says where the browser is sent.
fn decide(address: &str, decision: &str) -> String {
    let (status, page) = get(address);
    assert_eq!(status, 200, "{page}");
    let field = Regex::new(r#"<input type="hidden" name="([^"]*)" value="([^"]*)">"#).unwrap();
    let encoded =
        |text: &str| text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace(' ', "+");
    let fields =
        field.captures_iter(&page).map(|it| format!("{}={}", &it[1], encoded(&it[2].replace("&amp;", "&"))));
    let form =
        fields.chain([decision.to_owned(), "account=root@acme.com".to_owned()]).collect::<Vec<_>>().join("&");
    let (origin, _) = address.split_once("/authorize").unwrap();
    let (status, location, page) = send("POST", &format!("{origin}/authorize"), None, &form);
    assert_eq!(status, 302, "{page}");
    location
}

#[test]
fn somebody_signs_in_plans_applies_and_signs_out() {
    let office = Office::open();
    office.run(&["plan"]).run().ends(64);
    office.run(&["login", "--status"]).run().ends(1);
    let ran = office.sign_in().ends(0);
    assert!(ran.stderr.contains("Signed in to https://acme.atlassian.net as Root."), "{ran}");
    assert!(ran.stdout.is_empty(), "{ran}");
    let mut said = vec![ran.stderr];
    let first = office.secrets();

    let planned = office.run(&["plan", "-v"]).run().ends(0);
    assert!(planned.stderr.contains("using the login to https://acme.atlassian.net of Root"), "{planned}");
    let ran = office.run(&["login", "--status"]).run().ends(0);
    assert!(ran.stdout.contains("ends on 20") && ran.stdout.contains("Root (712020:"), "{ran}");
    said.extend([planned.stdout, planned.stderr, ran.stdout]);
    assert_eq!(
        (office.renewals(), office.secrets()),
        (1, first.clone()),
        "an access token is used until it ends"
    );

    office.tire();
    let ran = office.run(&["apply", "--yes", "-vv"]).run().ends(0);
    let renewed = office.secrets();
    assert!(office.renewals() == 2 && first[1] != renewed[1], "the refresh token is for one use");
    let written = super::files_below(&ran.folder());
    let written = written.into_iter().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    said.extend(written.chain([ran.stdout.clone(), ran.stderr.clone()]));
    let ran = office.run(&["doctor"]).run().ends(0);
    assert!(ran.stdout.contains("and 365 days after the"), "{ran}");
    said.push(ran.stdout);
    for text in &said {
        for secret in first.iter().chain(&renewed).map(String::as_str).chain(["the-apps-secret"]) {
            assert!(!text.contains(secret), "a secret is shown:\n{text}");
        }
    }

    office.run(&["logout"]).run().ends(0);
    assert!(!office.file().exists());
    office.run(&["plan"]).run().ends(64);
    office.run(&["logout"]).run().ends(0);
}

#[cfg(unix)]
#[test]
fn a_login_is_for_nobody_elses_eyes() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let office = Office::open();
    office.sign_in().ends(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&office.file()), 0o600);
    assert_eq!(mode(office.file().parent().unwrap()), 0o700);
    fs::set_permissions(office.file(), fs::Permissions::from_mode(0o640)).unwrap();
    let ran = office.run(&["plan"]).run().ends(1);
    assert!(ran.stderr.contains("others may read or change it (mode 640)"), "{ran}");
    for text in ["", "{}", "{\"version\":1,\"refresh_token\":\"s3cret-refresh\"}"] {
        office.run(&["logout"]).run().ends(0);
        fs::write(office.file(), text).unwrap();
        fs::set_permissions(office.file(), fs::Permissions::from_mode(0o600)).unwrap();
        let ran = office.run(&["plan"]).run().ends(1);
        assert!(
            ran.stderr.contains("it is not a login of Rollbook's") && !ran.stderr.contains("s3cret"),
            "{ran}"
        );
    }
}

#[test]
fn a_login_that_fails_says_why_in_the_browser_and_the_terminal_and_stores_nothing() {
    let office = Office::with(", sites: [\"https://other.atlassian.net\"]");
    let attempt = |decision: &str| {
        let mut waiting = Waiting::start(office.run(&["login"]));
        let (status, page) = get(&decide(&waiting.address(), decision));
        let ran = waiting.end();
        assert!(
            status == 400 && page.contains("Not signed in") && page.contains("Nothing was stored"),
            "{page}"
        );
        assert!(!office.file().exists());
        ran
    };
    let ran = attempt("decision=decline").ends(1);
    assert!(ran.stderr.contains("the consent was declined in the browser: User did not authorize"), "{ran}");
    let ran = attempt("decision=accept&site=https://other.atlassian.net").ends(4);
    assert!(
        ran.stderr.contains(
            "the consent is not for https://acme.atlassian.net: it is for https://other.atlassian.net"
        ),
        "{ran}"
    );

    let mut waiting = Waiting::start(office.run(&["login"]).env("ROLLBOOK_OAUTH_CLIENT_SECRET", "wrong"));
    let (_, page) = get(&decide(&waiting.address(), ACCEPT));
    let ran = waiting.end().ends(1);
    assert!(ran.stderr.contains("Check ROLLBOOK_OAUTH_CLIENT_ID and ROLLBOOK_OAUTH_CLIENT_SECRET"), "{ran}");
    assert!(page.contains("Check ROLLBOOK_OAUTH_CLIENT_ID"), "{page}");

    let body = r#"{"errorMessages":["<script>no</script>"]}"#.to_owned();
    let denied = Answer { status: StatusCode::FORBIDDEN, headers: Vec::new(), body };
    office.site.sandbox.fail_next("GET /rest/api/3/myself", Failure::Instead(denied));
    let mut waiting = Waiting::start(office.run(&["login"]));
    let (_, page) = get(&decide(&waiting.address(), ACCEPT));
    waiting.end().ends(1);
    assert!(!page.contains("<script>"), "{page}");
}

#[test]
fn what_is_wrong_before_the_browser_opens_is_told_at_once() {
    let office = Office::open();
    let ran =
        office.run(&["login"]).env("ROLLBOOK_OAUTH_CLIENT_ID", "").env("ROLLBOOK_OAUTH_CLIENT_SECRET", "");
    let ran = ran.run().ends(64);
    assert!(
        ran.stderr.contains("ROLLBOOK_OAUTH_CLIENT_ID and ROLLBOOK_OAUTH_CLIENT_SECRET are not set"),
        "{ran}"
    );
    let ran = office.run(&["login"]).env("ROLLBOOK_OAUTH_CLIENT_SECRET", "").run().ends(64);
    assert!(
        ran.stderr.contains("ROLLBOOK_OAUTH_CLIENT_ID is set, and ROLLBOOK_OAUTH_CLIENT_SECRET is not"),
        "{ran}"
    );
    let ran = office.run(&["login"]).env("ROLLBOOK_OAUTH_REDIRECT", "http://evil.example:80/").run().ends(64);
    assert!(ran.stderr.contains("ROLLBOOK_OAUTH_REDIRECT is invalid"), "{ran}");
    let ran = office.run(&["login"]).env("ROLLBOOK_SITE", "https://other.atlassian.net").run().ends(4);
    assert!(ran.stderr.contains("the tree names https://acme.atlassian.net"), "{ran}");
    let ran = office.run(&["login"]).env("XDG_STATE_HOME", "").run().ends(64);
    assert!(ran.stderr.contains("neither XDG_STATE_HOME nor HOME"), "{ran}");
    let ran = office.run(&["login", "--site", "https://acme.example"]).run().ends(3);
    assert!(ran.stderr.contains("is not an Atlassian host"), "{ran}");
    let ran = rollbook(["login"]).env("HOME", "/home/ada").run().ends(64);
    assert!(ran.stderr.contains("add --site URL"), "{ran}");
    let port = office.callback.split([':', '/']).nth(4).unwrap().to_owned();
    let _taken = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let ran = office.run(&["login"]).run().ends(1);
    assert!(ran.stderr.contains(&format!("failed to listen on 127.0.0.1:{port}")), "{ran}");
    assert!(!ran.stderr.contains("/authorize"), "{ran}");
}

/// The browser says so itself, and does not come back. Atlassian compares the whole address.
#[test]
fn a_callback_that_the_app_does_not_have_is_refused_by_the_page() {
    let office = Office::open();
    let other = office.callback.replace("localhost", "127.0.0.1");
    let mut waiting = Waiting::start(office.run(&["login"]).env("ROLLBOOK_OAUTH_REDIRECT", &other));
    let (status, page) = get(&waiting.address());
    assert!(status == 400 && page.contains("is not registered for this client"), "{page}");
    waiting.running.child.kill().unwrap();
}

/// Other pages can send the browser to the port, and only the answer to this login counts.
#[test]
fn an_answer_to_another_login_is_refused_and_the_right_one_still_taken() {
    let office = Office::open();
    let mut waiting = Waiting::start(office.run(&["login"]));
    let landed = decide(&waiting.address(), ACCEPT);
    let (address, query) = landed.split_once('?').unwrap();
    for forged in
        [format!("{address}?code=theirs&state=theirs"), format!("{address}?code=theirs"), address.to_owned()]
    {
        let (status, page) = get(&forged);
        assert!(status == 400 && page.contains("Not this login"), "{page}");
        waiting.until(|line| line.contains("answer to another login"));
    }
    let elsewhere = address.replace("/callback", "/favicon.ico");
    assert_eq!(get(&elsewhere).0, 404);
    assert_eq!(send("POST", &landed, None, "").0, 405);
    assert_eq!(
        send("GET", &landed, Some("evil.example"), "").0,
        421,
        "a name that leads here is not this machine"
    );
    assert_eq!(get(&format!("{address}?{query}")).0, 200);
    waiting.end().ends(0);
    assert!(office.file().exists());
}

#[test]
fn without_a_browser_the_address_is_pasted() {
    let office = Office::open();
    let mut command = office.run(&["login", "--no-browser", "-q"]).command;
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.current_dir(repository().join("examples/minimal")).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut address = String::new();
    while !address.contains("/authorize?") {
        address.clear();
        assert!(stderr.read_line(&mut address).unwrap() > 0, "no address");
    }
    let landed = decide(address.trim(), ACCEPT);
    writeln!(stdin, "https://acme.atlassian.net/").unwrap();
    writeln!(stdin, "{landed}").unwrap();
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("This is not the address that this login leads to"), "{said}");
    assert!(office.file().exists());
    let ran = office.run(&["login", "--no-browser"]).run().ends(1);
    assert!(ran.stderr.contains("no address was pasted"), "{ran}");
}

/// The stored tokens are sent to the site's own gateway, as the environment had it when they were made.
#[test]
fn a_tree_cannot_have_a_login_sent_elsewhere() {
    let office = Office::open();
    office.sign_in().ends(0);
    let (sender, seen) = mpsc::channel();
    let recorder = Served::router(Router::new().fallback(move |request: axum::extract::Request| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            sender.send(format!("{head:?}{}", String::from_utf8_lossy(&body))).unwrap();
            "{}"
        }
    }));
    let tree = |site: &str| format!("version: 1\nsite: {site}\ninclude: [users/*.yaml, groups/*.yaml]\n");
    let plan = |site: &str| office.run(&["plan"]).file("rollbook.yaml", &tree(site));
    let ran = plan("https://other.atlassian.net").run().ends(64);
    assert!(ran.stderr.contains("no credential is set"), "{ran}");
    plan(&recorder.url).run().ends(64);
    plan("https://acme.atlassian.net.evil.example").run();
    let ran = plan(SITE).env("ROLLBOOK_ENDPOINT_GATEWAY", &recorder.url).run().ends(4);
    assert!(ran.stderr.contains("which is not sent it"), "{ran}");
    let ran = plan(SITE).env("ROLLBOOK_OAUTH_CLIENT_ID", "another").run().ends(4);
    assert!(ran.stderr.contains("was made with the app \"the-app\""), "{ran}");
    // What a file of another site says is for that site.
    fs::copy(office.file(), office.file().with_file_name("other.atlassian.net.json")).unwrap();
    let ran = plan("https://other.atlassian.net").run().ends(1);
    assert!(ran.stderr.contains("it is for https://acme.atlassian.net"), "{ran}");
    // A stand-in for the site alone is asked which site it is, and is sent nothing.
    plan(SITE).env("ROLLBOOK_ENDPOINT_SITE", &recorder.url).run();
    for request in seen.try_iter() {
        assert!(office.secrets().iter().all(|secret| !request.contains(secret)), "{request}");
    }
    office.run(&["plan"]).run().ends(0);
}

/// The environment wins, so that a job says itself who acts.
#[test]
fn a_credential_of_the_environment_wins_over_a_login() {
    let office = Office::open();
    office.sign_in().ends(0);
    let ran = office.run(&["plan", "-v"]).env("ROLLBOOK_ACCESS_TOKEN", "wrong").run().ends(1);
    assert!(
        ran.stderr.contains("the credential is not accepted") && !ran.stderr.contains("using the login"),
        "{ran}"
    );
    let ran =
        office.run(&["plan"]).env("ROLLBOOK_OAUTH_CLIENT_ID", "").env("ROLLBOOK_OAUTH_CLIENT_SECRET", "");
    let ran = ran.run().ends(64);
    assert!(ran.stderr.contains("there is a login to https://acme.atlassian.net, and"), "{ran}");
}

#[test]
fn a_login_that_was_ended_asks_for_another_one_and_is_not_tried_again() {
    let office = Office::open();
    office.sign_in().ends(0);
    office.site.sandbox.edit(&Change::ExpireCredentials { user: "root@acme.com".into() }).unwrap();
    let ran = office.run(&["plan"]).run().ends(1);
    for said in ["invalid_grant", "`rollbook login` again", "90 days", "365 days"] {
        assert!(ran.stderr.contains(said), "{ran}");
    }
    let asked = office.renewals();
    let ran = office.run(&["plan"]).run().ends(1);
    assert!(ran.stderr.contains("the login has ended") && ran.stderr.contains("365 days"), "{ran}");
    assert_eq!(office.renewals(), asked);
    let ran = office.run(&["login", "--status"]).run().ends(1);
    assert!(ran.stdout.contains("has ended: Atlassian does not renew it"), "{ran}");
    office.sign_in().ends(0);
    office.run(&["plan"]).run().ends(0);
}

/// Between Atlassian's answer and the disk there is always a moment: for ten minutes the old token is taken again.
#[cfg(unix)]
#[test]
fn a_run_that_is_killed_while_it_renews_loses_nothing() {
    let office = Office::open();
    office.sign_in().ends(0);
    office.tire();
    let before = office.secrets();
    office.site.sandbox.fail_next("POST /oauth/token", Failure::Stalled(Moment::AfterWork));
    let mut running = office.run(&["plan"]).start();
    let asked = office.renewals();
    while office.renewals() == asked {
        assert!(running.child.try_wait().unwrap().is_none(), "it waits");
        thread::sleep(Duration::from_millis(10));
    }
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert_eq!(office.secrets(), before, "the new tokens are lost");
    office.run(&["plan"]).run().ends(0);
    assert_ne!(office.secrets(), before);
}

/// npm's `oidc-provider` ends the whole login when a refresh token is used twice, and has no leeway.
#[test]
fn twenty_runs_at_once_keep_the_login_of_a_strict_server() {
    let Some((node, modules)) = node() else { return };
    let office = Office::open();
    let mut server = Command::new(node)
        .arg(repository().join("tests/clients/oidc_provider.mjs"))
        .env("NODE_MODULES", modules)
        .env("SANDBOX", office.site.url())
        .env("BEARER", "the-bearer")
        .env("CALLBACK", &office.callback)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let run = |arguments: &[&str]| {
        let run = office.run(arguments).env("ROLLBOOK_ENDPOINT_GATEWAY", &url);
        run.env("ROLLBOOK_OAUTH_CLIENT_ID", "app").env("ROLLBOOK_OAUTH_CLIENT_SECRET", "app-secret")
    };
    let mut waiting = Waiting::start(run(&["login"]));
    // It follows the redirects of the server, with its cookies, and ends at the callback.
    let address = waiting.address().replacen("/authorize?", "/_consent?", 1);
    let (status, landed) = get(&address);
    assert_eq!(status, 200, "{landed}");
    assert_eq!(get(&landed).0, 200);
    waiting.end().ends(0);
    for _ in 0..3 {
        office.tire();
        let started: Vec<Running> = (0..20).map(|_| run(&["plan", "-q"]).start()).collect();
        for running in started {
            running.end().ends(0);
        }
    }
    let (_, renewals) = get(&format!("{url}/_renewals"));
    let renewals: u32 = renewals.trim().parse().unwrap();
    assert!(renewals >= 3, "{renewals} renewals");
    // That the server is as strict as this says: a token that was used ends everything.
    let used = office.secrets()[1].clone();
    office.tire();
    run(&["plan", "-q"]).run().ends(0);
    let form =
        format!("grant_type=refresh_token&client_id=app&client_secret=app-secret&refresh_token={used}");
    assert_eq!(send("POST", &format!("{url}/oauth/token"), None, &form).0, 400);
    office.tire();
    let ran = run(&["plan", "-q"]).run().ends(1);
    assert!(ran.stderr.contains("365 days"), "{ran}");
    server.kill().unwrap();
    server.wait().unwrap();
}

/// The whole way in a real browser.
#[test]
fn chromium_signs_in_through_the_consent_page() {
    let Some((node, modules)) = node() else { return };
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists())
    });
    let Some(chromium) = found else { return println!("skipped: there is no Chromium") };
    let office = Office::open();
    let browse = |address: &str, button: &str| {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&node)
            .arg(repository().join("tests/clients/chromium.mjs"))
            .args([address, button])
            .env("NODE_MODULES", &modules)
            .env("CHROMIUM", &chromium)
            .env("PROFILE", profile.path())
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut waiting = Waiting::start(office.run(&["login"]));
    let page = browse(&waiting.address(), "decline");
    assert!(page.contains("Not signed in") && page.contains("declined"), "{page}");
    waiting.end().ends(1);
    let mut waiting = Waiting::start(office.run(&["login"]));
    let page = browse(&waiting.address(), "accept");
    assert!(page.contains("Rollbook is signed in to https://acme.atlassian.net as Root"), "{page}");
    waiting.end().ends(0);
    office.run(&["plan"]).run().ends(0);
    office.run(&["login", "--status"]).run().ends(0);
    let before = office.secrets();
    office.tire();
    office.run(&["plan"]).run().ends(0);
    assert_ne!(office.secrets(), before);
    office.run(&["logout"]).run().ends(0);
}

/// Node 22 and the npm packages of the login's tests, as `.ci/run` makes them.
fn node() -> Option<(PathBuf, PathBuf)> {
    let Some(folder) = env::var_os("ROLLBOOK_TEST_GITLAB_CI_LOCAL") else {
        println!("skipped: ROLLBOOK_TEST_GITLAB_CI_LOCAL is not set");
        return None;
    };
    let modules = Path::new(&folder).join("node_modules");
    Some((modules.join("node/bin/node"), modules))
}
