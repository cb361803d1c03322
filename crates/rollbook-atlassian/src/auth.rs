//! Makes the header of a credential, with an access token if it needs one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::credential::{Credential, EXCHANGE};
use super::error::{Error, SetupError};
use super::request::{Body, Host, Repeat, Request};
use super::words::Secrets;

/// How long before its expiry an access token is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// The lifetime of an access token when the response does not say it: 60 minutes (support.atlassian.com "Create OAuth 2.0
/// credential for service accounts").
const USUAL_LIFE: Duration = Duration::from_secs(60 * 60);

/// A credential, and its last access token.
#[derive(Debug)]
pub(super) struct Authorizer {
    credential: Credential,
    token: Mutex<Option<AccessToken>>,
}

#[derive(Debug)]
struct AccessToken {
    value: SecretString,
    until: Instant,
}

/// The response to an exchange (RFC 6749 §5.1).
#[derive(Deserialize)]
pub(super) struct Exchanged {
    access_token: String,
    expires_in: Option<u64>,
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
    pub(super) fn new(credential: Credential) -> Result<Self, SetupError> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let name_fits = match &credential {
            // A colon ends the user's name (RFC 7617 §2).
            Credential::Basic { email, .. } => {
                !email.is_empty() && !email.chars().any(|c| c == ':' || c.is_control() || c.is_whitespace())
            }
            Credential::ClientCredentials { id, .. } | Credential::DirectoryClient { id, .. } => plain(id),
            Credential::Bearer(_) | Credential::ApiKey(_) | Credential::DirectoryKey(_) => true,
        };
        if !name_fits || !plain(credential.secret().expose_secret()) {
            return Err(SetupError::Credential);
        }
        Ok(Self { credential, token: Mutex::new(None) })
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
                let mut held = self.token.lock().await;
                if let Some(token) = held.as_ref().filter(|token| Instant::now() < token.until) {
                    return Ok(Authorization::new("Bearer", token.value.clone())?);
                }
                let exchanged = exchange(exchange_request(id, secret)).await?;
                let life = exchanged.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
                // A lifetime of years would leave the clock's range; the usual one is an hour.
                let life = life.min(USUAL_LIFE * 24);
                let value = SecretString::from(exchanged.access_token);
                let until = Instant::now() + life.saturating_sub(MARGIN).max(life / 2);
                *held = Some(AccessToken { value: value.clone(), until });
                Ok(Authorization::new("Bearer", value)?)
            }
        }
    }

    /// Forgets the refused access token, unless another has replaced it. Returns whether asking again can help: only with
    /// client credentials.
    pub(super) async fn forget(&self, refused: &Authorization) -> bool {
        let mut held = self.token.lock().await;
        if held.as_ref().is_some_and(|token| token.value.expose_secret() == refused.secret.expose_secret()) {
            *held = None;
        }
        self.credential.kind().is_exchanged()
    }

    /// The secrets that a request was sent with.
    pub(super) fn secrets(&self, sent: Option<&Authorization>) -> Secrets {
        let sent = sent.map(|sent| sent.secret.clone());
        Secrets::new(std::iter::once(self.credential.secret().clone()).chain(sent))
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
        .body(Body::Secret(body.to_string().into()))
        .repeat(Repeat::Safe)
}
