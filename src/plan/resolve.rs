//! Which account a declared person is.
//!
//! The order is design §3: pin, lock, then the e-mails that the organization, the SCIM directory and the one full
//! listing of users show. A doubt is an [`Obstacle`] at its own address; it never becomes a guess.

use std::collections::BTreeMap;

use crate::model::{AccountId, Email, IdentitySource, LiveAccount, LiveState, LockedId, UserRef};

use super::desired::Desired;
use super::directory::{Directory, NO_EXPORT, is_person};

/// Who the declared people are.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    people: BTreeMap<UserRef, Identity>,
    declared_as: BTreeMap<AccountId, UserRef>,
    /// What said which account somebody is.
    sources: BTreeMap<UserRef, IdentitySource>,
    /// Accounts that somebody who is not resolved may be, with what stands in the way.
    suspects: BTreeMap<AccountId, Obstacle>,
    shown: BTreeMap<Email, usize>,
    /// The e-mail that each account shows, and to whom.
    shown_by: BTreeMap<AccountId, (Email, IdentitySource)>,
    /// Whether any account shows no e-mail to anybody.
    hidden: bool,
    /// The first of those who are not resolved and may be any account that hides its e-mail.
    doubtful: Option<UserRef>,
}

/// Who a declared person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// This account.
    Account(AccountId),
    /// There is no such account, and no account hides an e-mail that could be theirs.
    Missing,
    /// It cannot be told.
    Unresolved(Obstacle),
}

/// What stands in the way, for [`crate::model::Blocked`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Obstacle {
    /// Stable and kebab-case.
    pub(super) code: &'static str,
    /// A lowercase fragment.
    pub(super) why: String,
    /// A full sentence that says what to do.
    pub(super) help: String,
}

impl Resolution {
    /// Resolves everybody whom a tree declares.
    pub(super) fn of(desired: &Desired<'_>, live: &LiveState) -> Self {
        Self::with(desired, live, &Directory::of(desired, live, &NO_EXPORT))
    }

    /// Resolves everybody anew, for the lock: pins win over it, and accounts that an export names count where
    /// nothing live answers.
    pub(super) fn anew(
        desired: &Desired<'_>,
        live: &LiveState,
        exported: &BTreeMap<Email, AccountId>,
    ) -> Self {
        Self::with(desired, live, &Directory::anew(desired, live, exported))
    }

    fn with(desired: &Desired<'_>, live: &LiveState, directory: &Directory<'_>) -> Self {
        let mut people: BTreeMap<UserRef, Identity> =
            desired.people().iter().map(|user| (user.clone(), directory.resolve(user))).collect();
        refuse_shared_accounts(&mut people);
        // Backwards, so that an account that is named both by e-mail and by id goes by its e-mail.
        let declared_as = people
            .iter()
            .rev()
            .filter_map(|(user, identity)| match identity {
                Identity::Account(id) => Some((id.clone(), user.clone())),
                Identity::Missing | Identity::Unresolved(_) => None,
            })
            .collect();
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
            people,
            declared_as,
            sources,
            suspects,
            shown,
            shown_by: shown_by.collect(),
            hidden,
        }
    }

    /// Whether an account may be a person whom the tree names and who hides their e-mail.
    pub(super) fn hides(&self, id: &AccountId, account: Option<&LiveAccount>) -> bool {
        let hides = account.is_none_or(|account| account.email.is_none() && is_person(account.kind));
        hides && self.declared_as(id).is_none()
    }

    /// What stands in the way of telling whether an account is somebody declared.
    pub(super) fn suspect(&self, account: &AccountId) -> Option<&Obstacle> {
        self.suspects.get(account)
    }

    /// Why an account that nothing declares may be somebody declared all the same.
    pub(super) fn doubt_about(&self, id: &AccountId, account: &LiveAccount) -> Option<Obstacle> {
        self.suspects.get(id).cloned().or_else(|| {
            let user = self.doubtful.as_ref().filter(|_| account.email.is_none())?;
            Some(Obstacle {
                code: "identity-unresolved",
                why: format!("{user} is not resolved, and may be this account, which hides its e-mail"),
                help: "Resolve everybody whom the tree declares first; then this one can be told apart."
                    .into(),
            })
        })
    }

    /// Who a declared person is.
    pub(super) fn person(&self, user: &UserRef) -> &Identity {
        self.people.get(user).unwrap_or(&Identity::Missing)
    }

    /// What said which account a declared person is; nothing where nothing did.
    pub(super) fn source(&self, user: &UserRef) -> Option<IdentitySource> {
        self.sources.get(user).copied()
    }

    /// The word that the lock keeps for what said who somebody is. Where nothing live says it, what once did still
    /// counts.
    pub(super) fn locked_from(
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

    /// Whether somebody who seems to have no account may be one that hides its e-mail from everybody.
    pub(super) fn missing_may_hide(&self) -> bool {
        self.hidden
    }

    /// Everybody who was resolved to an account.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (&UserRef, &AccountId)> {
        self.people.iter().filter_map(|(user, identity)| match identity {
            Identity::Account(id) => Some((user, id)),
            Identity::Missing | Identity::Unresolved(_) => None,
        })
    }

    /// The declared name of an account.
    pub(super) fn declared_as(&self, account: &AccountId) -> Option<&UserRef> {
        self.declared_as.get(account)
    }

    /// How an operation calls an account: by the declared name, else by an e-mail that a person shows and that
    /// means nobody else, else by its id.
    pub(super) fn name_of(&self, id: &AccountId, account: Option<&LiveAccount>) -> UserRef {
        let declared = self.declared_as(id).cloned();
        let shown = || {
            let email = account.filter(|account| is_person(account.kind))?.email.clone()?;
            let alone = self.shown.get(&email) == Some(&1);
            let user = UserRef::Email(email);
            (alone && !self.people.contains_key(&user)).then_some(user)
        };
        declared.or_else(shown).unwrap_or_else(|| UserRef::Account(id.clone()))
    }
}

fn doubtful(people: &BTreeMap<UserRef, Identity>, hidden: bool) -> Option<&UserRef> {
    people.iter().find_map(|(user, identity)| match identity {
        Identity::Unresolved(obstacle) if !matches!(obstacle.code, "account-gone" | "account-not-shown") => {
            Some(user)
        }
        Identity::Missing if hidden => Some(user),
        Identity::Unresolved(_) | Identity::Missing | Identity::Account(_) => None,
    })
}

/// Two e-mails on one account are an error (design §3): neither of them resolves.
fn refuse_shared_accounts(people: &mut BTreeMap<UserRef, Identity>) {
    let mut emails: BTreeMap<AccountId, Vec<Email>> = BTreeMap::new();
    for (user, identity) in &*people {
        if let (UserRef::Email(email), Identity::Account(id)) = (user, identity) {
            emails.entry(id.clone()).or_default().push(email.clone());
        }
    }
    for (id, shared) in emails.into_iter().filter(|(_, emails)| emails.len() > 1) {
        let named: Vec<&str> = shared.iter().map(Email::as_str).collect();
        let obstacle = Obstacle {
            code: "identity-shared",
            why: format!("{} are all account {id}", named.join(" and ")),
            help: "Declare each person under one e-mail.".into(),
        };
        for email in &shared {
            people.insert(UserRef::Email(email.clone()), Identity::Unresolved(obstacle.clone()));
        }
    }
}
