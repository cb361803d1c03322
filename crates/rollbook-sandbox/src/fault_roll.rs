//! Draws faults: from the shares of `--faults` to one exact [`Failure`], with a separate generator, so that IDs are the same
//! with and without faults.

use std::time::Duration;

use http::StatusCode;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::auth::Door;
use super::faults::{Fault, Faults};
use super::script::{Answer, Failure, Garbled, Moment};

/// Separates the generator from that of the IDs.
const OWN: u64 = 0x6661_756c_7473;

/// The random faults.
#[derive(Debug)]
pub(super) struct FaultRoll {
    faults: Faults,
    rng: fastrand::Rng,
}

/// The headers and the body of a response without success.
type Refusal = (Vec<(&'static str, String)>, &'static str);

impl FaultRoll {
    pub(super) fn new(faults: Faults, rng_seed: u64) -> FaultRoll {
        FaultRoll { faults, rng: fastrand::Rng::with_seed(rng_seed ^ OWN) }
    }

    /// Draws whether a request to a host fails, and how. `now` is the time of day, for headers with a point in time.
    pub(super) fn draw(&mut self, door: Door, now: Timestamp) -> Option<(Fault, Failure)> {
        if self.faults.is_off() {
            return None;
        }
        let fault = self.faults.at(self.rng.f64())?;
        let failure = match fault {
            Fault::TooMany => self.too_many(door, now),
            Fault::Internal => self.failed(StatusCode::INTERNAL_SERVER_ERROR),
            Fault::BadGateway => self.failed(StatusCode::BAD_GATEWAY),
            Fault::Unavailable => self.failed(StatusCode::SERVICE_UNAVAILABLE),
            Fault::Reset => Failure::Reset(self.moment()),
            Fault::Stall => Failure::Stalled(self.moment()),
            Fault::Truncate => Failure::Truncated,
            Fault::Gzip => Failure::Gzip(if self.rng.bool() { Garbled::Garbage } else { Garbled::Cut }),
            Fault::Html => {
                let statuses = [
                    StatusCode::OK,
                    StatusCode::OK,
                    StatusCode::BAD_GATEWAY,
                    StatusCode::SERVICE_UNAVAILABLE,
                ];
                let status = statuses[self.rng.usize(..statuses.len())];
                self.either_side(Answer::html(status))
            }
            Fault::LostReply => Failure::Reset(Moment::AfterWork),
            Fault::Slow => Failure::Slow,
            Fault::Moving => Failure::Moving,
        };
        Some((fault, failure))
    }

    /// The generator, for draws besides the failure itself.
    pub(super) fn rng(&mut self) -> &mut fastrand::Rng {
        &mut self.rng
    }

    /// Draws a moment, half of the time the one before the work.
    fn moment(&mut self) -> Moment {
        match self.rng.u8(..4) {
            0 | 1 => Moment::BeforeWork,
            2 => Moment::AfterWork,
            _ => Moment::InBody,
        }
    }

    /// Makes a failure with this response, before the work or after it: a client cannot see which.
    fn either_side(&mut self, answer: Answer) -> Failure {
        if self.rng.bool() { Failure::AfterWork(answer) } else { Failure::Instead(answer) }
    }

    /// Draws the failure of a server: in JSON, in HTML or with an empty body; an overloaded one may say for how long.
    fn failed(&mut self, status: StatusCode) -> Failure {
        let wait = self.rng.u8(1..=5).to_string();
        let overloaded = status == StatusCode::SERVICE_UNAVAILABLE && self.rng.bool();
        let headers = [("retry-after", wait.as_str())];
        let headers = if overloaded { &headers[..] } else { &[] };
        let answer = match self.rng.u8(..3) {
            0 => Answer::html(status),
            1 => Answer::new(status, headers, ""),
            _ => Answer::new(status, headers, r#"{"errorMessages":["Internal server error"],"errors":{}}"#),
        };
        self.either_side(answer)
    }

    /// Draws a 429 of the surface.
    fn too_many(&mut self, door: Door, now: Timestamp) -> Failure {
        let wait = self.rng.u8(1..=5);
        let (headers, body) = match door {
            Door::Organization | Door::Management => self.of_the_organization(wait, now),
            Door::Site | Door::Gateway | Door::Edge | Door::Scim => self.of_jira(wait, now),
        };
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, body)
    }

    /// Draws one of the varieties of docs/atlassian.md#headers-of-a-429. Assumption: SCIM's are the same.
    fn of_jira(&mut self, wait: u8, now: Timestamp) -> Refusal {
        let body = r#"{"errorMessages":["Rate limit exceeded."],"errors":{}}"#;
        let full = |reason: &str| {
            vec![
                ("retry-after", wait.to_string()),
                ("x-ratelimit-limit", "100".to_owned()),
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", reset(now, wait, "%Y-%m-%dT%H:%M:%SZ")),
                ("ratelimit-reason", reason.to_owned()),
            ]
        };
        let quota = |beta: &'static [&'static str; 2]| {
            vec![
                (beta[0], r#""global-app-quota";q=65000;w=3600"#.to_owned()),
                (beta[1], format!(r#""global-app-quota";r=0;t={wait}"#)),
            ]
        };
        let headers = match self.rng.u8(..8) {
            0 => full("jira-burst-based"),
            1 => [full("jira-quota-global-based"), quota(&["ratelimit-policy", "ratelimit"])].concat(),
            2 => [full("jira-quota-tenant-based"), quota(&["beta-ratelimit-policy", "beta-ratelimit"])]
                .concat(),
            3 => vec![("x-ratelimit-reset", reset(now, wait, "%Y-%m-%dT%H:%MZ"))],
            4 => vec![("x-ratelimit-reset", reset(now, wait, "%Y-%m-%dT%H:%M:%SZ"))],
            5 => vec![("retry-after", reset(now, wait, "%a, %d %b %Y %H:%M:%S GMT"))],
            6 => return (Vec::new(), "local_rate_limited"),
            _ => Vec::new(),
        };
        (headers, body)
    }

    /// Draws one of the varieties of docs/atlassian.md#limits-of-the-other-apis: a reset with its offset, and perhaps no
    /// `Retry-After`.
    fn of_the_organization(&mut self, wait: u8, now: Timestamp) -> Refusal {
        let body = if self.rng.bool() {
            r#"{"errors":[{"id":"1","status":"429","code":"ADMIN-429-1","title":"Too many requests"}]}"#
        } else {
            r#"{"code":429,"message":"Rate limit exceeded."}"#
        };
        let headers = match self.rng.u8(..4) {
            0 => vec![("x-ratelimit-reset", reset(now, wait, "%Y-%m-%dT%H:%M+0000"))],
            1 => vec![("x-ratelimit-reset", reset(now, wait, "%Y-%m-%dT%H:%M:%S+0000"))],
            2 => vec![("retry-after", wait.to_string())],
            _ => Vec::new(),
        };
        (headers, body)
    }
}

/// The time `seconds` from now, as text; rounded up to the precision of the format.
fn reset(now: Timestamp, seconds: u8, format: &str) -> String {
    let unit = if format.contains("%S") { Unit::Second } else { Unit::Minute };
    let up = TimestampRound::new().smallest(unit).mode(RoundMode::Ceil);
    let at = now.saturating_add(Duration::from_secs(seconds.into())).and_then(|at| at.round(up));
    at.unwrap_or(Timestamp::MAX).strftime(format).to_string()
}
