//! The record that a run writes while it carries a plan out, as values (docs/design.md#journal).
//!
//! It has IDs and addresses, but no display names, descriptions or request bodies: a journal is kept for long, and by
//! people who need not see these.

mod history;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::Key;
use super::email::Email;
use super::guard::Guard;
use super::ids::{AccountId, GroupId};
use super::live::Membership;
use super::operation::{Inactive, Operation, Surface};
use super::report::{CreatedIds, Outcome, Response};

pub use history::{Journal, OperationHistory, OperationState};

/// One event, with its time and its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalLine {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The hash of the line before, in hex; zeros before the first.
    pub previous: String,
    /// The event.
    pub record: Record,
}

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Record {
    /// A plan is about to be carried out.
    Begin(Begin),
    /// A request is about to be sent for these operations.
    Sent {
        /// The operations.
        operations: Vec<SentOperation>,
    },
    /// An operation got a response, or its request failed.
    Answered(AnsweredOperation),
    /// A read looked for an operation whose response was lost, before anything else is done to the same thing.
    Looked(Look),
    /// The outcome of an operation after the reads that follow the writes. Every operation of the plan has one.
    Settled {
        /// The operation.
        key: Key,
        /// The outcome.
        became: Outcome,
    },
    /// The run finished.
    End(End),
}

/// The owner of a run, and its plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// [`JOURNAL`](super::formats::JOURNAL).
    pub format: String,
    /// Rollbook's version.
    pub rollbook: String,
    /// The site's origin.
    pub site: String,
    /// The organization.
    pub organization: Option<String>,
    /// The account that the Jira credential acts as. The organization's key does not reveal its owner.
    pub account: Option<AccountId>,
    /// The operator that the tree names.
    pub operator: Option<Email>,
    /// The fingerprint of the plan.
    pub fingerprint: String,
    /// The commit of the tree, if it is known.
    pub commit: Option<String>,
    /// The date that `until` was compared with; `None` in journals from before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub today: Option<Date>,
    /// The guards that `--allow` set aside.
    pub allowed: Vec<Guard>,
    /// How many operations the plan has.
    pub operations: usize,
}

/// An operation that is about to be sent, with the IDs that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentOperation {
    /// The operation.
    pub key: Key,
    /// The surface that it is sent to.
    pub via: Surface,
    /// Its group, if the ID is known.
    pub group: Option<GroupId>,
    /// Its account, if the ID is known.
    pub account: Option<AccountId>,
    /// The earlier status of an account that becomes active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Inactive>,
    /// The memberships that end or have no effect any more with it, or have one again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Pair>,
}

/// An account in a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The group.
    pub group: GroupId,
    /// The account.
    pub account: AccountId,
}

/// The response to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnsweredOperation {
    /// The operation.
    pub key: Key,
    /// The requests that were sent for it, in their order. One may be for several operations; there are none if
    /// something else had already done it, or if it failed before any request.
    pub exchanges: Vec<Exchange>,
    /// The last response.
    pub said: Response,
    /// The IDs that were created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<CreatedIds>,
}

/// A request that was sent, and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The method, and the path with its query as it was sent.
    pub request: String,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The ID by which Atlassian's support finds the request.
    pub trace: Option<String>,
}

/// The result of a read, in the middle of a run, for an operation whose response was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The operation.
    pub key: Key,
    /// The result.
    pub found: Found,
    /// The IDs that were created, if the read showed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<CreatedIds>,
}

/// A read's result for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// It was done.
    Done,
    /// It was not done, as far as reads show so far.
    NotDone,
    /// Reads cannot decide it.
    Unknown,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The cause.
    pub by: Ending,
    /// Operations that are done, as far as known.
    pub done: usize,
    /// Operations that failed.
    pub failed: usize,
    /// Operations that were skipped.
    pub skipped: usize,
    /// Operations whose outcome is not known.
    pub unsettled: usize,
    /// Operations that were not attempted.
    pub not_attempted: usize,
}

/// The cause of a run's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Nothing was left to start.
    Whole,
    /// Somebody stopped it.
    Stopped,
    /// Its time was up.
    TimedOut,
    /// A credential was no longer accepted, or its quota was used up.
    Credential,
}

impl SentOperation {
    /// Describes an operation by its IDs.
    pub fn of(
        key: &Key,
        via: Surface,
        operation: &Operation,
        group: Option<GroupId>,
        account: Option<AccountId>,
    ) -> Self {
        let was = if let Operation::ActivateUser { from, .. } = operation { Some(*from) } else { None };
        let pair = |membership: &Membership| Pair {
            group: membership.group().clone(),
            account: membership.account().clone(),
        };
        let memberships = operation.memberships().map(pair).collect();
        Self { key: key.clone(), via, group, account, was, memberships }
    }
}

impl End {
    /// Counts the outcomes of a plan's operations.
    pub fn of<'a>(by: Ending, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut end = Self { by, done: 0, failed: 0, skipped: 0, unsettled: 0, not_attempted: 0 };
        for outcome in outcomes {
            let count = match outcome {
                Outcome::Applied { seen: true } | Outcome::Unconfirmed | Outcome::Satisfied => &mut end.done,
                Outcome::Failed { .. } => &mut end.failed,
                Outcome::Skipped { .. } => &mut end.skipped,
                // The outcome of an operation that was accepted but not seen is not known either.
                Outcome::Unsettled { .. } | Outcome::Applied { seen: false } => &mut end.unsettled,
                Outcome::NotAttempted => &mut end.not_attempted,
            };
            *count += 1;
        }
        end
    }
}
