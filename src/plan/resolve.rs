//! Which account a declared person is, and which live group a declared group is.
//!
//! The order is design §3: pin, lock, then the e-mails that the one full listing of users shows. A doubt is an
//! [`Obstacle`] at its own address; it never becomes a guess.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, AccountKind, Email, LiveAccount, LiveState, Reading, UserRef};

use super::desired::{Desired, Lookup};
use super::groups::Conflict;

/// Who the declared people are.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    people: BTreeMap<UserRef, Identity>,
    declared_as: BTreeMap<AccountId, UserRef>,
    /// Accounts that somebody who is not resolved may be, with what stands in the way.
    suspects: BTreeMap<AccountId, Obstacle>,
    shown: BTreeMap<Email, usize>,
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
        let directory = Directory { conflict: Conflict::PinWins, ..Directory::of(desired, live, exported) };
        Self::with(desired, live, &directory)
    }

    fn with(desired: &Desired<'_>, live: &LiveState, directory: &Directory<'_>) -> Self {
        let mut people: BTreeMap<UserRef, Identity> =
            desired.people().into_iter().map(|user| (user.clone(), directory.resolve(&user))).collect();
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
        let suspects = directory.suspects(&people);
        let mut shown = BTreeMap::new();
        for email in live.accounts.values().filter_map(|account| account.email.as_ref()) {
            *shown.entry(email.clone()).or_insert(0) += 1;
        }
        Self { people, declared_as, suspects, shown }
    }

    /// What stands in the way of telling whether an account is somebody declared.
    pub(super) fn suspect(&self, account: &AccountId) -> Option<&Obstacle> {
        self.suspects.get(account)
    }

    /// Who a declared person is.
    pub(super) fn person(&self, user: &UserRef) -> &Identity {
        self.people.get(user).unwrap_or(&Identity::Missing)
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

static NO_EXPORT: BTreeMap<Email, AccountId> = BTreeMap::new();

/// What there is to look people up in.
struct Directory<'a> {
    desired: &'a Desired<'a>,
    live: &'a LiveState,
    /// Accounts of people by the e-mail they show. Apps and customers are left out before identities are
    /// matched (design §2).
    by_email: BTreeMap<&'a Email, Vec<&'a LiveAccount>>,
    /// Accounts of people that show no e-mail and that neither pin, lock nor export explains.
    hidden: usize,
    conflict: Conflict,
    /// Accounts by e-mail from an export.
    exported: &'a BTreeMap<Email, AccountId>,
}

impl<'a> Directory<'a> {
    fn of(desired: &'a Desired<'a>, live: &'a LiveState, exported: &'a BTreeMap<Email, AccountId>) -> Self {
        let declaration = desired.declaration;
        let pinned = declaration.users.values().filter_map(|user| Some(&user.account.as_ref()?.value));
        let locked = declaration.lock.users.values().map(|locked| &locked.id);
        let explained: BTreeSet<&AccountId> = pinned.chain(locked).chain(exported.values()).collect();
        let mut by_email: BTreeMap<&Email, Vec<&LiveAccount>> = BTreeMap::new();
        let mut hidden = 0;
        for account in live.accounts.values().filter(|account| is_person(account.kind)) {
            match &account.email {
                Some(email) => by_email.entry(email).or_default().push(account),
                None if explained.contains(&account.id) => {}
                None => hidden += 1,
            }
        }
        Self { desired, live, by_email, hidden, conflict: Conflict::Refused, exported }
    }

    fn resolve(&self, user: &UserRef) -> Identity {
        match user {
            UserRef::Account(id) => self.known(id, None),
            UserRef::Email(email) => self.resolve_email(email),
        }
    }

    fn resolve_email(&self, email: &Email) -> Identity {
        let declaration = self.desired.declaration;
        let pin = declaration.users.get(email).and_then(|user| user.account.as_ref()).map(|pin| &pin.value);
        let lock = declaration.lock.users.get(email).map(|locked| &locked.id);
        if let (Some(pin), Some(lock)) = (pin, lock)
            && pin != lock
            && self.conflict == Conflict::Refused
        {
            return identity_changed(email, pin, lock, "the pin", "rollbook.lock");
        }
        match pin.or(lock) {
            Some(id) => self.known(id, Some(email)),
            None if self.desired.lookup == Lookup::Locked => Identity::Unresolved(Obstacle {
                code: "not-locked",
                why: format!(
                    "neither a pin nor rollbook.lock holds {email}, and --locked looks nowhere else"
                ),
                help: "Run `rollbook lock`, and commit what it writes.".into(),
            }),
            None => self.exported(email, self.search(email)),
        }
    }

    /// The accounts that pins, the lock and shown e-mails name for people who are not resolved: a doubt about who
    /// somebody is must not revoke any of them.
    fn suspects(&self, people: &BTreeMap<UserRef, Identity>) -> BTreeMap<AccountId, Obstacle> {
        let declaration = self.desired.declaration;
        let mut suspects = BTreeMap::new();
        for (user, identity) in people {
            let (UserRef::Email(email), Identity::Unresolved(obstacle)) = (user, identity) else { continue };
            let pin =
                declaration.users.get(email).and_then(|user| user.account.as_ref()).map(|pin| &pin.value);
            let lock = declaration.lock.users.get(email).map(|locked| &locked.id);
            let shown = self.by_email.get(email).into_iter().flatten().map(|account| &account.id);
            for id in pin.into_iter().chain(lock).chain(shown) {
                suspects.entry(id.clone()).or_insert_with(|| obstacle.clone());
            }
        }
        suspects
    }

    /// An export loses to any live answer: also to one that shows its account with another e-mail.
    fn exported(&self, email: &Email, found: Identity) -> Identity {
        let id = self.exported.get(email);
        let account = id.and_then(|id| self.live.accounts.get(id));
        let fits = account.is_some_and(|account| account.email.is_none() && is_person(account.kind));
        match (found, id) {
            (
                Identity::Missing | Identity::Unresolved(Obstacle { code: "identity-unresolved", .. }),
                Some(id),
            ) if fits => Identity::Account(id.clone()),
            (found, _) => found,
        }
    }

    /// Checks an account that a pin, the lock or an `account:` entry names against what is live.
    fn known(&self, id: &AccountId, email: Option<&Email>) -> Identity {
        let shown_by = email.and_then(|email| Some((email, self.by_email.get(email)?)));
        if let Some((email, accounts)) = shown_by
            && let [other, ..] = accounts.as_slice()
            && accounts.iter().all(|account| account.id != *id)
        {
            return identity_changed(email, id, &other.id, "the tree", "live");
        }
        match (&self.live.users, self.live.accounts.get(id)) {
            (_, Some(account)) if account.kind == AccountKind::Customer => Identity::Unresolved(Obstacle {
                code: "customer-account",
                why: format!("account {id} is a portal-only customer"),
                help: "Rollbook never touches customer accounts; remove the entry.".into(),
            }),
            (Reading::Read(_), None) => Identity::Unresolved(Obstacle {
                code: "account-gone",
                why: format!("account {id} is not among the users of the site"),
                help:
                    "Remove the pin or the line of rollbook.lock if the person has left, or correct the id."
                        .into(),
            }),
            (Reading::NotRead, None) | (_, Some(_)) => Identity::Account(id.clone()),
        }
    }

    fn search(&self, email: &Email) -> Identity {
        match self.by_email.get(email).map_or(&[][..], Vec::as_slice) {
            [account] => Identity::Account(account.id.clone()),
            [] if self.hidden == 0 => Identity::Missing,
            [] => Identity::Unresolved(Obstacle {
                code: "identity-unresolved",
                why: match self.hidden {
                    1 => format!("no account shows the e-mail {email}, and 1 account hides its e-mail"),
                    hidden => {
                        format!("no account shows the e-mail {email}, and {hidden} accounts hide theirs")
                    }
                },
                help: format!(
                    "Pin the account under `users:`, as `{email}: {{ account: \"ID\" }}`; the id stands in the address of \
                     the person's profile, and in the admin console's export of users."
                ),
            }),
            several => Identity::Unresolved(Obstacle {
                code: "identity-ambiguous",
                why: format!("{} accounts show the e-mail {email}: {}", several.len(), ids(several)),
                help: "Pin the account that is meant, with `account:` under `users:`.".into(),
            }),
        }
    }
}

/// Whether an account may be a person: what the API does not name may be one (fact sheet §1.2).
pub(super) fn is_person(kind: AccountKind) -> bool {
    match kind {
        AccountKind::Atlassian | AccountKind::Unknown => true,
        AccountKind::App | AccountKind::Customer => false,
    }
}

fn ids(accounts: &[&LiveAccount]) -> String {
    let mut ids: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
    ids.sort_unstable();
    ids.join(", ")
}

fn identity_changed(email: &Email, one: &AccountId, other: &AccountId, by: &str, with: &str) -> Identity {
    Identity::Unresolved(Obstacle {
        code: "identity-changed",
        why: format!("{email} is account {one} by {by}, and account {other} by {with}"),
        help: "An e-mail can be given to another person. Find out who is meant, then correct the pin or the lock \
               in a reviewed change."
            .into(),
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
