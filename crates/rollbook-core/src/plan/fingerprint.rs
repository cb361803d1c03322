//! Identifies a plan.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::{Key, Operation, PlannedOperation, Reason, Surface, Tree, hex};

/// SHA-256 over the paths and texts of a tree, in hex.
pub fn tree_digest(tree: &Tree) -> String {
    let mut digest = Sha256::new();
    for file in &tree.files {
        for part in [&file.path, &file.text] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
    }
    hex(&digest.finalize())
}

/// SHA-256 over site, organization, tree digest and operations, in hex. Drift is not part of it: it depends on the
/// base, and the operations are the same.
pub(super) fn fingerprint(
    site: &str,
    organization: Option<&str>,
    tree_digest: &str,
    operations: &[PlannedOperation],
) -> String {
    #[derive(Serialize)]
    struct Content<'a> {
        site: &'a str,
        organization: Option<&'a str>,
        tree: &'a str,
        operations: Vec<Step<'a>>,
    }
    #[derive(Serialize)]
    struct Step<'a> {
        key: &'a Key,
        operation: &'a Operation,
        via: Surface,
        requires: &'a [Key],
        reason: Reason,
    }
    let steps = operations.iter().map(|planned| Step {
        key: &planned.key,
        operation: &planned.operation,
        via: planned.via,
        requires: &planned.requires,
        reason: planned.reason,
    });
    let content = Content { site, organization, tree: tree_digest, operations: steps.collect() };
    let mut digest = Sha256::new();
    #[allow(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let text = serde_json::to_vec(&content).expect("an operation is plain data");
    digest.update(&text);
    hex(&digest.finalize())
}
