//! A stand-in for the comments, issues and pull requests of GitHub, GitLab and Bitbucket: as much of each API as the
//! scripts use, in pages as small as a test likes.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::TOKEN;
use crate::cli::Served;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    GitHub,
    GitLab,
    Bitbucket,
}

pub(super) const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Bitbucket];

/// A comment or an issue.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: usize,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) open: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) comments: Vec<Entry>,
    pub(super) issues: Vec<Entry>,
    /// The number and the newest commit of the pull request that is open.
    pub(super) head: (usize, String),
    /// The commit that a pull request of Ada's became.
    pub(super) merged: String,
    /// The pull requests that were opened, as they were asked for.
    pub(super) proposed: Vec<Value>,
    /// How many entries a page has, whatever is asked for.
    pub(super) page: usize,
    /// Answers requests of this method with this status, so many times.
    pub(super) fails: Option<(Method, u16, usize)>,
    /// Where listings go on, instead of here.
    pub(super) elsewhere: Option<String>,
    pub(super) asked: Vec<String>,
}

pub(super) struct Platform {
    pub(super) kind: Kind,
    state: Arc<Mutex<State>>,
    served: Served,
}

impl Kind {
    /// Who the token is, and who is somebody else.
    pub(super) fn authors(self) -> (&'static str, &'static str) {
        match self {
            Self::GitHub => ("github-actions[bot]", "mallory"),
            Self::GitLab => ("7", "8"),
            Self::Bitbucket => ("{c0ffee}", "{bad}"),
        }
    }

    fn shown(self, entry: &Entry) -> Value {
        let Entry { id, author, body, open } = entry;
        match self {
            Self::GitHub => {
                let state = if *open { "open" } else { "closed" };
                json!({ "id": id, "number": id, "state": state, "user": { "login": author }, "body": body })
            }
            Self::GitLab => {
                let author: u64 = author.parse().unwrap();
                json!({ "id": id, "author": { "id": author }, "body": body, "system": false })
            }
            Self::Bitbucket => {
                json!({ "id": id, "user": { "uuid": author }, "content": { "raw": body }, "deleted": false })
            }
        }
    }

    fn is_let_in(self, headers: &HeaderMap) -> bool {
        let (name, value) = match self {
            Self::GitHub | Self::Bitbucket => ("authorization", format!("Bearer {TOKEN}")),
            Self::GitLab => ("private-token", TOKEN.to_owned()),
        };
        headers.get(name).is_some_and(|it| it.as_bytes() == value.as_bytes())
    }
}

impl Platform {
    pub(super) fn new(kind: Kind) -> Self {
        let state = State {
            comments: Vec::new(),
            issues: Vec::new(),
            head: (5, String::new()),
            merged: String::new(),
            proposed: Vec::new(),
            page: 100,
            fails: None,
            elsewhere: None,
            asked: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let handle = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let state = Arc::clone(&shared);
            async move { state.lock().unwrap().answer(kind, &method, &uri, &headers, &body) }
        };
        Self { kind, state, served: Served::router(Router::new().fallback(handle)) }
    }

    pub(super) fn url(&self) -> &str {
        &self.served.url
    }

    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    pub(super) fn comment_by(&self, author: &str, body: &str) {
        self.edit(|state| state.add(false, author, body.to_owned()));
    }

    pub(super) fn comments(&self) -> Vec<Entry> {
        self.edit(|state| state.comments.clone())
    }

    pub(super) fn issues(&self) -> Vec<Entry> {
        self.edit(|state| state.issues.clone())
    }
}

impl State {
    fn add(&mut self, issue: bool, author: &str, body: String) -> Entry {
        let entries = if issue { &mut self.issues } else { &mut self.comments };
        let entry = Entry { id: entries.len() + 1, author: author.into(), body, open: true };
        entries.push(entry.clone());
        entry
    }

    fn answer(
        &mut self,
        kind: Kind,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Response {
        self.asked.push(format!("{method} {}", uri.path()));
        if !kind.is_let_in(headers) {
            return (StatusCode::UNAUTHORIZED, axum::Json(json!({ "message": "who are you?" })))
                .into_response();
        }
        if let Some((failing, status, times)) = &mut self.fails
            && failing == method
            && *times > 0
        {
            *times -= 1;
            let status = StatusCode::from_u16(*status).unwrap();
            let says = json!({ "message": format!("::error::##[error]no\n::set-env name=PATH::{TOKEN}x") });
            return (status, axum::Json(says)).into_response();
        }
        let own = kind.authors().0;
        let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["user"]) if kind != Kind::GitHub => {
                axum::Json(json!({ "id": 7, "uuid": own })).into_response()
            }
            ("GET", ["repos", _, _, "pulls"])
                if uri.query().is_some_and(|query| query.contains("head=acme%3Arollbook%2Fprune")) =>
            {
                axum::Json(self.proposed.iter().map(|_| json!({ "number": 9 })).collect::<Vec<_>>())
                    .into_response()
            }
            ("POST", ["repos", _, _, "pulls"]) => {
                self.proposed.push(sent);
                (StatusCode::CREATED, axum::Json(json!({ "number": 9 }))).into_response()
            }
            ("GET", ["repos", _, _, "pulls"]) => {
                let of_branch = uri.query().is_some_and(|query| query.contains("head=ada%3Aopen%2Fsupport"));
                let pull = json!({ "number": self.head.0, "head": { "sha": self.head.1 } });
                axum::Json(if of_branch { vec![pull] } else { vec![] }).into_response()
            }
            ("GET", ["repos", _, _, "commits", _, "pulls"]) => axum::Json(json!([{
                "merged_at": "2026-11-22T10:00:00Z", "merge_commit_sha": self.merged, "user": { "login": "ada" }
            }]))
            .into_response(),
            ("GET", [.., "comments" | "notes"]) => self.listed(kind, &self.comments, uri, headers),
            ("GET", ["repos", _, _, "issues"]) => {
                let open: Vec<Entry> = self.issues.iter().filter(|issue| issue.open).cloned().collect();
                self.listed(kind, &open, uri, headers)
            }
            ("POST", [.., last @ ("comments" | "notes" | "issues")]) => {
                let entry = self.add(*last == "issues", own, body_of(&sent));
                (StatusCode::CREATED, axum::Json(kind.shown(&entry))).into_response()
            }
            ("PATCH" | "PUT", [.., last, id]) => {
                let entries = if *last == "issues" { &mut self.issues } else { &mut self.comments };
                let entry = entries.iter_mut().find(|entry| entry.id.to_string() == *id).unwrap();
                if sent["state"].is_null() {
                    entry.body = body_of(&sent);
                } else {
                    entry.open = sent["state"] == "open";
                }
                axum::Json(kind.shown(entry)).into_response()
            }
            other => panic!("nobody should ask {other:?}"),
        }
    }

    fn listed(&self, kind: Kind, entries: &[Entry], uri: &Uri, headers: &HeaderMap) -> Response {
        let query = uri.query().unwrap_or_default();
        let page = query.split('&').find_map(|part| part.strip_prefix("page=")?.parse::<usize>().ok());
        let page = page.unwrap_or(1);
        let rows: Vec<Value> = entries
            .iter()
            .skip((page - 1) * self.page)
            .take(self.page)
            .map(|entry| kind.shown(entry))
            .collect();
        let host = headers[header::HOST].to_str().unwrap();
        let base = self.elsewhere.clone().unwrap_or_else(|| format!("http://{host}"));
        let next =
            (page * self.page < entries.len()).then(|| format!("{base}{}?page={}", uri.path(), page + 1));
        match (kind, next) {
            (Kind::Bitbucket, next) => axum::Json(json!({ "values": rows, "next": next })).into_response(),
            (_, None) => axum::Json(rows).into_response(),
            (_, Some(next)) => {
                let link = format!(
                    "<{base}/first>; rel=\"first\", <{next}>; rel=\"next\", <{base}/last>; rel=\"last\""
                );
                ([(header::LINK, link)], axum::Json(rows)).into_response()
            }
        }
    }
}

fn body_of(sent: &Value) -> String {
    let body = sent["body"].as_str().or_else(|| sent["content"]["raw"].as_str());
    body.expect("a comment has a text").to_owned()
}
