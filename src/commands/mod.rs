//! One file per command: the wiring of reads, pure steps, writes and text.

pub mod access;
pub mod apply;
pub mod check;
pub mod ci;
pub mod codeowners;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod fmt;
pub mod generated;
pub mod history;
pub mod import;
pub mod journal;
pub mod lock;
pub mod login;
pub mod logout;
pub mod mcp;
pub mod plan;
pub mod prune;
pub mod rename;
pub mod review;
pub mod sandbox;
pub mod show;
pub mod snapshot;
pub mod trees;
pub mod undo;
pub mod users;

mod applied;
mod connect;
mod execution;
mod planning;
mod reserved;
mod rewrite;
mod session;

use clap::ValueEnum;
pub use execution::CONCURRENCY;

/// The most bytes of a file that a command reads besides a tree.
pub const LIMITS: [(&str, u64); 5] = [
    ("a saved plan", show::LARGEST),
    ("a snapshot", snapshot::LARGEST),
    ("an export of users", lock::LARGEST_EXPORT),
    ("a journal", journal::LARGEST),
    ("an access review", review::LARGEST),
];

pub use crate::atlassian::Waits;
use connect::connect;
use session::block_on;
pub use session::{Session, log};

/// The headings under which `--help` lists options.
const SELECTION: &str = "Selection";
const OUTPUT: &str = "Output";
const SAFETY: &str = "Safety";

/// How a result is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}
