//! The log of requests: counts by route and status, and every write in order.

use std::collections::BTreeMap;

use serde::Serialize;

/// The requests so far. Serializes as the JSON of `GET /_sandbox/requests`, camelCase.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLog {
    /// Requests by `METHOD /route/template` and by the status that was sent, 0 if the connection failed first.
    /// Requests to the site host and to the gateway count under the same route; a request that fits no route counts under its
    /// own path.
    pub counts: BTreeMap<String, BTreeMap<u16, u64>>,
    /// The deliberate faults: by name in `--faults`, and as `scripted` those that a test asked for.
    pub faults: BTreeMap<String, u64>,
    /// Every request other than GET to a route, in the order in which they were answered.
    pub writes: Vec<Write>,
}

/// One write, done or refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// Its index among all requests, from 0: between two writes with consecutive indexes nothing was read.
    pub seq: u64,
    /// Milliseconds since the sandbox was created.
    pub at_ms: u64,
    /// `METHOD /route/template`.
    pub route: String,
    /// The status that was sent; 0 if the connection failed first.
    pub status: u16,
    /// Whether it was done, whatever the response said.
    pub done: bool,
    /// The account that asked, if known.
    pub by: Option<String>,
    /// The group that it is about.
    pub group_id: Option<String>,
    /// The account that it is about.
    pub account_id: Option<String>,
}

impl RequestLog {
    /// How many requests a route had, with any response; `route` is `METHOD /route/template`.
    pub fn count(&self, route: &str) -> u64 {
        self.counts.get(route).map_or(0, |by_status| by_status.values().sum())
    }

    /// How many requests there were.
    pub fn total(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    pub(super) fn spoilt(&mut self, fault: &str) {
        *self.faults.entry(fault.to_owned()).or_default() += 1;
    }

    pub(super) fn add(&mut self, route: &str, status: u16) {
        *self.counts.entry(route.to_owned()).or_default().entry(status).or_default() += 1;
    }
}
