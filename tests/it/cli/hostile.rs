//! Names that nobody reviewed: what is live must not be able to forge a line, or to speak to a terminal.

use http::StatusCode;
use rollbook::model::is_invisible;
use rollbook::sandbox::Failure;

use super::{Ran, Rollbook, Site, rollbook};

/// A name that tries everything at once, as YAML writes it.
const EVIL: &str = concat!(
    r"x\e[2J\e[31m\n+ group forged\r\n::error::forged\nDone: 99 of 99\n\u202Eforged\u200B\uFEFF\x9B2J\u2028",
    r"`](javascript:forged) ::stop-commands::forged ##vso[task.setvariable variable=PATH]forged ##[add-mask]x <b>",
);

fn seed() -> String {
    format!(
        r#"
site: {{ name: acme }}
apps:
  - {{ key: "app{EVIL}", name: "{EVIL}" }}
users:
  - {{ email: root@acme.com, name: "root {EVIL}" }}
  - {{ account-id: "712020:hidden", email: hidden@acme.com, hide-email: true, name: "hidden {EVIL}" }}
  - {{ account-id: "712020:pinned", email: pinned@acme.com, hide-email: true, name: "pinned {EVIL}" }}
  - {{ account-id: "712020:unlisted", email: unlisted@acme.com, hide-email: true, name: "unlisted {EVIL}" }}
  - {{ account-id: "id{EVIL}", email: "mail{EVIL}@acme.com", name: "{EVIL}" }}
groups:
  - {{ name: site-admins, site-admin: true, members: [root@acme.com] }}
  - {{ name: "group {EVIL}", members: ["712020:hidden"] }}
  - {{ name: sre, members: ["712020:hidden", "id{EVIL}"] }}
  - {{ name: old, grants: {{ "app{EVIL}": user }}, members: ["712020:hidden", "id{EVIL}"] }}
credentials:
  - basic: {{ account: root@acme.com, token: sandbox-token }}
"#
    )
}

fn on_tree(arguments: &[&str], site: &Site) -> Rollbook {
    let root = "version: 1\nsite: https://acme.atlassian.net\n\
                policy: { unlisted-users: report, unlisted-groups: report }\n";
    let groups =
        "groups:\n  sre: { members: [root@acme.com, account: '712020:pinned'] }\n  old: { absent: true }\n";
    let groups = groups.replace("account: '712020:pinned'", "{ account: '712020:pinned' }");
    rollbook(arguments).file("rollbook.yaml", root).file("groups/a.yaml", &groups).at(site)
}

/// Asserts that nothing moves a cursor, and that no line opens as one of the names would have it.
#[track_caller]
fn harmless(ran: &Ran) {
    for stream in [&ran.stdout, &ran.stderr] {
        let evil = |c: char| c != '\n' && c != ' ' && is_invisible(c);
        assert!(!stream.contains(evil), "{ran:?}");
        for line in stream.lines() {
            let opens = ["+ group forged", "Done: 99", "forged", "2J"];
            assert!(!opens.iter().any(|forged| line.starts_with(forged)), "{line:?} in\n{ran}");
            // Runners of CI take commands from a step's output, indented or not.
            let command = line.trim_start().starts_with("::") || line.contains("##");
            assert!(!command, "{line:?} in\n{ran}");
        }
    }
}

#[test]
fn a_plan_of_hostile_names() {
    let site = Site::of(&seed());
    let mut seen = 0;
    for more in [&[][..], &["--by", "user"], &["--format", "json"], &["-v", "-v", "-v"]] {
        let arguments: Vec<&str> = ["plan"].iter().chain(more).copied().collect();
        let ran = on_tree(&arguments, &site).run();
        harmless(&ran);
        seen += ran.stdout.matches("forged").count();
    }
    assert!(seen > 10, "the names did not show at all");
    insta::assert_snapshot!(on_tree(&["plan"], &site).run());
}

#[test]
fn an_apply_of_hostile_names_and_refusals() {
    for format in ["text", "json"] {
        let site = Site::of(&seed());
        let words = "No\u{1b}[2J\n+ group forged\r\n::error::forged\nDone: 99\u{202e}\u{9b}2J ##[x]";
        let body = serde_json::json!({ "errorMessages": [words], "errors": {} }).to_string();
        let header = ("content-type", "application/json");
        site.sandbox.fail_next(
            "POST /rest/api/3/group/user",
            Failure::instead(StatusCode::BAD_REQUEST, &[header, ("atl-traceid", "t\u{9b}2J")], &body),
        );
        let ran = on_tree(&["apply", "--yes", "--format", format, "-v", "-v"], &site).run().ends(6);
        harmless(&ran);
        assert!(ran.stdout.contains(":error::forged"), "{ran}");
    }
}

#[test]
fn a_lock_of_hostile_ids() {
    let plain = format!("users:\n  - {{ account-id: \"own{EVIL}\", email: plain@acme.com }}\n");
    let site = Site::of(&seed().replacen("users:\n", &plain, 1));
    let ran = rollbook(["lock"])
        .file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\n")
        .file("groups/a.yaml", "groups:\n  sre: { members: [plain@acme.com, root@acme.com] }\n")
        .at(&site)
        .run()
        .ends(0);
    harmless(&ran);
    assert!(ran.stdout.contains("+ plain@acme.com own"), "{ran}");
}
