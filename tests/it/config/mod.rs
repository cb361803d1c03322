//! Trees → declarations.

pub(crate) mod diagnostics;
pub(crate) mod edits;
pub(crate) mod files;
pub(crate) mod format;
pub(crate) mod hidden;
pub(crate) mod laws;
pub(crate) mod memberships;
pub(crate) mod output;
pub(crate) mod schema;
pub(crate) mod size;

use jiff::civil::date;
use rollbook::config::{load, parse};
use rollbook::model::{
    AppsInGroup, Authority, Declaration, Email, GroupName, GroupState, Guard, MemberRef, Mode, SourceFile,
    Tree,
};
use rollbook::render::{DiagnosticStyle, diagnostics};

pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() }).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

fn valid(files: &[(&str, &str)]) -> Declaration {
    let tree = tree(files);
    let parsed = parse(&tree, date(2026, 6, 1));
    let shown = diagnostics(&tree, &parsed.diagnostics, DiagnosticStyle::default());
    parsed.declaration.unwrap_or_else(|| panic!("{shown}"))
}

const ROOT: &str = r#"# The whole language, as the design shows it.
version: 1
site: https://acme.atlassian.net
organization: 2c1f6b1e-0000-4000-8000-000000000000
directory: 0b5e-1
operator: root@acme.com
scim: { directory: 9f0b41c7-1, authority: rollbook }
include: [users/*.yaml, groups/**/*.yaml]

policy:
  mode: exact
  unlisted-users: report
  unlisted-groups: ignore
  invite-domains: [Acme.com]
  invite-mail: true
  offboard: deactivate
  max-revokes: { total: 50, group: { count: 10, percent: 20 } }
  keep-at-least: { site-admins: 2 }
  protect: { users: [root@acme.com], groups: [org-admins] }
  privileged: [site-admins, jira-administrators]
  self-grant: refuse
  exclusive:
    - [payments-makers, payments-approvers]
  admins: [root@acme.com]

waive:
  - { guard: max-revokes, for: [group.platform-engineers], because: "OPS-77 closing Lyon", until: 2026-12-05 }
"#;

const USERS: &str = r#"users:
  Ada@acme.com: { name: Ada Lovelace, active: true, apps: [jira-software] }
  bob@acme.com: { active: false }
  eve@acme.com: { account: "712020:5e1f" }
"#;

const GROUPS: &str = r#"groups:
  platform-engineers:
    id: 276f955c-63d7-42c8-9520-92d01dca0625
    description: Everyone who may deploy
    owners: [Ada@acme.com]
    apps-in-group: exact
    mode: at-least
    members:
      - Ada@acme.com
      - group: sre
        except: [oncall-bot@acme.com]
      - user: kim@contractor.example
        until: 2026-12-31
        because: OPS-1234
      - account: "712020:bot"
  sre:
    members: [oncall-bot@acme.com]
  old-team: { absent: true }
"#;

const LOCK: &str = "version: 1\nusers:\n  Ada@acme.com: { account: '712020:ada', from: organization }\n";

#[test]
fn reads_the_whole_language() {
    let declaration = valid(&[
        ("rollbook.yaml", ROOT),
        ("users/a.yaml", USERS),
        ("groups/a.yaml", GROUPS),
        ("rollbook.lock", LOCK),
    ]);
    let settings = &declaration.settings;
    assert_eq!(settings.site.value, "https://acme.atlassian.net");
    assert_eq!(settings.operator.as_ref().unwrap().value.as_str(), "root@acme.com");
    assert_eq!(settings.scim.as_ref().unwrap().authority, Authority::Rollbook);
    let policy = &declaration.policy;
    assert_eq!(policy.invite_domains[0].value, "acme.com");
    assert!(policy.invite_mail);
    assert_eq!(policy.max_revokes.unwrap().group.unwrap().percent, 20);
    assert_eq!(policy.keep_at_least[&GroupName::new("site-admins")].value, 2);
    assert_eq!(policy.exclusive[0].value.len(), 2);
    assert_eq!(declaration.waivers[0].guard, Guard::MaxRevokes);
    let ada = &declaration.users[&Email::parse("ADA@acme.com").unwrap()];
    assert_eq!(ada.apps[0].value.as_str(), "jira-software");
    assert!(ada.active.unwrap().value);
    let group = &declaration.groups[&GroupName::new("platform-engineers")];
    let GroupState::Present(members) = &group.state else { panic!() };
    assert_eq!(members.mode, Some(Mode::AtLeast));
    assert_eq!(members.apps_in_group, AppsInGroup::Exact);
    assert_eq!(members.entries.len(), 4);
    assert_eq!(members.entries[1].who, MemberRef::Group(GroupName::new("sre")));
    assert_eq!(members.entries[2].until.unwrap().value, date(2026, 12, 31));
    assert!(matches!(declaration.groups[&GroupName::new("old-team")].state, GroupState::Absent));
    assert_eq!(declaration.lock.users.len(), 1);
}

#[test]
fn the_examples_are_right() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut trees = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let dir = example.unwrap().path();
        if dir.join("rollbook.yaml").is_file() {
            let loaded = load(&dir, date(2026, 6, 1));
            let shown = diagnostics(&loaded.tree, &loaded.diagnostics, DiagnosticStyle::default());
            assert!(loaded.declaration.is_some(), "{shown}");
            trees += 1;
        }
    }
    assert!(trees > 0);
}

#[test]
fn a_domain_of_another_script_is_one_domain() {
    let root = "version: 1\nsite: https://acme.atlassian.net\npolicy: { invite-domains: [M\u{fc}ller.example, acme.com] }\n";
    let policy = valid(&[("rollbook.yaml", root)]).policy;
    let domains: Vec<&str> = policy.invite_domains.iter().map(|domain| domain.value.as_str()).collect();
    assert_eq!(domains, ["xn--mller-kva.example", "acme.com"]);
    for (email, may) in [
        ("ada@m\u{fc}ller.example", true),
        ("ada@XN--MLLER-KVA.example", true),
        ("ada@Acme.com", true),
        ("ada@muller.example", false),
    ] {
        assert_eq!(policy.invites_at(&Email::parse(email).unwrap()), may, "{email}");
    }
}
