//! A plan as text for people.

mod access;
mod comparison;
mod groups;
mod guards;
mod notes;
mod people;
mod review;
mod rows;
mod taken;

use crate::model::{Address, Drift, Operation, Plan, PlannedOperation, SeatChange, Summary};

use super::escape_untrusted;
use super::lines::{BOLD, DIM, Lead, count, effort, gap, painted, width_of, wrapped};
use groups::by_group;
use guards::{not_refused, refused};
use notes::{blocked, notes};
use people::by_user;

pub(super) use access::{of_operation, people_of, reach_of};
pub(super) use comparison::{allowed_by_change, by_hand, compared, differs, mappings};
pub(super) use groups::{Rank, Whole, by_way_of, rank};
pub(super) use guards::{help_of, set_aside, unjudged};
pub(super) use notes::{Noted, Obstacle, gathered, obstacles};
pub(super) use people::{account_details, joins};
pub(super) use rows::{details, person, short, sign_of};
pub(super) use taken::taken;

/// Characters of the fingerprint that people see.
pub(super) const SHORT_FINGERPRINT: usize = 8;

/// The headings under which the lines of a plan are gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Groups, with who joins and who leaves.
    #[default]
    Group,
    /// People, with what they gain and what they lose.
    User,
}

/// Renders a plan within a width in cells; only longer names exceed it.
pub fn plan_text(plan: &Plan, grouping: Grouping, width: usize) -> String {
    let mut text = title(plan, width);
    if let Some(taken) = taken(plan) {
        text.push_str(&wrapped(&escape_untrusted(&taken), &Lead::PLAIN, width));
    }
    if !plan.narrowed_to.is_empty() {
        let part = format!("Only {}, and its requirements.", plan.narrowed_to.join(", "));
        text.push_str(&wrapped(&escape_untrusted(&part), &Lead::PLAIN, width));
    }
    if let Some(base) = &plan.base {
        text.push_str(&wrapped(&escape_untrusted(&compared(base)), &Lead::PLAIN, width));
    }
    text.push_str(&review::reviewed(plan, width));
    text.push_str(&refused(plan, width));
    text.push_str(&review::misfits(plan, width));
    text.push_str(&comparison::before_operations(plan, width));
    if plan.operations.is_empty() {
        text.push_str(&format!("\nNo changes.{}\n", nothing_left(plan)));
    }
    text.push_str(&operations(plan, grouping, width));
    if let Some(base) = &plan.base {
        text.push_str(&comparison::adopted(&base.adopted, width));
    }
    text.push_str(&review::after_operations(plan, width));
    text.push_str(&blocked(&plan.blocked, width));
    text.push_str(&not_refused(plan, width));
    text.push_str(&notes(plan, width));
    text.push_str(&seats(plan, width));
    text.push_str(&foot(plan, width));
    text
}

/// Why a plan without operations is complete; empty if it is not.
fn nothing_left(plan: &Plan) -> &'static str {
    let whole = plan.blocked.is_empty() && plan.narrowed_to.is_empty() && plan.review.is_none();
    if !whole || plan.refusals().next().is_some() {
        ""
    } else if plan.undoes {
        " Nothing of the run is left to undo."
    } else if plan.summary.waiting > 0 {
        " The rest waits for an identity provider."
    } else {
        " The site matches the configuration."
    }
}

/// The change first, then the drift; without a base they cannot be separated.
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

/// The site and the verdict, as the first line for a reviewer.
fn title(plan: &Plan, width: usize) -> String {
    let left = format!("Rollbook plan for {}", escape_untrusted(crate::render::host_of(&plan.site)));
    let refused = if plan.refusals().next().is_some() { "Refused: " } else { "" };
    let right = format!("{refused}{}", totals(plan).join(", "));
    let fits = width_of(&left) + 2 + width_of(&right) <= width;
    let between =
        if fits { gap(width_of(&left), width.saturating_sub(width_of(&right))) } else { "\n".into() };
    format!("{}{between}{right}\n", painted(BOLD, &left))
}

/// The totals of grants and revokes, and other counts that matter: privileged changes, mails, and blocked changes.
pub(super) fn totals(plan: &Plan) -> Vec<String> {
    let Summary { grants, revokes, blocked, waiting, .. } = plan.summary;
    let privileged = plan.operations.iter().filter(|planned| planned.privileged).count();
    let mails = |planned: &&PlannedOperation| {
        matches!(planned.operation, Operation::InviteUser { sends_mail: true, .. })
    };
    let by_roles: usize = plan.access.iter().map(|change| change.mails).sum();
    let mails = plan.operations.iter().filter(mails).count() + by_roles;
    let most = if by_roles > 0 { "up to " } else { "" };
    let mut totals = vec![count(grants, "grant"), count(revokes, "revoke")];
    totals.extend((privileged > 0).then(|| format!("{privileged} privileged")));
    totals.extend((mails > 0).then(|| format!("{most}{}", count(mails, "mail"))));
    totals.extend((blocked > 0).then(|| format!("{blocked} blocked")));
    totals.extend((waiting > 0).then(|| format!("{waiting} waiting")));
    totals
}

/// An address without its encoding, for reading only.
pub(super) fn readable(address: &Address) -> String {
    match address {
        Address::Group(name) => format!("group {name}"),
        Address::User(user) => format!("user {user}"),
        Address::Member(name, user) => format!("{user} in {name}"),
        Address::Grant(name, access) => format!("{access} by group {name}"),
    }
}

/// The seats, and how far the plan reaches.
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
    let sentences: Vec<String> = by_way_of(plan)
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
    let parts = [(seats.gains, "taken"), (seats.loses, "freed")];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, what)| format!("{} {what}", most(count)));
    parts.chain([left]).collect::<Vec<_>>().join(", ")
}

/// The cost of the plan, and its fingerprint.
fn foot(plan: &Plan, width: usize) -> String {
    if plan.operations.is_empty() {
        return String::new();
    }
    let fingerprint: String = plan.fingerprint.chars().take(SHORT_FINGERPRINT).collect();
    let left = format!("{}.", effort(plan));
    let right = format!("fingerprint {}", escape_untrusted(&fingerprint));
    let gap = gap(width_of(&left), width.saturating_sub(width_of(&right)));
    format!("\n{left}{gap}{}\n", painted(DIM, &right))
}
