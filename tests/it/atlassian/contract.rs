//! Atlassian's published description of Jira REST v3, as a contract: what may be asked, and what may be answered.
//!
//! The description is not part of the project. It is looked for as `shared/openapi/…` next to the tree or above;
//! where it does not lie there, tests of the contract say that they are skipped.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::edge::undeclared::UNDECLARED;

const FILE: &str = "shared/openapi/jira-v3.users-groups.json";

/// The description, with what was compiled of it.
pub(crate) struct Contract {
    description: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// A request, as the description has it: without host, gateway and encoding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What the description says of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is as described.
    Fits,
    /// The description does not have it, and [`UNDECLARED`] says why it is believed all the same.
    Listed,
    /// It is not as described.
    Wrong(Vec<String>),
}

/// The contract; tells once that it is not there.
pub(crate) fn contract() -> Option<&'static Contract> {
    static CONTRACT: OnceLock<Option<Contract>> = OnceLock::new();
    let found = CONTRACT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = root.ancestors().skip(1).map(|folder| folder.join(FILE)).find(|path| path.exists());
        let Some(path) = path else {
            println!("skipped: the contract, since there is no {FILE} next to the tree");
            return None;
        };
        let mut description = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        nullable(&mut description);
        Some(Contract { description, validators: Mutex::default() })
    });
    found.as_ref()
}

/// Says `nullable`, which is OpenAPI's own, as JSON Schema does.
fn nullable(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(nullable),
        Value::Object(object) => {
            object.values_mut().for_each(nullable);
            if object.remove("nullable") == Some(json!(true)) {
                let whole = std::mem::take(object);
                object.insert("anyOf".to_owned(), json!([whole, { "type": "null" }]));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Asked {
    /// A request by its method, its path with the query, and its body.
    pub(crate) fn of(method: &str, target: &str, body: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        // Behind the gateway the same paths stand after the cloud id.
        let path = path.strip_prefix("/ex/jira/").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
        Self {
            method: method.to_uppercase(),
            path: path.unwrap_or_else(|| target.split('?').next().unwrap_or_default()).to_owned(),
            query: query.map(|(name, value)| (decoded(name), decoded(value))).collect(),
            body: body.to_owned(),
        }
    }

    /// `METHOD /path`.
    pub(crate) fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.route(), self.query, self.body)
    }
}

impl Contract {
    /// What is wrong with a request: an endpoint, a parameter or a body that is not described, or one that is
    /// missing.
    pub(crate) fn request(&self, asked: &Asked) -> Vec<String> {
        let operation = self.operation(asked);
        if operation.is_null() {
            return vec!["there is no such endpoint".to_owned()];
        }
        let mut wrong = Vec::new();
        let declared = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        for (name, _) in &asked.query {
            if !declared.iter().any(|parameter| parameter["in"] == "query" && parameter["name"] == **name) {
                wrong.push(format!("there is no parameter {name}"));
            }
        }
        for parameter in declared {
            let name = parameter["name"].as_str().unwrap();
            let values = asked.query.iter().filter(|(asked, _)| asked == name);
            let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
            match values.as_slice() {
                [] if parameter["required"] == true => wrong.push(format!("{name} is missing")),
                [] => {}
                values => wrong.extend(self.parameter(asked, parameter, values)),
            }
        }
        let body = &operation["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        match (asked.body.is_empty(), schema.is_null()) {
            (true, false) if body["required"] == true => wrong.push("it has no body".to_owned()),
            (true, _) => {}
            (false, true) => wrong.push("it has a body".to_owned()),
            (false, false) => wrong.extend(self.request_body(asked, schema)),
        }
        wrong
    }

    /// Whether the description has a request at all: ours is an excerpt.
    pub(crate) fn knows(&self, asked: &Asked) -> bool {
        self.operation(asked).is_object()
    }

    /// What the description says of an answer to a request.
    pub(crate) fn answer(&self, asked: &Asked, status: u16, body: &str) -> Verdict {
        let response = &self.operation(asked)["responses"][status.to_string()];
        let listed = UNDECLARED.iter().any(|undeclared| undeclared.is(&asked.route(), status));
        if !response.is_object() {
            let wrong = vec![format!("it is not said to answer {status}")];
            return if listed { Verdict::Listed } else { Verdict::Wrong(wrong) };
        }
        let schema = &response["content"]["application/json"]["schema"];
        let wrong = match (schema.is_null(), body.is_empty()) {
            // Errors have a body that hardly any endpoint describes.
            (true, false) if status < 400 => vec!["it is not said to have a body".to_owned()],
            (true, _) => Vec::new(),
            (false, _) => match serde_json::from_str(body) {
                Ok(body) => self.fits(&format!("{} {status}", asked.route()), schema, &body),
                Err(error) => vec![format!("its body is not JSON: {error}")],
            },
        };
        if wrong.is_empty() {
            return Verdict::Fits;
        }
        if listed { Verdict::Listed } else { Verdict::Wrong(wrong) }
    }

    fn operation(&self, asked: &Asked) -> &Value {
        &self.description["paths"][&asked.path][asked.method.to_lowercase()]
    }

    fn parameter(&self, asked: &Asked, parameter: &Value, values: &[&str]) -> Vec<String> {
        let name = parameter["name"].as_str().unwrap();
        let schema = &parameter["schema"];
        let typed = |kind: &Value, text: &str| match kind.as_str() {
            Some("integer" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        };
        let value = if schema["type"] == "array" {
            values.iter().map(|text| typed(&schema["items"]["type"], text)).collect()
        } else if let [text] = values {
            typed(&schema["type"], text)
        } else {
            return vec![format!("{name} stands {} times", values.len())];
        };
        let wrong = self.fits(&format!("{} ?{name}", asked.route()), schema, &value);
        wrong.into_iter().map(|wrong| format!("{name}{wrong}")).collect()
    }

    /// The published schemas mostly allow any key besides those that they name; nothing else is to be sent.
    fn request_body(&self, asked: &Asked, schema: &Value) -> Vec<String> {
        let sent: Value = match serde_json::from_str(&asked.body) {
            Ok(sent) => sent,
            Err(error) => return vec![format!("its body is not JSON: {error}")],
        };
        let reference = schema["$ref"].as_str().map(|reference| &reference[1..]);
        let named = reference.and_then(|pointer| self.description.pointer(pointer)).unwrap_or(schema);
        let keys = sent.as_object().into_iter().flat_map(serde_json::Map::keys);
        let unknown = keys.filter(|key| named["properties"].get(key.as_str()).is_none());
        let unknown = unknown.map(|key| format!("its body has a key {key}")).collect::<Vec<_>>();
        let fits = self.fits(&format!("{} body", asked.route()), schema, &sent);
        unknown.into_iter().chain(fits).collect()
    }

    fn fits(&self, place: &str, schema: &Value, value: &Value) -> Vec<String> {
        let known = self.validators.lock().unwrap().get(place).cloned();
        let validator = known.unwrap_or_else(|| {
            let mut document = json!({ "components": self.description["components"] });
            document["allOf"] = json!([schema]);
            let validator = Arc::new(jsonschema::draft4::new(&document).unwrap());
            self.validators.lock().unwrap().insert(place.to_owned(), Arc::clone(&validator));
            validator
        });
        validator.iter_errors(value).map(|wrong| format!("{}: {wrong}", wrong.instance_path())).collect()
    }
}

#[test]
fn a_contract_that_is_broken_is_noticed() {
    let Some(contract) = contract() else { return };
    let request = |method: &str, target: &str, body: &str| contract.request(&Asked::of(method, target, body));
    let member = "/rest/api/3/group/member";
    assert_eq!(request("GET", &format!("{member}?groupId=a&startAt=0"), ""), Vec::<String>::new());
    assert_eq!(request("GET", "/rest/api/3/members", ""), ["there is no such endpoint"]);
    assert_eq!(request("PUT", member, ""), ["there is no such endpoint"]);
    assert_eq!(request("GET", &format!("{member}?group=a"), ""), ["there is no parameter group"]);
    assert_eq!(request("GET", &format!("{member}?groupId=a&groupId=b"), ""), ["groupId stands 2 times"]);
    assert_eq!(request("GET", &format!("{member}?startAt=first"), "").len(), 1);
    assert_eq!(request("DELETE", "/rest/api/3/user", ""), ["accountId is missing"]);
    assert_eq!(request("POST", "/rest/api/3/group", ""), ["it has no body"]);
    assert_eq!(request("POST", "/rest/api/3/group", r#"{"name":"a"}"#), Vec::<String>::new());
    assert_eq!(request("POST", "/rest/api/3/user", r#"{"emailAddress":"a@b.c"}"#).len(), 1);
    let unknown = request("POST", "/rest/api/3/group", r#"{"name":"a","nam":"b"}"#);
    assert_eq!(unknown, ["its body has a key nam"]);

    let answer = |method: &str, target: &str, status: u16, body: &str| {
        contract.answer(&Asked::of(method, target, ""), status, body)
    };
    let groups = "/rest/api/3/user/groups?accountId=a";
    assert_eq!(answer("GET", groups, 200, r#"[{"name":"a","groupId":"b"}]"#), Verdict::Fits);
    assert_eq!(answer("GET", groups, 200, r#"[{"name":"a","groupId":null}]"#), Verdict::Fits, "nullable");
    assert_eq!(answer("GET", groups, 403, r#"{"errorMessages":[]}"#), Verdict::Fits);
    for (status, body) in [(200, r#"[{"name":7}]"#), (200, "{}"), (200, "<html>"), (200, ""), (299, "[]")] {
        assert!(matches!(answer("GET", groups, status, body), Verdict::Wrong(_)), "{status} {body}");
    }
    let deleted = answer("DELETE", "/rest/api/3/group?groupId=a", 200, "{}");
    assert!(matches!(deleted, Verdict::Wrong(_)), "an answer without a body");
}
