//! The language as a JSON Schema, which editors use for completion and hover text: people read the comments of this
//! file there. Nothing is decoded with these types; `tests/it/config/schema.rs` holds them and the decoder to the same
//! mistakes.
//!
//! One schema covers rollbook.yaml and the files that it includes, since editors know files only by name: every
//! top-level key may be left out, but a key that belongs in rollbook.yaml asks for `version`, and `version` asks for
//! `site`.

#![expect(dead_code, reason = "the types are only described, never made")]

mod people;
mod policy;

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::model::Authority;

use people::{GroupEntry, User};
use policy::{Policy, Waiver};

/// The JSON Schema (draft 7, which editors read) of rollbook.yaml and of the files it includes.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Rollbook>();
    RecursiveTransform(tidied).transform(&mut schema);
    schema.to_value()
}

/// Removes null, which the language does not have, Rust's number formats, and the line breaks of comments.
fn tidied(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("format").and_then(Value::as_str) == Some("uint32") {
        object.remove("format");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let is_null = |option: &Value| option.get("type").is_some_and(|kind| kind == "null");
    if let Some(Value::Array(options)) = object.get_mut("anyOf")
        && options.iter().any(is_null)
    {
        options.retain(|option| !is_null(option));
        // In draft 7 nothing counts next to a `$ref`, so that is in an `allOf`.
        if let Some(options) = object.remove("anyOf") {
            object.insert("allOf".to_owned(), options);
        }
    }
}

/// A tree of Rollbook: rollbook.yaml, or a file of users and groups that it includes.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("dependencies" = {
    "version": ["site"],
    "site": ["version"],
    "organization": ["version"],
    "directory": ["version", "organization"],
    "operator": ["version"],
    "scim": ["version"],
    "include": ["version"],
    "share": ["version"],
    "policy": ["version"],
    "waive": ["version"]
}))]
struct Rollbook {
    /// The version of this language. Only in rollbook.yaml.
    version: Option<Version>,
    /// The Jira site, as `https://NAME.atlassian.net` and nothing after it. Only in rollbook.yaml.
    #[schemars(example = "https://acme.atlassian.net")]
    site: Option<Site>,
    /// The organization's ID. With it, and with an organization API key, Rollbook can invite without mail,
    /// suspend and restore, and see hidden emails.
    organization: Option<Id>,
    /// The ID of the organization's directory. It may be left out if there is only one.
    directory: Option<Id>,
    /// The person that Rollbook acts for. Needed to apply with an organization API key, which belongs to nobody; the
    /// access of this person is never narrowed.
    operator: Option<Email>,
    /// The SCIM directory, where an identity provider or Rollbook provisions users and groups.
    scim: Option<Scim>,
    /// Which files belong to the tree, as patterns below this folder or one of `share`: `*` matches within a folder,
    /// `**` any folders.
    #[schemars(extend("default" = ["users/*.yaml", "groups/**/*.yaml"]))]
    include: Option<Vec<Pattern>>,
    /// Folders of this repository outside the tree's own, from which `include` may take files too: trees that declare
    /// the same people.
    share: Option<Vec<Folder>>,
    /// The rules that apply to every plan.
    policy: Option<Policy>,
    /// Guards that are waived temporarily, reviewed like everything else.
    waive: Option<Vec<Waiver>>,
    /// People, by email. A member of a group may be missing here, but then must exist.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/Email" }))]
    users: Option<BTreeMap<String, User>>,
    /// Groups, by name. A group here has exactly the members that it lists, unless its mode says otherwise; groups that
    /// are not listed are left alone.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/GroupName" }))]
    groups: Option<BTreeMap<String, GroupEntry>>,
}

#[derive(JsonSchema)]
#[schemars(extend("const" = 1))]
struct Version(u32);

/// Atlassian's own host, or this machine. Only the environment can set other hosts.
#[derive(JsonSchema)]
struct Site(
    #[schemars(regex(
        pattern = r"^(https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.(atlassian\.net|atlassian-us-gov-mod\.net)|https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?)$"
    ))]
    String,
);

/// An ID as Atlassian shows it.
#[derive(JsonSchema)]
struct Id(#[schemars(regex(pattern = r"^[!-~]{1,128}$"))] String);

/// An email. Case does not matter, but one email must be written the same way in the whole tree.
#[derive(JsonSchema)]
struct Email(
    #[schemars(
        regex(
            pattern = r#"^[^\s:@<>()\[\]\\;,".]+(\.[^\s:@<>()\[\]\\;,".]+)*@[A-Za-z0-9\u0080-\uffff]([A-Za-z0-9\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?(\.[A-Za-z0-9\u0080-\uffff]([A-Za-z0-9\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?)*$"#
        ),
        length(max = 254)
    )]
    String,
);

/// A group's name, exactly as Atlassian shows it.
#[derive(JsonSchema)]
struct GroupName(#[schemars(regex(pattern = r"^\S(.*\S)?$"), length(min = 1, max = 255))] String);

/// A text for people.
#[derive(JsonSchema)]
struct Prose(#[schemars(regex(pattern = r"\S"))] String);

/// A date, as YYYY-MM-DD. If an editor's YAML reader turns such texts into dates, quote it.
#[derive(JsonSchema)]
#[schemars(extend("format" = "date"))]
struct Day(
    #[schemars(regex(
        pattern = r"^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$"
    ))]
    String,
);

/// Files below this folder or one of `share`, as a pattern: `*` matches within a folder, `**` any folders.
#[derive(JsonSchema)]
struct Pattern(
    #[schemars(regex(
        pattern = r"^(\.\./)*([^./\\][^/\\]*/)*[^./\\][^/\\]*\.(yaml|yml|\{yaml,yml\}|\{yml,yaml\})$"
    ))]
    String,
);

/// A folder outside this one, such as `../people`.
#[derive(JsonSchema)]
struct Folder(
    #[schemars(regex(pattern = r"^(\.\./)+[^./\\*?\[{][^/\\*?\[{]*(/[^./\\*?\[{][^/\\*?\[{]*)*$"))] String,
);

/// The thing that a plan changes: `group.NAME`, `user.EMAIL`, `member.NAME/EMAIL` or `grant.GROUP/APP/ROLE`.
#[derive(JsonSchema)]
struct Address(
    #[schemars(regex(pattern = r"^(group\..|user\.(account:.|.+@.)|member\..+/.|grant\..+/.+/.)"))] String,
);

/// A domain, such as acme.com.
#[derive(JsonSchema)]
struct Domain(
    #[schemars(
        regex(
            pattern = r"^[A-Za-z0-9\u0080-\uffff]([A-Za-z0-9\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?(\.[A-Za-z0-9\u0080-\uffff]([A-Za-z0-9\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?)+$"
        ),
        length(max = 253)
    )]
    String,
);

/// A SCIM directory.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Scim {
    /// The SCIM directory's ID, which is not the organization's directory ID.
    directory: Id,
    /// Who may write to it.
    authority: Authority,
}
