//! The core of Rollbook: values in, values out. No network, async runtime, clock or environment; one file of `config` reads
//! a tree's files.
//!
//! ```text
//! render            text, Markdown and JSON for people and machines
//! config  plan  journal    YAML to a declaration, the diff and its pipeline, journals
//! model             every value that crosses a boundary
//! ```
//!
//! Imports point down. A tree becomes a declaration, and a declaration the desired state:
//!
//! ```
//! use rollbook_core::config;
//! use rollbook_core::model::{SourceFile, Tree};
//! use rollbook_core::plan::Desired;
//!
//! let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
//! let tree = Tree {
//!     files: vec![
//!         file("groups.yaml", "groups:\n  developers:\n    members: [ada@acme.com]\n"),
//!         file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\ninclude: [groups.yaml]\n"),
//!     ],
//! };
//! let today = jiff::civil::date(2026, 11, 22);
//! let declaration = config::parse(&tree, today).declaration.expect("the tree is valid");
//! let desired = Desired::of(&declaration, today);
//! let (name, group) = desired.groups.iter().next().expect("a group is declared");
//! let members: Vec<String> = group.members.keys().map(ToString::to_string).collect();
//! assert_eq!((name.as_str(), members), ("developers", vec!["ada@acme.com".to_owned()]));
//! ```

pub mod config;
pub mod journal;
pub mod model;
pub mod plan;
pub mod render;
