//! The authors of a change, and who may be one of them.

use std::collections::BTreeSet;

use crate::model::{AccountId, Address, Email, IdentityChange, LiveAccount, UserRef};

use super::{Case, Grant, GrantKind, Tripped, by_author, by_unknown, in_doubt};

/// An author of a change, with every account that the base, the change or the site gives their email.
pub(super) struct Author<'a> {
    pub(super) email: &'a Email,
    /// The addresses of these accounts, and the author's own.
    emails: BTreeSet<Email>,
    pub(super) accounts: BTreeSet<AccountId>,
    /// Whether the base or the site gives the email an account. A mention in a tree is not enough, and the change's own
    /// statements about its author do not count.
    pub(super) known: bool,
}

impl<'a> Author<'a> {
    pub(super) fn of(email: &'a Email, case: &Case<'_>) -> Self {
        let by_site = case.context.tree.people.shown_with(email).next().is_some();
        let base = case.context.base.map(|base| &base.tree);
        let by_base = base.is_some_and(|base| {
            let user = UserRef::Email(email.clone());
            let locked = base.desired.declaration.lock.users.get(email).map(|locked| &locked.id);
            // The site takes precedence over a pin and the lock.
            let theirs = |id: &AccountId| {
                let live = case.context.account(id);
                live.is_some_and(|live| live.email.as_ref().is_none_or(|shown| shown.is_same_mailbox(email)))
            };
            base.account(&user).into_iter().chain(locked).any(theirs)
        });
        // The emails that the site shows, that the organization or a directory shows, and that the trees tie to an account.
        let trees = || case.rules.both().map(|rules| rules.tree);
        let of_site = case.context.accounts().filter_map(|it| Some((it.email.as_ref()?, &it.id)));
        let of_directories = trees().flat_map(|tree| tree.people.all_shown());
        let of_trees = trees().flat_map(|tree| tree.desired.declaration.tied());
        let known: Vec<(&Email, &AccountId)> = of_site.chain(of_directories).chain(of_trees).collect();
        let at = |email: &Email| {
            let theirs = known.iter().filter(|(known, _)| known.is_same_mailbox(email));
            theirs.map(|(_, id)| (*id).clone()).collect::<BTreeSet<AccountId>>()
        };
        let mut accounts = case.rules.accounts(email);
        let mut emails = BTreeSet::from([email.clone()]);
        // Their account may have another address as well, that address another account by the note after its `+`, and so on.
        loop {
            let before = (accounts.len(), emails.len());
            accounts.extend(emails.iter().flat_map(at));
            let others = known.iter().filter(|(_, id)| accounts.contains(*id));
            emails.extend(others.map(|(known, _)| (*known).clone()));
            if before == (accounts.len(), emails.len()) {
                break;
            }
        }
        Self { email, emails, known: by_site || by_base, accounts }
    }

    /// Why a grant may be to the author.
    pub(super) fn grants(&self, case: &Case<'_>, grant: &Grant<'_>) -> Option<Tripped> {
        if !self.known {
            return Some(by_unknown(grant, format!("{}, so it may be anybody", self.unknown())));
        }
        self.may_be(case, grant).then(|| match grant.kind {
            GrantKind::Kept(Some(doubt)) => in_doubt(grant, doubt, self.email),
            GrantKind::New | GrantKind::Drift | GrantKind::Kept(None) => by_author(grant, self.why(grant)),
        })
    }

    /// States that the author is unknown.
    pub(super) fn unknown(&self) -> String {
        format!(
            "{}, who made this change, is unknown: neither the base nor the site gives the address an account",
            self.email
        )
    }

    /// Whether the user of a grant is, or may be, the author. While the author's account is not known, it may be any
    /// that shows no email and that the tree does not name by one.
    pub(super) fn may_be(&self, case: &Case<'_>, grant: &Grant<'_>) -> bool {
        match (grant.user, grant.account) {
            (UserRef::Email(email), _) if self.emails.iter().any(|own| email.is_same_mailbox(own)) => true,
            (_, Some(account)) if !self.accounts.is_empty() => self.accounts.contains(account),
            // An account that hides its email may be invited at it, and may be the author's.
            (UserRef::Email(_), None) => {
                let hides = |id: &AccountId| case.context.account(id).is_some_and(LiveAccount::hides_email);
                self.accounts.iter().any(hides)
            }
            (UserRef::Email(_) | UserRef::Account(_), account) => {
                let shown = account.and_then(|id| case.context.account(id)?.email.as_ref());
                shown.is_none()
            }
        }
    }

    /// Whether an email may belong to the author.
    pub(super) fn may_hold(&self, case: &Case<'_>, email: &Email) -> bool {
        self.emails.iter().any(|own| own.is_same_mailbox(email))
            || !self.accounts.is_disjoint(&case.rules.accounts(email))
    }

    fn why(&self, grant: &Grant<'_>) -> String {
        match (grant.user, grant.address.group()) {
            (user, Some(group)) if grant.address.access().is_some() => {
                let role = grant.address.access().map(ToString::to_string).unwrap_or_default();
                format!(
                    "{user} is, or may be, {}, who made this change, and {group} would give {role}",
                    self.email
                )
            }
            (UserRef::Email(email), Some(group)) if email == self.email => {
                format!("{email}, who made this change, would grant themselves the privileged group {group}")
            }
            (UserRef::Email(email), None) if email == self.email => {
                format!("{email}, who made this change, would join a privileged group")
            }
            (user, _) => format!("{user} may be {}, who made this change", self.email),
        }
    }

    /// Whether a change gives the author's email, or the author's account, another meaning.
    pub(super) fn moved_by(&self, change: &IdentityChange) -> bool {
        let ids = change.base.iter().chain(&change.head);
        match &change.address {
            Address::User(UserRef::Email(email)) => {
                email.is_same_mailbox(self.email)
                    || ids
                        .into_iter()
                        .any(|id| self.accounts.iter().any(|account| account.as_str() == id.as_str()))
            }
            Address::User(UserRef::Account(_))
            | Address::Group(_)
            | Address::Member(..)
            | Address::Grant(..) => false,
        }
    }
}
