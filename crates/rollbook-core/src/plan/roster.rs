//! Who of a site is asked for, and whom of them a tree declares.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, GroupName, Roster, RosterFilter, RosterUser, StatusFilter, UserRef, UserStatus,
};

use super::desired::{Desired, owners};

/// Says of everybody whether a tree names them: by email, by account, or by a pin or lock line of the email.
pub fn declare(roster: &mut Roster, desired: &Desired<'_>) {
    let people = desired.people();
    let locked = desired.declaration.lock.users.iter();
    let locked = locked.filter(|(email, _)| people.contains(&UserRef::Email((*email).clone())));
    let mut known: BTreeSet<AccountId> = locked.map(|(_, locked)| locked.id.clone()).collect();
    known.extend(owners(desired.declaration).into_keys().cloned());
    for RosterUser { account, declared, .. } in &mut roster.users {
        let by_email = account.email.clone().map(UserRef::Email);
        *declared = by_email.is_some_and(|email| people.contains(&email))
            || people.contains(&UserRef::Account(account.id.clone()))
            || known.contains(&account.id);
    }
}

/// The group of a site that a name means: that of exactly the name, else the only one that differs in case alone.
pub fn group_on_site<'a>(roster: &'a Roster, name: &GroupName) -> Option<&'a GroupName> {
    let exact = roster.groups.iter().find(|group| *group == name);
    let mut alike = roster.groups.iter().filter(|group| group.folded() == name.folded());
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none()))
}

/// Leaves those of a roster who are asked for. Those who may be asked for stay, and what is not known is said.
pub fn choose(roster: &mut Roster, filter: &RosterFilter) {
    let RosterFilter { groups, status, outside } = filter;
    let inside = |user: &RosterUser| {
        let email = user.account.email.as_ref();
        email.is_some_and(|email| outside.iter().any(|domain| email.is_at(domain)))
    };
    roster.users.retain(|user| {
        let in_group = groups.is_empty() || user.groups.iter().any(|group| groups.contains(group));
        // An app has no email; of a person without one, nobody knows the domain.
        in_group && (outside.is_empty() || (user.account.kind.is_person() && !inside(user)))
    });
    let unsaid = |user: &&RosterUser| match user.account.status {
        UserStatus::Inactive | UserStatus::Unsaid => true,
        UserStatus::Active
        | UserStatus::Suspended
        | UserStatus::NotInvited
        | UserStatus::Deactivated
        | UserStatus::ForDeletion
        | UserStatus::Closed => false,
    };
    let unsaid = roster.users.iter().filter(unsaid).count();
    let asks_why = matches!(status, StatusFilter::Suspended | StatusFilter::Deactivated);
    if asks_why && unsaid > 0 {
        roster.unknown.push(format!(
            "Accounts that are not active, and of which these credentials are not shown whether they are suspended or \
             deactivated: {unsaid}. They are not listed; `--status inactive` has them."
        ));
    }
    roster.users.retain(|user| status.takes(user.account.status));
    let people = match roster.users.iter().filter(|user| user.account.hides_email()).count() {
        0 => return,
        1 => "1 person".to_owned(),
        hidden => format!("{hidden} people"),
    };
    let may_be = if outside.is_empty() { "" } else { ", so that they may be of any domain" };
    roster
        .unknown
        .push(format!("The emails of {people} among them are not shown to these credentials{may_be}."));
}
