//! The formats of what Rollbook writes and reads, by the name that each document has as `format`. docs/formats.md says
//! what is promised of them: a change that breaks readers gives a format another number.

/// What `plan --format json` prints and `plan --out` writes.
pub const PLAN: &str = "rollbook.plan/1";
/// What `apply` and `undo` print of the outcome of a plan.
pub const REPORT: &str = "rollbook.report/1";
/// What `check` says of a tree.
pub const DIAGNOSTICS: &str = "rollbook.diagnostics/1";
/// What `doctor` finds.
pub const DOCTOR: &str = "rollbook.doctor/1";
/// What `explain` says.
pub const EXPLANATION: &str = "rollbook.explanation/1";
/// Who is on a site.
pub const USERS: &str = "rollbook.users/1";
/// A site as it was.
pub const SNAPSHOT: &str = "rollbook.snapshot/1";
/// What a run writes down while it goes on.
pub const JOURNAL: &str = "rollbook.journal/1";
/// What a journal says.
pub const JOURNAL_REPORT: &str = "rollbook.journal-report/1";
/// The runs of a folder.
pub const JOURNALS: &str = "rollbook.journals/1";
/// The memberships that a tree ever declared.
pub const HISTORY: &str = "rollbook.history/1";
/// The trees of a repository.
pub const TREES: &str = "rollbook.trees/1";

/// An access review, whose file people edit.
pub const REVIEW: &str = "rollbook.review/1";

/// All of those in JSON.
pub const ALL: [&str; 12] = [
    PLAN,
    REPORT,
    DIAGNOSTICS,
    DOCTOR,
    EXPLANATION,
    USERS,
    SNAPSHOT,
    JOURNAL,
    JOURNAL_REPORT,
    JOURNALS,
    HISTORY,
    TREES,
];
