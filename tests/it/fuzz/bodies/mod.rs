//! What each fuzz target does with an input. The fuzzer calls it, and `cargo test` runs it over the corpus.
//!
//! A target is a file here, a line in [`TARGETS`], a `[[bin]]` of `fuzz/Cargo.toml` with its two lines in
//! `fuzz/fuzz_targets`, and a folder of `fuzz/corpus`. `fuzz.rs` fails where one of these is missing.
#![allow(unreachable_pub, reason = "the fuzz targets are another crate")]

mod accounts;
mod journal;
mod lock;
mod parts;
mod plan;
mod render;
mod request;
mod seed;
mod shown;
mod snapshot;
mod wire;
pub(crate) mod yaml;

/// The most bytes of an input that are looked at, so that each takes bounded time.
const MOST: usize = 32 * 1024;

/// What a target does with an input; it panics where something does not hold.
pub type Body = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Body)] = &[
    ("accounts", accounts::run),
    ("journal", journal::run),
    ("lock", lock::run),
    ("plan", plan::run),
    ("render", render::run),
    ("request", request::run),
    ("seed", seed::run),
    ("snapshot", snapshot::run),
    ("wire", wire::run),
    ("yaml", yaml::run),
];

/// Runs a target.
///
/// # Panics
/// When something does not hold, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let (_, body) = TARGETS.iter().find(|(target, _)| *target == name).expect("the target is in the table");
    body(&data[..data.len().min(MOST)]);
}
