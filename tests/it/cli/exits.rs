//! How runs end (docs/design.md#exit-codes).

use http::StatusCode;
use rollbook::sandbox::Failure;

use super::{Ran, Rollbook, Site, TODAY, example, rollbook, seed_of};

/// A run on the smallest example, on the day of the examples.
fn minimal(arguments: &[&str]) -> Rollbook {
    let tree = example("minimal");
    rollbook(arguments.iter().copied().chain(["-C", &tree, "--today", TODAY]))
}

fn basic(run: Rollbook) -> Rollbook {
    run.env("ROLLBOOK_EMAIL", "root@acme.com").env("ROLLBOOK_API_TOKEN", "sandbox-token")
}

/// The seed of the smallest example, where the token is of somebody who may only look.
fn looking_only() -> String {
    seed_of("minimal").replace("basic: { account: root@acme.com", "basic: { account: ada@acme.com")
}

/// Asserts that a run is told apart from every other by its exit code and its message.
#[track_caller]
fn fails(run: Rollbook, code: i32, message: &str) {
    let ran = run.run().ends(code);
    assert_eq!(ran.stdout, "", "{ran}");
    assert!(ran.stderr.contains(message), "{ran}");
}

#[test]
fn plan_apply_plan_apply() {
    let site = Site::example("minimal");
    let plan = || minimal(&["plan", "--detailed-exitcode"]).at(&site).run();
    plan().ends(2);
    minimal(&["plan"]).at(&site).run().ends(0);

    let applied = minimal(&["apply", "--yes"]).at(&site).run().ends(0);
    insta::assert_snapshot!("applied", applied);
    let writes = site.sandbox.requests().writes.len();
    assert_eq!(writes, 4);

    let planned = plan().ends(0);
    assert!(planned.stdout.contains("No changes."), "{planned}");
    let again = minimal(&["apply", "--yes"]).at(&site).run().ends(0);
    assert!(again.stderr.contains("No changes."), "{again}");
    assert_eq!(again.stdout, "");
    assert_eq!(site.sandbox.requests().writes.len(), writes);
}

/// A night is not red for what somebody else is about to do, and nobody is told that all is done.
#[test]
fn what_waits_for_an_identity_provider_ends_with_0_and_is_told() {
    let seed = "organization: { id: o-1, directory: d-1 }
users: [{ email: root@acme.com }, { email: bob@acme.com, suspended: true }, { email: eve@acme.com }]
groups:
  - { name: okta, managed-by: EXTERNAL, members: [bob@acme.com, eve@acme.com] }
credentials: [{ org-api-key: { account: root@acme.com, key: k-1 } }]
";
    let site = Site::of(&format!("site: {{ name: acme }}\n{seed}"));
    let run = |arguments: &[&str], groups: &str| {
        let tree = format!(
            "version: 1\nsite: https://acme.atlassian.net\norganization: o-1\noperator: root@acme.com\n\
             users: {{ bob@acme.com: {{ active: false }} }}\n{groups}"
        );
        let run = rollbook(arguments.iter().copied().chain(["--today", TODAY])).at(&site);
        let run =
            run.env("ROLLBOOK_EMAIL", "").env("ROLLBOOK_API_TOKEN", "").env("ROLLBOOK_ORG_API_KEY", "k-1");
        run.file("rollbook.yaml", &tree).run()
    };
    let plan = run(&["plan", "--detailed-exitcode"], "").ends(0);
    assert!(plan.stdout.contains("No changes. The rest waits for an identity provider."), "{plan}");
    assert!(plan.stdout.contains("0 grants, 0 revokes, 1 waiting\n"), "{plan}");
    assert!(plan.stdout.contains("bob@acme.com has left, and stays in okta"), "{plan}");
    let comment = run(&["plan", "--format", "markdown"], "").ends(0);
    assert!(comment.stdout.contains("No changes, 1 waiting for an identity provider"), "{comment}");
    run(&["apply", "--yes"], "").ends(0);
    let report = run(&["apply", "--yes", "--format", "json"], "").ends(0).json();
    assert_eq!(report["complete"], false);
    // Somebody who has not left has access by it.
    let ended = "groups: { okta: { members: [{ user: eve@acme.com, until: 2026-01-01 }] } }\n";
    let plan = run(&["plan"], ended).ends(6);
    assert!(plan.stdout.contains("1 blocked, 1 waiting"), "{plan}");
}

#[test]
fn an_invalid_tree() {
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let run = basic(rollbook(command)).file("rollbook.yaml", "version: 1\nsite: https://evil.example\n");
        fails(run, 3, "bad-site");
    }
    fails(basic(rollbook(["plan"])), 3, "there is no rollbook.yaml in");
}

#[test]
fn wrong_usage() {
    fails(minimal(&["plan", "--nonsense"]), 64, "unexpected argument '--nonsense'");
    fails(minimal(&["plan", "--target", "developers"]), 64, "an address starts with `group.`");
    fails(minimal(&["plan", "--today", "tomorrow"]), 64, "invalid value 'tomorrow' for '--today");
    fails(minimal(&["plan", "--reason", "whim"]), 64, "invalid value 'whim' for '--reason");
    fails(minimal(&["plan", "--format", "yaml"]), 64, "invalid value 'yaml' for '--format");
    fails(minimal(&["apply", "--concurrency", "0"]), 64, "it needs a whole number from 1");
    for nothing in ["", " "] {
        fails(minimal(&["plan", "--base", nothing]), 64, "--base names nothing: it takes a revision");
    }
    for command in [&["man"][..], &["show", "plan.json"], &["schema"], &["completions", "bash"], &["demo"]] {
        fails(
            rollbook(command.iter().chain(&["-C", "."])),
            64,
            "this command reads no configuration: leave --dir (-C) out",
        );
        fails(rollbook(command.iter().chain(&["--today", TODAY])), 64, "this command evaluates no date");
    }
    fails(
        minimal(&["undo", "run.jsonl", "--reason", "expired"]),
        64,
        "all operations of an undo have the same reason",
    );
    for format in ["json", "markdown", "github"] {
        let by = "--by groups the lines of the text form";
        fails(minimal(&["plan", "--by", "user", "--format", format]), 64, by);
        fails(rollbook(["show", "plan.json", "--by", "group", "--format", format]), 64, by);
    }
    fails(rollbook(["journal", "list", "--today", TODAY]), 64, "this command evaluates no date");
    fails(minimal(&["destroy"]), 64, "unrecognized subcommand 'destroy'");
    fails(rollbook([] as [&str; 0]), 64, "Usage: rollbook");
}

#[test]
fn credentials_that_are_not_plain() {
    fails(minimal(&["plan"]), 64, "no credential is set");
    fails(
        basic(minimal(&["plan"])).env("ROLLBOOK_ACCESS_TOKEN", "b"),
        64,
        "more than one credential is set: ROLLBOOK_API_TOKEN, ROLLBOOK_ACCESS_TOKEN",
    );
    let half = [
        ("ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN"),
        ("ROLLBOOK_API_TOKEN", "ROLLBOOK_EMAIL"),
        ("ROLLBOOK_CLIENT_ID", "ROLLBOOK_CLIENT_SECRET"),
        ("ROLLBOOK_CLIENT_SECRET", "ROLLBOOK_CLIENT_ID"),
    ];
    for (set, missing) in half {
        fails(minimal(&["plan"]).env(set, "x"), 64, &format!("{set} is set, and {missing} is not"));
    }
    let twice = ["ROLLBOOK_SCIM_API_KEY", "ROLLBOOK_SCIM_CLIENT_ID", "ROLLBOOK_SCIM_CLIENT_SECRET"];
    let twice = twice.iter().fold(basic(minimal(&["plan"])), |run, name| run.env(name, "x"));
    fails(twice, 64, "more than one credential is set: ROLLBOOK_SCIM_API_KEY, ROLLBOOK_SCIM_CLIENT_SECRET");
    let half = basic(minimal(&["plan"])).env("ROLLBOOK_SCIM_CLIENT_ID", "x");
    fails(half, 64, "ROLLBOOK_SCIM_CLIENT_ID is set, and ROLLBOOK_SCIM_CLIENT_SECRET is not");
    // A secret that a run may not see is set to nothing by some CI systems.
    fails(basic(minimal(&["plan"])).env("ROLLBOOK_API_TOKEN", ""), 64, "ROLLBOOK_API_TOKEN is not");
    fails(
        basic(minimal(&["plan"])).env("ROLLBOOK_API_TOKEN_FILE", "/nowhere/token"),
        64,
        "ROLLBOOK_API_TOKEN and ROLLBOOK_API_TOKEN_FILE are both set",
    );
    fails(
        minimal(&["plan"]).env("ROLLBOOK_EMAIL", "a@b.c").env("ROLLBOOK_API_TOKEN_FILE", "/nowhere/token"),
        64,
        "failed to read the file that ROLLBOOK_API_TOKEN_FILE names",
    );
    fails(basic(minimal(&["plan"])).env("ROLLBOOK_TOKEN_KIND", "new"), 64, "neither `classic` nor `scoped`");
    let pace = "ROLLBOOK_PACE is neither `published` nor `answers`";
    fails(basic(minimal(&["plan"])).env("ROLLBOOK_PACE", "fast"), 64, pace);
    fails(basic(minimal(&["plan"])).env("ROLLBOOK_CLOUD_ID", "../x"), 64, "ROLLBOOK_CLOUD_ID is invalid");
    // Hosts of the environment are not the tree's fault.
    fails(
        basic(minimal(&["plan"])).env("ROLLBOOK_ENDPOINT_SITE", "http://evil.example"),
        64,
        "\"http://evil.example\" is not https",
    );
}

#[test]
fn another_site_than_the_tree_names() {
    let site = Site::example("minimal");
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let run = || minimal(command).at(&site);
        fails(
            run().env("ROLLBOOK_SITE", "https://emca.atlassian.net"),
            4,
            "the tree names https://acme.atlassian.net, and ROLLBOOK_SITE names https://emca.atlassian.net",
        );
        fails(run().env("ROLLBOOK_ORGANIZATION", "o-1"), 4, "the tree names no organization");
    }
    assert_eq!(site.sandbox.requests().total(), 0);
    minimal(&["plan"]).at(&site).env("ROLLBOOK_SITE", "https://acme.atlassian.net/").run().ends(0);
}

#[test]
fn something_blocked_counts_before_changes() {
    let site = Site::example("acme");
    let acme = ["plan", "--detailed-exitcode", "-C", &example("acme"), "--today", TODAY];
    rollbook(acme).at(&site).run().ends(6);
    let narrow = acme.into_iter().chain(["--target", "group.data"]);
    rollbook(narrow).at(&site).run().ends(2);
}

#[test]
fn failures_of_the_site() {
    let site = Site::example("minimal");
    fails(
        minimal(&["plan"]).at(&site).env("ROLLBOOK_API_TOKEN", "wrong"),
        1,
        "the credential is not accepted",
    );
    let closed = "http://127.0.0.1:1";
    fails(basic(minimal(&["plan"])).env("ROLLBOOK_ENDPOINT_SITE", closed), 1, "refuses connections");
}

#[test]
fn help_and_version() {
    for arguments in [&["--help"][..], &["-h"], &["help"], &["plan", "--help"], &["--version"], &["-V"]] {
        let ran = rollbook(arguments).run().ends(0);
        assert_ne!(ran.stdout, "", "{ran}");
        assert_eq!(ran.stderr, "", "{ran}");
    }
    for (command, unused) in
        [("show", "--today"), ("show", "--dir"), ("journal", "--today"), ("undo", "--reason")]
    {
        let ran = rollbook([command, "--help"]).run().ends(0);
        assert!(ran.stdout.contains("Global options:") && !ran.stdout.contains(unused), "{ran}");
    }
    insta::assert_snapshot!("help", rollbook(["-h"]).run().ends(0));
    insta::assert_snapshot!("version", rollbook(["--version"]).run().ends(0));
}

#[test]
fn nobody_can_be_asked() {
    let site = Site::example("minimal");
    fails(minimal(&["apply"]).at(&site), 64, "pass `--yes` to apply without asking");
    fails(minimal(&["apply"]).at(&site).input("yes\n"), 64, "pass `--yes` to apply without asking");
    assert!(site.sandbox.requests().writes.is_empty());
}

#[test]
fn who_may_only_look_changes_nothing() {
    let site = Site::of(&looking_only());
    minimal(&["plan"]).at(&site).run().ends(0);
    let ran = minimal(&["apply", "--yes"]).at(&site).run().ends(1);
    assert!(ran.stderr.contains("is not a site administrator, so nothing was changed"), "{ran}");
    assert_eq!(ran.stdout, "");
    assert_eq!(site.sandbox.requests().writes, []);
}

#[test]
fn what_is_refused_is_reported_with_all_the_rest() {
    let site = Site::example("minimal");
    let refusal = r#"{"errorMessages":["No, not today"],"errors":{}}"#;
    let refused = Failure::instead(StatusCode::FORBIDDEN, &[("content-type", "application/json")], refusal);
    site.sandbox.fail_next("POST /rest/api/3/user", refused);
    let apply = minimal(&["apply", "--yes", "--concurrency", "1"]).at(&site).run().ends(6);
    insta::assert_snapshot!(apply);
    let keys = planned(&minimal(&["plan", "--format", "json"]).at(&Site::example("minimal")).run());
    assert_eq!(keys.len(), 4);
    for key in keys {
        assert!(apply.stdout.contains(&key), "{key} is missing in\n{apply}");
    }
    // What was not done is done by the next run, and nothing else is.
    let again = minimal(&["apply", "--yes", "-q"]).at(&site).run().ends(0);
    assert!(again.stdout.contains("Done: 2 of 2 operations"), "{again}");
}

/// The keys of a plan in JSON.
pub(super) fn planned(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let operations = json["operations"].as_array().unwrap();
    operations.iter().map(|operation| operation["key"].as_str().unwrap().to_owned()).collect()
}
