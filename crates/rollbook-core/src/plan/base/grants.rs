//! The differences between a tree and its base in the roles that groups give in apps, by group: new roles, end dates that move,
//! and revokes of the base that the tree drops. A difference that widens access is judged like a grant, even if no operation
//! follows.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, Action, Address, DeclarationChange, Declared, GroupId, GroupName, LiveState, Location, Mode,
    Reason, TargetGroup, Wanted,
};

use super::differences::{Kind, place};
use super::{Base, Wants};
use crate::plan::context::Context;
use crate::plan::desired::{DesiredGroup, GrantEntry, lasts_longer};
use crate::plan::identity::{GroupNames, Marked};

/// A role of a group whose declaration differs between the tree and its base.
#[derive(Clone, Debug)]
pub(in crate::plan) struct GrantDifference<'a> {
    pub(in crate::plan) kind: Kind,
    /// The group, by its name in the tree, or in the base if the tree does not declare it.
    pub(in crate::plan) group: &'a GroupName,
    pub(in crate::plan) place: TargetGroup<'a>,
    pub(in crate::plan) access: &'a Access,
    /// The place in the tree, or in the base if the tree does not mention it any more.
    origin: Location,
}

impl GrantDifference<'_> {
    /// Whether it widens access, so that it is judged like a grant.
    pub(in crate::plan) fn widens(&self) -> bool {
        match self.kind {
            Kind::New { .. } | Kind::Later { .. } | Kind::Kept { .. } => true,
            Kind::Earlier { .. } | Kind::Left => false,
        }
    }

    /// Whether the base ends it for one of some reasons.
    pub(in crate::plan) fn ends_by(&self, reasons: &[Reason]) -> bool {
        matches!(self.kind, Kind::Kept { reason, .. } if reasons.contains(&reason))
    }

    pub(in crate::plan) fn address(&self) -> Address {
        Address::Grant(self.group.clone(), self.access.clone())
    }

    pub(in crate::plan) fn group_id(&self) -> Option<&GroupId> {
        match self.place {
            TargetGroup::Group(id) => Some(id),
            TargetGroup::Made(_) => None,
        }
    }

    /// The part that a reviewer is shown, unless an operation shows it.
    pub(super) fn shown(&self, privileged: &Marked) -> Option<DeclarationChange> {
        let privileged = self.access.role.is_privileged() || privileged.marks(self.group_id(), self.group);
        let declared = match self.kind {
            Kind::New { stands: true } if privileged => Declared::Enters,
            // It is an operation, or adopted.
            Kind::New { .. } => return None,
            Kind::Later { base, head } | Kind::Earlier { base, head } => Declared::End { base, head },
            Kind::Kept { undoes, reason } => Declared::Kept { undoes, reason },
            Kind::Left => Declared::Leaves,
        };
        Some(DeclarationChange {
            address: self.address(),
            declared,
            privileged,
            name: None,
            origin: self.origin.clone(),
        })
    }
}

impl<'a> Base<'a> {
    /// The roles of groups whose declarations differ between the tree and this base.
    pub(in crate::plan) fn grant_differences(
        &'a self,
        context: &Context<'a>,
        wants: &Wants,
    ) -> Vec<GrantDifference<'a>> {
        let Context { tree: head, locator, .. } = *context;
        let before = self.grants_before(context.live);
        let ended: BTreeSet<(&GroupId, &Access)> = self.ended_roles().collect();
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for (name, group) in &head.desired.groups {
            let place = place(head, name);
            let old = before.get(&place).and_then(|before| before.group.grants.as_ref());
            for (access, entry) in group.grants.iter().flat_map(|grants| &grants.held) {
                let stands = || match place {
                    TargetGroup::Group(id) => {
                        context.live.grants.holds(id, access) == Some(true) && !ended.contains(&(id, access))
                    }
                    TargetGroup::Made(_) => false,
                };
                for kind in kinds(old.and_then(|old| old.held.get(access)), entry, stands) {
                    told.insert((place, access));
                    let origin = locator.locate(entry.origin);
                    found.push(GrantDifference { kind, group: name, place, access, origin });
                }
            }
        }
        for (place, before) in before {
            let TargetGroup::Group(id) = place else { continue };
            if before.is_unclear {
                for difference in self.roles_in_doubt(context, wants, id, &before) {
                    // What the base would end is not new.
                    found.retain(|it: &GrantDifference<'_>| {
                        (it.place, it.access) != (place, difference.access)
                    });
                    told.insert((place, difference.access));
                    found.push(difference);
                }
            }
            for difference in self.roles_dropped(context, wants, id, &before) {
                told.insert((place, difference.access));
                found.push(difference);
            }
        }
        for change in self.changes.values() {
            let (Wanted::RevokeRole { held }, Some(name)) = (&change.wanted, change.address.group()) else {
                continue;
            };
            let place = TargetGroup::Group(held.group());
            if wants.end_role(held.group(), held.access()) {
                continue;
            }
            let kind = Kind::Kept { undoes: change.wanted.action(), reason: change.reason };
            // A role that the base ends by name is not new: it need not be a manual change.
            found.retain(|it| {
                (it.place, it.access) != (place, held.access()) || !super::by_name(change.reason)
            });
            if super::by_name(change.reason) || told.insert((place, held.access())) {
                let origin = change.origin.clone();
                found.push(GrantDifference { kind, group: name, place, access: held.access(), origin });
            }
        }
        found
    }

    /// The groups of the base whose roles it manages, at the places where they are, or may be.
    fn grants_before(&'a self, live: &'a LiveState) -> BTreeMap<TargetGroup<'a>, Before<'a>> {
        let names = GroupNames::of([self.tree.desired.declaration], &live.groups);
        let (mut before, mut unclear) = (BTreeMap::new(), Vec::new());
        for (name, group) in &self.tree.desired.groups {
            if self.tree.groups.is_unclear(name) {
                let ids: BTreeSet<&GroupId> = names.ids(name).collect();
                let meant = live.groups.iter().map(|group| &group.id).filter(|id| ids.contains(id));
                unclear.extend(meant.map(|id| (id, Before { name, group, is_unclear: true })));
            }
            before.insert(place(&self.tree, name), Before { name, group, is_unclear: false });
        }
        for (id, group) in unclear {
            before.entry(TargetGroup::Group(id)).or_insert(group);
        }
        before
    }

    /// The roles of a group of the base that the tree does not declare any more, and that stay.
    fn roles_dropped(
        &'a self,
        context: &Context<'a>,
        wants: &Wants,
        id: &'a GroupId,
        before: &Before<'a>,
    ) -> Vec<GrantDifference<'a>> {
        let Context { tree: head, live, .. } = *context;
        let declared = head.group(id).and_then(|group| group.grants.as_ref());
        let mut dropped = Vec::new();
        for (access, entry) in before.group.grants.iter().flat_map(|grants| &grants.held) {
            // Which group has it nobody can tell.
            let untold = before.is_unclear && entry.until.is_none();
            let is_declared = declared.is_some_and(|grants| grants.held.contains_key(access));
            let stays = live.grants.holds(id, access) == Some(true) && !wants.end_role(id, access);
            if untold || is_declared || !stays {
                continue;
            }
            let kind = match entry.until {
                Some(_) => Kind::Later { base: entry.until, head: None },
                None => Kind::Left,
            };
            dropped.push(GrantDifference {
                kind,
                group: before.name,
                place: TargetGroup::Group(id),
                access,
                origin: self.locator.locate(entry.origin),
            });
        }
        dropped
    }

    /// What the base takes from a group that may be the one it means, and the tree does not.
    fn roles_in_doubt(
        &'a self,
        context: &Context<'a>,
        wants: &Wants,
        id: &'a GroupId,
        &Before { name, group, .. }: &Before<'a>,
    ) -> Vec<GrantDifference<'a>> {
        let Context { tree: head, live, .. } = *context;
        let (Some(grants), Some(gives)) = (&group.grants, live.grants.of.get(id)) else { return Vec::new() };
        let after = head.group(id).or_else(|| {
            let namesake = || head.desired.groups.get(name);
            head.groups.is_unclear(name).then(namesake).flatten()
        });
        let now = after.and_then(|after| after.grants.as_ref());
        let is_exact = |group: &DesiredGroup<'_>| group.mode == Mode::Exact;
        let stays_exact = after.is_some_and(is_exact) && now.is_some();
        let defaults = live.grants.defaults.get(id);
        let mut kept = Vec::new();
        for access in gives.iter().filter(|access| access.role.is_assignable() && !wants.end_role(id, access))
        {
            let is_denied = now.is_some_and(|now| now.denied.contains_key(access));
            let is_held = now.is_some_and(|now| now.held.contains_key(access));
            let is_default = defaults.is_some_and(|apps| apps.contains(&access.app));
            let (reason, origin) = match grants.denied.get(access) {
                Some(denial) if !is_denied => (denial.reason, denial.origin),
                None if is_exact(group)
                    && !grants.held.contains_key(access)
                    && !is_default
                    && !is_denied
                    && (is_held || !stays_exact) =>
                {
                    (Reason::Undeclared, group.declared.origin)
                }
                Some(_) | None => continue,
            };
            kept.push(GrantDifference {
                kind: Kind::Kept { undoes: Action::Revoke, reason },
                group: name,
                place: TargetGroup::Group(id),
                access,
                origin: self.locator.locate(origin),
            });
        }
        kept
    }

    /// The roles of groups that this base ends.
    fn ended_roles(&self) -> impl Iterator<Item = (&GroupId, &Access)> {
        self.changes.values().filter_map(|change| {
            let Wanted::RevokeRole { held } = &change.wanted else { return None };
            Some((held.group(), held.access()))
        })
    }
}

/// A group of the base, at a place that it is, or may be.
struct Before<'a> {
    name: &'a GroupName,
    group: &'a DesiredGroup<'a>,
    /// Whether nobody can tell whether it is this one.
    is_unclear: bool,
}

/// How an entry differs from that of the base. `stands`: the site has the role, and the base does not end it.
fn kinds(old: Option<&GrantEntry>, entry: &GrantEntry, stands: impl FnOnce() -> bool) -> Vec<Kind> {
    match old {
        None if !stands() => vec![Kind::New { stands: false }],
        // A new end date.
        None if entry.until.is_some() => {
            vec![Kind::Earlier { base: None, head: entry.until }, Kind::New { stands: false }]
        }
        None => vec![Kind::New { stands: true }],
        Some(old) if old.until == entry.until => Vec::new(),
        Some(old) if lasts_longer(entry.until, old.until) => {
            vec![Kind::Later { base: old.until, head: entry.until }]
        }
        Some(old) => vec![Kind::Earlier { base: old.until, head: entry.until }],
    }
}
