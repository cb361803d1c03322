//! The YAML that a sandbox starts from, and that `--state` saves: a complete site as plain values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::credential::SeedCredential;
use super::problem::{self, SeedProblem};
use super::state::State;
use super::words::{AccountType, AppType, Deletion, Grants, ManagedBy, PlatformRole, Usage};

/// Describes a site: its users, groups and credentials.
///
/// Every key is kebab-case and every list may be left out; an unknown key is an error. docs/sandbox.md has an example with
/// every kind of account and credential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Seed {
    /// The Jira site.
    pub site: SeedSite,
    /// The organization that the site belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub organization: SeedOrganization,
    /// The apps of the site.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<SeedApp>,
    /// Every account that the site knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<SeedUser>,
    /// How many rows Jira lists among its users with the ID `unknown`: deleted accounts whose record is corrupted, all
    /// under the one ID (description of `accountId`).
    #[serde(skip_serializing_if = "is_default")]
    pub unknown_accounts: usize,
    /// Every group, with its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<SeedGroup>,
    /// The credentials of clients. When empty, the first active site admin gets the token `sandbox-token`; when there is no
    /// site admin either, `root@SITE.example` in the group `site-admins` is created.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<SeedCredential>,
}

/// Names the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SeedSite {
    /// `acme` for `https://acme.atlassian.net`; `sandbox` if left out.
    pub name: String,
    /// The cloud ID, a UUID; made from the name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_id: Option<String>,
}

impl Default for SeedSite {
    fn default() -> Self {
        SeedSite { name: "sandbox".to_owned(), cloud_id: None }
    }
}

/// Describes the organization. It has one site, one directory and one SCIM directory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SeedOrganization {
    /// Its ID, a UUID; made from the site's name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The ID of its directory of users; made from the site's name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The ID of its SCIM directory, which differs (docs/atlassian.md#scim-ids); made from the site's name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_directory: Option<String>,
    /// The verified domains: accounts there are managed unless they say otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// The unverified domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unverified_domains: Vec<String>,
}

/// Describes the SCIM record of an account: the account is owned by the identity provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SeedScim {
    /// The SCIM ID, which is not an account ID; made from the account ID if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The unique `userName`; the email if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The identity provider's own ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The identity provider's status; `true` if left out.
    #[serde(skip_serializing_if = "is_true")]
    pub active: bool,
    /// Its other SCIM attributes, with the emails; those of the account if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
}

impl Default for SeedScim {
    fn default() -> Self {
        SeedScim { id: None, user_name: None, external_id: None, active: true, attributes: None }
    }
}

/// Describes an app, called application role in Jira.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedApp {
    /// `jira-software`, `jira-servicedesk`, `jira-product-discovery` or `jira-core`; others are allowed.
    pub key: String,
    /// The name that people see; the key if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many people may have access; unlimited if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
}

/// Describes an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and people write them")]
pub struct SeedUser {
    /// The account ID, at most 128 characters; made from the email if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The email; only an `app` may have none, and a person whose deletion is `done`: an erased account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The display name; the part before the `@` if left out, and `Former user` for an erased account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `atlassian`, `app` or `customer`.
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub kind: AccountType,
    /// `service` or `agent`, for an `app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_type: Option<AppType>,
    /// Whether the account is active everywhere; `true` if left out.
    #[serde(skip_serializing_if = "is_true")]
    pub active: bool,
    /// Whether it is invited and has not accepted: its email is not verified.
    #[serde(skip_serializing_if = "is_default")]
    pub pending: bool,
    /// Whether its access is suspended in the directory: it stays in its groups, and Jira shows it as inactive.
    #[serde(skip_serializing_if = "is_default")]
    pub suspended: bool,
    /// `scheduled` or `done` for an account that will be or is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Whether the organization manages it; if left out, whether the email's domain is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
    /// Its administrator roles; membership of a `site-admin` group also gives `site-admin`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<PlatformRole>,
    /// What it may do by itself, not by a group, by app key: a role, or a list of roles.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<String, Grants>,
    /// Its SCIM record; `{}` is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim: Option<SeedScim>,
    /// Whether the API hides the email from others (docs/atlassian.md#hidden-emails).
    #[serde(skip_serializing_if = "is_default")]
    pub hide_email: bool,
    /// When it last used its apps, as in `2026-11-20T08:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active: Option<jiff::Timestamp>,
    /// Whether the account was removed from the site and the directory: Jira still lists it, inactive and in no
    /// group.
    #[serde(skip_serializing_if = "is_default")]
    pub removed: bool,
    /// Its profile besides the name: `nickname`, `zoneinfo`, `locale`, `extended_profile`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub profile: Map<String, Value>,
}

impl Default for SeedUser {
    fn default() -> Self {
        SeedUser {
            account_id: None,
            email: None,
            name: None,
            kind: AccountType::default(),
            app_type: None,
            active: true,
            pending: false,
            suspended: false,
            deletion: None,
            managed: None,
            roles: Vec::new(),
            grants: BTreeMap::new(),
            scim: None,
            hide_email: false,
            last_active: None,
            removed: false,
            profile: Map::new(),
        }
    }
}

/// Describes a group and its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SeedGroup {
    /// The name, unique without regard to case.
    pub name: String,
    /// The group ID, a UUID; made from the name if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The description; Jira REST does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who decides the members; `ADMINS` if left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub managed_by: ManagedBy,
    /// Its purpose; `USERBASE_GROUP` if left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// The identity provider's own ID, for an `EXTERNAL` group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The roles of members, by app key: a role, or a list of roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<String, Grants>,
    /// The keys of the apps whose default group it is; it must grant `user` there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_for: Vec<String>,
    /// Whether members administer the site.
    #[serde(default, skip_serializing_if = "is_default")]
    pub site_admin: bool,
    /// Whether members have *Browse users and groups*; if left out, when the group grants an app or the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browse_users: Option<bool>,
    /// The members, each an email or an account ID of `users`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// How many rows Jira lists among the members with the ID `unknown`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknown_members: usize,
}

/// Why a seed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The text is not YAML, or has an invalid key or value; names line and column.
    #[error("{0}")]
    Yaml(String),
    /// The values do not fit together; all problems, in the order of the seed.
    #[error("{}", problem::list(.0))]
    Invalid(Vec<SeedProblem>),
}

impl Seed {
    /// Reads and checks a seed.
    ///
    /// # Errors
    ///
    /// [`SeedError::Yaml`] with line and column for a mistake of form, [`SeedError::Invalid`] for duplicate users
    /// and groups, and for unknown names.
    pub fn parse(yaml: &str) -> Result<Seed, SeedError> {
        // A seed is the user's own file, and a big site has a million memberships: no limit on size.
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: usize::MAX,
                max_events: usize::MAX,
                max_total_scalar_bytes: usize::MAX,
            },
        };
        let seed: Seed = serde_saphyr::from_str_with_options(yaml, options)
            .map_err(|error| SeedError::Yaml(error.without_snippet().to_string()))?;
        State::from_seed(&seed).map_err(SeedError::Invalid)?;
        Ok(seed)
    }

    /// Writes the seed as YAML that [`Seed::parse`] reads back to the same value.
    ///
    /// # Errors
    ///
    /// [`SeedError::Yaml`] when a text cannot be written as YAML.
    pub fn to_yaml(&self) -> Result<String, SeedError> {
        serde_saphyr::to_string(self).map_err(|error| SeedError::Yaml(error.to_string()))
    }
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
