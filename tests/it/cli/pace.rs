//! An apply that may not take for ever, and one that has to wait.

use std::time::{Duration, Instant};

use http::StatusCode;
use rollbook::sandbox::Failure;

use super::{Ran, Rollbook, Site, TODAY, example, rollbook, seed_of};

fn minimal(arguments: &[&str]) -> Rollbook {
    let tree = example("minimal");
    rollbook(arguments.iter().copied().chain(["-C", &tree, "--today", TODAY]))
}

#[test]
fn a_timeout_leaves_the_rest_and_says_so() {
    let site = Site::slow(&seed_of("minimal"), Duration::from_millis(400));
    let apply = ["apply", "--yes", "--concurrency", "1", "--timeout", "600ms", "--journal", "run.jsonl"];
    let ran = minimal(&apply).at(&site).run().ends(6);
    let applied = ran.stdout.matches("applied  ").count();
    assert!((1..4).contains(&applied), "{ran}");
    assert_eq!(ran.stdout.matches("not attempted").count(), 4 - applied + 1, "{ran}");
    assert_eq!(site.sandbox.requests().writes.len(), applied);
    let text = std::fs::read_to_string(ran.folder().join("run.jsonl")).unwrap();
    let show = rollbook(["journal", "show", "run.jsonl"]).file("run.jsonl", &text).run().ends(0);
    assert!(show.stdout.contains("The run's time ran out at "), "{show}");
    minimal(&["apply", "--yes", "--timeout", "1h 30m"]).at(&site).run().ends(0);
}

#[test]
fn a_timeout_is_a_duration_of_more_than_nothing() {
    for wrong in ["0s", "-5m", "soon", "30", ""] {
        let ran = minimal(&["apply", "--yes", &format!("--timeout={wrong}")]).run().ends(64);
        assert!(ran.stderr.contains("the duration must be greater than zero"), "{wrong}: {ran}");
    }
}

/// Asserts that a line says until when, in UTC.
fn says_until(ran: &Ran, what: &str) {
    let line = ran.stderr.lines().find(|line| line.starts_with(what));
    let time = line.and_then(|line| line.strip_prefix(what)?.strip_suffix(" UTC"));
    assert_eq!(time.map(str::len), Some("12:00:00".len()), "{what}\n{ran}");
}

#[test]
fn a_wait_for_a_quota_is_told_with_its_end() {
    let site = Site::example("minimal");
    let headers = |reason| [("retry-after", "5"), ("ratelimit-reason", reason)];
    let turned_away = |reason| Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers(reason), "{}");
    site.sandbox.fail_next("GET /rest/api/3/users/search", turned_away("jira-quota-tenant-based"));
    site.sandbox.fail_next("POST /rest/api/3/user", turned_away("jira-burst-based"));
    let start = Instant::now();
    let ran = minimal(&["apply", "--yes"]).at(&site).run().ends(0);
    assert!(start.elapsed() >= Duration::from_secs(10));
    says_until(&ran, "a quota of the site is used up: waiting until ");
    says_until(&ran, "the limit of POST /rest/api/3/user is used up: waiting until ");
    assert_eq!(ran.stderr.matches("waiting until").count(), 2, "{ran}");
}
