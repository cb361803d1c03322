//! The `until` of people: if it is moved or removed, all their access ends on another date, listed or not.

use jiff::civil::Date;

use crate::model::{
    AccountId, Address, Capabilities, DeclarationChange, Declared, GroupId, LiveGroup, LiveState, Location,
    Locator, Origin, Reason, TargetGroup, UserRef, Who,
};

use super::Base;
use super::differences::{Comparing, Difference, Doubt, Kind};
use crate::plan::desired::{Entry, lasts_longer};
use crate::plan::identity::Resolved;

/// A person whose own end date differs between the tree and its base.
struct MovedEnd<'a> {
    user: UserRef,
    account: Option<&'a AccountId>,
    base: Option<Date>,
    head: Option<Date>,
    origin: Origin,
    /// Whether the place is in the tree, since the base does not have the person.
    is_new: bool,
}

/// The people whose own end date is moved, added or removed. After that date they are offboarded, which is
/// compared elsewhere.
fn moved<'a>(base: &'a Resolved<'_>, head: &'a Resolved<'_>) -> Vec<MovedEnd<'a>> {
    let (before, after) = (&base.desired.declaration.users, &head.desired.declaration.users);
    let new = after.iter().filter(|(email, user)| user.until.is_some() && !before.contains_key(*email));
    let mut found = Vec::new();
    for (email, declared) in before.iter().chain(new) {
        let user = UserRef::Email(email.clone());
        let is_new = !before.contains_key(email);
        let account = if is_new { head } else { base }.account(&user);
        let names = |tree: &'a Resolved<'_>| {
            let known = account.into_iter().flat_map(|account| tree.people.names(account).cloned());
            known.chain([user.clone()]).collect::<Vec<UserRef>>()
        };
        let is_offboarded = |tree: &Resolved<'_>, user: &UserRef| {
            user.email().is_some_and(|email| tree.desired.offboarded(email).is_some())
        };
        if is_offboarded(base, &user) || names(head).iter().any(|name| is_offboarded(head, name)) {
            continue;
        }
        let end =
            |tree: &'a Resolved<'_>| names(tree).iter().filter_map(|name| tree.desired.end_of(name)).min();
        let (before, after) = (end(base), end(head));
        if before != after {
            let origin = declared.origin;
            found.push(MovedEnd { user, account, base: before, head: after, origin, is_new });
        }
    }
    found
}

impl Base<'_> {
    /// The accounts of people whose own end date is different in a tree.
    pub(super) fn ending_otherwise<'b>(
        &'b self,
        head: &'b Resolved<'_>,
    ) -> impl Iterator<Item = &'b AccountId> {
        moved(&self.tree, head).into_iter().filter_map(|it| it.account)
    }

    /// The people shown to a reviewer: their own end date is moved, and the tree still names them.
    pub(super) fn ends_moved(
        &self,
        (head, locator): (&Resolved<'_>, &Locator<'_>),
        live: &LiveState,
    ) -> Vec<DeclarationChange> {
        let still_named = |it: &MovedEnd<'_>| {
            head.desired.people().contains(&it.user)
                || it.account.is_some_and(|account| head.people.declared_as(account).is_some())
        };
        let shown = |it: MovedEnd<'_>| DeclarationChange {
            name: it.account.and_then(|id| live.accounts.get(id)).map(|account| account.name.clone()),
            address: Address::User(it.user),
            declared: Declared::End { base: it.base, head: it.head },
            privileged: false,
            origin: if it.is_new { locator } else { self.locator }.locate(it.origin),
        };
        moved(&self.tree, head).into_iter().filter(still_named).map(shown).collect()
    }
}

impl<'a> Comparing<'a, '_> {
    /// The privileged memberships of everybody who may be a person with an end date in the base, and whose email no
    /// account shows. If the tree no longer offboards the person, these are all that stay, otherwise those that it declares
    /// by a new name, for longer.
    pub(super) fn with_end_of_nobody(&self) -> Vec<Difference<'a>> {
        let (base, head) = (&self.base.tree, self.head);
        let mut found = Vec::new();
        for (email, declared) in &base.desired.declaration.users {
            let user = UserRef::Email(email.clone());
            if !base.desired.ends_person(&user) || !base.people.is_of_nobody(&user) {
                continue;
            }
            let leaves = base.desired.offboarded(email).is_some();
            let comes_back = leaves && head.desired.offboarded(email).is_none();
            let end = base.desired.end_of(&user).filter(|_| !leaves);
            let kind = match end {
                Some(_) => Kind::Later { base: end, head: None },
                None => Kind::Kept {
                    undoes: base.desired.declaration.policy.offboard.action(),
                    reason: Reason::Offboarded,
                },
            };
            let longer = |entry: &Entry| leaves || lasts_longer(entry.until, end);
            let goes_on = |group: &GroupId, account: &AccountId| {
                comes_back && self.stays(group, account)
                    || self.goes_on_renamed((group, base.group(group)), &user, account, longer)
            };
            let origin = self.base.locator.locate(declared.origin);
            let theirs = self.privileged_of(&user).into_iter().filter(|(group, it)| goes_on(&group.id, it));
            let difference = |(group, account)| {
                self.own_end(kind, group, (&user, account), Some(Doubt::Person), origin.clone())
            };
            found.extend(theirs.map(difference));
        }
        found
    }

    /// The memberships that get another end date with the person's own, though no group of either tree lists them. For a
    /// person whose account the base does not know, and who stays longer, the privileged memberships that may be theirs.
    pub(super) fn with_own_end(&self, capabilities: &'a Capabilities) -> Vec<Difference<'a>> {
        let moved = moved(&self.base.tree, self.head);
        let mut found = Vec::new();
        for it in moved {
            let origin = if it.is_new { self.locator } else { self.base.locator }.locate(it.origin);
            let (base, head) = (it.base, it.head);
            let longer = lasts_longer(head, base);
            let kind = if longer { Kind::Later { base, head } } else { Kind::Earlier { base, head } };
            let doubt = it.account.is_none().then_some(Doubt::Person);
            let groups: Vec<(&'a LiveGroup, &'a AccountId)> = match it.account {
                Some(account) => {
                    let groups = capabilities.memberships.get(account).into_iter().flatten();
                    groups.map(|group| (group, account)).collect()
                }
                None if longer => self.privileged_of(&it.user),
                None => Vec::new(),
            };
            // An entry that names the account by its ID does not show that it belongs to somebody else.
            let stays = |group: &GroupId, account: &AccountId| {
                self.leaves_alone(group, account) || doubt.is_some() && self.keeps(group, account)
            };
            let theirs = groups.into_iter().filter(|(group, account)| stays(&group.id, account));
            found.extend(theirs.map(|(group, account)| {
                self.own_end(kind, group, (&it.user, account), doubt, origin.clone())
            }));
        }
        found
    }

    /// The privileged memberships of everybody who may be a person that the base cannot resolve.
    fn privileged_of(&self, user: &UserRef) -> Vec<(&'a LiveGroup, &'a AccountId)> {
        let groups = self.live.groups.iter().filter(|group| self.privileged.may_hold(&group.id));
        let members = |group: &'a LiveGroup| {
            self.may_be(user, &group.id).into_iter().map(move |account| (group, account))
        };
        groups.flat_map(members).collect()
    }

    fn own_end(
        &self,
        kind: Kind,
        group: &'a LiveGroup,
        (user, account): (&UserRef, &'a AccountId),
        doubt: Option<Doubt>,
        origin: Location,
    ) -> Difference<'a> {
        Difference {
            kind,
            group: self.group_name(&group.id).unwrap_or(&group.name),
            place: TargetGroup::Group(&group.id),
            user: user.clone(),
            who: Who::Account(account),
            doubt,
            origin,
        }
    }
}
