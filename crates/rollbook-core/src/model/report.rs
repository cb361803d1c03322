//! What became of every operation of a plan.

use super::address::Key;
use super::lock::Lock;

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Every operation of the plan, in the plan's order.
    pub outcomes: Vec<(Key, Outcome)>,
    /// Why nothing more was sent, where a credential ended the run: a full sentence or two.
    pub ended: Option<String>,
    /// The accounts and groups that came to be, as the lock would have them, where their ids were told.
    pub made: Lock,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The surface took it.
    Applied(Confirmation),
    /// The surface said that nothing needed doing, and a read confirmed it.
    AlreadySatisfied,
    /// The surface refused it, or could not be reached. It was not done.
    Failed {
        /// In the surface's own words where it had any.
        why: String,
    },
    /// An operation that it requires was not done.
    Skipped {
        /// That operation.
        requires: Key,
    },
    /// It was sent, the answer was lost, and reads cannot tell.
    Unsettled {
        /// How the answer was lost.
        why: String,
    },
    /// The run stopped before it.
    NotAttempted,
}

/// Whether a read after the writes saw an applied operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It did.
    Seen,
    /// It did not, in all the time that reads may lag behind writes (fact sheet §1.3): the surface took it, and nothing
    /// shows that it was done.
    NotYetVisible,
    /// There is no read that would show it, or it was refused.
    NotRead,
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
            Self::Applied(Confirmation::Seen | Confirmation::NotRead) => "applied",
            Self::Applied(Confirmation::NotYetVisible) => "not seen",
            Self::AlreadySatisfied => "satisfied",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Unsettled { .. } => "unsettled",
            Self::NotAttempted => "not attempted",
        }
    }

    /// Whether the wanted state is reached, as far as is known.
    pub fn done(&self) -> bool {
        match self {
            Self::Applied(Confirmation::Seen | Confirmation::NotRead) | Self::AlreadySatisfied => true,
            Self::Applied(Confirmation::NotYetVisible)
            | Self::Failed { .. }
            | Self::Skipped { .. }
            | Self::Unsettled { .. }
            | Self::NotAttempted => false,
        }
    }
}
