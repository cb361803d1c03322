//! The cost of carrying a plan out.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Cost, GroupId, Key, LiveState, Operation, PlannedOperation, Surface};

/// The published rate limits, as far as a cost needs them. `atlassian` knows the figures.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests a second that a route allows, by the operation that uses it; a burst may be as large.
    pub per_second: fn(Surface, &Operation) -> f64,
    /// The route that an operation uses: operations of one method and route share a limit.
    pub route: fn(Surface, &Operation) -> Option<(http::Method, &'static str)>,
    /// Members on a page of the read after the writes.
    pub members_a_page: usize,
}

/// Counts the writes and the reads after them, and computes how long the limits stretch the writes.
pub(super) fn cost(operations: &[PlannedOperation], live: &LiveState, rates: &Rates) -> Cost {
    let mut routes: BTreeMap<(String, &'static str), (usize, f64)> = BTreeMap::new();
    let mut touched: BTreeSet<&GroupId> = BTreeSet::new();
    let (mut made, mut writes, mut roles) = (0, 0, 0);
    let mut surfaces = BTreeMap::new();
    let invites = operations.iter().filter(|planned| planned.key.action == Action::Invite);
    let invitations: BTreeMap<&Key, &Operation> =
        invites.map(|planned| (&planned.key, &planned.operation)).collect();
    for planned in operations {
        let operation = &planned.operation;
        if let Some((method, route)) = (rates.route)(planned.via, operation)
            && !carried(planned, &invitations)
        {
            let rate = (rates.per_second)(planned.via, operation);
            routes.entry((method.to_string(), route)).or_insert((0, rate)).0 += 1;
            *surfaces.entry(planned.via).or_insert(0) += 1;
            writes += 1;
        }
        if matches!(operation, Operation::AddMember { .. } | Operation::RemoveMember { .. }) {
            touched.extend(operation.group());
        }
        made += usize::from(matches!(operation, Operation::CreateGroup { .. }));
        roles += usize::from(operation.access().is_some());
    }
    let pages = |group: &GroupId| {
        live.members
            .get(group)
            .map_or(1, |members| members.len().div_ceil(rates.members_a_page.max(1)).max(1))
    };
    let reads: usize = touched.into_iter().map(pages).sum::<usize>() + made;
    if reads > 0 {
        let reader = if live.rights.has(Surface::Jira) { Surface::Jira } else { Surface::Organization };
        *surfaces.entry(reader).or_insert(0) += reads;
    }
    if roles > 0 {
        *surfaces.entry(Surface::Organization).or_insert(0) += roles;
    }
    let seconds = routes.values().map(|(count, rate)| waiting(*count, *rate)).fold(0.0, f64::max);
    Cost { requests: writes + reads + roles, surfaces, seconds, seats: Vec::new() }
}

/// Whether an invitation adds the person to the group by itself, so the addition needs no request.
fn carried(planned: &PlannedOperation, invitations: &BTreeMap<&Key, &Operation>) -> bool {
    let Operation::AddMember { group, .. } = &planned.operation else { return false };
    let mut required = planned.requires.iter().filter_map(|key| invitations.get(key));
    required.any(|invitation| invitation.joins(group))
}

/// The seconds that a token bucket delays requests, if it starts with one second's worth.
fn waiting(count: usize, per_second: f64) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    ((count - per_second) / per_second).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_free_and_the_rest_waits() {
        assert!(waiting(50, 50.0).abs() < f64::EPSILON);
        assert!(waiting(1, 50.0).abs() < f64::EPSILON);
        assert!((waiting(150, 50.0) - 2.0).abs() < f64::EPSILON);
    }
}
