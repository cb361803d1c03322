//! Answers that get lost: what was done is found by a read, and what was not is sent once more, never blindly.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use rollbook::sandbox::{Failure, Options};
use tokio::time::Instant;

use super::front::{Front, Trick};
use super::outcomes::{ADD, ALL, CREATE, INVITE, REMOVE, SEED, all_but, planned, planned_at, sent};
use super::site::{apply, members, one_file, plan, seeded, surfaces, told};

/// The ways in which an answer gets lost after the work was done.
fn losses() -> Vec<(&'static str, Failure)> {
    let after = |status: StatusCode, body: &str| Failure::after_work(status, &[], body);
    vec![
        ("a gateway gave up", after(StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>")),
        ("the server failed", after(StatusCode::INTERNAL_SERVER_ERROR, r#"{"errorMessages":["oops"]}"#)),
        ("it took too long", after(StatusCode::GATEWAY_TIMEOUT, "")),
        ("got a web page", after(StatusCode::OK, "<html>Log in to the hotel's network</html>")),
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
async fn an_answer_that_is_lost_each_time_is_unsettled() {
    for (route, key, sends) in
        [(ADD, ALL[2], [1, 8, 1]), (REMOVE, ALL[0], [1, 4, 5]), (CREATE, ALL[1], [5, 2, 1])]
    {
        let front = seeded(SEED, &Options::default());
        let times = Arc::new(AtomicUsize::new(0));
        // The first operation of its kind is the first and, after the others, the last one.
        let front = front.with(move |_, asked| {
            let is_it = asked.route() == route && (route != ADD || asked.to_string().contains("g-devs"));
            if is_it && times.fetch_add(1, Ordering::SeqCst) < 5 {
                return Trick::Instead(502, "<html>Bad Gateway</html>".to_owned());
            }
            Trick::Pass
        });
        let (front, surfaces, plan) = planned_at(front).await;
        let start = Instant::now();
        let report = told(&apply(&surfaces, &plan, 1).await);
        let unsettled: Vec<&String> = report.iter().filter(|told| told.contains(": unsettled: ")).collect();
        assert_eq!(unsettled.len(), 1, "{report:#?}");
        assert!(unsettled[0].starts_with(key), "{report:#?}");
        assert!(unsettled[0].ends_with("; reads do not show it yet"), "{report:#?}");
        assert!(start.elapsed() >= Duration::from_secs(30), "reads were given their time");
        let skipped =
            report.iter().filter(|told| told.ends_with("skipped: requires create group.new")).count();
        assert_eq!(skipped, if route == CREATE { 2 } else { 0 }, "{report:#?}");
        assert_eq!(sent(&front), sends, "{route}: a look before each time, and then no more");
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
