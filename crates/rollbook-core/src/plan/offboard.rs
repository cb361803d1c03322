//! What becomes of somebody who is offboarded, comes back or comes to be (design §7).

use std::collections::BTreeMap;

use crate::model::{
    AccountId, Action, Address, App, Change, Email, GroupId, Kept, Key, Membership, NamedGroup, Note,
    Offboard, Operation, PlannedOperation, Read, Reason, Ref, Surface, UserRef, UserStatus, Wanted,
};

use super::identity::Obstacle;
use super::lifecycle::invitation;
use super::route::{Router, Step};

impl Router<'_> {
    /// Nobody comes back to a membership that the tree ends and that cannot be ended: it would have an effect again.
    pub(super) fn block_returns(&mut self) {
        let is_return =
            |planned: &&PlannedOperation| matches!(planned.operation, Operation::ActivateUser { .. });
        let held = |planned: &PlannedOperation| {
            let user = planned.key.address.user()?;
            self.blocked.iter().find(|it| {
                it.action == Action::Remove && it.address.group().is_some() && it.address.user() == Some(user)
            })
        };
        let returns = self.operations.values().filter(is_return);
        let held: Vec<(Key, String)> = returns
            .filter_map(|planned| Some((planned.key.clone(), held(planned)?.address.to_string())))
            .collect();
        for (key, address) in held {
            let obstacle = Obstacle {
                code: "requires-blocked",
                why: format!(
                    "the account would come back to what `remove {address}` is to end, which is blocked"
                ),
                help: "Clear what blocks that first.".into(),
            };
            self.block_planned(&key, obstacle);
        }
    }

    /// The groups that the plan puts each person into whom the organization invites, those that exist first.
    pub(super) fn invited_groups(&self) -> BTreeMap<UserRef, Vec<Ref<GroupId>>> {
        let invited = |planned: &&PlannedOperation| {
            let by_organization = planned.via == Surface::Organization;
            by_organization && matches!(planned.operation, Operation::InviteUser { .. })
        };
        let users = self.operations.values().filter(invited).filter_map(|planned| planned.key.address.user());
        let mut groups: BTreeMap<UserRef, Vec<Ref<GroupId>>> =
            users.map(|user| (user.clone(), Vec::new())).collect();
        for planned in self.operations.values().filter(|planned| planned.via == Surface::Organization) {
            if let Operation::AddMember { group, .. } = &planned.operation
                && let Some(of_user) = planned.key.address.user().and_then(|user| groups.get_mut(user))
            {
                of_user.push(group.clone());
            }
        }
        for of_user in groups.values_mut() {
            of_user.sort();
        }
        groups
    }

    /// Takes an account out of every group that can be written, and then does with it what the policy says.
    pub(super) fn offboard(
        &mut self,
        change: &Change,
        account: &AccountId,
        how: Offboard,
    ) -> Result<Option<Step>, Obstacle> {
        self.may_narrow(change.address.user(), account)?;
        self.is_nobody_kept(account)?;
        self.must_know(Read::Directories, account.as_str())?;
        let status = self.status(account);
        let memberships = match self.memberships(account) {
            // Whoever is in no directory is in no group, and the organization alone has no row to say so.
            Err(_) if status == UserStatus::NotInvited => Vec::new(),
            read => read?,
        };
        let removed = match how {
            Offboard::Remove => self.remove_surface(account).ok(),
            Offboard::Suspend | Offboard::Deactivate => None,
        };
        // What an undo takes back of somebody is that they are active: their memberships are operations of their own.
        let stays = change.reason == Reason::Undone && how != Offboard::Remove;
        // The organization ends every membership with the account's own (design §8).
        if removed != Some(Surface::Organization) && !stays {
            for kept in &memberships {
                self.route(removal(change, kept));
            }
        }
        let left: Vec<Kept> =
            memberships.iter().filter(|kept| !self.ends(&kept.membership)).cloned().collect();
        let account = account.clone();
        let active = matches!(status, UserStatus::Active | UserStatus::Unsaid);
        match how {
            // Assumption: whoever was removed from the site is still listed, as inactive and in no group. The fact
            // sheet (§1.3) says that the account outlives the removal and that the listing shows such accounts.
            Offboard::Remove if !active && memberships.is_empty() && status != UserStatus::Suspended => {
                Ok(None)
            }
            Offboard::Remove => {
                let via = self.remove_surface(&account)?;
                Ok(Some((Operation::RemoveUser { account, memberships: left, was_active: active }, via)))
            }
            Offboard::Suspend if !active => Ok(None),
            Offboard::Suspend => {
                let via = self.suspend_surface(&account)?;
                Ok(Some((Operation::SuspendUser { account, memberships: left }, via)))
            }
            Offboard::Deactivate if !active && status != UserStatus::Suspended => Ok(None),
            Offboard::Deactivate => {
                let what = "deactivating an account, which is still active,";
                let via = self.everywhere_surface(&account, what)?;
                Ok(Some((Operation::DeactivateUser { account, memberships: left }, via)))
            }
        }
    }

    /// Gives an account its access back. What it is a member of has an effect again, so that a reviewer sees it.
    pub(super) fn activate(
        &mut self,
        change: &Change,
        account: &AccountId,
        email: &Email,
        apps: &[App],
    ) -> Result<Option<Step>, Obstacle> {
        self.must_know(Read::Memberships, account.as_str())?;
        self.must_know(Read::Directories, account.as_str())?;
        let status = self.status(account);
        match status {
            UserStatus::Active => return Ok(None),
            UserStatus::NotInvited => {
                if let Some(user) = change.address.user() {
                    invitation(&self.context.tree.desired, user)?;
                }
                let defaults = self.may_invite(change, apps)?;
                return self.invite(change, email, None, (apps, defaults));
            }
            UserStatus::Suspended
            | UserStatus::Deactivated
            | UserStatus::ForDeletion
            | UserStatus::Closed
            | UserStatus::Inactive
            | UserStatus::Unsaid => {}
        }
        let (via, from) = self.activate_surface(account, status)?;
        let memberships = self.memberships(account)?;
        let privileged = |kept: &Kept| self.rules.privileged.holds(kept.membership.group());
        if let Some(user) = change.address.user().filter(|_| memberships.iter().any(privileged)) {
            self.is_still_theirs(user)?;
        }
        Ok(Some((Operation::ActivateUser { account: account.clone(), from, memberships }, via)))
    }

    /// The invitation of somebody, through the surface that can make it.
    pub(super) fn invite(
        &mut self,
        change: &Change,
        email: &Email,
        name: Option<&String>,
        (apps, defaults): (&[App], Vec<NamedGroup>),
    ) -> Result<Option<Step>, Obstacle> {
        let via = self.invite_surface(email, apps)?;
        let wants_mail = self.context.tree.desired.declaration.policy.invite_mail;
        let sends_mail = match via {
            Surface::Jira => true,
            Surface::Organization => wants_mail,
            Surface::UserManagement | Surface::Scim => false,
        };
        if wants_mail && !sends_mail {
            let text = format!("{email} is provisioned without the mail that `invite-mail` asks for");
            self.note("no-mail", text, change);
        }
        let operation = Operation::InviteUser {
            email: email.clone(),
            name: name.cloned(),
            apps: apps.to_vec(),
            groups: Vec::new(),
            defaults,
            sends_mail,
        };
        Ok(Some((operation, via)))
    }

    /// Sets a name where Rollbook's directory owns it; elsewhere it is the person's own, and a note says so.
    ///
    /// # Errors
    /// Where it cannot be told whose the name is.
    pub(super) fn rename(
        &mut self,
        change: &Change,
        account: &AccountId,
        name: &str,
    ) -> Result<Option<Step>, Obstacle> {
        if self.may_name(account)? {
            let operation = Operation::UpdateUser { account: account.clone(), name: name.to_owned() };
            return Ok(Some((operation, Surface::Scim)));
        }
        // It was for the invitation, and the lock knows the person since; a change of it is still to be told.
        if self.was_invited_with(change, name) {
            return Ok(None);
        }
        let who = change.address.user().map(ToString::to_string).unwrap_or_default();
        let live = change.name.as_deref().unwrap_or_default();
        let text = format!("{who} is named {live} live; the name of an existing account is not changed");
        let note = Note::new("name-ignored", text, Some(change.origin.clone()));
        self.remarks.push(Note { names: vec![live.to_owned()], ..note });
        Ok(None)
    }

    /// Whether a name is that of somebody whom the lock knows, and no change's.
    fn was_invited_with(&self, change: &Change, name: &str) -> bool {
        let Some(UserRef::Email(email)) = change.address.user() else { return false };
        let locked = self.context.tree.desired.declaration.lock.users.contains_key(email);
        let base = self.context.base.map(|base| &base.tree.desired.declaration.users);
        let before = base.map(|users| users.get(email).and_then(|user| user.name.as_ref()));
        locked && before.is_none_or(|before| before.is_some_and(|before| before.value == name))
    }

    /// The groups that an account is in, by the names that the plan uses.
    fn memberships(&self, account: &AccountId) -> Result<Vec<Kept>, Obstacle> {
        self.must_know(Read::Memberships, account.as_str())?;
        let Some(memberships) = self.context.capabilities.memberships.get(account) else {
            return Err(Obstacle {
                code: "not-read",
                why: "the person's groups were not read".into(),
                help: "Plan again.".into(),
            });
        };
        let kept = |(name, membership): (_, Membership)| Kept {
            group: self.name_of(membership.group(), &name),
            membership,
        };
        Ok(memberships.memberships_of(account).map(kept).collect())
    }
}

/// The change that a membership of an offboarded account asks for.
fn removal(change: &Change, kept: &Kept) -> Change {
    let address = match change.address.user() {
        Some(user) => Address::Member(kept.group.clone(), user.clone()),
        None => Address::Group(kept.group.clone()),
    };
    Change { address, wanted: Wanted::RemoveMember { membership: kept.membership.clone() }, ..change.clone() }
}
