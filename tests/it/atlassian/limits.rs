//! The limiter, and what is sent again: under tokio's paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::IntoResponse as _;
use futures_util::future::join_all;
use rollbook::atlassian::{
    Decision, Event, Limiter, MadeIds, Pace, Pause, Repeat, Sending, backoff, classify,
};
use rollbook::model::{AccountId, GroupId, Operation, Ref};
use tokio::time::{Instant, advance, sleep};

use crate::atlassian::{Peer, jira, json};

const GET: Method = Method::GET;
const MEMBERS: &str = "/rest/api/3/group/member";
const GROUPS: &str = "/rest/api/3/group/bulk";

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), value.parse().unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn decide(status: u16, pairs: &[(&'static str, &'static str)], repeat: Repeat) -> Decision {
    let headers = headers(pairs);
    let status = StatusCode::from_u16(status).unwrap();
    let event = Event::Answered { status, headers: &headers };
    classify(event, repeat, "2026-11-22T10:00:00Z".parse().unwrap())
}

#[test]
fn statuses_by_repeatability() {
    let mut table = Vec::new();
    for status in [
        200, 201, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 429, 500,
        501, 502, 503, 504, 505, 520, 599,
    ] {
        let [safe, never] = [Repeat::Safe, Repeat::Never].map(|repeat| short(decide(status, &[], repeat)));
        table.push(format!("{status} | {safe} | {never}"));
    }
    for event in [Event::Unreadable, Event::NotSent, Event::Untrusted, Event::Lost, Event::TooLarge] {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let [safe, never] = [Repeat::Safe, Repeat::Never].map(|repeat| short(classify(event, repeat, now)));
        table.push(format!("{event:?} | {safe} | {never}"));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn waits_and_pauses_by_header() {
    let mut table = Vec::new();
    for (status, pairs) in [
        (429, &[][..]),
        (429, &[("retry-after", "7")]),
        (429, &[("retry-after", " 7 ")]),
        (429, &[("retry-after", "Sun, 22 Nov 2026 10:00:09 GMT")]),
        (429, &[("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT")]),
        (429, &[("retry-after", "soon")]),
        (429, &[("retry-after", "-1")]),
        (429, &[("retry-after", "100000000000000000000")]),
        (429, &[("retry-after", "3600")]),
        (429, &[("retry-after", "3601")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T10:02Z")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T10:00:30Z")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T10:00:30.5+00:00")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T11:01+0100")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T11:00:20+0100")]),
        (429, &[("x-ratelimit-reset", "2026-11-22T09:00Z")]),
        (429, &[("x-ratelimit-reset", "later")]),
        (429, &[("retry-after", "3"), ("x-ratelimit-reset", "2026-11-22T10:02Z")]),
        (429, &[("retry-after", "soon"), ("x-ratelimit-reset", "2026-11-22T10:02Z")]),
        (429, &[("ratelimit-reason", "jira-burst-based"), ("retry-after", "1")]),
        (429, &[("ratelimit-reason", "jira-quota-global-based")]),
        (429, &[("ratelimit-reason", "jira-quota-tenant-based")]),
        (429, &[("ratelimit-reason", "something-new")]),
        (503, &[("retry-after", "5")]),
        (503, &[("retry-after", "7200")]),
        (400, &[("retry-after", "5")]),
    ] {
        table.push(format!("{status} {pairs:?}: {}", short(decide(status, pairs, Repeat::Safe))));
    }
    insta::assert_snapshot!(table.join("\n"));
}

fn short(decision: Decision) -> String {
    match decision {
        Decision::Retry { after, pause } => {
            let after = after.map_or("backoff".to_owned(), |after| format!("{after:?}"));
            match pause {
                Pause::Nothing => format!("retry {after}"),
                Pause::Route => format!("retry {after}, pause route"),
                Pause::Everything => format!("retry {after}, pause everything"),
            }
        }
        Decision::Done | Decision::Fail | Decision::Unknown => format!("{decision:?}").to_lowercase(),
    }
}

#[test]
fn backs_off_by_doubling_within_its_jitter() {
    let mut rng = fastrand::Rng::with_seed(7);
    for (retry, plain) in [(0, 2.0), (1, 4.0), (2, 8.0), (3, 16.0), (4, 30.0), (40, 30.0)] {
        let waits: Vec<f64> = (0..200).map(|_| backoff(retry, &mut rng).as_secs_f64()).collect();
        assert!(waits.iter().all(|wait| (0.7 * plain..=1.3 * plain).contains(wait)), "{retry}: {waits:?}");
        assert!(waits.iter().any(|wait| *wait < 0.8 * plain) && waits.iter().any(|wait| *wait > 1.2 * plain));
    }
    let same = |seed| backoff(0, &mut fastrand::Rng::with_seed(seed));
    assert_eq!(same(1), same(1));
}

/// When each of `count` requests got out, in milliseconds from now.
async fn released(limiter: &Limiter, route: &'static str, count: usize) -> Vec<u128> {
    let start = Instant::now();
    let one = || async {
        drop(limiter.permit(&GET, route).await);
        start.elapsed().as_millis()
    };
    let mut released = join_all((0..count).map(|_| one())).await;
    released.sort_unstable();
    released
}

/// The most that got out within any second.
fn most_a_second(released: &[u128]) -> usize {
    let within = |start: &u128| released.iter().filter(|at| (*start..*start + 1000).contains(at)).count();
    released.iter().map(within).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_less_than_a_seconds_worth_and_then_the_rate_holds() {
    let limiter = Limiter::new(1000, Pace::Published);
    let all = released(&limiter, MEMBERS, 350).await;
    assert_eq!(all.iter().filter(|at| **at == 0).count(), 90);
    assert!((2590..2700).contains(all.last().unwrap()), "{:?}", all.last());
    let slower = |method, route| {
        let limiter = &limiter;
        async move {
            let start = Instant::now();
            join_all((0..200).map(|_| async { drop(limiter.permit(&method, route).await) })).await;
            start.elapsed().as_millis()
        }
    };
    assert!((3090..3200).contains(&slower(Method::DELETE, "/rest/api/3/group/user").await));
    assert!((430..450).contains(&slower(Method::GET, "/rest/api/3/user").await));
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(
        released(&limiter, MEMBERS, 150).await.iter().filter(|at| **at == 0).count(),
        90,
        "no saving up"
    );
}

#[tokio::test(start_paused = true)]
async fn what_only_answers_hold_back_is_unbounded_until_one_is_turned_away() {
    let limiter = Limiter::new(1000, Pace::Answers);
    assert_eq!(released(&limiter, MEMBERS, 500).await.last(), Some(&0));
    limiter.slow_down(&GET, MEMBERS, Instant::now() + Duration::from_secs(5));
    let (members, groups) = tokio::join!(released(&limiter, MEMBERS, 200), released(&limiter, GROUPS, 500));
    assert_eq!(groups.last(), Some(&0), "nothing was said of the others");
    assert!(*members.first().unwrap() >= 5000, "{members:?}");
    assert!(most_a_second(&members) <= 60, "half of the published rate, and growing: {members:?}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_route_leaves_the_others_alone_and_comes_back_slower() {
    let limiter = Limiter::new(1, Pace::Published);
    assert_eq!(released(&limiter, MEMBERS, 90).await.last(), Some(&0));
    let until = Instant::now() + Duration::from_secs(5);
    limiter.slow_down(&GET, MEMBERS, until);
    limiter.slow_down(&GET, MEMBERS, until);
    let (members, groups) = tokio::join!(released(&limiter, MEMBERS, 200), released(&limiter, GROUPS, 90));
    assert_eq!(groups.last(), Some(&0), "the paused route holds no slot");
    assert!(*members.first().unwrap() >= 5000, "{members:?}");
    // Two answers of one burst halve it once: 50 a second and growing, not 25.
    let second = members.iter().filter(|at| (5000..6000).contains(*at)).count();
    assert!((45..=55).contains(&second), "{second}");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(released(&limiter, MEMBERS, 90).await.last(), Some(&0), "the rate recovers");
}

#[tokio::test(start_paused = true)]
async fn no_herd_follows_a_pause_of_everything() {
    let limiter = Arc::new(Limiter::new(1000, Pace::Published));
    drop(limiter.permit(&GET, MEMBERS).await);
    limiter.pause_all(Instant::now() + Duration::from_secs(30));
    let (members, groups) = tokio::join!(released(&limiter, MEMBERS, 300), released(&limiter, GROUPS, 300));
    for all in [members, groups] {
        assert!(*all.first().unwrap() >= 30_000, "{all:?}");
        assert_eq!(all.iter().filter(|at| **at <= 30_000).count(), 0, "the bucket starts empty");
        assert!(most_a_second(&all) <= 101, "{}", most_a_second(&all));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_reaches_those_who_already_wait() {
    let limiter = Limiter::new(10, Pace::Published);
    assert_eq!(released(&limiter, MEMBERS, 90).await.last(), Some(&0));
    let pausing = async {
        advance(Duration::from_millis(5)).await;
        limiter.pause_all(Instant::now() + Duration::from_secs(9));
    };
    let (waiting, ()) = tokio::join!(released(&limiter, MEMBERS, 5), pausing);
    assert!(*waiting.first().unwrap() >= 9000, "{waiting:?}");
}

#[tokio::test(start_paused = true)]
async fn in_flight_requests_are_bounded() {
    let limiter = Limiter::new(3, Pace::Published);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    join_all((0..50).map(|_| async {
        let permit = limiter.permit(&GET, MEMBERS).await;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        sleep(Duration::from_millis(20)).await;
        now.fetch_sub(1, Ordering::SeqCst);
        drop(permit);
    }))
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

fn add() -> Operation {
    Operation::AddMember { group: Ref::Known(GroupId::new("g")), account: Ref::Known(AccountId::new("a")) }
}

/// How many times a read and a write were sent to a peer that answers so, once it has answered well.
async fn sent(status: u16, pairs: &'static [(&'static str, &'static str)]) -> (usize, usize) {
    let peer = Peer::default();
    let router = peer.router(move |seen| match (seen.uri.path(), seen.method.as_str()) {
        ("/rest/api/3/myself", _) => json(200, "[]"),
        _ => (StatusCode::from_u16(status).unwrap(), headers(pairs), "").into_response(),
    });
    let jira = jira(router);
    // A host that has never answered well is tried less often.
    jira.client().read::<Vec<()>>(&rollbook::atlassian::jira::reads::myself()).await.unwrap();
    let _ = jira.groups_of(&AccountId::new("a")).await.unwrap_err();
    let reads = peer.lines().len() - 1;
    let _ = jira.write(&add(), &MadeIds::default(), &mut Sending::default()).await;
    (reads, peer.lines().len() - 1 - reads)
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_where_it_was_not_done() {
    assert_eq!(sent(429, &[]).await, (5, 5));
    assert_eq!(sent(429, &[("retry-after", "7200")]).await, (1, 1));
    for status in [500, 502, 503, 504] {
        assert_eq!(sent(status, &[("retry-after", "1")]).await, (5, 1), "{status}");
    }
    for status in [400, 401, 403, 404, 409, 302] {
        assert_eq!(sent(status, &[]).await, (1, 1), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_it_is_told() {
    let peer = Peer::default();
    let count = Arc::new(AtomicUsize::new(0));
    let router = peer.router(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => (
            StatusCode::TOO_MANY_REQUESTS,
            [("x-ratelimit-reset", "2026-11-22T10:02Z")],
            "local_rate_limited",
        )
            .into_response(),
        _ => json(200, "[]"),
    });
    let start = Instant::now();
    jira(router).groups_of(&AccountId::new("a")).await.unwrap();
    assert!((120_000..121_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}
