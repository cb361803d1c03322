//! Emails and names that mean somebody or something else than before.

use rollbook::model::Tree;
use rollbook::sandbox::{Change, SeedGroup, SeedUser};

use super::look::lines;
use super::{ALL, BOTH, JIRA, Keys, ORGANIZATION, Scene, head, same, site};

const SEED: &str = "
users:
  - { account-id: acc-one, email: ada@acme.com }
  - { email: bob@acme.com }
groups:
  - { name: devs, id: g-devs, members: [ada@acme.com, bob@acme.com] }
";

const LOCK: &str = "version: 1
users: { ada@acme.com: { account: acc-one, from: jira } }
groups: { devs: { id: g-devs, from: jira } }
";

fn locked(text: &str) -> Tree {
    let text = format!("{}{text}", head("rollbook"));
    site::tree(&[("rollbook.yaml", &text), ("rollbook.lock", LOCK)])
}

/// A site on which ada's email belongs to another account now, and both accounts are in the group.
fn given_away(keys: Keys) -> Scene {
    let scene = Scene::of(SEED, keys);
    let edit = |change: Change| scene.sandbox.edit(&change).unwrap();
    edit(Change::ChangeEmail { user: "acc-one".into(), email: "former@acme.com".into() });
    edit(Change::CreateUser(SeedUser {
        account_id: Some("acc-two".into()),
        email: Some("ada@acme.com".into()),
        ..SeedUser::default()
    }));
    edit(Change::AddMember { group: "devs".into(), user: "acc-two".into() });
    scene
}

#[tokio::test(start_paused = true)]
async fn an_email_that_was_given_away_revokes_nothing_from_either_account() {
    for keys in [ALL, BOTH, ORGANIZATION, JIRA] {
        let scene = given_away(keys);
        let tree = locked("groups: { devs: { members: [ada@acme.com, bob@acme.com] } }\n");
        let plan = scene.plan_tree(&tree).await;
        same(
            &lines(&plan),
            "blocked: add member.devs/ada@acme.com: identity-changed
             blocked: remove member.devs/former@acme.com: identity-changed
             blocked: remove member.devs/account:acc-two: identity-changed",
        );
        assert!(plan.blocked[0].why.contains("acc-one") && plan.blocked[0].why.contains("acc-two"));
        same(&scene.apply(&plan).await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_offboarded_by_an_email_that_was_given_away() {
    for keys in [ALL, BOTH, ORGANIZATION, JIRA] {
        let scene = given_away(keys);
        let tree = locked("policy: { offboard: remove }\nusers: { ada@acme.com: { active: false } }\n");
        let plan = scene.plan_tree(&tree).await;
        same(&lines(&plan), "blocked: remove user.ada@acme.com: identity-changed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_made_again_under_its_name_is_another_one() {
    for keys in [ALL, BOTH, ORGANIZATION, JIRA] {
        let scene = Scene::of(SEED, keys);
        scene.sandbox.edit(&Change::DeleteGroup { group: "g-devs".into() }).unwrap();
        let again =
            SeedGroup { name: "devs".into(), members: vec!["bob@acme.com".into()], ..SeedGroup::default() };
        scene.sandbox.edit(&Change::CreateGroup(again)).unwrap();
        let tree = locked("groups: { devs: { members: [ada@acme.com] } }\n");
        let plan = scene.plan_tree(&tree).await;
        same(&lines(&plan), "blocked: create group.devs: identity-changed");
        let tree = locked("groups: { devs: { absent: true } }\n");
        same(&lines(&scene.plan_tree(&tree).await), "blocked: delete group.devs: identity-changed");
    }
}
