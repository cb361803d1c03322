//! Makes the header of a credential, with an access token if it needs one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::credential::{Credential, EXCHANGE};
use super::error::{Error, SetupError};
use super::login::Tokens;
use super::request::{Body, Host, Repeat, Request};
use super::words::Secrets;

/// How long before its expiry an access token is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// The lifetime of an access token when the response does not say it: 60 minutes (support.atlassian.com "Create OAuth 2.0
/// credential for service accounts").
pub(super) const USUAL_LIFE: Duration = Duration::from_secs(60 * 60);

/// A credential, and its last access token.
#[derive(Debug)]
pub(super) struct Authorizer {
    credential: Credential,
    wall: fn() -> Timestamp,
    held: Mutex<Held>,
}

/// What was got for a credential.
#[derive(Debug, Default)]
struct Held {
    token: Option<AccessToken>,
    /// The access token that was refused last.
    refused: Option<SecretString>,
    /// The tokens of a login that could not be stored.
    unsaved: Option<Tokens>,
}

#[derive(Debug)]
struct AccessToken {
    value: SecretString,
    until: Instant,
}

/// The response to an exchange (RFC 6749 §5.1).
#[derive(Deserialize)]
pub(super) struct Exchanged {
    pub(super) access_token: String,
    pub(super) expires_in: Option<u64>,
    pub(super) refresh_token: Option<String>,
}

/// The value of an `Authorization` header.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    /// Marked as sensitive, so that it is shown as such.
    pub(super) header: HeaderValue,
    /// The secret in it, which is masked if a response repeats it.
    secret: SecretString,
}

impl Authorizer {
    pub(super) fn new(credential: Credential, wall: fn() -> Timestamp) -> Result<Self, SetupError> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let name_fits = match &credential {
            // A colon ends the user's name (RFC 7617 §2).
            Credential::Basic { email, .. } => {
                !email.is_empty() && !email.chars().any(|c| c == ':' || c.is_control() || c.is_whitespace())
            }
            Credential::ClientCredentials { id, .. } | Credential::DirectoryClient { id, .. } => plain(id),
            Credential::Login(login) => plain(&login.app.id),
            Credential::Bearer(_) | Credential::ApiKey(_) | Credential::DirectoryKey(_) => true,
        };
        if !name_fits || !plain(credential.secret().expose_secret()) {
            return Err(SetupError::Credential);
        }
        Ok(Self { credential, wall, held: Mutex::default() })
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Makes the header, from the credential itself or from the access token that `exchange` gets for it. The lock is
    /// held meanwhile, so that only one exchange is in flight, however many requests wait.
    pub(super) async fn header<F>(&self, exchange: impl FnOnce(Request) -> F) -> Result<Authorization, Error>
    where
        F: Future<Output = Result<Exchanged, Error>>,
    {
        match &self.credential {
            Credential::Basic { email, token, .. } => {
                let pair = STANDARD.encode(format!("{email}:{}", token.expose_secret()));
                Ok(Authorization::new("Basic", pair.into())?)
            }
            Credential::Bearer(token) | Credential::ApiKey(token) | Credential::DirectoryKey(token) => {
                Ok(Authorization::new("Bearer", token.clone())?)
            }
            Credential::ClientCredentials { id, secret } | Credential::DirectoryClient { id, secret } => {
                let mut held = self.held.lock().await;
                if let Some(value) = held.fresh() {
                    return Ok(Authorization::new("Bearer", value)?);
                }
                let exchanged = exchange(exchange_request(id, secret)).await?;
                let life = exchanged.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
                // A lifetime of years would leave the clock's range; the usual one is an hour.
                let life = life.min(USUAL_LIFE * 24);
                let value = SecretString::from(exchanged.access_token);
                let until = Instant::now() + life.saturating_sub(MARGIN).max(life / 2);
                held.token = Some(AccessToken { value: value.clone(), until });
                Ok(Authorization::new("Bearer", value)?)
            }
            Credential::Login(login) => {
                let mut held = self.held.lock().await;
                if let Some(value) = held.fresh() {
                    return Ok(Authorization::new("Bearer", value)?);
                }
                let Held { token, refused, unsaved } = &mut *held;
                let tokens = login.tokens(refused.as_ref(), unsaved, self.wall, exchange).await?;
                let until = Instant::now() + tokens.remaining((self.wall)());
                *token = Some(AccessToken { value: tokens.access.clone(), until });
                Ok(Authorization::new("Bearer", tokens.access)?)
            }
        }
    }

    /// Forgets the access token that was refused, unless another has taken its place. Whether asking again can
    /// help: it can where access tokens are got for the credential.
    pub(super) async fn forget(&self, refused: &Authorization) -> bool {
        let mut held = self.held.lock().await;
        if held.token.as_ref().is_some_and(|it| it.value.expose_secret() == refused.secret.expose_secret()) {
            held.token = None;
            held.refused = Some(refused.secret.clone());
        }
        self.credential.kind().is_exchanged()
    }

    /// The secrets that a request was sent with, and those that its body holds.
    pub(super) fn secrets(&self, sent: Option<&Authorization>, body: &[SecretString]) -> Secrets {
        let sent = sent.map(|sent| sent.secret.clone());
        let own = std::iter::once(self.credential.secret().clone());
        Secrets::new(own.chain(sent).chain(body.iter().cloned()))
    }
}

impl Held {
    /// The access token, as long as it may be used.
    fn fresh(&self) -> Option<SecretString> {
        self.token.as_ref().filter(|token| Instant::now() < token.until).map(|token| token.value.clone())
    }
}

impl Authorization {
    fn new(scheme: &str, secret: SecretString) -> Result<Self, SetupError> {
        if secret.expose_secret().is_empty() {
            return Err(SetupError::Credential);
        }
        let mut header = HeaderValue::from_str(&format!("{scheme} {}", secret.expose_secret()))
            .map_err(|_| SetupError::Credential)?;
        header.set_sensitive(true);
        Ok(Self { header, secret })
    }
}

/// `POST /oauth/token` with a JSON body (docs/atlassian.md#client-credentials). Getting two tokens is harmless.
fn exchange_request(id: &str, secret: &SecretString) -> Request {
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": id,
        "client_secret": secret.expose_secret(),
    });
    Request::write(Method::POST, Host::Auth, EXCHANGE)
        .body(Body::Secret { text: body.to_string().into(), holds: vec![secret.clone()] })
        .repeat(Repeat::Safe)
}
