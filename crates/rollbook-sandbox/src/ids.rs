//! Stable IDs for those that a seed leaves out, and the UUID format.

use sha2::{Digest, Sha256};

/// Makes a UUID (version 8 layout) that depends only on `kind` and `name`.
pub(super) fn stable_uuid(kind: &str, name: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    uuid(bytes, 0x80)
}

/// Formats 16 bytes as a UUID; `version` is the version nibble, shifted left.
pub(super) fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | version;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
