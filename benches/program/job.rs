//! A job: something that people wait for, measured in some ways.

use super::figure::Figure;

/// A job by its name.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// What is done, in full sentences.
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> Vec<Figure>,
}
