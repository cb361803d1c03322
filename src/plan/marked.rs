//! Groups that are marked: privileged and protected ones.

use std::collections::BTreeSet;

use crate::model::{GroupId, GroupName, Key, LiveState, Located, Operation, Policy, Ref};

use super::groups::GroupResolution;

/// Groups that a policy names, known by id, so that neither a pin under another name nor another spelling gets
/// around it; and by name, for those that do not exist yet.
pub(super) struct Marked {
    ids: BTreeSet<GroupId>,
    names: BTreeSet<GroupName>,
}

impl Marked {
    pub(super) fn of(policy: &[Located<GroupName>], groups: &GroupResolution, live: &LiveState) -> Self {
        let names: BTreeSet<GroupName> = policy.iter().map(|name| name.value.clone()).collect();
        let folded: BTreeSet<String> = names.iter().map(GroupName::folded).collect();
        let shown = live.groups.iter().filter(|group| folded.contains(&group.name.folded()));
        let declared = groups.live().filter(|(name, _)| names.contains(*name)).map(|(_, group)| group);
        let ids = shown.chain(declared).map(|group| group.id.clone()).collect();
        Self { ids, names }
    }

    /// The privileged groups: those that a policy says are, and those that make site administrators.
    pub(super) fn privileged(policy: &Policy, groups: &GroupResolution, live: &LiveState) -> Self {
        let mut marked = Self::of(&policy.privileged, groups, live);
        marked.ids.extend(live.rights.site_admin_groups().map(|group| group.id.clone()));
        marked
    }

    /// Whether a group that does not exist yet is marked.
    pub(super) fn names(&self, group: &GroupName) -> bool {
        self.names.contains(group)
    }

    pub(super) fn holds(&self, group: &GroupId) -> bool {
        self.ids.contains(group)
    }

    pub(super) fn touched_by(&self, key: &Key, operation: &Operation) -> bool {
        let id = match operation {
            Operation::AddMember { group: Ref::Known(id), .. } | Operation::DeleteGroup { group: id, .. } => {
                id
            }
            Operation::RemoveMember { membership } => membership.group(),
            Operation::AddMember { group: Ref::Made(_), .. } | Operation::CreateGroup { .. } => {
                return key.address.group().is_some_and(|name| self.names(name));
            }
            Operation::ActivateUser { memberships, .. } | Operation::RemoveUser { memberships, .. } => {
                return memberships.iter().any(|kept| self.holds(kept.membership.group()));
            }
            Operation::InviteUser { .. }
            | Operation::UpdateUser { .. }
            | Operation::SuspendUser { .. }
            | Operation::DeactivateUser { .. } => return false,
        };
        self.holds(id)
    }
}
