//! A guard refuses: the plan is shown whole, nothing is written, and what sets it aside lets it pass.

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
    assert_eq!(site.sandbox.requests().writes.len(), before, "nothing was written");
    let allowed = strict(&["apply", "--yes", "--allow", "max-revokes"]).at(&site).run().ends(0);
    assert!(allowed.stdout.contains("Done: 4 of 4 operations"), "{allowed}");
}

#[test]
fn what_may_not_be_set_aside_is_no_value_of_allow() {
    for guard in ["identity-changed", "wrong-site", "suspicious-read", "everything"] {
        let ran = minimal(&["apply", "--yes", "--allow", guard]).run().ends(64);
        assert!(ran.stderr.contains("no guard of this name may be set aside"), "{ran}");
    }
}
