//! Holds requests back: after a response that asks for it, and when a server is overloaded.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::answer::{Answer, is_json};
use super::client::Client;
use super::fault::Fault;
use super::request::Request;
use super::retry::{Pause, RETRIES, RETRIES_AT_FIRST, backoff};

/// The shortest wait that is reported.
const WORTH_TELLING: Duration = Duration::from_secs(5);

/// How long everything waits when a server is overloaded, once in that time.
const BREATHER: Duration = Duration::from_secs(1);

/// A wait that is long enough to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The method and the route of the request that was refused, or failed.
    pub request: String,
    /// The requests that must wait.
    pub pause: Pause,
    /// When it ends, by the wall clock.
    pub until: Timestamp,
}

/// Where waits are reported. It keeps the last one.
pub type Waits = watch::Sender<Option<Waiting>>;

impl Client {
    /// Slows everything down if a server, or a proxy before it, says repeatedly that it is overloaded, with 429 or another
    /// status.
    pub(super) fn ease(&self, outcome: &Result<Answer, Fault>) {
        let overloaded =
            [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
        let Ok(answer) = outcome else { return };
        if !overloaded.contains(&answer.status()) {
            self.overloaded.store(0, Ordering::Relaxed);
            return;
        }
        let before = self.overloaded.fetch_add(1, Ordering::Relaxed);
        if before > 0 {
            self.limiter.slow_all(Instant::now() + BREATHER);
        }
    }

    /// How often a request may be sent again: fewer times if no response of the API has been seen yet.
    pub(super) fn retries(&self, outcome: &Result<Answer, Fault>) -> u32 {
        let of_the_api =
            |answer: &Answer| answer.status() == StatusCode::TOO_MANY_REQUESTS || is_json(answer.body());
        if self.reached.load(Ordering::Relaxed) || outcome.as_ref().is_ok_and(of_the_api) {
            RETRIES
        } else {
            RETRIES_AT_FIRST
        }
    }

    fn tell_wait(&self, request: &Request, pause: Pause, wait: Duration) {
        let until = (self.options.wall)().checked_add(wait);
        if let (Some(waits), Ok(until)) = (&self.options.waits, until) {
            waits.send_replace(Some(Waiting { request: request.to_string(), pause, until }));
        }
    }

    /// Waits before a request is sent again, and lets others wait if the response says so.
    pub(super) async fn hold_back(
        &self,
        request: &Request,
        after: Option<Duration>,
        pause: Pause,
        retry: u32,
    ) {
        let wait = after.unwrap_or_else(|| {
            // The generator is sound even if a thread panicked while holding it.
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            backoff(retry, &mut rng)
        });
        let until = Instant::now() + wait;
        let (method, route) = (request.method(), request.route());
        if wait >= WORTH_TELLING {
            tracing::info!(%method, route, seconds = wait.as_secs(), ?pause, "waiting before it is sent again");
            self.tell_wait(request, pause, wait);
        }
        match pause {
            Pause::Nothing => sleep(wait).await,
            // The limiter releases this request with all the others.
            Pause::Route => self.limiter.slow_down(method, route, until),
            Pause::Everything => self.limiter.pause_all(until),
        }
    }
}
