//! Access edited from the shell: the real binary on a tree, the difference it prints, and what it refuses.

use std::fs;
use std::path::Path;

use rollbook::config::parse;
use rollbook::model::{SourceFile, Tree};
use tempfile::TempDir;

use super::{Ran, TODAY, rollbook};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\npolicy:\n  privileged: [site-admins]\n";

/// Not as `fmt` would write it: quotes, indentation and comments of people.
const GROUPS: &str = "# Who may what.
groups:
    developers:
        owners:   [ada@acme.com]
        members:
            - 'ada@acme.com'    # since the start

            # On loan from support.
            - {user: bob@acme.com, until: 2026-12-31}
            - chen@acme.com # gone soon
    leads:
        members: [ ada@acme.com ]
    all:
        members:
            - group: leads
            - { group: developers, except: [chen@acme.com] }
    site-admins:
        members: []
    open:
        mode: at-least
        members:
            - eve@acme.com   # stays
            - {user: old@acme.com, until: 2026-01-01}
    gone:
        absent: true
    synced:
        members: unmanaged
";

const USERS: &str =
    "users:\n  ada@acme.com: { active: true, apps: [jira-software] }\n  fred@acme.com: { active: false }\n";

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("groups")).unwrap();
    fs::create_dir_all(folder.path().join("users")).unwrap();
    fs::write(folder.path().join("rollbook.yaml"), ROOT).unwrap();
    fs::write(folder.path().join("groups/all.yaml"), GROUPS).unwrap();
    fs::write(folder.path().join("users/people.yaml"), USERS).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let dir = folder.display().to_string();
    let common = ["--today", TODAY, "-C", &dir];
    rollbook(arguments.iter().chain(&common).copied()).hides(&dir, "[tree]").run()
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// The lines that a difference takes away and adds.
fn lines(ran: &Ran) -> Vec<&str> {
    let changed =
        |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
    ran.stdout.lines().filter(changed).collect()
}

/// Nothing is written, and the error names all of these.
fn refused(arguments: &[&str], says: &[&str]) {
    let tree = tree();
    let ran = run(tree.path(), arguments).ends(1);
    let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in says {
        assert!(told.contains(text), "{text} in {ran}");
    }
    assert_eq!((ran.stdout.as_str(), text(tree.path(), "groups/all.yaml").as_str()), ("", GROUPS), "{ran}");
    assert_eq!(text(tree.path(), "users/people.yaml"), USERS);
}

#[test]
fn a_grant_is_one_line_and_every_other_byte_stays() {
    let tree = tree();
    let granted = run(tree.path(), &["grant", "dora@acme.com", "developers"]).ends(0);
    assert_eq!(lines(&granted), ["+            - dora@acme.com"], "{granted}");
    assert!(granted.stdout.starts_with("--- a/groups/all.yaml\n+++ b/groups/all.yaml\n@@ "), "{granted}");
    let until = ["--until", "2027-01-31", "--because", "on call: nights"];
    let granted = run(tree.path(), &[&["grant", "dora@acme.com", "leads"], &until[..]].concat()).ends(0);
    assert_eq!(
        lines(&granted),
        [
            "-        members: [ ada@acme.com ]",
            "+        members:",
            "+          - ada@acme.com",
            "+          - { user: dora@acme.com, until: 2027-01-31, because: \"on call: nights\" }"
        ],
        "{granted}"
    );
    let once = run(tree.path(), &["grant", "DORA@acme.com", "developers"]).ends(0);
    assert_eq!(once.stdout, "");
    assert!(once.stderr.contains("nothing to change"), "{once}");
    let revoked = run(tree.path(), &["revoke", "dora@acme.com", "developers"]).ends(0);
    assert_eq!(lines(&revoked), ["-            - dora@acme.com"], "{revoked}");
    // A list without members, and an account.
    let first = run(tree.path(), &["grant", "account:712020:abc", "site-admins"]).ends(0);
    assert_eq!(lines(&first)[0], "-        members: []", "{first}");
    let check = run(tree.path(), &["grant", "gus@acme.com", "site-admins", "--check"]).ends(1);
    assert!(check.stdout.contains('+') && !text(tree.path(), "groups/all.yaml").contains("gus@"), "{check}");
    let files = ["rollbook.yaml", "groups/all.yaml", "users/people.yaml"];
    let mut files: Vec<SourceFile> =
        files.iter().map(|path| SourceFile { path: (*path).into(), text: text(tree.path(), path) }).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let declaration = parse(&Tree { files }, TODAY.parse().unwrap()).declaration.unwrap();
    let people = |group: &str| format!("{:?}", declaration.groups[&group.into()].state);
    assert!(people("leads").contains("on call: nights") && people("leads").contains("2027-01-31"));
    assert!(people("site-admins").contains("712020:abc") && !people("developers").contains("dora"));
}

#[test]
fn a_revoke_takes_the_line_and_its_comments_with_it() {
    let tree = tree();
    let revoked = run(tree.path(), &["revoke", "bob@acme.com", "developers"]).ends(0);
    let gone =
        ["-            # On loan from support.", "-            - {user: bob@acme.com, until: 2026-12-31}"];
    assert!(gone.iter().all(|line| lines(&revoked).contains(line)), "{revoked}");
    assert!(lines(&revoked).iter().all(|line| line.starts_with('-')), "{revoked}");
    // Where undeclared members stay, taking the line out would leave the user in.
    let ended = run(tree.path(), &["revoke", "eve@acme.com", "open"]).ends(0);
    assert_eq!(
        lines(&ended),
        [
            "-            - eve@acme.com   # stays",
            &format!("+            - {{ user: eve@acme.com, until: {TODAY} }} # stays")
        ],
        "{ended}"
    );
    assert!(ended.stderr.contains("`rollbook prune` takes it out"), "{ended}");
}

#[test]
fn what_an_edit_would_not_do_is_refused_with_the_remedy() {
    refused(&["grant", "ada@acme.com", "developer"], &["no group developer", "Did you mean `developers`?"]);
    refused(
        &["grant", "ada@acme.com", "gone"],
        &["gone is declared absent at groups/all.yaml:", "Declare its members"],
    );
    refused(
        &["grant", "ada@acme.com", "synced"],
        &["the members of synced are unmanaged", "identity provider"],
    );
    refused(
        &["grant", "ada@acme.com", "all"],
        &["ada@acme.com is in all already, by the entry at groups/all.yaml:15:"],
    );
    refused(
        &["grant", "chen@acme.com", "all"],
        &["an `except` keeps chen@acme.com out of all, at groups/all.yaml:16:"],
    );
    refused(&["grant", "fred@acme.com", "leads"], &["fred@acme.com is offboarded at users/people.yaml:3:"]);
    refused(
        &["grant", "old@acme.com", "open"],
        &["until 2026-01-01, which is past", "`rollbook prune` first"],
    );
    refused(&["grant", "bob@acme.com", "developers"], &["already, on other terms, at groups/all.yaml:9:"]);
    refused(
        &["grant", "x@acme.com", "leads", "--until", TODAY],
        &["would have ended already", "name a later one"],
    );
    refused(&["revoke", "ada@acme.com", "all"], &["all takes ada@acme.com in through", "Revoke it in"]);
    refused(&["revoke", "old@acme.com", "open"], &["has ended on 2026-01-01", "`rollbook prune`"]);
    refused(
        &["revoke", "chem@acme.com", "developers"],
        &["developers does not list", "Did you mean `chen@acme.com`?"],
    );
    refused(
        &["revoke", "chen@acme.com", "developers"],
        &[
            "an `except` keeps chen@acme.com out of all, at groups/all.yaml:16:",
            "would name nobody",
            "together",
        ],
    );
    refused(&["offboard", "adaa@acme.com"], &["does not name adaa@acme.com", "Did you mean `ada@acme.com`?"]);
    refused(&["onboard", "gus@acme.com", "--like", "nobody@acme.com"], &["does not name nobody@acme.com"]);
    refused(&["onboard", "gus@acme.com", "--like", "fred@acme.com"], &["fred@acme.com is offboarded"]);
    // Another who is like them would be in a group from which they are kept.
    refused(
        &["onboard", "gus@acme.com", "--like", "chen@acme.com"],
        &["gus@acme.com would be in all, too", "`except`"],
    );
    let tree = tree();
    let ran = run(tree.path(), &["grant", "no email", "leads"]).ends(64);
    assert!(ran.stderr.contains("no email is not an email"), "{ran}");
}

#[test]
fn users_leave_and_come_like_others() {
    let tree = tree();
    let left = run(tree.path(), &["offboard", "ada@acme.com"]).ends(0);
    assert_eq!(
        lines(&left),
        ["-  ada@acme.com: { active: true, apps: [jira-software] }", "+  ada@acme.com: { active: false }"]
    );
    assert!(left.stderr.contains("Entries of ada@acme.com in 2 groups stay"), "{left}");
    let left = run(tree.path(), &["offboard", "eve@acme.com"]).ends(0);
    assert_eq!(lines(&left), ["+  eve@acme.com: { active: false }"], "{left}");
    assert_eq!(run(tree.path(), &["offboard", "eve@acme.com"]).ends(0).stdout, "");

    let tree = self::tree();
    run(tree.path(), &["grant", "ada@acme.com", "site-admins", "--until", "2026-12-24"]).ends(0);
    let came = run(tree.path(), &["onboard", "gus@acme.com", "--like", "ada@acme.com"]).ends(0);
    let added: Vec<&str> = lines(&came).into_iter().filter(|line| line.contains("gus@")).collect();
    assert_eq!(
        added,
        [
            "+            - gus@acme.com",
            "+        members: [ada@acme.com, gus@acme.com]",
            "+          - { user: gus@acme.com, until: 2026-12-24 }",
            "+  gus@acme.com: { active: true, apps: [jira-software] }",
        ],
        "{came}"
    );
    assert!(came.stderr.contains("note: gus@acme.com gets privileged groups, too: site-admins."), "{came}");
    assert_eq!(run(tree.path(), &["onboard", "gus@acme.com", "--like", "ada@acme.com"]).ends(0).stdout, "");
}
