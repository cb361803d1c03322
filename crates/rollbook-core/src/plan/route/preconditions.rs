//! What each change needs before an operation may be planned for it (docs/design.md#groups,
//! docs/design.md#invitations).

use std::collections::BTreeSet;

use crate::model::{
    AccountId, AccountKind, Action, Address, App, AppRole, Blocked, Change, Email, GroupId, GroupName,
    GroupState, IdentitySource, Key, Lost, Mode, NamedGroup, Note, Read, Reading, Reason, Ref, SelfGrant,
    UserRef, UserStatus,
};

use super::super::context::Context;
use super::super::desired::DesiredGroup;
use super::super::identity::{Obstacle, ObstacleCode};
use super::super::rules::{RuleBook, Rules, Unseen, group_id};
use super::surfaces::SurfaceChoice;
use super::{Operations, note};

/// Decides whether an operation may be planned, by the rules, the tree and the known state of the site.
pub(super) struct Preconditions<'a> {
    context: &'a Context<'a>,
    rules: &'a RuleBook<'a>,
    surfaces: &'a SurfaceChoice<'a>,
    /// [`super::super::identity::Resolved::unknown_leaver`] of the tree, which looks at everybody.
    unknown_leaver: Option<&'a Email>,
}

impl<'a> Preconditions<'a> {
    pub(super) fn of(
        context: &'a Context<'a>,
        rules: &'a RuleBook<'a>,
        surfaces: &'a SurfaceChoice<'a>,
    ) -> Self {
        Self { context, rules, surfaces, unknown_leaver: context.tree.unknown_leaver() }
    }

    /// Blocks an end of access that has come only according to this machine's clock.
    pub(super) fn expire(&self, change: &Change) -> Result<(), Obstacle> {
        let by_day = match change.reason {
            Reason::Expired => true,
            Reason::Offboarded => {
                change.address.user().is_some_and(|user| self.context.tree.desired.has_ended(user))
            }
            Reason::Declared
            | Reason::Synced
            | Reason::Excepted
            | Reason::Undeclared
            | Reason::Unlisted
            | Reason::Undone => false,
        };
        let Some(day) = self.context.site_day.filter(|_| by_day) else {
            return Ok(());
        };
        Err(Obstacle {
            code: ObstacleCode::ClockOff,
            why: format!(
                "the access has expired according to this machine's clock, which says {}, but Atlassian's responses \
                 say {day}",
                self.context.header.today
            ),
            help: "Set this machine's clock, or give the date with `--today`.".into(),
        })
    }

    /// Blocks changes that narrow the credential's own account, or the operator of the tree or of its base
    /// (docs/design.md#what-is-never-planned).
    pub(super) fn narrow(&self, account: &AccountId) -> Result<(), Obstacle> {
        let is_operator = self.rules.is_operator(account);
        if !is_operator && self.context.live.rights.acting() != Some(account) {
            return Ok(());
        }
        let who = if is_operator { "the operator" } else { "the account that Rollbook acts as" };
        Err(Obstacle {
            code: ObstacleCode::SelfLockout,
            why: format!("it would reduce the access of {who}"),
            help: "Do it by hand, or with another administrator's credential.".into(),
        })
    }

    /// Protects every account that hides its email while the account of a protected person, or of the operator, is
    /// unknown. The change's own statements about it do not count yet.
    pub(super) fn touch(&self, account: &AccountId) -> Result<(), Obstacle> {
        let Some(Unseen { email, rule, .. }) = self.rules.may_be(account, self.context.account(account))
        else {
            return Ok(());
        };
        Err(Obstacle {
            code: ObstacleCode::IdentityUnresolved,
            why: format!("`{rule}` names {email}, whose account is unknown, and this one hides its email"),
            help: format!(
                "Pin the account of {email} under `users:`, or correct the email in `{rule}`, and apply that first, as a \
                 change of its own."
            ),
        })
    }

    /// Blocks members of another group in a privileged group unless the group allows it, whatever makes it privileged,
    /// and users whose account shows an email that differs from the lock's: the account may belong to somebody else by
    /// now.
    pub(super) fn be_privileged(&self, change: &Change, group: &Ref<GroupId>) -> Result<(), Obstacle> {
        let (Some(name), Some(user)) = (change.address.group(), change.address.user()) else { return Ok(()) };
        if !self.rules.privileged.marks(group.known(), name) {
            return Ok(());
        }
        let tree = self.context.tree;
        let desired = tree.desired.groups.get(name);
        let nested = desired.and_then(|group| group.members.get(user)).is_some_and(|entry| entry.nested);
        if nested && !desired.is_some_and(DesiredGroup::nests) {
            return Err(nesting(name));
        }
        let account = tree.account(user).filter(|id| tree.people.hides(id, self.context.account(id)));
        if let (Some(_), Some(leaver)) = (account, self.unknown_leaver) {
            return Err(Obstacle {
                code: ObstacleCode::IdentityUnresolved,
                why: format!(
                    "{leaver} is offboarded and not resolved, and may be this account, which hides its email"
                ),
                help: format!(
                    "Pin the account of {leaver} under `users:`, so that the two can be told apart."
                ),
            });
        }
        self.come_back(user)
    }

    /// Checks whether the account in the lock still shows the user's email: otherwise it may be somebody else's by now.
    pub(super) fn come_back(&self, user: &UserRef) -> Result<(), Obstacle> {
        let tree = self.context.tree;
        let shown =
            tree.account(user).and_then(|id| self.context.account(id)).and_then(|live| live.email.as_ref());
        match (user, shown) {
            (UserRef::Email(email), Some(shown))
                if shown != email && tree.people.source(user) == Some(IdentitySource::Lock) =>
            {
                Err(Obstacle {
                    code: ObstacleCode::EmailChanged,
                    why: format!("rollbook.lock says that {email} is this account, which shows {shown} now"),
                    help: format!(
                        "Make sure that the account is still the same person's; then declare them as {shown}, and run \
                         `rollbook lock`."
                    ),
                })
            }
            (UserRef::Email(_) | UserRef::Account(_), _) => Ok(()),
        }
    }

    /// Checks whether an account may be added to a group, and returns a note for reviewers.
    pub(super) fn join(&self, change: &Change, account: &AccountId) -> Result<Option<Note>, Obstacle> {
        self.surfaces.must_know(Read::Standing, account.as_str())?;
        if self.context.account(account).is_none() {
            self.surfaces.must_know(Read::Account, account.as_str())?;
        }
        // The diff reports it for accounts that a listing showed.
        let asked = self.context.capabilities.accounts.get(account).and_then(Option::as_ref);
        let renamed = match (change.address.user(), asked.and_then(|asked| asked.email.as_ref())) {
            (Some(UserRef::Email(declared)), Some(live)) if declared != live => {
                let text = format!(
                    "the account of {declared} shows the email {live} now; the account is still used"
                );
                Some(note("email-changed", text, change))
            }
            _ => None,
        };
        match self.context.account(account).map(|account| account.kind) {
            None => Err(Obstacle {
                code: ObstacleCode::AccountGone,
                why: format!("the site knows no account {account}"),
                help: "Correct the ID, or remove the entry.".into(),
            }),
            Some(AccountKind::Customer) => Err(Obstacle {
                code: ObstacleCode::CustomerAccount,
                why: format!("account {account} is a portal-only customer"),
                help: "Rollbook never touches customer accounts; remove the entry.".into(),
            }),
            Some(AccountKind::Atlassian | AccountKind::App | AccountKind::Unknown) => {
                self.gain(account).map(|()| renamed)
            }
        }
    }

    /// The account, or the invitation that brings it back to a directory, if the plan has one.
    pub(super) fn arriving(
        &self,
        change: &Change,
        account: &Ref<AccountId>,
        planned: &Operations,
    ) -> Ref<AccountId> {
        let gone = account.known().is_some_and(|id| self.surfaces.status(id) == UserStatus::NotInvited);
        let user = change.address.user().filter(|_| gone).cloned();
        let invite = user.map(|user| Key { address: Address::User(user), action: Action::Invite });
        invite.filter(|key| planned.contains_key(key)).map_or_else(|| account.clone(), Ref::Made)
    }

    /// Checks whether an account may be granted anything: not while it is leaving, nor before it is invited.
    fn gain(&self, account: &AccountId) -> Result<(), Obstacle> {
        match self.surfaces.status(account) {
            UserStatus::ForDeletion | UserStatus::Closed => Err(Obstacle {
                code: ObstacleCode::AccountClosed,
                why: format!("account {account} is closed or about to be deleted"),
                help:
                    "Cancel the deletion at admin.atlassian.com while that is still possible, or remove the entry."
                        .into(),
            }),
            UserStatus::NotInvited => Err(Obstacle {
                code: ObstacleCode::NotInvited,
                why: format!("account {account} is in none of the organization's directories"),
                help: "Have the person invited, with `active: true` under `users:`.".into(),
            }),
            UserStatus::Active
            | UserStatus::Suspended
            | UserStatus::Deactivated
            | UserStatus::Inactive
            | UserStatus::NotReported => Ok(()),
        }
    }

    /// Checks an invitation. An app adds a new user to its default groups by itself, so the invitation grants them, too. A
    /// group that is exact without the person would remove them again, forever (docs/design.md#invitations).
    pub(super) fn invite(
        &self,
        change: &Change,
        apps: &[App],
    ) -> Result<(Vec<NamedGroup>, Option<Note>), Obstacle> {
        if apps.is_empty() {
            return Ok((Vec::new(), None));
        }
        let Reading::Read(roles) = &self.context.capabilities.app_roles else {
            let judged = self.rules.both().map(Rules::policy);
            let mut judged = judged.filter(|policy| {
                !policy.exclusive.is_empty()
                    || !policy.privileged.is_empty()
                    || policy.self_grant == SelfGrant::Refuse
            });
            let text = match self.context.capabilities.unread_at_all(Read::AppRoles) {
                Some(unread) => unread.to_string(),
                None => "the default groups of apps cannot be read with this credential".to_owned(),
            };
            if judged.next().is_some() {
                return Err(Obstacle {
                    code: ObstacleCode::DefaultGroupsUnknown,
                    why: format!("{text}; the policy says who may be in some groups"),
                    help: "Give Rollbook the credential of a Jira administrator, or leave `apps` out and declare the \
                           groups that give them."
                        .into(),
                });
            }
            return Ok((Vec::new(), Some(note("default-groups-unknown", text, change))));
        };
        let mut defaults = BTreeSet::new();
        for app in apps {
            let role = roles.iter().find(|role| role.app == *app).ok_or_else(|| unknown_app(app, roles))?;
            self.default_groups_agree(change, role)?;
            defaults.extend(role.default_groups.iter().map(|id| NamedGroup {
                id: id.clone(),
                name: self.context.name_of(id, &GroupName::new(id.as_str())),
            }));
        }
        Ok((defaults.into_iter().collect(), None))
    }

    fn default_groups_agree(&self, change: &Change, role: &AppRole) -> Result<(), Obstacle> {
        let Some(user) = change.address.user() else {
            return Ok(());
        };
        for (name, group) in
            self.context.tree.groups.live().filter(|(_, group)| role.default_groups.contains(&group.id))
        {
            let Some(desired) = self.context.tree.desired.groups.get(name) else {
                continue;
            };
            let puts = format!("{} puts new users into {}", role.app, group.name);
            let (why, help) = if desired.denied.contains_key(user) {
                let help = format!("Drop the app, or let {user} be in {name}.");
                (format!("{puts}, where {user} must not be"), help)
            } else if desired.mode == Mode::Exact && !desired.members.contains_key(user) {
                let help = format!("Add {user} to {name}, make it `mode: at-least`, or drop the app.");
                (format!("{puts}, which is exact without {user}"), help)
            } else {
                continue;
            };
            return Err(Obstacle { code: ObstacleCode::DefaultGroup, why, help });
        }
        Ok(())
    }

    /// Deleting is refused for protected, privileged, default-access and admin groups, and for those that
    /// grant an app (docs/design.md#groups).
    pub(super) fn delete(
        &self,
        change: &Change,
        group: &GroupId,
        members: &[Lost],
    ) -> Result<Option<Note>, Obstacle> {
        for lost in members {
            self.narrow(lost.membership.account())?;
            self.touch(lost.membership.account())?;
        }
        let Some(name) = change.address.group() else { return Ok(None) };
        // The guard decides whether it is protected, and refuses the plan.
        if self.rules.privileged.holds(group) {
            return Err(undeletable("it is privileged"));
        }
        let Reading::Read(roles) = &self.context.capabilities.app_roles else {
            return Err(match self.context.capabilities.unread_at_all(Read::AppRoles) {
                Some(unread) => undeletable(&unread.to_string()),
                None => undeletable("this credential cannot read whether it grants an app"),
            });
        };
        if let Some(role) =
            roles.iter().find(|role| role.groups.contains(group) || role.default_groups.contains(group))
        {
            return Err(undeletable(&format!("it grants {}", role.app)));
        }
        if let Some(access) = self.context.live.grants.of.get(group).and_then(|held| held.iter().next()) {
            return Err(undeletable(&format!("it gives {access}")));
        }
        let lost = match members.len() {
            1 => "1 membership".into(),
            count => format!("{count} memberships"),
        };
        let text = format!(
            "deleting group {name} ends {lost}; content restricted to it and its ID do not come back"
        );
        Ok(Some(note("group-deleted", text, change)))
    }
}

fn nesting(name: &GroupName) -> Obstacle {
    Obstacle {
        code: ObstacleCode::NestingPrivileged,
        why: format!("{name} is privileged, and takes the members of another group"),
        help: format!("List the people in {name} itself, or set `nest: true` there."),
    }
}

fn undeletable(why: &str) -> Obstacle {
    Obstacle {
        code: ObstacleCode::DeleteRefused,
        why: format!("the group is not deleted: {why}"),
        help: "Delete it by hand at admin.atlassian.com if that is really intended.".into(),
    }
}

fn unknown_app(app: &App, roles: &[AppRole]) -> Obstacle {
    let known: Vec<&str> = roles.iter().map(|role| role.app.as_str()).collect();
    Obstacle {
        code: ObstacleCode::UnknownApp,
        why: format!("the site has no app {app}"),
        help: format!("It has: {}.", known.join(", ")),
    }
}

/// Blocks every other group whose members a privileged group takes without saying so: the other group may be empty today,
/// and its editor could get in tomorrow.
pub(super) fn nestings(context: &Context<'_>, rules: &RuleBook<'_>) -> Vec<Blocked> {
    let tree = context.tree;
    let nestings = tree.desired.groups.iter().filter_map(|(name, group)| {
        let GroupState::Present(members) = &group.declared.state else { return None };
        let member = members.entries.iter().find(|member| member.who.is_group())?;
        let is_marked = || rules.privileged.marks(group_id(tree, name, context.live), name);
        (!members.nest && is_marked()).then(|| {
            let at = (Address::Group(name.clone()), Action::Add);
            nesting(name).blocks_at(at, Reason::Declared, context.locator.locate(member.origin))
        })
    });
    nestings.collect()
}
