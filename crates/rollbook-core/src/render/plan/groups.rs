//! A plan by group: who joins and who leaves.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Direction, GroupName, GroupSummary, Operation, Plan, PlannedOperation, Surface};
use crate::render::escape_untrusted;
use crate::render::lines::{CHANGE, GRANT, REVOKE, Row, count};

use super::people::user_rows;
use super::rows::{Line, details, origin_of, person, rows, short, sign_of};

/// What the heads of groups say of a whole plan, counted once for all of them.
pub(in crate::render) struct Whole<'a> {
    plan: &'a Plan,
    /// How many operations there are on each group.
    operations: BTreeMap<&'a GroupName, usize>,
    several_surfaces: bool,
}

impl<'a> Whole<'a> {
    pub(in crate::render) fn of(plan: &'a Plan) -> Self {
        let mut operations: BTreeMap<&GroupName, usize> = BTreeMap::new();
        for name in plan.operations.iter().filter_map(|planned| planned.key.address.group()) {
            *operations.entry(name).or_default() += 1;
        }
        Self { plan, operations, several_surfaces: surfaces(plan.operations.iter()).len() > 1 }
    }

    /// Whether these are all operations on a group. One that is changed here and in another part of a plan has no
    /// counts that would be true of this part.
    pub(in crate::render) fn is(&self, name: &GroupName, operations: &[&PlannedOperation]) -> bool {
        self.operations.get(name) == Some(&operations.len())
    }

    /// The summaries are in the order of names.
    pub(in crate::render) fn summary(&self, name: &GroupName) -> Option<&'a GroupSummary> {
        let index = self.plan.groups.binary_search_by(|group| group.name.cmp(name)).ok()?;
        self.plan.groups.get(index)
    }

    /// The surfaces of operations, where the plan goes through several.
    pub(in crate::render) fn via(&self, operations: &[&PlannedOperation]) -> Option<String> {
        let named = || format!("via {}", surfaces(operations.iter().copied()).join(" and "));
        self.several_surfaces.then(named)
    }
}

pub(super) fn by_group(plan: &Plan, operations: &[&PlannedOperation], width: usize) -> String {
    let whole = Whole::of(plan);
    let mut groups: BTreeMap<&GroupName, Vec<&PlannedOperation>> = BTreeMap::new();
    let mut users: Vec<&PlannedOperation> = Vec::new();
    for planned in operations.iter().copied() {
        match planned.key.address.group() {
            Some(name) => groups.entry(name).or_default().push(planned),
            None => users.push(planned),
        }
    }
    let mut text = String::new();
    for (name, operations) in groups {
        text.push_str(&group(name, &whole, &operations, whole.is(name, &operations), width));
    }
    for planned in users {
        text.push_str(&user_rows(planned, width));
    }
    text
}

pub(super) fn group(
    name: &GroupName,
    plan: &Whole<'_>,
    operations: &[&PlannedOperation],
    counted: bool,
    width: usize,
) -> String {
    let whole = operations.iter().find(|planned| matches!(planned.key.address, Address::Group(_)));
    let (sign, style) = match whole.map(|planned| &planned.operation) {
        Some(Operation::CreateGroup { .. }) => ("+", GRANT),
        Some(Operation::DeleteGroup { .. }) => ("-", REVOKE),
        Some(_) | None => ("~", CHANGE),
    };
    let head = format!("{sign} group {}", escape_untrusted(name.as_str()));
    let mut middle = plan
        .summary(name)
        .filter(|_| counted)
        .map_or_else(String::new, |group| format!("{} → {}", group.before, count(group.after, "member")));
    if let Some(via) = plan.via(operations) {
        middle.push_str(if middle.is_empty() { "" } else { ", " });
        middle.push_str(&via);
    }
    if operations.iter().any(|planned| planned.privileged) {
        middle.push_str(if middle.is_empty() { "privileged" } else { ", privileged" });
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

/// The surfaces that operations go through, in order.
pub(in crate::render) fn surfaces<'a>(
    operations: impl Iterator<Item = &'a PlannedOperation>,
) -> Vec<&'static str> {
    let surfaces: BTreeSet<Surface> = operations.map(|planned| planned.via).collect();
    surfaces.into_iter().map(Surface::as_str).collect()
}
