//! Selects the people of a site that a report asks for, and marks those that a tree declares.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, App, Grants, GroupId, GroupName, PersonRole, Reading, ReportedApp, ReportedUser, Role,
    RoleMethods, Seats, SiteApp, StatusFilter, UserFilter, UserRef, UserReport, UserStatus,
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

/// What was read of roles in apps.
#[derive(Clone, Debug, Default)]
pub struct RoleFacts {
    /// The apps of the site.
    pub apps: BTreeMap<App, SiteApp>,
    /// How many more people may have an app, where Jira told.
    pub seats: BTreeMap<App, Seats>,
    /// What groups give; of those that are not among them, nobody knows.
    pub grants: Grants,
    /// All roles of each person who was asked about by themselves.
    pub people: BTreeMap<AccountId, BTreeMap<Access, RoleMethods>>,
}

/// How the roles are found that people hold directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectReads {
    /// Each person is asked about.
    People,
    /// A search for each role in each app; whom none of their groups gives it is asked about. Who has a role by a group and
    /// holds it directly as well is not told apart.
    Searches,
}

/// The way with the fewer requests.
pub fn direct_reads(people: usize, apps: usize) -> DirectReads {
    if people <= apps * Role::SEARCHED.len() { DirectReads::People } else { DirectReads::Searches }
}

/// Tells everybody's roles, by which groups they have them and whether directly. `groups` are those of the site.
pub fn tell_roles(user_report: &mut UserReport, groups: &BTreeMap<GroupName, GroupId>, facts: &RoleFacts) {
    for user in &mut user_report.users {
        user.roles = roles_of(&user.account.id, &user.groups, groups, facts);
    }
    let taken = |app: &App| {
        let takes = |user: &&ReportedUser| {
            let seat = |role: &PersonRole| role.access.app == *app && role.access.role.takes_a_seat();
            user.account.active() && user.account.kind.is_person() && user.roles.iter().any(seat)
        };
        user_report.users.iter().filter(takes).count()
    };
    let reported = |(app, site): (&App, &SiteApp)| {
        let taken = taken(app);
        let by_capacity =
            || site.capacity.map_or(Seats::NotReported, |most| Seats::Left(most.saturating_sub(taken)));
        let told = facts.seats.get(app).copied().filter(|seats| *seats != Seats::NotReported);
        ReportedApp { app: app.clone(), taken, seats: told.unwrap_or_else(by_capacity) }
    };
    user_report.apps = Reading::Read(facts.apps.iter().map(reported).collect());
    let hidden: Vec<&str> = groups
        .iter()
        .filter(|(_, id)| !facts.grants.of.contains_key(*id))
        .map(|(name, _)| name.as_str())
        .collect();
    if !hidden.is_empty() {
        user_report.unknown.push(format!(
            "What these groups give was not read, since the organization does not show them: {}.",
            hidden.join(", ")
        ));
    }
}

/// What is not known, or not managed, of the roles of those who are asked for.
fn said_of_roles(users: &[ReportedUser]) -> Vec<String> {
    let any = |is: &dyn Fn(&ReportedUser, &PersonRole) -> bool| {
        users.iter().any(|user| user.roles.iter().any(|role| is(user, role)))
    };
    let unasked = |role: &PersonRole| role.direct == Reading::NotRead;
    let said = [
        (
            any(&|_, role| role.direct == Reading::Read(true)),
            "What somebody has directly, not by a group, is beyond what a tree manages: it is given and taken at \
             admin.atlassian.com.",
        ),
        (
            any(&|user, role| unasked(role) && user.account.kind.is_person()),
            "Whether somebody to whom a group gives a role also holds it directly was not asked.",
        ),
        (
            any(&|user, role| unasked(role) && !user.account.kind.is_person()),
            "Roles that apps and service accounts hold directly are not shown by the organization.",
        ),
    ];
    said.into_iter().filter(|(is, _)| *is).map(|(_, sentence)| sentence.to_owned()).collect()
}

/// The roles of an account that is in some groups.
pub fn roles_of(
    account: &AccountId,
    own: &[GroupName],
    groups: &BTreeMap<GroupName, GroupId>,
    facts: &RoleFacts,
) -> Vec<PersonRole> {
    let mut roles: BTreeMap<Access, PersonRole> = BTreeMap::new();
    let role = |access: &Access| PersonRole {
        access: access.clone(),
        groups: Vec::new(),
        by_hidden_group: false,
        direct: Reading::NotRead,
        inferred: false,
    };
    for (name, id) in own.iter().filter_map(|name| Some((name, groups.get(name)?))) {
        let others = facts.grants.undeclarable.get(id).into_iter().flatten();
        let others = others.filter_map(|it| Some(Access { app: it.app.clone()?, role: it.role.clone() }));
        for access in facts.grants.of.get(id).into_iter().flatten().cloned().chain(others) {
            roles.entry(access.clone()).or_insert_with(|| role(&access)).groups.push(name.clone());
        }
    }
    let asked = facts.people.get(account);
    for (access, methods) in asked.into_iter().flatten() {
        let held = roles.entry(access.clone()).or_insert_with(|| role(access));
        held.by_hidden_group = methods.by_group && held.groups.is_empty();
        held.direct = methods.direct.clone();
        held.inferred = methods.inferred;
    }
    if asked.is_some() {
        // What a group gives and the person does not show comes with the next read; directly, they do not hold it.
        let shown = |access: &Access| asked.is_some_and(|asked| asked.contains_key(access));
        roles
            .values_mut()
            .filter(|held| !shown(&held.access))
            .for_each(|it| it.direct = Reading::Read(false));
    }
    roles.into_values().collect()
}

/// The group of a site that a name means: that of exactly the name, else the only one that differs in case alone.
pub fn group_on_site<'a>(user_report: &'a UserReport, name: &GroupName) -> Option<&'a GroupName> {
    let exact = user_report.groups.iter().find(|group| *group == name);
    let mut alike = user_report.groups.iter().filter(|group| group.folded() == name.folded());
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none()))
}

/// Keeps the people of a roster who match. People who may match stay, and missing facts are reported.
pub fn choose(user_report: &mut UserReport, filter: &UserFilter) {
    let UserFilter { groups, status, outside, apps, undeclared } = filter;
    let inside = |user: &ReportedUser| {
        let email = user.account.email.as_ref();
        email.is_some_and(|email| outside.iter().any(|domain| email.is_at(domain)))
    };
    user_report.users.retain(|user| {
        let in_group = groups.is_empty() || user.groups.iter().any(|group| groups.contains(group));
        let has_app = apps.is_empty() || user.roles.iter().any(|role| apps.contains(&role.access.app));
        if !has_app || (*undeclared && user.declared) {
            return false;
        }
        // An app has no email; of a person without one, nobody knows the domain.
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
    user_report.unknown.extend(said_of_roles(&user_report.users));
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
