//! Changes of users who are offboarded or come back, and of their names (docs/design.md#offboarding).

use crate::model::{
    AccountId, Address, App, Change, Email, GroupName, Kept, Membership, Note, Offboard, Operation, Read,
    Reason, Surface, UserRef, UserStatus, Wanted,
};

use super::super::diff::invitation;
use super::super::identity::{Obstacle, ObstacleCode};
use super::{Routed, Router, Step, invitations, note};

/// Removes an account from every group that can be written, and then suspends, deactivates or removes it, by the policy.
pub(super) fn offboard(
    router: &Router<'_>,
    change: &Change,
    account: &AccountId,
    how: Offboard,
) -> Result<Routed, Obstacle> {
    router.may.narrow(account)?;
    router.may.touch(account)?;
    router.surfaces.must_know(Read::Directories, account.as_str())?;
    let status = router.surfaces.status(account);
    let memberships = match memberships(router, account) {
        // An account outside every directory is in no group, and only the organization has no row for it.
        Err(_) if status == UserStatus::NotInvited => Vec::new(),
        read => read?,
    };
    let removed = match how {
        Offboard::Remove => router.surfaces.removal(account).ok(),
        Offboard::Suspend | Offboard::Deactivate => None,
    };
    // An undo reverts only that the person is active: their memberships are separate operations. And the organization
    // ends every membership together with the account (docs/design.md#offboarding).
    let stays = change.reason == Reason::Undone && how != Offboard::Remove;
    let by_themselves = removed != Some(Surface::Organization) && !stays;
    let removals = memberships.iter().filter(|_| by_themselves).map(|kept| removal(change, kept)).collect();
    let account = account.clone();
    let active = matches!(status, UserStatus::Active | UserStatus::NotReported);
    let step = match how {
        // Assumption: a person who was removed from the site is still listed, as inactive and in no group.
        // docs/atlassian.md#removed-and-inactive-look-alike says that the account outlives the removal and that the
        // listing shows such accounts.
        Offboard::Remove if !active && memberships.is_empty() && status != UserStatus::Suspended => Ok(None),
        Offboard::Remove => router.surfaces.removal(&account).map(|via| {
            Some(Step::new(Operation::RemoveUser { account, memberships, was_active: active }, via))
        }),
        Offboard::Suspend if !active => Ok(None),
        Offboard::Suspend => router
            .surfaces
            .suspension(&account)
            .map(|via| Some(Step::new(Operation::SuspendUser { account, memberships }, via))),
        Offboard::Deactivate if !active && status != UserStatus::Suspended => Ok(None),
        Offboard::Deactivate => router
            .surfaces
            .everywhere(&account, "deactivating an account that is still active")
            .map(|via| Some(Step::new(Operation::DeactivateUser { account, memberships }, via))),
    };
    Ok(Routed { first: removals, step, remark: None })
}

/// Restores an account's access. Its memberships have an effect again, so they are shown to the reviewer.
pub(super) fn activate(
    router: &Router<'_>,
    change: &Change,
    account: &AccountId,
    email: &Email,
    apps: &[App],
) -> Result<Option<Step>, Obstacle> {
    router.surfaces.must_know(Read::Memberships, account.as_str())?;
    router.surfaces.must_know(Read::Directories, account.as_str())?;
    let status = router.surfaces.status(account);
    match status {
        UserStatus::Active => return Ok(None),
        UserStatus::NotInvited => {
            if let Some(user) = change.address.user() {
                invitation(&router.context.tree.desired, user)?;
            }
            return invitations::invite(router, change, email, None, apps).map(Some);
        }
        UserStatus::Suspended
        | UserStatus::Deactivated
        | UserStatus::ForDeletion
        | UserStatus::Closed
        | UserStatus::Inactive
        | UserStatus::NotReported => {}
    }
    let (via, from) = router.surfaces.activation(account, status)?;
    let memberships = memberships(router, account)?;
    let privileged = |kept: &Kept| router.rules.privileged.holds(kept.membership.group());
    if let Some(user) = change.address.user().filter(|_| memberships.iter().any(privileged)) {
        router.may.come_back(user)?;
    }
    Ok(Some(Step::new(Operation::ActivateUser { account: account.clone(), from, memberships }, via)))
}

/// Sets a name if Rollbook's directory owns it; otherwise it is the person's own, and a note says so.
///
/// # Errors
/// When it is unknown who owns the name.
pub(super) fn rename(
    router: &Router<'_>,
    change: &Change,
    account: &AccountId,
    name: &str,
) -> Result<Routed, Obstacle> {
    if router.surfaces.may_name(account)? {
        let operation = Operation::UpdateUser { account: account.clone(), name: name.to_owned() };
        return Ok(Step::new(operation, Surface::Scim).into());
    }
    // The name was for the invitation, and the lock has the person since; only a later change of it is reported.
    if was_invited_with(router, change, name) {
        return Ok(Routed::default());
    }
    let who = change.address.user().map(ToString::to_string).unwrap_or_default();
    let live = change.name.as_deref().unwrap_or_default();
    let text = format!("{who} is named {live} on the site; the name of an existing account is not changed");
    let ignored = Note { names: vec![live.to_owned()], ..note("name-ignored", text, change) };
    Ok(Routed { remark: Some(ignored), ..Routed::default() })
}

/// Whether the name belongs to a person in the lock, and did not come with a change.
fn was_invited_with(router: &Router<'_>, change: &Change, name: &str) -> bool {
    let Some(UserRef::Email(email)) = change.address.user() else { return false };
    let locked = router.context.tree.desired.declaration.lock.users.contains_key(email);
    let base = router.context.base.map(|base| &base.tree.desired.declaration.users);
    let before = base.map(|users| users.get(email).and_then(|user| user.name.as_ref()));
    locked && before.is_none_or(|before| before.is_some_and(|before| before.value == name))
}

/// The groups that an account is in, by the names that the plan uses.
fn memberships(router: &Router<'_>, account: &AccountId) -> Result<Vec<Kept>, Obstacle> {
    router.surfaces.must_know(Read::Memberships, account.as_str())?;
    let Some(memberships) = router.context.capabilities.memberships.get(account) else {
        return Err(Obstacle {
            code: ObstacleCode::NotRead,
            why: "the person's groups were not read".into(),
            help: "Plan again.".into(),
        });
    };
    let kept = |(name, membership): (GroupName, Membership)| Kept {
        group: router.name_of(membership.group(), &name),
        membership,
    };
    Ok(memberships.memberships_of(account).map(kept).collect())
}

/// The change that ends a membership of an offboarded account.
fn removal(change: &Change, kept: &Kept) -> Change {
    let address = match change.address.user() {
        Some(user) => Address::Member(kept.group.clone(), user.clone()),
        None => Address::Group(kept.group.clone()),
    };
    Change { address, wanted: Wanted::RemoveMember { membership: kept.membership.clone() }, ..change.clone() }
}
