//! Helpers of the wire types.

use serde::{Deserialize, Deserializer};

/// Reads an id or a name, which cannot be empty.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(serde::de::Error::custom("an id or a name is empty"));
    }
    Ok(text)
}
