//! `explain`, over the larger example.

use super::{TODAY, example, rollbook};

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
    assert!(ran.stderr.contains("the tree declares neither a person nor a group nobody@acme.com"), "{ran}");
}
