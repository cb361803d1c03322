//! The live state, as far as a diff needs it.

use std::collections::{BTreeMap, BTreeSet};

use tokio::try_join;
use tracing::info;

use crate::atlassian::{self, Organization, Reader, Surfaces};
use crate::model::{
    AccountId, Email, Grants, JiraRights, Listing, LiveAccount, LiveGroup, LiveState, OrganizationUser,
    Reading, Rights, ScimUser, SyncedGroups,
};
use crate::plan::{self, Beside, Desired, MemberReads, Reads, Searches};

use super::Error;
use super::grants::grants;
use super::members::{Members, members, speeds};
use super::site::at_site;
use super::synced::synced;

/// The result of a listing of people.
type People = (Listing<AccountId>, Vec<LiveAccount>);

/// The members of the organization's directory, and their rows.
pub(super) type Everybody = (Listing<AccountId>, Vec<OrganizationUser>);

/// Reads the state that a diff of this desired state needs, and everything that comes with it: the rights, every group's name,
/// the members of the declared groups that exist, the organization's rows of the declared people, and every user if an
/// identity or a status needs them.
///
/// # Errors
/// [`Error::NoListing`] when there is no surface that lists anything, [`Error::CannotBrowse`] when reads would be
/// empty because a permission is missing, [`Error::UsersWithoutReader`] when the listing of users is incomplete, otherwise
/// the surface's error.
pub async fn live_state(
    surfaces: &Surfaces,
    desired: &Desired<'_>,
    beside: Beside<'_>,
) -> Result<LiveState, Error> {
    at_site(surfaces, Box::pin(read(surfaces, desired, beside))).await
}

async fn read(surfaces: &Surfaces, desired: &Desired<'_>, beside: Beside<'_>) -> Result<LiveState, Error> {
    let reader = surfaces.reader().ok_or(Error::NoListing)?;
    let searches = plan::searches(desired, beside);
    let organization = surfaces.organization.as_ref();
    // Boxed, since each holds what all its reads do.
    let ((groups, mut members, grants, synced), asked) = try_join!(
        Box::pin(listed(surfaces, reader, desired, beside)),
        Box::pin(Asked::of(surfaces, reader, desired, beside, &searches))
    )?;
    let Asked { rights, people, everybody, users, scim_users } = asked;
    let more = plan::privileged_groups_to_read(desired, beside, &rights, &groups, &grants);
    members.take_in(self::members(surfaces, reader.surface(), &more).await?);
    let mut live = LiveState {
        rights,
        groups,
        members: members.of,
        users: Reading::NotRead,
        accounts: members.accounts.into_iter().collect(),
        people: BTreeMap::new(),
        searched: if surfaces.organization.is_some() { searches.emails } else { BTreeSet::new() },
        scim_users,
        grants,
        synced,
    };
    if let Some((listing, seen)) = users {
        live.accounts.extend(seen.into_iter().map(|account| (account.id.clone(), account)));
        live.users = Reading::Read(listing);
    }
    live.learn(everybody.into_iter().flat_map(|(_, people)| people).chain(people));
    let moved = plan::moved(desired, &live);
    if let (Some(organization), false) = (organization, moved.is_empty()) {
        let emails: Vec<Email> = moved.iter().cloned().collect();
        live.learn(organization.find_by_email(&emails).await?);
        live.searched.extend(moved);
    }
    let unseen: Vec<AccountId> =
        searches.accounts.into_iter().filter(|id| !live.accounts.contains_key(id)).collect();
    if let (Some(jira), false) = (&surfaces.jira, unseen.is_empty()) {
        let accounts = jira.accounts(&unseen).await?;
        live.accounts.extend(accounts.into_iter().map(|account| (account.id.clone(), account)));
    }
    Ok(live)
}

/// Reads every group, the members of those that matter, and the roles that they give. These reads wait only for the list of
/// groups.
async fn listed(
    surfaces: &Surfaces,
    reader: Reader<'_>,
    desired: &Desired<'_>,
    beside: Beside<'_>,
) -> Result<(Listing<LiveGroup>, Members, Grants, SyncedGroups), Error> {
    let groups = reader.groups().await?;
    let MemberReads { groups: ids, choice } =
        plan::member_reads(desired, beside, &groups, &surfaces.configured(), &speeds());
    info!("{} groups, members of {}: {choice}", groups.len(), ids.len());
    let (mut members, grants) = try_join!(members(surfaces, choice.chosen.surface, &ids), async {
        Ok(grants(surfaces, desired, beside, &groups).await?)
    })?;
    let sources = plan::synced_groups(desired, beside, &groups);
    let synced = synced(surfaces, reader.surface(), &sources, &mut members).await?;
    Ok((groups, members, grants, synced))
}

/// Everything that is read besides the members of groups.
struct Asked {
    rights: Rights,
    /// The organization's rows of the people it was asked about.
    people: Vec<OrganizationUser>,
    everybody: Option<Everybody>,
    users: Option<People>,
    scim_users: Reading<Vec<ScimUser>>,
}

impl Asked {
    async fn of(
        surfaces: &Surfaces,
        reader: Reader<'_>,
        desired: &Desired<'_>,
        beside: Beside<'_>,
        searches: &Searches,
    ) -> Result<Self, Error> {
        let organization = surfaces.organization.as_ref();
        let (jira, people, everybody) = try_join!(
            rights(reader, &desired.declaration.settings.site.value),
            search(organization, searches),
            everybody(organization, beside)
        )?;
        let rights = Rights { surfaces: surfaces.configured(), jira };
        let found: BTreeSet<Email> = people.iter().filter_map(|person| person.email.clone()).collect();
        let reads = plan::reads(desired, beside, &rights, &found);
        let (all, scim) = (reads.users, reads.scim_users);
        info!(people = people.len(), all_users = all, scim_users = scim, "reading people");
        let (users, scim_users) = try_join!(
            users(reader, reads, rights.acting(), everybody.as_ref()),
            scim_users(surfaces, reads)
        )?;
        Ok(Self { rights, people, everybody, users, scim_users })
    }
}

/// Lists everybody the organization knows, if a person will be declared: it shows emails that Jira hides.
async fn everybody(
    organization: Option<&Organization>,
    beside: Beside<'_>,
) -> Result<Option<Everybody>, Error> {
    match organization.filter(|_| beside.import.is_some()) {
        Some(organization) => Ok(Some(organization.everybody().await?)),
        None => Ok(None),
    }
}

/// Searches the organization for the people that a tree declares.
pub(super) async fn search(
    organization: Option<&Organization>,
    searches: &Searches,
) -> Result<Vec<OrganizationUser>, Error> {
    let Some(organization) = organization else { return Ok(Vec::new()) };
    let emails: Vec<Email> = searches.emails.iter().cloned().collect();
    let accounts: Vec<AccountId> = searches.accounts.iter().cloned().collect();
    let by_account =
        async { if accounts.is_empty() { Ok(Vec::new()) } else { organization.people(&accounts).await } };
    let (mut people, by_account) = try_join!(organization.find_by_email(&emails), by_account)?;
    people.extend(by_account);
    Ok(people)
}

pub(super) async fn scim_users(surfaces: &Surfaces, reads: Reads) -> Result<Reading<Vec<ScimUser>>, Error> {
    match &surfaces.scim {
        Some(scim) if reads.scim_users => Ok(Reading::Read(scim.users().await?.1)),
        Some(_) | None => Ok(Reading::NotRead),
    }
}

/// Reads the rights of Jira's credential; `None` if the organization does the listing. Without the right to browse, every
/// listing would be empty.
pub(super) async fn rights(reader: Reader<'_>, site: &str) -> Result<Option<JiraRights>, Error> {
    let Reader::Jira(jira) = reader else { return Ok(None) };
    let rights = jira.rights().await?;
    if !rights.browse_users {
        return Err(Error::CannotBrowse { account: rights.acting.id, site: site.to_owned() });
    }
    Ok(Some(rights))
}

/// Lists every user, if needed; the organization may have listed everybody already. Jira's listing has no total, but must
/// contain the reader.
pub(super) async fn users(
    reader: Reader<'_>,
    reads: Reads,
    acting: Option<&AccountId>,
    everybody: Option<&Everybody>,
) -> Result<Option<People>, Error> {
    if !reads.users {
        return Ok(None);
    }
    let (listing, seen) = match reader {
        Reader::Jira(jira) => jira.users().await?,
        Reader::Organization(organization) => {
            let (listing, users) = match everybody {
                Some(everybody) => everybody,
                None => &organization.everybody().await?,
            };
            (listing.clone(), users.iter().map(OrganizationUser::live).collect())
        }
    };
    match acting.filter(|acting| !listing.contains(acting)) {
        Some(acting) => Err(Error::UsersWithoutReader { account: acting.clone() }),
        None => Ok(Some((listing, seen))),
    }
}

/// Reads the accounts of these IDs that a surface knows.
pub(super) async fn accounts(
    surfaces: &Surfaces,
    ids: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Option<LiveAccount>>, atlassian::Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<AccountId> = ids.iter().cloned().collect();
    let found = match surfaces.reader() {
        Some(reader) => reader.accounts(&asked).await?,
        None => Vec::new(),
    };
    let mut answers: BTreeMap<AccountId, Option<LiveAccount>> =
        ids.iter().cloned().map(|id| (id, None)).collect();
    answers.extend(found.into_iter().map(|account| (account.id.clone(), Some(account))));
    Ok(answers)
}
