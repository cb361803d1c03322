//! A guard refuses: the plan is shown whole, nothing is written, and what sets it aside lets it pass.

use rollbook::sandbox::Change;

use super::base::{edit, git, repository};
use super::{Rollbook, Site, TODAY, example, rollbook};

fn minimal(arguments: &[&str]) -> Rollbook {
    rollbook(arguments.iter().copied().chain(["-C", &example("minimal"), "--today", TODAY, "-q"]))
}

/// The example of one revoke with a policy that allows none, in a folder of its own.
fn strict(arguments: &[&str]) -> Rollbook {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", example("minimal"))).unwrap();
    let policy = read("rollbook.yaml").replace("policy:\n", "policy:\n  max-revokes: { total: 0 }\n");
    assert!(policy.contains("max-revokes"));
    let mut run = rollbook(arguments.iter().copied().chain(["--today", TODAY, "-q"]));
    run = run.file("rollbook.yaml", &policy);
    for path in ["groups/developers.yaml", "groups/support.yaml", "users/people.yaml"] {
        run = run.file(path, &read(path));
    }
    run
}

#[test]
fn a_refused_plan_is_shown_and_not_applied() {
    let site = Site::example("minimal");
    let plan = strict(&["plan"]).at(&site).run().ends(4);
    assert!(plan.stdout.contains("+ grace@acme.com"), "{plan}");
    assert!(plan.stdout.contains("Refused (1)"), "{plan}");
    let before = site.sandbox.requests().writes.len();
    let apply = strict(&["apply", "--yes"]).at(&site).run().ends(4);
    assert!(apply.stderr.contains("the plan is refused by max-revokes, so nothing was changed"), "{apply}");
    // Who wants quiet is shown the plan all the same: it is what the error refers to.
    assert!(apply.stderr.contains("Refused (1)") && apply.stderr.contains("- erik@acme.com"), "{apply}");
    assert_eq!(site.sandbox.requests().writes.len(), before, "nothing was written");
    let allowed = strict(&["apply", "--yes", "--allow", "max-revokes"]).at(&site).run().ends(0);
    assert!(allowed.stdout.contains("Done: 4 of 4 operations"), "{allowed}");
    assert!(!allowed.stderr.contains("- erik@acme.com"), "{allowed}");
}

#[test]
fn what_may_not_be_set_aside_is_no_value_of_allow() {
    for guard in ["identity-changed", "wrong-site", "suspicious-read", "everything"] {
        let ran = minimal(&["apply", "--yes", "--allow", guard]).run().ends(64);
        assert!(ran.stderr.contains("not the name of a guard that can be waived"), "{ran}");
    }
}

/// Bruno was put into a privileged group by hand, and declares himself: nothing is left to do, and it is refused.
#[test]
fn a_refused_plan_without_operations_ends_like_any_other() {
    let site = Site::example("minimal");
    let repository = repository();
    let folder = repository.path();
    let tree = folder.join("access").display().to_string();
    let by_bruno = |command: &str, more: &[&str]| {
        let common = [command, "-C", &tree, "--today", TODAY, "-q", "--base", "HEAD"];
        rollbook(common.iter().chain(&["--author", "bruno@acme.com"]).chain(more)).at(&site)
    };
    // A first apply brings the site in line, so that his own line is all that differs.
    edit(folder, "rollbook.yaml", "policy:\n", "policy:\n  privileged: [support]\n  self-grant: refuse\n");
    git(folder, &["commit", "--quiet", "-am", "rules"]);
    git(folder, &["update-ref", "refs/rollbook/applied", "HEAD"]);
    let journal = format!("{tree}/../first.jsonl");
    by_bruno("apply", &["--yes", "--allow", "reactivation", "--journal", &journal]).run().ends(0);
    site.sandbox.edit(&Change::AddMember { group: "support".into(), user: "bruno@acme.com".into() }).unwrap();
    edit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - bruno@acme.com");
    let plan = by_bruno("plan", &[]).run().ends(4);
    assert!(plan.stdout.contains("! self-grant"), "{plan}");
    let apply = by_bruno("apply", &["--yes"]).run().ends(4);
    assert!(apply.stderr.contains("the plan is refused by self-grant, so nothing was changed"), "{apply}");

    let json = by_bruno("apply", &["--yes", "--format", "json"]).run().ends(4);
    assert_eq!(json.stdout, "", "there is no report of what was not begun");
    // Together with something that is blocked it is refused as well.
    edit(folder, "groups/support.yaml", "- chen@acme.com", "- chen@acme.com\n      - nobody@acme.com");
    by_bruno("apply", &["--yes"]).run().ends(4);
}

/// Mallory's email is hidden and has changed since it was locked: the new one seems to be nobody's, and inviting it leads to
/// her. Nothing but the answer to the invitation can say so.
#[test]
fn an_invitation_that_leads_to_an_account_of_the_site_brings_it_no_further() {
    let seed = |mallory: &str| {
        format!(
            "site: {{ name: acme }}\n\
             apps: [{{ key: jira-software, name: Jira, seats: 9 }}]\n\
             users:\n\
             \x20 - {{ account-id: \"712020:root\", email: root@acme.com, name: Root }}\n\
             \x20 - {{ account-id: \"712020:mal\", email: {mallory}, name: Mallory, hide-email: true }}\n\
             groups:\n\
             \x20 - {{ name: site-admins, site-admin: true, members: [root@acme.com] }}\n\
             \x20 - {{ name: jira-users, grants: {{ jira-software: user }}, default-for: [jira-software], members: [] }}\n\
             \x20 - {{ name: makers, members: [\"712020:mal\"] }}\n\
             \x20 - {{ name: approvers, members: [] }}\n\
             credentials:\n\
             \x20 - basic: {{ account: root@acme.com, token: sandbox-token }}\n"
        )
    };
    let tree = "version: 1\nsite: https://acme.atlassian.net\noperator: root@acme.com\n\
                policy: { invite-domains: [acme.com], exclusive: [[makers, approvers]] }\n\
                users:\n  mal.real@acme.com: { active: true, apps: [jira-software] }\n\
                groups:\n  makers: { members: [mal@acme.com] }\n  approvers: { members: [mal.real@acme.com] }\n";
    let lock = "version: 1\nusers:\n  mal@acme.com: { account: \"712020:mal\", from: jira }\n";
    let apply = |site: &Site| {
        let run = rollbook(["apply", "--yes", "--today", TODAY]).at(site);
        run.file("rollbook.yaml", tree).file("rollbook.lock", lock).run()
    };
    let approvers = |site: &Site| {
        let state = site.sandbox.state();
        let group = state.groups.values().find(|group| group.name == "approvers").unwrap();
        group.members.iter().map(|id| state.accounts[id].name.clone()).collect::<Vec<_>>()
    };

    let site = Site::of(&seed("mal.real@acme.com"));
    let ran = apply(&site).ends(6);
    assert!(ran.stdout.contains("the invitation went to 712020:mal (Mallory)"), "{ran}");
    assert!(approvers(&site).is_empty(), "{ran}");
    assert!(!ran.left.iter().any(|path| path.contains("rollbook.lock.")), "{ran}");

    // Neighbour: the invited address is nobody's yet.
    let site = Site::of(&seed("mal@acme.com"));
    let ran = apply(&site).ends(0);
    assert_eq!(approvers(&site).len(), 1, "{ran}");
}
