//! `explain`, over the larger example.

use super::{Site, TODAY, example, rollbook};

fn explain(arguments: &[&str]) -> super::Rollbook {
    let folder = example("acme");
    let common = ["-C", folder.as_str(), "--today", TODAY, "-q"];
    rollbook(["explain"].iter().copied().chain(arguments.iter().copied()).chain(common))
}

#[test]
fn a_person_and_a_group_of_the_example() {
    let person = explain(&["kim@contractor.example"]).run().ends(0);
    assert!(person.stdout.starts_with("kim@contractor.example\n+ "), "{person}");
    let group = explain(&["platform-engineers"]).run().ends(0);
    assert!(group.stdout.starts_with("platform-engineers\n+ "), "{group}");
    let json = explain(&["platform-engineers", "--format", "json"]).run().ends(0);
    assert!(json.stdout.contains("rollbook.explanation/1"), "{json}");
}

#[test]
fn what_the_tree_does_not_declare_has_no_reason() {
    let ran = explain(&["nobody@acme.com"]).run().ends(64);
    assert!(ran.stderr.contains("the tree declares no person and no group named nobody@acme.com"), "{ran}");
    assert!(ran.stderr.contains("with credentials, the site is asked"), "{ran}");
}

#[test]
fn names_are_found_as_plans_print_them_and_in_another_case() {
    let group = explain(&["Platform-Engineers"]).run().ends(0);
    let plain = explain(&["platform-engineers"]).run().ends(0);
    let ways = |ran: &super::Ran| ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ways(&group), ways(&plain));
    let address = explain(&["group.platform-engineers"]).run().ends(0);
    assert_eq!(ways(&address), ways(&plain));
    let person = explain(&["KIM@contractor.example"]).run().ends(0);
    let whole = explain(&["user.kim@contractor.example"]).run().ends(0);
    assert_eq!(ways(&person), ways(&whole));
    let json = explain(&["kim@contractor.example", "--format", "json"]).run().ends(0).json();
    let group = json["ways"][0]["steps"][0]["group"].as_str().unwrap().to_owned();
    let member = explain(&[&format!("member.{group}/kim@contractor.example"), "--format", "json"]);
    let member = member.run().ends(0).json();
    let of_group = |way: &&serde_json::Value| way["steps"][0]["group"] == group.as_str();
    let wanted: Vec<_> = json["ways"].as_array().unwrap().iter().filter(of_group).collect();
    assert_eq!(member["ways"].as_array().unwrap().iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_only_the_site_has_is_told_as_that() {
    let site = Site::example("minimal");
    let run = |about: &str| {
        let run = rollbook(["explain", about, "--today", TODAY]);
        run.file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\n").at(&site)
    };
    let group = run("Site-Admins").run().ends(0);
    assert!(group.stderr.contains("The tree does not declare Site-Admins."), "{group}");
    assert!(group.stdout.contains(" in site-admins\n") && group.stdout.contains("not declared"), "{group}");
    let person = run("bruno@acme.com").run().ends(0);
    assert!(person.stdout.contains("1 account of") && person.stdout.contains("developers"), "{person}");
    let nobody = run("mallory@acme.com").run().ends(64);
    assert!(nobody.stderr.contains("nor has the site one that these credentials see"), "{nobody}");
    run("member.nosuch/bruno@acme.com").run().ends(64);
}
