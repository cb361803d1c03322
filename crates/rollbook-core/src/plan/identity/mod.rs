//! The meaning of the names of a tree on the site. Computed once for a tree and passed on: the flattened tree, drift,
//! guards and notes depend on it. A doubt is an [`Obstacle`] at its own address, and never a guess.

mod directory;
mod groups;
mod obstacle;
mod people;
mod rules;
mod similar_names;
mod synced;

use std::collections::BTreeMap;

use crate::model::{AccountId, Address, Email, GroupId, GroupName, LiveState, Origin, Reason, UserRef};

use super::desired::{Desired, DesiredGroup, Entry};

pub(super) use groups::{GroupIdentity, Groups, only_group};
pub use obstacle::OBSTACLES;
pub(super) use obstacle::{Obstacle, ObstacleCode};
pub(super) use people::{Identity, People};
pub(super) use rules::{GroupNames, Marked};
use synced::Brought;

/// A tree whose names are resolved to accounts and groups of the site.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// The desired state, with several names of one account merged into one person.
    pub desired: Desired<'a>,
    pub(super) people: People,
    pub(super) groups: Groups,
    /// Why `synced:` entries bring nobody, by their places.
    pub(super) doubts: BTreeMap<Origin, Obstacle>,
}

impl<'a> Resolved<'a> {
    /// Resolves everybody and everything that a tree names.
    pub fn of(desired: Desired<'a>, live: &LiveState) -> Self {
        let mut people = People::of(&desired, live);
        let groups = Groups::of(desired.declaration, &live.groups);
        let shared = people.names_of_one(&desired);
        let desired = if shared.is_empty() { desired } else { desired.sharing(shared) };
        if desired.declaration.synced().next().is_none() {
            return Self { desired, people, groups, doubts: BTreeMap::new() };
        }
        let Brought { synced, people: brought, doubts } = Brought::of(&desired, &people, &groups, live);
        people.take_in(brought);
        Self { desired: desired.bringing(synced), people, groups, doubts }
    }

    /// Whether this tree asks for a grant that another one names. It is called for every grant, so it must not look at the
    /// others.
    pub(super) fn asks_for(
        &self,
        address: &Address,
        account: Option<&AccountId>,
        namer: &Resolved<'_>,
    ) -> bool {
        match address {
            Address::Member(name, user) => self.meant(name, namer).any(|group| {
                let is_known = account.is_some_and(|account| self.entry_of(group, account).is_some());
                is_known || group.members.contains_key(user)
            }),
            Address::User(user) => {
                let called = account.into_iter().flat_map(|account| self.people.names(account));
                called.chain([user]).any(|user| self.activates(user))
            }
            Address::Grant(name, access) => self
                .meant(name, namer)
                .any(|group| group.grants.as_ref().is_some_and(|grants| grants.held.contains_key(access))),
            Address::Group(_) => false,
        }
    }

    /// The groups of this tree that another one may mean by a name: the same group of the site, or one of the same name if
    /// either is unknown.
    fn meant<'b>(
        &'b self,
        name: &'b GroupName,
        namer: &'b Resolved<'_>,
    ) -> impl Iterator<Item = &'b DesiredGroup<'a>> {
        let (own, other) = (self.groups.id(name), namer.groups.id(name));
        let same = other.and_then(|id| self.groups.declared_as(id));
        let namesake = (own.is_none() || other.is_none()).then_some(name);
        same.into_iter().chain(namesake).filter_map(|name| self.desired.groups.get(name))
    }

    fn activates(&self, user: &UserRef) -> bool {
        let UserRef::Email(email) = user else { return false };
        self.desired.active(email) == Some(true)
    }

    /// Why the tree excludes an account from a group by name, if it does.
    pub(super) fn denies(&self, group: &GroupId, account: &AccountId) -> Option<Reason> {
        if self.offboards(account) {
            return Some(Reason::Offboarded);
        }
        let name = self.groups.declared_as(group)?;
        let mut denied = self.desired.groups.get(name)?.denied.iter();
        denied.find(|(user, _)| self.account(user) == Some(account)).map(|(_, denial)| denial.reason)
    }

    /// A user that the tree offboards, and who may have any account that hides its email.
    pub(super) fn unknown_leaver(&self) -> Option<&Email> {
        let users = self.desired.declaration.users.keys();
        let mut leaving = users.filter(|email| self.desired.offboarded(email).is_some());
        leaving.find(|email| match self.people.person(&UserRef::Email((*email).clone())) {
            Identity::Account(_) => false,
            Identity::Missing => self.people.missing_may_hide(),
            Identity::Unresolved(obstacle) => obstacle.code == ObstacleCode::IdentityUnresolved,
        })
    }

    /// Whether the tree revokes all access of an account.
    pub(super) fn offboards(&self, account: &AccountId) -> bool {
        self.people.names(account).any(|user| match user {
            UserRef::Email(email) => self.desired.offboarded(email).is_some(),
            UserRef::Account(_) => false,
        })
    }

    /// The tree's declaration of a group of the site.
    pub(super) fn group(&self, id: &GroupId) -> Option<&DesiredGroup<'a>> {
        self.desired.groups.get(self.groups.declared_as(id)?)
    }

    /// A group's entry for an account. All names of one account are listed as one.
    pub(super) fn entry_of<'b>(
        &'b self,
        group: &'b DesiredGroup<'_>,
        account: &AccountId,
    ) -> Option<&'b Entry> {
        let name = match self.people.declared_as(account) {
            Some(user) => self.desired.name_of(user),
            // The tree names it by its ID, and the site does not show it.
            None => UserRef::Account(account.clone()),
        };
        group.members.get(&name)
    }

    /// The account of a declared person, if it is known.
    pub(super) fn account(&self, user: &UserRef) -> Option<&AccountId> {
        match self.people.person(user) {
            Identity::Account(id) => Some(id),
            Identity::Missing | Identity::Unresolved(_) => None,
        }
    }
}
