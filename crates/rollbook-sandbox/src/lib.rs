//! The built-in emulator of the surfaces: one plausible [`State`], and the responses of Atlassian's APIs to it.
//!
//! The sandbox is independent. It imports no other package of Rollbook and has its own wire types, so that it and the
//! contract tests notice a mistake in the client. It is honest: it behaves as docs/atlassian.md says, quirks included; if
//! that page does not know, the comment says "assumption". Users may rely on it to try a policy before they trust it.
//!
//! The modules, in the order in which a request passes them:
//!
//! ```text
//! emulator    Sandbox: the handle, its options, the axum router over the route tables
//! middleware  latency → failure → rate limit → authentication → the route's handler → log → delivery
//! faults      the shares of random faults; `fault_roll` draws one; `script`: exact faults, as tests ask for them
//! deliver     sends the response, complete or not; `concurrent_change`: a list that changes while it is read
//! jira/       the routes of Jira REST v3: a plain `fn(&mut RequestContext) -> Result<Reply, Reply>` each
//! organization/  Organizations API; management/ user management; scim/ user provisioning: the same way
//! edge        what answers beside Jira: cloud id, OAuth tokens; `consent`: logins in the browser
//! world       the state as writes see it and, `lag` later, as reads see it
//! state       accounts, groups, memberships, apps, and rights
//! change      every way in which the state can change; also the body of `/_sandbox/edit` (`people`: accounts)
//! seed        the YAML that a state comes from and goes back to (`resolve`; `problem`, `ids`)
//! control     `/_sandbox/…`: looks into the sandbox and changes it behind the client's back
//! ```
//!
//! Time is tokio's (a paused clock works), randomness comes from `Options::rng_seed`.
//!
//! ```
//! use rollbook_sandbox::{Change, Options, Sandbox, Seed};
//!
//! let seed = "site: { name: acme }\nusers:\n  - { email: ada@acme.com, name: Ada }\ngroups:\n  - { name: developers }\n";
//! let sandbox = Sandbox::new(&Seed::parse(seed)?, &Options::default())?;
//! sandbox.edit(&Change::AddMember { group: "developers".into(), user: "ada@acme.com".into() })?;
//! let state = sandbox.state();
//! let developers = state.groups.values().find(|group| group.name == "developers").ok_or("it is there")?;
//! assert_eq!(developers.members.len(), 1);
//! // An axum router: serve it, or send into it.
//! let router = sandbox.router();
//! # drop(router);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auth;
mod change;
mod concurrent_change;
mod consent;
mod control;
mod credential;
mod deliver;
mod emulator;
mod fault_roll;
mod faults;
mod ids;
mod ingress;
mod jira;
mod limits;
mod log;
mod management;
mod middleware;
mod organization;
mod people;
mod problem;
mod query;
mod reply;
mod request_context;
mod resolve;
mod scim;
mod script;
mod seed;
mod serve;
mod state;
mod words;
mod world;

pub use change::{Change, Refused};
pub use credential::{SeedClient, SeedCredential, SeedOauthApp, SeedOrgKey, SeedScimKey, SeedToken};
pub use emulator::{Options, Sandbox};
pub use faults::{Fault, Faults, NoFaults};
pub use limits::Limits;
pub use log::{RequestLog, Write};
pub use problem::SeedProblem;
pub use script::{Answer, Failure, Garbled, Moment};
pub use seed::{Seed, SeedApp, SeedError, SeedGroup, SeedOrganization, SeedScim, SeedSite, SeedUser};
pub use serve::serve;
pub use state::{Account, App, Group, Organization, ScimRecord, Site, State};
pub use words::{AccountType, AppType, Deletion, Grant, Grants, ManagedBy, PlatformRole, Usage};
