//! The bodies of the fuzz targets, which are with the tests.

#[path = "../tests/it/fuzz/bodies/mod.rs"]
mod bodies;
#[allow(dead_code, reason = "tests use the rest of it")]
#[path = "../tests/it/support/world/mod.rs"]
mod world;

pub use bodies::{TARGETS, run};
