//! What can go wrong with a request, and the queue of what is to go wrong, for tests that need one exact fault.
//! What goes wrong by chance is drawn in [`super::draw`], in the same words.

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
    /// Does the work, then sends the first half of the answer's body as if it were the whole. A body that is empty
    /// stays whole.
    Truncated,
    /// Cuts the connection. In process there is none to cut: a head comes, whose body fails.
    Reset(Moment),
    /// Lets the client wait for what never comes, until it gives up; after ten minutes the connection is cut.
    Stalled(Moment),
    /// Does the work, then says that the answer's body is compressed, which it is not as it should be.
    Gzip(Garbled),
    /// Does the work, then sends the answer's body in pieces, with half a second between two.
    Slow,
    /// Answers a read as if somebody had just joined the group that it is about, or left it, and undoes that at
    /// once. A read of no group is answered of a site where that happened to some group; a write is just done.
    Moving,
}

/// When a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before anything is done, and before anything is sent.
    BeforeWork,
    /// After the work, and before anything is sent.
    AfterWork,
    /// After the work and half of the body; where the body is empty, before anything is sent.
    InBody,
}

/// What is wrong with a compressed body.
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
