//! The outcome of each operation according to a journal.

use indexmap::IndexMap;
use jiff::Timestamp;

use super::{AnsweredOperation, Begin, End, Found, JournalLine, Look, Record, SentOperation};
use crate::model::{CreatedIds, Key, Outcome, Response};

/// A journal, up to the first line that is not as it was written.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Its lines.
    pub lines: Vec<JournalLine>,
    /// The hash of the last of them.
    pub last: String,
}

/// The journal's lines about one operation.
#[derive(Clone, Debug)]
pub struct OperationHistory<'a> {
    /// The operation.
    pub key: &'a Key,
    /// When it was first sent.
    pub at: Option<Timestamp>,
    /// The request, with the IDs that it concerns; `None` if it was never sent.
    pub sent: Option<&'a SentOperation>,
    /// Its responses; several if it was sent again.
    pub answers: Vec<&'a AnsweredOperation>,
    /// The results of reads in between, after a response was lost.
    pub looks: Vec<&'a Look>,
    /// The outcome.
    pub state: OperationState<'a>,
}

/// The outcome of an operation, as far as its journal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState<'a> {
    /// Reads after the writes settled it.
    Settled(&'a Outcome),
    /// It got this response, and the run was cut off before anything was read again.
    Answered(&'a Response),
    /// Its response was lost, a read showed that it was done, and the run was cut off.
    Seen,
    /// It was sent, or was about to be, when the run was cut off. Only a read can show whether it was done.
    InFlight,
}

impl Journal {
    /// The start of the run: its owner and its plan.
    pub fn begin(&self) -> Option<&Begin> {
        match &self.lines.first()?.record {
            Record::Begin(begin) => Some(begin),
            Record::Sent { .. }
            | Record::Answered(_)
            | Record::Looked(_)
            | Record::Settled { .. }
            | Record::End(_) => None,
        }
    }

    /// The end of the run; `None` if it was cut off.
    pub fn end(&self) -> Option<&End> {
        match &self.lines.last()?.record {
            Record::End(end) => Some(end),
            Record::Begin(_)
            | Record::Sent { .. }
            | Record::Answered(_)
            | Record::Looked(_)
            | Record::Settled { .. } => None,
        }
    }

    /// Every operation in it, in the order of their first lines.
    pub fn operations(&self) -> Vec<OperationHistory<'_>> {
        let mut told: IndexMap<&Key, OperationHistory<'_>> = IndexMap::new();
        for line in &self.lines {
            match &line.record {
                Record::Sent { operations } => {
                    for sent in operations {
                        let told = told.entry(&sent.key).or_insert_with(|| OperationHistory::of(&sent.key));
                        told.at = told.at.or(Some(line.at));
                        told.sent = Some(sent);
                        told.state = OperationState::InFlight;
                    }
                }
                Record::Answered(answer) => {
                    let told = told.entry(&answer.key).or_insert_with(|| OperationHistory::of(&answer.key));
                    told.answers.push(answer);
                    told.state = OperationState::Answered(&answer.said);
                }
                Record::Looked(look) => {
                    let told = told.entry(&look.key).or_insert_with(|| OperationHistory::of(&look.key));
                    told.looks.push(look);
                    if look.found == Found::Done {
                        told.state = OperationState::Seen;
                    }
                }
                Record::Settled { key, became } => {
                    told.entry(key).or_insert_with(|| OperationHistory::of(key)).state =
                        OperationState::Settled(became);
                }
                Record::Begin(_) | Record::End(_) => {}
            }
        }
        told.into_values().collect()
    }

    /// The operations that were in flight when the run was cut off.
    pub fn in_flight(&self) -> Vec<&SentOperation> {
        let told = self.operations().into_iter();
        told.filter(|told| told.state == OperationState::InFlight).filter_map(|told| told.sent).collect()
    }
}

impl<'a> OperationHistory<'a> {
    fn of(key: &'a Key) -> Self {
        Self {
            key,
            at: None,
            sent: None,
            answers: Vec::new(),
            looks: Vec::new(),
            state: OperationState::InFlight,
        }
    }

    /// The IDs that it created.
    pub fn made(&self) -> Option<&'a CreatedIds> {
        let answers = self.answers.iter().filter_map(|answer| answer.made.as_ref());
        answers.chain(self.looks.iter().filter_map(|look| look.made.as_ref())).last()
    }
}
