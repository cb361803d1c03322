//! Sends a request until it has a conclusive response: authorization, limits and retries.

use std::future::pending;
use std::sync::atomic::Ordering;

use http::{HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::Instant;

use super::answer::{Answer, is_json};
use super::auth::{Authorization, Exchanged};
use super::client::Client;
use super::credential::CredentialKind;
use super::endpoints::{CloudId, Door, Origin};
use super::error::{Error, SendError, SendKind, SetupError};
use super::fault::{At, Class, Fault};
use super::request::{Body, Host, Request};
use super::retry::{Decision, Event, classify};
use rollbook_core::model::Exchange;

/// How often a request is sent again only because its connection ended before the server processed it. With a server that
/// closes each connection after ten requests, this seldom happens to one request more than a few times.
const UNPROCESSED: u32 = 100;

/// Rollbook's name in requests.
const USER_AGENT: &str = concat!("rollbook/", env!("CARGO_PKG_VERSION"));

/// The deadline of a write, and the log of the requests for an operation.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// The sent requests, in order, with their responses, including those that were refused and sent again.
    pub exchanges: Vec<Exchange>,
    /// Turns true when nothing may be sent any more.
    halt: Option<watch::Receiver<bool>>,
}

/// The target of a request, with its authorization.
struct Addressed<'a> {
    request: &'a Request,
    at: At,
    origin: &'a Origin,
    url: String,
    authorization: Option<Authorization>,
}

/// `GET {site}/_edge/tenant_info` (docs/atlassian.md#cloud-id).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TenantInfo {
    cloud_id: String,
}

impl Client {
    /// Sends a request and reads its response.
    ///
    /// # Errors
    /// [`SendKind::Failed`] when there is no response, or it is not a success or not as documented.
    pub async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let answer = self.send(request, None).await?;
        if !answer.status.is_success() {
            return Err(answer.failed());
        }
        answer.decode().map_err(|fault| answer.fails_by(fault))
    }

    /// Sends a write, and logs the requests. Returns every conclusive response, including refusals.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`] when it may have been done, [`SendKind::Failed`] when it was not sent.
    pub(super) async fn write(&self, request: &Request, sending: &mut Sending) -> Result<Answer, Error> {
        self.send(request, Some(sending)).await
    }

    /// Reads the site's ID behind the gateway, without the credential (docs/atlassian.md#cloud-id). A given ID is only compared
    /// with it: otherwise a site that the tree does not name could be changed (docs/design.md#the-right-site).
    ///
    /// # Errors
    /// As [`Client::read`], [`SetupError::Host`] when the response is not an ID, and [`SetupError::OtherSite`] when it
    /// differs from the given one.
    pub async fn cloud_id(&self) -> Result<&CloudId, Error> {
        self.cloud_id
            .get_or_try_init(|| async {
                let request = Request::read(Host::Site, "/_edge/tenant_info");
                // Boxed, since sending to the gateway reads the ID.
                let info: TenantInfo = Box::pin(self.read(&request)).await?;
                let found = CloudId::parse(&info.cloud_id).map_err(SetupError::Host)?;
                match &self.options.cloud_id {
                    Some(given) if *given != found => {
                        Err(SetupError::OtherSite { given: given.clone(), found }.into())
                    }
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
                return Err(addressed.came_to(SendKind::Halted));
            };
            let outcome = self.attempt(&addressed, turn, attempt).await;
            if let Some(sending) = sending.as_deref_mut() {
                sending.exchanges.extend(addressed.exchange(&outcome));
            }
            if let (Ok(answer), Some(used), false) = (&outcome, &addressed.authorization, refreshed)
                && answer.status == StatusCode::UNAUTHORIZED
                && self.authorizer.forget(used).await
            {
                // The access token may have been revoked early; the request was not done.
                refreshed = true;
                continue;
            }
            if matches!(outcome, Err(Fault::Unprocessed(_))) && unprocessed < UNPROCESSED {
                // The connection ended, not the request: a new connection sends it for the first time.
                unprocessed += 1;
                continue;
            }
            self.ease(&outcome);
            let decision = classify(event(&outcome), request.repeatable(), (self.options.wall)());
            match decision {
                Decision::Retry { after, pause } if attempt < self.retries(&outcome) => {
                    let held = self.hold_back(request, after, pause, attempt);
                    if unless_halted(&mut sending, held).await.is_none() {
                        return Err(addressed.came_to(SendKind::Halted));
                    }
                    attempt += 1;
                }
                // Refused before any work, or not sent: even a write was not done.
                Decision::Done | Decision::Fail | Decision::Retry { .. } => {
                    return outcome.map_err(|fault| addressed.came_to(SendKind::Failed(Box::new(fault))));
                }
                Decision::Unknown => {
                    let fault = outcome.map_or_else(|fault| fault, |answer| answer.fault());
                    return Err(addressed.came_to(SendKind::AnswerLost(Box::new(fault))));
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
            return Err(SendError { at: self.at(request), kind: SendKind::ForeignCredential }.into());
        }
        let origin = self.endpoints.origin(host, door);
        let prefix = match (host, door) {
            (Host::Jira, Door::Gateway) => format!("/ex/jira/{}", self.cloud_id().await?),
            (Host::Jira | Host::Admin | Host::Directory | Host::Resources | Host::Site | Host::Auth, _) => {
                String::new()
            }
        };
        let url = format!("{}{prefix}{}", origin.as_str(), request.target()?);
        let authorization = match host {
            // Boxed, since an exchange is itself sent.
            Host::Jira | Host::Admin | Host::Directory | Host::Resources => {
                Some(Box::pin(self.authorizer.header(|exchange| self.exchange(exchange))).await?)
            }
            Host::Site | Host::Auth => None,
        };
        let at = self.at(request);
        Ok(Addressed { request, at, origin, url, authorization })
    }

    /// A request as errors show it.
    pub(super) fn at(&self, request: &Request) -> At {
        let host = request.host();
        let credential = self.authorizer.credential();
        At {
            method: request.method().clone(),
            route: request.route(),
            host: self.endpoints.origin(host, credential.door()).name().to_owned(),
            credential: match host {
                Host::Jira | Host::Admin | Host::Directory | Host::Resources | Host::Auth => {
                    credential.kind()
                }
                Host::Site => CredentialKind::Nothing,
            },
        }
    }

    /// Gets an access token. An answer that is not understood is not shown: it may hold the token all the same.
    pub(super) async fn exchange(&self, request: Request) -> Result<Exchanged, Error> {
        let answer = self.send(&request, None).await?;
        if !answer.status.is_success() {
            return Err(answer.failed());
        }
        answer.decode().map_err(|_| answer.fails_by(Fault::Shape("no access token is in it".to_owned())))
    }

    /// Sends once, and reads the complete response.
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
        let held = addressed.request.secrets();
        let secrets = self.authorizer.secrets(addressed.authorization.as_ref(), held);
        let answer = Answer { at: addressed.at.clone(), status, headers, body, secrets };
        if status.is_success() && is_json(&answer.body) {
            // A readable response is not masked, since it is not shown.
            self.reached.store(true, Ordering::Relaxed);
            self.set_clock(&answer.headers);
            Ok(answer)
        } else {
            Ok(answer.masked())
        }
    }
}

impl Sending {
    /// Sends until `halt` turns true: from then on waiting requests are not sent, and sent ones are awaited.
    pub fn until(halt: watch::Receiver<bool>) -> Self {
        Self { halt: Some(halt), ..Self::default() }
    }

    /// Waits for `work`, but only while requests may be sent.
    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let halted = async {
            let halted = match &mut self.halt {
                Some(halt) => halt.wait_for(|halt| *halt).await.is_ok(),
                None => false,
            };
            // Its sender is gone, so nothing can halt it.
            if !halted {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = halted => None,
            done = work => Some(done),
        }
    }
}

/// Waits for `work`, but only while requests may be sent.
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
            Body::Secret { text, .. } => text.expose_secret().as_bytes().to_vec(),
        };
        if !body.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        builder.body(body).map_err(|error| Fault::Unreachable(error.to_string()))
    }

    /// Its entry in the log; `None` if nothing was sent.
    fn exchange(&self, outcome: &Result<Answer, Fault>) -> Option<Exchange> {
        let (status, trace) = match (event(outcome), outcome) {
            (Event::NotSent | Event::Untrusted, _) => return None,
            (Event::Answered { .. } | Event::Unreadable | Event::Lost | Event::TooLarge, Ok(answer)) => {
                (Some(answer.status.as_u16()), answer.trace().map(|trace| answer.secrets.mask(&trace)))
            }
            (Event::Answered { .. } | Event::Unreadable | Event::Lost | Event::TooLarge, Err(_)) => {
                (None, None)
            }
        };
        let target = self.url.strip_prefix(self.origin.as_str()).unwrap_or(&self.url);
        Some(Exchange { request: format!("{} {target}", self.at.method), status, trace })
    }

    fn came_to(self, kind: SendKind) -> Error {
        SendError { at: self.at, kind }.into()
    }
}

fn event(outcome: &Result<Answer, Fault>) -> Event<'_> {
    match outcome {
        Ok(answer) if answer.status.is_success() && !is_json(&answer.body) => Event::Unreadable,
        Ok(answer) => Event::Answered { status: answer.status, headers: &answer.headers },
        Err(fault) => match fault.class() {
            Class::NotSent => Event::NotSent,
            Class::Untrusted => Event::Untrusted,
            Class::TooLarge => Event::TooLarge,
            Class::Lost | Class::Answered { .. } => Event::Lost,
        },
    }
}
