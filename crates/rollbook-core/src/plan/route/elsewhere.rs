//! Memberships of people who left that only an identity provider can end.
//!
//! Rollbook can do nothing more about them, and they give nobody access: an inactive account opens nothing. So they wait, and
//! are not blocked: a nightly run that finds nothing else succeeds.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Address, Authority, Blocked, Change, Effect, GroupName, Note, PlannedOperation, Reason,
    UserStatus,
};

use super::super::context::Context;
use super::super::identity::ObstacleCode;
use super::{Operations, Router};

/// The waiting memberships that routing found.
#[derive(Debug, Default)]
pub(in crate::plan) struct Elsewhere {
    members: BTreeMap<Address, AccountId>,
    /// The accounts among them that are not active.
    off: BTreeSet<AccountId>,
}

impl Elsewhere {
    /// Adds a membership that should end and cannot.
    pub(super) fn learn(&mut self, router: &Router<'_>, change: &Change, code: ObstacleCode) {
        let has_left = matches!(change.reason, Reason::Offboarded | Reason::Unlisted);
        let Some(membership) = change.wanted.ends().filter(|_| has_left && code == ObstacleCode::SyncedGroup)
        else {
            return;
        };
        let account = membership.account();
        self.members.insert(change.address.clone(), account.clone());
        if !matches!(router.surfaces.status(account), UserStatus::Active | UserStatus::NotReported) {
            self.off.insert(account.clone());
        }
    }

    /// Moves the waiting memberships out of the blocked changes: those of accounts that are inactive, or that the plan makes
    /// inactive. Reports their number, and a note for each person. A directory that Rollbook may write to is not waited for.
    pub(in crate::plan) fn take_out(
        self,
        blocked: &mut Vec<Blocked>,
        operations: &Operations,
        context: &Context<'_>,
    ) -> (usize, Vec<Note>) {
        let scim = context.tree.desired.declaration.settings.scim.as_ref();
        if scim.is_some_and(|scim| scim.authority == Authority::Rollbook) {
            return (0, Vec::new());
        }
        let mut off: BTreeSet<&AccountId> = self.off.iter().collect();
        off.extend(operations.values().flat_map(PlannedOperation::effects).filter_map(
            |effect| match effect {
                Effect::Sleeps(account, _) => Some(account),
                Effect::Joins(..)
                | Effect::Leaves(_)
                | Effect::Wakes(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => None,
            },
        ));
        let mut waiting: BTreeMap<&AccountId, (BTreeSet<GroupName>, Blocked)> = BTreeMap::new();
        blocked.retain(|it| {
            let account = self.members.get(&it.address).filter(|account| off.contains(account));
            let Some((account, group)) = account.zip(it.address.group()) else { return true };
            let (groups, _) = waiting.entry(account).or_insert_with(|| (BTreeSet::new(), it.clone()));
            groups.insert(group.clone());
            false
        });
        let count = waiting.values().map(|(groups, _)| groups.len()).sum();
        let note = |(account, (groups, it)): (&AccountId, (BTreeSet<GroupName>, Blocked))| {
            let who = it.address.user().map_or_else(|| account.to_string(), ToString::to_string);
            let groups: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
            let text = format!(
                "{who} has left, and stays in {} until the identity provider removes them there; the account is \
                 inactive meanwhile",
                groups.join(", ")
            );
            Note::new("waits-for-provider", text, Some(it.origin))
        };
        (count, waiting.into_iter().map(note).collect())
    }
}
