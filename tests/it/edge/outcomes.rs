//! What becomes of the operations of a plan when answers are refused, lost, late or wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use rollbook::apply::{Executor, Progress};
use rollbook::atlassian::{Endpoints, Error, Host, Overrides, Request, Surfaces, Unresolved};
use rollbook::model::{Action, Key, Plan, Report, Tree};
use rollbook::sandbox::{Change, Failure, Limits, Options};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::front::{Front, Trick};
use super::site::{apply, journal, journal_tells, members, one_file, plan, seeded, surfaces, told};

const ADD: &str = "POST /rest/api/3/group/user";
const REMOVE: &str = "DELETE /rest/api/3/group/user";
const CREATE: &str = "POST /rest/api/3/group";
const INVITE: &str = "POST /rest/api/3/user";
const REMOVE_USER: &str = "DELETE /rest/api/3/user";

const SEED: &str = "
users: [{ email: ada@acme.com }, { email: bob@acme.com }, { email: cy@acme.com }, { email: dan@acme.com }]
groups:
  - { name: devs, id: g-devs, members: [ada@acme.com, bob@acme.com] }
  - { name: ops, id: g-ops, members: [cy@acme.com] }
";

/// Every operation of the plan for [`tree`] on [`SEED`], in its order.
const ALL: [&str; 6] = [
    "remove member.devs/bob@acme.com",
    "create group.new",
    "add member.devs/cy@acme.com",
    "add member.new/ada@acme.com",
    "add member.new/dan@acme.com",
    "add member.ops/dan@acme.com",
];

fn tree() -> Tree {
    one_file(
        "groups:
  devs: { members: [ada@acme.com, cy@acme.com] }
  ops: { members: [cy@acme.com, dan@acme.com] }
  new: { members: [ada@acme.com, dan@acme.com] }
",
    )
}

/// What is expected of [`ALL`], but for some that are expected otherwise.
fn all_but(word: &str, others: &[(&str, &str)]) -> Vec<String> {
    let word_of = |key: &str| others.iter().find(|(other, _)| *other == key).map_or(word, |(_, word)| word);
    ALL.iter().map(|key| format!("{key}: {}", word_of(key))).collect()
}

/// A sandbox, a client and the plan for [`tree`].
async fn planned(options: &Options) -> (Front, Surfaces, Plan) {
    planned_at(seeded(SEED, options)).await
}

async fn planned_at(front: Front) -> (Front, Surfaces, Plan) {
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &tree()).await.unwrap();
    let keys: Vec<String> = plan.operations.iter().map(|planned| planned.key.to_string()).collect();
    assert_eq!(keys, ALL);
    assert_eq!(plan.blocked, vec![]);
    (front, surfaces, plan)
}

/// How often a write was sent, by its route.
fn sent(front: &Front) -> [usize; 3] {
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

/// The ways in which an answer gets lost after the work was done.
fn losses() -> Vec<(&'static str, Failure)> {
    let after = |status: StatusCode, body: &str| Failure::after_work(status, &[], body);
    vec![
        ("a gateway gave up", after(StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>")),
        ("the server failed", after(StatusCode::INTERNAL_SERVER_ERROR, r#"{"errorMessages":["oops"]}"#)),
        ("it took too long", after(StatusCode::GATEWAY_TIMEOUT, "")),
        ("a web page came", after(StatusCode::OK, "<html>Log in to the hotel's network</html>")),
        ("half of an answer came", after(StatusCode::OK, r#"{"name":"#)),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_what_was_done_is_settled_by_a_read() {
    for (how, failure) in losses() {
        for route in [ADD, REMOVE] {
            let (front, surfaces, plan) = planned(&Options::default()).await;
            front.fail_next(route, failure.clone());
            assert_eq!(told(&apply(&surfaces, &plan, 10).await), all_but("seen", &[]), "{how}, {route}");
            assert_eq!(sent(&front), [1, 4, 1], "{how}, {route}: never sent twice");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_after_the_work_is_settled_by_a_read() {
    let broken = |asked: &str| asked == ADD || asked == REMOVE;
    let front = seeded(SEED, &Options::default());
    let front =
        front.with(move |_, asked| if broken(&asked.route()) { Trick::BreakOff } else { Trick::Pass });
    let (front, surfaces, plan) = planned_at(front).await;
    assert_eq!(told(&apply(&surfaces, &plan, 10).await), all_but("seen", &[]));
    assert_eq!(sent(&front), [1, 4, 1], "never sent twice");
}

#[tokio::test(start_paused = true)]
async fn a_created_group_whose_id_got_lost_is_found_by_name_and_filled() {
    for (how, failure) in losses() {
        let (front, surfaces, plan) = planned(&Options::default()).await;
        front.fail_next(CREATE, failure);
        let report = apply(&surfaces, &plan, 10).await;
        assert_eq!(told(&report), all_but("seen", &[]), "{how}");
        assert_eq!(members(&front.sandbox.state(), "new"), ["ada", "dan"], "{how}");
        assert_eq!(sent(&front), [1, 4, 1], "{how}: no group is created twice");
    }
}

/// When the requests that concern an operation came, by method, so that it is seen what came between two writes.
fn writes_and_reads(front: &Front, route: &str) -> Vec<String> {
    let is_read = |path: &str| ["/rest/api/3/group/member", "/rest/api/3/group/bulk"].contains(&path);
    let since = front.exchanges().into_iter().skip_while(|it| it.asked.method == "GET");
    let of =
        since.filter(|it| it.asked.route() == route || it.asked.method == "GET" && is_read(&it.asked.path));
    let mut methods: Vec<String> = of.map(|it| it.asked.method).collect();
    methods.dedup();
    methods
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_what_was_not_done_is_sent_once_more_after_a_read() {
    for (route, sends) in [(ADD, [1, 5, 1]), (REMOVE, [1, 4, 2]), (CREATE, [2, 4, 1])] {
        let (front, surfaces, plan) = planned(&Options::default()).await;
        front.fail_next(route, Failure::html(StatusCode::BAD_GATEWAY));
        assert_eq!(told(&apply(&surfaces, &plan, 1).await), all_but("seen", &[]), "{route}");
        assert_eq!(sent(&front), sends, "{route}");
        let method = route.split(' ').next().unwrap();
        assert_eq!(writes_and_reads(&front, route), [method, "GET", method, "GET"], "{route}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_twice_is_unsettled() {
    for (route, key, sends) in
        [(ADD, ALL[2], [1, 5, 1]), (REMOVE, ALL[0], [1, 4, 2]), (CREATE, ALL[1], [2, 2, 1])]
    {
        let front = seeded(SEED, &Options::default());
        let times = Arc::new(AtomicUsize::new(0));
        // The first operation of its kind is the first and, after the others, the last one.
        let front = front.with(move |_, asked| {
            let is_it = asked.route() == route && (route != ADD || asked.to_string().contains("g-devs"));
            if is_it && times.fetch_add(1, Ordering::SeqCst) < 2 {
                return Trick::Instead(502, "<html>Bad Gateway</html>".to_owned());
            }
            Trick::Pass
        });
        let (front, surfaces, plan) = planned_at(front).await;
        let start = Instant::now();
        let report = told(&apply(&surfaces, &plan, 1).await);
        let unsettled: Vec<&String> = report.iter().filter(|told| told.contains(": unsettled: ")).collect();
        assert_eq!(unsettled.len(), 1, "{report:#?}");
        assert!(unsettled[0].starts_with(key) && unsettled[0].contains("; sent again: "), "{report:#?}");
        assert!(unsettled[0].ends_with("; reads do not show it yet"), "{report:#?}");
        assert!(start.elapsed() >= Duration::from_secs(30), "reads were given their time");
        let skipped =
            report.iter().filter(|told| told.ends_with("skipped: requires create group.new")).count();
        assert_eq!(skipped, if route == CREATE { 2 } else { 0 }, "{report:#?}");
        assert_eq!(sent(&front), sends, "{route}: never a third time");
    }
}

/// The read does not show it yet, so that it is sent once more, and is refused since it was done the first time.
#[tokio::test(start_paused = true)]
async fn what_was_done_and_does_not_show_yet_is_confirmed_after_the_second_time() {
    let lag = Duration::from_secs(15);
    for route in [ADD, REMOVE] {
        let (front, surfaces, plan) = planned(&Options { lag, ..Options::default() }).await;
        front.fail_next(route, Failure::after_work(StatusCode::BAD_GATEWAY, &[], "<html>Bad Gateway</html>"));
        let report = told(&apply(&surfaces, &plan, 10).await);
        // The run did it, though the answer that says so is of the time before.
        assert_eq!(report.iter().filter(|told| told.ends_with(": seen")).count(), 6, "{route}: {report:#?}");
    }
}

/// An invitation may send a second mail.
#[tokio::test(start_paused = true)]
async fn an_invitation_is_never_sent_again() {
    let front = seeded(SEED, &Options::default());
    let tree = one_file(
        "policy: { invite-domains: [acme.com] }
users: { new@acme.com: { active: true } }
groups: { ops: { members: [cy@acme.com, new@acme.com] } }
",
    );
    let surfaces = surfaces(&front, 32);
    let plan = plan(&surfaces, &tree).await.unwrap();
    front.fail_next(INVITE, Failure::html(StatusCode::BAD_GATEWAY));
    let report = told(&apply(&surfaces, &plan, 10).await);
    assert!(report[0].starts_with("invite user.new@acme.com: unsettled: "), "{report:#?}");
    assert_eq!(report[1], "add member.ops/new@acme.com: skipped: requires invite user.new@acme.com");
    assert_eq!(front.count(INVITE), 1);
}

/// Many answers that are lost together cost one read a group, and not one each.
#[tokio::test(start_paused = true)]
async fn many_lost_answers_are_looked_for_together() {
    let users: Vec<String> = (0..40).map(|n| format!("p{n}@acme.com")).collect();
    let seeds: Vec<String> = users.iter().map(|email| format!("{{ email: {email} }}")).collect();
    let front =
        seeded(&format!("users: [{}]\ngroups: [{{ name: all }}]", seeds.join(", ")), &Options::default());
    let front = front.with(|_, asked| if asked.route() == ADD { Trick::BreakOff } else { Trick::Pass });
    let surfaces = surfaces(&front, 32);
    let plan =
        plan(&surfaces, &one_file(&format!("groups: {{ all: {{ members: [{}] }} }}", users.join(", "))))
            .await;
    let plan = plan.unwrap();
    let before = front.count("GET /rest/api/3/group/member");
    let report = apply(&surfaces, &plan, 40).await;
    assert!(report.complete(), "{:#?}", told(&report));
    assert_eq!(front.count(ADD), 40);
    let reads = front.count("GET /rest/api/3/group/member") - before;
    assert!(reads <= 3, "{reads} reads");
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
    let others = report.iter().filter(|told| told.ends_with(": not yet visible")).count();
    assert_eq!(others, 5, "{report:#?}");
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
    let executor = Executor { surfaces, journal: &journal, concurrency, stop: stopped, deadline: None };
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
    // One at a time, so that nothing is in flight beside it.
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

/// A report tells an error with its causes, so that none may stand in it twice.
#[test]
fn an_error_that_only_passes_one_on_says_it_once() {
    let key = "group.new".parse().map(|address| Key { address, action: Action::Create }).unwrap();
    let path = Request::read(Host::Jira, "/x/{id}").target().unwrap_err();
    let host = Endpoints::new("https://acme.example", &Overrides::default()).unwrap_err();
    for error in [Error::Unresolved(Unresolved(key)), Error::Path(path), Error::Host(host)] {
        assert!(std::error::Error::source(&error).is_none(), "{error}");
    }
}

/// An invitation that the next plan would take back in part is none: an app puts whoever it is given to into its
/// default groups, whatever their mode.
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
