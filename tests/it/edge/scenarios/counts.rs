//! How many requests a plan takes: by batches, and nothing by person.

use rollbook::sandbox::{RequestLog, Seed, SeedGroup, SeedUser};

use super::look::lines;
use super::{ALL, BOTH, HEAD, Keys, ORGANIZATION, ROOT, Scene, head, same, site, with_root};

const SEARCH: &str = "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";

/// A site with so many people, all of them in a hundred groups.
fn crowd(people: usize, keys: Keys) -> (Scene, String) {
    let mut seed = Seed::parse(&format!("{HEAD}{}", with_root(""))).unwrap();
    // The tree names root too, as its operator.
    let email = |at: usize| if at == 0 { ROOT.to_owned() } else { format!("u{at:05}@acme.com") };
    let users = (1..people).map(|at| SeedUser {
        email: Some(email(at)),
        hide_email: at % 2 == 0,
        ..SeedUser::default()
    });
    seed.users.extend(users);
    let mut tree = String::from("groups:\n");
    let each = people / 100;
    for group in 0..100 {
        let members: Vec<String> = (group * each..(group + 1) * each).map(email).collect();
        tree.push_str(&format!("  g{group:02}: {{ members: [{}] }}\n", members.join(", ")));
        seed.groups.push(SeedGroup { name: format!("g{group:02}"), members, ..SeedGroup::default() });
    }
    (Scene::seeded(&seed, keys), tree)
}

/// The routes that were asked more often than this, with how often.
fn often(log: &RequestLog, most: u64) -> Vec<(&String, u64)> {
    log.counts.keys().map(|route| (route, log.count(route))).filter(|(_, count)| *count > most).collect()
}

/// A hundred emails a request; and of a hundred groups the members, each in a page or a batch of its own.
#[tokio::test(start_paused = true)]
async fn ten_thousand_people_are_found_with_a_hundred_searches() {
    let (scene, tree) = crowd(10_000, BOTH);
    same(&lines(&scene.plan(&tree).await), "");
    let log = scene.requests();
    assert!(log.count(SEARCH) <= 100, "{:#?}", log.counts);
    // 100 groups of 100 people each: Jira pages them by 50 or more.
    assert_eq!(often(&log, 200), vec![], "nothing by person");
}

#[tokio::test(start_paused = true)]
async fn the_organization_alone_reads_ten_groups_at_a_time() {
    let (scene, tree) = crowd(10_000, ORGANIZATION);
    same(&lines(&scene.plan(&tree).await), "");
    let log = scene.requests();
    // A hundred for the emails; the members of ten groups are ten pages of a hundred, and that ten times.
    assert!(log.count(SEARCH) <= 200, "{:#?}", log.counts);
    assert_eq!(often(&log, 200), vec![], "nothing by person");
}

/// 500 people of a thousand leave their groups and 500 others come: reads by batch, one write each.
#[tokio::test(start_paused = true)]
async fn changes_of_many_people_read_nothing_by_person() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let (scene, tree) = crowd(1_000, keys);
        let tree = tree.replace("g02:", "gnew:").replace("g03:", "g02:").replace("gnew:", "g03:");
        let plan = scene.plan(&tree).await;
        assert_eq!(plan.operations.len(), 40);
        let log = scene.requests();
        assert_eq!(often(&log, 210), vec![], "nothing by person");
    }
}

/// 300 people leave: what is read of them is read by the batch, and each takes the writes that it takes.
#[tokio::test(start_paused = true)]
async fn many_who_leave_are_read_by_batches() {
    for keys in [ALL, BOTH, ORGANIZATION] {
        let (scene, tree) = crowd(1_000, keys);
        let users: Vec<String> =
            (1..=300).map(|at| format!("  u{at:05}@acme.com: {{ active: false }}\n")).collect();
        let tree = format!("policy: {{ offboard: suspend }}\nusers:\n{}{tree}", users.concat());
        let plan = scene.plan(&tree).await;
        assert_eq!((plan.operations.len(), plan.blocked.len()), (600, 0));
        // 100 groups; 300 people by ten, and so are the kinds of groups.
        assert_eq!(often(&scene.requests(), 110), vec![], "nothing by person");
        let before = scene.requests().total();
        let changed = scene.apply(&plan).await;
        assert_eq!(changed.lines().count(), 331, "300 people and 31 groups");
        let sent = scene.requests().total() - before;
        assert!(sent <= 600 + 150, "600 writes, and reads by the batch: {sent}");
        scene.is_done(&tree, &plan).await;
    }
}

/// The lock spares the search by email; whose status matters is asked about ten at a time.
#[tokio::test(start_paused = true)]
async fn a_locked_tree_asks_for_no_email() {
    let (scene, tree) = crowd(1_000, BOTH);
    let state = scene.state();
    let users = state.accounts.iter().filter_map(|(id, account)| Some((account.email.as_ref()?, id)));
    let lock: String =
        users.map(|(email, id)| format!("  {email}: {{ account: \"{id}\", from: jira }}\n")).collect();
    let text = format!("{}{tree}", head("rollbook"));
    let lock = format!("version: 1\nusers:\n{lock}");
    let tree = site::tree(&[("rollbook.yaml", &text), ("rollbook.lock", &lock)]);
    same(&lines(&scene.plan_tree(&tree).await), "");
    assert_eq!(scene.requests().count(SEARCH), 0);
}
