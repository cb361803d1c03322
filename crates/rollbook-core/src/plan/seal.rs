//! Documents with their format and a checksum.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::hex;

/// Why a text is not a document of a kind.
pub(super) enum Unfit {
    /// It is not JSON, or does not name its format.
    Foreign(String),
    /// It ends too early.
    Truncated,
    /// It has another format.
    Format(String),
}

/// Adds the checksum to the header of a document. A checksum is not a signature: anybody who forges a plan can make
/// one, and a forged plan can only leave things out.
pub fn sealed(mut document: Value) -> Value {
    if let Some(header) = document.get_mut("header").and_then(Value::as_object_mut) {
        header.insert("checksum".into(), Value::Null);
    }
    let sum = checksum(&document);
    if let Some(header) = document.get_mut("header").and_then(Value::as_object_mut) {
        header.insert("checksum".into(), sum.into());
    }
    document
}

/// Reads a document of a format.
pub(super) fn document_of(text: &str, format: &str) -> Result<Value, Unfit> {
    let document: Value = serde_json::from_str(text)
        .map_err(|error| if error.is_eof() { Unfit::Truncated } else { Unfit::Foreign(error.to_string()) })?;
    match document["format"].as_str() {
        None => Err(Unfit::Foreign("it does not say what it is".into())),
        Some(other) if other != format => Err(Unfit::Format(other.to_owned())),
        Some(_) => Ok(document),
    }
}

/// Removes the checksum from a document, and returns whether it matches.
pub(super) fn unsealed(document: &mut Value) -> bool {
    let written = document.pointer_mut("/header/checksum").map(Value::take);
    written.as_ref().and_then(Value::as_str) == Some(&checksum(document))
}

/// Computes it over the document with a null checksum, without blanks.
fn checksum(document: &Value) -> String {
    hex(&Sha256::digest(document.to_string()))
}
