//! Carries out a plan. The only room that writes to a surface.
//!
//! `executor` sends what `run` says is ready and `answer` says what came back, and both are told to the `journal`. `lost`
//! looks for what may have been done in the middle of a run; at its end `settle` has `look` read again what was touched,
//! and turns both into what is known.

mod answer;
mod executor;
mod journal;
mod look;
mod lost;
mod run;
mod settle;

pub use executor::{Executor, Progress};
pub use journal::{JournalError, JournalWriter};
