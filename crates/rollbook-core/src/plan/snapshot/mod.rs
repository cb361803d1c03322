//! The reads of a run with credentials, as a file, and answers from it to a plan's reads.
//!
//! `document` writes and reads the file, `pseudonyms` hides people and groups that the tree does not mention and
//! recognizes them when a tree does, and `answer` answers the reads that `fetch` would send to the surfaces, no more
//! and no less.

mod answer;
mod disclosed;
mod document;
mod names;
mod pseudonyms;

pub use answer::{capabilities, live_state, possible};
pub use disclosed::{Disclosed, Planned};
pub use document::{SnapshotError, opened, sealed_text, snapshot_schema, taken};
pub use names::Names;
pub use pseudonyms::pseudonymized;
