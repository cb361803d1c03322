//! `keep-at-least`: how many active members a group must keep.

use crate::model::{Address, Guard};

use super::after::After;
use super::{Case, Rules, Tripped};

/// Refused when the plan leaves a group fewer active members than the policy says, and fewer than it had.
pub(super) fn keep_at_least(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let floors = &rules.desired.declaration.policy.keep_at_least;
    let live = case.context.live;
    if floors.is_empty() {
        return Vec::new();
    }
    let (before, after) = (After::before(live), After::of(live, case.operations.values()));
    let mut tripped = Vec::new();
    for (name, group) in rules.groups.live() {
        let Some(floor) = floors.get(name).map(|floor| floor.value) else { continue };
        let (had, has) = (before.active(&group.id), after.active(&group.id));
        if has < had && has < floor as usize {
            tripped.push(Tripped {
                guard: Guard::KeepAtLeast,
                addresses: vec![Address::Group(name.clone())],
                why: format!("group {name} would keep {has} active members, and `keep-at-least` is {floor}"),
                help: "Declare somebody else as a member first, or lower the floor in a reviewed change."
                    .into(),
            });
        }
    }
    tripped
}
