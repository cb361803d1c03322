//! `suspicious-read`: a group that was full and reads as empty (docs/design.md#whole-or-nothing).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, GroupId, GroupName, Guard, Listing};

use super::{Case, Rules, Tripped};

/// Refused when a group that the plan changes had members before, and has none now: a listing that is empty for lack of
/// permissions looks just like it. "Before" is when the plan was reviewed, if the group should keep some of them, and
/// when the given snapshot was taken.
pub(super) fn suspicious_read(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let changed: BTreeSet<&GroupName> =
        case.operations.keys().filter_map(|key| key.address.group()).collect();
    let mut tripped = sources(case, rules, &changed);
    let groups = rules.tree.groups.live();
    let emptied = groups.filter(|(name, group)| changed.contains(name) && is_empty(case, &group.id));
    let emptied = emptied.filter_map(|(name, group)| {
        let before = at_review(case, name).or_else(|| in_snapshot(case, &group.id))?;
        Some(suspicion(name, vec![Address::Group(name.clone())], before))
    });
    tripped.extend(emptied);
    tripped
}

fn is_empty(case: &Case<'_>, id: &GroupId) -> bool {
    case.context.live.members.get(id).is_some_and(Listing::is_empty)
}

/// The same of the synced groups that changed groups take members from.
fn sources(case: &Case<'_>, rules: &Rules<'_>, changed: &BTreeSet<&GroupName>) -> Vec<Tripped> {
    let mut takers: BTreeMap<&GroupName, Vec<Address>> = BTreeMap::new();
    for (name, group) in rules.tree.desired.groups.iter().filter(|(name, _)| changed.contains(name)) {
        for synced in &group.synced {
            takers.entry(synced).or_default().push(Address::Group(name.clone()));
        }
    }
    let suspicious = takers.into_iter().filter_map(|(name, takers)| {
        let id = rules.tree.groups.id(name).filter(|id| is_empty(case, id))?;
        let reviewed = || {
            let mut reviewed = case.context.reviewed?.plan().synced.iter();
            let number = reviewed.find(|source| source.group == *id)?.members.len();
            (number > 0).then_some((number, AT_REVIEW, REVIEW_ANEW))
        };
        Some(suspicion(name, takers, reviewed().or_else(|| in_snapshot(case, id))?))
    });
    suspicious.collect()
}

fn suspicion(name: &GroupName, addresses: Vec<Address>, (number, when, help): Before) -> Tripped {
    Tripped {
        guard: Guard::SuspiciousRead,
        addresses,
        rule: String::new(),
        why: format!("group {name} had {} {when}, and reads as empty now", members(number)),
        help: format!("Look at the group itself; where it really is empty, {help}."),
    }
}

const AT_REVIEW: &str = "when it was reviewed";
const REVIEW_ANEW: &str = "make and review a new plan";

/// How many members there were, when, and what to do where that is over.
type Before = (usize, &'static str, &'static str);

fn at_review(case: &Case<'_>, name: &GroupName) -> Option<Before> {
    let groups = &case.context.reviewed?.plan().groups;
    let group = groups.iter().find(|group| group.name == *name && group.before > 0 && group.after > 0)?;
    Some((group.before, AT_REVIEW, REVIEW_ANEW))
}

fn in_snapshot(case: &Case<'_>, id: &GroupId) -> Option<Before> {
    let number = case.context.before?.get(id)?.len();
    (number > 0).then_some((number, "when the snapshot was taken", "take a new snapshot"))
}

fn members(number: usize) -> String {
    if number == 1 { "1 member".into() } else { format!("{number} members") }
}
