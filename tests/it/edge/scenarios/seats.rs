//! Licences that are full.

use super::look::{lines, notes};
use super::{ALL, BOTH, JIRA, ORGANIZATION, Scene, same, site, told};

const SEED: &str = "
apps: [{ key: jira-software, seats: 2 }]
users:
  - { email: ada@acme.com }
  - { email: bob@acme.com }
  - { email: cy@acme.com }
groups:
  - { name: users, grants: { jira-software: user }, default-for: [jira-software], members: [ada@acme.com, bob@acme.com] }
";

#[tokio::test(start_paused = true)]
async fn a_plan_says_that_seats_are_short_and_apply_meets_it() {
    let tree = "groups: { users: { members: [ada@acme.com, bob@acme.com, cy@acme.com] } }\n";
    for (keys, via) in [(ALL, "organization"), (BOTH, "organization"), (JIRA, "jira")] {
        let scene = Scene::of(SEED, keys);
        let plan = scene.plan(tree).await;
        same(&lines(&plan), &format!("add member.users/cy@acme.com via {via}"));
        assert_eq!(notes(&plan), ["seats-short"]);
        let report = site::apply(&scene.surfaces(), &plan, 10).await;
        let told = told(&report);
        assert!(told[0].contains("cy@acme.com: failed: "), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_frees_a_seat_goes_before_what_takes_it() {
    let tree = "groups: { users: { members: [ada@acme.com, cy@acme.com] } }\n";
    for (keys, via) in [(ALL, "organization"), (BOTH, "organization"), (JIRA, "jira")] {
        let scene = Scene::of(SEED, keys);
        let plan = scene.plan(tree).await;
        same(
            &lines(&plan),
            &format!(
                "remove member.users/bob@acme.com via {via}
                 add member.users/cy@acme.com via {via} after remove member.users/bob@acme.com"
            ),
        );
        assert_eq!(notes(&plan), Vec::<&str>::new());
        same(&scene.apply(&plan).await, "users: +cy -bob");
        scene.is_done(tree, &plan).await;
    }
}

/// Suspending frees a seat too, and so does an invitation take one.
#[tokio::test(start_paused = true)]
async fn an_invitation_waits_for_the_seat_of_somebody_who_leaves() {
    let tree = "
policy: { invite-domains: [acme.com], offboard: suspend }
users:
  bob@acme.com: { active: false }
  new@acme.com: { active: true, apps: [jira-software] }
groups: { users: { members: [ada@acme.com, new@acme.com] } }
";
    let scene = Scene::of(SEED, BOTH);
    let plan = scene.plan(tree).await;
    same(
        &lines(&plan),
        "suspend user.bob@acme.com via organization
         remove member.users/bob@acme.com via organization
         invite user.new@acme.com via organization after suspend user.bob@acme.com, remove member.users/bob@acme.com
         add member.users/new@acme.com via organization after suspend user.bob@acme.com, invite user.new@acme.com, remove member.users/bob@acme.com",
    );
    assert_eq!(notes(&plan), Vec::<&str>::new());
    same(
        &scene.apply(&plan).await,
        "bob: active -> active suspended
         new: new, active pending
         users: +new -bob",
    );
    scene.is_done(tree, &plan).await;
}

/// Without Jira the number of seats is unknown: the plan cannot show it, and apply fails on it.
#[tokio::test(start_paused = true)]
async fn without_jira_seats_are_not_known() {
    let tree = "groups: { users: { members: [ada@acme.com, bob@acme.com, cy@acme.com] } }\n";
    let scene = Scene::of(SEED, ORGANIZATION);
    let plan = scene.plan(tree).await;
    assert_eq!(notes(&plan), ["apps-not-shown"]);
    let told = told(&site::apply(&scene.surfaces(), &plan, 10).await);
    assert!(told[0].contains("cy@acme.com: failed: "), "{told:?}");
}

/// Somebody who is restored takes the seat of their group again, when the one that is freed is free.
#[tokio::test(start_paused = true)]
async fn who_comes_back_waits_for_a_seat() {
    let seed = SEED
        .replace("email: cy@acme.com", "email: cy@acme.com, suspended: true")
        .replace("bob@acme.com] }", "bob@acme.com, cy@acme.com] }");
    let tree = "
users: { cy@acme.com: { active: true } }
groups: { users: { members: [ada@acme.com, cy@acme.com] } }
";
    let scene = Scene::of(&seed, BOTH);
    let plan = scene.plan(tree).await;
    same(
        &lines(&plan),
        "remove member.users/bob@acme.com via organization
         activate user.cy@acme.com via organization after remove member.users/bob@acme.com",
    );
    same(
        &scene.apply(&plan).await,
        "cy: active suspended -> active
         users: -bob",
    );
    scene.is_done(tree, &plan).await;
    let full = "users: { cy@acme.com: { active: true } }\n";
    let scene = Scene::of(&seed, BOTH);
    let plan = scene.plan(full).await;
    assert_eq!(notes(&plan), ["seats-short"]);
}
