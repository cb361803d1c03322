//! The client for the platforms' APIs: what it does with limits, failures and tokens, and what it says.

use axum::http::Method;
use rollbook::platform::Kind;

use crate::cli::Site;
use crate::cli::nginx::{self, Nginx};

use super::hub::Fault;
use super::machine::{Event, Machine, Ran, each_kind};

fn planned(kind: Kind, prepare: impl FnOnce(&Machine), without: &[&str]) -> (Machine, Ran) {
    let machine = Machine::new(kind).applied_from_the_first();
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    prepare(&machine);
    let (clone, mut variables) = machine.start(Event::Pull(pull), None);
    variables.insert("ROLLBOOK_CI_TOKEN".into(), super::TOKEN.into());
    for name in without {
        variables.remove(*name);
    }
    let ran = machine.bash("rollbook ci plan", &clone, &variables);
    (machine, ran)
}

fn fault(path: &'static str, status: u16, headers: &[(&'static str, &str)], times: usize) -> Fault {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let body = format!("{{ \"message\": \"::error::no\\n::set-env name=PATH::{}x\" }}", super::TOKEN);
    Fault { method: Method::GET, path, status, headers, body, times }
}

/// A path that each platform is asked for.
fn people(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub | Kind::Bitbucket => "/activity",
        Kind::GitLab => "/events",
    }
}

#[test]
fn a_failure_that_passes_is_waited_for() {
    each_kind(|kind| {
        let (_, ran) =
            planned(kind, |it| it.hub.edit(|state| state.faults.push(fault(people(kind), 502, &[], 1))), &[]);
        ran.ends(0).says("answered with 502").says("asked again in 1 s");
        let waits = [("retry-after", "1")];
        let (_, ran) = planned(
            kind,
            |it| it.hub.edit(|state| state.faults.push(fault(people(kind), 429, &waits, 1))),
            &[],
        );
        ran.ends(0).says("it may be asked again in 1 s");
    });
}

/// GitHub answers with 403 where a limit is reached: its first one says by `x-ratelimit-reset` when it ends, its second one by
/// `retry-after`; and with 403 as well where the token may not.
#[test]
fn githubs_limits_are_told_from_what_a_token_may_not() {
    let limited = |status, headers: &[(&'static str, &str)]| {
        let fault = fault("/activity", status, headers, 1);
        planned(Kind::GitHub, |it| it.hub.edit(|state| state.faults.push(fault)), &[]).1
    };
    limited(403, &[("retry-after", "1")]).ends(0).says("it may be asked again in 1 s");
    let now = jiff::Timestamp::now().as_second();
    let (soon, late, past) = ((now + 2).to_string(), (now + 3600).to_string(), (now - 60).to_string());
    for status in [403, 429] {
        let none_left =
            |reset: &str| limited(status, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)]);
        none_left(&soon).ends(0).says("it may be asked again in");
        none_left(&past).ends(0);
        none_left(&late).ends(1).says("it may be asked again in 3");
    }
    // Some are left, so that it is not a limit.
    limited(403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", &soon)])
        .ends(1)
        .says("pull-requests: read");
    // A second limit may say nothing of when it ends.
    limited(429, &[]).ends(0);
}

#[test]
fn a_wait_of_an_hour_is_said_and_not_made() {
    each_kind(|kind| {
        let waits = [("retry-after", "3600")];
        let (_, ran) = planned(
            kind,
            |it| it.hub.edit(|state| state.faults.push(fault(people(kind), 429, &waits, 9))),
            &[],
        );
        ran.ends(1).says("it may be asked again in 3600 s");
    });
}

#[test]
fn a_token_that_is_missing_wrong_or_not_allowed_says_which_setting_to_change() {
    for (kind, scope) in [
        (Kind::GitHub, "pull-requests: read"),
        (Kind::GitLab, "read_api"),
        (Kind::Bitbucket, "`repository` and `pullrequest`"),
    ] {
        let (_, ran) =
            planned(kind, |it| it.hub.edit(|state| state.faults.push(fault(people(kind), 403, &[], 9))), &[]);
        let ran = ran.ends(1).says("answered with 403").says(scope);
        // What an answer says is one line, so that no runner takes a command from it.
        assert!(!ran.text.lines().any(|line| line.starts_with("::")), "{}", ran.text);
        let (_, ran) =
            planned(kind, |it| it.hub.edit(|state| state.faults.push(fault(people(kind), 401, &[], 9))), &[]);
        ran.ends(1).says("answered with 401").says("ROLLBOOK_CI_TOKEN");
    }
    for kind in [Kind::GitLab, Kind::Bitbucket] {
        let (_, ran) = planned(kind, |_| {}, &["ROLLBOOK_CI_TOKEN"]);
        ran.ends(64).says("ROLLBOOK_CI_TOKEN is not set").says("access token");
    }
    // A pull request from a fork has none on GitHub. Without one, the plan says what nobody was asked.
    let (_, ran) = planned(Kind::GitHub, |_| {}, &["ROLLBOOK_CI_TOKEN"]);
    ran.says("ROLLBOOK_CI_TOKEN is not set, so the platform was not asked for the authors");
}

#[test]
fn a_variable_that_is_missing_or_odd_is_named() {
    let (_, ran) = planned(Kind::GitLab, |_| {}, &["CI_MERGE_REQUEST_IID"]);
    ran.ends(64).says("CI_MERGE_REQUEST_IID is not set");
    let (_, ran) = planned(Kind::GitHub, |_| {}, &["GITHUB_EVENT_PATH"]);
    ran.ends(64).says("GITHUB_EVENT_PATH is not set");
    let (_, ran) = planned(Kind::GitHub, |_| {}, &["GITHUB_ACTIONS"]);
    ran.ends(64).says("this is not a job of GitHub Actions, GitLab CI/CD or Bitbucket Pipelines");
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let (clone, mut variables) = machine.start(Event::Push, None);
    variables.insert("ROLLBOOK_AUTHORS".into(), "ada".into());
    machine.bash("rollbook ci apply", &clone, &variables).ends(64).says("ROLLBOOK_AUTHORS cannot be read");
}

#[test]
fn a_command_says_what_it_is_for() {
    each_kind(|kind| {
        let machine = Machine::new(kind);
        let (clone, mut variables) = machine.start(Event::Push, None);
        variables.insert("ROLLBOOK_CI_TOKEN".into(), super::TOKEN.into());
        machine
            .bash("rollbook ci plan", &clone, &variables)
            .ends(64)
            .says("this job was started for a push to main");
        machine.bash("rollbook ci comment --plan x", &clone, &variables).ends(64);
    });
}

/// A runner that kept its checkout has the target there, and not what the job was started for.
#[test]
fn a_checkout_of_the_target_is_not_taken_for_the_merge() {
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    let (clone, mut variables) = machine.start(Event::Pull(pull), None);
    variables.insert("ROLLBOOK_CI_TOKEN".into(), super::TOKEN.into());
    let elsewhere = "git checkout --quiet --detach \"$CI_MERGE_REQUEST_DIFF_BASE_SHA\" && rollbook ci plan";
    let ran = machine.bash(elsewhere, &clone, &variables);
    ran.ends(4).says("Check out exactly the commit that the platform started the job for");
}

#[test]
fn a_proxy_before_the_api_is_named_and_one_that_would_be_passed_by_is_refused() {
    let run = |proxy: &str, api: Option<&str>| {
        let machine = Machine::new(Kind::GitLab).applied_from_the_first();
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let (clone, mut variables) = machine.start(Event::Pull(pull), None);
        variables.insert("ROLLBOOK_CI_TOKEN".into(), super::TOKEN.into());
        variables.insert("HTTPS_PROXY".into(), proxy.into());
        if let Some(api) = api {
            variables.insert("CI_API_V4_URL".into(), api.into());
        }
        machine.bash("rollbook ci plan", &clone, &variables)
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (closed, elsewhere) =
        (format!("http://ada:sesame@127.0.0.1:{port}"), Some("https://gitlab.example/api/v4"));
    let ran = run(&closed, elsewhere);
    let ran = ran.says(&format!("through the proxy http://127.0.0.1:{port}")).says("HTTPS_PROXY");
    assert!(!ran.text.contains("sesame"), "{}", ran.text);
    let ran = run("socks5://ada:sesame@proxy.example:1080", elsewhere);
    ran.says("HTTPS_PROXY names socks5://…@proxy.example:1080").says("Name an HTTP proxy");
    // What is on this machine is reached past every proxy.
    run(&closed, None).ends(0);
}

#[test]
fn a_certificate_of_the_api_that_is_not_trusted_is_told_in_plain_words() {
    if !nginx::is_there() {
        return;
    }
    let front = Nginx::before(&Site::example("minimal"), "", "");
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    let (clone, mut variables) = machine.start(Event::Pull(pull), None);
    variables.insert("ROLLBOOK_CI_TOKEN".into(), super::TOKEN.into());
    variables.insert("CI_API_V4_URL".into(), format!("{}/api/v4", front.url));
    let ran = machine.bash("rollbook ci plan", &clone, &variables);
    let ran = ran.says("signed by itself, or by an authority that this machine does not trust");
    assert!(!ran.says("SSL_CERT_FILE").text.contains("UnknownIssuer"));
}
