//! `rollbook codeowners`: who reviews which file.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::base::git;
use super::{Rollbook, TODAY, rollbook};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\npolicy: { admins: [root@acme.com] }\n";
const SRE: &str = "groups: { sre: { owners: [hiro@acme.com], members: [hiro@acme.com] } }\n";
const PLATFORM: &str = "groups:\n  platform: { owners: [ada@acme.com], members: [{ group: sre }] }\n  \
                        all: { owners: [zoe@acme.com], members: [{ group: platform }] }\n";
const LOOSE: &str = "groups: { 'no owner': { members: [] } }\n";

fn run(arguments: &[&str]) -> Rollbook {
    let run = rollbook(["codeowners", "--today", TODAY].iter().chain(arguments));
    run.file("rollbook.yaml", ROOT)
        .file("groups/sre.yaml", SRE)
        .file("groups/the platform.yaml", PLATFORM)
        .file("groups/loose.yaml", LOOSE)
        .file("users/all.yaml", "users: { eve@acme.com: { active: true } }\n")
}

#[test]
fn a_file_belongs_to_whom_its_groups_reach() {
    let ran = run(&[]).run().ends(0);
    insta::assert_snapshot!(fs::read_to_string(ran.folder().join(".github/CODEOWNERS")).unwrap());
}

#[test]
fn what_else_stands_there_stays() {
    let before = "*.md @docs\n";
    let ran = run(&[]).file("docs/CODEOWNERS", before).run().ends(0);
    let text = fs::read_to_string(ran.folder().join("docs/CODEOWNERS")).unwrap();
    assert!(text.starts_with("*.md @docs\n\n# Begin"), "{text}");
    // Written again in the middle, whatever was there.
    let edited = text.replace("hiro@acme.com", "mallory@acme.com") + "/later @else\n";
    let ran = run(&["--check"]).file("CODEOWNERS", &edited).run().ends(1);
    assert!(ran.stdout.contains("-/groups/sre.yaml ada@acme.com mallory@acme.com"), "{ran}");
    assert_eq!(fs::read_to_string(ran.folder().join("CODEOWNERS")).unwrap(), edited);
    let ran = run(&[]).file("CODEOWNERS", &edited).run().ends(0);
    assert_eq!(fs::read_to_string(ran.folder().join("CODEOWNERS")).unwrap(), text.clone() + "/later @else\n");
    run(&["--check"]).file("CODEOWNERS", &text).run().ends(0);
}

#[test]
fn a_tree_inside_of_a_repository_is_named_from_its_top() {
    let home = tempfile::tempdir().unwrap();
    git(home.path(), &["init", "--quiet"]);
    let tree = home.path().join("access");
    fs::create_dir_all(tree.join("groups")).unwrap();
    fs::write(tree.join("rollbook.yaml"), ROOT).unwrap();
    fs::write(tree.join("groups/sre.yaml"), SRE).unwrap();
    rollbook(["codeowners", "-C", &tree.display().to_string()]).run().ends(0);
    let text = fs::read_to_string(home.path().join(".github/CODEOWNERS")).unwrap();
    assert!(text.contains("\n/access/groups/sre.yaml hiro@acme.com\n"), "{text}");
    assert!(text.contains("\n/access/ root@acme.com\n"), "{text}");
    // A file of a folder that is added later, as git reads the patterns, which GitHub and Bitbucket follow.
    assert_eq!(last_match(home.path(), &text, "access/groups/new/deep/x.yaml"), "/access/");
    assert_eq!(last_match(home.path(), &text, "other.txt"), "");
}

/// The last pattern of a CODEOWNERS that takes a file, by git's own rules for such patterns.
fn last_match(repository: &Path, text: &str, file: &str) -> String {
    let patterns =
        text.lines().filter_map(|line| line.rsplit_once(" root@acme.com")).map(|(pattern, _)| pattern);
    fs::write(repository.join(".gitignore"), patterns.collect::<Vec<_>>().join("\n")).unwrap();
    let asked = ["check-ignore", "--no-index", "--verbose", file];
    let answer = Command::new("git").arg("-C").arg(repository).args(asked).output().unwrap();
    let answer = String::from_utf8(answer.stdout).unwrap();
    let found = answer.split('\t').next().and_then(|found| found.splitn(3, ':').nth(2));
    found.unwrap_or_default().to_owned()
}

/// GitLab takes a `**` at the end of a pattern for the folder's own files alone.
#[test]
fn every_pattern_means_the_same_to_every_platform() {
    let ran = run(&[]).run().ends(0);
    let text = fs::read_to_string(ran.folder().join(".github/CODEOWNERS")).unwrap();
    let patterns: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(patterns[0], "*");
    assert!(patterns[1..].iter().all(|pattern| pattern.starts_with('/') && !pattern.contains('*')), "{text}");
    git(&ran.folder(), &["init", "--quiet"]);
    for file in [".gitlab/ci/deploy.yml", "users/team/deep/x.yaml", ".bitbucket/CODEOWNERS", ".github/x/y"] {
        assert_ne!(last_match(&ran.folder(), &text, file), "", "{file} in\n{text}");
    }
}

/// The file is where the platform looks that runs the pipelines, and belongs to somebody there.
#[test]
fn the_file_is_where_the_platform_looks() {
    let table: [(&[&str], &[&str], &str); 9] = [
        (&[], &[], ".github/CODEOWNERS"),
        (&[".github/workflows/x.yml"], &["docs/CODEOWNERS"], "docs/CODEOWNERS"),
        (&[".gitlab-ci.yml"], &[], ".gitlab/CODEOWNERS"),
        (&[".gitlab-ci.yml"], &[".github/CODEOWNERS"], ".gitlab/CODEOWNERS"),
        (&[".gitlab-ci.yml"], &[".gitlab/CODEOWNERS", "CODEOWNERS"], "CODEOWNERS"),
        (&["bitbucket-pipelines.yml"], &[], ".bitbucket/CODEOWNERS"),
        (&["bitbucket-pipelines.yml"], &["CODEOWNERS"], ".bitbucket/CODEOWNERS"),
        (&[], &[".bitbucket/CODEOWNERS"], ".bitbucket/CODEOWNERS"),
        (&["bitbucket-pipelines.yml", ".gitlab-ci.yml"], &["CODEOWNERS"], "CODEOWNERS"),
    ];
    for (marks, there, place) in table {
        let with =
            |run: Rollbook, paths: &[&str]| paths.iter().fold(run, |run, path| run.file(path, "# x\n"));
        let ran = with(with(run(&[]), marks), there).run().ends(0);
        let text = fs::read_to_string(ran.folder().join(place)).unwrap();
        assert!(text.contains("# Begin"), "{marks:?} {there:?}: {text}");
        let folder = place.split('/').next().unwrap();
        let owns = [format!("\n/{place} root@acme.com\n"), format!("\n/{folder}/ root@acme.com\n")];
        assert!(owns.iter().any(|line| text.contains(line)), "{place} in\n{text}");
    }
    let ran = run(&[]).file(".gitlab-ci.yml", "").file("bitbucket-pipelines.yml", "").run().ends(64);
    assert!(ran.stderr.contains("GitLab (.gitlab-ci.yml) and Bitbucket"), "{ran}");
    assert!(!ran.folder().join(".github").exists(), "{ran}");
    let ran = run(&["--file", "review/OWN ERS"]).run().ends(0);
    let text = fs::read_to_string(ran.folder().join("review/OWN ERS")).unwrap();
    assert!(text.contains("\n/review/OWN\\ ERS root@acme.com\n"), "{text}");
}

#[test]
fn what_cannot_be_said_is_not_written() {
    let table = [
        ("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\n", "`policy.admins` names nobody"),
        ("groups/a[b].yaml", LOOSE_TOO, "which a pattern cannot express"),
        ("groups/odd.yaml", ODD_OWNER, "the owner x#y@acme.com cannot be named"),
        ("CODEOWNERS", "# Begin: written by `rollbook codeowners`.\n", "are not a pair"),
    ];
    for (path, text, why) in table {
        let ran = run(&[]).file(path, text).run().ends(1);
        assert!(ran.stderr.contains(why), "{ran}");
        assert!(!ran.folder().join(".github").exists(), "{ran}");
    }
}

/// Everything that has to be renamed is named in one run.
#[test]
fn everything_that_cannot_be_said_is_named_at_once() {
    let odd = ["groups/a[b].yaml", "groups/c!.yaml"];
    let run = odd.into_iter().enumerate().fold(run(&[]), |run, (at, path)| {
        run.file(path, &format!("groups: {{ another-{at}: {{ members: [] }} }}\n"))
    });
    let ran = run.file("groups/odd.yaml", ODD_OWNER).run().ends(1);
    for named in odd.into_iter().chain(["x#y@acme.com"]) {
        assert!(ran.stderr.contains(named), "{named} is missing from {ran}");
    }
}

const LOOSE_TOO: &str = "groups: { another: { members: [] } }\n";
const ODD_OWNER: &str = "groups: { odd: { owners: [x#y@acme.com], members: [] } }\n";

#[test]
fn nobody_who_is_offboarded_owns_anything() {
    let users = "users: { hiro@acme.com: { active: false }, eve@acme.com: { active: true } }\n";
    let ran = run(&[]).file("users/all.yaml", users).run().ends(0);
    assert!(ran.stderr.contains("inactive-owner"), "{ran}");
    let text = fs::read_to_string(ran.folder().join(".github/CODEOWNERS")).unwrap();
    assert!(!text.contains("hiro@acme.com"), "{text}");
    // None of the group's own owners is left, so that the admins take over.
    assert!(text.contains("/groups/sre.yaml ada@acme.com root@acme.com zoe@acme.com\n"), "{text}");
    let nobody = "users: { root@acme.com: { active: false } }\n";
    let ran = run(&[]).file("users/all.yaml", nobody).run().ends(1);
    assert!(ran.stderr.contains("everybody in `policy.admins` is `active: false`"), "{ran}");
    assert!(!ran.folder().join(".github").exists(), "{ran}");
}
