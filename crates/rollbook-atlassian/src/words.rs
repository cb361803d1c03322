//! Atlassian's own words: the text of a response that is not a success, in any shape, without secrets.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use rollbook_core::model::is_invisible;

/// The most characters that are shown.
const SHOWN: usize = 300;

/// The fewest characters of a part of a secret that is masked by itself; shorter parts disclose nothing, and may be
/// words.
const TELLING: usize = 8;

/// The text of a response, without invisible characters and secrets. `Display` shortens it and makes it harmless;
/// [`Words::as_str`] has all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Reads a body. Errors of the identity back end and of the edge have any of these shapes: the documented
    /// `errorMessages` and `errors`, `{code, message}`, OAuth's `error_description`, SCIM's `scimType` and
    /// `detail`, user management's `key` and `context`, which is an object or a text, its `errorKey` and `errorDetail`
    /// (live, 2026-10-05), or raw text (docs/atlassian.md#errors-of-jira,
    /// docs/atlassian.md#errors-of-the-organization).
    ///
    /// Secrets are masked last, in the words as they will be shown: before that, JSON's escapes or dropped characters may split
    /// them.
    pub(super) fn of(body: &str, secrets: &Secrets) -> Self {
        let Self(text) = Self::plain(body);
        Self(
            secrets
                .mask(&text.chars().filter(|c| c.is_whitespace() || !is_invisible(*c)).collect::<String>()),
        )
    }

    fn plain(body: &str) -> Self {
        let body = body.trim();
        if looks_like_html(body) {
            return Self(html_title(body).unwrap_or_default());
        }
        match serde_json::from_str::<Value>(body) {
            Ok(value) => {
                let mut found = Vec::new();
                collect(&value, &mut found);
                Self(if found.is_empty() { plain(body) } else { found.join("; ") })
            }
            Err(_) => Self(body.to_owned()),
        }
    }

    /// The complete text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0, SHOWN))
    }
}

/// The secrets that must not be shown in a response.
#[derive(Clone)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(super) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self(secrets.into_iter().collect())
    }

    /// Replaces every secret, in case the peer repeats it: a proxy's echo must not reach a log. The replacement may be part of
    /// a host's name.
    ///
    /// A peer may escape its echo, for JSON, HTML or a URL, and hosts are in lower case. So the parts without escaped
    /// characters are replaced too, in any case.
    pub(super) fn mask(&self, text: &str) -> String {
        let touched = |c: char| !c.is_ascii_alphanumeric() && !['-', '.', '_', '~'].contains(&c);
        let mut masked = text.to_owned();
        for secret in &self.0 {
            let secret = secret.expose_secret();
            let parts = secret.split(touched).filter(|part| part.len() >= TELLING);
            masked = std::iter::once(secret).chain(parts).fold(masked, |text, part| without(&text, part));
        }
        masked
    }
}

/// A text without a secret, which is ASCII and not empty.
fn without(text: &str, secret: &str) -> String {
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    // ASCII lower case keeps every byte at its index.
    for (at, found) in lower.match_indices(&secret) {
        masked.push_str(&text[rest..at]);
        masked.push_str("SECRET");
        rest = at + found.len();
    }
    masked.push_str(&text[rest..]);
    masked
}

/// Shortens a foreign text, folds its white space, and drops invisible characters.
pub(super) fn shown(text: &str, limit: usize) -> String {
    let words = folded(text);
    match words.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// Shows a text that may repeat a secret, without it.
pub(super) fn shown_without(secrets: &Secrets, text: &str, limit: usize) -> String {
    shown(&secrets.mask(&folded(text)), limit)
}

fn folded(text: &str) -> String {
    let seen = |word: &str| word.chars().filter(|c| !is_invisible(*c)).collect::<String>();
    text.split_whitespace().map(seen).collect::<Vec<_>>().join(" ")
}

/// Whether a body is a page for people.
pub(super) fn looks_like_html(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(9).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

fn html_title(body: &str) -> Option<String> {
    // ASCII lower case keeps every byte at its index.
    let lower = body.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(body[start..end].trim().to_owned())
}

/// An empty document, such as `{}` or `{"errorMessages":[],"errors":{}}`, says nothing.
fn plain(body: &str) -> String {
    if body.contains("\"errorMessages\"") || body == "{}" || body == "[]" || body == "null" {
        String::new()
    } else {
        body.to_owned()
    }
}

/// The fields whose text says something, in the order in which it is shown.
const SAYING: [&str; 10] = [
    "key",
    "errorKey",
    "code",
    "scimType",
    "title",
    "message",
    "detail",
    "errorDetail",
    "error",
    "error_description",
];

fn collect(value: &Value, found: &mut Vec<String>) {
    let Value::Object(fields) = value else {
        if let Value::String(text) = value {
            found.push(text.clone());
        }
        return;
    };
    for message in fields.get("errorMessages").and_then(Value::as_array).into_iter().flatten() {
        collect(message, found);
    }
    match fields.get("errors") {
        Some(Value::Object(errors)) => {
            for (field, message) in errors {
                let message = message.as_str().map_or_else(|| message.to_string(), ToOwned::to_owned);
                found.push(format!("{field}: {message}"));
            }
        }
        Some(Value::Array(errors)) => errors.iter().for_each(|error| collect(error, found)),
        Some(_) | None => {}
    }
    for name in SAYING {
        match fields.get(name) {
            // Some repeat a text, as a key and as the key of an error.
            Some(Value::String(text)) if !text.is_empty() && !found.contains(text) => {
                found.push(text.clone());
            }
            Some(_) | None => {}
        }
    }
    for name in ["context", "reason"] {
        match fields.get(name) {
            Some(Value::String(text)) if text.is_empty() || found.iter().any(|said| said.contains(text)) => {}
            Some(value) => collect(value, found),
            None => {}
        }
    }
    for error in fields.get("errorCodes").and_then(Value::as_array).into_iter().flatten() {
        collect(error, found);
    }
}
