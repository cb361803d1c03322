//! The parts after the operations: adopted changes, changes without review, blocked changes, and notes for a reviewer.

use crate::model::{Direction, Key, Note, Plan};
use crate::render::lines::count;
use crate::render::plan::{
    Noted, Obstacle, by_hand, gathered, obstacles, readable, seat_counts, set_aside, unjudged,
};

use super::changes::{Entry, lines, place};
use super::escape::{code, name, prose, prose_with_names};
use super::page::{Block, Line, Section, Weight};

/// Longer lists of changes with one obstacle are folded.
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
    let blocks = obstacles(&plan.blocked).into_iter().map(|Obstacle { code: kind, why, help, entries }| {
        let entry = |blocked: &&crate::model::Blocked| Entry {
            direction: Direction::Neutral,
            what: name(&format!("{} {}", blocked.action, readable(&blocked.address))),
            reason: String::new(),
            last: name(&place(&blocked.origin)),
            revokes: 0,
        };
        let head = format!("{}: {}. {}\n\n", code(kind), prose(&why), prose(&help));
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

/// Guards that let something pass or could not be evaluated, and the notes.
pub(super) fn notes(plan: &Plan) -> Option<Section> {
    let aside = plan.guards.iter().filter_map(set_aside).map(|text| format!("- Guard {}.\n", prose(&text)));
    let unjudged = unjudged(plan).map(|text| format!("- {}\n", prose(&text)));
    let notes = gathered(&plan.notes).into_iter().flat_map(|noted| noted_lines(&noted));
    let lines: Vec<Line> = aside.chain(unjudged).chain(notes).map(Line::of).collect();
    (!lines.is_empty()).then(|| section("Notes", vec![Block::list(lines)]))
}

/// The most notes of one kind that are shown, each on a line or all on one: the space of a comment is for changes.
const SENTENCES: usize = 5;
const PARTS: usize = 20;

/// The notes with one code.
fn noted_lines(noted: &Noted<'_>) -> Vec<String> {
    let part = |(part, note): &(&str, &Note)| {
        let place =
            note.origin.as_ref().map(|origin| format!(" ({})", code(&place(origin)))).unwrap_or_default();
        format!("{}{place}", prose_with_names(part, &note.names))
    };
    let shown = if noted.of_all.is_some() { PARTS } else { SENTENCES };
    let parts: Vec<String> = noted.notes.iter().take(shown).map(part).collect();
    let more = noted.notes.len() - parts.len();
    // A note that opens with a dash or a number would be a list in the list.
    let Some(of_all) = &noted.of_all else {
        let rest = format!(
            "- Note: {more} of {} notes {} are not shown here.\n",
            noted.notes.len(),
            code(noted.code)
        );
        let lines = parts.into_iter().map(|part| format!("- Note: {part}\n"));
        return lines.chain((more > 0).then_some(rest)).collect();
    };
    let rest = (more > 0).then(|| format!("and {more} more"));
    let parts: Vec<String> = parts.into_iter().chain(rest).collect();
    vec![format!("- Note: {}: {}\n", prose(of_all), parts.join(noted.separator()))]
}

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
