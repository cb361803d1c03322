//! Tree → `Declaration`: the files of a tree, their YAML, its meaning and all of its mistakes, with the lock. It
//! imports `model` only, and is pure, except for `files`.
//!
//! A file's text becomes nodes (`events`, `node`), which decoders that continue after a mistake (`fields`, `values`,
//! and one file for each part of the language) put into a draft; then come the rules over the whole tree (`references`,
//! `cycles`, `spelling`, `identity`, `rules`, `memberships`).

mod accounts;
pub mod codes;
mod context;
mod cycles;
mod dates;
mod document;
mod draft;
mod edit;
mod events;
mod fields;
mod files;
mod flatten;
mod format;
mod grants;
mod groups;
mod hidden;
mod history;
mod identity;
mod include;
mod limits;
mod lock;
mod lock_text;
mod members;
mod memberships;
mod mistakes;
mod node;
mod owners;
mod parse;
mod policy;
mod references;
mod review_file;
mod rules;
mod schema;
#[cfg(test)]
mod second_reader;
mod settings;
mod site;
mod spelling;
mod suggest;
mod users;
mod values;
mod waive;

pub use accounts::{ExportError, exported_accounts};
pub use edit::{AccessEdit, NewAccess, granted, offboarded, onboarded, revoked};
pub use edit::{EditError, Edited, FilePer, Imported, Rename, imported, renamed, root_text, without_entries};
pub use files::{Loaded, find_root, load, not_included, read_tree};
pub use format::{FormatError, format};
pub use history::{Blob, history};
pub use include::{Include, LOCK, ROOT};
pub use limits::LIMITS;
pub use lock_text::lock_text;
pub use owners::{active_admins, owners_of_files};
pub use parse::{Parsed, parse};
pub use review_file::{ReviewFileError, review_of, review_text};
pub use schema::schema;
pub use suggest::near as nearest;
