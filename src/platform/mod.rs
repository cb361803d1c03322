//! The platforms that run Rollbook in CI: GitHub Actions, GitLab CI/CD and Bitbucket Pipelines.
//!
//! Each platform has one file: how its variables become a [`Job`], and which of its API's endpoints answer a question.
//! The meaning of the responses is the same for all of them and is in `people`, `range` and `trace`.

mod bitbucket;
mod client;
mod error;
mod github;
mod gitlab;
mod issues;
mod job;
mod people;
mod range;
mod service;
mod trace;

pub use client::{Credential, is_loopback};
pub use error::{Error, Lacking};
pub use issues::{Issue, Issues};
pub use job::{Change, Folder, Job, Kind, Started, Variables};
pub use people::{Authors, People, Person};
pub use range::{Checkout, Compared, Record, base_of_change, last_completed, same_commit};
pub use service::{Comment, PullRequest, Service};
