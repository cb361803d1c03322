//! The last administrators stay.

use http::StatusCode;
use rollbook::sandbox::Failure;

use super::look::lines;
use super::{ALL, BOTH, JIRA, ORGANIZATION, Scene, same, site, told};

/// Root administers the organization and the site unless it says otherwise; `others` do too.
fn seed(root_roles: &str, root_is_site_admin: &str, others: &str) -> String {
    format!(
        "
users:
  - {{ email: root@acme.com, roles: [{root_roles}] }}
  - {{ email: ada@acme.com{others} }}
  - {{ email: bob@acme.com{others} }}
groups:
  - {{ name: site-admins, site-admin: true, members: [ada@acme.com, bob@acme.com{root_is_site_admin}] }}
  - {{ name: devs, grants: {{}}, browse-users: true, members: [root@acme.com] }}
"
    )
}

fn leave(who: &[&str]) -> String {
    let users: Vec<String> = who.iter().map(|who| format!("{who}@acme.com: {{ active: false }}")).collect();
    format!("policy: {{ offboard: suspend }}\nusers: {{ {} }}\n", users.join(", "))
}

#[tokio::test(start_paused = true)]
async fn the_last_administrators_of_the_organization_are_not_suspended() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let scene = Scene::of(&seed("", ", root@acme.com", ", roles: [org-admin]"), keys);
        let plan = scene.plan(&leave(&["ada", "bob"])).await;
        // Taking the groups only prepares it, and root administers the site.
        let shown = lines(&plan);
        assert!(shown.contains("blocked: suspend user.ada@acme.com: last-admin"), "{shown}");
        assert!(shown.contains("blocked: suspend user.bob@acme.com: last-admin"), "{shown}");
        assert!(!shown.lines().any(|line| line.starts_with("suspend")), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_two_administrators_of_the_organization_may_leave() {
    let seed = seed("", ", root@acme.com", ", roles: [org-admin]");
    for keys in [ALL, BOTH] {
        // The organization shows the group of site admins as any other.
        Scene::of(&seed, keys)
            .runs(
                &leave(&["ada"]),
                "suspend user.ada@acme.com via organization
                 remove member.site-admins/ada@acme.com via organization",
                "ada: active OrgAdmin -> active suspended OrgAdmin
                 site-admins: -ada",
            )
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_administrators_of_the_site_stay_in_their_group() {
    let tree = "groups: { site-admins: { members: [] } }\n";
    for keys in [ALL, BOTH] {
        let scene = Scene::of(&seed("org-admin", "", ""), keys);
        scene
            .runs(
                tree,
                "blocked: remove member.site-admins/ada@acme.com: last-admin
                 blocked: remove member.site-admins/bob@acme.com: last-admin",
                "",
            )
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_two_administrators_of_the_site_may_go() {
    let tree = "groups: { site-admins: { members: [bob@acme.com] } }\n";
    for (keys, via) in [(ALL, "organization"), (BOTH, "organization")] {
        Scene::of(&seed("org-admin", "", ""), keys)
            .runs(tree, &format!("remove member.site-admins/ada@acme.com via {via}"), "site-admins: -ada")
            .await;
    }
    let root = seed("org-admin", ", root@acme.com", "");
    let tree = "groups: { site-admins: { members: [root@acme.com, bob@acme.com] } }\n";
    Scene::of(&root, JIRA)
        .runs(tree, "remove member.site-admins/ada@acme.com via jira", "site-admins: -ada")
        .await;
}

/// Who runs Rollbook, and the operator of the tree, keep what they have.
#[tokio::test(start_paused = true)]
async fn rollbook_does_not_narrow_itself() {
    let seed = seed("org-admin", ", root@acme.com", ", roles: [org-admin]");
    for keys in [ALL, BOTH, ORGANIZATION, JIRA] {
        let plan = Scene::of(&seed, keys).plan(&leave(&["root"])).await;
        same(&lines(&plan), "blocked: suspend user.root@acme.com: self-lockout");
    }
}

/// Without Jira, the site's administrators are known, but not their groups: any group may be the one.
#[tokio::test(start_paused = true)]
async fn the_organization_alone_knows_who_administers_the_site() {
    let scene = Scene::of(&seed("org-admin", "", ""), ORGANIZATION);
    let plan = scene.plan("groups: { site-admins: { members: [] } }\n").await;
    same(
        &lines(&plan),
        "blocked: remove member.site-admins/ada@acme.com: last-admin
         blocked: remove member.site-admins/bob@acme.com: last-admin",
    );
}

/// A replacement in the same plan counts, and comes first: it may fail, and then nobody goes.
#[tokio::test(start_paused = true)]
async fn an_administrator_of_the_site_may_be_replaced() {
    let tree = "groups: { site-admins: { members: [root@acme.com] } }\n";
    let expected = "add member.site-admins/root@acme.com via organization
         remove member.site-admins/ada@acme.com via organization after add member.site-admins/root@acme.com
         remove member.site-admins/bob@acme.com via organization after add member.site-admins/root@acme.com";
    let seed = seed("org-admin", "", "");
    Scene::of(&seed, BOTH).runs(tree, expected, "site-admins: +root -ada -bob").await;

    let scene = Scene::of(&seed, BOTH);
    let plan = scene.plan(tree).await;
    let route = "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships";
    scene.sandbox.fail_next(route, Failure::instead(StatusCode::FORBIDDEN, &[], "{}"));
    let told = told(&site::apply(&scene.surfaces(), &plan, 10).await);
    assert!(told[0].contains(": failed: "), "{told:?}");
    assert!(told[1..].iter().all(|told| told.contains(": skipped: ")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn an_app_is_no_administrator_who_could_let_others_back_in() {
    let seed = "
users:
  - { email: ada@acme.com }
  - { account-id: \"712020:bot\", name: Bot, type: app }
  - { email: root@acme.com, roles: [org-admin] }
groups:
  - { name: site-admins, site-admin: true, members: [ada@acme.com, \"712020:bot\"] }
  - { name: devs, grants: {}, browse-users: true, members: [root@acme.com] }
";
    // Whether the group is declared, so that it is read with the rest, or not.
    let declared = "groups: { site-admins: { members: [{ account: \"712020:bot\" }] } }\n";
    for (tree, blocked) in [
        (declared.to_owned(), "remove member.site-admins/ada@acme.com"),
        (leave(&["ada"]), "remove member.site-admins/ada@acme.com"),
    ] {
        let scene = Scene::of(seed, ALL);
        let shown = lines(&scene.plan(&tree).await);
        assert!(shown.contains(&format!("blocked: {blocked}: last-admin")), "{shown}");
    }
}

/// Until Atlassian's units reach an organization, `org-admins` makes its members organization administrators: with Jira's
/// credential alone they are the only ones known.
#[tokio::test(start_paused = true)]
async fn the_last_administrators_of_the_organization_stay_in_their_group_with_jira_alone() {
    let seed = "
users:
  - { email: root@acme.com }
  - { email: ada@acme.com }
  - { email: bob@acme.com }
  - { email: off@acme.com, active: false }
groups:
  - { name: site-admins, site-admin: true, members: [root@acme.com] }
  - { name: org-admins, members: [ada@acme.com, bob@acme.com, off@acme.com] }
";
    let scene = Scene::of(seed, JIRA);
    let plan = scene.plan("groups: { org-admins: { members: [off@acme.com] } }\n").await;
    same(
        &lines(&plan),
        "blocked: remove member.org-admins/ada@acme.com: last-admin
         blocked: remove member.org-admins/bob@acme.com: last-admin",
    );
    // One of them may go while another stays.
    let plan = scene.plan("groups: { org-admins: { members: [bob@acme.com] } }\n").await;
    same(
        &lines(&plan),
        "remove member.org-admins/ada@acme.com via jira
         remove member.org-admins/off@acme.com via jira",
    );
}
