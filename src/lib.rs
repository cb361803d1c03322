//! Rollbook manages access to an Atlassian Cloud organization from a git repository.
//!
//! The libraries below are this package's floors, and this package is the edge: the code that reads, writes and asks.
//!
//! ```text
//! cli → commands → fetch, apply, login, git, platform    wiring, reads, writes, logins, the repository, where CI runs
//! rollbook-atlassian                                the client of Atlassian's APIs: `atlassian`
//! rollbook-sandbox                                  an emulator of them, which knows nothing of the rest: `sandbox`
//! rollbook-core                                     pure: `model`, `config`, `plan`, `journal`, `render`
//! ```

pub use rollbook_atlassian as atlassian;
pub use rollbook_core::{config, journal, model, plan, render};
pub use rollbook_sandbox as sandbox;

pub mod apply;
pub mod cli;
pub mod commands;
pub mod environment;
pub mod error;
pub mod exit;
pub mod fetch;
mod files;
pub mod git;
pub mod login;
pub mod platform;
pub mod terminal;
