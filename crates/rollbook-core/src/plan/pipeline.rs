//! Changes and capabilities → plan, stage by stage: each uses the result of the one before it.

use crate::model::{AccessChange, Action, Changes, Comparison, Key, Note, Plan};

use super::access;
use super::admins;
use super::assemble::{Steps, assemble};
use super::base::{Difference, GrantDifference, Wants};
use super::context::Context;
use super::guard;
use super::order::{self, Circle};
use super::projection::Projection;
use super::remarks;
use super::reviewed::{self, Now, keep_reviewed};
use super::route::{Routes, routes};
use super::rules::RuleBook;
use super::seats;

/// Makes a plan from changes. A change that no configured surface can make is blocked here, with its reason, and never
/// surprises `apply`.
pub fn make(mut changes: Changes, context: &Context<'_>) -> Plan {
    let rules = RuleBook::in_force(context);
    let wants = Wants::of(&changes.changes, &changes.blocked, context.tree, |_| true);
    let (base, differences, mut grants) = compared(context, &rules, &wants);
    let groups = std::mem::take(&mut changes.groups);
    let Routes { mut operations, mut blocked, kept, notes: planned_notes, remarks: notes, elsewhere, .. } =
        routes(changes, context, &rules, &wants, &differences);
    let mut judged = differences;
    judged.retain(|difference| context.scope.judges(&difference.address()));
    grants.retain(|difference| context.scope.judges(&difference.address()));
    order::require(&mut operations);
    context.scope.narrow(&mut operations, &mut blocked, &context.tree.desired);
    blocked.extend(kept);
    let mut review =
        context.reviewed.map(|saved| keep_reviewed(saved, &mut operations, &mut blocked, &Now { context }));
    order::trim_invitations(&mut operations);
    order::lose_once(&mut operations);
    // The remaining part is checked: it may leave nobody although the complete plan would not.
    blocked.extend(admins::keep_one(&mut operations, context));
    order::hold_access(&mut operations, context);
    blocked.extend(access::keep(&mut operations, context, &rules));
    blocked.extend(access::keep_deciders(&mut operations, context));
    let circles = order::keep_rules(&mut operations, &rules, context);
    if let (Some(saved), Some(review)) = (context.reviewed, &mut review) {
        reviewed::compare(saved, &operations, &access::changes(&operations, context), context.live, review);
    }
    let seats = seats::changes(&operations, context);
    order::free_seats(&mut operations, &seats);
    let mut steps = Steps {
        operations,
        access: Vec::new(),
        blocked,
        notes,
        groups,
        elsewhere,
        verdicts: Vec::new(),
        base,
        review: None,
    };
    judge(&mut steps, context, &rules, (&judged, &grants), &circles);
    if let (Some(saved), Some(review)) = (context.reviewed, &mut review) {
        reviewed::compare_verdicts(saved, &steps.verdicts, &steps.operations, review);
    }
    steps.review = review;
    let operations = &steps.operations;
    let planned = |(key, note): (Key, Note)| operations.contains_key(&key).then_some(note);
    steps.notes.extend(planned_notes.into_iter().filter_map(planned));
    steps.notes.extend(seats.iter().filter_map(seats::shortage));
    steps.notes.extend(remarks::on_rules(&rules, context));
    steps.notes.extend(remarks::on_direct_roles(context));
    steps.notes.extend_from_slice(context.notes);
    assemble(context, steps, seats.into_iter().map(|seats| seats.change).collect())
}

/// The differences between the tree and its base, for a reviewer and for the guards. An undo is not a change of the tree.
fn compared<'a>(
    context: &Context<'a>,
    rules: &RuleBook<'_>,
    wants: &Wants,
) -> (Option<Comparison>, Vec<Difference<'a>>, Vec<GrantDifference<'a>>) {
    let Some(base) = context.base else { return (None, Vec::new(), Vec::new()) };
    let (mut differences, mut grants) = if context.undoes {
        (Vec::new(), Vec::new())
    } else {
        (base.differences(context, wants, &rules.privileged), base.grant_differences(context, wants))
    };
    // In a nightly run the base ends these.
    if context.scope.is_by_time() && base.revision.applied {
        let privileged = |it: &Difference<'_>| it.group_id().is_some_and(|id| rules.privileged.holds(id));
        differences.retain(|it| !(it.ends_by(&context.scope.reasons) && privileged(it)));
        grants.retain(|it| !(it.ends_by(&context.scope.reasons) && it.access.role.is_privileged()));
    }
    let mut comparison = base.comparison(context, wants, &rules.privileged, (&differences, &grants));
    comparison.authors = context.authors.to_vec();
    if context.undoes {
        comparison.adopted.clear();
        comparison.declared.clear();
    }
    (Some(context.scope.narrow_comparison(comparison)), differences, grants)
}

/// Runs the guards until they have blocked everything that each may block by itself.
fn judge(
    steps: &mut Steps,
    context: &Context<'_>,
    rules: &RuleBook<'_>,
    (differences, grants): (&[Difference<'_>], &[GrantDifference<'_>]),
    circles: &[Circle],
) {
    loop {
        let base = steps.base.as_ref();
        let after = Projection::after(context, steps.operations.values());
        steps.access = access::changes(&steps.operations, context);
        let widened: Vec<AccessChange> =
            grants.iter().filter(|it| it.widens()).map(|it| who_has(it, &after, context)).collect();
        steps.verdicts = guard::judge(&guard::Case {
            operations: &steps.operations,
            context,
            rules,
            after,
            access: &steps.access,
            differences,
            grants,
            widened: &widened,
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

/// The people who have a role through a group whose declaration differs between the tree and its base.
fn who_has<'a>(
    difference: &GrantDifference<'a>,
    after: &Projection<'a>,
    context: &Context<'_>,
) -> AccessChange {
    let key = Key { address: difference.address(), action: Action::Assign };
    access::of(key, (difference.place, difference.access), after, after, context)
}
