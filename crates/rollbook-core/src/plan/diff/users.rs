//! The differences for the users that a tree declares: invitations and offboarding.

use std::collections::BTreeSet;

use crate::model::{
    AccountId, Action, Address, App, DeclaredUser, Email, Guard, Key, Origin, Reading, Reason, Surface,
    UnlistedUsers, UserRef, Wanted,
};

use super::super::desired::Desired;
use super::super::identity::{Identity, Obstacle, ObstacleCode};
use super::Differ;

/// Adds the changes that `users:` asks for.
pub(super) fn diff_users(differ: &mut Differ<'_>) {
    say_shared(differ);
    let desired = &differ.tree.desired;
    let mut leaving: BTreeSet<AccountId> = BTreeSet::new();
    for (email, user) in &desired.declaration.users {
        let identity = differ.tree.people.person(&UserRef::Email(email.clone())).clone();
        match (desired.active(email), identity) {
            (Some(true), identity) => {
                if let Identity::Account(account) = &identity {
                    be_named(differ, email, user, account);
                }
                be_active(differ, email, user, identity);
            }
            // Two emails of one account are reported above, and the account is offboarded once.
            (Some(false), Identity::Account(account)) if !leaving.insert(account.clone()) => {}
            (Some(false), identity) => offboard(differ, email, user, identity),
            (None, Identity::Account(account)) => be_named(differ, email, user, &account),
            (None, Identity::Missing) => {
                block(differ, email, user.origin, Action::Update, Reason::Declared, missing(email));
            }
            (None, Identity::Unresolved(obstacle)) => {
                block(differ, email, user.origin, Action::Update, Reason::Declared, obstacle);
            }
        }
    }
}

/// An account that the tree declares under several emails is a mistake of the tree, even if nothing has to change.
fn say_shared(differ: &mut Differ<'_>) {
    let desired = &differ.tree.desired;
    for (user, obstacle) in differ.tree.people.all_shared() {
        let UserRef::Email(email) = user else { continue };
        let declared = desired.declaration.users.get(email).map(|user| user.origin);
        let listed = || {
            let mut groups = desired.groups.values();
            groups.find_map(|group| {
                let entry = group.members.get(user).map(|entry| entry.origin);
                entry.or_else(|| Some(group.denied.get(user)?.origin))
            })
        };
        if let Some(origin) = declared.or_else(listed) {
            block(differ, email, origin, Action::Update, Reason::Declared, obstacle.clone());
        }
    }
}

/// The invitation for a person without an account, or why there is none.
pub(in crate::plan) fn invitation(desired: &Desired<'_>, user: &UserRef) -> Result<Key, Obstacle> {
    let UserRef::Email(email) = user else {
        return Err(Obstacle {
            code: ObstacleCode::AccountGone,
            why: format!("there is no {user}"),
            help: "Correct the ID, or remove the entry.".into(),
        });
    };
    if desired.active(email) != Some(true) {
        return Err(missing(email));
    }
    let address = Address::User(user.clone());
    if !desired.declaration.policy.invites_at(email) && !desired.sets_aside(Guard::InviteDomain, &address) {
        return Err(Obstacle {
            code: ObstacleCode::InviteDomain,
            why: format!("{email} has no account, and {} is not among policy.invite-domains", email.domain()),
            help: format!(
                "Add the domain to `invite-domains` in rollbook.yaml, waive `invite-domain` for {address}, or invite \
                 the person by hand."
            ),
        });
    }
    Ok(Key { address, action: Action::Invite })
}

fn be_active(differ: &mut Differ<'_>, email: &Email, user: &DeclaredUser, identity: Identity) {
    let who = UserRef::Email(email.clone());
    let apps: Vec<App> = user.apps.iter().map(|app| app.value.clone()).collect();
    match identity {
        Identity::Account(account) => match differ.live.accounts.get(&account) {
            Some(live) if live.active() => {}
            Some(live) => {
                if let Some(obstacle) = differ.tree.people.shared(&account).cloned() {
                    block(differ, email, user.origin, Action::Activate, Reason::Declared, obstacle);
                    return;
                }
                let name = Some(live.name.clone());
                let wanted = Wanted::ActivateUser { account, email: email.clone(), apps };
                differ.change_of(Address::User(who), wanted, Reason::Declared, user.origin, name);
            }
            None => {
                let obstacle = unknown_account(&account);
                block(differ, email, user.origin, Action::Activate, Reason::Declared, obstacle);
            }
        },
        Identity::Missing => match invitation(&differ.tree.desired, &who) {
            Ok(_) => {
                let name = user.name.as_ref().map(|name| name.value.clone());
                let wanted = Wanted::InviteUser { email: email.clone(), name, apps };
                differ.change(Address::User(who), wanted, Reason::Declared, user.origin);
            }
            Err(obstacle) => block(differ, email, user.origin, Action::Invite, Reason::Declared, obstacle),
        },
        // They may have an account, so an invitation is uncertain.
        Identity::Unresolved(obstacle) => {
            block(differ, email, user.origin, Action::Activate, Reason::Declared, obstacle);
        }
    }
}

/// Reports a name that differs from the live one: it can be set if SCIM owns the user, which routing decides.
fn be_named(differ: &mut Differ<'_>, email: &Email, user: &DeclaredUser, account: &AccountId) {
    let (Some(name), Some(live)) = (&user.name, differ.live.accounts.get(account)) else { return };
    if name.value != live.name {
        let shown = Some(live.name.clone());
        let wanted = Wanted::UpdateUser { account: account.clone(), name: name.value.clone() };
        let address = Address::User(UserRef::Email(email.clone()));
        differ.change_of(address, wanted, Reason::Declared, name.origin, shown);
    }
}

/// An account that is gone is already offboarded.
fn offboard(differ: &mut Differ<'_>, email: &Email, user: &DeclaredUser, identity: Identity) {
    let origin = differ.tree.desired.offboarded(email).unwrap_or(user.origin);
    let action = differ.tree.desired.declaration.policy.offboard.action();
    match identity {
        Identity::Account(account) if differ.live.accounts.contains_key(&account) => {
            let address = Address::User(UserRef::Email(email.clone()));
            offboard_account(differ, address, account, Reason::Offboarded, origin);
        }
        // Jira shows every account; the organization leaves apps and service accounts out
        // (docs/atlassian.md#what-the-organization-does-not-show).
        Identity::Account(_) if differ.live.rights.has(Surface::Jira) => {}
        Identity::Account(account) => {
            let obstacle = unknown_account(&account);
            block(differ, email, origin, action, Reason::Offboarded, obstacle);
        }
        Identity::Missing => {}
        Identity::Unresolved(obstacle) if obstacle.code == ObstacleCode::AccountGone => {}
        Identity::Unresolved(obstacle) => {
            block(differ, email, origin, action, Reason::Offboarded, obstacle);
        }
    }
}

fn offboard_account(
    differ: &mut Differ<'_>,
    address: Address,
    account: AccountId,
    reason: Reason,
    origin: Origin,
) {
    let name = differ.live.accounts.get(&account).map(|live| live.name.clone());
    let wanted = Wanted::OffboardUser { account, how: differ.tree.desired.declaration.policy.offboard };
    differ.change_of(address, wanted, reason, origin, name);
}

/// Offboards the active people that nothing declares, if the policy says so. Running Rollbook counts as a declaration.
pub(super) fn diff_unlisted(differ: &mut Differ<'_>) {
    let Some(policy) = differ.tree.desired.declaration.policy.unlisted_users else { return };
    match policy.value {
        UnlistedUsers::Ignore | UnlistedUsers::Report => return,
        UnlistedUsers::Offboard => {}
    }
    let Reading::Read(users) = &differ.live.users else { return };
    // Whom a synced group brings that cannot be told, the tree may declare.
    let unclear = differ.tree.doubts.values().next().cloned();
    for id in users {
        let Some(account) = differ.unlisted(id) else { continue };
        let address = Address::User(differ.tree.people.name_of(id, Some(account)));
        match unclear.clone().or_else(|| differ.tree.people.doubt_about(id, account)) {
            Some(obstacle) => {
                let action = differ.tree.desired.declaration.policy.offboard.action();
                differ.block(address, action, Reason::Unlisted, obstacle, policy.origin);
            }
            None => offboard_account(differ, address, id.clone(), Reason::Unlisted, policy.origin),
        }
    }
}

fn block(
    differ: &mut Differ<'_>,
    email: &Email,
    origin: Origin,
    action: Action,
    reason: Reason,
    obstacle: Obstacle,
) {
    differ.block(Address::User(UserRef::Email(email.clone())), action, reason, obstacle, origin);
}

fn unknown_account(account: &AccountId) -> Obstacle {
    Obstacle {
        code: ObstacleCode::AccountGone,
        why: format!("neither the site nor the organization knows account {account}"),
        help: "Correct the pin or the line of rollbook.lock, or remove it to have the person invited.".into(),
    }
}

fn missing(email: &Email) -> Obstacle {
    Obstacle {
        code: ObstacleCode::UserMissing,
        why: format!("{email} has no account on the site"),
        help: format!(
            "Correct the email, or have the person invited: `users: {{ {email}: {{ active: true }} }}`, with the \
             domain in `invite-domains`."
        ),
    }
}
