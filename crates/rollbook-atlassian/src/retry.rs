//! What to do with an answer, or with none: the one place that decides whether a request is sent again.
//!
//! Pure. A write that may have been done is never sent again: its answer is lost, and only a read can tell.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};

use super::request::Repeat;

/// How often a request is sent again (docs/atlassian.md#waiting-and-trying-again).
pub(super) const RETRIES: u32 = 4;

/// How often, to a host that has not given a readable answer yet. Its name or the way to it is wrong more often
/// than not, and half a minute is long to learn of a misspelt site.
pub(super) const RETRIES_AT_FIRST: u32 = 1;

/// The longest wait that is waited: a quota starts again at the top of the hour (docs/atlassian.md#quotas).
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The longest wait that is our own choice (docs/atlassian.md#waiting-and-trying-again).
const BACKOFF_CAP: Duration = Duration::from_secs(30);

/// The result of sending a request.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// An answer came whole.
    Answered {
        /// Its status.
        status: StatusCode,
        /// Its headers.
        headers: &'a HeaderMap,
    },
    /// A status of success came with something else than JSON: not the API's answer.
    Unreadable,
    /// No connection was made, so nothing was sent.
    NotSent,
    /// The host cannot be trusted, so nothing was sent, and it will be the same again.
    Untrusted,
    /// It was sent, perhaps, and no whole answer came.
    Lost,
    /// It was sent, and the answer is more than will be read.
    TooLarge,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It was done.
    Done,
    /// Send it again.
    Retry {
        /// Not before this has passed; [`backoff`] where the answer names no time.
        after: Option<Duration>,
        /// What else has to wait.
        pause: Pause,
    },
    /// It was not done, and will not be.
    Fail,
    /// It may have been done.
    Unknown,
}

/// What else has to wait when a request has to (docs/atlassian.md#waiting-and-trying-again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nothing.
    Nothing,
    /// Requests of this route.
    Route,
    /// Every request.
    Everything,
}

/// Decides what to do. `now` is the wall clock's, for headers that name a moment.
pub fn classify(event: Event<'_>, repeat: Repeat, now: Timestamp) -> Decision {
    let again = |after| Decision::Retry { after, pause: Pause::Nothing };
    match (event, repeat) {
        (Event::Answered { status, headers }, _) => answered(status, headers, repeat, now),
        (Event::Untrusted, _) | (Event::TooLarge, Repeat::Safe) => Decision::Fail,
        // What was not sent can be sent, whatever it is.
        (Event::NotSent, _) | (Event::Lost | Event::Unreadable, Repeat::Safe) => again(None),
        (Event::Lost | Event::Unreadable | Event::TooLarge, Repeat::Never) => Decision::Unknown,
    }
}

fn answered(status: StatusCode, headers: &HeaderMap, repeat: Repeat, now: Timestamp) -> Decision {
    if status.is_success() {
        return Decision::Done;
    }
    let after = asked_wait(headers, now);
    if status == StatusCode::TOO_MANY_REQUESTS {
        // It was turned away at the door, so that even a write was not done.
        return match after {
            Some(after) if after > LONGEST => Decision::Fail,
            Some(_) | None => Decision::Retry { after, pause: who_waits(headers) },
        };
    }
    match (is_passing(status), repeat) {
        (false, _) => Decision::Fail,
        (true, Repeat::Never) => Decision::Unknown,
        (true, Repeat::Safe) if after.is_some_and(|after| after > LONGEST) => Decision::Fail,
        (true, Repeat::Safe) => Decision::Retry { after, pause: Pause::Nothing },
    }
}

/// Statuses of a server, or of something between, that did not get to the end of the work. They do not say
/// whether the work was done.
fn is_passing(status: StatusCode) -> bool {
    let never = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() && !never.contains(&status)
}

/// A burst concerns its endpoint; a quota, and everything that gives no reason we know, concerns all
/// (docs/atlassian.md#waiting-and-trying-again).
fn who_waits(headers: &HeaderMap) -> Pause {
    match text(headers, "ratelimit-reason") {
        Some(reason) if reason.contains("burst") => Pause::Route,
        Some(_) | None => Pause::Everything,
    }
}

/// How long the answer asks to wait: `Retry-After` in seconds or as an HTTP date, else `X-RateLimit-Reset`
/// (docs/atlassian.md#headers-of-a-429). No time at all, or a moment that our clock has passed, does not count.
fn asked_wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let retry_after = text(headers, "retry-after").and_then(|text| {
        let seconds = text.parse().ok().map(Duration::from_secs);
        seconds.or_else(|| until(http_date(text)?, now))
    });
    retry_after
        .or_else(|| until(iso_moment(text(headers, "x-ratelimit-reset")?)?, now))
        .filter(|wait| !wait.is_zero())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn until(moment: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(moment.duration_since(now)).ok()
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// ISO 8601 with and without seconds, and an offset with and without a colon (docs/atlassian.md#headers-of-a-429).
fn iso_moment(text: &str) -> Option<Timestamp> {
    let with_format = |format| strtime::parse(format, text).ok()?.to_timestamp().ok();
    text.parse()
        .ok()
        .or_else(|| with_format("%Y-%m-%dT%H:%M%z"))
        .or_else(|| with_format("%Y-%m-%dT%H:%M:%S%z"))
}

/// How long to wait before a retry where the answer names no time: 2 s, doubled each time, at most 30 s, times
/// 0.7 to 1.3 (docs/atlassian.md#waiting-and-trying-again). `retry` counts from 0.
pub fn backoff(retry: u32, rng: &mut fastrand::Rng) -> Duration {
    let plain = Duration::from_secs(2).saturating_mul(2_u32.saturating_pow(retry)).min(BACKOFF_CAP);
    plain.mul_f64(0.7 + 0.6 * rng.f64())
}
