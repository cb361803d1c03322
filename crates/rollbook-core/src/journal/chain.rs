//! Makes the lines of a journal, each tied to the one before.

use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::model::{JournalLine, Record, hex};

/// The hash before the first line.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The text before a line's own hash.
pub(super) const HASH: &str = ",\"hash\":\"";

/// The end of a journal, which the next line continues.
#[derive(Clone, Debug)]
pub struct Chain {
    seq: u64,
    last: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { seq: 0, last: START.to_owned() }
    }
}

impl Chain {
    /// Writes the next line, with its line break.
    ///
    /// # Panics
    /// Never: a line is plain data.
    pub fn next(&mut self, at: Timestamp, record: Record) -> String {
        self.seq += 1;
        let line = JournalLine { seq: self.seq, at, previous: std::mem::take(&mut self.last), record };
        #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
        let mut text = serde_json::to_string(&line).expect("a line is plain data");
        text.pop();
        self.last = hash(text.as_bytes());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{HASH}{}\"}}", self.last);
        text
    }

    /// The hash of the last line.
    pub fn last(&self) -> &str {
        &self.last
    }
}

/// SHA-256, in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
