//! Burst limits: one token bucket per route and method, on tokio's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

/// How many requests per second each route and method takes before it answers 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// No limit.
    #[default]
    Off,
    /// The published ones, for Jira: GET 100, POST 100, PUT 50, DELETE 50 a second, `GET /user` 150
    /// (docs/atlassian.md#burst-limits).
    Atlassian,
    /// The same number per second for every route; 0 counts as 1.
    PerSecond(u32),
}

impl Limits {
    fn rate(self, method: &Method, path: &str) -> Option<u32> {
        match self {
            Limits::Off => None,
            Limits::PerSecond(rate) => Some(rate.max(1)),
            // The limits of the other surfaces are unknown (docs/atlassian.md#limits-of-the-other-apis).
            Limits::Atlassian if !path.starts_with("/rest/") => None,
            Limits::Atlassian if *method == Method::GET && path == "/rest/api/3/user" => Some(150),
            Limits::Atlassian if *method == Method::DELETE || *method == Method::PUT => Some(50),
            Limits::Atlassian => Some(100),
        }
    }
}

/// The buckets of all routes.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// The limit that refused a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exceeded {
    /// Requests per second.
    pub(super) limit: u32,
    /// How long until there is a token.
    pub(super) wait: Duration,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Limiter {
        Limiter { limits, buckets: BTreeMap::new() }
    }

    /// Takes a token, or says how long to wait. A bucket holds one second's worth.
    pub(super) fn take(&mut self, method: &Method, path: &str) -> Result<(), Exceeded> {
        let Some(limit) = self.limits.rate(method, path) else {
            return Ok(());
        };
        let (rate, now) = (f64::from(limit), Instant::now());
        let full = Bucket { tokens: rate, filled_at: now };
        let bucket = self.buckets.entry(format!("{method} {path}")).or_insert(full);
        let gained = now.duration_since(bucket.filled_at).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + gained).min(rate);
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Exceeded { limit, wait: Duration::from_secs_f64((1.0 - bucket.tokens) / rate) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_refills_with_time_and_is_one_of_many() {
        let mut limiter = Limiter::new(Limits::Atlassian);
        let (delete, get, user) = (Method::DELETE, Method::GET, "/rest/api/3/user");
        for _ in 0..50 {
            limiter.take(&delete, user).unwrap();
        }
        let exceeded = limiter.take(&delete, user).unwrap_err();
        assert_eq!((exceeded.limit, exceeded.wait), (50, Duration::from_millis(20)));
        assert!(
            (0..150).all(|_| limiter.take(&get, user).is_ok()),
            "GET /user has a bucket of 150 of its own"
        );
        assert!(limiter.take(&get, user).is_err());
        tokio::time::advance(Duration::from_millis(20)).await;
        assert!(limiter.take(&delete, user).is_ok());
        assert!(limiter.take(&delete, user).is_err());
    }
}
