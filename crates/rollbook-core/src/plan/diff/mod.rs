//! The differences between desired and live, before any surface is chosen for them.

mod grants;
mod notes;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, AccountKind, Action, Address, AppsInGroup, Change, Changes, Email, GroupId, GroupName,
    GroupState, GroupSummary, Key, Listing, LiveAccount, LiveGroup, LiveState, Locator, Lost, Membership,
    Mode, Origin, Reason, Ref, UserRef, Wanted,
};

use super::desired::{Denial, DesiredGroup, Entry};
use super::identity::{GroupIdentity, Identity, Obstacle, ObstacleCode, Resolved};

pub(super) use grants::unknown_app;
pub(super) use users::invitation;

/// Compares the desired state with the live state. The result depends on neither the order of the files nor that of the
/// pages.
pub fn diff(tree: &Resolved<'_>, live: &LiveState, locator: &Locator<'_>) -> Changes {
    let offboarded = offboarded(tree);
    let leaver = tree.unknown_leaver();
    let mut differ = Differ { tree, live, locator, offboarded, leaver, changes: Changes::default() };
    users::diff_users(&mut differ);
    users::diff_unlisted(&mut differ);
    for (name, declared) in &tree.desired.declaration.groups {
        match (&declared.state, tree.groups.get(name).clone()) {
            (GroupState::Absent, GroupIdentity::Missing) => {}
            (GroupState::Absent, GroupIdentity::Live(group)) => {
                differ.delete_group(name, &group, declared.origin);
            }
            // A pinned tombstone has served its purpose when neither the ID nor the name exists any more.
            (GroupState::Absent, GroupIdentity::Unresolved(obstacle))
                if obstacle.code == ObstacleCode::GroupGone
                    && live.groups.iter().all(|group| group.name != *name) => {}
            (GroupState::Absent, GroupIdentity::Unresolved(obstacle)) => {
                differ.block(
                    Address::Group(name.clone()),
                    Action::Delete,
                    Reason::Declared,
                    obstacle,
                    declared.origin,
                );
            }
            (GroupState::Present(_), identity) => {
                if let Some(group) = tree.desired.groups.get(name) {
                    differ.diff_group(name, group, identity);
                }
            }
        }
    }
    notes::add_notes(&mut differ);
    differ.changes
}

/// A diff in progress.
pub(super) struct Differ<'a> {
    pub(super) tree: &'a Resolved<'a>,
    pub(super) live: &'a LiveState,
    pub(super) locator: &'a Locator<'a>,
    pub(super) changes: Changes,
    /// The accounts of the people that the tree offboards, and the places that say so: few, and looked up for every membership.
    offboarded: BTreeMap<AccountId, Origin>,
    /// A user that the tree offboards, and who may have any account that hides its email.
    leaver: Option<&'a Email>,
}

fn offboarded(tree: &Resolved<'_>) -> BTreeMap<AccountId, Origin> {
    let leaving = tree.desired.declaration.users.keys().filter_map(|email| {
        let origin = tree.desired.offboarded(email)?;
        Some((tree.account(&UserRef::Email(email.clone()))?.clone(), origin))
    });
    leaving.collect()
}

/// The members that one group should have, by how their names resolved.
#[derive(Default)]
struct Wants<'a> {
    accounts: BTreeMap<AccountId, (&'a UserRef, Entry)>,
    invited: Vec<(&'a UserRef, Entry, Key)>,
    denied: BTreeMap<AccountId, (Reason, Origin)>,
    /// People who should not be members, and cannot be told apart from other accounts.
    doubtful: Vec<(&'a UserRef, Denial, Obstacle)>,
    /// A person who should not be a member, and whose email no account shows.
    denied_nobody: Option<&'a UserRef>,
    /// Whether somebody named here cannot be told apart from the accounts that hide their email.
    unresolved: bool,
}

impl Differ<'_> {
    pub(super) fn change(&mut self, address: Address, wanted: Wanted, reason: Reason, origin: Origin) {
        self.change_of(address, wanted, reason, origin, None);
    }

    /// A change about somebody with a display name.
    pub(super) fn change_of(
        &mut self,
        address: Address,
        wanted: Wanted,
        reason: Reason,
        origin: Origin,
        name: Option<String>,
    ) {
        let origin = self.locator.locate(origin);
        self.changes.changes.push(Change { address, wanted, origin, reason, name, until: None });
    }

    /// An active person that nothing declares, and who does not run Rollbook.
    pub(super) fn unlisted(&self, id: &AccountId) -> Option<&LiveAccount> {
        let account = self.live.accounts.get(id)?;
        let runs = self.live.rights.acting() == Some(id);
        let counts = account.active() && account.kind == AccountKind::Atlassian && !runs;
        (counts && self.tree.people.declared_as(id).is_none()).then_some(account)
    }

    pub(super) fn block(
        &mut self,
        address: Address,
        action: Action,
        reason: Reason,
        obstacle: Obstacle,
        origin: Origin,
    ) {
        let origin = self.locator.locate(origin);
        self.changes.blocked.push(obstacle.blocks_at((address, action), reason, origin));
    }

    fn delete_group(&mut self, name: &GroupName, group: &LiveGroup, origin: Origin) {
        let Some(listing) = self.live.members.get(&group.id) else {
            self.block(
                Address::Group(name.clone()),
                Action::Delete,
                Reason::Declared,
                not_read(name),
                origin,
            );
            return;
        };
        let lost = |membership: Membership| {
            let account = self.live.accounts.get(membership.account());
            Lost {
                user: self.tree.people.name_of(membership.account(), account),
                name: account.map(|account| account.name.clone()),
                membership,
            }
        };
        let mut members: Vec<Lost> = listing.memberships(&group.id).map(lost).collect();
        members.sort_by(|a, b| a.user.cmp(&b.user));
        self.changes.groups.push(GroupSummary { name: name.clone(), before: members.len(), after: 0 });
        let wanted = Wanted::DeleteGroup { group: group.id.clone(), members };
        self.change(Address::Group(name.clone()), wanted, Reason::Declared, origin);
    }

    fn diff_group(&mut self, name: &GroupName, group: &DesiredGroup<'_>, identity: GroupIdentity) {
        let origin = group.declared.origin;
        let address = Address::Group(name.clone());
        match identity {
            GroupIdentity::Unresolved(obstacle) => {
                self.block(address, Action::Create, Reason::Declared, obstacle, origin);
            }
            GroupIdentity::Missing if group.unmanaged => {
                self.block(address, Action::Create, Reason::Declared, not_there(name), origin);
            }
            GroupIdentity::Missing => {
                let made = Ref::Made(Key { address: address.clone(), action: Action::Create });
                let wanted = Wanted::CreateGroup {
                    name: name.clone(),
                    description: group.declared.description.as_ref().map(|text| text.value.clone()),
                    source: group.source,
                };
                self.change(address, wanted, Reason::Declared, origin);
                let wants = self.wants(name, group);
                self.block_unclear(name, group);
                self.changes.groups.push(GroupSummary { name: name.clone(), before: 0, after: 0 });
                self.block_twice(name, group, None);
                self.add_missing(name, &made, group, &wants, None);
                self.diff_grants(name, group, &made);
            }
            GroupIdentity::Live(live_group) => {
                let live = self.live;
                let Some(members) = live.members.get(&live_group.id) else {
                    self.block(address, Action::Create, Reason::Declared, not_read(name), origin);
                    return;
                };
                self.changes.groups.push(GroupSummary {
                    name: name.clone(),
                    before: members.len(),
                    after: members.len(),
                });
                let id = Ref::Known(live_group.id.clone());
                self.diff_grants(name, group, &id);
                if group.unmanaged {
                    return;
                }
                let wants = self.wants(name, group);
                self.block_unclear(name, group);
                self.add_missing(name, &id, group, &wants, Some(members));
                self.remove_surplus(name, group, &live_group, &wants, members);
                self.block_twice(name, group, Some(members));
                self.block_doubtful(name, wants.doubtful, members);
            }
        }
    }

    /// Sorts the names of a group by account, and blocks those that cannot be members.
    fn wants<'g>(&mut self, name: &GroupName, group: &'g DesiredGroup<'_>) -> Wants<'g> {
        let mut wants = Wants::default();
        for (user, entry) in &group.members {
            match self.tree.people.person(user).clone() {
                Identity::Account(id) => match self.offboarded.get(&id).copied() {
                    Some(origin) => {
                        wants.denied.insert(id, (Reason::Offboarded, origin));
                    }
                    None => {
                        wants.accounts.entry(id).or_insert((user, *entry));
                    }
                },
                Identity::Missing => match invitation(&self.tree.desired, user) {
                    Ok(key) => {
                        wants.unresolved |= self.tree.people.missing_may_hide();
                        wants.invited.push((user, *entry, key));
                    }
                    Err(obstacle) => self.block_member(name, user, *entry, obstacle),
                },
                Identity::Unresolved(obstacle) => {
                    wants.unresolved = true;
                    self.block_member(name, user, *entry, obstacle);
                }
            }
        }
        for (user, denial) in &group.denied {
            match self.tree.people.person(user) {
                Identity::Account(id) if !wants.accounts.contains_key(id) => {
                    wants.denied.entry(id.clone()).or_insert((denial.reason, denial.origin));
                }
                Identity::Unresolved(obstacle) if !obstacle.code.knows_the_account() => {
                    wants.unresolved = true;
                    wants.doubtful.push((user, *denial, obstacle.clone()));
                    if self.tree.people.is_of_nobody(user) {
                        wants.denied_nobody = Some(user);
                    }
                }
                Identity::Missing if invitation(&self.tree.desired, user).is_err() => {
                    wants.denied_nobody = Some(user);
                }
                // A member who is gone, or who is a customer, is not one of the accounts that hide their email.
                Identity::Unresolved(_) | Identity::Account(_) | Identity::Missing => {}
            }
        }
        wants
    }

    fn block_member(&mut self, name: &GroupName, user: &UserRef, entry: Entry, obstacle: Obstacle) {
        let address = Address::Member(name.clone(), user.clone());
        self.block(address, Action::Add, entry.reason(), obstacle, entry.origin);
    }

    /// Says of each `synced:` entry that brings nobody why.
    fn block_unclear(&mut self, name: &GroupName, group: &DesiredGroup<'_>) {
        for origin in &group.unclear {
            let Some(obstacle) = self.tree.doubts.get(origin) else { continue };
            let why = format!("{}; nobody comes into {name} by it, nor leaves undeclared", obstacle.why);
            let obstacle = Obstacle { why, ..obstacle.clone() };
            self.block(Address::Group(name.clone()), Action::Add, Reason::Synced, obstacle, *origin);
        }
    }

    /// A person that a synced group brings may be one that the tree offboards, where the one hides their email and nobody
    /// knows the account of the other.
    fn may_have_left(&self, entry: Entry, account: &Ref<AccountId>) -> Option<Obstacle> {
        let (id, leaver) = (account.known().filter(|_| entry.synced)?, self.leaver?);
        self.tree.people.hides(id, self.live.accounts.get(id)).then(|| Obstacle {
            code: ObstacleCode::IdentityUnresolved,
            why: format!(
                "{leaver} is offboarded and not resolved, and may be this account, which hides its email"
            ),
            help: format!("Pin the account of {leaver} under `users:`, so that the two can be told apart."),
        })
    }

    /// An account that is named by its ID may be somebody that the same group denies by an email: one that is hidden, if
    /// the account hides its email, or one that no account shows any more, if it shows another.
    fn may_be_denied(&self, wants: &Wants<'_>, account: &Ref<AccountId>) -> Option<Obstacle> {
        let id = account.known().filter(|id| !self.is_app(id))?;
        let hidden = || wants.doubtful.first().map(|(user, ..)| *user);
        let hides = self.tree.people.hides(id, self.live.accounts.get(id));
        let user = hidden().filter(|_| hides).or(wants.denied_nobody)?;
        Some(Obstacle {
            code: ObstacleCode::IdentityUnresolved,
            why: format!("{user}, who must not be in the group, is not resolved, and may be this account"),
            help: format!(
                "Pin the account of {user} under `users:`, so that the two can be told apart; or remove the line of \
                 {user} if that person is gone."
            ),
        })
    }

    fn is_app(&self, account: &AccountId) -> bool {
        self.live.accounts.get(account).is_some_and(|account| account.kind == AccountKind::App)
    }

    /// Blocks somebody that a group lists under two names of one account: of two entries, the laxer one would win. The
    /// current state stays, and the plan reports the ambiguity.
    fn block_twice(
        &mut self,
        name: &GroupName,
        group: &DesiredGroup<'_>,
        members: Option<&Listing<AccountId>>,
    ) {
        for (user, twice) in &group.twice {
            let Some(id) = self.tree.account(user) else { continue };
            let obstacle = Obstacle {
                code: ObstacleCode::ListedTwice,
                why: format!("two entries of {name} name account {id}, which goes by {user}"),
                help: "Keep one entry: of two, the less strict one would win.".into(),
            };
            let is_member = members.is_some_and(|members| members.contains(id));
            let (action, reason) = match (is_member, twice.ended) {
                (true, true) => (Action::Remove, Reason::Expired),
                (true, false) | (false, _) => (Action::Add, Reason::Declared),
            };
            self.block(Address::Member(name.clone(), user.clone()), action, reason, obstacle, twice.origin);
        }
    }

    fn add_missing(
        &mut self,
        name: &GroupName,
        group: &Ref<GroupId>,
        desired: &DesiredGroup<'_>,
        wants: &Wants<'_>,
        members: Option<&Listing<AccountId>>,
    ) {
        let missing = |id: &AccountId| members.is_none_or(|members| !members.contains(id));
        let known = wants
            .accounts
            .iter()
            .filter(|(id, _)| missing(id))
            .map(|(id, (user, entry))| (*user, *entry, Ref::Known(id.clone())));
        let invited = wants.invited.iter().map(|(user, entry, key)| (*user, *entry, Ref::Made(key.clone())));
        for (user, entry, account) in known.chain(invited).collect::<Vec<_>>() {
            if let Some(obstacle) = account.known().and_then(|id| self.tree.people.shared(id)) {
                self.block_member(name, user, entry, obstacle.clone());
                continue;
            }
            if let (Some(obstacle), UserRef::Account(_)) = (self.may_be_denied(wants, &account), user) {
                self.block_member(name, user, entry, obstacle);
                continue;
            }
            if let Some(obstacle) = self.may_have_left(entry, &account) {
                self.block_member(name, user, entry, obstacle);
                continue;
            }
            // It is blocked below, at the second entry.
            if desired.twice.contains_key(user) {
                continue;
            }
            let name_shown = match &account {
                Ref::Known(id) => self.live.accounts.get(id).map(|account| account.name.clone()),
                Ref::Made(_) => None,
            };
            self.changes.changes.push(Change {
                address: Address::Member(name.clone(), user.clone()),
                wanted: Wanted::AddMember { group: group.clone(), account },
                origin: self.locator.locate(entry.origin),
                reason: entry.reason(),
                name: name_shown,
                until: entry.until,
            });
        }
    }

    fn remove_surplus(
        &mut self,
        name: &GroupName,
        group: &DesiredGroup<'_>,
        live_group: &LiveGroup,
        wants: &Wants<'_>,
        members: &Listing<AccountId>,
    ) {
        let surplus: BTreeSet<Membership> = members
            .memberships(&live_group.id)
            .filter(|membership| !wants.accounts.contains_key(membership.account()))
            .collect();
        for membership in surplus {
            let id = membership.account().clone();
            let account = self.live.accounts.get(&id);
            let offboarded = || Some((Reason::Offboarded, *self.offboarded.get(&id)?));
            let named = wants.denied.get(&id).copied().or_else(offboarded);
            let (reason, origin) = match named {
                // A synced group of unknown members may bring a person whom another entry excepts, or brought through a group
                // until a date. A person's own line ends in any case.
                Some((Reason::Excepted, _)) if !group.unclear.is_empty() => continue,
                Some((Reason::Expired, origin))
                    if !group.unclear.is_empty() && group.takes_group_at(origin) =>
                {
                    continue;
                }
                Some(named) => named,
                None if group.mode == Mode::AtLeast || !may_go(group, account) => continue,
                // A synced group that cannot be told may be what brought them.
                None if !group.unclear.is_empty() => continue,
                None => (Reason::Undeclared, group.declared.origin),
            };
            let address = Address::Member(name.clone(), self.tree.people.name_of(&id, account));
            if named.is_none()
                && let Some(obstacle) = self.doubt(&id, account, wants.unresolved)
            {
                self.block(address, Action::Remove, reason, obstacle, origin);
                continue;
            }
            let shown = account.map(|account| account.name.clone());
            self.change_of(address, Wanted::RemoveMember { membership }, reason, origin, shown);
        }
    }

    /// Somebody who should lose the group and may be one of its members who hide their email keeps it for now, and the
    /// plan must report it.
    fn block_doubtful(
        &mut self,
        name: &GroupName,
        doubtful: Vec<(&UserRef, Denial, Obstacle)>,
        members: &Listing<AccountId>,
    ) {
        let people = &self.tree.people;
        let may_be =
            |id: &AccountId| people.hides(id, self.live.accounts.get(id)) || people.suspect(id).is_some();
        if doubtful.is_empty() || !members.iter().any(may_be) {
            return;
        }
        for (user, denial, obstacle) in doubtful {
            let address = Address::Member(name.clone(), user.clone());
            self.block(address, Action::Remove, denial.reason, obstacle, denial.origin);
        }
    }

    /// Why an undeclared member must stay for now.
    fn doubt(&self, id: &AccountId, account: Option<&LiveAccount>, unresolved: bool) -> Option<Obstacle> {
        let kind = account.map_or(AccountKind::Unknown, |account| account.kind);
        if kind == AccountKind::Unknown {
            return Some(Obstacle {
                code: ObstacleCode::AccountKindUnknown,
                why: format!("the API does not say whether account {id} is a person or an app"),
                help: "Declare the account with `account:`, or remove it by hand.".into(),
            });
        }
        if let Some(obstacle) = self.tree.people.suspect(id) {
            return Some(obstacle.clone());
        }
        (unresolved && self.tree.people.hides(id, account)).then(|| Obstacle {
            code: ObstacleCode::IdentityUnresolved,
            why: "a declared member of the group is not resolved, and may be this account, which hides its email"
                .into(),
            help: "Resolve the declared member first; then this one can be told apart.".into(),
        })
    }
}

/// Customers are never touched, and apps only if the group says so (docs/design.md#accounts-left-alone).
pub(super) fn may_go(group: &DesiredGroup<'_>, account: Option<&LiveAccount>) -> bool {
    match account.map(|account| account.kind) {
        Some(AccountKind::Customer) => false,
        Some(AccountKind::App) => group.apps_in_group == AppsInGroup::Exact,
        Some(AccountKind::Atlassian | AccountKind::Unknown) | None => true,
    }
}

/// A group whose members somebody else owns must be created by its owner.
pub(super) fn not_there(name: &GroupName) -> Obstacle {
    Obstacle {
        code: ObstacleCode::GroupMissing,
        why: format!("the site has no group {name}, and its members are unmanaged"),
        help: "Have the owner of its members create the group, or list the members, so that Rollbook creates it."
            .into(),
    }
}

/// `fetch` reads every declared group that exists, and a snapshot has those that its tree declared; a group that was
/// not read is not an empty group.
fn not_read(name: &GroupName) -> Obstacle {
    Obstacle {
        code: ObstacleCode::NotRead,
        why: format!("the members of {name} were not read"),
        help: "Plan again, with credentials or from a snapshot that was taken with this tree: a group is not changed \
               while its members are unknown."
            .into(),
    }
}
