//! People whose email Jira hides, and what tells who they are.

use std::collections::BTreeMap;

use rollbook::config::lock_text;
use rollbook::fetch;
use rollbook::model::{AccountId, Email, Plan};
use rollbook::plan::{self, Desired, Lookup};

use super::look::lines;
use super::{ALL, BOTH, JIRA, Keys, ORGANIZATION, Scene, declared, head, same, site};
use crate::world::TODAY;

const SEED: &str = "
users:
  - { email: ada@acme.com }
  - { account-id: acc-eve, email: eve@acme.com, name: Eve Adams, hide-email: true }
  - { account-id: acc-mal, email: mal@acme.com, name: Mal, hide-email: true }
groups:
  - { name: devs, members: [ada@acme.com, mal@acme.com] }
";

const TREE: &str = "
groups:
  devs: { members: [ada@acme.com, eve@acme.com] }
";

/// Who says who Eve is.
fn from(plan: &Plan) -> Vec<String> {
    let eve = plan.identities.iter().filter(|identified| identified.user.to_string() == "eve@acme.com");
    eve.map(|identified| format!("{} by {}", identified.account, identified.from)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_organization_knows_hidden_emails() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let scene = Scene::of(SEED, keys);
        let plan = scene.plan(TREE).await;
        // With the organization's listing, mal shows the email too; with Jira's, an id must do.
        let mal = if keys.jira { "account:acc-mal" } else { "mal@acme.com" };
        same(
            &lines(&plan),
            &format!(
                "remove member.devs/{mal} via organization
                 add member.devs/eve@acme.com via organization"
            ),
        );
        assert_eq!(from(&plan), ["acc-eve by organization"]);
        same(&scene.apply(&plan).await, "devs: +eve -mal");
        scene.is_done(TREE, &plan).await;
    }
}

/// It is unknown whether mal, who hides the email, is eve: the group keeps both.
#[tokio::test(start_paused = true)]
async fn jira_alone_names_candidates_and_revokes_nobody_who_may_be_meant() {
    let scene = Scene::of(SEED, JIRA);
    scene
        .runs(
            TREE,
            "blocked: add member.devs/eve@acme.com: identity-unresolved
             blocked: remove member.devs/account:acc-mal: identity-unresolved",
            "",
        )
        .await;
    let plan = scene.plan(TREE).await;
    let why = &plan.blocked[0].why;
    let candidates = "acc-eve (Eve Adams), acc-mal (Mal)";
    assert!(why.ends_with(candidates), "those whose names sound like it come first: {why}");
}

#[tokio::test(start_paused = true)]
async fn the_lock_tells_who_somebody_is() {
    let scene = Scene::of(SEED, JIRA);
    let lock = "version: 1\nusers: { eve@acme.com: { account: acc-eve, from: organization } }\n";
    applies_with_lock(&scene, lock).await;
}

async fn applies_with_lock(scene: &Scene, lock: &str) {
    let text = format!("{}{TREE}", head("rollbook"));
    let tree = site::tree(&[("rollbook.yaml", &text), ("rollbook.lock", lock)]);
    let plan = scene.plan_tree(&tree).await;
    same(
        &lines(&plan),
        "remove member.devs/account:acc-mal via jira
         add member.devs/eve@acme.com via jira",
    );
    assert_eq!(from(&plan), ["acc-eve by lock"]);
    same(&scene.apply(&plan).await, "devs: +eve -mal");
    same(&lines(&scene.plan_tree(&tree).await), "");
}

#[tokio::test(start_paused = true)]
async fn an_export_of_the_console_makes_the_lock() {
    let scene = Scene::of(SEED, JIRA);
    let tree = scene.tree(TREE);
    let declaration = declared(&tree);
    let desired = Desired::of(&declaration, TODAY).with_lookup(Lookup::ForLock);
    let live =
        fetch::live_state(&scene.surfaces(), &desired, rollbook::plan::Beside::default()).await.unwrap();
    let exported = BTreeMap::from([(Email::parse("eve@acme.com").unwrap(), AccountId::new("acc-eve"))]);
    let locking = plan::lock(&desired, &live, &exported);
    assert_eq!(locking.diagnostics, vec![]);
    let eve = &locking.lock.users[&Email::parse("eve@acme.com").unwrap()];
    assert_eq!((eve.id.as_str(), eve.from.as_str()), ("acc-eve", "accounts"));
    applies_with_lock(&scene, &lock_text(&locking.lock)).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_of_the_directory_tells_who_somebody_is() {
    let seed = SEED.replace("name: Eve Adams,", "name: Eve Adams, scim: {},");
    let scene = Scene::of(&seed, Keys { scim: true, ..JIRA });
    let plan = scene.plan(TREE).await;
    same(
        &lines(&plan),
        "remove member.devs/account:acc-mal via jira
         add member.devs/eve@acme.com via jira",
    );
    assert_eq!(from(&plan), ["acc-eve by scim"]);
    same(&scene.apply(&plan).await, "devs: +eve -mal");
    scene.is_done(TREE, &plan).await;
}

/// An email that the directory has for somebody who goes by another one may be anybody's of the two: nobody is taken for
/// them, and nobody is invited by it.
#[tokio::test(start_paused = true)]
async fn a_record_of_the_directory_that_disagrees_says_nothing() {
    let seed = "
users:
  - { email: ada@acme.com }
  - { account-id: acc-eve, email: eve@acme.com, hide-email: true, scim: { user-name: zz@acme.com } }
  - { account-id: acc-old, email: old@acme.com, scim: { user-name: old@acme.com, attributes: { emails: [{ value: bob@acme.com, primary: true, type: work }] } } }
  - { account-id: acc-bob, email: bob@acme.com }
groups:
  - { name: devs, members: [ada@acme.com, old@acme.com] }
";
    let tree = "
policy: { invite-domains: [acme.com] }
users: { zz@acme.com: { active: true } }
groups: { devs: { members: [ada@acme.com, eve@acme.com, bob@acme.com, zz@acme.com] } }
";
    let keys = Keys { scim: true, ..JIRA };
    let plan = Scene::of(seed, keys).plan(tree).await;
    same(
        &lines(&plan),
        "add member.devs/eve@acme.com via jira
         blocked: activate user.zz@acme.com: identity-ambiguous
         blocked: add member.devs/bob@acme.com: identity-ambiguous
         blocked: remove member.devs/old@acme.com: identity-ambiguous
         blocked: add member.devs/zz@acme.com: identity-ambiguous",
    );
    let why: Vec<&str> = plan.blocked.iter().map(|it| it.why.as_str()).collect();
    assert!(
        why.contains(
            &"the SCIM directory has bob@acme.com in the record of acc-old, which goes by another email, and it is that \
              of acc-bob"
        ),
        "{why:?}"
    );
    // A pin says who is meant, and the directory's email matters only to people that the tree names by it.
    let pinned = tree
        .replace("users: { zz@acme.com: { active: true }", "users: { bob@acme.com: { account: acc-bob }")
        .replace(", zz@acme.com", "");
    same(
        &lines(&Scene::of(seed, keys).plan(&pinned).await),
        "remove member.devs/old@acme.com via jira
         add member.devs/bob@acme.com via jira
         add member.devs/eve@acme.com via jira",
    );
}

/// An invited person who has not accepted hides the email from Jira. The invitation is not sent again.
#[tokio::test(start_paused = true)]
async fn who_has_not_accepted_is_not_invited_again() {
    let seed = "
users:
  - { account-id: acc-new, email: new@acme.com, pending: true, hide-email: true }
groups:
  - { name: devs, members: [new@acme.com] }
";
    let tree = "
policy: { invite-domains: [acme.com] }
users: { new@acme.com: { active: true } }
groups: { devs: { members: [new@acme.com] } }
";
    for keys in [ALL, BOTH, ORGANIZATION] {
        Scene::of(seed, keys).runs(tree, "", "").await;
    }
    let plan = Scene::of(seed, JIRA).plan(tree).await;
    same(
        &lines(&plan),
        "blocked: activate user.new@acme.com: identity-unresolved
         blocked: add member.devs/new@acme.com: identity-unresolved
         blocked: remove member.devs/account:acc-new: identity-unresolved",
    );
}
