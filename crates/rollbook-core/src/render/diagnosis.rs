//! The findings of `doctor`, for people and for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Diagnosis, Health, formats};

use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, GRANT, Lead, REVOKE, painted, wrapped};

/// Renders the abilities of each credential, within a width in cells.
pub fn diagnoses_text(diagnoses: &[Diagnosis], width: usize) -> String {
    let mut text = String::new();
    for diagnosis in diagnoses {
        let state = match &diagnosis.state {
            Health::Works => painted(GRANT, "works"),
            Health::Fails { .. } => painted(REVOKE, "fails"),
            Health::Unused { .. } => painted(REVOKE, "not used"),
            Health::Absent => "no credential".into(),
        };
        text.push_str(&format!(
            "{}  {state}\n",
            painted(BOLD, &format!("{:<16}", diagnosis.surface.as_str()))
        ));
        if let Health::Fails { why, help } | Health::Unused { why, help } = &diagnosis.state {
            for line in [Some(why), help.as_ref()].into_iter().flatten() {
                text.push_str(&wrapped(&escape_untrusted(line), &Lead::ABOUT, width));
            }
        }
        for fact in &diagnosis.facts {
            text.push_str(&wrapped(&format!("{}.", escape_untrusted(fact)), &Lead::GOOD, width));
        }
        for lack in &diagnosis.lacks {
            text.push_str(&wrapped(&format!("{}.", escape_untrusted(lack)), &Lead::BAD, width));
        }
        if let Some(expires) = diagnosis.expires {
            text.push_str(&wrapped(&format!("Expiry: {expires}."), &Lead::BULLET, width));
        }
    }
    text
}

/// The abilities of each credential.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    /// Each surface, with its credential.
    surfaces: &'a [Diagnosis],
}

pub(super) fn diagnoses_schema() -> String {
    schema::<Document<'_>>(formats::DOCTOR)
}

/// Renders the same as a versioned JSON document, with a line break at its end.
pub fn diagnoses_json(diagnoses: &[Diagnosis]) -> String {
    pretty(&Document { format: formats::DOCTOR, surfaces: diagnoses })
}
