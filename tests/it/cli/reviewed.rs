//! `plan --out`, `show` and `apply PLAN`.

use std::fs;
use std::path::Path;

use super::{Ran, Rollbook, Site, TODAY, files_of, rollbook};

/// A folder with the smallest example and the plan that was reviewed.
fn reviewed(site: &Site) -> Ran {
    let mut run = rollbook(["plan", "--today", TODAY, "--out", "plan.json"]).at(site);
    for (path, text) in files_of("minimal") {
        run = run.file(&path, &text);
    }
    let ran = run.run().ends(0);
    assert!(ran.stdout.contains("Rollbook plan for acme.atlassian.net"), "{ran}");
    assert!(ran.stderr.contains("The plan is in plan.json."), "{ran}");
    ran
}

fn within(folder: &Path, arguments: &[&str]) -> Rollbook {
    let folder = folder.display().to_string();
    let plan = format!("{folder}/plan.json");
    let arguments =
        arguments.iter().map(|argument| if *argument == "PLAN" { plan.as_str() } else { argument });
    let mut arguments: Vec<&str> = arguments.chain(["-q"]).collect();
    if arguments[0] != "show" {
        arguments.extend(["-C", &folder, "--today", TODAY]);
    }
    rollbook(arguments).hides(&folder, "[folder]")
}

#[test]
fn a_saved_plan_is_shown_as_it_was_and_holds_no_secret() {
    let site = Site::example("minimal");
    let made = reviewed(&site);
    let text = fs::read_to_string(made.folder().join("plan.json")).unwrap();
    assert!(!text.contains("sandbox-token"));
    let shown = within(&made.folder(), &["show", "PLAN"]).run().ends(0);
    assert_eq!(shown.stdout, made.stdout);
    let json = within(&made.folder(), &["show", "PLAN", "--format", "json"]).run().ends(0);
    assert_eq!(json.stdout, text);
    let page = within(&made.folder(), &["show", "PLAN", "--format", "markdown"]).run().ends(0);
    assert!(
        page.stdout.starts_with("<!-- rollbook-plan acme.atlassian.net -->\n### 3 grants and 1 revoke"),
        "{page}"
    );
    assert!(page.stdout.contains("```diff\n- erik@acme.com"), "{page}");
    let by_user = within(&made.folder(), &["show", "PLAN", "--by", "user"]).run().ends(0);
    assert!(by_user.stdout.contains("~ user erik@acme.com"), "{by_user}");
}

#[test]
fn a_reviewed_plan_is_applied_without_asking_and_again_without_effect() {
    let site = Site::example("minimal");
    let made = reviewed(&site);
    let applied = within(&made.folder(), &["apply", "PLAN", "--max-age", "1h"]).at(&site).run().ends(0);
    assert!(applied.stdout.contains("Done: 4 of 4 operations"), "{applied}");
    let writes = site.sandbox.requests().writes.len();
    let again = within(&made.folder(), &["apply", "PLAN"]).at(&site).run().ends(0);
    assert_eq!(site.sandbox.requests().writes.len(), writes, "{again}");
}

#[test]
fn what_no_longer_follows_ends_with_5_before_any_write() {
    let site = Site::example("minimal");
    let made = reviewed(&site);
    let path = made.folder().join("groups/developers.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("      - grace@acme.com\n", "")).unwrap();
    let ran = within(&made.folder(), &["apply", "PLAN"]).at(&site).run().ends(5);
    assert!(ran.stderr.contains("the reviewed plan no longer follows from the tree and the site"), "{ran}");
    assert_eq!(site.sandbox.requests().writes.len(), 0);
}

#[test]
fn every_plan_that_cannot_be_used_says_why() {
    let site = Site::example("minimal");
    let made = reviewed(&site);
    let folder = made.folder();
    let path = folder.join("plan.json");
    let good = fs::read_to_string(&path).unwrap();
    let refused = |text: &str, says: &str| {
        fs::write(&path, text).unwrap();
        for command in ["apply", "show"] {
            let ran = within(&folder, &[command, "PLAN"]).at(&site).run().ends(5);
            assert!(ran.stderr.contains(says), "{ran}");
            assert!(ran.stderr.contains("help: Make a new plan with `plan --out`"), "{ran}");
        }
    };
    refused("members: []", "not a Rollbook plan");
    refused(&good[..good.len() / 2], "it is truncated");
    refused(&good.replacen("erik@acme.com", "chen@acme.com", 1), "it was changed after it was made");
    let version = format!("\"rollbook\": \"{}\"", env!("CARGO_PKG_VERSION"));
    refused(&good.replacen(&version, "\"rollbook\": \"9.9.9\"", 1), "Rollbook 9.9.9 made it, and this is");
    fs::write(&path, &good).unwrap();
    let old = within(&folder, &["apply", "PLAN", "--max-age", "0s"]).at(&site).run().ends(5);
    assert!(old.stderr.contains("longer ago than --max-age 0s"), "{old}");
    let root = folder.join("rollbook.yaml");
    let text = fs::read_to_string(&root).unwrap();
    fs::write(&root, text.replace("acme.atlassian.net", "other.atlassian.net")).unwrap();
    let other = within(&folder, &["apply", "PLAN"]).at(&site).run().ends(5);
    assert!(
        other.stderr.contains("the plan is for https://acme.atlassian.net, but the tree names"),
        "{other}"
    );
    within(&folder, &["apply", "PLAN", "--target", "group.support"]).at(&site).run().ends(64);
    within(&folder, &["show", "nowhere.json"]).run().ends(1);
    assert_eq!(site.sandbox.requests().writes.len(), 0);
}
