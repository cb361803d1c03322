//! The outcome of each walk on each platform, as the page `docs/ci-walks.md` shows it.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;

use rollbook::platform::Kind;
use serde_json::Value;

use super::machine::{Machine, Ran, SETTLED};
use super::rows::{APPLIES, CLONES, NIGHTS, PLANS, Walk};
use crate::cli::base::git;
use crate::cli::repository;

const INTRODUCTION: &str = "# Walks\n\nWhat happens to what people do, by the recipes of `examples/ci`, run \
as pipelines against the sandbox and a stand-in\nfor the platform. A test writes this page. Each row is about the last run \
of a walk, on the platforms where it has a\nmeaning.\n\n- **comment**: the heading of Rollbook's comment on the pull \
request.\n- **authors**: who made the change, by the plan.\n- **base**: what the plan compares with.\n- **journal**: the \
commit that the journal names; none where there was nothing to do.\n- **site**: who came into which group, and who \
left it, since the walk began.\n";

/// A part of the page.
struct Part {
    heading: &'static str,
    about: &'static str,
    walks: &'static [Walk],
}

const PARTS: [Part; 4] = [
    Part { heading: "Pull requests", about: "The last run plans. It changes nothing.", walks: PLANS },
    Part {
        heading: "Applies",
        about: "The last run applies what came to the default branch.",
        walks: APPLIES,
    },
    Part { heading: "Nights", about: "The last run is the one of a schedule.", walks: NIGHTS },
    Part {
        heading: "Clones and runners",
        about: "A pull request is merged, and the clone in which it is applied is not as it should be.",
        walks: CLONES,
    },
];

/// The heading of the one comment of a pull request.
fn heading(machine: &Machine, pull: Option<u64>) -> String {
    let Some(pull) = pull else { return "–".into() };
    let comments: Vec<String> =
        machine.hub.comments(pull).into_iter().filter(|it| !it.starts_with("comment ")).collect();
    match comments.as_slice() {
        [] => "none".into(),
        [comment] => {
            comment.lines().find_map(|line| line.strip_prefix("### ")).unwrap_or_default().to_owned()
        }
        several => format!("{} comments", several.len()),
    }
}

/// What the plan says of its authors and of its base.
fn of_plan(ran: &Ran) -> (String, String) {
    // Of a night, the one that is compared with the newest tree.
    let Some(plan) = ran.left("plan.json").or_else(|| ran.left("drift.json")) else {
        return ("–".into(), "–".into());
    };
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let revision = &plan["base"]["revision"];
    let behind = match revision["behind"].as_u64().unwrap_or_default() {
        0 => String::new(),
        behind => format!(", {behind} commits behind"),
    };
    let base = revision["name"].as_str().map_or("–".into(), |name| format!("{name}{behind}"));
    let notes = plan["notes"].as_array().unwrap();
    if notes.iter().any(|note| note["code"] == "author-unknown") {
        return ("may be anybody".into(), base);
    }
    let emails = plan["base"]["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<&str> = emails.filter_map(|email| email.split('@').next()).collect();
    (if names.is_empty() { "–".into() } else { names.join(", ") }, base)
}

/// The commit that the journal of a run names.
fn journal(ran: &Ran) -> &'static str {
    let Some(journal) = ran.left("journal.jsonl") else { return "–" };
    let begin = journal.lines().next().unwrap();
    let head = git(&ran.clone, &["rev-parse", "HEAD"]);
    if begin.contains(&format!(r#""commit":"{head}""#)) { "the newest" } else { "another" }
}

/// Who came into which group of the site, and who left it.
fn site(machine: &Machine) -> String {
    let mut changes = Vec::new();
    for (group, before) in [("developers", &SETTLED[..]), ("support", &["chen"])] {
        let now = machine.live(group);
        let came = now.iter().filter(|name| !before.contains(&name.as_str())).map(|name| format!("+ {name}"));
        let left =
            before.iter().filter(|name| !now.iter().any(|it| it == *name)).map(|name| format!("− {name}"));
        let of_group: Vec<String> = came.chain(left).collect();
        if !of_group.is_empty() {
            changes.push(format!("{} in {group}", of_group.join(", ")));
        }
    }
    if changes.is_empty() { "as it was".into() } else { changes.join("; ") }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "GitHub",
        Kind::GitLab => "GitLab",
        Kind::Bitbucket => "Bitbucket",
    }
}

/// Takes a walk, and says what it came to.
fn row(walk: &Walk, kind: Kind) -> String {
    let machine = (walk.begin)(kind);
    let (ran, pull) = (walk.take)(&machine);
    let (authors, base) = of_plan(&ran);
    let cells = [
        walk.name.to_owned(),
        name(kind).to_owned(),
        heading(&machine, pull),
        authors,
        base,
        journal(&ran).to_owned(),
        site(&machine),
        ran.code.to_string(),
    ];
    format!("| {} |\n", cells.join(" | "))
}

#[test]
fn the_page_of_walks_says_what_becomes_of_each() {
    let all: Vec<(&Walk, Kind)> = PARTS
        .iter()
        .flat_map(|part| part.walks)
        .flat_map(|walk| walk.on.iter().map(move |kind| (walk, *kind)))
        .collect();
    let (waiting, rows) = (Mutex::new(all.iter().enumerate()), Mutex::new(vec![String::new(); all.len()]));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((at, (walk, kind))) = waiting.lock().unwrap().next() else { break };
                    let row = row(walk, *kind);
                    rows.lock().unwrap()[at] = row;
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap().into_iter();
    let mut page = INTRODUCTION.to_owned();
    for part in &PARTS {
        let many = part.walks.iter().map(|walk| walk.on.len()).sum();
        write!(
            page,
            "\n## {}\n\n{}\n\n| walk | platform | comment | authors | base | journal | site | exit code |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n",
            part.heading, part.about
        )
        .unwrap();
        page.extend(rows.by_ref().take(many));
    }
    let path = repository().join("docs/ci-walks.md");
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, page, "run ROLLBOOK_BLESS=1 cargo test --test it -- the_page_of_walks");
}
