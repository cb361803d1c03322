//! A journal and its path.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Parsed;

/// A file with a journal.
#[derive(Clone, Debug)]
pub struct JournalFile {
    /// Its path.
    pub path: PathBuf,
    /// Its content.
    pub parsed: Parsed,
}

impl JournalFile {
    /// When its run began; `None` if even the first line is not as it was written.
    pub fn began(&self) -> Option<Timestamp> {
        self.parsed.journal.lines.first().map(|line| line.at)
    }
}
