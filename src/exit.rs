//! Exit codes: the one place that knows them.

use std::process::ExitCode;

/// How a run ended. If several apply, the greatest counts (docs/design.md#exit-codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or no changes.
    Done,
    /// Changes are pending, and `--detailed-exitcode` is set.
    Pending,
    /// Applied incompletely, or something is blocked.
    Incomplete,
    /// Something failed.
    Failed,
    /// A guard refused.
    Refused,
    /// The saved plan no longer fits.
    Unfit,
    /// The tree is invalid.
    Invalid,
    /// Wrong usage.
    Usage,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
            Self::Invalid => 3,
            Self::Refused => 4,
            Self::Unfit => 5,
            Self::Incomplete => 6,
            Self::Usage => 64,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
