//! Which plan is which.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::{PlannedOperation, Tree};

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

/// SHA-256 over site, organization, tree digest and operations, in hex.
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
        operations: &'a [PlannedOperation],
    }
    let content = Content { site, organization, tree: tree_digest, operations };
    let mut digest = Sha256::new();
    #[allow(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let text = serde_json::to_vec(&content).expect("an operation is plain data");
    digest.update(&text);
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
