//! A stand-in for the repositories of GitHub, GitLab and Bitbucket: who opened, pushed and merged what, comments, issues and
//! runs. Commits come from a real repository. Each platform's file gives them the shapes of its own API.

mod bitbucket;
mod github;
mod gitlab;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rollbook::platform::Kind;
use serde_json::{Value, json};

use super::TOKEN;
use crate::cli::Served;
use crate::cli::base::git;

/// A comment or an issue.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) pull: u64,
    pub(super) author: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) open: bool,
}

/// A pull request.
#[derive(Clone, Debug)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) by: String,
    pub(super) branch: String,
    pub(super) target: String,
    pub(super) head: String,
    /// The commit of the target at which it was opened.
    pub(super) base: String,
    pub(super) open: bool,
    /// The commit that it became.
    pub(super) merged: Option<String>,
    pub(super) fork: bool,
    pub(super) title: String,
    /// Whether its branch was deleted.
    pub(super) gone: bool,
    /// The commit with which it was opened, and how many pushes there were then.
    pub(super) opened: (String, usize),
}

#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) branch: String,
    pub(super) before: Option<String>,
    /// `None` if the branch was deleted.
    pub(super) after: Option<String>,
    pub(super) by: Option<String>,
    /// Whether it came by a merge on the platform's pages.
    pub(super) merge: bool,
    /// The day.
    pub(super) day: &'static str,
}

/// A run of a job that applies, or what somebody would have taken for one.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) commit: String,
    pub(super) branch: String,
    pub(super) source: &'static str,
    pub(super) success: bool,
}

/// What goes wrong with the next requests that fit.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) times: usize,
}

#[derive(Debug)]
pub(super) struct State {
    kind: Kind,
    origin: PathBuf,
    pub(super) default_branch: String,
    /// The name of the account that each email of a commit is known to be of.
    pub(super) accounts: BTreeMap<String, String>,
    pub(super) pulls: Vec<Pull>,
    pub(super) pushes: Vec<Push>,
    pub(super) runs: Vec<Run>,
    pub(super) comments: Vec<Entry>,
    pub(super) issues: Vec<Entry>,
    /// How many entries a page has, whatever is asked for.
    pub(super) page: usize,
    pub(super) faults: Vec<Fault>,
    /// Whether commits that no branch has are gone.
    pub(super) forgotten: bool,
    /// Today.
    pub(super) day: &'static str,
    /// How many comments another run posts just before the next one.
    pub(super) twins: usize,
    /// The requests, in their order.
    pub(super) asked: Vec<String>,
    next: u64,
}

pub(super) struct Hub {
    pub(super) kind: Kind,
    state: Arc<Mutex<State>>,
    served: Served,
}

/// A commit, as git has it.
struct Commit {
    id: String,
    author: String,
    committer: String,
    parents: Vec<String>,
}

impl Hub {
    pub(super) fn new(kind: Kind, origin: PathBuf) -> Self {
        let accounts =
            ["ada", "bruno", "chen", "erik"].map(|name| (format!("{name}@acme.com"), name.to_owned()));
        let state = State {
            kind,
            origin,
            default_branch: "main".into(),
            accounts: accounts.into(),
            pulls: Vec::new(),
            pushes: Vec::new(),
            runs: Vec::new(),
            comments: Vec::new(),
            issues: Vec::new(),
            page: 100,
            faults: Vec::new(),
            forgotten: false,
            day: "2026-11-21",
            twins: 0,
            asked: Vec::new(),
            next: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let handle = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let state = Arc::clone(&shared);
            async move { state.lock().unwrap().answer(&method, &uri, &headers, &body) }
        };
        Self { kind, state, served: Served::router(Router::new().fallback(handle)) }
    }

    pub(super) fn url(&self) -> &str {
        &self.served.url
    }

    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// The text of every comment of a pull request.
    pub(super) fn comments(&self, pull: u64) -> Vec<String> {
        self.edit(|state| {
            let of = state.comments.iter().filter(|comment| comment.pull == pull);
            of.map(|comment| comment.body.clone()).collect()
        })
    }

    /// Writes a comment as somebody else.
    pub(super) fn comment_by(&self, author: &str, pull: u64, body: &str) {
        self.edit(|state| state.add(false, pull, author, String::new(), body.to_owned()));
    }

    /// Who the token is.
    pub(super) fn me(&self) -> &'static str {
        me(self.kind)
    }
}

/// Who the token is, as the platform's API tells accounts apart in comments.
fn me(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "github-actions[bot]",
        Kind::GitLab => "7",
        Kind::Bitbucket => "{c0ffee}",
    }
}

impl State {
    fn add(&mut self, issue: bool, pull: u64, author: &str, title: String, body: String) -> Entry {
        if !issue && self.twins > 0 {
            self.twins -= 1;
            self.add(issue, pull, author, title.clone(), body.clone());
        }
        self.next += 1;
        let entry = Entry { id: self.next, pull, author: author.into(), title, body, open: true };
        if issue { &mut self.issues } else { &mut self.comments }.push(entry.clone());
        entry
    }

    /// Notes that somebody moved a branch.
    pub(super) fn moved(&mut self, branch: &str, after: Option<&str>, by: &str, merge: bool) {
        let before = self.pushes.iter().rfind(|push| push.branch == branch).and_then(|it| it.after.clone());
        let (branch, after, by) = (branch.to_owned(), after.map(str::to_owned), Some(by.to_owned()));
        self.pushes.push(Push { branch, before, after, by, merge, day: self.day });
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn answer(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
        self.asked.push(format!("{method} {}", uri.path()));
        let (name, value) = match self.kind {
            Kind::GitHub | Kind::Bitbucket => ("authorization", format!("Bearer {TOKEN}")),
            Kind::GitLab => ("private-token", TOKEN.to_owned()),
        };
        if headers.get(name).is_none_or(|it| it.as_bytes() != value.as_bytes()) {
            return (StatusCode::UNAUTHORIZED, axum::Json(json!({ "message": "who are you?" })))
                .into_response();
        }
        let fits =
            |fault: &&mut Fault| fault.times > 0 && fault.method == method && uri.path().contains(fault.path);
        if let Some(fault) = self.faults.iter_mut().find(fits) {
            fault.times -= 1;
            let mut answer =
                (StatusCode::from_u16(fault.status).unwrap(), fault.body.clone()).into_response();
            for (name, value) in &fault.headers {
                answer.headers_mut().insert(*name, value.parse().unwrap());
            }
            return answer;
        }
        let decoded = |part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned();
        let parts: Vec<String> = uri.path().trim_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let asked = Asked { method: method.as_str(), parts: &parts, query: &query, sent: &sent };
        let answered = match self.kind {
            Kind::GitHub => self.github(&asked),
            Kind::GitLab => self.gitlab(&asked),
            Kind::Bitbucket => self.bitbucket(&asked),
        };
        match answered {
            Answered::One(value) => axum::Json(value).into_response(),
            Answered::Made(value) => (StatusCode::CREATED, axum::Json(value)).into_response(),
            Answered::Gone => StatusCode::NO_CONTENT.into_response(),
            Answered::Missing => {
                (StatusCode::NOT_FOUND, axum::Json(json!({ "message": "Not Found" }))).into_response()
            }
            Answered::List(rows) => self.listed(rows, uri, headers, &query),
        }
    }

    fn listed(
        &self,
        rows: Vec<Value>,
        uri: &Uri,
        headers: &HeaderMap,
        query: &BTreeMap<String, String>,
    ) -> Response {
        let page = query.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1);
        let more = page * self.page < rows.len();
        let rows: Vec<Value> = rows.into_iter().skip((page - 1) * self.page).take(self.page).collect();
        let host = headers[header::HOST].to_str().unwrap();
        let others: Vec<String> = query
            .iter()
            .filter(|(name, _)| *name != "page")
            .map(|(name, value)| {
                format!(
                    "{name}={}",
                    url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()
                )
            })
            .collect();
        // Behind a proxy, links may name another host.
        let next = format!("http://inner.{host}{}?{}&page={}", uri.path(), others.join("&"), page + 1);
        if self.kind == Kind::Bitbucket {
            let next = more.then_some(next);
            return axum::Json(json!({ "values": rows, "next": next })).into_response();
        }
        let mut answer = axum::Json(rows).into_response();
        if more {
            let link = format!("<{next}>; rel=\"next\", <http://{host}/last>; rel=\"last\"");
            answer.headers_mut().insert(header::LINK, link.parse().unwrap());
        }
        answer
    }

    fn commits(&self, range: &[&str]) -> Vec<Commit> {
        let mut arguments = vec!["log", "--format=%H %ae %ce %P"];
        arguments.extend(range);
        let text = git(&self.origin, &arguments);
        let commit = |line: &str| {
            let mut parts = line.split(' ').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            Commit {
                id: next(),
                author: next(),
                committer: next(),
                parents: parts.filter(|it| !it.is_empty()).collect(),
            }
        };
        text.lines().filter(|line| !line.is_empty()).map(commit).collect()
    }

    fn commits_of(&self, pull: &Pull) -> Vec<Commit> {
        let before =
            pull.merged.as_ref().map_or_else(|| self.tip(&pull.target), |merge| format!("{merge}^1"));
        self.commits(&[&pull.head, &format!("^{before}")])
    }

    /// The commits that `to` has and `from` has not, oldest first.
    fn compared(&self, from: &str, to: &str) -> Vec<Commit> {
        self.commits(&["--reverse", to, &format!("^{from}")])
    }

    fn tip(&self, branch: &str) -> String {
        git(&self.origin, &["rev-parse", &format!("refs/heads/{branch}")])
    }

    fn pull(&self, number: &str) -> Option<&Pull> {
        self.pulls.iter().find(|pull| pull.number.to_string() == number)
    }

    /// The pull requests that brought a commit to their target.
    fn pulls_with(&self, commit: &str) -> Vec<&Pull> {
        let of = |pull: &&Pull| pull.merged.as_deref() == Some(commit) || pull.head == commit;
        self.pulls.iter().filter(of).collect()
    }

    fn comments_of(&self, number: &str) -> Vec<&Entry> {
        self.comments.iter().filter(|comment| comment.pull.to_string() == number).collect()
    }

    fn entry(&mut self, issue: bool, id: &str) -> Option<&mut Entry> {
        let entries = if issue { &mut self.issues } else { &mut self.comments };
        entries.iter_mut().find(|entry| entry.id.to_string() == id)
    }

    fn delete(&mut self, id: &str) -> Answered {
        let before = self.comments.len();
        self.comments.retain(|comment| comment.id.to_string() != id);
        if self.comments.len() < before { Answered::Gone } else { Answered::Missing }
    }
}

struct Asked<'a> {
    method: &'a str,
    parts: &'a [&'a str],
    query: &'a BTreeMap<String, String>,
    sent: &'a Value,
}

enum Answered {
    One(Value),
    Made(Value),
    List(Vec<Value>),
    Gone,
    Missing,
}

impl Asked<'_> {
    fn asks(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    fn text(&self, name: &str) -> String {
        self.sent[name].as_str().unwrap_or_default().to_owned()
    }

    /// Nobody should ask for what the stand-in does not have.
    fn unknown(&self) -> ! {
        panic!("nobody should ask {} {}", self.method, self.parts.join("/"))
    }
}
