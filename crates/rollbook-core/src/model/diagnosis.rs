//! What `doctor` finds: what each credential is good for.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::Surface;

/// What a surface's credential is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The surface.
    pub surface: Surface,
    /// Whether its credential works.
    pub state: Health,
    /// What was found out, as full sentences without the full stop.
    pub facts: Vec<String>,
    /// What cannot be done as things stand, as full sentences without the full stop.
    pub lacks: Vec<String>,
    /// What is known of when the credential expires.
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
        /// What the surface said.
        why: String,
        /// A full sentence that says what to do.
        help: Option<String>,
    },
    /// There is one, and the tree names nothing that it is for: no other command runs with it.
    Unused {
        /// What the tree does not name.
        why: String,
        /// A full sentence that says what to do.
        help: Option<String>,
    },
    /// There is none.
    Absent,
}

impl Diagnosis {
    /// A surface that there is no credential for, and what cannot be done therefore.
    pub fn absent(surface: Surface, lacks: &[&str]) -> Self {
        let lacks = lacks.iter().map(ToString::to_string).collect();
        Self { surface, state: Health::Absent, facts: Vec::new(), lacks, expires: None }
    }

    /// Whether there is a credential that does not work, or with which nothing else does.
    pub fn fails(&self) -> bool {
        matches!(self.state, Health::Fails { .. } | Health::Unused { .. })
    }
}
