//! A job that users wait for, with its measurements.

use super::figure::Figure;

/// A job.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// A description in full sentences.
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> Vec<Figure>,
}
