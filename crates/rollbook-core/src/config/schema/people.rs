//! `users:` and `groups:` for editors.

use schemars::JsonSchema;

use crate::model::{AppsInGroup, Mode, Source};

use super::{Day, Email, GroupName, Id, Prose};

/// A person. `{}` declares that they are known, and nothing else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct User {
    /// The display name. Only SCIM sets and changes it; otherwise a note says that it differs.
    name: Option<Prose>,
    /// `true`: the account exists (it is invited at an `invite-domains` domain) and is active. `false`: offboarded,
    /// even if a group lists them. Left out: their status is never touched.
    active: Option<bool>,
    /// The apps that an invitation asks for, such as jira-software. Afterwards, membership of an app's groups gives access to it.
    #[schemars(extend("uniqueItems" = true))]
    apps: Option<Vec<Id>>,
    /// The account's ID, if the email is hidden. Quote it.
    account: Option<Id>,
    /// The first day (UTC) on which the person is offboarded, even if a group lists them.
    until: Option<Day>,
    /// Why.
    because: Option<Prose>,
}

/// A group: its members, or `absent: true` to delete it.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["absent"] },
    "then" = { "properties": {
        "description": false, "members": false, "mode": false, "source": false, "apps-in-group": false,
        "nest": false, "grants": false
    } },
    "else" = { "required": ["members"] },
    "allOf" = [{
        "if": { "required": ["members"], "properties": { "members": { "const": "unmanaged" } } },
        "then": { "properties": {
            "description": false, "source": false, "apps-in-group": false, "nest": false
        } }
    }]
))]
pub(super) struct GroupEntry {
    /// The group's ID; it survives a rename.
    id: Option<Id>,
    /// Used when the group is created, if the surface accepts one; never afterwards.
    description: Option<Prose>,
    /// The reviewers of changes of this group; for CODEOWNERS. Never synced.
    #[schemars(extend("uniqueItems" = true))]
    owners: Option<Vec<Email>>,
    /// The members of the group. A group without members has `[]`, and one whose members somebody else owns, such as an
    /// identity provider, `unmanaged`.
    members: Option<Members>,
    /// The roles in apps that the group gives. Left out: they are not managed. `[]`: none.
    grants: Option<Vec<Grant>>,
    /// Overrides the policy's mode for this group.
    mode: Option<Mode>,
    /// Where the group is created.
    #[schemars(extend("default" = "native"))]
    source: Option<Source>,
    /// What happens to undeclared service accounts and apps in this group.
    #[schemars(extend("default" = "ignore"))]
    apps_in_group: Option<AppsInGroup>,
    /// Lets a privileged group take `group:` and `synced:` entries.
    #[schemars(extend("default" = false))]
    nest: Option<bool>,
    /// Only `true`: the group is deleted. Restricted content and the ID cannot be restored.
    #[schemars(extend("const" = true))]
    absent: Option<bool>,
}

/// The members, or the word for members that somebody else owns.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Members {
    List(#[schemars(extend("uniqueItems" = true))] Vec<Member>),
    Word(Unmanaged),
}

/// Somebody else owns the members: no change of them is planned.
#[derive(JsonSchema)]
#[schemars(extend("const" = "unmanaged"))]
pub(super) struct Unmanaged(String);

/// A role in an app that the group gives to its members.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("if" = { "required": ["absent"] }, "then" = { "properties": { "until": false } }))]
pub(super) struct Grant {
    /// The app's key, such as jira-software.
    app: Id,
    /// The role, by Atlassian's name without `atlassian/`.
    role: Role,
    /// Only `true`: the group must not have the role, even if it is a default group of the app.
    #[schemars(extend("const" = true))]
    absent: Option<bool>,
    /// The first day (UTC) on which the role is gone.
    until: Option<Day>,
    /// Why.
    because: Option<Prose>,
}

/// A role that a group can have.
#[derive(JsonSchema)]
#[schemars(extend("enum" = crate::model::Role::ASSIGNABLE))]
pub(super) struct Role(String);

/// A member: an email, or an entry with `user`, `group`, `synced` or `account`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Member {
    Email(Email),
    Entry(MemberEntry),
}

/// A member with conditions: exactly one of `user`, `group`, `synced` and `account`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [
        { "required": ["user"] }, { "required": ["group"] }, { "required": ["synced"] },
        { "required": ["account"] }
    ],
    "dependencies" = { "except": { "anyOf": [{ "required": ["group"] }, { "required": ["synced"] }] } }
))]
pub(super) struct MemberEntry {
    /// A person, by email.
    user: Option<Email>,
    /// Every declared member of that declared group.
    group: Option<GroupName>,
    /// Everybody active in that group of the site, which an identity provider owns.
    synced: Option<GroupName>,
    /// An account by its id, such as a service account's. Quote it.
    account: Option<Id>,
    /// People this entry does not bring. With `group` and `synced` only.
    #[schemars(extend("uniqueItems" = true))]
    except: Option<Vec<Email>>,
    /// The first day (UTC) on which the access is gone.
    until: Option<Day>,
    /// Why.
    because: Option<Prose>,
}
