//! Groups that give roles in apps.

use std::time::Duration;

use rollbook::model::{Journal, Outcome};
use rollbook::sandbox::{self, Sandbox, Seed};

use super::look::{difference, lines, notes};
use super::{BOTH, HEAD, JIRA, ORGANIZATION, Scene, same, site, told, with_root};

const SEED: &str = "
apps:
  - { key: jira-software, seats: 5 }
  - { key: confluence }
users:
  - { email: ada@acme.com }
  - { email: bob@acme.com }
  - { email: cy@acme.com }
groups:
  - { name: engineering, grants: { jira-software: user }, members: [ada@acme.com, bob@acme.com] }
  - { name: okta-engineering, managed-by: EXTERNAL, members: [ada@acme.com, bob@acme.com, cy@acme.com] }
";

/// The app moves from a group of the tree to one that an identity provider fills.
const MOVED: &str = "
groups:
  engineering: { members: [ada@acme.com, bob@acme.com], grants: [] }
  okta-engineering:
    members: unmanaged
    grants: [{ app: jira-software, role: user }]
";

const MOVES: &str = "
assign grant.okta-engineering/jira-software/user via organization
revoke grant.engineering/jira-software/user via organization after assign grant.okta-engineering/jira-software/user";

async fn took_back(scene: &Scene, tree: &str, journal: &Journal, expected: &str) {
    let tree = scene.tree(tree);
    let declaration = site::declared(&tree);
    let surfaces = scene.surfaces();
    let plan = site::plan_or_undo(&surfaces, &tree, &declaration, Some(journal)).await.unwrap();
    same(&lines(&plan), expected);
    scene.apply(&plan).await;
}

#[tokio::test(start_paused = true)]
async fn an_app_moves_and_nobody_loses_it() {
    for keys in [BOTH, ORGANIZATION] {
        let scene = Scene::of(SEED, keys);
        scene
            .runs(
                MOVED,
                MOVES,
                "engineering: -jira-software/user
                 okta-engineering: +jira-software/user",
            )
            .await;
        // Atlassian mails whom the app is new to, and nobody else.
        assert_eq!(scene.sandbox.mails().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_organization_it_is_said_what_is_missing() {
    let scene = Scene::of(SEED, JIRA);
    let plan = scene.plan(MOVED).await;
    same(
        &lines(&plan),
        "blocked: assign group.engineering: no-surface
         blocked: assign group.okta-engineering: no-surface",
    );
    assert!(plan.blocked.iter().all(|it| it.help.contains("ROLLBOOK_ORG_API_KEY")), "{plan:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_is_taken_back() {
    let scene = Scene::of(SEED, BOTH);
    let before = scene.state();
    let plan = scene.plan(MOVED).await;
    let (report, journal) = site::apply_journalled(&scene.surfaces(), &plan, 4).await;
    assert!(report.complete(), "{:?}", told(&report));
    let as_it_was = "
groups:
  engineering: { members: [ada@acme.com, bob@acme.com], grants: [{ app: jira-software, role: user }] }
  okta-engineering: { members: unmanaged, grants: [] }
";
    took_back(
        &scene,
        as_it_was,
        &journal,
        "assign grant.engineering/jira-software/user via organization
         revoke grant.okta-engineering/jira-software/user via organization after assign grant.engineering/jira-software/user",
    )
    .await;
    assert_eq!(scene.state().groups, before.groups);
}

/// What another client has measured: a role is seen 35 seconds after it was written.
#[tokio::test(start_paused = true)]
async fn a_role_is_looked_for_until_it_is_seen() {
    let seed = Seed::parse(&format!("{HEAD}{}", with_root(SEED))).unwrap();
    let lag = Duration::from_secs(35);
    let options = sandbox::Options { lag, ..sandbox::Options::default() };
    let scene = Scene { sandbox: Sandbox::new(&seed, &options).unwrap(), keys: BOTH, authority: "rollbook" };
    let plan = scene.plan(MOVED).await;
    let begun = tokio::time::Instant::now();
    let report = site::apply(&scene.surfaces(), &plan, 4).await;
    assert!(
        report.outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Applied { seen: true })),
        "{:?}",
        told(&report)
    );
    assert!(begun.elapsed() >= lag, "{:?}", begun.elapsed());
    assert!(begun.elapsed() < 4 * lag, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_that_a_licence_is_full_and_apply_meets_it() {
    let scene = Scene::of(&SEED.replace("seats: 5", "seats: 2"), BOTH);
    let plan = scene.plan(MOVED).await;
    assert!(notes(&plan).contains(&"seats-short"), "{}", lines(&plan));
    let before = scene.state();
    let report = site::apply(&scene.surfaces(), &plan, 10).await;
    let told = told(&report);
    assert!(told[0].contains("okta-engineering/jira-software/user: failed: "), "{told:?}");
    assert!(told[0].contains("You've exceeded your user limit"), "{told:?}");
    // The app stays where it was: nobody is without it for that.
    assert_eq!(scene.state().groups, before.groups);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_made_filled_and_given_an_app_in_one_run() {
    let tree = "
groups:
  new:
    members: [cy@acme.com]
    grants:
      - { app: jira-software, role: user }
      - { app: confluence, role: user, because: the wiki }
";
    Scene::of(SEED, BOTH)
        .runs(
            tree,
            "create group.new via organization
             add member.new/cy@acme.com via organization after create group.new
             assign grant.new/confluence/user via organization after create group.new
             assign grant.new/jira-software/user via organization after create group.new",
            "new: new, Admins: cy",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_list_leaves_out_goes_and_a_default_group_keeps_its_app() {
    let seed = SEED.replace(
        "{ name: engineering, grants: { jira-software: user },",
        "{ name: engineering, grants: { jira-software: user, confluence: user }, default-for: [jira-software],",
    );
    let tree = "groups: { engineering: { members: [ada@acme.com, bob@acme.com], grants: [] } }\n";
    let scene = Scene::of(&seed, BOTH);
    let plan = scene.plan(tree).await;
    same(&lines(&plan), "revoke grant.engineering/confluence/user via organization");
    assert!(notes(&plan).contains(&"default-group-kept"), "{:?}", notes(&plan));
    same(&scene.apply(&plan).await, "engineering: -confluence/user");
}

#[tokio::test(start_paused = true)]
async fn the_roles_of_two_hundred_groups_are_read_by_twelve_requests_at_most() {
    const APPS: [&str; 3] = ["jira-software", "confluence", "jira-servicedesk"];
    let apps: String = APPS.map(|app| format!("  - {{ key: {app} }}\n")).concat();
    let roles = APPS.map(|app| format!("{app}: user")).join(", ");
    let groups: String = (0..200)
        .map(|n| format!("  - {{ name: g{n}, grants: {{ {roles} }}, members: [ada@acme.com] }}\n"))
        .collect();
    let seed = format!("apps:\n{apps}users:\n  - {{ email: ada@acme.com }}\ngroups:\n{groups}");
    let grants = APPS.map(|app| format!("{{ app: {app}, role: user }}")).join(", ");
    let requests = async |grants: &str| {
        let tree: String =
            (0..200).map(|n| format!("  g{n}: {{ members: [ada@acme.com]{grants} }}\n")).collect();
        let scene = Scene::of(&seed, BOTH);
        let plan = scene.plan(&format!("groups:\n{tree}")).await;
        same(&lines(&plan), "");
        let log = serde_json::to_value(scene.requests()).unwrap();
        let routes = log["counts"].as_object().unwrap().values();
        routes
            .flat_map(|by| by.as_object().unwrap().values())
            .filter_map(serde_json::Value::as_u64)
            .sum::<u64>()
    };
    let (with, without) = (requests(&format!(", grants: [{grants}]")).await, requests("").await);
    assert!(with <= without + 12, "{with} and {without}");
}

/// Plans, applies, and takes the run back: the plan, what changed, and the state as it was before.
async fn there_and_back(scene: &Scene, tree: &str, expected_plan: &str, expected_change: &str) {
    let before = scene.state();
    let plan = scene.plan(tree).await;
    same(&lines(&plan), expected_plan);
    let (report, journal) = site::apply_journalled(&scene.surfaces(), &plan, 4).await;
    assert!(report.complete(), "{:?}", told(&report));
    same(&difference(&before, &scene.state()), expected_change);
    scene.is_done(tree, &plan).await;
    let tree = scene.tree(tree);
    let back = site::plan_or_undo(&scene.surfaces(), &tree, &site::declared(&tree), Some(&journal)).await;
    scene.apply(&back.unwrap()).await;
    assert_eq!(difference(&before, &scene.state()), "");
}

#[tokio::test(start_paused = true)]
async fn a_synced_group_with_unmanaged_members_is_given_an_app_and_nothing_else() {
    let tree = "
groups:
  okta-engineering:
    members: unmanaged
    grants: [{ app: confluence, role: user }]
";
    there_and_back(
        &Scene::of(SEED, BOTH),
        tree,
        "assign grant.okta-engineering/confluence/user via organization",
        "okta-engineering: +confluence/user",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_end_takes_an_app_and_an_undo_does_not_give_it_again() {
    let tree = "
groups:
  engineering:
    members: [ada@acme.com, bob@acme.com]
    grants: [{ app: jira-software, role: user, until: 2026-11-20, because: OPS-1 }]
";
    let scene = Scene::of(SEED, BOTH);
    let plan = scene.plan(tree).await;
    same(&lines(&plan), "revoke grant.engineering/jira-software/user via organization");
    assert_eq!(plan.operations[0].reason, rollbook::model::Reason::Expired);
    let (_, journal) = site::apply_journalled(&scene.surfaces(), &plan, 4).await;
    scene.is_done(tree, &plan).await;
    // The tree ends it: taking the run back is blocked.
    let tree = scene.tree(tree);
    let back =
        site::plan_or_undo(&scene.surfaces(), &tree, &site::declared(&tree), Some(&journal)).await.unwrap();
    same(&lines(&back), "blocked: assign grant.engineering/jira-software/user: undo-denied");
}

#[tokio::test(start_paused = true)]
async fn the_last_group_that_gives_an_app_its_administrators_stays_and_so_does_its_last_person() {
    let seed = "
apps:
  - { key: jira-software }
users:
  - { email: ada@acme.com }
  - { email: bob@acme.com }
groups:
  - { name: jira-admins, grants: { jira-software: admin }, members: [ada@acme.com, bob@acme.com] }
";
    let tree = |members: &str, grants: &str| {
        format!("groups:\n  jira-admins: {{ members: [{members}], grants: [{grants}] }}\n")
    };
    let admin = "{ app: jira-software, role: admin }";
    for keys in [BOTH, ORGANIZATION] {
        let scene = Scene::of(seed, keys);
        scene
            .runs(
                &tree("ada@acme.com, bob@acme.com", ""),
                "blocked: revoke grant.jira-admins/jira-software/admin: last-admin",
                "",
            )
            .await;
        there_and_back(
            &scene,
            &tree("ada@acme.com", admin),
            "remove member.jira-admins/bob@acme.com via organization",
            "jira-admins: -bob",
        )
        .await;
        // Nobody who is active would be left: neither of the two goes.
        scene
            .runs(
                &tree("", admin),
                "blocked: remove member.jira-admins/ada@acme.com: last-admin
                 blocked: remove member.jira-admins/bob@acme.com: last-admin",
                "",
            )
            .await;
        let mut leaves = tree("ada@acme.com, bob@acme.com", admin);
        leaves.push_str("users: { ada@acme.com: { active: false }, bob@acme.com: { active: false } }\n");
        let plan = scene.plan(&leaves).await;
        assert!(plan.operations.is_empty(), "{}", lines(&plan));
        assert!(lines(&plan).contains("user.ada@acme.com: last-admin"), "{}", lines(&plan));
        // Somebody who comes in the same run does.
        let root = tree("root@acme.com", admin);
        let plan = scene.plan(&root).await;
        assert!(plan.blocked.is_empty(), "{}", lines(&plan));
    }
}
