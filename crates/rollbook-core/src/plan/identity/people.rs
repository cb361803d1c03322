//! The account of each declared person.
//!
//! The order is that of docs/design.md#where-an-account-comes-from: pin, lock, then the emails that the organization,
//! the SCIM directory and the one full listing of users show.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::model::{AccountId, Email, IdentitySource, LiveAccount, LiveState, LockedId, UserRef};

use super::super::desired::Desired;
use super::directory::{Directory, NO_EXPORT};
use super::obstacle::{Obstacle, ObstacleCode};

/// The accounts of the declared people.
#[derive(Clone, Debug)]
pub(in crate::plan) struct People {
    /// In the order of their names.
    identities: IndexMap<UserRef, Identity>,
    declared_as: IndexMap<AccountId, UserRef>,
    /// The names of each account that has several, its main name first.
    names: BTreeMap<AccountId, Vec<UserRef>>,
    /// The accounts that the tree declares under several emails.
    shared: BTreeMap<AccountId, Obstacle>,
    /// The source that ties an account to each person.
    sources: BTreeMap<UserRef, IdentitySource>,
    /// Accounts that an unresolved person may have, each with the obstacle.
    suspects: BTreeMap<AccountId, Obstacle>,
    shown: BTreeMap<Email, usize>,
    /// The accounts that show each email, the declared and the undeclared.
    shown_with: BTreeMap<Email, Vec<AccountId>>,
    /// The email that each account shows, and the source that shows it.
    shown_by: BTreeMap<AccountId, (Email, IdentitySource)>,
    /// Whether any account hides its email from every source.
    hidden: bool,
    /// The first unresolved person who may have any account that hides its email.
    doubtful: Option<UserRef>,
}

/// The result for a declared person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Identity {
    /// This account.
    Account(AccountId),
    /// There is no such account, and no account hides an email that could be theirs.
    Missing,
    /// It is unknown.
    Unresolved(Obstacle),
}

impl People {
    /// Resolves every user that a tree declares.
    pub(in crate::plan) fn of(desired: &Desired<'_>, live: &LiveState) -> Self {
        Self::with(desired, live, &Directory::of(desired, live, &NO_EXPORT))
    }

    /// Resolves them for the lock: accounts that an export names count if no live surface answers.
    pub(in crate::plan) fn exported(
        desired: &Desired<'_>,
        live: &LiveState,
        exported: &BTreeMap<Email, AccountId>,
    ) -> Self {
        Self::with(desired, live, &Directory::of(desired, live, exported))
    }

    fn with(desired: &Desired<'_>, live: &LiveState, directory: &Directory<'_>) -> Self {
        let people: IndexMap<UserRef, Identity> =
            desired.people().iter().map(|user| (user.clone(), directory.resolve(user))).collect();
        let (declared_as, names) = names_by_account(&people, desired, live);
        let accounts = people.iter().filter_map(|(user, identity)| match identity {
            Identity::Account(id) => Some((user.clone(), directory.source(user, id))),
            Identity::Missing | Identity::Unresolved(_) => None,
        });
        let sources = accounts.collect();
        let suspects = directory.suspects(&people);
        let hidden = !directory.hidden.is_empty();
        let mut shown = BTreeMap::new();
        for email in live.accounts.values().filter_map(|account| account.email.as_ref()) {
            *shown.entry(email.clone()).or_insert(0) += 1;
        }
        let shown_by = directory.by_email.iter().flat_map(|(email, accounts)| {
            accounts.iter().map(move |(id, from)| ((*id).clone(), (email.clone(), *from)))
        });
        Self {
            doubtful: doubtful(&people, hidden).cloned(),
            shared: shared_accounts(&names),
            names,
            identities: people,
            declared_as,
            sources,
            suspects,
            shown,
            shown_with: directory
                .by_email
                .iter()
                .map(|(email, accounts)| (email.clone(), accounts.keys().map(|id| (*id).clone()).collect()))
                .collect(),
            shown_by: shown_by.collect(),
            hidden,
        }
    }

    /// Takes in the people whom synced groups bring, each with the name they go by: the tree declares them by that.
    pub(super) fn take_in(&mut self, brought: BTreeMap<AccountId, UserRef>) {
        for (id, user) in brought {
            if let Entry::Vacant(entry) = self.declared_as.entry(id.clone()) {
                entry.insert(user.clone());
                self.identities.insert(user, Identity::Account(id));
            }
        }
        self.identities.sort_unstable_keys();
    }

    /// Every name that means somebody, or is to.
    pub(in crate::plan) fn all_names(&self) -> impl Iterator<Item = &UserRef> {
        self.identities.keys()
    }

    /// Whether an account may be that of a person whom the tree names and who hides their email.
    pub(in crate::plan) fn hides(&self, id: &AccountId, account: Option<&LiveAccount>) -> bool {
        let hides = account.is_none_or(LiveAccount::hides_email);
        // The tree may name the same person by their account's ID and by an email.
        hides && !matches!(self.declared_as(id), Some(UserRef::Email(_)))
    }

    /// The obstacle to deciding whether an account belongs to somebody declared.
    pub(in crate::plan) fn suspect(&self, account: &AccountId) -> Option<&Obstacle> {
        self.suspects.get(account)
    }

    /// Why an undeclared account may still belong to somebody declared.
    pub(in crate::plan) fn doubt_about(&self, id: &AccountId, account: &LiveAccount) -> Option<Obstacle> {
        self.suspects.get(id).cloned().or_else(|| {
            let user = self.doubtful.as_ref().filter(|_| account.hides_email())?;
            Some(Obstacle {
                code: ObstacleCode::IdentityUnresolved,
                why: format!("{user} is not resolved, and may have this account, which hides its email"),
                help: "Resolve every user that the configuration declares first; then this one can be told apart."
                    .into(),
            })
        })
    }

    /// The result for a declared person.
    pub(in crate::plan) fn person(&self, user: &UserRef) -> &Identity {
        self.identities.get(user).unwrap_or(&Identity::Missing)
    }

    /// The source that ties an account to a declared person; `None` if there is none.
    pub(in crate::plan) fn source(&self, user: &UserRef) -> Option<IdentitySource> {
        self.sources.get(user).copied()
    }

    /// The lock's word for the source that ties an account to somebody. If no live surface confirms it, the earlier
    /// source still counts.
    pub(in crate::plan) fn locked_from(
        &self,
        old: Option<&LockedId<AccountId>>,
        email: &Email,
        id: &AccountId,
    ) -> String {
        let was = old.filter(|locked| locked.id == *id).map(|locked| locked.from.clone());
        match self.sources.get(&UserRef::Email(email.clone())) {
            Some(IdentitySource::Pin) => IdentitySource::Pin.to_string(),
            Some(IdentitySource::Lock) | None => {
                let shown = self.shown_by.get(id).filter(|(shown, _)| shown == email);
                shown.map(|(_, from)| from.to_string()).or(was).unwrap_or_default()
            }
            Some(live) => live.to_string(),
        }
    }

    /// Whether a person who seems to have no account may have one whose email is hidden everywhere.
    pub(in crate::plan) fn missing_may_hide(&self) -> bool {
        self.hidden
    }

    /// Whether it is unknown which account somebody has, so that it may be one that hides its email, or one of several.
    pub(in crate::plan) fn may_be_anybody(&self, user: &UserRef) -> bool {
        match self.person(user) {
            Identity::Account(_) => false,
            Identity::Missing => self.hidden,
            Identity::Unresolved(obstacle) => !obstacle.code.knows_the_account(),
        }
    }

    /// Whether no account shows a person's email, and neither a pin nor the lock ties it to one.
    pub(in crate::plan) fn is_of_nobody(&self, user: &UserRef) -> bool {
        match self.person(user) {
            Identity::Missing => true,
            Identity::Unresolved(obstacle) => obstacle.code == ObstacleCode::IdentityUnresolved,
            Identity::Account(_) => false,
        }
    }

    /// Why an account is granted nothing: the tree declares it under several emails.
    pub(in crate::plan) fn shared(&self, account: &AccountId) -> Option<&Obstacle> {
        self.shared.get(account)
    }

    /// Whether an email is one of several by which the tree declares an account.
    pub(in crate::plan) fn shares(&self, email: &Email, account: &AccountId) -> bool {
        let user = UserRef::Email(email.clone());
        self.shared.contains_key(account)
            && self.names.get(account).is_some_and(|names| names.contains(&user))
    }

    /// Every account that the tree declares under several emails, by its main name.
    pub(in crate::plan) fn all_shared(&self) -> impl Iterator<Item = (&UserRef, &Obstacle)> {
        self.shared.iter().filter_map(|(id, obstacle)| Some((self.declared_as.get(id)?, obstacle)))
    }

    /// Names that belong to one account according to the site, which flattening the tree did not show.
    pub(in crate::plan) fn names_of_one(&self, desired: &Desired<'_>) -> Vec<Vec<UserRef>> {
        let unseen = self.names.values().filter(|names| {
            let one: BTreeSet<UserRef> = names.iter().map(|name| desired.name_of(name)).collect();
            one.len() > 1
        });
        unseen.cloned().collect()
    }

    /// The accounts of people that show an email to any source.
    pub(in crate::plan) fn shown_with(&self, email: &Email) -> impl Iterator<Item = &AccountId> {
        self.shown_with.get(email).into_iter().flatten()
    }

    /// Every account of a person that shows an email to any source, with the email.
    pub(in crate::plan) fn all_shown(&self) -> impl Iterator<Item = (&Email, &AccountId)> {
        self.shown_with.iter().flat_map(|(email, ids)| ids.iter().map(move |id| (email, id)))
    }

    /// Whether an account of a person shows an email to any source.
    pub(in crate::plan) fn shows(&self, account: &AccountId) -> bool {
        self.shown_by.contains_key(account)
    }

    /// Everybody who was resolved to an account.
    pub(in crate::plan) fn accounts(&self) -> impl Iterator<Item = (&UserRef, &AccountId)> {
        self.identities.iter().filter_map(|(user, identity)| match identity {
            Identity::Account(id) => Some((user, id)),
            Identity::Missing | Identity::Unresolved(_) => None,
        })
    }

    /// The declared name of an account.
    pub(in crate::plan) fn declared_as(&self, account: &AccountId) -> Option<&UserRef> {
        self.declared_as.get(account)
    }

    /// Every declared name of an account.
    pub(in crate::plan) fn names(&self, account: &AccountId) -> impl Iterator<Item = &UserRef> {
        let several = self.names.get(account);
        let only = self.declared_as(account).filter(|_| several.is_none());
        several.into_iter().flatten().chain(only)
    }

    /// The name of an account in operations: the declared name, otherwise an email that a person shows and that belongs
    /// to nobody else, otherwise its ID.
    pub(in crate::plan) fn name_of(&self, id: &AccountId, account: Option<&LiveAccount>) -> UserRef {
        let declared = self.declared_as(id).cloned();
        let shown = || {
            let email = account.filter(|account| account.kind.is_person())?.email.clone()?;
            let alone = self.shown.get(&email) == Some(&1);
            let user = UserRef::Email(email);
            (alone && !self.identities.contains_key(&user)).then_some(user)
        };
        declared.or_else(shown).unwrap_or_else(|| UserRef::Account(id.clone()))
    }
}

fn doubtful(people: &IndexMap<UserRef, Identity>, hidden: bool) -> Option<&UserRef> {
    people.iter().find_map(|(user, identity)| match identity {
        Identity::Unresolved(obstacle) if !obstacle.code.knows_the_account() => Some(user),
        Identity::Missing if hidden => Some(user),
        Identity::Unresolved(_) | Identity::Missing | Identity::Account(_) => None,
    })
}

/// The main name of each account, and all the names of those that have several. An email that the account shows comes
/// first, then other emails; a name that only a rule uses comes last.
fn names_by_account(
    people: &IndexMap<UserRef, Identity>,
    desired: &Desired<'_>,
    live: &LiveState,
) -> (IndexMap<AccountId, UserRef>, BTreeMap<AccountId, Vec<UserRef>>) {
    let mut declared_as: IndexMap<AccountId, UserRef> = IndexMap::new();
    let mut several: BTreeMap<AccountId, Vec<UserRef>> = BTreeMap::new();
    for (user, identity) in people {
        let Identity::Account(id) = identity else { continue };
        match declared_as.entry(id.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(user.clone());
            }
            Entry::Occupied(first) => {
                let names = several.entry(id.clone()).or_insert_with(|| vec![first.get().clone()]);
                names.push(user.clone());
            }
        }
    }
    if several.is_empty() {
        return (declared_as, several);
    }
    let declared = desired.declared_emails();
    for (id, names) in &mut several {
        let shown = live.accounts.get(id).and_then(|account| account.email.as_ref());
        names.sort_by_key(|user| match user {
            UserRef::Email(email) if !declared.contains(email) => (3, user.clone()),
            UserRef::Email(email) if Some(email) == shown => (0, user.clone()),
            UserRef::Email(_) => (1, user.clone()),
            UserRef::Account(_) => (2, user.clone()),
        });
        declared_as.extend(names.first().map(|name| (id.clone(), name.clone())));
        names.retain(|user| match user {
            UserRef::Email(email) => declared.contains(email),
            UserRef::Account(_) => true,
        });
    }
    (declared_as, several)
}

/// Two emails of one account are a mistake in the tree (docs/design.md#who-cannot-be-told): the account is granted
/// nothing, and its revokes stay.
fn shared_accounts(names: &BTreeMap<AccountId, Vec<UserRef>>) -> BTreeMap<AccountId, Obstacle> {
    let emails = |names: &[UserRef]| -> Vec<String> {
        let emails = names.iter().filter(|user| matches!(user, UserRef::Email(_)));
        emails.map(ToString::to_string).collect()
    };
    let by_account = names.iter().map(|(id, names)| (id, emails(names)));
    let shared = by_account.filter(|(_, emails)| emails.len() > 1).map(|(id, emails)| {
        let obstacle = Obstacle {
            code: ObstacleCode::IdentityShared,
            why: format!("{} are all account {id}", emails.join(" and ")),
            help: "Declare each person under one email.".into(),
        };
        (id.clone(), obstacle)
    });
    shared.collect()
}
