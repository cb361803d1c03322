//! `rollbook check`: finds the tree, and reports every mistake in one run.

use super::{Rollbook, rollbook};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\n";

/// Seventeen mistakes in five files, some of which can only be seen with another file at hand.
fn mistaken(arguments: &[&str]) -> Rollbook {
    rollbook(arguments)
        .file(
            "rollbook.yaml",
            "version: 1\nsite: https://acme.atlassian.net/jira\npolicy:\n  mode: strict\n  \
             invite-domains: [acme]\n  keep-at-least: { admins: -1 }\n  offbord: suspend\n",
        )
        .file(
            "users/a.yaml",
            "users:\n  ada@acme.com: { active: yes please }\n  not-an-email: {}\n  bob@acme.com: { activ: true }\n",
        )
        .file("users/b.yaml", "users:\n  ADA@acme.com: { name: Ada }\n  ada@acme.com: { name: Ada }\n")
        .file(
            "groups/a.yaml",
            "groups:\n  sre:\n    members: [{ group: srre }, ada@acme.com, ada@acme.com]\n  empty: {}\n  \
             circle: { members: [{ group: round }] }\n",
        )
        .file(
            "groups/b.yaml",
            "groups:\n  round: { members: [{ group: circle }] }\n  late:\n    members:\n      \
             - { user: kim@acme.com, until: 2026-13-01 }\n  sre: { members: [] }\n",
        )
}

#[test]
fn every_mistake_in_one_run() {
    let ran = mistaken(&["check", "--today", "2026-11-22"]).run().ends(3);
    insta::assert_snapshot!(ran);
    let json = mistaken(&["check", "--today", "2026-11-22", "--format", "json"]).run().ends(3).json();
    let diagnostics = json["diagnostics"].as_array().unwrap();
    assert_eq!(diagnostics.len(), 17);
    let mut files: Vec<&str> = diagnostics.iter().map(|it| it["file"].as_str().unwrap()).collect();
    files.sort_unstable();
    files.dedup();
    let all = ["groups/a.yaml", "groups/b.yaml", "rollbook.yaml", "users/a.yaml", "users/b.yaml"];
    assert_eq!(files, all);
    // Plan and apply say the same, on stderr, and go no further.
    let plan = mistaken(&["plan", "--today", "2026-11-22"]).run().ends(3);
    assert_eq!(plan.stdout, "");
    assert!(plan.stderr.starts_with(&ran.stdout), "{plan}");
}

#[test]
fn a_valid_tree() {
    let groups = "groups:\n  sre: { members: [ada@acme.com] }\n";
    let ran = rollbook(["check"]).file("rollbook.yaml", ROOT).file("groups/a.yaml", groups).run().ends(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr, "valid: 1 group, 0 users, 0 warnings\n");
}

#[test]
fn the_tree_is_found_upwards_and_nowhere_else() {
    let groups = "groups:\n  sre: { members: [ada@acme.com] }\n";
    let at = |arguments: &[&str], folder: &str| {
        let run =
            rollbook(arguments).file("tree/rollbook.yaml", ROOT).file("tree/groups/deep/a.yaml", groups);
        run.within(folder).run()
    };
    at(&["check"], "tree/groups/deep").ends(0);
    at(&["check"], "tree").ends(0);
    at(&["check", "-C", "tree"], "").ends(0);
    at(&["check", "-C", "../tree"], "other").ends(0);
    insta::assert_snapshot!("outside", at(&["check"], "other").ends(3));
    // `-C` names the tree itself: from there nothing is looked for.
    insta::assert_snapshot!("another_folder", at(&["check", "-C", "tree/groups"], "").ends(3));
    insta::assert_snapshot!("no_folder", at(&["check", "-C", "nowhere"], "").ends(3));
    insta::assert_snapshot!("a_file", at(&["plan", "-C", "tree/rollbook.yaml"], "").ends(3));
}

#[test]
fn a_file_that_no_pattern_takes_is_a_warning_of_check_alone() {
    let run = |arguments: &[&str]| {
        rollbook(arguments)
            .file("tree/rollbook.yaml", ROOT)
            .file("tree/groups/a.yaml", "groups:\n  sre: { members: [ada@acme.com] }\n")
            .file("tree/groups/p.yml", "groups:\n  payroll: { members: [ada@acme.com] }\n")
    };
    let ran = run(&["check", "-C", "tree"]).run().ends(0);
    assert!(
        ran.stdout.contains("groups/p.yml declares users or groups, and no pattern of `include`"),
        "{ran}"
    );
    assert_eq!(ran.stderr, "valid: 1 group, 0 users, 1 warning\n");
    let json = run(&["check", "-C", "tree", "--format", "json"]).run().ends(0).json();
    assert_eq!(json["diagnostics"][0]["code"], "not-included");
    // Where the patterns themselves are in doubt, nobody knows what they take.
    let broken = format!("{ROOT}include: [../groups/*.yaml]\n");
    let ran = run(&["check", "-C", "tree"]).file("tree/rollbook.yaml", &broken).run().ends(3);
    assert!(!ran.stdout.contains("not-included"), "{ran}");
}

/// A tree keeps expired entries until somebody prunes it: no command but `check` reports each.
#[test]
fn access_that_has_ended_is_told_once_by_commands_that_are_not_about_it() {
    let ended = |n: usize| format!("      - {{ user: p{n}@acme.com, until: 2020-01-0{n} }}\n");
    let groups = format!("groups:\n  sre:\n    members:\n{}", (1..=3).map(ended).collect::<String>());
    let run = |arguments: &[&str]| {
        rollbook(arguments).file("tree/rollbook.yaml", ROOT).file("tree/groups/a.yaml", &groups)
    };
    let ran = run(&["check", "-C", "tree"]).run().ends(0);
    assert_eq!(ran.stdout.matches("until-past").count(), 3, "{ran}");
    let ran = run(&["explain", "-C", "tree", "p1@acme.com"]).run().ends(0);
    assert_eq!(ran.stderr.matches("until-past").count(), 1, "{ran}");
    assert!(
        ran.stderr.contains("this access ended on 2020-01-01; the same holds for 2 other lines"),
        "{ran}"
    );
    assert!(ran.stderr.contains("`rollbook prune` removes such entries"), "{ran}");
}
