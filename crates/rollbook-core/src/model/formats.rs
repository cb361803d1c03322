//! The formats of the documents that Rollbook writes and reads, by the name that each has as `format`. docs/formats.md
//! says what they promise: a change that breaks readers gives a format another number.

/// The plan that `plan --format json` prints and `plan --out` writes.
pub const PLAN: &str = "rollbook.plan/1";
/// The outcome of a plan, as `apply` and `undo` print it.
pub const REPORT: &str = "rollbook.report/1";
/// The findings of `check`.
pub const DIAGNOSTICS: &str = "rollbook.diagnostics/1";
/// The findings of `doctor`.
pub const DOCTOR: &str = "rollbook.doctor/1";
/// The output of `explain`.
pub const EXPLANATION: &str = "rollbook.explanation/1";
/// The people on a site.
pub const USERS: &str = "rollbook.users/1";
/// Who has which app of a site.
pub const ACCESS: &str = "rollbook.access/1";
/// A site as it was.
pub const SNAPSHOT: &str = "rollbook.snapshot/1";
/// The record that a run writes as it goes on.
pub const JOURNAL: &str = "rollbook.journal/1";
/// The content of a journal.
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
pub const ALL: [&str; 13] = [
    PLAN,
    REPORT,
    DIAGNOSTICS,
    DOCTOR,
    EXPLANATION,
    USERS,
    ACCESS,
    SNAPSHOT,
    JOURNAL,
    JOURNAL_REPORT,
    JOURNALS,
    HISTORY,
    TREES,
];
