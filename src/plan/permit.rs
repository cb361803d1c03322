//! What each change needs before an operation may be planned for it (design §2 Groups, §7).

use crate::model::{
    AccountId, AccountKind, Action, Address, App, AppRole, Change, GroupId, GroupName, Key, LiveAccount,
    Lost, Mode, Note, Reading, Ref, Surface, UserRef, UserStatus,
};

use super::resolve::{Identity, Obstacle};
use super::route::Router;

impl Router<'_> {
    /// The description that a group is created with, where the surface can say it.
    pub(super) fn description(
        &mut self,
        change: &Change,
        name: &GroupName,
        description: Option<&str>,
        via: Surface,
    ) -> Option<String> {
        let description = description?;
        if via == Surface::Organization {
            return Some(description.to_owned());
        }
        self.note(
            "description-unused",
            format!("{via} creates group {name} without its description"),
            change,
        );
        None
    }

    /// Nothing may narrow the credential's own account, nor the operator (design §9, 2).
    pub(super) fn may_narrow(&self, user: Option<&UserRef>, account: &AccountId) -> Result<(), Obstacle> {
        let operator = self.context.desired.declaration.settings.operator.as_ref();
        let operator = operator.map(|operator| UserRef::Email(operator.value.clone()));
        let is_operator = operator.is_some_and(|operator| {
            user == Some(&operator) || *self.people.person(&operator) == Identity::Account(account.clone())
        });
        if !is_operator && self.context.live.rights.acting() != Some(account) {
            return Ok(());
        }
        let who = if is_operator { "the operator" } else { "the account that Rollbook acts as" };
        Err(Obstacle {
            code: "self-lockout",
            why: format!("it would narrow the access of {who}"),
            help: "Do it by hand, or with another administrator's credential.".into(),
        })
    }

    /// What is known of an account: a listing showed it, or it was asked for.
    pub(super) fn account(&self, account: &AccountId) -> Option<&LiveAccount> {
        let asked = || self.context.capabilities.accounts.get(account)?.as_ref();
        self.context.live.accounts.get(account).or_else(asked)
    }

    /// Whether an account may be put into a group.
    pub(super) fn may_join(&mut self, change: &Change, account: &AccountId) -> Result<(), Obstacle> {
        // The diff says it of accounts that a listing showed.
        let asked = self.context.capabilities.accounts.get(account).and_then(Option::as_ref);
        if let (Some(UserRef::Email(declared)), Some(live)) =
            (change.address.user(), asked.and_then(|asked| asked.email.as_ref()))
            && declared != live
        {
            let text = format!("{declared} now has the e-mail {live}; work goes on by account");
            self.note("email-changed", text, change);
        }
        match self.account(account).map(|account| account.kind) {
            None => Err(Obstacle {
                code: "account-gone",
                why: format!("the site knows no account {account}"),
                help: "Correct the id, or remove the entry.".into(),
            }),
            Some(AccountKind::Customer) => Err(Obstacle {
                code: "customer-account",
                why: format!("account {account} is a portal-only customer"),
                help: "Rollbook never touches customer accounts; remove the entry.".into(),
            }),
            Some(AccountKind::Atlassian | AccountKind::App | AccountKind::Unknown) => self.may_gain(account),
        }
    }

    /// The account, or the invitation that brings it back to a directory, where the plan has one.
    pub(super) fn arriving(&self, change: &Change, account: &Ref<AccountId>) -> Ref<AccountId> {
        let gone = account.known().is_some_and(|id| self.status(id) == UserStatus::NotInvited);
        let user = change.address.user().filter(|_| gone).cloned();
        let invite = user.map(|user| Key { address: Address::User(user), action: Action::Invite });
        invite.filter(|key| self.operations.contains_key(key)).map_or_else(|| account.clone(), Ref::Made)
    }

    /// Whether an account may be given anything: not while it is on its way out, nor before it is invited.
    fn may_gain(&self, account: &AccountId) -> Result<(), Obstacle> {
        match self.status(account) {
            UserStatus::ForDeletion | UserStatus::Closed => Err(Obstacle {
                code: "account-closed",
                why: format!("account {account} is closed or about to be deleted"),
                help:
                    "Cancel the deletion at admin.atlassian.com while that can be done, or remove the entry."
                        .into(),
            }),
            UserStatus::NotInvited => Err(Obstacle {
                code: "not-invited",
                why: format!("account {account} is in none of the organization's directories"),
                help: "Have the person invited, with `active: true` under `users:`.".into(),
            }),
            UserStatus::Active
            | UserStatus::Suspended
            | UserStatus::Deactivated
            | UserStatus::Inactive
            | UserStatus::Unsaid => Ok(()),
        }
    }

    /// An app puts a new user into its default groups by itself; a group that is exact without them would
    /// throw them out again, for ever (design §2, Others).
    pub(super) fn may_invite(&mut self, change: &Change, apps: &[App]) -> Result<(), Obstacle> {
        if apps.is_empty() {
            return Ok(());
        }
        let Reading::Read(roles) = &self.context.capabilities.app_roles else {
            let text = "the default groups of apps cannot be read with this credential".to_string();
            self.note("default-groups-unknown", text, change);
            return Ok(());
        };
        for app in apps {
            let role = roles.iter().find(|role| role.app == *app).ok_or_else(|| unknown_app(app, roles))?;
            self.default_groups_agree(change, role)?;
        }
        Ok(())
    }

    fn default_groups_agree(&self, change: &Change, role: &AppRole) -> Result<(), Obstacle> {
        let Some(user) = change.address.user() else {
            return Ok(());
        };
        for (name, group) in self.groups.live().filter(|(_, group)| role.default_groups.contains(&group.id)) {
            let Some(desired) = self.context.desired.groups.get(name) else {
                continue;
            };
            let puts = format!("{} puts new users into {}", role.app, group.name);
            let (why, help) = if desired.denied.contains_key(user) {
                let help = format!("Drop the app, or let {user} be in {name}.");
                (format!("{puts}, where {user} is not to be"), help)
            } else if desired.mode == Mode::Exact && !desired.members.contains_key(user) {
                let help = format!("Add {user} to {name}, make it `mode: at-least`, or drop the app.");
                (format!("{puts}, which is exact without {user}"), help)
            } else {
                continue;
            };
            return Err(Obstacle { code: "default-group", why, help });
        }
        Ok(())
    }

    /// Deleting is refused for protected, privileged, default-access and admin groups, and for those that
    /// grant an app (design §2, Groups).
    pub(super) fn may_delete(
        &mut self,
        change: &Change,
        group: &GroupId,
        members: &[Lost],
    ) -> Result<(), Obstacle> {
        for lost in members {
            self.may_narrow(Some(&lost.user), lost.membership.account())?;
        }
        let Some(name) = change.address.group() else {
            return Ok(());
        };
        if self.protected.holds(group) {
            return Err(undeletable("policy.protect names it"));
        }
        if self.privileged.holds(group) {
            return Err(undeletable("it is privileged"));
        }
        let Reading::Read(roles) = &self.context.capabilities.app_roles else {
            return Err(undeletable("this credential cannot read whether it grants an app"));
        };
        if let Some(role) =
            roles.iter().find(|role| role.groups.contains(group) || role.default_groups.contains(group))
        {
            return Err(undeletable(&format!("it grants {}", role.app)));
        }
        let lost = match members.len() {
            1 => "1 membership".into(),
            count => format!("{count} memberships"),
        };
        let text = format!(
            "deleting group {name} ends {lost}; content restricted to it and its id do not come back"
        );
        self.note("group-deleted", text, change);
        Ok(())
    }

    pub(super) fn note(&mut self, code: &'static str, text: String, change: &Change) {
        self.notes
            .push((change.key(), Note { code: code.into(), text, origin: Some(change.origin.clone()) }));
    }
}

fn undeletable(why: &str) -> Obstacle {
    Obstacle {
        code: "delete-refused",
        why: format!("the group is not deleted: {why}"),
        help: "Delete it by hand at admin.atlassian.com if that is really meant.".into(),
    }
}

fn unknown_app(app: &App, roles: &[AppRole]) -> Obstacle {
    let known: Vec<&str> = roles.iter().map(|role| role.app.as_str()).collect();
    Obstacle {
        code: "unknown-app",
        why: format!("the site has no app {app}"),
        help: format!("It has: {}.", known.join(", ")),
    }
}
