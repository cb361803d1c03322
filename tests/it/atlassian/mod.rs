//! The client and the surface `jira` against a small router in this process.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

pub(crate) mod auth;
pub(crate) mod contract;
pub(crate) mod errors;
pub(crate) mod hosts;
pub(crate) mod jira;
pub(crate) mod limits;
pub(crate) mod management;
pub(crate) mod organization;
pub(crate) mod organization_reads;
pub(crate) mod organization_requests;
pub(crate) mod pages;
pub(crate) mod requests;
pub(crate) mod scim;
pub(crate) mod scim_server;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rollbook::atlassian::{Client, Credential, Endpoints, Jira, Options, Overrides, TokenKind};

/// The token that must never be seen anywhere but in an `Authorization` header.
pub(crate) const TOKEN: &str = "ATATT3xFfGF0-known-token";

/// A request as the peer saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    /// Method, host, path and query.
    pub(crate) fn line(&self) -> String {
        let host = self.headers["host"].to_str().unwrap();
        format!("{} {host}{}", self.method, self.uri)
    }

    /// A parameter of the query as a number.
    pub(crate) fn number(&self, name: &str) -> usize {
        let query = self.uri.query().unwrap_or_default();
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap()
    }
}

/// A peer that answers with a function, and remembers what it saw.
#[derive(Clone, Default)]
pub(crate) struct Peer {
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    pub(crate) fn router<A: IntoResponse>(
        &self,
        answer: impl Fn(&Seen) -> A + Clone + Send + Sync + 'static,
    ) -> Router {
        let seen = Arc::clone(&self.seen);
        Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let request = Seen { method, uri, headers, body: String::from_utf8_lossy(&body).into_owned() };
            seen.lock().unwrap().push(request.clone());
            answer(&request).into_response()
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(Seen::line).collect()
    }
}

pub(crate) fn json(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_owned()).into_response()
}

pub(crate) fn basic(kind: TokenKind) -> Credential {
    Credential::Basic { email: "root@acme.com".into(), token: TOKEN.to_owned().into(), kind }
}

pub(crate) fn acme() -> Endpoints {
    Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap()
}

pub(crate) fn options() -> Options {
    Options { seed: 7, wall: || "2026-11-22T10:00:00Z".parse().unwrap(), ..Options::default() }
}

pub(crate) fn client_with(router: Router, credential: Credential) -> Client {
    Client::in_process(router, acme(), credential, options()).unwrap()
}

pub(crate) fn jira(router: Router) -> Jira {
    Jira::new(client_with(router, basic(TokenKind::Classic)))
}
