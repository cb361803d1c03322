//! Groups that are synced from a directory, by who may change them.

use super::look::lines;
use super::{ALL, BOTH, JIRA, Keys, Scene, same};

const SEED: &str = "
users:
  - { email: ada@acme.com, scim: {} }
  - { email: bob@acme.com, scim: {} }
  - { email: cy@acme.com, scim: {} }
groups:
  - { name: everyone, managed-by: EXTERNAL, members: [ada@acme.com, bob@acme.com] }
  - { name: devs, members: [ada@acme.com] }
  - { name: old, managed-by: EXTERNAL, members: [cy@acme.com] }
";

const TREE: &str = "
groups:
  everyone: { members: [ada@acme.com, cy@acme.com] }
  devs: { members: [ada@acme.com, cy@acme.com] }
  old: { absent: true }
";

const BLOCKED: &str = "
blocked: delete group.old: synced-group
blocked: remove member.everyone/bob@acme.com: synced-group
blocked: add member.everyone/cy@acme.com: synced-group";

#[tokio::test(start_paused = true)]
async fn with_authority_and_key_it_is_changed_through_scim() {
    Scene::of(SEED, ALL)
        .runs(
            TREE,
            "delete group.old via scim
             remove member.everyone/bob@acme.com via scim
             add member.devs/cy@acme.com via organization
             add member.everyone/cy@acme.com via scim",
            "devs: +cy
             everyone: +cy -bob
             old: gone",
        )
        .await;
    Scene::of(SEED, Keys { scim: true, ..JIRA })
        .runs(
            TREE,
            "delete group.old via scim
             remove member.everyone/bob@acme.com via scim
             add member.devs/cy@acme.com via jira
             add member.everyone/cy@acme.com via scim",
            "devs: +cy
             everyone: +cy -bob
             old: gone",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_identity_provider_alone_changes_what_it_has_the_authority_over() {
    let scene = Scene::of(SEED, ALL).read_only_directory();
    let expected = format!("add member.devs/cy@acme.com via organization{BLOCKED}");
    scene.runs(TREE, &expected, "devs: +cy").await;
    let plan = scene.plan(TREE).await;
    assert!(plan.blocked.iter().all(|it| it.help == "Make the change in the identity provider."));
    // Nobody asks it for ids of what may not be written.
    let asked: Vec<String> =
        scene.requests().counts.into_keys().filter(|route| route.contains("/scim/")).collect();
    assert_eq!(asked, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn without_the_key_of_the_directory_it_is_said_which_key_is_missing() {
    for (keys, via) in [(BOTH, "organization"), (JIRA, "jira")] {
        let scene = Scene::of(SEED, keys);
        let expected = format!("add member.devs/cy@acme.com via {via}{BLOCKED}");
        scene.runs(TREE, &expected, "devs: +cy").await;
        let plan = scene.plan(TREE).await;
        assert!(plan.blocked.iter().all(|it| it.help.contains("ROLLBOOK_SCIM_API_KEY")), "{plan:#?}");
        same(&lines(&plan), BLOCKED);
    }
}
