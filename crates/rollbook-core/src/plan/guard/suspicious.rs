//! `suspicious-read`: a group that was full and reads as empty (docs/design.md#whole-or-nothing).

use std::collections::BTreeSet;

use crate::model::{Address, GroupId, GroupName, Guard, Listing};

use super::{Case, Rules, Tripped};

/// Refused when a group that the plan changes had members before, and has none now: a listing that is empty for lack of
/// permissions looks just like it. "Before" is when the plan was reviewed, if the group should keep some of them, and
/// when the given snapshot was taken.
pub(super) fn suspicious_read(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let changed: BTreeSet<&GroupName> =
        case.operations.keys().filter_map(|key| key.address.group()).collect();
    let is_empty = |id| case.context.live.members.get(id).is_some_and(Listing::is_empty);
    let groups = rules.tree.groups.live();
    let emptied = groups.filter(|(name, group)| changed.contains(name) && is_empty(&group.id));
    emptied
        .filter_map(|(name, group)| {
            let (number, when, help) = at_review(case, name).or_else(|| in_snapshot(case, &group.id))?;
            Some(Tripped {
                guard: Guard::SuspiciousRead,
                addresses: vec![Address::Group(name.clone())],
                rule: String::new(),
                why: format!("group {name} had {} {when}, and reads as empty now", members(number)),
                help: format!("Look at the group itself; if it really is empty, {help}."),
            })
        })
        .collect()
}

/// How many members there were, when, and what to do if that no longer holds.
type Before = (usize, &'static str, &'static str);

fn at_review(case: &Case<'_>, name: &GroupName) -> Option<Before> {
    let groups = &case.context.reviewed?.plan().groups;
    let group = groups.iter().find(|group| group.name == *name && group.before > 0 && group.after > 0)?;
    Some((group.before, "when it was reviewed", "make and review a new plan"))
}

fn in_snapshot(case: &Case<'_>, id: &GroupId) -> Option<Before> {
    let number = case.context.before?.get(id)?.len();
    (number > 0).then_some((number, "when the snapshot was taken", "take a new snapshot"))
}

fn members(number: usize) -> String {
    if number == 1 { "1 member".into() } else { format!("{number} members") }
}
