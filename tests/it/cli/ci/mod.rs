//! The recipes for CI systems, as pipelines: every job of their files is run as the system would run it, in a clone as the
//! system makes it, with its variables and files, against the sandbox and a stand-in for the system's own API.
//!
//! What only the system itself can do is not executed: its expressions are looked up in a table, and the actions of others are
//! replaced by what they do.

mod api;
mod cost;
mod gitlab_ci_local;
mod hub;
mod machine;
mod pipelines;
mod rows;
mod serve;
mod table;
mod trees;
mod trial;
mod walks;

/// The token for a platform's API. It must show nowhere.
const TOKEN: &str = "ghs_TOPSECRET0q7Zk2vR9";
