//! From a site that nobody has declared to reviewed changes: import, branch, preview, merge, apply.

use std::fs;
use std::path::Path;

use super::base::git;
use super::{Ran, Rollbook, Site, TODAY, files_of, rollbook};

const URL: &str = "https://acme.atlassian.net";

/// A run in a folder of the test.
fn at(folder: &Path, site: &Site, arguments: &[&str]) -> Rollbook {
    let folder = folder.display().to_string();
    let common = ["-C", &folder, "--today", TODAY];
    rollbook(arguments.iter().copied().chain(common)).at(site).hides(&folder, "[tree]")
}

fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

fn edit(folder: &Path, path: &str, from: &str, to: &str) {
    let text = read(folder, path);
    assert!(text.contains(from), "{text}");
    fs::write(folder.join(path), text.replacen(from, to, 1)).unwrap();
}

/// Changes a group as somebody with the admin console would, who knows nothing of the tree.
fn by_hand(site: &Site, group: &str, members: &str) {
    let tree = format!("version: 1\nsite: {URL}\ngroups: {{ {group}: {{ members: [{members}] }} }}\n");
    rollbook(["apply", "--yes", "-q", "--today", TODAY]).at(site).file("rollbook.yaml", &tree).run().ends(0);
}

#[test]
fn from_import_to_a_merged_change() {
    let site = Site::example("minimal");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    insta::assert_snapshot!(at(folder, &site, &["import", "--site", URL, "--users"]).run().ends(0));
    at(folder, &site, &["plan", "--detailed-exitcode"]).run().ends(0);
    git(folder, &["init", "--quiet"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "What is live"]);

    git(folder, &["switch", "--quiet", "-c", "change"]);
    edit(folder, "groups/developers.yaml", "      - erik@acme.com\n", "      - chen@acme.com # OPS-12\n");
    git(folder, &["commit", "--quiet", "-am", "Chen for Erik"]);
    by_hand(&site, "support", "chen@acme.com, erik@acme.com");
    let preview = at(folder, &site, &["plan", "--base", "main", "--format", "markdown"]).run().ends(0);
    let (change, drift) = preview.stdout.split_once("Drift").expect("both are there");
    assert!(change.contains("+ chen@acme.com") && change.contains("- erik@acme.com"), "{preview}");
    assert!(drift.contains("support") && !change.contains("support"), "{preview}");

    git(folder, &["switch", "--quiet", "main"]);
    git(folder, &["merge", "--quiet", "--no-ff", "-m", "Merge", "change"]);
    let journal = home.path().join("journal.jsonl").display().to_string();
    let applied =
        at(folder, &site, &["apply", "--yes", "--base", "main^", "--journal", &journal]).run().ends(0);
    assert!(applied.stdout.contains("3 of 3"), "{applied}");
    at(folder, &site, &["plan", "--detailed-exitcode"]).run().ends(0);
}

#[test]
fn a_second_import_adds_what_came_and_nothing_else() {
    let site = Site::example("minimal");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    at(folder, &site, &["import", "--site", URL]).run().ends(0);
    let paths = ["rollbook.yaml", "rollbook.lock", "groups/developers.yaml", "groups/support.yaml"];
    let before = paths.map(|path| read(folder, path));
    let again = at(folder, &site, &["import"]).run().ends(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", "nothing to import\n"));
    assert_eq!(paths.map(|path| read(folder, path)), before);

    edit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com   # since spring");
    by_hand(&site, "support", "chen@acme.com, erik@acme.com");
    insta::assert_snapshot!(at(folder, &site, &["import", "--check"]).run().ends(1));
    let ran = at(folder, &site, &["import"]).run().ends(0);
    assert_eq!(ran.stdout, "groups/support.yaml\n", "{ran}");
    let text = read(folder, "groups/support.yaml");
    assert!(text.ends_with("      - chen@acme.com # since spring\n      - erik@acme.com\n"), "{text}");
}

#[test]
fn only_what_is_asked_for_is_imported() {
    let site = Site::example("acme");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let arguments =
        ["import", "--site", URL, "--group", "payments-*", "--group", "sre", "--file-per", "prefix"];
    let ran = run_with_jira_alone(folder, &site, &arguments).ends(0);
    assert_eq!(ran.stdout, "groups/payments.yaml\ngroups/sre.yaml\nrollbook.lock\nrollbook.yaml\n", "{ran}");
    run_with_jira_alone(folder, &site, &["plan", "--detailed-exitcode"]).ends(0);
    let hidden = read(folder, "groups/sre.yaml");
    assert!(hidden.contains("# Eve Adeyemi: the email is hidden"), "{hidden}");
    let ran = run_with_jira_alone(folder, &site, &["import", "--group", "no-such"]).ends(64);
    assert!(ran.stderr.contains("the site has no group that matches --group no-such"), "{ran}");
}

/// What a newcomer must know of a group is written at the group.
#[test]
fn what_a_group_gives_is_said_where_it_is_imported() {
    let site = Site::example("acme");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let names = ["site-admins", "jira-administrators", "jira-software-users", "Reading Circle", "sre"];
    let groups = names.iter().flat_map(|name| ["--group", name]);
    let start = ["import", "--site", URL, "--organization", "2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41"];
    let arguments: Vec<&str> = start.into_iter().chain(groups).collect();
    let ran = at(folder, &site, &arguments).run().ends(0);
    assert!(!ran.stderr.contains("note:"), "{ran}");
    assert!(read(folder, "groups/site-admins.yaml").contains("# Gives site administration"));
    assert!(read(folder, "groups/jira-administrators.yaml").contains("# Gives Jira administration"));
    let default = read(folder, "groups/jira-software-users.yaml");
    assert!(
        default.contains("# Default group of jira-software: the site adds everybody who gets the app"),
        "{default}"
    );
    assert!(read(folder, "groups/reading-circle.yaml").contains("# An Atlassian team"));
    let other = read(folder, "groups/sre.yaml");
    assert!(!["# Gives", "# An Atlassian", "# Default"].iter().any(|it| other.contains(it)), "{other}");
}

/// What nobody could read is not taken for nothing to say.
#[test]
fn an_import_says_what_it_could_not_mark() {
    let home = tempfile::tempdir().unwrap();
    let (site, folder) = (Site::example("acme"), home.path().join("organization"));
    fs::create_dir(&folder).unwrap();
    let organization = ["--organization", "2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41"];
    let run = at(
        &folder,
        &site,
        &[&["import", "--site", URL, "--group", "payments-*"], &organization[..]].concat(),
    );
    let ran = run.env("ROLLBOOK_EMAIL", "").env("ROLLBOOK_API_TOKEN", "").run();
    assert!(ran.stderr.contains("are not marked: only Jira shows them"), "{ran}");

    let seed = crate::cli::seed_of("minimal") + "  - basic: { account: ada@acme.com, token: browses }\n";
    let (site, folder) = (Site::of(&seed), home.path());
    let run = at(folder, &site, &["import", "--site", URL]);
    let ran = run.env("ROLLBOOK_EMAIL", "ada@acme.com").env("ROLLBOOK_API_TOKEN", "browses").run().ends(0);
    assert!(ran.stderr.contains("default groups of apps are not marked"), "{ran}");
    let again = at(folder, &site, &["import"]).env("ROLLBOOK_EMAIL", "ada@acme.com");
    let again = again.env("ROLLBOOK_API_TOKEN", "browses").run().ends(0);
    assert_eq!(again.stderr, "nothing to import\n", "no group is new: {again}");
}

/// A tree that began with Jira's credential names by id whom an organization's key knows by email.
#[test]
fn an_email_is_offered_for_an_id_once_it_is_known() {
    let site = Site::example("acme");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    run_with_jira_alone(folder, &site, &["import", "--site", URL, "--group", "sre"]).ends(0);
    let again = run_with_jira_alone(folder, &site, &["import", "--group", "sre"]).ends(0);
    assert_eq!(again.stderr, "nothing to import\n", "{again}");
    edit(folder, "rollbook.yaml", "site:", "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\nsite:");
    let import = || at(folder, &site, &["import", "--group", "sre"]).env("ROLLBOOK_SCIM_API_KEY", "").run();
    let id = "712020:5e1f0c3a-91b4-4d27-8a6e-2f7c50d8b913";
    let ran = import().ends(0);
    assert!(ran.stderr.contains(&format!("may be written there instead: {id} is eve@acme.com")), "{ran}");
    let lock = || at(folder, &site, &["lock"]).env("ROLLBOOK_SCIM_API_KEY", "").run();
    let ran = lock().ends(0);
    assert!(ran.stderr.contains(&format!("may be written there instead: {id} is eve@acme.com")), "{ran}");
    let entry = format!("account: \"{id}\" # Eve Adeyemi: the email is hidden");
    edit(folder, "groups/sre.yaml", &entry, "eve@acme.com");
    assert!(!import().ends(0).stderr.contains("instead"));
    assert!(!lock().ends(0).stderr.contains("instead"));
}

fn run_with_jira_alone(folder: &Path, site: &Site, arguments: &[&str]) -> Ran {
    let run = at(folder, site, arguments);
    run.env("ROLLBOOK_ORG_API_KEY", "").env("ROLLBOOK_SCIM_API_KEY", "").run()
}

#[test]
fn nothing_is_written_over_what_is_there() {
    let site = Site::example("minimal");
    let ran =
        rollbook(["import", "--site", URL]).at(&site).file("groups/a.yaml", "groups: {}\n").run().ends(64);
    assert!(ran.stderr.contains("has a groups already"), "{ran}");
    let mut run = rollbook(["import", "--site", URL]).at(&site);
    for (path, text) in files_of("minimal") {
        run = run.file(&path, &text);
    }
    let ran = run.run().ends(64);
    assert!(ran.stderr.contains("there is one in"), "{ran}");
    for wrong in ["http://acme.atlassian.net", "acme", "https://acme.atlassian.net\npolicy: {}"] {
        let ran = rollbook(["import", "--site", wrong]).at(&site).run();
        assert!([3, 64].contains(&ran.code.unwrap()), "{ran}");
        assert_eq!(fs::read_dir(ran.folder()).unwrap().count(), 0, "{ran}");
    }
}

#[test]
fn what_the_sandbox_exports_starts_a_tree() {
    let site = Site::example("acme");
    let home = tempfile::tempdir().unwrap();
    let ran = at(home.path(), &site, &["import", "--site", URL, "--group", "payments-*"]).run().ends(0);
    assert!(
        ran.stderr.contains("ROLLBOOK_ORG_API_KEY is set and was not used: `--organization ID`"),
        "{ran}"
    );
    assert!(ran.stderr.contains("ROLLBOOK_SCIM_API_KEY is set and was not used"), "{ran}");
    let home = tempfile::tempdir().unwrap();
    let organization = "2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41";
    let named = ["import", "--site", URL, "--group", "payments-*", "--organization", organization];
    let ran = at(home.path(), &site, &named).run().ends(0);
    assert!(!ran.stderr.contains("ROLLBOOK_ORG_API_KEY"), "{ran}");
    assert!(read(home.path(), "rollbook.yaml").contains(organization));
}
