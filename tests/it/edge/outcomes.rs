//! The outcome of a plan's operations when answers are refused, lost, late or wrong.

use std::time::Duration;

use http::StatusCode;
use rollbook::apply::{Executor, Progress};
use rollbook::atlassian::{Endpoints, Error, Host, Overrides, Request, RequestError, SetupError, Surfaces};
use rollbook::model::{Action, Key, Plan, Report, Tree};
use rollbook::sandbox::{Change, Failure, Limits, Options};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::front::{Front, Trick};
use super::site::{apply, journal, journal_tells, members, one_file, plan, seeded, surfaces, told};

pub(super) const ADD: &str = "POST /rest/api/3/group/user";
pub(super) const REMOVE: &str = "DELETE /rest/api/3/group/user";
pub(super) const CREATE: &str = "POST /rest/api/3/group";
pub(super) const INVITE: &str = "POST /rest/api/3/user";
const REMOVE_USER: &str = "DELETE /rest/api/3/user";

pub(super) const SEED: &str = "
users: [{ email: ada@acme.com }, { email: bob@acme.com }, { email: cy@acme.com }, { email: dan@acme.com }]
groups:
  - { name: devs, id: g-devs, members: [ada@acme.com, bob@acme.com] }
  - { name: ops, id: g-ops, members: [cy@acme.com] }
";

/// Every operation of the plan for [`tree`] on [`SEED`], in its order.
pub(super) const ALL: [&str; 6] = [
    "remove member.devs/bob@acme.com",
    "create group.new",
    "add member.devs/cy@acme.com",
    "add member.new/ada@acme.com",
    "add member.new/dan@acme.com",
    "add member.ops/dan@acme.com",
];

pub(super) fn tree() -> Tree {
    one_file(
        "groups:
  devs: { members: [ada@acme.com, cy@acme.com] }
  ops: { members: [cy@acme.com, dan@acme.com] }
  new: { members: [ada@acme.com, dan@acme.com] }
",
    )
}

/// What is expected of [`ALL`], but for some that are expected otherwise.
pub(super) fn all_but(word: &str, others: &[(&str, &str)]) -> Vec<String> {
    let word_of = |key: &str| others.iter().find(|(other, _)| *other == key).map_or(word, |(_, word)| word);
    ALL.iter().map(|key| format!("{key}: {}", word_of(key))).collect()
}

/// A sandbox, a client and the plan for [`tree`].
pub(super) async fn planned(options: &Options) -> (Front, Surfaces, Plan) {
    planned_at(seeded(SEED, options)).await
}

pub(super) async fn planned_at(front: Front) -> (Front, Surfaces, Plan) {
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &tree()).await.unwrap();
    let keys: Vec<String> = plan.operations.iter().map(|planned| planned.key.to_string()).collect();
    assert_eq!(keys, ALL);
    assert_eq!(plan.blocked, vec![]);
    (front, surfaces, plan)
}

/// How often a write was sent, by its route.
pub(super) fn sent(front: &Front) -> [usize; 3] {
    [CREATE, ADD, REMOVE].map(|route| front.count(route))
}

#[tokio::test(start_paused = true)]
async fn everything_is_applied_and_seen() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    assert_eq!(told(&apply(&surfaces, &plan, 10).await), all_but("seen", &[]));
    assert_eq!(sent(&front), [1, 4, 1]);
    let state = front.sandbox.state();
    assert_eq!(members(&state, "devs"), ["ada", "cy"]);
    assert_eq!(members(&state, "ops"), ["cy", "dan"]);
    assert_eq!(members(&state, "new"), ["ada", "dan"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_fails_in_atlassians_words_and_alone() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let text = r#"{"errorMessages":["The user limit of 'jira-software' would be exceeded."],"errors":{}}"#;
    front.fail_next(ADD, Failure::instead(StatusCode::BAD_REQUEST, &[], text));
    // One at a time, the first addition is that of cy to devs.
    let report = apply(&surfaces, &plan, 1).await;
    let failed = "failed: POST /rest/api/3/group/user at acme.atlassian.net: refused: status 400, \
                  The user limit of 'jira-software' would be exceeded.";
    assert_eq!(told(&report), all_but("seen", &[("add member.devs/cy@acme.com", failed)]));
    assert_eq!(members(&front.sandbox.state(), "devs"), ["ada"]);
    assert_eq!(sent(&front), [1, 4, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_created_skips_its_members_and_nobody_else() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    front.fail_next(CREATE, Failure::instead(StatusCode::FORBIDDEN, &[], ""));
    let failed =
        "failed: POST /rest/api/3/group at acme.atlassian.net: not allowed: status 403, without a word";
    let skipped = "skipped: requires create group.new";
    assert_eq!(
        told(&apply(&surfaces, &plan, 10).await),
        all_but(
            "seen",
            &[
                ("create group.new", failed),
                ("add member.new/ada@acme.com", skipped),
                ("add member.new/dan@acme.com", skipped),
            ],
        )
    );
    assert_eq!(sent(&front), [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_keeps_a_membership_is_not_removed() {
    let front = seeded(SEED, &Options::default());
    let tree = one_file(
        "policy: { offboard: remove }
users: { bob@acme.com: { active: false } }
groups: { devs: { members: [ada@acme.com] } }
",
    );
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &tree).await.unwrap();
    front.fail_next(REMOVE, Failure::instead(StatusCode::FORBIDDEN, &[], "no"));
    let report = apply(&surfaces, &plan, 10).await;
    let told = told(&report);
    assert!(told[0].starts_with("remove member.devs/bob@acme.com: failed: "), "{told:?}");
    assert_eq!(told[1], "remove user.bob@acme.com: skipped: requires remove member.devs/bob@acme.com");
    assert_eq!(front.count(REMOVE_USER), 0);
}

#[tokio::test(start_paused = true)]
async fn already_a_member_is_satisfied_while_it_is_true() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let change = |user: &str, group: &str| (user.to_owned(), group.to_owned());
    let (user, group) = change("cy@acme.com", "devs");
    front.sandbox.edit(&Change::AddMember { group, user }).unwrap();
    let (user, group) = change("bob@acme.com", "devs");
    front.sandbox.edit(&Change::RemoveMember { group, user }).unwrap();
    assert_eq!(
        told(&apply(&surfaces, &plan, 10).await),
        all_but("seen", &[(ALL[0], "satisfied"), (ALL[2], "satisfied")])
    );
    assert_eq!(sent(&front), [1, 4, 1]);
}

#[tokio::test(start_paused = true)]
async fn already_a_member_fails_while_it_is_false() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let says = |status, text: &str| {
        Failure::instead(status, &[], &format!(r#"{{"errorMessages":["{text}"],"errors":{{}}}}"#))
    };
    front.fail_next(ADD, says(StatusCode::BAD_REQUEST, "User is already a member of 'devs'."));
    front.fail_next(REMOVE, says(StatusCode::NOT_FOUND, "User is not a member of 'devs'."));
    assert_eq!(
        told(&apply(&surfaces, &plan, 1).await),
        all_but(
            "seen",
            &[
                (ALL[0], "failed: User is not a member of 'devs'.; but reads do not show it"),
                (ALL[2], "failed: User is already a member of 'devs'.; but reads do not show it"),
            ]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_leaves_a_claim_unsettled_and_what_was_taken_applied() {
    let members = "/rest/api/3/group/member";
    let after_writes = |front: &rollbook::sandbox::Sandbox| front.requests().count(CREATE) > 0;
    let front = seeded(SEED, &Options::default()).with(move |sandbox, asked| {
        if asked.path == members && after_writes(sandbox) {
            return Trick::Instead(403, r#"{"errorMessages":["not now"]}"#.to_owned());
        }
        Trick::Pass
    });
    let (front, surfaces, plan) = planned_at(front).await;
    let change = Change::AddMember { group: "devs".into(), user: "cy@acme.com".into() };
    front.sandbox.edit(&change).unwrap();
    let report = told(&apply(&surfaces, &plan, 10).await);
    assert!(report[2].contains(": unsettled: ") && report[2].contains("not now"), "{report:#?}");
    let others = report.iter().filter(|told| told.ends_with(": not read")).count();
    assert_eq!(others, 5, "a read that fails does not say that it is not there: {report:#?}");
}

#[tokio::test(start_paused = true)]
async fn reads_that_lag_are_waited_for() {
    let lag = Duration::from_secs(5);
    let (_front, surfaces, plan) = planned(&Options { lag, ..Options::default() }).await;
    let start = Instant::now();
    assert_eq!(told(&apply(&surfaces, &plan, 10).await), all_but("seen", &[]));
    let took = start.elapsed();
    assert!((lag..Duration::from_secs(10)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn reads_that_lag_too_long_leave_it_not_yet_visible() {
    let lag = Duration::from_secs(60);
    let (front, surfaces, plan) = planned(&Options { lag, ..Options::default() }).await;
    let start = Instant::now();
    assert_eq!(
        told(&apply(&surfaces, &plan, 10).await),
        // Only memberships lag.
        all_but("not yet visible", &[("create group.new", "seen")])
    );
    let took = start.elapsed();
    assert!((Duration::from_secs(30)..Duration::from_secs(40)).contains(&took), "{took:?}");
    sleep(lag).await;
    let second = super::site::plan(&surfaces, &tree()).await.unwrap();
    assert_eq!(second.operations, vec![]);
    assert_eq!(sent(&front), [1, 4, 1]);
}

/// Carries a plan out, and stops after so many answers.
async fn stopped_after(answers: usize, surfaces: &Surfaces, plan: &Plan, concurrency: usize) -> Report {
    let (stop, stopped) = watch::channel(answers == 0);
    let mut left = answers;
    let journal = journal(plan).await;
    let executor = Executor {
        surfaces,
        journal: &journal,
        concurrency,
        stop: stopped,
        deadline: None,
        accounts: super::site::NO_ACCOUNTS,
    };
    let report = executor
        .run(plan, |progress| {
            left = left.saturating_sub(usize::from(progress == Progress::Answered));
            let _ = stop.send(left == 0);
        })
        .await;
    journal_tells(&journal, &report);
    report
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_before_it_starts_attempts_nothing() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let report = stopped_after(0, &surfaces, &plan, 10).await;
    assert_eq!(told(&report), all_but("not attempted", &[]));
    assert_eq!(front.sandbox.requests().writes, vec![]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_finishes_what_is_under_way() {
    let latency = Duration::from_millis(100);
    let (front, surfaces, plan) = planned(&Options { latency, ..Options::default() }).await;
    let report = stopped_after(1, &surfaces, &plan, 2).await;
    assert_eq!(
        told(&report),
        all_but("not attempted", &[(ALL[0], "seen"), (ALL[1], "seen")]),
        "two were under way when the first was answered"
    );
    assert_eq!(sent(&front), [1, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_beside_a_failure_tells_what_was_skipped_from_what_was_not_attempted() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    front.fail_next(CREATE, Failure::instead(StatusCode::FORBIDDEN, &[], ""));
    let told = told(&stopped_after(2, &surfaces, &plan, 1).await);
    let words: Vec<&str> = told.iter().map(|told| told.split(": ").nth(1).unwrap()).collect();
    assert_eq!(words, ["seen", "failed", "not attempted", "skipped", "skipped", "not attempted"]);
}

/// When the requests of a route came, in seconds after the first write.
fn times(front: &Front, route: &str) -> Vec<u64> {
    let writes = front.exchanges().into_iter().filter(|it| it.asked.method != "GET").collect::<Vec<_>>();
    let start = writes[0].at;
    let of_route = writes.iter().filter(|it| it.asked.route() == route);
    of_route.map(|it| it.at.duration_since(start).as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_burst_slows_its_own_route_only() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let headers = [("retry-after", "5"), ("ratelimit-reason", "jira-burst-based")];
    front.fail_next(REMOVE, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    assert_eq!(told(&apply(&surfaces, &plan, 10).await), all_but("seen", &[]));
    assert_eq!(times(&front, REMOVE), [0, 5], "sent again when it may be");
    assert_eq!(times(&front, CREATE), [0]);
    assert_eq!(times(&front, ADD), [0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_pauses_everything() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let headers = [("retry-after", "90"), ("ratelimit-reason", "jira-quota-tenant-based")];
    front.fail_next(REMOVE, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    // One at a time, so that nothing is in flight with it.
    assert_eq!(told(&apply(&surfaces, &plan, 2).await), all_but("seen", &[]));
    assert_eq!(times(&front, REMOVE), [0, 90]);
    assert!(times(&front, ADD).iter().all(|seconds| *seconds >= 90), "{:?}", times(&front, ADD));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_does_not_end_fails_what_it_concerns() {
    let (front, surfaces, plan) = planned(&Options::default()).await;
    let headers = [("retry-after", "5"), ("ratelimit-reason", "jira-burst-based")];
    for _ in 0..5 {
        front.fail_next(REMOVE, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    }
    let report = told(&apply(&surfaces, &plan, 10).await);
    assert!(report[0].contains("failed: DELETE /rest/api/3/group/user"), "{report:#?}");
    assert!(report[0].contains("too many requests: status 429"), "{report:#?}");
    assert_eq!(report[1..], all_but("seen", &[])[1..]);
}

#[tokio::test(start_paused = true)]
async fn a_big_plan_is_paced_so_that_nothing_is_turned_away() {
    const PEOPLE: usize = 260;
    let people = |from: usize, to: usize| (from..to).map(|n| format!("p{n}@acme.com")).collect::<Vec<_>>();
    let users = people(0, PEOPLE).iter().map(|email| format!("{{ email: {email} }}")).collect::<Vec<_>>();
    let (half, all) = (PEOPLE / 2, PEOPLE);
    let yaml = format!(
        "users: [{}]\ngroups: [{{ name: a, members: [{}] }}, {{ name: b, members: [{}] }}]",
        users.join(", "),
        people(0, half).join(", "),
        people(half, all).join(", "),
    );
    let tree = one_file(&format!(
        "groups: {{ a: {{ members: [{}] }}, b: {{ members: [{}] }}, c: {{ members: [{}] }} }}",
        people(half, all).join(", "),
        people(0, half).join(", "),
        people(0, all).join(", "),
    ));
    for (latency, shaken) in [(0, false), (30, false), (0, true)] {
        let latency = Duration::from_millis(latency);
        let front = seeded(&yaml, &Options { latency, limits: Limits::Atlassian, ..Options::default() });
        let front = if shaken { front.shaken(7) } else { front };
        let surfaces = surfaces(&front, 32);
        let plan = plan(&surfaces, &tree).await.unwrap();
        assert_eq!(plan.operations.len(), 1 + 3 * PEOPLE);
        let start = Instant::now();
        let report = apply(&surfaces, &plan, 32).await;
        assert!(report.complete());
        let took = start.elapsed().as_secs_f64();
        let turned_away = front.exchanges().iter().filter(|it| it.status == 429).count();
        assert_eq!(turned_away, 0, "latency {latency:?}, shaken {shaken}");
        assert!(took >= plan.cost.seconds * 0.8, "{took} against {}", plan.cost.seconds);
    }
}

/// A report shows an error with its causes, so that none may be in it twice.
#[test]
fn an_error_that_only_passes_one_on_says_it_once() {
    let key = "group.new".parse().map(|address| Key { address, action: Action::Create }).unwrap();
    let path = Request::read(Host::Jira, "/x/{id}").target().unwrap_err();
    let host = Endpoints::new("https://acme.example", &Overrides::default()).unwrap_err();
    let unresolved = RequestError::Unresolved(key);
    for error in [Error::from(unresolved), path.into(), SetupError::Host(host).into()] {
        assert!(std::error::Error::source(&error).is_none(), "{error}");
    }
}

/// An invitation that the next plan would take back in part does not count: an app puts its new users into its default
/// groups, whatever their mode.
#[tokio::test(start_paused = true)]
async fn nobody_is_invited_into_a_group_that_they_have_left() {
    let front = seeded(
        "
apps: [{ key: jira-software }]
groups: [{ name: users, grants: { jira-software: user }, default-for: [jira-software] }]
",
        &Options::default(),
    );
    let surfaces = surfaces(&front, 8);
    for (mode, until, blocked) in [
        ("at-least", "2026-11-22", true),
        ("at-least", "2026-11-23", false),
        ("exact", "2026-11-22", true),
        ("exact", "2026-11-23", false),
    ] {
        let tree = one_file(&format!(
            "policy: {{ invite-domains: [acme.com] }}
users: {{ new@acme.com: {{ active: true, apps: [jira-software] }} }}
groups: {{ users: {{ mode: {mode}, members: [{{ user: new@acme.com, until: {until} }}] }} }}
"
        ));
        let plan = plan(&surfaces, &tree).await.unwrap();
        let codes: Vec<&str> = plan.blocked.iter().map(|blocked| crate::world::code(&blocked.code)).collect();
        assert_eq!(codes.contains(&"default-group"), blocked, "{mode} until {until}: {codes:?}");
        assert_eq!(plan.operations.is_empty(), blocked, "{mode} until {until}");
    }
}
