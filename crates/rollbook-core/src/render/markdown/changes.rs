//! The operations of a plan: those that revoke access or are privileged first and never folded, then the rest.

use std::collections::BTreeMap;

use crate::model::{Action, Direction, Drift, GroupName, Location, Operation, Plan, PlannedOperation};
use crate::render::lines::{count, width_of};
use crate::render::plan::{
    Rank, Whole, account_details, details, joins, of_operation, person, rank, reach_of, sign_of,
};

use super::escape::{code, name, prose};
use super::page::{Block, Line, Section, Weight};

/// Longer lists of grants are folded.
const FOLDED: usize = 15;

/// A longer column does not move the second column of its neighbours.
const WIDEST: usize = 36;

/// A line of a fence in two columns. A phone shows only the first without scrolling: so it contains the reason, and the
/// place is last.
pub(super) struct Entry {
    pub(super) direction: Direction,
    pub(super) what: String,
    pub(super) reason: String,
    /// The second column: a place, or the new state of something.
    pub(super) last: String,
    pub(super) revokes: usize,
}

/// The entries under one heading: a group, or the accounts.
struct Gathered<'a> {
    group: Option<&'a GroupName>,
    operations: Vec<&'a PlannedOperation>,
}

/// The change, without its drift: operations that revoke access or are privileged, and the rest.
pub(super) fn change(plan: &Plan) -> [Option<Section>; 2] {
    let operations = plan.operations.iter().filter(|planned| planned.drift != Drift::Yes);
    let (narrowing, widening): (Vec<_>, Vec<_>) =
        gathered(operations.collect()).into_iter().partition(Gathered::is_grave);
    let of_change = if plan.base.is_some() { " of this change" } else { "" };
    let parts =
        [(Weight::Revoke, "Revokes and privileged grants", narrowing), (Weight::Grant, "Grants", widening)];
    parts.map(|(weight, name, gathered)| {
        (!gathered.is_empty()).then(|| Section {
            weight,
            name,
            of: "group",
            open: format!("#### {name}{of_change}\n\n"),
            blocks: blocks(plan, &gathered),
            close: String::new(),
        })
    })
}

/// The operations that the base would also need.
pub(super) fn drift(plan: &Plan) -> Option<Section> {
    let operations: Vec<_> = plan.operations.iter().filter(|planned| planned.drift == Drift::Yes).collect();
    if operations.is_empty() {
        return None;
    }
    let gathered = gathered(operations);
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
    /// Whether a reviewer must see it unfolded: it revokes access, or is privileged.
    fn is_grave(&self) -> bool {
        rank(&self.operations) < Rank::Other
    }

    fn is_privileged(&self) -> bool {
        rank(&self.operations) == Rank::Privileged
    }
}

/// Accounts first, since a change of one affects every group; those that gain separate from those that lose.
fn gathered(operations: Vec<&PlannedOperation>) -> Vec<Gathered<'_>> {
    let mut groups: BTreeMap<&GroupName, Vec<&PlannedOperation>> = BTreeMap::new();
    let (mut grave, mut other) = (Vec::new(), Vec::new());
    for planned in operations {
        match planned.key.address.group() {
            Some(name) => groups.entry(name).or_default().push(planned),
            None if rank(&[planned]) < Rank::Other => grave.push(planned),
            None => other.push(planned),
        }
    }
    let accounts = [grave, other].into_iter().filter(|operations| !operations.is_empty());
    let accounts = accounts.map(|operations| Gathered { group: None, operations });
    let groups = groups.into_iter().map(|(name, operations)| Gathered { group: Some(name), operations });
    let mut gathered: Vec<Gathered<'_>> = accounts.chain(groups).collect();
    gathered.sort_by_key(|gathered| rank(&gathered.operations));
    gathered
}

/// The blocks of all, followed by the folded grants of groups with graver changes: if not everything fits, these are
/// cut before anybody's revokes.
fn blocks(plan: &Plan, gathered: &[Gathered<'_>]) -> Vec<Block> {
    let plan = Whole::of(plan);
    let (mut blocks, mut rest) = (Vec::new(), Vec::new());
    for gathered in gathered {
        let (first, folded) = block(&plan, gathered);
        let subject = gathered.group.map_or("", GroupName::as_str);
        blocks.push(first.about(subject));
        rest.extend(folded.map(|block| block.about(subject)));
    }
    blocks.append(&mut rest);
    blocks
}

/// The block of a group, and a separate block of its grants if they are folded.
fn block(plan: &Whole<'_>, gathered: &Gathered<'_>) -> (Block, Option<Block>) {
    let mut entries: Vec<Entry> =
        gathered.operations.iter().flat_map(|planned| told(planned, plan)).collect();
    entries.sort_by_key(|entry| entry.direction);
    let (name, mut head) = match gathered.group {
        Some(group) => {
            (format!("**{}**", code(group.as_str())), group_head(plan, group, &gathered.operations))
        }
        None => ("**Accounts**".to_owned(), "**Accounts**".into()),
    };
    let shared = if gathered.group.is_some() { shared(&mut entries) } else { Vec::new() };
    let said = |direction: Option<Direction>| -> String {
        let of = |shared: &&Shared| direction.is_none_or(|direction| shared.direction == direction);
        let text = |shared: &Shared| match direction {
            // Its head already says that it is about grants.
            Some(Direction::Grant) => format!(" · {}", shared.text),
            Some(Direction::Revoke | Direction::Neutral) | None => {
                format!(" · {}{}", shared.whose, shared.text)
            }
        };
        shared.iter().filter(of).map(text).collect()
    };
    let grants = entries.partition_point(|entry| entry.direction != Direction::Grant);
    let listed = entries.split_off(grants);
    if gathered.is_privileged() || listed.len() <= FOLDED {
        entries.extend(listed);
        head.push_str(&said(None));
        return (Block::diff(&format!("{head}\n\n"), lines(entries)), None);
    }
    let summary = count(listed.len(), "grant");
    if entries.is_empty() {
        head.push_str(&said(None));
        return (Block::folded_diff(&format!("{head}\n\n"), &summary, lines(listed)), None);
    }
    let others = [Direction::Revoke, Direction::Neutral].map(|direction| said(Some(direction))).concat();
    let shown = Block::diff(&format!("{head}{others}\n\n"), lines(entries));
    let head = format!("{name} · its grants{}\n\n", said(Some(Direction::Grant)));
    (shown, Some(Block::folded_diff(&head, &summary, lines(listed))))
}

/// The common part of all lines of a direction.
struct Shared {
    direction: Direction,
    /// The lines that it is about, if the group has others.
    whose: &'static str,
    text: String,
}

/// Removes the reason and the place from the lines of a group if all have the same one, to show it once.
fn shared(entries: &mut [Entry]) -> Vec<Shared> {
    let mixed = entries.windows(2).any(|pair| pair[0].direction != pair[1].direction);
    let mut shared = Vec::new();
    for entries in entries.chunk_by_mut(|one, other| one.direction == other.direction) {
        let mut said = taken_out(entries, |entry| &mut entry.reason).map(|reason| prose(&reason));
        if let Some(place) = taken_out(entries, |entry| &mut entry.last) {
            let reason = said.map(|reason| format!("{reason}, ")).unwrap_or_default();
            said = Some(format!("{reason}{}", code(&place)));
        }
        let direction = entries.first().map_or(Direction::Neutral, |entry| entry.direction);
        let whose = match direction {
            Direction::Revoke if mixed => "revokes: ",
            Direction::Grant if mixed => "grants: ",
            Direction::Revoke | Direction::Grant | Direction::Neutral => "",
        };
        shared.extend(said.map(|said| Shared { direction, whose, text: said }));
    }
    shared
}

/// Removes the part that several lines share, and returns it.
fn taken_out(entries: &mut [Entry], part: impl Fn(&mut Entry) -> &mut String) -> Option<String> {
    let (first, others) = entries.split_first_mut()?;
    let text = part(first).clone();
    if others.is_empty() || text.is_empty() || others.iter_mut().any(|other| *part(other) != text) {
        return None;
    }
    for entry in entries.iter_mut() {
        part(entry).clear();
    }
    Some(text)
}

fn group_head(plan: &Whole<'_>, group: &GroupName, operations: &[&PlannedOperation]) -> String {
    let mut parts = vec![format!("**{}**", code(group.as_str()))];
    let is = |action| {
        operations.iter().any(|planned| planned.key.address.user().is_none() && planned.key.action == action)
    };
    parts.extend(is(Action::Create).then(|| "new".to_owned()));
    parts.extend(is(Action::Delete).then(|| "**deleted**".to_owned()));
    parts.extend((rank(operations) == Rank::Privileged).then(|| "**privileged**".to_owned()));
    // The roles of a group affect everybody in it: no fold may hide that.
    let roles = operations.iter().filter_map(|planned| {
        let access = code(&planned.operation.access()?.to_string());
        let change = of_operation(plan.plan(), planned)?;
        Some(format!("{access}: **{}**", prose(&reach_of(change))))
    });
    parts.extend(roles);
    parts.extend(plan.members(group, operations));
    parts.extend(plan.via(operations));
    parts.join(" · ")
}

/// The lines of an operation: a deleted group has one for everybody who loses it.
fn told(planned: &PlannedOperation, plan: &Whole<'_>) -> Vec<Entry> {
    let direction = planned.operation.direction();
    let place = place(&planned.origin);
    let entry = |what: String, details: Vec<String>, revokes: usize| {
        let (reason, last) = (name(&details.join(", ")), name(&place));
        Entry { direction, what, reason, last, revokes }
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
        Operation::AssignRole { access, .. } => {
            vec![entry(name(&access.to_string()), role_details(plan.plan(), planned), 0)]
        }
        Operation::RevokeRole { held } => {
            vec![entry(name(&held.access().to_string()), role_details(plan.plan(), planned), 1)]
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
            let mut about = account_details(planned);
            about.extend(details(planned));
            about.extend(plan.via(&[planned]));
            let joins = joins(planned);
            about.extend(planned.privileged.then(|| "privileged".to_owned()).filter(|_| joins.is_none()));
            about.extend(joins);
            vec![entry(who(planned), about, usize::from(direction == Direction::Revoke))]
        }
    }
}

/// How many people a role affects, and why.
fn role_details(plan: &Plan, planned: &PlannedOperation) -> Vec<String> {
    of_operation(plan, planned).map(reach_of).into_iter().chain(details(planned)).collect()
}

pub(super) fn who(planned: &PlannedOperation) -> String {
    let user = planned.key.address.user();
    name(&user.map(|user| person(user, planned.name.as_deref())).unwrap_or_default())
}

/// A place in the form that people and editors use.
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.line)
}

/// The lines of a fence, aligned. No text from outside can start a line, since each has a sign first.
pub(super) fn lines(entries: Vec<Entry>) -> Vec<Line> {
    let first = |entry: &Entry| match entry.reason.as_str() {
        "" => entry.what.clone(),
        reason => format!("{}: {reason}", entry.what),
    };
    let widths = entries.iter().map(|entry| width_of(&first(entry))).filter(|width| *width <= WIDEST);
    let widest = widths.max().unwrap_or(0);
    let line = |entry: Entry| {
        let first = first(&entry);
        let sign = match entry.direction {
            // GitHub colours `!`, and not `~`.
            Direction::Neutral => "!",
            Direction::Grant | Direction::Revoke => sign_of(entry.direction),
        };
        let Entry { last, revokes, .. } = entry;
        let gap = if last.is_empty() { 0 } else { widest.saturating_sub(width_of(&first)) + 2 };
        Line { text: format!("{sign} {first}{}{last}\n", " ".repeat(gap)), revokes }
    };
    entries.into_iter().map(line).collect()
}
