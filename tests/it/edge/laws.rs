//! Laws at the edge, over random worlds: what a plan says is what happens, once each and nothing else; and the
//! plan does not depend on how its reads came.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::FutureExt as _;
use rollbook::config;
use rollbook::model::{AccountId, Declaration, GroupId, Key, Operation, Outcome, Plan, Ref, Report};
use rollbook::sandbox::{Account, Group, Limits, Options, Sandbox, SeedGroup, State, Write};
use tokio::time::sleep;

use super::front::Front;
use super::random::World;
use super::site::{apply, bytes, declared, plan_of, surfaces, told};
use crate::world::TODAY;

/// How many worlds there are.
fn worlds() -> u64 {
    u64::from(crate::soak::worlds() / 4)
}

/// Where each world starts, so that the same ones come every time; `ROLLBOOK_WORLD` asks for a single one.
fn numbers() -> std::ops::Range<u64> {
    match std::env::var("ROLLBOOK_WORLD").map(|number| number.parse::<u64>()) {
        Ok(Ok(number)) => number..number + 1,
        _ => 0..worlds(),
    }
}

fn front(world: &World, options: &Options) -> Front {
    Front::new(Sandbox::new(&world.seed, options).unwrap())
}

/// A write as the sandbox logs it.
type Wrote = (&'static str, Option<String>, Option<String>);

/// What an operation writes, when its ids are known.
fn writes(planned: &Operation, ids: &Ids<'_>) -> Wrote {
    let group = |group: &Ref<GroupId>| Some(ids.group(group));
    let account = |account: &Ref<AccountId>| Some(ids.account(account));
    match planned {
        Operation::CreateGroup { name, .. } => {
            ("POST /rest/api/3/group", ids.after.group_named(name.as_str()).map(str::to_owned), None)
        }
        Operation::InviteUser { email, .. } => {
            ("POST /rest/api/3/user", None, ids.after.account_id(email.as_str()).map(str::to_owned))
        }
        Operation::AddMember { group: to, account: who } => {
            ("POST /rest/api/3/group/user", group(to), account(who))
        }
        Operation::RemoveMember { membership } => (
            "DELETE /rest/api/3/group/user",
            Some(membership.group().to_string()),
            Some(membership.account().to_string()),
        ),
        Operation::RemoveUser { account, .. } => ("DELETE /rest/api/3/user", None, Some(account.to_string())),
        Operation::DeleteGroup { group, .. } => ("DELETE /rest/api/3/group", Some(group.to_string()), None),
        other => panic!("Jira cannot do it: {other:?}"),
    }
}

fn wrote(write: &Write) -> (&str, Option<String>, Option<String>) {
    (&write.route, write.group_id.clone(), write.account_id.clone())
}

/// The ids that operations made, looked up in their outcomes.
struct Ids<'a> {
    plan: &'a Plan,
    after: &'a State,
}

impl Ids<'_> {
    fn maker(&self, key: &Key) -> &Operation {
        let maker = self.plan.operations.iter().find(|planned| planned.key == *key);
        &maker.unwrap_or_else(|| panic!("{key} is in the plan")).operation
    }

    fn group(&self, group: &Ref<GroupId>) -> String {
        match group {
            Ref::Known(id) => id.to_string(),
            Ref::Made(key) => writes(self.maker(key), self).1.expect("the group was created"),
        }
    }

    fn account(&self, account: &Ref<AccountId>) -> String {
        match account {
            Ref::Known(id) => id.to_string(),
            Ref::Made(key) => writes(self.maker(key), self).2.expect("the account was created"),
        }
    }
}

/// What a site would be after a plan, by the words of its operations alone.
fn carried_out(before: &State, plan: &Plan, report: &Report, after: &State) -> State {
    let ids = Ids { plan, after };
    let mut state = before.clone();
    for (planned, (_, outcome)) in plan.operations.iter().zip(&report.outcomes) {
        if !outcome.done() {
            continue;
        }
        let (_, group, account) = writes(&planned.operation, &ids);
        match &planned.operation {
            Operation::CreateGroup { name, .. } => {
                let made = empty_group(name.as_str());
                assert_eq!(state.groups.insert(group.unwrap(), made), None, "{}", planned.key);
            }
            Operation::InviteUser { email, apps, .. } => {
                let id = account.unwrap();
                let account = state.accounts.entry(id.clone()).or_insert_with(|| new_account(email.as_str()));
                account.removed = false;
                let joined =
                    |group: &&mut Group| apps.iter().any(|app| group.default_for.contains(app.as_str()));
                state.groups.values_mut().filter(joined).for_each(|group| {
                    group.members.insert(id.clone());
                });
            }
            Operation::AddMember { .. } => {
                state.groups.get_mut(&group.unwrap()).unwrap().members.insert(account.unwrap());
            }
            Operation::RemoveMember { .. } => {
                let members = &mut state.groups.get_mut(&group.unwrap()).unwrap().members;
                assert!(members.remove(&account.unwrap()), "{}: was a member", planned.key);
            }
            Operation::RemoveUser { .. } => {
                let id = account.unwrap();
                state.accounts.get_mut(&id).unwrap().removed = true;
                state.groups.values_mut().for_each(|group| {
                    group.members.remove(&id);
                });
            }
            Operation::DeleteGroup { .. } => {
                assert!(state.groups.remove(&group.unwrap()).is_some(), "{}: existed", planned.key);
            }
            other => panic!("Jira cannot do it: {other:?}"),
        }
    }
    state
}

/// The group that is made from its name alone: as the sandbox describes one that a seed only names.
fn empty_group(name: &str) -> Group {
    let seed = rollbook::sandbox::Seed {
        groups: vec![SeedGroup { name: name.to_owned(), ..SeedGroup::default() }],
        ..rollbook::sandbox::Seed::default()
    };
    let state = Sandbox::new(&seed, &Options::default()).unwrap().state();
    state.groups.into_values().find(|group| group.name == name).unwrap()
}

fn new_account(email: &str) -> Account {
    let (name, _) = email.split_once('@').unwrap();
    Account {
        email: Some(email.to_owned()),
        name: name.to_owned(),
        kind: rollbook::sandbox::AccountType::Atlassian,
        app_type: None,
        active: true,
        pending: true,
        suspended: false,
        deletion: None,
        managed: false,
        roles: BTreeSet::new(),
        grants: BTreeMap::new(),
        hide_email: false,
        last_active: None,
        removed: false,
        profile: serde_json::Map::new(),
    }
}

/// Every operation is written once, nothing else is, and what is required comes first.
fn the_log_is_the_plan(plan: &Plan, report: &Report, log: &[Write], after: &State) {
    let ids = Ids { plan, after };
    let mut at: BTreeMap<Wrote, usize> = BTreeMap::new();
    for (index, write) in log.iter().enumerate() {
        let (route, group, account) = wrote(write);
        let known = plan.operations.iter().find(|planned| writes(&planned.operation, &ids).0 == route);
        let route = known.map(|planned| writes(&planned.operation, &ids).0).expect("a kind of the plan");
        assert_eq!(at.insert((route, group, account), index), None, "written twice: {write:?}");
    }
    let sent = |outcome: &Outcome| !matches!(outcome, Outcome::Skipped { .. } | Outcome::NotAttempted);
    let mut place: BTreeMap<&Key, usize> = BTreeMap::new();
    for (planned, (key, outcome)) in plan.operations.iter().zip(&report.outcomes) {
        assert_eq!(planned.key, *key, "a report is in the plan's order");
        let index = at.remove(&writes(&planned.operation, &ids));
        assert_eq!(index.is_some(), sent(outcome), "{key}: {outcome:?}");
        place.extend(index.map(|index| (key, index)));
    }
    assert_eq!(at, BTreeMap::new(), "written, and not in the plan");
    for planned in &plan.operations {
        let Some(own) = place.get(&planned.key) else { continue };
        for required in &planned.requires {
            assert!(place[required] < *own, "{} after {required}", planned.key);
        }
    }
}

/// Jira shows those who were removed from the site just as those who are inactive
/// (docs/atlassian.md#removed-and-inactive-look-alike), so that adding them is planned and then refused.
fn adds_somebody_removed(before: &State, operation: &Operation) -> bool {
    match operation {
        Operation::AddMember { account: Ref::Known(id), .. } => {
            before.accounts.get(id.as_str()).is_some_and(|account| account.removed)
        }
        _ => false,
    }
}

fn turned_away(front: &Front) -> usize {
    front.exchanges().iter().filter(|exchange| exchange.status == 429).count()
}

/// The plan is the same whatever order the reads come in.
async fn the_plan_is_the_same(world: &World, declaration: &Declaration, number: u64, first: &str) {
    let ways = [
        (1, Options { rng_seed: number + 1, ..Options::default() }, false),
        (4, Options { rng_seed: number + 2, latency: Duration::from_millis(90), ..Options::default() }, true),
        (32, Options { rng_seed: number + 3, ..Options::default() }, true),
    ];
    for (way, (in_flight, options, shaken)) in ways.into_iter().enumerate() {
        // Big worlds take turns.
        if world.seed.users.len() > 50 && way as u64 != number % 3 {
            continue;
        }
        let front = front(world, &options);
        let front = if shaken { front.shaken(number) } else { front };
        let again = plan_of(&surfaces(&front, in_flight), &world.tree(), declaration).await.unwrap();
        assert_eq!(first, bytes(&again), "{in_flight} in flight, shaken {shaken}");
    }
}

/// What the worlds had in them, so that it is known that they had it.
#[derive(Debug, Default)]
struct Tally {
    operations: BTreeMap<&'static str, usize>,
    blocked: BTreeMap<&'static str, usize>,
    satisfied: usize,
    empty: usize,
    required: usize,
    several_pages: usize,
}

fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::CreateGroup { .. } => "create",
        Operation::InviteUser { .. } => "invite",
        Operation::AddMember { .. } => "add",
        Operation::RemoveMember { .. } => "remove",
        Operation::RemoveUser { .. } => "remove user",
        Operation::DeleteGroup { .. } => "delete",
        other => panic!("Jira cannot do it: {other:?}"),
    }
}

async fn one_world(world: &World, number: u64, tally: &mut Tally) {
    let tree = world.tree();
    // Now and then reads lag behind writes.
    let lag = Duration::from_secs(if number.is_multiple_of(5) { 8 } else { 0 });
    let options = Options { rng_seed: number, limits: Limits::Atlassian, lag, ..Options::default() };
    let front = front(world, &options).shaken(number);
    let surfaces = surfaces(&front, 32);
    let before = front.sandbox.state();
    let declaration = declared(&tree);
    let first = plan_of(&surfaces, &tree, &declaration).await.unwrap();
    assert_eq!(front.sandbox.requests().writes, vec![], "a plan writes nothing");
    assert_eq!(front.sandbox.state(), before);

    let report = apply(&surfaces, &first, 1 + usize::try_from(number % 12).unwrap()).await;
    let after = front.sandbox.state();
    let mut undone: BTreeSet<&Key> = BTreeSet::new();
    for (planned, (key, outcome)) in first.operations.iter().zip(&report.outcomes) {
        if adds_somebody_removed(&before, &planned.operation) {
            assert!(matches!(outcome, Outcome::Failed { .. }), "{key}: {outcome:?}");
            undone.insert(key);
        } else if planned.requires.iter().any(|required| undone.contains(required)) {
            assert!(matches!(outcome, Outcome::Skipped { requires } if undone.contains(requires)), "{key}");
            undone.insert(key);
        } else {
            assert!(outcome.done(), "{key}: {outcome:?}");
        }
        *tally.operations.entry(kind(&planned.operation)).or_default() += 1;
        tally.satisfied += usize::from(*outcome == Outcome::Satisfied);
        tally.required += planned.requires.len();
    }
    for blocked in &first.blocked {
        *tally.blocked.entry(crate::world::code(&blocked.code)).or_default() += 1;
    }
    tally.empty += usize::from(first.operations.is_empty());
    tally.several_pages += usize::from(before.groups.values().any(|group| group.members.len() > 50));
    the_log_is_the_plan(&first, &report, &front.sandbox.requests().writes, &after);
    assert_eq!(carried_out(&before, &first, &report, &after), after, "{:#?}", told(&report));

    // A run of its own, which knows nothing of the requests that the first one sent.
    sleep(lag + Duration::from_secs(2)).await;
    let second = plan_of(&super::site::surfaces(&front, 32), &tree, &declaration).await.unwrap();
    let left: BTreeSet<&Key> = second.operations.iter().map(|planned| &planned.key).collect();
    assert_eq!(left, undone, "the second plan does nothing but what could not be done");
    assert_eq!(turned_away(&front), 0, "Rollbook keeps to the limits by itself");
    assert_eq!(front.sandbox.requests().writes.len(), report_writes(&report));

    the_plan_is_the_same(world, &declaration, number, &bytes(&first)).await;
}

fn report_writes(report: &Report) -> usize {
    let unsent = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { .. } | Outcome::NotAttempted);
    report.outcomes.iter().filter(|(_, outcome)| !unsent(outcome)).count()
}

#[test]
fn what_a_plan_says_is_what_happens() {
    let mut tally = Tally::default();
    for number in numbers() {
        let world = World::of(number);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.unwrap();
        let held = std::panic::AssertUnwindSafe(one_world(&world, number, &mut tally)).catch_unwind();
        if let Err(panic) = runtime.block_on(held) {
            eprintln!("{}\nROLLBOOK_WORLD={number} comes here again", world.told());
            std::panic::resume_unwind(panic);
        }
    }
    println!("{tally:#?}");
    if numbers().end - numbers().start > 1 {
        let kinds: Vec<&str> = tally.operations.keys().copied().collect();
        assert_eq!(kinds, ["add", "create", "delete", "invite", "remove", "remove user"]);
        assert!(tally.satisfied > 0 && tally.required > 0 && tally.several_pages > 0, "{tally:#?}");
        assert!(tally.blocked.len() > 8, "{tally:#?}");
    }
}

/// A folder gives its entries in any order.
#[test]
fn the_order_of_files_does_not_matter() {
    for number in 0..20 {
        let world = World::of(number);
        let loaded = |files: &[&(String, String)]| {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            config::load(folder.path(), TODAY)
        };
        let forwards = loaded(&world.files.iter().collect::<Vec<_>>());
        let backwards = loaded(&world.files.iter().rev().collect::<Vec<_>>());
        let paths = |loaded: &config::Loaded| {
            loaded.tree.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(paths(&forwards), paths(&backwards));
        assert_eq!(rollbook::plan::tree_digest(&forwards.tree), rollbook::plan::tree_digest(&backwards.tree));
        let paths_in_memory: Vec<String> = world.tree().files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(paths(&forwards), paths_in_memory, "a tree in memory is as one on disk");
        assert!(forwards.declaration.is_some(), "{:#?}", forwards.diagnostics);
    }
}
