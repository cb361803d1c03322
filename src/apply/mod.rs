//! Carries out a plan. Floor 2; the only room that writes to a surface.
//!
//! `executor` sends what is ready, `answer` says what came back, and `settle` reads what was touched again and turns what the surface answered
//! into what is known.

mod answer;
mod executor;
mod settle;

pub use executor::{Executor, Progress};
