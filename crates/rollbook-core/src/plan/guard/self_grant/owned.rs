//! Changes that only people listed in `policy.admins` of the base may make: to the rules about authors, and to the meaning
//! of the names in rules.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::model::{
    AccountId, Address, Email, GroupId, GroupName, Guard, IdentityChange, RuleChange, SelfGrant, UserRef,
};

use super::author::Author;
use super::{Case, Grant, GrantKind, Rules, Tripped, is_of_unknown, trip};
use crate::plan::expired::unnamed;
use crate::plan::identity::Resolved;

/// The authors of a change who do not own the rules in the base.
struct Others<'b> {
    base: &'b Rules<'b>,
    authors: Vec<&'b Author<'b>>,
    /// The authors of the change, for a message.
    who: String,
    /// Whether owners of the rules are authors, too: the judged change may be theirs.
    beside_owners: bool,
}

/// The authors who do not own the rules of the base, by the accounts that the base gives them and the owners.
pub(super) fn not_owners<'b>(base: &Rules<'_>, authors: &'b [Author<'b>]) -> Vec<&'b Author<'b>> {
    let admins = &base.policy().admins;
    let owners: BTreeSet<AccountId> = admins.iter().flat_map(|admin| base.holders(&admin.value)).collect();
    let owns = |author: &Author<'_>| {
        let accounts = base.accounts(author.email);
        author.known && !accounts.is_empty() && accounts.is_subset(&owners)
    };
    authors.iter().filter(|author| !owns(author)).collect()
}

/// Whether every author is known, and owns the rules in the base.
pub(super) fn is_by_owners(case: &Case<'_>, authors: &[Author<'_>]) -> bool {
    let owned = case.rules.base.as_ref().is_some_and(|base| not_owners(base, authors).is_empty());
    owned && !authors.is_empty()
}

impl<'b> Others<'b> {
    /// `None` if the base does not ask who made a change, or if all authors own its rules: by the accounts that the base
    /// gives them, whatever the change says. A change without an author is not by owners.
    fn of(case: &'b Case<'_>, authors: &'b [Author<'b>]) -> Option<Self> {
        let base = case.rules.base.as_ref().filter(|base| base.policy().self_grant == SelfGrant::Refuse)?;
        let others = not_owners(base, authors);
        let who = match others.first() {
            Some(author) => format!("{} made this change", author.email),
            None if authors.is_empty() => "unknown authors made this change".to_owned(),
            None => return None,
        };
        let beside_owners = others.len() < authors.len();
        Some(Self { base, authors: others, who, beside_owners })
    }

    fn help(&self) -> &'static str {
        if self.base.policy().admins.is_empty() {
            "Apply by hand with `--allow self-grant`: `policy.admins` of the base lists nobody who could make this \
             change."
        } else if self.beside_owners {
            "It is unknown which of the authors did it. Revert it, and ask somebody listed in `policy.admins` of the \
             base to make it again once the others' changes are applied, without the parts that block them; or apply \
             by hand with `--allow self-grant`."
        } else {
            "Ask somebody listed in `policy.admins` of the base to make this change, or apply by hand with `--allow \
             self-grant`."
        }
    }
}

/// The rules about its author that the change loosens: nobody decides their own rights. The owners of the rules in the base may.
pub(super) fn loosened(case: &Case<'_>, authors: &[Author<'_>]) -> Vec<Tripped> {
    let Some(others) = Others::of(case, authors) else { return Vec::new() };
    let changes = case.changed_rules.iter();
    let loosens = changes.filter_map(|change| Some((change, loosens(case, change, &others)?)));
    let tripped = loosens.map(|(change, what)| Tripped {
        guard: Guard::SelfGrant,
        addresses: Vec::new(),
        rule: String::new(),
        why: format!("{}, which changes `{}`, {what}", others.who, change.rule),
        help: others.help().into(),
    });
    tripped.collect()
}

const OF_AUTHORS: &str = "a rule about its own author";
const OF_NO_GROUP: &str = "and there is no such group yet: any group may get that name";
const OF_NOBODY: &str = "and nobody has that address yet: it may become anybody's";
const OF_UNKNOWN: &str = "and the owner of that account is unknown: it may be an author's";

/// Why a change of a rule is only for the owners of the rules: it gives its author more rights, or removes owners.
fn loosens(case: &Case<'_>, change: &RuleChange, others: &Others<'_>) -> Option<&'static str> {
    let is_new = change.head.is_some();
    let loosens = match change.rule.as_str() {
        // The operator cannot be narrowed; and without one, nothing is done through the organization, not even at night.
        "policy.self-grant" | "operator" => true,
        // Access to synced groups ends through these.
        "organization" | "directory" | "scim.directory" | "scim.authority" => change.base.is_some(),
        rule if rule.starts_with("policy.privileged: ") => !is_new,
        // A removed owner could not revert a rule any more, and the remaining ones decide without them.
        rule if rule.starts_with("policy.admins: ") => true,
        // A rule that protects somebody keeps them past their end date.
        rule if rule.starts_with("policy.protect.users: ") => {
            let email = rule.strip_prefix("policy.protect.users: ").map(Email::parse);
            let Some(Ok(email)) = email else { return is_new.then_some(OF_AUTHORS) };
            if is_new && case.rules.accounts(&email).is_empty() {
                return Some(OF_NOBODY);
            }
            is_new && others.authors.iter().any(|author| author.may_hold(case, &email))
        }
        rule if is_new && holds_nobody_yet(case, rule) => return Some(OF_NO_GROUP),
        rule if rule.starts_with("groups.") && rule.ends_with(".source") => {
            let name = rule.strip_prefix("groups.").and_then(|rule| rule.strip_suffix(".source"));
            let name = name.unwrap_or_default();
            case.rules.names.ids(&GroupName::new(name)).any(|id| case.rules.privileged.may_hold(id))
        }
        rule => match rule.strip_prefix("waive self-grant for ").map(Address::from_str) {
            // The guard itself asks for a waiver for somebody else, by name.
            Some(Ok(address)) if is_new => return waives(case, &address, others),
            Some(Err(_)) => is_new,
            Some(Ok(_)) | None => false,
        },
    };
    loosens.then_some(OF_AUTHORS)
}

/// Whether a rule keeps the people of a group that does not exist, and that the tree does not create: any group may get its
/// name on the site.
fn holds_nobody_yet(case: &Case<'_>, rule: &str) -> bool {
    let prefixes = ["policy.protect.groups: ", "policy.keep-at-least."];
    let Some(name) = prefixes.iter().find_map(|prefix| rule.strip_prefix(prefix)) else { return false };
    let name = GroupName::new(name);
    let declared = |rules: &Rules<'_>| rules.tree.desired.declaration.groups.contains_key(&name);
    case.rules.names.ids(&name).next().is_none() && !case.rules.both().any(declared)
}

/// Why a waiver is refused, unless it names one person according to the base, and not an author.
fn waives(case: &Case<'_>, address: &Address, others: &Others<'_>) -> Option<&'static str> {
    let Some(user) = address.user() else { return Some(OF_AUTHORS) };
    if waives_already(case, address, others.base) {
        return None;
    }
    let accounts = match user {
        UserRef::Account(id) => BTreeSet::from([id.clone()]),
        UserRef::Email(email) => others.base.holders(email),
    };
    if accounts.is_empty() {
        return Some(OF_NOBODY);
    }
    if accounts.iter().any(|account| is_of_unknown(case, account, [others.base])) {
        return Some(OF_UNKNOWN);
    }
    let may_be = |author: &Author<'_>, account: &AccountId| {
        let grant = Grant {
            address: address.clone(),
            user,
            account: Some(account),
            kind: GrantKind::New,
            may_be_privileged: false,
        };
        !author.known || author.may_be(case, &grant)
    };
    let is_theirs = others.authors.iter().any(|author| accounts.iter().any(|it| may_be(author, it)));
    (others.authors.is_empty() || is_theirs).then_some(OF_AUTHORS)
}

/// Whether the base waives the rule for the same membership, by another name of the account, and for at least as long.
fn waives_already(case: &Case<'_>, address: &Address, base: &Rules<'_>) -> bool {
    let head = case.context.tree;
    let Some(known) = base.waiver(Guard::SelfGrant, std::slice::from_ref(address), head) else {
        return false;
    };
    let mut new = head.desired.waivers(Guard::SelfGrant);
    new.all(|it| it.until <= known.until || it.addresses.iter().all(|waived| waived.value != *address))
}

/// Names that the change gives another meaning, or none. Somebody other than an author decides who the author is; the owners
/// of the rules decide the subject of a rule.
pub(super) fn moved_names(case: &Case<'_>, authors: &[Author<'_>]) -> Vec<Tripped> {
    let mut found = Vec::new();
    let Some(base) = case.context.base else { return found };
    let others = Others::of(case, authors);
    let second =
        others.as_ref().map(|others| second_names(others.base.tree, case.context.tree)).unwrap_or_default();
    // An unknown author may be anybody, and so may one that is not named.
    let unknown = authors.iter().find(|author| !author.known);
    let anybody = authors.is_empty() || unknown.is_some();
    for change in case.identities {
        let ahead = others.as_ref().and_then(|_| ahead_of_its_use(case, change, &second));
        if ahead.is_none() && is_shown(case, change) {
            continue;
        }
        let own = authors.iter().find(|author| author.moved_by(change));
        let is_theirs = own.is_some() || anybody && change.base.is_some() && !is_pruned(case, change);
        let ruled =
            || others.as_ref().is_some_and(|others| is_ruled(case, change, others)).then_some(OF_RULE);
        let (who, what, help) = if is_theirs {
            let who = own.or(unknown).map_or("unknown authors".to_owned(), |it| it.email.to_string());
            let help = "Have somebody else correct the pin or the lock, in a separate change.";
            (format!("{who} made this change"), "somebody else decides who an author is", help)
        } else if let (Some(others), Some(what)) = (&others, ahead.or_else(ruled)) {
            (others.who.clone(), what, others.help())
        } else {
            continue;
        };
        let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "nothing".into());
        let why = format!(
            "{who}, which lets {} mean {} instead of {} at {}: {what}",
            change.address,
            id(&change.head),
            id(&change.base),
            base.revision.name,
        );
        found.push(trip(change.address.clone(), why, help));
    }
    found
}

const OF_RULE: &str = "the owners of the rules decide what a rule means";
const OF_UNUSED: &str =
    "the tree does not have that name, and the owners of the rules decide its future meaning";
const OF_SECOND: &str =
    "the base ties that account to another name, and the owners of the rules decide whether it has two";

/// Why a first line of the lock, or a first pin, is more than a record of the tree's current state: it would decide the
/// meaning of a later change, which names somebody or something else, and whose author does not look at the lock.
fn ahead_of_its_use(
    case: &Case<'_>,
    change: &IdentityChange,
    second: &BTreeSet<&Email>,
) -> Option<&'static str> {
    if change.base.is_some() || change.head.is_none() {
        return None;
    }
    if !case.context.tree.desired.has(&change.address) {
        return Some(OF_UNUSED);
    }
    let email = change.address.user()?.email()?;
    (matches!(change.address, Address::User(_)) && second.contains(email)).then_some(OF_SECOND)
}

/// The emails that a tree ties to an account that the base ties to another one, which stays. A line that moves to another
/// name does not count: the account still has one name.
fn second_names<'t>(base: &Resolved<'_>, head: &'t Resolved<'_>) -> BTreeSet<&'t Email> {
    let known: BTreeSet<(&Email, &AccountId)> = base.desired.declaration.tied().collect();
    let tied = || head.desired.declaration.tied();
    let kept: BTreeSet<&AccountId> = tied().filter(|tied| known.contains(tied)).map(|(_, id)| id).collect();
    tied().filter(|tied| !known.contains(tied) && kept.contains(tied.1)).map(|(email, _)| email).collect()
}

/// Whether a name had no ID, or the ID of a group that is gone from the site, and now gets the one that the site shows for it.
/// Only a site administrator can create a group again there; an email may be anybody's by now.
fn is_shown(case: &Case<'_>, change: &IdentityChange) -> bool {
    let context = case.context;
    let is_free = match (&change.base, &change.address) {
        (None, _) => true,
        (Some(id), Address::Group(_)) => !context.live.groups.iter().any(|group| group.id.as_str() == id),
        (Some(_), Address::User(_) | Address::Member(..) | Address::Grant(..)) => false,
    };
    let Some(id) = change.head.as_ref().filter(|_| is_free) else { return false };
    let shown: Vec<&str> = match &change.address {
        Address::User(UserRef::Email(email)) => {
            context.tree.people.shown_with(email).map(AccountId::as_str).collect()
        }
        Address::Group(name) => {
            let groups = context.live.groups.iter().filter(|group| group.name == *name);
            groups.map(|group| group.id.as_str()).collect()
        }
        Address::User(UserRef::Account(_)) | Address::Member(..) | Address::Grant(..) => Vec::new(),
    };
    shown == [id]
}

/// Whether a removed line belongs to a name that the tree does not use any more, as `rollbook lock` removes it, and no
/// privileged group is concerned.
fn is_pruned(case: &Case<'_>, change: &IdentityChange) -> bool {
    let (Some(id), None) = (&change.base, &change.head) else { return false };
    let (head, privileged) = (&case.rules.head, &case.rules.privileged);
    let desired = &head.tree.desired;
    let (is_declared, is_privileged) = match &change.address {
        Address::User(user) => {
            let account = AccountId::new(id);
            let mut groups = case.context.live.members.iter().filter(|(group, _)| privileged.may_hold(group));
            (desired.people().contains(user), groups.any(|(_, members)| members.contains(&account)))
        }
        Address::Group(name) => {
            (desired.declaration.groups.contains_key(name), privileged.may_hold(&GroupId::new(id)))
        }
        Address::Member(..) | Address::Grant(..) => return false,
    };
    !is_declared && !is_privileged && !head.speaks_of(&change.address)
}

/// Whether a rule names a name, other than by following its group or person to it; or a privileged group depends on it: the
/// name meant one, or now means one that the base does not declare, or somebody joins or leaves one by that name.
fn is_ruled(case: &Case<'_>, change: &IdentityChange, others: &Others<'_>) -> bool {
    let base = others.base;
    let privileged = match &change.address {
        Address::User(user) => {
            change.base.is_some() && is_let_in(case, change, user) || ends_nobody(case, change, others)
        }
        Address::Group(_) | Address::Member(..) | Address::Grant(..) => {
            let privileged = &case.rules.privileged;
            let is_new = |id: &GroupId| base.tree.groups.declared_as(id).is_none();
            let id = |id: &Option<String>| id.as_ref().map(GroupId::new);
            id(&change.base).is_some_and(|id| privileged.may_hold(&id))
                || id(&change.head).is_some_and(|id| privileged.holds(&id) && is_new(&id))
        }
    };
    privileged || case.rules.head.speaks_of(&change.address) && !follows(case, change, base)
}

/// Whether a name is a new one for something that a rule of the base names otherwise: by a line that is removed, or by the
/// meaning of the new name.
fn follows(case: &Case<'_>, change: &IdentityChange, base: &Rules<'_>) -> bool {
    if change.base.is_some() || base.speaks_of(&change.address) {
        return false;
    }
    let Some(id) = &change.head else { return false };
    let by_line = case
        .identities
        .iter()
        .any(|old| old.head.is_none() && old.base.as_ref() == Some(id) && base.speaks_of(&old.address));
    let by_meaning = || match &change.address {
        Address::Group(_) => {
            let mut groups = base.tree.groups.live().filter(|(_, group)| group.id.as_str() == id);
            groups.any(|(name, _)| base.speaks_of(&Address::Group(name.clone())))
        }
        Address::User(_) | Address::Member(..) | Address::Grant(..) => false,
    };
    by_line || by_meaning()
}

/// Whether a change ties a name that no account has to an account outside a privileged group, or to an account other than that
/// of an author that the tree does not name there, while the base names it in the group or either tree offboards it. Its end
/// date, or one that a later change adds, would then apply to the wrong account, and the person it was meant for would stay
/// without notice.
fn ends_nobody(case: &Case<'_>, change: &IdentityChange, others: &Others<'_>) -> bool {
    let (None, Some(id), Address::User(user)) = (&change.base, &change.head, &change.address) else {
        return false;
    };
    let (tree, live, account) = (others.base.tree, case.context.live, AccountId::new(id));
    if !tree.people.is_of_nobody(user) {
        return false;
    }
    let ends = tree.desired.ends_person(user) || case.context.tree.desired.ends_person(user);
    live.members.iter().filter(|(group, _)| case.rules.privileged.may_hold(group)).any(|(group, members)| {
        let declared = tree.group(group);
        // It may mean each member that the tree does not name there, and an author cannot say that they are not meant.
        let mut unnamed = unnamed(tree, live, declared, members).filter(|id| **id != account).peekable();
        let is_author = |id: &AccountId| others.authors.iter().any(|author| author.accounts.contains(id));
        let is_meant = ends || declared.is_some_and(|group| group.names(user));
        is_meant && !members.contains(&account) && unnamed.peek().is_some() || unnamed.any(is_author)
    })
}

/// Whether the tree adds somebody to a privileged group by a name that meant another account, or removes them from one by it.
fn is_let_in(case: &Case<'_>, change: &IdentityChange, user: &UserRef) -> bool {
    let (tree, privileged) = (case.context.tree, &case.rules.privileged);
    let mut groups = tree.desired.groups.iter();
    let is_in = |account: AccountId| {
        let mut groups = case.context.live.members.iter().filter(|(group, _)| privileged.may_hold(group));
        groups.any(|(_, members)| members.contains(&account))
    };
    let leaves = user.email().is_some_and(|email| tree.desired.offboarded(email).is_some());
    leaves && change.base.as_ref().is_some_and(|id| is_in(AccountId::new(id)))
        || groups.any(|(name, group)| group.names(user) && privileged.marks(tree.groups.id(name), name))
}
