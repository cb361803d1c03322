//! When operations are sent: not after the time is up, not together with what they would clash with, and with little
//! turned away where the limits are lower than they are published.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use http::StatusCode;
use rollbook::apply::Executor;
use rollbook::atlassian::{
    Client, Credential, Endpoints, Jira, Options, Organization, Overrides, Pause, Surfaces, TokenKind,
    Waiting, Waits,
};
use rollbook::model::{Ending, Plan, Report, Tree};
use rollbook::sandbox::{self, Failure, Limits, Sandbox, Seed};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

use super::front::Front;
use super::site::{apply, journal, journal_tells, one_file, plan, read, seeded, surfaces, told, tree};

const REMOVE: &str = "DELETE /rest/api/3/group/user";
const ADD: &str = "POST /rest/api/3/group/user";

const SEED: &str = "
users: [{ email: ada@acme.com }, { email: bob@acme.com }, { email: cy@acme.com }]
groups: [{ name: devs, id: g-devs, members: [ada@acme.com, bob@acme.com] }, { name: ops, id: g-ops }]
";

/// Removes Bob from devs, and adds all three to ops.
fn four() -> Tree {
    one_file(
        "groups:
  devs: { members: [ada@acme.com] }
  ops: { members: [ada@acme.com, bob@acme.com, cy@acme.com] }
",
    )
}

/// Carries out a plan for so long, and gives its outcome and how it ended.
async fn for_so_long(
    surfaces: &Surfaces,
    plan: &Plan,
    concurrency: usize,
    time: Duration,
) -> (Report, Ending) {
    let journal = journal(plan).await;
    let (_stop, stop) = watch::channel(false);
    let deadline = Some(Instant::now() + time);
    let report = Executor {
        surfaces,
        journal: &journal,
        concurrency,
        stop,
        deadline,
        accounts: super::site::NO_ACCOUNTS,
    }
    .run(plan, |_| ())
    .await;
    journal_tells(&journal, &report);
    let by = read(&journal).end().unwrap().by;
    (report, by)
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_after_the_time_is_up_and_what_was_sent_is_finished() {
    let latency = Duration::from_secs(5);
    let front = seeded(SEED, &sandbox::Options { latency, ..sandbox::Options::default() });
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &four()).await.unwrap();
    let (report, by) = for_so_long(&surfaces, &plan, 2, Duration::from_secs(2)).await;
    let words: Vec<String> =
        told(&report).iter().map(|told| told.rsplit(": ").next().unwrap().into()).collect();
    assert_eq!(words, ["seen", "seen", "not attempted", "not attempted"]);
    assert_eq!((by, front.sandbox.requests().writes.len()), (Ending::TimedOut, 2));
    let whole = for_so_long(&surfaces, &plan, 2, Duration::from_secs(3600)).await;
    assert_eq!(whole.1, Ending::Whole, "{:#?}", told(&whole.0));
}

/// A quota may take an hour to come back. What waits for it was not sent, and is not when the time is up.
#[tokio::test(start_paused = true)]
async fn a_wait_for_a_quota_ends_with_the_time() {
    let front = seeded(SEED, &sandbox::Options::default());
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &four()).await.unwrap();
    let headers = [("retry-after", "3000"), ("ratelimit-reason", "jira-quota-tenant-based")];
    front.fail_next(REMOVE, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    let start = Instant::now();
    let (report, by) = for_so_long(&surfaces, &plan, 1, Duration::from_secs(60)).await;
    let words: Vec<String> =
        told(&report).iter().map(|told| told.rsplit(": ").next().unwrap().into()).collect();
    assert_eq!(words, ["not attempted"; 4]);
    assert_eq!(by, Ending::TimedOut);
    assert!((60..65).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((front.count(REMOVE), front.count(ADD)), (1, 0));
}

/// The same where something was sent before: it is settled, though its reads would have to wait for the quota too.
#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_quota_ran_out_is_reported_in_time() {
    let front = seeded(SEED, &sandbox::Options::default());
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &four()).await.unwrap();
    let headers = [("retry-after", "3000"), ("ratelimit-reason", "jira-quota-tenant-based")];
    front.fail_next(ADD, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    let start = Instant::now();
    let (report, _) = for_so_long(&surfaces, &plan, 1, Duration::from_secs(60)).await;
    let words: Vec<String> =
        told(&report).iter().map(|told| told.rsplit(": ").next().unwrap().into()).collect();
    assert_eq!(words, ["not read", "not attempted", "not attempted", "not attempted"]);
    assert!(start.elapsed() <= Duration::from_secs(130), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_an_event() {
    let front = seeded(SEED, &sandbox::Options::default());
    let waits = Waits::default();
    let mut told = waits.subscribe();
    let options = Options {
        waits: Some(waits),
        wall: || "2026-11-22T12:00:00Z".parse().unwrap(),
        ..Options::default()
    };
    let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap();
    let token = "sandbox-token".to_owned().into();
    let basic = Credential::Basic { email: "root@acme.com".into(), token, kind: TokenKind::Classic };
    let jira = Jira::new(Client::in_process(front.router(), endpoints, basic, options).unwrap());
    for (seconds, reason, expected) in [
        ("4", "jira-burst-based", None),
        ("30", "jira-burst-based", Some((Pause::Route, "2026-11-22T12:00:30Z"))),
        ("3000", "jira-quota-tenant-based", Some((Pause::Everything, "2026-11-22T12:50:00Z"))),
    ] {
        let headers = [("retry-after", seconds), ("ratelimit-reason", reason)];
        front.fail_next(
            "GET /rest/api/3/group/bulk",
            Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"),
        );
        jira.groups().await.unwrap();
        let came = told.has_changed().unwrap().then(|| told.borrow_and_update().clone().unwrap());
        let expected = expected.map(|(pause, until)| Waiting {
            request: "GET /rest/api/3/group/bulk".into(),
            pause,
            until: until.parse().unwrap(),
        });
        assert_eq!(came, expected, "{seconds} s, {reason}");
    }
}

/// Limits that are a fifth of the published ones: a route finds its pace, and after each pause the requests that
/// waited come out one after the other.
#[tokio::test(start_paused = true)]
async fn limits_that_are_lower_than_published_are_found_with_little_turned_away() {
    const PEOPLE: usize = 600;
    const LIMIT: u32 = 20;
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@acme.com")).collect();
    let seeds: Vec<String> = people.iter().map(|email| format!("{{ email: {email} }}")).collect();
    let options = sandbox::Options { limits: Limits::PerSecond(LIMIT), ..sandbox::Options::default() };
    let front = seeded(&format!("users: [{}]\ngroups: [{{ name: all }}]", seeds.join(", ")), &options);
    let surfaces = surfaces(&front, 32);
    let tree = one_file(&format!("groups: {{ all: {{ members: [{}] }} }}", people.join(", ")));
    let plan = plan(&surfaces, &tree).await.unwrap();
    let start = Instant::now();
    let report = apply(&surfaces, &plan, 32).await;
    assert!(report.complete(), "{:#?}", told(&report));
    let took = start.elapsed().as_secs();
    let writes: Vec<(Instant, u16)> =
        front.exchanges().iter().filter(|it| it.asked.route() == ADD).map(|it| (it.at, it.status)).collect();
    let turned_away = writes.iter().filter(|(_, status)| *status == 429).count();
    let most_at_once = (0..writes.len()).map(|first| {
        let until = writes[first].0 + Duration::from_millis(100);
        writes[first..].iter().take_while(|(at, _)| *at < until).count()
    });
    // Before the first is turned away a bucket of the published size may go out at once.
    let after_first = writes.iter().position(|(_, status)| *status == 429).unwrap() + 90;
    let herd = most_at_once.skip(after_first).max().unwrap_or_default();
    println!("{turned_away} of {} turned away in {took} s; {herd} at most in 100 ms", writes.len());
    assert!(turned_away * 5 <= PEOPLE, "{turned_away} turned away");
    assert!(herd <= 12, "{herd} at once");
    assert!(took <= 3 * PEOPLE as u64 / u64::from(LIMIT), "{took} s");
}

/// A request and when it was under way.
type Spans = Arc<Mutex<Vec<(String, Instant, Instant)>>>;

/// Notes when each write was under way.
fn timed(sandbox: &Sandbox) -> (Router, Spans) {
    let spans = Spans::default();
    let (inner, noted) = (sandbox.router(), Arc::clone(&spans));
    let router = Router::new().fallback(move |request: Request| {
        let (inner, noted) = (inner.clone(), Arc::clone(&noted));
        async move {
            let what = format!("{} {}", request.method(), request.uri());
            let start = Instant::now();
            let answer = inner.oneshot(request).await.unwrap();
            if !what.starts_with("GET") && !what.contains("search") {
                noted.lock().unwrap().push((what, start, Instant::now()));
            }
            answer
        }
    });
    (router, spans)
}

/// People are suspended, and leave their groups, all of it ready at once.
#[tokio::test(start_paused = true)]
async fn an_account_is_not_suspended_while_its_memberships_change() {
    let latency = Duration::from_millis(200);
    let seed = Seed::parse(
        "
site: { name: acme }
organization: { id: org, directory: dir, scim-directory: scim-dir, domains: [acme.com] }
credentials: [{ org-api-key: { key: org-key, account: root@acme.com } }]
users:
  - { email: root@acme.com, roles: [org-admin] }
  - { email: ada@acme.com, account-id: ada }
  - { email: bob@acme.com, account-id: bob }
groups:
  - { name: devs, members: [ada@acme.com, bob@acme.com] }
  - { name: ops, members: [ada@acme.com, bob@acme.com] }
  - { name: all, members: [ada@acme.com, bob@acme.com, root@acme.com] }
",
    );
    let sandbox =
        Sandbox::new(&seed.unwrap(), &sandbox::Options { latency, ..sandbox::Options::default() }).unwrap();
    let (router, spans) = timed(&sandbox);
    let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap();
    let key = Credential::ApiKey("org-key".to_owned().into());
    let client = Client::in_process(router, endpoints, key, Options::default()).unwrap();
    let organization = Some(Organization::new(Arc::new(client), "org", None));
    let surfaces = Surfaces { organization, ..Surfaces::default() };
    let tree = tree(&[(
        "rollbook.yaml",
        "version: 1
site: https://acme.atlassian.net
organization: org
operator: root@acme.com
policy: { offboard: suspend }
users: { ada@acme.com: { active: false }, bob@acme.com: { active: false } }
groups: { all: { members: [root@acme.com] }, devs: { mode: at-least, members: [] } }
",
    )]);
    let plan = plan(&surfaces, &tree).await.unwrap();
    assert_eq!(plan.operations.len(), 8, "{:#?}", plan.operations);
    assert!(plan.operations.iter().all(|planned| planned.requires.is_empty()));
    assert!(apply(&surfaces, &plan, 10).await.complete());
    let spans = spans.lock().unwrap().clone();
    assert_eq!(spans.len(), 8);
    let overlap = |one: &(String, Instant, Instant), other: &(String, Instant, Instant)| {
        one.1 < other.2 && other.1 < one.2
    };
    for account in ["ada", "bob"] {
        let (suspension, others): (Vec<_>, Vec<_>) = spans
            .iter()
            .filter(|(what, ..)| what.contains(&format!("/{account}")))
            .partition(|(what, ..)| what.contains("suspend"));
        assert_eq!((suspension.len(), others.len()), (1, 3), "{spans:#?}");
        for other in &others {
            assert!(!overlap(suspension[0], other), "{suspension:?} together with {other:?}");
        }
        // Memberships of different groups may well change at once.
        assert!(others.iter().any(|one| others.iter().any(|other| one != other && overlap(one, other))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_for_a_quota_too() {
    let front: Front = seeded(SEED, &sandbox::Options::default());
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &four()).await.unwrap();
    let headers = [("retry-after", "3000"), ("ratelimit-reason", "jira-quota-tenant-based")];
    front.fail_next(REMOVE, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    let journal = journal(&plan).await;
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let executor = Executor {
        surfaces: &surfaces,
        journal: &journal,
        concurrency: 4,
        stop: stopped,
        deadline: None,
        accounts: super::site::NO_ACCOUNTS,
    };
    let (report, ()) = tokio::join!(executor.run(&plan, |_| ()), async {
        sleep(Duration::from_secs(20)).await;
        stop.send(true).unwrap();
    });
    journal_tells(&journal, &report);
    assert!(told(&report)[0].ends_with(": not attempted"), "{:#?}", told(&report));
    assert_eq!(read(&journal).end().unwrap().by, Ending::Stopped);
    assert_eq!(front.count(REMOVE), 1);
    // The reads of what was sent before the quota ran out still wait for it: only `--timeout` cuts these off.
    assert!(start.elapsed() >= Duration::from_secs(20), "{:?}", start.elapsed());
}
