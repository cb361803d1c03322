//! The `until` of people: a day that moves, or goes, moves the end of all that the person has, listed or not.

use jiff::civil::Date;

use crate::model::{
    AccountId, Address, Capabilities, DeclarationChange, Declared, LiveGroup, LiveState, Origin, TargetGroup,
    UserRef, Who,
};

use super::Base;
use super::differences::{Comparing, Difference, Doubt, Kind};
use crate::plan::desired::lasts_longer;
use crate::plan::identity::Resolved;

/// A person of the base whose own end is another one by the tree.
struct MovedEnd<'a> {
    user: UserRef,
    account: Option<&'a AccountId>,
    base: Option<Date>,
    head: Option<Date>,
    origin: Origin,
}

/// The people of a base whose own end moves. One whose day has come is offboarded by the base, which is compared elsewhere.
fn moved<'a>(base: &'a Resolved<'_>, head: &Resolved<'_>) -> Vec<MovedEnd<'a>> {
    let mut found = Vec::new();
    for (email, declared) in &base.desired.declaration.users {
        let user = UserRef::Email(email.clone());
        let account = base.account(&user);
        let names = || account.into_iter().flat_map(|account| head.people.names(account)).chain([&user]);
        let is_offboarded = |tree: &Resolved<'_>, user: &UserRef| {
            user.email().is_some_and(|email| tree.desired.offboarded(email).is_some())
        };
        if is_offboarded(base, &user) || names().any(|name| is_offboarded(head, name)) {
            continue;
        }
        let end = names().filter_map(|name| head.desired.end_of(name)).min();
        let before = base.desired.end_of(&user);
        if before != end {
            found.push(MovedEnd { user, account, base: before, head: end, origin: declared.origin });
        }
    }
    found
}

impl Base<'_> {
    /// The accounts of people who come to have a later end of their own, or none.
    pub(super) fn lasting_longer<'b>(
        &'b self,
        head: &'b Resolved<'_>,
    ) -> impl Iterator<Item = &'b AccountId> {
        moved(&self.tree, head)
            .into_iter()
            .filter(|it| lasts_longer(it.head, it.base))
            .filter_map(|it| it.account)
    }

    /// What a reviewer is shown of people whose own end moves, and whom the tree still names.
    pub(super) fn ends_moved(&self, head: &Resolved<'_>, live: &LiveState) -> Vec<DeclarationChange> {
        let still_named = |it: &MovedEnd<'_>| {
            head.desired.people().contains(&it.user)
                || it.account.is_some_and(|account| head.people.declared_as(account).is_some())
        };
        let shown = |it: MovedEnd<'_>| DeclarationChange {
            name: it.account.and_then(|id| live.accounts.get(id)).map(|account| account.name.clone()),
            address: Address::User(it.user),
            declared: Declared::End { base: it.base, head: it.head },
            privileged: false,
            origin: self.locator.locate(it.origin),
        };
        moved(&self.tree, head).into_iter().filter(still_named).map(shown).collect()
    }
}

impl<'a> Comparing<'a, '_> {
    /// The memberships that lose their end with that of the person, though no group of either tree lists them. Of somebody
    /// whose account the base does not know, those privileged ones that may be theirs.
    pub(super) fn past_own_end(&self, capabilities: &'a Capabilities) -> Vec<Difference<'a>> {
        let moved = moved(&self.base.tree, self.head);
        let mut found = Vec::new();
        for it in moved.into_iter().filter(|it| lasts_longer(it.head, it.base)) {
            let origin = self.base.locator.locate(it.origin);
            let mut keeps = |group: &'a LiveGroup, account, doubt| {
                if self.leaves_alone(&group.id, account) {
                    found.push(Difference {
                        kind: Kind::Later { base: it.base, head: it.head },
                        group: self.group_name(&group.id).unwrap_or(&group.name),
                        place: TargetGroup::Group(&group.id),
                        user: it.user.clone(),
                        who: Who::Account(account),
                        doubt,
                        origin: origin.clone(),
                    });
                }
            };
            if let Some(account) = it.account {
                let groups = capabilities.memberships.get(account).into_iter().flatten();
                groups.for_each(|group| keeps(group, account, None));
                continue;
            }
            for group in self.live.groups.iter().filter(|group| self.privileged.may_hold(&group.id)) {
                for account in self.may_be(&it.user, &group.id) {
                    keeps(group, account, Some(Doubt::Person));
                }
            }
        }
        found
    }
}
