//! A PATCH: its operations, and their effect on the attributes of a user (RFC 7644 §3.5.2).
//!
//! The description spells the key `operations` and its example `Operations`; both are accepted. It marks nothing
//! as required, so a body without `schemas` is accepted too, as atlassian-python-api sends it; with another schema it is
//! not.

use serde_json::{Map, Value};

use crate::reply::Reply;
use crate::request_context::RequestContext;

use super::errors::bad_request;
use super::filter;
use super::schema::{self, Attribute, ENTERPRISE, GROUP, USER};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// One operation; Entra capitalises `op`.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) path: Option<String>,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Remove,
    Replace,
}

/// Reads the operations.
pub(super) fn read(context: &RequestContext<'_>) -> Result<Vec<Operation>, Reply> {
    let invalid = |why: &str| bad_request("invalidSyntax", why);
    let body: Value = context.json().map_err(|error| invalid(&error.to_string()))?;
    let schemas = body.get("schemas").filter(|schemas| !schemas.is_null());
    let is_patch = |schemas: &Value| schemas.as_array().is_some_and(|it| it.iter().any(|it| it == SCHEMA));
    if schemas.is_some_and(|schemas| !is_patch(schemas)) {
        return Err(invalid("The schema of a patch is missing."));
    }
    let fields = body.as_object().into_iter().flatten();
    let list = fields.filter(|(key, _)| key.eq_ignore_ascii_case("operations")).map(|(_, list)| list).next();
    let list = list.and_then(Value::as_array).filter(|list| !list.is_empty());
    list.ok_or_else(|| invalid("There are no operations."))?.iter().map(operation).collect()
}

fn operation(json: &Value) -> Result<Operation, Reply> {
    let kind = json.get("op").and_then(Value::as_str).unwrap_or_default();
    let kind = match kind.to_ascii_lowercase().as_str() {
        "add" => Kind::Add,
        "remove" => Kind::Remove,
        "replace" => Kind::Replace,
        _ => return Err(bad_request("invalidSyntax", &format!("There is no operation '{kind}'."))),
    };
    let path = json.get("path").and_then(Value::as_str).map(str::to_owned);
    if path.is_none() && kind == Kind::Remove {
        return Err(bad_request("noTarget", "A removal needs a path."));
    }
    Ok(Operation { kind, path, value: json.get("value").cloned().unwrap_or_default() })
}

impl Operation {
    /// Its paths, each with its value: its own path, or the keys of its value.
    pub(super) fn attributes(&self) -> Result<Vec<(String, Value)>, Reply> {
        match (&self.path, self.value.as_object()) {
            (Some(path), _) => Ok(vec![(path.clone(), self.value.clone())]),
            (None, Some(value)) => {
                Ok(value.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            (None, None) => Err(bad_request("invalidValue", "An operation needs a path or an object.")),
        }
    }

    /// Applies it to the attributes of a user: 400 for a path that does not exist, or that only Atlassian writes.
    pub(super) fn apply(&self, user: &mut Map<String, Value>) -> Result<(), Reply> {
        for (path, value) in self.attributes()? {
            let target = Target::of(&path).ok_or_else(|| {
                bad_request("invalidPath", &format!("The directory has no attribute {path}."))
            })?;
            if target.attribute.mutability == "readOnly" {
                return Err(bad_request("mutability", &format!("{path} is read-only.")));
            }
            target.carry_out(self.kind, value, user);
        }
        Ok(())
    }
}

/// The path without the core schema's name before it.
pub(super) fn local(path: &str) -> &str {
    let path = path.trim();
    let of_core = |urn: &str| path.strip_prefix(urn).and_then(|rest| rest.strip_prefix(':'));
    of_core(USER).or_else(|| of_core(GROUP)).unwrap_or(path)
}

/// The target of a path: an attribute, those of its items that match a filter, and a part of it.
#[derive(Debug)]
struct Target {
    attribute: &'static Attribute,
    /// A part of the items, and the value that it must have.
    filter: Option<(&'static str, String)>,
    part: Option<&'static str>,
}

impl Target {
    fn of(path: &str) -> Option<Target> {
        let path = local(path);
        let find = |name: &str| schema::of_user().find(|known| known.name.eq_ignore_ascii_case(name));
        // The URN of the extension contains dots.
        let extension = path.get(..ENTERPRISE.len()).filter(|start| start.eq_ignore_ascii_case(ENTERPRISE));
        let (name, rest) = match extension {
            Some(urn) => (urn, path.get(urn.len()..)?),
            None => path.split_at(path.find(['.', '[']).unwrap_or(path.len())),
        };
        let attribute = find(name)?;
        let parts: &'static [Attribute] = match attribute.kind {
            schema::Kind::Complex(parts) => parts,
            schema::Kind::Text | schema::Kind::Flag | schema::Kind::Reference => &[],
        };
        let known: Vec<&'static str> = parts.iter().map(|part| part.name).collect();
        let (filter, rest) = match rest.strip_prefix('[') {
            None => (None, rest),
            Some(rest) => {
                let (inner, rest) = rest.split_once(']')?;
                (Some(filter::read(inner, &known).ok()?), rest)
            }
        };
        let part = match rest.strip_prefix(['.', ':']) {
            None if rest.is_empty() => None,
            None => return None,
            Some(part) => Some(*known.iter().find(|known| known.eq_ignore_ascii_case(part))?),
        };
        Some(Target { attribute, filter, part })
    }

    fn carry_out(&self, kind: Kind, value: Value, user: &mut Map<String, Value>) {
        let name = self.attribute.name;
        let before = user.remove(name).unwrap_or_default();
        let after = if self.attribute.multi {
            let items = before.as_array().cloned().unwrap_or_default();
            let items = match (&self.filter, self.part) {
                (None, None) => all(kind, value, items),
                _ => self.some(kind, &value, items),
            };
            if items.is_empty() { Value::Null } else { Value::Array(items) }
        } else {
            match self.part {
                Some(part) => one_part(kind, part, value, &before),
                None => single(kind, value, before),
            }
        };
        if !after.is_null() {
            user.insert(name.to_owned(), after);
        }
    }

    /// The items after a change of those that match the filter. If none does, an addition creates one, as Entra expects with
    /// `emails[type eq "work"].value`.
    fn some(&self, kind: Kind, value: &Value, mut items: Vec<Value>) -> Vec<Value> {
        let fits = |item: &Value| {
            let holds =
                |(part, wanted): &(&str, String)| item.get(part).and_then(Value::as_str) == Some(wanted);
            self.filter.as_ref().is_none_or(holds)
        };
        let Some(part) = self.part else {
            match kind {
                Kind::Remove => items.retain(|item| !fits(item)),
                Kind::Add | Kind::Replace => {
                    items.iter_mut().filter(|item| fits(item)).for_each(|item| merge(item, value));
                }
            }
            return items;
        };
        if kind != Kind::Remove && !items.iter().any(fits) {
            let made =
                self.filter.iter().map(|(part, wanted)| ((*part).to_owned(), Value::from(wanted.clone())));
            items.push(Value::Object(made.collect()));
        }
        for item in items.iter_mut().filter(|item| fits(item)) {
            *item = one_part(kind, part, value.clone(), item);
        }
        items.retain(|item| !item.is_null());
        items
    }
}

/// The items of an attribute after a change of all of it. A removal may name the items to remove, as Entra does. A new
/// primary item replaces the old one as primary.
fn all(kind: Kind, value: Value, mut items: Vec<Value>) -> Vec<Value> {
    let named = match value {
        Value::Array(named) => named,
        Value::Null => Vec::new(),
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one],
    };
    match kind {
        Kind::Replace => named,
        Kind::Remove if named.is_empty() => Vec::new(),
        Kind::Remove => {
            let gone = |item: &Value| named.iter().any(|named| named.get("value") == item.get("value"));
            items.retain(|item| !gone(item));
            items
        }
        Kind::Add => {
            let is_primary = |item: &Value| item.get("primary") == Some(&Value::Bool(true));
            if named.iter().any(is_primary) {
                items
                    .iter_mut()
                    .filter(|item| is_primary(item))
                    .for_each(|item| item["primary"] = false.into());
            }
            let new = named.into_iter().filter(|item| !items.contains(item)).collect::<Vec<_>>();
            items.extend(new);
            items
        }
    }
}

fn single(kind: Kind, value: Value, mut before: Value) -> Value {
    match kind {
        Kind::Remove => Value::Null,
        Kind::Add | Kind::Replace if before.is_object() && value.is_object() => {
            merge(&mut before, &value);
            before
        }
        Kind::Add | Kind::Replace => value,
    }
}

fn one_part(kind: Kind, part: &str, value: Value, before: &Value) -> Value {
    let mut object = before.as_object().cloned().unwrap_or_default();
    if kind == Kind::Remove || value.is_null() {
        object.remove(part);
    } else {
        object.insert(part.to_owned(), value);
    }
    if object.is_empty() { Value::Null } else { Value::Object(object) }
}

/// Writes the parts of one object over those of another.
fn merge(object: &mut Value, other: &Value) {
    if let (Some(object), Some(other)) = (object.as_object_mut(), other.as_object()) {
        object.extend(other.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
