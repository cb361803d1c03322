//! Selects the people of a site that a report asks for, and marks those that a tree declares.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, GroupName, ReportedUser, StatusFilter, UserFilter, UserRef, UserReport, UserStatus,
};

use super::desired::{Desired, owners};

/// Marks everybody that a tree names: by email, by account, or by a pin or lock line of the email.
pub fn declare(user_report: &mut UserReport, desired: &Desired<'_>) {
    let people = desired.people();
    let locked = desired.declaration.lock.users.iter();
    let locked = locked.filter(|(email, _)| people.contains(&UserRef::Email((*email).clone())));
    let mut known: BTreeSet<AccountId> = locked.map(|(_, locked)| locked.id.clone()).collect();
    known.extend(owners(desired.declaration).into_keys().cloned());
    for ReportedUser { account, declared, .. } in &mut user_report.users {
        let by_email = account.email.clone().map(UserRef::Email);
        *declared = by_email.is_some_and(|email| people.contains(&email))
            || people.contains(&UserRef::Account(account.id.clone()))
            || known.contains(&account.id);
    }
}

/// The group of a site that a name means: the exact name, otherwise the only one that differs only in case.
pub fn group_on_site<'a>(user_report: &'a UserReport, name: &GroupName) -> Option<&'a GroupName> {
    let exact = user_report.groups.iter().find(|group| *group == name);
    let mut alike = user_report.groups.iter().filter(|group| group.folded() == name.folded());
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none()))
}

/// Keeps the people of a roster who match. People who may match stay, and missing facts are reported.
pub fn choose(user_report: &mut UserReport, filter: &UserFilter) {
    let UserFilter { groups, status, outside } = filter;
    let inside = |user: &ReportedUser| {
        let email = user.account.email.as_ref();
        email.is_some_and(|email| outside.iter().any(|domain| email.is_at(domain)))
    };
    user_report.users.retain(|user| {
        let in_group = groups.is_empty() || user.groups.iter().any(|group| groups.contains(group));
        // An app has no email; the domain of a person without one is unknown.
        in_group && (outside.is_empty() || (user.account.kind.is_person() && !inside(user)))
    });
    let unsaid = |user: &&ReportedUser| match user.account.status {
        UserStatus::Inactive | UserStatus::NotReported => true,
        UserStatus::Active
        | UserStatus::Suspended
        | UserStatus::NotInvited
        | UserStatus::Deactivated
        | UserStatus::ForDeletion
        | UserStatus::Closed => false,
    };
    let unsaid = user_report.users.iter().filter(unsaid).count();
    let asks_why = matches!(status, StatusFilter::Suspended | StatusFilter::Deactivated);
    if asks_why && unsaid > 0 {
        user_report.unknown.push(format!(
            "Inactive accounts that these credentials do not show to be suspended or deactivated: {unsaid}. They are \
             not listed; `--status inactive` has them."
        ));
    }
    user_report.users.retain(|user| status.takes(user.account.status));
    let people = match user_report.users.iter().filter(|user| user.account.hides_email()).count() {
        0 => return,
        1 => "1 person".to_owned(),
        hidden => format!("{hidden} people"),
    };
    let may_be = if outside.is_empty() { "" } else { ", so they may be of any domain" };
    user_report
        .unknown
        .push(format!("The emails of {people} among them are not shown to these credentials{may_be}."));
}
