//! The names in a tree, and in the reads that go with it: only these are recognized in a snapshot.

use std::collections::BTreeSet;

use crate::model::{Address, Declaration, Email, GroupName, UserRef};

use super::super::desired::Desired;

/// Names that are written in a tree or a command.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Emails.
    pub emails: BTreeSet<Email>,
    /// Names of groups.
    pub groups: BTreeSet<GroupName>,
    /// Display names.
    pub people: BTreeSet<String>,
}

impl Names {
    /// Every name of a tree: of its people and groups, its rules, its waivers and its lock.
    pub fn of(desired: &Desired<'_>) -> Self {
        let Declaration { settings, policy, waivers, users, groups, lock } = desired.declaration;
        let mut names = Self::default();
        names.emails.extend(desired.emails().cloned());
        names.emails.extend(users.keys().chain(lock.users.keys()).cloned());
        names.emails.extend(settings.operator.iter().map(|operator| operator.value.clone()));
        names.emails.extend(policy.protect.users.iter().map(|user| user.value.clone()));
        names.groups.extend(groups.keys().chain(lock.groups.keys()).cloned());
        names.groups.extend(policy.keep_at_least.keys().cloned());
        let exclusive = policy.exclusive.iter().flat_map(|list| &list.value);
        let listed = policy.privileged.iter().chain(&policy.protect.groups).chain(exclusive);
        names.groups.extend(listed.map(|group| group.value.clone()));
        names.groups.extend(desired.declaration.synced().map(|(_, name)| name.clone()));
        names.people.extend(users.values().filter_map(|user| Some(user.name.as_ref()?.value.clone())));
        names.add(waivers.iter().flat_map(|waiver| &waiver.addresses).map(|address| &address.value));
        names
    }

    /// Adds the names in addresses.
    pub fn add<'a>(&mut self, addresses: impl IntoIterator<Item = &'a Address>) {
        for address in addresses {
            self.groups.extend(address.group().cloned());
            if let Some(UserRef::Email(email)) = address.user() {
                self.emails.insert(email.clone());
            }
        }
    }

    /// Adds other names.
    pub fn extend(&mut self, other: Self) {
        self.emails.extend(other.emails);
        self.groups.extend(other.groups);
        self.people.extend(other.people);
    }
}
