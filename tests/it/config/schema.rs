//! The schema and the decoder find the same mistakes of shape.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use jiff::civil::date;
use rollbook::config::{codes, parse, schema};
use rollbook::model::{Diagnostic, SourceFile, Tree};
use serde_json::{Map, Value, json};

#[test]
fn the_committed_schema_is_the_one_that_rollbook_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/rollbook.schema.json");
    let mut text = serde_json::to_string_pretty(&schema()).unwrap();
    text.push('\n');
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == text, "run ROLLBOOK_BLESS=1 cargo test schema");
}

/// The keys that make a document a rollbook.yaml; one without them is a file that is included.
const OF_THE_ROOT: [&str; 10] = [
    "version",
    "site",
    "organization",
    "directory",
    "operator",
    "scim",
    "include",
    "share",
    "policy",
    "waive",
];

fn shape_mistakes(document: &Value) -> Vec<Diagnostic> {
    let is_root = OF_THE_ROOT.iter().any(|key| document.get(key).is_some());
    let document = SourceFile {
        path: if is_root { "rollbook.yaml" } else { "users/a.yaml" }.into(),
        text: document.to_string(),
    };
    let mut files = vec![document];
    if !is_root {
        let text = "version: 1\nsite: https://acme.atlassian.net\n".into();
        files.insert(0, SourceFile { path: "rollbook.yaml".into(), text });
    }
    let parsed = parse(&Tree { files }, date(2026, 6, 1));
    parsed.diagnostics.into_iter().filter(|d| codes::SHAPE.contains(&d.code)).collect()
}

/// Makes documents that a schema takes.
/// Keys of a group that are about its members, and have no meaning if these are unmanaged.
const OF_MEMBERS: [&str; 4] = ["description", "source", "apps-in-group", "nest"];

/// The keys that say who a member is.
const SUBJECTS: [&str; 4] = ["user", "group", "synced", "account"];

struct Generator<'s> {
    schema: &'s Value,
    rng: Rng,
}

impl Generator<'_> {
    fn document(&mut self) -> Value {
        let mut document = self.value(&self.schema.clone());
        let fields = document.as_object_mut().unwrap();
        if fields.keys().any(|key| OF_THE_ROOT.contains(&key.as_str())) {
            fields.insert("version".into(), json!(1));
            fields.insert("site".into(), json!("https://acme.atlassian.net"));
        }
        if fields.contains_key("directory") {
            fields.insert("organization".into(), json!("o-1"));
        }
        document
    }

    fn value(&mut self, schema: &Value) -> Value {
        if let Some(name) = schema.get("$ref").map(|name| name.as_str().unwrap()) {
            let name = name.rsplit('/').next().unwrap();
            return self.named(name);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let (Some(all), None) = (schema.get("allOf"), schema.get("properties")) {
            return self.value(&all[0].clone());
        }
        if let Some(words) = schema["enum"].as_array() {
            return words[self.rng.usize(..words.len())].clone();
        }
        for key in ["oneOf", "anyOf"] {
            if let (Some(options), None) = (schema[key].as_array(), schema.get("properties")) {
                let chosen = self.rng.usize(..options.len());
                return self.value(&options[chosen].clone());
            }
        }
        match schema["type"].as_str().unwrap() {
            "object" if schema.get("properties").is_some() => self.fields(schema),
            "object" => self.map(schema),
            "array" => self.list(schema),
            "boolean" => Value::Bool(self.rng.bool()),
            "integer" => {
                json!(self.rng.u64(schema["minimum"].as_u64().unwrap()..=schema["maximum"].as_u64().unwrap()))
            }
            "string" => json!(format!("users/{}.yaml", self.rng.u8(..))),
            other => panic!("{other}"),
        }
    }

    /// Texts that a pattern describes are made by its name.
    fn named(&mut self, name: &str) -> Value {
        let n = self.rng.u16(..);
        match name {
            "Email" => json!(format!("p{n}@acme.com")),
            "GroupName" => json!(format!("group {n} ü")),
            "Id" => json!(format!("712020:{n}")),
            "Prose" => json!(format!("text {n}")),
            "Domain" => json!(format!("d{n}.acme.com")),
            "Day" => {
                json!(format!("20{}-0{}-1{}", self.rng.u8(10..99), self.rng.u8(1..9), self.rng.u8(0..9)))
            }
            "Pattern" => json!(format!("users/p{n}/**/*.yaml")),
            "Folder" => json!(format!("../people{n}")),
            "Address" => json!(format!("group.g{n}")),
            "Site" => json!("https://acme.atlassian.net"),
            other => {
                let definition = self.schema["definitions"][other].clone();
                let mut value = self.value(&definition);
                match other {
                    "GroupEntry" => self.one_state(&mut value),
                    "MemberEntry" => self.one_subject(&mut value),
                    "Grant" if value.get("absent").is_some() => {
                        value.as_object_mut().unwrap().remove("until");
                    }
                    "MaxRevokes" if value.as_object().unwrap().is_empty() => value["total"] = json!(1),
                    _ => {}
                }
                value
            }
        }
    }

    fn one_state(&mut self, group: &mut Value) {
        let fields = group.as_object_mut().unwrap();
        if fields.contains_key("absent") && self.rng.bool() {
            fields.retain(|key, _| ["id", "owners", "absent"].contains(&key.as_str()));
        } else {
            fields.remove("absent");
            let members = fields.entry("members").or_insert(json!([]));
            if *members == json!("unmanaged") {
                fields.retain(|key, _| !OF_MEMBERS.contains(&key.as_str()));
            }
        }
    }

    fn one_subject(&mut self, member: &mut Value) {
        let fields = member.as_object_mut().unwrap();
        let kept = SUBJECTS[self.rng.usize(..SUBJECTS.len())];
        fields.retain(|key, _| !SUBJECTS.contains(&key.as_str()) || key == kept);
        fields.insert(kept.into(), if kept == "user" { json!("u@acme.com") } else { json!("g-1") });
        if !["group", "synced"].contains(&kept) {
            fields.remove("except");
        }
    }

    fn fields(&mut self, schema: &Value) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().map(|key| key.as_str().unwrap()).collect();
        let mut fields = Map::new();
        for (key, schema) in schema["properties"].as_object().unwrap() {
            if required.contains(&key.as_str()) || self.rng.u8(..) < 110 {
                fields.insert(key.clone(), self.value(schema));
            }
        }
        Value::Object(fields)
    }

    fn map(&mut self, schema: &Value) -> Value {
        let entries = self.rng.usize(..4);
        let pair = |this: &mut Self| {
            let key = this.value(&schema["propertyNames"].clone());
            (key.as_str().unwrap().to_owned(), this.value(&schema["additionalProperties"].clone()))
        };
        Value::Object((0..entries).map(|_| pair(self)).collect())
    }

    fn list(&mut self, schema: &Value) -> Value {
        let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap();
        let count = least + self.rng.usize(..3);
        let mut items: Vec<Value> = Vec::new();
        while items.len() < count {
            let item = self.value(&schema["items"].clone());
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Value::Array(items)
    }
}

/// Keys that are right in one place and wrong in another.
const KEYS: [&str; 10] =
    ["absent", "user", "group", "except", "members", "mode", "directory", "zzz", "a@b.c", ""];

/// Changes one place of a document: mostly into a mistake, sometimes not.
fn mutate(document: &mut Value, rng: &mut Rng) {
    let mut places = Vec::new();
    pointers(document, String::new(), &mut places);
    let place = &places[rng.usize(..places.len())];
    let value = document.pointer_mut(place).unwrap();
    match value {
        Value::Object(fields) if fields.contains_key("guard") && rng.bool() => {
            fields.insert("guard".into(), json!("wrong-site"));
        }
        Value::Object(fields) if fields.contains_key("role") && rng.bool() => {
            fields.insert("absent".into(), json!(true));
            fields.insert("until".into(), json!("2030-12-31"));
        }
        Value::Object(fields) if fields.get("members") == Some(&json!("unmanaged")) && rng.bool() => {
            fields.insert("nest".into(), json!(true));
        }
        Value::Object(fields) if fields.contains_key("except") && rng.bool() => {
            fields.remove("group");
            fields.remove("synced");
            fields.insert("user".into(), json!("u@acme.com"));
        }
        Value::Object(fields) if !fields.is_empty() && rng.bool() => {
            let key = fields.keys().nth(rng.usize(..fields.len())).unwrap().clone();
            if rng.bool() {
                fields.remove(&key);
            } else {
                let value = fields.remove(&key).unwrap();
                let renamed =
                    if rng.bool() { format!("{key}x") } else { KEYS[rng.usize(..KEYS.len())].into() };
                fields.insert(renamed, value);
            }
        }
        Value::Object(fields) if rng.bool() => {
            let keys =
                ["absent", "user", "group", "except", "members", "mode", "directory", "zzz", "a@b.c", ""];
            fields.insert(keys[rng.usize(..keys.len())].into(), other(rng));
        }
        Value::Array(items) if !items.is_empty() && rng.bool() => {
            if rng.bool() {
                items.push(items[0].clone());
            } else {
                items.pop();
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => *value = other(rng),
    }
}

fn other(rng: &mut Rng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(101),
        json!(5_000_000_000_u64),
        json!(""),
        json!(" "),
        json!("true"),
        json!("exact"),
        json!("wrong-site"),
        json!("g-1"),
        json!("ada@acme.com"),
        json!("acme.com"),
        json!("2026-02-30"),
        json!("2026-12-31"),
        json!("a b"),
        json!("x".repeat(300)),
        json!([]),
        json!(["a@b.c"]),
        json!([[]]),
        json!({}),
        json!({ "a@b.c": {} }),
        json!({ "user": "a@b.c" }),
        json!({ "absent": true }),
    ];
    values[rng.usize(..values.len())].clone()
}

fn pointers(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            // What belongs together is where most rules are.
            places.extend(
                (fields.contains_key("except") || fields.contains_key("guard"))
                    .then(|| vec![at.clone(); 20])
                    .into_iter()
                    .flatten(),
            );
            for (key, value) in fields {
                pointers(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, format!("{at}/{index}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(at);
}

/// The decoder reports duplicate members by itself, however people and groups are written.
fn without_repeated_members(document: &Value) -> Value {
    let mut document = document.clone();
    let groups = document.get_mut("groups").and_then(Value::as_object_mut);
    for group in groups.into_iter().flat_map(|groups| groups.values_mut()) {
        if let Some(Value::Array(members)) = group.get_mut("members") {
            let mut kept: Vec<Value> = Vec::new();
            members.retain(|member| {
                let is_new = !kept.contains(member);
                kept.extend(is_new.then(|| member.clone()));
                is_new
            });
        }
    }
    document
}

#[test]
fn agree_on_every_mistake_of_shape() {
    let schema = schema();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..1000 {
        let mut generator = Generator { schema: &schema, rng: Rng::with_seed(seed) };
        let mut document = generator.document();
        let found = shape_mistakes(&document);
        assert!(
            found.is_empty(),
            "seed {seed}: the schema makes {document}, and the decoder finds {found:#?}"
        );
        assert!(validator.is_valid(&document), "seed {seed}: {document}");
        for _ in 0..4 {
            mutate(&mut document, &mut generator.rng);
            let found = shape_mistakes(&document);
            let judged = without_repeated_members(&document);
            let errors: Vec<String> =
                validator.iter_errors(&judged).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(
                found.is_empty() == errors.is_empty(),
                "seed {seed}: {document}\nthe decoder finds {found:#?}\nthe schema finds {errors:#?}"
            );
            seen.extend(found.iter().map(|diagnostic| diagnostic.code));
        }
    }
    assert_eq!(seen, codes::SHAPE.iter().copied().collect(), "every code of the list was tried");
}

#[test]
fn an_editor_has_a_text_for_every_key() {
    let schema = schema();
    let definitions = schema["definitions"].as_object().unwrap();
    for (name, definition) in definitions.iter().chain([(&"Rollbook".to_owned(), &schema)]) {
        let Some(properties) = definition["properties"].as_object() else { continue };
        assert_eq!(definition["additionalProperties"], json!(false), "{name}");
        for (key, property) in properties {
            assert!(property["description"].is_string(), "{name}.{key}");
        }
    }
}

#[test]
fn an_editor_refuses_a_member_that_stands_twice() {
    let validator = jsonschema::options().should_validate_formats(false).build(&schema()).unwrap();
    let group = |members: Value| json!({ "groups": { "sre": { "members": members } } });
    let until = |day: &str| json!({ "user": "ada@acme.com", "until": day });
    for (members, valid) in [
        (json!(["ada@acme.com", "ada@acme.com"]), false),
        (json!([{ "group": "ops" }, { "group": "ops" }]), false),
        (json!([until("2027-01-01"), until("2027-01-01")]), false),
        (json!(["ada@acme.com", "bob@acme.com", { "group": "ops" }]), true),
    ] {
        let document = group(members);
        assert_eq!(validator.is_valid(&document), valid, "{document}");
        let text = format!("version: 1\nsite: https://acme.atlassian.net\n{}\n", document_text(&document));
        let file = SourceFile { path: "rollbook.yaml".into(), text };
        let found = parse(&Tree { files: vec![file] }, date(2026, 6, 1)).diagnostics;
        let repeated = found.iter().any(|diagnostic| diagnostic.code == codes::DUPLICATE_MEMBER);
        assert_eq!(repeated, !valid, "{document}: {found:?}");
    }
}

/// The keys of a document in lines, each with its value as JSON, which is YAML.
fn document_text(document: &Value) -> String {
    let fields = document.as_object().unwrap();
    fields.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

/// What an editor can say without reading the rest of the tree, it says.
#[test]
fn an_editor_refuses_what_check_refuses_as_far_as_a_pattern_can_tell() {
    let validator = jsonschema::options().should_validate_formats(false).build(&schema()).unwrap();
    let waiver = |address: &str, until: &str| {
        let waiver = json!({ "guard": "protect", "for": [address], "because": "x", "until": until });
        json!({ "version": 1, "site": "https://acme.atlassian.net", "waive": [waiver] })
    };
    let include =
        |pattern: &str| json!({ "version": 1, "site": "https://acme.atlassian.net", "include": [pattern] });
    let share = |folder: &str| {
        let include = [format!("{folder}/*.yaml")];
        json!({ "version": 1, "site": "https://acme.atlassian.net", "include": include, "share": [folder] })
    };
    for (document, valid) in [
        (waiver("sre", "2027-03-31"), false),
        (waiver("group.sre", "2027-03-31"), true),
        (waiver("user.ada", "2027-03-31"), false),
        (waiver("user.ada@acme.com", "2028-02-29"), true),
        (waiver("user.account:712020:x", "2027-02-28"), true),
        (waiver("member.sre", "2027-02-28"), false),
        (waiver("member.sre/ada@acme.com", "2027-02-28"), true),
        (waiver("group.sre", "2027-02-30"), false),
        (waiver("group.sre", "2027-04-31"), false),
        (waiver("group.sre", "2027-13-01"), false),
        (include("teams/../*.yaml"), false),
        (include("/teams/*.yaml"), false),
        (include("./teams/*.yaml"), false),
        (include("teams/*"), false),
        (include("teams/.hidden/*.yaml"), false),
        (include("teams\\a.yaml"), false),
        (include("teams/**/*.yaml"), true),
        (include("*.{yml,yaml}"), true),
        (include("one.yml"), true),
        (share("../../people"), true),
        (share("people"), false),
        (share(".."), false),
        (share("../*"), false),
        (share("../.github"), false),
    ] {
        assert_eq!(validator.is_valid(&document), valid, "{document}");
        if valid {
            assert!(shape_mistakes(&document).is_empty(), "{document}");
        }
    }
}
