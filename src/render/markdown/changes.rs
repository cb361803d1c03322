//! The operations of a plan: what takes access away or is privileged first and never folded, then the rest.

use std::collections::BTreeMap;

use crate::model::{Action, Direction, Drift, GroupName, Location, Operation, Plan, PlannedOperation};
use crate::render::lines::{count, width_of};
use crate::render::plan::{Whole, account_details, details, joins, person, sign_of};

use super::escape::{code, name};
use super::page::{Block, Line, Section, Weight};

/// Longer lists of grants are folded.
const FOLDED: usize = 15;

/// A longer column does not push its neighbours' second one further right.
const WIDEST: usize = 36;

/// A line of a fence in two columns.
pub(super) struct Entry {
    pub(super) direction: Direction,
    pub(super) what: String,
    pub(super) about: String,
    pub(super) revokes: usize,
}

/// What is told under one head: a group, or the accounts.
struct Gathered<'a> {
    group: Option<&'a GroupName>,
    operations: Vec<&'a PlannedOperation>,
}

/// The change, without its drift.
pub(super) fn change(plan: &Plan) -> Vec<Section> {
    let (known, operations): (bool, Vec<&PlannedOperation>) = {
        let operations = plan.operations.iter().filter(|planned| planned.drift != Drift::Yes);
        (plan.base.is_some(), operations.collect())
    };
    let (narrowing, widening): (Vec<_>, Vec<_>) =
        gathered(operations).into_iter().partition(Gathered::is_grave);
    let sections =
        [(Weight::Revoke, "Revokes and privileged grants", narrowing), (Weight::Grant, "Grants", widening)];
    let of_change = if known { " of this change" } else { "" };
    sections
        .into_iter()
        .filter(|(_, _, gathered)| !gathered.is_empty())
        .map(|(weight, title, gathered)| Section {
            weight,
            name: title,
            of: "group",
            open: format!("#### {title}{of_change}\n\n"),
            blocks: blocks(plan, &gathered),
            close: String::new(),
        })
        .collect()
}

/// What the base would need as well.
pub(super) fn drift(plan: &Plan) -> Option<Section> {
    let operations: Vec<_> = plan.operations.iter().filter(|planned| planned.drift == Drift::Yes).collect();
    if operations.is_empty() {
        return None;
    }
    let mut gathered = gathered(operations);
    gathered.sort_by_key(|gathered| !gathered.is_grave());
    Some(Section {
        weight: Weight::Drift,
        name: "Drift",
        of: "group",
        open: "#### Drift, not from this change\n\nThe base asks for it as well: somebody changed the site by hand, or \
               an earlier apply did not finish.\n\n"
            .into(),
        blocks: blocks(plan, &gathered),
        close: String::new(),
    })
}

impl Gathered<'_> {
    /// Whether a reviewer must see it unfolded: it takes access away, or is privileged.
    fn is_grave(&self) -> bool {
        let grave = |planned: &&PlannedOperation| {
            planned.privileged || planned.operation.direction() == Direction::Revoke
        };
        self.operations.iter().any(grave)
    }

    fn is_privileged(&self) -> bool {
        self.operations.iter().any(|planned| planned.privileged)
    }
}

/// Accounts first, since what becomes of one is felt in every group; those that gain apart from those that lose.
fn gathered(operations: Vec<&PlannedOperation>) -> Vec<Gathered<'_>> {
    let mut groups: BTreeMap<&GroupName, Vec<&PlannedOperation>> = BTreeMap::new();
    let (mut grave, mut other) = (Vec::new(), Vec::new());
    for planned in operations {
        match planned.key.address.group() {
            Some(name) => groups.entry(name).or_default().push(planned),
            None if planned.privileged || planned.operation.direction() == Direction::Revoke => {
                grave.push(planned);
            }
            None => other.push(planned),
        }
    }
    let accounts = [grave, other].into_iter().filter(|operations| !operations.is_empty());
    let accounts = accounts.map(|operations| Gathered { group: None, operations });
    let groups = groups.into_iter().map(|(name, operations)| Gathered { group: Some(name), operations });
    accounts.chain(groups).collect()
}

fn blocks(plan: &Plan, gathered: &[Gathered<'_>]) -> Vec<Block> {
    let plan = Whole::of(plan);
    gathered.iter().flat_map(|gathered| block(&plan, gathered)).collect()
}

fn block(plan: &Whole<'_>, gathered: &Gathered<'_>) -> Vec<Block> {
    let mut entries: Vec<Entry> = gathered.operations.iter().flat_map(|planned| told(planned)).collect();
    entries.sort_by_key(|entry| entry.direction);
    let head = match gathered.group {
        Some(group) => group_head(plan, group, &gathered.operations),
        None => "**Accounts**".into(),
    };
    let grants = entries.partition_point(|entry| entry.direction != Direction::Grant);
    let listed = entries.split_off(grants);
    if gathered.is_privileged() || listed.len() <= FOLDED {
        entries.extend(listed);
        return vec![Block::diff(&format!("{head}\n\n"), lines(entries))];
    }
    let summary = count(listed.len(), "grant");
    if entries.is_empty() {
        return vec![Block::folded_diff(&format!("{head}\n\n"), &summary, lines(listed))];
    }
    let shown = Block::diff(&format!("{head}\n\n"), lines(entries));
    vec![shown, Block::folded_diff("", &format!("and {summary}"), lines(listed))]
}

fn group_head(plan: &Whole<'_>, group: &GroupName, operations: &[&PlannedOperation]) -> String {
    let mut parts = vec![format!("**{}**", code(group.as_str()))];
    let is = |action| {
        operations.iter().any(|planned| planned.key.address.user().is_none() && planned.key.action == action)
    };
    parts.extend(is(Action::Create).then(|| "new".to_owned()));
    parts.extend(is(Action::Delete).then(|| "**deleted**".to_owned()));
    let members = plan.summary(group).filter(|_| plan.is(group, operations));
    parts.extend(members.map(|group| format!("{} → {}", group.before, count(group.after, "member"))));
    parts.extend(operations.iter().any(|planned| planned.privileged).then(|| "**privileged**".to_owned()));
    parts.extend(plan.via(operations));
    parts.join(" · ")
}

/// The lines of an operation: a deleted group has one for everybody who loses it.
fn told(planned: &PlannedOperation) -> Vec<Entry> {
    let direction = planned.operation.direction();
    let place = place(&planned.origin);
    let entry = |what: String, details: Vec<String>, revokes: usize| {
        let about = details.into_iter().chain([place.clone()]).collect::<Vec<_>>().join(", ");
        Entry { direction, what, about: name(&about), revokes }
    };
    match &planned.operation {
        Operation::CreateGroup { .. } => vec![entry("create the group".into(), details(planned), 0)],
        Operation::DeleteGroup { members, .. } => {
            let group = entry("delete the group".into(), details(planned), 1);
            let lost = members.iter().map(|lost| {
                entry(name(&person(&lost.user, lost.name.as_deref())), vec!["loses it".into()], 0)
            });
            std::iter::once(group).chain(lost).collect()
        }
        Operation::AddMember { .. } | Operation::RemoveMember { .. } => {
            vec![entry(who(planned), details(planned), usize::from(direction == Direction::Revoke))]
        }
        Operation::InviteUser { .. }
        | Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. } => {
            let mut about = vec![format!("{} via {}", planned.key.action, planned.via)];
            about.extend(account_details(&planned.operation));
            about.extend(details(planned));
            let joins = joins(planned);
            about.extend(planned.privileged.then(|| "privileged".to_owned()).filter(|_| joins.is_none()));
            about.extend(joins);
            vec![entry(who(planned), about, usize::from(direction == Direction::Revoke))]
        }
    }
}

pub(super) fn who(planned: &PlannedOperation) -> String {
    let user = planned.key.address.user();
    name(&user.map(|user| person(user, planned.name.as_deref())).unwrap_or_default())
}

/// A place as people and editors write it.
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.line)
}

/// The lines of a fence, aligned. Nothing of them can open a line, since a sign of ours stands first.
pub(super) fn lines(entries: Vec<Entry>) -> Vec<Line> {
    let widths = entries.iter().map(|entry| width_of(&entry.what)).filter(|width| *width <= WIDEST);
    let widest = widths.max().unwrap_or(0);
    let line = |entry: Entry| {
        let sign = match entry.direction {
            // GitHub colours `!`, and not `~`.
            Direction::Neutral => "!",
            Direction::Grant | Direction::Revoke => sign_of(entry.direction),
        };
        let Entry { what, about, revokes, .. } = entry;
        let gap = if about.is_empty() { 0 } else { widest.saturating_sub(width_of(&what)) + 2 };
        Line { text: format!("{sign} {what}{}{about}\n", " ".repeat(gap)), revokes }
    };
    entries.into_iter().map(line).collect()
}
