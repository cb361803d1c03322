//! The base revision: what it would need of the same live state, and how the tree differs from it (design §6).

mod adopted;
mod identities;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Change, Changes, Comparison, Drift, Key, LiveState, Locator, Revision, Wanted,
};

use super::desired::Desired;
use super::diff::diff;
use super::groups::GroupResolution;
use super::marked::Marked;
use super::resolve::Resolution;

/// The base revision, compared with the live state that a plan is made of.
#[derive(Clone, Debug)]
pub struct Base<'a> {
    pub(super) desired: &'a Desired<'a>,
    pub(super) people: Resolution,
    pub(super) groups: GroupResolution,
    changes: BTreeMap<Key, Change>,
    /// Those who are to lose everything, groups that the base does not name too.
    offboarded: BTreeSet<AccountId>,
    revision: Revision,
}

impl<'a> Base<'a> {
    /// Finds what a base would change. The live state must hold what the base asks about, too.
    pub fn of(desired: &'a Desired<'a>, live: &LiveState, locator: &Locator<'_>, revision: Revision) -> Self {
        let Changes { changes, .. } = diff(desired, live, locator);
        let offboarded = changes.iter().filter_map(|change| match &change.wanted {
            Wanted::OffboardUser { account, .. } => Some(account.clone()),
            Wanted::CreateGroup { .. }
            | Wanted::DeleteGroup { .. }
            | Wanted::InviteUser { .. }
            | Wanted::AddMember { .. }
            | Wanted::RemoveMember { .. }
            | Wanted::ActivateUser { .. }
            | Wanted::UpdateUser { .. } => None,
        });
        Self {
            offboarded: offboarded.collect(),
            desired,
            people: Resolution::of(desired, live),
            groups: GroupResolution::of(desired.declaration, &live.groups),
            changes: changes.into_iter().map(|change| (change.key(), change)).collect(),
            revision,
        }
    }

    /// Whether the base would need a change as well. What it wanted and could not have is possible by the change alone.
    pub(super) fn drift(&self, change: &Change) -> Drift {
        let needed = match self.changes.get(&change.key()) {
            Some(needed) => same(&needed.wanted, &change.wanted),
            None => self.loses_all(&change.wanted),
        };
        if needed { Drift::Yes } else { Drift::No }
    }

    fn loses_all(&self, wanted: &Wanted) -> bool {
        matches!(wanted, Wanted::RemoveMember { membership } if self.offboarded.contains(membership.account()))
    }

    /// How the tree differs from the base in what a reviewer must not miss.
    pub(super) fn comparison(
        &self,
        head: &Desired<'_>,
        changes: &[Key],
        live: &LiveState,
        privileged: &Marked,
    ) -> Comparison {
        Comparison {
            revision: self.revision.clone(),
            identities: identities::changes(self.desired.declaration, head.declaration, live),
            rules: rules::changes(self.desired.declaration, head.declaration),
            adopted: adopted::adopted(self, head, changes, privileged),
        }
    }
}

/// Whether two changes to one thing are one. Who loses a deleted group is live's to say, under names that may differ.
fn same(one: &Wanted, other: &Wanted) -> bool {
    match (one, other) {
        (Wanted::DeleteGroup { group: one, .. }, Wanted::DeleteGroup { group: other, .. }) => one == other,
        (one, other) => one == other,
    }
}
