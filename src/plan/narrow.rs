//! `--target` and `--reason`: a plan for a part of the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Blocked, Key, PlannedOperation, Reason};

/// The part of a plan that is asked for. Empty lists ask for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Addresses; a group or a user takes in its memberships.
    pub targets: Vec<Address>,
    /// Reasons.
    pub reasons: Vec<Reason>,
}

impl Scope {
    /// Whether everything is asked for.
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.reasons.is_empty()
    }

    fn holds(&self, address: &Address, reason: Reason) -> bool {
        let targeted = self.targets.is_empty() || self.targets.iter().any(|target| target.covers(address));
        targeted && (self.reasons.is_empty() || self.reasons.contains(&reason))
    }

    /// Keeps what is asked for, and what it requires.
    pub(super) fn narrow(
        &self,
        operations: &mut BTreeMap<Key, PlannedOperation>,
        blocked: &mut Vec<Blocked>,
    ) {
        if self.is_everything() {
            return;
        }
        blocked.retain(|blocked| self.holds(&blocked.address, blocked.reason));
        let mut kept = BTreeSet::new();
        let mut wanted: Vec<Key> = operations
            .values()
            .filter(|planned| self.holds(&planned.key.address, planned.reason))
            .map(|planned| planned.key.clone())
            .collect();
        while let Some(key) = wanted.pop() {
            if let Some(planned) = operations.get(&key)
                && kept.insert(key)
            {
                wanted.extend(planned.requires.iter().cloned());
            }
        }
        operations.retain(|key, _| kept.contains(key));
    }
}
