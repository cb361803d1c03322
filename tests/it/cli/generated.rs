//! What is generated from the program itself: schemas, completions, the manual page.

use std::collections::BTreeSet;
use std::fs;

use http::StatusCode;
use rollbook::model::formats;
use rollbook::render::schema_of;
use rollbook::sandbox::Failure;
use serde_json::Value;

use super::{Ran, Site, TODAY, example, repository, rollbook};

const COMMANDS: [&str; 9] =
    ["check", "plan", "apply", "journal", "demo", "sandbox", "schema", "completions", "man"];

/// `rollbook.plan/1` is described by `schema/plan.v1.json`.
fn parts(format: &str) -> (&str, &str) {
    format.strip_prefix("rollbook.").unwrap().split_once('/').unwrap()
}

#[test]
fn the_committed_schema_of_each_format_is_the_one_that_rollbook_prints() {
    for format in formats::ALL {
        let (name, version) = parts(format);
        let schema = schema_of(format).unwrap_or_else(|| panic!("{format} has no schema"));
        let path = repository().join(format!("schema/{name}.v{version}.json"));
        if std::env::var_os("ROLLBOOK_BLESS").is_some() {
            fs::write(&path, &schema).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "{format}: run ROLLBOOK_BLESS=1 cargo test schema");
        assert_eq!(rollbook(["schema", name]).run().ends(0).stdout, committed);
    }
}

/// Documents of a format, each of which fits its schema, and none of which would with another first key.
pub(super) fn fit(format: &str, documents: &[Value]) {
    let schema: Value = serde_json::from_str(&schema_of(format).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(!documents.is_empty(), "{format}");
    for document in documents {
        let wrong: Vec<String> =
            validator.iter_errors(document).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert_eq!(wrong, [""; 0], "{format}: {document:#}");
        for key in schema["required"].as_array().unwrap() {
            let mut without = document.clone();
            without.as_object_mut().unwrap().remove(key.as_str().unwrap());
            assert!(!validator.is_valid(&without), "{format}: {key} may be left out");
        }
        let named = schema["properties"].as_object().unwrap();
        let unnamed: Vec<&String> =
            document.as_object().unwrap().keys().filter(|key| !named.contains_key(*key)).collect();
        assert_eq!(unnamed, [""; 0], "{format}: the schema does not name them");
    }
}

#[test]
fn documents_fit_their_schemas() {
    let (acme, minimal) = (Site::example("acme"), Site::example("minimal"));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let on = |name: &str, site: &Site, arguments: &[&str]| {
        let tree = example(name);
        rollbook(arguments.iter().copied().chain(["-C", &tree, "--today", TODAY])).at(site).run()
    };
    let read = |path: &str| fs::read_to_string(path).unwrap();
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();

    fit(formats::DOCTOR, &[on("acme", &acme, &["doctor", "--format", "json"]).json()]);
    let explained =
        ["kim@contractor.example", "engineering", "support"].map(|it| ["explain", it, "--format", "json"]);
    let explained = explained.iter().flat_map(|it| [it.to_vec(), [&it[..], &["--live"]].concat()]);
    let explained: Vec<Value> = explained.map(|it| on("acme", &acme, &it).json()).collect();
    fit(formats::EXPLANATION, &explained);
    let users = ["users", "--format", "json"];
    let of_app = [&users[..], &["--app", "jira-servicedesk"]].concat();
    fit(formats::USERS, &[on("acme", &acme, &users).json(), on("acme", &acme, &of_app).json()]);
    fit(formats::ACCESS, &[on("acme", &acme, &[&users[..], &["--by", "app"]].concat()).json()]);
    let snapshot = at("snapshot.json");
    let snapshots = ["acme", "minimal"].map(|name| {
        let site = if name == "acme" { &acme } else { &minimal };
        on(name, site, &["snapshot", "--out", &snapshot]).ends(0);
        json(&read(&snapshot))
    });
    fit(formats::SNAPSHOT, &snapshots);
    let broken =
        rollbook(["check", "--format", "json"]).file("rollbook.yaml", "version: 2\nusers: [x]\n").run();
    fit(formats::DIAGNOSTICS, &[broken.json(), on("acme", &acme, &["check", "--format", "json"]).json()]);

    // What is done, blocked, refused by the site and skipped.
    let journal = at("journal.jsonl");
    let apply = ["apply", "--yes", "--format", "json", "--journal"];
    let refused = Site::example("minimal");
    let refusal = Failure::instead(StatusCode::FORBIDDEN, &[("content-type", "application/json")], "{}");
    refused.sandbox.fail_next("POST /rest/api/3/user", refusal);
    let reports = [("acme", &acme, &journal), ("minimal", &refused, &at("refused.jsonl"))]
        .map(|(name, site, journal)| on(name, site, &[&apply[..], &[journal.as_str()]].concat()).json());
    let outcomes = reports.iter().flat_map(|it| it["operations"].as_array().unwrap());
    let outcomes: BTreeSet<&str> = outcomes.map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, BTreeSet::from(["applied", "failed", "skipped"]));
    fit(formats::REPORT, &reports);
    let lines: Vec<Value> = [&journal, &at("refused.jsonl")]
        .iter()
        .flat_map(|path| read(path).lines().map(json).collect::<Vec<_>>())
        .collect();
    assert_eq!(lines[0]["record"]["today"], TODAY);
    fit(formats::JOURNAL, &lines);
    let shown = |arguments: &[&str]| rollbook(arguments.iter().copied()).run().json();
    fs::write(
        at("cut.jsonl"),
        read(&journal).lines().take(2).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    fs::write(at("changed.jsonl"), read(&journal).replace("atlas", "xtlas")).unwrap();
    let journals = ["journal.jsonl", "refused.jsonl", "cut.jsonl", "changed.jsonl"];
    fit(
        formats::JOURNAL_REPORT,
        &journals.map(|name| shown(&["journal", "show", "--format", "json", &at(name)])),
    );
    let list = rollbook(["journal", "list", "--format", "json"]);
    let list = journals.iter().fold(list.file("rollbook.yaml", ""), |list, name| {
        list.file(&format!(".rollbook/journals/{name}"), &read(&at(name)))
    });
    let list = list.run().json();
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(journals.len()));
    fit(formats::JOURNALS, &[list]);
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
    let schema: Value = serde_json::from_str(&schema_of(formats::PLAN).unwrap()).unwrap();
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
    assert_eq!(actions, ["add", "assign", "create", "delete", "invite", "remove", "suspend"]);

    // The schema would see an invalid plan.
    let whole = plan("acme", &Site::example("acme"), &[]).json();
    for key in whole.as_object().unwrap().keys() {
        let mut document = whole.clone();
        document.as_object_mut().unwrap().remove(key);
        // A plan that changes no role has no such list.
        let optional = key == "access";
        assert_eq!(wrong(&document).is_empty(), optional, "{key} may be left out");
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
