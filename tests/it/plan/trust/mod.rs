//! The threat model of docs/trust.md, cell by cell: each rule, by what the group is, who made the change and what came
//! before. What is promised is in `promise`, by hand; what is so is written to docs/trust-table.md.

mod axes;
mod page;
mod promise;
mod says;
mod stage;

use std::fs;
use std::path::Path;

use rollbook::model::{GroupName, Note, Plan, Ruling};

use axes::{Author, Cell, History, Kind, Rule};
use promise::{Promise, promise};
use stage::Stage;

/// The outcome of a deed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Verdict {
    /// `refused`, `blocked CODE`, `note CODE`, `mistake CODE`, `no plan` or `passes`.
    what: String,
    /// What a reviewer reads, or why there is no such case.
    sentence: String,
}

fn verdict(what: impl Into<String>, sentence: impl Into<String>) -> Verdict {
    Verdict { what: what.into(), sentence: sentence.into() }
}

/// What a plan says of a deed: what stops all of it, then what stops a part, then what is said. Who is in `other`
/// and in `team` is nobody's concern; any other operation that is left does the deed.
fn said(plan: &Plan, rule: Rule) -> Verdict {
    let mut refused: Vec<_> = plan.guards.iter().filter(|guard| guard.ruling == Ruling::Refused).collect();
    refused.sort_by_key(|guard| !rule.title().contains(guard.guard.as_str()));
    if let Some(refused) = refused.first() {
        return verdict(format!("refused by `{}`", refused.guard), &refused.why);
    }
    let harmless = |name: &GroupName| matches!(name.as_str(), "other" | "team");
    let done = plan.operations.iter().any(|planned| !planned.key.address.group().is_some_and(harmless));
    let mut blocked: Vec<_> = plan.blocked.iter().collect();
    blocked.sort_by_key(|blocked| !rule.title().contains(&*blocked.code));
    if let Some(blocked) = blocked.first().filter(|_| !done) {
        return verdict(format!("blocked `{}`", blocked.code), &blocked.why);
    }
    if let Some(allowed) =
        plan.guards.iter().find(|guard| matches!(guard.ruling, Ruling::AllowedByChange { .. }))
    {
        return verdict("allowed by this change", &allowed.why);
    }
    let told = |note: &&Note| matches!(&*note.code, "exclusive-stands" | "rule-names-nothing");
    match plan.notes.iter().find(told) {
        Some(note) => verdict(format!("note `{}`", note.code), &note.text),
        None => verdict("passes", ""),
    }
}

fn walked(cell: Cell) -> (Verdict, Promise) {
    let promise = promise(cell);
    if let Promise::Senseless(why) = promise {
        return (verdict("–", why), promise);
    }
    let mut found = match stage::plan(cell, &Stage::of(cell.rule, cell.kind)) {
        Ok(plan) => said(&plan, cell.rule),
        Err(stopped) => stopped,
    };
    if let (Promise::Passes(why), "passes") = (promise, found.what.as_str()) {
        found.sentence = why.to_owned();
    }
    (found, promise)
}

/// The cells of a rule, with the outcome of each. Each rule has a thread of its own.
fn walk(rule: Rule) -> Vec<(Cell, Verdict, Promise)> {
    let walked = |cell| {
        let (found, promise) = walked(cell);
        (cell, found, promise)
    };
    cells(rule).map(walked).collect()
}

fn cells(rule: Rule) -> impl Iterator<Item = Cell> {
    let histories =
        move |kind, author| History::ALL.into_iter().map(move |history| Cell { rule, kind, author, history });
    let authors = move |kind| Author::ALL.into_iter().flat_map(move |author| histories(kind, author));
    Kind::ALL.into_iter().flat_map(authors)
}

#[test]
fn every_rule_does_what_the_threat_model_promises() {
    let walked: Vec<(Cell, Verdict, Promise)> = std::thread::scope(|scope| {
        let threads: Vec<_> = Rule::ALL.into_iter().map(|rule| scope.spawn(move || walk(rule))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("the walk of a rule ends")).collect()
    });
    let broken: Vec<String> = walked.iter().filter_map(broken).collect();
    assert!(broken.is_empty(), "{} cells:\n{}", broken.len(), broken.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trust-table.md");
    let page = page::page(&walked);
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == page, "run ROLLBOOK_BLESS=1 cargo test trust");
}

/// How a cell breaks its promise, where it does.
fn broken((cell, found, promise): &(Cell, Verdict, Promise)) -> Option<String> {
    let stopped =
        ["refused", "blocked", "no plan", "mistake"].iter().any(|word| found.what.starts_with(word));
    let kept = match promise {
        Promise::Stopped => stopped,
        Promise::Shown => stopped || found.what == "allowed by this change",
        Promise::Passes(_) => !stopped,
        Promise::Senseless(_) => true,
    };
    (!kept).then(|| format!("{cell:?}: {promise:?}, and {found:?}"))
}
