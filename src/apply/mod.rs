//! Carries out a plan. Floor 2; the only room that writes to a surface.
//!
//! `executor` sends what `run` says is ready and `answer` says what came back, and both are told to the `journal`; `settle` has `look` read again what was touched,
//! for what `sight` says it must show, and turns both into what is known.

mod answer;
mod executor;
mod journal;
mod look;
mod run;
mod settle;
mod sight;

pub use executor::{Executor, Progress};
pub use journal::{JournalError, JournalWriter};
