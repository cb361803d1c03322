//! Reads the content of a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use tokio::try_join;
use tracing::info;

use crate::atlassian::{Organization, Surfaces};
use crate::model::{AccountId, Email, LiveAccount, OrganizationUser, Readings, Rights};
use crate::plan::{self, Beside, Desired, Reads};

use super::Error;
use super::grants::grants;
use super::live::{Everybody, rights, scim_users, search, users};
use super::members::members;
use super::site::at_site;
use super::synced::synced;

/// Everything is read: a change of the tree may need more than the tree does.
const EVERYTHING: Reads = Reads { scim_users: true, users: true };

/// Reads everything that a plan of this tree needs and that one of a changed tree may need: besides the members of the
/// declared groups, everybody each surface lists.
///
/// # Errors
/// As [`super::live_state`].
pub async fn readings(surfaces: &Surfaces, desired: &Desired<'_>) -> Result<Readings, Error> {
    at_site(surfaces, Box::pin(read(surfaces, desired))).await
}

async fn read(surfaces: &Surfaces, desired: &Desired<'_>) -> Result<Readings, Error> {
    let reader = surfaces.reader().ok_or(Error::NoListing)?;
    let searches = plan::searches(desired, Beside::default());
    let organization = surfaces.organization.as_ref();
    let site = &desired.declaration.settings.site.value;
    let (jira, groups, asked, told) = try_join!(
        rights(reader, site),
        reader.groups().err_into(),
        search(organization, &searches),
        OrganizationPeople::of(organization, desired, &searches.emails)
    )?;
    let rights = Rights { surfaces: surfaces.configured(), jira };
    let grants = grants(surfaces, desired, Beside::default(), &groups).await?;
    let mut ids = plan::groups_to_read(desired, Beside::default(), &groups);
    ids.extend(plan::privileged_groups_to_read(desired, Beside::default(), &rights, &groups, &grants));
    info!(groups = groups.len(), declared = ids.len(), "reading members and everybody");
    let acting = rights.acting();
    let (mut members, users, scim_users) = try_join!(
        members(surfaces, reader.surface(), &ids),
        users(reader, EVERYTHING, acting, told.as_ref().map(|told| &told.everybody)),
        scim_users(surfaces, EVERYTHING)
    )?;
    let sources = plan::synced_groups(desired, Beside::default(), &groups);
    let synced = synced(surfaces, reader.surface(), &sources, &mut members).await?;
    let (users, all) = users.ok_or(Error::NoListing)?;
    let by_id = |account: LiveAccount| (account.id.clone(), account);
    let mut accounts: BTreeMap<AccountId, LiveAccount> = members.accounts.into_iter().collect();
    accounts.extend(all.into_iter().map(by_id));
    let unseen: Vec<AccountId> =
        searches.accounts.iter().filter(|id| !accounts.contains_key(*id)).cloned().collect();
    if let (Some(jira), false) = (&surfaces.jira, unseen.is_empty()) {
        accounts.extend(jira.accounts(&unseen).await?.into_iter().map(by_id));
    }
    let hides = |person: &&OrganizationUser| person.email.is_none();
    let found = asked.iter().filter(hides).map(|person| person.account.clone()).collect();
    let (people, emails, one_directory) =
        told.map_or_else(Default::default, |told| (told.everybody.1, told.searched, told.one_directory));
    let whole = one_directory && !people.iter().any(|person| hides(&person));
    Ok(Readings {
        rights,
        groups,
        members: members.of,
        users,
        accounts,
        looked_up: searches.accounts,
        people: people.into_iter().chain(asked).map(|person| (person.account.clone(), person)).collect(),
        searched: emails,
        found,
        whole,
        scim_users,
        grants,
        synced,
    })
}

/// The organization's rows of people.
struct OrganizationPeople {
    /// The members of its directory with their rows, and everybody with a declared email in any of its directories.
    everybody: Everybody,
    /// The emails that were searched.
    searched: BTreeSet<Email>,
    one_directory: bool,
}

impl OrganizationPeople {
    /// Reads everybody, and searches the declared emails that a later plan may ask for.
    async fn of(
        organization: Option<&Organization>,
        desired: &Desired<'_>,
        asked: &BTreeSet<Email>,
    ) -> Result<Option<Self>, Error> {
        let Some(organization) = organization else { return Ok(None) };
        let rest: Vec<Email> = desired.emails().filter(|email| !asked.contains(*email)).cloned().collect();
        let ((listed, mut people), found, directories) = try_join!(
            organization.everybody(),
            organization.find_by_email(&rest),
            organization.directories()
        )?;
        // The response does not say whose email it hides.
        people.extend(found.into_iter().filter(|person| person.email.is_some()));
        let searched = asked.iter().cloned().chain(rest).collect();
        Ok(Some(Self { everybody: (listed, people), searched, one_directory: directories.len() == 1 }))
    }
}
