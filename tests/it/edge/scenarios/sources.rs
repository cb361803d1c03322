//! Groups that take their members from one which an identity provider owns.

use rollbook::model::Guard;
use rollbook::sandbox::Change;

use super::look::{difference, lines};
use super::{BOTH, JIRA, ORGANIZATION, Scene, blocked, same, site, told};

const SEED: &str = "
users:
  - { email: ada@acme.com }
  - { email: bob@acme.com }
  - { email: cy@acme.com }
  - { email: dan@acme.com, active: false }
  - { email: eve@acme.com }
groups:
  - { name: engineers, members: [ada@acme.com] }
  - { name: okta-engineering, id: g-okta, managed-by: EXTERNAL, members: [bob@acme.com, cy@acme.com, dan@acme.com] }
";

const TREE: &str = "
groups:
  engineers: { members: [ada@acme.com, synced: okta-engineering] }
";

/// A site on which the group has everybody of the synced one.
async fn settled(tree: &str, keys: super::Keys) -> Scene {
    let scene = Scene::of(SEED, keys);
    let plan = scene.plan(tree).await;
    same(&scene.apply(&plan).await, "engineers: +bob +cy");
    scene
}

fn edit(scene: &Scene, change: &Change) {
    scene.sandbox.edit(change).unwrap();
}

fn okta() -> String {
    "okta-engineering".into()
}

#[tokio::test(start_paused = true)]
async fn a_group_follows_a_synced_one_that_grows_and_shrinks() {
    for (keys, via) in [(BOTH, "organization"), (ORGANIZATION, "organization"), (JIRA, "jira")] {
        let scene = Scene::of(SEED, keys);
        let came = format!(
            "add member.engineers/bob@acme.com via {via}
             add member.engineers/cy@acme.com via {via}"
        );
        scene.runs(TREE, &came, "engineers: +bob +cy").await;
        edit(&scene, &Change::AddMember { group: okta(), user: "eve@acme.com".into() });
        edit(&scene, &Change::RemoveMember { group: okta(), user: "bob@acme.com".into() });
        let moved = format!(
            "remove member.engineers/bob@acme.com via {via}
             add member.engineers/eve@acme.com via {via}"
        );
        scene.runs(TREE, &moved, "engineers: +eve -bob").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_followed_a_synced_group_is_taken_back() {
    let scene = settled(TREE, BOTH).await;
    edit(&scene, &Change::AddMember { group: okta(), user: "eve@acme.com".into() });
    edit(&scene, &Change::RemoveMember { group: okta(), user: "bob@acme.com".into() });
    let before = scene.state();
    let plan = scene.plan(TREE).await;
    let (report, journal) = site::apply_journalled(&scene.surfaces(), &plan, 4).await;
    assert!(report.complete(), "{:?}", told(&report));
    let tree = scene.tree(TREE);
    let back =
        site::plan_or_undo(&scene.surfaces(), &tree, &site::declared(&tree), Some(&journal)).await.unwrap();
    same(
        &lines(&back),
        "remove member.engineers/eve@acme.com via organization
         add member.engineers/bob@acme.com via organization",
    );
    scene.apply(&back).await;
    assert_eq!(difference(&before, &scene.state()), "");
}

#[tokio::test(start_paused = true)]
async fn a_synced_group_that_empties_meets_max_revokes() {
    let tree = &format!("policy: {{ max-revokes: {{ total: 1 }} }}\n{TREE}");
    let scene = Scene::of(SEED, BOTH);
    let plan = scene.plan(tree).await;
    scene.apply(&plan).await;
    for user in ["bob@acme.com", "cy@acme.com", "dan@acme.com"] {
        edit(&scene, &Change::RemoveMember { group: okta(), user: user.into() });
    }
    let plan = scene.plan(tree).await;
    assert_eq!(plan.summary.revokes, 2);
    let refused: Vec<Guard> = plan.guards.iter().map(|verdict| verdict.guard).collect();
    assert_eq!(refused, [Guard::MaxRevokes], "{}", lines(&plan));
}

/// Nobody leaves in silence: a source that is gone, or that people can change now, is named, and who came by it stays.
#[tokio::test(start_paused = true)]
async fn a_synced_group_that_is_deleted_or_given_to_people_takes_nobody_out() {
    for keys in [BOTH, ORGANIZATION, JIRA] {
        let scene = settled(TREE, keys).await;
        edit(&scene, &Change::DeleteGroup { group: okta() });
        scene.runs(TREE, "blocked: add group.engineers: group-missing", "").await;
        let scene = settled(TREE, keys).await;
        let managed_by = rollbook::sandbox::ManagedBy::Admins;
        edit(&scene, &Change::SetManagedBy { group: okta(), managed_by });
        scene.runs(TREE, "blocked: add group.engineers: not-synced", "").await;
        // Taking the entry out is what says that its people leave.
        let plan = scene.plan("groups: { engineers: { members: [ada@acme.com] } }\n").await;
        assert_eq!(plan.operations.len(), 2, "{}", lines(&plan));
        assert_eq!(blocked(&plan), "");
    }
}

/// An identity provider fills the group, and the tree says which app it gives, and who else is in another.
#[tokio::test(start_paused = true)]
async fn one_synced_group_gives_an_app_and_fills_another_group() {
    let seed = format!("apps:\n  - {{ key: jira-software }}\n{}", SEED.trim_start());
    let tree = "
groups:
  okta-engineering:
    members: unmanaged
    grants: [{ app: jira-software, role: user }]
  engineers: { members: [ada@acme.com, { synced: okta-engineering, except: [cy@acme.com] }] }
";
    Scene::of(&seed, BOTH)
        .runs(
            tree,
            "add member.engineers/bob@acme.com via organization
             assign grant.okta-engineering/jira-software/user via organization",
            "engineers: +bob
             okta-engineering: +jira-software/user",
        )
        .await;
}

/// A listing that is refused, or ends too early, blocks what it was read for and nothing else.
#[tokio::test(start_paused = true)]
async fn a_synced_group_that_is_refused_blocks_its_own_people_alone() {
    use rollbook::sandbox::Failure;
    let tree = &format!("{TREE}  others: {{ members: [ada@acme.com] }}\n");
    let scene = settled(TREE, JIRA).await;
    edit(&scene, &Change::RemoveMember { group: okta(), user: "bob@acme.com".into() });
    // The members of `engineers` are read first.
    scene
        .sandbox
        .fail_next("GET /rest/api/3/groups/picker", Failure::html(axum::http::StatusCode::FORBIDDEN));
    let plan = scene.plan(tree).await;
    same(
        &lines(&plan),
        "create group.others via jira
         add member.others/ada@acme.com via jira after create group.others
         blocked: add group.engineers: not-read",
    );
}
