//! The findings of `doctor`: what each credential allows.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::Surface;

/// What a surface's credential allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The surface.
    pub surface: Surface,
    /// Whether its credential works.
    pub state: Health,
    /// The facts that were found, as full sentences without the full stop.
    pub facts: Vec<String>,
    /// The missing abilities, as full sentences without the full stop.
    pub lacks: Vec<String>,
    /// When the credential expires, as far as it is known.
    pub expires: Option<&'static str>,
}

/// Whether a credential works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Health {
    /// It does.
    Works,
    /// It does not.
    Fails {
        /// The surface's words.
        why: String,
        /// A full sentence that says what to do.
        help: Option<String>,
    },
    /// It exists, and the tree names nothing that uses it: every other command refuses to run with it.
    Unused {
        /// The key that the tree lacks.
        why: String,
        /// A full sentence that says what to do.
        help: Option<String>,
    },
    /// It does not exist.
    Absent,
}

impl Diagnosis {
    /// A surface without a credential, and the abilities that are missing for that reason.
    pub fn absent(surface: Surface, lacks: &[&str]) -> Self {
        let lacks = lacks.iter().map(ToString::to_string).collect();
        Self { surface, state: Health::Absent, facts: Vec::new(), lacks, expires: None }
    }

    /// Whether the credential does not work, or keeps every other command from running.
    pub fn fails(&self) -> bool {
        matches!(self.state, Health::Fails { .. } | Health::Unused { .. })
    }
}
