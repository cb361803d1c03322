//! The trees of a repository.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::formats;

use super::escape_untrusted::{escape_untrusted, escaped};
use super::json::{pretty, schema};

/// The trees of a repository, ordered by folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedTrees {
    /// The revision that they are compared with.
    pub base: Option<String>,
    /// The existing trees.
    pub trees: Vec<ListedTree>,
    /// The folders of those that only the revision has.
    pub removed: Vec<String>,
}

/// A tree of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedTree {
    /// Its folder in the repository, without a `/` at its end; `.` is the root of the repository.
    pub folder: String,
    /// The Jira site's origin; `None` if the tree is invalid.
    pub site: Option<String>,
    /// Whether it differs from the revision; `None` if no revision is named.
    pub changed: Option<bool>,
}

/// A line for each tree: folder, site, and whether it is changed or removed.
pub fn trees_text(listed: &ListedTrees) -> String {
    let there = listed.trees.iter().map(|tree| {
        let site = tree.site.as_deref().unwrap_or("not valid");
        (tree.folder.as_str(), site, if tree.changed == Some(true) { "changed" } else { "" })
    });
    let removed = listed.removed.iter().map(|folder| (folder.as_str(), "", "removed"));
    let line = |(folder, site, what): (&str, &str, &str)| {
        let parts = [folder, site, what].map(escape_untrusted);
        let parts: Vec<&str> =
            parts.iter().map(AsRef::as_ref).filter(|part: &&str| !part.is_empty()).collect();
        parts.join("  ") + "\n"
    };
    there.chain(removed).map(line).collect()
}

#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    #[serde(flatten)]
    listed: &'a ListedTrees,
}

pub(super) fn trees_schema() -> String {
    schema::<Document<'_>>(formats::TREES)
}

/// Renders the trees as a versioned JSON document, with a line break at its end.
pub fn trees_json(listed: &ListedTrees) -> String {
    pretty(&Document { format: formats::TREES, listed })
}

/// The folders of the existing trees, as a JSON list on one line: the values of a matrix in CI.
pub fn trees_matrix(listed: &ListedTrees) -> String {
    let folders: Vec<&str> = listed.trees.iter().map(|tree| tree.folder.as_str()).collect();
    escaped(&serde_json::Value::from(folders).to_string()) + "\n"
}
