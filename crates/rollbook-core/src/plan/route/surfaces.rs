//! The surface for each change (docs/design.md#surfaces). A change that no configured surface can make is an
//! [`Obstacle`], with the place to do it by hand.

use std::collections::BTreeMap;

use crate::model::{
    AccountId, AccountKind, App, Authority, Capabilities, Email, GroupId, GroupName, Inactive, Key,
    ManagedBy, PlannedOperation, Read, Ref, ScimUser, Source, Surface, SurfaceIds, Usage, UserStatus,
    is_unshown,
};

use super::super::context::Context;
use super::super::desired::scim_is_ours;
use super::super::identity::{Obstacle, ObstacleCode};
use super::Operations;

/// The records of the SCIM directory, by the account that each is linked to.
fn scim_records(capabilities: &Capabilities) -> BTreeMap<&AccountId, Vec<&ScimUser>> {
    let mut records: BTreeMap<&AccountId, Vec<&ScimUser>> = BTreeMap::new();
    for user in capabilities.scim_users.read().into_iter().flatten() {
        if let Some(account) = &user.account {
            records.entry(account).or_default().push(user);
        }
    }
    records
}

/// The record of an account. If an account has two records, it is unknown which one counts.
fn record<'a>(
    records: &BTreeMap<&AccountId, Vec<&'a ScimUser>>,
    account: &AccountId,
) -> Option<&'a ScimUser> {
    match records.get(account).map(Vec::as_slice) {
        Some([user]) => Some(user),
        Some(_) | None => None,
    }
}

/// The surfaces' own IDs of the people, groups and apps that operations name.
pub(in crate::plan) fn surface_ids(operations: &[PlannedOperation], context: &Context<'_>) -> SurfaceIds {
    let capabilities = context.capabilities;
    let records = scim_records(capabilities);
    let mut ids = SurfaceIds::default();
    for planned in operations {
        match planned.via {
            Surface::Scim => {
                let user = |id: &AccountId| Some((id.clone(), record(&records, id)?.id.clone()));
                let group = |id: &GroupId| Some((id.clone(), capabilities.scim_groups.get(id)?.clone()));
                ids.scim_users.extend(planned.operation.account().and_then(user));
                ids.scim_groups.extend(planned.operation.group().and_then(group));
            }
            Surface::Organization => {
                let resource = |app: &App| {
                    let asked = capabilities.resources.read().and_then(|resources| resources.get(app));
                    asked.or_else(|| context.live.grants.resources.get(app))
                };
                let app = |app: &App| Some((app.clone(), resource(app)?.clone()));
                ids.resources.extend(planned.operation.apps().iter().filter_map(app));
            }
            Surface::Jira | Surface::UserManagement => {}
        }
    }
    ids
}

/// The owner of a group, for its changes.
enum Owner {
    /// Only the site's admins: through these surfaces, in this order.
    Admins(Vec<Surface>),
    /// A SCIM directory.
    Directory,
}

/// Chooses the surface for a change of a site, by the surfaces' responses.
pub(super) struct SurfaceChoice<'a> {
    context: &'a Context<'a>,
    /// The records of the SCIM directory, by the account that each is linked to.
    records: BTreeMap<&'a AccountId, Vec<&'a ScimUser>>,
}

impl<'a> SurfaceChoice<'a> {
    pub(super) fn of(context: &'a Context<'a>) -> Self {
        Self { context, records: scim_records(context.capabilities) }
    }

    /// Whether there is a credential for a surface.
    pub(super) fn has(&self, surface: Surface) -> bool {
        self.context.live.rights.has(surface)
    }

    fn scim_is_ours(&self) -> bool {
        scim_is_ours(self.context.tree.desired.declaration, &self.context.live.rights)
    }

    /// The first of the surfaces that has a credential.
    fn first(&self, surfaces: &[Surface], what: &str) -> Result<Surface, Obstacle> {
        surfaces.iter().copied().find(|surface| self.has(*surface)).ok_or_else(|| no_surface(what, surfaces))
    }

    /// The surface that adds a member to a group or removes one.
    pub(super) fn member(
        &self,
        group: &Ref<GroupId>,
        account: &Ref<AccountId>,
        planned: &Operations,
    ) -> Result<Surface, Obstacle> {
        let via = |key: &Key| planned.get(key).map(|planned| planned.via);
        let owner = match group {
            Ref::Known(id) => self.owner(id)?,
            // The surface that created it can fill it; others may not see it yet.
            Ref::Made(key) => match via(key) {
                Some(Surface::Scim) => Owner::Directory,
                Some(surface) => Owner::Admins(vec![surface]),
                None => Owner::Admins(vec![Surface::Organization, Surface::Jira]),
            },
        };
        match owner {
            Owner::Directory => {
                if let Ref::Known(id) = group {
                    self.in_directory(id)?;
                }
                let here = match account {
                    Ref::Known(id) => self.is_provisioned(id)?,
                    Ref::Made(key) => via(key) == Some(Surface::Scim),
                };
                if !here {
                    return Err(not_provisioned());
                }
                Ok(Surface::Scim)
            }
            Owner::Admins(surfaces) => {
                let jira = [Surface::Jira];
                let by_jira =
                    account.known().is_some_and(|id| self.is_unshown(id) || self.may_be_unshown(id));
                self.first(if by_jira { &jira } else { &surfaces }, "changing this membership")
            }
        }
    }

    /// Refuses a change that depends on a question without an answer, in the surface's own words.
    pub(super) fn must_know(&self, read: Read, about: &str) -> Result<(), Obstacle> {
        self.context.capabilities.unread(read, about).map_or(Ok(()), |unread| Err(Obstacle::not_read(unread)))
    }

    /// Whether the organization does not show an account, such as an app or a service account
    /// (docs/atlassian.md#what-the-organization-does-not-show).
    fn is_unshown(&self, account: &AccountId) -> bool {
        let unshown = matches!(self.context.capabilities.people.get(account), Some(None));
        unshown || self.context.account(account).is_some_and(|live| live.kind == AccountKind::App)
    }

    /// Whether the organization did not say whether it shows an account, and Jira, which accepts every account, is available.
    fn may_be_unshown(&self, account: &AccountId) -> bool {
        self.has(Surface::Jira)
            && self.context.capabilities.unread(Read::Standing, account.as_str()).is_some()
    }

    /// Whether a person's account was looked up in the organization, and is not shown there.
    fn is_outside(&self, account: &AccountId) -> bool {
        let unshown = matches!(self.context.capabilities.people.get(account), Some(None));
        unshown && self.context.account(account).is_some_and(|live| live.kind == AccountKind::Atlassian)
    }

    /// Refuses changes that only the organization's APIs make, for accounts that they do not show.
    fn must_be_person(&self, account: &AccountId) -> Result<(), Obstacle> {
        if !self.is_unshown(account) {
            return Ok(());
        }
        Err(Obstacle {
            code: ObstacleCode::AccountNotShown,
            why: format!("the organization does not show account {account}, nor any app or service account"),
            help: "Do it by hand at admin.atlassian.com.".into(),
        })
    }

    /// The owner of a known group. A group that the surfaces do not show, or say nothing about, is not known to be
    /// synced; Atlassian then refuses the write itself (docs/atlassian.md#synced-groups-and-teams-in-jira).
    fn owner(&self, group: &GroupId) -> Result<Owner, Obstacle> {
        self.must_know(Read::GroupKind, group.as_str())?;
        let both = vec![Surface::Organization, Surface::Jira];
        let kind = match self.context.capabilities.group_kinds.get(group) {
            Some(Some(kind)) => kind,
            // The organization leaves some admin groups out, and Jira has them
            // (docs/atlassian.md#what-the-organization-does-not-show).
            Some(None) if self.has(Surface::Organization) => return Ok(Owner::Admins(vec![Surface::Jira])),
            Some(None) | None => return Ok(Owner::Admins(both)),
        };
        match (&kind.managed_by, &kind.usage) {
            (_, Usage::Team) => Err(Obstacle {
                code: ObstacleCode::AtlassianTeam,
                why: "the group is an Atlassian team".into(),
                help: "Make the change in the team's own page.".into(),
            }),
            (ManagedBy::External, _) if self.scim_is_ours() => Ok(Owner::Directory),
            (ManagedBy::External, _) => Err(self.synced()),
            (ManagedBy::People | ManagedBy::NotReported, Usage::Group | Usage::NotReported) => {
                // The organization's key may lack a right that a site admin has.
                let barred = kind.modifiable == Some(false);
                Ok(Owner::Admins(if barred { vec![Surface::Jira] } else { both }))
            }
        }
    }

    fn synced(&self) -> Obstacle {
        let scim = self.context.tree.desired.declaration.settings.scim.as_ref();
        let (why, help) = match scim.map(|scim| scim.authority) {
            Some(Authority::Rollbook) => (
                "the group is synced from an identity provider, and there is no key for the SCIM directory",
                "Set ROLLBOOK_SCIM_API_KEY, or make the change in the identity provider.",
            ),
            Some(Authority::IdentityProvider) | None => (
                "the group is synced from an identity provider, and only that may change it",
                "Make the change in the identity provider.",
            ),
        };
        Obstacle { code: ObstacleCode::SyncedGroup, why: why.into(), help: help.into() }
    }

    /// Refuses a synced group that the SCIM directory does not have.
    fn in_directory(&self, group: &GroupId) -> Result<(), Obstacle> {
        self.must_know(Read::DirectoryGroup, group.as_str())?;
        if self.context.capabilities.scim_groups.contains_key(group) {
            return Ok(());
        }
        Err(Obstacle {
            code: ObstacleCode::NotInDirectory,
            why: "the group is synced, and the SCIM directory of the tree does not have it".into(),
            help: "Make the change in the source of the group.".into(),
        })
    }

    /// Whether an account has a record in the SCIM directory.
    ///
    /// # Errors
    /// When it is unknown.
    pub(super) fn is_provisioned(&self, account: &AccountId) -> Result<bool, Obstacle> {
        self.must_know(Read::Directories, account.as_str())?;
        Ok(record(&self.records, account).is_some())
    }

    /// The surface that gives a group a role in an app, or revokes one: for a group that an identity provider owns, too
    /// (docs/atlassian.md#roles-of-groups).
    pub(super) fn role(&self, group: Option<&GroupId>) -> Result<Surface, Obstacle> {
        if let Some(id) = group {
            self.must_know(Read::GroupKind, id.as_str())?;
            let kind = self.context.capabilities.group_kinds.get(id).and_then(Option::as_ref);
            if kind.is_some_and(|kind| kind.usage == Usage::Team) {
                return Err(Obstacle {
                    code: ObstacleCode::AtlassianTeam,
                    why: "the group is an Atlassian team".into(),
                    help: "Teams give no app: give the role to a group.".into(),
                });
            }
        }
        self.first(&[Surface::Organization], "changing the role of a group")
    }

    /// The surface that creates a group.
    pub(super) fn creation(&self, name: &GroupName, source: Source) -> Result<Surface, Obstacle> {
        match source {
            Source::Scim if self.scim_is_ours() => Ok(Surface::Scim),
            Source::Scim => Err(Obstacle {
                code: ObstacleCode::NoSurface,
                why: "a group with `source: scim` is created through SCIM, where Rollbook has no authority"
                    .into(),
                help:
                    "Create it in the identity provider, or give Rollbook the directory: `scim: { authority: \
                       rollbook }` and ROLLBOOK_SCIM_API_KEY."
                        .into(),
            }),
            Source::Native if !self.has(Surface::Jira) && is_unshown(name) => Err(Obstacle {
                code: ObstacleCode::GroupNotShown,
                why: format!("the organization's API does not show group {name}, which may exist"),
                help: "Give Rollbook a credential for Jira, which shows it.".into(),
            }),
            Source::Native => self.first(&[Surface::Organization, Surface::Jira], "creating a group"),
        }
    }

    /// The surface that deletes a group.
    pub(super) fn deletion(&self, group: &GroupId) -> Result<Surface, Obstacle> {
        match self.owner(group)? {
            Owner::Directory => {
                self.in_directory(group)?;
                Ok(Surface::Scim)
            }
            Owner::Admins(surfaces) => {
                let kind = self.context.capabilities.group_kinds.get(group).and_then(Option::as_ref);
                let barred = kind.is_some_and(|kind| kind.deletable == Some(false));
                let jira = [Surface::Jira];
                self.first(if barred { &jira } else { &surfaces }, "deleting the group")
            }
        }
    }

    /// The surface that invites somebody. SCIM provisions people at the organization's own domains; it gives no app.
    pub(super) fn invitation(&self, email: &Email, apps: &[App]) -> Result<Surface, Obstacle> {
        let domains = self.context.capabilities.verified_domains.read();
        let ours = domains.is_some_and(|domains| domains.iter().any(|domain| email.is_at(domain)));
        if apps.is_empty() && self.scim_is_ours() {
            self.must_know(Read::Domains, email.as_str())?;
            if ours {
                return Ok(Surface::Scim);
            }
        }
        let resources = self.context.capabilities.resources.read();
        let is_known = |app: &App| resources.is_some_and(|resources| resources.contains_key(app));
        if apps.iter().all(is_known) && self.has(Surface::Organization) {
            return Ok(Surface::Organization);
        }
        match self.context.capabilities.unread_at_all(Read::Resources) {
            Some(unread) if !self.has(Surface::Jira) => Err(Obstacle::not_read(unread)),
            Some(_) | None => self.first(&[Surface::Jira], "inviting somebody to these apps"),
        }
    }

    /// The surface that restores an account's access, and how the access was lost.
    pub(super) fn activation(
        &self,
        account: &AccountId,
        status: UserStatus,
    ) -> Result<(Surface, Inactive), Obstacle> {
        self.must_be_person(account)?;
        match status {
            UserStatus::Suspended => {
                let surface = self.first(&[Surface::Organization], "restoring a suspended account")?;
                Ok((surface, Inactive::Suspended))
            }
            UserStatus::Deactivated => {
                let surface = self.everywhere(account, "activating a deactivated account")?;
                Ok((surface, Inactive::Deactivated))
            }
            UserStatus::ForDeletion | UserStatus::Closed => Err(Obstacle {
                code: ObstacleCode::AccountClosed,
                why: format!("account {account} is closed or about to be deleted"),
                help: "Cancel the deletion at admin.atlassian.com while that is still possible.".into(),
            }),
            UserStatus::Inactive
            | UserStatus::NotReported
            | UserStatus::NotInvited
            | UserStatus::Active => Err(Obstacle {
                code: ObstacleCode::NoSurface,
                why: "the account is not active, and no surface says whether it is suspended or deactivated".into(),
                help: "Give Rollbook an organization's API key, or restore the account at admin.atlassian.com.".into(),
            }),
        }
    }

    /// The surface that activates or deactivates an account for every product: SCIM if the directory owns the user,
    /// user management if the organization does.
    pub(super) fn everywhere(&self, account: &AccountId, what: &str) -> Result<Surface, Obstacle> {
        if self.scim_is_ours() && self.is_provisioned(account)? {
            return Ok(Surface::Scim);
        }
        self.must_be_person(account)?;
        self.first(&[Surface::UserManagement], what)?;
        let refused = |why: &str, help: &str| {
            Err(Obstacle {
                code: ObstacleCode::NotManageable,
                why: format!("{what}: {why}"),
                help: help.into(),
            })
        };
        self.must_know(Read::Privileges, account.as_str())?;
        match self.context.capabilities.privileges.get(account) {
            None => refused("what user management may do to it was not read", "Plan again."),
            Some(privileges) => match &privileges.may_disable {
                Ok(()) => Ok(Surface::UserManagement),
                Err(restriction) if privileges.scim_owned => refused(
                    restriction.why(),
                    "Make the change in the identity provider that owns the account.",
                ),
                Err(restriction) => refused(
                    restriction.why(),
                    "Suspend the person instead, with `offboard: suspend`, or ask who manages the account.",
                ),
            },
        }
    }

    /// The surface that suspends an account.
    pub(super) fn suspension(&self, account: &AccountId) -> Result<Surface, Obstacle> {
        self.must_be_person(account)?;
        self.first(&[Surface::Organization], "suspending an account that is still active")
    }

    /// The surface that removes an account from the directory.
    pub(super) fn removal(&self, account: &AccountId) -> Result<Surface, Obstacle> {
        let jira = [Surface::Jira];
        let both = [Surface::Organization, Surface::Jira];
        self.first(if self.is_unshown(account) { &jira } else { &both }, "removing this account")
    }

    /// Whether an account's name can be set: if Rollbook's SCIM directory owns the user.
    ///
    /// # Errors
    /// When it is unknown.
    pub(super) fn may_name(&self, account: &AccountId) -> Result<bool, Obstacle> {
        if self.scim_is_ours() { self.is_provisioned(account) } else { Ok(false) }
    }

    /// The known status of an account.
    pub(super) fn status(&self, account: &AccountId) -> UserStatus {
        let asked = self.context.capabilities.people.get(account).and_then(Option::as_ref);
        let asked = asked.map(|person| person.status);
        let known = asked.filter(|status| *status != UserStatus::NotReported);
        let status =
            known.or_else(|| Some(self.context.account(account)?.status)).unwrap_or(UserStatus::NotReported);
        if status != UserStatus::Inactive {
            return status;
        }
        // Jira does not say why, and the directory does. Jira still shows a person who was removed, and the
        // organization shows everybody who is in a directory.
        let deactivated =
            self.records.get(account).is_some_and(|records| records.iter().any(|user| !user.active));
        match (deactivated, self.is_outside(account)) {
            (true, _) => UserStatus::Deactivated,
            (false, true) => UserStatus::NotInvited,
            (false, false) => UserStatus::Inactive,
        }
    }
}

fn no_surface(what: &str, surfaces: &[Surface]) -> Obstacle {
    let needed = match surfaces {
        [Surface::Jira] => "Jira's API",
        [Surface::UserManagement] => "user management or SCIM",
        [Surface::Scim] => "SCIM",
        _ => "the organization's API",
    };
    let (variable, place) = match surfaces {
        [Surface::Jira] => ("a credential for Jira (ROLLBOOK_API_TOKEN)", "in Jira's user management"),
        [Surface::Scim] => ("a SCIM directory's key (ROLLBOOK_SCIM_API_KEY)", "in the identity provider"),
        _ => ("an organization's API key (ROLLBOOK_ORG_API_KEY)", "at admin.atlassian.com"),
    };
    Obstacle {
        code: ObstacleCode::NoSurface,
        why: format!("{what} needs {needed}"),
        help: format!("Give Rollbook {variable}, or do it by hand {place}."),
    }
}

fn not_provisioned() -> Obstacle {
    Obstacle {
        code: ObstacleCode::NotProvisioned,
        why: "the group is in a SCIM directory, and the person has no record there".into(),
        help: "Provision the person in the SCIM directory first: a group there takes its own users only."
            .into(),
    }
}
