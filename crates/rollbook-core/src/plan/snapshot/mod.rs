//! What a run with credentials read, as a file, and a plan's reads answered from it.
//!
//! `document` writes and reads the file, `veil` hides whom the tree does not speak of behind pseudonyms and knows them
//! again when a tree does, and `answer` reads from it what `fetch` would read from the surfaces, no more and no less.

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
