//! The differences between a tree and its base in the roles that groups give in apps, by group: new roles, end dates that move,
//! and revokes of the base that the tree drops. A difference that widens access is judged like a grant, even if no operation
//! follows.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, Address, DeclarationChange, Declared, GroupId, GroupName, Location, Reason, TargetGroup, Wanted,
};

use super::differences::{Kind, place};
use super::{Base, Wants};
use crate::plan::context::Context;
use crate::plan::desired::{DesiredGroup, GrantEntry, lasts_longer};
use crate::plan::identity::Marked;

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
        let groups = |desired: &'a BTreeMap<GroupName, DesiredGroup<'a>>| desired.iter();
        let before: BTreeMap<TargetGroup<'a>, (&'a GroupName, &'a DesiredGroup<'a>)> =
            groups(&self.tree.desired.groups)
                .map(|(name, group)| (place(&self.tree, name), (name, group)))
                .collect();
        let ended: BTreeSet<(&GroupId, &Access)> = self.ended_roles().collect();
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for (name, group) in &head.desired.groups {
            let place = place(head, name);
            let old = before.get(&place).and_then(|(_, group)| group.grants.as_ref());
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
        for (place, (name, group)) in before {
            let TargetGroup::Group(id) = place else { continue };
            for (access, entry) in group.grants.iter().flat_map(|grants| &grants.held) {
                let declared = head.groups.declared_as(id).and_then(|name| head.desired.groups.get(name));
                let stays = declared
                    .and_then(|group| group.grants.as_ref())
                    .is_none_or(|grants| !grants.held.contains_key(access));
                let live = context.live.grants.holds(id, access) == Some(true);
                if !stays || !live || wants.end_role(id, access) {
                    continue;
                }
                let kind = match entry.until {
                    Some(_) => Kind::Later { base: entry.until, head: None },
                    None => Kind::Left,
                };
                told.insert((place, access));
                let origin = self.locator.locate(entry.origin);
                found.push(GrantDifference { kind, group: name, place, access, origin });
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

    /// The roles of groups that this base ends.
    fn ended_roles(&self) -> impl Iterator<Item = (&GroupId, &Access)> {
        self.changes.values().filter_map(|change| {
            let Wanted::RevokeRole { held } = &change.wanted else { return None };
            Some((held.group(), held.access()))
        })
    }
}

/// The differences between an entry and that of the base. `stands`: the site has the role, and the base does not end it.
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
