//! `rollbook demo`: the first thing that most people run.

use super::rollbook;

#[test]
fn the_whole_story_and_nothing_left_behind() {
    // No environment, no tree, and credentials that must not matter.
    let ran =
        rollbook(["demo"]).env("ROLLBOOK_API_TOKEN", "x").env("ROLLBOOK_SITE", "https://x.atlassian.net");
    let ran = ran.run().ends(0);
    assert_eq!(ran.left, [""; 0]);
    assert_eq!(ran.stderr, "");
    let (_, address) = ran.stdout.split_once("at a sandbox on ").unwrap();
    let (address, _) = address.split_once(".\n").unwrap();
    let shown = ran.to_string().replace(address, "[site]");
    insta::assert_snapshot!(shown);
    assert!(shown.contains("No changes."));
    let (_, by_hand) = shown.split_once("by hand.").unwrap();
    assert!(by_hand.contains("- marco@acme.com  undeclared"), "{shown}");
}

#[cfg(unix)]
#[test]
fn without_a_place_for_temporary_files_it_says_so() {
    let ran = rollbook(["demo"]).env("TMPDIR", "/nowhere/at/all").run().ends(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: failed to make a temporary folder"), "{ran}");
}
