//! The roles in apps of one person, or of one group.

use std::collections::{BTreeMap, BTreeSet};

use tokio::try_join;

use crate::atlassian::{self, Organization, Surfaces};
use crate::model::{
    Access, AccountId, Email, Grants, GroupId, GroupName, LiveRole, LiveRoles, PersonRole, UserRef,
};
use crate::plan::{self, RoleFacts};

use super::Error;
use super::grants::roles_of_groups;
use super::site::at_site;

/// Reads the roles of a person, and how they came to each; and says what is not known of them. An email that no account is known
/// for is searched.
///
/// # Errors
/// [`Error::NoRoles`] without an organization's key, else what it said.
pub async fn roles_of_person(
    surfaces: &Surfaces,
    site: &str,
    user: &UserRef,
    known: Option<&AccountId>,
) -> Result<(Vec<PersonRole>, Option<String>), Error> {
    let organization = surfaces.organization.as_ref().ok_or(Error::NoRoles)?;
    at_site(surfaces, Box::pin(of_person(organization, site, user, known))).await
}

async fn of_person(
    organization: &Organization,
    site: &str,
    user: &UserRef,
    known: Option<&AccountId>,
) -> Result<(Vec<PersonRole>, Option<String>), Error> {
    let account = match (known, user) {
        (Some(account), _) | (None, UserRef::Account(account)) => Some(account.clone()),
        (None, UserRef::Email(email)) => found(organization, email).await?,
    };
    let shown = match &account {
        Some(account) => !organization.people(std::slice::from_ref(account)).await?.is_empty(),
        None => false,
    };
    let Some(account) = account.filter(|_| shown) else {
        let unknown =
            format!("The organization shows no account of {user}, so that nothing is known of its roles.");
        return Ok((Vec::new(), Some(unknown)));
    };
    let (resources, (groups, _)) = try_join!(organization.resources(site), organization.groups_of(&account))?;
    let ids: BTreeMap<GroupName, GroupId> =
        groups.iter().map(|group| (group.name.clone(), group.id.clone())).collect();
    let asked: BTreeSet<GroupId> = ids.values().cloned().collect();
    let (grants, own) = try_join!(
        roles_of_groups(organization, resources.clone(), &asked),
        organization.roles_of_person(&account, &resources)
    )?;
    let facts = RoleFacts { grants, people: [(account.clone(), own)].into(), ..RoleFacts::default() };
    let names: Vec<GroupName> = ids.keys().cloned().collect();
    let unasked = groups.unidentified();
    let unknown = (!unasked.is_empty())
        .then(|| format!("Groups without an id, which are left out: {}.", unasked.len()));
    Ok((plan::roles_of(&account, &names, &ids, &facts), unknown))
}

async fn found(organization: &Organization, email: &Email) -> Result<Option<AccountId>, atlassian::Error> {
    let mut found = organization.find_by_email(std::slice::from_ref(email)).await?.into_iter();
    Ok(found.next().filter(|_| found.next().is_none()).map(|person| person.account))
}

/// Reads the roles that a group gives. A group whose id is not known is searched.
///
/// # Errors
/// As [`roles_of_person`].
pub async fn roles_of_group(
    surfaces: &Surfaces,
    site: &str,
    group: &GroupName,
    known: Option<&GroupId>,
) -> Result<LiveRoles, Error> {
    let organization = surfaces.organization.as_ref().ok_or(Error::NoRoles)?;
    at_site(surfaces, Box::pin(of_group(organization, site, group, known))).await
}

async fn of_group(
    organization: &Organization,
    site: &str,
    name: &GroupName,
    known: Option<&GroupId>,
) -> Result<LiveRoles, Error> {
    let mut id = known.cloned();
    if id.is_none() {
        let found = organization.groups(Some(std::slice::from_ref(name))).await?;
        id = found.iter().find(|group| group.name == *name).map(|group| group.id.clone());
    }
    let mut live = LiveRoles::default();
    let held = match &id {
        Some(id) => {
            let resources = organization.resources(site).await?;
            roles_of_groups(organization, resources, &[id.clone()].into()).await?
        }
        None => Grants::default(),
    };
    let Some((id, listing)) = id.as_ref().and_then(|id| Some((id, held.of.get(id)?))) else {
        live.unknown
            .push(format!("The organization shows no group {name}, so that nothing is known of its roles."));
        return Ok(live);
    };
    let defaults = held.defaults.get(id);
    let others = held.undeclarable.get(id).into_iter().flatten();
    let others = others.filter_map(|it| Some(Access { app: it.app.clone()?, role: it.role.clone() }));
    let role = |access: Access| LiveRole {
        default_group: access.role.takes_a_seat() && defaults.is_some_and(|apps| apps.contains(&access.app)),
        access,
        groups: Vec::new(),
        hidden_group: false,
        direct: None,
        inferred: false,
    };
    live.roles = listing.iter().cloned().chain(others).map(role).collect();
    live.roles.sort_by(|a, b| a.access.cmp(&b.access));
    Ok(live)
}
