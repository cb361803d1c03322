//! The surfaces: one HTTP client, authentication, limits, retries, and one module per surface.
//!
//! Only this package documents the unexpected behaviour of Atlassian's APIs, next to its source. Only `client` names reqwest.
//! This package does not read the environment, a file or the tree: the caller passes [`Endpoints`], a [`Credential`] and
//! [`Options`].
//!
//! A [`Request`] is a value. Reads return values of `model`; a write can only be made from a `model::Operation`, and
//! returns a [`WriteOutcome`] or an [`Error`] that says whether it may have been done.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use http_body_util::Full;
//! use rollbook_atlassian::{Client, Credential, Endpoints, Host, Options, Overrides, Request, TokenKind};
//! use secrecy::SecretString;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A service instead of a site; it names the current account.
//! let site = tower::service_fn(async |_request| {
//!     let body = Full::from(r#"{ "accountId": "712020:ada" }"#);
//!     let json = http::Response::builder().header("content-type", "application/json");
//!     Ok::<_, Infallible>(json.body(body).expect("a response"))
//! });
//! let token = SecretString::from("api-token");
//! let ada = Credential::Basic { email: "ada@acme.com".into(), token, kind: TokenKind::Classic };
//! let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default())?;
//! let client = Client::in_process(site, endpoints, ada, Options::default())?;
//! let request = Request::read(Host::Jira, "/rest/api/3/myself");
//! let answer = client.read::<serde_json::Value>(&request).await?;
//! assert_eq!(answer["accountId"], "712020:ada");
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod client;
mod credential;
mod cursor;
mod endpoints;
mod error;
mod fault;
mod holding;
pub mod jira;
mod limiter;
mod login;
pub mod management;
pub mod organization;
mod page;
mod proxy;
mod reader;
mod request;
mod retry;
pub mod scim;
mod send;
mod site;
mod surfaces;
mod words;
mod write_outcome;

pub use answer::Answer;
pub use client::{Client, IN_FLIGHT, Network, Options, use_cryptography};
pub use credential::{Credential, CredentialKind, TokenKind};
pub use endpoints::{CloudId, Endpoints, HostError, Overrides};
pub use error::{Error, SendError, SendKind, SetupError};
pub use fault::{Answered, At, Concern, Fault, of_certificate};
pub use holding::{Waiting, Waits};
pub use jira::Jira;
pub use limiter::{Limiter, Pace, published_rate};
pub use login::{Consent, GrantedSite, Login, LoginError, LoginStore, OAuthApp, Stored, Tokens};
pub use management::Management;
pub use organization::Organization;
pub use reader::Reader;
pub use request::{Body, Host, Repeat, Request, RequestError};
pub use retry::{Decision, Event, Pause, backoff, classify};
pub use scim::Scim;
pub use send::Sending;
pub use site::Site;
pub use surfaces::{Sent, Surfaces, most_together, per_second, route, together};
pub use write_outcome::{MadeIds, WriteOutcome};
