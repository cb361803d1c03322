//! Laws under every fault that the sandbox knows, over random worlds: plan and apply, again and again, until nothing
//! is left to do. Then the site is what the tree asks for, nothing was done that no plan held, nothing was sent twice
//! without a look in between, and no report said what is not so (docs/design.md#apply).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt as _;
use rollbook::atlassian;
use rollbook::model::{AccountId, Declaration, GroupId, Key, Operation, Outcome, Plan, Ref, Report, Tree};
use rollbook::sandbox::{Failure, Fault, Options, Sandbox, State, Write};
use tokio::time::sleep;

use super::faults::Site;
use super::front::{Exchange, Front};
use super::random::World;
use super::site::{apply, declared, one_file, plan_of, seeded, surfaces, surfaces_with, told, wall};
use crate::atlassian::contract::Asked;
use crate::soak::worlds;

/// How often a world is planned and applied before that is too often.
const RUNS: usize = 30;

/// What a done write was about: its route, the group and the account.
type Wrote = (String, Option<String>, Option<String>);

/// A site in which things go wrong, and its expected outcome.
struct Rough {
    front: Front,
    tree: Tree,
    declaration: Declaration,
    lag: Duration,
    concurrency: usize,
    /// What is left to do when all is done: what cannot be.
    left: BTreeSet<Key>,
    /// What the site is then.
    after: Site,
}

/// What the worlds had in them, so that it is known that they had it.
#[derive(Debug, Default)]
struct Tally {
    faults: BTreeMap<String, u64>,
    runs: BTreeMap<usize, usize>,
    no_plan: usize,
    outcomes: BTreeMap<&'static str, usize>,
    lost_and_done: usize,
    lost_and_undone: usize,
}

/// A random mix of faults, of a quarter of all requests at most, as `--faults` takes it.
fn mix(rng: &mut Rng) -> String {
    let weights: Vec<f64> =
        Fault::ALL.iter().map(|_| if rng.u8(..3) == 0 { 0.0 } else { rng.f64() }).collect();
    let (sum, whole) = (weights.iter().sum::<f64>().max(1.0), 0.25 * rng.f64());
    let share = |(fault, weight): (&Fault, &f64)| format!("{}={:.6}", fault.name(), weight / sum * whole);
    Fault::ALL.iter().zip(&weights).map(share).collect::<Vec<_>>().join(",")
}

/// What an operation writes when its ids are known; those of what was never created are not.
fn writes(operation: &Operation, plan: &Plan, state: &State) -> Option<Wrote> {
    let maker = |key: &Key| plan.operations.iter().find(|planned| planned.key == *key);
    let group = |group: &Ref<GroupId>| match group {
        Ref::Known(id) => Some(id.to_string()),
        Ref::Made(key) => match &maker(key)?.operation {
            Operation::CreateGroup { name, .. } => state.group_named(name.as_str()).map(str::to_owned),
            other => panic!("{other:?} makes no group"),
        },
    };
    let account = |account: &Ref<AccountId>| match account {
        Ref::Known(id) => Some(id.to_string()),
        Ref::Made(key) => match &maker(key)?.operation {
            Operation::InviteUser { email, .. } => state.account_id(email.as_str()).map(str::to_owned),
            other => panic!("{other:?} makes no account"),
        },
    };
    let wrote = |route: &str, group, account| Some((route.to_owned(), group, account));
    match operation {
        Operation::CreateGroup { name, .. } => {
            wrote("POST /rest/api/3/group", Some(state.group_named(name.as_str())?.to_owned()), None)
        }
        Operation::InviteUser { email, .. } => {
            wrote("POST /rest/api/3/user", None, Some(state.account_id(email.as_str())?.to_owned()))
        }
        Operation::AddMember { group: to, account: who } => {
            wrote("POST /rest/api/3/group/user", Some(group(to)?), Some(account(who)?))
        }
        Operation::RemoveMember { membership } => wrote(
            "DELETE /rest/api/3/group/user",
            Some(membership.group().to_string()),
            Some(membership.account().to_string()),
        ),
        Operation::RemoveUser { account, .. } => {
            wrote("DELETE /rest/api/3/user", None, Some(account.to_string()))
        }
        Operation::DeleteGroup { group, .. } => {
            wrote("DELETE /rest/api/3/group", Some(group.to_string()), None)
        }
        other => panic!("Jira cannot do it: {other:?}"),
    }
}

/// The writes that were done, each with how often.
fn done(log: &[Write]) -> BTreeMap<Wrote, usize> {
    let mut done = BTreeMap::new();
    for write in log.iter().filter(|write| write.done) {
        let wrote = (write.route.clone(), write.group_id.clone(), write.account_id.clone());
        *done.entry(wrote).or_default() += 1;
    }
    done
}

/// Whether a read looks at what a write is about: the members of its group, all groups for one that is made, or the
/// account.
fn looks_at(read: &Asked, write: &Asked) -> bool {
    let group = write.query.iter().find(|(name, _)| name == "groupId");
    match (write.path.as_str(), group) {
        ("/rest/api/3/group", None) => read.path == "/rest/api/3/group/bulk",
        (_, Some(group)) => read.path == "/rest/api/3/group/member" && read.query.contains(group),
        (_, None) => read.path == "/rest/api/3/user/bulk",
    }
}

impl Rough {
    /// What was done is of the plan, once each; and a report that says "failed" or "not attempted" is right.
    fn the_log_fits(&self, plan: &Plan, report: &Report, log: &[Write], tally: &mut Tally) {
        let state = self.front.sandbox.state();
        let mut done = done(log);
        for (planned, (key, outcome)) in plan.operations.iter().zip(&report.outcomes) {
            let wrote = writes(&planned.operation, plan, &state);
            let times = wrote.and_then(|wrote| done.remove(&wrote)).unwrap_or(0);
            assert!(times <= 1, "{key} was done {times} times");
            let untrue = match outcome {
                Outcome::Failed { .. } | Outcome::Skipped { .. } | Outcome::NotAttempted => times > 0,
                Outcome::Satisfied | Outcome::Applied { .. } | Outcome::Unconfirmed => false,
                Outcome::Unsettled { .. } => {
                    *if times > 0 { &mut tally.lost_and_done } else { &mut tally.lost_and_undone } += 1;
                    false
                }
            };
            assert!(!untrue, "{key} was done {times} times: {outcome:?}");
            *tally.outcomes.entry(outcome.as_str()).or_default() += 1;
        }
        assert_eq!(done, BTreeMap::new(), "done, and not in the plan");
    }

    /// Nothing but what was turned away at the door is sent again in a run without a look at what it is about, and nothing
    /// more than five times. An invitation is not even sent twice, and no look would show a removal from the site.
    fn nothing_was_sent_blindly_again(&self, from: usize) {
        let exchanges: Vec<Exchange> = self.front.exchanges().into_iter().skip(from).collect();
        let mut sent: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, Exchange { asked, status, .. }) in exchanges.iter().enumerate() {
            if asked.method != "GET" && *status != 429 {
                sent.entry(asked.to_string()).or_default().push(at);
            }
        }
        for (write, times) in sent.iter().filter(|(_, times)| times.len() > 1) {
            assert!(times.len() <= 5, "sent {} times: {write}", times.len());
            let asked = &exchanges[times[0]].asked;
            assert_ne!((asked.method.as_str(), asked.path.as_str()), ("POST", "/rest/api/3/user"), "{write}");
            let looked = |exchange: &Exchange| looks_at(&exchange.asked, asked);
            for between in times.windows(2) {
                let seen = exchanges[between[0]..between[1]].iter().any(looked);
                assert!(seen, "sent again without a look: {write}");
            }
        }
    }

    fn moved(&self) -> u64 {
        self.front.sandbox.requests().faults.get("moving").copied().unwrap_or(0)
    }

    /// Plans and applies once. Whether nothing is left to do.
    async fn run(&self, seed: u64, tally: &mut Tally) -> bool {
        let options =
            atlassian::Options { in_flight: self.concurrency, seed, wall, ..atlassian::Options::default() };
        let surfaces = surfaces_with(&self.front, options);
        let before = self.front.sandbox.state();
        let (writes, moved) = (self.front.sandbox.requests().writes.len(), self.moved());
        let plan = plan_of(&surfaces, &self.tree, &self.declaration).await;
        assert_eq!(self.front.sandbox.requests().writes.len(), writes, "a plan writes nothing");
        let Ok(plan) = plan else {
            // A plan that cannot be made is not a plan.
            tally.no_plan += 1;
            return false;
        };
        let keys: BTreeSet<Key> = plan.operations.iter().map(|planned| planned.key.clone()).collect();
        // A plan of a moment in which somebody was on the move may miss what is left.
        if keys == self.left && (self.moved() == moved || Site::of(&before) == self.after) {
            return true;
        }
        let from = self.front.exchanges().len();
        let report = apply(&surfaces, &plan, self.concurrency).await;
        self.nothing_was_sent_blindly_again(from);
        let log = self.front.sandbox.requests().writes;
        self.the_log_fits(&plan, &report, &log[writes..], tally);
        if self.moved() == moved {
            for (key, outcome) in &report.outcomes {
                let is_done =
                    matches!(outcome, Outcome::Applied { .. } | Outcome::Unconfirmed | Outcome::Satisfied);
                let planned = plan.operations.iter().find(|planned| planned.key == *key).unwrap();
                assert!(!is_done || self.is_so(&planned.operation, &plan), "{key}: {:#?}", told(&report));
            }
        }
        false
    }

    /// Whether the site is as an operation leaves it.
    fn is_so(&self, operation: &Operation, plan: &Plan) -> bool {
        let state = self.front.sandbox.state();
        let Some((_, group, account)) = writes(operation, plan, &state) else { return false };
        let group = group.and_then(|id| state.groups.get(&id));
        let member = || account.as_ref().is_some_and(|id| group.is_some_and(|it| it.members.contains(id)));
        match operation {
            Operation::AddMember { .. } => member(),
            Operation::RemoveMember { .. } => !member(),
            Operation::CreateGroup { .. } => group.is_some(),
            Operation::DeleteGroup { .. } => group.is_none(),
            Operation::InviteUser { .. } => account.is_some_and(|id| !state.accounts[&id].removed),
            Operation::RemoveUser { .. } => account.is_some_and(|id| state.accounts[&id].removed),
            other => panic!("Jira cannot do it: {other:?}"),
        }
    }
}

async fn one_world(world: &World, number: u64, tally: &mut Tally) {
    let tree = world.tree();
    let declaration = declared(&tree);
    let mut rng = Rng::with_seed(number);

    let calm = Front::new(Sandbox::new(&world.seed, &Options::default()).unwrap());
    let planned = plan_of(&surfaces(&calm, 32), &tree, &declaration).await.unwrap();
    apply(&surfaces(&calm, 32), &planned, 8).await;
    let after = Site::of(&calm.sandbox.state());
    let left = plan_of(&surfaces(&calm, 32), &tree, &declaration).await.unwrap();
    let left = left.operations.into_iter().map(|planned| planned.key).collect();

    let faults = mix(&mut rng);
    // Now and then longer than a run is patient.
    let lag = Duration::from_secs(*rng.choice(&[0, 0, 2, 11, 40]).unwrap());
    let latency = Duration::from_millis(rng.u64(..200));
    let options = Options {
        rng_seed: number,
        faults: faults.parse().unwrap(),
        lag,
        latency,
        epoch: Some(wall()),
        ..Options::default()
    };
    let front = Front::new(Sandbox::new(&world.seed, &options).unwrap()).faulty();
    let concurrency = rng.usize(1..=32);
    let rough = Rough { front, tree, declaration, lag, concurrency, left, after };
    let mut runs = 0;
    while !rough.run(number * 100 + runs as u64, tally).await {
        runs += 1;
        assert!(runs < RUNS, "{RUNS} runs do not suffice under {faults}");
        sleep(rough.lag + Duration::from_secs(2)).await;
    }
    assert_eq!(Site::of(&rough.front.sandbox.state()), rough.after, "under {faults}");
    *tally.runs.entry(runs).or_default() += 1;
    for (fault, count) in rough.front.sandbox.requests().faults {
        *tally.faults.entry(fault).or_default() += count;
    }
}

#[test]
fn whatever_goes_wrong_running_again_comes_to_what_the_tree_asks_for() {
    let worlds = u64::from(worlds() / 8);
    let single = std::env::var("ROLLBOOK_WORLD").ok().and_then(|number| number.parse::<u64>().ok());
    let mut tally = Tally::default();
    for number in single.map_or(0..worlds, |number| number..number + 1) {
        let world = World::of(number);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let held = std::panic::AssertUnwindSafe(one_world(&world, number, &mut tally)).catch_unwind();
        if let Err(panic) = runtime.unwrap().block_on(held) {
            eprintln!("{}\nROLLBOOK_WORLD={number} comes here again", world.told());
            std::panic::resume_unwind(panic);
        }
    }
    println!("{tally:#?}");
    if single.is_none() {
        assert_eq!(tally.faults.len(), Fault::ALL.len(), "{tally:#?}");
        assert!(tally.lost_and_done > 0 && tally.lost_and_undone > 0 && tally.no_plan > 0, "{tally:#?}");
    }
}

/// Being removed shows as being inactive (docs/atlassian.md#removed-and-inactive-look-alike), so that of somebody who
/// was inactive before no read of Jira tells; the outcome is unsettled.
#[tokio::test(start_paused = true)]
async fn a_removal_of_somebody_inactive_is_not_seen_by_their_being_inactive() {
    let seed = "
users: [{ email: ada@acme.com }, { email: cy@acme.com, active: false }]
groups: [{ name: devs, members: [ada@acme.com, cy@acme.com] }]
";
    let tree = one_file(
        "policy: { offboard: remove }
users: { cy@acme.com: { active: false } }
groups: { devs: { members: [ada@acme.com] } }
",
    );
    let front = seeded(seed, &Options::default());
    let surfaces = surfaces(&front, 4);
    let plan = plan_of(&surfaces, &tree, &declared(&tree)).await.unwrap();
    front.fail_next("DELETE /rest/api/3/user", Failure::html(http::StatusCode::BAD_GATEWAY));
    let report = apply(&surfaces, &plan, 4).await;
    let state = front.sandbox.state();
    assert!(!state.accounts[state.account_id("cy@acme.com").unwrap()].removed, "nothing was done");
    let (_, outcome) =
        report.outcomes.iter().find(|(key, _)| key.to_string() == "remove user.cy@acme.com").unwrap();
    assert!(matches!(outcome, Outcome::Unsettled { .. }), "{outcome:?}");
}
