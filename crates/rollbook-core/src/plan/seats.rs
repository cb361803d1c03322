//! The effect of a plan on the seats of apps, as far as the groups that give them were read.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    self, Access, AccountId, AccountKind, AppRole, Effect, Key, Note, Operation, PlannedOperation, Reading,
    Ref, SeatChange, TargetGroup, UserRef,
};

use super::context::Context;

/// The seats of one app under a plan.
pub(super) struct Seats {
    /// The change that a plan shows.
    pub(super) change: SeatChange,
    /// The seats that are left before the plan.
    before: usize,
    /// The operations that take a seat.
    pub(super) taken_by: Vec<Key>,
    /// The operations that free one.
    pub(super) freed_by: Vec<Key>,
}

impl Seats {
    /// Whether the additions by themselves would need more seats than there are.
    pub(super) fn is_tight(&self) -> bool {
        self.change.gains > self.before
    }
}

/// A note if seats are missing after the whole plan.
pub(super) fn shortage(seats: &Seats) -> Option<Note> {
    let SeatChange { app, gains, loses, left, exact } = &seats.change;
    let most = if *exact { "" } else { "up to " };
    (*left < 0).then(|| Note::new(
        "seats-short",
        format!(
            "{app} has {} seats left; the plan takes {most}{gains} and frees {most}{loses}, so {most}{} are missing",
            seats.before,
            left.unsigned_abs()
        ),
        None,
    ))
}

/// Somebody who may have a seat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Person<'a> {
    Account(&'a AccountId),
    Invited(&'a UserRef),
}

/// The seats of every app whose seats are limited and that the plan touches.
pub(super) fn changes(operations: &BTreeMap<Key, PlannedOperation>, context: &Context<'_>) -> Vec<Seats> {
    let Reading::Read(roles) = &context.capabilities.app_roles else { return Vec::new() };
    let mut seats: Vec<Seats> = roles.iter().filter_map(|role| change(role, operations, context)).collect();
    seats.sort_by(|a, b| a.change.app.cmp(&b.change.app));
    seats
}

fn change(
    role: &AppRole,
    operations: &BTreeMap<Key, PlannedOperation>,
    context: &Context<'_>,
) -> Option<Seats> {
    let before = match role.seats {
        model::Seats::Left(left) => left,
        model::Seats::Unlimited | model::Seats::NotReported => return None,
    };
    let mut holders = Holders::of(role, operations, context);
    let had = holders.seated();
    let (mut taken_by, mut freed_by) = (Vec::new(), Vec::new());
    for (key, planned) in operations {
        match holders.after(key, &planned.operation, role) {
            Some(true) => taken_by.push(key.clone()),
            Some(false) => freed_by.push(key.clone()),
            None => {}
        }
    }
    let has = holders.seated();
    let (gains, loses) = (has.difference(&had).count(), had.difference(&has).count());
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let left = count(before) - count(gains) + count(loses);
    let exact = role.groups.iter().all(|group| context.live.members.contains_key(group));
    let change = SeatChange { app: role.app.clone(), gains, loses, left, exact };
    (gains + loses > 0).then_some(Seats { change, before, taken_by, freed_by })
}

/// The people in the groups that give an app or will give it, and those of them without access.
struct Holders<'a> {
    /// The groups that give the app, or will give it.
    groups: BTreeSet<TargetGroup<'a>>,
    /// Those that already give it.
    giving: BTreeSet<TargetGroup<'a>>,
    members: BTreeMap<Person<'a>, BTreeSet<TargetGroup<'a>>>,
    inactive: BTreeSet<&'a AccountId>,
}

impl<'a> Holders<'a> {
    fn of(
        role: &'a AppRole,
        operations: &'a BTreeMap<Key, PlannedOperation>,
        context: &'a Context<'_>,
    ) -> Self {
        let accounts = &context.live.accounts;
        let giving: BTreeSet<TargetGroup<'_>> = role.groups.iter().map(TargetGroup::Group).collect();
        let mut groups = giving.clone();
        groups.extend(operations.values().flat_map(PlannedOperation::effects).filter_map(
            |effect| match effect {
                Effect::Gives(place, access) => takes_a_seat(access, role).then_some(place),
                Effect::Joins(..)
                | Effect::Leaves(_)
                | Effect::Wakes(..)
                | Effect::Sleeps(..)
                | Effect::Ends(_)
                | Effect::Takes(_) => None,
            },
        ));
        let mut members: BTreeMap<Person<'_>, BTreeSet<TargetGroup<'_>>> = BTreeMap::new();
        for place in &groups {
            let TargetGroup::Group(group) = place else { continue };
            for account in context.live.members.get(*group).into_iter().flatten() {
                members.entry(Person::Account(account)).or_default().insert(*place);
            }
        }
        // Apps and customers take no seat.
        let seatless = |kind| matches!(kind, AccountKind::App | AccountKind::Customer);
        members.retain(|person, _| match person {
            Person::Account(id) => accounts.get(*id).is_none_or(|account| !seatless(account.kind)),
            Person::Invited(_) => true,
        });
        let inactive = accounts.iter().filter(|(_, account)| !account.active()).map(|(id, _)| id).collect();
        Self { groups, giving, members, inactive }
    }

    fn seated(&self) -> BTreeSet<Person<'a>> {
        let seated = self.members.iter().filter(|(person, groups)| {
            let active = match person {
                Person::Account(id) => !self.inactive.contains(id),
                Person::Invited(_) => true,
            };
            active && !groups.is_disjoint(&self.giving)
        });
        seated.map(|(person, _)| person.clone()).collect()
    }

    /// Applies an operation: it may take a seat, or free one.
    fn after(&mut self, key: &'a Key, operation: &'a Operation, role: &'a AppRole) -> Option<bool> {
        match operation {
            Operation::AddMember { group, account } => {
                let place = match group {
                    Ref::Known(id) => TargetGroup::Group(id),
                    Ref::Made(_) => TargetGroup::Made(key.address.group()?),
                };
                let place = self.groups.get(&place).copied()?;
                let person = match account {
                    Ref::Known(id) => Person::Account(id),
                    Ref::Made(_) => Person::Invited(key.address.user()?),
                };
                self.members.entry(person).or_default().insert(place);
                Some(true)
            }
            Operation::AssignRole { group, access } if takes_a_seat(access, role) => {
                self.giving.insert(match group {
                    Ref::Known(id) => TargetGroup::Group(id),
                    Ref::Made(_) => TargetGroup::Made(key.address.group()?),
                });
                Some(true)
            }
            Operation::RevokeRole { held } if takes_a_seat(held.access(), role) => {
                self.giving.remove(&TargetGroup::Group(held.group())).then_some(false)
            }
            Operation::InviteUser { apps, .. } if apps.contains(&role.app) => {
                let group = role.default_groups.iter().chain(&role.groups).next()?;
                let person = Person::Invited(key.address.user()?);
                self.members.entry(person).or_default().insert(TargetGroup::Group(group));
                Some(true)
            }
            Operation::ActivateUser { account, memberships, .. } => {
                self.inactive.remove(account);
                let given = memberships.iter().map(|kept| TargetGroup::Group(kept.membership.group()));
                let given: BTreeSet<TargetGroup<'_>> =
                    given.filter(|group| self.groups.contains(group)).collect();
                let takes = !given.is_empty();
                self.members.entry(Person::Account(account)).or_default().extend(given);
                takes.then_some(true)
            }
            Operation::RemoveMember { membership } => {
                let groups = self.members.get_mut(&Person::Account(membership.account()));
                let place = TargetGroup::Group(membership.group());
                groups.is_some_and(|groups| groups.remove(&place)).then_some(false)
            }
            Operation::SuspendUser { account, .. }
            | Operation::DeactivateUser { account, .. }
            | Operation::RemoveUser { account, .. } => {
                let seated = self.members.contains_key(&Person::Account(account));
                self.inactive.insert(account);
                seated.then_some(false)
            }
            Operation::DeleteGroup { .. }
            | Operation::CreateGroup { .. }
            | Operation::UpdateUser { .. }
            | Operation::InviteUser { .. }
            | Operation::AssignRole { .. }
            | Operation::RevokeRole { .. } => None,
        }
    }
}

/// Whether a role counts for the licence of an app.
fn takes_a_seat(access: &Access, role: &AppRole) -> bool {
    access.app == role.app && access.role.takes_a_seat()
}
