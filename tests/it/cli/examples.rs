//! The examples, as people use them: checked, planned against their own sandboxes, applied.

use std::fs;

use super::{Site, TODAY, example, repository, rollbook};

#[test]
fn every_example_passes_check() {
    let mut examples = 0;
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.join("rollbook.yaml").is_file() {
            let folder = path.display().to_string();
            let ran = rollbook(["check", "-C", &folder, "--today", TODAY]).run().ends(0);
            assert!(ran.stderr.starts_with("valid: "), "{ran}");
            examples += 1;
        }
    }
    assert_eq!(examples, 2);
}

#[test]
fn minimal_plans_as_its_comments_say() {
    let site = Site::example("minimal");
    let plan = ["plan", "-C", &example("minimal"), "--today", TODAY];
    insta::assert_snapshot!(rollbook(plan).at(&site).run().ends(0));
}

#[test]
fn acme_plans_as_its_comments_say() {
    let site = Site::example("acme");
    let plan = ["plan", "-C", &example("acme"), "--today", TODAY];
    insta::assert_snapshot!(rollbook(plan).at(&site).run().ends(6));
}

#[test]
fn acme_plans_by_person() {
    let site = Site::example("acme");
    let plan = ["plan", "-C", &example("acme"), "--today", TODAY, "--by", "user", "-q"];
    insta::assert_snapshot!(rollbook(plan).at(&site).run().ends(6));
}

#[test]
fn acme_applies_but_for_what_is_blocked() {
    let site = Site::example("acme");
    let apply = ["apply", "-C", &example("acme"), "--today", TODAY, "--yes", "-q"];
    insta::assert_snapshot!(rollbook(apply).at(&site).run().ends(6));
}

#[test]
fn the_lock_of_acme_is_what_lock_writes() {
    let site = Site::example("acme");
    let run = rollbook(["lock", "--today", TODAY]).at(&site);
    let ran = super::files_of("acme").into_iter().fold(run, |run, (path, text)| run.file(&path, &text)).run();
    let written = fs::read_to_string(ran.folder().join("rollbook.lock")).unwrap();
    let committed = repository().join("examples/acme/rollbook.lock");
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(committed, written).unwrap();
        return;
    }
    assert!(fs::read_to_string(committed).unwrap() == written, "bless it with ROLLBOOK_BLESS=1\n{written}");
}
