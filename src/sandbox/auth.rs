//! Who asks: credentials → account, by the door they came to (fact sheet §2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use super::seed::{SeedCredential, SeedToken};
use super::state::State;
use super::world::World;

/// The host that a request came to. Each knows its own credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `https://SITE.atlassian.net`: Basic with a classic token.
    Site,
    /// `https://api.atlassian.com/ex/jira/CLOUD-ID`: Basic with a scoped token, and Bearer.
    Gateway,
    /// What stands beside Jira: `/oauth/token`, `/_edge/tenant_info`.
    Edge,
}

/// An authenticated account.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) account_id: String,
    /// Empty for every scope.
    pub(super) scopes: Vec<String>,
}

/// What the `Authorization` header says.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// There is no header.
    Anonymous,
    /// Credentials that do not work here: wrong, expired, of an inactive account, or for another door.
    Wrong,
    /// Credentials that work.
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
    } else if scheme.eq_ignore_ascii_case("bearer") && door != Door::Site {
        bearer(world, value.trim())
    } else {
        None
    };
    let live = |credential: &&SeedCredential| {
        let account = world.state.accounts.get(credential.account());
        !credential.expired() && account.is_some_and(super::state::Account::is_live)
    };
    found.filter(live).map_or(Identity::Wrong, |credential| {
        Identity::Known(Caller {
            account_id: credential.account().to_owned(),
            scopes: credential.scopes().to_vec(),
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
        SeedCredential::Bearer(_) | SeedCredential::OauthClient(_) => false,
    })
}

fn bearer<'a>(world: &'a World, secret: &str) -> Option<&'a SeedCredential> {
    if let Some((credential, until)) = world.tokens.get(secret) {
        return world.state.credentials.get(*credential).filter(|_| Instant::now() < *until);
    }
    world.state.credentials.iter().find(|credential| match credential {
        SeedCredential::Bearer(token) => token.token == secret,
        SeedCredential::Basic(_) | SeedCredential::Scoped(_) | SeedCredential::OauthClient(_) => false,
    })
}
