//! `exclusive`: nobody may be in two groups of one list.

use std::collections::BTreeMap;

use crate::model::{Address, Effect, GroupName, Guard, TargetGroup, UserRef, Who};

use super::{Case, Rules, Tripped};
use crate::plan::projection::Projection;
use crate::plan::rules::Listed;

/// Refused when the plan adds somebody to a group, or the tree newly declares somebody in one, keeps them or lets their access
/// end later, while they are already, or will be, in another group of its list. A plan is also refused if it cannot remove
/// somebody from one group before it adds them to the other.
pub(super) fn exclusive(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let mut tripped = BTreeMap::new();
    let coming = if rules.policy().exclusive.is_empty() { Vec::new() } else { coming(case) };
    let before = Projection::before(case.context);
    for (rule, groups) in case.rules.excluded_by(rules) {
        for joining in &coming {
            let Some(own) = groups.iter().position(|group| group.takes(joining.place)) else { continue };
            let others = groups.iter().enumerate().filter(|(index, _)| *index != own).map(|(_, group)| group);
            for other in others {
                let found = if other.holds(&case.after, joining.who) {
                    together(joining, groups[own].name, other.name, &rule)
                } else if may_hold(other, joining.who, case) {
                    unread(joining, groups[own].name, other.name, &rule)
                } else if other.holds(&before, joining.who) && has_no_order(case, &joining.address) {
                    in_no_order(joining, groups[own].name, other.name, &rule)
                } else {
                    continue;
                };
                // If one address adds somebody to two groups, either excludes the other.
                let (one, two) = (groups[own].name.clone(), other.name.clone());
                let pair = if one < two { (one, two) } else { (two, one) };
                tripped.entry((joining.address.clone(), pair)).or_insert(found);
            }
        }
    }
    tripped.into_values().collect()
}

/// A person who will be in a group and was not, or would not have been.
struct Coming<'a> {
    address: Address,
    place: TargetGroup<'a>,
    user: &'a UserRef,
    who: Who<'a>,
}

fn coming<'a>(case: &'a Case<'_>) -> Vec<Coming<'a>> {
    let mut coming = Vec::new();
    for planned in case.operations.values() {
        let Some(user) = planned.key.address.user() else { continue };
        let address = || planned.key.address.clone();
        for effect in planned.effects() {
            match effect {
                Effect::Joins(place, who) => coming.push(Coming { address: address(), place, user, who }),
                Effect::Wakes(account, kept) => {
                    let who = Who::Account(account);
                    let places = kept.iter().map(|kept| TargetGroup::Group(kept.membership.group()));
                    // A membership that the plan ends, such as with its group, does not take effect again.
                    let stay = places.filter(|place| case.after.holds(*place, who));
                    coming.extend(stay.map(|place| Coming { address: address(), place, user, who }));
                }
                Effect::Leaves(_)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => {}
            }
        }
    }
    let declared = case.differences.iter().filter(|it| it.widens() && !case.after.is_gone(it.place));
    coming.extend(declared.map(|it| Coming {
        address: it.address(),
        place: it.place,
        user: &it.user,
        who: it.who,
    }));
    coming
}

fn together(coming: &Coming<'_>, group: &GroupName, other: &GroupName, rule: &str) -> Tripped {
    Tripped {
        guard: Guard::Exclusive,
        addresses: vec![coming.address.clone()],
        rule: rule.to_owned(),
        why: format!("{} would be in {group} and in {other}, which exclude each other", coming.user),
        help: "Remove the person from one of them.".into(),
    }
}

/// Whether it is unknown if somebody is in a group: a snapshot may lack its members. A person without an account is in none.
fn may_hold(group: &Listed<'_>, who: Who<'_>, case: &Case<'_>) -> bool {
    match who {
        Who::Account(_) => group.ids.iter().any(|id| !case.context.live.members.contains_key(*id)),
        Who::Invited(_) => false,
    }
}

fn unread(coming: &Coming<'_>, group: &GroupName, other: &GroupName, rule: &str) -> Tripped {
    Tripped {
        guard: Guard::Exclusive,
        addresses: vec![coming.address.clone()],
        rule: rule.to_owned(),
        why: format!(
            "{} would be in {group}, which excludes {other}, and the members of {other} were not read",
            coming.user
        ),
        help: "Plan from the site itself, or take a new snapshot of a tree that names the group in a rule."
            .into(),
    }
}

/// Whether somebody joins a group before they can have left those that exclude it.
fn has_no_order(case: &Case<'_>, address: &Address) -> bool {
    case.circles.iter().any(|circle| circle.additions.contains(address))
}

fn in_no_order(coming: &Coming<'_>, group: &GroupName, other: &GroupName, rule: &str) -> Tripped {
    Tripped {
        guard: Guard::Exclusive,
        addresses: vec![coming.address.clone()],
        rule: rule.to_owned(),
        why: format!(
            "no order of the operations lets {} leave {other} before they join {group}",
            coming.user
        ),
        help: "Make the change in two steps.".into(),
    }
}
