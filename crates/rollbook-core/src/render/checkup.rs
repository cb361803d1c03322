//! What `doctor` found, for people and for programs.

use serde::Serialize;

use crate::model::{Checkup, Health, formats};

use super::harmless;
use super::json::pretty;
use super::lines::{BOLD, GRANT, Lead, REVOKE, painted, wrapped};

/// Renders what each credential is good for, within a width in cells.
pub fn checkups_text(checkups: &[Checkup], width: usize) -> String {
    let mut text = String::new();
    for checkup in checkups {
        let state = match &checkup.state {
            Health::Works => painted(GRANT, "works"),
            Health::Fails { .. } => painted(REVOKE, "fails"),
            Health::Unused { .. } => painted(REVOKE, "not used"),
            Health::Absent => "no credential".into(),
        };
        text.push_str(&format!("{}  {state}\n", painted(BOLD, &format!("{:<16}", checkup.surface.as_str()))));
        if let Health::Fails { why, help } | Health::Unused { why, help } = &checkup.state {
            for line in [Some(why), help.as_ref()].into_iter().flatten() {
                text.push_str(&wrapped(&harmless(line), &Lead::ABOUT, width));
            }
        }
        for fact in &checkup.facts {
            text.push_str(&wrapped(&format!("{}.", harmless(fact)), &Lead::GOOD, width));
        }
        for lack in &checkup.lacks {
            text.push_str(&wrapped(&format!("{}.", harmless(lack)), &Lead::BAD, width));
        }
        if let Some(expires) = checkup.expires {
            text.push_str(&wrapped(&format!("Expiry: {expires}."), &Lead::BULLET, width));
        }
    }
    text
}

/// Renders the same as a versioned JSON document, with a line break at its end.
pub fn checkups_json(checkups: &[Checkup]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        format: &'static str,
        surfaces: &'a [Checkup],
    }
    pretty(&Document { format: formats::DOCTOR, surfaces: checkups })
}
