//! What stands after the operations: what was adopted or not reviewed, what is blocked, and what a reviewer should know.

use std::collections::BTreeMap;

use crate::model::{Direction, Key, Note, Plan};
use crate::render::lines::count;
use crate::render::plan::{by_hand, by_obstacle, readable, seat_counts, set_aside, unjudged};

use super::changes::{Entry, lines, place};
use super::escape::{code, name, prose, prose_with_names};
use super::page::{Block, Line, Section, Weight};

/// Longer lists of what is blocked by one thing are folded.
const FOLDED: usize = 15;

pub(super) fn adopted(plan: &Plan) -> Option<Section> {
    let adopted = &plan.base.as_ref()?.adopted;
    if adopted.is_empty() {
        return None;
    }
    let entry = |entry: &crate::model::Adopted| {
        let privileged = if entry.privileged { ", privileged" } else { "" };
        Entry {
            direction: Direction::Neutral,
            what: name(&readable(&entry.address)),
            reason: format!("{}{privileged}", by_hand(entry)),
            last: name(&format!("base {}", place(&entry.origin))),
            revokes: 0,
        }
    };
    Some(Section {
        weight: Weight::Drift,
        name: "Adopted",
        of: "list",
        open: "#### Adopted: done by hand, and declared by this change\n\n".into(),
        blocks: vec![Block::diff("", lines(adopted.iter().map(entry).collect()))],
        close: String::new(),
    })
}

pub(super) fn reviewed(plan: &Plan) -> Vec<Section> {
    let Some(review) = &plan.review else { return Vec::new() };
    let list = |title: &'static str, keys: &[Key]| {
        let item = |key: &Key| format!("- {}\n", code(&format!("{} {}", key.action, readable(&key.address))));
        let lines: Vec<Line> = keys.iter().map(|key| Line::of(item(key))).collect();
        (!lines.is_empty()).then(|| section(title, vec![Block::list(lines)]))
    };
    let mut sections: Vec<Section> = [
        list("Satisfied already", &review.satisfied),
        list("Not reviewed, and not done", &review.not_reviewed),
    ]
    .into_iter()
    .flatten()
    .collect();
    if review.elsewhere > 0 {
        let others = count(review.elsewhere, "other operation");
        let line = format!("- The tree asks for {others}, not reviewed and not done.\n");
        sections.push(section("Elsewhere", vec![Block::list(vec![Line::of(line)])]));
    }
    sections
}

pub(super) fn blocked(plan: &Plan) -> Option<Section> {
    if plan.blocked.is_empty() {
        return None;
    }
    let blocks = by_obstacle(&plan.blocked).into_iter().map(|((why, help), entries)| {
        let entry = |blocked: &&crate::model::Blocked| Entry {
            direction: Direction::Neutral,
            what: name(&format!("{} {}", blocked.action, readable(&blocked.address))),
            reason: String::new(),
            last: name(&place(&blocked.origin)),
            revokes: 0,
        };
        let head = entries.first().map_or("", |blocked| blocked.code.as_ref());
        let head = format!("{}: {}. {}\n\n", code(head), prose(why), prose(help));
        let lines = lines(entries.iter().map(entry).collect());
        if lines.len() <= FOLDED {
            return Block::diff(&head, lines);
        }
        let summary = format!("{} blocked operations", lines.len());
        Block::folded_diff(&head, &summary, lines)
    });
    let mut section = section("Blocked", blocks.collect());
    section.open = format!("#### Blocked ({})\n\n", plan.blocked.len());
    section.of = "reason";
    Some(section)
}

/// What guards let pass or could not judge, and the notes.
pub(super) fn notes(plan: &Plan) -> Option<Section> {
    let aside = plan.guards.iter().filter_map(set_aside).map(|text| format!("- Guard {}.\n", prose(&text)));
    let unjudged = unjudged(plan).map(|text| format!("- {}\n", prose(&text)));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let shown: Vec<&Note> = plan
        .notes
        .iter()
        .filter(|note| {
            let before = kinds.entry(note.code.as_ref()).or_default();
            *before += 1;
            *before <= OF_A_KIND
        })
        .collect();
    let notes = shown.into_iter().map(|note| {
        let place =
            note.origin.as_ref().map(|origin| format!(" ({})", code(&place(origin)))).unwrap_or_default();
        // A note that opens with a dash or a number would be a list in the list.
        format!("- {} {}{place}\n", "Note:", prose_with_names(&note.text, &note.names))
    });
    let more = kinds.iter().filter(|(_, of)| **of > OF_A_KIND).map(|(kind, of)| {
        format!("- Note: {} of {of} notes {} are not shown here.\n", of - OF_A_KIND, code(kind))
    });
    let notes = notes.chain(more.collect::<Vec<_>>());
    let lines: Vec<Line> = aside.chain(unjudged).chain(notes).map(Line::of).collect();
    (!lines.is_empty()).then(|| section("Notes", vec![Block::list(lines)]))
}

/// How many notes of one kind are shown: a comment has its room for changes.
const OF_A_KIND: usize = 5;

pub(super) fn seats(plan: &Plan) -> Option<Section> {
    let seats = plan.cost.seats.iter();
    let lines: Vec<Line> = seats
        .map(|seats| Line::of(format!("- {}: {}\n", code(seats.app.as_str()), seat_counts(seats))))
        .collect();
    (!lines.is_empty()).then(|| section("Seats", vec![Block::list(lines)]))
}

fn section(name: &'static str, blocks: Vec<Block>) -> Section {
    let open = format!("#### {name}\n\n");
    Section { weight: Weight::Remark, name, of: "list", open, blocks, close: String::new() }
}
