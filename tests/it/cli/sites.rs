//! Which site answers, and that every command asks before it tells or changes anything.

use super::{Rollbook, Site, TODAY, example, files_of, rollbook, seed_of};

/// Every command that reads or writes a site, in a folder with a tree of `https://acme.atlassian.net`.
fn commands() -> Vec<Rollbook> {
    let lines = [
        "plan",
        "apply --yes",
        "lock",
        "import --check",
        "prune --check",
        "check --live",
        "snapshot --out live.json",
        "users",
        "doctor",
    ];
    let run = |line: &str| {
        let run = rollbook(line.split(' ').chain(["--today", TODAY]));
        files_of("minimal").iter().fold(run, |run, (path, text)| run.file(path, text))
    };
    lines.map(run).into()
}

#[test]
fn another_site_than_the_tree_names_is_refused_by_what_it_says_itself() {
    let site = Site::of(&seed_of("minimal").replace("site: { name: acme }", "site: { name: other }"));
    for command in commands() {
        let ran = command.at(&site).run().ends(4);
        let says = "the tree names https://acme.atlassian.net, but the host says that it is \
                    \"https://other.atlassian.net\"";
        assert!(ran.stderr.contains(says), "{ran}");
        assert_eq!(ran.stdout, "", "nothing of the other site is shown");
        assert!(
            !ran.folder().join("live.json").exists() && !ran.folder().join("rollbook.lock").exists(),
            "{ran}"
        );
    }
    assert_eq!(site.sandbox.requests().writes.len(), 0);
}

/// The id is checked whatever credential there is, one that never asks for it as well.
#[test]
fn a_cloud_id_of_another_site_is_refused() {
    let site = Site::example("minimal");
    for command in commands() {
        let run = command.at(&site).env("ROLLBOOK_TOKEN_KIND", "classic");
        let ran = run.env("ROLLBOOK_CLOUD_ID", "11111111-2222-3333-4444-555555555555").run().ends(4);
        assert!(
            ran.stderr.contains("the cloud ID 11111111-2222-3333-4444-555555555555 is not the site's"),
            "{ran}"
        );
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(site.sandbox.requests().writes.len(), 0);
    let id = &site.sandbox.state().site.cloud_id;
    let plan = rollbook(["plan", "-C", &example("minimal"), "--today", TODAY]).at(&site);
    plan.env("ROLLBOOK_TOKEN_KIND", "classic").env("ROLLBOOK_CLOUD_ID", id).run().ends(0);
}

#[test]
fn variables_that_name_another_place_are_refused_before_any_request() {
    let site = Site::example("acme");
    for (variable, value) in
        [("ROLLBOOK_SITE", "https://other.atlassian.net"), ("ROLLBOOK_ORGANIZATION", "11111111")]
    {
        let run = rollbook(["plan", "-C", &example("acme"), "--today", TODAY]).at(&site);
        let ran = run.env(variable, value).run().ends(4);
        assert!(ran.stderr.contains(&format!("{variable} names {value}")), "{ran}");
    }
    assert_eq!(site.asked(), []);
}
