//! Runs for time and offboarding, such as the nightly ones. They make no change of the tree: with a base whose apply
//! has completed, additions of a later change wait, and access that only a later change keeps is reported, or ends.

use crate::model::{Change, Drift, Key, Membership};

use super::super::base::{self, Base, Difference, Wants};
use super::super::context::Context;
use super::super::identity::{Obstacle, ObstacleCode};
use super::{Router, Routes};

/// Ends the privileged memberships that the base ends, even if a later change keeps them, or keeps them by causing a
/// doubt. Other access that stays for such a change is reported: of privileged groups also access that the base would
/// end for another reason, since a change deserves the least trust there.
pub(super) fn end_by_base(
    found: &mut Routes,
    router: &Router<'_>,
    (wants, changes): (&Wants, &[Change]),
    differences: &[Difference<'_>],
) {
    let (scope, tree) = (router.context.scope, router.context.tree);
    let Some(base) = router.context.base.filter(|_| scope.is_by_time()) else { return };
    let by_time = |reason| scope.reasons.contains(&reason);
    // This run leaves alone the ends that the tree has for another reason.
    let carried_out = Wants::of(changes, &found.blocked, tree, by_time);
    found.kept = base.in_doubt(&carried_out, &scope.reasons);
    let doubtful = differences.iter().filter(|it| it.doubt.is_some());
    found.kept.extend(doubtful.filter_map(|it| it.stays(&scope.reasons, base.kept_by_change())));
    let mut ended = Vec::new();
    for (change, wanted) in base.takes(|reason| if by_time(reason) { &carried_out } else { wants }) {
        let group = change.wanted.ends().map(Membership::group);
        let role = change.address.access().is_some_and(|access| access.role.is_privileged());
        let privileged = role || group.is_some_and(|group| router.rules.privileged.holds(group));
        let by_time = by_time(change.reason);
        if privileged && by_time && base.revision.applied {
            found.add(router, Base::in_words_of(change.clone(), tree, router.context.live));
            ended.extend(change.wanted.ends().filter(|membership| found.ended.contains(membership)));
        } else if !wanted && (privileged || by_time) {
            found.kept.push(base.kept_by_change().holds(change));
        }
    }
    found.blocked.retain(|blocked| !ended.iter().any(|it| base::would_end(blocked, it, tree)));
}

/// Makes additions that only a change since the last completed apply asks for wait for the apply of that change.
pub(super) fn leave_unapplied(found: &mut Routes, context: &Context<'_>) {
    let scope = context.scope;
    let by_time = |applied| applied && scope.is_by_time();
    let Some(base) = context.base.filter(|base| by_time(base.revision.applied)) else { return };
    let waiting: Vec<Key> = found
        .operations
        .values()
        .filter(|planned| planned.drift == Drift::No && scope.reasons.contains(&planned.reason))
        .map(|planned| planned.key.clone())
        .collect();
    let why = format!("a change since {} asks for it, and was not applied", base.revision.name);
    for key in waiting {
        let help = "Apply the change, or revert it.".into();
        found.block_planned(&key, Obstacle { code: ObstacleCode::ChangeNotApplied, why: why.clone(), help });
    }
}
