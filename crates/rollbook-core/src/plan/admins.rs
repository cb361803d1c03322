//! Keeps an active administrator for the site and the organization (docs/design.md#what-is-never-planned).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Blocked, Effect, GroupId, Key, LiveAccount, Operation, PlannedOperation, Read, Reading, Ref,
    Unread,
};

use super::context::Context;
use super::identity::{Obstacle, ObstacleCode};

/// Blocks the operations that together would leave no administrator, with those that require one of them: a returning
/// account would otherwise get back access that the tree ends.
pub(super) fn keep_one(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Vec<Blocked> {
    let mut blocked = Vec::new();
    for (key, unread) in untold(operations, context) {
        blocked.extend(take_out(operations, key, &Obstacle::not_read(unread)));
    }
    let mut last = vec![("organization", organization_admins(operations, context))];
    if let Some(site) = site_admins(operations, context) {
        if !site.held {
            last.push(("site", site.taking));
        } else if !site.kept {
            wait(operations, &site);
        }
    }
    for (who, last) in last {
        let obstacle = Obstacle {
            code: ObstacleCode::LastAdmin,
            why: format!("it would leave the {who} without an active administrator"),
            help: "Make somebody else an administrator first.".into(),
        };
        blocked.extend(last.into_iter().flat_map(|key| take_out(operations, key, &obstacle)));
    }
    blocked
}

/// Removes an operation, with those that require it, and blocks them.
pub(super) fn take_out(
    operations: &mut BTreeMap<Key, PlannedOperation>,
    key: Key,
    obstacle: &Obstacle,
) -> Vec<Blocked> {
    let mut keys = vec![key];
    let mut blocked = Vec::new();
    while let Some(key) = keys.pop() {
        let Some(planned) = operations.remove(&key) else { continue };
        keys.extend(operations.values().filter(|it| it.requires.contains(&key)).map(|it| it.key.clone()));
        blocked.push(obstacle.clone().blocks(planned));
    }
    blocked
}

/// Makes new administrators join before old ones leave: the joining may fail.
fn wait(operations: &mut BTreeMap<Key, PlannedOperation>, site: &SiteAdmins) {
    for key in &site.taking {
        if let Some(planned) = operations.get_mut(key) {
            planned.requires.extend(site.giving.iter().cloned());
            planned.requires.sort();
            planned.requires.dedup();
        }
    }
}

/// The operations that revoke administration of the organization, each with the people that it is known to affect.
fn leaving<'a>(
    operations: &'a BTreeMap<Key, PlannedOperation>,
    theirs: &BTreeSet<&GroupId>,
) -> Vec<(&'a Key, &'a AccountId)> {
    let left = |planned: &'a PlannedOperation| {
        planned.effects().into_iter().filter_map(|effect| match effect {
            Effect::Leaves(membership) if theirs.contains(membership.group()) => Some(membership.account()),
            Effect::Sleeps(account, _) => Some(account),
            Effect::Leaves(_)
            | Effect::Joins(..)
            | Effect::Wakes(..)
            | Effect::Ends(_)
            | Effect::Gives(..)
            | Effect::Takes(_) => None,
        })
    };
    let each = operations.iter().map(|(key, planned)| left(planned).map(move |account| (key, account)));
    each.flatten().collect()
}

fn organization_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Vec<Key> {
    let theirs: BTreeSet<&GroupId> = context.live.groups.organization_admins().collect();
    let admins: BTreeSet<&AccountId> = match &context.capabilities.organization_admins {
        Reading::Read(admins) => admins.iter().collect(),
        // Without the organization's key, only the administrators that the group makes are known.
        Reading::NotRead => {
            let members = theirs.iter().filter_map(|group| context.live.members.get(*group)).flatten();
            let active = |id: &&AccountId| context.live.accounts.get(*id).is_some_and(LiveAccount::active);
            members.filter(active).filter(|id| is_person_here(context, id)).collect()
        }
    };
    let mut leaving = leaving(operations, &theirs);
    leaving.retain(|(_, account)| admins.contains(account));
    let gone: BTreeSet<&AccountId> = leaving.iter().map(|(_, account)| *account).collect();
    if gone.is_empty() || admins.iter().any(|admin| !gone.contains(admin) && is_person_here(context, admin)) {
        return Vec::new();
    }
    leaving.into_iter().map(|(key, _)| key.clone()).collect()
}

/// The operations that could leave no administrator, if this is unknown, with the question that got no answer.
fn untold<'a>(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'a>) -> Vec<(Key, &'a Unread)> {
    let mut untold = Vec::new();
    let capabilities = context.capabilities;
    if let Some(unread) = capabilities.unread_at_all(Read::OrganizationAdmins) {
        let leaving = leaving(operations, &context.live.groups.organization_admins().collect());
        untold.extend(leaving.into_iter().map(|(key, _)| (key.clone(), unread)));
    }
    if let Some(unread) = capabilities.unread_at_all(Read::SiteAdmins) {
        let groups: BTreeSet<&GroupId> =
            context.live.rights.site_admin_groups().map(|group| &group.id).collect();
        // Without Jira, any group may be one that makes administrators.
        let makes = |group: &GroupId| context.live.rights.jira.is_none() || groups.contains(group);
        let takes = |planned: &PlannedOperation| {
            planned.effects().into_iter().any(|effect| match effect {
                Effect::Leaves(membership) => makes(membership.group()),
                Effect::Sleeps(..) => true,
                Effect::Joins(..)
                | Effect::Wakes(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => false,
            })
        };
        let taking = operations.iter().filter(|(_, planned)| takes(planned));
        untold.extend(taking.map(|(key, _)| (key.clone(), unread)));
    }
    untold
}

/// Whether an account is a person's, as far as it is known: an app administers nothing by itself.
fn is_person_here(context: &Context<'_>, account: &AccountId) -> bool {
    context.account(account).is_none_or(|it| it.kind.is_person())
}

/// The effect of a plan on the administrators of the site.
struct SiteAdmins {
    /// The operations that revoke administration.
    taking: Vec<Key>,
    /// The operations that grant administration.
    giving: Vec<Key>,
    /// Whether somebody keeps it whatever happens to those that grant it.
    kept: bool,
    /// Whether somebody has it after all of them.
    held: bool,
}

fn site_admins(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Option<SiteAdmins> {
    let Reading::Read(before) = &context.capabilities.site_admins else { return None };
    let groups: BTreeSet<&GroupId> = context.live.rights.site_admin_groups().map(|group| &group.id).collect();
    let people: Vec<&(AccountId, Option<GroupId>)> =
        before.iter().filter(|(admin, _)| is_person_here(context, admin)).collect();
    let kept = people.iter().any(|held| !operations.values().any(|planned| takes(&planned.operation, held)));
    let mut given: BTreeMap<&Key, &AccountId> = BTreeMap::new();
    let mut taking = Vec::new();
    for (key, planned) in operations {
        // Each is checked separately: for a person who leaves the group and the site, neither may happen.
        if people.iter().any(|held| takes(&planned.operation, held)) {
            taking.push(key.clone());
        } else if let Operation::AddMember { group: Ref::Known(group), account: Ref::Known(account) } =
            &planned.operation
            && groups.contains(group)
            && context.account(account).is_some_and(|it| it.active() && it.kind.is_person())
        {
            given.insert(key, account);
        }
    }
    let leave: BTreeSet<&AccountId> =
        operations.values().filter_map(|planned| Some(planned.operation.leaver()?.0)).collect();
    given.retain(|_, account| !leave.contains(account));
    Some(SiteAdmins {
        taking,
        kept,
        held: kept || !given.is_empty(),
        giving: given.into_keys().cloned().collect(),
    })
}

/// Whether an operation removes the basis of somebody's administration: their account, or their membership in the group.
fn takes(operation: &Operation, (admin, by): &(AccountId, Option<GroupId>)) -> bool {
    if let Some((account, _)) = operation.leaver() {
        return account == admin;
    }
    let Operation::RemoveMember { membership } = operation else { return false };
    admin == membership.account() && by.as_ref().is_none_or(|group| group == membership.group())
}
