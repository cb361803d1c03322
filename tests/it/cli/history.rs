//! The history of memberships, in real repositories: made at random with the truth known, and by hand.

use std::fs;
use std::path::Path;

use rollbook::git::history_of;
use rollbook::model::{History, Turn};
use serde_json::Value;
use tempfile::TempDir;

use super::base::git;
use super::generated::fit;
use super::{Ran, TODAY, rollbook};
use crate::soak;
use crate::support::history::{Known, KnownTurn, Size, make};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\n";

/// A repository with a tree in a folder of it, one commit after the other.
struct Repository {
    folder: TempDir,
    day: u32,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]);
        let mut repository = Self { folder, day: 0 };
        repository.write("rollbook.yaml", ROOT);
        repository.commit("start");
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join("access").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file with one group.
    fn group(&self, path: &str, name: &str, members: &[&str]) {
        let members: String = members.iter().map(|member| format!("\n      - {member}")).collect();
        let members = if members.is_empty() { " []".to_owned() } else { members };
        self.write(path, &format!("groups:\n  {name}:\n    members:{members}\n"));
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    /// Commits everything as the next day of 2026, and gives the id.
    fn commit(&mut self, message: &str) -> String {
        self.git(&["add", "--all", "."]);
        self.dated(&["commit", "--quiet", "--allow-empty", "-m", message])
    }

    fn merge(&mut self, branch: &str, message: &str) -> String {
        self.dated(&["merge", "--quiet", "--no-ff", "-m", message, branch])
    }

    /// Runs git at noon of the next day of 2026, and gives the newest commit.
    fn dated(&mut self, arguments: &[&str]) -> String {
        self.day += 1;
        let time = jiff::civil::date(2026, 1, 1).checked_add(jiff::Span::new().days(self.day - 1)).unwrap();
        let time = format!("{time}T12:00:00Z");
        let status = std::process::Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.com", "-c", "maintenance.auto=false"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &time)
            .env("GIT_COMMITTER_DATE", &time)
            .output()
            .unwrap();
        assert!(status.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&status.stderr));
        self.git(&["rev-parse", "HEAD"])
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.path(), arguments)
    }

    fn json(&self) -> Value {
        self.run(&["--format", "json"]).ends(0).json()
    }
}

fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    let tree = folder.join("access").display().to_string();
    let common = ["history", "--today", TODAY, "-C", &tree];
    rollbook(common.iter().chain(arguments).copied())
        .hides(&folder.display().to_string(), "[repository of the test]")
        .run()
}

/// The stretches, each as `GROUP USER FROM/MERGE TO/MERGE UNTIL`; commits by the names that a test gives them.
fn stretches(history: &Value, names: &[(&str, &str)]) -> Vec<String> {
    let called = |id: &Value| match id.as_str() {
        None => "?".to_owned(),
        Some(id) => names
            .iter()
            .find(|(_, it)| *it == id)
            .map_or_else(|| id.to_owned(), |(name, _)| (*name).to_owned()),
    };
    let turn = |turn: &Value| match (turn, &turn["merge"]) {
        (Value::Null, _) => "-".to_owned(),
        (_, Value::Null) => called(&turn["commit"]),
        (_, merge) => format!("{}/{}", called(&turn["commit"]), called(merge)),
    };
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let stretch = |it: &Value| {
        [text(&it["group"]), text(&it["user"]), turn(&it["from"]), turn(&it["to"]), text(&it["until"])]
            .join(" ")
    };
    history["stretches"].as_array().unwrap().iter().map(stretch).collect()
}

fn known(history: &History) -> Vec<Known> {
    let turn = |turn: &Turn| KnownTurn {
        commit: turn.commit.clone().unwrap(),
        author: turn.author.clone().unwrap(),
        merge: turn.merge.clone(),
        pull_request: turn.pull_request,
    };
    let known = history.stretches.iter().map(|stretch| Known {
        group: stretch.address.group().unwrap().to_string(),
        user: stretch.address.user().unwrap().to_string(),
        from: turn(stretch.from.as_ref().unwrap()),
        to: stretch.to.as_ref().map(turn),
    });
    let mut known: Vec<Known> = known.collect();
    known.sort();
    known
}

#[test]
fn every_stretch_of_a_known_history_is_found() {
    let size = Size { files: 6, groups_per_file: 3, members: 8, commits: 220 };
    for seed in 0..u64::from(soak::worlds() / 40) {
        let folder = tempfile::tempdir().unwrap();
        let truth = make(folder.path(), size, seed);
        let history = history_of(folder.path(), "HEAD").unwrap();
        assert!(history.complete && history.unread.is_empty(), "{:?}", history.unread);
        let found = known(&history);
        let missing: Vec<_> = truth.iter().filter(|it| found.binary_search(it).is_err()).take(3).collect();
        let wrong: Vec<_> = found.iter().filter(|it| truth.binary_search(it).is_err()).take(3).collect();
        assert!(missing.is_empty() && wrong.is_empty(), "seed {seed}: {missing:#?}\n{wrong:#?}");
        assert_eq!(found.len(), truth.len());
        assert!(truth.iter().any(|it| it.to.is_some()) && truth.iter().any(|it| it.from.merge.is_some()));
    }
}

#[test]
fn a_pull_request_is_named_with_its_commit_its_merge_and_its_author() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    let first = repository.commit("Begin (#3)");
    repository.git(&["switch", "--quiet", "-c", "grant"]);
    repository.write(
        "groups/a.yaml",
        "groups:\n  admins:\n    members:\n      - { user: bob@acme.com, until: 2026-12-01, because: on call }\n      - ada@acme.com\n",
    );
    let grant = repository.commit("Grant it");
    repository.git(&["switch", "--quiet", "main"]);
    let merge = repository.merge("grant", "Merge pull request #12 from acme/grant\n\nGrant it");
    repository.group("groups/a.yaml", "admins", &["bob@acme.com"]);
    let last = repository.commit("Leave");
    let ran = repository.run(&["--format", "json"]).ends(0);
    assert_eq!(ran.stderr, "");
    fit("rollbook.history/1", &[ran.json()]);
    let turn = |commit: &str, day: &str, merge: Value, pull_request: Value| {
        serde_json::json!({ "commit": commit, "date": format!("2026-01-{day}T12:00:00Z"), "author": "Ada <ada@acme.com>",
            "merge": merge, "pull_request": pull_request })
    };
    let from = turn(&grant, "04", Value::from(merge.as_str()), 12.into());
    assert_eq!(
        ran.json(),
        serde_json::json!({ "format": "rollbook.history/1", "version": 1, "complete": true, "unread": [], "grants": [], "users": [], "stretches": [
            { "group": "admins", "user": "ada@acme.com", "until": null, "because": null,
              "from": turn(&first, "02", Value::Null, 3.into()), "to": turn(&last, "05", Value::Null, Value::Null) },
            { "group": "admins", "user": "bob@acme.com", "until": null, "because": null, "from": from, "to": null },
        ] })
    );
    let text = repository.run(&[]).ends(0).stdout;
    let short = |id: &str| id[..12].to_owned();
    let expected = format!(
        "admins
  - ada@acme.com                  2026-01-02 to 2026-01-05
    | granted in {} by Ada <ada@acme.com>, pull request 3
    | revoked in {} by Ada <ada@acme.com>
  + bob@acme.com                  2026-01-04 to today
    | granted in {} by Ada <ada@acme.com>, merged by {},
    | pull request 12
",
        short(&first),
        short(&last),
        short(&grant),
        short(&merge)
    );
    assert_eq!(text, expected);
    let csv = repository.run(&["--format", "csv", "--user", "BOB@acme.com"]).ends(0).stdout;
    let row = format!(
        r#""admins","bob@acme.com","","","2026-01-04T12:00:00Z","","","","{grant}","Ada <ada@acme.com>","{merge}","12","","","","""#
    );
    assert_eq!(csv.lines().nth(1), Some(row.as_str()), "{csv}");
    let names = [("first", first.as_str()), ("grant", &grant), ("merge", &merge), ("last", &last)];
    let chosen = |arguments: &[&str]| {
        let ran = repository.run(&[&["--format", "json"], arguments].concat()).ends(0);
        stretches(&ran.json(), &names)
    };
    let ada = "admins ada@acme.com first last -";
    let bob = "admins bob@acme.com grant/merge - -";
    assert_eq!(chosen(&["--group", "admins", "--user", "ada@acme.com"]), [ada]);
    assert_eq!(chosen(&["--since", "2026-01-05"]), [ada]);
    assert_eq!(chosen(&["--since", "2026-01-04"]), [ada, bob]);
    assert_eq!(chosen(&["--since", "2026-01-06"]), [""; 0]);
    let ran = repository.run(&["--group", "admin"]).ends(64);
    assert!(ran.stderr.contains("the history has no group admin; did you mean admins?"), "{ran}");
    let ran = repository.run(&["--user", "eve@acme.com"]).ends(64);
    assert!(ran.stderr.contains("the history has no user eve@acme.com"), "{ran}");
}

#[test]
fn what_ends_a_membership_is_told_from_what_takes_its_line_away() {
    let mut repository = Repository::new();
    let until = |day: &str| {
        format!(
            "groups:\n  admins:\n    members:\n      - {{ user: ada@acme.com, until: 2026-01-{day} }}\n      - bob@acme.com\n"
        )
    };
    repository.write("groups/a.yaml", &until("04"));
    let first = repository.commit("first");
    repository.write("groups/a.yaml", &until("05"));
    repository.commit("longer");
    let names = |more: &[(&'static str, &str)]| {
        let mut names = vec![("first", first.clone())];
        names.extend(more.iter().map(|(name, id)| (*name, (*id).to_owned())));
        names
    };
    let found = |repository: &Repository, names: &[(&'static str, String)]| {
        let names: Vec<(&str, &str)> = names.iter().map(|(name, id)| (*name, id.as_str())).collect();
        stretches(&repository.json(), &names)
    };
    let bob = "admins bob@acme.com first - -".to_owned();
    assert_eq!(found(&repository, &names(&[])), ["admins ada@acme.com first - 2026-01-05", &bob]);
    // On the fourth nothing happens, from the fifth on it has ended, and the line goes on the sixth.
    repository.commit("nothing");
    repository.commit("nothing");
    repository.group("groups/a.yaml", "admins", &["bob@acme.com"]);
    repository.commit("prune");
    assert_eq!(found(&repository, &names(&[])), ["admins ada@acme.com first - 2026-01-05", &bob]);
    // An entry that has expired already brings nobody.
    repository.write("groups/a.yaml", &until("06"));
    repository.commit("too late");
    assert_eq!(found(&repository, &names(&[])), ["admins ada@acme.com first - 2026-01-05", &bob]);
    repository.write("groups/a.yaml", &until("20"));
    let again = repository.commit("again");
    repository.write("groups/a.yaml", &until("03"));
    let cut = repository.commit("cut short");
    let names = names(&[("again", &again), ("cut", &cut)]);
    let ended = "admins ada@acme.com first - 2026-01-05";
    assert_eq!(found(&repository, &names), [ended, "admins ada@acme.com again cut 2026-01-20", &bob]);
    let text = repository.run(&[]).ends(0).stdout;
    assert!(text.contains("- ada@acme.com                  2026-01-02 to 2026-01-05 (`until`)\n"), "{text}");
}

#[test]
fn nested_groups_and_offboarded_users_count_as_in_a_plan() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "leads", &["ada@acme.com", "bob@acme.com"]);
    repository.write(
        "groups/b.yaml",
        "groups:\n  all:\n    members:\n      - { group: leads, except: [bob@acme.com], because: all leads }\n      - { account: \"712020:x\" }\n",
    );
    let first = repository.commit("first");
    repository.group("groups/a.yaml", "leads", &["ada@acme.com", "bob@acme.com", "chen@acme.com"]);
    let chen = repository.commit("chen");
    repository.write(
        "users/u.yaml",
        "users:\n  ada@acme.com: { active: false }\n  bob@acme.com: { active: true }\n",
    );
    let off = repository.commit("ada leaves");
    // The account is somebody's, by the lock.
    repository.write(
        "rollbook.lock",
        "version: 1\nusers:\n  dora@acme.com: { account: \"712020:x\", from: jira }\ngroups: {}\n",
    );
    repository.commit("lock");
    let names = [("first", first.as_str()), ("chen", &chen), ("off", &off)];
    let json = repository.json();
    assert_eq!(
        stretches(&json, &names),
        [
            "all ada@acme.com first off -",
            "all chen@acme.com chen - -",
            "all dora@acme.com first - -",
            "leads ada@acme.com first off -",
            "leads bob@acme.com first - -",
            "leads chen@acme.com chen - -",
        ]
    );
    assert_eq!(json["stretches"][1]["because"], "all leads");
    repository.write("users/u.yaml", "users:\n  ada@acme.com: { active: true }\n");
    let back = repository.commit("ada comes back");
    let names = [("first", first.as_str()), ("chen", &chen), ("off", &off), ("back", &back)];
    assert!(stretches(&repository.json(), &names).contains(&"all ada@acme.com back - -".to_owned()));
}

#[test]
fn a_group_or_a_user_with_another_name_is_the_same_by_its_id() {
    let mut repository = Repository::new();
    let group = |name: &str, pin: bool, user: &str| {
        let id = if pin { "    id: 11111111-2222-3333-4444-555555555555\n" } else { "" };
        format!("groups:\n  {name}:\n{id}    members: [{user}]\n")
    };
    repository.write("groups/pinned.yaml", &group("pinned", true, "ada@acme.com"));
    repository.write("groups/locked.yaml", &group("locked", false, "ada@acme.com"));
    repository.write("groups/free.yaml", &group("free", false, "ada@acme.com"));
    let lock = |group: &str, user: &str| {
        format!(
            "version: 1\nusers:\n  {user}: {{ account: \"712020:x\", from: jira }}\ngroups:\n  {group}: {{ id: 99999999-2222-3333-4444-555555555555, from: jira }}\n"
        )
    };
    repository.write("rollbook.lock", &lock("locked", "ada@acme.com"));
    let first = repository.commit("first");
    repository.write("groups/pinned.yaml", &group("pinned-2", true, "ada@acme.com"));
    repository.write("groups/elsewhere/locked.yaml", &group("locked-2", false, "ada@acme.com"));
    fs::remove_file(repository.path().join("access/groups/locked.yaml")).unwrap();
    repository.write("groups/free.yaml", &group("free-2", false, "ada@acme.com"));
    repository.write("rollbook.lock", &lock("locked-2", "ada@acme.com"));
    let second = repository.commit("rename the groups");
    let names = [("first", first.as_str()), ("second", &second)];
    let of = |user: &str| {
        [
            format!("free {user} first second -"),
            format!("free-2 {user} second - -"),
            format!("locked-2 {user} first - -"),
            format!("pinned-2 {user} first - -"),
        ]
    };
    assert_eq!(stretches(&repository.json(), &names), of("ada@acme.com"));
    for (file, name, pin) in [
        ("groups/pinned.yaml", "pinned-2", true),
        ("groups/elsewhere/locked.yaml", "locked-2", false),
        ("groups/free.yaml", "free-2", false),
    ] {
        repository.write(file, &group(name, pin, "ada.l@acme.com"));
    }
    repository.write("rollbook.lock", &lock("locked-2", "ada.l@acme.com"));
    repository.commit("rename the user");
    assert_eq!(stretches(&repository.json(), &names), of("ada.l@acme.com"));
}

#[test]
fn a_revision_that_cannot_be_read_is_said_and_ends_nothing() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    let first = repository.commit("first");
    repository.write("groups/a.yaml", "<<<<<<< HEAD\ngroups:\n  admins:\n");
    repository.group("groups/b.yaml", "others", &["bob@acme.com"]);
    let broken = repository.commit("broken");
    repository.group("groups/a.yaml", "admins", &["ada@acme.com", "chen@acme.com"]);
    let fixed = repository.commit("fixed");
    let ran = repository.run(&["--format", "json"]).ends(0);
    let names = [("first", first.as_str()), ("broken", &broken), ("fixed", &fixed)];
    assert_eq!(
        stretches(&ran.json(), &names),
        ["admins ada@acme.com first - -", "admins chen@acme.com fixed - -", "others bob@acme.com broken - -"]
    );
    assert_eq!(ran.json()["unread"][0]["commit"], broken.as_str());
    assert_eq!(ran.json()["unread"][0]["path"], "groups/a.yaml");
    assert!(ran.stderr.contains("warning: groups/a.yaml at "), "{ran}");
    let text = repository.run(&[]).ends(0).stdout;
    assert!(text.contains("It counts as it") && text.contains("* groups/a.yaml at "), "{text}");
    // A file that is too large does not keep the next one from being read.
    repository.write("groups/a.yaml", &"#".repeat((32 << 20) + 1));
    repository.group("groups/b.yaml", "others", &["bob@acme.com", "eve@acme.com"]);
    let large = repository.commit("large");
    let json = repository.json();
    assert_eq!(json["unread"][1]["why"], "it is too large");
    let names = [("first", first.as_str()), ("broken", &broken), ("fixed", &fixed), ("large", &large)];
    assert_eq!(stretches(&json, &names)[3], "others eve@acme.com large - -");
    // Neither does a link.
    #[cfg(unix)]
    {
        fs::remove_file(repository.path().join("access/groups/b.yaml")).unwrap();
        std::os::unix::fs::symlink("a.yaml", repository.path().join("access/groups/b.yaml")).unwrap();
        repository.commit("linked");
        let json = repository.json();
        assert_eq!(json["unread"][2]["why"], "it is not a regular file");
        assert_eq!(stretches(&json, &names)[2], "others bob@acme.com broken - -");
    }
}

#[test]
fn the_parts_of_a_history_that_are_not_here_are_said() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    repository.commit("first");
    repository.group("groups/a.yaml", "admins", &["ada@acme.com", "bob@acme.com"]);
    let cut = repository.commit("second");
    repository.group("groups/a.yaml", "admins", &["ada@acme.com", "bob@acme.com", "chen@acme.com"]);
    let last = repository.commit("third");
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(clones.path(), &["clone", "--quiet", "--depth=2", &from, "shallow"]);
    let shallow = clones.path().join("shallow");
    let run = ran(&shallow, &["--format", "json"]).ends(0);
    assert_eq!(run.json()["complete"], false);
    let names = [("cut", cut.as_str()), ("last", &last)];
    assert_eq!(
        stretches(&run.json(), &names),
        ["admins ada@acme.com - - -", "admins bob@acme.com - - -", "admins chen@acme.com last - -"]
    );
    assert!(run.stderr.contains("warning: The clone is shallow"), "{run}");
    let text = ran(&shallow, &[]).ends(0).stdout;
    assert!(text.contains("unknown to today") && text.contains("* The clone is shallow"), "{text}");
    git(&shallow, &["fetch", "--quiet", "--unshallow"]);
    assert_eq!(ran(&shallow, &["--format", "json"]).ends(0).json(), repository.json());
    // A partial clone is refused: nothing is fetched, and a file that is missing is not one that says nothing.
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    for filter in ["blob:none", "tree:0"] {
        git(clones.path(), &["clone", "--quiet", &format!("--filter={filter}"), &from, filter]);
        let partial = clones.path().join(filter);
        let run = ran(&partial, &[]).ends(1);
        assert!(run.stderr.contains("the clone is partial") && run.stdout.is_empty(), "{run}");
        git(&partial, &["fetch", "--quiet", "--refetch", "--no-filter"]);
        assert_eq!(ran(&partial, &["--format", "json"]).ends(0).json(), repository.json());
    }
    let nowhere = tempfile::tempdir().unwrap();
    fs::create_dir(nowhere.path().join("access")).unwrap();
    fs::write(nowhere.path().join("access/rollbook.yaml"), ROOT).unwrap();
    let run = ran(nowhere.path(), &[]).ends(1);
    assert!(run.stderr.contains("in no git repository") && !run.stderr.contains("base"), "{run}");
}

/// A side of a merge that is not here wrote it: neither the merge nor the oldest commit that is here did.
#[test]
fn a_shallow_side_of_a_merge_is_no_beginning() {
    let mut repository = Repository::new();
    repository.git(&["switch", "--quiet", "-c", "side"]);
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    repository.commit("side");
    repository.commit("nothing");
    repository.git(&["switch", "--quiet", "main"]);
    repository.commit("main");
    repository.commit("main");
    let merge = repository.merge("side", "Merge pull request #5 from acme/side");
    let clones = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.path().display());
    git(clones.path(), &["clone", "--quiet", "--depth=2", &from, "shallow"]);
    let json = ran(&clones.path().join("shallow"), &["--format", "json"]).ends(0).json();
    assert_eq!(stretches(&json, &[("merge", &merge)]), ["admins ada@acme.com ?/merge - -"]);
    assert_eq!(json["stretches"][0]["from"]["pull_request"], 5);
}

#[test]
fn a_merge_that_brings_a_removed_line_back_is_a_grant_of_the_side() {
    let mut repository = Repository::new();
    repository.write(
        "groups/a.yaml",
        "groups:\n  admins:\n    members:\n      - zoe@acme.com\n      - ada@acme.com\n",
    );
    let base = repository.commit("base");
    repository.git(&["switch", "--quiet", "-c", "side"]);
    let with = "groups:\n  admins:\n    members:\n      - zoe@acme.com\n      - bob@acme.com\n      - ada@acme.com\n";
    repository.write("groups/a.yaml", with);
    let side = repository.commit("side adds bob");
    repository.git(&["switch", "--quiet", "main"]);
    repository.write("groups/a.yaml", with);
    let added = repository.commit("main adds bob");
    repository.git(&["revert", "--no-edit", "--no-commit", "HEAD"]);
    let removed = repository.commit("main removes bob");
    let merge = repository.merge("side", "Merge branch 'side'");
    let names = [
        ("base", base.as_str()),
        ("side", &side),
        ("added", &added),
        ("removed", &removed),
        ("merge", &merge),
    ];
    assert_eq!(
        stretches(&repository.json(), &names),
        [
            "admins ada@acme.com base - -",
            "admins bob@acme.com added removed -",
            "admins bob@acme.com side/merge - -",
            "admins zoe@acme.com base - -"
        ]
    );
}

#[test]
fn a_tree_that_moved_and_files_that_it_shares_are_followed() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    let first = repository.commit("first");
    repository.git(&["mv", "access", "elsewhere"]);
    repository.commit("away");
    repository.git(&["mv", "elsewhere", "access"]);
    repository.commit("and back");
    repository.git(&["mv", "access", "was"]);
    repository.commit("away for good");
    let tree = repository.path().join("was").display().to_string();
    let now = rollbook(["history", "--format", "json", "-C", &tree]).run().ends(0);
    let names = [("first", first.as_str())];
    assert_eq!(stretches(&now.json(), &names), ["admins ada@acme.com first - -"]);
    // Users and groups that the tree shares from then on.
    repository.write(
        "rollbook.yaml",
        &format!("{ROOT}include: [\"groups/*.yaml\", \"../common/*.yaml\"]\nshare: [../common]\n"),
    );
    fs::remove_dir_all(repository.path().join("was")).unwrap();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com"]);
    repository.group("../common/b.yaml", "shared", &["bob@acme.com"]);
    repository.group("../other/b.yaml", "other", &["bob@acme.com"]);
    let shared = repository.commit("share");
    let names = [("first", first.as_str()), ("shared", &shared)];
    let both = ["admins ada@acme.com first - -", "shared bob@acme.com shared - -"];
    assert_eq!(stretches(&repository.json(), &names), both);
    repository.write("rollbook.yaml", ROOT);
    let alone = repository.commit("share no more");
    let names = [("first", first.as_str()), ("shared", &shared), ("alone", &alone)];
    assert_eq!(stretches(&repository.json(), &names), [both[0], "shared bob@acme.com shared alone -"]);
}

#[test]
fn neither_a_mailmap_nor_a_setting_changes_what_the_commits_say() {
    let mut repository = Repository::new();
    repository.group("groups/a.yaml", "admins", &["ada@acme.com", "bob@acme.com"]);
    repository.commit("first\n\nSee (#4)");
    repository.group("groups/\u{fc}ber/a b.yaml", "others", &["ada@acme.com"]);
    repository.commit("second");
    let before = repository.json();
    assert_eq!(before["stretches"].as_array().unwrap().len(), 3);
    fs::write(repository.path().join(".mailmap"), "Mallory <mallory@evil.example> <ada@acme.com>\n").unwrap();
    let settings = [
        ("log.showSignature", "true"),
        ("log.mailmap", "true"),
        ("log.follow", "true"),
        ("log.diffMerges", "off"),
        ("log.date", "relative"),
        ("diff.relative", "true"),
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("core.quotePath", "true"),
        ("core.abbrev", "4"),
        ("format.pretty", "oneline"),
        ("i18n.logOutputEncoding", "ISO-8859-1"),
    ];
    for (name, value) in settings {
        repository.git(&["config", name, value]);
    }
    assert_eq!(repository.json(), before);
    let replaced = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["replace", &replaced, "HEAD~1"]);
    assert_eq!(repository.json(), before);
}

#[test]
fn grants_of_groups_and_active_users_have_a_history_too() {
    let mut repository = Repository::new();
    let group = |name: &str, grants: &str| {
        format!(
            "groups:\n  {name}:\n    id: 11111111-2222-3333-4444-555555555555\n    members: []\n    grants: [{grants}]\n"
        )
    };
    let jira = "{ app: jira-software, role: user, because: they plan }";
    repository.write("groups/a.yaml", &group("staff", jira));
    repository.write(
        "users/u.yaml",
        "users:\n  ada@acme.com: { active: true, because: hired }\n  bob@acme.com: {}\n",
    );
    let first = repository.commit("first");
    repository
        .write("groups/a.yaml", &group("people", &format!("{jira}, {{ app: confluence, role: user }}")));
    repository.write(
        "users/u.yaml",
        "users:\n  ada@acme.com: { active: false }\n  bob@acme.com: { active: true }\n",
    );
    let second = repository.commit("second");
    repository.write(
        "groups/a.yaml",
        &group("people", "{ app: confluence, role: user }, { app: jira-software, role: user, absent: true }"),
    );
    let third = repository.commit("third");
    let json = repository.json();
    fit("rollbook.history/1", std::slice::from_ref(&json));
    let row = |it: &Value| {
        let commit = |turn: &Value| match turn["commit"].as_str() {
            Some(id) if id == first => "first",
            Some(id) if id == second => "second",
            Some(id) if id == third => "third",
            _ => "-",
        };
        let what = [&it["group"], &it["app"], &it["user"]].map(|text| text.as_str().unwrap_or_default());
        format!(
            "{} {} {} {}",
            what.concat(),
            commit(&it["from"]),
            commit(&it["to"]),
            it["because"].as_str().unwrap_or("-")
        )
    };
    let rows = |of: &str| json[of].as_array().unwrap().iter().map(row).collect::<Vec<String>>();
    assert_eq!(rows("grants"), ["peopleconfluence second - -", "peoplejira-software first third they plan"]);
    assert_eq!(rows("users"), ["ada@acme.com first second hired", "bob@acme.com second - -"]);
    assert_eq!(rows("stretches"), [""; 0]);
    let text = repository.run(&[]).ends(0).stdout;
    assert!(text.contains("people\n  + user of confluence"), "{text}");
    assert!(text.contains("users\n  - ada@acme.com"), "{text}");
}
