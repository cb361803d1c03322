//! The differences between the declarations of a tree and of its base, by account and group: new memberships, end dates
//! that move, and revokes of the base that the tree drops. An operation need not follow: it may have been done by hand
//! before, or the date may be in the future. Still, a difference that widens access is judged like a grant, and one
//! that narrows it like a revoke.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    AccountId, Action, Address, Blocked, Capabilities, DeclarationChange, Declared, GroupId, GroupName,
    LiveState, Location, Locator, Reason, TargetGroup, UserRef, Wanted, Who,
};

use super::doubts::Before;
use super::{Base, Wants, by_name};
use crate::plan::context::Context;
use crate::plan::desired::{DesiredGroup, Entry, lasts_longer};
use crate::plan::identity::{GroupNames, Identity, Marked, Obstacle, People, Resolved};

/// A membership whose declaration differs between the tree and its base.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Difference<'a> {
    pub(in crate::plan) kind: Kind,
    /// The group, by its name in the tree, or in the base if the tree does not declare it.
    pub(in crate::plan) group: &'a GroupName,
    pub(in crate::plan) place: TargetGroup<'a>,
    pub(in crate::plan) user: UserRef,
    pub(in crate::plan) who: Who<'a>,
    /// The part that the base cannot resolve, so that it may be about somebody else.
    pub(in crate::plan) doubt: Option<Doubt>,
    /// The place in the tree, or in the base if the tree does not mention it any more.
    pub(super) origin: Location,
}

/// The gap in a base's knowledge of a membership that it would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Doubt {
    /// The account that a line means.
    Person,
    /// The group of the site that is meant.
    Group,
}

/// The difference of a declared membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Kind {
    /// The base does not declare it. If the site still has it, and the base does not end it, nothing else shows it.
    New { stands: bool },
    /// It ends later, or no longer ends.
    Later { base: Option<Date>, head: Option<Date> },
    /// It ends earlier.
    Earlier { base: Option<Date>, head: Option<Date> },
    /// The tree does not declare it any more, and it stays.
    Left,
    /// The base would end it, and the tree does not.
    Kept { undoes: Action, reason: Reason },
}

impl Difference<'_> {
    /// Whether it widens access, so that it is judged like a grant.
    pub(in crate::plan) fn widens(&self) -> bool {
        match self.kind {
            Kind::New { .. } | Kind::Later { .. } | Kind::Kept { .. } => true,
            Kind::Earlier { .. } | Kind::Left => false,
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        matches!(self.kind, Kind::Kept { .. })
    }

    /// Whether the base would end it by an entry that names the person.
    fn ends_by_name(&self) -> bool {
        match self.kind {
            Kind::Kept { reason, .. } => by_name(reason),
            Kind::New { .. } | Kind::Later { .. } | Kind::Earlier { .. } | Kind::Left => false,
        }
    }

    pub(in crate::plan) fn address(&self) -> Address {
        Address::Member(self.group.clone(), self.user.clone())
    }

    pub(in crate::plan) fn group_id(&self) -> Option<&GroupId> {
        match self.place {
            TargetGroup::Group(id) => Some(id),
            TargetGroup::Made(_) => None,
        }
    }

    pub(in crate::plan) fn account(&self) -> Option<&AccountId> {
        match self.who {
            Who::Account(id) => Some(id),
            Who::Invited(_) => None,
        }
    }

    /// Whether the base ends it for one of some reasons, and can.
    pub(in crate::plan) fn ends_by(&self, reasons: &[Reason]) -> bool {
        matches!(self.kind, Kind::Kept { reason, .. } if self.doubt.is_none() && reasons.contains(&reason))
    }

    /// Its result in a run for some reasons: access that stays, and that the base would end.
    pub(in crate::plan) fn stays(&self, reasons: &[Reason], obstacle: Obstacle) -> Option<Blocked> {
        let Kind::Kept { undoes, reason } = self.kind else { return None };
        let at = (self.address(), undoes);
        reasons.contains(&reason).then(|| obstacle.blocks_at(at, reason, self.origin.clone()))
    }

    /// The name of its account; `None` if it may be another one.
    fn display_name(&self, live: &LiveState) -> Option<String> {
        let is_told = self.doubt.is_none() || matches!(self.user, UserRef::Account(_));
        let account = self.account().filter(|_| is_told).and_then(|id| live.accounts.get(id));
        account.map(|account| account.name.clone())
    }

    /// The part that a reviewer is shown, unless an operation shows it.
    pub(super) fn shown(&self, privileged: &Marked, live: &LiveState) -> Option<DeclarationChange> {
        let privileged = privileged.marks(self.group_id(), self.group);
        let declared = match self.kind {
            Kind::New { stands: true } if privileged => Declared::Enters,
            // It is an operation, or adopted.
            Kind::New { .. } => return None,
            Kind::Later { base, head } | Kind::Earlier { base, head } => Declared::End { base, head },
            Kind::Kept { undoes, reason } => Declared::Kept { undoes, reason },
            Kind::Left => Declared::Leaves,
        };
        Some(DeclarationChange {
            address: self.address(),
            declared,
            privileged,
            name: self.display_name(live),
            origin: self.origin.clone(),
        })
    }
}

impl<'a> Base<'a> {
    /// The memberships whose declaration differs between the tree and this base.
    pub(in crate::plan) fn differences(
        &'a self,
        context: &Context<'a>,
        wants: &Wants,
        privileged: &Marked,
    ) -> Vec<Difference<'a>> {
        let Context { tree: head, live, capabilities, locator, .. } = *context;
        let declared =
            head.groups.live().filter_map(|(name, group)| Some((&group.id, head.desired.groups.get(name)?)));
        let ends = self.changes.values().filter_map(|change| change.wanted.ends());
        let comparing = Comparing {
            base: self,
            head,
            wants,
            live,
            locator,
            privileged,
            ended_by_base: ends.map(|it| (it.group(), it.account())).collect(),
            moved: moved(self, head),
            declared: declared.collect(),
            names: GroupNames::of([self.tree.desired.declaration], &live.groups),
        };
        let mut found = comparing.declared();
        let mut kept = comparing.kept(capabilities);
        kept.extend(comparing.blocked());
        kept.extend(comparing.with_own_end(capabilities));
        kept.extend(comparing.with_end_of_nobody());
        let at = |it: &Difference<'a>| (it.place, it.who);
        // Access that the base ends by name is not new, and need not be a manual change.
        let ended: BTreeSet<_> = kept.iter().filter(|it| it.ends_by_name()).map(at).collect();
        found.retain(|it| !ended.contains(&at(it)));
        // If a line that may mean somebody is removed, it must still be shown that the base would end their access.
        let takes: BTreeSet<_> = kept.iter().map(at).collect();
        found.retain(|it| it.kind != Kind::Left || !takes.contains(&at(it)));
        // A membership that ends with its account may also end separately. One that may be about somebody else is a
        // separate difference.
        let told = |it: &Difference<'a>| (at(it), it.doubt.is_some());
        let mut known: BTreeSet<_> = found.iter().map(told).collect();
        kept.retain(|it| known.insert(told(it)));
        found.extend(kept);
        found
    }
}

pub(super) struct Comparing<'a, 'b> {
    pub(super) base: &'a Base<'a>,
    pub(super) head: &'a Resolved<'a>,
    pub(super) wants: &'b Wants,
    pub(super) live: &'a LiveState,
    pub(super) locator: &'b Locator<'b>,
    pub(super) privileged: &'b Marked,
    /// The memberships that the base ends, and can.
    ended_by_base: BTreeSet<(&'a GroupId, &'a AccountId)>,
    /// The names that mean somebody other than in the base.
    moved: BTreeSet<&'a UserRef>,
    /// The tree's declarations of the groups of the site.
    pub(super) declared: BTreeMap<&'a GroupId, &'a DesiredGroup<'a>>,
    /// The possible meanings of group names in the base.
    pub(super) names: GroupNames,
}

fn moved<'a>(base: &'a Base<'_>, head: &'a Resolved<'_>) -> BTreeSet<&'a UserRef> {
    let names = head.people.all_names();
    names.filter(|user| who(&head.people, user) != who(&base.tree.people, user)).collect()
}

pub(super) fn who<'a>(people: &'a People, user: &'a UserRef) -> Who<'a> {
    match (people.person(user), user) {
        (Identity::Account(id), _) | (_, UserRef::Account(id)) => Who::Account(id),
        (Identity::Missing | Identity::Unresolved(_), UserRef::Email(_)) => Who::Invited(user),
    }
}

pub(super) fn place<'a>(tree: &'a Resolved<'_>, name: &'a GroupName) -> TargetGroup<'a> {
    tree.groups.id(name).map_or(TargetGroup::Made(name), TargetGroup::Group)
}

/// A group's entry for somebody.
pub(super) fn entry_of<'a>(
    tree: &'a Resolved<'_>,
    group: &'a DesiredGroup<'_>,
    who: Who<'_>,
) -> Option<&'a Entry> {
    match who {
        Who::Account(account) => tree.entry_of(group, account),
        Who::Invited(user) => group.members.get(user).filter(|_| self::who(&tree.people, user) == who),
    }
}

impl<'a> Comparing<'a, '_> {
    /// Memberships that the tree declares and the base does not, and end dates that move. Most members of most groups
    /// are declared alike, and a look at their name is enough.
    fn declared(&self) -> Vec<Difference<'a>> {
        let before = self.before();
        let mut base: BTreeMap<TargetGroup<'_>, &DesiredGroup<'_>> = BTreeMap::new();
        for it in &before {
            base.entry(it.place).or_insert(it.group);
        }
        let mut found = Vec::new();
        for (name, group) in &self.head.desired.groups {
            let place = place(self.head, name);
            let before = base.get(&place).copied();
            for (user, entry) in &group.members {
                let same_name =
                    before.and_then(|before| before.members.get(user)).filter(|_| !self.moved.contains(user));
                let old = match (same_name, before) {
                    (Some(old), _) => Some(old),
                    (None, Some(before)) => entry_of(&self.base.tree, before, who(&self.head.people, user)),
                    (None, None) => None,
                };
                let kind = match old {
                    None => {
                        let stands = self.is_left_alone_by_base(place, who(&self.head.people, user));
                        if stands && entry.until.is_some() && !self.ends_nobody_by(before, entry) {
                            found.push(Difference {
                                kind: Kind::Earlier { base: None, head: entry.until },
                                group: name,
                                place,
                                user: user.clone(),
                                who: who(&self.head.people, user),
                                doubt: None,
                                origin: self.locator.locate(entry.origin),
                            });
                        }
                        Kind::New { stands: stands && entry.until.is_none() }
                    }
                    Some(old) if old.until == entry.until => continue,
                    Some(old) if lasts_longer(entry.until, old.until) => {
                        Kind::Later { base: old.until, head: entry.until }
                    }
                    Some(old) => Kind::Earlier { base: old.until, head: entry.until },
                };
                let (user, who) = (user.clone(), who(&self.head.people, user));
                let origin = self.locator.locate(entry.origin);
                if let (Kind::Later { .. }, TargetGroup::Group(id), Who::Invited(_)) = (kind, place, who) {
                    let may_be = self.may_be(&user, id).into_iter().filter(|account| self.stays(id, account));
                    found.extend(may_be.map(|account| Difference {
                        kind,
                        group: name,
                        place,
                        user: user.clone(),
                        who: Who::Account(account),
                        doubt: Some(Doubt::Person),
                        origin: origin.clone(),
                    }));
                }
                found.push(Difference { kind, group: name, place, user, who, doubt: None, origin });
            }
        }
        for group in before {
            found.extend(self.dropped(&group));
            found.extend(self.unclear(&group));
        }
        found
    }

    /// Whether the base has an entry for somebody whose email no account shows any more, and ends it by the date of an
    /// entry: this may be their new name.
    fn ends_nobody_by(&self, before: Option<&DesiredGroup<'_>>, entry: &Entry) -> bool {
        let people = &self.base.tree.people;
        let mut before = before.into_iter().flat_map(|group| &group.members);
        before.any(|(user, old)| {
            people.is_of_nobody(user) && old.until.is_some() && !lasts_longer(old.until, entry.until)
        })
    }

    /// Whether the site has a membership that the base does not end.
    fn is_left_alone_by_base(&self, place: TargetGroup<'_>, who: Who<'_>) -> bool {
        let (TargetGroup::Group(group), Who::Account(account)) = (place, who) else { return false };
        let is_member = self.live.members.get(group).is_some_and(|members| members.contains(account));
        is_member && !self.ended_by_base.contains(&(group, account))
    }

    /// Members that the tree does not mention any more, and who stay. For a group that leaves the tree completely, only
    /// those whose access would have ended.
    fn dropped(&self, before: &Before<'a>) -> Vec<Difference<'a>> {
        let TargetGroup::Group(id) = before.place else { return Vec::new() };
        let after = self.after(before);
        let mut found = Vec::new();
        let same_name = |user: &UserRef| {
            after.is_some_and(|after| after.members.contains_key(user)) && !self.moved.contains(user)
        };
        let counts = |entry: &Entry| entry.until.is_some() || after.is_some();
        for (user, entry) in before.group.members.iter().filter(|(user, it)| counts(it) && !same_name(user)) {
            let (accounts, doubt) = match who(&self.base.tree.people, user) {
                Who::Account(account) => (vec![account], before.doubt),
                Who::Invited(_) if after.is_some_and(|after| after.names(user)) => continue,
                Who::Invited(_) => (self.may_be(user, id), Some(Doubt::Person)),
            };
            let kind = match entry.until {
                Some(_) => Kind::Later { base: entry.until, head: None },
                None => Kind::Left,
            };
            let longer = |now: &Entry| lasts_longer(now.until, entry.until);
            let goes_on = |account: &&AccountId| self.goes_on(before, user, account, longer);
            for account in accounts.into_iter().filter(goes_on) {
                let origin = self.base.locator.locate(entry.origin);
                found.push(before.difference(kind, user.clone(), account, doubt, origin));
            }
        }
        found
    }

    /// Whether the tree wants a membership to end, and can.
    pub(super) fn ends(&self, group: &GroupId, account: &AccountId) -> bool {
        self.wants.end(group, account)
    }

    /// Revokes of the base that the tree does not want.
    fn kept(&self, capabilities: &'a Capabilities) -> Vec<Difference<'a>> {
        let mut found = Vec::new();
        for change in self.base.changes.values() {
            let kept = |group: &'a GroupId, name: &'a GroupName, account: &'a AccountId| Difference {
                kind: Kind::Kept { undoes: change.wanted.action(), reason: change.reason },
                group: name,
                place: TargetGroup::Group(group),
                user: self.name_of(account),
                who: Who::Account(account),
                doubt: None,
                origin: change.origin.clone(),
            };
            match &change.wanted {
                Wanted::RemoveMember { membership } => {
                    let Some(name) = change.address.group() else { continue };
                    if !self.ends(membership.group(), membership.account()) {
                        found.push(kept(membership.group(), name, membership.account()));
                    }
                }
                Wanted::OffboardUser { account, .. } => {
                    let groups = capabilities.memberships.get(account).into_iter().flatten();
                    let stay = groups.filter(|group| !self.ends(&group.id, account));
                    found.extend(stay.map(|group| kept(&group.id, &group.name, account)));
                }
                Wanted::CreateGroup { .. }
                | Wanted::DeleteGroup { .. }
                | Wanted::InviteUser { .. }
                | Wanted::AddMember { .. }
                | Wanted::ActivateUser { .. }
                | Wanted::UpdateUser { .. }
                | Wanted::AssignRole { .. }
                | Wanted::RevokeRole { .. } => {}
            }
        }
        found
    }

    /// The name of an account in a plan.
    pub(super) fn name_of(&self, account: &AccountId) -> UserRef {
        self.head.people.name_of(account, self.live.accounts.get(account))
    }
}
