//! Plans and reports as versioned JSON documents.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::model::{Blocked, Key, Outcome, Plan, Report, formats};
use crate::plan;

use super::escape_untrusted::escaped;

/// The outcome of a plan.
#[derive(Serialize, JsonSchema)]
struct ReportDocument<'a> {
    format: &'static str,
    /// The fingerprint of the plan.
    fingerprint: &'a str,
    /// Whether all is done: nothing failed, is blocked, or waits for an identity provider.
    complete: bool,
    /// Every operation of the plan, in its order.
    operations: Vec<OutcomeDocument<'a>>,
    /// What the plan could not contain, with the reason.
    blocked: &'a [Blocked],
    /// Why the run ended early, in a sentence; left out where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct OutcomeDocument<'a> {
    /// The action and the address, such as `add member.devs/ada@acme.com`.
    key: &'a Key,
    /// `applied`, `satisfied`, `unconfirmed`, `unsettled`, `failed`, `skipped` or `not attempted`.
    outcome: &'static str,
    /// Of an applied operation, whether a read showed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<bool>,
    /// What it failed with, or why its outcome is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// The operation that it depends on, where that did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    requires: Option<&'a Key>,
}

/// A plan as JSON, described by `schema/plan.v1.json`, with a line break at its end.
pub fn plan_json(plan: &Plan) -> String {
    pretty(&plan::document(plan))
}

/// The JSON Schema of [`plan_json`], with a line break at its end.
pub(super) fn plan_schema() -> String {
    pretty(&plan::document_schema())
}

/// The JSON Schema of the documents of a format, with a line break at its end. Its title is the format.
pub(super) fn schema<T: JsonSchema>(format: &str) -> String {
    titled(format, generator().into_root_schema_for::<T>())
}

pub(super) fn snapshot_schema() -> String {
    titled(formats::SNAPSHOT, plan::snapshot::snapshot_schema(generator()))
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

fn titled(format: &str, mut schema: Schema) -> String {
    schema.insert("title".to_owned(), format.into());
    if let Some(property) = schema.pointer_mut("/properties/format") {
        *property = serde_json::json!({ "const": format });
    }
    AnyMore.transform(&mut schema);
    pretty(&schema)
}

/// Allows objects to have more keys than the schema names: a later version may add some (docs/formats.md).
struct AnyMore;

impl Transform for AnyMore {
    fn transform(&mut self, schema: &mut Schema) {
        for closed in ["additionalProperties", "unevaluatedProperties"] {
            if schema.get(closed) == Some(&false.into()) {
                schema.remove(closed);
            }
        }
        transform_subschemas(self, schema);
    }
}

pub(super) fn report_schema() -> String {
    schema::<ReportDocument<'_>>(formats::REPORT)
}

/// A report as JSON, with a line break at its end.
pub fn report_json(plan: &Plan, report: &Report) -> String {
    let operations = report.outcomes.iter().map(|(key, outcome)| document(key, outcome)).collect();
    pretty(&ReportDocument {
        format: formats::REPORT,
        fingerprint: &plan.fingerprint,
        complete: report.complete() && plan.blocked.is_empty() && plan.summary.waiting == 0,
        operations,
        blocked: &plan.blocked,
        ended: report.ended.as_deref(),
    })
}

fn document<'a>(key: &'a Key, outcome: &'a Outcome) -> OutcomeDocument<'a> {
    let (seen, why, requires) = match outcome {
        Outcome::Applied { seen } => (Some(*seen), None, None),
        Outcome::Failed { why } | Outcome::Unsettled { why } => (None, Some(why.as_str()), None),
        Outcome::Skipped { requires } => (None, None, Some(requires)),
        Outcome::Unconfirmed | Outcome::Satisfied | Outcome::NotAttempted => (None, None, None),
    };
    OutcomeDocument { key, outcome: outcome.as_str(), seen, why, requires }
}

/// A document as indented JSON with a line break at its end. Its texts are unchanged, but characters that a terminal
/// would not show are escaped as in JSON.
pub(super) fn pretty(document: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let json = serde_json::to_string_pretty(document).expect("a document is plain data");
    escaped(&json) + "\n"
}
