//! A response as a value, before it becomes HTTP.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::script::{Answer, Garbled};

/// Status, headers and body.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Reply {
    /// A response without a body.
    pub(super) fn empty(status: StatusCode) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A response with a JSON body.
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
        Reply::typed(status, "application/json;charset=UTF-8", body)
    }

    /// A response with a JSON body of another content type.
    pub(super) fn typed(status: StatusCode, kind: &str, body: &impl Serialize) -> Reply {
        match serde_json::to_vec(body) {
            Ok(body) => Reply { status, headers: Vec::new(), body }.header("content-type", kind),
            Err(error) => Reply::text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// A response with a body of plain text.
    pub(super) fn text(status: StatusCode, body: &str) -> Reply {
        Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
            .header("content-type", "text/plain;charset=UTF-8")
    }

    /// A page for people, whose texts are escaped.
    pub(super) fn page(status: StatusCode, body: &str) -> Reply {
        let html = format!("<!doctype html><meta charset=\"utf-8\"><title>Sandbox</title>{body}");
        Reply { status, headers: Vec::new(), body: html.into_bytes() }
            .header("content-type", "text/html;charset=UTF-8")
    }

    /// Adds a header; one that HTTP does not allow is left out.
    pub(super) fn header(mut self, name: &str, value: &str) -> Reply {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same response, with only half of its body.
    pub(super) fn truncated(mut self) -> Reply {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// The same response, which claims to be gzip.
    pub(super) fn gzipped(self, garbled: Garbled) -> Reply {
        let body = match garbled {
            Garbled::Garbage => b"this is not gzip".to_vec(),
            Garbled::Cut => cut_gzip(&self.body),
        };
        Reply { body, ..self }.header("content-encoding", "gzip")
    }

    /// Whether there is a body.
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// The body, and the head as a response without one. The length is that of the complete body.
    pub(super) fn apart(self) -> (Response, Vec<u8>) {
        let Reply { status, headers, body } = self;
        let head = Reply { status, headers, body: Vec::new() };
        (head.header("content-length", &body.len().to_string()).into_response(), body)
    }
}

/// The first half of a text as gzip would hold it uncompressed (RFC 1951 §3.2.4, RFC 1952 §2.3), without an end.
fn cut_gzip(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let [low, high] = length.to_le_bytes();
    let mut gzip = head.to_vec();
    gzip.extend([low, high, !low, !high]);
    gzip.extend(&text[..text.len() / 2]);
    gzip
}

impl From<&Answer> for Reply {
    fn from(answer: &Answer) -> Reply {
        let reply =
            Reply { status: answer.status, headers: Vec::new(), body: answer.body.as_bytes().to_vec() };
        let reply = answer.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        let typed = reply.headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
        if typed || reply.body.is_empty() { reply } else { reply.header("content-type", "application/json") }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.into_iter().collect::<HeaderMap>();
        response
    }
}
