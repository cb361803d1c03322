//! The one integration test binary.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails"
)]

mod atlassian;
mod cli;
mod config;
mod docs;
mod edge;
mod fuzz;
mod journal;
mod plan;
mod render;
mod rooms;
mod sandbox;
mod support;
mod words;

use support::{soak, spec, world};
