//! Documents that say what they are, and whether they are as they were written.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::hex;

/// Why a text is not a document of a kind.
pub(super) enum Unfit {
    /// It is not JSON, or does not say what it is.
    Foreign(String),
    /// It ends too early.
    Truncated,
    /// It is of another form.
    Format(String),
}

/// A document with the checksum that fits it, in its header. A checksum is not a signature: anybody who forges a plan
/// can make one, and a forged plan can only leave things out.
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

/// Takes the checksum out of a document, and says whether it fits.
pub(super) fn unsealed(document: &mut Value) -> bool {
    let written = document.pointer_mut("/header/checksum").map(Value::take);
    written.as_ref().and_then(Value::as_str) == Some(&checksum(document))
}

/// Over the document whose checksum is null, without blanks.
fn checksum(document: &Value) -> String {
    hex(&Sha256::digest(document.to_string()))
}
