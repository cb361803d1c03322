//! What a run with credentials read, kept for a plan without any.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::Grants;
use super::capability::{Capabilities, Questions};
use super::declaration::Settings;
use super::email::Email;
use super::ids::{AccountId, GroupId};
use super::live::{Listing, LiveAccount, LiveGroup, Reading, Rights, SyncedGroups};
use super::organization::OrganizationUser;
use super::scim::ScimUser;

/// The reads of one moment, and the answers to what a change of the tree may come to ask.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// When, where and by what it was taken.
    pub header: SnapshotHeader,
    /// What was read.
    pub readings: Readings,
    /// What was asked. Whatever was not is not known.
    pub asked: Questions,
    /// The answers.
    pub answers: Capabilities,
}

/// When, where and by what a snapshot was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotHeader {
    /// When the reads began, in UTC (RFC 3339).
    pub taken: String,
    /// Rollbook's version.
    pub rollbook: String,
    /// Where.
    pub place: Place,
    /// Whether everybody is a pseudonym, whom the tree declares among them.
    pub redacted: bool,
    /// What the pseudonyms are keyed with, in hex.
    pub key: String,
    /// SHA-256 over the document, with this as null, in hex; nothing before it is written.
    pub checksum: Option<String>,
}

/// What a tree names of Atlassian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The site's origin.
    pub site: String,
    /// The organization.
    pub organization: Option<String>,
    /// Its directory.
    pub directory: Option<String>,
    /// The SCIM directory.
    pub scim: Option<String>,
}

/// What was read, as each surface shows it: what the organization says of people is kept apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// What the credentials may see and do.
    pub rights: Rights,
    /// Every group.
    pub groups: Listing<LiveGroup>,
    /// The members of each declared group that exists, and of each that the tree takes members from.
    pub members: BTreeMap<GroupId, Listing<AccountId>>,
    /// Every account that is listed.
    pub users: Listing<AccountId>,
    /// The accounts, as the surface shows them that lists groups and users.
    pub accounts: BTreeMap<AccountId, LiveAccount>,
    /// The accounts that were looked up one by one, whether they are there or not.
    pub looked_up: BTreeSet<AccountId>,
    /// Everybody, as the organization shows them.
    pub people: BTreeMap<AccountId, OrganizationUser>,
    /// The emails that the organization was asked for.
    pub searched: BTreeSet<Email>,
    /// Whom it found by them without showing their email.
    pub found: BTreeSet<AccountId>,
    /// Whether everybody it can find is among `people`, with their email: it has one directory, and hides none.
    pub whole: bool,
    /// The users of the SCIM directory.
    pub scim_users: Reading<Vec<ScimUser>>,
    /// The roles in apps of the groups that declare any.
    #[serde(default)]
    pub grants: Grants,
    /// What the groups are that the tree takes members from.
    #[serde(default)]
    pub synced: SyncedGroups,
}

/// The snapshot that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// When it was taken, in UTC (RFC 3339).
    pub at: String,
    /// How old it was when the plan was made, in hours, rounded down.
    pub hours: u64,
    /// Whether that is too old to be relied on.
    pub old: bool,
}

impl Place {
    /// What a tree names.
    pub fn of(settings: &Settings) -> Self {
        let scim = settings.scim.as_ref().map(|scim| scim.directory.value.clone());
        Self {
            site: settings.site.value.clone(),
            organization: settings.organization.as_ref().map(|id| id.value.clone()),
            directory: settings.directory.as_ref().map(|id| id.value.clone()),
            scim,
        }
    }
}

/// Opens every pseudonym of a name.
pub const PSEUDONYM: char = '~';

/// Whether a name, an email or a group's name is a pseudonym.
pub fn is_veiled(name: &str) -> bool {
    name.starts_with(PSEUDONYM)
}
