//! `users`, with Jira alone and with the organization.

use super::{Ran, Site, TODAY, rollbook};

const SEED: &str = r#"
site: { name: acme }
organization: { id: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41, domains: [acme.com] }
apps: [{ key: jira-software }]
users:
  - { email: root@acme.com, name: Root }
  - { email: zoe@acme.com, name: "=HYPERLINK(\"x\")\e[2J\n::error::x", last-active: 2026-11-20T08:00:00Z }
  - { email: gone@acme.com, active: false }
  - { email: away@acme.com, suspended: true }
  - { account-id: "712020:eve", email: eve@acme.com, name: "-Eve", hide-email: true }
  - { account-id: "712020:bot", type: app, app-type: service, name: "@bot" }
groups:
  - { name: site-admins, site-admin: true, grants: { jira-software: user }, members: [root@acme.com] }
  - { name: "+a, b", grants: { jira-software: user }, members: [zoe@acme.com, root@acme.com, "712020:eve", "712020:bot", gone@acme.com] }
credentials:
  - basic: { account: root@acme.com, token: sandbox-token }
  - org-api-key: { key: organization-key, account: root@acme.com }
"#;

fn users(format: &str, without: &[&str]) -> Ran {
    let site = Site::of(SEED);
    let tree =
        "version: 1\nsite: https://acme.atlassian.net\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n";
    let mut run = rollbook(["users", "--format", format, "--today", TODAY]).file("rollbook.yaml", tree);
    for (name, value) in site.sandbox.exports(site.url()) {
        if !without.contains(&name.as_str()) {
            run = run.env(&name, &value);
        }
    }
    run.run().ends(0)
}

const JIRA_ALONE: [&str; 1] = ["ROLLBOOK_ORG_API_KEY"];
const NO_JIRA: [&str; 2] = ["ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN"];

/// Account, email, groups and last use.
fn rows(ran: &Ran) -> Vec<(String, String, usize, String)> {
    let document = ran.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let users = document["users"].as_array().unwrap().iter();
    users
        .map(|user| {
            let groups = user["groups"].as_array().unwrap().len();
            (text(&user["type"]), text(&user["email"]), groups, text(&user["last_active"]))
        })
        .collect()
}

fn row(kind: &str, email: &str, groups: usize, last: &str) -> (String, String, usize, String) {
    (kind.into(), email.into(), groups, last.into())
}

#[test]
fn everybody_who_is_active_and_what_is_not_known() {
    let jira = users("json", &JIRA_ALONE);
    assert_eq!(
        rows(&jira),
        [
            row("atlassian", "root@acme.com", 2, "-"),
            row("atlassian", "zoe@acme.com", 1, "-"),
            row("app", "-", 1, "-"),
            row("atlassian", "-", 1, "-"),
        ]
    );
    let unknown = jira.json()["unknown"].to_string();
    assert!(
        unknown.contains("Last-active dates and managed accounts are unknown")
            && unknown.contains("emails of 1 person among them"),
        "{jira}"
    );

    let both = users("json", &[]);
    assert_eq!(
        rows(&both),
        [
            row("atlassian", "eve@acme.com", 1, "-"),
            row("atlassian", "root@acme.com", 2, "-"),
            row("atlassian", "zoe@acme.com", 1, "2026-11-20T08:00:00Z"),
            row("app", "-", 1, "-"),
        ]
    );
    let organization = users("json", &NO_JIRA);
    assert_eq!(rows(&organization), rows(&both)[..3]);
    assert!(organization.json()["unknown"].to_string().contains("there is no credential for Jira"));
}

#[test]
fn no_name_is_a_formula_or_moves_the_cursor() {
    let csv = users("csv", &[]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 4);
    for cell in records.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        assert!(!cell.contains(['\n', '\u{1b}']), "{cell:?}");
    }
    assert_eq!(&records[0][3], "'-Eve");
    assert_eq!(&records[1][4], "'+a, b; site-admins");
    assert_eq!((&records[1][5], &records[2][5], &records[3][5]), ("", "2026-11-20T08:00:00Z", ""));
    let known: Vec<&str> = records.iter().map(|record| &record[6]).collect();
    assert_eq!(known, ["true", "true", "true", "false"], "{csv}");
    assert!(csv.stdout.lines().all(|line| line.starts_with('"') && line.ends_with('"')), "{csv}");
    let text = users("text", &[]);
    for line in text.stdout.lines() {
        assert!(!line.contains('\u{1b}') && !line.trim_start().starts_with("::"), "{line:?}");
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    assert!(text.stdout.starts_with("4 active accounts of acme.atlassian.net\n"), "{text}");
    assert!(text.stdout.contains("2026-11-20") && text.stdout.contains("no activity recorded"), "{text}");
}

/// The emails, or else accounts, of those who are asked for, with status and whether the tree names them.
fn asked(arguments: &[&str], without: &[&str]) -> (Vec<(String, String, bool)>, Ran) {
    let site = Site::of(SEED);
    let tree = "version: 1\nsite: https://acme.atlassian.net\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n\
                groups: { \"+a, b\": { members: [zoe@acme.com, \"account:712020:bot\"] } }\n";
    let tree = tree.replace("\"account:712020:bot\"", "{ account: \"712020:bot\" }");
    let common = ["users", "--format", "json", "--today", TODAY];
    let mut run = rollbook(common.iter().chain(arguments).copied()).file("rollbook.yaml", &tree);
    for (name, value) in site.sandbox.exports(site.url()) {
        if !without.contains(&name.as_str()) {
            run = run.env(&name, &value);
        }
    }
    let ran = run.run().ends(0);
    let users = ran.json()["users"].as_array().unwrap().clone();
    let told = |user: &serde_json::Value| {
        let name = user["email"].as_str().unwrap_or_else(|| user["account"].as_str().unwrap()).to_owned();
        (name, user["status"].as_str().unwrap().to_owned(), user["declared"].as_bool().unwrap())
    };
    (users.iter().map(told).collect(), ran)
}

fn told(name: &str, status: &str, declared: bool) -> (String, String, bool) {
    (name.into(), status.into(), declared)
}

#[test]
fn some_of_a_site_are_asked_for() {
    let (members, _) = asked(&["--group", "+A, B"], &[]);
    let bot = told("712020:bot", "active", true);
    let (eve, root, zoe) = (
        told("eve@acme.com", "active", false),
        told("root@acme.com", "active", false),
        told("zoe@acme.com", "active", true),
    );
    assert_eq!(members, [eve, root, zoe, bot]);
    let (suspended, ran) = asked(&["--status", "suspended"], &[]);
    assert_eq!(suspended, [told("away@acme.com", "suspended", false)]);
    assert_eq!(ran.json()["users"][0]["managed"], true, "{ran}");
    let (all, _) = asked(&["--status", "all"], &[]);
    assert_eq!(all.len(), 6);
    // Jira does not say why somebody is not active: nobody is left out without a word.
    let (none, ran) = asked(&["--status", "deactivated"], &JIRA_ALONE);
    assert_eq!(none, []);
    assert!(ran.json()["unknown"].to_string().contains("`--status inactive` has them"), "{ran}");
    let (inactive, _) = asked(&["--status", "inactive"], &JIRA_ALONE);
    assert!(!inactive.is_empty());
    // Of a hidden email, nobody knows the domain.
    let (outside, ran) = asked(&["--outside", "acme.com"], &JIRA_ALONE);
    assert_eq!(outside, [told("712020:eve", "active", false)]);
    assert!(ran.json()["unknown"].to_string().contains("may be of any domain"), "{ran}");
    let (outside, _) = asked(&["--outside", "@ACME.com"], &[]);
    assert_eq!(outside, []);
}

#[test]
fn a_group_that_the_site_lacks_is_no_empty_list() {
    let site = Site::of(SEED);
    let tree =
        "version: 1\nsite: https://acme.atlassian.net\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n";
    let ran = rollbook(["users", "--group", "nosuch"]).file("rollbook.yaml", tree).at(&site).run().ends(64);
    assert!(ran.stderr.contains("the site has no group nosuch"), "{ran}");
}
