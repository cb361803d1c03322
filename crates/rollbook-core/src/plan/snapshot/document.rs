//! A snapshot as a file.

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::model::formats::SNAPSHOT as FORMAT;
use crate::model::{GroupName, Place, Snapshot, Taken};

use super::super::document::SKEW;
use super::super::seal::{Unfit, document_of, sealed, unsealed};
use super::names::Names;
use super::pseudonyms::revealed;

/// From this age on a snapshot is too old to be relied on; a nightly one stays below it.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// A snapshot as it is written. Its header has a SHA-256 over the whole document except itself.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Document<S> {
    format: String,
    #[serde(flatten)]
    snapshot: S,
}

/// The help if the text itself cannot be used.
const TAKE_ANEW: &str = "Take a new one with this version of Rollbook: `rollbook snapshot --out FILE`.";

/// The help if the text is from another place.
const OF_THE_TREE: &str = "Name the snapshot of the tree's own site and organization.";

/// The JSON Schema of a snapshot.
pub fn snapshot_schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<Document<Snapshot>>()
}

/// Why a text is not a snapshot that a tree can be planned against.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum SnapshotError {
    /// It is not JSON, or not a Rollbook document.
    #[error("not a Rollbook snapshot: {0}")]
    #[diagnostic(help("{TAKE_ANEW}"))]
    NotASnapshot(String),
    /// It ends too early.
    #[error("it is truncated")]
    #[diagnostic(help("{TAKE_ANEW}"))]
    Truncated,
    /// Its format is unknown to this version.
    #[error("it is a `{0}`; this version reads `{FORMAT}`")]
    #[diagnostic(help("{TAKE_ANEW}"))]
    Format(String),
    /// Somebody changed it.
    #[error("checksum mismatch: it was changed after it was taken")]
    #[diagnostic(help("{TAKE_ANEW}"))]
    Changed,
    /// Its date is in the future.
    #[error("its timestamp {0} is in the future")]
    #[diagnostic(help("Correct the clock of this machine, or of the one that took it."))]
    FromTheFuture(String),
    /// It is from another site.
    #[error("it is from {snapshot}, but the tree names {tree}")]
    #[diagnostic(help("{OF_THE_TREE}"))]
    OtherSite {
        /// The snapshot's site.
        snapshot: String,
        /// The tree's site.
        tree: String,
    },
    /// It is from another organization or directory.
    #[error("it is from {what} {snapshot}, but the tree names {tree}")]
    #[diagnostic(help("{OF_THE_TREE}"))]
    OtherPlace {
        /// The key of `rollbook.yaml`.
        what: &'static str,
        /// The snapshot's ID.
        snapshot: String,
        /// The tree's ID.
        tree: String,
    },
    /// The tree declares a pseudonym of the snapshot instead of a name.
    #[error("the tree names {0}, which is a pseudonym of a snapshot, not a name")]
    #[diagnostic(help("Write the real name."))]
    Pseudonym(String),
    /// The site has a group under a name that differs only in case.
    #[error(
        "the site has a group whose name differs from {0} only in case, and the snapshot does not have that name"
    )]
    #[diagnostic(help("Spell the group as the site does."))]
    Spelling(GroupName),
    /// A plan needs data that the snapshot does not have.
    #[error("it does not have {0}, which this tree needs")]
    #[diagnostic(help(
        "Take a new snapshot with this tree, or plan with credentials: missing data is not guessed."
    ))]
    Lacks(String),
}

impl From<Unfit> for SnapshotError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Foreign(why) => Self::NotASnapshot(why),
            Unfit::Truncated => Self::Truncated,
            Unfit::Format(format) => Self::Format(format),
        }
    }
}

/// The text of a snapshot, with a line break at its end.
///
/// # Panics
/// Never: plain values with string keys always serialise.
pub fn sealed_text(snapshot: &Snapshot) -> String {
    #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let document = serde_json::to_value(Document { format: FORMAT.to_owned(), snapshot })
        .and_then(|document| serde_json::to_string_pretty(&sealed(document)))
        .expect("a snapshot always serialises");
    document + "\n"
}

/// Reads a snapshot of the place that a tree names, and replaces the pseudonyms of these names.
///
/// # Errors
/// [`SnapshotError`] for every text that no version of this format wrote, and for another place.
pub fn opened(text: &str, place: &Place, names: &Names) -> Result<Snapshot, SnapshotError> {
    let mut document = document_of(text, FORMAT)?;
    if !unsealed(&mut document) {
        return Err(SnapshotError::Changed);
    }
    let Document::<Snapshot> { snapshot, .. } =
        Document::deserialize(document).map_err(|error| SnapshotError::NotASnapshot(error.to_string()))?;
    same_place(&snapshot.header.place, place)?;
    revealed(snapshot, names)
}

fn same_place(snapshot: &Place, tree: &Place) -> Result<(), SnapshotError> {
    if snapshot.site != tree.site {
        return Err(SnapshotError::OtherSite { snapshot: snapshot.site.clone(), tree: tree.site.clone() });
    }
    let named = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    for (what, snapshot, tree) in [
        ("organization", &snapshot.organization, &tree.organization),
        ("directory", &snapshot.directory, &tree.directory),
        ("SCIM directory", &snapshot.scim, &tree.scim),
    ] {
        if snapshot != tree {
            return Err(SnapshotError::OtherPlace { what, snapshot: named(snapshot), tree: named(tree) });
        }
    }
    Ok(())
}

/// The snapshot's age, for a plan that is made at a moment.
///
/// # Errors
/// [`SnapshotError::FromTheFuture`] for a snapshot with a date in the future.
pub fn taken(snapshot: &Snapshot, made: Timestamp) -> Result<Taken, SnapshotError> {
    let at = snapshot.header.taken.clone();
    let Ok(moment) = at.parse::<Timestamp>() else {
        return Err(SnapshotError::NotASnapshot("it does not say when it was taken".into()));
    };
    let age = made.duration_since(moment);
    if age < -SKEW {
        return Err(SnapshotError::FromTheFuture(at));
    }
    Ok(Taken { at, hours: u64::try_from(age.as_hours()).unwrap_or(0), old: age >= OLD })
}
