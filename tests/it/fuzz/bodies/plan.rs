//! A plan file: it may have been written by hand.

use rollbook::plan::{SavedPlan, sealed};
use rollbook::render::{self, Grouping};
use serde_json::Value;

use super::shown::{is_harmless, is_harmless_json, unstyled};

/// The version that reads here.
const VERSION: &str = "fuzz";

/// After a `=` comes a document that gets the version and the checksum that let it in; else the text as it is.
pub(super) fn run(data: &[u8]) {
    match data.split_first() {
        Some((b'=', document)) => forged(&String::from_utf8_lossy(document)),
        Some(_) | None => read(&String::from_utf8_lossy(data)),
    }
}

fn forged(text: &str) {
    let Ok(mut document) = serde_json::from_str::<Value>(text) else { return };
    let Some(header) = document.get_mut("header").and_then(Value::as_object_mut) else { return };
    header.insert("rollbook".into(), VERSION.into());
    read(&sealed(document).to_string());
}

fn read(text: &str) {
    let saved = match SavedPlan::read(text, VERSION) {
        Ok(saved) => saved,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let json = render::plan_json(saved.plan());
    is_harmless_json(&json);
    let again = SavedPlan::read(&json, VERSION).expect("what was read can be written");
    assert_eq!(render::plan_json(again.plan()), json);
    for grouping in [Grouping::Group, Grouping::User] {
        for width in [20, 80] {
            is_harmless(&unstyled(&render::plan_text(saved.plan(), grouping, width)));
        }
    }
}
