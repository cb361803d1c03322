//! The reads of a run with credentials, kept for a plan without any.

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

/// The reads of one moment, and the answers to the questions that a change of the tree may raise.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// When, where and by which version it was taken.
    pub header: SnapshotHeader,
    /// The reads.
    pub readings: Readings,
    /// The questions that were asked. Nothing else is known.
    pub asked: Questions,
    /// The answers.
    pub answers: Capabilities,
}

/// When, where and by which version a snapshot was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotHeader {
    /// When the reads began, in UTC (RFC 3339).
    pub taken: String,
    /// Rollbook's version.
    pub rollbook: String,
    /// Where.
    pub place: Place,
    /// Whether everybody is a pseudonym, including the declared people.
    pub redacted: bool,
    /// The key of the pseudonyms, in hex.
    pub key: String,
    /// SHA-256 over the document, with this as null, in hex; `None` before it is written.
    pub checksum: Option<String>,
}

/// The parts of Atlassian that a tree names.
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

/// The reads, as each surface shows them: the organization's data about people is kept apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// The access that the credentials have.
    pub rights: Rights,
    /// Every group.
    pub groups: Listing<LiveGroup>,
    /// The members of each declared group that exists, and of each that the tree takes members from.
    pub members: BTreeMap<GroupId, Listing<AccountId>>,
    /// Every account that is listed.
    pub users: Listing<AccountId>,
    /// The accounts, as shown by the surface that lists groups and users.
    pub accounts: BTreeMap<AccountId, LiveAccount>,
    /// The accounts that were looked up one by one, whether they exist or not.
    pub looked_up: BTreeSet<AccountId>,
    /// Everybody, as the organization shows them.
    pub people: BTreeMap<AccountId, OrganizationUser>,
    /// The emails that the organization was asked for.
    pub searched: BTreeSet<Email>,
    /// The accounts that it found by them without showing their email.
    pub found: BTreeSet<AccountId>,
    /// Whether everybody that it can find is among `people`, with their email: it has one directory, and hides none.
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
    /// Whether that is too old to rely on.
    pub old: bool,
}

impl Place {
    /// The parts that a tree names.
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

/// The first character of every pseudonym of a name.
pub const PSEUDONYM: char = '~';

/// Whether a name, an email or a group's name is a pseudonym.
pub fn is_veiled(name: &str) -> bool {
    name.starts_with(PSEUDONYM)
}
