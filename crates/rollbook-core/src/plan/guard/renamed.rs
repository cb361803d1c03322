//! Rules whose names mean less than before. A rule is written with names, and a change of a pin, a key or a line of the lock
//! can exclude a group or a person from it without any change of the rule.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, Address, Email, GroupId, GroupName, GroupRule, Guard, LiveAccount, Policy, UserRef,
};

use super::{Case, Rules, Tripped};
use crate::plan::identity::GroupNames;

/// Refused when a name in a rule of both trees means a group or an account in the base, but not in the tree.
pub(super) fn tripped(case: &Case<'_>) -> Vec<Tripped> {
    // A run that makes no change of the tree judges none: the base's meaning counts there, too.
    let Some(base) = case.rules.base.as_ref().filter(|_| !case.context.scope.is_by_time()) else {
        return Vec::new();
    };
    if case.context.undoes {
        return Vec::new();
    }
    let mut tripped = groups(case, base);
    tripped.extend(people(case, base));
    tripped
}

fn groups(case: &Case<'_>, base: &Rules<'_>) -> Vec<Tripped> {
    let live = &case.context.live.groups;
    let meaning = |rules: &Rules<'_>| GroupNames::of([rules.tree.desired.declaration], live);
    let (before, now) = (meaning(base), meaning(&case.rules.head));
    let (policy, changed) = (base.policy(), case.rules.head.policy());
    let named: BTreeSet<(GroupRule, &GroupName)> =
        changed.named_groups().map(|(rule, name, _)| (rule, name)).collect();
    let both = policy.named_groups().filter(|(rule, name, _)| named.contains(&(*rule, *name)));
    let mut tripped = Vec::new();
    for (rule, name, _) in both {
        let is_held = |group: &GroupId| {
            let means = |other: &GroupName| now.ids(other).any(|id| id == group);
            means(name) || is_held_by_name(rule, name, (policy, changed), means)
        };
        for lost in before.ids(name).filter(|id| !is_held(id)) {
            let group = case.context.name_of(lost, name);
            tripped.push(Tripped {
                guard: guard_of(rule),
                addresses: vec![Address::Group(group.clone())],
                rule: String::new(),
                why: format!(
                    "`policy.{rule}` names {name}, which means group {lost} in the base, but not after this change: \
                     the rule would no longer cover {group}"
                ),
                help: help(rule, &group),
            });
        }
    }
    tripped
}

/// Whether a rule of the change protects a group under another name as firmly as the base's rule did.
fn is_held_by_name(
    rule: GroupRule,
    name: &GroupName,
    (before, now): (&Policy, &Policy),
    means: impl Fn(&GroupName) -> bool,
) -> bool {
    match rule {
        GroupRule::Protect => now.protect.groups.iter().any(|it| means(&it.value)),
        GroupRule::Privileged => now.privileged.iter().any(|it| means(&it.value)),
        GroupRule::KeepAtLeast => {
            let floor = before.keep_at_least.get(name).map(|floor| floor.value);
            now.keep_at_least.iter().any(|(it, kept)| Some(kept.value) >= floor && means(it))
        }
        GroupRule::Exclusive => {
            let lists = before.exclusive.iter().map(|list| &list.value);
            let mut lists = lists.filter(|list| list.iter().any(|it| it.value == *name));
            lists.all(|list| {
                let others = || list.iter().filter(|it| it.value != *name);
                now.exclusive.iter().any(|it| {
                    it.value.iter().any(|it| means(&it.value))
                        && others().all(|other| it.value.contains(other))
                })
            })
        }
    }
}

fn people(case: &Case<'_>, base: &Rules<'_>) -> Vec<Tripped> {
    let head = &case.rules.head;
    let users = |rules: &Rules<'_>| -> BTreeSet<Email> {
        rules.policy().protect.users.iter().map(|user| user.value.clone()).collect()
    };
    let mut tripped = Vec::new();
    let protected = users(head);
    // Also people that the change protects by another email.
    let kept: BTreeSet<AccountId> = protected.iter().flat_map(|email| head.accounts(email)).collect();
    // A removed account, such as the old one of a person who has a new one, has nothing left to protect.
    let is_active = |id: &&AccountId| case.context.account(id).is_some_and(LiveAccount::active);
    for email in users(base).intersection(&protected) {
        for lost in base.accounts(email).difference(&kept).filter(is_active) {
            tripped.push(Tripped {
                guard: Guard::Protect,
                addresses: vec![Address::User(UserRef::Email(email.clone()))],
                rule: String::new(),
                why: format!(
                    "`policy.protect.users` names {email}, which means account {lost} in the base, but not after \
                     this change: the rule would no longer cover them"
                ),
                help: "Name the person in the policy as the tree does now, in the same change.".into(),
            });
        }
    }
    tripped
}

/// How to make a rule follow its group, for those who may.
fn help(rule: GroupRule, group: &GroupName) -> String {
    let help =
        format!("Name the group in `policy.{rule}` as the tree does now, {group}, in the same change.");
    match rule {
        GroupRule::Privileged => {
            format!("{help} Somebody listed in `policy.admins` of the base has to make it.")
        }
        GroupRule::Protect | GroupRule::KeepAtLeast | GroupRule::Exclusive => help,
    }
}

/// The guard that a rule belongs to.
fn guard_of(rule: GroupRule) -> Guard {
    match rule {
        GroupRule::Protect => Guard::Protect,
        GroupRule::Privileged => Guard::SelfGrant,
        GroupRule::KeepAtLeast => Guard::KeepAtLeast,
        GroupRule::Exclusive => Guard::Exclusive,
    }
}
