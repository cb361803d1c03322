//! The site after operations, and who has which access then. Every rule that evaluates a plan asks here.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, Effect, GroupId, GroupName, LiveAccount, PlannedOperation, TargetGroup, Who,
};

use super::context::Context;

/// The live state after operations. It holds only the differences, since the live state may be large.
#[derive(Clone, Debug)]
pub(super) struct Projection<'a> {
    context: &'a Context<'a>,
    joined: BTreeMap<TargetGroup<'a>, BTreeSet<Who<'a>>>,
    left: BTreeSet<(&'a GroupId, &'a AccountId)>,
    ended: BTreeSet<&'a GroupId>,
    active: BTreeMap<&'a AccountId, bool>,
    /// The roles that known groups start giving, and those that they stop giving.
    given: BTreeSet<(&'a GroupId, &'a Access)>,
    taken: BTreeSet<(&'a GroupId, &'a Access)>,
}

impl<'a> Projection<'a> {
    /// The live state as it is.
    pub(super) fn before(context: &'a Context<'a>) -> Self {
        Self {
            context,
            joined: BTreeMap::new(),
            left: BTreeSet::new(),
            ended: BTreeSet::new(),
            active: BTreeMap::new(),
            given: BTreeSet::new(),
            taken: BTreeSet::new(),
        }
    }

    /// The live state after operations.
    pub(super) fn after(
        context: &'a Context<'a>,
        operations: impl Iterator<Item = &'a PlannedOperation>,
    ) -> Self {
        let mut projection = Self::before(context);
        for effect in operations.flat_map(PlannedOperation::effects) {
            match effect {
                Effect::Joins(place, who) => {
                    projection.joined.entry(place).or_default().insert(who);
                }
                Effect::Leaves(membership) => {
                    projection.left.insert((membership.group(), membership.account()));
                }
                Effect::Wakes(account, _) => {
                    projection.active.insert(account, true);
                }
                Effect::Sleeps(account, _) => {
                    projection.active.insert(account, false);
                }
                Effect::Ends(group) => {
                    projection.ended.insert(group);
                }
                Effect::Gives(TargetGroup::Group(group), access) => {
                    projection.given.insert((group, access));
                }
                // Only a new group's own operations ask for its roles.
                Effect::Gives(TargetGroup::Made(_), _) => {}
                Effect::Takes(held) => {
                    projection.taken.insert((held.group(), held.access()));
                }
            }
        }
        projection
    }

    /// Whether somebody joins a group that does not exist yet.
    pub(super) fn holds_made(&self, name: &GroupName, who: Who<'_>) -> bool {
        let is_it = |place: &TargetGroup<'_>| matches!(place, TargetGroup::Made(made) if made.folded() == name.folded());
        self.joined.iter().any(|(place, joined)| is_it(place) && joined.iter().any(|it| *it == who))
    }

    /// Whether somebody is in a group. For a group whose members were not read, only additions by operations are known.
    pub(super) fn holds(&self, place: TargetGroup<'a>, who: Who<'a>) -> bool {
        if self.joined.get(&place).is_some_and(|joined| joined.contains(&who)) {
            return true;
        }
        match (place, who) {
            (TargetGroup::Group(group), Who::Account(account)) => {
                let members = self.context.live.members.get(group);
                members.is_some_and(|members| members.contains(account))
                    && !self.ended.contains(group)
                    && !self.left.contains(&(group, account))
            }
            (TargetGroup::Made(_), _) | (TargetGroup::Group(_), Who::Invited(_)) => false,
        }
    }

    /// Everybody in a group. For a group whose members were not read, only additions by operations are known.
    pub(super) fn members(&self, place: TargetGroup<'a>) -> BTreeSet<Who<'a>> {
        let mut members: BTreeSet<Who<'a>> = self.joined.get(&place).cloned().unwrap_or_default();
        if let TargetGroup::Group(group) = place
            && !self.ended.contains(group)
        {
            let read = self.context.live.members.get(group).into_iter().flatten();
            members.extend(read.filter(|id| !self.left.contains(&(group, *id))).map(Who::Account));
        }
        members
    }

    /// The groups of the site that give a role, as far as known.
    pub(super) fn givers(&self, access: &Access) -> BTreeSet<&'a GroupId> {
        let read = self.context.live.grants.of.iter();
        let read = read.filter(|(_, held)| held.contains(access)).map(|(id, _)| id);
        let asked = self.context.capabilities.givers(access).into_iter().flatten();
        let given = self.given.iter().filter(|(_, given)| *given == access).map(|(id, _)| *id);
        let is_taken =
            |id: &&GroupId| self.taken.iter().any(|(group, taken)| group == id && *taken == access);
        let gone = |id: &&GroupId| self.ended.contains(*id) || is_taken(id);
        read.chain(asked).chain(given).filter(|id| !gone(id)).collect()
    }

    /// Whether operations delete a group.
    pub(super) fn is_gone(&self, place: TargetGroup<'_>) -> bool {
        matches!(place, TargetGroup::Group(group) if self.ended.contains(group))
    }

    /// The people in a group who have an active account. A user that a plan invites has none yet, and an app does not
    /// count.
    pub(super) fn active_people(&self, group: &'a GroupId) -> usize {
        if self.ended.contains(group) {
            return 0;
        }
        let members = self.context.live.members.get(group).into_iter().flatten();
        let stay = members.filter(|id| !self.left.contains(&(group, *id)));
        let joined = self.joined.get(&TargetGroup::Group(group)).into_iter().flatten();
        let joined = joined.filter_map(|who| match who {
            Who::Account(id) => Some(*id),
            Who::Invited(_) => None,
        });
        let members: BTreeSet<&AccountId> = stay.chain(joined).collect();
        members.into_iter().filter(|id| self.is_active_person(id)).count()
    }

    fn is_active_person(&self, id: &AccountId) -> bool {
        let Some(account) = self.context.account(id) else { return false };
        account.kind.is_person()
            && self.active.get(id).copied().unwrap_or_else(|| LiveAccount::active(account))
    }
}
