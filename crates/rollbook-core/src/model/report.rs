//! A surface's response to every operation of a plan, and the outcome.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::address::Key;
use super::ids::{AccountId, GroupId, ScimId};
use super::lock::Lock;
use super::scim::ScimUser;
use super::text::cut;

/// The outcome of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Every operation of the plan, in the plan's order.
    pub outcomes: Vec<(Key, Outcome)>,
    /// Why nothing more was sent, if a credential ended the run: a full sentence or two.
    pub ended: Option<String>,
    /// The accounts and groups that were created, in the form of the lock, as far as their IDs were shown.
    pub made: Lock,
}

/// A surface's response to a write, before a read confirms it. The texts are its own words if it had any; a journal
/// keeps them truncated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "word", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Response {
    /// It was done.
    Done,
    /// No change was needed.
    Claimed {
        /// The surface's words.
        #[serde(serialize_with = "shortened")]
        text: String,
    },
    /// It was not done.
    Refused {
        /// The surface's words.
        #[serde(serialize_with = "shortened")]
        text: String,
    },
    /// The response was lost, so it may have been done.
    Lost {
        /// The cause.
        #[serde(serialize_with = "shortened")]
        text: String,
    },
    /// The run was stopped while its request waited for its turn.
    NotSent,
}

/// The IDs that an operation created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreatedIds {
    /// A group's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// An account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// A group's in the SCIM directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_group: Option<ScimId>,
    /// A user's in the SCIM directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_user: Option<ScimId>,
    /// The groups that an invitation added the person to.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub joined: BTreeSet<GroupId>,
}

/// The outcome of an operation. A journal keeps its texts truncated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// The surface accepted it.
    Applied {
        /// Whether a read after the writes saw it, within the time that reads may lag behind writes
        /// (docs/atlassian.md#reads-lag-behind-writes).
        seen: bool,
    },
    /// The surface accepted it, and no read can show it, or the read was refused.
    Unconfirmed,
    /// The surface said that no change was needed, and a read confirmed it.
    Satisfied,
    /// The surface refused it, or could not be reached. It was not done.
    Failed {
        /// The surface's own words, if it had any.
        #[serde(serialize_with = "shortened")]
        why: String,
    },
    /// An operation that it requires was not done.
    Skipped {
        /// That operation.
        requires: Key,
    },
    /// It was sent, the response was lost, and reads cannot decide it.
    Unsettled {
        /// How the response was lost.
        #[serde(serialize_with = "shortened")]
        why: String,
    },
    /// The run stopped before it.
    NotAttempted,
}

impl CreatedIds {
    /// A group was created.
    pub fn group(id: GroupId) -> Self {
        Self { group: Some(id), ..Self::default() }
    }

    /// An account was created, or found by an invitation.
    pub fn account(id: AccountId) -> Self {
        Self { account: Some(id), ..Self::default() }
    }
}

impl From<ScimUser> for CreatedIds {
    fn from(user: ScimUser) -> Self {
        Self { scim_user: Some(user.id), account: user.account, ..Self::default() }
    }
}

impl Report {
    /// Whether every operation is done.
    pub fn complete(&self) -> bool {
        self.outcomes.iter().all(|(_, outcome)| outcome.done())
    }
}

impl Outcome {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Applied { seen: true } | Self::Unconfirmed => "applied",
            Self::Applied { seen: false } => "not seen",
            Self::Satisfied => "satisfied",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Unsettled { .. } => "unsettled",
            Self::NotAttempted => "not attempted",
        }
    }

    /// Whether the wanted state is reached, as far as known.
    pub fn done(&self) -> bool {
        match self {
            Self::Applied { seen: true } | Self::Unconfirmed | Self::Satisfied => true,
            Self::Applied { seen: false }
            | Self::Failed { .. }
            | Self::Skipped { .. }
            | Self::Unsettled { .. }
            | Self::NotAttempted => false,
        }
    }
}

fn shortened<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&cut(text))
}
