//! `max-revokes`: how much one plan may take away (design §9).

use std::collections::BTreeMap;

use crate::model::{Address, GroupName, GroupRevokes, Guard, Listing, Operation, PlannedOperation};

use super::{Case, Rules, Tripped};
use crate::plan::groups::GroupIdentity;

/// Refused when the plan revokes more than `total`, or one group loses more than both its `count` and its `percent`.
/// What a waiver names does not count in the total.
pub(super) fn max_revokes(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let Some(policy) = rules.desired.declaration.policy.max_revokes else { return Vec::new() };
    let counted = || {
        let operations = case.operations.values();
        operations.filter(|planned| !rules.desired.waives(Guard::MaxRevokes, &planned.key.address))
    };
    let mut tripped = Vec::new();
    let revokes: usize = counted().map(|planned| planned.operation.revokes()).sum();
    if let Some(most) = policy.total.filter(|most| revokes > *most as usize) {
        tripped.push(Tripped {
            guard: Guard::MaxRevokes,
            addresses: Vec::new(),
            why: format!("the plan revokes {revokes}, and `max-revokes.total` is {most}"),
            help: "Make the change in smaller steps, waive the groups that are meant in rollbook.yaml, or allow this \
                   run with `--allow max-revokes`."
                .into(),
        });
    }
    if let Some(most) = policy.group {
        tripped.extend(
            losses(case.operations.values())
                .into_iter()
                .filter_map(|(name, lost)| too_many(case, name, lost, most)),
        );
    }
    tripped
}

/// How many members each group loses by operations on it.
fn losses<'a>(operations: impl Iterator<Item = &'a PlannedOperation>) -> BTreeMap<&'a GroupName, usize> {
    let mut losses = BTreeMap::new();
    for planned in operations {
        let lost = match &planned.operation {
            Operation::RemoveMember { .. } => 1,
            Operation::DeleteGroup { members, .. } => members.len(),
            // These keep their memberships, or end them with the account: the total counts them.
            Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. }
            | Operation::RemoveUser { .. }
            | Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::ActivateUser { .. }
            | Operation::UpdateUser { .. }
            | Operation::AddMember { .. } => 0,
        };
        if let Some(name) = planned.key.address.group().filter(|_| lost > 0) {
            *losses.entry(name).or_default() += lost;
        }
    }
    losses
}

fn too_many(case: &Case<'_>, name: &GroupName, lost: usize, most: GroupRevokes) -> Option<Tripped> {
    let listing = match case.groups.get(name) {
        GroupIdentity::Live(group) => case.context.live.members.get(&group.id),
        GroupIdentity::Missing | GroupIdentity::Unresolved(_) => None,
    };
    let members = listing.map(Listing::len);
    // Of a group that was not read the share is not known, and a doubt is a refusal.
    let share = members.is_none_or(|members| lost * 100 > members * most.percent as usize);
    if lost <= most.count as usize || !share {
        return None;
    }
    let of = members.map_or_else(String::new, |members| format!(" of {members}"));
    Some(Tripped {
        guard: Guard::MaxRevokes,
        addresses: vec![Address::Group(name.clone())],
        why: format!(
            "group {name} loses {lost}{of} members, and `max-revokes.group` is {} and {} percent",
            most.count, most.percent
        ),
        help: format!(
            "Make the change in smaller steps, or waive it in rollbook.yaml, as `waive: [{{ guard: max-revokes, for: \
             [{}], because: …, until: … }}]`.",
            Address::Group(name.clone())
        ),
    })
}
