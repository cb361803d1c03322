//! Answers to what changes ask.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use futures_util::future::try_join_all;
use tokio::try_join;
use tracing::info;

use crate::atlassian::{self, Jira, Organization, Scim, Surfaces};
use crate::model::{
    AccountId, App, AppRole, Capabilities, GroupId, GroupKind, GroupName, Listing, LiveAccount, LiveGroup,
    LiveState, ManagedBy, OrganizationGroup, OrganizationUser, PlatformRole, Privileges, Questions, Reading,
    Rows, ScimId, ScimUser, UserStatus, is_unshown,
};

use super::Error;
use super::live::accounts;

type Surface<T> = Result<T, atlassian::Error>;
type People = BTreeMap<AccountId, Option<OrganizationUser>>;
type Memberships = (BTreeMap<AccountId, Listing<LiveGroup>>, People);

/// Answers questions about a site, which is named by its origin. Nothing that was not asked is read, but for the kinds of the groups that people turn out to
/// be in, and the records of SCIM that synced groups need.
///
/// # Errors
/// What the surface said.
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
    let (memberships, mut people) = memberships(surfaces, &questions.memberships, live).await?;
    people.extend(others(surfaces, &questions.people, &people).await?);
    let mut names: BTreeMap<GroupId, GroupName> = questions.group_kinds.clone();
    let found = memberships.values().flat_map(|groups| groups.iter());
    names.extend(found.map(|group| (group.id.clone(), group.name.clone())));
    let group_kinds = group_kinds(surfaces, &names).await?;
    let synced: BTreeMap<&GroupId, &GroupName> = names
        .iter()
        .filter(|(id, _)| {
            let kind = group_kinds.get(*id).and_then(Option::as_ref);
            kind.is_some_and(|kind| kind.managed_by == ManagedBy::External)
        })
        .collect();
    let (accounts, privileges, app_roles) = try_join!(
        accounts(surfaces, &questions.accounts),
        privileges(surfaces, &questions.privileges),
        app_roles(surfaces, questions.app_roles)
    )?;
    let (site_admins, organization_admins) = admins(surfaces, questions.admins, live).await?;
    let (verified_domains, resources) = invitations(surfaces, questions.invitations, site).await?;
    let (scim_users, scim_groups) = directory(surfaces, questions.scim_users, &synced, live).await?;
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
    })
}

/// The groups of accounts: from the organization ten accounts a request, and the admin groups that it does not show
/// from Jira (fact sheet §5). Whom the organization does not show, Jira is asked about.
async fn memberships(
    surfaces: &Surfaces,
    asked: &BTreeSet<AccountId>,
    live: &LiveState,
) -> Surface<Memberships> {
    let ids: Vec<AccountId> = asked.iter().cloned().collect();
    let (mut memberships, people) = match &surfaces.organization {
        Some(organization) if !ids.is_empty() => {
            let (memberships, people) = organization.groups_of_all(&ids).await?;
            (memberships, shown(&ids, people))
        }
        Some(_) | None => (BTreeMap::new(), BTreeMap::new()),
    };
    let Some(jira) = &surfaces.jira else { return Ok((memberships, people)) };
    if !memberships.is_empty() {
        add_unshown(jira, &mut memberships, live).await?;
    }
    let rest = ids.iter().filter(|id| !memberships.contains_key(*id));
    let rest = rest.map(|id| jira.groups_of(id).map_ok(move |groups| (id.clone(), groups)));
    let rest = try_join_all(rest.collect::<Vec<_>>()).await?;
    memberships.extend(rest);
    Ok((memberships, people))
}

/// What the organization says of each account, or that it does not show it.
fn shown(asked: &[AccountId], people: Vec<OrganizationUser>) -> People {
    let mut shown: People = asked.iter().map(|id| (id.clone(), None)).collect();
    shown.extend(people.into_iter().map(|person| (person.account.clone(), Some(person))));
    shown
}

/// What the organization says of those whom it has not been asked about yet.
async fn others(surfaces: &Surfaces, asked: &BTreeSet<AccountId>, known: &People) -> Surface<People> {
    let ids: Vec<AccountId> = asked.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
    match &surfaces.organization {
        Some(organization) if !ids.is_empty() => Ok(shown(&ids, organization.people(&ids).await?)),
        Some(_) | None => Ok(BTreeMap::new()),
    }
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
                // Two listings that came whole, without a row in common, are whole together.
                if let Ok(both) = Listing::checked(rows) {
                    *groups = both;
                }
            }
        }
    }
    Ok(())
}

/// Who may change groups: the organization says it of ten a request, Jira's picker of one.
async fn group_kinds(
    surfaces: &Surfaces,
    names: &BTreeMap<GroupId, GroupName>,
) -> Surface<BTreeMap<GroupId, Option<GroupKind>>> {
    if let Some(organization) = &surfaces.organization {
        let ids: Vec<GroupId> = names.keys().cloned().collect();
        let shown = organization.groups_by_id(&ids).await?;
        return Ok(ids
            .into_iter()
            .map(|id| (id.clone(), shown.get(&id).map(OrganizationGroup::kind)))
            .collect());
    }
    let Some(jira) = &surfaces.jira else { return Ok(BTreeMap::new()) };
    let kinds =
        names.iter().map(|(id, name)| jira.group_kind(id, name).map_ok(move |kind| (id.clone(), kind)));
    Ok(try_join_all(kinds).await?.into_iter().collect())
}

async fn privileges(
    surfaces: &Surfaces,
    asked: &BTreeSet<AccountId>,
) -> Surface<BTreeMap<AccountId, Privileges>> {
    let Some(management) = &surfaces.management else { return Ok(BTreeMap::new()) };
    let answers = asked.iter().map(|id| management.privileges(id).map_ok(move |it| (id.clone(), it)));
    Ok(try_join_all(answers).await?.into_iter().collect())
}

async fn app_roles(surfaces: &Surfaces, asked: bool) -> Surface<Reading<Vec<AppRole>>> {
    match &surfaces.jira {
        Some(jira) if asked => jira.app_roles().await,
        Some(_) | None => Ok(Reading::NotRead),
    }
}

type SiteAdmins = BTreeSet<(AccountId, Option<GroupId>)>;
type Admins = (Reading<SiteAdmins>, Reading<BTreeSet<AccountId>>);

async fn admins(surfaces: &Surfaces, asked: bool, live: &LiveState) -> Surface<Admins> {
    if !asked {
        return Ok((Reading::NotRead, Reading::NotRead));
    }
    let of_site = async {
        match (&surfaces.jira, &surfaces.organization) {
            (Some(jira), _) => site_admins(jira, live).await.map(Reading::Read),
            (None, Some(organization)) => {
                let admins = with_role(organization, &PlatformRole::SiteAdmin).await?;
                Ok(Reading::Read(admins.into_iter().map(|admin| (admin, None)).collect()))
            }
            (None, None) => Ok(Reading::NotRead),
        }
    };
    let of_organization = async {
        match &surfaces.organization {
            Some(organization) => {
                with_role(organization, &PlatformRole::OrganizationAdmin).await.map(Reading::Read)
            }
            None => Ok(Reading::NotRead),
        }
    };
    try_join!(of_site, of_organization)
}

/// The active people whom a group makes administrators. An app is nobody who could let others back in.
async fn site_admins(jira: &Jira, live: &LiveState) -> Surface<SiteAdmins> {
    let groups: Vec<&GroupId> = live.rights.site_admin_groups().map(|group| &group.id).collect();
    let (read, unread): (Vec<&GroupId>, Vec<&GroupId>) =
        groups.into_iter().partition(|group| live.members.contains_key(*group));
    let reads = unread.iter().map(|group| jira.members(group).map_ok(|(_, members)| members));
    let mut admins = BTreeSet::new();
    for (group, members) in unread.iter().zip(try_join_all(reads).await?) {
        // What the organization said of somebody stands over what Jira shows.
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

/// The active people with a role.
async fn with_role(organization: &Organization, role: &PlatformRole) -> Surface<BTreeSet<AccountId>> {
    let admins = organization.with_role(role).await?;
    let is_admin =
        |admin: &OrganizationUser| admin.status == UserStatus::Active && admin.live().kind.is_person();
    let active = admins.into_iter().filter(is_admin);
    Ok(active.map(|admin| admin.account).collect())
}

type Invitations = (Reading<BTreeSet<String>>, Reading<BTreeMap<App, String>>);

async fn invitations(surfaces: &Surfaces, asked: bool, site: &str) -> Surface<Invitations> {
    let Some(organization) = surfaces.organization.as_ref().filter(|_| asked) else {
        return Ok((Reading::NotRead, Reading::NotRead));
    };
    let (domains, resources) = try_join!(organization.verified_domains(), organization.resources(site))?;
    Ok((Reading::Read(domains), Reading::Read(resources)))
}

type Directory = (Reading<Vec<ScimUser>>, BTreeMap<GroupId, ScimId>);

/// The records of the SCIM directory, where a change needs them: its users in one listing, its groups by name.
async fn directory(
    surfaces: &Surfaces,
    asked: bool,
    synced: &BTreeMap<&GroupId, &GroupName>,
    live: &LiveState,
) -> Surface<Directory> {
    // Who may not write to it needs none of its ids.
    let needed = |scim: &&Scim| scim.is_ours() && (asked || !synced.is_empty());
    let Some(scim) = surfaces.scim.as_ref().filter(needed) else {
        return Ok((Reading::NotRead, BTreeMap::new()));
    };
    let users = async {
        match &live.scim_users {
            Reading::Read(users) => Ok(users.clone()),
            Reading::NotRead => scim.users().await.map(|(_, users)| users),
        }
    };
    let groups = synced.iter().map(|(id, name)| scim.group_named(name).map_ok(move |found| (*id, found)));
    let (users, groups) = try_join!(users, try_join_all(groups))?;
    let groups = groups.into_iter().filter_map(|(id, found)| Some((id.clone(), found?.id)));
    Ok((Reading::Read(users), groups.collect()))
}
