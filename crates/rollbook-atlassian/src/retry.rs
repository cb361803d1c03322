//! Decides after a response, or without one, whether a request is sent again. No other code does.
//!
//! Pure. A write that may have been done is never sent again: its response is lost, and only a read can show the outcome.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};

use super::request::Repeat;

/// How often a request is sent again (docs/atlassian.md#waiting-and-trying-again).
pub(super) const RETRIES: u32 = 4;

/// How often, to a host without a readable response so far. Usually its name or the network settings are wrong, and half
/// a minute is too long to report a misspelt site.
pub(super) const RETRIES_AT_FIRST: u32 = 1;

/// The longest requested wait that is accepted: a quota starts again at the top of the hour (docs/atlassian.md#quotas).
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The longest wait that Rollbook chooses itself (docs/atlassian.md#waiting-and-trying-again).
const BACKOFF_CAP: Duration = Duration::from_secs(30);

/// The result of sending a request.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// There was a complete response.
    Answered {
        /// Its status.
        status: StatusCode,
        /// Its headers.
        headers: &'a HeaderMap,
    },
    /// A status of success without JSON: not the API's response.
    Unreadable,
    /// No connection was made, so nothing was sent.
    NotSent,
    /// The host cannot be trusted, so nothing was sent, and a retry would fail too.
    Untrusted,
    /// It may have been sent, and there was no complete response.
    Lost,
    /// It was sent, and the response is too large to read.
    TooLarge,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It was done.
    Done,
    /// Send it again.
    Retry {
        /// After at least this time; [`backoff`] if the response names none.
        after: Option<Duration>,
        /// The other requests that must wait.
        pause: Pause,
    },
    /// It was not done, and will not be.
    Fail,
    /// It may have been done.
    Unknown,
}

/// The other requests that must wait when one must (docs/atlassian.md#waiting-and-trying-again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nothing.
    Nothing,
    /// Requests of this route.
    Route,
    /// Every request.
    Everything,
}

/// Decides what to do. `now` is the wall clock's, for headers with a point in time.
pub fn classify(event: Event<'_>, repeat: Repeat, now: Timestamp) -> Decision {
    let again = |after| Decision::Retry { after, pause: Pause::Nothing };
    match (event, repeat) {
        (Event::Answered { status, headers }, _) => answered(status, headers, repeat, now),
        (Event::Untrusted, _) | (Event::TooLarge, Repeat::Safe) => Decision::Fail,
        // An unsent request can be sent, whether it reads or writes.
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
        // It was refused before any work, so even a write was not done.
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

/// Statuses of a server or a proxy that did not finish. They do not say whether the work was done.
fn is_passing(status: StatusCode) -> bool {
    let never = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() && !never.contains(&status)
}

/// A burst limit concerns its endpoint; a quota, and every unknown reason, concerns all
/// (docs/atlassian.md#waiting-and-trying-again).
fn who_waits(headers: &HeaderMap) -> Pause {
    match text(headers, "ratelimit-reason") {
        Some(reason) if reason.contains("burst") => Pause::Route,
        Some(_) | None => Pause::Everything,
    }
}

/// How long the response asks to wait: `Retry-After` in seconds or as an HTTP date, otherwise `X-RateLimit-Reset`
/// (docs/atlassian.md#headers-of-a-429). A wait of zero, or a time in the past, does not count.
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

/// Draws how long to wait before a retry if the response names no time: 2 s, doubled each time, at most 30 s, times
/// 0.7 to 1.3 (docs/atlassian.md#waiting-and-trying-again). `retry` counts from 0.
pub fn backoff(retry: u32, rng: &mut fastrand::Rng) -> Duration {
    let plain = Duration::from_secs(2).saturating_mul(2_u32.saturating_pow(retry)).min(BACKOFF_CAP);
    plain.mul_f64(0.7 + 0.6 * rng.f64())
}
