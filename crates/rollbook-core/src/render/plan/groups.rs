//! A plan by group: who joins and who leaves.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Direction, GroupName, GroupSummary, Operation, Plan, PlannedOperation, Surface};
use crate::render::escape_untrusted;
use crate::render::lines::{CHANGE, GRANT, REVOKE, Row, count};

use super::access::{of_operation, reach_of};
use super::people::user_rows;
use super::rows::{Line, details, origin_of, person, rows, short, sign_of};

/// The urgency of operations for a reviewer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) enum Rank {
    Privileged,
    Revokes,
    Other,
}

/// The rank of operations that are shown together.
pub(in crate::render) fn rank(operations: &[&PlannedOperation]) -> Rank {
    if operations.iter().any(|planned| planned.privileged) {
        Rank::Privileged
    } else if operations.iter().any(|planned| planned.operation.direction() == Direction::Revoke) {
        Rank::Revokes
    } else {
        Rank::Other
    }
}

/// Counts over a whole plan for the heads of groups, computed once for all of them.
pub(in crate::render) struct Whole<'a> {
    plan: &'a Plan,
    /// How many operations there are on each group.
    operations: BTreeMap<&'a GroupName, usize>,
    /// The surface of most operations: only the others are named at each.
    usual: Option<Surface>,
}

impl<'a> Whole<'a> {
    pub(in crate::render) fn of(plan: &'a Plan) -> Self {
        let mut operations: BTreeMap<&GroupName, usize> = BTreeMap::new();
        for name in plan.operations.iter().filter_map(|planned| planned.key.address.group()) {
            *operations.entry(name).or_default() += 1;
        }
        Self { plan, operations, usual: usual(plan) }
    }

    /// The plan.
    pub(in crate::render) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Whether these are all operations on a group. The counts of a group that is also changed in another part of a
    /// plan would be wrong for this part.
    fn is(&self, name: &GroupName, operations: &[&PlannedOperation]) -> bool {
        self.operations.get(name) == Some(&operations.len())
    }

    /// The summaries are in the order of names.
    fn summary(&self, name: &GroupName) -> Option<&'a GroupSummary> {
        let index = self.plan.groups.binary_search_by(|group| group.name.cmp(name)).ok()?;
        self.plan.groups.get(index)
    }

    /// The surfaces of operations, if one of them is not the usual one.
    pub(in crate::render) fn via(&self, operations: &[&PlannedOperation]) -> Option<String> {
        let surfaces: BTreeSet<Surface> = operations.iter().map(|planned| planned.via).collect();
        let unusual = surfaces.iter().any(|via| Some(*via) != self.usual);
        let names: Vec<&str> = surfaces.into_iter().map(Surface::as_str).collect();
        unusual.then(|| format!("via {}", names.join(" and ")))
    }

    /// The number of a group's members: of a new group after the plan, of a deleted one before it, and of another one
    /// before and after it, if these are all operations on it.
    pub(in crate::render) fn members(
        &self,
        name: &GroupName,
        operations: &[&PlannedOperation],
    ) -> Option<String> {
        let GroupSummary { before, after, .. } = *self.summary(name)?;
        match whole(operations).map(|planned| &planned.operation) {
            Some(Operation::CreateGroup { .. }) => Some(count(after, "member")),
            Some(Operation::DeleteGroup { .. }) => Some(count(before, "member")),
            Some(_) | None if !self.is(name, operations) => None,
            Some(_) | None if before == after => Some(format!("still {}", count(after, "member"))),
            Some(_) | None => Some(format!("{before} → {}", count(after, "member"))),
        }
    }
}

/// The surface of most operations; if there are several, the first.
fn usual(plan: &Plan) -> Option<Surface> {
    let of = |surface: &Surface| plan.operations.iter().filter(|planned| planned.via == *surface).count();
    let used = Surface::ALL.into_iter().rev().filter(|surface| of(surface) > 0);
    used.max_by_key(of)
}

/// The surface of the operations, in a sentence.
pub(in crate::render) fn by_way_of(plan: &Plan) -> Option<String> {
    let usual = usual(plan)?;
    Some(if plan.operations.iter().all(|planned| planned.via == usual) {
        format!("All changes go via {usual}.")
    } else {
        format!("Changes go via {usual} unless a line names another surface.")
    })
}

/// The operation on a group itself.
fn whole<'a>(operations: &[&'a PlannedOperation]) -> Option<&'a PlannedOperation> {
    operations.iter().copied().find(|planned| matches!(planned.key.address, Address::Group(_)))
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
    let users = users.into_iter().map(|planned| (rank(&[planned]), user_rows(planned, &whole, width)));
    let groups = groups
        .into_iter()
        .map(|(name, operations)| (rank(&operations), group(name, &whole, &operations, width)));
    ranked(users.chain(groups))
}

/// Blocks of rows: the most urgent first, and within a rank in the given order.
pub(super) fn ranked(blocks: impl Iterator<Item = (Rank, String)>) -> String {
    let mut blocks: Vec<(Rank, String)> = blocks.collect();
    blocks.sort_by_key(|(rank, _)| *rank);
    blocks.into_iter().map(|(_, text)| text).collect()
}

pub(super) fn group(
    name: &GroupName,
    plan: &Whole<'_>,
    operations: &[&PlannedOperation],
    width: usize,
) -> String {
    let whole = whole(operations);
    let (sign, style, what) = match whole.map(|planned| &planned.operation) {
        Some(Operation::CreateGroup { .. }) => ("+", GRANT, Some("new")),
        Some(Operation::DeleteGroup { .. }) => ("-", REVOKE, Some("deleted")),
        Some(_) | None => ("~", CHANGE, None),
    };
    let head = format!("{sign} group {}", escape_untrusted(name.as_str()));
    let privileged = (rank(operations) == Rank::Privileged).then_some("privileged");
    let mut middle: Vec<String> = privileged.into_iter().chain(what).map(str::to_owned).collect();
    middle.extend(plan.members(name, operations));
    middle.extend(plan.via(operations));
    let middle = middle.join(", ");
    let right = whole.map_or_else(String::new, |planned| short(&planned.origin));
    let row =
        Row { style: style.bold(), indent: 0, head: &head, head_width: 28, middle: &middle, right: &right };
    let mut text = row.text(width);
    let mut members: Vec<Line> = operations
        .iter()
        .filter(|planned| planned.key.address.user().is_some())
        .map(|planned| member_line(planned, &planned.key.address))
        .collect();
    members.extend(operations.iter().filter_map(|planned| role_line(plan.plan, planned)));
    members.extend(lost_members(whole));
    text.push_str(&rows(&mut members, width));
    text
}

/// The line of a role that the group starts or stops giving.
fn role_line(plan: &Plan, planned: &PlannedOperation) -> Option<Line> {
    let access = planned.operation.access()?;
    let direction = planned.operation.direction();
    let mut middle: Vec<String> = of_operation(plan, planned).map(reach_of).into_iter().collect();
    middle.extend(details(planned));
    Some(Line {
        direction,
        head: format!("{} {}", sign_of(direction), escape_untrusted(&access.to_string())),
        middle: middle.join(", "),
        right: origin_of(planned),
    })
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

/// The people who lose a group that is deleted.
fn lost_members(whole: Option<&PlannedOperation>) -> Vec<Line> {
    let Some(Operation::DeleteGroup { members, .. }) = whole.map(|planned| &planned.operation) else {
        return Vec::new();
    };
    members
        .iter()
        .map(|lost| Line {
            direction: Direction::Revoke,
            head: format!("- {}", person(&lost.user, lost.name.as_deref())),
            middle: String::new(),
            right: String::new(),
        })
        .collect()
}
