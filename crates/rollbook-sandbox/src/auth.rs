//! Authentication: credentials → account, by the host that they were sent to (docs/atlassian.md#credentials).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use super::credential::{SeedCredential, SeedToken};
use super::state::State;
use super::world::{Holder, World};

/// The host that a request was sent to. Each accepts its own credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `https://SITE.atlassian.net`: Basic with a classic token.
    Site,
    /// `https://api.atlassian.com/ex/jira/CLOUD-ID`: Basic with a scoped token, and Bearer.
    Gateway,
    /// The routes besides Jira: `/oauth/token`, `/_edge/tenant_info`.
    Edge,
    /// `https://api.atlassian.com/admin`: Bearer with a key of the organization.
    Organization,
    /// `https://api.atlassian.com/users`: the same key.
    Management,
    /// `https://api.atlassian.com/scim`: Bearer with the key of a SCIM directory.
    Scim,
}

/// An authenticated account or key.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// `None` for a key without an account.
    pub(super) account_id: Option<String>,
    /// The SCIM directory that a key is for.
    pub(super) directory: Option<String>,
    /// Empty for every scope.
    pub(super) scopes: Vec<String>,
    /// The consent that an access token came from.
    pub(super) consent: Option<usize>,
}

/// The content of the `Authorization` header.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// There is no header.
    Anonymous,
    /// Invalid credentials: wrong, expired, of an inactive account, or for another host.
    Wrong,
    /// Valid credentials.
    Known(Caller),
}

/// Reads the `Authorization` header.
pub(super) fn identify(world: &World, door: Door, header: Option<&str>) -> Identity {
    let Some(header) = header else {
        return Identity::Anonymous;
    };
    let (scheme, value) = header.split_once(' ').unwrap_or((header, ""));
    let found = if scheme.eq_ignore_ascii_case("basic") {
        basic(&world.state, door, value.trim())
    } else if scheme.eq_ignore_ascii_case("bearer") {
        match door {
            Door::Site => None,
            Door::Gateway | Door::Edge => bearer(world, door, value.trim()),
            Door::Organization | Door::Management => key(&world.state, door, value.trim()),
            Door::Scim => key(&world.state, door, value.trim()).or_else(|| client_token(world, value.trim())),
        }
    } else {
        None
    };
    let live = |credential: &&SeedCredential| {
        let account = credential.account().and_then(|id| world.state.accounts.get(id));
        let acts = !credential.is_for_jira() || account.is_some_and(super::state::Account::is_live);
        !credential.expired() && acts
    };
    found.filter(live).map_or(Identity::Wrong, |credential| {
        Identity::Known(Caller {
            account_id: credential.account().map(str::to_owned),
            directory: credential.directory().map(str::to_owned),
            scopes: credential.scopes().to_vec(),
            consent: world.consent_of(value.trim()),
        })
    })
}

fn basic<'a>(state: &'a State, door: Door, encoded: &str) -> Option<&'a SeedCredential> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (email, secret) = decoded.split_once(':')?;
    let fits = |token: &SeedToken| {
        let owner = state.accounts.get(&token.account).and_then(|account| account.email.as_deref());
        token.token == secret && owner.is_some_and(|owner| owner.eq_ignore_ascii_case(email))
    };
    state.credentials.iter().find(|credential| match credential {
        SeedCredential::Basic(token) => door == Door::Site && fits(token),
        SeedCredential::Scoped(token) => door == Door::Gateway && fits(token),
        SeedCredential::Bearer(_)
        | SeedCredential::OauthClient(_)
        | SeedCredential::OauthApp(_)
        | SeedCredential::OrgApiKey(_)
        | SeedCredential::ScimApiKey(_) => false,
    })
}

/// A key, at the surface that it is for; tokens of accounts do not work there (docs/atlassian.md#surfaces-and-hosts).
fn key<'a>(state: &'a State, door: Door, secret: &str) -> Option<&'a SeedCredential> {
    state.credentials.iter().find(|credential| match credential {
        SeedCredential::OrgApiKey(key) => door != Door::Scim && key.key == secret,
        SeedCredential::ScimApiKey(key) => door == Door::Scim && key.key == secret,
        SeedCredential::Basic(_)
        | SeedCredential::Scoped(_)
        | SeedCredential::Bearer(_)
        | SeedCredential::OauthClient(_)
        | SeedCredential::OauthApp(_) => false,
    })
}

/// The OAuth client that a token was made for. SCIM takes these as well as its keys (support.atlassian.com "Configure
/// OAuth 2.0 to enable SCIM authentication"); the sandbox does not check that the service account is User access
/// admin of an app.
fn client_token<'a>(world: &'a World, secret: &str) -> Option<&'a SeedCredential> {
    let (holder, until) = world.tokens.get(secret)?;
    let Holder::Client(credential) = holder else { return None };
    world.state.credentials.get(*credential).filter(|_| Instant::now() < *until)
}

/// The consent that a token was made for, as long as its app is there.
fn consent_token<'a>(world: &'a World, door: Door, secret: &str) -> Option<&'a SeedCredential> {
    let (Holder::Consent(consent), until) = world.tokens.get(secret)? else { return None };
    let app = world.consents.client_of(*consent)?;
    let there = world.state.credentials.iter().any(|it| it.oauth_app(app).is_some());
    let here = door == Door::Edge || world.consents.is_for_site(*consent);
    world.consents.credential(*consent).filter(|_| there && here && Instant::now() < *until)
}

impl World {
    fn consent_of(&self, secret: &str) -> Option<usize> {
        match self.tokens.get(secret)?.0 {
            Holder::Consent(consent) => Some(consent),
            Holder::Client(_) => None,
        }
    }
}

fn bearer<'a>(world: &'a World, door: Door, secret: &str) -> Option<&'a SeedCredential> {
    if world.tokens.contains_key(secret) {
        return client_token(world, secret).or_else(|| consent_token(world, door, secret));
    }
    world.state.credentials.iter().find(|credential| match credential {
        SeedCredential::Bearer(token) => token.token == secret,
        SeedCredential::Basic(_)
        | SeedCredential::Scoped(_)
        | SeedCredential::OauthClient(_)
        | SeedCredential::OauthApp(_)
        | SeedCredential::OrgApiKey(_)
        | SeedCredential::ScimApiKey(_) => false,
    })
}
