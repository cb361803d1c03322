//! A plan as text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use indexmap::IndexMap;

use crate::model::{
    Address, Blocked, Direction, GroupName, GroupSummary, Location, Operation, Plan, PlannedOperation,
    Reason, UserRef,
};

use super::harmless;
use super::lines::{BOLD, CHANGE, DIM, GRANT, Lead, REVOKE, Row, count, gap, painted, width_of, wrapped};

/// Heads longer than this do not push their neighbours' second column further right.
const WIDEST_HEAD: usize = 38;

/// Characters of the fingerprint that people see.
const SHORT_FINGERPRINT: usize = 8;

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
    if !plan.narrowed_to.is_empty() {
        let part = format!("Only {}, and what that requires.", plan.narrowed_to.join(", "));
        text.push_str(&wrapped(&harmless(&part), &Lead::PLAIN, width));
    }
    if plan.operations.is_empty() {
        text.push_str("\nNo changes.");
        let whole = plan.blocked.is_empty() && plan.narrowed_to.is_empty();
        text.push_str(if whole { " Live is as the tree asks.\n" } else { "\n" });
    } else {
        text.push('\n');
        text.push_str(&match grouping {
            Grouping::Group => by_group(plan, width),
            Grouping::User => by_user(plan, width),
        });
    }
    text.push_str(&blocked(&plan.blocked, width));
    text.push_str(&notes(plan, width));
    text.push_str(&totals(plan, width));
    text
}

fn title(plan: &Plan, width: usize) -> String {
    let host = plan.site.split_once("://").map_or(plan.site.as_str(), |(_, host)| host);
    let left = format!("Rollbook plan for {host}");
    let mut right =
        format!("{}, {}", count(plan.summary.grants, "grant"), count(plan.summary.revokes, "revoke"));
    if plan.summary.blocked > 0 {
        let _ = write!(right, ", {} blocked", plan.summary.blocked);
    }
    let gap = gap(width_of(&left), width.saturating_sub(width_of(&right)));
    format!("{}{gap}{right}\n", painted(BOLD, &left))
}

fn by_group(plan: &Plan, width: usize) -> String {
    let mut groups: BTreeMap<&GroupName, Vec<&PlannedOperation>> = BTreeMap::new();
    let mut users: Vec<&PlannedOperation> = Vec::new();
    for planned in &plan.operations {
        match planned.key.address.group() {
            Some(name) => groups.entry(name).or_default().push(planned),
            None => users.push(planned),
        }
    }
    let mut text = String::new();
    for (name, operations) in groups {
        let summary = summary_of(plan, name);
        text.push_str(&group(name, summary, &operations, width));
    }
    for planned in users {
        text.push_str(&user_row(planned).text(width));
    }
    text
}

/// The summaries are in the order of names.
fn summary_of<'a>(plan: &'a Plan, name: &GroupName) -> Option<&'a GroupSummary> {
    let index = plan.groups.binary_search_by(|group| group.name.cmp(name)).ok()?;
    plan.groups.get(index)
}

fn group(
    name: &GroupName,
    summary: Option<&GroupSummary>,
    operations: &[&PlannedOperation],
    width: usize,
) -> String {
    let whole = operations.iter().find(|planned| matches!(planned.key.address, Address::Group(_)));
    let (sign, style) = match whole.map(|planned| &planned.operation) {
        Some(Operation::CreateGroup { .. }) => ("+", GRANT),
        Some(Operation::DeleteGroup { .. }) => ("-", REVOKE),
        Some(
            Operation::AddMember { .. }
            | Operation::RemoveMember { .. }
            | Operation::InviteUser { .. }
            | Operation::RemoveUser { .. },
        )
        | None => ("~", CHANGE),
    };
    let head = format!("{sign} group {}", harmless(name.as_str()));
    let mut middle = summary
        .map_or_else(String::new, |group| format!("{} → {}", group.before, count(group.after, "member")));
    if operations.iter().any(|planned| planned.privileged) {
        middle.push_str(if middle.is_empty() { "privileged" } else { "  privileged" });
    }
    let right = whole.map_or_else(String::new, |planned| short(&planned.origin));
    let row =
        Row { style: style.bold(), indent: 0, head: &head, head_width: 28, middle: &middle, right: &right };
    let mut text = row.text(width);
    let mut members: Vec<Line> = operations
        .iter()
        .filter(|planned| planned.key.address.user().is_some())
        .map(|planned| member_line(planned, &planned.key.address))
        .collect();
    members.extend(lost_members(whole.copied()));
    text.push_str(&rows(&mut members, width));
    text
}

/// A line under a group or a person.
struct Line {
    direction: Direction,
    head: String,
    middle: String,
    right: String,
}

fn rows(lines: &mut [Line], width: usize) -> String {
    lines.sort_by(|a, b| {
        (std::cmp::Reverse(a.direction), &a.head).cmp(&(std::cmp::Reverse(b.direction), &b.head))
    });
    let head_width = lines
        .iter()
        .map(|line| width_of(&line.head))
        .filter(|width| *width <= WIDEST_HEAD)
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|line| {
            let style = style_of(line.direction);
            Row { style, indent: 4, head: &line.head, head_width, middle: &line.middle, right: &line.right }
                .text(width)
        })
        .collect()
}

fn style_of(direction: Direction) -> Style {
    match direction {
        Direction::Grant => GRANT,
        Direction::Revoke => REVOKE,
        Direction::Neutral => CHANGE,
    }
}

fn sign_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Grant => "+",
        Direction::Revoke => "-",
        Direction::Neutral => "~",
    }
}

fn member_line(planned: &PlannedOperation, address: &Address) -> Line {
    let direction = planned.operation.direction();
    let who = address.user().map(|user| person(user, planned.name.as_deref())).unwrap_or_default();
    Line {
        direction,
        head: format!("{} {who}", sign_of(direction)),
        middle: details(planned).join(", "),
        right: origin_of(planned),
    }
}

/// Who loses a group that is deleted.
fn lost_members(whole: Option<&PlannedOperation>) -> Vec<Line> {
    let Some(Operation::DeleteGroup { members, .. }) = whole.map(|planned| &planned.operation) else {
        return Vec::new();
    };
    members
        .iter()
        .map(|lost| Line {
            direction: Direction::Revoke,
            head: format!("- {}", person(&lost.user, lost.name.as_deref())),
            middle: "group deleted".into(),
            right: String::new(),
        })
        .collect()
}

/// A person, with the live display name where there is no e-mail to know them by.
fn person(user: &UserRef, name: Option<&str>) -> String {
    let shown = user.to_string();
    match (user, name) {
        (UserRef::Account(_), Some(name)) => format!("{} ({})", harmless(&shown), harmless(name)),
        (UserRef::Account(_), None) | (UserRef::Email(_), _) => harmless(&shown).into_owned(),
    }
}

fn details(planned: &PlannedOperation) -> Vec<String> {
    let mut details = Vec::new();
    match planned.reason {
        Reason::Declared => {}
        Reason::Undeclared | Reason::Expired | Reason::Excepted | Reason::Offboarded | Reason::Unlisted => {
            details.push(planned.reason.to_string());
        }
    }
    details.extend(planned.until.map(|until| format!("until {until}")));
    details
}

/// Where a line of the tree asks for it; what no line asks for stands with its group.
fn origin_of(planned: &PlannedOperation) -> String {
    match planned.reason {
        Reason::Undeclared | Reason::Unlisted => String::new(),
        Reason::Declared | Reason::Expired | Reason::Excepted | Reason::Offboarded => short(&planned.origin),
    }
}

fn short(location: &Location) -> String {
    format!("{}:{}", harmless(&location.path), location.line)
}

/// A row that owns its parts.
struct OwnedRow {
    style: Style,
    head: String,
    middle: String,
    right: String,
}

impl OwnedRow {
    fn text(&self, width: usize) -> String {
        let Self { style, head, middle, right } = self;
        Row { style: style.bold(), indent: 0, head, head_width: 28, middle, right }.text(width)
    }
}

fn user_row(planned: &PlannedOperation) -> OwnedRow {
    let direction = planned.operation.direction();
    let who =
        planned.key.address.user().map(|user| person(user, planned.name.as_deref())).unwrap_or_default();
    let mut middle = vec![format!("{}, via {}", planned.key.action, planned.via)];
    if let Operation::InviteUser { apps, .. } = &planned.operation {
        middle.push(if apps.is_empty() {
            "no app".into()
        } else {
            apps.iter().map(|app| harmless(app.as_str()).into_owned()).collect::<Vec<_>>().join(" and ")
        });
        middle.push("sends mail".into());
    }
    if let Operation::RemoveUser { memberships, .. } = &planned.operation
        && !memberships.is_empty()
    {
        middle.push(format!("ends {}", count(memberships.len(), "more membership")));
    }
    middle.extend(details(planned));
    OwnedRow {
        style: style_of(direction),
        head: format!("{} user {who}", sign_of(direction)),
        middle: middle.join(", "),
        right: short(&planned.origin),
    }
}

fn by_user(plan: &Plan, width: usize) -> String {
    let mut people: BTreeMap<&UserRef, Vec<&PlannedOperation>> = BTreeMap::new();
    let mut groups: Vec<&PlannedOperation> = Vec::new();
    for planned in &plan.operations {
        match planned.key.address.user() {
            Some(user) => people.entry(user).or_default().push(planned),
            None => groups.push(planned),
        }
    }
    let mut text = String::new();
    for (user, operations) in people {
        let gains =
            operations.iter().filter(|planned| planned.operation.direction() == Direction::Grant).count();
        let name = operations.iter().find_map(|planned| planned.name.as_deref());
        let head = format!("~ user {}", person(user, name));
        let middle = format!("gains {gains}, loses {}", operations.len() - gains);
        let row = OwnedRow { style: CHANGE, head, middle, right: String::new() };
        text.push_str(&row.text(width));
        let mut lines: Vec<Line> = operations.iter().map(|planned| membership_line(planned)).collect();
        text.push_str(&rows(&mut lines, width));
    }
    for planned in groups {
        let name = planned.key.address.group().cloned().unwrap_or_else(|| GroupName::new(""));
        let summary = summary_of(plan, &name);
        text.push_str(&group(&name, summary, &[planned], width));
    }
    text
}

fn membership_line(planned: &PlannedOperation) -> Line {
    let direction = planned.operation.direction();
    let what = match &planned.key.address {
        Address::Member(name, _) => harmless(name.as_str()).into_owned(),
        Address::User(_) | Address::Group(_) => format!("the site ({})", planned.key.action),
    };
    let mut middle = details(planned);
    if planned.privileged {
        middle.push("privileged".into());
    }
    Line {
        direction,
        head: format!("{} {what}", sign_of(direction)),
        middle: middle.join(", "),
        right: origin_of(planned),
    }
}

fn blocked(blocked: &[Blocked], width: usize) -> String {
    if blocked.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", painted(BOLD, &format!("Blocked ({})", blocked.len())));
    // What stands in one person's way stands there for each of their groups: it is said once.
    let mut by_obstacle: IndexMap<(&str, &str), Vec<&Blocked>> = IndexMap::new();
    for entry in blocked {
        by_obstacle.entry((&entry.why, &entry.help)).or_default().push(entry);
    }
    for ((why, help), entries) in by_obstacle {
        for entry in entries {
            let head = format!("! {} {}", entry.action, harmless(&readable(&entry.address)));
            let right = short(&entry.origin);
            let row = Row {
                style: CHANGE,
                indent: 0,
                head: &head,
                head_width: 28,
                middle: entry.code,
                right: &right,
            };
            text.push_str(&row.text(width));
        }
        text.push_str(&wrapped(&harmless(why), &Lead::ABOUT, width));
        text.push_str(&wrapped(&harmless(help), &Lead::ABOUT, width));
    }
    text
}

/// An address without its encoding, for reading only.
fn readable(address: &Address) -> String {
    match address {
        Address::Group(name) => format!("group {name}"),
        Address::User(user) => format!("user {user}"),
        Address::Member(name, user) => format!("{user} in {name}"),
    }
}

fn notes(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    if !plan.guards.is_empty() {
        let rules: Vec<&str> = plan.guards.iter().map(|unenforced| unenforced.guard.as_str()).collect();
        let sentence =
            format!("Not enforced by this version, though the tree asks for it: {}.", rules.join(", "));
        text.push_str(&format!("\n{}", wrapped(&sentence, &Lead::PLAIN, width)));
    }
    if plan.notes.is_empty() {
        return text;
    }
    text.push_str(&format!("\n{}\n", painted(BOLD, &format!("Notes ({})", plan.notes.len()))));
    for note in &plan.notes {
        let place = note.origin.as_ref().map(|origin| format!(" ({})", short(origin))).unwrap_or_default();
        text.push_str(&wrapped(&format!("{}{place}", harmless(&note.text)), &Lead::BULLET, width));
    }
    text
}

fn totals(plan: &Plan, width: usize) -> String {
    let fingerprint: String = plan.fingerprint.chars().take(SHORT_FINGERPRINT).collect();
    let mut line =
        format!("Plan: {}, {}", count(plan.summary.grants, "grant"), count(plan.summary.revokes, "revoke"));
    if plan.summary.blocked > 0 {
        let _ = write!(line, ", {} blocked", plan.summary.blocked);
    }
    if plan.cost.requests > 0 {
        // At least a second: nothing is said of the network, and less would promise too much.
        let _ = write!(
            line,
            ", {}, about {:.0} s",
            count(plan.cost.requests, "request"),
            plan.cost.seconds.max(1.0)
        );
    }
    let fingerprint = format!("fingerprint {fingerprint}");
    let fits = width_of(&line) + 3 + width_of(&fingerprint) <= width;
    format!("\n{line}.{}{}\n", if fits { "  " } else { "\n" }, painted(DIM, &fingerprint))
}
