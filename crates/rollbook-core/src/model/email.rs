//! Email addresses as people declare them: compared without regard to ASCII case, shown as written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::compared::compared;
use super::invisible::is_invisible;

/// An email address. Equality and order ignore ASCII case; [`fmt::Display`] shows the declared spelling.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "String")]
pub struct Email {
    text: Arc<str>,
    /// Whether it is spelled without capital letters, as nearly all are, so that the bytes can be compared directly.
    lowercase: bool,
}

/// Why a text is not an email address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is not exactly one `@` with something on both sides.
    #[error("it is not of the form name@domain")]
    Shape,
    /// It is longer than 254 bytes (RFC 5321 §4.5.3.1.3).
    #[error("it is longer than 254 bytes")]
    TooLong,
    /// It contains a white-space, control, bidirectional or invisible character.
    #[error("it contains the invisible or control character U+{0:04X}")]
    Invisible(u32),
}

impl Email {
    /// The most bytes of an email (RFC 5321 §4.5.3.1.3).
    pub const LONGEST: usize = 254;

    /// Checks a text and keeps its spelling.
    ///
    /// # Errors
    /// [`EmailError`] describes the fault.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if let Some(bad) = text.chars().find(|c| is_invisible(*c)) {
            return Err(EmailError::Invisible(u32::from(bad)));
        }
        if text.len() > Self::LONGEST {
            return Err(EmailError::TooLong);
        }
        // An address of a plan writes `account:ID` if there is no email, and an unquoted local part cannot contain a
        // colon anyway (RFC 5322 §3.2.3).
        if text.contains(':') {
            return Err(EmailError::Shape);
        }
        match text.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self {
                    text: Arc::from(text),
                    lowercase: !text.bytes().any(|byte| byte.is_ascii_uppercase()),
                })
            }
            Some(_) | None => Err(EmailError::Shape),
        }
    }

    /// The declared spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part after the `@`, as declared.
    pub fn domain(&self) -> &str {
        self.text.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether two addresses reach one mailbox: the part after a `+` is a note of its owner (RFC 5233).
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self == other || self.mailbox().eq_ignore_ascii_case(other.mailbox()) && self.is_at(other.domain())
    }

    /// The part before the `@`, without the note after a `+`.
    fn mailbox(&self) -> &str {
        self.text.split(['@', '+']).next().unwrap_or_default()
    }

    /// Whether it is at a domain.
    pub fn is_at(&self, domain: &str) -> bool {
        in_ascii(self.domain()) == in_ascii(domain)
    }

    /// The other form of its domain, if that has non-ASCII letters or encodes some: the ASCII form, or the decoded one.
    pub fn other_domain(&self) -> Option<String> {
        let domain = self.domain();
        let other = if domain.is_ascii() { idna::domain_to_unicode(domain).0 } else { in_ascii(domain) };
        (!other.eq_ignore_ascii_case(domain)).then_some(other)
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.text.bytes().map(|b| b.to_ascii_lowercase())
    }
}

/// The form in which domains compare: in lower-case ASCII letters (RFC 5891 §4).
fn in_ascii(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_ascii_lowercase())
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.text, &other.text) {
            return true;
        }
        compared();
        if self.lowercase && other.lowercase {
            return self.text == other.text;
        }
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Email {}

impl PartialOrd for Email {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Email {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.text, &other.text) {
            return Ordering::Equal;
        }
        compared();
        if self.lowercase && other.lowercase {
            return self.text.cmp(&other.text);
        }
        self.folded().cmp(other.folded())
    }
}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.lowercase {
            self.text.hash(state);
        } else {
            self.text.to_ascii_lowercase().hash(state);
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_without_case_and_shows_what_was_written() {
        let written = Email::parse("Ada@Acme.com").unwrap();
        assert_eq!(written, Email::parse("ada@acme.COM").unwrap());
        assert_eq!(written.to_string(), "Ada@Acme.com");
        assert_eq!(written.domain(), "Acme.com");
    }

    #[test]
    fn a_domain_of_another_script_has_two_forms() {
        for (email, domain, other) in [
            ("ada@M\u{fc}ller.example", "xn--mller-kva.EXAMPLE", Some("xn--mller-kva.example")),
            ("ada@xn--mller-kva.example", "m\u{fc}ller.example", Some("m\u{fc}ller.example")),
            ("ada@\u{430}cme.com", "xn--cme-5cd.com", Some("xn--cme-5cd.com")),
            ("ada@Acme.com", "acme.COM", None),
        ] {
            let email = Email::parse(email).unwrap();
            assert!(email.is_at(domain), "{email}");
            assert_eq!(email.other_domain().as_deref(), other);
        }
        assert!(!Email::parse("ada@\u{430}cme.com").unwrap().is_at("acme.com"));
    }

    #[test]
    fn refuses_what_a_reviewer_cannot_see() {
        for text in ["a\u{202e}b@acme.com", "a\u{200b}@acme.com", "a b@acme.com", "a\n@acme.com"] {
            assert!(matches!(Email::parse(text), Err(EmailError::Invisible(_))), "{text:?}");
        }
        for text in ["", "@", "a@", "@b", "ab", "a@b@c", "account:a@b"] {
            assert_eq!(Email::parse(text), Err(EmailError::Shape), "{text:?}");
        }
        assert_eq!(Email::parse(&format!("{}@acme.com", "a".repeat(250))), Err(EmailError::TooLong));
    }
}
