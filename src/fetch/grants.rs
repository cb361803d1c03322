//! The roles that groups give in apps.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tracing::{info, warn};

use crate::atlassian::{self, Organization, Surfaces};
use crate::model::{
    Access, AccountId, App, DirectRole, ErrorExt, Grants, GroupId, GroupRoles, Listing, LiveGroup,
    OrganizationUser, Read, Reading, Role, RoleMethods, Unread,
};
use crate::plan::{self, Beside, Desired, DirectReads, FoundRoles, GrantReads, RoleSearch};

/// How many requests are under way at a time; the limiter bounds their sum.
const AT_A_TIME: usize = 16;

/// Reads what the groups give whose roles a tree manages, with as few requests as possible, and which groups decide about
/// the access to apps, if a rule asks about them; nothing without an organization. A refusal is kept: it ends nothing but changes of roles.
///
/// # Errors
/// When the site that answers is not the one that the tree names. That ends every command.
pub(super) async fn grants(
    surfaces: &Surfaces,
    desired: &Desired<'_>,
    beside: Beside<'_>,
    groups: &Listing<LiveGroup>,
) -> Result<Grants, atlassian::Error> {
    let asked = plan::grant_groups(desired, beside, groups);
    let makes_any = desired.groups.values().any(|group| group.grants.is_some());
    let Some(organization) = &surfaces.organization else { return Ok(Grants::default()) };
    let mut grants = Grants::default();
    if makes_any || !asked.is_empty() {
        match read(organization, desired, beside, groups, &asked).await {
            Ok(read) => grants = read,
            Err(error) if error.is_another_site() => return Err(error),
            Err(error) => {
                let (why, help) = (error.chain(), error.help());
                grants.unread = Some(Unread { read: Read::Grants, about: None, why, help });
            }
        }
    }
    if plan::asks(desired, beside) {
        match deciding(organization, desired, &grants).await {
            Ok(groups) => grants.deciding = Reading::Read(groups),
            Err(error) if error.is_another_site() => return Err(error),
            // The plan says that they are not known.
            Err(error) => warn!(error = error.chain(), "which groups decide about apps was not read"),
        }
    }
    Ok(grants)
}

/// The groups that give a role in any app of the site which lets people decide about access.
async fn deciding(
    organization: &Organization,
    desired: &Desired<'_>,
    grants: &Grants,
) -> Result<BTreeSet<GroupId>, atlassian::Error> {
    let mut resources = grants.resources.clone();
    if resources.is_empty() {
        resources = organization.resources(&desired.declaration.settings.site.value).await?;
    }
    let roles = Role::PRIVILEGED.map(Role::new);
    let resources: Vec<&str> = resources.values().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    for apps in resources.chunks(plan::APPS) {
        found.extend(organization.groups_with_roles(apps, &roles).await?);
    }
    Ok(found)
}

async fn read(
    organization: &Organization,
    desired: &Desired<'_>,
    beside: Beside<'_>,
    groups: &Listing<LiveGroup>,
    asked: &[GroupId],
) -> Result<Grants, atlassian::Error> {
    let resources = organization.resources(&desired.declaration.settings.site.value).await?;
    let apps: BTreeSet<App> = resources.keys().cloned().collect();
    let mut grants = Grants { resources, ..Grants::default() };
    let alone = match plan::grant_reads(asked, desired, beside, &apps) {
        GrantReads::Groups => asked.to_vec(),
        GrantReads::Searches(searches) => {
            let found = search(organization, searches, &grants.resources).await?;
            let FoundRoles { of, unclear } = plan::by_search(asked, &found, desired, beside, groups);
            for (group, held) in of {
                grants.of.insert(group, Listing::joined(held.into_iter().collect()));
            }
            unclear
        }
    };
    info!(groups = asked.len(), one_by_one = alone.len(), "reading the roles of groups");
    one_by_one(organization, alone, &mut grants).await?;
    Ok(grants)
}

/// Reads what groups give in the apps of these resources, whether a tree manages it or not. A listing says which of them give
/// anything, and those are read one by one. Of groups that the organization does not show nothing is known: they are not among
/// the answers.
///
/// # Errors
/// What the organization said.
pub async fn roles_of_groups(
    organization: &Organization,
    resources: BTreeMap<App, String>,
    groups: &BTreeSet<GroupId>,
) -> Result<Grants, atlassian::Error> {
    let mut grants = Grants { resources, ..Grants::default() };
    if groups.is_empty() {
        return Ok(grants);
    }
    let counts = organization.counts_of_resources(groups).await?;
    let (none, some): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(_, count)| *count == Some(0));
    grants.of.extend(none.into_iter().map(|(group, _)| (group, Listing::joined(BTreeSet::new()))));
    info!(groups = groups.len(), one_by_one = some.len(), "reading the roles of groups");
    one_by_one(organization, some.into_iter().map(|(group, _)| group).collect(), &mut grants).await?;
    Ok(grants)
}

/// All roles of those who may hold one directly, each with how they came to it: of some people, or, where searches take fewer
/// requests, of whom none of their groups gives a role that they have. What groups give is given.
///
/// # Errors
/// What the organization said.
pub async fn direct_roles(
    organization: &Organization,
    grants: &Grants,
    people: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, BTreeMap<Access, RoleMethods>>, atlassian::Error> {
    let asked = match plan::direct_reads(people.len(), grants.resources.len()) {
        DirectReads::People => people.clone(),
        DirectReads::Searches => {
            let found = beside_groups(organization, &grants.resources, &Givers::Known(grants)).await?;
            found.into_iter().map(|person| person.account).collect()
        }
    };
    of_people(organization, asked, &grants.resources).await
}

/// Asks each of some people for their roles.
async fn of_people(
    organization: &Organization,
    people: BTreeSet<AccountId>,
    resources: &BTreeMap<App, String>,
) -> Result<BTreeMap<AccountId, BTreeMap<Access, RoleMethods>>, atlassian::Error> {
    info!(people = people.len(), "reading the roles of people");
    let reads = people.into_iter().map(async |account| {
        let roles = organization.roles_of_person(&account, resources).await?;
        Ok::<_, atlassian::Error>((account, roles))
    });
    stream::iter(reads).buffered(AT_A_TIME).try_collect().await
}

/// The roles that people hold directly, of those to whom none of their groups gives a role that they have.
///
/// # Errors
/// What the organization said.
pub(super) async fn direct_roles_beside_groups(
    organization: &Organization,
    site: &str,
) -> Result<(BTreeSet<DirectRole>, Vec<OrganizationUser>), atlassian::Error> {
    let resources = organization.resources(site).await?;
    let people = Box::pin(beside_groups(organization, &resources, &Givers::Asked)).await?;
    let asked = people.iter().map(|person| person.account.clone()).collect();
    let read = of_people(organization, asked, &resources).await?;
    let direct = read.into_iter().flat_map(|(account, roles)| {
        let direct = roles.into_iter().filter(|(_, methods)| methods.direct == Reading::Read(true));
        direct.map(move |(access, _)| DirectRole { account: account.clone(), access })
    });
    Ok((direct.collect(), people))
}

/// Which groups give a role.
enum Givers<'a> {
    /// Those of which it was read.
    Known(&'a Grants),
    /// Those that a search finds, where anybody has the role.
    Asked,
}

impl Givers<'_> {
    async fn of(
        &self,
        organization: &Organization,
        access: &Access,
        resource: &str,
    ) -> Result<BTreeSet<GroupId>, atlassian::Error> {
        let grants = match self {
            Self::Asked => {
                return organization.groups_with_roles(&[resource], std::slice::from_ref(&access.role)).await;
            }
            Self::Known(grants) => grants,
        };
        let held = grants.of.iter().filter(|(_, held)| held.contains(access)).map(|(id, _)| id);
        let others = grants.undeclarable.iter().filter(|(_, others)| {
            others.iter().any(|it| it.app.as_ref() == Some(&access.app) && it.role == access.role)
        });
        Ok(held.chain(others.map(|(id, _)| id)).cloned().collect())
    }
}

/// The people who have a role in an app that none of their groups is known to give.
async fn beside_groups(
    organization: &Organization,
    resources: &BTreeMap<App, String>,
    givers: &Givers<'_>,
) -> Result<Vec<OrganizationUser>, atlassian::Error> {
    let roles = resources.iter().flat_map(|(app, resource)| {
        Role::SEARCHED
            .into_iter()
            .map(move |role| (Access { app: app.clone(), role: Role::new(role) }, resource))
    });
    let reads = roles.map(async |(access, resource)| {
        let holders = organization.holders(resource, &access.role).await?;
        if holders.is_empty() {
            return Ok::<_, atlassian::Error>(Vec::new());
        }
        let givers = givers.of(organization, &access, resource).await?;
        let beside = holders.into_iter().filter(|(_, groups)| groups.is_disjoint(&givers));
        Ok(beside.map(|(person, _)| person).collect())
    });
    let found: Vec<Vec<OrganizationUser>> = stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
    let people: BTreeMap<AccountId, OrganizationUser> =
        found.into_iter().flatten().map(|person| (person.account.clone(), person)).collect();
    Ok(people.into_values().collect())
}

/// Asks each of some groups for its roles.
async fn one_by_one(
    organization: &Organization,
    groups: Vec<GroupId>,
    grants: &mut Grants,
) -> Result<(), atlassian::Error> {
    let resources = &grants.resources;
    let reads = groups.into_iter().map(async |group| {
        let roles = organization.roles_of(&group, resources).await?;
        Ok::<_, atlassian::Error>((group, roles))
    });
    let read: Vec<(GroupId, GroupRoles)> = stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
    for (group, roles) in read {
        grants.learn(group, roles);
    }
    Ok(())
}

async fn search(
    organization: &Organization,
    searches: Vec<RoleSearch>,
    resources: &BTreeMap<App, String>,
) -> Result<Vec<(RoleSearch, BTreeSet<GroupId>)>, atlassian::Error> {
    let reads = searches.into_iter().map(async |search| {
        let of_apps: Vec<&str> =
            search.apps.iter().filter_map(|app| resources.get(app)).map(String::as_str).collect();
        let found = organization.groups_with_roles(&of_apps, &search.roles).await?;
        Ok::<_, atlassian::Error>((search, found))
    });
    stream::iter(reads).buffered(AT_A_TIME).try_collect().await
}
