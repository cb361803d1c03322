//! The outcome of a plan, as text for people.

use std::collections::BTreeMap;

use anstyle::Style;

use crate::model::{Key, Outcome, Plan, Report};

use super::escape_untrusted;
use super::lines::{BOLD, CHANGE, GRANT, Lead, REVOKE, count, painted, wrapped};
use super::plan::{Obstacle, obstacles};

/// Renders a report: every operation of the plan, those that need a person first. A refusal of several operations is
/// shown once, with the first few of them.
pub fn report_text(plan: &Plan, report: &Report, width: usize) -> String {
    let mut outcomes: Vec<&(Key, Outcome)> = report.outcomes.iter().collect();
    outcomes.sort_by_key(|(_, outcome)| rank(outcome));
    let mut alike: BTreeMap<(u8, String), Vec<&(Key, Outcome)>> = BTreeMap::new();
    let mut order = Vec::new();
    for it in outcomes {
        let same = (rank(&it.1), detail(&it.1));
        let known = alike.entry(same.clone()).or_default();
        if known.is_empty() {
            order.push(same);
        }
        known.push(it);
    }
    let mut text = String::new();
    for same in order {
        text.push_str(&alike_lines(&alike[&same], width));
    }
    for Obstacle { why, entries, .. } in obstacles(&plan.blocked) {
        for (at, blocked) in entries.iter().enumerate() {
            let why = if at + 1 == entries.len() { escape_untrusted(&why) } else { "".into() };
            text.push_str(&line(
                "blocked",
                CHANGE,
                &format!("{} {}", blocked.action, blocked.address),
                &why,
                width,
            ));
        }
    }
    if let Some(ended) = &report.ended {
        text.push('\n');
        text.push_str(&wrapped(&escape_untrusted(ended), &Lead::PLAIN, width));
    }
    text.push_str(&totals(plan, report));
    text
}

/// Operations with the same outcome: completed ones each on a line, and of others the first few.
fn alike_lines(alike: &[&(Key, Outcome)], width: usize) -> String {
    let shown = match alike {
        [(_, outcome), ..] if !outcome.done() && alike.len() > SHOWN + 1 => SHOWN,
        _ => alike.len(),
    };
    let mut text = String::new();
    for (at, (key, outcome)) in alike.iter().take(shown).enumerate() {
        let said = if at + 1 == shown || outcome.done() { detail(outcome) } else { String::new() };
        text.push_str(&line(outcome.as_str(), style(outcome), &key.to_string(), &said, width));
    }
    if let (Some((_, outcome)), more @ 1..) = (alike.first(), alike.len() - shown) {
        let others = format!("and {more} more, for the same reason");
        text.push_str(&line(outcome.as_str(), style(outcome), &others, "", width));
    }
    text
}

/// How many operations with the same outcome are named.
const SHOWN: usize = 5;

/// One operation and its outcome, with its line break.
pub(super) fn outcome_line(key: &Key, outcome: &Outcome, width: usize) -> String {
    line(outcome.as_str(), style(outcome), &key.to_string(), &detail(outcome), width)
}

fn style(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Applied { seen: true } | Outcome::Unconfirmed | Outcome::Satisfied => GRANT,
        Outcome::Applied { seen: false } | Outcome::Failed { .. } | Outcome::Unsettled { .. } => REVOKE,
        Outcome::Skipped { .. } | Outcome::NotAttempted => CHANGE,
    }
}

/// The explanation of an outcome.
fn detail(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied { seen: true } => String::new(),
        Outcome::Applied { seen: false } => {
            "the surface accepted it, but reads do not show it; the next plan asks for it again".into()
        }
        Outcome::Unconfirmed => "it could not be read again".into(),
        Outcome::Satisfied => "nothing needed doing".into(),
        Outcome::Failed { why } | Outcome::Unsettled { why } => escape_untrusted(why).into_owned(),
        Outcome::Skipped { requires } => format!("it depends on `{requires}`, which may not have succeeded"),
        Outcome::NotAttempted => "the run stopped before it".into(),
    }
}

/// A word about an operation, and its explanation; both must be harmless already.
pub(super) fn line(word: &str, style: Style, key: &str, detail: &str, width: usize) -> String {
    let head = format!("{} {key}\n", painted(style, &format!("{word:<13}")));
    if detail.is_empty() { head } else { head + &wrapped(detail, &Lead::OUTCOME, width) }
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Failed { .. } => 0,
        Outcome::Unsettled { .. } | Outcome::Applied { seen: false } => 1,
        Outcome::Skipped { .. } => 2,
        Outcome::NotAttempted => 3,
        Outcome::Satisfied => 4,
        Outcome::Applied { seen: true } | Outcome::Unconfirmed => 5,
    }
}

fn totals(plan: &Plan, report: &Report) -> String {
    let mut counts: BTreeMap<(u8, &str), (usize, &'static str)> = BTreeMap::new();
    // The head has the count of those that were done as planned.
    let others = report.outcomes.iter().filter(|(_, outcome)| *outcome != Outcome::Applied { seen: true });
    for (_, outcome) in others {
        counts.entry((rank(outcome), outcome.as_str())).or_insert((0, outcome.as_str())).0 += 1;
    }
    let done = report.outcomes.iter().filter(|(_, outcome)| outcome.done()).count();
    let mut parts: Vec<String> = counts.values().map(|(count, word)| format!("{count} {word}")).collect();
    for (count, what) in [(plan.blocked.len(), "blocked"), (plan.summary.waiting, "waiting")] {
        parts.extend((count > 0).then(|| format!("{count} {what}")));
    }
    let head = format!("Done: {done} of {}", count(report.outcomes.len(), "operation"));
    let tail = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("\n{}{tail}.\n", painted(BOLD, &head))
}
