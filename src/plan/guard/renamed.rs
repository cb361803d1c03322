//! Rules whose names mean less than they did. A rule is written with names, and a change of a pin, a key or a line of the lock
//! can take a group or a person out of it without a word about the rule.

use std::collections::BTreeSet;

use crate::model::{AccountId, Address, Email, GroupId, GroupName, Guard, UserRef};

use super::{Case, Rules, Tripped};
use crate::plan::identity::GroupNames;

/// Refused when a name that a rule of both trees holds means a group or an account by the base, and not by the tree.
pub(super) fn tripped(case: &Case<'_>) -> Vec<Tripped> {
    // A run that makes no change judges none: the base's meaning counts there, too.
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
    let held: BTreeSet<(&str, &GroupName)> =
        case.rules.head.policy().named_groups().map(|(rule, name, _)| (rule, name)).collect();
    let both = base.policy().named_groups().filter(|(rule, name, _)| held.contains(&(*rule, *name)));
    let mut tripped = Vec::new();
    for (rule, name, _) in both {
        let kept: BTreeSet<&GroupId> = now.ids(name).collect();
        for lost in before.ids(name).filter(|id| !kept.contains(id)) {
            let group = case.context.name_of(lost, name);
            tripped.push(Tripped {
                guard: guard_of(rule),
                addresses: vec![Address::Group(group.clone())],
                rule: String::new(),
                why: format!(
                    "`policy.{rule}` names {name}, which is group {lost} by the base, and by this change is not any more: \
                     the rule would let go of {group}"
                ),
                help: help(rule, &group),
            });
        }
    }
    tripped
}

fn people(case: &Case<'_>, base: &Rules<'_>) -> Vec<Tripped> {
    let head = &case.rules.head;
    let users = |rules: &Rules<'_>| -> BTreeSet<Email> {
        rules.policy().protect.users.iter().map(|user| user.value.clone()).collect()
    };
    let mut tripped = Vec::new();
    for email in users(base).intersection(&users(head)) {
        let kept: BTreeSet<AccountId> = head.accounts(email);
        for lost in base.accounts(email).difference(&kept) {
            tripped.push(Tripped {
                guard: Guard::Protect,
                addresses: vec![Address::User(UserRef::Email(email.clone()))],
                rule: String::new(),
                why: format!(
                    "`policy.protect.users` names {email}, which is account {lost} by the base, and by this change is \
                     not any more: the rule would let go of them"
                ),
                help: "Name the person in the policy as the tree does now, in the same change.".into(),
            });
        }
    }
    tripped
}

/// What to do so that a rule goes with its group, for those who may.
fn help(rule: &str, group: &GroupName) -> String {
    if guard_of(rule) == Guard::SelfGrant {
        format!(
            "Name the group in `policy.{rule}` as the tree does now, {group}, in the same change. One whom `policy.admins` \
             of the base names has to make it."
        )
    } else {
        format!("Name the group in `policy.{rule}` as the tree does now, {group}, in the same change.")
    }
}

/// The guard that a rule of the policy belongs to.
fn guard_of(rule: &str) -> Guard {
    match rule {
        "keep-at-least" => Guard::KeepAtLeast,
        "exclusive" => Guard::Exclusive,
        "privileged" => Guard::SelfGrant,
        _ => Guard::Protect,
    }
}
