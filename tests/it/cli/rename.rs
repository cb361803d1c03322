//! `rollbook rename`: replaces one name in every place that has it and in no other.

use std::fs;

use super::{Ran, Rollbook, rollbook};

const ROOT: &str = "version: 1
site: https://acme.atlassian.net
operator: eve@acme.com
policy:
  admins: [eve@acme.com, ada@acme.com] # both read alerts
  privileged: [ops]
  keep-at-least: { ops: 1 }
  exclusive: [[ops, support]]
  protect: { users: [eve@acme.com], groups: [ops] }
waive:
  - guard: max-revokes
    for: [member.ops/eve@acme.com, user.eve@acme.com, group.support]
    because: eve@acme.com and ops are named here for people
    until: 2027-01-01
";
const GROUPS: &str = "groups:
  # ops is on call
  ops: { members: [Eve@acme.com], owners: [eve@acme.com] }
  all:
    members:
      - user: eve@acme.com # eve@acme.com leads
        because: ops
      - { group: third, except: [eve@acme.com] }
  support: { members: [ada@acme.com] }
  third: { members: [eve@acme.com, eve@acme.com.au] }
users: { eve@acme.com: { active: true } }
";
const LOCK: &str = "version: 1
users:
  eve@acme.com: { account: \"712020:eve\", from: jira }
groups:
  ops: { id: \"id-ops\", from: jira }
";

fn tree(arguments: &[&str]) -> Rollbook {
    let groups = GROUPS.replace("Eve@", "eve@");
    let run = rollbook(["rename", "--today", "2026-11-29"].iter().chain(arguments));
    run.file("rollbook.yaml", ROOT).file("groups/all.yaml", &groups).file("rollbook.lock", LOCK)
}

fn read(ran: &Ran, path: &str) -> String {
    fs::read_to_string(ran.folder().join(path)).unwrap()
}

#[test]
fn a_person_is_renamed_in_every_place() {
    let shown = tree(&["eve@acme.com", "eve.li@acme.com", "--check"]).run().ends(1);
    insta::assert_snapshot!(shown);
    assert_eq!(read(&shown, "rollbook.yaml"), ROOT, "--check writes nothing");
    let ran = tree(&["EVE@acme.com", "eve.li@acme.com"]).run().ends(0);
    let text = read(&ran, "groups/all.yaml");
    // People's own words stay, and so do people with nearly the same name.
    assert_eq!(text.matches("eve@acme.com").count(), 2, "{text}");
    assert!(text.contains("# eve@acme.com leads") && text.contains("eve@acme.com.au"), "{text}");
    let folder = ran.folder().display().to_string();
    rollbook(["check", "-q", "-C", &folder, "--today", "2026-11-29"]).run().ends(0);
    rollbook(["fmt", "--check", "-C", &folder, "--today", "2026-11-29"]).run().ends(0);
    assert!(read(&ran, "rollbook.lock").contains("eve.li@acme.com"), "{ran}");
    rollbook(["rename", "eve.li@acme.com", "eve@acme.com", "-C", &folder, "--today", "2026-11-29"])
        .run()
        .ends(0);
    assert!(
        read(&ran, "rollbook.yaml")
            .contains("for: [\"member.ops/eve@acme.com\", user.eve@acme.com, group.support]")
    );
}

#[test]
fn a_group_is_renamed_in_every_place() {
    let ran = tree(&["ops", "Site Reliability"]).run().ends(0);
    insta::assert_snapshot!(format!(
        "{}\n{}\n{}",
        ran,
        read(&ran, "rollbook.yaml"),
        read(&ran, "rollbook.lock")
    ));
    let text = read(&ran, "groups/all.yaml");
    assert!(text.contains("# ops is on call\n  \"Site Reliability\": { members: [eve@acme.com]"), "{text}");
    assert!(text.contains("because: ops\n"), "{text}");
}

#[test]
fn what_is_not_there_or_taken_is_refused() {
    for (old, new, why) in [
        ("nobody@acme.com", "x@acme.com", "the tree declares no group and no person named nobody@acme.com"),
        ("no-group", "x", "the tree declares no group and no person named no-group"),
        ("eve@acme.com", "ada@acme.com", "the tree already has ada@acme.com"),
        ("ops", "support", "the tree already has support"),
        ("eve@acme.com", "eve", "eve is not an email, and eve@acme.com is one"),
    ] {
        let ran = tree(&[old, new]).run().ends(64);
        assert!(ran.stderr.contains(why), "{ran}");
        assert_eq!(read(&ran, "rollbook.yaml"), ROOT, "{ran}");
    }
}
