//! One token bucket per method and route, on tokio's clock, and a bound on the requests in flight.
//!
//! Atlassian limits bursts per second, tenant, endpoint and method (docs/atlassian.md#burst-limits). A bucket can be
//! slowed and paused, and all of them can be paused; after a pause the bucket fills from empty, so that the waiting
//! requests leave at its rate and not all at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use tokio::sync::{Mutex as TurnMutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// The lowest rate of a bucket, in requests per second.
const FLOOR: f64 = 1.0;

/// How many seconds' worth of requests a bucket holds. Atlassian's holds one; the rest is for requests that were
/// sent apart and arrive together.
const BURST: f64 = 0.9;

/// The share of its full rate that a slowed bucket regains per second.
const RECOVERY: f64 = 0.02;

/// The pace of the APIs at the gateway that publish none, in requests per second and route. The only known
/// figure, 200 a minute for last-active dates, is 3.3 a second without bursts; other routes are assumed to bear a little
/// more (docs/atlassian.md#limits-of-the-other-apis). Ten thousand emails are a hundred requests, so 20 seconds.
const UNPUBLISHED: f64 = 5.0;

/// The source of the rate limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Atlassian's published limits, and the responses.
    #[default]
    Published,
    /// Only the responses: a route is unbounded until a request is refused.
    Answers,
}

/// Holds requests back so that they fit Atlassian's published limits.
#[derive(Debug)]
pub struct Limiter {
    slots: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    all_paused_until: Option<Instant>,
    buckets: BTreeMap<(String, &'static str), Bucket>,
}

/// A route's tokens, worth [`BURST`] seconds at most.
#[derive(Debug)]
struct Bucket {
    /// Only its holder waits for a token; the others queue for it, in order.
    turn: Arc<TurnMutex<()>>,
    /// Whether it takes tokens.
    paced: bool,
    full_rate: f64,
    rate: f64,
    tokens: f64,
    filled: Instant,
    paused_until: Instant,
}

/// The published rate of a route, in requests per second (docs/atlassian.md#burst-limits).
pub fn published_rate(method: &Method, route: &str) -> f64 {
    match (method, route) {
        (_, route) if ["/admin/", "/users/", "/scim/"].iter().any(|start| route.starts_with(start)) => {
            UNPUBLISHED
        }
        (&Method::GET, "/rest/api/3/user") => 150.0,
        (&Method::PUT | &Method::DELETE, _) => 50.0,
        (_, _) => 100.0,
    }
}

impl Limiter {
    /// Makes a limiter for `in_flight` requests at a time, at least one.
    pub fn new(in_flight: usize, pace: Pace) -> Self {
        let state = State { pace, all_paused_until: None, buckets: BTreeMap::new() };
        Self { slots: Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)), state: Mutex::new(state) }
    }

    /// Waits until a request may be sent. It is in flight until the permit is dropped.
    ///
    /// # Panics
    /// Never: the semaphore is never closed.
    pub async fn permit(&self, method: &Method, route: &'static str) -> SemaphorePermit<'_> {
        let turn = Arc::clone(&self.locked().bucket(method, route).turn);
        let _turn = turn.lock().await;
        loop {
            // The slot is taken before the token, so that tokens cannot pile up behind a slow server, and returned while
            // waiting, so that a paused route does not block the others.
            #[expect(clippy::expect_used, reason = "nothing closes the semaphore")]
            let slot = self.slots.acquire().await.expect("the semaphore is open");
            let taken = self.locked().take(method, route);
            match taken {
                Ok(()) => return slot,
                Err(moment) => {
                    drop(slot);
                    sleep_until(moment).await;
                }
            }
        }
    }

    /// Pauses one route until a time, and halves its rate for a while, once per pause.
    pub fn slow_down(&self, method: &Method, route: &'static str, until: Instant) {
        self.locked().bucket(method, route).slow_down(until);
    }

    /// Pauses every route until a time.
    pub fn pause_all(&self, until: Instant) {
        let mut state = self.locked();
        state.all_paused_until = state.all_paused_until.max(Some(until));
        for bucket in state.buckets.values_mut() {
            bucket.empty_until(until);
        }
    }

    /// Pauses every route until a time, and halves the rate of each for a while, once per pause.
    pub fn slow_all(&self, until: Instant) {
        let mut state = self.locked();
        state.all_paused_until = state.all_paused_until.max(Some(until));
        for bucket in state.buckets.values_mut() {
            bucket.slow_down(until);
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // No method panics halfway, so a poisoned state is sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn bucket(&mut self, method: &Method, route: &'static str) -> &mut Bucket {
        let (pace, paused_until) = (self.pace, self.all_paused_until);
        self.buckets.entry((method.to_string(), route)).or_insert_with(|| {
            let now = Instant::now();
            let mut bucket = Bucket::full(published_rate(method, route), pace, now);
            if let Some(until) = paused_until.filter(|until| *until > now) {
                bucket.empty_until(until);
            }
            bucket
        })
    }

    /// Takes a token, or returns when to try again.
    fn take(&mut self, method: &Method, route: &'static str) -> Result<(), Instant> {
        let now = Instant::now();
        self.bucket(method, route).take(now)
    }
}

impl Bucket {
    fn full(rate: f64, pace: Pace, now: Instant) -> Self {
        Self {
            turn: Arc::default(),
            paced: pace == Pace::Published,
            full_rate: rate,
            rate,
            tokens: most(rate),
            filled: now,
            paused_until: now,
        }
    }

    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if now < self.paused_until {
            return Err(self.paused_until);
        }
        if !self.paced {
            return Ok(());
        }
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.rate = (self.rate + passed * self.full_rate * RECOVERY).min(self.full_rate);
        self.tokens = (self.tokens + passed * self.rate).min(most(self.rate));
        // A computed wait ends slightly before the token is complete.
        if self.tokens >= 1.0 - 1e-6 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(now + Duration::from_secs_f64((1.0 - self.tokens) / self.rate))
    }

    fn slow_down(&mut self, until: Instant) {
        // Requests in flight when the pause began fail in the same way, which says nothing new.
        if Instant::now() >= self.paused_until {
            self.rate = (self.rate / 2.0).max(FLOOR);
        }
        self.paced = true;
        self.empty_until(until);
    }

    fn empty_until(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(until);
        self.filled = self.paused_until;
        self.tokens = 0.0;
    }
}

/// How many tokens a bucket of this rate holds: at least one, or nothing would ever be sent.
fn most(rate: f64) -> f64 {
    (rate * BURST).max(1.0)
}
