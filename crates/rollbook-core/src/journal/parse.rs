//! Parses a journal, line by line, up to the first that is not as it was written.

use std::collections::BTreeSet;

use super::chain::{HASH, START, hash};
use crate::model::{JOURNAL_FORMAT, Journal, JournalLine, Key, Record, cut};

/// The longest line that is read, in bytes. The longest written line describes a deleted group: 100
/// bytes for each of its members.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// The bytes of a line from its own hash on: `,"hash":"`, 64 digits, `"}`.
const TAIL: usize = HASH.len() + 64 + 2;

/// The content of a file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The journal, up to the first line that is not as it was written.
    pub journal: Journal,
    /// That line, if there is one.
    pub broken: Option<Broken>,
}

/// The first line that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number, from 1.
    pub line: usize,
    /// The fault.
    pub wrong: Wrong,
}

/// The fault of a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// There is no line at all.
    #[error("the journal is empty")]
    Empty,
    /// It is the last, and has no line break.
    #[error("it is truncated: it was not complete on disk before the run ended")]
    CutOff,
    /// It is longer than the limit.
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
    /// It does not end with a hash.
    #[error("it does not end with its hash")]
    NoHash,
    /// Its hash is another line's.
    #[error("hash mismatch: the line was changed")]
    Changed,
    /// It is not a line of a journal.
    #[error("not a line of a journal: {0}")]
    Shape(String),
    /// It does not follow the line before.
    #[error("it does not follow the line before: lines are missing, or in another order")]
    Order,
    /// The first record is not the start of a run.
    #[error("the journal does not begin with a `begin`")]
    NoBegin,
    /// It was written by another version.
    #[error("its format is {0}; this version reads {JOURNAL_FORMAT}")]
    Format(String),
    /// A record is in a place where its kind is not allowed.
    #[error("{0}")]
    Misplaced(&'static str),
}

/// Parses a journal. It never fails: the result ends before the first line that is not as it was written, and names that line.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut reader = Reader { previous: START.to_owned(), ..Reader::default() };
    let mut rest = bytes;
    let mut broken = None;
    if bytes.is_empty() {
        broken = Some(Broken { line: 1, wrong: Wrong::Empty });
    }
    while !rest.is_empty() {
        let ended = rest.iter().take(LONGEST_LINE + 1).position(|byte| *byte == b'\n');
        let read = match ended {
            Some(end) => {
                let line = &rest[..end];
                rest = &rest[end + 1..];
                reader.line(line)
            }
            None if rest.len() > LONGEST_LINE => Err(Wrong::TooLong),
            None => Err(Wrong::CutOff),
        };
        if let Err(wrong) = read {
            broken = Some(Broken { line: reader.lines.len() + 1, wrong });
            break;
        }
    }
    Parsed { journal: Journal { lines: reader.lines, last: reader.previous }, broken }
}

#[derive(Default)]
struct Reader {
    lines: Vec<JournalLine>,
    previous: String,
    in_flight: BTreeSet<Key>,
    ended: bool,
}

impl Reader {
    /// Adds the next line, if it is the expected one.
    fn line(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        let (content, own) = bytes.split_at_checked(bytes.len().saturating_sub(TAIL)).ok_or(Wrong::NoHash)?;
        let own = own.strip_prefix(HASH.as_bytes()).and_then(|own| own.strip_suffix(b"\"}"));
        let own = own.and_then(|own| str::from_utf8(own).ok()).ok_or(Wrong::NoHash)?;
        let found = hash(content);
        if own != found {
            return Err(Wrong::Changed);
        }
        let mut whole = content.to_vec();
        whole.push(b'}');
        let line: JournalLine = serde_json::from_slice(&whole).map_err(|error| shape(&error))?;
        if line.seq != self.lines.len() as u64 + 1 || line.previous != self.previous {
            return Err(Wrong::Order);
        }
        self.place(&line.record)?;
        self.previous = found;
        self.lines.push(line);
        Ok(())
    }

    /// Whether a record of this kind can come next.
    fn place(&mut self, record: &Record) -> Result<(), Wrong> {
        let is_first = self.lines.is_empty();
        if self.ended {
            return Err(Wrong::Misplaced("it comes after the end of the run"));
        }
        if is_first && !matches!(record, Record::Begin(_)) {
            return Err(Wrong::NoBegin);
        }
        match record {
            Record::Begin(begin) if is_first && begin.format == JOURNAL_FORMAT => Ok(()),
            Record::Begin(begin) if is_first => Err(Wrong::Format(begin.format.clone())),
            Record::Begin(_) => Err(Wrong::Misplaced("it begins a second run")),
            Record::Sent { operations } => {
                if operations.iter().all(|sent| self.in_flight.insert(sent.key.clone())) {
                    return Ok(());
                }
                Err(Wrong::Misplaced("an operation is sent again before its response"))
            }
            Record::Answered(answer) if self.in_flight.remove(&answer.key) => Ok(()),
            Record::Answered(_) => {
                Err(Wrong::Misplaced("a response belongs to an operation that was not sent"))
            }
            Record::Looked(look) if self.in_flight.contains(&look.key) => {
                Err(Wrong::Misplaced("an operation is looked for before its response"))
            }
            Record::Looked(_) | Record::Settled { .. } => Ok(()),
            Record::End(_) => {
                self.ended = true;
                Ok(())
            }
        }
    }
}

/// Truncates serde's message: it quotes the unexpected text, which may be anything.
fn shape(error: &serde_json::Error) -> Wrong {
    Wrong::Shape(cut(&error.to_string()).chars().take(200).collect())
}
