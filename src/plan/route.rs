//! Changes and capabilities → plan: which surface makes each change, and what none can make.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Action, Blocked, Capabilities, Change, Changes, Drift, Email, GroupId, GroupName, Header, Key,
    Listing, LiveState, Membership, Note, Operation, Plan, PlannedOperation, Ref, ScimUser, Surface,
    SurfaceIds, UserRef, Wanted,
};

use super::admins;
use super::assemble::{Routed, assemble};
use super::base::Base;
use super::cost::Rates;
use super::desired::Desired;
use super::document::SavedPlan;
use super::groups::GroupResolution;
use super::guard;
use super::marked::Marked;
use super::narrow::Scope;
use super::order;
use super::resolve::{Obstacle, Resolution};
use super::reviewed::{self, Now, keep_reviewed};
use super::seats;

/// What routing needs beside the changes.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What the tree asks for.
    pub desired: &'a Desired<'a>,
    /// What the surfaces report.
    pub live: &'a LiveState,
    /// The answers to what the changes ask.
    pub capabilities: &'a Capabilities,
    /// When and by what the plan is made.
    pub header: Header,
    /// [`super::tree_digest`] of the tree.
    pub tree_digest: &'a str,
    /// The part that is asked for.
    pub scope: &'a Scope,
    /// The base revision that the tree is compared with, where there is one.
    pub base: Option<&'a Base<'a>>,
    /// Who made the change from the base to the tree, where somebody says it.
    pub author: Option<&'a Email>,
    /// The plan that was reviewed, where there is one: only what it has is kept.
    pub reviewed: Option<&'a SavedPlan>,
    /// The members of groups as they were before, where a snapshot has them.
    pub before: Option<&'a BTreeMap<GroupId, Listing<AccountId>>>,
    /// The published rate limits.
    pub rates: &'a Rates,
}

/// Makes a plan of changes. Whatever no configured surface can do is blocked here, with its reason, and never
/// a surprise of `apply`.
pub fn route(changes: Changes, context: &Context<'_>) -> Plan {
    let groups = GroupResolution::of(context.desired.declaration, &context.live.groups);
    let policy = &context.desired.declaration.policy;
    let wanted = wanted(&changes);
    let mut router = Router {
        context,
        groups: &groups,
        declared_names: groups.live().map(|(name, group)| (&group.id, name)).collect(),
        privileged: Marked::privileged(policy, &groups, context.live),
        protected: Marked::of(&policy.protect.groups, &groups, context.live),
        people: Resolution::of(context.desired, context.live),
        scim_records: scim_records(context.capabilities),
        operations: BTreeMap::new(),
        surface_ids: SurfaceIds::default(),
        ended: BTreeSet::new(),
        blocked: changes.blocked,
        notes: Vec::new(),
        remarks: changes.notes,
    };
    let base = context.base.map(|base| {
        let comparison = base.comparison(context.desired, &wanted, context.live, &router.privileged);
        context.scope.narrow_comparison(comparison)
    });
    for change in changes.changes {
        router.route(change);
    }
    router.carry_groups();
    router.list_what_is_left();
    router.block_dependents();
    let mut steps = Routed {
        operations: router.operations,
        blocked: router.blocked,
        notes: router.remarks,
        surface_ids: router.surface_ids,
        groups: changes.groups,
        verdicts: Vec::new(),
        base,
        review: None,
    };
    let operations = &mut steps.operations;
    order::require(operations);
    context.scope.narrow(operations, &mut steps.blocked, context.desired);
    let now = Now { context, people: &router.people, groups: &groups };
    let mut review = context.reviewed.map(|saved| keep_reviewed(saved, operations, &mut steps.blocked, &now));
    order::trim_invitations(operations);
    order::lose_once(operations);
    // What is left is judged: a part of a plan may leave nobody where the whole would not.
    steps.blocked.extend(admins::keep_one(operations, context));
    order::keep_floors(operations, &policy.keep_at_least, &groups, context.live);
    if let (Some(saved), Some(review)) = (context.reviewed, &mut review) {
        reviewed::compare(saved, operations, review);
    }
    let seats = seats::changes(operations, context);
    order::free_seats(operations, &seats);
    steps.verdicts =
        guard::judge(&guard::Case { operations, context, people: &router.people, groups: &groups });
    steps.review = review;
    let planned = |(key, note): (Key, Note)| operations.contains_key(&key).then_some(note);
    steps.notes.extend(router.notes.into_iter().filter_map(planned));
    steps.notes.extend(seats.iter().filter_map(seats::shortage));
    assemble(context, &router.people, steps, seats.into_iter().map(|seats| seats.change).collect())
}

/// What the tree wants, possible or not.
fn wanted(changes: &Changes) -> Vec<Key> {
    let blocked = changes.blocked.iter().map(|it| Key { address: it.address.clone(), action: it.action });
    changes.changes.iter().map(Change::key).chain(blocked).collect()
}

fn scim_records(capabilities: &Capabilities) -> BTreeMap<&AccountId, Vec<&ScimUser>> {
    let mut records: BTreeMap<&AccountId, Vec<&ScimUser>> = BTreeMap::new();
    for user in capabilities.scim_users.read().into_iter().flatten() {
        if let Some(account) = &user.account {
            records.entry(account).or_default().push(user);
        }
    }
    records
}

/// A routing under way.
pub(super) struct Router<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) groups: &'a GroupResolution,
    declared_names: BTreeMap<&'a GroupId, &'a GroupName>,
    pub(super) privileged: Marked,
    pub(super) protected: Marked,
    pub(super) people: Resolution,
    /// The records of the SCIM directory, by the account that each is linked to.
    pub(super) scim_records: BTreeMap<&'a AccountId, Vec<&'a ScimUser>>,
    pub(super) operations: BTreeMap<Key, PlannedOperation>,
    pub(super) surface_ids: SurfaceIds,
    ended: BTreeSet<Membership>,
    blocked: Vec<Blocked>,
    /// Notes about operations, which go where their operation goes.
    pub(super) notes: Vec<(Key, Note)>,
    /// Notes that stand by themselves.
    pub(super) remarks: Vec<Note>,
}

/// A step, and the surface that makes it.
pub(super) type Step = (Operation, Surface);

impl Router<'_> {
    pub(super) fn route(&mut self, change: Change) {
        match self.operation(&change) {
            Ok(Some(step)) => self.plan(change, step),
            Ok(None) => {}
            Err(obstacle) => self.block(&change, obstacle),
        }
    }

    /// The operation that makes a change, and the surface that can (design §7).
    fn operation(&mut self, change: &Change) -> Result<Option<Step>, Obstacle> {
        match &change.wanted {
            Wanted::CreateGroup { name, description, source } => {
                let via = self.create_surface(name, *source)?;
                let description = self.description(change, name, description.as_deref(), via);
                Ok(Some((Operation::CreateGroup { name: name.clone(), description }, via)))
            }
            Wanted::DeleteGroup { group, members } => {
                let via = self.delete_surface(group)?;
                self.may_delete(change, group, members)?;
                // Whoever is taken out of the group on their own is not lost with it.
                let lost = members.iter().filter(|lost| !self.ends(&lost.membership));
                let members = lost.cloned().collect();
                Ok(Some((Operation::DeleteGroup { group: group.clone(), members }, via)))
            }
            Wanted::InviteUser { email, name, apps } => {
                self.may_invite(change, apps)?;
                self.invite(change, email, name.as_ref(), apps)
            }
            Wanted::AddMember { group, account } => {
                let account = self.arriving(change, account);
                let via = self.member_surface(group, &account)?;
                if let Ref::Known(id) = &account {
                    self.may_join(change, id)?;
                }
                Ok(Some((Operation::AddMember { group: group.clone(), account }, via)))
            }
            Wanted::RemoveMember { membership } => {
                let via = self.removal_surface(membership)?;
                self.may_narrow(change.address.user(), membership.account())?;
                let first = self.ended.insert(membership.clone());
                Ok(first.then(|| (Operation::RemoveMember { membership: membership.clone() }, via)))
            }
            Wanted::OffboardUser { account, how } => self.offboard(change, account, *how),
            Wanted::ActivateUser { account, email, apps } => self.activate(change, account, email, apps),
            Wanted::UpdateUser { account, name } => Ok(self.rename(change, account, name)),
        }
    }

    fn removal_surface(&mut self, membership: &Membership) -> Result<Surface, Obstacle> {
        let group = Ref::Known(membership.group().clone());
        self.member_surface(&group, &Ref::Known(membership.account().clone()))
    }

    /// The surface that makes an operation which is already planned.
    pub(super) fn via(&self, key: &Key) -> Option<Surface> {
        self.operations.get(key).map(|planned| planned.via)
    }

    /// The groups that the plan puts each person into whom the organization invites, those that exist first.
    pub(super) fn invited_groups(&self) -> BTreeMap<UserRef, Vec<Ref<GroupId>>> {
        let invited = |planned: &&PlannedOperation| {
            let by_organization = planned.via == Surface::Organization;
            by_organization && matches!(planned.operation, Operation::InviteUser { .. })
        };
        let users = self.operations.values().filter(invited).filter_map(|planned| planned.key.address.user());
        let mut groups: BTreeMap<UserRef, Vec<Ref<GroupId>>> =
            users.map(|user| (user.clone(), Vec::new())).collect();
        for planned in self.operations.values().filter(|planned| planned.via == Surface::Organization) {
            if let Operation::AddMember { group, .. } = &planned.operation
                && let Some(of_user) = planned.key.address.user().and_then(|user| groups.get_mut(user))
            {
                of_user.push(group.clone());
            }
        }
        for of_user in groups.values_mut() {
            of_user.sort();
        }
        groups
    }

    /// A membership that an operation of its own ends is not what becomes of it with its account.
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

    /// Takes an operation back that turned out not to be possible.
    pub(super) fn block_planned(&mut self, key: &Key, obstacle: Obstacle) {
        if let Some(planned) = self.operations.remove(key) {
            self.blocked.push(obstacle.blocks(planned));
        }
    }

    /// The name that a plan uses for a live group: the declared one where there is one. A name that is declared
    /// for another group comes with the id.
    pub(super) fn name_of(&self, id: &GroupId, live: &GroupName) -> GroupName {
        match self.declared_names.get(id) {
            Some(name) => (*name).clone(),
            None if self.context.desired.declaration.groups.contains_key(live) => {
                GroupName::new(format!("{live} (id {id})"))
            }
            None => live.clone(),
        }
    }

    pub(super) fn ends(&self, membership: &Membership) -> bool {
        self.ended.contains(membership)
    }

    fn plan(&mut self, change: Change, (operation, via): Step) {
        // Somebody who is in no directory is invited where the tree asks for an active account.
        let invites = matches!(operation, Operation::InviteUser { .. });
        let action = if invites { Action::Invite } else { change.wanted.action() };
        let key = Key { address: change.address.clone(), action };
        let privileged = self.privileged.touched_by(&key, &operation);
        let drift = self.context.base.map_or(Drift::Unknown, |base| base.drift(&change));
        let asked = operation.account().and_then(|id| self.account(id)).map(|known| known.name.clone());
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
        self.operations.insert(key, planned);
    }

    pub(super) fn block(&mut self, change: &Change, obstacle: Obstacle) {
        let Obstacle { code, why, help } = obstacle;
        self.blocked.push(Blocked {
            address: change.address.clone(),
            action: change.wanted.action(),
            reason: change.reason,
            code: code.into(),
            why,
            help,
            origin: change.origin.clone(),
        });
    }

    /// What depends on something that is blocked is blocked, and so is what depends on that.
    fn block_dependents(&mut self) {
        loop {
            let missing = |key: &&Key| !self.operations.contains_key(*key);
            let orphan = |planned: &PlannedOperation| needs(planned).into_iter().find(missing).cloned();
            let orphans: Vec<(Key, Key)> = self
                .operations
                .values()
                .filter_map(|planned| Some((planned.key.clone(), orphan(planned)?)))
                .collect();
            if orphans.is_empty() {
                return;
            }
            for (key, required) in orphans {
                let obstacle = Obstacle {
                    code: "requires-blocked",
                    why: format!("it requires `{required}`, which is blocked"),
                    help: "Clear what blocks that first.".into(),
                };
                self.block_planned(&key, obstacle);
            }
        }
    }
}

/// The operations without which one cannot be done.
fn needs(planned: &PlannedOperation) -> Vec<&Key> {
    match &planned.operation {
        Operation::AddMember { group, account } => {
            [group.made(), account.made()].into_iter().flatten().collect()
        }
        Operation::InviteUser { groups, .. } => groups.iter().filter_map(Ref::made).collect(),
        Operation::CreateGroup { .. }
        | Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::RemoveMember { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. } => Vec::new(),
    }
}

impl Obstacle {
    /// What it makes of a planned operation.
    pub(super) fn blocks(self, planned: PlannedOperation) -> Blocked {
        let Self { code, why, help } = self;
        let Key { address, action } = planned.key;
        Blocked {
            address,
            action,
            reason: planned.reason,
            code: code.into(),
            why,
            help,
            origin: planned.origin,
        }
    }
}
