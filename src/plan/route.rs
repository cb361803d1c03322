//! Changes and capabilities → plan: which surface makes each change, and what none can make.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Blocked, Capabilities, Change, Changes, Direction, Drift, GroupId, GroupName, GroupSummary, Header, Key,
    LiveState, Located, Membership, Note, Operation, Plan, PlannedOperation, Ref, Summary, Surface, Wanted,
};

use super::cost::{Rates, cost};
use super::desired::Desired;
use super::fingerprint::fingerprint;
use super::groups::GroupResolution;
use super::narrow::Scope;
use super::order;
use super::permit::no_surface_to_activate;
use super::resolve::Obstacle;
use super::unenforced::unenforced;

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
    /// The published rate limits.
    pub rates: &'a Rates,
}

/// Makes a plan of changes. Whatever no configured surface can do is blocked here, with its reason, and never
/// a surprise of `apply`.
pub fn route(changes: Changes, context: &Context<'_>) -> Plan {
    let groups = GroupResolution::of(context.desired.declaration, &context.live.groups);
    let policy = &context.desired.declaration.policy;
    let mut privileged = Marked::of(&policy.privileged, &groups, context.live);
    privileged.ids.extend(context.live.rights.site_admin_groups.iter().map(|group| group.id.clone()));
    let mut router = Router {
        context,
        groups: &groups,
        declared_names: groups.live().map(|(name, group)| (&group.id, name)).collect(),
        privileged,
        protected: Marked::of(&policy.protect.groups, &groups, context.live),
        operations: BTreeMap::new(),
        ended: BTreeSet::new(),
        blocked: changes.blocked,
        notes: Vec::new(),
    };
    for change in changes.changes {
        router.route(change);
    }
    router.block_dependents();
    let Router { mut operations, mut blocked, notes: routed_notes, .. } = router;
    order::require(&mut operations);
    context.scope.narrow(&mut operations, &mut blocked, context.desired);
    order::keep_floors(&mut operations, &policy.keep_at_least, &groups, context.live);
    let planned = |(key, note): (Key, Note)| operations.contains_key(&key).then_some(note);
    let mut notes = changes.notes;
    notes.extend(routed_notes.into_iter().filter_map(planned));
    let operations = order::sorted(operations);
    blocked.sort();
    blocked.dedup_by(|a, b| (&a.address, a.action, a.code) == (&b.address, b.action, b.code));
    notes.sort();
    notes.dedup();
    assemble(context, operations, changes.groups, blocked, notes)
}

fn assemble(
    context: &Context<'_>,
    operations: Vec<PlannedOperation>,
    groups: Vec<GroupSummary>,
    blocked: Vec<Blocked>,
    notes: Vec<Note>,
) -> Plan {
    let declaration = context.desired.declaration;
    let site = declaration.settings.site.value.clone();
    let organization = declaration.settings.organization.as_ref().map(|id| id.value.as_str());
    let granted = |planned: &&PlannedOperation| planned.operation.direction() == Direction::Grant;
    Plan {
        header: context.header.clone(),
        fingerprint: fingerprint(&site, organization, context.tree_digest, &operations),
        summary: Summary {
            grants: operations.iter().filter(granted).count(),
            revokes: operations.iter().map(|planned| planned.operation.revokes()).sum(),
            operations: operations.len(),
            blocked: blocked.len(),
        },
        groups: changed_groups(groups, &operations),
        narrowed_to: context.scope.words(),
        cost: cost(&operations, context.live, context.rates),
        guards: unenforced(declaration),
        site,
        operations,
        blocked,
        notes,
    }
}

/// The groups that operations change, with the member counts that they lead to.
fn changed_groups(groups: Vec<GroupSummary>, operations: &[PlannedOperation]) -> Vec<GroupSummary> {
    let mut counts: BTreeMap<&GroupName, (usize, usize)> = BTreeMap::new();
    let mut touched: BTreeSet<&GroupName> = BTreeSet::new();
    for planned in operations {
        let Some(name) = planned.key.address.group() else {
            continue;
        };
        touched.insert(name);
        let (added, removed) = counts.entry(name).or_default();
        match &planned.operation {
            Operation::AddMember { .. } => *added += 1,
            Operation::RemoveMember { .. } => *removed += 1,
            Operation::DeleteGroup { members, .. } => *removed += members.len(),
            Operation::CreateGroup { .. } | Operation::InviteUser { .. } | Operation::RemoveUser { .. } => {}
        }
    }
    let mut changed: Vec<GroupSummary> = groups
        .into_iter()
        .filter(|group| touched.contains(&group.name))
        .map(|group| {
            let (added, removed) = counts.get(&group.name).copied().unwrap_or_default();
            GroupSummary { after: (group.before + added).saturating_sub(removed), ..group }
        })
        .collect();
    changed.sort();
    changed
}

/// Groups that a policy names, known by id, so that neither a pin under another name nor another spelling gets
/// around it; and by name, for those that do not exist yet.
pub(super) struct Marked {
    ids: BTreeSet<GroupId>,
    names: BTreeSet<GroupName>,
}

impl Marked {
    fn of(policy: &[Located<GroupName>], groups: &GroupResolution, live: &LiveState) -> Self {
        let names: BTreeSet<GroupName> = policy.iter().map(|name| name.value.clone()).collect();
        let folded: BTreeSet<String> = names.iter().map(GroupName::folded).collect();
        let shown = live.groups.iter().filter(|group| folded.contains(&group.name.folded()));
        let declared = groups.live().filter(|(name, _)| names.contains(*name)).map(|(_, group)| group);
        let ids = shown.chain(declared).map(|group| group.id.clone()).collect();
        Self { ids, names }
    }

    pub(super) fn holds(&self, group: &GroupId) -> bool {
        self.ids.contains(group)
    }

    fn touched_by(&self, key: &Key, operation: &Operation) -> bool {
        let id = match operation {
            Operation::AddMember { group: Ref::Known(id), .. } | Operation::DeleteGroup { group: id, .. } => {
                id
            }
            Operation::RemoveMember { membership } => membership.group(),
            Operation::AddMember { group: Ref::Made(_), .. } | Operation::CreateGroup { .. } => {
                return key.address.group().is_some_and(|name| self.names.contains(name));
            }
            Operation::InviteUser { .. } | Operation::RemoveUser { .. } => return false,
        };
        self.holds(id)
    }
}

/// A routing under way.
pub(super) struct Router<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) groups: &'a GroupResolution,
    declared_names: BTreeMap<&'a GroupId, &'a GroupName>,
    pub(super) privileged: Marked,
    pub(super) protected: Marked,
    operations: BTreeMap<Key, PlannedOperation>,
    ended: BTreeSet<Membership>,
    blocked: Vec<Blocked>,
    /// Notes about operations, which go where their operation goes.
    pub(super) notes: Vec<(Key, Note)>,
}

impl Router<'_> {
    pub(super) fn route(&mut self, change: Change) {
        match self.operation(&change) {
            Ok(Some(operation)) => self.plan(change, operation),
            Ok(None) => {}
            Err(obstacle) => self.block(&change, obstacle),
        }
    }

    /// The operation that makes a change, through the surface that can (design §7).
    fn operation(&mut self, change: &Change) -> Result<Option<Operation>, Obstacle> {
        match &change.wanted {
            Wanted::CreateGroup { name } => {
                self.may_create(change, name)?;
                Ok(Some(Operation::CreateGroup { name: name.clone() }))
            }
            Wanted::DeleteGroup { group, members } => {
                self.may_delete(change, group, members)?;
                // Whoever is taken out of the group on their own is not lost with it.
                let lost = members.iter().filter(|lost| !self.ends(&lost.membership));
                Ok(Some(Operation::DeleteGroup { group: group.clone(), members: lost.cloned().collect() }))
            }
            Wanted::InviteUser { email, apps } => {
                self.may_invite(change, apps)?;
                Ok(Some(Operation::InviteUser { email: email.clone(), apps: apps.clone() }))
            }
            Wanted::AddMember { group, account } => {
                if let Ref::Known(id) = group {
                    self.may_write(id)?;
                }
                if let Ref::Known(id) = account {
                    self.may_join(change, id)?;
                }
                Ok(Some(Operation::AddMember { group: group.clone(), account: account.clone() }))
            }
            Wanted::RemoveMember { membership } => {
                self.may_write(membership.group())?;
                self.may_narrow(change.address.user(), membership.account())?;
                let first = self.ended.insert(membership.clone());
                Ok(first.then(|| Operation::RemoveMember { membership: membership.clone() }))
            }
            Wanted::OffboardUser { account, how, active } => self.offboard(change, account, *how, *active),
            Wanted::ActivateUser { .. } => Err(no_surface_to_activate()),
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

    fn plan(&mut self, change: Change, operation: Operation) {
        let key = change.key();
        let privileged = self.privileged.touched_by(&key, &operation);
        let asked = match &operation {
            Operation::AddMember { account: Ref::Known(id), .. } => {
                self.account(id).map(|known| known.name.clone())
            }
            Operation::AddMember { account: Ref::Made(_), .. }
            | Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::RemoveMember { .. }
            | Operation::RemoveUser { .. }
            | Operation::DeleteGroup { .. } => None,
        };
        let planned = PlannedOperation {
            key: key.clone(),
            operation,
            via: Surface::Jira,
            requires: Vec::new(),
            origin: change.origin,
            reason: change.reason,
            drift: Drift::Unknown,
            privileged,
            name: change.name.or(asked),
            until: change.until,
        };
        self.operations.insert(key, planned);
    }

    fn block(&mut self, change: &Change, obstacle: Obstacle) {
        let Obstacle { code, why, help } = obstacle;
        self.blocked.push(Blocked {
            address: change.address.clone(),
            action: change.wanted.action(),
            reason: change.reason,
            code,
            why,
            help,
            origin: change.origin.clone(),
        });
    }

    /// What depends on something that is blocked is blocked.
    fn block_dependents(&mut self) {
        let orphaned = |planned: &PlannedOperation| match &planned.operation {
            Operation::AddMember { group, account } => [made(group), made(account)]
                .into_iter()
                .flatten()
                .find(|key| !self.operations.contains_key(*key))
                .cloned(),
            Operation::CreateGroup { .. }
            | Operation::InviteUser { .. }
            | Operation::RemoveMember { .. }
            | Operation::RemoveUser { .. }
            | Operation::DeleteGroup { .. } => None,
        };
        let orphans: Vec<(Key, Key)> = self
            .operations
            .values()
            .filter_map(|planned| Some((planned.key.clone(), orphaned(planned)?)))
            .collect();
        for (key, required) in orphans {
            let Some(planned) = self.operations.remove(&key) else {
                continue;
            };
            self.blocked.push(Blocked {
                address: planned.key.address,
                action: planned.key.action,
                reason: planned.reason,
                code: "requires-blocked",
                why: format!("it requires `{required}`, which is blocked"),
                help: "Clear what blocks that first.".into(),
                origin: planned.origin,
            });
        }
    }
}

fn made<Id>(id: &Ref<Id>) -> Option<&Key> {
    match id {
        Ref::Known(_) => None,
        Ref::Made(key) => Some(key),
    }
}
