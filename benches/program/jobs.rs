//! The jobs that are measured.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::figure::{Amount, Figure};
use super::job::Job;
use super::peer::{PEERS, Peer, Task};
use super::process::{Keys, Run, Sandbox, rollbook, run};
use super::scene::{Scene, Size};

const MEMBERS: &str = "GET /rest/api/3/group/member";
const ADD: &str = "POST /rest/api/3/group/user";

const NO_LATENCY: Duration = Duration::ZERO;
const LATENCY: Duration = Duration::from_millis(50);

/// How many requests at a time the bounds assume.
const IN_FLIGHT: f64 = 50.0;

/// How many of a group's members are missing from the site.
const NONE: usize = 0;
const ALL: usize = usize::MAX;

/// How often a job is timed; the median counts.
const TIMES: usize = 3;

/// How many requests of a route Atlassian's published limits allow at once, and then per second
/// (docs/atlassian.md#burst-limits).
const PER_SECOND: f64 = 100.0;

/// Every job, in order.
pub(crate) fn all() -> Vec<Job> {
    vec![
        Job {
            name: "requests of a plan that finds nothing to do",
            about: "5,000 memberships in 10 groups of 500, everybody in one group. A client that lists a group for each \
                    of its memberships sends 50,001 requests for it.",
            run: requests,
        },
        Job {
            name: "reading 20,000 memberships, without limits",
            about: "100 groups of 200 among 1,000 people; every answer takes 50 ms. The bound is every request, 50 at a \
                    time, at 50 ms. Rollbook is timed from the start of its process to its end, the others without the \
                    start of their interpreters.",
            run: read_without_limits,
        },
        Job {
            name: "reading 20,000 memberships, under Atlassian's limits",
            about: "The same at 100 requests a second and route. The bound is what the limit allows: 100 at once, and \
                    then 100 a second.",
            run: read_under_limits,
        },
        Job {
            name: "1,000 adds, without limits",
            about: "Every answer takes 50 ms. From the first write that the site saw to the last.",
            run: add_without_limits,
        },
        Job {
            name: "1,000 adds, under Atlassian's limits",
            about: "The bound is what the limit allows: 100 at once, and then 100 a second.",
            run: add_under_limits,
        },
        Job {
            name: "a million memberships",
            about: "5,000 groups of 200 among 100,000 people; a sandbox without latency on the same cores.",
            run: million,
        },
        Job {
            name: "the program itself",
            about: "As it is shipped. The start is the fastest of 30.",
            run: itself,
        },
    ]
}

fn requests() -> Vec<Figure> {
    let scene = Scene::new(Size { users: 5_000, groups: 10, members: 500 }, NONE);
    let through = |keys, what: &str, most| {
        let sandbox = Sandbox::serve(&scene.seed(), NO_LATENCY, "off");
        unchanged(&scene, &sandbox, keys);
        let asked = Amount::Requests(sandbox.asked().total());
        Figure::plain(what, asked).beside("the most", Amount::Requests(most)).at_most(1.0)
    };
    vec![
        through(Keys::Jira, "through Jira", 115),
        through(Keys::Organization, "through the organization", 60),
    ]
}

/// Measures a plan without changes.
fn unchanged(scene: &Scene, sandbox: &Sandbox, keys: Keys) -> Run {
    let mut plan = planning(scene, sandbox, keys, "published");
    plan.arg("--detailed-exitcode");
    run(plan)
}

fn planning(scene: &Scene, sandbox: &Sandbox, keys: Keys, pace: &str) -> Command {
    let mut plan = rollbook();
    plan.args(["plan", "-C"]).arg(scene.tree()).envs(sandbox.exports(keys)).env("ROLLBOOK_PACE", pace);
    plan
}

fn reading() -> Scene {
    Scene::new(Size { users: 1_000, groups: 100, members: 200 }, NONE)
}

fn read_without_limits() -> Vec<Figure> {
    let scene = reading();
    let sandbox = Sandbox::serve(&scene.seed(), LATENCY, "off");
    unpaced(&scene, &sandbox);
    let asked = sandbox.asked().total();
    let run = middle(|| unpaced(&scene, &sandbox), |run| run.wall);
    let bound = count(asked) / IN_FLIGHT * LATENCY.as_secs_f64();
    let mut figures = vec![
        Figure::plain("Rollbook", Amount::Seconds(run.wall))
            .beside(format!("{asked} requests, 50 at a time"), Amount::Seconds(bound))
            .at_most(1.3),
    ];
    figures.extend(of_process(&run));
    figures.extend(peers(run.wall, |peer| peer.take(Task::Read, &scene, &sandbox)));
    figures
}

fn unpaced(scene: &Scene, sandbox: &Sandbox) -> Run {
    let mut plan = planning(scene, sandbox, Keys::Jira, "answers");
    plan.arg("--detailed-exitcode");
    run(plan)
}

/// The times of other clients, and Rollbook compared with the fastest of them.
fn peers(ours: f64, take: impl Fn(Peer) -> Option<f64>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for peer in PEERS {
        // One request after the other takes a constant time.
        let times = if matches!(peer, Peer::JiraJs { pool: 50 }) { TIMES } else { 1 };
        // The same median as for Rollbook.
        let mut took: Vec<f64> = (0..times).map_while(|_| take(peer)).collect();
        took.sort_by(f64::total_cmp);
        let Some(seconds) = took.get(took.len() / 2) else {
            println!("  {} is not installed", peer.name());
            continue;
        };
        let figure =
            Figure::plain("Rollbook", Amount::Seconds(ours)).beside(peer.name(), Amount::Seconds(*seconds));
        figures.push(if times > 1 { figure.at_most(1.0) } else { figure });
    }
    figures
}

fn read_under_limits() -> Vec<Figure> {
    let scene = reading();
    let (run, asked) = middle(
        || {
            // The bucket is full again for each.
            let sandbox = Sandbox::serve(&scene.seed(), LATENCY, "atlassian");
            (unchanged(&scene, &sandbox, Keys::Jira), sandbox.asked())
        },
        |(run, _)| run.wall,
    );
    let bound = allowed(asked.of(MEMBERS));
    vec![
        Figure::plain("Rollbook", Amount::Seconds(run.wall))
            .beside(format!("{} requests to one route", asked.of(MEMBERS)), Amount::Seconds(bound))
            .at_most(1.1),
        Figure::plain("turned away", Amount::Requests(asked.turned_away())),
    ]
}

/// The time that requests to one route take under the limit.
fn allowed(requests: u64) -> f64 {
    (count(requests) - PER_SECOND) / PER_SECOND
}

fn adding() -> Scene {
    Scene::new(Size { users: 1_000, groups: 10, members: 100 }, ALL)
}

fn apply(scene: &Scene, sandbox: &Sandbox, pace: &str) -> Run {
    let mut command = rollbook();
    command.args(["apply", "--yes", "-C"]).arg(scene.tree()).envs(sandbox.exports(Keys::Jira));
    let journal = scene.scratch().join("journal.jsonl");
    let _ = fs::remove_file(&journal);
    command.arg("--journal").arg(journal).env("ROLLBOOK_PACE", pace);
    run(command)
}

fn add_without_limits() -> Vec<Figure> {
    let scene = adding();
    let (took, run) = middle(
        || {
            let sandbox = Sandbox::serve(&scene.seed(), LATENCY, "off");
            let run = apply(&scene, &sandbox, "answers");
            (span(&scene, &sandbox), run)
        },
        |(took, _)| *took,
    );
    let bound = count(scene.size.memberships()) / IN_FLIGHT * LATENCY.as_secs_f64();
    let mut figures =
        vec![Figure::plain("Rollbook", Amount::Seconds(took)).beside("50 at a time", Amount::Seconds(bound))];
    figures.extend(of_process(&run));
    figures.extend(peers(took, |peer| {
        let sandbox = Sandbox::serve(&scene.seed(), LATENCY, "off");
        peer.take(Task::Add, &scene, &sandbox)?;
        Some(span(&scene, &sandbox))
    }));
    figures
}

fn add_under_limits() -> Vec<Figure> {
    let scene = adding();
    let sandbox = Sandbox::serve(&scene.seed(), LATENCY, "atlassian");
    apply(&scene, &sandbox, "published");
    let asked = sandbox.asked();
    let bound = allowed(asked.of(ADD));
    vec![
        Figure::plain("Rollbook", Amount::Seconds(span(&scene, &sandbox)))
            .beside(format!("{} requests to one route", asked.of(ADD)), Amount::Seconds(bound))
            .at_most(1.1),
        Figure::plain("turned away", Amount::Requests(asked.turned_away())),
        Figure::plain("requests for it all", Amount::Requests(asked.total())),
    ]
}

/// How long the writes took; checks that all were done.
fn span(scene: &Scene, sandbox: &Sandbox) -> f64 {
    let asked = sandbox.asked();
    assert_eq!(asked.done(ADD), scene.size.memberships(), "every membership is added once");
    asked.span(ADD)
}

fn million() -> Vec<Figure> {
    let size = Size { users: 100_000, groups: 5_000, members: 200 };
    let scene = Scene::new(size, NONE);
    let mut check = rollbook();
    check.args(["check", "-C"]).arg(scene.tree());
    let check = run(check);
    let sandbox = Sandbox::serve(&scene.seed(), NO_LATENCY, "off");
    let plan = unpaced(&scene, &sandbox);
    let asked = sandbox.asked().total();
    drop(sandbox);
    let within = |what: &str, measured: Amount, most: Amount| {
        Figure::plain(what, measured).beside("the most", most).at_most(1.0)
    };
    let mut figures = vec![
        within("check", Amount::Seconds(check.wall), Amount::Seconds(3.0)),
        within("check, peak memory", Amount::Megabytes(check.peak), Amount::Megabytes(600.0)),
        within("plan", Amount::Seconds(plan.wall), Amount::Seconds(60.0)),
        within("plan, its own CPU time", Amount::Seconds(plan.cpu), Amount::Seconds(15.0)),
        within("plan, peak memory", Amount::Megabytes(plan.peak), Amount::Megabytes(700.0)),
        Figure::plain("plan, requests", Amount::Requests(asked)),
    ];
    figures.extend(changed(size));
    figures
}

/// The same with 1 in 100 memberships missing.
fn changed(size: Size) -> Vec<Figure> {
    let scene = Scene::new(size, 2);
    let sandbox = Sandbox::serve(&scene.seed(), NO_LATENCY, "off");
    let saved = scene.scratch().join("plan.json");
    let mut plan = planning(&scene, &sandbox, Keys::Jira, "answers");
    plan.arg("--out").arg(&saved);
    let plan = run(plan);
    let mut show = rollbook();
    show.arg("show").arg(&saved);
    let show = run(show);
    vec![
        Figure::plain("plan of 10,000 changes", Amount::Seconds(plan.wall)),
        Figure::plain("plan of 10,000 changes, its own CPU time", Amount::Seconds(plan.cpu)),
        Figure::plain("plan of 10,000 changes, peak memory", Amount::Megabytes(plan.peak)),
        Figure::plain("show of 10,000 changes", Amount::Seconds(show.wall)),
        Figure::plain("show of 10,000 changes, peak memory", Amount::Megabytes(show.peak)),
    ]
}

fn itself() -> Vec<Figure> {
    let version = || {
        let mut version = rollbook();
        version.arg("--version");
        run(version).wall
    };
    let fastest = (0..30).map(|_| version()).fold(f64::INFINITY, f64::min);
    let bytes = fs::metadata(rollbook().get_program()).unwrap().len();
    vec![
        Figure::plain("rollbook --version", Amount::Milliseconds(fastest * 1000.0))
            .beside("the most", Amount::Milliseconds(10.0))
            .at_most(1.0),
        Figure::plain("the binary", Amount::Megabytes(count(bytes) / 1e6))
            .beside("the most", Amount::Megabytes(20.0))
            .at_most(1.0),
    ]
}

/// The median of some measurements, by time.
fn middle<T>(mut measure: impl FnMut() -> T, time: impl Fn(&T) -> f64) -> T {
    let mut measured: Vec<T> = (0..TIMES).map(|_| measure()).collect();
    measured.sort_by(|one, other| time(one).total_cmp(&time(other)));
    measured.swap_remove(TIMES / 2)
}

/// The CPU time and memory of a run.
fn of_process(run: &Run) -> [Figure; 2] {
    [
        Figure::plain("Rollbook, CPU time", Amount::Seconds(run.cpu)),
        Figure::plain("Rollbook, peak memory", Amount::Megabytes(run.peak)),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "nothing here is that many")]
fn count(number: u64) -> f64 {
    number as f64
}
