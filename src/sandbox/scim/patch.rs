//! The body of a PATCH: operations, whose key the description spells `operations` and its example `Operations`;
//! both are taken (fact sheet §4).

use serde_json::Value;

use crate::sandbox::reply::Reply;
use crate::sandbox::turn::Turn;

use super::errors::bad_request;

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

/// Reads the operations. Assumption: the schema is required, as RFC 7644 has it.
pub(super) fn read(turn: &Turn<'_>) -> Result<Vec<Operation>, Reply> {
    let invalid = |why: &str| bad_request("invalidSyntax", why);
    let body: Value = turn.json().map_err(|error| invalid(&error.to_string()))?;
    let schemas = body.get("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == SCHEMA)) {
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
    /// The attributes that it sets: the one of its path, or those of its value.
    pub(super) fn attributes(&self) -> Result<Vec<(String, Value)>, Reply> {
        match (&self.path, self.value.as_object()) {
            (Some(path), _) => Ok(vec![(path.clone(), self.value.clone())]),
            (None, Some(value)) => {
                Ok(value.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            (None, None) => Err(bad_request("invalidValue", "An operation needs a path or an object.")),
        }
    }
}
