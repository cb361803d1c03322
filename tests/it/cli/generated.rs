//! What is generated from the program itself: schemas, completions, the manual page.

use std::fs;

use rollbook::render::plan_schema;
use serde_json::Value;

use super::{Ran, Site, TODAY, example, repository, rollbook};

const COMMANDS: [&str; 9] =
    ["check", "plan", "apply", "journal", "demo", "sandbox", "schema", "completions", "man"];

#[test]
fn the_committed_schema_of_plans_is_the_one_that_rollbook_prints() {
    let path = repository().join("schema/plan.v1.json");
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(&path, plan_schema()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == plan_schema(), "run ROLLBOOK_BLESS=1 cargo test schema");
    assert_eq!(rollbook(["schema", "plan"]).run().ends(0).stdout, committed);
}

#[test]
fn the_schema_of_the_tree_is_the_one_that_is_committed() {
    let committed = fs::read_to_string(repository().join("schema/rollbook.schema.json")).unwrap();
    assert_eq!(rollbook(["schema"]).run().ends(0).stdout, committed);
    assert_eq!(rollbook(["schema", "tree"]).run().ends(0).stdout, committed);
    assert_eq!(rollbook(["schema", "moon"]).run().ends(64).stdout, "");
}

#[test]
fn plans_fit_their_schema() {
    let schema: Value = serde_json::from_str(&plan_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong = |document: &Value| -> Vec<String> {
        validator.iter_errors(document).map(|it| format!("{}: {it}", it.instance_path())).collect()
    };
    let mut actions: Vec<String> = Vec::new();
    let mut plans = 0;
    let mut fits = |ran: &Ran| {
        let document = ran.json();
        assert_eq!(wrong(&document), [""; 0], "{ran}");
        let operations = document["operations"].as_array().unwrap();
        actions.extend(
            operations.iter().map(|it| it["key"].as_str().unwrap().split(' ').next().unwrap().into()),
        );
        plans += 1;
    };
    let plan = |name: &str, site: &Site, more: &[&str]| {
        let tree = example(name);
        let today = if more.contains(&"--today") { &[][..] } else { &["--today", TODAY] };
        let plan = ["plan", "--format", "json", "-C", &tree];
        rollbook(plan.iter().chain(today).chain(more).copied()).at(site).run()
    };
    let acme = Site::example("acme");
    fits(&plan("acme", &acme, &[]));
    fits(&plan("acme", &acme, &["--target", "group.oncall"]));
    fits(&plan("acme", &acme, &["--reason", "expired,offboarded"]));
    // One more day, and more contracts have run out.
    fits(&plan("acme", &acme, &["--today", "2027-10-01"]));
    fits(&plan("minimal", &Site::example("minimal"), &[]));
    rollbook(["apply", "--yes", "-C", &example("acme"), "--today", TODAY]).at(&acme).run().ends(6);
    fits(&plan("acme", &acme, &[]));
    assert_eq!(plans, 6);
    actions.sort();
    actions.dedup();
    assert_eq!(actions, ["add", "create", "delete", "invite", "remove", "suspend"]);

    // The schema would see an invalid plan.
    let whole = plan("acme", &Site::example("acme"), &[]).json();
    for key in whole.as_object().unwrap().keys() {
        let mut document = whole.clone();
        document.as_object_mut().unwrap().remove(key);
        assert_ne!(wrong(&document), [""; 0], "{key} may be left out");
        document[key] = Value::from(-1);
        assert_ne!(wrong(&document), [""; 0], "{key} may be anything");
    }
    for list in ["operations", "groups", "blocked", "notes", "guards"] {
        for key in whole[list][0].as_object().unwrap().keys() {
            let mut document = whole.clone();
            document[list][0][key] = Value::from(-1);
            assert_ne!(wrong(&document), [""; 0], "{key} in {list} may be anything");
        }
        let mut document = whole.clone();
        document[list][0].as_object_mut().unwrap().insert("unknown".into(), Value::Null);
        // A reader goes on where a later version says more.
        assert_eq!(wrong(&document), [""; 0], "{list}");
    }
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    let shells = ["bash", "zsh", "fish", "powershell", "elvish"];
    let texts = shells.map(|shell| rollbook(["completions", shell]).run().ends(0));
    let man = rollbook(["man"]).run().ends(0);
    let mut help = rollbook(["--help"]).run().ends(0);
    // The summaries of commands alone: `Usage` and the options name some of them too.
    help.stdout = help.stdout.split("Options:").next().unwrap().to_owned();
    for ran in texts.iter().chain([&man, &help]) {
        assert_eq!(ran.stderr, "");
        for command in COMMANDS {
            assert!(ran.stdout.contains(command), "{command} is not in\n{ran}");
        }
    }
    assert!(man.stdout.contains(".TH rollbook 1"), "{man}");
    rollbook(["completions", "tcsh"]).run().ends(64);
}

#[cfg(unix)]
#[test]
fn a_shell_reads_the_completions() {
    let script = rollbook(["completions", "bash"]).run().ends(0).stdout;
    let bash = std::process::Command::new("bash").args(["-n", "-c", &script]).output();
    match bash {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("skipped: there is no bash"),
    }
}
