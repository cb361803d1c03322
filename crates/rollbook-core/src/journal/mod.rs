//! What a journal says, and whether it still says what was written. Pure: bytes in, values out.
//!
//! A journal is a file of JSON lines. Each holds the hash of the line before it, and ends with its own:
//!
//! ```text
//! {"seq":2,"at":"2026-11-22T12:00:00Z","previous":"9f…","record":{"type":"sent",…},"hash":"3c…"}
//! ```
//!
//! The hash is SHA-256 over the bytes of the line before `,"hash":`, the hash of the line before among them, so
//! that a line cannot be changed, left out or moved without rewriting the rest. `chain` makes lines, and
//! `parse` takes a file of them apart, whatever it holds.

mod chain;
mod file;
mod parse;

pub use chain::{Chain, START};
pub use file::JournalFile;
pub use parse::{Broken, LONGEST_LINE, Parsed, Wrong, parse};
