//! The limits of a tree, for the page that lists them (docs/limits.md).

use crate::model::Email;

use super::{events, files, hidden, include, mistakes, parse, values};

/// The subject, the limit, and the unit; bytes are `B`.
pub const LIMITS: [(&str, usize, &str); 11] = [
    ("a file of a tree", parse::LARGEST_FILE, "B"),
    ("lists and mappings in each other", events::DEEPEST, "levels"),
    ("a tree", files::LARGEST_TREE, "B"),
    ("files and folders below a tree's folder", files::MOST_ENTRIES, "entries"),
    ("`include`", include::MOST_PATTERNS, "patterns"),
    ("a pattern", include::LONGEST_PATTERN, "characters"),
    ("an ID", values::LONGEST_ID, "characters"),
    ("a group's name", values::LONGEST_GROUP_NAME, "characters"),
    ("an email", Email::LONGEST, "bytes"),
    ("mistakes of a tree that are shown", mistakes::MOST, "of them"),
    ("hidden characters of a file that are shown", hidden::MOST, "of them"),
];
