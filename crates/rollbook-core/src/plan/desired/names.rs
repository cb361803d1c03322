//! Finds the names of a tree that mean one person.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, Declaration, Email, MemberRef, UserRef};

use super::present;

/// The names of people with several, each with their main name. A name that is not listed is its own main name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    accounts: BTreeMap<AccountId, UserRef>,
    emails: BTreeMap<Email, UserRef>,
    /// Whether the site also said so, and not only the tree.
    pub(super) resolved: bool,
}

impl Names {
    /// The names that pins and the lock merge: a person who is named by account and by email has the email as the main
    /// name, so that `except`, the union of paths and `active: false` see one person.
    pub(super) fn of(declaration: &Declaration) -> Self {
        let named = |(id, email): (&AccountId, &Email)| (id.clone(), UserRef::Email(email.clone()));
        let left_over = left_over(declaration);
        let owners = owners(declaration).into_iter().filter(|(_, email)| !left_over.contains(email));
        Self { accounts: owners.map(named).collect(), ..Self::default() }
    }

    /// Merges names that belong to one account according to the site; the first of each list becomes the main name.
    pub(super) fn with(mut self, shared: impl IntoIterator<Item = Vec<UserRef>>) -> Self {
        self.resolved = true;
        for names in shared {
            let Some((one, others)) = names.split_first() else { continue };
            for other in others {
                match other {
                    UserRef::Email(email) => self.emails.insert(email.clone(), one.clone()),
                    UserRef::Account(id) => self.accounts.insert(id.clone(), one.clone()),
                };
            }
        }
        self
    }

    pub(super) fn of_email(&self, email: &Email) -> UserRef {
        self.emails.get(email).cloned().unwrap_or_else(|| UserRef::Email(email.clone()))
    }

    pub(super) fn of_account(&self, id: &AccountId) -> UserRef {
        match self.accounts.get(id) {
            Some(UserRef::Email(email)) => self.of_email(email),
            Some(account @ UserRef::Account(_)) => account.clone(),
            None => UserRef::Account(id.clone()),
        }
    }

    pub(super) fn one(&self, user: &UserRef) -> UserRef {
        match user {
            UserRef::Email(email) => self.of_email(email),
            UserRef::Account(id) => self.of_account(id),
        }
    }
}

/// The emails that own accounts, by pin or lock, the pin first. A person who is named by
/// account and by email then has one name, so that `except`, the union of paths and `active: false` see one person.
pub(in crate::plan) fn owners(declaration: &Declaration) -> BTreeMap<&AccountId, &Email> {
    let pinned = |email: &Email| declaration.users.get(email).and_then(|user| user.account.as_ref());
    let locked = declaration.lock.users.iter().filter(|(email, _)| pinned(email).is_none());
    let mut owners: BTreeMap<&AccountId, &Email> =
        locked.map(|(email, locked)| (&locked.id, email)).collect();
    owners.extend(declaration.users.keys().filter_map(|email| Some((&pinned(email)?.value, email))));
    owners
}

/// The emails of the lock that the tree does not name any more, though it names their account by its ID. The person may
/// have another email now, so such a line has no effect.
fn left_over(declaration: &Declaration) -> BTreeSet<&Email> {
    let entries = || {
        let groups = declaration.groups.keys().filter_map(|name| present(declaration, name));
        groups.flat_map(|members| &members.entries)
    };
    let accounts: BTreeSet<&AccountId> = entries()
        .filter_map(|member| match &member.who {
            MemberRef::Account(id) => Some(id),
            MemberRef::User(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
        })
        .collect();
    let locked = declaration.lock.users.iter().filter(|(_, locked)| accounts.contains(&locked.id));
    let mut left_over: BTreeSet<&Email> = locked.map(|(email, _)| email).collect();
    if left_over.is_empty() {
        return left_over;
    }
    let Declaration { users, policy, settings, .. } = declaration;
    let protected = policy.protect.users.iter().map(|email| &email.value);
    let rules = users.keys().chain(protected).chain(settings.operator.iter().map(|email| &email.value));
    let listed = entries().flat_map(|member| {
        let user = match &member.who {
            MemberRef::User(email) => Some(email),
            MemberRef::Account(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
        };
        user.into_iter().chain(member.except.iter().map(|email| &email.value))
    });
    for email in rules.chain(listed) {
        left_over.remove(email);
    }
    left_over
}
