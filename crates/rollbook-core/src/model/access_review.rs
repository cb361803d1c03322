//! An access review: who has what on the site, frozen, and what people decide about it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::digest::hex;
use super::ids::{AccountId, GroupName};
use super::words::words;

/// A review, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessReview {
    /// The name of the format.
    pub format: String,
    /// The site's origin.
    pub site: String,
    /// What is reviewed: `all`, `privileged`, or `group.NAME` of each group.
    pub scope: Vec<String>,
    /// When it was started, in UTC.
    pub started: Date,
    /// The commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// After how many days without activity a removal is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_days: Option<u32>,
    /// What is not known, in full sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// The digest of everything but the decisions.
    pub digest: String,
    /// One for each member of each group, ordered by group and user.
    pub rows: Vec<ReviewRow>,
}

/// A membership of the site, and what is decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReviewRow {
    /// The group, as the site names it.
    pub group: GroupName,
    /// The user as the configuration would name them: an email, or `account:ID`.
    pub user: String,
    /// The account.
    pub account: AccountId,
    /// The display name.
    pub name: String,
    /// The status of the account.
    pub status: String,
    /// Whether the organization manages the account; `None` if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
    /// The last activity: a time in UTC, `none` where none is recorded, `unknown` where it was not read.
    pub last_active: String,
    /// Its declaration in the configuration; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<DeclaredMembership>,
    /// What is proposed.
    pub proposal: Decision,
    /// Why.
    pub why: String,
    /// What is decided.
    pub decision: Decision,
    /// Who decided it, by email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why it was decided so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What the configuration declares of a membership, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeclaredMembership {
    /// The first day (UTC) without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Since when without a break, by the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// The commit that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The pull request that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
}

words! {
    /// What is decided about a row.
    pub enum Decision {
        /// Nothing yet.
        Pending = "pending",
        /// It stays.
        Keep = "keep",
        /// It goes.
        Remove = "remove",
    }
}

impl AccessReview {
    /// The digest of everything but the decisions.
    ///
    /// # Panics
    /// Never: a review is plain data.
    pub fn population(&self) -> String {
        let mut population = self.clone();
        population.digest.clear();
        for row in &mut population.rows {
            (row.decision, row.by, row.because) = (Decision::Pending, None, None);
        }
        #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
        let json = serde_json::to_vec(&population).expect("a review is plain data");
        format!("sha256:{}", hex(&Sha256::digest(json)))
    }

    /// How many rows have a decision.
    pub fn count(&self, decision: Decision) -> usize {
        self.rows.iter().filter(|row| row.decision == decision).count()
    }
}
