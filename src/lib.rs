//! Rollbook keeps who may enter an Atlassian Cloud organization in git.
//!
//! The folders are floors, and imports point down only (`tests/it/floors.rs` holds them to it):
//!
//! ```text
//! main → cli, error, environment, exit, terminal      the edge
//! commands                                one file a command: wiring
//! fetch  apply  render                    reads, writes, text
//! config  plan  atlassian  journal  platform   YAML, the diff, the APIs, what was done, where CI runs; sandbox stands apart
//! model                                   every value that crosses a boundary
//! ```
//!
//! `model`, `config`, `plan`, `journal` and `render` are pure: values in, values out. Clock, environment, files and
//! network live in `fetch`, `apply`, `atlassian`, `platform`, `commands` and the one file of `config` that reads files.

pub mod apply;
pub mod atlassian;
pub mod cli;
pub mod commands;
pub mod config;
pub mod environment;
pub mod error;
pub mod exit;
pub mod fetch;
pub mod git;
pub mod journal;
pub mod model;
pub mod plan;
pub mod platform;
pub mod render;
pub mod sandbox;
pub mod terminal;
