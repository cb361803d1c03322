//! Carries out a plan. The only room that writes to a surface.
//!
//! `executor` sends the operations that `run` reports as ready, `answer` reads the responses, and the `journal` records both.
//! During a run `lost` looks for operations that may have been done; at its end `settle` lets `look` read everything that was
//! touched, and turns responses and reads into outcomes.

mod answer;
mod executor;
mod journal;
mod look;
mod lost;
mod run;
mod settle;

pub use executor::{Executor, Progress};
pub use journal::{JournalError, JournalWriter};
