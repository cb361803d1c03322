//! A plan as text for people.

mod comparison;
mod groups;
mod guards;
mod people;
mod review;
mod rows;
mod taken;

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::model::{Address, Blocked, Drift, Plan, SeatChange, Summary};

use super::escape_untrusted;
use super::lines::{BOLD, CHANGE, DIM, Lead, Row, count, effort, gap, painted, width_of, wrapped};
use groups::by_group;
use guards::guards;
use people::by_user;

pub(super) use comparison::{allowed_by_change, by_hand, compared, differs, mappings};
pub(super) use groups::{Whole, surfaces};
pub(super) use guards::{set_aside, unjudged};
pub(super) use people::{account_details, joins};
pub(super) use rows::{details, person, short, sign_of};
pub(super) use taken::taken;

/// Characters of the fingerprint that people see.
pub(super) const SHORT_FINGERPRINT: usize = 8;

/// What the lines of a plan are gathered under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Groups, with who joins and who leaves.
    #[default]
    Group,
    /// People, with what they gain and what they lose.
    User,
}

/// Renders a plan within a width in cells; only names that are longer pass it.
pub fn plan_text(plan: &Plan, grouping: Grouping, width: usize) -> String {
    let mut text = title(plan, width);
    if let Some(taken) = taken(plan) {
        text.push_str(&wrapped(&escape_untrusted(&taken), &Lead::PLAIN, width));
    }
    if !plan.narrowed_to.is_empty() {
        let part = format!("Only {}, and what that requires.", plan.narrowed_to.join(", "));
        text.push_str(&wrapped(&escape_untrusted(&part), &Lead::PLAIN, width));
    }
    text.push_str(&review::before_operations(plan, width));
    text.push_str(&comparison::before_operations(plan, width));
    if plan.operations.is_empty() {
        text.push_str("\nNo changes.");
        let whole = plan.blocked.is_empty() && plan.narrowed_to.is_empty() && plan.review.is_none();
        let whole = whole && plan.refusals().next().is_none();
        text.push_str(match (whole, plan.undoes) {
            (true, false) if plan.summary.waiting > 0 => " What is left waits for an identity provider.\n",
            (true, false) => " The site matches the configuration.\n",
            (true, true) => " Nothing of the run is left to take back.\n",
            (false, _) => "\n",
        });
    }
    text.push_str(&operations(plan, grouping, width));
    if let Some(base) = &plan.base {
        text.push_str(&comparison::adopted(&base.adopted, width));
    }
    text.push_str(&review::after_operations(plan, width));
    text.push_str(&guards(plan, width));
    text.push_str(&blocked(&plan.blocked, width));
    text.push_str(&notes(plan, width));
    text.push_str(&seats(plan, width));
    text.push_str(&totals(plan, width));
    text
}

/// The change first, then the drift; without a base nobody knows which is which.
fn operations(plan: &Plan, grouping: Grouping, width: usize) -> String {
    let (drift, change): (Vec<_>, Vec<_>) =
        plan.operations.iter().partition(|planned| planned.drift == Drift::Yes);
    let mut text = String::new();
    for (title, operations) in [(None, change), (Some("Drift (not from this change)"), drift)] {
        if operations.is_empty() {
            continue;
        }
        text.push('\n');
        text.extend(title.map(|title| format!("{}\n", painted(BOLD, title))));
        text.push_str(&match grouping {
            Grouping::Group => by_group(plan, &operations, width),
            Grouping::User => by_user(plan, &operations, width),
        });
    }
    text
}

fn title(plan: &Plan, width: usize) -> String {
    let host = crate::render::host_of(&plan.site);
    let left = format!("Rollbook plan for {}", escape_untrusted(host));
    let mut right =
        format!("{}, {}", count(plan.summary.grants, "grant"), count(plan.summary.revokes, "revoke"));
    right.push_str(&undone(&plan.summary));
    if plan.refusals().next().is_some() {
        right.push_str(", refused");
    }
    let gap = gap(width_of(&left), width.saturating_sub(width_of(&right)));
    format!("{}{gap}{right}\n", painted(BOLD, &left))
}

fn blocked(blocked: &[Blocked], width: usize) -> String {
    if blocked.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", painted(BOLD, &format!("Blocked ({})", blocked.len())));
    for ((why, help), entries) in by_obstacle(blocked) {
        for entry in entries {
            let head = format!("! {} {}", entry.action, escape_untrusted(&readable(&entry.address)));
            let right = short(&entry.origin);
            let row = Row {
                style: CHANGE,
                indent: 0,
                head: &head,
                head_width: 28,
                middle: &escape_untrusted(&entry.code),
                right: &right,
            };
            text.push_str(&row.text(width));
        }
        text.push_str(&wrapped(&escape_untrusted(why), &Lead::ABOUT, width));
        text.push_str(&wrapped(&escape_untrusted(help), &Lead::ABOUT, width));
    }
    text
}

/// What is blocked, by why and by what to do. What blocks one person blocks them for each of their groups: it is said
/// once.
pub(super) fn by_obstacle(blocked: &[Blocked]) -> IndexMap<(&str, &str), Vec<&Blocked>> {
    let mut by_obstacle: IndexMap<(&str, &str), Vec<&Blocked>> = IndexMap::new();
    for entry in blocked {
        by_obstacle.entry((&entry.why, &entry.help)).or_default().push(entry);
    }
    by_obstacle
}

/// An address without its encoding, for reading only.
pub(super) fn readable(address: &Address) -> String {
    match address {
        Address::Group(name) => format!("group {name}"),
        Address::User(user) => format!("user {user}"),
        Address::Member(name, user) => format!("{user} in {name}"),
    }
}

fn notes(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    if plan.notes.is_empty() {
        return text;
    }
    text.push_str(&format!("\n{}\n", painted(BOLD, &format!("Notes ({})", plan.notes.len()))));
    for note in &plan.notes {
        let place = note.origin.as_ref().map(|origin| format!(" ({})", short(origin))).unwrap_or_default();
        text.push_str(&wrapped(&format!("{}{place}", escape_untrusted(&note.text)), &Lead::BULLET, width));
    }
    text
}

/// What happens to seats, and how far the plan reaches.
fn seats(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    for seats in &plan.cost.seats {
        let sentence = format!("{}: {}.", escape_untrusted(seats.app.as_str()), seat_counts(seats));
        text.push_str(&wrapped(&sentence, &Lead::BULLET, width));
    }
    let mut whole = String::new();
    if !text.is_empty() {
        whole = format!("\n{}\n{text}", painted(BOLD, "Seats"));
    }
    let everything = match surfaces(plan.operations.iter()).as_slice() {
        [via] => Some(format!("All changes go via {via}.")),
        _ => None,
    };
    let sentences: Vec<String> = everything
        .into_iter()
        .chain(plan.reach.iter().map(|reach| escape_untrusted(reach).into_owned()))
        .collect();
    if !sentences.is_empty() {
        whole.push_str(&format!("\n{}", wrapped(&sentences.join(" "), &Lead::PLAIN, width)));
    }
    whole
}

/// How many seats of an app are taken, freed and left.
pub(super) fn seat_counts(seats: &SeatChange) -> String {
    let most =
        |count: usize| if seats.exact || count == 0 { count.to_string() } else { format!("up to {count}") };
    let left = match usize::try_from(seats.left) {
        Ok(left) => format!("{left} left"),
        Err(_) => format!("{} too few", most(seats.left.unsigned_abs().try_into().unwrap_or(usize::MAX))),
    };
    format!("{} taken, {} freed, {left}", most(seats.gains), most(seats.loses))
}

/// How much is blocked, and how much waits, where something does.
fn undone(summary: &Summary) -> String {
    let parts = [(summary.blocked, "blocked"), (summary.waiting, "waiting")];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect()
}

fn totals(plan: &Plan, width: usize) -> String {
    let fingerprint: String = plan.fingerprint.chars().take(SHORT_FINGERPRINT).collect();
    let mut line =
        format!("Plan: {}, {}", count(plan.summary.grants, "grant"), count(plan.summary.revokes, "revoke"));
    line.push_str(&undone(&plan.summary));
    if plan.cost.requests > 0 {
        let _ = write!(line, ", {}", effort(&plan.cost));
    }
    let fingerprint = format!("fingerprint {}", escape_untrusted(&fingerprint));
    let fits = width_of(&line) + 3 + width_of(&fingerprint) <= width;
    format!("\n{line}.{}{}\n", if fits { "  " } else { "\n" }, painted(DIM, &fingerprint))
}
