//! Sends a request until it has an answer that says something: authorization, limits and retries.

use std::fmt;
use std::sync::atomic::Ordering;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::auth::{Authorization, CredentialKind, Exchanged, Secrets};
use super::client::Client;
use super::endpoints::{CloudId, Door, Origin};
use super::error::{At, Error, Fault};
use super::fault::{fault_of, trace_of};
use super::request::{Body, Host, Request};
use super::retry::{Decision, Event, classify};
use super::sending::Sending;
use super::words::{Words, shown_without};
use rollbook_core::model::Exchange;

/// How often a request is sent anew for nothing but that its connection ended before it was looked at. A server that ends
/// each connection after ten requests does this to one request seldom more than a few times.
const UNPROCESSED: u32 = 100;

/// How Rollbook names itself.
const USER_AGENT: &str = concat!("rollbook/", env!("CARGO_PKG_VERSION"));

/// A whole answer.
pub struct Answer {
    at: At,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    secrets: Secrets,
}

/// Where a request goes and what goes with it.
struct Addressed<'a> {
    request: &'a Request,
    at: At,
    origin: &'a Origin,
    url: String,
    authorization: Option<Authorization>,
}

/// `GET {site}/_edge/tenant_info` (fact sheet §2).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TenantInfo {
    cloud_id: String,
}

impl Client {
    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`Error::Failed`] when no answer came, it is no success, or it is not as documented.
    pub async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let answer = self.send(request, None).await?;
        if answer.status.is_success() { answer.decode() } else { Err(answer.failed()) }
    }

    /// Sends a write, and notes what was sent. Every answer that says what became of it comes back, refusals too.
    ///
    /// # Errors
    /// [`Error::AnswerLost`] when it may have been done, [`Error::Failed`] when it was not sent.
    pub(super) async fn write(&self, request: &Request, sending: &mut Sending) -> Result<Answer, Error> {
        self.send(request, Some(sending)).await
    }

    /// The site's id behind the gateway, asked for without the credential (fact sheet §2). An id that was given is
    /// only compared with it: by the id alone another site could be written to than the tree names (design §9, 7).
    ///
    /// # Errors
    /// As [`Client::read`], [`Error::Host`] when the answer is no id, and [`Error::OtherSite`] when it is another
    /// than the given one.
    pub async fn cloud_id(&self) -> Result<&CloudId, Error> {
        self.cloud_id
            .get_or_try_init(|| async {
                let request = Request::read(Host::Site, "/_edge/tenant_info");
                // Boxed, since sending to the gateway asks for the id.
                let info: TenantInfo = Box::pin(self.read(&request)).await?;
                let found = CloudId::parse(&info.cloud_id)?;
                match &self.options.cloud_id {
                    Some(given) if *given != found => Err(Error::OtherSite { given: given.clone(), found }),
                    Some(_) | None => Ok(found),
                }
            })
            .await
    }

    async fn send(&self, request: &Request, mut sending: Option<&mut Sending>) -> Result<Answer, Error> {
        let mut refreshed = false;
        let mut attempt = 0;
        let mut unprocessed = 0;
        loop {
            let addressed = self.address(request).await?;
            let turn = self.limiter.permit(&addressed.at.method, addressed.at.route);
            let Some(turn) = unless_halted(&mut sending, turn).await else {
                return Err(Error::Halted { at: addressed.at });
            };
            let outcome = self.attempt(&addressed, turn, attempt).await;
            if let Some(sending) = sending.as_deref_mut() {
                sending.exchanges.extend(addressed.exchange(&outcome));
            }
            if let (Ok(answer), Some(used), false) = (&outcome, &addressed.authorization, refreshed)
                && answer.status == StatusCode::UNAUTHORIZED
                && self.authorizer.forget(used).await
            {
                // The access token may have been ended early; the request was not done.
                refreshed = true;
                continue;
            }
            if matches!(outcome, Err(Fault::Unprocessed(_))) && unprocessed < UNPROCESSED {
                // It is the connection that ended, and no matter of the request: on a new one it is sent for the first time.
                unprocessed += 1;
                continue;
            }
            self.ease(&outcome);
            let decision = classify(event(&outcome), request.repeatable(), (self.options.wall)());
            match decision {
                Decision::Retry { after, pause } if attempt < self.retries(&outcome) => {
                    let held = self.hold_back(request, after, pause, attempt);
                    if unless_halted(&mut sending, held).await.is_none() {
                        return Err(Error::Halted { at: addressed.at });
                    }
                    attempt += 1;
                }
                // A refusal at the door, or nothing sent: even a write was not done.
                Decision::Done | Decision::Fail | Decision::Retry { .. } => {
                    return outcome.map_err(|fault| addressed.failed(fault));
                }
                Decision::Unknown => {
                    let fault = outcome.map_or_else(|fault| fault, |answer| fault_of(&answer));
                    return Err(Error::AnswerLost { at: addressed.at, fault: Box::new(fault) });
                }
            }
        }
    }

    async fn address<'a>(&'a self, request: &'a Request) -> Result<Addressed<'a>, Error> {
        let host = request.host();
        let credential = self.authorizer.credential();
        let door = credential.door();
        let needs_one = !matches!(host, Host::Site | Host::Auth);
        if needs_one && !credential.is_for(host) {
            return Err(Error::ForeignCredential { at: self.at(request) });
        }
        let origin = self.endpoints.origin(host, door);
        let prefix = match (host, door) {
            (Host::Jira, Door::Gateway) => format!("/ex/jira/{}", self.cloud_id().await?),
            (Host::Jira | Host::Admin | Host::Directory | Host::Site | Host::Auth, _) => String::new(),
        };
        let url = format!("{}{prefix}{}", origin.as_str(), request.target()?);
        let authorization = match host {
            // Boxed, since an exchange is itself sent.
            Host::Jira | Host::Admin | Host::Directory => {
                Some(Box::pin(self.authorizer.header(|exchange| self.exchange(exchange))).await?)
            }
            Host::Site | Host::Auth => None,
        };
        let at = self.at(request);
        Ok(Addressed { request, at, origin, url, authorization })
    }

    /// How a request shows in errors.
    pub(super) fn at(&self, request: &Request) -> At {
        let host = request.host();
        let credential = self.authorizer.credential();
        At {
            method: request.method().clone(),
            route: request.route(),
            host: self.endpoints.origin(host, credential.door()).name().to_owned(),
            credential: match host {
                Host::Jira | Host::Admin | Host::Directory | Host::Auth => credential.kind(),
                Host::Site => CredentialKind::Nothing,
            },
        }
    }

    /// Gets an access token. An answer that is not understood is not shown: it may hold the token all the same.
    async fn exchange(&self, request: Request) -> Result<Exchanged, Error> {
        let answer = self.send(&request, None).await?;
        if !answer.status.is_success() {
            return Err(answer.failed());
        }
        answer.decode().map_err(|_| Error::Failed {
            at: answer.at,
            fault: Box::new(Fault::Shape("no access token is in it".to_owned())),
        })
    }

    /// Sends once, and reads the answer whole.
    async fn attempt(
        &self,
        addressed: &Addressed<'_>,
        _turn: SemaphorePermit<'_>,
        attempt: u32,
    ) -> Result<Answer, Fault> {
        let At { method, route, .. } = &addressed.at;
        let start = Instant::now();
        let outcome = self.exchange_once(addressed).await;
        let ms = start.elapsed().as_millis();
        let status = outcome.as_ref().ok().map(|answer| answer.status.as_u16());
        match (&outcome, status) {
            (Err(fault), _) => tracing::debug!(%method, route, %fault, ms, attempt, "no answer"),
            (Ok(_), status) => tracing::debug!(%method, route, status, ms, attempt, "answer"),
        }
        outcome
    }

    async fn exchange_once(&self, addressed: &Addressed<'_>) -> Result<Answer, Fault> {
        let request = addressed.http()?;
        let loopback = addressed.origin.is_loopback();
        let incoming = self.transport.send(request, loopback, &self.options).await?;
        let status = incoming.head.status;
        let headers = incoming.headers().clone();
        let body = incoming.body(&self.options).await?;
        let secrets = self.authorizer.secrets(addressed.authorization.as_ref());
        let answer = Answer { at: addressed.at.clone(), status, headers, body, secrets };
        if status.is_success() && is_json(&answer.body) {
            // What is understood stays as it is: it is read and not shown.
            self.reached.store(true, Ordering::Relaxed);
            self.set_clock(&answer.headers);
            Ok(answer)
        } else {
            Ok(answer.masked())
        }
    }
}

/// Waits for something; what may not be sent any more is not waited for.
async fn unless_halted<T>(sending: &mut Option<&mut Sending>, work: impl Future<Output = T>) -> Option<T> {
    match sending {
        Some(sending) => sending.wait(work).await,
        None => Some(work.await),
    }
}

impl Addressed<'_> {
    fn http(&self) -> Result<http::Request<Vec<u8>>, Fault> {
        let mut builder = http::Request::builder()
            .method(self.at.method.clone())
            .uri(&self.url)
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            builder = builder.header(header::AUTHORIZATION, &authorization.header);
        }
        let body = match self.request.payload() {
            Body::Empty => Vec::new(),
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Secret(text) => text.expose_secret().as_bytes().to_vec(),
        };
        if !body.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        builder.body(body).map_err(|error| Fault::Unreachable(error.to_string()))
    }

    /// What is noted of it; nothing where nothing was sent.
    fn exchange(&self, outcome: &Result<Answer, Fault>) -> Option<Exchange> {
        let (status, trace) = match (event(outcome), outcome) {
            (Event::NotSent | Event::Untrusted, _) => return None,
            (Event::Answered { .. } | Event::Unreadable | Event::Lost | Event::TooLarge, Ok(answer)) => {
                (Some(answer.status.as_u16()), trace_of(answer).map(|trace| answer.secrets.mask(&trace)))
            }
            (Event::Answered { .. } | Event::Unreadable | Event::Lost | Event::TooLarge, Err(_)) => {
                (None, None)
            }
        };
        let target = self.url.strip_prefix(self.origin.as_str()).unwrap_or(&self.url);
        Some(Exchange { request: format!("{} {target}", self.at.method), status, trace })
    }

    fn failed(&self, fault: Fault) -> Error {
        Error::Failed { at: self.at.clone(), fault: Box::new(fault) }
    }
}

impl Answer {
    /// The request that it answers.
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

    /// Its body, whole.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What it says, in its own words.
    pub(super) fn words(&self) -> Words {
        self.words_of(&String::from_utf8_lossy(&self.body))
    }

    /// What a part of it says.
    pub(super) fn words_of(&self, text: &str) -> Words {
        Words::of(text, &self.secrets)
    }

    /// Whether the surface, and nothing before it, says that it does not find what the request is about.
    pub(super) fn finds_nothing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && matches!(fault_of(self), Fault::NotFound(_))
    }

    /// The error that an answer without success is.
    pub fn failed(&self) -> Error {
        Error::Failed { at: self.at.clone(), fault: Box::new(fault_of(self)) }
    }

    /// Reads its body.
    ///
    /// # Errors
    /// [`Error::Failed`] when it is not JSON, or not as documented.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Failed {
            at: self.at.clone(),
            fault: Box::new(if error.is_data() {
                // It quotes what it did not expect.
                Fault::Shape(shown_without(&self.secrets, &error.to_string(), 200))
            } else {
                fault_of(&self.masked())
            }),
        })
    }

    /// The same, to be shown: a peer may repeat what it was sent, in the body or in a header.
    fn masked(&self) -> Self {
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
    /// Without headers and body, which may hold an access token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("at", &self.at).field("status", &self.status).finish_non_exhaustive()
    }
}

fn event(outcome: &Result<Answer, Fault>) -> Event<'_> {
    match outcome {
        Ok(answer) if answer.status.is_success() && !is_json(&answer.body) => Event::Unreadable,
        Ok(answer) => Event::Answered { status: answer.status, headers: &answer.headers },
        Err(
            Fault::NoSuchHost
            | Fault::ClosedPort
            | Fault::Unreachable(_)
            | Fault::ConnectTimeout { .. }
            | Fault::NoProxy { .. }
            // What it does not let through now, it may in a moment.
            | Fault::ProxyRefuses { status: Some(500..) | None, .. }
            | Fault::Unprocessed(_),
        ) => Event::NotSent,
        Err(
            Fault::Tls(_) | Fault::NoAuthorities(_) | Fault::Setup(_) | Fault::ProxyRefuses { .. },
        ) => Event::Untrusted,
        Err(Fault::TooLarge { .. }) => Event::TooLarge,
        Err(
            Fault::Timeout { .. }
            | Fault::Broken(_)
            | Fault::NotJson(_)
            | Fault::Page(_)
            | Fault::NoSite(_)
            | Fault::Login { .. }
            | Fault::Redirect { .. }
            | Fault::Shape(_)
            | Fault::Unauthorized(_)
            | Fault::MissingScope(_)
            | Fault::Forbidden(_)
            | Fault::NotFound(_)
            | Fault::Limited(_)
            | Fault::Server(_)
            | Fault::Refused(_),
        ) => Event::Lost,
    }
}

/// Whether a body is nothing, as deletions answer, or JSON.
pub(super) fn is_json(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace) || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}
