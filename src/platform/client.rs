//! The HTTP client for a platform's API: one host, one token, bounded waits.
//!
//! Only this file and `atlassian/client.rs` name reqwest. After a failure only reads are sent again: a write without a
//! response may have been done. A request that was refused for a rate limit, or never reached the server, may be sent again
//! whether it reads or writes.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use tracing::{debug, warn};

use crate::atlassian::{of_certificate, use_cryptography};

use super::error::{Error, Lacking};
use super::job::Kind;

/// How often a request is sent again.
const RETRIES: u32 = 3;

/// The longest wait that a platform may ask for. A job costs money while it waits, and another run can come later.
const LONGEST: Duration = Duration::from_secs(60);

/// The longest time for a response.
const ANSWER: Duration = Duration::from_secs(30);

/// The most pages of a listing, of a hundred entries each.
const PAGES: usize = 100;

/// The most characters of a platform's message that are shown.
const SAID: usize = 300;

/// Rollbook's name in requests.
const USER_AGENT: &str = concat!("rollbook/", env!("CARGO_PKG_VERSION"));

/// The credential for a platform's API.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Only a token.
    Token(SecretString),
    /// Bitbucket: an account's API token, with its email.
    Account {
        /// The email.
        user: String,
        /// The token.
        token: SecretString,
    },
}

/// Asks one platform's API.
pub(super) struct Client {
    http: reqwest::Client,
    kind: Kind,
    root: String,
    secret: SecretString,
}

/// A successful response.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// The outcome of sending a request once.
enum Outcome {
    Answered(Answer),
    /// It may be sent again after this time.
    Again(Duration, Error),
    Failed(Error),
}

/// A page of a Bitbucket listing.
#[derive(Deserialize)]
struct Page<T> {
    values: Vec<T>,
    next: Option<String>,
}

impl Client {
    /// Makes a client for the API at a root, which has no `/` at its end. `authority` holds certificates in PEM that are
    /// trusted as well as the system's.
    ///
    /// # Errors
    /// [`Error::Token`] when the credential cannot be sent, [`Error::Setup`] when the certificates or the system's settings
    /// are invalid.
    pub(super) fn new(
        kind: Kind,
        root: &str,
        credential: &Credential,
        authority: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let setup = |error: &reqwest::Error| Error::Setup { api: root.to_owned(), why: cause(error) };
        let mut headers = HeaderMap::new();
        let (name, value, secret) = authorization(kind, credential)?;
        headers.insert(name, value);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if kind == Kind::GitHub {
            headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        }
        use_cryptography();
        let mut builder = reqwest::Client::builder()
            // A redirect could send the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connect_timeout(Duration::from_secs(10))
            .timeout(ANSWER);
        if let Some(pem) = authority {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| setup(&error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        if is_loopback(root) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| setup(&error))?;
        Ok(Self { http, kind, root: root.to_owned(), secret })
    }

    /// Reads one value. `path` is under the root and begins with `/`.
    ///
    /// # Errors
    /// [`Error`] when there is no response, a refusal, or a response that is not as documented.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, lacking: Lacking) -> Result<T, Error> {
        let answer = self.send(&Method::GET, path, None, lacking).await?;
        decoded(&answer.body, &asked(&Method::GET, path))
    }

    /// Reads one value, or `None` if it does not exist.
    ///
    /// # Errors
    /// As [`Client::get`], except 404.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        lacking: Lacking,
    ) -> Result<Option<T>, Error> {
        match self.get(path, lacking).await {
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Reads a whole listing. GitHub and GitLab link the next page in the header `Link` (RFC 8288), Bitbucket in `next`, next
    /// to `values`. Only the query of that link is used: behind a proxy its host may differ, and the token is sent only to the
    /// root.
    ///
    /// # Errors
    /// As [`Client::get`], and [`Error::Endless`].
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        lacking: Lacking,
    ) -> Result<Vec<T>, Error> {
        let (all, more) = self.pages(path, lacking, |_| false).await?;
        match more {
            None => Ok(all),
            Some(_) => Err(Error::Endless { request: asked(&Method::GET, path), pages: PAGES }),
        }
    }

    /// Reads a listing until `enough` accepts the rows so far, or to the end.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn list_until<T: DeserializeOwned>(
        &self,
        path: &str,
        lacking: Lacking,
        enough: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, Error> {
        self.pages(path, lacking, enough).await.map(|(all, _)| all)
    }

    /// Reads pages, and returns where the listing continues.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        lacking: Lacking,
        enough: impl Fn(&[T]) -> bool,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let bare = path.split('?').next().unwrap_or(path);
        // Bitbucket takes no more than 50 for pull requests.
        let size = if self.kind == Kind::Bitbucket { "pagelen=50" } else { "per_page=100" };
        let mut page = format!("{path}{}{size}", if path.contains('?') { '&' } else { '?' });
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let answer = self.send(&Method::GET, &page, None, lacking).await?;
            let asked = asked(&Method::GET, path);
            let next = if self.kind == Kind::Bitbucket {
                let Page { values, next } = decoded::<Page<T>>(&answer.body, &asked)?;
                all.extend(values);
                next
            } else {
                all.extend(decoded::<Vec<T>>(&answer.body, &asked)?);
                next_link(&answer.headers)
            };
            let Some((_, query)) = next.as_deref().and_then(|next| next.split_once('?')) else {
                return Ok((all, None));
            };
            page = format!("{bare}?{query}");
            if enough(&all) {
                break;
            }
        }
        Ok((all, Some(page)))
    }

    /// Sends a write, and reads the response.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        lacking: Lacking,
    ) -> Result<T, Error> {
        let answer = self.send(&method, path, Some(body), lacking).await?;
        decoded(&answer.body, &asked(&method, path))
    }

    /// Deletes something. If it no longer exists, that is a success.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn delete(&self, path: &str, lacking: Lacking) -> Result<(), Error> {
        match self.send(&Method::DELETE, path, None, lacking).await {
            Err(Error::Refused { status: 404 | 410, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        lacking: Lacking,
    ) -> Result<Answer, Error> {
        let mut sent = 0;
        loop {
            match self.attempt(method, path, body, lacking).await {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::Again(after, error) if sent < RETRIES => {
                    sent += 1;
                    let after = after.max(Duration::from_secs(1 << (sent - 1)));
                    warn!("{error}; it is asked again in {} s", after.as_secs());
                    tokio::time::sleep(after).await;
                }
                Outcome::Again(_, error) | Outcome::Failed(error) => return Err(error),
            }
        }
    }

    async fn attempt(&self, method: &Method, path: &str, body: Option<&Value>, lacking: Lacking) -> Outcome {
        let asked = asked(method, path);
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.root));
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let unanswered = |error: &reqwest::Error| Error::Unanswered {
            request: asked.clone(),
            why: self.unanswered(error),
        };
        let repeatable = method == Method::GET;
        let again = |sent: bool, error: Error| {
            if repeatable || !sent { Outcome::Again(Duration::ZERO, error) } else { Outcome::Failed(error) }
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if is_untrusted(&error) => return Outcome::Failed(unanswered(&error)),
            Err(error) => return again(!error.is_connect(), unanswered(&error)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        debug!("{asked}: {status}");
        let body = match response.bytes().await {
            Ok(body) => body.to_vec(),
            Err(error) => return again(true, unanswered(&error)),
        };
        if status.is_success() {
            return Outcome::Answered(Answer { headers, body });
        }
        let said = self.said(&body);
        if let Some(wait) = asked_wait(status, &headers, &said, Timestamp::now()) {
            let seconds = wait.as_secs();
            let error = Error::Wait { request: asked, status: status.as_u16(), seconds };
            return if wait > LONGEST { Outcome::Failed(error) } else { Outcome::Again(wait, error) };
        }
        let error =
            Error::Refused { kind: self.kind, request: asked, status: status.as_u16(), said, lacking };
        if status.is_server_error() { again(true, error) } else { Outcome::Failed(error) }
    }

    /// Why there was no response; names the proxy if no connection was made.
    fn unanswered(&self, error: &reqwest::Error) -> String {
        let proxy = error.is_connect().then(|| proxy_before(&self.root)).flatten();
        proxy.map_or_else(|| cause(error), |proxy| format!("through the proxy {proxy}: {}", cause(error)))
    }

    /// The error message of a response: in one line, within bounds, and without the token, which it may repeat.
    fn said(&self, body: &[u8]) -> String {
        let said = match serde_json::from_slice::<Value>(body) {
            // GitHub: `message`. GitLab: `message`, of any shape, or `error`. Bitbucket: `error.message`.
            Ok(value) => [&value["message"], &value["error"]["message"], &value["error"]]
                .into_iter()
                .find(|said| !said.is_null())
                .map(|said| said.as_str().map_or_else(|| said.to_string(), str::to_owned))
                .unwrap_or_default(),
            Err(_) => String::new(),
        };
        let said = said.replace(self.secret.expose_secret(), "***");
        let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
        said.chars().take(SAID).collect()
    }
}

/// A request as messages name it: without its query, which only makes it long.
fn asked(method: &Method, path: &str) -> String {
    format!("{method} {}", path.split('?').next().unwrap_or(path))
}

/// The header with the credential. GitLab takes project access tokens in a separate header.
fn authorization(
    kind: Kind,
    credential: &Credential,
) -> Result<(header::HeaderName, HeaderValue, SecretString), Error> {
    let (name, text, token) = match (kind, credential) {
        (Kind::GitLab, Credential::Token(token) | Credential::Account { token, .. }) => {
            (header::HeaderName::from_static("private-token"), token.expose_secret().to_owned(), token)
        }
        (Kind::Bitbucket, Credential::Account { user, token }) => {
            let pair = BASE64_STANDARD.encode(format!("{user}:{}", token.expose_secret()));
            (header::AUTHORIZATION, format!("Basic {pair}"), token)
        }
        (_, Credential::Token(token) | Credential::Account { token, .. }) => {
            (header::AUTHORIZATION, format!("Bearer {}", token.expose_secret()), token)
        }
    };
    // A token is one printable word (RFC 6750 §2.1).
    if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Token);
    }
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Token)?;
    value.set_sensitive(true);
    Ok((name, value, token.clone()))
}

fn decoded<T: DeserializeOwned>(body: &[u8], asked: &str) -> Result<T, Error> {
    // The response to a deletion or an edit may be empty.
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|source| Error::Answer { request: asked.to_owned(), source })
}

/// Where a listing continues, by its header `Link`.
fn next_link(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let mut links = links.flat_map(|value| value.split(','));
    let next = links.find(|link| link.split(';').skip(1).any(|part| part.trim() == "rel=\"next\""))?;
    let (_, link) = next.split_once('<')?;
    link.split_once('>').map(|(link, _)| link.to_owned())
}

/// How long the platform asks to wait, if it refused for a limit: 429 and 503 with `Retry-After`, and GitHub's 403: the
/// primary limit by `x-ratelimit-reset` once none is left, the secondary by `Retry-After`, or a minute if only its message
/// names it (docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
fn asked_wait(status: StatusCode, headers: &HeaderMap, said: &str, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let limits = matches!(status.as_u16(), 403 | 429 | 503);
    if !limits {
        return None;
    }
    let seconds = match number("retry-after") {
        Some(seconds) => Some(seconds),
        None if number("x-ratelimit-remaining") == Some(0) => {
            number("x-ratelimit-reset").map(|reset| reset - now.as_second() + 1)
        }
        None if said.contains("secondary rate limit") => Some(60),
        None if status == StatusCode::TOO_MANY_REQUESTS => Some(0),
        None => None,
    };
    seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Whether an API is on this machine, which needs no proxy.
pub fn is_loopback(root: &str) -> bool {
    let uri = root.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).map(|host| host.trim_matches(['[', ']']));
    host.is_some_and(|host| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// The system's proxy before an API, without user and password. reqwest finds it by the same `Matcher` of hyper-util.
fn proxy_before(root: &str) -> Option<String> {
    let uri = root.parse::<Uri>().ok().filter(|_| !is_loopback(root))?;
    let through = Matcher::from_system().intercept(&uri)?;
    let authority = through.uri().authority()?.to_string();
    Some(format!("{}://{authority}", through.uri().scheme_str().unwrap_or("http")))
}

/// Whether the host cannot be trusted, so a retry is useless. rustls wraps its errors in this way.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(this) = cause {
        let kind = this.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(std::io::ErrorKind::InvalidData) {
            return error.is_connect();
        }
        cause = this.source();
    }
    false
}

/// The innermost cause: the outer ones repeat it, and reqwest's own shows the URL with its query.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no response within {} s", ANSWER.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let why = cause.to_string();
    let why = if error.is_connect() { of_certificate(&why) } else { why };
    why.chars().take(SAID).collect()
}

/// For responses that are not read.
pub(super) type Ignored = IgnoredAny;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_how_long_to_wait_in_one_of_four_ways() {
        let now = Timestamp::from_second(1_000).unwrap();
        let wait = |status: u16, headers: &[(&'static str, &'static str)], said: &str| {
            let headers = headers
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            asked_wait(StatusCode::from_u16(status).unwrap(), &headers, said, now).map(|wait| wait.as_secs())
        };
        let secondary =
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let none_left = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")];
        for status in [403, 429] {
            assert_eq!(wait(status, &[("retry-after", "7")], secondary), Some(7));
            assert_eq!(wait(status, &none_left, ""), Some(31));
            assert_eq!(wait(status, &[("x-ratelimit-remaining", "12")], secondary), Some(60));
        }
        assert_eq!(wait(429, &[], ""), Some(0));
        assert_eq!(wait(503, &[("retry-after", "7")], ""), Some(7));
        // Not a limit: the token lacks a permission.
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1030")], "no"), None);
        assert_eq!(wait(404, &none_left, secondary), None);
        assert_eq!(wait(503, &[], ""), None);
    }
}
