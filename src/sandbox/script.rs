//! Scripted failures: a queue of answers a route, for tests that need one exact fault.

use std::collections::{BTreeMap, VecDeque};

use http::StatusCode;

/// An answer that a test writes itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Header names and values, all of them; names and values that HTTP does not allow are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Says what goes wrong with one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Does nothing and answers this.
    Instead(Answer),
    /// Does the work, then answers this: the real answer is lost.
    AfterWork(Answer),
    /// Does the work, then sends the first half of the answer's body.
    Truncated,
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
        let page = format!("<!DOCTYPE html><html><body><h1>{status}</h1></body></html>");
        Failure::instead(status, &[("content-type", "text/html; charset=utf-8")], &page)
    }
}

impl Answer {
    fn new(status: StatusCode, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: body.to_owned() }
    }
}

/// What is still to go wrong, by `METHOD /route/template`.
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
