//! People and groups that are created through SCIM.

use super::look::notes;
use super::{ALL, BOTH, ORGANIZATION, Scene};

const SEED: &str = "
users:
  - { email: ada@acme.com, scim: {} }
  - { email: bob@acme.com, scim: {} }
groups:
  - { name: everyone, managed-by: EXTERNAL, members: [ada@acme.com] }
  - { name: devs, members: [ada@acme.com] }
";

#[tokio::test(start_paused = true)]
async fn somebody_of_our_domain_is_provisioned_and_joins_groups_of_both_kinds() {
    let scene = Scene::of(SEED, ALL);
    let tree = "
policy: { invite-domains: [acme.com] }
users: { new@acme.com: { name: New Person, active: true } }
groups:
  everyone: { members: [ada@acme.com, new@acme.com] }
  devs: { members: [ada@acme.com, new@acme.com] }
";
    scene
        .runs(
            tree,
            "invite user.new@acme.com via scim
             add member.devs/new@acme.com via organization after invite user.new@acme.com
             add member.everyone/new@acme.com via scim after invite user.new@acme.com",
            "new: new, active called New Person scim active
             devs: +new
             everyone: +new",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_group_of_the_directory_is_made_and_filled_at_once() {
    let scene = Scene::of(SEED, ALL);
    let tree = "
policy: { invite-domains: [acme.com] }
users: { new@acme.com: { active: true } }
groups:
  fresh: { source: scim, members: [ada@acme.com, bob@acme.com, new@acme.com] }
";
    scene
        .runs(
            tree,
            "create group.fresh via scim
             invite user.new@acme.com via scim
             add member.fresh/ada@acme.com via scim after create group.fresh
             add member.fresh/bob@acme.com via scim after create group.fresh
             add member.fresh/new@acme.com via scim after create group.fresh, invite user.new@acme.com",
            "new: new, active scim active
             fresh: new, External: ada bob new",
        )
        .await;
}

/// A group there takes its own people only; people without a record are told apart before anything is sent.
#[tokio::test(start_paused = true)]
async fn nobody_without_a_record_is_put_into_a_group_of_the_directory() {
    let seed = format!("{SEED}  - {{ name: other, managed-by: EXTERNAL }}\n")
        .replace("bob@acme.com, scim: {}", "bob@acme.com");
    let scene = Scene::of(&seed, ALL);
    let tree = "
groups:
  everyone: { members: [ada@acme.com, bob@acme.com] }
  other: { members: [ada@acme.com] }
";
    scene
        .runs(
            tree,
            "add member.other/ada@acme.com via scim
             blocked: add member.everyone/bob@acme.com: not-provisioned",
            "other: +ada",
        )
        .await;
}

/// SCIM gives no app: who is to have one is invited by the organization, and has no record in the directory.
#[tokio::test(start_paused = true)]
async fn who_is_to_have_an_app_is_invited_and_not_provisioned() {
    let seed = format!("apps: [{{ key: jira-software }}]{SEED}").replace(
        "  - { name: devs,",
        "  - { name: users, grants: { jira-software: user }, default-for: [jira-software] }\n  - { name: devs,",
    );
    let tree = "
policy: { invite-domains: [acme.com] }
users: { new@acme.com: { active: true, apps: [jira-software] } }
groups:
  everyone: { members: [ada@acme.com, new@acme.com] }
  users: { members: [new@acme.com] }
";
    Scene::of(&seed, ALL)
        .runs(
            tree,
            "invite user.new@acme.com via organization
             add member.users/new@acme.com via organization after invite user.new@acme.com
             blocked: add member.everyone/new@acme.com: not-provisioned",
            "new: new, active pending
             users: +new",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_set_where_the_directory_owns_the_person() {
    let tree = "
users:
  ada@acme.com: { name: Ada Lovelace }
  root@acme.com: { name: Root Person }
groups: { devs: { members: [ada@acme.com] } }
";
    let scene = Scene::of(SEED, ALL);
    scene
        .runs(
            tree,
            "update user.ada@acme.com via scim",
            "ada: active scim active -> active called Ada Lovelace scim active",
        )
        .await;
    assert_eq!(notes(&scene.plan(tree).await), ["name-ignored"]);
}

/// A group that is yet to be made is waited for only where nothing else lets the person in.
#[tokio::test(start_paused = true)]
async fn somebody_new_comes_into_a_new_group() {
    let tree = "
policy: { invite-domains: [acme.com] }
users: { new@acme.com: { active: true } }
groups: { fresh: { description: All that is new, members: [bob@acme.com, new@acme.com] } }
";
    for keys in [BOTH, ORGANIZATION] {
        Scene::of(SEED, keys)
            .runs(
                tree,
                "create group.fresh via organization
                 invite user.new@acme.com via organization after create group.fresh
                 add member.fresh/bob@acme.com via organization after create group.fresh
                 add member.fresh/new@acme.com via organization after create group.fresh, invite user.new@acme.com",
                "new: new, active pending
                 fresh: new, Admins \"All that is new\": bob new",
            )
            .await;
    }
}
