//! The request that a handler gets, and the routes of handlers.

use std::borrow::Cow;

use axum::body::Bytes;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::auth::Caller;
use super::query::Query;
use super::reply::Reply;
use super::state::State;
use super::world::World;

/// The characters to encode: all but RFC 3986's unreserved ones.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A route of a surface; a surface is a table of them.
pub(super) struct Route {
    pub(super) method: Method,
    /// The path template, as axum writes it, without the gateway's prefix.
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// The scopes that a scoped credential needs.
    pub(super) scopes: Scopes,
    pub(super) run: Handler,
}

/// Answers a request; an error is a response too, so that `?` works.
pub(super) type Handler = fn(&mut RequestContext<'_>) -> Result<Reply, Reply>;

/// Who passes authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody; credentials are not even read.
    Open,
    /// Anybody at the site host; wrong credentials count as none (docs/atlassian.md#anonymous-answers: such a call
    /// proves nothing).
    Anonymous,
    /// Callers with credentials.
    Account,
}

/// The scopes that a route requires: the classic one, or all granular ones (docs/atlassian.md#scopes-of-jira).
#[derive(Clone, Copy, Debug)]
pub(super) struct Scopes {
    pub(super) classic: &'static str,
    pub(super) granular: &'static [&'static str],
}

impl Scopes {
    /// Only a credential without scopes suffices.
    pub(super) const UNSCOPED: Scopes = Scopes { classic: "", granular: &["no scope suffices"] };

    /// No scope is needed.
    pub(super) const NONE: Scopes = Scopes { classic: "", granular: &[] };

    /// Whether the granted scopes suffice; an empty list means every scope.
    pub(super) fn are_met_by(&self, granted: &[String]) -> bool {
        let has = |scope: &str| granted.iter().any(|given| given == scope);
        granted.is_empty() || has(self.classic) || self.granular.iter().all(|scope| has(scope))
    }
}

impl Route {
    /// `METHOD /route/template`: the name under which the route is counted, limited and scripted.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An authenticated request, and the world.
pub(super) struct RequestContext<'a> {
    pub(super) world: &'a mut World,
    /// The caller; `None` if anonymous.
    pub(super) caller: Option<Caller>,
    pub(super) query: Query,
    pub(super) body: Bytes,
    /// The prefix of the route's path in the URLs of responses.
    pub(super) base: String,
    /// The requested version of Jira's API: one of [`super::jira::VERSIONS`].
    pub(super) version: &'static str,
    pub(super) path: &'static str,
    /// The parameters of the path, decoded.
    pub(super) parameters: Parameters,
    /// The subject of the request, for the log.
    pub(super) subject: Subject,
}

/// The subject of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    pub(super) group_id: Option<String>,
    pub(super) account_id: Option<String>,
}

impl Subject {
    /// The IDs in the query and a JSON body; handlers know more.
    pub(super) fn named_in(query: &Query, body: &[u8]) -> Subject {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let in_body = || body.get("accountId").and_then(|id| id.as_str()).map(str::to_owned);
        Subject {
            group_id: query.filled("groupId").map(str::to_owned),
            account_id: query.filled("accountId").map(str::to_owned).or_else(in_body),
        }
    }
}

impl Subject {
    /// Adds the IDs in the path.
    pub(super) fn add(&mut self, parameters: &Parameters) {
        for (name, value) in parameters {
            match *name {
                "groupId" => self.group_id = Some(value.clone()),
                "accountId" => self.account_id = Some(value.clone()),
                _ => {}
            }
        }
    }
}

impl RequestContext<'_> {
    pub(super) fn state(&self) -> &State {
        &self.world.state
    }

    /// The account that asks, if there is one.
    pub(super) fn caller_id(&self) -> Option<&str> {
        self.caller.as_ref()?.account_id.as_deref()
    }

    /// A parameter of the path; empty if the template has none of this name.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    /// An absolute URL of this site, by the host of the request; for Jira's API, in the requested version.
    pub(super) fn url<'q>(&self, path: &str, query: impl IntoIterator<Item = (&'q str, &'q str)>) -> String {
        let pairs: Vec<String> =
            query.into_iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        let mark = if pairs.is_empty() { "" } else { "?" };
        let path = in_version(path, self.version);
        format!("{}{path}{mark}{}", self.base, pairs.join("&"))
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// Where the routes of Jira's API are in their table: under version 3.
const API: &str = "/rest/api/3/";

/// The path of a route of Jira's API in another version; every other path as it is.
pub(super) fn in_version<'p>(path: &'p str, version: &str) -> Cow<'p, str> {
    match path.strip_prefix(API) {
        Some(rest) => Cow::Owned(format!("/rest/api/{version}/{rest}")),
        None => Cow::Borrowed(path),
    }
}

/// The parameters of a path by their names in the template.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// Reads the parameters from a path, which may have a prefix.
pub(super) fn parameters(template: &'static str, path: &str) -> Parameters {
    let pairs = template.rsplit('/').zip(path.rsplit('/'));
    let name = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
    let read = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    pairs.filter_map(|(part, text)| Some((name(part)?, read(text)))).collect()
}

/// Percent-encodes a part of a URL.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The error of a gateway or another edge, which is not Jira's (docs/atlassian.md#missing-scopes).
pub(super) fn edge_error(status: StatusCode, message: &str) -> Reply {
    Reply::json(status, &serde_json::json!({ "code": status.as_u16(), "message": message }))
}
