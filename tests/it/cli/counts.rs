//! A plan asks no more than it needs: exact numbers of requests by route.

use super::{Site, TODAY, example, files_of, rollbook};

#[path = "../../../benches/program/scene.rs"]
#[allow(dead_code, reason = "the benchmark uses more of it")]
mod scene;

#[track_caller]
fn asks(site: &Site, routes: &[(&str, u64)]) {
    let mut routes: Vec<(String, u64)> = routes.iter().map(|(route, count)| (named(route), *count)).collect();
    routes.sort();
    assert_eq!(site.asked(), routes);
}

/// A route whose method is not said is read with `GET`.
fn named(route: &str) -> String {
    if route.starts_with('/') { format!("GET {route}") } else { route.to_owned() }
}

/// What every plan asks: who it acts as and what that account may do, and which groups there are and which of
/// them make site administrators. Which site it is, is asked where something stands in for the site, as the sandbox does.
const RIGHTS: [(&str, u64); 4] = [
    ("/rest/api/3/group/bulk", 2),
    ("/rest/api/3/mypermissions", 1),
    ("/rest/api/3/myself", 1),
    ("/rest/api/3/serverInfo", 1),
];

#[test]
fn a_plan_of_the_example_organization() {
    let site = Site::example("acme");
    rollbook(["plan", "-C", &example("acme"), "--today", TODAY]).at(&site).run().ends(6);
    let mut routes = RIGHTS.to_vec();
    routes.extend([
        // Each declared group that is there, a page each: all but `oncall`.
        ("/rest/api/3/group/member", 18),
        // A page, and the one that shows that no row follows: nobody knows Leila yet, and the tree wants to know who
        // is not declared.
        ("/rest/api/3/users/search", 2),
        // The groups of the acting account.
        ("/rest/api/3/user/groups", 1),
        // A group is deleted, and memberships may take or free seats.
        ("/rest/api/3/applicationrole", 1),
        // Everybody whose email neither a pin nor the lock explains; the groups of Simon, who has left; whether the
        // organization knows those who leave a group, and those who join one; and who administers it.
        ("POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search", 5),
        // Who owns each of the ten groups that change, and which groups give the role that one is to give.
        ("POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search", 3),
        // The roles of the one group whose roles are managed.
        ("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments", 1),
        // How Leila can be invited.
        ("/admin/v1/orgs/{orgId}/domains", 1),
        // Which apps the site has, for that and for the roles.
        ("POST /admin/v2/orgs/{orgId}/workspaces", 2),
        // Gita joins the group that the SCIM directory owns.
        ("/scim/directory/{directoryId}/Groups", 1),
        ("/scim/directory/{directoryId}/Users", 1),
    ]);
    asks(&site, &routes);
}

#[test]
fn nothing_to_do_asks_nothing_more() {
    let site = Site::example("minimal");
    let run = |command: &[&str]| {
        let tree = example("minimal");
        rollbook(command.iter().copied().chain(["-C", &tree, "--today", TODAY])).at(&site).run().ends(0)
    };
    run(&["apply", "--yes"]);
    let before = site.asked();
    assert!(run(&["plan"]).stdout.contains("No changes."));
    let mut more = Vec::new();
    for (route, count) in site.asked() {
        let earlier = before.iter().find(|(earlier, _)| *earlier == route).map_or(0, |(_, count)| *count);
        more.extend((count > earlier).then(|| (route, count - earlier)));
    }
    let expected = [
        ("GET /rest/api/3/group/bulk", 2),
        ("GET /rest/api/3/group/member", 2),
        ("GET /rest/api/3/mypermissions", 1),
        ("GET /rest/api/3/myself", 1),
        ("GET /rest/api/3/serverInfo", 1),
        ("GET /rest/api/3/user/groups", 1),
        ("GET /rest/api/3/users/search", 2),
    ];
    assert_eq!(more, expected.map(|(route, count)| (route.to_owned(), count)));
}

/// A site of one group with 120 members.
fn crowd() -> (String, String, String) {
    let people: Vec<String> = (0..120).map(|number| format!("p{number:03}")).collect();
    let all = |line: &dyn Fn(&str) -> String| people.iter().map(|name| line(name)).collect::<String>();
    let users = all(&|name| format!("  - {{ email: {name}@acme.com, account-id: \"712020:{name}\" }}\n"));
    let members = all(&|name| format!("      - {name}@acme.com\n"));
    let locked = all(&|name| format!("  {name}@acme.com: {{ account: \"712020:{name}\", from: jira }}\n"));
    let seed = format!(
        "site: {{ name: acme }}\nusers:\n  - {{ email: root@acme.com }}\n{users}groups:\n\
         \x20 - {{ name: site-admins, site-admin: true, members: [root@acme.com] }}\n\
         \x20 - name: crowd\n    id: g-crowd\n    members:\n{members}\
         credentials:\n  - basic: {{ account: root@acme.com, token: sandbox-token }}\n"
    );
    let tree = format!("groups:\n  crowd:\n    members:\n{members}");
    let lock = format!("version: 1\nusers:\n{locked}groups:\n  crowd: {{ id: g-crowd, from: jira }}\n");
    (seed, tree, lock)
}

#[test]
fn a_locked_tree_needs_no_listing_of_users() {
    let (seed, tree, lock) = crowd();
    let site = Site::of(&seed);
    let root = "version: 1\nsite: https://acme.atlassian.net\n";
    let plan = || rollbook(["plan"]).at(&site).file("rollbook.yaml", root).file("groups/a.yaml", &tree);
    let locked = plan().file("rollbook.lock", &lock).run().ends(0);
    assert!(locked.stdout.contains("No changes."), "{locked}");
    let mut routes = RIGHTS.to_vec();
    // 120 members, 50 a page.
    routes.extend([("/rest/api/3/group/member", 3), ("/rest/api/3/user/groups", 1)]);
    asks(&site, &routes);

    let unlocked = plan().run().ends(0);
    assert!(unlocked.stdout.contains("No changes."), "{unlocked}");
    let mut routes: Vec<(&str, u64)> = routes.into_iter().map(|(route, count)| (route, count * 2)).collect();
    routes.push(("/rest/api/3/users/search", 2));
    asks(&site, &routes);
}

#[test]
fn the_lock_of_the_example_is_in_use() {
    // Without it, and without the organization, hidden people cannot be resolved.
    let site = Site::example("acme");
    let mut run = rollbook(["plan", "--today", TODAY]).at(&site).env("ROLLBOOK_ORG_API_KEY", "");
    for (path, text) in files_of("acme") {
        if path != "rollbook.lock" && path != "sandbox.yaml" {
            run = run.file(&path, &text);
        }
    }
    let ran = run.run().ends(6);
    assert!(ran.stdout.contains("identity-unresolved"), "{ran}");
    assert!(ran.stdout.contains("xin@acme.com"), "{ran}");
}

/// 5,000 memberships in 10 groups of 500, everybody in one group: 100 pages of members, or 50 of people.
#[test]
fn members_are_read_by_the_page_and_not_by_the_membership() {
    let scene = scene::Scene::new(scene::Size { users: 5_000, groups: 10, members: 500 }, 0);
    let seed = std::fs::read_to_string(scene.seed()).unwrap();
    let tree = scene.tree().display().to_string();
    let asked = |without: &[&str]| {
        let site = Site::of(&seed);
        let plan = rollbook(["plan", "--detailed-exitcode", "-v", "-C", &tree]).at(&site);
        let plan = without.iter().fold(plan.env("ROLLBOOK_PACE", "answers"), |plan, name| plan.env(name, ""));
        (plan.run().ends(0).stderr, site.sandbox.requests().total())
    };
    let (told, total) = asked(&["ROLLBOOK_ORG_API_KEY", "ROLLBOOK_SCIM_API_KEY"]);
    assert!(
        told.contains("members of 10: through jira, 100 requests, 0.0 s by its limits; nothing else"),
        "{told}"
    );
    assert_eq!(total, 106);
    let (told, total) = asked(&["ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN", "ROLLBOOK_SCIM_API_KEY"]);
    assert!(told.contains("members of 10: through organization, 51 requests"), "{told}");
    assert_eq!(total, 53);
}
