//! Rules that keep access past its end date. Nobody may tighten a rule so that it keeps themselves in.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::civil::Date;

use crate::model::{
    AccountId, Address, GroupId, GroupName, Guard, Listing, Policy, RuleChange, SelfGrant, UserRef,
};

use super::author::Author;
use super::owned::not_owners;
use super::{Case, Rules, Tripped, is_of_unknown};
use crate::plan::desired::DesiredGroup;
use crate::plan::identity::{GroupIdentity, Marked};

/// Refused when an author tightens a rule that would keep their own privileged membership from ending, unless they own
/// the rules in the base. An unknown author may be anybody.
pub(super) fn tripped(case: &Case<'_>, authors: &[Author<'_>]) -> Vec<Tripped> {
    let refuses = |base: &&Rules<'_>| base.policy().self_grant == SelfGrant::Refuse;
    let Some(base) = case.rules.base.as_ref().filter(refuses) else { return Vec::new() };
    let others = not_owners(base, authors);
    if others.is_empty() && !authors.is_empty() {
        return Vec::new();
    }
    let ending = ending(case, base, &others);
    if ending.is_empty() {
        return Vec::new();
    }
    let who = others.first().map_or("nobody knows who", |author| author.email.as_str());
    let held = case.changed_rules.iter().filter(|change| holds(case, base, change, &ending));
    let tripped = held.map(|change| Tripped {
        guard: Guard::SelfGrant,
        addresses: Vec::new(),
        rule: String::new(),
        why: format!(
            "{who} made this change, which tightens `{}`, and may stay in a privileged group because of it, past an \
             end date in the base",
            change.rule
        ),
        help: "Ask somebody listed in `policy.admins` of the base to make that change separately, or apply by hand \
               with `--allow self-grant`."
            .into(),
    });
    tripped.collect()
}

/// The privileged groups in which the base ends the membership of somebody who is, or may be, an author.
fn ending<'a>(case: &'a Case<'_>, base: &'a Rules<'_>, authors: &[&Author<'_>]) -> BTreeSet<&'a GroupId> {
    let unknown = authors.is_empty() || authors.iter().any(|author| !author.known);
    let is_author = |account: &AccountId| authors.iter().any(|author| author.accounts.contains(account));
    let may_be = |user: &UserRef, (group, members): (&DesiredGroup<'_>, Option<&Listing<AccountId>>)| {
        match (base.tree.account(user), user) {
            _ if unknown => true,
            (Some(account), _) => is_author(account) || is_of_unknown(case, account, [base]),
            // It may mean each member that the base does not name there.
            (None, UserRef::Email(email)) => {
                let mut members = members.into_iter().flatten();
                authors.iter().any(|author| author.email.is_same_mailbox(email))
                    || members.any(|id| base.tree.entry_of(group, id).is_none() && is_author(id))
            }
            (None, UserRef::Account(_)) => false,
        }
    };
    let desired = base.tree.desired.groups.iter();
    let ending = desired.filter_map(|(name, group)| {
        let GroupIdentity::Live(live) = base.tree.groups.get(name) else { return None };
        let members = case.context.live.members.get(&live.id);
        // A known person who is not in the group has no membership that could end.
        let is_in = |user: &&UserRef| {
            let account = base.tree.account(user);
            account.is_none_or(|id| members.is_none_or(|members| members.contains(id)))
        };
        let ends = group.members.iter().filter(|(_, entry)| entry.until.is_some()).map(|(user, _)| user);
        let ends = ends.chain(group.denied.keys()).filter(is_in).any(|user| may_be(user, (group, members)));
        (ends && case.rules.privileged.may_hold(&live.id)).then_some(&live.id)
    });
    // The end of a person applies to each group that they are in.
    let users = base.tree.desired.declaration.users.keys().cloned().map(UserRef::Email);
    let leaving = users.filter(|user| base.tree.desired.ends_person(user));
    let accounts = leaving.filter_map(|user| base.tree.account(&user));
    let leaving: Vec<&AccountId> = accounts.filter(|id| unknown || is_author(id)).collect();
    let groups = case.context.live.groups.iter().map(|group| &group.id).filter(|id| {
        // The members of a group that was not read are unknown.
        let members = case.context.live.members.get(*id);
        case.rules.privileged.may_hold(id)
            && leaving.iter().any(|account| members.is_none_or(|members| members.contains(account)))
    });
    ending.chain(groups).collect()
}

/// Whether a change of a rule may keep somebody in a group whose membership should end.
fn holds(case: &Case<'_>, base: &Rules<'_>, change: &RuleChange, ending: &BTreeSet<&GroupId>) -> bool {
    let (before, now): (&Policy, &Policy) = (base.policy(), case.rules.head.policy());
    let names = |name: &str| {
        let marked = Marked::of([&GroupName::new(name)], &case.rules.names);
        ending.iter().any(|group| marked.holds(group))
    };
    let rule = change.rule.as_str();
    if let Some(name) = rule.strip_prefix("policy.protect.groups: ") {
        return change.head.is_some() && names(name);
    }
    if let Some(name) = rule.strip_prefix("policy.keep-at-least.") {
        let floor = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u32>().ok());
        return floor(&change.head) > floor(&change.base) && names(name);
    }
    let total = |policy: &Policy| policy.max_revokes.and_then(|most| most.total);
    let group = |policy: &Policy| policy.max_revokes.and_then(|most| most.group);
    match rule {
        "policy.max-revokes.total" => is_lower(total(before), total(now)),
        "policy.max-revokes.group" => {
            is_lower(group(before).map(|it| it.count), group(now).map(|it| it.count))
                || is_lower(group(before).map(|it| it.percent), group(now).map(|it| it.percent))
        }
        rule => {
            let guards = ["max-revokes", "keep-at-least", "protect"];
            let waived = guards.iter().find_map(|guard| rule.strip_prefix(&format!("waive {guard} for ")));
            // A rule that names a group concerns only its members.
            let group =
                |address: &str| Address::from_str(address).ok().and_then(|address| address.group().cloned());
            let is_about = |address: &str| group(address).is_none_or(|name| names(name.as_str()));
            waived.is_some_and(is_about) && is_taken_back(change, case.context.tree.desired.today)
        }
    }
}

/// Whether a waiver in force is removed, or ends earlier. Its text is its date, if it has one.
fn is_taken_back(change: &RuleChange, today: Date) -> bool {
    let day = |text: &Option<String>| -> Option<Date> {
        let until = text.as_deref().and_then(|text| text.split_once("until "));
        until.and_then(|(_, day)| day.get(..10)?.parse().ok())
    };
    let (before, now) = (day(&change.base), day(&change.head));
    if before.is_some_and(|day| day <= today) {
        return false;
    }
    match (&change.base, &change.head) {
        (Some(_), None) => true,
        (Some(_), Some(_)) => match (before, now) {
            (Some(before), Some(now)) => now < before,
            (None, Some(_)) => true,
            (_, None) => false,
        },
        (None, _) => false,
    }
}

/// Whether a bound is lower than before; a missing bound counts as the highest.
fn is_lower<Bound: PartialOrd>(before: Option<Bound>, now: Option<Bound>) -> bool {
    match (before, now) {
        (None, Some(_)) => true,
        (Some(before), Some(now)) => now < before,
        (_, None) => false,
    }
}
