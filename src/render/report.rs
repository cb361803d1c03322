//! What became of a plan, as text for people.

use std::collections::BTreeMap;

use anstyle::Style;

use crate::model::{Confirmation, Key, Outcome, Plan, Report};

use super::harmless;
use super::lines::{BOLD, CHANGE, GRANT, Lead, REVOKE, count, painted, wrapped};

/// Renders a report: every operation of the plan, those that need a person first.
pub fn report_text(plan: &Plan, report: &Report, width: usize) -> String {
    let mut outcomes: Vec<&(Key, Outcome)> = report.outcomes.iter().collect();
    outcomes.sort_by_key(|(_, outcome)| rank(outcome));
    let mut text = String::new();
    for (key, outcome) in outcomes {
        text.push_str(&outcome_line(key, outcome, width));
    }
    for blocked in &plan.blocked {
        let key = format!("{} {}", blocked.action, blocked.address);
        text.push_str(&line("blocked", CHANGE, &key, &harmless(&blocked.why), width));
    }
    text.push_str(&totals(plan, report));
    text
}

/// One operation and what became of it, with its line break.
pub fn outcome_line(key: &Key, outcome: &Outcome, width: usize) -> String {
    let style = match outcome {
        Outcome::Applied(_) | Outcome::AlreadySatisfied => GRANT,
        Outcome::Failed { .. } | Outcome::Unsettled { .. } => REVOKE,
        Outcome::Skipped { .. } | Outcome::NotAttempted => CHANGE,
    };
    let detail = match outcome {
        Outcome::Applied(Confirmation::Seen) => String::new(),
        Outcome::Applied(Confirmation::NotYetVisible) => "not yet visible".into(),
        Outcome::AlreadySatisfied => "nothing needed doing".into(),
        Outcome::Failed { why } | Outcome::Unsettled { why } => harmless(why).into_owned(),
        Outcome::Skipped { requires } => format!("it requires `{requires}`, which was not known to be done"),
        Outcome::NotAttempted => "the run stopped before it".into(),
    };
    line(outcome.as_str(), style, &key.to_string(), &detail, width)
}

/// A word about an operation, and what is said of it; both are harmless already.
pub(super) fn line(word: &str, style: Style, key: &str, detail: &str, width: usize) -> String {
    let head = format!("{} {key}\n", painted(style, &format!("{word:<13}")));
    if detail.is_empty() { head } else { head + &wrapped(detail, &Lead::OUTCOME, width) }
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Failed { .. } => 0,
        Outcome::Unsettled { .. } => 1,
        Outcome::Skipped { .. } => 2,
        Outcome::NotAttempted => 3,
        Outcome::AlreadySatisfied => 4,
        Outcome::Applied(_) => 5,
    }
}

fn totals(plan: &Plan, report: &Report) -> String {
    let mut counts: BTreeMap<u8, (usize, &'static str)> = BTreeMap::new();
    for (_, outcome) in &report.outcomes {
        counts.entry(rank(outcome)).or_insert((0, outcome.as_str())).0 += 1;
    }
    let done = report.outcomes.iter().filter(|(_, outcome)| outcome.done()).count();
    let mut parts: Vec<String> = counts.values().map(|(count, word)| format!("{count} {word}")).collect();
    if !plan.blocked.is_empty() {
        parts.push(format!("{} blocked", plan.blocked.len()));
    }
    let head = format!("Done: {done} of {}", count(report.outcomes.len(), "operation"));
    let tail = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("\n{}{tail}.\n", painted(BOLD, &head))
}
