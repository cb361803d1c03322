//! The load law, in virtual time: under Atlassian's burst limits a big apply gets through nearly as fast as the limits
//! allow, and is hardly ever turned away.

use std::time::Duration;

use rollbook::atlassian;
use rollbook::model::Outcome;
use rollbook::sandbox::{Limits, Options, Sandbox, Seed, SeedGroup, SeedUser};

use super::front::Front;
use super::site::{apply, declared, one_file, plan_of, surfaces_with, wall, with_root};

const GROUPS: usize = 50;

/// Requests a second that Jira takes, and at once when nothing was asked before (fact sheet §3.2).
const POST: f64 = 100.0;
const DELETE: f64 = 50.0;

/// How an apply went.
#[derive(Debug)]
struct Load {
    /// From the first write to the last one.
    seconds: f64,
    writes: usize,
    turned_away: usize,
}

/// Adds and removes so many members in each of the groups, with an answer that takes 100 ms and the way there and back
/// up to 20 ms more.
async fn load(adds: usize, removes: usize, concurrency: usize) -> Load {
    let person = |n: usize| format!("p{n}@acme.com");
    let mut seed = Seed::default();
    for n in 0..adds + removes {
        seed.users.push(SeedUser { email: Some(person(n)), ..SeedUser::default() });
    }
    let mut groups = String::from("groups:\n");
    let desired: Vec<String> = (removes..adds + removes).map(person).collect();
    for n in 0..GROUPS {
        let members = (0..removes).map(person).collect();
        seed.groups.push(SeedGroup { name: format!("g{n}"), members, ..SeedGroup::default() });
        groups.push_str(&format!("  g{n}: {{ members: [{}] }}\n", desired.join(", ")));
    }
    with_root(&mut seed);
    let latency = Duration::from_millis(100);
    let options = Options { limits: Limits::Atlassian, latency, epoch: Some(wall()), ..Options::default() };
    let front = Front::new(Sandbox::new(&seed, &options).unwrap()).faulty().shaken(1);
    let options = atlassian::Options { seed: 1, wall, ..atlassian::Options::default() };
    let surfaces = surfaces_with(&front, options);
    let tree = one_file(&groups);
    let plan = plan_of(&surfaces, &tree, &declared(&tree)).await.unwrap();
    assert_eq!(plan.operations.len(), GROUPS * (adds + removes));
    let report = apply(&surfaces, &plan, concurrency).await;
    assert!(report.outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Applied(_))));

    let writes = front.sandbox.requests().writes;
    let turned_away = writes.iter().filter(|write| write.status == 429).count();
    let ms = writes.last().unwrap().at_ms - writes[0].at_ms;
    let seconds = Duration::from_millis(ms).as_secs_f64();
    Load { seconds, writes: writes.len(), turned_away }
}

/// How long the limits make so many writes take, when revokes go first, as they do (design §8): each of the two routes
/// takes a second's worth at once.
fn at_least(adds: usize, removes: usize) -> f64 {
    let count = |each: usize| f64::from(u32::try_from(each * GROUPS).unwrap());
    let takes = |count: f64, rate: f64| ((count - rate) / rate).max(0.0);
    takes(count(adds), POST) + takes(count(removes), DELETE)
}

/// What share of the pace that the limits allow an apply has.
async fn share(adds: usize, removes: usize, concurrency: usize) -> f64 {
    let load = load(adds, removes, concurrency).await;
    let share = at_least(adds, removes) / load.seconds;
    println!(
        "{adds} and {removes} in each group, {concurrency} at a time: {load:?}, {share:.3} of the limit"
    );
    assert!(load.turned_away * 100 < load.writes, "{load:?}");
    share
}

#[tokio::test(start_paused = true)]
async fn five_thousand_operations_go_at_the_pace_of_the_limits() {
    for (adds, removes) in [(60, 40), (100, 0), (0, 100)] {
        let share = share(adds, removes, 32).await;
        assert!(share >= 0.95, "{adds} and {removes}: {share}");
    }
}

/// What `apply` does unless it is told otherwise. An answer that takes 110 ms leaves ten workers 90 requests a second,
/// which is less than the limit of additions and more than that of removals.
#[tokio::test(start_paused = true)]
async fn ten_at_a_time_go_at_nearly_that_pace() {
    for (adds, removes, least) in [(60, 40, 0.9), (100, 0, 0.85), (0, 100, 0.95)] {
        let share = share(adds, removes, 10).await;
        assert!(share >= least, "{adds} and {removes}: {share}");
    }
}
