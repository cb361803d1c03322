//! People who leave, with every set of credentials.

use super::look::lines;
use super::{ALL, BOTH, JIRA, ORGANIZATION, Scene, same};

/// Bob is in a group of the directory, in a declared group and in one that nothing declares.
const SEED: &str = "
users:
  - { email: ada@acme.com, scim: {} }
  - { email: bob@acme.com, scim: {} }
groups:
  - { name: everyone, managed-by: EXTERNAL, members: [ada@acme.com, bob@acme.com] }
  - { name: devs, members: [ada@acme.com, bob@acme.com] }
  - { name: lunch, members: [bob@acme.com] }
";

fn tree(offboard: &str) -> String {
    format!(
        "
policy: {{ offboard: {offboard} }}
users: {{ bob@acme.com: {{ active: false }} }}
groups:
  devs: {{ members: [ada@acme.com, bob@acme.com] }}
"
    )
}

#[tokio::test(start_paused = true)]
async fn somebody_of_the_directory_is_deactivated_there_and_leaves_every_group() {
    Scene::of(SEED, ALL)
        .runs(
            &tree("deactivate"),
            "deactivate user.bob@acme.com via scim
             remove member.devs/bob@acme.com via organization
             remove member.everyone/bob@acme.com via scim
             remove member.lunch/bob@acme.com via organization",
            "bob: active scim active -> deactivated scim inactive
             devs: -bob
             everyone: -bob
             lunch: -bob",
        )
        .await;
}

const NATIVE: &str = "
users:
  - { email: ada@acme.com }
  - { email: bob@acme.com }
groups:
  - { name: devs, members: [ada@acme.com, bob@acme.com] }
  - { name: lunch, members: [bob@acme.com] }
";

#[tokio::test(start_paused = true)]
async fn the_organization_suspends_and_takes_the_groups() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(NATIVE, keys)
            .runs(
                &tree("suspend"),
                "suspend user.bob@acme.com via organization
                 remove member.devs/bob@acme.com via organization
                 remove member.lunch/bob@acme.com via organization",
                "bob: active -> active suspended
                 devs: -bob
                 lunch: -bob",
            )
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_organization_removes_somebody_with_all_groups_at_once() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let scene = Scene::of(NATIVE, keys);
        let tree = tree("remove");
        let plan = scene.plan(&tree).await;
        // A declared group shows who leaves it, in an operation of its own, though the organization needs none.
        same(
            &lines(&plan),
            "remove member.devs/bob@acme.com via organization
             remove user.bob@acme.com via organization after remove member.devs/bob@acme.com",
        );
        assert_eq!(plan.summary.revokes, 2, "each membership counts once");
        same(
            &scene.apply(&plan).await,
            "bob: active -> active removed
             devs: -bob
             lunch: -bob",
        );
        scene.is_done(&tree, &plan).await;
    }
}

#[tokio::test(start_paused = true)]
async fn user_management_deactivates_whom_the_organization_manages() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(NATIVE, keys)
            .runs(
                &tree("deactivate"),
                "deactivate user.bob@acme.com via user-management
                 remove member.devs/bob@acme.com via organization
                 remove member.lunch/bob@acme.com via organization",
                "bob: active -> deactivated
                 devs: -bob
                 lunch: -bob",
            )
            .await;
    }
}

/// Without the directory's key, the identity provider is the place to do it; what else can be done is done.
#[tokio::test(start_paused = true)]
async fn whom_an_identity_provider_owns_is_not_deactivated_past_it() {
    Scene::of(SEED, BOTH)
        .runs(
            &tree("deactivate"),
            "remove member.devs/bob@acme.com via organization
             remove member.lunch/bob@acme.com via organization
             blocked: deactivate user.bob@acme.com: not-manageable
             blocked: remove member.everyone/bob@acme.com: synced-group",
            "devs: -bob
             lunch: -bob",
        )
        .await;
}

/// A membership that only an identity provider can end gives no access once the account is inactive: it waits, without an error.
#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_leaver_in_a_synced_group_waits_for_its_provider() {
    let scene = Scene::of(SEED, BOTH).read_only_directory();
    let tree = tree("suspend");
    let plan = scene.plan(&tree).await;
    same(
        &lines(&plan),
        "suspend user.bob@acme.com via organization
         remove member.devs/bob@acme.com via organization
         remove member.lunch/bob@acme.com via organization",
    );
    assert_eq!((plan.summary.waiting, plan.summary.blocked), (1, 0));
    scene.apply(&plan).await;
    let after = scene.plan(&tree).await;
    assert!(after.operations.is_empty() && after.blocked.is_empty(), "{:?}", after.blocked);
    assert_eq!(after.summary.waiting, 1);
    let told: Vec<&str> =
        after.notes.iter().filter(|it| it.code == "waits-for-provider").map(|it| it.text.as_str()).collect();
    assert!(told[0].starts_with("bob@acme.com has left, and stays in everyone until"), "{told:?}");

    // While the account is on, the membership lets in; so it is blocked, and so is one that has ended.
    for (tree, keys) in [(tree.clone(), JIRA), (self::tree("deactivate"), BOTH)] {
        let plan = Scene::of(SEED, keys).read_only_directory().plan(&tree).await;
        assert!(lines(&plan).contains("blocked: remove member.everyone/bob@acme.com: synced-group"));
        assert_eq!(plan.summary.waiting, 0);
    }
    let ended =
        "groups:\n  everyone: { members: [ada@acme.com, { user: bob@acme.com, until: 2026-01-01 }] }\n";
    let plan = Scene::of(SEED, BOTH).read_only_directory().plan(ended).await;
    same(&lines(&plan), "blocked: remove member.everyone/bob@acme.com: synced-group");
}

#[tokio::test(start_paused = true)]
async fn with_jira_alone_all_memberships_go_and_then_the_person() {
    Scene::of(NATIVE, JIRA)
        .runs(
            &tree("remove"),
            "remove member.devs/bob@acme.com via jira
             remove member.lunch/bob@acme.com via jira
             remove user.bob@acme.com via jira after remove member.devs/bob@acme.com, remove member.lunch/bob@acme.com",
            "bob: active -> active removed
             devs: -bob
             lunch: -bob",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn jira_alone_cannot_suspend_and_takes_the_groups_all_the_same() {
    let scene = Scene::of(NATIVE, JIRA);
    let tree = tree("suspend");
    scene
        .runs(
            &tree,
            "remove member.devs/bob@acme.com via jira
             remove member.lunch/bob@acme.com via jira
             blocked: suspend user.bob@acme.com: no-surface",
            "devs: -bob
             lunch: -bob",
        )
        .await;
    let plan = scene.plan(&tree).await;
    same(&lines(&plan), "blocked: suspend user.bob@acme.com: no-surface");
    assert!(plan.blocked[0].why.contains("still active"), "{}", plan.blocked[0].why);
    assert!(plan.blocked[0].help.contains("admin.atlassian.com"), "{}", plan.blocked[0].help);
}

/// A record of the directory outlives the removal; the person is out all the same.
#[tokio::test(start_paused = true)]
async fn somebody_of_the_directory_is_suspended_or_removed_by_the_organization() {
    Scene::of(SEED, ALL)
        .runs(
            &tree("suspend"),
            "suspend user.bob@acme.com via organization
             remove member.devs/bob@acme.com via organization
             remove member.everyone/bob@acme.com via scim
             remove member.lunch/bob@acme.com via organization",
            "bob: active scim active -> active suspended scim active
             devs: -bob
             everyone: -bob
             lunch: -bob",
        )
        .await;
    Scene::of(SEED, ALL)
        .runs(
            &tree("remove"),
            "remove member.devs/bob@acme.com via organization
             remove user.bob@acme.com via organization after remove member.devs/bob@acme.com",
            "bob: active scim active -> active removed scim active
             devs: -bob
             everyone: -bob
             lunch: -bob",
        )
        .await;
}

/// A leaver in a group that goes away too is counted once.
#[tokio::test(start_paused = true)]
async fn a_leaver_in_a_deleted_group_counts_once() {
    let tree = "
policy: { offboard: remove }
users: { bob@acme.com: { active: false } }
groups: { lunch: { absent: true } }
";
    let scene = Scene::of(NATIVE, BOTH);
    let plan = scene.plan(tree).await;
    same(
        &lines(&plan),
        "delete group.lunch via organization
         remove user.bob@acme.com via organization",
    );
    assert_eq!(plan.summary.revokes, 2, "devs and lunch");
    same(
        &scene.apply(&plan).await,
        "bob: active -> active removed
         devs: -bob
         lunch: gone",
    );
    scene.is_done(tree, &plan).await;
}

/// Who has not accepted an invitation, and who is of another domain, leave as everybody does.
#[tokio::test(start_paused = true)]
async fn who_is_not_managed_is_suspended_or_removed_and_not_deactivated() {
    let seed = "
users:
  - { email: kim@partner.example, pending: true, hide-email: true }
groups:
  - { name: lunch, members: [kim@partner.example] }
";
    let tree = |how: &str| {
        format!("policy: {{ offboard: {how} }}\nusers: {{ kim@partner.example: {{ active: false }} }}\n")
    };
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(seed, keys)
            .runs(
                &tree("suspend"),
                "suspend user.kim@partner.example via organization
                 remove member.lunch/kim@partner.example via organization",
                "kim@partner.example: active pending unmanaged hidden -> active pending suspended unmanaged hidden
                 lunch: -kim@partner.example",
            )
            .await;
        Scene::of(seed, keys)
            .runs(
                &tree("deactivate"),
                "remove member.lunch/kim@partner.example via organization
                 blocked: deactivate user.kim@partner.example: not-manageable",
                "lunch: -kim@partner.example",
            )
            .await;
        Scene::of(seed, keys)
            .runs(
                &tree("remove"),
                "remove user.kim@partner.example via organization",
                "kim@partner.example: active pending unmanaged hidden -> active pending removed unmanaged hidden
                 lunch: -kim@partner.example",
            )
            .await;
    }
}

/// Some admin groups are shown by Jira alone: it is asked for them, and takes people out of them.
#[tokio::test(start_paused = true)]
async fn groups_that_the_organization_does_not_show_are_left_through_jira() {
    let seed =
        format!("{NATIVE}  - {{ name: system-administrators, site-admin: true, members: [bob@acme.com] }}\n");
    Scene::of(&seed, BOTH)
        .runs(
            &tree("suspend"),
            "suspend user.bob@acme.com via organization
             remove member.devs/bob@acme.com via organization
             remove member.lunch/bob@acme.com via organization
             remove member.system-administrators/bob@acme.com via jira",
            "bob: active -> active suspended
             devs: -bob
             lunch: -bob
             system-administrators: -bob",
        )
        .await;
}

/// Everybody the tree does not name leaves, except the operator of Rollbook.
#[tokio::test(start_paused = true)]
async fn who_is_not_listed_leaves_where_the_policy_says_so() {
    let tree = "
policy: { offboard: suspend, unlisted-users: offboard, max-revokes: { total: 9 } }
groups: { devs: { members: [ada@acme.com] } }
";
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(NATIVE, keys)
            .runs(
                tree,
                "suspend user.bob@acme.com via organization
                 remove member.devs/bob@acme.com via organization
                 remove member.lunch/bob@acme.com via organization",
                "bob: active -> active suspended
                 devs: -bob
                 lunch: -bob",
            )
            .await;
    }
}
