//! `--target` and `--reason`: a plan for a part of the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Blocked, Comparison, Key, LiveState, PlannedOperation, Reason, UserRef};

use super::desired::Desired;

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

    /// Whether only what time and offboarding bring is asked for, so that no change is made.
    pub(super) fn is_by_time(&self) -> bool {
        let by_time = |reason: &Reason| match reason {
            Reason::Expired | Reason::Offboarded | Reason::Excepted => true,
            Reason::Declared | Reason::Synced | Reason::Undeclared | Reason::Unlisted | Reason::Undone => {
                false
            }
        };
        !self.reasons.is_empty() && self.reasons.iter().all(by_time)
    }

    /// What is asked for, in words that a plan shows; nothing where that is everything.
    pub fn words(&self) -> Vec<String> {
        let targets = self.targets.iter().map(ToString::to_string);
        targets.chain(self.reasons.iter().map(ToString::to_string)).collect()
    }

    /// The targets that name nothing that the tree declares or that is live: a slip of the keyboard must not
    /// look like a plan with nothing to do.
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

    /// A group that is blocked as a whole hides what its members need, whatever the reason of that may be.
    fn hides(&self, blocked: &Blocked, desired: &Desired<'_>) -> bool {
        let Address::Group(name) = &blocked.address else { return false };
        let names = |user: &UserRef| desired.groups.get(name).is_some_and(|group| group.names(user));
        self.targets.is_empty()
            || self.targets.iter().any(|target| match target {
                Address::Group(group) | Address::Member(group, _) | Address::Grant(group, _) => group == name,
                Address::User(user) => names(user),
            })
    }

    /// Whether a run for this part is judged by how something is declared otherwise: at the targets, and never in a run that carries
    /// out no change. All of it is shown.
    pub(super) fn judges(&self, address: &Address) -> bool {
        let targeted = || self.targets.iter().any(|target| target.covers(address));
        !self.is_by_time() && (self.targets.is_empty() || targeted())
    }

    /// Keeps what was adopted at the targets. How identities and rules differ is always said.
    pub(super) fn narrow_comparison(&self, mut comparison: Comparison) -> Comparison {
        let targeted = |address: &Address| self.targets.iter().any(|target| target.covers(address));
        if !self.targets.is_empty() {
            comparison.adopted.retain(|adopted| targeted(&adopted.address));
        }
        comparison
    }

    /// Keeps what is asked for, and what it requires.
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
