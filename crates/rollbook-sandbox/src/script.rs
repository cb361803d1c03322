//! The failures of a request, and the queue of scheduled ones, for tests that need one exact fault. `fault_roll` draws the
//! random ones, of the same type.

use std::collections::{BTreeMap, VecDeque};

use http::StatusCode;

/// A response that a test writes itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// All header names and values; invalid ones are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// The failure of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Does nothing and returns this response.
    Instead(Answer),
    /// Does the work, then returns this instead of the real response.
    AfterWork(Answer),
    /// Does the work, then sends the first half of the response's body as if it were complete. An empty body
    /// stays complete.
    Truncated,
    /// Cuts the connection. In process there is no connection: a head is sent, and its body fails.
    Reset(Moment),
    /// Lets the client wait without a response until it gives up; after ten minutes the connection is cut.
    Stalled(Moment),
    /// Does the work, then claims that the response's body is compressed, which it is not, or only in part.
    Gzip(Garbled),
    /// Does the work, then sends the response's body in pieces, with half a second between two.
    Slow,
    /// Answers a read as if somebody had just joined or left its group, and undoes that at once. For a read of no group, some
    /// group of the site changes; a write is simply done.
    Moving,
}

/// When a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before anything is done or sent.
    BeforeWork,
    /// After the work, and before anything is sent.
    AfterWork,
    /// After the work and half of the body; if the body is empty, before anything is sent.
    InBody,
}

/// The fault of a compressed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbled {
    /// It is not gzip at all.
    Garbage,
    /// It ends in the middle.
    Cut,
}

impl Failure {
    /// Does nothing and answers with a status, headers and a body.
    pub fn instead(status: StatusCode, headers: &[(&str, &str)], body: &str) -> Failure {
        Failure::Instead(Answer::new(status, headers, body))
    }

    /// Does the work, then answers with a status, headers and a body.
    pub fn after_work(status: StatusCode, headers: &[(&str, &str)], body: &str) -> Failure {
        Failure::AfterWork(Answer::new(status, headers, body))
    }

    /// Answers with an HTML page, as a proxy or an edge does.
    pub fn html(status: StatusCode) -> Failure {
        Failure::Instead(Answer::html(status))
    }
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: body.to_owned() }
    }

    pub(super) fn html(status: StatusCode) -> Answer {
        let page = format!("<!DOCTYPE html><html><body><h1>{status}</h1></body></html>");
        Answer::new(status, &[("content-type", "text/html; charset=utf-8")], &page)
    }
}

/// The scheduled failures, by `METHOD /route/template`.
#[derive(Debug, Default)]
pub(super) struct Scripts(BTreeMap<String, VecDeque<Failure>>);

impl Scripts {
    pub(super) fn push(&mut self, route: &str, failure: Failure) {
        self.0.entry(route.to_owned()).or_default().push_back(failure);
    }

    pub(super) fn take(&mut self, route: &str) -> Option<Failure> {
        self.0.get_mut(route)?.pop_front()
    }
}
