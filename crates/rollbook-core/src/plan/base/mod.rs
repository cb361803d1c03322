//! The base revision: its changes for the same live state, and the differences between the tree and it
//! (docs/design.md#change-drift-adopted). Everything is compared by account and group, since a tree chooses its names.

mod adopted;
mod deeds;
mod differences;
mod doubts;
mod ends;
mod grants;
mod identities;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, Address, Blocked, Change, Changes, Comparison, DeclarationChange, Declared, Drift,
    GroupId, GroupName, GroupState, Listing, LiveState, Locator, Membership, Origin, Questions, Reason,
    Revision, UserRef, Wanted,
};

use super::context::Context;
use super::desired::Desired;
use super::diff::diff;
use super::identity::{Marked, Obstacle, ObstacleCode, Resolved};
use super::questions::questions;
use deeds::{Deed, same};

pub(super) use differences::{Difference, Doubt, Kind};
pub(super) use grants::GrantDifference;

/// The base revision, compared with the live state that a plan is made from.
#[derive(Clone, Debug)]
pub struct Base<'a> {
    pub(super) tree: Resolved<'a>,
    changes: BTreeMap<Deed, Change>,
    /// The base's changes that are blocked.
    blocked: BTreeMap<Deed, Blocked>,
    /// The people who should lose everything, including groups that the base does not name.
    offboarded: BTreeMap<AccountId, Change>,
    locator: &'a Locator<'a>,
    pub(super) revision: Revision,
}

/// The changes that a tree wants.
pub(super) struct Wants {
    /// All of them, possible or not.
    deeds: BTreeSet<Deed>,
    /// The memberships that should end, and can: one that a doubt holds back is not gone.
    ends: BTreeSet<(GroupId, AccountId)>,
    /// The people who should lose everything.
    offboarded: BTreeSet<AccountId>,
    /// The roles that groups should stop giving.
    roles: BTreeSet<(GroupId, Access)>,
}

impl Wants {
    /// The changes of a tree that a run carries out: a run for some reasons leaves the others alone.
    pub(super) fn of(
        changes: &[Change],
        blocked: &[Blocked],
        tree: &Resolved<'_>,
        counts: impl Fn(Reason) -> bool,
    ) -> Self {
        let counted = || changes.iter().filter(|change| counts(change.reason));
        let wanted: Vec<Deed> = counted().map(|change| Deed::of(change, tree)).collect();
        let ends =
            wanted.iter().filter_map(Deed::ends).map(|(group, account)| (group.clone(), account.clone()));
        let ends = ends.collect();
        let blocked = blocked.iter().filter(|blocked| counts(blocked.reason));
        let blocked = blocked.map(|blocked| Deed::of_blocked(blocked, tree));
        let offboarded = counted().filter_map(|change| leaver(&change.wanted)).cloned().collect();
        let revoked = |change: &Change| match &change.wanted {
            Wanted::RevokeRole { held } => Some((held.group().clone(), held.access().clone())),
            Wanted::AssignRole { .. }
            | Wanted::CreateGroup { .. }
            | Wanted::DeleteGroup { .. }
            | Wanted::InviteUser { .. }
            | Wanted::AddMember { .. }
            | Wanted::RemoveMember { .. }
            | Wanted::OffboardUser { .. }
            | Wanted::ActivateUser { .. }
            | Wanted::UpdateUser { .. } => None,
        };
        let roles = counted().filter_map(revoked).collect();
        Self { ends, deeds: wanted.into_iter().chain(blocked).collect(), offboarded, roles }
    }

    /// Whether the tree wants a group to stop giving a role, and can do so.
    fn end_role(&self, group: &GroupId, access: &Access) -> bool {
        self.roles.contains(&(group.clone(), access.clone()))
    }

    /// Whether the tree wants a membership to end, and can end it.
    fn end(&self, group: &GroupId, account: &AccountId) -> bool {
        self.offboarded.contains(account) || self.ends.contains(&(group.clone(), account.clone()))
    }

    /// Whether the tree wants a change, or one that includes it.
    fn want(&self, deed: &Deed, change: &Change) -> bool {
        match &change.wanted {
            Wanted::RemoveMember { membership } => self.end(membership.group(), membership.account()),
            Wanted::OffboardUser { account, .. } => self.offboarded.contains(account),
            Wanted::RevokeRole { held } => self.end_role(held.group(), held.access()),
            Wanted::CreateGroup { .. }
            | Wanted::DeleteGroup { .. }
            | Wanted::InviteUser { .. }
            | Wanted::AddMember { .. }
            | Wanted::ActivateUser { .. }
            | Wanted::UpdateUser { .. }
            | Wanted::AssignRole { .. } => self.deeds.contains(deed),
        }
    }
}

fn leaver(wanted: &Wanted) -> Option<&AccountId> {
    match wanted {
        Wanted::OffboardUser { account, .. } => Some(account),
        Wanted::CreateGroup { .. }
        | Wanted::DeleteGroup { .. }
        | Wanted::InviteUser { .. }
        | Wanted::AddMember { .. }
        | Wanted::RemoveMember { .. }
        | Wanted::ActivateUser { .. }
        | Wanted::UpdateUser { .. }
        | Wanted::AssignRole { .. }
        | Wanted::RevokeRole { .. } => None,
    }
}

impl<'a> Base<'a> {
    /// Finds the changes of a base. The live state must include the answers to the base's questions.
    pub fn of(desired: Desired<'a>, live: &LiveState, locator: &'a Locator<'a>, revision: Revision) -> Self {
        let tree = Resolved::of(desired, live);
        let Changes { changes, blocked, .. } = diff(&tree, live, locator);
        let leaving = |change: &Change| Some((leaver(&change.wanted)?.clone(), change.clone()));
        Self {
            offboarded: changes.iter().filter_map(leaving).collect(),
            blocked: blocked.into_iter().map(|it| (Deed::of_blocked(&it, &tree), it)).collect(),
            changes: changes.into_iter().map(|change| (Deed::of(&change, &tree), change)).collect(),
            tree,
            locator,
            revision,
        }
    }

    /// The questions about access that the base would end and the tree would not: who stays in which group, and who
    /// would be left.
    pub fn questions(&self, changes: &Changes, head: &Resolved<'_>, live: &LiveState) -> Questions {
        let wants = Wants::of(&changes.changes, &changes.blocked, head, |_| true);
        let ended =
            self.takes(|_| &wants).filter(|(_, wanted)| !wanted).map(|(change, _)| change.clone()).collect();
        let ended = Changes { changes: ended, ..Changes::default() };
        let mut questions = questions(&ended, live, self.tree.desired.declaration);
        questions.memberships.extend(self.ending_otherwise(head).cloned());
        questions
    }

    /// Whether the base would also need a change. One that was blocked for the base is possible only by the change.
    pub(super) fn drift(&self, change: &Change, head: &Resolved<'_>) -> Drift {
        let needed = match self.changes.get(&Deed::of(change, head)) {
            // Another end date comes from the change, even if the membership is missing.
            Some(needed) => same(&needed.wanted, &change.wanted) && needed.until == change.until,
            None => self.loses_all(&change.wanted),
        };
        if needed { Drift::Yes } else { Drift::No }
    }

    fn loses_all(&self, wanted: &Wanted) -> bool {
        matches!(wanted, Wanted::RemoveMember { membership } if self.offboarded.contains_key(membership.account()))
    }

    /// The differences between the tree and the base that a reviewer must not miss.
    pub(super) fn comparison(
        &self,
        context: &Context<'_>,
        wants: &Wants,
        privileged: &Marked,
        (differences, grants): (&[Difference<'_>], &[GrantDifference<'_>]),
    ) -> Comparison {
        let Context { tree: head, live, locator, .. } = *context;
        let mut declared = self.groups_left(head, live, privileged, differences);
        declared.extend(self.users_left(head, live));
        declared.extend(self.ends_moved((head, locator), live));
        declared.extend(self.ends_kept(head, wants, live, privileged, differences));
        declared.extend(differences.iter().filter_map(|difference| difference.shown(privileged, live)));
        declared.extend(grants.iter().filter_map(|difference| difference.shown(privileged)));
        // If a list is too long to be shown, ends come before access that merely enters the tree.
        declared.sort_by(|one, other| {
            let enters = |change: &DeclarationChange| matches!(change.declared, Declared::Enters);
            enters(one).cmp(&enters(other)).then_with(|| one.cmp(other))
        });
        Comparison {
            revision: self.revision.clone(),
            authors: Vec::new(),
            identities: identities::changes(&self.tree.desired, &head.desired, live),
            rules: rules::changes(self.tree.desired.declaration, head.desired.declaration),
            declared,
            adopted: adopted::adopted(self, head, wants, live, privileged),
        }
    }

    /// The ends that the base would make, each with whether the tree would as well: by its wants that count for the
    /// base's reason.
    pub(super) fn takes<'b>(
        &'b self,
        wants: impl Fn(Reason) -> &'b Wants,
    ) -> impl Iterator<Item = (&'b Change, bool)> {
        let ends = |(_, change): &(&Deed, &Change)| match change.wanted {
            Wanted::RemoveMember { .. } | Wanted::OffboardUser { .. } | Wanted::RevokeRole { .. } => true,
            Wanted::CreateGroup { .. }
            | Wanted::DeleteGroup { .. }
            | Wanted::InviteUser { .. }
            | Wanted::AddMember { .. }
            | Wanted::ActivateUser { .. }
            | Wanted::UpdateUser { .. }
            | Wanted::AssignRole { .. } => false,
        };
        let wanted = move |deed, change: &'b Change| wants(change.reason).want(deed, change);
        self.changes.iter().filter(ends).map(move |(deed, change)| (change, wanted(deed, change)))
    }

    /// Changes the address of a base's change to the tree's names for its group and its account: the old name may mean
    /// others there.
    pub(super) fn in_words_of(mut change: Change, tree: &Resolved<'_>, live: &LiveState) -> Change {
        if let (Address::Grant(group, _), Wanted::RevokeRole { held }) = (&mut change.address, &change.wanted)
        {
            if let Some(name) = tree.groups.declared_as(held.group()) {
                group.clone_from(name);
            }
            return change;
        }
        let Address::Member(group, user) = &mut change.address else { return change };
        if let Some(ended) = change.wanted.ends() {
            let account = ended.account();
            if let Some(name) = tree.groups.declared_as(ended.group()) {
                group.clone_from(name);
            }
            if tree.account(user).is_some_and(|meant| meant != account) {
                *user = tree.people.name_of(account, live.accounts.get(account));
            }
        }
        change
    }

    /// Access that the base would end for one of some reasons if it could resolve the person, and that the tree does
    /// not want to end.
    pub(super) fn in_doubt(&self, wants: &Wants, reasons: &[Reason]) -> Vec<Blocked> {
        let doubtful = self
            .blocked
            .iter()
            .filter(|(deed, blocked)| reasons.contains(&blocked.reason) && !wants.deeds.contains(*deed));
        let blocked = |it: &Blocked| {
            let at = (it.address.clone(), it.action);
            self.kept_by_change().blocks_at(at, it.reason, it.origin.clone())
        };
        doubtful.map(|(_, it)| blocked(it)).collect()
    }

    /// Why access that the base ends stays.
    pub(super) fn kept_by_change(&self) -> Obstacle {
        Obstacle {
            code: ObstacleCode::KeptByChange,
            why: format!("{} ends it, and a change since then keeps it", self.revision.name),
            help: "Apply the change, or revert it.".into(),
        }
    }

    /// The groups that the base declares and the tree does not, under any name.
    pub(super) fn left<'b>(&'b self, head: &'b Resolved<'_>) -> impl Iterator<Item = Left<'b>> {
        let declared = &head.desired.declaration.groups;
        self.tree.desired.declaration.groups.iter().filter_map(move |(name, group)| {
            // A tombstone that is removed has served its purpose.
            match group.state {
                GroupState::Present(_) => {}
                GroupState::Absent => return None,
            }
            let id = self.tree.groups.id(name);
            // The site decides the spelling of a name.
            let stays = declared.keys().any(|other| other.folded() == name.folded())
                || id.is_some_and(|id| head.groups.declared_as(id).is_some());
            (!stays).then_some(Left { name, id, origin: group.origin })
        })
    }

    /// The access that the base would revoke from a user that it names, and the groups that it would delete, if the tree
    /// keeps them.
    fn ends_kept(
        &self,
        head: &Resolved<'_>,
        wants: &Wants,
        live: &LiveState,
        privileged: &Marked,
        differences: &[Difference<'_>],
    ) -> Vec<DeclarationChange> {
        let unwanted = self.changes.iter().filter(|(deed, change)| !wants.want(deed, change));
        let kept = unwanted.filter_map(|(_, change)| {
            let (address, privileged) = match &change.wanted {
                Wanted::OffboardUser { account, .. } if by_name(change.reason) => {
                    let mut kept =
                        differences.iter().filter(|it| it.is_kept() && it.account() == Some(account));
                    let user = head.people.name_of(account, live.accounts.get(account));
                    (Address::User(user), kept.any(|it| privileged.marks(it.group_id(), it.group)))
                }
                Wanted::DeleteGroup { group, .. } => (change.address.clone(), privileged.holds(group)),
                Wanted::OffboardUser { .. }
                | Wanted::CreateGroup { .. }
                | Wanted::InviteUser { .. }
                | Wanted::AddMember { .. }
                | Wanted::RemoveMember { .. }
                | Wanted::ActivateUser { .. }
                | Wanted::UpdateUser { .. }
                | Wanted::AssignRole { .. }
                | Wanted::RevokeRole { .. } => return None,
            };
            Some(DeclarationChange {
                address,
                declared: Declared::Kept { undoes: change.wanted.action(), reason: change.reason },
                privileged,
                name: change.name.clone(),
                origin: change.origin.clone(),
            })
        });
        kept.collect()
    }

    /// The people under `users:` in the base that the tree no longer names: their access stays.
    fn users_left(&self, head: &Resolved<'_>, live: &LiveState) -> Vec<DeclarationChange> {
        let users = self.tree.desired.declaration.users.iter().filter_map(|(email, user)| {
            let name = UserRef::Email(email.clone());
            let account = self.tree.account(&name)?;
            let named = head.desired.people().contains(&name) || head.people.declared_as(account).is_some();
            (!named).then(|| DeclarationChange {
                name: live.accounts.get(account).map(|account| account.name.clone()),
                address: Address::User(name),
                declared: Declared::Leaves,
                privileged: false,
                origin: self.locator.locate(user.origin),
            })
        });
        users.collect()
    }

    /// The groups that leave the tree, as a reviewer is shown them: their members stay.
    fn groups_left(
        &self,
        head: &Resolved<'_>,
        live: &LiveState,
        privileged: &Marked,
        differences: &[Difference<'_>],
    ) -> Vec<DeclarationChange> {
        let shown = |left: Left<'_>| {
            let dropped = differences.iter().filter(|it| it.group == left.name && it.is_kept());
            DeclarationChange {
                address: Address::Group(left.name.clone()),
                declared: Declared::GroupLeaves {
                    members: left.id.and_then(|id| live.members.get(id)).map(Listing::len),
                    revokes: dropped.count(),
                },
                privileged: privileged.marks(left.id, left.name),
                name: None,
                origin: self.locator.locate(left.origin),
            }
        };
        self.left(head).map(shown).collect()
    }
}

/// Whether a blocked change of a tree is the end of a membership.
pub(super) fn would_end(blocked: &Blocked, membership: &Membership, tree: &Resolved<'_>) -> bool {
    Deed::of_blocked(blocked, tree).ends() == Some((membership.group(), membership.account()))
}

/// Whether a change revokes something from a user that the tree names: then the access was not necessarily granted by hand.
fn by_name(reason: Reason) -> bool {
    match reason {
        Reason::Expired | Reason::Excepted | Reason::Offboarded => true,
        Reason::Declared | Reason::Synced | Reason::Undeclared | Reason::Unlisted | Reason::Undone => false,
    }
}

/// A group that a base declares and a tree does not.
pub(super) struct Left<'a> {
    pub(super) name: &'a GroupName,
    pub(super) id: Option<&'a GroupId>,
    origin: Origin,
}
