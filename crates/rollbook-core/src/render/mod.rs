//! Values → text, Markdown and JSON. Pure: no terminal, no file, no clock.
//!
//! Text carries ANSI styles throughout; the edge strips them if they are disabled, so that the forms of the output
//! differ only in colour. Text from outside goes through [`escape_untrusted()`] first.

mod access_report;
mod codeowners;
mod comment;
mod diagnosis;
mod diagnostics;
mod escape_untrusted;
mod explain;
mod github;
mod history;
mod journal;
mod json;
mod lines;
mod markdown;
mod plan;
mod report;
mod schemas;
mod trees;
mod user_report;

pub use access_report::{access_report_csv, access_report_json, access_report_text};
pub use codeowners::{CodeownersError, OwnedTree, codeowners};
pub use comment::{Failure, Html, Page, Style, failure_markdown, issue, no_plan_comment, plan_comment};
pub use diagnosis::{diagnoses_json, diagnoses_text};
pub use diagnostics::{Colour, DiagnosticStyle, Frames, diagnostics, diagnostics_json};
pub use escape_untrusted::escape_untrusted;
pub use explain::{About, explanation_json, explanation_text};
pub use github::{diagnostics_github, plan_github};
pub use history::{history_csv, history_doubts, history_json, history_text};
pub use journal::{journal_json, journal_text, journals_json, journals_text, verification};
pub use json::{plan_json, report_json};
pub use lines::{count, host_of};
pub use markdown::{CommentLimit, plan_markdown, prose as markdown_prose};
pub use plan::{Grouping, plan_text};
pub use report::report_text;
pub use schemas::schema_of;
pub use trees::{ListedTree, ListedTrees, trees_json, trees_matrix, trees_text};
pub use user_report::{user_report_csv, user_report_json, user_report_text};
