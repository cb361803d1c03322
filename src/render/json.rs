//! Plans and reports as versioned JSON documents.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::model::{
    Blocked, Comparison, Confirmation, Cost, GroupSummary, Header, Identified, Key, Note, Outcome, Plan,
    PlannedOperation, Report, Summary, SurfaceIds, Verdict,
};

use super::harmless::escaped;

/// A plan, complete before anything happens. The same inputs give the same bytes, but for `header`, which
/// stands outside the fingerprint.
#[derive(Serialize, JsonSchema)]
struct PlanDocument<'a> {
    /// `rollbook.plan/1`.
    format: &'static str,
    /// When and by what the plan was made.
    header: &'a Header,
    /// The site's origin.
    site: &'a str,
    /// SHA-256 over site, organization, tree digest and operations, in hex.
    fingerprint: &'a str,
    /// The base revision, and how the tree differs from it; null where there is none to compare with.
    base: Option<&'a Comparison>,
    /// The targets and reasons that the plan was narrowed to; empty for the whole tree.
    narrowed_to: &'a [String],
    /// The totals.
    summary: Summary,
    /// The steps, in an order in which every requirement comes first.
    operations: &'a [PlannedOperation],
    /// The ids by which the surfaces know what the operations name, where they have their own.
    surface_ids: &'a SurfaceIds,
    /// The accounts that the operations are about, with what said that they are theirs.
    identities: &'a [Identified],
    /// The groups that change, with their member counts.
    groups: &'a [GroupSummary],
    /// What the tree wants and cannot have.
    blocked: &'a [Blocked],
    /// What a reviewer should know.
    notes: &'a [Note],
    /// What the guards say that tripped, or that could not be judged.
    guards: &'a [Verdict],
    /// How far the operations reach beyond the site.
    reach: &'a [&'static str],
    /// What carrying it out takes.
    cost: &'a Cost,
}

/// What became of a plan.
#[derive(Serialize)]
struct ReportDocument<'a> {
    format: &'static str,
    fingerprint: &'a str,
    complete: bool,
    operations: Vec<OutcomeDocument<'a>>,
    blocked: &'a [Blocked],
}

#[derive(Serialize)]
struct OutcomeDocument<'a> {
    key: &'a Key,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires: Option<&'a Key>,
}

/// A plan as JSON, described by `schema/plan.v1.json`, with a line break at its end.
pub fn plan_json(plan: &Plan) -> String {
    pretty(&PlanDocument {
        format: "rollbook.plan/1",
        header: &plan.header,
        site: &plan.site,
        fingerprint: &plan.fingerprint,
        base: plan.base.as_ref(),
        narrowed_to: &plan.narrowed_to,
        summary: plan.summary,
        operations: &plan.operations,
        surface_ids: &plan.surface_ids,
        identities: &plan.identities,
        groups: &plan.groups,
        blocked: &plan.blocked,
        notes: &plan.notes,
        guards: &plan.guards,
        reach: &plan.reach,
        cost: &plan.cost,
    })
}

/// The JSON Schema of [`plan_json`], with a line break at its end.
pub fn plan_schema() -> String {
    // What is written always has every field, be it null.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    pretty(&settings.into_generator().into_root_schema_for::<PlanDocument<'_>>())
}

/// A report as JSON, with a line break at its end.
pub fn report_json(plan: &Plan, report: &Report) -> String {
    let operations = report.outcomes.iter().map(|(key, outcome)| document(key, outcome)).collect();
    pretty(&ReportDocument {
        format: "rollbook.report/1",
        fingerprint: &plan.fingerprint,
        complete: report.complete() && plan.blocked.is_empty(),
        operations,
        blocked: &plan.blocked,
    })
}

fn document<'a>(key: &'a Key, outcome: &'a Outcome) -> OutcomeDocument<'a> {
    let (seen, why, requires) = match outcome {
        Outcome::Applied(confirmation) => (Some(*confirmation == Confirmation::Seen), None, None),
        Outcome::Failed { why } | Outcome::Unsettled { why } => (None, Some(why.as_str()), None),
        Outcome::Skipped { requires } => (None, None, Some(requires)),
        Outcome::AlreadySatisfied | Outcome::NotAttempted => (None, None, None),
    };
    OutcomeDocument { key, outcome: outcome.as_str(), seen, why, requires }
}

/// A document as indented JSON with a line break at its end. Its texts are as they are, but what a terminal would
/// not show stands there in JSON's escapes.
pub(super) fn pretty(document: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let json = serde_json::to_string_pretty(document).expect("a document is plain data");
    escaped(&json) + "\n"
}
