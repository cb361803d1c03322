//! What differs for the users that a tree declares: who is to be invited, who is to lose all access.

use crate::model::{AccountId, Action, Address, DeclaredUser, Email, Key, Origin, Reason, UserRef, Wanted};

use super::desired::Desired;
use super::diff::Differ;
use super::resolve::{Identity, Obstacle};

/// Adds the changes that `users:` asks for.
pub(super) fn diff_users(differ: &mut Differ<'_>) {
    let desired = differ.desired;
    for (email, user) in &desired.declaration.users {
        let identity = differ.people.person(&UserRef::Email(email.clone())).clone();
        match (user.active.map(|active| active.value), identity) {
            (Some(true), identity) => be_active(differ, email, user, identity),
            (Some(false), identity) => offboard(differ, email, user, identity),
            (None, Identity::Account(_)) => {}
            (None, Identity::Missing) => {
                block(differ, email, user.origin, Action::Invite, Reason::Declared, missing(email));
            }
            (None, Identity::Unresolved(obstacle)) => {
                block(differ, email, user.origin, Action::Invite, Reason::Declared, obstacle);
            }
        }
    }
}

/// The invitation that gives a person who has no account one, or why there is none.
pub(super) fn invitation(desired: &Desired<'_>, user: &UserRef) -> Result<Key, Obstacle> {
    let UserRef::Email(email) = user else {
        return Err(Obstacle {
            code: "account-gone",
            why: format!("there is no {user}"),
            help: "Correct the id, or remove the entry.".into(),
        });
    };
    let declared = desired.declaration.users.get(email);
    if declared.and_then(|user| user.active).is_none_or(|active| !active.value) {
        return Err(missing(email));
    }
    let domains = &desired.declaration.policy.invite_domains;
    if !domains.iter().any(|domain| domain.value.eq_ignore_ascii_case(email.domain())) {
        return Err(Obstacle {
            code: "invite-domain",
            why: format!("{email} has no account, and {} is not among policy.invite-domains", email.domain()),
            help: "Add the domain to `invite-domains` in rollbook.yaml, or invite the person by hand.".into(),
        });
    }
    Ok(Key { address: Address::User(user.clone()), action: Action::Invite })
}

fn be_active(differ: &mut Differ<'_>, email: &Email, user: &DeclaredUser, identity: Identity) {
    let who = UserRef::Email(email.clone());
    match identity {
        Identity::Account(id) => {
            if differ.live.accounts.get(&id).is_some_and(|account| !account.active) {
                let wanted = Wanted::ActivateUser { account: id };
                differ.change(Address::User(who), wanted, Reason::Declared, user.origin);
            }
        }
        Identity::Missing => match invitation(differ.desired, &who) {
            Ok(_) => {
                let apps = user.apps.iter().map(|app| app.value.clone()).collect();
                let wanted = Wanted::InviteUser { email: email.clone(), apps };
                differ.change(Address::User(who), wanted, Reason::Declared, user.origin);
            }
            Err(obstacle) => block(differ, email, user.origin, Action::Invite, Reason::Declared, obstacle),
        },
        Identity::Unresolved(obstacle) => {
            block(differ, email, user.origin, Action::Invite, Reason::Declared, obstacle);
        }
    }
}

/// An account that is gone is offboarded already.
fn offboard(differ: &mut Differ<'_>, email: &Email, user: &DeclaredUser, identity: Identity) {
    let origin = user.active.map_or(user.origin, |active| active.origin);
    match identity {
        Identity::Account(account) => offboard_account(differ, email, account, origin),
        Identity::Missing => {}
        Identity::Unresolved(obstacle) if obstacle.code == "account-gone" => {}
        Identity::Unresolved(obstacle) => {
            block(differ, email, origin, Action::Suspend, Reason::Offboarded, obstacle);
        }
    }
}

fn offboard_account(differ: &mut Differ<'_>, email: &Email, account: AccountId, origin: Origin) {
    let live = differ.live.accounts.get(&account);
    let (active, name) = live.map_or((true, None), |live| (live.active, Some(live.name.clone())));
    let how = differ.desired.declaration.policy.offboard;
    let wanted = Wanted::OffboardUser { account, how, active };
    differ.change(Address::User(UserRef::Email(email.clone())), wanted, Reason::Offboarded, origin);
    if let Some(change) = differ.changes.changes.last_mut() {
        change.name = name;
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

fn missing(email: &Email) -> Obstacle {
    Obstacle {
        code: "user-missing",
        why: format!("{email} has no account on the site"),
        help: format!(
            "Correct the e-mail, or have the person invited: `users: {{ {email}: {{ active: true }} }}`, with the \
             domain in `invite-domains`."
        ),
    }
}
