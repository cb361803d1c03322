//! People who come back, from wherever they were.

use rollbook::model::Operation;

use super::look::lines;
use super::{ALL, BOTH, JIRA, ORGANIZATION, Scene, same, site, told};

const TREE: &str = "
policy: { invite-domains: [acme.com] }
users: { bob@acme.com: { active: true } }
groups:
  devs: { members: [ada@acme.com, bob@acme.com] }
  ops: { members: [ada@acme.com] }
";

fn seed(bob: &str, devs: &str, ops: &str, lunch: &str) -> String {
    format!(
        "
users:
  - {{ email: ada@acme.com }}
  - {{ email: bob@acme.com, {bob} }}
groups:
  - {{ name: devs, members: [ada@acme.com{devs}] }}
  - {{ name: ops, members: [ada@acme.com{ops}] }}
  - {{ name: lunch, members: [{lunch}] }}
"
    )
}

/// What is not declared ends before it has an effect again; what nothing declares comes back, and the plan lists it.
#[tokio::test(start_paused = true)]
async fn a_suspended_person_is_restored_without_what_is_not_declared() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let bob = ", bob@acme.com";
        let scene = Scene::of(&seed("suspended: true", "", bob, "bob@acme.com"), keys);
        let plan = scene.plan(TREE).await;
        same(
            &lines(&plan),
            "remove member.ops/bob@acme.com via organization
             activate user.bob@acme.com via organization after remove member.ops/bob@acme.com
             add member.devs/bob@acme.com via organization after activate user.bob@acme.com",
        );
        let Operation::ActivateUser { memberships, .. } = &plan.operations[1].operation else {
            panic!("{plan:#?}")
        };
        let back: Vec<&str> = memberships.iter().map(|kept| kept.group.as_str()).collect();
        assert_eq!(back, ["lunch"]);
        same(
            &scene.apply(&plan).await,
            "bob: active suspended -> active
             devs: +bob
             ops: -bob",
        );
        scene.is_done(TREE, &plan).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_person_comes_back_through_the_directory_that_owns_them() {
    let seed = seed("active: false, scim: { active: false }", ", bob@acme.com", "", "");
    Scene::of(&seed, ALL)
        .runs(
            TREE,
            "activate user.bob@acme.com via scim",
            "bob: deactivated scim inactive -> active scim active",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_person_comes_back_through_user_management() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let seed = seed("active: false", ", bob@acme.com", "", "");
        Scene::of(&seed, keys)
            .runs(TREE, "activate user.bob@acme.com via user-management", "bob: deactivated -> active")
            .await;
    }
}

/// The account is the same, its groups are not: the invitation brings the declared ones.
#[tokio::test(start_paused = true)]
async fn a_removed_person_is_invited_again_with_the_declared_groups() {
    for keys in [BOTH, ORGANIZATION] {
        let scene = Scene::of(&seed("removed: true", "", "", ""), keys);
        let plan = scene.plan(TREE).await;
        same(
            &lines(&plan),
            "invite user.bob@acme.com via organization
             add member.devs/bob@acme.com via organization after invite user.bob@acme.com",
        );
        same(
            &scene.apply(&plan).await,
            "bob: active removed -> active
             devs: +bob",
        );
        let additions = scene
            .requests()
            .count("POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships");
        assert_eq!(additions, 0, "the invitation carried the group");
        scene.is_done(TREE, &plan).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_removed_person_of_our_domain_is_provisioned_again() {
    let scene = Scene::of(&seed("removed: true", "", "", ""), ALL);
    scene
        .runs(
            TREE,
            "invite user.bob@acme.com via scim
             add member.devs/bob@acme.com via organization after invite user.bob@acme.com",
            "bob: active removed -> active scim active
             devs: +bob",
        )
        .await;
}

/// The organization no longer lists people of another domain once they are removed; Jira still does.
#[tokio::test(start_paused = true)]
async fn a_removed_person_of_another_domain_is_invited_again() {
    let seed = "
users:
  - { email: ada@acme.com }
  - { email: kim@partner.example, removed: true }
groups:
  - { name: devs, members: [ada@acme.com] }
";
    let tree = "
policy: { invite-domains: [partner.example] }
users: { kim@partner.example: { active: true } }
groups: { devs: { members: [ada@acme.com, kim@partner.example] } }
";
    for keys in [ORGANIZATION, BOTH, ALL] {
        Scene::of(seed, keys)
            .runs(
                tree,
                "invite user.kim@partner.example via organization
                 add member.devs/kim@partner.example via organization after invite user.kim@partner.example",
                "kim@partner.example: active removed unmanaged -> active unmanaged
                 devs: +kim@partner.example",
            )
            .await;
    }
}

/// What is not declared ends before it comes back with a deactivated person too.
#[tokio::test(start_paused = true)]
async fn a_deactivated_person_leaves_undeclared_groups_first() {
    let bob = ", bob@acme.com";
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(&seed("active: false", "", bob, "bob@acme.com"), keys)
            .runs(
                TREE,
                "remove member.ops/bob@acme.com via organization
                 activate user.bob@acme.com via user-management after remove member.ops/bob@acme.com
                 add member.devs/bob@acme.com via organization after activate user.bob@acme.com",
                "bob: deactivated -> active
                 devs: +bob
                 ops: -bob",
            )
            .await;
    }
}

/// Suspended in the directory and deactivated everywhere: it takes both, one plan after the other.
#[tokio::test(start_paused = true)]
async fn somebody_who_is_suspended_and_deactivated_comes_back_in_two_plans() {
    let scene = Scene::of(&seed("active: false, suspended: true", ", bob@acme.com", "", ""), BOTH);
    let first = scene.plan(TREE).await;
    same(&lines(&first), "activate user.bob@acme.com via user-management");
    let report = site::apply(&scene.surfaces(), &first, 10).await;
    same(&told(&report).join("\n"), "activate user.bob@acme.com: not yet visible");
    scene.runs(TREE, "activate user.bob@acme.com via organization", "bob: active suspended -> active").await;
}

/// Jira does not say why somebody is not active.
#[tokio::test(start_paused = true)]
async fn jira_alone_gives_nobody_access_back() {
    for bob in ["suspended: true", "active: false"] {
        Scene::of(&seed(bob, ", bob@acme.com", "", ""), JIRA)
            .runs(TREE, "blocked: activate user.bob@acme.com: no-surface", "")
            .await;
    }
    let removed = seed("removed: true", "", "", "");
    let plan = Scene::of(&removed, JIRA).plan(TREE).await;
    same(
        &lines(&plan),
        "blocked: activate user.bob@acme.com: no-surface
         blocked: add member.devs/bob@acme.com: requires-blocked",
    );
}

/// A membership that the tree ends and that nobody here can end would have an effect again: the person stays away.
#[tokio::test(start_paused = true)]
async fn nobody_comes_back_to_a_group_that_they_must_leave_and_cannot() {
    let synced = |bob: &str| {
        seed(bob, "", ", bob@acme.com", "").replace("{ name: ops,", "{ name: ops, managed-by: EXTERNAL,")
    };
    for (keys, bob) in [(BOTH, "suspended: true"), (ORGANIZATION, "suspended: true"), (BOTH, "active: false")]
    {
        let plan = Scene::of(&synced(bob), keys).plan(TREE).await;
        let shown = lines(&plan);
        assert!(shown.contains("blocked: remove member.ops/bob@acme.com: synced-group"), "{shown}");
        assert!(shown.contains("blocked: activate user.bob@acme.com: requires-blocked"), "{shown}");
        assert!(!shown.contains("\nactivate") && !shown.starts_with("activate"), "{shown}");
    }
    // Where it can be ended, it ends first.
    let scene = Scene::of(&synced("suspended: true, scim: {}"), ALL);
    let shown = lines(&scene.plan(TREE).await);
    assert!(
        shown.contains("activate user.bob@acme.com via organization after remove member.ops/bob@acme.com"),
        "{shown}"
    );
}
