//! Access that a base would end if it could resolve the account or the group. Nobody may lose it today, since an account
//! hides its email or a name means two groups, but a change may not keep it silently either: its author may have caused the
//! doubt.

use crate::model::{
    AccountId, Action, Address, Blocked, GroupId, GroupName, Location, Mode, Reason, TargetGroup, UserRef,
    Who,
};

use std::collections::BTreeSet;

use super::deeds::Deed;
use super::differences::{Comparing, Difference, Doubt, Kind, entry_of, who};
use crate::plan::desired::{DesiredGroup, Entry};
use crate::plan::diff::may_go;
use crate::plan::expired;
use crate::plan::identity::GroupIdentity;

/// A group of the base, with a group of the site that it is, or may be.
pub(super) struct Before<'a> {
    pub(super) name: &'a GroupName,
    pub(super) group: &'a DesiredGroup<'a>,
    pub(super) place: TargetGroup<'a>,
    pub(super) doubt: Option<Doubt>,
}

impl<'a> Before<'a> {
    pub(super) fn difference(
        &self,
        kind: Kind,
        user: UserRef,
        account: &'a AccountId,
        doubt: Option<Doubt>,
        origin: Location,
    ) -> Difference<'a> {
        Difference {
            kind,
            group: self.name,
            place: self.place,
            user,
            who: Who::Account(account),
            doubt,
            origin,
        }
    }
}

impl<'a> Comparing<'a, '_> {
    /// The groups of the base, the unambiguous ones first.
    pub(super) fn before(&self) -> Vec<Before<'a>> {
        let (mut told, mut unclear) = (Vec::new(), Vec::new());
        for (name, group) in &self.base.tree.desired.groups {
            let at = |place, doubt| Before { name, group, place, doubt };
            match self.base.tree.groups.get(name) {
                GroupIdentity::Live(live) => told.push(at(TargetGroup::Group(&live.id), None)),
                GroupIdentity::Missing => told.push(at(TargetGroup::Made(name), None)),
                GroupIdentity::Unresolved(_) => {
                    let ids = self.meanings(name).into_iter().map(TargetGroup::Group);
                    unclear.extend(
                        ids.chain([TargetGroup::Made(name)]).map(|place| at(place, Some(Doubt::Group))),
                    );
                }
            }
        }
        told.extend(unclear);
        told
    }

    /// The groups of the site that the base may mean by a name.
    fn meanings(&self, name: &GroupName) -> Vec<&'a GroupId> {
        let ids: Vec<&GroupId> = self.names.ids(name).collect();
        self.live.groups.iter().map(|group| &group.id).filter(|id| ids.contains(id)).collect()
    }

    /// The tree's declaration of a group of the base: by its ID, or by its name if it is ambiguous for both.
    pub(super) fn after(&self, before: &Before<'a>) -> Option<&'a DesiredGroup<'a>> {
        let TargetGroup::Group(id) = before.place else { return None };
        self.declared.get(id).copied().or_else(|| {
            let unclear = self.head.groups.is_unclear(before.name);
            before.doubt.filter(|_| unclear).and_then(|_| self.head.desired.groups.get(before.name))
        })
    }

    /// Whether somebody is in a group, and the tree neither declares the membership nor ends it.
    pub(super) fn stays(&self, group: &GroupId, account: &AccountId) -> bool {
        self.keeps(group, account) && self.leaves_alone(group, account)
    }

    /// Whether the tree neither declares a membership nor ends it.
    pub(super) fn leaves_alone(&self, group: &GroupId, account: &AccountId) -> bool {
        let declared = self.declared.get(group);
        let is_declared = declared.is_some_and(|it| entry_of(self.head, it, Who::Account(account)).is_some());
        !is_declared && !self.ends(group, account)
    }

    /// Whether a person stays in a group although the base, which does not know their account, ends the membership: nothing
    /// declares them, or the tree declares them only now, under their present name, and for longer.
    pub(super) fn goes_on(
        &self,
        before: &Before<'_>,
        user: &UserRef,
        account: &AccountId,
        longer: impl Fn(&Entry) -> bool,
    ) -> bool {
        let TargetGroup::Group(id) = before.place else { return false };
        self.stays(id, account) || self.goes_on_renamed((id, Some(before.group)), user, account, longer)
    }

    /// Whether the tree declares somebody in a group under a name that the base does not have there, who may be a person
    /// that the base names and cannot resolve.
    pub(super) fn goes_on_renamed(
        &self,
        (id, before): (&GroupId, Option<&DesiredGroup<'_>>),
        user: &UserRef,
        account: &AccountId,
        longer: impl Fn(&Entry) -> bool,
    ) -> bool {
        let entry = || entry_of(self.head, self.declared.get(id)?, Who::Account(account));
        let was_named =
            || before.is_some_and(|group| entry_of(&self.base.tree, group, Who::Account(account)).is_some());
        self.base.tree.people.is_of_nobody(user)
            && self.keeps(id, account)
            && !was_named()
            && entry().is_some_and(longer)
    }

    /// Whether an account is a member of a group, and the tree does not end the membership.
    pub(super) fn keeps(&self, group: &GroupId, account: &AccountId) -> bool {
        let is_member = self.live.members.get(group).is_some_and(|members| members.contains(account));
        is_member && !self.ends(group, account)
    }

    /// The members of a group who may each be a person that the base names without knowing their account. In a privileged
    /// group these include each member that the base does not name there: an account may have changed the email that it shows.
    pub(super) fn may_be(&self, user: &UserRef, group: &GroupId) -> Vec<&'a AccountId> {
        let (tree, live) = (&self.base.tree, self.live);
        let people = &tree.people;
        let Some(members) = live.members.get(group) else { return Vec::new() };
        let may_be =
            |id: &&AccountId| people.suspect(id).is_some() || people.hides(id, live.accounts.get(*id));
        let mut found: BTreeSet<&AccountId> = BTreeSet::new();
        if people.may_be_anybody(user) {
            found.extend(members.iter().filter(may_be));
        }
        if self.privileged.may_hold(group) && people.is_of_nobody(user) {
            found.extend(expired::unnamed(tree, live, tree.group(group), members));
        }
        found.into_iter().collect()
    }

    /// Access in a group that the base ends by a line about an unknown person, and, for an ambiguous group, by any line.
    pub(super) fn unclear(&self, before: &Before<'a>) -> Vec<Difference<'a>> {
        let TargetGroup::Group(id) = before.place else { return Vec::new() };
        let after = self.after(before);
        let mut found = Vec::new();
        let by_line = before.group.denied.iter().filter(|(_, denial)| denial.reason != Reason::Offboarded);
        for (user, denial) in by_line {
            let still_ends = after.is_some_and(|after| after.denied.contains_key(user));
            let (accounts, doubt) = match who(&self.base.tree.people, user) {
                // It is among the changes of the base.
                Who::Account(_) if before.doubt.is_none() => continue,
                Who::Account(account) => (vec![account], Doubt::Group),
                Who::Invited(_) => (self.may_be(user, id), Doubt::Person),
            };
            let goes_on = |account: &&AccountId| match doubt {
                Doubt::Group => !still_ends && self.keeps(id, account),
                // The tree may name them in addition to the line without a known person.
                Doubt::Person if still_ends => {
                    self.goes_on_renamed((id, Some(before.group)), user, account, |_| true)
                }
                Doubt::Person => self.goes_on(before, user, account, |_| true),
            };
            for account in accounts.into_iter().filter(goes_on) {
                let kind = Kind::Kept { undoes: Action::Remove, reason: denial.reason };
                let origin = self.base.locator.locate(denial.origin);
                found.push(before.difference(kind, user.clone(), account, Some(doubt), origin));
            }
        }
        let exact = |group: &DesiredGroup<'_>| group.mode == Mode::Exact;
        if before.doubt.is_some() && exact(before.group) && !after.is_some_and(exact) {
            found.extend(self.undeclared(before, id));
        }
        found
    }

    /// The members that an ambiguous group of the base does not name.
    fn undeclared(&self, before: &Before<'a>, id: &'a GroupId) -> Vec<Difference<'a>> {
        let tree = &self.base.tree;
        let members = self.live.members.get(id).into_iter().flatten();
        let surplus = members.filter(|account| {
            let is_named = tree.people.declared_as(account).is_some_and(|user| before.group.names(user));
            !is_named && may_go(before.group, self.live.accounts.get(*account)) && self.stays(id, account)
        });
        let kept = surplus.map(|account| {
            let kind = Kind::Kept { undoes: Action::Remove, reason: Reason::Undeclared };
            let origin = self.base.locator.locate(before.group.declared.origin);
            before.difference(kind, self.name_of(account), account, Some(Doubt::Group), origin)
        });
        kept.collect()
    }

    /// Access that the base wants to end and cannot because of a doubt, and that the tree does not want to end.
    pub(super) fn blocked(&self) -> Vec<Difference<'a>> {
        let mut found = Vec::new();
        for (deed, blocked) in &self.base.blocked {
            if self.wants.deeds.contains(deed) {
                continue;
            }
            let groups: Vec<&'a GroupId> = match blocked.reason {
                Reason::Undeclared => deed.group_id().into_iter().collect(),
                Reason::Unlisted => self.live.members.keys().collect(),
                Reason::Offboarded if deed.group_id().is_none() && !self.still_leaves(&blocked.address) => {
                    self.live.members.keys().collect()
                }
                // Ends by lines of groups are found there.
                Reason::Offboarded
                | Reason::Expired
                | Reason::Excepted
                | Reason::Declared
                | Reason::Synced
                | Reason::Undone => continue,
            };
            for group in groups {
                found.extend(self.kept_in(group, deed, blocked));
            }
        }
        found
    }

    fn still_leaves(&self, address: &Address) -> bool {
        match address.user() {
            Some(UserRef::Email(email)) => self.head.desired.offboarded(email).is_some(),
            Some(UserRef::Account(_)) | None => false,
        }
    }

    /// Access to a group that stays although the base wants to end it.
    fn kept_in(&self, group: &'a GroupId, deed: &'a Deed, blocked: &Blocked) -> Vec<Difference<'a>> {
        let (Some(live), Some(user)) =
            (self.live.groups.iter().find(|live| live.id == *group), blocked.address.user())
        else {
            return Vec::new();
        };
        let accounts = deed.account().map_or_else(|| self.may_be(user, group), |account| vec![account]);
        let stay = accounts.into_iter().filter(|account| self.stays(group, account));
        let kept = stay.map(|account| Difference {
            kind: Kind::Kept { undoes: blocked.action, reason: blocked.reason },
            group: self.group_name(group).unwrap_or(&live.name),
            place: TargetGroup::Group(group),
            user: user.clone(),
            who: Who::Account(account),
            doubt: Some(Doubt::Person),
            origin: blocked.origin.clone(),
        });
        kept.collect()
    }

    /// The name of a group in either tree.
    pub(super) fn group_name(&self, id: &GroupId) -> Option<&'a GroupName> {
        let mut named = self.head.groups.live().chain(self.base.tree.groups.live());
        named.find(|(_, group)| group.id == *id).map(|(name, _)| name)
    }
}
