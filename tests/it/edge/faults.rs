//! Whatever goes wrong on the way, running again converges (docs/design.md#journal): on the state that a calm run leads
//! to, with nothing done that the calm plan does not hold, and no write sent twice in one run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt as _;
use rollbook::apply::Executor;
use rollbook::atlassian::Surfaces;
use rollbook::model::{Declaration, Plan, Report, Tree};
use rollbook::sandbox::{Options, Sandbox, State};
use tokio::sync::watch;
use tokio::time::sleep;

use super::front::{Exchange, Front, Trick};
use super::random::World;
use super::site::{apply, declared, journal, journal_tells, plan_of, surfaces};
use crate::atlassian::contract::Asked;
use crate::soak::worlds;

/// Who is in which group, and who is there at all, by the names that outlive a run. A removed user is shown
/// as inactive (docs/atlassian.md#removed-and-inactive-look-alike), so that a run which comes after the removals alone
/// leaves it at that.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Site {
    groups: BTreeMap<String, BTreeSet<String>>,
    live: BTreeMap<String, bool>,
}

impl Site {
    pub(super) fn of(state: &State) -> Self {
        let name = |id: &String| state.accounts[id].email.clone().unwrap_or_else(|| id.clone());
        let members = |ids: &BTreeSet<String>| ids.iter().map(name).collect();
        Self {
            groups: state
                .groups
                .values()
                .map(|group| (group.name.clone(), members(&group.members)))
                .collect(),
            live: state.accounts.iter().map(|(id, account)| (name(id), account.is_live())).collect(),
        }
    }

    /// Whether everything here is as before or as intended.
    fn is_between(&self, before: &Self, after: &Self) -> bool {
        let either = |group: &str, who: &str, is: bool| {
            let of = |site: &Self| site.groups.get(group).is_some_and(|members| members.contains(who));
            is == of(before) || is == of(after)
        };
        let names = self.live.keys();
        self.groups.iter().all(|(group, members)| {
            let known = before.groups.contains_key(group) || after.groups.contains_key(group);
            known && names.clone().all(|who| either(group, who, members.contains(who)))
        }) && before
            .groups
            .keys()
            .all(|group| self.groups.contains_key(group) || !after.groups.contains_key(group))
            && self
                .live
                .iter()
                .all(|(who, is)| before.live.get(who) == Some(is) || after.live.get(who) == Some(is))
    }
}

/// What goes wrong with every seventh request or so.
fn faults(number: u64) -> impl Fn() -> Trick + Send + Sync + Clone + 'static {
    let rng = Arc::new(Mutex::new(Rng::with_seed(number)));
    move || match rng.lock().unwrap().u32(..36) {
        0 => Trick::Instead(502, "<html>Bad Gateway</html>".to_owned()),
        1 => Trick::Instead(500, r#"{"errorMessages":["Internal server error"],"errors":{}}"#.to_owned()),
        2 => Trick::Instead(200, "<html>Log in to the hotel's network</html>".to_owned()),
        3 | 4 => Trick::BreakOff,
        5 => Trick::Instead(429, "local_rate_limited".to_owned()),
        _ => Trick::Pass,
    }
}

/// Carries a plan out, and stops after so many answers.
async fn stopped_after(mut left: u64, surfaces: &Surfaces, plan: &Plan) -> Report {
    let (stop, stopped) = watch::channel(left == 0);
    let journal = journal(plan).await;
    let executor = Executor {
        surfaces,
        journal: &journal,
        concurrency: 4,
        stop: stopped,
        deadline: None,
        accounts: super::site::NO_ACCOUNTS,
    };
    let report = executor
        .run(plan, |_| {
            left = left.saturating_sub(1);
            let _ = stop.send(left == 0);
        })
        .await;
    journal_tells(&journal, &report);
    report
}

/// Nothing but what was turned away at the door is sent again without a read in between, nothing more than a few times, and
/// no invitation a second time.
fn no_write_is_sent_twice(front: &Front, from: usize) {
    let exchanges: Vec<Exchange> = front.exchanges().into_iter().skip(from).collect();
    let mut sent: Vec<(usize, &Exchange)> = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let asked = &exchange.asked;
        if asked.method == "GET" || exchange.status == 429 {
            continue;
        }
        let before: Vec<usize> =
            sent.iter().filter(|(_, sent)| sent.asked == *asked).map(|(number, _)| *number).collect();
        assert!(
            before.len() < 5 && (before.is_empty() || asked.route() != "POST /rest/api/3/user"),
            "{asked}"
        );
        for last in before {
            let read = exchanges[last..number].iter().any(|it| shows(&it.asked, asked));
            assert!(read, "sent twice, and no read in between: {asked}");
        }
        sent.push((number, exchange));
    }
}

/// Whether a request reads what a write was to change.
fn shows(read: &Asked, write: &Asked) -> bool {
    let value = |asked: &Asked, name: &str| {
        let of_name = asked.query.iter().filter(|(it, _)| it == name);
        of_name.map(|(_, value)| value.clone()).next()
    };
    let same = |name: &str| value(read, name).is_some() && value(read, name) == value(write, name);
    read.method == "GET"
        && match read.path.as_str() {
            "/rest/api/3/group/member" => same("groupId"),
            "/rest/api/3/group/bulk" => write.route() == "POST /rest/api/3/group",
            "/rest/api/3/user/bulk" => write.route() == "DELETE /rest/api/3/user",
            _ => false,
        }
}

async fn one_world(world: &World, number: u64) {
    let sandbox = |rng_seed| Sandbox::new(&world.seed, &Options { rng_seed, ..Options::default() }).unwrap();
    let tree = world.tree();
    let declaration = declared(&tree);

    let calm = Front::new(sandbox(number));
    let before = Site::of(&calm.sandbox.state());
    run(&calm, &tree, &declaration).await;
    let after = Site::of(&calm.sandbox.state());

    let rough = sandbox(number + 1);
    let mut rng = Rng::with_seed(number);
    for round in 0..3 {
        let trick = faults(number * 10 + round);
        let front = Front::new(rough.clone()).with(move |_, _| trick());
        let surfaces = surfaces(&front, 8);
        // A plan that cannot be made is not a plan, and the next round comes.
        let Ok(plan) = plan_of(&surfaces, &tree, &declaration).await else { continue };
        let from = front.exchanges().len();
        let stop = rng.u64(..20);
        stopped_after(stop, &surfaces, &plan).await;
        no_write_is_sent_twice(&front, from);
        let now = Site::of(&rough.state());
        assert!(now.is_between(&before, &after), "{before:#?}\n{now:#?}\n{after:#?}");
        sleep(Duration::from_secs(60)).await;
    }
    let front = Front::new(rough);
    run(&front, &tree, &declaration).await;
    assert_eq!(Site::of(&front.sandbox.state()), after);
}

/// A run in which nothing goes wrong.
async fn run(front: &Front, tree: &Tree, declaration: &Declaration) {
    let surfaces = surfaces(front, 32);
    let plan = plan_of(&surfaces, tree, declaration).await.unwrap();
    apply(&surfaces, &plan, 8).await;
}

#[test]
fn running_again_converges() {
    let worlds = u64::from(worlds() / 40);
    let single = std::env::var("ROLLBOOK_WORLD").ok().and_then(|number| number.parse::<u64>().ok());
    for number in single.map_or(0..worlds, |number| number..number + 1) {
        let world = World::of(number);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let held = std::panic::AssertUnwindSafe(one_world(&world, number)).catch_unwind();
        if let Err(panic) = runtime.unwrap().block_on(held) {
            eprintln!("{}\nROLLBOOK_WORLD={number} comes here again", world.told());
            std::panic::resume_unwind(panic);
        }
    }
}
