//! `suspicious-read`: a group that was full and reads as empty (design §9, 1).

use crate::model::{Address, Guard, Listing};

use super::{Case, Rules, Tripped};

/// Refused when a group that the plan changes had members when the plan was reviewed, was to keep some, and has none
/// now: a listing that comes back empty for a want of rights looks just like it.
pub(super) fn suspicious_read(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let Some(reviewed) = case.context.reviewed else { return Vec::new() };
    let seen = reviewed.plan().groups.iter().filter(|group| group.before > 0 && group.after > 0);
    let changed = |name| case.operations.keys().any(|key| key.address.group() == Some(name));
    let now = |name| {
        let (_, group) = rules.groups.live().find(|(declared, _)| *declared == name)?;
        case.context.live.members.get(&group.id)
    };
    seen.filter(|group| changed(&group.name) && now(&group.name).is_some_and(Listing::is_empty))
        .map(|group| Tripped {
            guard: Guard::SuspiciousRead,
            addresses: vec![Address::Group(group.name.clone())],
            why: format!(
                "group {} had {} members when it was reviewed, and reads as empty now",
                group.name, group.before
            ),
            help: "Look at the group itself; where it really is empty, make and review a new plan.".into(),
        })
        .collect()
}
