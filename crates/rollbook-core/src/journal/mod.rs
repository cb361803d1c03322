//! Reads journals, and checks that they are as they were written. Pure: bytes in, values out.
//!
//! A journal is a file of JSON lines. Each contains the hash of the line before it, and ends with its own:
//!
//! ```text
//! {"seq":2,"at":"2026-11-22T12:00:00Z","previous":"9f…","record":{"type":"sent",…},"hash":"3c…"}
//! ```
//!
//! The hash is SHA-256 over the bytes of the line before `,"hash":`, including the hash of the previous line, so a line
//! cannot be changed, left out or moved without rewriting the rest. `chain` makes lines, and `parse` parses a file of
//! them, whatever it contains.

mod chain;
mod file;
mod parse;

pub use chain::{Chain, START};
pub use file::JournalFile;
pub use parse::{Broken, LONGEST_LINE, Parsed, Wrong, parse};
