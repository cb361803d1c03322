//! Changes and capabilities → plan: which surface makes each change, and what none can make.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    AccountId, Action, Address, Blocked, Capabilities, Change, Changes, Comparison, Drift, Email, GroupId,
    GroupName, Header, Key, Listing, LiveAccount, LiveState, Location, Locator, Membership, Note, Operation,
    Plan, PlannedOperation, Reason, Ref, ScimUser, Surface, SurfaceIds, Wanted,
};

use super::admins;
use super::assemble::{Routed, assemble};
use super::base::{Base, Difference, Wants};
use super::cost::Rates;
use super::document::SavedPlan;
use super::expired;
use super::guard;
use super::identity::{Obstacle, Resolved};
use super::narrow::Scope;
use super::order::{self, Circle};
use super::projection::Projection;
use super::remarks;
use super::reviewed::{self, Now, keep_reviewed};
use super::rules::RuleBook;
use super::seats;
use super::surface::scim_records;

/// What routing needs beside the changes.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What the tree asks for, and whom and what it means.
    pub tree: &'a Resolved<'a>,
    /// The places of the tree.
    pub locator: &'a Locator<'a>,
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
    /// The tree at the last commit whose apply completed, where that is known and is another than the base.
    pub applied: Option<&'a Resolved<'a>>,
    /// Everybody who made the change from the base to the tree, where somebody says it.
    pub authors: &'a [Email],
    /// What a reviewer should know beside what the plan finds.
    pub notes: &'a [Note],
    /// The plan that was reviewed, where there is one: only what it has is kept.
    pub reviewed: Option<&'a SavedPlan>,
    /// Whether the changes take a run back, so that the tree does not ask for them.
    pub undoes: bool,
    /// The members of groups as they were before, where a snapshot has them.
    pub before: Option<&'a BTreeMap<GroupId, Listing<AccountId>>>,
    /// The site's day, where this machine's clock is more than a day off and nobody named the day.
    pub site_day: Option<Date>,
    /// The published rate limits.
    pub rates: &'a Rates,
}

impl Context<'_> {
    /// What is known of an account: a listing showed it, or it was asked for.
    pub(super) fn account(&self, id: &AccountId) -> Option<&LiveAccount> {
        self.live.accounts.get(id).or_else(|| self.capabilities.accounts.get(id)?.as_ref())
    }

    /// The accounts of which anything is known.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &LiveAccount> {
        self.live.accounts.values().chain(self.capabilities.accounts.values().flatten())
    }

    /// What a plan calls a group: as the tree declares it, else as the site does.
    pub(super) fn name_of(&self, id: &GroupId, otherwise: &GroupName) -> GroupName {
        let shown = || self.live.groups.iter().find(|group| group.id == *id).map(|group| &group.name);
        self.tree.groups.declared_as(id).or_else(shown).unwrap_or(otherwise).clone()
    }
}

/// Makes a plan of changes. Whatever no configured surface can do is blocked here, with its reason, and never
/// a surprise of `apply`.
pub fn route(changes: Changes, context: &Context<'_>) -> Plan {
    let tree = context.tree;
    let rules = RuleBook::in_force(context);
    let wants = Wants::of(&changes, tree);
    let mut router = Router {
        context,
        rules: &rules,
        unknown_leaver: tree.unknown_leaver(),
        scim_records: scim_records(context.capabilities),
        operations: BTreeMap::new(),
        surface_ids: SurfaceIds::default(),
        ended: BTreeSet::new(),
        blocked: changes.blocked,
        notes: Vec::new(),
        remarks: changes.notes,
    };
    let (base, mut differences) = compared(context, &rules, &wants);
    let kept = router.end_by_base(&wants, &differences);
    context.scope.narrow_differences(&mut differences);
    for change in changes.changes {
        router.route(change);
    }
    let told: BTreeSet<Address> = router.blocked.iter().map(|it| it.address.clone()).collect();
    let of_nobody = expired::of_nobody(context, &rules.privileged).into_iter();
    router.blocked.extend(of_nobody.filter(|it| !told.contains(&it.address)));
    router.leave_unapplied();
    router.say_nesting();
    router.say_unread();
    router.carry_groups();
    router.list_what_is_left();
    router.block_renames();
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
    let planned_notes = router.notes;
    let operations = &mut steps.operations;
    order::require(operations);
    context.scope.narrow(operations, &mut steps.blocked, &tree.desired);
    steps.blocked.extend(kept);
    let mut review =
        context.reviewed.map(|saved| keep_reviewed(saved, operations, &mut steps.blocked, &Now { context }));
    order::trim_invitations(operations);
    order::lose_once(operations);
    // What is left is judged: a part of a plan may leave nobody where the whole would not.
    steps.blocked.extend(admins::keep_one(operations, context));
    let circles = order::keep_rules(operations, &rules, context.live);
    if let (Some(saved), Some(review)) = (context.reviewed, &mut review) {
        reviewed::compare(saved, operations, context.live, review);
    }
    let seats = seats::changes(operations, context);
    order::free_seats(operations, &seats);
    judge(&mut steps, context, &rules, &differences, &circles);
    if let (Some(saved), Some(review)) = (context.reviewed, &mut review) {
        reviewed::compare_verdicts(saved, &steps.verdicts, &steps.operations, review);
    }
    steps.review = review;
    let operations = &steps.operations;
    let planned = |(key, note): (Key, Note)| operations.contains_key(&key).then_some(note);
    steps.notes.extend(planned_notes.into_iter().filter_map(planned));
    steps.notes.extend(seats.iter().filter_map(seats::shortage));
    steps.notes.extend(remarks::on_rules(&rules, context));
    steps.notes.extend_from_slice(context.notes);
    assemble(context, steps, seats.into_iter().map(|seats| seats.change).collect())
}

/// How the tree differs from its base, for a reviewer and for the guards. What takes a run back is no change of the tree.
fn compared<'a>(
    context: &Context<'a>,
    rules: &RuleBook<'_>,
    wants: &Wants,
) -> (Option<Comparison>, Vec<Difference<'a>>) {
    let Some(base) = context.base else { return (None, Vec::new()) };
    let mut differences =
        if context.undoes { Vec::new() } else { base.differences(context, wants, &rules.privileged) };
    // At night the base ends these.
    if context.scope.is_by_time() && base.revision.applied {
        let privileged = |it: &Difference<'_>| it.group_id().is_some_and(|id| rules.privileged.holds(id));
        differences.retain(|it| !(it.ends_by(&context.scope.reasons) && privileged(it)));
    }
    let mut comparison = base.comparison(context.tree, wants, context.live, &rules.privileged, &differences);
    comparison.authors = context.authors.to_vec();
    if context.undoes {
        comparison.adopted.clear();
        comparison.declared.clear();
    }
    (Some(context.scope.narrow_comparison(comparison)), differences)
}

/// Lets the guards judge, until they have taken out what each may block by itself.
fn judge(
    steps: &mut Routed,
    context: &Context<'_>,
    rules: &RuleBook<'_>,
    differences: &[Difference<'_>],
    circles: &[Circle],
) {
    loop {
        let base = steps.base.as_ref();
        steps.verdicts = guard::judge(&guard::Case {
            operations: &steps.operations,
            context,
            rules,
            after: Projection::after(context, steps.operations.values()),
            differences,
            identities: base
                .filter(|_| !context.scope.is_by_time())
                .map(|base| base.identities.as_slice())
                .unwrap_or_default(),
            changed_rules: base.map(|base| base.rules.as_slice()).unwrap_or_default(),
            circles,
        });
        let blocked = guard::block_refused(&mut steps.verdicts, &mut steps.operations, context, rules);
        if blocked.is_empty() {
            return;
        }
        steps.blocked.extend(blocked);
    }
}

/// A routing under way.
pub(super) struct Router<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) rules: &'a RuleBook<'a>,
    /// [`Resolved::unknown_leaver`] of the tree, which looks at everybody.
    pub(super) unknown_leaver: Option<&'a Email>,
    /// The records of the SCIM directory, by the account that each is linked to.
    pub(super) scim_records: BTreeMap<&'a AccountId, Vec<&'a ScimUser>>,
    pub(super) operations: BTreeMap<Key, PlannedOperation>,
    pub(super) surface_ids: SurfaceIds,
    ended: BTreeSet<Membership>,
    pub(super) blocked: Vec<Blocked>,
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
        self.may_expire(change)?;
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
                let defaults = self.may_invite(change, apps)?;
                self.invite(change, email, name.as_ref(), (apps, defaults))
            }
            Wanted::AddMember { group, account } => {
                let account = self.arriving(change, account);
                let via = self.member_surface(group, &account)?;
                if let Ref::Known(id) = &account {
                    self.may_join(change, id)?;
                }
                self.may_be_privileged(change, group)?;
                Ok(Some((Operation::AddMember { group: group.clone(), account }, via)))
            }
            Wanted::RemoveMember { membership } => {
                let via = self.removal_surface(membership)?;
                self.may_narrow(change.address.user(), membership.account())?;
                self.is_nobody_kept(membership.account())?;
                let first = self.ended.insert(membership.clone());
                Ok(first.then(|| (Operation::RemoveMember { membership: membership.clone() }, via)))
            }
            Wanted::OffboardUser { account, how } => self.offboard(change, account, *how),
            Wanted::ActivateUser { account, email, apps } => self.activate(change, account, email, apps),
            Wanted::UpdateUser { account, name } => self.rename(change, account, name),
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
        match self.context.tree.groups.declared_as(id) {
            Some(name) => name.clone(),
            None if self.context.tree.desired.declaration.groups.contains_key(live) => {
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
        let privileged = self.rules.privileged.touched_by(&key, &operation);
        // What takes a run back is asked for by no tree, so that none tells whether it is drift.
        let base = self.context.base.filter(|_| !self.context.undoes);
        let drift = base.map_or(Drift::Unknown, |base| base.drift(&change, self.context.tree));
        let asked =
            operation.account().and_then(|id| self.context.account(id)).map(|known| known.name.clone());
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
        self.blocked.push(obstacle.holds(change));
    }

    /// What depends on something that is blocked is blocked, and so is what depends on that.
    fn block_dependents(&mut self) {
        self.block_returns();
        loop {
            let missing = |key: &&Key| !self.operations.contains_key(*key);
            let orphan =
                |planned: &PlannedOperation| planned.operation.awaits().into_iter().find(missing).cloned();
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

impl Obstacle {
    /// What it makes of a change.
    pub(super) fn holds(self, change: &Change) -> Blocked {
        let at = (change.address.clone(), change.wanted.action());
        self.blocks_at(at, change.reason, change.origin.clone())
    }

    /// What it makes of a planned operation.
    pub(super) fn blocks(self, planned: PlannedOperation) -> Blocked {
        let Key { address, action } = planned.key;
        self.blocks_at((address, action), planned.reason, planned.origin)
    }

    /// What it makes of something that is wanted.
    pub(super) fn blocks_at(
        self,
        (address, action): (Address, Action),
        reason: Reason,
        origin: Location,
    ) -> Blocked {
        let Self { code, why, help } = self;
        Blocked { address, action, reason, code: code.into(), why, help, origin }
    }
}
