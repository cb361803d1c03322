//! The operation for each change, and its surface, or the obstacle to it (docs/design.md#surfaces).

mod by_time;
mod dependents;
mod elsewhere;
mod invitations;
mod lifecycle;
mod preconditions;
mod renames;
mod surfaces;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Action, Address, Blocked, Change, Changes, Drift, GroupId, GroupName, Key, Membership, Note, Operation,
    PlannedOperation, Ref, Surface, Wanted,
};

use super::base::{Difference, Wants};
use super::context::Context;
use super::expired;
use super::identity::{Obstacle, ObstacleCode};
use super::remarks;
use super::rules::RuleBook;
use preconditions::Preconditions;
use surfaces::SurfaceChoice;

pub(super) use elsewhere::Elsewhere;
pub(super) use surfaces::surface_ids;

pub(super) type Operations = BTreeMap<Key, PlannedOperation>;

/// The result of routing.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) operations: Operations,
    pub(super) blocked: Vec<Blocked>,
    /// Access that stays for a change that was not applied, whichever part of the plan is asked for.
    pub(super) kept: Vec<Blocked>,
    /// Notes about operations, which are dropped with their operation.
    pub(super) notes: Vec<(Key, Note)>,
    /// Notes that belong to no operation.
    pub(super) remarks: Vec<Note>,
    pub(super) elsewhere: Elsewhere,
    /// The memberships that separate operations end.
    ended: BTreeSet<Membership>,
}

/// Routes each change, and then blocks changes that depend on something blocked.
pub(super) fn routes(
    changes: Changes,
    context: &Context<'_>,
    rules: &RuleBook<'_>,
    wants: &Wants,
    differences: &[Difference<'_>],
) -> Routes {
    let surfaces = SurfaceChoice::of(context);
    let may = Preconditions::of(context, rules, &surfaces);
    let router = Router { context, rules, surfaces: &surfaces, may: &may };
    let mut found = Routes { blocked: changes.blocked, remarks: changes.notes, ..Routes::default() };
    by_time::end_by_base(&mut found, &router, (wants, &changes.changes), differences);
    for change in changes.changes {
        found.add(&router, change);
    }
    let told: BTreeSet<Address> = found.blocked.iter().map(|it| it.address.clone()).collect();
    let of_nobody = expired::of_nobody(context, &rules.privileged).into_iter();
    found.blocked.extend(of_nobody.filter(|it| !told.contains(&it.address)));
    by_time::leave_unapplied(&mut found, context);
    found.blocked.extend(preconditions::nestings(context, rules));
    found.remarks.extend(remarks::on_unread(context.capabilities));
    invitations::lead_into_groups(&mut found, context);
    found.list_what_is_left();
    for (key, obstacle) in renames::found(&found.operations, context) {
        found.block_planned(&key, obstacle);
    }
    dependents::block(&mut found);
    found
}

impl Routes {
    fn add(&mut self, router: &Router<'_>, change: Change) {
        let Routed { first, step, remark } = router
            .routed(&change, self)
            .unwrap_or_else(|obstacle| Routed { step: Err(obstacle), ..Routed::default() });
        for change in first {
            self.add(router, change);
        }
        self.remarks.extend(remark);
        match step {
            Ok(Some(step)) => self.plan(router, change, step),
            Ok(None) => {}
            Err(obstacle) => {
                self.elsewhere.learn(router, &change, obstacle.code);
                self.blocked.push(obstacle.holds(&change));
            }
        }
    }

    fn plan(&mut self, router: &Router<'_>, change: Change, step: Step) {
        let Step { operation, via, notes } = step;
        let context = router.context;
        // A person who is in no directory is invited if the tree asks for an active account.
        let invites = matches!(operation, Operation::InviteUser { .. });
        let action = if invites { Action::Invite } else { change.wanted.action() };
        let key = Key { address: change.address.clone(), action };
        let privileged = router.rules.privileged.touched_by(&key, &operation);
        // No tree asks for the operations of an undo, so they cannot be drift.
        let base = context.base.filter(|_| !context.undoes);
        let drift = base.map_or(Drift::Unknown, |base| base.drift(&change, context.tree));
        let asked = operation.account().and_then(|id| context.account(id)).map(|known| known.name.clone());
        let planned = PlannedOperation {
            key: key.clone(),
            operation,
            via,
            requires: Vec::new(),
            origin: change.origin,
            reason: change.reason,
            drift,
            privileged,
            name: change.name.or(asked),
            until: change.until,
        };
        // In the base and in the tree, one name may mean two accounts or groups: the second does not replace the first.
        let target = |it: &PlannedOperation| (it.operation.account().cloned(), it.operation.group().cloned());
        if self.operations.get(&key).is_some_and(|known| target(known) != target(&planned)) {
            let obstacle = Obstacle {
                code: ObstacleCode::IdentityChanged,
                why: format!(
                    "`{key}` is planned for another account or group, which the base means by that name"
                ),
                help: "Apply or revert the change that gives the name another meaning.".into(),
            };
            self.blocked.push(obstacle.blocks(planned));
            return;
        }
        if let Operation::RemoveMember { membership } = &planned.operation {
            self.ended.insert(membership.clone());
        }
        self.notes.extend(notes.into_iter().map(|note| (key.clone(), note)));
        self.operations.insert(key, planned);
    }

    /// Removes memberships that a separate operation ends from the lists of those that end with an account.
    fn list_what_is_left(&mut self) {
        for planned in self.operations.values_mut() {
            if let Operation::ActivateUser { memberships, .. }
            | Operation::SuspendUser { memberships, .. }
            | Operation::DeactivateUser { memberships, .. }
            | Operation::RemoveUser { memberships, .. } = &mut planned.operation
            {
                memberships.retain(|kept| !self.ended.contains(&kept.membership));
            }
        }
    }

    /// Blocks a planned operation that turned out to be impossible.
    fn block_planned(&mut self, key: &Key, obstacle: Obstacle) {
        if let Some(planned) = self.operations.remove(key) {
            self.blocked.push(obstacle.blocks(planned));
        }
    }
}

/// An operation that makes a change, its surface, and a note for reviewers.
struct Step {
    operation: Operation,
    via: Surface,
    notes: Vec<Note>,
}

impl Step {
    fn new(operation: Operation, via: Surface) -> Self {
        Self { operation, via, notes: Vec::new() }
    }

    fn with(self, note: Option<Note>) -> Self {
        Self { notes: note.into_iter().collect(), ..self }
    }
}

/// The route of one change.
struct Routed {
    /// Changes that separate operations make before it.
    first: Vec<Change>,
    /// `None` if nothing is left to do.
    step: Result<Option<Step>, Obstacle>,
    /// Why nothing is done, if a reviewer should know.
    remark: Option<Note>,
}

impl Default for Routed {
    fn default() -> Self {
        Self { first: Vec::new(), step: Ok(None), remark: None }
    }
}

impl From<Step> for Routed {
    fn from(step: Step) -> Self {
        Self { step: Ok(Some(step)), ..Self::default() }
    }
}

/// The inputs of routing a change.
struct Router<'a> {
    context: &'a Context<'a>,
    rules: &'a RuleBook<'a>,
    surfaces: &'a SurfaceChoice<'a>,
    may: &'a Preconditions<'a>,
}

impl Router<'_> {
    /// The operation that makes a change, and a surface that can, given the routes so far.
    fn routed(&self, change: &Change, so_far: &Routes) -> Result<Routed, Obstacle> {
        self.may.expire(change)?;
        let planned = &so_far.operations;
        let step = match &change.wanted {
            Wanted::CreateGroup { name, description, source } => {
                let via = self.surfaces.creation(name, *source)?;
                let unused = description.as_ref().filter(|_| via != Surface::Organization).map(|_| {
                    let text = format!("{via} creates group {name} without its description");
                    note("description-unused", text, change)
                });
                let description = description.clone().filter(|_| unused.is_none());
                Step::new(Operation::CreateGroup { name: name.clone(), description }, via).with(unused)
            }
            Wanted::DeleteGroup { group, members } => {
                let via = self.surfaces.deletion(group)?;
                let told = self.may.delete(change, group, members)?;
                // A membership with a separate end is not lost with the group.
                let lost = members.iter().filter(|lost| !so_far.ended.contains(&lost.membership));
                let members = lost.cloned().collect();
                Step::new(Operation::DeleteGroup { group: group.clone(), members }, via).with(told)
            }
            Wanted::InviteUser { email, name, apps } => {
                invitations::invite(self, change, email, name.as_ref(), apps)?
            }
            Wanted::AddMember { group, account } => {
                let account = self.may.arriving(change, account, planned);
                let via = self.surfaces.member(group, &account, planned)?;
                let told = account.known().map(|id| self.may.join(change, id)).transpose()?.flatten();
                self.may.be_privileged(change, group)?;
                Step::new(Operation::AddMember { group: group.clone(), account }, via).with(told)
            }
            Wanted::RemoveMember { membership } => {
                let group = Ref::Known(membership.group().clone());
                let account = Ref::Known(membership.account().clone());
                let via = self.surfaces.member(&group, &account, planned)?;
                self.may.narrow(membership.account())?;
                self.may.touch(membership.account())?;
                if so_far.ended.contains(membership) {
                    return Ok(Routed::default());
                }
                Step::new(Operation::RemoveMember { membership: membership.clone() }, via)
            }
            Wanted::OffboardUser { account, how } => return lifecycle::offboard(self, change, account, *how),
            Wanted::ActivateUser { account, email, apps } => {
                let step = lifecycle::activate(self, change, account, email, apps)?;
                return Ok(Routed { step: Ok(step), ..Routed::default() });
            }
            Wanted::UpdateUser { account, name } => return lifecycle::rename(self, change, account, name),
            Wanted::AssignRole { group, access } => {
                let via = self.surfaces.role(group.known())?;
                Step::new(Operation::AssignRole { group: group.clone(), access: access.clone() }, via)
            }
            Wanted::RevokeRole { held } => {
                let via = self.surfaces.role(Some(held.group()))?;
                Step::new(Operation::RevokeRole { held: held.clone() }, via)
            }
        };
        Ok(step.into())
    }

    /// The name that a plan uses for a live group: the declared one if there is one. A name that is declared for
    /// another group is shown with the ID.
    fn name_of(&self, id: &GroupId, live: &GroupName) -> GroupName {
        match self.context.tree.groups.declared_as(id) {
            Some(name) => name.clone(),
            None if self.context.tree.desired.declaration.groups.contains_key(live) => {
                GroupName::new(format!("{live} (id {id})"))
            }
            None => live.clone(),
        }
    }
}

/// A note about the thing that a change asks for.
fn note(code: &'static str, text: String, change: &Change) -> Note {
    Note::new(code, text, Some(change.origin.clone()))
}
