//! The sources of accounts: pins, the lock, and the emails that live surfaces and an export show.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::model::{
    AccountId, AccountKind, Email, IdentitySource, LiveAccount, LiveState, Reading, Surface, UserRef,
    is_veiled,
};

use super::super::desired::{Desired, Lookup};
use super::obstacle::{Obstacle, ObstacleCode};
use super::people::Identity;
use super::similar_names::SimilarNames;

pub(super) static NO_EXPORT: BTreeMap<Email, AccountId> = BTreeMap::new();

/// The sources in which people are looked up.
pub(super) struct Directory<'a> {
    desired: &'a Desired<'a>,
    live: &'a LiveState,
    /// Accounts of people by the email that they show, each with the first source that shows it. Apps and customers are left out
    /// before identities are matched (docs/design.md#accounts-left-alone).
    pub(super) by_email: BTreeMap<Email, BTreeMap<&'a AccountId, IdentitySource>>,
    /// Accounts that the SCIM directory lists under an email that is not their main one.
    doubtful: BTreeMap<Email, BTreeSet<&'a AccountId>>,
    /// Accounts of people that show no email and that neither pin, lock nor export explains.
    pub(super) hidden: Vec<&'a LiveAccount>,
    /// Their names, computed on first use.
    similar: OnceCell<SimilarNames>,
    /// Accounts by email from an export.
    exported: &'a BTreeMap<Email, AccountId>,
}

impl<'a> Directory<'a> {
    pub(super) fn of(
        desired: &'a Desired<'a>,
        live: &'a LiveState,
        exported: &'a BTreeMap<Email, AccountId>,
    ) -> Self {
        let declaration = desired.declaration;
        let pinned = declaration.users.values().filter_map(|user| Some(&user.account.as_ref()?.value));
        // A line of the lock whose email is not declared any more is left over: the person may use another one now.
        let is_declared = |email: &Email| desired.people().contains(&UserRef::Email(email.clone()));
        let lock = declaration.lock.users.iter().filter(|(email, _)| is_declared(email));
        let locked = lock.map(|(_, locked)| &locked.id);
        let mut explained: BTreeSet<&AccountId> = pinned.chain(locked).chain(exported.values()).collect();
        let mut by_email: BTreeMap<Email, BTreeMap<&AccountId, IdentitySource>> = BTreeMap::new();
        for (id, account) in live.accounts.iter().filter(|(_, account)| account.kind.is_person()) {
            if let Some(email) = &account.email {
                let by_organization = live.people.get(id).is_some_and(|person| person.email.is_some());
                let from = if by_organization { IdentitySource::Organization } else { IdentitySource::Jira };
                by_email.entry(email.clone()).or_default().insert(id, from);
            }
        }
        let mut doubtful: BTreeMap<Email, BTreeSet<&AccountId>> = BTreeMap::new();
        for user in live.scim_users.read().into_iter().flatten() {
            let Some(id) = &user.account else { continue };
            let account = live.accounts.get(id);
            if account.is_some_and(|account| !account.kind.is_person()) {
                continue;
            }
            // A unique name that is an email counts as one if there is no other.
            let name = Email::parse(&user.user_name).ok();
            let Some(email) = user.email.clone().or_else(|| name.clone()) else { continue };
            let shown = account.and_then(|account| account.email.clone());
            if shown.is_none() {
                by_email.entry(email.clone()).or_default().insert(id, IdentitySource::Scim);
                explained.insert(id);
            }
            let goes_by = shown.unwrap_or_else(|| email.clone());
            for other in [Some(email), name].into_iter().flatten().filter(|other| *other != goes_by) {
                doubtful.entry(other).or_default().insert(id);
            }
        }
        let hides = |account: &&LiveAccount| account.hides_email() && !explained.contains(&account.id);
        let hidden = live.accounts.values().filter(hides).collect();
        Self { desired, live, by_email, doubtful, hidden, similar: OnceCell::new(), exported }
    }

    /// The source that ties an account to somebody, after it has been found.
    pub(super) fn source(&self, user: &UserRef, id: &AccountId) -> IdentitySource {
        let UserRef::Email(email) = user else { return IdentitySource::Pin };
        let declaration = self.desired.declaration;
        if declaration.users.get(email).is_some_and(|user| user.account.is_some()) {
            return IdentitySource::Pin;
        }
        if declaration.lock.users.get(email).is_some_and(|locked| locked.id == *id) {
            return IdentitySource::Lock;
        }
        self.shown(email, id).unwrap_or(IdentitySource::Accounts)
    }

    /// The source that shows that an account has an email.
    fn shown(&self, email: &Email, id: &AccountId) -> Option<IdentitySource> {
        self.by_email.get(email)?.get(id).copied()
    }

    pub(super) fn resolve(&self, user: &UserRef) -> Identity {
        match user {
            UserRef::Account(id) => self.known(id, None),
            UserRef::Email(email) => self.resolve_email(email),
        }
    }

    fn resolve_email(&self, email: &Email) -> Identity {
        let declaration = self.desired.declaration;
        let pin = declaration.users.get(email).and_then(|user| user.account.as_ref()).map(|pin| &pin.value);
        let lock = declaration.lock.users.get(email).map(|locked| &locked.id);
        // A valid tree has no pin that differs from the lock.
        match pin.or(lock) {
            Some(id) => self.known(id, Some(email)),
            None if self.desired.lookup == Lookup::Locked => Identity::Unresolved(Obstacle {
                code: ObstacleCode::NotLocked,
                why: format!("neither a pin nor rollbook.lock has {email}, and --locked looks nowhere else"),
                help: "Run `rollbook lock`, and commit the result.".into(),
            }),
            None => self.exported(email, self.search(email)),
        }
    }

    /// The accounts that pins, the lock and shown emails name for people who are not resolved: a doubt about a person
    /// must not revoke any of them.
    pub(super) fn suspects(&self, people: &IndexMap<UserRef, Identity>) -> BTreeMap<AccountId, Obstacle> {
        let declaration = self.desired.declaration;
        let mut suspects = BTreeMap::new();
        for (user, identity) in people {
            let (UserRef::Email(email), Identity::Unresolved(obstacle)) = (user, identity) else { continue };
            let pin =
                declaration.users.get(email).and_then(|user| user.account.as_ref()).map(|pin| &pin.value);
            let lock = declaration.lock.users.get(email).map(|locked| &locked.id);
            let shown = self.by_email.get(email).into_iter().flat_map(BTreeMap::keys).copied();
            let doubtful = self.doubtful.get(email).into_iter().flatten().copied();
            for id in pin.into_iter().chain(lock).chain(shown).chain(doubtful) {
                suspects.entry(id.clone()).or_insert_with(|| obstacle.clone());
            }
        }
        suspects
    }

    /// Ranks an export below any live response, even one that shows its account with another email.
    fn exported(&self, email: &Email, found: Identity) -> Identity {
        let id = self.exported.get(email);
        let account = id.and_then(|id| self.live.accounts.get(id));
        let fits = account.is_some_and(LiveAccount::hides_email);
        match (found, id) {
            (
                Identity::Missing
                | Identity::Unresolved(Obstacle { code: ObstacleCode::IdentityUnresolved, .. }),
                Some(id),
            ) if fits => Identity::Account(id.clone()),
            (found, _) => found,
        }
    }

    /// Compares the live accounts with an ID that a pin, the lock or an `account:` entry names.
    fn known(&self, id: &AccountId, email: Option<&Email>) -> Identity {
        let shown_by = email.and_then(|email| Some((email, self.by_email.get(email)?)));
        if let Some((email, accounts)) = shown_by
            && let Some((other, from)) = accounts.first_key_value()
            && !accounts.contains_key(id)
        {
            return identity_changed(email, id, other, *from);
        }
        match (&self.live.users, self.live.accounts.get(id)) {
            (_, Some(account)) if account.kind == AccountKind::Customer => Identity::Unresolved(Obstacle {
                code: ObstacleCode::CustomerAccount,
                why: format!("account {id} is a portal-only customer"),
                help: "Rollbook never touches customer accounts; remove the entry.".into(),
            }),
            (Reading::Read(_), None) if !self.live.rights.has(Surface::Jira) => {
                Identity::Unresolved(Obstacle {
                    code: ObstacleCode::AccountNotShown,
                    why: format!(
                        "the organization does not show account {id}, nor any app or service account"
                    ),
                    help: "Give Rollbook a credential for Jira, which shows them, or correct the ID.".into(),
                })
            }
            (Reading::Read(_), None) => Identity::Unresolved(Obstacle {
                code: ObstacleCode::AccountGone,
                why: format!("account {id} is not among the users of the site"),
                help:
                    "Remove the pin or the line of rollbook.lock if the person has left, or correct the ID."
                        .into(),
            }),
            (Reading::NotRead, None) | (_, Some(_)) => Identity::Account(id.clone()),
        }
    }

    fn search(&self, email: &Email) -> Identity {
        let shown: Vec<&AccountId> =
            self.by_email.get(email).into_iter().flat_map(BTreeMap::keys).copied().collect();
        let doubtful = self.doubtful.get(email).into_iter().flatten().copied();
        let doubtful: Vec<&AccountId> = doubtful.filter(|id| !shown.contains(id)).collect();
        if !doubtful.is_empty() {
            let also =
                if shown.is_empty() { String::new() } else { format!(", and it is that of {}", ids(&shown)) };
            return Identity::Unresolved(Obstacle {
                code: ObstacleCode::IdentityAmbiguous,
                why: format!(
                    "the SCIM directory has {email} in the record of {}, which goes by another email{also}",
                    ids(&doubtful)
                ),
                help: "Pin the account that is meant, with `account:` under `users:`, or correct the record."
                    .into(),
            });
        }
        match shown.as_slice() {
            [account] => Identity::Account((*account).clone()),
            // The organization knows every email; a person that it does not find by one has no account here
            // (docs/atlassian.md#search-by-email).
            [] if self.hidden.is_empty() || self.live.searched.contains(email) => Identity::Missing,
            [] => Identity::Unresolved(Obstacle {
                code: ObstacleCode::IdentityUnresolved,
                why: format!(
                    "no account shows the email {email}, and {}: {}",
                    match self.hidden.len() {
                        1 => "1 account hides its email".into(),
                        hidden => format!("{hidden} accounts hide theirs"),
                    },
                    self.candidates(email)
                ),
                help: format!(
                    "Give Rollbook an organization's API key, which finds hidden emails, or pin the account under \
                     `users:`, as `{email}: {{ account: \"ID\" }}`; the ID is in the address of the person's \
                     profile, and in the admin console's export of users, which `rollbook lock --accounts` reads. If \
                     such an account is another person's, such as that of somebody who left, pin it under their \
                     email."
                ),
            }),
            several => Identity::Unresolved(Obstacle {
                code: ObstacleCode::IdentityAmbiguous,
                why: format!("{} accounts show the email {email}: {}", several.len(), ids(several)),
                help: "Pin the account that is meant, with `account:` under `users:`.".into(),
            }),
        }
    }

    /// The accounts that a person with a hidden email may have: those with names similar to the email first, the rest
    /// as a count if they are many.
    fn candidates(&self, email: &Email) -> String {
        let local = email.as_str().split('@').next().unwrap_or_default().to_lowercase();
        let shown = |account: &&'a LiveAccount| {
            Some(account.name.as_str()).filter(|name| !is_veiled(&name.to_lowercase()))
        };
        let similar = self.similar.get_or_init(|| SimilarNames::of(self.hidden.iter().map(shown)));
        let first = similar.like(&local, CANDIDATES);
        let rest = (0..self.hidden.len()).filter(|index| !first.contains(index));
        let candidates = first.iter().copied().chain(rest).take(CANDIDATES).map(|index| self.hidden[index]);
        let named = candidates.map(|account| format!("{} ({})", account.id, account.name));
        let mut text = named.collect::<Vec<_>>().join(", ");
        if self.hidden.len() > CANDIDATES {
            text.push_str(&format!(", and {} more", self.hidden.len() - CANDIDATES));
        }
        text
    }
}

/// The number of candidates that are named.
const CANDIDATES: usize = 8;

fn ids(accounts: &[&AccountId]) -> String {
    accounts.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")
}

fn identity_changed(email: &Email, one: &AccountId, other: &AccountId, from: IdentitySource) -> Identity {
    Identity::Unresolved(Obstacle {
        code: ObstacleCode::IdentityChanged,
        why: format!("{email} is account {one} according to the configuration, and account {other} according to {from}"),
        help: "An email address can be given to another person. Find out who is meant, then correct the pin or the lock \
               in a reviewed change."
            .into(),
    })
}
