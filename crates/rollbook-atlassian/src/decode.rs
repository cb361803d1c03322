//! Helpers of the wire types.

use serde::{Deserialize, Deserializer};

use rollbook_core::model::AccountId;

/// The account of an id; nothing for `unknown`. Atlassian's description of `User` has that word for a record that is
/// corrupted after its account was deleted: several rows may have it, and it is nobody's.
pub(super) fn identified(account_id: &str) -> Option<AccountId> {
    (account_id != "unknown").then(|| AccountId::new(account_id))
}

/// Reads an id or a name, which cannot be empty.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(serde::de::Error::custom("an id or a name is empty"));
    }
    Ok(text)
}
