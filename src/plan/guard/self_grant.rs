//! `self-grant`: the authors of a change may not let themselves into a privileged group.
//!
//! It is about who made the change, so the rule, its waivers and who the authors are come from the base: a change does not
//! say who may make it. Without a base the tree's own rule is all there is.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::model::{
    AccountId, Address, Direction, Drift, Email, GroupId, GroupName, Guard, IdentityChange, RuleChange,
    Ruling, SelfGrant, UserRef, Verdict,
};

use super::{Case, Context, Rules, Tripped, verdict};
use crate::plan::projection::{Effect, Place, effects};

/// The verdicts of the guard.
pub(super) fn verdicts(case: &Case<'_>) -> Vec<Verdict> {
    let Some(rules) = binding(case) else { return Vec::new() };
    tripped(case).into_iter().map(|tripped| verdict(case, rules, tripped)).collect()
}

/// The rules that ask for the guard: those of the base, or of the tree where the base does not ask for it.
fn binding<'a, 'b>(case: &'b Case<'a>) -> Option<&'b Rules<'a>> {
    case.rules.both().find(|rules| rules.policy().self_grant == SelfGrant::Refuse)
}

/// Says so where the tree asks for the guard and nothing was there to judge by, nor to refuse.
pub(super) fn unjudged(case: &Case<'_>) -> Option<Verdict> {
    let known = case.context.base.is_some() && !case.context.authors.is_empty();
    if binding(case).is_none() || known || !grants(case).is_empty() {
        return None;
    }
    Some(Verdict {
        guard: Guard::SelfGrant,
        ruling: Ruling::NotJudged,
        addresses: Vec::new(),
        why: "it is judged by the base and the authors of a change, and nobody named them".into(),
        help: "Name them with `--base` and `--author`.".into(),
    })
}

/// A grant into a privileged group: by an operation, by what the tree declares, or by what it does not end any more.
struct Grant<'a> {
    address: Address,
    user: &'a UserRef,
    account: Option<&'a AccountId>,
    /// Whether the base asks for it as well.
    drift: bool,
}

fn grants<'a>(case: &'a Case<'_>) -> Vec<Grant<'a>> {
    let mut grants = Vec::new();
    let privileged = |id: Option<&GroupId>, name: &GroupName| case.rules.privileged.marks(id, name);
    for planned in case.operations.values() {
        let (Direction::Grant, Some(user)) = (planned.operation.direction(), planned.key.address.user())
        else {
            continue;
        };
        let into = effects(planned).into_iter().any(|effect| match effect {
            Effect::Joins(Place::Group(id), _) => case.rules.privileged.holds(id),
            Effect::Joins(Place::Made(name), _) => case.rules.privileged.names(name),
            Effect::Wakes(_, kept) => {
                kept.iter().any(|kept| case.rules.privileged.holds(kept.membership.group()))
            }
            Effect::Leaves(_) | Effect::Sleeps(..) | Effect::Ends(_) => false,
        });
        if into {
            grants.push(Grant {
                address: planned.key.address.clone(),
                user,
                account: planned.operation.account(),
                drift: planned.drift == Drift::Yes,
            });
        }
    }
    let widened = case.differences.iter().filter(|it| it.widens() && privileged(it.group_id(), it.group));
    grants.extend(widened.map(|it| Grant {
        address: it.address(),
        user: &it.user,
        account: it.account(),
        drift: false,
    }));
    grants
}

/// Refused when an author of the change comes into a privileged group, stays in one, or may be the one who does. That the base
/// asks for it as well is no leave: somebody may have taken it back since, and the author given it to themselves again. And
/// unless an apply of the base has completed, nobody knows whether it was refused then. Without a base, or with an author
/// whom nobody knows, anybody may be an author.
fn tripped(case: &Case<'_>) -> Vec<Tripped> {
    let mut found: BTreeMap<Address, Tripped> = BTreeMap::new();
    let authors: Vec<Author<'_>> = case.context.authors.iter().map(|email| Author::of(email, case)).collect();
    for grant in grants(case) {
        let tripped = match case.context.base {
            None => Some(unknown(&grant, NO_BASE)),
            Some(_) if grant.drift && !case.context.was_applied(&grant.address, grant.account) => {
                Some(never_applied(case, &grant))
            }
            Some(_) if authors.is_empty() => {
                (!grant.drift || case.context.is_changed()).then(|| unknown(&grant, NO_AUTHOR))
            }
            Some(_) => authors.iter().find_map(|author| author.grants(case, &grant)),
        };
        if let Some(tripped) = tripped {
            found.entry(grant.address).or_insert(tripped);
        }
    }
    moved_names(case, &authors, &mut found);
    let loosened = loosened(case, &authors);
    found.into_values().chain(loosened).collect()
}

/// What the change takes back of the rules about its author: nobody says of themselves what they may do. Those who own the
/// rules by the base may.
fn loosened(case: &Case<'_>, authors: &[Author<'_>]) -> Vec<Tripped> {
    let refuses = |base: &&Rules<'_>| base.policy().self_grant == SelfGrant::Refuse;
    let Some(base) = case.rules.base.as_ref().filter(refuses) else { return Vec::new() };
    let owners: BTreeSet<&Email> = base.policy().admins.iter().map(|admin| &admin.value).collect();
    let accounts: BTreeSet<AccountId> = owners.iter().flat_map(|email| case.rules.accounts(email)).collect();
    let owns = |author: &&Author<'_>| {
        author.known && (owners.contains(author.email) || !author.accounts.is_disjoint(&accounts))
    };
    let who = match authors.iter().find(|author| !owns(author)) {
        Some(author) => format!("{} made this change", author.email),
        None if authors.is_empty() => "nobody knows who made this change".to_owned(),
        None => return Vec::new(),
    };
    let others: Vec<&Author<'_>> = authors.iter().filter(|author| !owns(author)).collect();
    let changes = case.changed_rules.iter().filter(|change| loosens(case, change, &others));
    let tripped = changes.map(|change| Tripped {
        guard: Guard::SelfGrant,
        addresses: Vec::new(),
        rule: String::new(),
        why: format!("{who}, which loosens `{}`, a rule about its own author", change.rule),
        help: "Let one whom `policy.admins` of the base names make that change on its own, or allow this run with `--allow \
               self-grant`."
            .into(),
    });
    tripped.collect()
}

/// Whether a change of a rule lets its author do more.
fn loosens(case: &Case<'_>, change: &RuleChange, authors: &[&Author<'_>]) -> bool {
    let is_new = change.head.is_some();
    match change.rule.as_str() {
        "policy.self-grant" => true,
        // Nothing narrows the operator.
        "operator" => is_new,
        rule if rule.starts_with("policy.privileged: ") => !is_new,
        rule if rule.starts_with("policy.admins: ") => is_new,
        // What protects somebody keeps them past their end.
        rule if rule.starts_with("policy.protect.users: ") => {
            let email = rule.strip_prefix("policy.protect.users: ").map(Email::parse);
            let Some(Ok(email)) = email else { return is_new };
            let accounts = case.rules.accounts(&email);
            let is_theirs = |author: &&Author<'_>| -> bool {
                same_mailbox(author.email, &email) || !author.accounts.is_disjoint(&accounts)
            };
            is_new && authors.iter().any(is_theirs)
        }
        rule => match rule.strip_prefix("waive self-grant for ").map(Address::from_str) {
            // A waiver for somebody else, by name, is what the guard asks for.
            Some(Ok(address)) => is_new && !is_for_others(case, &address, authors),
            Some(Err(_)) => is_new,
            None => false,
        },
    }
}

/// Whether a waiver names one person, who is none of the authors.
fn is_for_others(case: &Case<'_>, address: &Address, authors: &[&Author<'_>]) -> bool {
    let Some(user) = address.user() else { return false };
    let account = match user {
        UserRef::Account(id) => Some(id),
        UserRef::Email(_) => case.context.tree.account(user),
    };
    let grant = Grant { address: address.clone(), user, account, drift: false };
    !authors.is_empty() && authors.iter().all(|author| author.known && !author.may_be(case, &grant))
}

/// Names that the change points elsewhere: who an author is, somebody else says.
fn moved_names(case: &Case<'_>, authors: &[Author<'_>], found: &mut BTreeMap<Address, Tripped>) {
    if let Some(base) = case.context.base {
        let identities = &case.identities;
        for change in identities.iter().filter(|change| !case.context.confirms(change)) {
            // An author whom nobody knows may be anybody, and so may one whom nobody names.
            let unknown = authors.is_empty() || authors.iter().any(|author| !author.known);
            let anybody = change.base.is_some() && unknown;
            let author = authors.iter().find(|author| author.moved_by(change) || !author.known);
            if anybody || authors.iter().any(|author| author.moved_by(change)) {
                let who = author.map(|author| author.email.as_str());
                let tripped = moved(who, change, &base.revision.name);
                found.entry(change.address.clone()).or_insert(tripped);
            }
        }
    }
}

impl Context<'_> {
    /// Whether an apply has completed that asked for a grant.
    fn was_applied(&self, address: &Address, account: Option<&AccountId>) -> bool {
        self.base.is_some_and(|base| base.revision.applied)
            || self.applied.is_some_and(|applied| applied.asks_for(address, account, self.tree))
    }

    /// Whether what is planned may not be the commit of the base.
    fn is_changed(&self) -> bool {
        let base = self.base.and_then(|base| base.revision.commit.as_ref());
        base.is_none() || base != self.header.commit.as_ref()
    }

    /// Whether the site itself shows what a pin or a lock line says now, or said before it went.
    fn confirms(&self, change: &IdentityChange) -> bool {
        let (Address::User(UserRef::Email(email)), Some(id)) =
            (&change.address, change.head.as_ref().or(change.base.as_ref()))
        else {
            return false;
        };
        let shown: Vec<&AccountId> = self.tree.people.shown_with(email).collect();
        matches!(shown.as_slice(), [one] if one.as_str() == id)
    }
}

/// An author of a change, by every account that the base, the change and the site give their email.
struct Author<'a> {
    email: &'a Email,
    accounts: BTreeSet<AccountId>,
    /// Whether the base or the site gives the email an account. That a tree mentions it is not enough, and what the change
    /// says of its author does not count.
    known: bool,
}

impl<'a> Author<'a> {
    fn of(email: &'a Email, case: &Case<'_>) -> Self {
        let by_site = case.context.tree.people.shown_with(email).next().is_some();
        let base = case.context.base.map(|base| &base.tree);
        let by_base = base.is_some_and(|base| {
            let user = UserRef::Email(email.clone());
            let locked = base.desired.declaration.lock.users.get(email).map(|locked| &locked.id);
            // What the site shows stands over what a pin or the lock says.
            let theirs = |id: &AccountId| {
                let live = case.context.live.accounts.get(id);
                live.is_some_and(|live| live.email.as_ref().is_none_or(|shown| same_mailbox(shown, email)))
            };
            base.account(&user).into_iter().chain(locked).any(theirs)
        });
        let mut accounts = case.rules.accounts(email);
        let live = case.context.live.accounts.values();
        let shows =
            live.filter(|account| account.email.as_ref().is_some_and(|shown| same_mailbox(shown, email)));
        accounts.extend(shows.map(|account| account.id.clone()));
        Self { email, known: by_site || by_base, accounts }
    }

    /// Why a grant may be to the author.
    fn grants(&self, case: &Case<'_>, grant: &Grant<'_>) -> Option<Tripped> {
        if !self.known {
            let why = format!(
                "nobody knows who {} is, who made this change: neither the base nor the site gives the address an \
                 account, so it may be anybody",
                self.email
            );
            return Some(by_author(grant, why));
        }
        self.may_be(case, grant).then(|| by_author(grant, self.why(grant)))
    }

    /// Whether somebody is the author. While the author's account is not known, it may be any that shows no email and
    /// that the tree does not name by one.
    fn may_be(&self, case: &Case<'_>, grant: &Grant<'_>) -> bool {
        match (grant.user, grant.account) {
            (UserRef::Email(email), _) if same_mailbox(email, self.email) => true,
            (_, Some(account)) if !self.accounts.is_empty() => self.accounts.contains(account),
            (UserRef::Email(_), None) => false,
            (UserRef::Email(_) | UserRef::Account(_), account) => {
                let shown = account.and_then(|id| case.context.live.accounts.get(id)?.email.as_ref());
                shown.is_none()
            }
        }
    }

    fn why(&self, grant: &Grant<'_>) -> String {
        match (grant.user, grant.address.group()) {
            (UserRef::Email(email), Some(group)) if email == self.email => {
                format!("{email}, who made this change, would grant themselves the privileged group {group}")
            }
            (UserRef::Email(email), None) if email == self.email => {
                format!("{email}, who made this change, would come into a privileged group")
            }
            (user, _) => format!("{user} may be {}, who made this change", self.email),
        }
    }

    /// Whether a change points the author's email, or the author's account, elsewhere.
    fn moved_by(&self, change: &IdentityChange) -> bool {
        let ids = change.base.iter().chain(&change.head);
        match &change.address {
            Address::User(UserRef::Email(email)) => {
                same_mailbox(email, self.email)
                    || ids
                        .into_iter()
                        .any(|id| self.accounts.iter().any(|account| account.as_str() == id.as_str()))
            }
            Address::User(UserRef::Account(_)) | Address::Group(_) | Address::Member(..) => false,
        }
    }
}

/// Whether two addresses reach one mailbox: what stands behind a `+` is a note of its owner's (RFC 5233).
fn same_mailbox(one: &Email, other: &Email) -> bool {
    let bare = |email: &Email| {
        let local = email.as_str().split('@').next().unwrap_or_default();
        let local = local.split('+').next().unwrap_or_default();
        format!("{local}@{}", email.domain()).to_lowercase()
    };
    one == other || bare(one) == bare(other)
}

const NO_BASE: &str = "it grants a privileged group, and nothing says what the change is to be compared with";
const NO_AUTHOR: &str = "it grants a privileged group, and nothing says who made the change";

fn trip(address: Address, why: String, help: &str) -> Tripped {
    Tripped { guard: Guard::SelfGrant, addresses: vec![address], rule: String::new(), why, help: help.into() }
}

fn by_author(grant: &Grant<'_>, why: String) -> Tripped {
    trip(
        grant.address.clone(),
        why,
        "Take it back, and let somebody else make the change; or waive `self-grant` for this membership in a change of \
         somebody else's, which has to be applied first.",
    )
}

fn unknown(grant: &Grant<'_>, why: &str) -> Tripped {
    trip(
        grant.address.clone(),
        why.into(),
        "Name every author with `--author` and the last commit that was applied with `--base`, as CI does; or allow this \
         run with `--allow self-grant`.",
    )
}

fn never_applied(case: &Case<'_>, grant: &Grant<'_>) -> Tripped {
    let base = case.context.base.map_or("the base", |base| base.revision.name.as_str());
    let why = format!(
        "{base} asks for it as well, and no apply of {base} is known to have completed: what was refused then would pass now"
    );
    trip(
        grant.address.clone(),
        why,
        "Compare with the last commit whose apply completed, with `--base applied`, and name the authors of all changes \
         since; or allow this run with `--allow self-grant`.",
    )
}

fn moved(author: Option<&str>, change: &IdentityChange, base: &str) -> Tripped {
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "nothing".into());
    let why = format!(
        "{} made this change, which lets {} mean {} instead of {} at {base}: who an author is, somebody else says",
        author.unwrap_or("nobody knows who"),
        change.address,
        id(&change.head),
        id(&change.base),
    );
    trip(
        change.address.clone(),
        why,
        "Let somebody else correct the pin or the lock, in a change of their own.",
    )
}
