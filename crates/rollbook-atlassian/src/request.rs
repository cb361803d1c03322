//! Requests as values: method, host, path, query and body, before anything is sent.
//!
//! The path is made from the route template, so that limits, logs and messages name the called route. Only this file does
//! percent-encoding.

use std::fmt::{self, Write as _};

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde_json::Value;

use rollbook_core::model::{App, Key, Surface};

/// The characters to encode in a segment or a parameter: all but the unreserved ones (RFC 3986 §2.3). Account IDs hold a
/// `:` and emails a `+`, which are special in some places (docs/atlassian.md#account-ids).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request, complete except the host's name and the credential.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    host: Host,
    route: &'static str,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Body,
    repeat: Repeat,
}

/// Which host a request is for. [`Host::Jira`], [`Host::Admin`] and [`Host::Directory`] are sent only their own credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// Jira's REST API, at the site or behind the gateway, as the credential needs it
    /// (docs/atlassian.md#surfaces-and-hosts).
    Jira,
    /// The Organizations API under `/admin/` and the User management API under `/users/`, both at the gateway
    /// (docs/atlassian.md#surfaces-and-hosts).
    Admin,
    /// The User provisioning API under `/scim/directory/` (docs/atlassian.md#surfaces-and-hosts).
    Directory,
    /// The site itself, without the credential.
    Site,
    /// The authorization server, without the credential; an exchange carries it in its body.
    Auth,
    /// The gateway itself, which says which sites an access token of Jira's reaches.
    Resources,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// No body.
    Empty,
    /// JSON.
    Json(Value),
    /// The text of a JSON document that holds secrets.
    Secret {
        /// The text.
        text: SecretString,
        /// The secrets, to be masked should an answer repeat them.
        holds: Vec<SecretString>,
    },
}

/// Whether a request may be sent again after its response was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// It only reads, or is idempotent.
    Safe,
    /// It changes something: the second time it might fail, or have another effect.
    Never,
}

/// The help when an invitation of the organization cannot be made.
const INVITE_OTHERWISE: &str = "Give the person an app or a group, or let Jira invite them.";

/// Why no request can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum RequestError {
    /// A segment is empty, `.` or `..`: URL parsers drop these, percent-encoded or not (WHATWG URL §4.4).
    #[error("{0:?} cannot be part of a request's path")]
    Segment(String),
    /// The number of values differs from the number of places in the template.
    #[error("the route {0} needs another number of values")]
    Places(&'static str),
    /// An operation needs an ID that does not exist yet.
    #[error("`{0}` did not return an ID")]
    Unresolved(Key),
    /// A surface cannot carry an operation out. No plan asks it to.
    #[error("{0} has no request for this operation")]
    Unsupported(Surface),
    /// The resource of an app is unknown.
    #[error("an invitation of the organization cannot give `{0}`: its resource is unknown")]
    #[diagnostic(help("{INVITE_OTHERWISE}"))]
    NoResource(App),
    /// The resource of an app in which a group should have a role is unknown.
    #[error("a group cannot be given a role in `{0}`: its resource is unknown")]
    #[diagnostic(help("Plan again: the organization says which apps the site has."))]
    NoRole(App),
    /// People join a directory only with an app or a group (docs/atlassian.md#inviting-through-the-organization).
    #[error("an invitation of the organization without an app or a group adds nobody to a directory")]
    #[diagnostic(help("{INVITE_OTHERWISE}"))]
    LeadsNowhere,
}

impl Request {
    /// Starts a request that only reads.
    ///
    /// `route` is an absolute path in which `{name}` stands for a segment that [`Request::segment`] fills.
    pub fn read(host: Host, route: &'static str) -> Self {
        Self { repeat: Repeat::Safe, ..Self::write(Method::GET, host, route) }
    }

    /// Starts a request that changes something. Outside this package a write can only be made from an operation.
    pub(crate) fn write(method: Method, host: Host, route: &'static str) -> Self {
        Self {
            method,
            host,
            route,
            path: Vec::new(),
            query: Vec::new(),
            body: Body::Empty,
            repeat: Repeat::Never,
        }
    }

    /// Fills the next place of the route.
    #[must_use]
    pub fn segment(mut self, value: impl Into<String>) -> Self {
        self.path.push(value.into());
        self
    }

    /// Adds a query parameter; a name may occur several times.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sets whether it may be sent again after its response was lost.
    #[must_use]
    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The host.
    pub fn host(&self) -> Host {
        self.host
    }

    /// The template of the path: it is safe to show, and the limiter identifies the request by it.
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// The secrets in what it carries.
    pub(super) fn secrets(&self) -> &[SecretString] {
        match &self.body {
            Body::Secret { holds, .. } => holds,
            Body::Empty | Body::Json(_) => &[],
        }
    }

    /// What it carries.
    pub fn payload(&self) -> &Body {
        &self.body
    }

    /// Whether it may be sent again after its response was lost.
    pub fn repeatable(&self) -> Repeat {
        self.repeat
    }

    /// The path and the query, percent-encoded, such as `/rest/api/3/group?groupId=a%2Fb`.
    ///
    /// # Errors
    /// [`RequestError`] when a segment could leave its place.
    pub fn target(&self) -> Result<String, RequestError> {
        let mut target = String::with_capacity(self.route.len());
        let mut values = self.path.iter();
        for part in self.route.split('/').skip(1) {
            target.push('/');
            if part.starts_with('{') {
                let value = values.next().ok_or(RequestError::Places(self.route))?;
                target.push_str(&segment(value)?);
            } else {
                target.push_str(part);
            }
        }
        if values.next().is_some() {
            return Err(RequestError::Places(self.route));
        }
        for (index, (name, value)) in self.query.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            // Writing to a string cannot fail.
            let _ = write!(target, "{mark}{name}={}", utf8_percent_encode(value, UNRESERVED));
        }
        Ok(target)
    }
}

impl fmt::Display for Request {
    /// Writes method and route: no ID, no name, no email.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.route)
    }
}

fn segment(value: &str) -> Result<String, RequestError> {
    match value {
        "" | "." | ".." => Err(RequestError::Segment(value.to_owned())),
        _ => Ok(utf8_percent_encode(value, UNRESERVED).to_string()),
    }
}
