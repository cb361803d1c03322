//! The roles that groups give in apps.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tracing::{info, warn};

use crate::atlassian::{self, Organization, Surfaces};
use crate::model::{Access, App, ErrorExt, Grants, GroupId, Listing, LiveGroup, Read, Reading, Role, Unread};
use crate::plan::{self, Beside, Desired, FoundRoles, GrantReads, RoleSearch};

/// How many requests are under way at a time; the limiter bounds their sum.
const AT_A_TIME: usize = 16;

/// Reads what the groups give whose roles a tree manages, with as few requests as that takes, and which groups decide about
/// the access to apps, where a rule asks about them; nothing where there is no organization to ask. A refusal is kept: it ends nothing but changes of roles.
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
    let resources = &grants.resources;
    let reads = alone.into_iter().map(async |group| {
        let (held, defaults) = organization.roles_of(&group, resources).await?;
        Ok::<_, atlassian::Error>((group, held, defaults))
    });
    let read: Vec<(GroupId, Listing<Access>, BTreeSet<App>)> =
        stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
    for (group, held, defaults) in read {
        grants.of.insert(group.clone(), held);
        grants.defaults.insert(group, defaults);
    }
    Ok(grants)
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
