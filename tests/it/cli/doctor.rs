//! What the program says of credentials and identities: `doctor`, `check --live`, `apply --write-lock`.

use super::{Rollbook, Site, TODAY, example, files_of, rollbook};

fn acme(arguments: &[&str]) -> Rollbook {
    let tree = ["-C", &example("acme"), "--today", TODAY].map(str::to_owned);
    rollbook(arguments.iter().map(ToString::to_string).chain(tree))
}

/// The example organization in a folder of the run's own, so that it can be written to.
fn own(arguments: &[&str]) -> Rollbook {
    let arguments = arguments.iter().copied().chain(["--today", TODAY, "-q"]);
    let files = files_of("acme").into_iter().filter(|(path, _)| path != "sandbox.yaml");
    files.fold(rollbook(arguments), |run, (path, text)| run.file(&path, &text))
}

#[test]
fn doctor_says_what_each_credential_is_good_for() {
    let site = Site::example("acme");
    insta::assert_snapshot!("doctor", acme(&["doctor", "-q"]).at(&site).run().ends(0));
    let before = site.sandbox.requests().total();
    let json = acme(&["doctor", "--format", "json"]).at(&site).run().ends(0).json();
    assert_eq!(json["format"], "rollbook.doctor/1");
    let states: Vec<_> =
        json["surfaces"].as_array().unwrap().iter().map(|it| it["state"]["state"].clone()).collect();
    assert_eq!(states, ["works"; 4]);
    assert!(site.sandbox.requests().total() - before < 15, "a few reads");
}

#[test]
fn doctor_tells_a_credential_that_fails_from_one_that_is_missing() {
    let site = Site::example("acme");
    let run = acme(&["doctor", "-q"]).at(&site);
    let run = run.env("ROLLBOOK_ORG_API_KEY", "wrong").env("ROLLBOOK_SCIM_API_KEY", "");
    insta::assert_snapshot!("doctor_in_trouble", run.run().ends(1));
}

/// Elsewhere such a key ends the command, and `doctor` is what a newcomer asks why.
#[test]
fn a_key_for_nothing_is_told_of_beside_those_that_work() {
    let site = Site::example("minimal");
    let run = || rollbook(["doctor", "-q", "-C", &example("minimal"), "--format", "json"]).at(&site);
    let ran = run().env("ROLLBOOK_ORG_API_KEY", "key").env("ROLLBOOK_SCIM_API_KEY", "key").run().ends(1);
    let surfaces = ran.json()["surfaces"].clone();
    let states: Vec<_> = (0..4).map(|at| surfaces[at]["state"]["state"].clone()).collect();
    assert_eq!(states, ["works", "unused", "unused", "unused"]);
    let help = surfaces[1]["state"]["help"].to_string();
    assert!(help.contains("An organization's ID is in the address of admin.atlassian.com"), "{help}");
    run().run().ends(0);
}

#[test]
fn a_key_for_nothing_is_refused() {
    let site = Site::example("minimal");
    let plan = || rollbook(["plan", "-C", &example("minimal"), "--today", TODAY]).at(&site);
    for (variable, setting) in [("ROLLBOOK_ORG_API_KEY", "organization"), ("ROLLBOOK_SCIM_API_KEY", "scim")] {
        let ran = plan().env(variable, "key").run().ends(64);
        assert!(
            ran.stderr.contains(&format!("{variable} is set, and the tree names no `{setting}`")),
            "{ran}"
        );
    }
    assert_eq!(site.sandbox.requests().total(), 0);
}

#[test]
fn nothing_is_applied_with_an_organizations_key_and_no_operator() {
    let site = Site::example("acme");
    let tree = files_of("acme");
    let (_, text) = tree.iter().find(|(path, _)| path == "rollbook.yaml").unwrap();
    let orphaned: String =
        text.lines().filter(|line| !line.starts_with("operator:")).map(|it| format!("{it}\n")).collect();
    let ran = own(&["apply", "--yes"]).file("rollbook.yaml", &orphaned).at(&site).run().ends(4);
    assert!(ran.stderr.contains("`operator` is not set"), "{ran}");
    // The organization's searches are POST requests.
    let requests = site.sandbox.requests();
    let reads = |route: &str| route.ends_with("/search") || route.ends_with("/workspaces");
    assert!(requests.writes.iter().all(|write| reads(&write.route)), "{:?}", requests.writes);
}

#[test]
fn check_live_says_who_does_not_resolve() {
    let site = Site::example("acme");
    let whole = acme(&["check", "--live"]).at(&site).run().ends(0);
    assert!(whole.stderr.contains("every name was found on the site"), "{whole}");
    // Without a lock, and without the organization's key, the owner of a hidden email is unknown.
    let blind = own(&["check", "--live"]).file("rollbook.lock", "version: 1\n").at(&site);
    let blind = blind.env("ROLLBOOK_ORG_API_KEY", "").run().ends(6);
    insta::assert_snapshot!("check_live", blind);
}

#[test]
fn apply_writes_down_what_it_made() {
    let site = Site::example("acme");
    let ran = own(&["apply", "--yes", "--write-lock"]).at(&site).run().ends(6);
    let lock = std::fs::read_to_string(ran.folder().join("rollbook.lock")).unwrap();
    for made in ["leila@acme.com: {account: \"712020:", "oncall: {id: ", "from: organization}"] {
        assert!(lock.contains(made), "{made}\n{lock}");
    }
    // It says the same from now on, and nobody has to be asked for.
    let again = own(&["plan", "--locked", "--target", "user.leila@acme.com"]).file("rollbook.lock", &lock);
    let again = again.at(&site).run().ends(0);
    assert!(again.stdout.contains("No changes."), "{again}");
}

/// A service account's client reads the directory without the key that the identity provider has.
#[test]
fn a_scim_directory_is_read_with_a_service_accounts_client() {
    let client = |scopes: &str| {
        let credential = format!(
            "  - oauth-client: {{ account: root@acme.com, client-id: c-1, client-secret: c-secret, scopes: [{scopes}] }}\n"
        );
        let seed =
            crate::cli::seed_of("acme").replace("credentials:\n", &format!("credentials:\n{credential}"));
        let site = Site::of(&seed);
        let run = acme(&["doctor", "--format", "json", "-q"]).at(&site).env("ROLLBOOK_SCIM_API_KEY", "");
        let run =
            run.env("ROLLBOOK_SCIM_CLIENT_ID", "c-1").env("ROLLBOOK_SCIM_CLIENT_SECRET", "c-secret").run();
        run.json()["surfaces"][3].clone()
    };
    let reads = client("read:account");
    assert_eq!(reads["state"]["state"], "works", "{reads}");
    assert_eq!(reads["expires"], serde_json::Value::Null, "{reads}");
    let lacks = client("read:jira-user");
    assert_eq!(lacks["state"]["state"], "fails", "{lacks}");
    assert!(lacks["state"]["help"].as_str().unwrap().contains("read:account"), "{lacks}");
}
