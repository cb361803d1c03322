//! The attributes that the directory keeps, by the schemas that Atlassian's directory published (captured by go-atlassian,
//! 2021), and reading them from an identity provider's requests.
//!
//! Two things are published here that were not in that capture, though responses have them: Atlassian's own extension of
//! users, and `type` and `display` of a group's members. Without them a strict client, such as scim2-client, refuses
//! every user and every group with members.
//!
//! Attributes in no schema, such as a password or an address, are silently ignored (RFC 7644 §3.3).

use serde_json::{Map, Value, json};

use crate::reply::Reply;

use super::errors::bad_request;

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Atlassian's extension, which names the account.
pub(super) const ATLASSIAN: &str = "urn:scim:schemas:extension:atlassian-external:1.0";

/// An attribute or a part of one.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) multi: bool,
    pub(super) required: bool,
    pub(super) mutability: &'static str,
    /// `server` if no two resources share a value.
    uniqueness: &'static str,
    canonical: &'static [&'static str],
    description: &'static str,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Reference,
    Complex(&'static [Attribute]),
}

/// An attribute that every resource may have, and no schema lists.
static EXTERNAL_ID: Attribute = text("externalId", "The identity provider's own id.");
/// The enterprise extension, which is within a user under its own name.
static EXTENSION: Attribute = complex(ENTERPRISE, ENTERPRISE_ATTRIBUTES, "Enterprise User");

pub(super) static USER_ATTRIBUTES: &[Attribute] = &[
    Attribute {
        required: true,
        uniqueness: "server",
        ..text("userName", "Unique identifier for the user, whatever its case.")
    },
    complex("name", NAME, "The components of the user's name."),
    text("displayName", "The name of the user, suitable for display."),
    text("nickName", "The casual way to address the user."),
    text("title", "The user's title."),
    text("preferredLanguage", "The user's preferred written or spoken language."),
    text("timezone", "The user's time zone, such as America/Los_Angeles."),
    flag("active", "The user's administrative status."),
    Attribute {
        multi: true,
        required: true,
        ..complex("emails", EMAIL, "Email addresses for the user, one of them primary.")
    },
    Attribute { multi: true, ..complex("phoneNumbers", PHONE, "Phone numbers for the user.") },
    Attribute {
        multi: true,
        mutability: "readOnly",
        ..complex("groups", MEMBERSHIP, "The groups that the user is in.")
    },
];

static NAME: &[Attribute] = &[
    text("formatted", "The full name, formatted for display."),
    text("familyName", "The family name."),
    text("givenName", "The given name."),
    text("middleName", "The middle names."),
    text("honorificPrefix", "The honorific prefixes."),
    text("honorificSuffix", "The honorific suffixes."),
];

static EMAIL: &[Attribute] = &[
    text("value", "The address."),
    text("display", "A name for display."),
    Attribute { canonical: &["work", "home", "other"], ..text("type", "What the address is for.") },
    flag("primary", "Whether it is the primary one."),
];

static PHONE: &[Attribute] = &[
    text("value", "The number."),
    text("display", "A name for display."),
    Attribute {
        canonical: &["work", "home", "mobile", "fax", "pager", "other"],
        ..text("type", "What the number is for.")
    },
    flag("primary", "Whether it is the primary one."),
];

static MEMBERSHIP: &[Attribute] = &[
    read_only(text("value", "The group's id.")),
    read_only(reference("$ref", "The address of the group.")),
    read_only(text("display", "The group's name.")),
    Attribute {
        canonical: &["direct", "indirect"],
        ..read_only(text("type", "How the user came into the group."))
    },
];

pub(super) static ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("organization", "The name of the organization that the user belongs to."),
    text("department", "The name of the department that the user belongs to."),
];

pub(super) static ATLASSIAN_ATTRIBUTES: &[Attribute] =
    &[read_only(text("atlassianAccountId", "The id of the user's Atlassian account."))];

pub(super) static GROUP_ATTRIBUTES: &[Attribute] = &[
    Attribute {
        required: true,
        mutability: "immutable",
        ..text("displayName", "A human-readable name for the group.")
    },
    Attribute { multi: true, ..complex("members", MEMBER, "The members of the group.") },
];

static MEMBER: &[Attribute] = &[
    Attribute { mutability: "immutable", ..text("value", "The member's id.") },
    Attribute { mutability: "immutable", ..reference("$ref", "The address of the member.") },
    Attribute { canonical: &["User"], ..read_only(text("type", "What the member is.")) },
    read_only(text("display", "The member's user name.")),
];

const fn attribute(name: &'static str, kind: Kind, description: &'static str) -> Attribute {
    Attribute {
        name,
        kind,
        multi: false,
        required: false,
        mutability: "readWrite",
        uniqueness: "none",
        canonical: &[],
        description,
    }
}

const fn text(name: &'static str, description: &'static str) -> Attribute {
    attribute(name, Kind::Text, description)
}

const fn flag(name: &'static str, description: &'static str) -> Attribute {
    attribute(name, Kind::Flag, description)
}

const fn reference(name: &'static str, description: &'static str) -> Attribute {
    attribute(name, Kind::Reference, description)
}

const fn complex(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Attribute {
    attribute(name, Kind::Complex(parts), description)
}

const fn read_only(attribute: Attribute) -> Attribute {
    Attribute { mutability: "readOnly", ..attribute }
}

/// Everything that a user may have, the extension among it.
pub(super) fn of_user() -> impl Iterator<Item = &'static Attribute> {
    USER_ATTRIBUTES.iter().chain([&EXTERNAL_ID, &EXTENSION])
}

/// Reads the known attributes from a request, in their own spelling; without those that only Atlassian writes, and those
/// that are `null`. 400 for a value of another type.
pub(super) fn clean<'a>(
    attributes: impl Iterator<Item = &'a Attribute>,
    sent: &Map<String, Value>,
) -> Result<Map<String, Value>, Reply> {
    let mut kept = Map::new();
    for attribute in attributes.filter(|attribute| attribute.mutability != "readOnly") {
        let value = sent.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute.name));
        if let Some(value) = value.map(|(_, value)| attribute.clean(value)).transpose()?.flatten() {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(kept)
}

impl Attribute {
    /// The value, or `None` if it is unassigned.
    fn clean(&self, value: &Value) -> Result<Option<Value>, Reply> {
        if !self.multi {
            return self.clean_one(value);
        }
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let items: Vec<Option<Value>> =
            items.iter().map(|item| self.clean_one(item)).collect::<Result<_, Reply>>()?;
        let items: Vec<Value> = items.into_iter().flatten().collect();
        Ok((!items.is_empty()).then_some(Value::Array(items)))
    }

    fn clean_one(&self, value: &Value) -> Result<Option<Value>, Reply> {
        let wrong = || bad_request("invalidValue", &format!("{} cannot be {value}.", self.name));
        match (&self.kind, value) {
            (_, Value::Null) => Ok(None),
            (Kind::Text | Kind::Reference, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => {
                Ok(Some(value.clone()))
            }
            // Entra sends the text "False" (docs/atlassian.md#users-of-scim: texts and booleans occur).
            (Kind::Flag, Value::String(text)) => {
                let flag = text.to_ascii_lowercase().parse().map_err(|_| wrong())?;
                Ok(Some(Value::Bool(flag)))
            }
            (Kind::Complex(parts), Value::Object(sent)) => {
                let kept = clean(parts.iter(), sent)?;
                Ok((!kept.is_empty()).then_some(Value::Object(kept)))
            }
            _ => Err(wrong()),
        }
    }

    /// The attribute as `/Schemas` describes it (RFC 7643 §7).
    pub(super) fn json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::Text => "string",
                Kind::Flag => "boolean",
                Kind::Reference => "reference",
                Kind::Complex(_) => "complex",
            },
            "multiValued": self.multi,
            "description": self.description,
            "required": self.required,
            "mutability": self.mutability,
            "returned": "default",
        });
        let mut add =
            |name: &str, value: Value| json.as_object_mut().map(|json| json.insert(name.to_owned(), value));
        match &self.kind {
            Kind::Complex(parts) => {
                add("subAttributes", parts.iter().map(Attribute::json).collect());
            }
            Kind::Text | Kind::Reference => {
                add("caseExact", json!(false));
                add("uniqueness", json!(self.uniqueness));
            }
            Kind::Flag => {}
        }
        if matches!(self.kind, Kind::Reference) {
            add("referenceTypes", json!(["User", "Group"]));
        }
        if !self.canonical.is_empty() {
            add("canonicalValues", json!(self.canonical));
        }
        json
    }
}
