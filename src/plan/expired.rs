//! Entries that have done their work: their day has come, and live no longer has whom they brought.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Changes, GroupName, GroupState, Location, Locator, Member};

use super::desired::Desired;

/// The entries of each group that can be taken out of a tree without anything being asked for, or left, that was not
/// before: `changes` asks for nothing on their account. Each is named by its place among the group's entries.
pub fn spent(
    desired: &Desired<'_>,
    changes: &Changes,
    locator: &Locator<'_>,
) -> BTreeMap<GroupName, BTreeSet<usize>> {
    let asked = changes.changes.iter().map(|change| &change.origin);
    let asked: BTreeSet<&Location> =
        asked.chain(changes.blocked.iter().map(|blocked| &blocked.origin)).collect();
    let is_spent = |member: &Member| {
        let over = member.until.as_ref().is_some_and(|until| until.value <= desired.today);
        over && !asked.contains(&locator.locate(member.origin))
    };
    let mut found = BTreeMap::new();
    for (name, group) in &desired.declaration.groups {
        let GroupState::Present(members) = &group.state else { continue };
        let entries = members.entries.iter().enumerate().filter(|(_, member)| is_spent(member));
        let places: BTreeSet<usize> = entries.map(|(place, _)| place).collect();
        if !places.is_empty() {
            found.insert(name.clone(), places);
        }
    }
    found
}
