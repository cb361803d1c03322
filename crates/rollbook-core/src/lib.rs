//! The core of Rollbook: values in, values out. No network, async runtime, clock or environment; one file of `config` reads
//! a tree's files.
//!
//! ```text
//! render            text, Markdown and JSON for people and machines
//! config  plan  journal    YAML to a declaration, the diff and its pipeline, what was done
//! model             every value that crosses a boundary
//! ```
//!
//! Imports point down.

pub mod config;
pub mod journal;
pub mod model;
pub mod plan;
pub mod render;
