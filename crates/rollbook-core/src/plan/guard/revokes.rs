//! `max-revokes`: how much one plan may revoke (docs/design.md#what-guards-count).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccessChange, AccountId, Address, Effect, GroupId, GroupName, GroupRevokes, Guard, Listing,
    PlannedOperation,
};

use super::{Case, Rules, Tripped};
use crate::plan::access::losers;
use crate::plan::access::revokes;

/// Refused when the plan revokes more than `total`, or one group loses more than both its `count` and its `percent`.
/// Addresses that a waiver names do not count in the total.
pub(super) fn max_revokes(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let Some(policy) = rules.policy().max_revokes else { return Vec::new() };
    let waived = |planned: &&PlannedOperation| {
        let address = std::slice::from_ref(&planned.key.address);
        rules.waiver(Guard::MaxRevokes, address, case.context.tree).is_none()
    };
    let mut tripped = Vec::new();
    let revokes = revokes(case.operations.values().filter(waived), case.access);
    if let Some(most) = policy.total.filter(|most| revokes > *most as usize) {
        tripped.push(Tripped {
            guard: Guard::MaxRevokes,
            addresses: Vec::new(),
            rule: "policy.max-revokes.total".into(),
            why: format!("the plan revokes {revokes}, and `max-revokes.total` is {most}"),
            help: "Make the change in smaller steps, waive the groups that are meant in rollbook.yaml, or apply by hand with `--allow max-revokes`."
                .into(),
        });
    }
    if let Some(most) = policy.group {
        let losses = losses(case.operations.values(), case.access);
        tripped
            .extend(losses.into_iter().filter_map(|(group, lost)| too_many(case, group, lost.len(), most)));
    }
    tripped
}

/// The people who lose something in each group: their membership, by separate operations, or with a group or an account; or a
/// role that the group stops giving. The memberships of somebody who is suspended or deactivated stay; the total counts them.
fn losses<'a>(
    operations: impl Iterator<Item = &'a PlannedOperation>,
    access: &'a [AccessChange],
) -> BTreeMap<&'a GroupId, BTreeSet<&'a AccountId>> {
    let mut losses: BTreeMap<&GroupId, BTreeSet<&AccountId>> = BTreeMap::new();
    for planned in operations {
        for effect in planned.effects() {
            match effect {
                Effect::Leaves(membership) => {
                    losses.entry(membership.group()).or_default().insert(membership.account());
                }
                Effect::Takes(held) => {
                    let losers = losers(&planned.key, access).filter_map(|person| person.account.as_ref());
                    losses.entry(held.group()).or_default().extend(losers);
                }
                Effect::Joins(..)
                | Effect::Wakes(..)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Gives(..) => {}
            }
        }
    }
    losses
}

fn too_many(case: &Case<'_>, group: &GroupId, lost: usize, most: GroupRevokes) -> Option<Tripped> {
    let members = case.context.live.members.get(group).map(Listing::len);
    // The share is not known for a group that was not read, and a doubt is a refusal.
    let share = members.is_none_or(|members| lost * 100 > members * most.percent as usize);
    if lost <= most.count as usize || !share {
        return None;
    }
    let name = case.context.name_of(group, &GroupName::new(group.as_str()));
    let of = members.map_or_else(String::new, |members| format!(" of {members}"));
    Some(Tripped {
        guard: Guard::MaxRevokes,
        addresses: vec![Address::Group(name.clone())],
        rule: "policy.max-revokes.group".into(),
        why: format!(
            "group {name} loses {lost}{of} members, and `max-revokes.group` is {} and {} percent",
            most.count, most.percent
        ),
        help: format!(
            "Make the change in smaller steps, or waive it in rollbook.yaml, as `waive: [{{ guard: max-revokes, for: \
             [{}], because: …, until: … }}]`.",
            Address::Group(name)
        ),
    })
}
