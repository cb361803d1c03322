//! `exclusive`: nobody may be in two groups of one list.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, GroupId, GroupName, Guard, Operation, UserRef};

use super::after::{After, Who};
use super::declared::newly_declared;
use super::{Case, Rules, Tripped};

/// The names by which a list speaks of groups.
type Names<'a> = BTreeMap<&'a GroupId, &'a GroupName>;

/// Refused when the plan puts somebody into a group, or the tree newly declares somebody in one, while they are, or
/// come to be, in another one of its list. Groups that the plan makes count by their names, since they have no id yet.
pub(super) fn exclusive(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let lists = &rules.desired.declaration.policy.exclusive;
    if lists.is_empty() {
        return Vec::new();
    }
    let names: Names<'_> = rules.groups.live().map(|(name, group)| (&group.id, name)).collect();
    let memberships = memberships(case, &names);
    let mut tripped = BTreeMap::new();
    for Coming { group, user, who } in coming(case, &names) {
        let Some(own) = memberships.get(&who) else { continue };
        for list in lists.iter().filter(|list| list.value.iter().any(|name| name.value == *group)) {
            let others = list.value.iter().map(|name| &name.value).filter(|name| *name != group);
            for other in others.filter(|name| own.contains(*name)) {
                tripped.insert((group, user, other), together(group, other, user));
            }
        }
    }
    tripped.into_values().collect()
}

/// Somebody who is to be in a group and was not.
struct Coming<'a> {
    group: &'a GroupName,
    user: &'a UserRef,
    who: Who<'a>,
}

fn coming<'a>(case: &'a Case<'_>, names: &Names<'a>) -> Vec<Coming<'a>> {
    let added = case.operations.values().filter_map(|planned| {
        let (Operation::AddMember { group, account }, Address::Member(name, user)) =
            (&planned.operation, &planned.key.address)
        else {
            return None;
        };
        let group = group.known().and_then(|id| names.get(id).copied()).unwrap_or(name);
        Some(Coming { group, user, who: Who::added(account, user) })
    });
    let declared = newly_declared(case).into_iter().map(|it| {
        let group = it.id.and_then(|id| names.get(id).copied()).unwrap_or(it.group);
        Coming { group, user: it.user, who: it.who }
    });
    added.chain(declared).collect()
}

fn together(group: &GroupName, other: &GroupName, user: &UserRef) -> Tripped {
    Tripped {
        guard: Guard::Exclusive,
        addresses: vec![Address::Member(group.clone(), user.clone())],
        why: format!("{user} would be in {group} and in {other}, which exclude each other"),
        help: "Let the person leave one of them.".into(),
    }
}

/// The groups that everybody is in after the plan, by the names of a list.
fn memberships<'a>(case: &'a Case<'_>, names: &Names<'a>) -> BTreeMap<Who<'a>, BTreeSet<&'a GroupName>> {
    let after = After::of(case.context.live, case.operations.values());
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
            let who = Who::added(account, user);
            memberships.entry(who).or_default().insert(name);
        }
    }
    memberships
}
