//! `exclusive`: nobody may be in two groups of one list.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, GroupId, GroupName, Guard, Operation, UserRef};

use super::after::{After, Who};
use super::{Case, Tripped};

/// Refused when the plan puts somebody into a group while they are, or come to be, in another one of its list.
/// Groups that the plan makes count by their names, since they have no id yet.
pub(super) fn exclusive(case: &Case<'_>) -> Vec<Tripped> {
    let lists = &case.context.desired.declaration.policy.exclusive;
    if lists.is_empty() {
        return Vec::new();
    }
    let memberships = memberships(case);
    let mut tripped = Vec::new();
    for planned in case.operations.values() {
        let (Operation::AddMember { account, .. }, Address::Member(group, user)) =
            (&planned.operation, &planned.key.address)
        else {
            continue;
        };
        let who = account.known().map_or(Who::Invited(user), Who::Account);
        let Some(own) = memberships.get(&who) else { continue };
        for list in lists.iter().filter(|list| list.value.iter().any(|name| name.value == *group)) {
            let others = list.value.iter().map(|name| &name.value).filter(|name| *name != group);
            tripped
                .extend(others.filter(|name| own.contains(*name)).map(|other| together(group, other, user)));
        }
    }
    tripped
}

fn together(group: &GroupName, other: &GroupName, user: &UserRef) -> Tripped {
    Tripped {
        guard: Guard::Exclusive,
        addresses: vec![Address::Member(group.clone(), user.clone())],
        why: format!("{user} would be in {group} and in {other}, which exclude each other"),
        help: "Let the person leave one of them.".into(),
    }
}

/// The declared groups that everybody is in after the plan.
fn memberships<'a>(case: &'a Case<'_>) -> BTreeMap<Who<'a>, BTreeSet<&'a GroupName>> {
    let after = After::of(case.context.live, case.operations.values());
    let names: BTreeMap<&GroupId, &GroupName> =
        case.groups.live().map(|(name, group)| (&group.id, name)).collect();
    let mut memberships: BTreeMap<Who<'_>, BTreeSet<&GroupName>> = BTreeMap::new();
    for (group, members) in &after.members {
        let Some(name) = names.get(group) else { continue };
        for who in members {
            memberships.entry(who.clone()).or_default().insert(name);
        }
    }
    for planned in case.operations.values() {
        if let (Operation::AddMember { group, account }, Address::Member(name, user)) =
            (&planned.operation, &planned.key.address)
            && group.made().is_some()
        {
            let who = account.known().map_or(Who::Invited(user), Who::Account);
            memberships.entry(who).or_default().insert(name);
        }
    }
    memberships
}
