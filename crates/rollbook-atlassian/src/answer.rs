//! A response, and the fault of one that is not a success.

use std::fmt;

use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::credential::CredentialKind;
use super::error::{Error, SendError, SendKind};
use super::fault::{Answered, At, Fault};
use super::words::{Secrets, Words, looks_like_html, shown, shown_without};

/// The headers by which Atlassian's support finds a request.
const TRACES: [&str; 2] = ["atl-traceid", "x-arequestid"];

/// The title of the page at an unused name under `atlassian.net`.
const UNAVAILABLE: &str = "Site temporarily unavailable";

/// The signs of a missing scope: the gateway's words, and those of the Organizations API
/// (docs/atlassian.md#missing-scopes, docs/atlassian.md#keys-with-scopes).
const SCOPES: [&str; 3] = ["scope does not match", "ADMIN-401-2", "INSUFFICIENT_SCOPE"];

/// A complete response.
pub struct Answer {
    pub(super) at: At,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Secrets,
}

impl Answer {
    /// The request.
    pub fn at(&self) -> &At {
        &self.at
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its complete body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its own words.
    pub(super) fn words(&self) -> Words {
        self.words_of(&String::from_utf8_lossy(&self.body))
    }

    /// The words of a part of it.
    pub(super) fn words_of(&self, text: &str) -> Words {
        Words::of(text, &self.secrets)
    }

    /// The ID by which Atlassian's support finds the request.
    pub(super) fn trace(&self) -> Option<String> {
        let trace = TRACES.iter().find_map(|name| self.headers.get(*name)?.to_str().ok());
        trace.map(|trace| shown(trace, 64))
    }

    /// Whether the surface itself, and not a proxy, says that it does not find the request's subject.
    pub(super) fn finds_nothing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && matches!(self.fault(), Fault::NotFound(_))
    }

    /// The error of a response without success.
    pub fn failed(&self) -> Error {
        self.fails_by(self.fault())
    }

    /// The error of a response with a fault.
    pub(super) fn fails_by(&self, fault: Fault) -> Error {
        SendError::failed(self.at.clone(), fault).into()
    }

    /// The error of a response that says success but lacks required data.
    pub(super) fn lost(&self, fault: Fault) -> Error {
        SendError { at: self.at.clone(), kind: SendKind::AnswerLost(Box::new(fault)) }.into()
    }

    /// Reads its body.
    ///
    /// # Errors
    /// [`Fault`] when it is not JSON, or not as documented.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            if error.is_data() {
                // It quotes the unexpected text.
                Fault::Shape(shown_without(&self.secrets, &error.to_string(), 200))
            } else {
                self.masked().fault()
            }
        })
    }

    /// Finds the fault of a response whose status is not a success, or whose body is not JSON.
    pub(super) fn fault(&self) -> Fault {
        let body = String::from_utf8_lossy(&self.body);
        let page = looks_like_html(&body);
        let status = self.status;
        let answered = Answered { status: status.as_u16(), words: self.words_of(&body), trace: self.trace() };
        if status.is_redirection() {
            return redirect(self);
        }
        let no_json =
            !body.trim().is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&body).is_err();
        // Behind the gateway the host is right, whatever the response says.
        let credential = self.at.credential;
        let at_site = credential != CredentialKind::ApiKey && !credential.is_for_directory();
        if at_site && (body.contains(UNAVAILABLE) || status == StatusCode::NOT_FOUND && no_json) {
            return Fault::NoSite(answered);
        }
        match status {
            // The status is 401 and not 403.
            StatusCode::UNAUTHORIZED if SCOPES.iter().any(|text| answered.words.as_str().contains(text)) => {
                Fault::MissingScope(answered)
            }
            StatusCode::UNAUTHORIZED => Fault::Unauthorized(answered),
            // Some of Jira's writes answer an invalid credential with an empty 404 (captured, 2023-05).
            _ if login_refused(self) => Fault::Unauthorized(answered),
            _ if page => Fault::Page(answered),
            // Every operation of the User management API refuses a key with scopes in this way (jira.js, measured).
            StatusCode::FORBIDDEN if answered.words.as_str().to_ascii_lowercase().contains("scope") => {
                Fault::MissingScope(answered)
            }
            StatusCode::FORBIDDEN => Fault::Forbidden(answered),
            StatusCode::NOT_FOUND => Fault::NotFound(answered),
            StatusCode::TOO_MANY_REQUESTS => Fault::Limited(answered),
            _ if status.is_server_error() => Fault::Server(answered),
            _ if status.is_success() => Fault::NotJson(answered),
            _ => Fault::Refused(answered),
        }
    }

    /// Masks secrets before it is shown: a peer may repeat the request in the body or in a header.
    pub(super) fn masked(&self) -> Self {
        let mut headers = self.headers.clone();
        for value in headers.values_mut() {
            let masked = value.to_str().map(|text| HeaderValue::from_str(&self.secrets.mask(text)));
            if let Ok(Ok(masked)) = masked {
                *value = masked;
            }
        }
        Self {
            at: self.at.clone(),
            status: self.status,
            headers,
            body: self.secrets.mask(&String::from_utf8_lossy(&self.body)).into_bytes(),
            secrets: self.secrets.clone(),
        }
    }
}

impl fmt::Debug for Answer {
    /// Leaves out headers and body, which may hold an access token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("at", &self.at).field("status", &self.status).finish_non_exhaustive()
    }
}

/// Whether Jira says that it rejected the login, which it also does in public responses.
fn login_refused(answer: &Answer) -> bool {
    let reason = answer.headers().get("x-seraph-loginreason").and_then(|value| value.to_str().ok());
    let refused = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];
    !answer.status().is_success()
        && !answer.status().is_server_error()
        && reason.is_some_and(|reason| refused.iter().any(|word| reason.contains(word)))
}

/// Shows only the host of a redirect's target: the rest may contain the query.
fn redirect(answer: &Answer) -> Fault {
    let location =
        answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let uri = location.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host);
    let path = uri.as_ref().map_or("", Uri::path).to_ascii_lowercase();
    let status = answer.status().as_u16();
    let target = match host {
        Some(host) => shown(host, 100),
        None if location.is_empty() => "nowhere".to_owned(),
        None => "the same host".to_owned(),
    };
    // Atlassian's own login, and the usual names of identity providers' logins.
    let login = host.is_some_and(|host| host == "id.atlassian.com" || host.starts_with("login."))
        || ["login", "saml", "sso", "signin"].iter().any(|word| path.contains(word));
    if login { Fault::Login { target, status } } else { Fault::Redirect { target, status } }
}

/// Whether a body is JSON, or empty, as in the response to a deletion.
pub(super) fn is_json(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace) || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}
