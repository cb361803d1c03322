//! The HTTP client. In this package, only this file names reqwest; `send` does everything above the wire.
//!
//! Requests go over the network, or straight into a service in this process: `demo` and most tests do the latter.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt as _};

use super::auth::Authorizer;
use super::credential::{Credential, CredentialKind};
use super::endpoints::{CloudId, Endpoints};
use super::error::SetupError;
use super::fault::{Fault, of_certificate};
use super::holding::Waits;
use super::limiter::{Limiter, Pace};
use super::proxy::Proxies;
use super::words::shown;

/// How many requests may be under way at a time: Jira takes 150 adds and removes a second, so 75 hide a latency of
/// half a second. With less latency the limits keep the number lower.
pub const IN_FLIGHT: usize = 75;

/// The settings that may vary from run to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many requests may be under way at a time.
    pub in_flight: usize,
    /// The rate limits.
    pub pace: Pace,
    /// Connect timeout.
    pub connect_timeout: Duration,
    /// The longest time for a response, or for its next part. Jira gives up a listing after 10 s
    /// (docs/atlassian.md#every-user).
    pub answer_timeout: Duration,
    /// The largest response that is read, in bytes.
    pub max_body: usize,
    /// The ID that the site must have, if the caller knows it.
    pub cloud_id: Option<CloudId>,
    /// The seed of the random part of waits.
    pub seed: u64,
    /// The wall clock, for headers with a point in time. Every other time is tokio's.
    pub wall: fn() -> Timestamp,
    /// Where waits of more than a few seconds are reported.
    pub waits: Option<Waits>,
    /// The places of the system's certificate authorities according to the environment: each variable and its value, for
    /// messages.
    pub authorities: Vec<(&'static str, String)>,
}

/// Sends requests for one credential to one site.
pub struct Client {
    pub(super) transport: Transport,
    pub(super) endpoints: Endpoints,
    pub(super) authorizer: Authorizer,
    pub(super) limiter: Limiter,
    pub(super) options: Options,
    pub(super) cloud_id: OnceCell<CloudId>,
    pub(super) rng: Mutex<fastrand::Rng>,
    /// Whether there was ever a readable response.
    pub(super) reached: AtomicBool,
    /// How many responses in a row said that a server is overloaded.
    pub(super) overloaded: AtomicU32,
    /// [`Client::clock`].
    clock: OnceLock<SignedDuration>,
}

/// How requests travel.
pub(super) enum Transport {
    /// Over the network.
    Network(Network),
    /// Into a service.
    InProcess(InProcess),
}

type BoxError = Box<dyn StdError + Send + Sync>;

type InProcess = BoxCloneSyncService<
    http::Request<Full<Bytes>>,
    http::Response<UnsyncBoxBody<Bytes, BoxError>>,
    Infallible,
>;

/// Connections over the network, which clients share. Each kind is created when the first request needs it, since that may
/// read every certificate that the system trusts.
#[derive(Clone, Default)]
pub struct Network(Arc<Connections>);

#[derive(Default)]
struct Connections {
    /// Through the system's proxy, if there is one.
    remote: Connection,
    /// To this machine without a proxy, by TLS.
    loopback: Connection,
    /// To this machine without TLS, which needs no certificate.
    plain: Connection,
}

type Connection = OnceLock<Result<reqwest::Client, Fault>>;

/// A response whose body has not been read.
pub(super) struct Incoming {
    /// Status and headers.
    pub(super) head: http::response::Parts,
    body: IncomingBody,
}

enum IncomingBody {
    Network(reqwest::Response),
    InProcess(UnsyncBoxBody<Bytes, BoxError>),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            in_flight: IN_FLIGHT,
            pace: Pace::default(),
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
            max_body: 32 * 1024 * 1024,
            cloud_id: None,
            seed: fastrand::u64(..),
            wall: Timestamp::now,
            waits: None,
            authorities: Vec::new(),
        }
    }
}

impl Client {
    /// Makes a client that sends over the network.
    ///
    /// # Errors
    /// [`SetupError::Credential`] when the credential cannot be sent.
    pub fn network(
        endpoints: Endpoints,
        credential: Credential,
        options: Options,
    ) -> Result<Self, SetupError> {
        Self::over(Network::default(), endpoints, credential, options)
    }

    /// Makes a client that shares its connections with others.
    ///
    /// # Errors
    /// [`SetupError::Credential`] when the credential cannot be sent.
    pub fn over(
        network: Network,
        endpoints: Endpoints,
        credential: Credential,
        options: Options,
    ) -> Result<Self, SetupError> {
        Self::new(Transport::Network(network), endpoints, credential, options)
    }

    /// Makes a client that sends into a service, such as an `axum::Router`. The hosts of `endpoints` are not looked up; their
    /// paths are the same as on the network.
    ///
    /// # Errors
    /// [`SetupError::Credential`] when the credential cannot be sent.
    pub fn in_process<S, B>(
        service: S,
        endpoints: Endpoints,
        credential: Credential,
        options: Options,
    ) -> Result<Self, SetupError>
    where
        S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let boxed = |answer: http::Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync());
        let service = BoxCloneSyncService::new(service.map_response(boxed));
        Self::new(Transport::InProcess(service), endpoints, credential, options)
    }

    /// How far the peer's clock is ahead of this machine's, by the first `Date` in a response (RFC 9110 §6.6.1).
    pub fn clock(&self) -> Option<SignedDuration> {
        self.clock.get().copied()
    }

    /// Records the time of a response.
    pub(super) fn set_clock(&self, headers: &HeaderMap) {
        let date = headers.get(header::DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        if let Some(date) = date {
            self.clock.get_or_init(|| date.timestamp().duration_since((self.options.wall)()));
        }
    }

    /// The kind of credential that it sends.
    pub fn credential(&self) -> CredentialKind {
        self.authorizer.credential().kind()
    }

    fn new(
        transport: Transport,
        endpoints: Endpoints,
        credential: Credential,
        options: Options,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            transport,
            endpoints,
            authorizer: Authorizer::new(credential, options.wall)?,
            limiter: Limiter::new(options.in_flight, options.pace),
            cloud_id: OnceCell::new(),
            rng: Mutex::new(fastrand::Rng::with_seed(options.seed)),
            reached: AtomicBool::new(false),
            overloaded: AtomicU32::new(0),
            clock: OnceLock::new(),
            options,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoints", &self.endpoints)
            .field("credential", &self.authorizer.credential().kind())
            .finish_non_exhaustive()
    }
}

impl Network {
    /// The connections for an address.
    fn to(&self, uri: &Uri, loopback_host: bool, options: &Options) -> Result<&reqwest::Client, Fault> {
        let with_tls = uri.scheme() != Some(&Scheme::HTTP);
        let (connection, builder): (_, fn(&Options) -> reqwest::ClientBuilder) =
            match (loopback_host, with_tls) {
                (false, _) => (&self.0.remote, builder),
                (true, true) => (&self.0.loopback, |options| builder(options).no_proxy()),
                (true, false) => (&self.0.plain, |options| builder(options).no_proxy().tls_certs_only([])),
            };
        let made =
            connection.get_or_init(|| builder(options).build().map_err(|error| setup(&error, options)));
        made.as_ref().map_err(Clone::clone)
    }
}

/// The fault if no connection can be made at all. rustls-platform-verifier has no type for a system without authorities
/// (0.7.1).
fn setup(error: &reqwest::Error, options: &Options) -> Fault {
    let why = root_cause(error);
    if !why.contains("No CA certificates were loaded") {
        return Fault::Setup(why);
    }
    let places =
        options.authorities.iter().map(|(name, value)| format!("{name} names {}", shown(value, 200)));
    Fault::NoAuthorities(places.collect())
}

/// Sets the cryptography of all TLS in this process to ring, unless it is already set. This build of reqwest has none, and
/// panics if it makes a client without.
pub fn use_cryptography() {
    // A choice of the surrounding program stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Never follows redirects: one could send the credential elsewhere, and no used endpoint documents any. Turns reqwest's
/// own retries off, since only `retry` decides.
fn builder(options: &Options) -> reqwest::ClientBuilder {
    use_cryptography();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(options.connect_timeout)
}

impl Transport {
    /// Sends a request and reads the head of its response.
    pub(super) async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        loopback_host: bool,
        options: &Options,
    ) -> Result<Incoming, Fault> {
        let sent = timeout(options.answer_timeout, async {
            match self {
                Self::Network(network) => {
                    let uri = request.uri().clone();
                    let client = network.to(&uri, loopback_host, options)?;
                    let request = request.try_into().map_err(|error| fault(&error, options))?;
                    match client.execute(request).await {
                        Ok(answer) => Ok(Incoming::network(answer)),
                        Err(error) if loopback_host => Err(fault(&error, options)),
                        Err(error) => Err(behind_proxy(&error, &uri, options).await),
                    }
                }
                Self::InProcess(service) => {
                    let request = as_received(request).map(|body| Full::new(Bytes::from(body)));
                    let Ok(answer) = service.clone().oneshot(request).await;
                    let (head, body) = answer.into_parts();
                    let body = IncomingBody::InProcess(body);
                    Ok(Incoming { head, body })
                }
            }
        });
        sent.await.unwrap_or_else(|_| Err(stalled(options)))
    }
}

/// Gives a request the form in which a server gets it: the host in a header, the rest in the target
/// (RFC 9112 §3.2.1).
fn as_received(mut request: http::Request<Vec<u8>>) -> http::Request<Vec<u8>> {
    let target = request.uri().path_and_query().cloned();
    let host = request.uri().authority().map(|host| HeaderValue::from_str(host.as_str()));
    if let (Some(target), Some(Ok(host))) = (target, host) {
        *request.uri_mut() = Uri::from(target);
        request.headers_mut().insert(header::HOST, host);
    }
    request
}

impl Incoming {
    fn network(response: reqwest::Response) -> Self {
        let (mut head, ()) = http::Response::new(()).into_parts();
        head.status = response.status();
        head.headers = response.headers().clone();
        Self { head, body: IncomingBody::Network(response) }
    }

    /// The headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Reads the body, up to the limit, counted after decompression.
    pub(super) async fn body(mut self, options: &Options) -> Result<Vec<u8>, Fault> {
        let mut whole = Vec::new();
        loop {
            let next = timeout(options.answer_timeout, self.body.next(options)).await;
            let Some(part) = next.unwrap_or_else(|_| Err(stalled(options)))? else {
                return Ok(whole);
            };
            if whole.len() + part.len() > options.max_body {
                return Err(Fault::TooLarge { bytes: options.max_body });
            }
            whole.extend_from_slice(&part);
        }
    }
}

impl IncomingBody {
    async fn next(&mut self, options: &Options) -> Result<Option<Bytes>, Fault> {
        match self {
            Self::Network(response) => response.chunk().await.map_err(|error| fault(&error, options)),
            Self::InProcess(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(Fault::Broken(root_cause(&*error))),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
        }
    }
}

fn stalled(options: &Options) -> Fault {
    Fault::Timeout { seconds: options.answer_timeout.as_secs() }
}

/// Turns a network error into a fault. Without a connection, nothing was sent.
fn fault(error: &reqwest::Error, options: &Options) -> Fault {
    let is = |kind| causes(error).any(|cause| io_kind(cause) == Some(kind));
    if error.is_dns() {
        return Fault::NoSuchHost;
    }
    if causes(error).any(is_unprocessed) {
        return Fault::Unprocessed(root_cause(error));
    }
    if !error.is_connect() {
        return Fault::Broken(root_cause(error));
    }
    if error.is_timeout() {
        return Fault::ConnectTimeout { seconds: options.connect_timeout.as_secs() };
    }
    if is(io::ErrorKind::ConnectionRefused) {
        return Fault::ClosedPort;
    }
    // rustls wraps its errors in this way, and a peer that hangs up during the handshake ends it early.
    if is(io::ErrorKind::InvalidData) || is(io::ErrorKind::UnexpectedEof) {
        return Fault::Tls(of_certificate(&root_cause(error)));
    }
    Fault::Unreachable(root_cause(error))
}

/// Turns the network error of a request that may have gone through a proxy into a fault: the connection to the proxy may have
/// failed, or the proxy's own.
async fn behind_proxy(error: &reqwest::Error, uri: &Uri, options: &Options) -> Fault {
    let fault = fault(error, options);
    let Some(proxy) = Proxies::of_system().before(uri) else { return fault };
    let name = proxy.name();
    let unreached = |why: String| Fault::NoProxy { proxy: name.clone(), why };
    if fault == Fault::NoSuchHost {
        return unreached("its name cannot be found".to_owned());
    }
    if fault == Fault::ClosedPort {
        return unreached("it refuses connections".to_owned());
    }
    if let Fault::ConnectTimeout { seconds } = fault {
        return unreached(format!("it accepted no connection within {seconds} s"));
    }
    // The error of a refused tunnel is not public, so its text identifies it (hyper-util 0.1.21).
    if let Fault::Unreachable(why) = &fault
        && why.starts_with("tunnel error: ")
    {
        let status = if why.contains("authorization") { Some(407) } else { proxy.refusal().await };
        return Fault::ProxyRefuses { proxy: name, status };
    }
    fault
}

/// Whether the server says that it has not processed the request: with GOAWAY for streams after the last one that it processed
/// (RFC 9113 §6.8), or with `REFUSED_STREAM` (§8.7).
fn is_unprocessed(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        let ended = error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR);
        ended || error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

/// The innermost cause. The outer ones repeat it, and reqwest's own shows the URL with its query.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let root = causes(error).last().map_or_else(String::new, ToString::to_string);
    shown(&root, 200)
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        // The source of an I/O error is that of the wrapped error, which would be skipped.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => (*error).source(),
        }
    })
}
