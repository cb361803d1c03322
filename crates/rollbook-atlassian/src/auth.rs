//! Credentials: what they are, where they may be used, and the header they make. No secret is ever shown.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::endpoints::Door;
use super::error::Error;
use super::request::{Body, Host, Repeat, Request};

/// How long before its end an access token is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// What an access token lasts when the answer does not say: 60 minutes (support.atlassian.com "Create OAuth 2.0
/// credential for service accounts").
const USUAL_LIFE: Duration = Duration::from_secs(60 * 60);

/// The fewest characters of a part of a secret that are masked by themselves; shorter parts tell nothing, and are
/// words.
const TELLING: usize = 8;

/// What Rollbook proves with who it is (fact sheet §2).
#[derive(Clone, Debug)]
pub enum Credential {
    /// An e-mail address and an API token.
    Basic {
        /// The account's e-mail address.
        email: String,
        /// The API token.
        token: SecretString,
        /// A scoped token cannot be recognised by looking at it.
        kind: TokenKind,
    },
    /// An OAuth 2.0 access token that somebody else got.
    Bearer(SecretString),
    /// A service account's OAuth 2.0 client.
    ClientCredentials {
        /// The client's id.
        id: String,
        /// The client's secret.
        secret: SecretString,
    },
    /// An organization's API key, for the Organizations and the User management API (fact sheet §0).
    ApiKey(SecretString),
    /// The key of one SCIM directory; it is another one than the organization's (fact sheet §0).
    DirectoryKey(SecretString),
    /// A service account's OAuth 2.0 client for SCIM. It ends no key of the directory (support.atlassian.com "Configure
    /// OAuth 2.0 to enable SCIM authentication").
    DirectoryClient {
        /// The client's id.
        id: String,
        /// The client's secret.
        secret: SecretString,
    },
}

/// Whether an API token carries scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// All rights of its account; works at the site.
    Classic,
    /// Some rights; works behind the gateway only. Service accounts have no other kind.
    Scoped,
}

/// What sort of credential a request was sent with, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// None at all.
    Nothing,
    /// A classic API token.
    Classic,
    /// A scoped API token.
    Scoped,
    /// An access token.
    Bearer,
    /// Client credentials.
    ClientCredentials,
    /// An organization's API key.
    ApiKey,
    /// A SCIM directory's key.
    DirectoryKey,
    /// Client credentials for SCIM.
    DirectoryClient,
}

/// A credential, and the access token that was last got for it.
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

/// The answer to an exchange (RFC 6749 §5.1).
#[derive(Deserialize)]
pub(super) struct Exchanged {
    access_token: String,
    expires_in: Option<u64>,
}

/// The value of an `Authorization` header.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    /// Marked as sensitive, so that it shows as such.
    pub(super) header: HeaderValue,
    /// The secret in it, to be masked should an answer repeat it.
    secret: SecretString,
}

/// What must not be shown of an answer.
#[derive(Clone)]
pub(super) struct Secrets(Vec<SecretString>);

impl Credential {
    /// What sort it is.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Basic { kind: TokenKind::Classic, .. } => CredentialKind::Classic,
            Self::Basic { kind: TokenKind::Scoped, .. } => CredentialKind::Scoped,
            Self::Bearer(_) => CredentialKind::Bearer,
            Self::ClientCredentials { .. } => CredentialKind::ClientCredentials,
            Self::ApiKey(_) => CredentialKind::ApiKey,
            Self::DirectoryKey(_) => CredentialKind::DirectoryKey,
            Self::DirectoryClient { .. } => CredentialKind::DirectoryClient,
        }
    }

    /// Whether a host is sent this credential. Each API takes its own and answers 401 to the others
    /// (fact sheet §2), and a secret leaves for the host that it is for and no other (design §9, 5).
    pub(super) fn is_for(&self, host: Host) -> bool {
        match (host, self.kind()) {
            (Host::Admin, kind) => kind == CredentialKind::ApiKey,
            (Host::Directory, kind) => kind.is_for_directory(),
            (Host::Jira, kind) => {
                !kind.is_for_directory() && ![CredentialKind::ApiKey, CredentialKind::Nothing].contains(&kind)
            }
            (Host::Site | Host::Auth, _) => false,
        }
    }

    /// A scoped token and every OAuth token answer 401 at the site (fact sheet §2).
    pub(super) fn door(&self) -> Door {
        match self.kind() {
            CredentialKind::Nothing | CredentialKind::Classic => Door::Site,
            CredentialKind::Scoped
            | CredentialKind::Bearer
            | CredentialKind::ClientCredentials
            | CredentialKind::ApiKey
            | CredentialKind::DirectoryKey
            | CredentialKind::DirectoryClient => Door::Gateway,
        }
    }

    fn secret(&self) -> &SecretString {
        match self {
            Self::Basic { token: secret, .. }
            | Self::Bearer(secret)
            | Self::ApiKey(secret)
            | Self::DirectoryKey(secret)
            | Self::ClientCredentials { secret, .. }
            | Self::DirectoryClient { secret, .. } => secret,
        }
    }
}

impl CredentialKind {
    /// Whether it is for a SCIM directory, and for nothing else.
    pub(super) fn is_for_directory(self) -> bool {
        matches!(self, Self::DirectoryKey | Self::DirectoryClient)
    }

    /// Whether access tokens are got for it.
    fn is_exchanged(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::DirectoryClient)
    }
}

impl Authorizer {
    pub(super) fn new(credential: Credential) -> Result<Self, Error> {
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
            return Err(Error::Credential);
        }
        Ok(Self { credential, token: Mutex::new(None) })
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The header, from the credential itself or from the access token that `exchange` gets for it. The lock is
    /// held while it is got, so that one exchange is in flight, whoever else waits.
    pub(super) async fn header<F>(&self, exchange: impl FnOnce(Request) -> F) -> Result<Authorization, Error>
    where
        F: Future<Output = Result<Exchanged, Error>>,
    {
        match &self.credential {
            Credential::Basic { email, token, .. } => {
                let pair = STANDARD.encode(format!("{email}:{}", token.expose_secret()));
                Authorization::new("Basic", pair.into())
            }
            Credential::Bearer(token) | Credential::ApiKey(token) | Credential::DirectoryKey(token) => {
                Authorization::new("Bearer", token.clone())
            }
            Credential::ClientCredentials { id, secret } | Credential::DirectoryClient { id, secret } => {
                let mut held = self.token.lock().await;
                if let Some(token) = held.as_ref().filter(|token| Instant::now() < token.until) {
                    return Authorization::new("Bearer", token.value.clone());
                }
                let exchanged = exchange(exchange_request(id, secret)).await?;
                let life = exchanged.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
                // A life of years would leave the clock's range; an hour is what one is worth.
                let life = life.min(USUAL_LIFE * 24);
                let value = SecretString::from(exchanged.access_token);
                let until = Instant::now() + life.saturating_sub(MARGIN).max(life / 2);
                *held = Some(AccessToken { value: value.clone(), until });
                Authorization::new("Bearer", value)
            }
        }
    }

    /// Forgets the access token that was refused, unless another has taken its place. Whether asking again can
    /// help: it can for client credentials alone.
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
        Secrets([Some(self.credential.secret().clone()), sent].into_iter().flatten().collect())
    }
}

impl Secrets {
    /// Replaces every secret, should the peer repeat it: what a proxy echoes must not reach a log. What stands
    /// there instead may stand in the name of a host.
    ///
    /// A peer may escape what it repeats, for JSON, HTML or a URL, and hosts come in lower case. So the parts
    /// that no escape touches are replaced too, whatever their case.
    pub(super) fn mask(&self, text: &str) -> String {
        let touched = |c: char| !c.is_ascii_alphanumeric() && !['-', '.', '_', '~'].contains(&c);
        let mut masked = text.to_owned();
        for secret in &self.0 {
            let secret = secret.expose_secret();
            let parts = secret.split(touched).filter(|part| part.len() >= TELLING);
            masked = std::iter::once(secret).chain(parts).fold(masked, |text, part| without(&text, part));
        }
        masked
    }
}

/// A text without a secret, which is ASCII and not empty.
fn without(text: &str, secret: &str) -> String {
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    // ASCII lower case keeps every byte in its place.
    for (at, found) in lower.match_indices(&secret) {
        masked.push_str(&text[rest..at]);
        masked.push_str("SECRET");
        rest = at + found.len();
    }
    masked.push_str(&text[rest..]);
    masked
}

impl Authorization {
    fn new(scheme: &str, secret: SecretString) -> Result<Self, Error> {
        if secret.expose_secret().is_empty() {
            return Err(Error::Credential);
        }
        let mut header = HeaderValue::from_str(&format!("{scheme} {}", secret.expose_secret()))
            .map_err(|_| Error::Credential)?;
        header.set_sensitive(true);
        Ok(Self { header, secret })
    }
}

/// Where access tokens come from.
pub(super) const EXCHANGE: &str = "/oauth/token";

/// `POST /oauth/token` with a JSON body (fact sheet §2). Getting two tokens does no harm.
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
