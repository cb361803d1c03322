//! What a run writes down while it carries a plan out, as values (docs/design.md#journal).
//!
//! Ids and addresses, and no display name, no description and nothing that was sent in a body: a journal is kept
//! for long, and by people who need not see these.

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

/// One thing that happened, when, and in which place of its journal.
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
    /// What happened.
    pub record: Record,
}

/// What happened.
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
    /// An operation was answered, or its request came to nothing.
    Answered(AnsweredOperation),
    /// An operation whose answer was lost was looked for, before anything else is done to the same.
    Looked(Look),
    /// What reads after the writes made of an operation. It is there for every operation of the plan.
    Settled {
        /// The operation.
        key: Key,
        /// The outcome.
        became: Outcome,
    },
    /// The run finished.
    End(End),
}

/// Whose run it is, and of which plan.
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
    /// The account that Jira's credential acts as. Whose an organization's key is, it does not say.
    pub account: Option<AccountId>,
    /// Whom the tree names as the one that Rollbook acts for.
    pub operator: Option<Email>,
    /// The fingerprint of the plan.
    pub fingerprint: String,
    /// The commit of the tree, where it is known.
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

/// An operation that is about to be sent, with the ids that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentOperation {
    /// The operation.
    pub key: Key,
    /// The surface that it is sent to.
    pub via: Surface,
    /// The group that it is about, where its id is known.
    pub group: Option<GroupId>,
    /// The account that it is about, where its id is known.
    pub account: Option<AccountId>,
    /// What an account that becomes active was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Inactive>,
    /// The memberships that end or have no effect any more with it, or have one again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Pair>,
}

/// Who is in which group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The group.
    pub group: GroupId,
    /// The account.
    pub account: AccountId,
}

/// How an operation was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnsweredOperation {
    /// The operation.
    pub key: Key,
    /// The requests that were sent for it, in their order. One may be for several operations; there is none where
    /// something else had done it already, or where it came to no request.
    pub exchanges: Vec<Exchange>,
    /// What the last of them said.
    pub said: Response,
    /// The ids that were created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<CreatedIds>,
}

/// A request that was sent, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The method, and the path with its query as it was sent.
    pub request: String,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// The id by which Atlassian's support finds the request.
    pub trace: Option<String>,
}

/// What a read in the middle of a run showed of an operation whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The operation.
    pub key: Key,
    /// What was found.
    pub found: Found,
    /// The ids that were created, where the read showed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<CreatedIds>,
}

/// What a read shows of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// It was done.
    Done,
    /// It was not done, as far as reads show yet.
    NotDone,
    /// Reads cannot tell.
    Unknown,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// What ended it.
    pub by: Ending,
    /// Operations that are done, as far as is known.
    pub done: usize,
    /// Operations that failed.
    pub failed: usize,
    /// Operations that were skipped.
    pub skipped: usize,
    /// Operations of which nothing is known.
    pub unsettled: usize,
    /// Operations that were not attempted.
    pub not_attempted: usize,
}

/// What ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Nothing was left to start.
    Whole,
    /// Somebody stopped it.
    Stopped,
    /// Its time was up.
    TimedOut,
    /// A credential was not accepted any more, or its quota was used up.
    Credential,
}

impl SentOperation {
    /// Describes an operation by its ids.
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
                // Of what was taken and is not seen nobody knows, either.
                Outcome::Unsettled { .. } | Outcome::Applied { seen: false } => &mut end.unsettled,
                Outcome::NotAttempted => &mut end.not_attempted,
            };
            *count += 1;
        }
        end
    }
}
