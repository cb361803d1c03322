//! The parts before the operations: refusals, changes that only the change itself lets pass, the meaning of names, and the rules.

use crate::model::{Direction, Plan, Verdict};
use crate::render::lines::count;
use crate::render::plan::{allowed_by_change, differs, help_of, mappings, readable, short};

use super::changes::{Entry, lines};
use super::escape::{code, name, prose};
use super::page::{Block, Line, Section, Weight};

pub(super) fn verdicts(plan: &Plan) -> Vec<Section> {
    [refused(plan), misfits(plan), allowed(plan), identities(plan), rules(plan), declared(plan)]
        .into_iter()
        .flatten()
        .collect()
}

/// A box that GitHub draws, with a list in it.
fn boxed(kind: &str, name: &'static str, title: &str, items: Vec<String>) -> Option<Section> {
    if items.is_empty() {
        return None;
    }
    let lines = items.into_iter().map(|item| Line::of(format!("> - {item}\n"))).collect();
    Some(Section {
        weight: Weight::Judgement,
        name,
        of: "entry",
        open: format!("> [!{kind}]\n> {title}\n>\n"),
        blocks: vec![Block::list(lines)],
        close: String::new(),
    })
}

fn refused(plan: &Plan) -> Option<Section> {
    let refusals: Vec<&Verdict> = plan.refusals().collect();
    let items = refusals.iter().enumerate();
    let items: Vec<String> =
        items.map(|(at, verdict)| refusal(verdict, help_of(&refusals, at).unwrap_or_default())).collect();
    let title = format!("**Refused by {}: apply would change nothing.**", count(items.len(), "guard"));
    boxed("CAUTION", "Refused", &title, items)
}

fn refusal(verdict: &Verdict, help: &str) -> String {
    let about = match verdict.addresses.as_slice() {
        [] => "the whole plan".into(),
        [one] => code(&readable(one)),
        several => format!("{} addresses", several.len()),
    };
    format!("**{}**, {about}: {}. {}", verdict.guard, prose(&verdict.why), prose(help)).trim_end().to_owned()
}

fn misfits(plan: &Plan) -> Option<Section> {
    let misfits = plan.review.iter().flat_map(|review| &review.misfits);
    let items: Vec<String> = misfits
        .map(|misfit| {
            let what = format!("{} {}", misfit.key.action, readable(&misfit.key.address));
            format!("{}: {}", code(&what), prose(&misfit.why))
        })
        .collect();
    let title =
        format!("**{} of the reviewed plan no longer follow: apply would change nothing.**", items.len());
    boxed("CAUTION", "No longer follows", &title, items)
}

fn allowed(plan: &Plan) -> Option<Section> {
    let items: Vec<String> =
        allowed_by_change(plan).iter().map(|text| format!("Guard {}", prose(text))).collect();
    let title = "**Allowed by this change itself: the rules before it would refuse this.**";
    boxed("WARNING", "Allowed by this change", title, items)
}

fn identities(plan: &Plan) -> Option<Section> {
    let changes = &plan.base.as_ref()?.identities;
    if changes.is_empty() {
        return None;
    }
    let (mappings, more) = mappings(changes);
    let listed =
        mappings.iter().map(|mapping| entry(name(&readable(mapping.address())), mapping.differs(name)));
    let mut block = Block::diff("", lines(listed.collect()));
    if more > 0 {
        block.close.push_str(&format!("and {} that had no ID before.\n\n", count(more, "name")));
    }
    Some(Section {
        weight: Weight::Identity,
        name: "Identities",
        of: "list",
        open: "#### Names that mean somebody or something else · privileged\n\n".into(),
        blocks: vec![block],
        close: String::new(),
    })
}

fn rules(plan: &Plan) -> Option<Section> {
    let changes = &plan.base.as_ref()?.rules;
    if changes.is_empty() {
        return None;
    }
    let value = |value: &Option<String>| value.as_deref().map_or("none".into(), clipped);
    let entries = changes.iter().map(|change| {
        entry(clipped(&change.rule), format!("{} → {}", value(&change.base), value(&change.head)))
    });
    Some(Section {
        weight: Weight::Rule,
        name: "Rules",
        of: "list",
        open: "#### Rules that change\n\n".into(),
        blocks: vec![Block::diff("", lines(entries.collect()))],
        close: String::new(),
    })
}

/// The start of a text that may be very long, so that it leaves space for the others.
fn clipped(text: &str) -> String {
    const SHOWN: usize = 300;
    let more = text.chars().count().saturating_sub(SHOWN);
    if more == 0 {
        return name(text);
    }
    let shown: String = text.chars().take(SHOWN).collect();
    format!("{} … and {} more", name(&shown), count(more, "character"))
}

fn declared(plan: &Plan) -> Option<Section> {
    let changes = &plan.base.as_ref()?.declared;
    if changes.is_empty() {
        return None;
    }
    let entries = changes.iter().map(|change| {
        let privileged = if change.privileged { ", privileged" } else { "" };
        let reason = format!("{}{privileged}", name(&differs(&change.declared)));
        Entry { reason, ..entry(name(&readable(&change.address)), name(&short(&change.origin))) }
    });
    Some(Section {
        weight: Weight::Rule,
        name: "Declared otherwise",
        of: "list",
        open: "#### Declared otherwise, with or without an operation\n\n".into(),
        blocks: vec![Block::diff("", lines(entries.collect()))],
        close: String::new(),
    })
}

fn entry(what: String, last: String) -> Entry {
    Entry { direction: Direction::Neutral, what, reason: String::new(), last, revokes: 0 }
}
