//! The load law, in virtual time: under Atlassian's burst limits a big apply gets through nearly as fast as the limits
//! allow, and is hardly ever turned away.

use std::time::Duration;

use rollbook::atlassian;
use rollbook::commands::CONCURRENCY;
use rollbook::model::Outcome;
use rollbook::sandbox::{Limits, Options, Sandbox, Seed, SeedGroup, SeedUser};

use super::front::Front;
use super::site::{apply, declared, one_file, plan_of, surfaces_with, wall, with_root};

const GROUPS: usize = 50;

/// Requests a second that Jira takes, and at once when nothing was asked before (docs/atlassian.md#burst-limits).
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
    assert!(
        report
            .outcomes
            .iter()
            .all(|(_, outcome)| matches!(outcome, Outcome::Applied { .. } | Outcome::Unconfirmed))
    );

    let writes = front.sandbox.requests().writes;
    let turned_away = writes.iter().filter(|write| write.status == 429).count();
    let ms = writes.last().unwrap().at_ms - writes[0].at_ms;
    let seconds = Duration::from_millis(ms).as_secs_f64();
    Load { seconds, writes: writes.len(), turned_away }
}

/// How long the limits make so many writes take: each of the two routes takes a second's worth at once, and neither
/// waits for the other.
fn at_least(adds: usize, removes: usize) -> f64 {
    let takes = |each: usize, rate: f64| ((count(each) - rate) / rate).max(0.0);
    takes(adds, POST).max(takes(removes, DELETE))
}

fn count(each: usize) -> f64 {
    f64::from(u32::try_from(each * GROUPS).unwrap())
}

/// The share of the possible pace that an apply reaches.
async fn share(adds: usize, removes: usize, concurrency: usize, at_least: f64) -> f64 {
    let load = load(adds, removes, concurrency).await;
    let share = at_least / load.seconds;
    println!(
        "{adds} and {removes} in each group, {concurrency} at a time: {load:?}, {share:.3} of the bound"
    );
    assert!(load.turned_away * 100 < load.writes, "{load:?}");
    share
}

/// What `apply` does by default.
#[tokio::test(start_paused = true)]
async fn five_thousand_operations_go_at_the_pace_of_the_limits() {
    for (adds, removes) in [(60, 40), (100, 0), (0, 100)] {
        let share = share(adds, removes, CONCURRENCY, at_least(adds, removes)).await;
        assert!(share >= 0.95, "{adds} and {removes}: {share}");
    }
}

/// Ten workers are ten requests in an answer's time of 110 ms, and no more than the limits allow.
#[tokio::test(start_paused = true)]
async fn fewer_workers_go_as_fast_as_they_can() {
    for (adds, removes) in [(60, 40), (100, 0), (0, 100)] {
        let workers = count(adds + removes) * 0.11 / 10.0;
        let share = share(adds, removes, 10, at_least(adds, removes).max(workers)).await;
        assert!(share >= 0.9, "{adds} and {removes}: {share}");
    }
}
