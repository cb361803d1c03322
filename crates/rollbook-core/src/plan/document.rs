//! A plan as a document: `--format json` and `--out` write it, `show` and `apply` read it.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Plan;
use crate::model::formats::PLAN as FORMAT;

use super::seal::{Unfit, document_of, sealed, unsealed};

/// How far ahead the clock that dated a plan may be.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A plan as it is written. Its header has a SHA-256 over the whole document except itself.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Document<P> {
    /// `rollbook.plan/1`.
    format: String,
    #[serde(flatten)]
    plan: P,
}

/// A plan that was read from a file: to be shown, and compared with a new plan. It is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlan(Plan);

/// Why a text is not a plan that this version can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not JSON, or not a Rollbook document.
    #[error("not a Rollbook plan: {0}")]
    NotAPlan(String),
    /// It ends too early.
    #[error("it is truncated")]
    Truncated,
    /// Its format is unknown to this version.
    #[error("it is a `{0}`; this version reads `{FORMAT}`")]
    Format(String),
    /// Another version made it.
    #[error("Rollbook {made_by} made it, and this is {this}")]
    Version {
        /// The version that made it.
        made_by: String,
        /// This version.
        this: String,
    },
    /// Somebody changed it.
    #[error("checksum mismatch: it was changed after it was made")]
    Changed,
    /// It is older than allowed.
    #[error("it was made at {made}, longer ago than --max-age {most}")]
    TooOld {
        /// When it was made.
        made: String,
        /// The greatest age.
        most: String,
    },
    /// Its date is in the future.
    #[error("its timestamp {0} is in the future")]
    FromTheFuture(String),
    /// It is a plan for another site.
    #[error("the plan is for {plan}, but the tree names {tree}")]
    OtherSite {
        /// The plan's site.
        plan: String,
        /// The tree's site.
        tree: String,
    },
}

/// The document of a plan.
///
/// # Panics
/// Never: plain values with string keys always serialise.
pub fn document(plan: &Plan) -> Value {
    #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let document =
        serde_json::to_value(Document { format: FORMAT.to_owned(), plan }).expect("a plan is plain data");
    sealed(document)
}

/// The JSON Schema of [`document`]. Written documents have every field, even if it is null.
pub fn document_schema() -> schemars::Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Document<Plan>>()
}

impl From<Unfit> for SavedPlanError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Foreign(why) => Self::NotAPlan(why),
            Unfit::Truncated => Self::Truncated,
            Unfit::Format(format) => Self::Format(format),
        }
    }
}

/// Reads a plan from a document that Rollbook has just made.
pub(super) fn plan_in(document: Value) -> Result<Plan, serde_json::Error> {
    Document::deserialize(document).map(|document| document.plan)
}

impl SavedPlan {
    /// Reads a document of this version of Rollbook.
    ///
    /// # Errors
    /// [`SavedPlanError`] for every text that such a version did not write, to the letter except for blanks.
    pub fn read(text: &str, this_version: &str) -> Result<Self, SavedPlanError> {
        let mut document = document_of(text, FORMAT)?;
        let made_by = document["header"]["rollbook"].as_str().unwrap_or_default();
        if made_by != this_version {
            let (made_by, this) = (made_by.to_owned(), this_version.to_owned());
            return Err(SavedPlanError::Version { made_by, this });
        }
        if !unsealed(&mut document) {
            return Err(SavedPlanError::Changed);
        }
        plan_in(document).map(Self).map_err(|error| SavedPlanError::NotAPlan(error.to_string()))
    }

    /// The plan, for display.
    pub fn plan(&self) -> &Plan {
        &self.0
    }

    /// Checks that the plan is for a site.
    ///
    /// # Errors
    /// [`SavedPlanError::OtherSite`] when it is for another site.
    pub fn for_site(&self, tree: &str) -> Result<(), SavedPlanError> {
        if self.0.site == tree {
            return Ok(());
        }
        Err(SavedPlanError::OtherSite { plan: self.0.site.clone(), tree: tree.to_owned() })
    }

    /// Checks that the plan is not older than allowed.
    ///
    /// # Errors
    /// [`SavedPlanError::TooOld`], and [`SavedPlanError::FromTheFuture`] for a plan with a date in the future.
    pub fn not_older(&self, most: SignedDuration, now: Timestamp) -> Result<(), SavedPlanError> {
        let made = self.0.header.made.clone();
        let Ok(moment) = made.parse::<Timestamp>() else {
            return Err(SavedPlanError::NotAPlan("it does not say when it was made".into()));
        };
        let age = now.duration_since(moment);
        if age < -SKEW {
            return Err(SavedPlanError::FromTheFuture(made));
        }
        if age > most {
            return Err(SavedPlanError::TooOld { made, most: format!("{most:#}") });
        }
        Ok(())
    }
}
