//! A plan as a document: what `--format json` and `--out` write is what `show` and `apply` read.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Plan, hex};

/// What the documents of this version say that they are.
const FORMAT: &str = "rollbook.plan/1";

/// How far the clock of whoever made a plan may be ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A plan as it is written. Its header holds a SHA-256 over all of the document but itself.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Document<P> {
    /// `rollbook.plan/1`.
    format: String,
    #[serde(flatten)]
    plan: P,
}

/// A plan that was read from a file: something to show, and to hold a new plan against. It is no plan to carry out.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlan(Plan);

/// Why a text is no plan that this version can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not JSON, or not a document of ours.
    #[error("it is no plan of Rollbook: {0}")]
    NotAPlan(String),
    /// It ends too early.
    #[error("it ends in the middle")]
    Truncated,
    /// It is of a form that this version does not know.
    #[error("it is a `{0}`, and this version reads `{FORMAT}`")]
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
    #[error("it was changed after it was made: its checksum is of another text")]
    Changed,
    /// It is older than asked for.
    #[error("it was made at {made}, which is longer ago than --max-age {most}")]
    TooOld {
        /// When it was made.
        made: String,
        /// The greatest age.
        most: String,
    },
    /// It was made later than now.
    #[error("it was made at {0}, which is yet to come")]
    FromTheFuture(String),
    /// It is a plan of another site.
    #[error("it is a plan for {plan}, and the tree names {tree}")]
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

/// A document with the checksum that fits it. A checksum is no signature: whoever forges a plan can make one, and a
/// forged plan can only leave things out.
pub fn sealed(mut document: Value) -> Value {
    if let Some(header) = document.get_mut("header").and_then(Value::as_object_mut) {
        header.insert("checksum".into(), Value::Null);
    }
    let sum = checksum(&document);
    if let Some(header) = document.get_mut("header").and_then(Value::as_object_mut) {
        header.insert("checksum".into(), sum.into());
    }
    document
}

/// The JSON Schema of [`document`]. What is written has every field, be it null.
pub fn document_schema() -> schemars::Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Document<Plan>>()
}

/// Over the document whose checksum is null, without blanks.
fn checksum(document: &Value) -> String {
    hex(&Sha256::digest(document.to_string()))
}

impl SavedPlan {
    /// Reads a document of this version of Rollbook.
    ///
    /// # Errors
    /// [`SavedPlanError`] for every text that such a version has not written, letter for letter but for blanks.
    pub fn read(text: &str, this_version: &str) -> Result<Self, SavedPlanError> {
        let mut document: Value = serde_json::from_str(text).map_err(|error| {
            if error.is_eof() {
                SavedPlanError::Truncated
            } else {
                SavedPlanError::NotAPlan(error.to_string())
            }
        })?;
        let not_a_plan = |what: &str| SavedPlanError::NotAPlan(what.to_owned());
        let format = document["format"].as_str().ok_or_else(|| not_a_plan("it does not say what it is"))?;
        if format != FORMAT {
            return Err(SavedPlanError::Format(format.to_owned()));
        }
        let made_by = document["header"]["rollbook"].as_str().unwrap_or_default();
        if made_by != this_version {
            let (made_by, this) = (made_by.to_owned(), this_version.to_owned());
            return Err(SavedPlanError::Version { made_by, this });
        }
        let written = document["header"]["checksum"].take();
        if written.as_str() != Some(&checksum(&document)) {
            return Err(SavedPlanError::Changed);
        }
        let Document { plan, .. } =
            Document::deserialize(document).map_err(|error| not_a_plan(&error.to_string()))?;
        Ok(Self(plan))
    }

    /// The plan, to look at.
    pub fn plan(&self) -> &Plan {
        &self.0
    }

    /// Makes sure that the plan is of a site.
    ///
    /// # Errors
    /// [`SavedPlanError::OtherSite`] when it is of another.
    pub fn for_site(&self, tree: &str) -> Result<(), SavedPlanError> {
        if self.0.site == tree {
            return Ok(());
        }
        Err(SavedPlanError::OtherSite { plan: self.0.site.clone(), tree: tree.to_owned() })
    }

    /// Makes sure that the plan is not older than asked for.
    ///
    /// # Errors
    /// [`SavedPlanError::TooOld`], and [`SavedPlanError::FromTheFuture`] for a plan that is yet to be made.
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
