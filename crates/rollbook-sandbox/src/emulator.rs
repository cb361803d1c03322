//! The handle: a cheap clone of one running emulator.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::watch;

use super::auth::Door;
use super::change::{Change, Refused};
use super::credential::SeedCredential;
use super::fault_roll::FaultRoll;
use super::faults::Faults;
use super::limits::{Limiter, Limits};
use super::log::RequestLog;
use super::middleware::{self, Inside};
use super::request_context::{Route, in_version};
use super::script::{Failure, Scripts};
use super::seed::{Seed, SeedError};
use super::state::State;
use super::world::World;
use super::{consent, control, ingress, jira, management, organization, scim};

/// How the sandbox behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How long every response takes.
    pub latency: Duration,
    /// How long a change of membership stays invisible to reads. Writes and rights see it at once, so a member
    /// that no read shows may be "already a member" (docs/atlassian.md#reads-lag-behind-writes: no figure is
    /// published).
    pub lag: Duration,
    /// How many requests a second are taken.
    pub limits: Limits,
    /// The share of requests that fail, and how: on every route except `/_sandbox/…`.
    pub faults: Faults,
    /// The seed of IDs, tokens and the hidden order of people.
    pub rng_seed: u64,
    /// The time of day at the start; from the system's clock if left out. It advances with tokio's clock.
    pub epoch: Option<Timestamp>,
}

/// An emulator of one Atlassian site. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    latency: Duration,
    inside: Arc<Mutex<Inside>>,
    /// Turns true when stalled responses need not be held any longer.
    closing: Arc<watch::Sender<bool>>,
}

impl Sandbox {
    /// Starts from a seed.
    ///
    /// # Errors
    ///
    /// [`SeedError::Invalid`] for a seed whose values do not fit together; never for one from [`Seed::parse`].
    pub fn new(seed: &Seed, options: &Options) -> Result<Sandbox, SeedError> {
        let state = State::from_seed(seed).map_err(SeedError::Invalid)?;
        let epoch = options.epoch.unwrap_or_else(Timestamp::now);
        let inside = Inside {
            world: World::new(state, options.lag, options.rng_seed, epoch),
            limiter: Limiter::new(options.limits),
            scripts: Scripts::default(),
            dice: FaultRoll::new(options.faults.clone(), options.rng_seed),
            log: RequestLog::default(),
        };
        let inside = Arc::new(Mutex::new(inside));
        Ok(Sandbox { latency: options.latency, inside, closing: Arc::default() })
    }

    /// The routes, for `tower::ServiceExt::oneshot` in process or for [`super::serve`].
    pub fn router(&self) -> Router {
        let mut router = control::router(self);
        for route in jira::ROUTES {
            for version in jira::VERSIONS {
                let path = in_version(route.path, version);
                router = self.add(router, &path, route, Door::Site);
                router = self.add(router, &format!("/ex/jira/{{cloudId}}{path}"), route, Door::Gateway);
            }
        }
        let others: [(&'static [Route], Door); 6] = [
            (ingress::ROUTES, Door::Edge),
            (consent::ROUTES, Door::Edge),
            (organization::ROUTES, Door::Organization),
            (management::ROUTES, Door::Management),
            (scim::ROUTES, Door::Scim),
            (scim::LINK_ROUTES, Door::Organization),
        ];
        for (routes, door) in others {
            for route in routes {
                router = self.add(router, route.path, route, door);
            }
        }
        let astray = |status| {
            let sandbox = self.clone();
            move |request: Request| middleware::astray(sandbox.clone(), status, request)
        };
        router
            .method_not_allowed_fallback(astray(StatusCode::METHOD_NOT_ALLOWED))
            .fallback(astray(StatusCode::NOT_FOUND))
    }

    fn add(&self, router: Router, path: &str, route: &'static Route, door: Door) -> Router {
        let sandbox = self.clone();
        let handler = move |request: Request| middleware::pass(sandbox.clone(), route, door, request);
        // The tables of routes only have methods that axum knows.
        let Ok(filter) = MethodFilter::try_from(route.method.clone()) else {
            return router;
        };
        router.route(path, on(filter, handler))
    }

    /// The current state, regardless of lag.
    pub fn state(&self) -> State {
        self.inside(|inside| inside.world.state.clone())
    }

    /// The seed that describes the current state, as `--state` saves it.
    pub fn to_seed(&self) -> Seed {
        self.inside(|inside| inside.world.state.to_seed())
    }

    /// The requests so far.
    pub fn requests(&self) -> RequestLog {
        self.inside(|inside| inside.log.clone())
    }

    /// The account IDs of the people whom Atlassian mailed that they got an app by a group's role, in order.
    pub fn mails(&self) -> Vec<String> {
        self.inside(|inside| inside.world.mails.clone())
    }

    /// Changes the state behind the client's back, like a manual change in the admin console.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is impossible; then nothing has changed. Rights are not checked.
    pub fn edit(&self, change: &Change) -> Result<(), Refused> {
        self.inside(|inside| inside.world.change(change))
    }

    /// Lets the next request to a route fail; several wait in line. `route` is `METHOD /route/template`, such as
    /// `GET /rest/api/3/group/member`, for every host and every version of the API: everything is counted, limited and
    /// scripted under version 3.
    pub fn fail_next(&self, route: &str, failure: Failure) {
        self.inside(|inside| inside.scripts.push(route, failure));
    }

    /// The environment variables that make `rollbook` use this sandbox at `base_url` (no slash at the end), with
    /// the first credential of each kind that has not expired. Values are not quoted for a shell.
    pub fn exports(&self, base_url: &str) -> Vec<(String, String)> {
        let state = self.state();
        let first = |fits: fn(&SeedCredential) -> bool| {
            let of_kind = || state.credentials.iter().filter(|credential| fits(credential));
            of_kind().find(|credential| !credential.expired()).or(of_kind().next())
        };
        let hosts = ["ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_ENDPOINT_GATEWAY"];
        let mut exports = hosts.map(|name| (name, base_url.to_owned())).to_vec();
        exports.extend(first(SeedCredential::is_for_jira).into_iter().flat_map(|it| login(&state, it)));
        if let Some(SeedCredential::OauthApp(app)) = first(|it| matches!(it, SeedCredential::OauthApp(_))) {
            exports.push(("ROLLBOOK_OAUTH_CLIENT_ID", app.client_id.clone()));
            exports.push(("ROLLBOOK_OAUTH_CLIENT_SECRET", app.client_secret.clone()));
        }
        if let Some(key) = first(|it| matches!(it, SeedCredential::OrgApiKey(_))) {
            exports.push(("ROLLBOOK_ORG_API_KEY", key.secret().to_owned()));
        }
        if let Some(key) = first(|it| matches!(it, SeedCredential::ScimApiKey(_))) {
            exports.push(("ROLLBOOK_SCIM_API_KEY", key.secret().to_owned()));
            exports.push(("ROLLBOOK_ENDPOINT_SCIM", base_url.to_owned()));
        }
        exports.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(super) fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        // The state is sound even if a handler panicked: changes happen completely or not at all.
        look(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Releases stalled responses, now and from now on.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(super) async fn wait_latency(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }
}

/// The environment variables of a credential for Jira; empty for other credentials.
fn login(state: &State, credential: &SeedCredential) -> Vec<(&'static str, String)> {
    let email = |account: &str| {
        state.accounts.get(account).and_then(|account| account.email.clone()).unwrap_or_default()
    };
    match credential {
        SeedCredential::Basic(token) => {
            vec![("ROLLBOOK_EMAIL", email(&token.account)), ("ROLLBOOK_API_TOKEN", token.token.clone())]
        }
        SeedCredential::Scoped(token) => vec![
            ("ROLLBOOK_EMAIL", email(&token.account)),
            ("ROLLBOOK_API_TOKEN", token.token.clone()),
            ("ROLLBOOK_TOKEN_KIND", "scoped".to_owned()),
        ],
        SeedCredential::Bearer(token) => vec![("ROLLBOOK_ACCESS_TOKEN", token.token.clone())],
        SeedCredential::OauthClient(client) => vec![
            ("ROLLBOOK_CLIENT_ID", client.client_id.clone()),
            ("ROLLBOOK_CLIENT_SECRET", client.client_secret.clone()),
        ],
        SeedCredential::OauthApp(_) | SeedCredential::OrgApiKey(_) | SeedCredential::ScimApiKey(_) => {
            Vec::new()
        }
    }
}
