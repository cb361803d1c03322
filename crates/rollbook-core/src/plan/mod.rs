//! Desired − live → plan, as pure functions. No async, no client, no clock, no environment.
//!
//! Some facts cost a request each, so planning is two steps with a read between:
//!
//! ```text
//! Desired::of(declaration, today)              the members of each group, flattened
//! searches(&desired) → Searches, then reads    the reads that it needs    … fetch answers: LiveState
//! diff(&desired, &live) → Changes              the differences
//! questions(&changes, &live, …) → Questions    the facts that they need   … fetch answers: Capabilities
//! make(changes, …) → Plan                      the operations, their surfaces and their order
//! ```

mod access;
mod access_review;
mod admins;
mod assemble;
mod base;
mod context;
mod cost;
mod desired;
mod diff;
mod document;
mod expired;
mod explain;
mod fingerprint;
mod grant_reads;
mod guard;
mod identity;
mod import;
mod lock;
mod narrow;
mod note_codes;
mod order;
mod pipeline;
mod projection;
mod questions;
mod reach;
mod reading;
mod redact;
mod remarks;
mod reviewed;
mod route;
mod rules;
mod seal;
mod seats;
pub mod snapshot;
mod undo;
mod user_report;

pub use access_review::{ReviewRequest, ReviewScope, review, review_problems};
pub use base::Base;
pub use context::Context;
pub use cost::Rates;
pub use desired::{Denial, Desired, DesiredGrants, DesiredGroup, Entry, GrantEntry, Lookup};
pub use diff::diff;
pub use document::{SavedPlan, SavedPlanError, document, document_schema};
pub use expired::spent;
pub use explain::{explain_group, explain_member, explain_user};
pub use fingerprint::tree_digest;
pub use grant_reads::{APPS, FoundRoles, GrantReads, RoleSearch, by_search, grant_groups, grant_reads};
pub use identity::{OBSTACLES, Resolved};
pub use import::{Selection, asked_anew, groups_to_grant, import, import_questions, withhold};
pub use lock::{Locking, emails_of_accounts, lock, unresolved};
pub use narrow::Scope;
pub use note_codes::NOTES;
pub use pipeline::make;
pub use questions::{
    Beside, Concerned, Reads, Searches, asks, groups_to_read, moved, privileged_groups_to_read, questions,
    reads, searches, synced_groups,
};
pub use reading::{Choice, Estimate, Instead, MemberReads, Speed, Speeds, member_reads};
pub use redact::redacted;
pub use user_report::{
    DirectReads, RoleFacts, choose, declare, direct_reads, group_on_site, roles_of, tell_roles,
};

pub use seal::sealed;
pub use undo::{concerned, undo};
