//! A journal, and where it is.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Parsed;

/// A file that holds a journal.
#[derive(Clone, Debug)]
pub struct JournalFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub parsed: Parsed,
}

impl JournalFile {
    /// When its run began; nothing where not even the first line is as it was written.
    pub fn began(&self) -> Option<Timestamp> {
        self.parsed.journal.lines.first().map(|line| line.at)
    }
}
