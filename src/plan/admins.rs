//! Nothing may leave the site or the organization without an active administrator (design §9, 2).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, Blocked, GroupId, Key, Operation, PlannedOperation, Reading, Ref};

use super::identity::{Obstacle, is_person};
use super::route::Context;

/// Takes out the operations that together would leave no administrator, with what that blocks. Those that require
/// one of them stay: they only prepare it.
pub(super) fn keep_one(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Vec<Blocked> {
    let mut last = vec![("organization", organization_admins(operations, context))];
    if let Some(site) = site_admins(operations, context) {
        if !site.held {
            last.push(("site", site.taking));
        } else if !site.kept {
            wait(operations, &site);
        }
    }
    let mut blocked = Vec::new();
    for (who, last) in last {
        for key in last {
            let Some(planned) = operations.remove(&key) else { continue };
            let obstacle = Obstacle {
                code: "last-admin",
                why: format!("it would leave the {who} without an active administrator"),
                help: "Make somebody else an administrator first.".into(),
            };
            blocked.push(obstacle.blocks(planned));
        }
    }
    blocked
}

/// Lets those who come be administrators before those go who are: what fails may be the coming.
fn wait(operations: &mut BTreeMap<Key, PlannedOperation>, site: &SiteAdmins) {
    for key in &site.taking {
        if let Some(planned) = operations.get_mut(key) {
            planned.requires.extend(site.giving.iter().cloned());
            planned.requires.sort();
            planned.requires.dedup();
        }
    }
}

fn organization_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Vec<Key> {
    let Reading::Read(admins) = &context.capabilities.organization_admins else { return Vec::new() };
    // Atlassian's own group of the organization's administrators has this name in every organization (fact sheet §5).
    let theirs: BTreeSet<&GroupId> = context
        .live
        .groups
        .iter()
        .filter(|group| group.name.as_str() == "org-admins")
        .map(|it| &it.id)
        .collect();
    let leaves = |planned: &'_ PlannedOperation| match &planned.operation {
        Operation::RemoveMember { membership } if theirs.contains(membership.group()) => {
            Some(membership.account().clone())
        }
        operation => operation.leaver().map(|(account, _)| account.clone()),
    };
    let leaving: Vec<(&Key, AccountId)> = operations
        .iter()
        .filter_map(|(key, planned)| Some((key, leaves(planned)?)))
        .filter(|(_, account)| admins.contains(account))
        .collect();
    let gone: BTreeSet<&AccountId> = leaving.iter().map(|(_, account)| account).collect();
    if gone.is_empty() || admins.iter().any(|admin| !gone.contains(admin) && is_person_here(context, admin)) {
        return Vec::new();
    }
    leaving.into_iter().map(|(key, _)| key.clone()).collect()
}

/// Whether an account is a person's, as far as anything says what it is: an app administers nothing by itself.
fn is_person_here(context: &Context<'_>, account: &AccountId) -> bool {
    let asked = || context.capabilities.accounts.get(account)?.as_ref();
    context.live.accounts.get(account).or_else(asked).is_none_or(|it| is_person(it.kind))
}

/// What a plan does to who administers the site.
struct SiteAdmins {
    /// The operations that take it from whoever has it.
    taking: Vec<Key>,
    /// The operations that give it.
    giving: Vec<Key>,
    /// Whether somebody keeps it whatever becomes of those that give it.
    kept: bool,
    /// Whether somebody has it after all of them.
    held: bool,
}

fn site_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Option<SiteAdmins> {
    let Reading::Read(before) = &context.capabilities.site_admins else { return None };
    let groups: BTreeSet<&GroupId> = context.live.rights.site_admin_groups().map(|group| &group.id).collect();
    let people = before.iter().filter(|(admin, _)| is_person_here(context, admin));
    let mut kept: BTreeSet<&(AccountId, Option<GroupId>)> = people.collect();
    let mut given: BTreeMap<&Key, &AccountId> = BTreeMap::new();
    let had = kept.clone();
    let mut taking = Vec::new();
    for (key, planned) in operations {
        // What takes it is told by what was there before the plan: two operations may take it from one person.
        let takes = |(admin, by): &(AccountId, Option<GroupId>)| match &planned.operation {
            Operation::RemoveMember { membership } => {
                admin == membership.account() && by.as_ref().is_none_or(|group| group == membership.group())
            }
            operation => operation.leaver().is_some_and(|(account, _)| account == admin),
        };
        if had.iter().any(|admin| takes(admin)) {
            taking.push(key.clone());
            kept.retain(|admin| !takes(admin));
        } else if let Operation::AddMember { group: Ref::Known(group), account: Ref::Known(account) } =
            &planned.operation
            && groups.contains(group)
            && context.live.accounts.get(account).is_some_and(|it| it.active() && is_person(it.kind))
        {
            given.insert(key, account);
        }
    }
    let leave: BTreeSet<&AccountId> =
        operations.values().filter_map(|planned| Some(planned.operation.leaver()?.0)).collect();
    given.retain(|_, account| !leave.contains(account));
    Some(SiteAdmins {
        taking,
        kept: !kept.is_empty(),
        held: !kept.is_empty() || !given.is_empty(),
        giving: given.into_keys().cloned().collect(),
    })
}
