//! Several trees of one repository, which share people: what a change touches, what a plan compares, and who reviews.

use std::fs;
use std::path::Path;

use http::StatusCode;
use rollbook::sandbox::Failure;
use serde_json::json;
use tempfile::TempDir;

use super::base::git;
use super::generated::fit;
use super::{Ran, Rollbook, Site, TODAY, example, files_of, rollbook};

/// A repository with a tree of the minimal example in `sites/emea` and another one in `sites/apac`, whose developers are in the
/// folder `teams` that both share, as its first commit.
fn repository() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet"]);
    for (path, text) in files_of("minimal") {
        let path = match path.as_str() {
            "groups/developers.yaml" => "teams/developers.yaml".to_owned(),
            path => format!("sites/emea/{path}"),
        };
        write(dir.path(), &path, &text);
    }
    let root = read(dir.path(), "sites/emea/rollbook.yaml");
    let shares = "include: [users/*.yaml, groups/*.yaml, ../../teams/*.yaml]\nshare: [../../teams]";
    let root = root.replace("include: [users/*.yaml, groups/*.yaml]", shares);
    assert!(root.contains("share"), "{root}");
    write(
        dir.path(),
        "sites/emea/rollbook.yaml",
        &format!("{root}  admins: [root@acme.com, emea@acme.com]\n"),
    );
    let root = root.replace("acme.atlassian", "apac.atlassian");
    write(
        dir.path(),
        "sites/apac/rollbook.yaml",
        &format!("{root}  admins: [root@acme.com, apac@acme.com]\n"),
    );
    write(dir.path(), "sites/apac/users/own.yaml", "users: { bo@acme.com: { active: true } }\n");
    write(dir.path(), "sites/apac/groups/own.yaml", "groups: { own: { members: [bo@acme.com] } }\n");
    commit(dir.path());
    git(dir.path(), &["switch", "--quiet", "-c", "change"]);
    dir
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(dir: &Path, path: &str) -> String {
    fs::read_to_string(dir.join(path)).unwrap()
}

fn commit(dir: &Path) {
    git(dir, &["add", "--all"]);
    git(dir, &["commit", "--quiet", "-m", "change"]);
}

fn trees(dir: &Path, arguments: &[&str]) -> Ran {
    let dir = dir.display().to_string();
    rollbook(["trees", "-C", &dir].iter().chain(arguments)).run()
}

/// The folders of the trees that differ from `main`.
fn changed(dir: &Path) -> Vec<String> {
    let ran = trees(dir, &["--base", "main", "--changed", "--format", "matrix"]).ends(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn in_tree(dir: &Path, tree: &str, arguments: &[&str]) -> Rollbook {
    let folder = dir.join(tree).display().to_string();
    rollbook(arguments.iter().copied().chain(["-q", "-C", &folder, "--today", TODAY]))
}

#[test]
fn trees_are_listed_with_their_sites() {
    let dir = repository();
    let site = |name: &str| format!("https://{name}.atlassian.net");
    let ran = trees(dir.path(), &["--format", "json"]).ends(0);
    let tree = |name: &str, site: serde_json::Value, changed: serde_json::Value| json!({ "folder": name, "site": site, "changed": changed });
    let null = serde_json::Value::Null;
    let both = [
        tree("sites/apac", json!(site("apac")), null.clone()),
        tree("sites/emea", json!(site("acme")), null.clone()),
    ];
    assert_eq!(
        ran.json(),
        json!({ "format": "rollbook.trees/1", "base": null, "trees": both, "removed": [] })
    );
    fit("rollbook.trees/1", &[ran.json()]);
    // Any folder of the repository will do, and a tree that is not valid is listed as well.
    write(dir.path(), "sites/apac/users/own.yaml", "people: {}\n");
    let ran = trees(&dir.path().join("teams"), &["--base", "main", "--format", "json"]).ends(0);
    assert_eq!(ran.json()["trees"][0], tree("sites/apac", null, json!(true)));
    assert_eq!(ran.json()["trees"][1], tree("sites/emea", json!(site("acme")), json!(false)));
    let ran = trees(dir.path(), &["--base", "main"]).ends(0);
    assert_eq!(ran.stdout, "sites/apac  not valid  changed\nsites/emea  https://acme.atlassian.net\n");
    for (arguments, code, says) in
        [(&["--changed"][..], 64, "--base"), (&["--base", "nowhere"], 1, "there is no commit nowhere here")]
    {
        let ran = trees(dir.path(), arguments).ends(code);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    assert!(trees(nowhere.path(), &[]).ends(1).stderr.contains("not a git repository"));
}

/// A change, and the trees that it touches.
type Touch = (fn(&Path), &'static [&'static str]);

#[test]
fn a_change_touches_the_trees_that_have_its_files() {
    let table: [Touch; 8] = [
        (|dir| write(dir, "README.md", "nothing of a tree\n"), &[]),
        (|dir| write(dir, "teams/notes.md", "nothing of a tree\n"), &[]),
        (
            |dir| write(dir, "sites/apac/users/new.yaml", "users: { cy@acme.com: { active: true } }\n"),
            &["sites/apac"],
        ),
        (|dir| fs::remove_file(dir.join("sites/emea/users/people.yaml")).unwrap(), &["sites/emea"]),
        (
            |dir| {
                fs::rename(dir.join("sites/apac/users/own.yaml"), dir.join("sites/apac/users/other.yaml"))
                    .unwrap();
            },
            &["sites/apac"],
        ),
        (
            |dir| write(dir, "teams/new.yaml", "users: { cy@acme.com: { active: true } }\n"),
            &["sites/apac", "sites/emea"],
        ),
        (|dir| fs::remove_dir_all(dir.join("teams")).unwrap(), &["sites/apac", "sites/emea"]),
        (
            |dir| {
                let root = read(dir, "sites/apac/rollbook.yaml");
                let root = root.replace(", ../../teams/*.yaml]\nshare: [../../teams]", "]");
                write(dir, "sites/apac/rollbook.yaml", &root);
            },
            &["sites/apac"],
        ),
    ];
    for (at, (change, touched)) in table.into_iter().enumerate() {
        let dir = repository();
        assert_eq!(changed(dir.path()), Vec::<String>::new());
        change(dir.path());
        assert_eq!(changed(dir.path()), touched, "{at}, before it is committed");
        commit(dir.path());
        assert_eq!(changed(dir.path()), touched, "{at}");
    }
}

#[test]
fn a_tree_that_a_change_removes_or_moves_is_said() {
    let dir = repository();
    fs::rename(dir.path().join("sites/apac"), dir.path().join("sites/japan")).unwrap();
    commit(dir.path());
    let ran = trees(dir.path(), &["--base", "main", "--changed"]).ends(0);
    assert_eq!(ran.stdout, "sites/japan  https://apac.atlassian.net  changed\nsites/apac  removed\n");
    assert!(
        ran.stderr.contains("warning: the tree in sites/apac is removed: its access stays on its site"),
        "{ran}"
    );
    assert_eq!(changed(dir.path()), ["sites/japan"]);
    // One that is only left out of the checkout is not removed.
    git(dir.path(), &["sparse-checkout", "set", "--no-cone", "/*", "!/sites/japan"]);
    let ran = trees(dir.path(), &["--base", "main"]).ends(4);
    assert!(ran.stderr.contains("the checkout leaves out sites/japan/rollbook.yaml"), "{ran}");
}

/// What the base says of a shared file comes from the base's commit, in the place that the tree has there.
#[test]
fn a_plan_takes_shared_files_from_the_base() {
    let site = Site::example("minimal");
    let dir = repository();
    let team = read(dir.path(), "teams/developers.yaml");
    write(
        dir.path(),
        "teams/developers.yaml",
        &team.replace("- grace@acme.com", "- grace@acme.com\n      - chen@acme.com"),
    );
    commit(dir.path());
    let plan = |arguments: &[&str]| {
        in_tree(dir.path(), "sites/emea", &[&["plan"], arguments].concat()).at(&site).run()
    };
    let ran = plan(&["--base", "main"]).ends(0);
    let (change, drift) = ran.stdout.split_once("Drift (not from this change)").expect("both parts");
    assert!(change.contains("+ chen@acme.com") && !change.contains("- erik@acme.com"), "{ran}");
    assert!(drift.contains("- erik@acme.com") && drift.contains("+ grace@acme.com"), "{ran}");
    let planned = plan(&["--format", "json"]).ends(0).json();
    assert_eq!(planned["header"]["commit"].as_str(), Some(git(dir.path(), &["rev-parse", "HEAD"]).as_str()));
    let origins: Vec<&str> =
        planned["operations"].as_array().unwrap().iter().filter_map(|it| it["origin"].as_str()).collect();
    assert!(origins.iter().any(|origin| origin.starts_with("../../teams/developers.yaml:")), "{origins:?}");
    // GitHub knows the file by its place in the repository.
    let annotated = plan(&["--format", "github"]).ends(0);
    assert!(
        annotated.stdout.contains("file=teams/developers.yaml,") && !annotated.stdout.contains(".."),
        "{annotated}"
    );
    // That a tree shares at all is a rule that changes.
    let root = read(dir.path(), "sites/emea/rollbook.yaml");
    write(
        dir.path(),
        "sites/emea/rollbook.yaml",
        &root
            .replace("[../../teams]", "[../../teams, ../../more]")
            .replace("../../teams/*.yaml]", "../../teams/*.yaml, ../../more/*.yaml]"),
    );
    write(dir.path(), "more/all.yaml", "users: { bruno@acme.com: { active: true } }\n");
    commit(dir.path());
    let ran = plan(&["--base", "main"]).ends(0);
    assert!(ran.stdout.contains(" ../../teams → ../../teams, ../../more\n"), "{ran}");
}

/// A share that is refused is said as that, and nothing else is.
#[test]
fn a_share_outside_of_the_repository_is_one_mistake() {
    let dir = repository();
    let root = read(dir.path(), "sites/emea/rollbook.yaml");
    write(dir.path(), "sites/emea/rollbook.yaml", &root.replace("../../teams", "../../../teams"));
    let ran = in_tree(dir.path(), "sites/emea", &["check"]).run().ends(3);
    assert!(
        ran.stdout.contains("`share` names ../../../teams, which is not a folder of the repository"),
        "{ran}"
    );
    assert_eq!(ran.stderr, "", "{ran}");
}

#[test]
fn what_git_does_not_know_of_a_shared_folder_is_not_planned() {
    let site = Site::example("minimal");
    let dir = repository();
    let plan = || in_tree(dir.path(), "sites/emea", &["plan", "--base", "main"]).at(&site).run();
    plan().ends(0);
    write(dir.path(), ".git/info/exclude", "hidden.yaml\n");
    write(dir.path(), "teams/hidden.yaml", "users: { bruno@acme.com: { active: true } }\n");
    let ran = plan().ends(4);
    assert!(ran.stderr.contains("git ignores ../../teams/hidden.yaml"), "{ran}");
    fs::remove_file(dir.path().join("teams/hidden.yaml")).unwrap();
    git(dir.path(), &["sparse-checkout", "set", "--no-cone", "/*", "!/teams"]);
    let ran = plan().ends(4);
    assert!(ran.stderr.contains("the checkout leaves out ../../teams/developers.yaml"), "{ran}");
}

/// A base that has a link or another repository in the place of a shared folder is refused, not taken for empty.
#[cfg(unix)]
#[test]
fn a_base_that_shares_something_else_than_a_folder_is_refused() {
    let site = Site::example("minimal");
    let dir = repository();
    fs::rename(dir.path().join("teams"), dir.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", dir.path().join("teams")).unwrap();
    commit(dir.path());
    git(dir.path(), &["branch", "linked"]);
    fs::remove_file(dir.path().join("teams")).unwrap();
    fs::rename(dir.path().join("elsewhere"), dir.path().join("teams")).unwrap();
    commit(dir.path());
    let plan = |base: &str| in_tree(dir.path(), "sites/emea", &["plan", "--base", base]).at(&site).run();
    assert!(plan("linked").ends(1).stderr.contains("../../teams at linked is not a folder"));
    plan("main").ends(0);
    // A submodule, as the index has it.
    git(dir.path(), &["rm", "--quiet", "-r", "--cached", "teams"]);
    let head = git(dir.path(), &["rev-parse", "HEAD"]);
    git(dir.path(), &["update-index", "--add", "--cacheinfo", &format!("160000,{head},teams")]);
    git(dir.path(), &["commit", "--quiet", "-m", "submodule"]);
    git(dir.path(), &["branch", "submodule"]);
    git(dir.path(), &["reset", "--quiet", "--hard", "main"]);
    assert!(plan("submodule").ends(1).stderr.contains("is another repository, a submodule"));
}

/// Only `fmt`, which keeps the meaning, writes a file that another tree may include.
#[test]
fn no_command_changes_what_a_shared_file_says() {
    let site = Site::example("minimal");
    let dir = repository();
    let before = read(dir.path(), "teams/developers.yaml");
    let ran = in_tree(dir.path(), "sites/emea", &["rename", "ada@acme.com", "ada.l@acme.com"]).run().ends(1);
    assert!(ran.stderr.contains("../../teams/developers.yaml is outside the tree's folder"), "{ran}");
    let ran = in_tree(dir.path(), "sites/emea", &["import", "--group", "developers"]).at(&site).run().ends(6);
    assert!(ran.stderr.contains("left out: group.developers: it is in ../../teams/developers.yaml"), "{ran}");
    let expired = before.replace("- grace@acme.com", "- { user: grace@acme.com, until: 2026-01-01 }");
    write(dir.path(), "teams/developers.yaml", &expired);
    let ran = in_tree(dir.path(), "sites/emea", &["prune"]).at(&site).run().ends(6);
    assert!(
        ran.stderr.contains("left: an entry of developers is in a place where it cannot be removed"),
        "{ran}"
    );
    assert_eq!(read(dir.path(), "teams/developers.yaml"), expired);
    write(dir.path(), "teams/developers.yaml", &before.replace("developers:", "developers :"));
    in_tree(dir.path(), "sites/emea", &["fmt"]).run().ends(0);
    assert_eq!(read(dir.path(), "teams/developers.yaml"), before);
}

/// One owner of a path is enough for a platform: only who owns it in every tree may be one.
#[test]
fn what_trees_share_belongs_to_whom_all_of_them_trust() {
    let dir = repository();
    in_tree(dir.path(), "sites/apac", &["codeowners"]).run().ends(0);
    let text = read(dir.path(), ".github/CODEOWNERS");
    let line =
        |path: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{path} "))).unwrap_or_default();
    assert_eq!(line("/sites/emea/"), "emea@acme.com root@acme.com");
    assert_eq!(line("/sites/apac/"), "apac@acme.com root@acme.com");
    assert_eq!(line("/sites/emea/groups/support.yaml"), "ada@acme.com");
    for shared in ["/teams/", "/teams/developers.yaml", "/.github/"] {
        assert_eq!(line(shared), "root@acme.com", "{shared} in\n{text}");
    }
    // Whichever tree it is written from, it is of all.
    in_tree(dir.path(), "sites/emea", &["codeowners", "--check"]).run().ends(0);
    let root = read(dir.path(), "sites/emea/rollbook.yaml");
    write(
        dir.path(),
        "sites/emea/rollbook.yaml",
        &root.replace("[root@acme.com, emea@acme.com]", "[emea@acme.com]"),
    );
    let ran = in_tree(dir.path(), "sites/apac", &["codeowners"]).run().ends(1);
    assert!(ran.stderr.contains("/ belongs to several trees, and nobody owns it in each of them"), "{ran}");
    assert_eq!(read(dir.path(), ".github/CODEOWNERS"), text);
}

/// Limits are each site's own, and so is what is left of them: what one tree asks for, and how long it waits, is nothing to
/// another. `--nocapture` prints what docs/many-trees.md says.
#[test]
fn fifty_trees_side_by_side_ask_what_one_asks_alone() {
    let apply =
        |site: &Site| rollbook(["apply", "--yes", "-C", &example("minimal"), "--today", TODAY]).at(site);
    let alone = Site::example("minimal");
    apply(&alone).run().ends(0);
    let sites: Vec<Site> = (0..50).map(|_| Site::example("minimal")).collect();
    // The first one's quota is used up.
    let headers = [("retry-after", "5"), ("ratelimit-reason", "jira-quota-tenant-based")];
    let route = "GET /rest/api/3/users/search";
    sites[0].sandbox.fail_next(route, Failure::instead(StatusCode::TOO_MANY_REQUESTS, &headers, "{}"));
    let running: Vec<_> = sites.iter().map(|site| apply(site).start()).collect();
    let ran: Vec<Ran> = running.into_iter().map(|running| running.end().ends(0)).collect();
    let waits = |ran: &Ran| ran.stderr.matches("waiting until").count();
    assert_eq!(ran.iter().map(waits).collect::<Vec<_>>()[..2], [1, 0], "{}", ran[0]);
    assert_eq!(ran[1..].iter().map(waits).sum::<usize>(), 0);
    for (at, site) in sites.iter().enumerate() {
        let mut wanted = alone.asked();
        let again = wanted.iter_mut().find(|(asked, _)| asked == route).expect("people are searched");
        again.1 += u64::from(at == 0);
        assert_eq!(site.asked(), wanted, "the tree {at}");
    }
    let count = |site: &Site| site.asked().iter().map(|(_, count)| count).sum::<u64>();
    eprintln!(
        "one tree alone: {} requests; 50 side by side: {}",
        count(&alone),
        sites.iter().map(count).sum::<u64>()
    );
}
