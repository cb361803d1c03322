//! Roles in apps on the command line: importing them, and what plans, applies and undos of them print.

use std::fs;
use std::path::Path;

use rollbook::sandbox::{Change, Grant};

use super::{Ran, Rollbook, Site, TODAY, files_below, rollbook};

const SEED: &str = r"
site: { name: acme }
organization: { id: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41, domains: [acme.com] }
apps: [{ key: jira-software, seats: 5 }, { key: confluence }]
users:
  - { email: root@acme.com }
  - { email: ada@acme.com }
  - { email: bob@acme.com }
  - { email: cy@acme.com }
groups:
  - { name: site-admins, site-admin: true, members: [root@acme.com] }
  - { name: engineering, grants: { jira-software: [user, ai-access] }, members: [ada@acme.com] }
  - { name: writers, grants: { confluence: user }, members: [ada@acme.com, bob@acme.com] }
  - { name: nothing, members: [bob@acme.com] }
  - { name: newcomers, grants: { jira-software: user }, default-for: [jira-software], members: [bob@acme.com] }
  - { name: okta-leads, managed-by: EXTERNAL, grants: { confluence: [admin, user] }, members: [cy@acme.com] }
  - { name: okta-all, managed-by: EXTERNAL, members: [cy@acme.com] }
  - { name: atlassian-addons-admin, grants: { jira-software: admin } }
credentials:
  - basic: { account: root@acme.com, token: sandbox-token }
  - org-api-key: { key: organization-key, account: root@acme.com }
";

const ROOT: &str =
    "version: 1\nsite: https://acme.atlassian.net\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n";

/// The files below a folder, one after the other.
fn written(folder: &Path) -> String {
    let text =
        |(path, bytes): (String, Vec<u8>)| format!("──── {path}\n{}", String::from_utf8(bytes).unwrap());
    files_below(folder).into_iter().map(text).collect()
}

/// A run on an empty tree without the organization's key.
fn jira_alone(site: &Site, arguments: &[&str]) -> Rollbook {
    let run = rollbook(arguments.iter().copied().chain(["--today", TODAY])).file("rollbook.yaml", ROOT);
    let exports = site.sandbox.exports(site.url()).into_iter();
    exports
        .filter(|(name, _)| name != "ROLLBOOK_ORG_API_KEY")
        .fold(run, |run, (name, value)| run.env(&name, &value))
}

#[test]
fn what_groups_give_is_imported() {
    let site = Site::of(SEED);
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().display().to_string();
    fs::write(home.path().join("rollbook.yaml"), format!("{ROOT}include: [groups/*.yaml]\n")).unwrap();
    fs::create_dir(home.path().join("groups")).unwrap();
    let own = "groups:\n  # Those who write.\n  writers: { members: [ada@acme.com] } # all of them\n";
    fs::write(home.path().join("groups/writers.yaml"), own).unwrap();
    let run = |arguments: &[&str]| {
        let common = ["-C", &folder, "--today", TODAY];
        rollbook(arguments.iter().copied().chain(common)).at(&site).hides(&folder, "[tree]").run()
    };
    let imported = run(&["import", "--grants"]).ends(6);
    let files = written(home.path());
    insta::assert_snapshot!(format!("{imported}\n{files}"));
    run(&["plan", "--detailed-exitcode"]).ends(0);
    // Again, there is nothing new, and what cannot be declared is named again.
    let again = run(&["import", "--grants", "--check"]).ends(6);
    assert!(again.stdout.is_empty() && again.stderr.contains("nothing to import"), "{again}");
    assert_eq!(written(home.path()), files);
}

#[test]
fn without_the_organization_no_roles_are_imported() {
    let site = Site::of(SEED);
    let ran = jira_alone(&site, &["import", "--grants"]).run().ends(64);
    assert!(ran.stderr.contains("set ROLLBOOK_ORG_API_KEY"), "{ran}");
}

/// Somebody holds an app directly, and an admin group is not shown.
const PEOPLE: &str = r#"
site: { name: acme }
organization: { id: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41, domains: [acme.com] }
apps: [{ key: jira-software, seats: 5 }, { key: confluence }]
users:
  - { email: root@acme.com, name: Root }
  - { email: ada@acme.com, name: Ada, scim: {} }
  - { email: bob@acme.com, name: "=Bob", grants: { confluence: [user, admin] } }
  - { email: cy@other.example, name: Cy, grants: { jira-software: user } }
  - { email: dan@acme.com, name: Dan, suspended: true }
  - { account-id: "712020:bot", type: app, app-type: service, name: Bot }
groups:
  - { name: site-admins, site-admin: true, members: [root@acme.com] }
  - { name: engineering, grants: { jira-software: user, confluence: user }, members: [ada@acme.com, dan@acme.com, "712020:bot"] }
  - { name: leads, grants: { jira-software: [user, admin, ai-access] }, members: [ada@acme.com] }
  - { name: atlassian-addons-admin, grants: { jira-software: admin }, members: [bob@acme.com] }
credentials:
  - basic: { account: root@acme.com, token: sandbox-token }
  - org-api-key: { key: organization-key, account: root@acme.com }
"#;

const NAMES_ADA: &str = "groups: { engineering: { members: [ada@acme.com] } }\n";

fn users(site: &Site, arguments: &[&str]) -> Rollbook {
    let common = ["--today", TODAY];
    let run = rollbook(["users"].iter().chain(arguments).chain(&common).copied());
    run.file("rollbook.yaml", &format!("{ROOT}{NAMES_ADA}")).at(site)
}

#[test]
fn users_by_app_says_how_everybody_has_which_role() {
    let site = Site::of(PEOPLE);
    let text = users(&site, &["--by", "app", "--status", "all"]).run().ends(0);
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
    let csv = users(&site, &["--by", "app", "--status", "all", "--format", "csv"]).run().ends(0);
    insta::assert_snapshot!(csv);
    let json = users(&site, &["--by", "app", "--app", "confluence", "--format", "json"]).run().ends(0).json();
    assert_eq!(json["format"], "rollbook.access/1");
    let rows: Vec<_> = json["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str()).collect();
    assert_eq!(rows, [Some("Ada"), Some("=Bob"), Some("Bot")]);
    assert_eq!(
        json["apps"],
        serde_json::json!([{ "app": "confluence", "taken": 2, "free": null, "unlimited": true }])
    );
    assert_eq!(json["rows"][0]["source"], "synced");
    assert_eq!(json["rows"][0]["roles"][0]["direct"], false);
    assert_eq!(json["rows"][1]["roles"][0]["direct"], true);
    assert_eq!(
        json["rows"][2]["roles"][0]["direct"],
        serde_json::Value::Null,
        "nobody shows what a bot holds"
    );
}

#[test]
fn users_are_asked_for_by_app() {
    let site = Site::of(PEOPLE);
    let names = |arguments: &[&str]| {
        let json = users(&site, &[arguments, &["--format", "json"]].concat()).run().ends(0).json();
        let names =
            json["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), json)
    };
    let (confluence, json) = names(&["--app", "confluence"]);
    assert_eq!(confluence, ["Ada", "=Bob", "Bot"]);
    assert_eq!(json["users"][0]["roles"].as_array().unwrap().len(), 4, "{json:#}");
    let (undeclared, json) = names(&["--undeclared"]);
    assert_eq!(undeclared, ["=Bob", "Cy", "Root", "Bot"]);
    assert_eq!(json["users"][0]["roles"], serde_json::Value::Null, "what was not asked is not none");
    let (outside, _) = names(&["--app", "jira-software", "--outside", "acme.com", "--undeclared"]);
    assert_eq!(outside, ["Cy"]);
    let text = users(&site, &["--app", "jira-software", "--group", "leads"]).run().ends(0);
    assert!(
        text.stdout.starts_with("1 active account of acme.atlassian.net in leads with jira-software\n"),
        "{text}"
    );
    assert!(text.stdout.contains("jira-software: admin by leads"), "{text}");
    let unknown = users(&site, &["--app", "jira"]).run().ends(64);
    assert!(
        unknown.stderr.contains("the site has no app jira; it has: confluence, jira-software"),
        "{unknown}"
    );
    let alone = jira_alone(&site, &["users", "--by", "app"]).run().ends(64);
    assert!(alone.stderr.contains("ROLLBOOK_ORG_API_KEY"), "{alone}");
}

/// Where there are many people, searches find who holds what directly.
#[test]
fn many_people_are_searched() {
    let more: String = (0..40).map(|n| format!("  - {{ email: p{n:02}@acme.com }}\n")).collect();
    let few = Site::of(PEOPLE);
    let many = Site::of(&PEOPLE.replacen("groups:\n", &format!("{more}groups:\n"), 1));
    let told = |site: &Site| {
        let run = users(site, &["--by", "app", "--status", "all", "--format", "json"]).run().ends(0);
        run.json()["rows"].as_array().unwrap().clone()
    };
    let direct = |rows: &[serde_json::Value]| -> Vec<String> {
        let roles =
            rows.iter().flat_map(|row| row["roles"].as_array().unwrap().iter().map(move |role| (row, role)));
        let held = roles.filter(|(_, role)| role["direct"] == true);
        held.map(|(row, role)| format!("{} {} {}", row["name"], role["app"], role["role"])).collect()
    };
    let (of_few, of_many) = (told(&few), told(&many));
    assert_eq!(direct(&of_few), direct(&of_many));
    assert_eq!(direct(&of_few).len(), 3);
    let asked = |site: &Site, what: &str| -> u64 {
        site.asked().iter().filter(|(route, _)| route.ends_with(what)).map(|(_, count)| count).sum()
    };
    assert_eq!(asked(&few, "/users/{accountId}/role-assignments"), 5);
    assert_eq!(asked(&many, "/users/{accountId}/role-assignments"), 2, "{:?}", many.asked());
    assert_eq!(asked(&many, "/groups/{groupId}/role-assignments"), 2);
}

/// A tree that moves an app from one group to one that an identity provider fills.
const MOVES: &str = "groups:
  engineering: { members: unmanaged, grants: [{ app: confluence, role: user }] }
  okta: { members: unmanaged, grants: [{ app: jira-software, role: user, until: 2027-03-01, because: OPS-7 }] }
";

const MOVING: &str = r"
site: { name: acme }
organization: { id: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41, domains: [acme.com] }
apps: [{ key: jira-software, seats: 5 }, { key: confluence }]
users:
  - { email: root@acme.com, name: Root }
  - { email: ada@acme.com, name: Ada }
  - { email: bob@acme.com, name: Bob }
  - { email: cy@acme.com, name: Cy }
groups:
  - { name: site-admins, site-admin: true, members: [root@acme.com] }
  - { name: engineering, grants: { jira-software: user, confluence: user }, members: [ada@acme.com, bob@acme.com] }
  - { name: okta, managed-by: EXTERNAL, members: [ada@acme.com, cy@acme.com] }
credentials:
  - basic: { account: root@acme.com, token: sandbox-token }
  - org-api-key: { key: organization-key, account: root@acme.com }
";

const OPERATOR: &str = "operator: root@acme.com\n";

/// A folder with a tree, in which runs follow each other.
struct Folder {
    site: Site,
    home: tempfile::TempDir,
}

impl Folder {
    fn of(seed: &str, tree: &str) -> Self {
        let folder = Self { site: Site::of(seed), home: tempfile::tempdir().unwrap() };
        fs::write(folder.home.path().join("rollbook.yaml"), format!("{ROOT}{OPERATOR}{tree}")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let folder = self.home.path().display().to_string();
        let common = ["-C", &folder, "--today", TODAY, "-q"];
        rollbook(arguments.iter().copied().chain(common)).at(&self.site).hides(&folder, "[tree]").run()
    }

    /// A saved plan, shown again: without the tree and without credentials.
    fn show(&self, arguments: &[&str]) -> Ran {
        let plan = self.path("plan.json");
        let folder = self.home.path().display().to_string();
        rollbook(["show", &plan].into_iter().chain(arguments.iter().copied())).hides(&folder, "[tree]").run()
    }

    /// What each group gives on the site.
    fn gives(&self) -> Vec<String> {
        let state = self.site.sandbox.state();
        let of = |group: &rollbook::sandbox::Group| {
            let apps: Vec<&str> = group.grants.keys().map(String::as_str).collect();
            format!("{}: {}", group.name, apps.join(" "))
        };
        let mut told: Vec<String> = state.groups.values().map(of).collect();
        told.sort();
        told
    }
}

const MOVED: [&str; 3] = ["engineering: confluence", "okta: jira-software", "site-admins: "];
const UNMOVED: [&str; 3] = ["engineering: confluence jira-software", "okta: ", "site-admins: "];

#[test]
fn a_plan_of_roles_in_every_format() {
    let folder = Folder::of(MOVING, MOVES);
    let plan = folder.run(&["plan", "--detailed-exitcode", "--out", &folder.path("plan.json")]).ends(2);
    insta::assert_snapshot!(plan.stdout);
    assert!(plan.stdout.lines().all(|line| line.chars().count() <= 80), "{plan}");
    for (format, name) in [("github", "plan_github"), ("markdown", "plan_markdown")] {
        insta::assert_snapshot!(name, folder.run(&["plan", "--format", format]).ends(0).stdout);
    }
    let json = folder.run(&["plan", "--format", "json"]).ends(0).json();
    let keys = json["operations"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap().to_owned());
    assert_eq!(
        keys.collect::<Vec<_>>(),
        ["assign grant.okta/jira-software/user", "revoke grant.engineering/jira-software/user"]
    );
    // A saved plan says the same again.
    assert_eq!(folder.show(&[]).ends(0).stdout, plan.stdout);
    let by_user = folder.show(&["--by", "user"]).ends(0);
    assert!(by_user.stdout.contains("bob@acme.com") && by_user.stdout.contains("cy@acme.com"), "{by_user}");
    assert!(
        !by_user.stdout.contains("ada@acme.com"),
        "who keeps the app by another group loses nothing: {by_user}"
    );
    let masked = folder.run(&["plan", "--redact"]).ends(0);
    assert!(masked.stdout.contains("jira-software"), "{masked}");
    let masked = folder.run(&["plan", "--redact", "--by", "user"]).ends(0);
    assert!(masked.stdout.contains("b***1@acme.com") && !masked.stdout.contains("bob@acme.com"), "{masked}");
}

#[test]
fn one_role_is_targeted_by_its_address() {
    let folder = Folder::of(MOVING, MOVES);
    let only = ["--target", "grant.okta/jira-software/user"];
    let plan = folder.run(&[&["plan"], &only[..]].concat()).ends(0);
    assert!(plan.stdout.contains("okta") && !plan.stdout.contains("- user in"), "{plan}");
    let unknown = folder.run(&["plan", "--target", "grant.nosuch/jira-software/user"]).ends(64);
    assert!(unknown.stderr.contains("grant.nosuch/jira-software/user"), "{unknown}");
    folder.run(&[&["apply", "--yes", "--journal", &folder.path("run.jsonl")], &only[..]].concat()).ends(0);
    assert_eq!(
        folder.gives(),
        ["engineering: confluence jira-software", "okta: jira-software", "site-admins: "]
    );
}

#[test]
fn a_saved_plan_of_roles_is_applied_journalled_and_taken_back() {
    let folder = Folder::of(MOVING, MOVES);
    let (plan, journal) = (folder.path("plan.json"), folder.path("run.jsonl"));
    folder.run(&["plan", "--out", &plan]).ends(0);
    let applied = folder.run(&["apply", &plan, "--journal", &journal]).ends(0);
    assert!(applied.stdout.contains("Done: 2 of 2 operations"), "{applied}");
    assert_eq!(folder.gives(), MOVED);
    folder.run(&["plan", "--detailed-exitcode"]).ends(0);
    // What was applied once fits no more, and does nothing.
    let again = folder.run(&["apply", &plan, "--journal", &folder.path("again.jsonl")]).ends(0);
    assert_eq!(folder.gives(), MOVED, "{again}");

    let shown = rollbook(["journal", "show", &journal]).run().ends(0);
    assert!(shown.stdout.contains("grant.okta/jira-software/user"), "{shown}");
    let text = fs::read_to_string(&journal).unwrap();
    for named in ["ada@acme.com", "bob@acme.com", "cy@acme.com", "organization-key"] {
        assert!(!text.contains(named), "a journal names no member and no key: {named}");
    }
    let undone = folder.run(&["undo", &journal, "--yes", "--journal", &folder.path("back.jsonl")]).ends(0);
    assert_eq!(folder.gives(), UNMOVED, "{undone}");
}

/// Somebody gives by hand what a reviewed plan was to give, and something else.
#[test]
fn a_saved_plan_does_what_was_reviewed_and_nothing_else() {
    let folder = Folder::of(MOVING, MOVES);
    let plan = folder.path("plan.json");
    folder.run(&["plan", "--out", &plan]).ends(0);
    let by_hand = |app: &str| {
        let (group, app) = ("okta".to_owned(), app.to_owned());
        folder.site.sandbox.edit(&Change::SetGrant { group, app, role: Grant::User, held: true }).unwrap();
    };
    by_hand("confluence");
    let applied = folder.run(&["apply", &plan, "--journal", &folder.path("run.jsonl")]);
    assert!([0, 6].contains(&applied.code.unwrap()), "{applied}");
    let gives = folder.gives();
    assert!(gives.contains(&"okta: confluence jira-software".to_owned()), "{gives:?}");
}

#[test]
fn plans_of_roles_are_made_from_a_snapshot_and_refused_and_blocked_with_their_codes() {
    let folder = Folder::of(MOVING, MOVES);
    let taken = folder.path("site.json");
    folder.run(&["snapshot", "--out", &taken, "--redact"]).ends(0);
    let live = folder.run(&["plan"]).ends(0);
    let held = folder.run(&["plan", "--live", &taken]).ends(0);
    assert!(held.stdout.contains("okta") && held.stdout.contains("jira-software"), "{held}\n{live}");
    let text = fs::read_to_string(&taken).unwrap();
    assert!(!text.contains("bob@acme.com"), "nobody declares Bob");

    // Bob would lose the app: the rule counts him.
    let refused = Folder::of(MOVING, &format!("policy: {{ protect: {{ users: [bob@acme.com] }} }}\n{MOVES}"));
    refused.run(&["plan"]).ends(4);
    refused.run(&["apply", "--yes", "--journal", &refused.path("run.jsonl")]).ends(4);
    assert_eq!(refused.gives(), UNMOVED);

    let unknown = Folder::of(MOVING, &MOVES.replace("app: confluence", "app: loom"));
    let blocked = unknown.run(&["apply", "--yes", "--journal", &unknown.path("run.jsonl")]).ends(6);
    assert!(blocked.stdout.contains("the site has no app loom"), "{blocked}");
    let wrong = Folder::of(MOVING, &MOVES.replace("role: user, until", "role: usr, until"));
    let invalid = wrong.run(&["plan"]).ends(3);
    assert!(
        invalid.stderr.contains("invalid role `usr`") && invalid.stderr.contains("Did you mean `user`?"),
        "{invalid}"
    );
}

#[test]
fn explain_names_apps_by_the_tree_and_live() {
    let tree = "groups:
  engineering:
    members: [ada@acme.com, bob@acme.com]
    grants:
      - { app: jira-software, role: user, until: 2027-03-01, because: OPS-7 }
      - { app: confluence, role: user, absent: true }
  leads: { members: [ada@acme.com] }
";
    let folder = Folder::of(PEOPLE, tree);
    let ada = folder.run(&["explain", "ada@acme.com"]).ends(0);
    insta::assert_snapshot!("explain_offline", ada.stdout);
    assert_eq!(folder.site.asked(), [], "without --live nobody is asked");
    let ada = folder.run(&["explain", "ada@acme.com", "--live"]).ends(0);
    insta::assert_snapshot!("explain_live", ada.stdout);
    let most: u64 = folder.site.asked().iter().map(|(_, count)| count).sum();
    assert!(most <= 12, "{:?}", folder.site.asked());
    let bob = folder.run(&["explain", "bob@acme.com", "--live", "--format", "json"]).ends(0).json();
    let roles: Vec<String> = bob["live"]["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| {
            format!(
                "{}/{} direct={} hidden={}",
                role["app"].as_str().unwrap(),
                role["role"].as_str().unwrap(),
                role["direct"],
                role["hidden_group"]
            )
        })
        .collect();
    assert_eq!(
        roles,
        [
            "confluence/admin direct=true hidden=false",
            "confluence/user direct=true hidden=false",
            "jira-software/admin direct=false hidden=true"
        ]
    );
    let group = folder.run(&["explain", "engineering", "--live"]).ends(0);
    insta::assert_snapshot!("explain_group", group.stdout);
    let hidden = folder.run(&["explain", "cy@other.example", "--live"]).ends(0);
    assert!(hidden.stdout.contains("jira-software: user directly"), "{hidden}");
    assert!(hidden.stdout.contains("beyond what a tree manages"), "{hidden}");
    let alone = jira_alone(&folder.site, &["explain", "cy@other.example", "--live"]).run().ends(64);
    assert!(alone.stderr.contains("ROLLBOOK_ORG_API_KEY"), "{alone}");
}

#[test]
fn direct_roles_are_noted_where_the_policy_asks() {
    let tree = "groups: { leads: { members: [ada@acme.com], mode: at-least } }\n";
    let ignored = Folder::of(PEOPLE, tree);
    let plan = ignored.run(&["plan"]).ends(0);
    assert!(!plan.stdout.contains("directly"), "{plan}");
    let asked = |folder: &Folder| folder.site.asked().iter().map(|(_, count)| count).sum::<u64>();
    let least = asked(&ignored);
    let folder = Folder::of(PEOPLE, &format!("policy: {{ direct-roles: report }}\n{tree}"));
    let plan = folder.run(&["plan"]).ends(0);
    for told in [
        "bob@acme.com holds admin in confluence and user in confluence directly",
        "cy@other.example holds user in jira-software",
    ] {
        assert!(plan.stdout.replace("\n  | ", " ").contains(told), "{plan}");
    }
    assert!(!plan.stdout.contains("ada@acme.com holds"), "{plan}");
    // A workspace listing, a search for each role in each app, one for the groups that give what somebody has, and two people.
    assert!(asked(&folder) - least <= 1 + 2 * 9 + 6 + 2, "{:?}", folder.site.asked());
    let masked = folder.run(&["plan", "--redact"]).ends(0);
    assert!(masked.stdout.contains("directly") && !masked.stdout.contains("bob@acme.com"), "{masked}");
    let taken = folder.path("site.json");
    folder.run(&["snapshot", "--out", &taken, "--redact"]).ends(0);
    let held = folder.run(&["plan", "--live", &taken]).ends(0);
    assert!(held.stdout.contains("holds admin in") && !held.stdout.contains("bob@acme.com"), "{held}");
    ignored.run(&["snapshot", "--out", &ignored.path("site.json")]).ends(0);
    let unasked = folder.run(&["plan", "--live", &ignored.path("site.json")]).ends(0);
    assert!(unasked.stdout.contains("is not known"), "{unasked}");
}
