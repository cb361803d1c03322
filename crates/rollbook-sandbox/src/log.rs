//! What was asked: counts by route and status, and every write in order.

use std::collections::BTreeMap;

use serde::Serialize;

/// What the sandbox was asked so far. Serialises as the JSON of `GET /_sandbox/requests`, camelCase.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLog {
    /// Requests by `METHOD /route/template` and by the status that was sent, 0 where the connection failed before
    /// one was. The same route counts once, whether it came by the site host or by the gateway; a request that fits
    /// no route counts under its own path.
    pub counts: BTreeMap<String, BTreeMap<u16, u64>>,
    /// What went wrong by intent: by its name in `--faults`, and as `scripted` what a test asked for.
    pub faults: BTreeMap<String, u64>,
    /// Every request other than GET to a route, in the order in which they were answered.
    pub writes: Vec<Write>,
}

/// One write, done or refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// Its place among all requests, from 0: between two writes whose places are neighbours nothing was read.
    pub seq: u64,
    /// Milliseconds since the sandbox was made.
    pub at_ms: u64,
    /// `METHOD /route/template`.
    pub route: String,
    /// The status that was sent; 0 where the connection failed before one was.
    pub status: u16,
    /// Whether it was done, whatever the answer said.
    pub done: bool,
    /// The account that asked, if it could be told.
    pub by: Option<String>,
    /// The group that it is about.
    pub group_id: Option<String>,
    /// The account that it is about.
    pub account_id: Option<String>,
}

impl RequestLog {
    /// How many requests a route had, whatever the answer; `route` is `METHOD /route/template`.
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
