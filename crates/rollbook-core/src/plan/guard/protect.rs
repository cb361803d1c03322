//! `protect`: nothing about these people and groups is ever revoked.

use std::collections::BTreeSet;

use crate::model::{AccountId, Address, Effect, Email, GroupId, GroupName, Guard, PlannedOperation, UserRef};

use super::{Case, Rules, Tripped};
use crate::plan::access::losers;
use crate::plan::base::Kind;
use crate::plan::identity::Marked;

/// Refused when the plan revokes anything from a user, or in a group, that the policy protects, or when the tree lets
/// their access end earlier than its base.
pub(super) fn protect(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let protect = &rules.policy().protect;
    let people: Vec<Protected<'_>> =
        protect.users.iter().map(|user| Protected::person(&user.value, case)).collect();
    let groups: Vec<Protected<'_>> =
        protect.groups.iter().map(|name| Protected::group(&name.value, case)).collect();
    let mut tripped = Vec::new();
    for planned in case.operations.values() {
        let (accounts, ids) = revoked(planned, case);
        if accounts.is_empty() && ids.is_empty() {
            continue;
        }
        let user = planned.key.address.user();
        let person = people
            .iter()
            .find(|it| it.is_one_of(user, &accounts))
            .map(|it| (it, "a user that `protect.users` names"));
        let group = || {
            groups.iter().find(|it| it.holds_any(&ids)).map(|it| (it, "a group that `protect.groups` names"))
        };
        if let Some((protected, what)) = person.or_else(group) {
            tripped.push(trip(
                protected,
                planned.key.address.clone(),
                format!("`{}` revokes something of {what}", planned.key),
            ));
        }
    }
    for earlier in case.differences.iter().filter(|it| matches!(it.kind, Kind::Earlier { .. })) {
        let accounts = earlier.account().into_iter().collect();
        let ids = earlier.group_id().into_iter().collect();
        let person = people.iter().find(|it| it.is_one_of(Some(&earlier.user), &accounts));
        if let Some(protected) = person.or_else(|| groups.iter().find(|it| it.holds_any(&ids))) {
            let why =
                format!("{} would lose {} earlier, and the policy protects it", earlier.user, earlier.group);
            tripped.push(trip(protected, earlier.address(), why));
        }
    }
    let earlier = case.grants.iter().filter(|it| matches!(it.kind, Kind::Earlier { .. }));
    for earlier in earlier {
        let ids = earlier.group_id().into_iter().collect();
        if let Some(protected) = groups.iter().find(|it| it.holds_any(&ids)) {
            let (group, access) = (earlier.group, earlier.access);
            let why = format!("{group} would give {access} for a shorter time, and the policy protects it");
            tripped.push(trip(protected, earlier.address(), why));
        }
    }
    tripped
}

fn trip(protected: &Protected<'_>, address: Address, why: String) -> Tripped {
    Tripped {
        guard: Guard::Protect,
        addresses: vec![address],
        rule: protected.rule.clone(),
        why,
        help: "Remove the protection in a separate change, if that is really intended.".into(),
    }
}

/// A user or group that a policy protects.
struct Protected<'a> {
    rule: String,
    email: Option<&'a Email>,
    accounts: BTreeSet<AccountId>,
    groups: Marked,
}

impl<'a> Protected<'a> {
    fn person(email: &'a Email, case: &Case<'_>) -> Self {
        Self {
            rule: format!("policy.protect.users: {email}"),
            email: Some(email),
            accounts: case.rules.kept(email),
            groups: Marked::default(),
        }
    }

    fn group(name: &GroupName, case: &Case<'_>) -> Self {
        Self {
            rule: format!("policy.protect.groups: {name}"),
            email: None,
            accounts: BTreeSet::new(),
            groups: Marked::of([name], &case.rules.names),
        }
    }

    /// Whether the rule means a user: by account. The name counts only for a user who has no account yet.
    fn is_one_of(&self, user: Option<&UserRef>, accounts: &BTreeSet<&AccountId>) -> bool {
        if !accounts.is_empty() {
            return accounts.iter().any(|account| self.accounts.contains(*account));
        }
        match user {
            Some(UserRef::Email(email)) => Some(email) == self.email,
            Some(UserRef::Account(_)) | None => false,
        }
    }

    fn holds_any(&self, groups: &BTreeSet<&GroupId>) -> bool {
        groups.iter().any(|group| self.groups.holds(group))
    }
}

/// The accounts from which an operation revokes something, and the groups in which it does.
fn revoked<'a>(
    planned: &'a PlannedOperation,
    case: &Case<'a>,
) -> (BTreeSet<&'a AccountId>, BTreeSet<&'a GroupId>) {
    let (mut accounts, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for effect in planned.effects() {
        match effect {
            Effect::Leaves(membership) => {
                accounts.insert(membership.account());
                groups.insert(membership.group());
            }
            Effect::Sleeps(account, kept) => {
                accounts.insert(account);
                groups.extend(kept.iter().map(|kept| kept.membership.group()));
            }
            Effect::Ends(group) => {
                groups.insert(group);
            }
            Effect::Takes(held) => {
                groups.insert(held.group());
                accounts.extend(losers(&planned.key, case.access).filter_map(|it| it.account.as_ref()));
            }
            Effect::Joins(..) | Effect::Wakes(..) | Effect::Gives(..) => {}
        }
    }
    (accounts, groups)
}
