//! `kill -9` in the middle of an apply: the journal tells what was in flight, and running again converges.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rollbook::journal::{Wrong, parse};
use rollbook::model::{Journal, OperationState, Response};

use super::{Rollbook, Site, rollbook};

const GROUPS: usize = 4;
const PEOPLE: usize = 24;

/// How often a run is killed: a few times, or `ROLLBOOK_KILLS`, which a soak sets to a hundred.
fn kills() -> u64 {
    std::env::var("ROLLBOOK_KILLS").ok().map_or(5, |kills| kills.parse().unwrap())
}

fn person(number: usize) -> String {
    format!("p{number:02}@acme.com")
}

/// Whom the tree wants in a group, and whom the site has there before: half of them stay, half of them go.
fn wanted(group: usize) -> impl Iterator<Item = String> {
    (0..PEOPLE).filter(move |number| (number + group).is_multiple_of(2)).map(person)
}

fn before(group: usize) -> impl Iterator<Item = String> {
    (0..PEOPLE).filter(move |number| (number + group / 2).is_multiple_of(3)).map(person)
}

/// People who are not there and are invited, one group that is not there and one that is deleted with the rest.
fn seed() -> String {
    let mut seed = "site: { name: acme }\nusers:\n  - { email: root@acme.com }\n".to_owned();
    for number in 0..PEOPLE {
        let _ = writeln!(seed, "  - {{ email: {} }}", person(number));
    }
    seed += "groups:\n  - { name: site-admins, site-admin: true, members: [root@acme.com] }\n";
    for group in 0..GROUPS - 1 {
        let members: Vec<String> = before(group).collect();
        let _ = writeln!(seed, "  - {{ name: team-{group}, members: [{}] }}", members.join(", "));
    }
    let _ = writeln!(seed, "  - {{ name: old, members: [{}] }}", person(1));
    seed + "credentials:\n  - basic: { account: root@acme.com, token: sandbox-token }\n"
}

fn tree() -> String {
    let mut tree =
        "version: 1\nsite: https://acme.atlassian.net\npolicy: { invite-domains: [acme.com] }\nusers:\n"
            .to_owned();
    for number in 0..3 {
        let _ = writeln!(tree, "  new{number}@acme.com: {{ active: true }}");
    }
    tree += "groups:\n  old: { absent: true }\n";
    for group in 0..GROUPS {
        let members: Vec<String> = wanted(group).chain([format!("new{}@acme.com", group % 3)]).collect();
        let _ = writeln!(tree, "  team-{group}: {{ members: [{}] }}", members.join(", "));
    }
    tree
}

fn on_tree(arguments: &[&str], site: &Site) -> Rollbook {
    rollbook(arguments).file("rollbook.yaml", &tree()).at(site)
}

/// The members of the groups, by name.
fn groups(site: &Site) -> BTreeMap<String, BTreeSet<String>> {
    let state = site.sandbox.state();
    let email = |id: &String| state.accounts[id].email.clone().unwrap();
    let groups = state.groups.values();
    groups.map(|group| (group.name.clone(), group.members.iter().map(email).collect())).collect()
}

fn desired() -> BTreeMap<String, BTreeSet<String>> {
    let members = |group: usize| wanted(group).chain([format!("new{}@acme.com", group % 3)]).collect();
    let teams = (0..GROUPS).map(|group| (format!("team-{group}"), members(group)));
    teams.chain([("site-admins".to_owned(), BTreeSet::from(["root@acme.com".to_owned()]))]).collect()
}

/// What a run that was killed left of its journal: whole lines, but perhaps for the last.
fn left_behind(path: &PathBuf) -> Option<(Journal, bool)> {
    // It may have been killed before it had one.
    let bytes = fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let parsed = parse(&bytes);
    let torn = match parsed.broken {
        None => false,
        Some(broken) => {
            assert_eq!(broken.wrong, Wrong::CutOff, "{}", String::from_utf8_lossy(&bytes));
            true
        }
    };
    Some((parsed.journal, torn))
}

/// What the kills came to, so that it is known that they hit something.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    before_a_journal: u64,
    in_flight: u64,
    torn: u64,
    after_the_end: u64,
    /// Operations that were in flight and turn out to have been done.
    done_in_flight: u64,
    runs_to_converge: BTreeMap<u64, u64>,
}

/// One site, on which one apply after the other is killed, a few of them, before one may come to its end.
fn killed_a_few_times(rng: &mut Rng, tally: &mut Tally, most: u64) {
    let site = Site::slow(&seed(), Duration::from_millis(20));
    let journals = tempfile::tempdir().unwrap();
    for number in 0..rng.u64(1..5).min(most - tally.kills) {
        let path = journals.path().join(format!("{number}.jsonl"));
        let apply = ["apply", "--yes", "-q", "--concurrency", "4", "--journal", path.to_str().unwrap()];
        let writes = site.sandbox.requests().writes.len();
        let mut running = on_tree(&apply, &site).start();
        // Most are hit while they write, and some before or after.
        let until = if rng.u8(..10) == 0 { 0 } else { writes + rng.usize(1..12) };
        let patience = Instant::now() + Duration::from_millis(rng.u64(100..4_000));
        let mut goes_on = || running.child.try_wait().unwrap().is_none() && Instant::now() < patience;
        while site.sandbox.requests().writes.len() < until && goes_on() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(rng.u64(..40_000)));
        running.child.kill().unwrap();
        let ran = running.end();
        tally.kills += u64::from(ran.code.is_none());
        // What the server still does of what was sent.
        thread::sleep(Duration::from_millis(60));
        let Some((journal, torn)) = left_behind(&path) else {
            tally.before_a_journal += 1;
            assert_eq!(
                site.sandbox.requests().writes.len(),
                writes,
                "nothing is sent without a journal\n{ran}"
            );
            if ran.code == Some(0) {
                break;
            }
            continue;
        };
        tally.torn += u64::from(torn);
        tally.after_the_end += u64::from(journal.end().is_some());
        tells_the_truth(&site, writes, &journal, tally);
        if ran.code == Some(0) {
            break;
        }
    }
    let mut last = 0;
    let last = loop {
        last += 1;
        let ran = on_tree(&["plan", "--detailed-exitcode", "-q"], &site).run();
        if ran.code == Some(0) {
            break last - 1;
        }
        assert!(last <= 2, "it does not converge\n{ran}");
        on_tree(&["apply", "--yes", "-q"], &site).run().ends(0);
    };
    *tally.runs_to_converge.entry(last).or_default() += 1;
    assert_eq!(groups(&site), desired());
}

/// Every write that came is in the journal as sent; what it says was done is done; and what came without a word of
/// an answer is what it has in flight.
fn tells_the_truth(site: &Site, before: usize, journal: &Journal, tally: &mut Tally) {
    let requests = site.sandbox.requests();
    let came = requests.writes.len() - before;
    let told = journal.operations();
    let sent = told.iter().filter(|told| told.sent.is_some()).count();
    let in_flight = journal.in_flight().len();
    assert!(came <= sent, "{came} of {sent}");
    assert!(came >= sent - in_flight, "{came} came, {sent} were sent, {in_flight} of them in flight");
    tally.in_flight += in_flight as u64;
    tally.done_in_flight += (came - (sent - in_flight)) as u64;
    assert!(in_flight <= 4, "no more than may be under way at a time");
    let live = groups(site);
    for told in told {
        let done =
            matches!(told.state, OperationState::Answered(Response::Done) | OperationState::Settled(_));
        let key = told.key.to_string();
        if let (true, Some((group, person))) =
            (done, key.strip_prefix("add member.").and_then(|it| it.split_once('/')))
        {
            assert!(live[group].contains(person), "{key} was done");
        }
        if let (true, Some((group, person))) =
            (done, key.strip_prefix("remove member.").and_then(|it| it.split_once('/')))
        {
            assert!(!live[group].contains(person), "{key} was done");
        }
    }
}

#[test]
fn whenever_it_is_killed_the_journal_tells_and_running_again_converges() {
    let seed =
        std::env::var("ROLLBOOK_SEED").ok().map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("ROLLBOOK_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while tally.kills < kills() {
        killed_a_few_times(&mut rng, &mut tally, kills());
    }
    println!("{tally:#?}");
    let converged_by_a_run = tally.runs_to_converge.get(&1).is_some_and(|sites| *sites > 0);
    assert!(kills() < 20 || tally.in_flight > 0 && converged_by_a_run, "the kills hit nothing: {tally:#?}");
}
