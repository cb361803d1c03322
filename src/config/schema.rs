//! The language as a JSON Schema, which editors use for completion and hover text: the comments here are what
//! people read there. Nothing is decoded with these types; `tests/it/schema.rs` holds them and the decoder to
//! the same mistakes.
//!
//! One schema is for rollbook.yaml and for the files that it includes, since editors know files by name only:
//! every top-level key may be left out, but a key that belongs into rollbook.yaml asks for `version`, and
//! `version` asks for `site`.

#![expect(dead_code, reason = "the types are only described, never made")]

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The JSON Schema (draft 7, which is what editors read) of rollbook.yaml and of the files it includes.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Rollbook>();
    RecursiveTransform(tidied).transform(&mut schema);
    schema.to_value()
}

/// Takes out null, which the language does not have, Rust's number formats, and the line breaks of comments.
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
        // In draft 7 nothing beside a `$ref` counts, so it stands in an `allOf`.
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
    "policy": ["version"],
    "waive": ["version"]
}))]
struct Rollbook {
    /// The version of this language. Only in rollbook.yaml.
    version: Option<Version>,
    /// The Jira site, as `https://NAME.atlassian.net` without anything behind it. Only in rollbook.yaml.
    #[schemars(example = "https://acme.atlassian.net")]
    site: Option<Site>,
    /// The organization's id. With it, and with an organization API key, Rollbook can invite without mail,
    /// suspend and restore, and see hidden e-mails.
    organization: Option<Id>,
    /// The id of the organization's directory. Left out, it is the only one.
    directory: Option<Id>,
    /// Whom Rollbook acts for. Needed to apply with an organization API key, which belongs to nobody; this
    /// person is never narrowed.
    operator: Option<Email>,
    /// The SCIM directory, where an identity provider or Rollbook provisions users and groups.
    scim: Option<Scim>,
    /// Which files belong to the tree, as patterns below this folder: `*` is within a folder, `**` any folders.
    #[schemars(extend("default" = ["users/*.yaml", "groups/**/*.yaml"]))]
    include: Option<Vec<String>>,
    /// The rules that hold for every plan.
    policy: Option<Policy>,
    /// Guards that stand aside for a while, reviewed like everything else.
    waive: Option<Vec<Waiver>>,
    /// People, by e-mail. A member of a group need not stand here, but then must exist.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/Email" }))]
    users: Option<BTreeMap<String, User>>,
    /// Groups, by name. A group that stands here has exactly the members that it lists, unless its mode says
    /// otherwise; groups that stand nowhere are left alone.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/GroupName" }))]
    groups: Option<BTreeMap<String, GroupEntry>>,
}

#[derive(JsonSchema)]
#[schemars(extend("const" = 1))]
struct Version(u32);

/// Atlassian's own host, or this machine. Other hosts can be set in the environment only.
#[derive(JsonSchema)]
struct Site(
    #[schemars(regex(
        pattern = r"^(https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.(atlassian\.net|atlassian-us-gov-mod\.net)|https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?)$"
    ))]
    String,
);

/// An id as Atlassian shows it.
#[derive(JsonSchema)]
struct Id(#[schemars(regex(pattern = r"^[!-~]{1,128}$"))] String);

/// An e-mail. Case does not matter, but one e-mail is written in one way in the whole tree.
#[derive(JsonSchema)]
struct Email(#[schemars(regex(pattern = r"^[^\s:@]+@[^\s:@]+$"), length(max = 254))] String);

/// A group's name, exactly as Atlassian shows it.
#[derive(JsonSchema)]
struct GroupName(#[schemars(regex(pattern = r"^\S(.*\S)?$"), length(min = 1, max = 255))] String);

/// A text for people.
#[derive(JsonSchema)]
struct Prose(#[schemars(regex(pattern = r"\S"))] String);

/// A day, as YYYY-MM-DD.
#[derive(JsonSchema)]
#[schemars(extend("format" = "date"))]
struct Day(#[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))] String);

/// A domain, such as acme.com.
#[derive(JsonSchema)]
struct Domain(
    #[schemars(
        regex(
            pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$"
        ),
        length(max = 253)
    )]
    String,
);

/// A SCIM directory.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Scim {
    /// The SCIM directory's id, which is not the organization's directory id.
    directory: Id,
    /// Who may write to it.
    authority: Authority,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Authority {
    /// Rollbook creates and changes what is in it.
    Rollbook,
    /// An identity provider does; Rollbook only reads.
    IdentityProvider,
}

/// The rules that hold for every plan.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
struct Policy {
    /// Whether undeclared members of declared groups are removed. A group may say otherwise.
    #[schemars(extend("default" = "exact"))]
    mode: Option<Mode>,
    /// What becomes of active accounts that nothing declares.
    #[schemars(extend("default" = "ignore"))]
    unlisted_users: Option<UnlistedUsers>,
    /// What becomes of groups that nothing declares.
    #[schemars(extend("default" = "ignore"))]
    unlisted_groups: Option<UnlistedGroups>,
    /// Only at these domains may a declared user who does not exist be invited. Left out, nobody is.
    #[schemars(extend("uniqueItems" = true))]
    invite_domains: Option<Vec<Domain>>,
    /// Whether an invitation sends mail, where that can be chosen.
    #[schemars(extend("default" = false))]
    invite_mail: Option<bool>,
    /// What `active: false` does to an account, once its memberships are gone.
    #[schemars(extend("default" = "suspend"))]
    offboard: Option<Offboard>,
    /// How much one plan may revoke.
    max_revokes: Option<MaxRevokes>,
    /// How many active members a group must keep, by name.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/GroupName" }))]
    keep_at_least: Option<BTreeMap<String, AtLeastOne>>,
    /// Nothing about these people and groups is ever revoked.
    protect: Option<Protect>,
    /// Groups that are marked in every plan, and that take `group:` entries only with `nest: true`.
    #[schemars(extend("uniqueItems" = true))]
    privileged: Option<Vec<GroupName>>,
    /// Whether the author of a change may grant themselves a privileged group.
    #[schemars(extend("default" = "allow"))]
    self_grant: Option<SelfGrant>,
    /// Separation of duties: nobody may be in two groups of one list.
    exclusive: Option<Vec<ExclusiveGroups>>,
    /// Who owns rollbook.yaml, rollbook.lock, the users and the CI files; for CODEOWNERS.
    #[schemars(extend("uniqueItems" = true))]
    admins: Option<Vec<Email>>,
}

#[derive(JsonSchema)]
struct AtLeastOne(#[schemars(range(min = 1, max = 4_294_967_295_u32))] u32);

/// At least two groups.
#[derive(JsonSchema)]
#[schemars(extend("uniqueItems" = true))]
struct ExclusiveGroups(#[schemars(length(min = 2))] Vec<GroupName>);

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Mode {
    /// Undeclared members are removed.
    Exact,
    /// Undeclared members stay.
    AtLeast,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum UnlistedUsers {
    /// Nothing.
    Ignore,
    /// The plan names them.
    Report,
    /// They are offboarded.
    Offboard,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum UnlistedGroups {
    /// Nothing.
    Ignore,
    /// The plan names them.
    Report,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Offboard {
    /// Takes its access in one directory away; it can be restored.
    Suspend,
    /// Closes a managed account for every Atlassian product.
    Deactivate,
    /// Removes it from the directory.
    Remove,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum SelfGrant {
    /// They may.
    Allow,
    /// They may not: the plan is refused.
    Refuse,
}

/// How much one plan may revoke: `total`, `group` or both.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct MaxRevokes {
    /// The most memberships and accounts that a plan may revoke.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    total: Option<u32>,
    /// The most that one group may lose.
    group: Option<GroupRevokes>,
}

/// The most that one group may lose: a plan is refused when it is more than both.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct GroupRevokes {
    /// Memberships.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    count: u32,
    /// Percent of the live members.
    #[schemars(range(min = 0, max = 100))]
    percent: u32,
}

/// What is never revoked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Protect {
    /// People, by e-mail.
    #[schemars(extend("uniqueItems" = true))]
    users: Option<Vec<Email>>,
    /// Groups, by name.
    #[schemars(extend("uniqueItems" = true))]
    groups: Option<Vec<GroupName>>,
}

/// A guard that stands aside for some addresses until a day.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Waiver {
    /// The guard.
    guard: WaivableGuard,
    /// What it stands aside for, as a plan shows it: `group.NAME`, `user.EMAIL` or `member.NAME/EMAIL`.
    #[schemars(length(min = 1), extend("uniqueItems" = true), example = ["group.lyon-office"])]
    r#for: Vec<String>,
    /// Why, for whoever reads it in a year.
    because: Prose,
    /// The first day (UTC) on which the guard is back.
    until: Day,
}

/// A guard that can be waived.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum WaivableGuard {
    /// The plan revokes more than the policy allows.
    MaxRevokes,
    /// A group would keep fewer active members than the policy says.
    KeepAtLeast,
    /// The plan revokes what the policy protects.
    Protect,
    /// The plan narrows the credential's own account, or the operator's.
    SelfLockout,
    /// No active administrator would be left.
    LastAdmin,
    /// Somebody would be in two groups that exclude each other.
    Exclusive,
    /// The author of the change would grant themselves a privileged group.
    SelfGrant,
    /// An account would be activated that somebody else suspended.
    Reactivation,
    /// Somebody would be invited at a domain that is not listed.
    InviteDomain,
    /// Somebody could not be resolved.
    IdentityUnresolved,
}

/// A person. `{}` says that they are known, and nothing else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct User {
    /// The display name, used at an invitation; afterwards only SCIM can change it.
    name: Option<Prose>,
    /// `true`: the account exists (it is invited at an `invite-domains` domain) and is active. `false`:
    /// offboarded, whatever lists them. Left out: their status is never touched.
    active: Option<bool>,
    /// The apps that an invitation asks for, such as jira-software. Afterwards, access to an app is membership
    /// of its groups.
    #[schemars(extend("uniqueItems" = true))]
    apps: Option<Vec<Id>>,
    /// The account's id, where the e-mail is hidden. Quote it.
    account: Option<Id>,
}

/// A group: its members, or `absent: true` to delete it.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["absent"] },
    "then" = { "properties": {
        "description": false, "members": false, "mode": false, "source": false, "apps-in-group": false,
        "nest": false
    } },
    "else" = { "required": ["members"] }
))]
struct GroupEntry {
    /// The group's id; it survives a rename.
    id: Option<Id>,
    /// Used when the group is created, never afterwards.
    description: Option<Prose>,
    /// Who reviews changes of this group; for CODEOWNERS. Never synced.
    #[schemars(extend("uniqueItems" = true))]
    owners: Option<Vec<Email>>,
    /// Who is in the group. A group without members says `[]`.
    members: Option<Vec<Member>>,
    /// Overrides the policy's mode for this group.
    mode: Option<Mode>,
    /// Where the group is created.
    #[schemars(extend("default" = "native"))]
    source: Option<Source>,
    /// What becomes of undeclared service accounts and apps in this group.
    #[schemars(extend("default" = "ignore"))]
    apps_in_group: Option<AppsInGroup>,
    /// Lets a privileged group take `group:` entries.
    #[schemars(extend("default" = false))]
    nest: Option<bool>,
    /// Only `true`: the group is deleted. Restricted content and the id do not come back.
    #[schemars(extend("const" = true))]
    absent: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Source {
    /// In Atlassian's own directory.
    Native,
    /// In the SCIM directory.
    Scim,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum AppsInGroup {
    /// They stay.
    Ignore,
    /// They are removed.
    Exact,
}

/// A member: an e-mail, or an entry with `user`, `group` or `account`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Member {
    Email(Email),
    Entry(MemberEntry),
}

/// A member with conditions: exactly one of `user`, `group` and `account`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [{ "required": ["user"] }, { "required": ["group"] }, { "required": ["account"] }],
    "dependencies" = { "except": ["group"] }
))]
struct MemberEntry {
    /// A person, by e-mail.
    user: Option<Email>,
    /// Every declared member of that declared group.
    group: Option<GroupName>,
    /// An account by its id, such as a service account's. Quote it.
    account: Option<Id>,
    /// People whom this entry does not bring. Beside `group` only.
    #[schemars(extend("uniqueItems" = true))]
    except: Option<Vec<Email>>,
    /// The first day (UTC) on which the access is gone.
    until: Option<Day>,
    /// Why.
    because: Option<Prose>,
}
