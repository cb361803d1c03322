//! What must be read: for the diff, and for the routing of what the diff found.

use std::collections::BTreeMap;

use crate::model::{
    Changes, Email, GroupId, GroupName, Listing, LiveGroup, LiveState, Questions, Ref, UnlistedUsers,
    UserRef, Wanted,
};

use super::desired::{Desired, Lookup};
use super::groups::GroupResolution;

/// What a diff needs beside the group listing and the rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Whether every user of the site is to be listed. It is one long read, so it happens only when an identity
    /// or a status needs it.
    pub users: bool,
}

/// Says what a diff needs.
pub fn reads(desired: &Desired<'_>) -> Reads {
    let declaration = desired.declaration;
    let status = declaration.users.values().any(|user| user.active.is_some());
    let unlisted = declaration.policy.unlisted_users != UnlistedUsers::Ignore;
    let unknown = |email: &Email| {
        let pinned = declaration.users.get(email).is_some_and(|user| user.account.is_some());
        !pinned && !declaration.lock.users.contains_key(email)
    };
    let identity = || {
        desired.lookup != Lookup::Locked
            && desired.people().iter().any(|user| match user {
                UserRef::Email(email) => unknown(email),
                UserRef::Account(_) => false,
            })
    };
    let anew = desired.lookup == Lookup::Anew;
    Reads { users: anew || status || unlisted || identity() }
}

/// The live groups whose members a diff needs: each declared group that exists.
pub fn groups_to_read(desired: &Desired<'_>, live: &Listing<LiveGroup>) -> Vec<GroupId> {
    let groups = GroupResolution::of(desired.declaration, live);
    groups.live().map(|(_, group)| group.id.clone()).collect()
}

/// Says what must be known before changes can be routed.
pub fn questions(changes: &Changes, live: &LiveState) -> Questions {
    let mut questions = Questions::default();
    let names: BTreeMap<&GroupId, &GroupName> =
        live.groups.iter().map(|group| (&group.id, &group.name)).collect();
    let ask_kind = |questions: &mut Questions, id: &GroupId| {
        if let Some(name) = names.get(id) {
            questions.group_kinds.insert(id.clone(), (*name).clone());
        }
    };
    for change in &changes.changes {
        match &change.wanted {
            Wanted::AddMember { group, account } => {
                if let Ref::Known(id) = group {
                    ask_kind(&mut questions, id);
                }
                if let Ref::Known(id) = account
                    && !live.accounts.contains_key(id)
                {
                    questions.accounts.insert(id.clone());
                }
            }
            Wanted::RemoveMember { membership } => ask_kind(&mut questions, membership.group()),
            Wanted::DeleteGroup { group, .. } => {
                ask_kind(&mut questions, group);
                questions.app_roles = true;
            }
            Wanted::InviteUser { apps, .. } => questions.app_roles |= !apps.is_empty(),
            Wanted::OffboardUser { account, .. } => {
                questions.memberships.insert(account.clone());
            }
            Wanted::CreateGroup { .. } | Wanted::ActivateUser { .. } => {}
        }
    }
    questions
}
