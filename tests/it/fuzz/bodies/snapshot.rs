//! A snapshot: it may have been written by hand.

use jiff::Timestamp;
use rollbook::config;
use rollbook::model::{ErrorExt as _, Locator, Place, SourceFile, Tree};
use rollbook::plan::snapshot::{Names, capabilities, live_state, opened, sealed_text, taken};
use rollbook::plan::{self, Beside, Desired, sealed};
use serde_json::Value;

const TREE: &str = "version: 1\nsite: https://acme.atlassian.net\n";
const GROUPS: &str = "groups:\n  developers: { members: [ada@acme.com, grace@acme.com] }\n";

/// After a `=` comes a document that gets the checksum that lets it in; else the text as it is.
pub(super) fn run(data: &[u8]) {
    match data.split_first() {
        Some((b'=', document)) => {
            let Ok(document) = serde_json::from_slice::<Value>(document) else { return };
            read(&sealed(document).to_string());
        }
        Some(_) | None => read(&String::from_utf8_lossy(data)),
    }
}

fn read(text: &str) {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let tree = Tree { files: vec![file("groups/a.yaml", GROUPS), file("rollbook.yaml", TREE)] };
    let today = jiff::civil::date(2026, 11, 22);
    let declaration = config::parse(&tree, today).declaration.expect("the tree is valid");
    let desired = Desired::of(&declaration, today);
    let place = Place::of(&declaration.settings);
    let snapshot = match opened(text, &place, &Names::of(&desired)) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(!error.to_string().is_empty() && error.help().is_some());
            return;
        }
    };
    let again = sealed_text(&snapshot);
    let reread = opened(&again, &place, &Names::default()).expect("what was read can be written");
    assert_eq!(sealed_text(&reread), again);
    let _ = taken(&snapshot, Timestamp::UNIX_EPOCH);
    let Ok(live) = live_state(&snapshot, &desired, Beside::default()) else { return };
    let changes = plan::diff(&plan::Resolved::of(desired.clone(), &live), &live, &Locator::new(&tree));
    let questions = plan::questions(&changes, &live, &declaration);
    let _ = capabilities(&snapshot, &questions, &desired);
}
