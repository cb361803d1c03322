//! Answers the questions that changes ask about a site.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use futures_util::future::{join_all, try_join_all};
use tokio::{join, try_join};
use tracing::info;

use crate::atlassian::{self, Jira, Organization, Scim, Surfaces};
use crate::model::{
    Access, AccountId, App, AppRole, Capabilities, DirectRole, ErrorExt, GroupId, GroupKind, GroupName,
    Listing, LiveAccount, LiveGroup, LiveState, ManagedBy, OrganizationGroup, OrganizationUser, PlatformRole,
    Privileges, Questions, Read, Reading, RoleGivers, Rows, ScimId, ScimUser, Unread, UserStatus, is_unshown,
};

use super::Error;
use super::grants::direct_roles_beside_groups;
use super::live::accounts;

type Surface<T> = Result<T, atlassian::Error>;
type Kinds = BTreeMap<GroupId, Option<GroupKind>>;
type People = BTreeMap<AccountId, Option<OrganizationUser>>;
type DirectHolders = (Reading<BTreeSet<DirectRole>>, Vec<OrganizationUser>);
type Memberships = (BTreeMap<AccountId, Listing<LiveGroup>>, People);

/// Answers questions about a site, which is named by its origin. Reads only what was asked, and the kinds of the
/// groups that people turn out to be in, and the SCIM records that synced groups need.
///
/// A question that a surface refuses, or answers in an unknown shape, is reported as [`Capabilities::unread`], and
/// does not end the reads.
///
/// # Errors
/// When the site that answers is not the one that the tree names. That ends every command.
pub async fn capabilities(
    surfaces: &Surfaces,
    questions: &Questions,
    live: &LiveState,
    site: &str,
) -> Result<Capabilities, Error> {
    if questions.is_empty() {
        return Ok(Capabilities::default());
    }
    info!(
        groups = questions.group_kinds.len(),
        people = questions.memberships.len(),
        accounts = questions.accounts.len(),
        privileges = questions.privileges.len(),
        apps = questions.app_roles,
        "asking what the changes need"
    );
    let asking = Asking { surfaces, live, unread: Unanswered::default() };
    let (memberships, mut people) = asking.memberships(&questions.memberships).await?;
    people.extend(asking.others(&questions.people, &people).await?);
    let mut names: BTreeMap<GroupId, GroupName> = questions.group_kinds.clone();
    let found = memberships.values().flat_map(|groups| groups.iter());
    names.extend(found.map(|group| (group.id.clone(), group.name.clone())));
    let group_kinds = asking.unread.kinds(surfaces, &names, Read::GroupKind).await?;
    let synced: BTreeMap<&GroupId, &GroupName> = names
        .iter()
        .filter(|(id, _)| {
            let kind = group_kinds.get(*id).and_then(Option::as_ref);
            kind.is_some_and(|kind| kind.managed_by == ManagedBy::External)
        })
        .collect();
    let (accounts, privileges, app_roles) = try_join!(
        asking.accounts(&questions.accounts),
        asking.privileges(&questions.privileges),
        asking.app_roles(questions.app_roles)
    )?;
    let (site_admins, organization_admins) = asking.admins(questions.admins).await?;
    let (verified_domains, resources) = asking.invitations(questions.invitations, site).await?;
    let (scim_users, scim_groups) = asking.directory(questions.scim_users, &synced).await?;
    let (direct_roles, holders) = Box::pin(asking.direct_roles(questions.direct_roles, site)).await?;
    let known = holders.into_iter().map(|person| (person.account.clone(), Some(person)));
    people.extend(known);
    let (role_givers, giver_members) = asking.role_givers(&questions.role_givers).await?;
    Ok(Capabilities {
        group_kinds,
        memberships,
        people,
        accounts,
        privileges,
        app_roles,
        site_admins,
        organization_admins,
        verified_domains,
        resources,
        scim_users,
        scim_groups,
        role_givers,
        giver_members,
        direct_roles,
        unread: asking.unread.0.into_inner(),
    })
}

/// Who may change groups, as an answer to some question, and what has none.
///
/// # Errors
/// As [`capabilities`].
pub(super) async fn kinds(
    surfaces: &Surfaces,
    groups: &BTreeMap<GroupId, GroupName>,
    read: Read,
) -> Surface<(Kinds, BTreeSet<Unread>)> {
    let unread = Unanswered::default();
    let kinds = unread.kinds(surfaces, groups, read).await?;
    Ok((kinds, unread.0.into_inner()))
}

/// Questions under way, with those that got no answer.
struct Asking<'a> {
    surfaces: &'a Surfaces,
    live: &'a LiveState,
    unread: Unanswered,
}

/// The questions without an answer.
#[derive(Default)]
struct Unanswered(RefCell<BTreeSet<Unread>>);

impl Unanswered {
    /// Takes an answer, or notes why there is none.
    fn answer<T>(&self, read: Read, about: Option<&str>, answer: Surface<T>) -> Surface<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_another_site() => Err(error),
            Err(error) => {
                let (why, help) = (error.chain(), error.help());
                let about = about.map(ToOwned::to_owned);
                self.0.borrow_mut().insert(Unread { read, about, why, help });
                Ok(None)
            }
        }
    }

    /// Who may change groups: the organization says it of ten a request, Jira's picker of one.
    async fn kinds(
        &self,
        surfaces: &Surfaces,
        names: &BTreeMap<GroupId, GroupName>,
        read: Read,
    ) -> Surface<Kinds> {
        if let Some(organization) = &surfaces.organization {
            let ids: Vec<GroupId> = names.keys().cloned().collect();
            let shown = organization.groups_by_id(&ids).await;
            let Some(shown) = self.answer(read, None, shown)? else { return Ok(Kinds::new()) };
            let kind = |id: GroupId| (id.clone(), shown.get(&id).map(OrganizationGroup::kind));
            return Ok(ids.into_iter().map(kind).collect());
        }
        let Some(jira) = &surfaces.jira else { return Ok(Kinds::new()) };
        let kinds = names.iter().map(async |(id, name)| (id.clone(), jira.group_kind(id, name).await));
        let mut answers = Kinds::new();
        for (id, kind) in join_all(kinds).await {
            if let Some(kind) = self.answer(read, Some(id.as_str()), kind)? {
                answers.insert(id, kind);
            }
        }
        Ok(answers)
    }

    /// The same, as something that may not have been read.
    fn reading<T>(&self, read: Read, answer: Surface<T>) -> Surface<Reading<T>> {
        Ok(self.answer(read, None, answer)?.map_or(Reading::NotRead, Reading::Read))
    }
}

impl Asking<'_> {
    /// Reads the groups of accounts: from the organization ten accounts per request, and the admin groups that it does not
    /// show from Jira (docs/atlassian.md#what-the-organization-does-not-show). Asks Jira about the accounts that the
    /// organization does not show.
    async fn memberships(&self, asked: &BTreeSet<AccountId>) -> Surface<Memberships> {
        let ids: Vec<AccountId> = asked.iter().cloned().collect();
        let (mut memberships, people) = match &self.surfaces.organization {
            Some(organization) if !ids.is_empty() => {
                let read = organization.groups_of_all(&ids).await;
                let Some((memberships, people)) = self.unread.answer(Read::Memberships, None, read)? else {
                    // Jira does not show why an account is not active.
                    return Ok(Memberships::default());
                };
                (memberships, shown(&ids, people))
            }
            Some(_) | None => (BTreeMap::new(), BTreeMap::new()),
        };
        let Some(jira) = &self.surfaces.jira else { return Ok((memberships, people)) };
        if !memberships.is_empty() {
            let added = add_unshown(jira, &mut memberships, self.live).await;
            if self.unread.answer(Read::Memberships, None, added)?.is_none() {
                return Ok((BTreeMap::new(), people));
            }
        }
        let rest = ids.iter().filter(|id| !memberships.contains_key(*id));
        let rest = rest.map(async |id| (id.clone(), jira.groups_of(id).await));
        for (id, groups) in join_all(rest.collect::<Vec<_>>()).await {
            if let Some(groups) = self.unread.answer(Read::Memberships, Some(id.as_str()), groups)? {
                memberships.insert(id, groups);
            }
        }
        Ok((memberships, people))
    }

    /// Asks the organization about the accounts it has not been asked about yet.
    async fn others(&self, asked: &BTreeSet<AccountId>, known: &People) -> Surface<People> {
        let ids: Vec<AccountId> = asked.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
        let Some(organization) = self.surfaces.organization.as_ref().filter(|_| !ids.is_empty()) else {
            return Ok(BTreeMap::new());
        };
        let people = self.unread.answer(Read::Standing, None, organization.people(&ids).await)?;
        Ok(people.map(|people| shown(&ids, people)).unwrap_or_default())
    }

    async fn accounts(
        &self,
        asked: &BTreeSet<AccountId>,
    ) -> Surface<BTreeMap<AccountId, Option<LiveAccount>>> {
        let found = accounts(self.surfaces, asked).await;
        Ok(self.unread.answer(Read::Account, None, found)?.unwrap_or_default())
    }

    async fn privileges(&self, asked: &BTreeSet<AccountId>) -> Surface<BTreeMap<AccountId, Privileges>> {
        let Some(management) = &self.surfaces.management else { return Ok(BTreeMap::new()) };
        let asked = asked.iter().map(async |id| (id.clone(), management.privileges(id).await));
        let mut answers = BTreeMap::new();
        for (id, privileges) in join_all(asked).await {
            if let Some(privileges) = self.unread.answer(Read::Privileges, Some(id.as_str()), privileges)? {
                answers.insert(id, privileges);
            }
        }
        Ok(answers)
    }

    async fn app_roles(&self, asked: bool) -> Surface<Reading<Vec<AppRole>>> {
        match &self.surfaces.jira {
            Some(jira) if asked => self.unread.reading(Read::AppRoles, jira.app_roles().await),
            Some(_) | None => Ok(Reading::NotRead),
        }
    }

    async fn admins(&self, asked: bool) -> Surface<Admins> {
        if !asked {
            return Ok((Reading::NotRead, Reading::NotRead));
        }
        let of_site = async {
            match (&self.surfaces.jira, &self.surfaces.organization) {
                (Some(jira), _) => self.unread.reading(Read::SiteAdmins, site_admins(jira, self.live).await),
                (None, Some(organization)) => {
                    let admins = with_role(organization, &PlatformRole::SiteAdmin).await;
                    let admins = admins.map(|admins| admins.into_iter().map(|admin| (admin, None)).collect());
                    self.unread.reading(Read::SiteAdmins, admins)
                }
                (None, None) => Ok(Reading::NotRead),
            }
        };
        let of_organization = async {
            match &self.surfaces.organization {
                Some(organization) => {
                    let admins = with_role(organization, &PlatformRole::OrganizationAdmin).await;
                    self.unread.reading(Read::OrganizationAdmins, admins)
                }
                None => Ok(Reading::NotRead),
            }
        };
        try_join!(of_site, of_organization)
    }

    async fn invitations(&self, asked: bool, site: &str) -> Surface<Invitations> {
        let Some(organization) = self.surfaces.organization.as_ref().filter(|_| asked) else {
            return Ok((Reading::NotRead, Reading::NotRead));
        };
        let (domains, resources) = join!(organization.verified_domains(), organization.resources(site));
        Ok((self.unread.reading(Read::Domains, domains)?, self.unread.reading(Read::Resources, resources)?))
    }

    /// The roles that people hold directly, and who these people are.
    async fn direct_roles(&self, asked: bool, site: &str) -> Surface<DirectHolders> {
        let Some(organization) = self.surfaces.organization.as_ref().filter(|_| asked) else {
            return Ok(DirectHolders::default());
        };
        let found = direct_roles_beside_groups(organization, site).await;
        let found = self.unread.answer(Read::DirectRoles, None, found)?;
        Ok(found.map_or_else(DirectHolders::default, |(roles, people)| (Reading::Read(roles), people)))
    }

    /// The groups that give roles, and of roles that let people decide about access the active people to whom.
    async fn role_givers(&self, asked: &BTreeSet<Access>) -> Surface<Givers> {
        let Some(organization) = &self.surfaces.organization else { return Ok(Givers::default()) };
        let resources = &self.live.grants.resources;
        let asked = asked.iter().filter_map(|access| Some((access, resources.get(&access.app)?)));
        let reads = asked.map(async |(access, resource)| {
            let roles = std::slice::from_ref(&access.role);
            let groups = organization.groups_with_roles(&[resource], roles).await?;
            Ok(RoleGivers { access: access.clone(), groups })
        });
        let givers = try_join_all(reads.collect::<Vec<_>>()).await;
        let Some(givers) = self.unread.answer(Read::RoleGivers, None, givers)? else {
            return Ok(Givers::default());
        };
        let privileged = givers.iter().filter(|givers| givers.access.role.is_privileged());
        let groups: BTreeSet<&GroupId> = privileged.flat_map(|givers| &givers.groups).collect();
        let unread: Vec<GroupId> =
            groups.into_iter().filter(|id| !self.live.members.contains_key(*id)).cloned().collect();
        let members = self.unread.answer(Read::RoleGivers, None, self.active_members(&unread).await)?;
        Ok((givers, members.unwrap_or_default()))
    }

    /// Reads the active people in groups.
    async fn active_members(&self, groups: &[GroupId]) -> Surface<BTreeMap<GroupId, Listing<AccountId>>> {
        if groups.is_empty() {
            return Ok(BTreeMap::new());
        }
        if let Some(jira) = &self.surfaces.jira {
            let reads = groups.iter().map(|group| jira.members(group));
            let read = try_join_all(reads.collect::<Vec<_>>()).await?;
            let active = read.into_iter().map(|(listing, seen)| {
                let active = seen.iter().filter(|it| it.active() && it.kind.is_person()).map(|it| &it.id);
                listing.only(&active.cloned().collect())
            });
            return Ok(groups.iter().cloned().zip(active).collect());
        }
        let Some(organization) = &self.surfaces.organization else { return Ok(BTreeMap::new()) };
        let (listings, users) = organization.users_of_groups(groups).await?;
        let active = users.iter().filter(|user| user.status == UserStatus::Active).map(|user| &user.account);
        let active: BTreeSet<AccountId> = active.cloned().collect();
        Ok(listings.into_iter().map(|(id, listing)| (id, listing.only(&active))).collect())
    }

    /// Reads the records of the SCIM directory, if a change needs them: its users in one listing, its groups by name.
    async fn directory(&self, asked: bool, synced: &BTreeMap<&GroupId, &GroupName>) -> Surface<Directory> {
        // Without the right to write to it, its IDs are not needed.
        let needed = |scim: &&Scim| scim.is_ours() && (asked || !synced.is_empty());
        let Some(scim) = self.surfaces.scim.as_ref().filter(needed) else {
            return Ok((Reading::NotRead, BTreeMap::new()));
        };
        let users = async {
            match &self.live.scim_users {
                Reading::Read(users) => Ok(users.clone()),
                Reading::NotRead => scim.users().await.map(|(_, users)| users),
            }
        };
        let groups = synced.iter().map(async |(id, name)| ((*id).clone(), scim.group_named(name).await));
        let (users, groups) = join!(users, join_all(groups));
        let mut found = BTreeMap::new();
        for (id, group) in groups {
            let group = self.unread.answer(Read::DirectoryGroup, Some(id.as_str()), group)?.flatten();
            found.extend(group.map(|group| (id, group.id)));
        }
        Ok((self.unread.reading(Read::Directories, users)?, found))
    }
}

/// Maps each account to the organization's row, or to `None` if it does not show the account.
fn shown(asked: &[AccountId], people: Vec<OrganizationUser>) -> People {
    let mut shown: People = asked.iter().map(|id| (id.clone(), None)).collect();
    shown.extend(people.into_iter().map(|person| (person.account.clone(), Some(person))));
    shown
}

async fn add_unshown(
    jira: &Jira,
    memberships: &mut BTreeMap<AccountId, Listing<LiveGroup>>,
    live: &LiveState,
) -> Surface<()> {
    let admin: BTreeSet<&GroupId> = live.rights.site_admin_groups().map(|group| &group.id).collect();
    let unshown: Vec<&LiveGroup> =
        live.groups.iter().filter(|group| admin.contains(&group.id) || is_unshown(&group.name)).collect();
    let members = async |group: &LiveGroup| match live.members.get(&group.id) {
        Some(members) => Ok(members.clone()),
        None => jira.members(&group.id).await.map(|(members, _)| members),
    };
    let reads = unshown.iter().map(|group| members(group));
    for (group, members) in unshown.iter().zip(try_join_all(reads).await?) {
        for (id, groups) in memberships.iter_mut() {
            if members.contains(id) && groups.iter().all(|known| known.id != group.id) {
                let rows = groups.iter().cloned().chain([(*group).clone()]).collect();
                let rows = Rows { rows, total: None, ended: true };
                // Two complete listings without a row in common are complete together.
                if let Ok(both) = Listing::checked(rows) {
                    *groups = both;
                }
            }
        }
    }
    Ok(())
}

type SiteAdmins = BTreeSet<(AccountId, Option<GroupId>)>;
type Admins = (Reading<SiteAdmins>, Reading<BTreeSet<AccountId>>);
type Invitations = (Reading<BTreeSet<String>>, Reading<BTreeMap<App, String>>);
type Givers = (Vec<RoleGivers>, BTreeMap<GroupId, Listing<AccountId>>);
type Directory = (Reading<Vec<ScimUser>>, BTreeMap<GroupId, ScimId>);

/// Reads the active people whom a group makes administrators. An app could not let others back in.
async fn site_admins(jira: &Jira, live: &LiveState) -> Surface<SiteAdmins> {
    let groups: Vec<&GroupId> = live.rights.site_admin_groups().map(|group| &group.id).collect();
    let (read, unread): (Vec<&GroupId>, Vec<&GroupId>) =
        groups.into_iter().partition(|group| live.members.contains_key(*group));
    let reads = unread.iter().map(|group| jira.members(group).map_ok(|(_, members)| members));
    let mut admins = BTreeSet::new();
    for (group, members) in unread.iter().zip(try_join_all(reads).await?) {
        // The organization's data takes precedence over Jira's.
        let active = members
            .into_iter()
            .filter(|member| member.kind.is_person())
            .filter(|member| live.accounts.get(&member.id).map_or(member.active(), LiveAccount::active));
        admins.extend(active.map(|member| (member.id, Some((*group).clone()))));
    }
    let active = |id: &&AccountId| {
        live.accounts.get(*id).is_some_and(|account| account.active() && account.kind.is_person())
    };
    for group in read {
        let members = live.members.get(group).into_iter().flatten().filter(active);
        admins.extend(members.map(|member| (member.clone(), Some(group.clone()))));
    }
    Ok(admins)
}

/// Reads the active people with a role.
async fn with_role(organization: &Organization, role: &PlatformRole) -> Surface<BTreeSet<AccountId>> {
    let admins = organization.with_role(role).await?;
    let is_admin =
        |admin: &OrganizationUser| admin.status == UserStatus::Active && admin.live().kind.is_person();
    let active = admins.into_iter().filter(is_admin);
    Ok(active.map(|admin| admin.account).collect())
}
