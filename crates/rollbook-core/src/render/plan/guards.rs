//! The verdicts of the guards on a plan.

use crate::model::{Plan, Ruling, Verdict};
use crate::render::escape_untrusted;
use crate::render::lines::{BOLD, Lead, REVOKE, Row, count, painted, wrapped};

/// The refusals, each with its help.
pub(super) fn refused(plan: &Plan, width: usize) -> String {
    let refusals: Vec<&Verdict> = plan.refusals().collect();
    if refusals.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", painted(BOLD, &format!("Refused ({})", refusals.len())));
    for (at, verdict) in refusals.iter().enumerate() {
        text.push_str(&refusal(verdict, help_of(&refusals, at), width));
    }
    text
}

/// The help of a refusal; `None` if the next one has the same help, which follows it.
pub(in crate::render) fn help_of<'a>(refusals: &[&'a Verdict], at: usize) -> Option<&'a str> {
    let same = |next: &&Verdict| (next.guard, &next.help) == (refusals[at].guard, &refusals[at].help);
    (!refusals.get(at + 1).is_some_and(same)).then_some(refusals[at].help.as_str())
}

/// The guards that were set aside, and those that could not be evaluated.
pub(super) fn not_refused(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    let aside: Vec<String> = plan.guards.iter().filter_map(set_aside).collect();
    if !aside.is_empty() {
        text.push_str(&format!("\n{}\n", painted(BOLD, &format!("Set aside ({})", aside.len()))));
        text.extend(aside.iter().map(|line| wrapped(&escape_untrusted(line), &Lead::BULLET, width)));
    }
    if let Some(sentence) = unjudged(plan) {
        text.push_str(&format!("\n{}", wrapped(&sentence, &Lead::PLAIN, width)));
    }
    text
}

/// The guards that the tree asks for and that could not be evaluated, in a sentence.
pub(in crate::render) fn unjudged(plan: &Plan) -> Option<String> {
    let unjudged = plan.guards.iter().filter(|verdict| verdict.ruling == Ruling::NotJudged);
    let unjudged: Vec<String> =
        unjudged.map(|verdict| format!("{}, since {}", verdict.guard, verdict.why)).collect();
    (!unjudged.is_empty())
        .then(|| format!("Not judged, though the tree asks for it: {}.", unjudged.join("; ")))
}

fn refusal(verdict: &Verdict, help: Option<&str>, width: usize) -> String {
    let head = format!("! {}", verdict.guard);
    let middle = match verdict.addresses.as_slice() {
        [] => "the whole plan".into(),
        [one] => escape_untrusted(&one.to_string()).into_owned(),
        several => count(several.len(), "address"),
    };
    let row = Row { style: REVOKE, indent: 0, head: &head, head_width: 28, middle: &middle, right: "" };
    let mut text = row.text(width);
    text.push_str(&wrapped(&escape_untrusted(&verdict.why), &Lead::ABOUT, width));
    text.extend(help.map(|help| wrapped(&escape_untrusted(help), &Lead::ABOUT, width)));
    text
}

/// A refusal that a waiver or a flag set aside.
pub(in crate::render) fn set_aside(verdict: &Verdict) -> Option<String> {
    let by = match &verdict.ruling {
        Ruling::Waived { because, until } => format!("waived until {until}: {because}"),
        Ruling::Allowed => "allowed for this run".into(),
        Ruling::Refused | Ruling::AllowedByChange { .. } | Ruling::NotJudged => return None,
    };
    Some(format!("{}: {} ({by})", verdict.guard, verdict.why))
}
