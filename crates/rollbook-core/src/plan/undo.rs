//! Reverts the operations of a journal: a plan like any other, which every guard judges.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, Action, Address, Change, Changes, GroupId, GroupSummary, Inactive, Journal, Key,
    Listing, LiveAccount, LiveState, Location, Lost, Membership, Offboard, OperationHistory, OperationState,
    Outcome, Reason, Record, Ref, Response, UserRef, Wanted,
};

use super::identity::{Obstacle, ObstacleCode, Resolved};
use super::questions::Concerned;

/// The groups, accounts and roles that a journal's operations concern.
pub fn concerned(journal: &Journal) -> Concerned {
    let mut concerned = Concerned::default();
    for told in journal.operations() {
        concerned.groups.extend(group(&told).cloned());
        concerned.accounts.extend(account(&told).cloned());
        if told.key.address.access().is_some() {
            concerned.roles.extend(group(&told).cloned());
        }
    }
    concerned
}

/// Reverses the operations of a journal, as far as the site still shows their results. `name` is the plan's name for
/// the journal. Operations that cannot be reversed, that the tree denies, or that may not have been done, are
/// blocked at their addresses.
pub fn undo(journal: &Journal, tree: &Resolved<'_>, live: &LiveState, name: &str) -> Changes {
    let lines = lines(journal);
    let (added, removed) = (added(journal), removed(journal));
    let mut undoing = Undoing { tree, live, added, removed, changes: Changes::default() };
    for told in journal.operations().iter().rev() {
        let place = lines.get(told.key).copied().unwrap_or_default();
        undoing.take_back(told, Location { path: name.into(), line: place, column: 1 });
    }
    undoing.changes.groups.sort();
    undoing.changes.groups.dedup();
    undoing.changes
}

/// The line on which each operation was first sent, counted from 1.
fn lines(journal: &Journal) -> BTreeMap<&Key, u32> {
    let mut lines = BTreeMap::new();
    for line in &journal.lines {
        let Record::Sent { operations } = &line.record else { continue };
        for sent in operations {
            lines.entry(&sent.key).or_insert_with(|| u32::try_from(line.seq).unwrap_or(u32::MAX));
        }
    }
    lines
}

/// The people that the run added to each group.
fn added(journal: &Journal) -> BTreeMap<GroupId, BTreeSet<AccountId>> {
    let mut added: BTreeMap<GroupId, BTreeSet<AccountId>> = BTreeMap::new();
    for told in journal.operations().iter().filter(|told| told.key.action == Action::Add) {
        if let (Some(group), Some(account)) = (group(told), account(told)) {
            added.entry(group.clone()).or_default().insert(account.clone());
        }
    }
    added
}

/// The people that the run removed from the site or the directory.
fn removed(journal: &Journal) -> BTreeSet<AccountId> {
    let leavers = journal.operations().into_iter().filter(|told| {
        told.key.action == Action::Remove && matches!(told.key.address, Address::User(_)) && was_done(told)
    });
    leavers.filter_map(|told| account(&told).cloned()).collect()
}

/// Whether the journal is sure that the run did it, even if the run was cut off right after.
fn was_done(told: &OperationHistory<'_>) -> bool {
    matches!(
        told.state,
        OperationState::Settled(Outcome::Applied { .. } | Outcome::Unconfirmed)
            | OperationState::Answered(Response::Done)
            | OperationState::Seen
    )
}

fn group<'a>(told: &OperationHistory<'a>) -> Option<&'a GroupId> {
    let made = told.made().and_then(|made| made.group.as_ref());
    told.sent.and_then(|sent| sent.group.as_ref()).or(made)
}

fn account<'a>(told: &OperationHistory<'a>) -> Option<&'a AccountId> {
    let made = told.made().and_then(|made| made.account.as_ref());
    told.sent.and_then(|sent| sent.account.as_ref()).or(made)
}

struct Undoing<'a> {
    tree: &'a Resolved<'a>,
    live: &'a LiveState,
    added: BTreeMap<GroupId, BTreeSet<AccountId>>,
    removed: BTreeSet<AccountId>,
    changes: Changes,
}

/// The reverse of one operation: `None` if the site does not show its result any more.
type Turned = Result<Option<Wanted>, Obstacle>;

impl Undoing<'_> {
    fn take_back(&mut self, told: &OperationHistory<'_>, origin: Location) {
        let Key { address, action } = told.key;
        let turned = match told.state {
            _ if was_done(told) => self.turn(told).and_then(|wanted| self.unless_denied(address, wanted)),
            // Not done by the run.
            OperationState::Settled(
                Outcome::Applied { .. }
                | Outcome::Unconfirmed
                | Outcome::Satisfied
                | Outcome::Failed { .. }
                | Outcome::Skipped { .. }
                | Outcome::NotAttempted,
            )
            | OperationState::Answered(
                Response::Done | Response::Claimed { .. } | Response::Refused { .. } | Response::NotSent,
            )
            | OperationState::Seen => return,
            OperationState::Settled(Outcome::Unsettled { .. })
            | OperationState::Answered(Response::Lost { .. })
            | OperationState::InFlight => Err(Obstacle {
                code: ObstacleCode::UndoUnsettled,
                why: "the journal does not show for certain whether it was done".into(),
                help: "Check it by hand, or plan from the tree.".into(),
            }),
        };
        match turned {
            Ok(None) => {}
            Ok(Some(wanted)) => {
                self.count(address, told);
                let account = account(told).and_then(|id| self.live.accounts.get(id));
                let name = account.map(|account| account.name.clone());
                let address = address.clone();
                let change = Change { address, wanted, origin, reason: Reason::Undone, name, until: None };
                self.changes.changes.push(change);
            }
            Err(obstacle) => {
                let at = (address.clone(), opposite(*action, address));
                self.changes.blocked.push(obstacle.blocks_at(at, Reason::Undone, origin));
            }
        }
    }

    /// Blocks changes that the tree denies: the next apply would revoke them again. A base does not count, since changing the
    /// tree first is the documented way to undo a suspension (docs/trust.md#undo).
    fn unless_denied(&self, address: &Address, wanted: Option<Wanted>) -> Turned {
        let Some(reason) = wanted.as_ref().and_then(|wanted| denial(self.tree, address, wanted)) else {
            return Ok(wanted);
        };
        let loser = match address {
            Address::Grant(..) => "the group",
            Address::Group(_) | Address::User(_) | Address::Member(..) => "the person",
        };
        Err(Obstacle {
            code: ObstacleCode::UndoDenied,
            why: format!("the tree takes it from {loser} again: {reason}"),
            help: "If it should stay, change the tree first and apply that.".into(),
        })
    }

    fn count(&mut self, address: &Address, told: &OperationHistory<'_>) {
        let members = group(told).and_then(|group| self.live.members.get(group));
        if let (Some(name), Some(members)) = (address.group(), members) {
            let (before, after) = (members.len(), members.len());
            self.changes.groups.push(GroupSummary { name: name.clone(), before, after });
        }
    }

    fn turn(&self, told: &OperationHistory<'_>) -> Turned {
        match (told.key.action, &told.key.address) {
            (Action::Add, _) => self.remove_again(told),
            (Action::Remove, Address::Member(..)) => self.add_again(told),
            (Action::Create, _) => self.delete_again(told),
            (Action::Invite, _) => Ok(self.active(told)?.then(|| offboard(told, Offboard::Remove)).flatten()),
            (Action::Activate, _) => {
                let how = match told.sent.and_then(|sent| sent.was) {
                    Some(Inactive::Deactivated) => Offboard::Deactivate,
                    Some(Inactive::Suspended) | None => Offboard::Suspend,
                };
                Ok(self.active(told)?.then(|| offboard(told, how)).flatten())
            }
            (Action::Suspend | Action::Deactivate, _) => self.activate_again(told),
            (Action::Remove, _) => Err(lost(
                "a person who was removed is not brought back, nor are their memberships",
                "Declare them with `active: true`, which invites them, and as a member where they were.",
            )),
            (Action::Delete, _) => Err(lost(
                "a group that was deleted does not come back: its ID, and content restricted to it, are gone",
                "Declare a group of that name with its members; `journal show` names who they were.",
            )),
            (Action::Assign, Address::Grant(_, access)) => self.revoke_again(told, access),
            (Action::Revoke, Address::Grant(_, access)) => self.assign_again(told, access),
            // Rollbook does not write such a key.
            (Action::Assign | Action::Revoke, _) => Err(unknown()),
            (Action::Update, _) => {
                Err(lost("a journal contains no names, so the old one is unknown", "Declare the old name."))
            }
        }
    }

    fn remove_again(&self, told: &OperationHistory<'_>) -> Turned {
        let (group, account) = ids(told)?;
        let Some(members) = self.live.members.get(group) else { return self.unless_gone(group) };
        let mut memberships = members.memberships(group);
        let found = memberships.find(|membership| membership.account() == account);
        Ok(found.map(|membership| Wanted::RemoveMember { membership }))
    }

    fn add_again(&self, told: &OperationHistory<'_>) -> Turned {
        let (group, account) = ids(told)?;
        let Some(members) = self.live.members.get(group) else {
            return Err(lost("the group is gone", "Declare the group and its members."));
        };
        if self.removed.contains(account) {
            return Err(lost(
                "the person was removed as well, and is not brought back",
                "Declare them with `active: true`, which invites them, and as a member.",
            ));
        }
        if members.contains(account) {
            return Ok(None);
        }
        let (group, account) = (Ref::Known(group.clone()), Ref::Known(account.clone()));
        Ok(Some(Wanted::AddMember { group, account }))
    }

    fn revoke_again(&self, told: &OperationHistory<'_>, access: &Access) -> Turned {
        let group = group(told).ok_or_else(unknown)?;
        let Some(held) = self.roles_of(group)? else { return Ok(None) };
        let mut held = held.held_by(group);
        let found = held.find(|held| held.access() == access);
        Ok(found.map(|held| Wanted::RevokeRole { held }))
    }

    fn assign_again(&self, told: &OperationHistory<'_>, access: &Access) -> Turned {
        let group = group(told).ok_or_else(unknown)?;
        match self.roles_of(group)? {
            None => Err(lost("the group is gone", "Declare the group and its grants.")),
            Some(held) if held.contains(access) => Ok(None),
            Some(_) => {
                Ok(Some(Wanted::AssignRole { group: Ref::Known(group.clone()), access: access.clone() }))
            }
        }
    }

    /// The roles that a group gives; `None` if it is gone.
    fn roles_of(&self, group: &GroupId) -> Result<Option<&Listing<Access>>, Obstacle> {
        if self.live.groups.iter().all(|live| live.id != *group) {
            return Ok(None);
        }
        let grants = &self.live.grants;
        if let Some(unread) = &grants.unread {
            return Err(Obstacle::not_read(unread));
        }
        grants.of.get(group).map(Some).ok_or_else(unknown)
    }

    /// Deletes a created group again if nobody else has joined it.
    fn delete_again(&self, told: &OperationHistory<'_>) -> Turned {
        let group = group(told).ok_or_else(unknown)?;
        let Some(members) = self.live.members.get(group) else { return self.unless_gone(group) };
        let ours = self.added.get(group);
        if members.iter().any(|account| ours.is_none_or(|ours| !ours.contains(account))) {
            return Err(lost(
                "others have joined the group since it was created",
                "Delete it with `absent: true`, if that is really intended.",
            ));
        }
        let lost = |membership: Membership| {
            let account = self.live.accounts.get(membership.account());
            Lost {
                user: UserRef::Account(membership.account().clone()),
                name: account.map(|account| account.name.clone()),
                membership,
            }
        };
        let members = members.memberships(group).map(lost).collect();
        Ok(Some(Wanted::DeleteGroup { group: group.clone(), members }))
    }

    fn activate_again(&self, told: &OperationHistory<'_>) -> Turned {
        if self.active(told)? {
            return Ok(None);
        }
        let id = account(told).ok_or_else(unknown)?;
        let shown = self.live.accounts.get(id).and_then(|account| account.email.clone());
        let email = match told.key.address.user() {
            Some(UserRef::Email(email)) => Some(email.clone()),
            Some(UserRef::Account(_)) | None => shown,
        };
        let email = email.ok_or_else(unknown)?;
        Ok(Some(Wanted::ActivateUser { account: id.clone(), email, apps: Vec::new() }))
    }

    fn active(&self, told: &OperationHistory<'_>) -> Result<bool, Obstacle> {
        let id = account(told).ok_or_else(unknown)?;
        self.live.accounts.get(id).map(LiveAccount::active).ok_or_else(unknown)
    }

    /// Skips a group that is gone, since it has no members; blocks one that was not read.
    fn unless_gone(&self, group: &GroupId) -> Turned {
        if self.live.groups.iter().all(|live| live.id != *group) { Ok(None) } else { Err(unknown()) }
    }
}

/// Why a tree would revoke again what the undo restores. The name in the journal also counts, which may be an email that no
/// account shows any more.
fn denial(tree: &Resolved<'_>, address: &Address, wanted: &Wanted) -> Option<Reason> {
    let by_name = address.user().filter(|user| tree.people.is_of_nobody(user));
    let offboarded = || match by_name? {
        UserRef::Email(email) => tree.desired.offboarded(email).is_some().then_some(Reason::Offboarded),
        UserRef::Account(_) => None,
    };
    match wanted {
        Wanted::AddMember { group: Ref::Known(group), account: Ref::Known(account) } => {
            let denied = || Some(tree.group(group)?.denied.get(by_name?)?.reason);
            tree.denies(group, account).or_else(denied).or_else(offboarded)
        }
        Wanted::ActivateUser { account, .. } => {
            tree.offboards(account).then_some(Reason::Offboarded).or_else(offboarded)
        }
        Wanted::AssignRole { group: Ref::Known(group), access } => {
            Some(tree.group(group)?.grants.as_ref()?.denied.get(access)?.reason)
        }
        Wanted::AddMember { .. }
        | Wanted::AssignRole { .. }
        | Wanted::RevokeRole { .. }
        | Wanted::CreateGroup { .. }
        | Wanted::DeleteGroup { .. }
        | Wanted::InviteUser { .. }
        | Wanted::RemoveMember { .. }
        | Wanted::OffboardUser { .. }
        | Wanted::UpdateUser { .. } => None,
    }
}

fn ids<'a>(told: &OperationHistory<'a>) -> Result<(&'a GroupId, &'a AccountId), Obstacle> {
    group(told).zip(account(told)).ok_or_else(unknown)
}

fn offboard(told: &OperationHistory<'_>, how: Offboard) -> Option<Wanted> {
    Some(Wanted::OffboardUser { account: account(told)?.clone(), how })
}

/// The action that reverses an action.
fn opposite(action: Action, address: &Address) -> Action {
    match (action, address) {
        (Action::Add | Action::Invite, _) => Action::Remove,
        (Action::Remove, Address::Member(..)) => Action::Add,
        (Action::Remove, _) => Action::Invite,
        (Action::Create, _) => Action::Delete,
        (Action::Delete, _) => Action::Create,
        (Action::Activate, _) => Action::Suspend,
        (Action::Suspend | Action::Deactivate, _) => Action::Activate,
        (Action::Update, _) => Action::Update,
        (Action::Assign, _) => Action::Revoke,
        (Action::Revoke, _) => Action::Assign,
    }
}

fn lost(why: &str, help: &str) -> Obstacle {
    Obstacle { code: ObstacleCode::UndoImpossible, why: why.into(), help: help.into() }
}

fn unknown() -> Obstacle {
    Obstacle {
        code: ObstacleCode::UndoUnknown,
        why: "neither the journal nor a read shows how to undo it".into(),
        help: "Check it by hand, or plan from the tree.".into(),
    }
}
