//! `--target` and `--reason`: a plan for a part of the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Blocked, Comparison, Key, LiveState, PlannedOperation, Reason, UserRef};

use super::desired::Desired;

/// The requested part of a plan. Empty lists request everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Addresses; a group or a user covers its memberships.
    pub targets: Vec<Address>,
    /// Reasons.
    pub reasons: Vec<Reason>,
}

impl Scope {
    /// Whether everything is requested.
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.reasons.is_empty()
    }

    /// Whether only time and offboarding are requested, so no change of the tree is made.
    pub(super) fn is_by_time(&self) -> bool {
        let by_time = |reason: &Reason| match reason {
            Reason::Expired | Reason::Offboarded | Reason::Excepted => true,
            Reason::Declared | Reason::Synced | Reason::Undeclared | Reason::Unlisted | Reason::Undone => {
                false
            }
        };
        !self.reasons.is_empty() && self.reasons.iter().all(by_time)
    }

    /// The request, in words that a plan shows; empty for everything.
    pub fn words(&self) -> Vec<String> {
        let targets = self.targets.iter().map(ToString::to_string);
        targets.chain(self.reasons.iter().map(ToString::to_string)).collect()
    }

    /// The targets that name nothing in the tree or on the site: a typing mistake must not look like a plan with nothing to do.
    pub fn unknown_targets<'a>(&'a self, desired: &Desired<'_>, live: &LiveState) -> Vec<&'a Address> {
        let people = desired.people();
        let users = &desired.declaration.users;
        let is_person = |user: &UserRef| {
            people.contains(user)
                || match user {
                    UserRef::Email(email) => {
                        users.contains_key(email)
                            || live.accounts.values().any(|account| account.email.as_ref() == Some(email))
                    }
                    UserRef::Account(id) => live.accounts.contains_key(id),
                }
        };
        let is_known = |target: &Address| {
            let group = target.group().is_none_or(|name| {
                desired.declaration.groups.contains_key(name)
                    || live.groups.iter().any(|group| group.name == *name)
            });
            group && target.user().is_none_or(is_person)
        };
        self.targets.iter().filter(|target| !is_known(target)).collect()
    }

    fn holds(&self, address: &Address, reason: Reason) -> bool {
        let targeted = self.targets.is_empty() || self.targets.iter().any(|target| target.covers(address));
        targeted && (self.reasons.is_empty() || self.reasons.contains(&reason))
    }

    /// Whether a group that is blocked as a whole hides the needs of its members, for any reason.
    fn hides(&self, blocked: &Blocked, desired: &Desired<'_>) -> bool {
        let Address::Group(name) = &blocked.address else { return false };
        let names = |user: &UserRef| desired.groups.get(name).is_some_and(|group| group.names(user));
        self.targets.is_empty()
            || self.targets.iter().any(|target| match target {
                Address::Group(group) | Address::Member(group, _) | Address::Grant(group, _) => group == name,
                Address::User(user) => names(user),
            })
    }

    /// Whether differences in declarations count for a run for this part: at the targets, and never in a run that makes no change
    /// of the tree. All of them are shown.
    pub(super) fn judges(&self, address: &Address) -> bool {
        let targeted = || self.targets.iter().any(|target| target.covers(address));
        !self.is_by_time() && (self.targets.is_empty() || targeted())
    }

    /// Keeps the adopted changes at the targets. Differences in identities and rules are always kept.
    pub(super) fn narrow_comparison(&self, mut comparison: Comparison) -> Comparison {
        let targeted = |address: &Address| self.targets.iter().any(|target| target.covers(address));
        if !self.targets.is_empty() {
            comparison.adopted.retain(|adopted| targeted(&adopted.address));
        }
        comparison
    }

    /// Keeps the requested operations, and those that they require.
    pub(super) fn narrow(
        &self,
        operations: &mut BTreeMap<Key, PlannedOperation>,
        blocked: &mut Vec<Blocked>,
        desired: &Desired<'_>,
    ) {
        if self.is_everything() {
            return;
        }
        blocked
            .retain(|blocked| self.holds(&blocked.address, blocked.reason) || self.hides(blocked, desired));
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
