//! `self-grant`: the authors of a change may not let themselves into a privileged group.
//!
//! It depends on who made the change, so the rule, its waivers and the authors' accounts come from the base: a change does
//! not decide who may make it. Without a base there is only the tree's own rule.

mod author;
mod held_in;
mod owned;

use std::collections::BTreeMap;

use crate::model::{
    AccessChange, AccountId, Action, Address, Direction, Drift, Effect, Email, GroupId, GroupName, Guard,
    Operation, Ruling, SelfGrant, TargetGroup, UserRef, Verdict,
};

use super::{Case, Context, Rules, Tripped, ruled, verdict};
use crate::plan::base::Doubt;
use author::Author;
use owned::{is_by_owners, loosened, moved_names};

/// The verdicts of the guard. The base's waivers apply only to changes by known people: an unknown author may turn out
/// to be the person that a waiver names.
pub(super) fn verdicts(case: &Case<'_>) -> Vec<Verdict> {
    let Some(rules) = binding(case) else { return Vec::new() };
    let authors: Vec<Author<'_>> = case.context.authors.iter().map(|email| Author::of(email, case)).collect();
    let known = !authors.is_empty() && authors.iter().all(|author| author.known);
    let waives = known || case.context.base.is_none();
    let unwaived = |tripped| ruled(case, None, tripped);
    let grants = grants(case, is_by_owners(case, &authors));
    let granted = granted(case, &authors, &grants).into_iter();
    let granted = granted.map(|it| if waives { verdict(case, rules, it) } else { unwaived(it) });
    // A waiver is about a grant. It does not allow anybody to say who somebody is, or to loosen a rule.
    let named = moved_names(case, &authors).into_iter();
    let of_rules = loosened(case, &authors).into_iter().chain(held_in::tripped(case, &authors));
    let mut verdicts: Vec<Verdict> = granted.chain(named.chain(of_rules).map(unwaived)).collect();
    if verdicts.is_empty() {
        verdicts.extend(unjudged(case, &authors, &grants));
    }
    verdicts
}

/// The rules that ask for the guard: those of the base, or of the tree if the base does not ask for it.
fn binding<'a, 'b>(case: &'b Case<'a>) -> Option<&'b Rules<'a>> {
    case.rules.both().find(|rules| rules.policy().self_grant == SelfGrant::Refuse)
}

/// Reports that there was too little to judge by, and nothing to refuse. A run for time and offboarding judges no change.
fn unjudged(case: &Case<'_>, authors: &[Author<'_>], grants: &[Grant<'_>]) -> Option<Verdict> {
    let unnamed = |missing, flags| {
        let why = format!("it needs the {missing} of the change");
        (why, format!("Name them with {flags}."))
    };
    let (why, help) = match (case.context.base, case.context.authors) {
        (None, []) => unnamed("base and the authors", "`--base` and `--author`"),
        (None, [_, ..]) => unnamed("base", "`--base`"),
        (Some(_), []) => unnamed("authors", "`--author`"),
        (Some(_), [_, ..]) => {
            let unknown = authors.iter().find(|author| !author.known)?;
            let help =
                "Correct the address if it is wrong: with `--author`, for `rollbook ci` in ROLLBOOK_AUTHORS.";
            (format!("{}, so it may be anybody's", unknown.unknown()), help.into())
        }
    };
    let is_judged = |grant: &Grant<'_>| !grant.may_be_privileged || case.context.base.is_some();
    if case.context.scope.is_by_time() || grants.iter().any(is_judged) {
        return None;
    }
    Some(Verdict { guard: Guard::SelfGrant, ruling: Ruling::NotJudged, addresses: Vec::new(), why, help })
}

/// A grant into a privileged group: by an operation, by a declaration of the tree, or by a dropped revoke of the base.
struct Grant<'a> {
    address: Address,
    user: &'a UserRef,
    account: Option<&'a AccountId>,
    kind: GrantKind,
    /// Whether the group counts as privileged only because this is unknown.
    may_be_privileged: bool,
}

/// The source of a grant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GrantKind {
    /// Only the change asks for it.
    New,
    /// The base asks for it as well.
    Drift,
    /// The change does not end something that the base ends. The base may be unable to resolve the person or the group.
    Kept(Option<Doubt>),
}

fn grants<'a>(case: &'a Case<'_>, owned: bool) -> Vec<Grant<'a>> {
    let mut grants = Vec::new();
    let marked = &case.rules.privileged;
    let may_be =
        |id: Option<&GroupId>, name: &GroupName| id.map_or(marked.names(name), |id| marked.may_hold(id));
    for planned in case.operations.values() {
        let (Direction::Grant, Some(user)) = (planned.operation.direction(), planned.key.address.user())
        else {
            continue;
        };
        let into = planned.effects().into_iter().any(|effect| match effect {
            Effect::Joins(TargetGroup::Group(id), _) => marked.may_hold(id),
            Effect::Joins(TargetGroup::Made(name), _) => marked.names(name),
            Effect::Wakes(_, kept) => kept.iter().any(|kept| marked.may_hold(kept.membership.group())),
            Effect::Leaves(_)
            | Effect::Sleeps(..)
            | Effect::Ends(_)
            | Effect::Gives(..)
            | Effect::Takes(_) => false,
        });
        if into {
            grants.push(Grant {
                address: planned.key.address.clone(),
                user,
                // An invited person may have had an account before.
                account: planned.operation.account().or_else(|| case.context.tree.account(user)),
                kind: if planned.drift == Drift::Yes { GrantKind::Drift } else { GrantKind::New },
                may_be_privileged: !planned.privileged,
            });
        }
    }
    grants.extend(by_role(case));
    // Doubtful cases are for the owners of the rules to decide.
    let widened = case.differences.iter().filter(|it| it.widens() && may_be(it.group_id(), it.group));
    let widened = widened.filter(|it| it.doubt.is_none() || !owned);
    grants.extend(widened.map(|it| Grant {
        address: it.address(),
        user: &it.user,
        account: it.account(),
        kind: GrantKind::Kept(it.doubt),
        may_be_privileged: !marked.marks(it.group_id(), it.group),
    }));
    grants
}

/// The people who get a role that lets them decide about the access of others, since a group starts giving it, or gives
/// it for longer.
fn by_role<'a>(case: &'a Case<'_>) -> Vec<Grant<'a>> {
    let mut grants = Vec::new();
    let mut to_people = |change: &'a AccessChange, kind: GrantKind| {
        grants.extend(change.people.iter().map(|person| Grant {
            address: change.key.address.clone(),
            user: &person.user,
            account: person.account.as_ref(),
            kind,
            may_be_privileged: false,
        }));
    };
    let is_privileged =
        |change: &AccessChange| change.key.address.access().is_some_and(|access| access.role.is_privileged());
    for change in case.access.iter().filter(|it| it.key.action == Action::Assign && is_privileged(it)) {
        let Some(planned) = case.operations.get(&change.key) else { continue };
        let drift = planned.drift == Drift::Yes;
        to_people(change, if drift { GrantKind::Drift } else { GrantKind::New });
    }
    for change in case.widened.iter().filter(|it| is_privileged(it)) {
        to_people(change, GrantKind::Kept(None));
    }
    grants
}

/// Refused when an author of the change joins a privileged group, stays in one, or may be the person who does. It does not help
/// that the base asks for it as well: somebody may have revoked it since, and the author granted it to themselves again. And
/// unless an apply of the base has completed, it is unknown whether it was refused then. Without a base, or with an unknown
/// author, anybody may be an author.
fn granted(case: &Case<'_>, authors: &[Author<'_>], grants: &[Grant<'_>]) -> Vec<Tripped> {
    let mut found: BTreeMap<Address, Tripped> = BTreeMap::new();
    let owned = is_by_owners(case, authors);
    for grant in grants {
        let tripped = match case.context.base {
            // Nothing shows that this is a change at all.
            None if grant.may_be_privileged => None,
            None => Some(unknown(grant, NO_BASE)),
            Some(_)
                if grant.kind == GrantKind::Drift
                    && !case.context.was_applied(&grant.address, grant.account) =>
            {
                Some(never_applied(case, grant))
            }
            Some(_) if authors.is_empty() => (grant.kind != GrantKind::Drift || case.context.is_changed())
                .then(|| unknown(grant, NO_AUTHOR)),
            Some(_) => {
                let by_author = authors.iter().find_map(|author| author.grants(case, grant));
                by_author.or_else(|| if owned { None } else { of_unknown(case, grant, authors.first()?) })
            }
        };
        if let Some(mut tripped) = tripped {
            if grant.may_be_privileged {
                tripped.why.push_str(MAY_BE_PRIVILEGED);
            }
            found.entry(grant.address.clone()).or_insert(tripped);
        }
    }
    newcomers(case, authors, &mut found);
    found.into_values().collect()
}

/// Unknown authors that their own change invites: by the next change they would be known, by an account that nobody else
/// has given them.
fn newcomers(case: &Case<'_>, authors: &[Author<'_>], found: &mut BTreeMap<Address, Tripped>) {
    for planned in case.operations.values() {
        let Operation::InviteUser { email, .. } = &planned.operation else { continue };
        let Some(author) = authors.iter().find(|it| !it.known && it.may_hold(case, email)) else { continue };
        let address = planned.key.address.clone();
        let why = format!("{}, and the change invites that address", author.unknown());
        let help = "Have somebody else invite them, in a separate change.";
        found.entry(address.clone()).or_insert(trip(address, why, help));
    }
}

impl Context<'_> {
    /// Whether an apply that asked for a grant has completed.
    pub(super) fn was_applied(&self, address: &Address, account: Option<&AccountId>) -> bool {
        self.base.is_some_and(|base| base.revision.applied)
            || self.applied.is_some_and(|applied| applied.asks_for(address, account, self.tree))
    }

    /// Whether the planned tree may differ from the commit of the base.
    fn is_changed(&self) -> bool {
        let base = self.base.and_then(|base| base.revision.commit.as_ref());
        base.is_none() || base != self.header.commit.as_ref()
    }
}

const MAY_BE_PRIVILEGED: &str = "; without a credential for Jira it is unknown whether the group gives site \
                                 administration, so it counts as privileged";
const NO_BASE: &str = "it grants a privileged group, and there is no base to compare the change with";
const NO_AUTHOR: &str = "it grants a privileged group, and the author of the change is not given";

fn trip(address: Address, why: String, help: &str) -> Tripped {
    Tripped { guard: Guard::SelfGrant, addresses: vec![address], rule: String::new(), why, help: help.into() }
}

fn by_author(grant: &Grant<'_>, why: String) -> Tripped {
    trip(
        grant.address.clone(),
        why,
        "Revert it, and have somebody else make the change; or waive `self-grant` for this membership in a change by \
         somebody else, which has to be applied first.",
    )
}

fn in_doubt(grant: &Grant<'_>, doubt: Doubt, author: &Email) -> Tripped {
    let user = grant.user;
    let (what, remedy) = match doubt {
        Doubt::Person => (
            format!(
                "it is unknown which account {user} has: it may be that of {author}, who made this change"
            ),
            format!("pins the account of {user} under `users:`, or restores its line in rollbook.lock"),
        ),
        Doubt::Group => (
            format!("it is unknown which group that is: {author}, who made this change, may stay in it"),
            "names the group, with `id:` or with its line in rollbook.lock".into(),
        ),
    };
    let group = grant.address.group().map_or("a privileged group", GroupName::as_str);
    let why = format!("the base would end access to {group}, this change does not, and {what}");
    let help = format!(
        "Ask somebody listed in `policy.admins` to make this change, or wait for a change by somebody else that {remedy}."
    );
    trip(grant.address.clone(), why, &help)
}

/// A grant to an account of unknown owner. One that the base also asks for was judged when it was new.
fn of_unknown(case: &Case<'_>, grant: &Grant<'_>, author: &Author<'_>) -> Option<Tripped> {
    let account = grant.account.filter(|account| match grant.kind {
        GrantKind::New | GrantKind::Kept(None) => is_of_unknown(case, account, case.rules.base.as_ref()),
        // An end that the base cannot resolve is judged by the accounts that the authors are known to have.
        GrantKind::Drift | GrantKind::Kept(Some(_)) => false,
    })?;
    let why = format!(
        "neither the site nor the base says whose account {account} is: it may be that of {}, who made this change",
        author.email
    );
    let help = "Pin the account to its person under `users:` in a change of its own, which has to be applied first; \
                or ask somebody listed in `policy.admins` to make this change.";
    Some(trip(grant.address.clone(), why, help))
}

/// Whether the site shows no email of an account, and none of some trees ties one to it.
fn is_of_unknown<'a, 'b: 'a>(
    case: &Case<'_>,
    account: &AccountId,
    trees: impl IntoIterator<Item = &'a Rules<'b>>,
) -> bool {
    let shows = |rules: &Rules<'_>| rules.tree.people.shows(account);
    let ties = |rules: &Rules<'_>| rules.tree.desired.declaration.tied().any(|(_, id)| id == account);
    let is_shown = case.context.account(account).is_some_and(|live| live.email.is_some());
    !is_shown && !case.rules.both().any(shows) && !trees.into_iter().any(ties)
}

fn by_unknown(grant: &Grant<'_>, why: String) -> Tripped {
    trip(
        grant.address.clone(),
        why,
        "Name the author by an address that has an account, with `--author`, for `rollbook ci` in ROLLBOOK_AUTHORS; \
         or have the change made by somebody who has one, or apply by hand with `--allow self-grant`.",
    )
}

fn unknown(grant: &Grant<'_>, why: &str) -> Tripped {
    trip(
        grant.address.clone(),
        why.into(),
        "Name every author with `--author` and the last commit that was applied with `--base`; `rollbook ci` does so \
         from ROLLBOOK_AUTHORS. Or apply by hand with `--allow self-grant`.",
    )
}

fn never_applied(case: &Case<'_>, grant: &Grant<'_>) -> Tripped {
    let base = case.context.base.map_or("the base", |base| base.revision.name.as_str());
    let why = format!(
        "{base} asks for it as well, and no apply of {base} is known to have completed: a change that was refused \
         then would pass now"
    );
    trip(
        grant.address.clone(),
        why,
        "Compare with the last commit whose apply completed, with `--base applied`, and name the authors of all changes \
         since, as `rollbook ci apply` does; or apply by hand with `--allow self-grant`.",
    )
}
