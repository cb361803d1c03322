//! What becomes of each walk on each platform, as the page `docs/ci-walks.md` shows it.

use std::fmt::Write as _;

use rollbook::platform::Kind;
use serde_json::Value;

use super::machine::{Event, How, KINDS, Machine, Ran, SETTLED};
use crate::cli::repository;

/// What a walk comes to: the run, and the pull request whose comment it is about.
type Walk = fn(&Machine) -> (Ran, Option<u64>);

const FOUR: [&str; 4] = ["ada", "bruno", "chen", "erik"];

const WALKS: [(&str, Walk); 13] = [
    ("a pull request is opened", |it| planned(it, it.propose("chen", "developers", &FOUR, "bruno"))),
    ("it changes nothing", |it| planned(it, it.propose("same", "developers", &SETTLED, "bruno"))),
    ("its tree is not valid", |it| {
        it.checkout(&["-B", "broken"]);
        it.write("groups/developers.yaml", "groups: [\n");
        it.commit("Break it", "bruno");
        it.push("broken", "bruno");
        planned(it, it.open("broken", "main", "bruno"))
    }),
    ("its branch is behind", |it| {
        let behind = it.propose("support", "support", &["chen", "erik"], "bruno");
        let other = it.propose("chen", "developers", &FOUR, "ada");
        it.merge(other, How::Merge);
        applied(it);
        planned(it, behind)
    }),
    ("its author grants themselves", |it| {
        planned(it, it.propose("mine", "support", &["bruno", "chen"], "bruno"))
    }),
    ("somebody else pushes to it for themselves", |it| {
        let pull = it.propose("shared", "developers", &FOUR, "chen");
        it.members("support", &["bruno", "chen"]);
        it.commit("In Chen's name", "chen");
        it.push("shared", "bruno");
        planned(it, pull)
    }),
    ("its author is not known", |it| planned(it, it.propose("zoe", "support", &["bruno", "chen"], "zoe"))),
    ("it is merged", |it| {
        let pull = it.propose("chen", "developers", &FOUR, "bruno");
        it.merge(pull, How::Merge);
        (applied(it), None)
    }),
    ("it is squashed", |it| {
        let pull = it.propose("chen", "developers", &FOUR, "bruno");
        it.merge(pull, How::Squash("Change developers"));
        (applied(it), None)
    }),
    ("two are merged, one by its own beneficiary", |it| {
        let mine = it.propose("mine", "support", &["bruno", "chen"], "bruno");
        let other = it.propose("other", "developers", &FOUR, "chen");
        it.merge(mine, How::Merge);
        it.merge(other, How::Merge);
        (applied(it), None)
    }),
    ("one that was refused is merged, and then another", |it| {
        let mine = it.propose("mine", "support", &["bruno", "chen"], "bruno");
        it.merge(mine, How::Merge);
        applied(it);
        let other = it.propose("other", "developers", &FOUR, "chen");
        it.merge(other, How::Merge);
        (applied(it), None)
    }),
    ("commits are pushed without a pull request", |it| {
        it.checkout(&["main"]);
        it.members("developers", &FOUR);
        it.commit("Straight to main", "chen");
        it.push("main", "chen");
        (applied(it), None)
    }),
    ("a night with nothing to do", |it| (it.run(Event::Night), None)),
];

fn planned(machine: &Machine, pull: u64) -> (Ran, Option<u64>) {
    (machine.run(Event::Pull(pull)), Some(pull))
}

fn applied(machine: &Machine) -> Ran {
    let ran = machine.run(Event::Push);
    machine.record(&ran, "push");
    ran
}

/// The heading of the one comment of a pull request.
fn heading(machine: &Machine, pull: Option<u64>) -> String {
    let Some(pull) = pull else { return "–".into() };
    let comments = machine.hub.comments(pull);
    let [comment] = comments.as_slice() else { return format!("{} comments", comments.len()) };
    comment.lines().find_map(|line| line.strip_prefix("### ")).unwrap_or_default().to_owned()
}

/// What the plan says of its base and of its authors.
fn of_plan(ran: &Ran) -> (String, &'static str) {
    let Some(plan) = ran.left("plan.json") else { return ("–".into(), "–") };
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let revision = &plan["base"]["revision"];
    let behind = match revision["behind"].as_u64().unwrap_or_default() {
        0 => String::new(),
        behind => format!(", {behind} commits behind"),
    };
    let base = revision["name"].as_str().map_or("–".into(), |name| format!("{name}{behind}"));
    let notes = plan["notes"].as_array().unwrap();
    let unknown = notes.iter().any(|note| note["code"] == "author-unknown");
    (base, if unknown { "may be anybody" } else { "known" })
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "GitHub",
        Kind::GitLab => "GitLab",
        Kind::Bitbucket => "Bitbucket",
    }
}

#[test]
fn the_page_of_walks_says_what_becomes_of_each() {
    let mut page = String::from(
        "# Walks\n\nWhat becomes of what people do, by the recipes of [examples/ci](../examples/ci), run as pipelines against \
         the sandbox and a stand-in\nfor the platform. A test writes this page.\n\n| walk | platform | comment | author | base | \
         exit code |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (walk, take) in WALKS {
        for kind in KINDS {
            let machine = Machine::new(kind).applied_from_the_first();
            let (ran, pull) = take(&machine);
            let (base, author) = of_plan(&ran);
            let comment = heading(&machine, pull);
            writeln!(page, "| {walk} | {} | {comment} | {author} | {base} | {} |", name(kind), ran.code)
                .unwrap();
        }
    }
    let path = repository().join("docs/ci-walks.md");
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, page, "run ROLLBOOK_BLESS=1 cargo test --test it -- the_page_of_walks");
}
