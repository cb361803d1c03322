//! Logins in the browser, by OAuth 2.0 with a person's consent (docs/atlassian.md#logins-in-the-browser): the tokens that
//! they give, and where those are between runs.
//!
//! A refresh token is for one use, and processes share it. So a process that renews them holds the store's
//! lock, reads again what is stored, and stores the new tokens before they are used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::auth::{Exchanged, USUAL_LIFE};
use super::client::Client;
use super::credential::EXCHANGE;
use super::endpoints::{Door, Endpoints};
use super::error::Error;
use super::fault::Fault;
use super::request::{Body, Host, Repeat, Request, RequestError};

/// How long before its end an access token is renewed, at most half of its life.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);

/// No access token lasts longer: where one seems to, the clock was set back.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How long another process may hold the lock. It sends one request meanwhile, with its retries.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often the lock is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// What Atlassian answers where a refresh token is not taken any more.
const ENDED: [&str; 2] = ["invalid_grant", "unauthorized_client"];

/// An OAuth 2.0 app that people give consent to.
#[derive(Clone, Debug)]
pub struct OAuthApp {
    /// The client's id.
    pub id: String,
    /// Its secret, which Atlassian wants from programs on a laptop, too.
    pub secret: SecretString,
}

/// A login: the app, and where its tokens are.
#[derive(Clone, Debug)]
pub struct Login {
    /// The app.
    pub app: OAuthApp,
    /// Where the tokens are.
    pub store: Arc<dyn LoginStore>,
}

/// The tokens of a login.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What requests are sent with.
    pub access: SecretString,
    /// When it ends, by this machine's clock.
    pub access_ends: Timestamp,
    /// What the next access token is got with, once.
    pub refresh: SecretString,
    /// When they were got, by this machine's clock.
    pub renewed: Timestamp,
}

/// What is stored of a login.
#[derive(Clone, Debug)]
pub enum Stored {
    /// Its tokens.
    Tokens(Tokens),
    /// That Atlassian does not renew it any more.
    Ended,
    /// Nothing.
    Nothing,
}

/// Keeps the tokens of one login for all processes of a user. Errors are sentences without a full stop.
pub trait LoginStore: fmt::Debug + Send + Sync {
    /// Takes the lock, which lasts as long as the returned guard; `None` if another process has it.
    ///
    /// # Errors
    /// When there cannot be a lock.
    fn try_lock(&self) -> Result<Option<Box<dyn Send>>, String>;

    /// Reads what is stored.
    ///
    /// # Errors
    /// When it cannot be read, or others could read it.
    fn read(&self) -> Result<Stored, String>;

    /// Replaces the tokens of the login. They are on disk when it returns.
    ///
    /// # Errors
    /// When they are not.
    fn write(&self, tokens: &Tokens) -> Result<(), String>;

    /// Notes that Atlassian does not renew the login any more.
    ///
    /// # Errors
    /// When that cannot be noted.
    fn end(&self) -> Result<(), String>;
}

/// Why a login is invalid.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum LoginError {
    /// Atlassian said earlier that it does not renew it any more.
    #[error("the login has ended: Atlassian does not renew it any more")]
    #[diagnostic(help("{AGAIN}"))]
    Ended,
    /// Somebody logged out.
    #[error("the login is gone: `rollbook logout` has run since")]
    #[diagnostic(help("Run `rollbook login`."))]
    Gone,
    /// Another process does not let go of the lock.
    #[error("another run has been renewing the login for {} s", PATIENCE.as_secs())]
    #[diagnostic(help("End that run, and run this one again."))]
    Locked,
    /// The tokens cannot be stored or read.
    #[error("the stored login cannot be used: {0}")]
    #[diagnostic(help("Correct that, or run `rollbook logout` and `rollbook login`."))]
    Store(String),
    /// The login would end with its access token.
    #[error("Atlassian gave an access token, and no refresh token")]
    #[diagnostic(help(
        "Rollbook asks for the scope `offline_access`, which gives one. Let the app be an OAuth 2.0 (3LO) app, and run \
         `rollbook login` again."
    ))]
    NoRefreshToken,
}

/// What helps where a login has ended.
pub(super) const AGAIN: &str = "Run `rollbook login` again. A login ends after 90 days in which it is not used, 365 days after the consent \
                                however often it is used, when the account's password changes, and when the app is taken out of \
                                its connected apps.";

/// What somebody is asked to consent to.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The client's id.
    pub client_id: &'a str,
    /// The scopes.
    pub scopes: &'a [&'a str],
    /// Where the browser is sent afterwards.
    pub redirect: &'a str,
    /// What must come back with the browser.
    pub state: &'a str,
}

/// A site that a login reaches.
#[derive(Clone, Debug, Deserialize)]
pub struct GrantedSite {
    /// Its cloud id.
    pub id: String,
    /// Its address.
    pub url: String,
    /// The scopes that were consented to for it.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl Endpoints {
    /// The address where somebody gives consent, and which the browser opens.
    ///
    /// # Errors
    /// None: the route has no places to fill.
    pub fn consent(&self, consent: &Consent<'_>) -> Result<String, RequestError> {
        let target = Request::read(Host::Auth, "/authorize")
            .query("audience", "api.atlassian.com")
            .query("client_id", consent.client_id)
            .query("scope", consent.scopes.join(" "))
            .query("redirect_uri", consent.redirect)
            .query("state", consent.state)
            .query("response_type", "code")
            .query("prompt", "consent")
            .target()?;
        Ok(format!("{}{target}", self.authority()))
    }

    /// The origin of the authorization server, which issues a login.
    pub fn authority(&self) -> &str {
        self.origin(Host::Auth, Door::Gateway).as_str()
    }
}

impl Client {
    /// Gets the tokens for the code that the browser brought. A code is for one use.
    ///
    /// # Errors
    /// As [`Client::read`], and [`LoginError::NoRefreshToken`].
    pub async fn redeem(&self, app: &OAuthApp, code: &SecretString, redirect: &str) -> Result<Tokens, Error> {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect),
        ];
        let request = token_request(app, &grant, code, Repeat::Never);
        let exchanged = self.exchange(request).await?;
        let refresh = exchanged.refresh_token.clone().ok_or(LoginError::NoRefreshToken)?;
        Ok(exchanged.tokens(refresh.into(), (self.options.wall)()))
    }

    /// Reads which sites a login reaches: all that were ever consented to with this app (docs/atlassian.md#logins-in-the-browser).
    ///
    /// # Errors
    /// As [`Client::read`].
    pub async fn granted_sites(&self) -> Result<Vec<GrantedSite>, Error> {
        self.read(&Request::read(Host::Resources, "/oauth/token/accessible-resources")).await
    }
}

impl Login {
    /// The tokens that may be used now, but for an access token that was refused; renewed where that is due. What could not be
    /// stored is left in `unsaved`.
    pub(super) async fn tokens<F>(
        &self,
        refused: Option<&SecretString>,
        unsaved: &mut Option<Tokens>,
        wall: fn() -> Timestamp,
        exchange: impl FnOnce(Request) -> F,
    ) -> Result<Tokens, Error>
    where
        F: Future<Output = Result<Exchanged, Error>>,
    {
        let _lock = self.lock().await?;
        let stored = match self.store.read().map_err(LoginError::Store)? {
            Stored::Tokens(tokens) => tokens,
            Stored::Ended => return Err(LoginError::Ended.into()),
            Stored::Nothing => return Err(LoginError::Gone.into()),
        };
        let current = unsaved.take().filter(|unsaved| unsaved.renewed > stored.renewed).unwrap_or(stored);
        let refused = refused.is_some_and(|it| it.expose_secret() == current.access.expose_secret());
        if !refused && !current.remaining(wall()).is_zero() {
            return Ok(current);
        }
        tracing::info!("renewing the login");
        let grant = [("grant_type", "refresh_token"), ("refresh_token", current.refresh.expose_secret())];
        // For ten minutes it is taken again, so that a lost answer loses nothing.
        let request = token_request(&self.app, &grant, &current.refresh, Repeat::Safe);
        let exchanged = match exchange(request).await {
            Ok(exchanged) => exchanged,
            Err(error) => {
                if error.fault().is_some_and(ends_login)
                    && let Err(why) = self.store.end()
                {
                    tracing::warn!("that the login has ended could not be stored: {why}");
                }
                return Err(error);
            }
        };
        let refresh = exchanged.refresh_token.clone().map_or(current.refresh, SecretString::from);
        let next = exchanged.tokens(refresh, wall());
        if let Err(why) = self.store.write(&next) {
            tracing::warn!(
                "the renewed login could not be stored, and is lost unless this run stores it later: {why}. Once that is corrected, \
                 run `rollbook login` if it has ended"
            );
            *unsaved = Some(next.clone());
        }
        Ok(next)
    }

    /// Waits for the lock.
    async fn lock(&self) -> Result<Box<dyn Send>, LoginError> {
        let start = Instant::now();
        loop {
            if let Some(lock) = self.store.try_lock().map_err(LoginError::Store)? {
                return Ok(lock);
            }
            if start.elapsed() >= PATIENCE {
                return Err(LoginError::Locked);
            }
            sleep(TRY_EVERY).await;
        }
    }
}

impl Tokens {
    /// How long the access token is used from now on; `None` if it must be renewed.
    pub(super) fn remaining(&self, now: Timestamp) -> Duration {
        let life = self.access_ends.duration_since(self.renewed);
        let margin = MARGIN.min(life / 2);
        let remaining = self.access_ends.duration_since(now) - margin;
        if remaining > LONGEST_LIFE { Duration::ZERO } else { remaining.try_into().unwrap_or_default() }
    }
}

impl Exchanged {
    fn tokens(self, refresh: SecretString, now: Timestamp) -> Tokens {
        let life = self.expires_in.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE.unsigned_abs());
        let access_ends = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        Tokens { access: self.access_token.into(), access_ends, refresh, renewed: now }
    }
}

/// Whether Atlassian says that it does not renew a login any more. Anything else may pass.
pub(super) fn ends_login(fault: &Fault) -> bool {
    match fault {
        Fault::Unauthorized(it) | Fault::Forbidden(it) | Fault::Refused(it) => {
            ENDED.iter().any(|word| it.words.as_str().contains(word))
        }
        Fault::NoSuchHost
        | Fault::ClosedPort
        | Fault::Unreachable(_)
        | Fault::ConnectTimeout { .. }
        | Fault::Tls(_)
        | Fault::NoAuthorities(_)
        | Fault::Setup(_)
        | Fault::NoProxy { .. }
        | Fault::ProxyRefuses { .. }
        | Fault::Timeout { .. }
        | Fault::Unprocessed(_)
        | Fault::Broken(_)
        | Fault::TooLarge { .. }
        | Fault::NotJson(_)
        | Fault::Page(_)
        | Fault::NoSite(_)
        | Fault::Login { .. }
        | Fault::Redirect { .. }
        | Fault::Shape(_)
        | Fault::MissingScope(_)
        | Fault::NotFound(_)
        | Fault::Limited(_)
        | Fault::Server(_) => false,
    }
}

/// `POST /oauth/token` with a JSON body, as Atlassian documents it.
fn token_request(app: &OAuthApp, grant: &[(&str, &str)], sent: &SecretString, repeat: Repeat) -> Request {
    let mut body = json!({ "client_id": app.id, "client_secret": app.secret.expose_secret() });
    for (name, value) in grant {
        body[*name] = Value::from(*value);
    }
    let holds = vec![app.secret.clone(), sent.clone()];
    Request::write(Method::POST, Host::Auth, EXCHANGE)
        .body(Body::Secret { text: body.to_string().into(), holds })
        .repeat(repeat)
}
