//! `self-grant`: the author of a change may not let themselves into a privileged group.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, Address, Direction, Drift, Email, Guard, PlannedOperation, Ruling, SelfGrant, UserRef, Verdict,
};

use super::after::Who;
use super::declared::{Declared, newly_declared};
use super::{Case, Rules, Tripped};
use crate::plan::marked::Marked;
use crate::plan::resolve::Identity;

/// The author of a change, by every name that is known.
struct Author<'a> {
    email: &'a Email,
    accounts: BTreeSet<&'a AccountId>,
}

/// Refused when the author of the change comes into a privileged group by an operation that the base would not need,
/// or is newly declared in one: access that was taken by hand first is not theirs to declare. Without a base or an
/// author, whoever comes into a privileged group may be the author.
pub(super) fn self_grant(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    if rules.desired.declaration.policy.self_grant == SelfGrant::Allow {
        return Vec::new();
    }
    let privileged = privileged(case, rules);
    let grants = grants(case, &privileged);
    let (Some(_), Some(author)) = (case.context.base, case.context.author) else {
        return grants.into_iter().map(|planned| unknown(planned.key.address.clone())).collect();
    };
    let author = Author::of(author, case);
    let by_operation = grants.into_iter().filter_map(|planned| {
        let account = planned.operation.account();
        let user = planned.key.address.user()?;
        author.may_be(case, user, account).then(|| planned.key.address.clone())
    });
    let is_privileged = |it: &Declared<'_>| match it.id {
        Some(id) => privileged.holds(id),
        None => privileged.names(it.group),
    };
    let by_declaration = newly_declared(case).into_iter().filter(is_privileged).filter_map(|it| {
        let account = match it.who {
            Who::Account(id) => Some(id),
            Who::Invited(_) => None,
        };
        let address = Address::Member(it.group.clone(), it.user.clone());
        author.may_be(case, it.user, account).then_some(address)
    });
    let addresses: BTreeSet<Address> = by_operation.chain(by_declaration).collect();
    addresses.into_iter().map(|address| by_themselves(&author, address)).collect()
}

/// Says so where the tree asks for the guard and nothing was there to judge by, nor to refuse.
pub(super) fn unjudged(case: &Case<'_>, rules: &Rules<'_>) -> Option<Verdict> {
    let asked = rules.desired.declaration.policy.self_grant == SelfGrant::Refuse;
    let known = case.context.base.is_some() && case.context.author.is_some();
    if !asked || known || !grants(case, &privileged(case, rules)).is_empty() {
        return None;
    }
    Some(Verdict {
        guard: Guard::SelfGrant,
        ruling: Ruling::NotJudged,
        addresses: Vec::new(),
        why: "it is judged by the base and the author of a change, and nobody named them".into(),
        help: "Name them with `--base` and `--author`.".into(),
    })
}

fn privileged(case: &Case<'_>, rules: &Rules<'_>) -> Marked {
    Marked::privileged(&rules.desired.declaration.policy, rules.groups, case.context.live)
}

/// The operations by which somebody comes into a privileged group, or back to one. What the base would need as well is
/// not this change's doing.
fn grants<'a>(case: &Case<'a>, privileged: &Marked) -> Vec<&'a PlannedOperation> {
    let operations = case.operations.values();
    let new = operations.filter(|planned| {
        planned.drift != Drift::Yes
            && planned.operation.direction() == Direction::Grant
            && planned.key.address.user().is_some()
    });
    new.filter(|planned| privileged.touched_by(&planned.key, &planned.operation)).collect()
}

impl<'a> Author<'a> {
    fn of(email: &'a Email, case: &Case<'a>) -> Self {
        let live = case.context.live;
        let shown = live.accounts.values().filter(|account| account.email.as_ref() == Some(email));
        let declared = match case.people.person(&UserRef::Email(email.clone())) {
            Identity::Account(id) => Some(id),
            Identity::Missing | Identity::Unresolved(_) => None,
        };
        Self { email, accounts: shown.map(|account| &account.id).chain(declared).collect() }
    }

    /// Whether somebody is the author. While the author's account is not known, it may be any that shows no e-mail
    /// and that the tree does not name by one.
    fn may_be(&self, case: &Case<'_>, user: &UserRef, account: Option<&AccountId>) -> bool {
        match (user, account) {
            (UserRef::Email(email), _) if email == self.email => true,
            (_, Some(account)) if !self.accounts.is_empty() => self.accounts.contains(account),
            (UserRef::Email(_), _) => false,
            (UserRef::Account(_), account) => {
                let shown = account.and_then(|id| case.context.live.accounts.get(id)?.email.as_ref());
                shown.is_none()
            }
        }
    }
}

fn by_themselves(author: &Author<'_>, address: Address) -> Tripped {
    let why = match (address.user(), address.group()) {
        (Some(UserRef::Email(email)), Some(group)) if email == author.email => {
            format!("{email}, who made this change, would grant themselves the privileged group {group}")
        }
        (Some(user), _) => format!("{user} may be {}, who made this change", author.email),
        (None, _) => format!("{} made this change", author.email),
    };
    Tripped {
        guard: Guard::SelfGrant,
        addresses: vec![address],
        why,
        help: "Let somebody else make the change, or waive `self-grant` for this membership in a change of \
               somebody else's."
            .into(),
    }
}

fn unknown(address: Address) -> Tripped {
    Tripped {
        guard: Guard::SelfGrant,
        addresses: vec![address],
        why: "it grants a privileged group, and nothing says who made the change and what it is to be compared with"
            .into(),
        help: "Name the author with `--author` and the commit before the change with `--base`, as CI does; or allow \
               this run with `--allow self-grant`."
            .into(),
    }
}
