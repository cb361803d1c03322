//! Assembles a plan: totals, member counts, and the IDs that its operations need.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccessChange, Blocked, Comparison, Cost, Direction, Effect, GroupName, GroupSummary, Identified, Key,
    Note, Plan, PlannedOperation, Review, SeatChange, Summary, SyncedSource, UserRef, Verdict,
};

use super::access::revokes;
use super::context::Context;
use super::cost::cost;
use super::fingerprint::fingerprint;
use super::identity::People;
use super::route::{Elsewhere, surface_ids};
use super::{order, reach};

/// The steps of a plan, after the guards.
pub(super) struct Steps {
    pub(super) operations: BTreeMap<Key, PlannedOperation>,
    pub(super) access: Vec<AccessChange>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) elsewhere: Elsewhere,
    pub(super) notes: Vec<Note>,
    pub(super) groups: Vec<GroupSummary>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) base: Option<Comparison>,
    pub(super) review: Option<Review>,
}

/// Assembles the plan.
pub(super) fn assemble(context: &Context<'_>, steps: Steps, seats: Vec<SeatChange>) -> Plan {
    let declaration = context.tree.desired.declaration;
    let people = &context.tree.people;
    let Steps { operations, access, mut blocked, elsewhere, mut notes, groups, verdicts, base, review } =
        steps;
    let (waiting, waits) = elsewhere.take_out(&mut blocked, &operations, context);
    notes.extend(waits);
    let operations = order::sorted(operations);
    notes.extend(base.as_ref().filter(|base| base.revision.contained == Some(false)).map(not_contained));
    blocked.sort();
    blocked.dedup_by(|a, b| (&a.address, a.action, &a.code) == (&b.address, b.action, &b.code));
    notes.sort();
    notes.dedup();
    let site = declaration.settings.site.value.clone();
    let organization = declaration.settings.organization.as_ref().map(|id| id.value.as_str());
    let granted = |planned: &&PlannedOperation| planned.operation.direction() == Direction::Grant;
    Plan {
        header: context.header.clone(),
        fingerprint: fingerprint(&site, organization, context.tree_digest, &operations),
        summary: Summary {
            grants: operations.iter().filter(granted).count(),
            revokes: revokes(operations.iter(), &access),
            operations: operations.len(),
            blocked: blocked.len(),
            waiting,
        },
        groups: changed_groups(groups, &operations),
        base,
        review,
        narrowed_to: context.scope.words(),
        undoes: context.undoes,
        cost: Cost { seats, ..cost(&operations, context.live, context.rates) },
        guards: verdicts,
        identities: identities(people, &operations),
        reach: reach::of(&operations),
        surface_ids: surface_ids(&operations, context),
        synced: sources(&operations, context),
        access,
        site,
        operations,
        blocked,
        notes,
    }
}

/// Warns that a tree without the base's commits would revert somebody else's changes.
fn not_contained(base: &Comparison) -> Note {
    let text = format!(
        "the planned tree does not contain {}: rebase it, or it reverts the changes made there",
        base.revision.name
    );
    Note::new("base-not-contained", text, None)
}

/// The declared people that operations are about, each with the source of their account.
fn identities(people: &People, operations: &[PlannedOperation]) -> Vec<Identified> {
    let users: BTreeSet<&UserRef> =
        operations.iter().filter_map(|planned| planned.key.address.user()).collect();
    let identified = people.accounts().filter(|(user, _)| users.contains(user));
    let identified = identified.filter_map(|(user, account)| {
        Some(Identified { user: user.clone(), account: account.clone(), from: people.source(user)? })
    });
    identified.collect()
}

/// The synced groups that changed groups take members from.
fn sources(operations: &[PlannedOperation], context: &Context<'_>) -> Vec<SyncedSource> {
    let Context { tree, live, .. } = *context;
    let changed: BTreeSet<&GroupName> =
        operations.iter().filter_map(|planned| planned.key.address.group()).collect();
    let groups = changed.into_iter().filter_map(|name| tree.desired.groups.get(name));
    let named: BTreeSet<&GroupName> = groups.flat_map(|group| &group.synced).collect();
    let read = named.into_iter().filter_map(|name| {
        let group = tree.groups.id(name)?.clone();
        let members = live.members.get(&group)?.iter().cloned().collect();
        Some(SyncedSource { name: name.clone(), group, members })
    });
    read.collect()
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
        for effect in planned.effects() {
            match effect {
                Effect::Joins(..) => *added += 1,
                Effect::Leaves(_) => *removed += 1,
                Effect::Wakes(..)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Gives(..)
                | Effect::Takes(_) => {}
            }
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
