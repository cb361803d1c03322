//! Runs for what time and offboarding bring, such as those of every night. They make no change of the tree: beside a base whose
//! apply has completed, what only a later change asks for waits, and what only a later change keeps is said, or ends.

use crate::model::{Blocked, Drift, Key, Membership};

use super::base::{self, Difference, Wants};
use super::identity::Obstacle;
use super::route::Router;

impl Router<'_> {
    /// Ends the privileged memberships that the base ends, also where a later change keeps them, or holds them by a doubt of
    /// its own. What stays for such a change is told: of privileged groups also what the base would end for another reason, since there a change is least to be believed.
    pub(super) fn end_by_base(&mut self, wants: &Wants, differences: &[Difference<'_>]) -> Vec<Blocked> {
        let scope = self.context.scope;
        let Some(base) = self.context.base.filter(|_| scope.is_by_time()) else { return Vec::new() };
        let mut kept = base.in_doubt(wants, &scope.reasons);
        let doubtful = differences.iter().filter(|it| it.doubt.is_some());
        kept.extend(doubtful.filter_map(|it| it.stays(&scope.reasons, base.kept_by_change())));
        let mut ended = Vec::new();
        for (change, wanted) in base.takes(wants) {
            let group = change.wanted.ends().map(Membership::group);
            let privileged = group.is_some_and(|group| self.rules.privileged.holds(group));
            let by_time = scope.reasons.contains(&change.reason);
            if privileged && by_time && base.revision.applied {
                self.route(change.clone());
                ended.extend(change.wanted.ends().filter(|membership| self.ends(membership)));
            } else if !wanted && (privileged || by_time) {
                kept.push(base.kept_by_change().holds(change));
            }
        }
        let tree = self.context.tree;
        self.blocked.retain(|blocked| !ended.iter().any(|it| base::would_end(blocked, it, tree)));
        kept
    }

    /// Lets what only a change since the last completed apply asks for wait for the apply of that change.
    pub(super) fn leave_unapplied(&mut self) {
        let scope = self.context.scope;
        let by_time = |applied| applied && scope.is_by_time();
        let Some(base) = self.context.base.filter(|base| by_time(base.revision.applied)) else { return };
        let waiting: Vec<Key> = self
            .operations
            .values()
            .filter(|planned| planned.drift == Drift::No && scope.reasons.contains(&planned.reason))
            .map(|planned| planned.key.clone())
            .collect();
        let why = format!("a change since {} asks for it, and was not applied", base.revision.name);
        for key in waiting {
            let help = "Apply the change, or take it back.".into();
            self.block_planned(&key, Obstacle { code: "change-not-applied", why: why.clone(), help });
        }
    }
}
