//! Lists who is on a site.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use futures_util::future::OptionFuture;
use tokio::try_join;

use crate::atlassian::{Organization, Reader, Surfaces};
use crate::model::{
    AccountId, Claim, Email, ErrorExt, GroupId, GroupName, JiraRights, LiveAccount, Reading, ReportedUser,
    UserReport, UserSource,
};
use crate::plan::{self, Reads, RoleFacts};

use super::Error;
use super::grants::{direct_roles, roles_of_groups};
use super::live::{rights, users};
use super::members::members;
use super::site::at_site;

const NO_APPS: &str = "Apps, service accounts and the memberships of the admin groups are not shown: the organization does not \
                       show them, and there is no credential for Jira.";

const NO_ACTIVITY: &str = "Last-active dates and managed accounts are unknown: they need the organization's API key, which is not \
                           set.";

const EVERYBODY: Reads = Reads { scim_users: false, users: true };

/// What of everybody is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Their groups.
    Groups,
    /// Their groups, and their roles in apps.
    Roles,
}

/// Reads everybody who is on a site, with their groups. With Jira it reads the members of every group; the
/// organization shows everybody's groups in its one listing, and when they were last active.
///
/// # Errors
/// As [`super::live_state`].
pub async fn user_report(surfaces: &Surfaces, site: &str, depth: Depth) -> Result<UserReport, Error> {
    at_site(surfaces, Box::pin(read(surfaces, site, depth))).await
}

async fn read(surfaces: &Surfaces, site: &str, depth: Depth) -> Result<UserReport, Error> {
    let reader = surfaces.reader().ok_or(Error::NoListing)?;
    let organization = OptionFuture::from(surfaces.organization.as_ref().map(Organization::activity));
    // With Jira's listings, it only adds to them.
    let organization = async {
        match organization.await.transpose() {
            Err(error) if surfaces.jira.is_some() && !error.is_another_site() => Ok(Err(error)),
            read => Ok(Ok(read?)),
        }
    };
    let (jira, groups, people) = try_join!(rights(reader, site), reader.groups().err_into(), organization)?;
    let (mut unknown, mut without_id) = (Vec::new(), groups.unidentified().len());
    let mut active: BTreeMap<AccountId, Told> = BTreeMap::new();
    let mut accounts: BTreeMap<AccountId, LiveAccount> = BTreeMap::new();
    let mut of: BTreeMap<AccountId, BTreeSet<GroupName>> = BTreeMap::new();
    if let Reader::Jira(_) = reader {
        let ids: Vec<GroupId> = groups.iter().map(|it| it.id.clone()).collect();
        let acting = jira.as_ref().map(|rights| &rights.acting.id);
        let (members, users) =
            try_join!(members(surfaces, reader.surface(), &ids), users(reader, EVERYBODY, acting, None))?;
        let listings = members.of.values().chain(users.iter().map(|(listing, _)| listing));
        without_id += listings.map(|listing| listing.unidentified().len()).sum::<usize>();
        let listed = users.into_iter().flat_map(|(_, users)| users);
        accounts = members.accounts.into_iter().collect();
        accounts.extend(listed.map(|account| (account.id.clone(), account)));
        for group in &groups {
            for member in members.of.get(&group.id).into_iter().flatten() {
                of.entry(member.clone()).or_default().insert(group.name.clone());
            }
        }
    } else {
        unknown.push(NO_APPS.to_owned());
    }
    match people {
        Ok(Some((people, unidentified))) => {
            without_id += unidentified;
            for (person, groups, last) in people {
                if let Reader::Organization(_) = reader {
                    let names = groups.iter().map(|group| group.name.clone());
                    of.insert(person.account.clone(), names.collect());
                }
                let account = accounts.entry(person.account.clone()).or_insert_with(|| person.live());
                account.learn(&person);
                active.insert(person.account, (last, person.claim, person.source));
            }
        }
        Ok(None) => unknown.push(NO_ACTIVITY.to_owned()),
        Err(error) => unknown.push(format!(
            "Last-active dates and the organization's data of people were not read: {}.",
            error.chain()
        )),
    }
    let without_jira = surfaces.jira.is_none().then(|| NO_APPS.to_owned());
    let left_out: Vec<String> = without_jira.into_iter().chain(left_out(without_id)).collect();
    unknown.extend(left_out.iter().filter(|sentence| *sentence != NO_APPS).cloned());
    let shown = active.keys().cloned().collect();
    let users = reported(accounts, active, of);
    let ids: BTreeMap<GroupName, GroupId> =
        groups.iter().map(|group| (group.name.clone(), group.id.clone())).collect();
    let groups = ids.keys().cloned().collect();
    let mut user_report =
        UserReport { site: site.to_owned(), users, groups, apps: Reading::NotRead, unknown, left_out };
    if depth == Depth::Roles {
        let facts = role_facts(surfaces, site, jira.as_ref(), &ids, &shown).await?;
        plan::tell_roles(&mut user_report, &ids, &facts);
    }
    Ok(user_report)
}

/// Everybody, in order.
fn reported(
    accounts: BTreeMap<AccountId, LiveAccount>,
    mut told: BTreeMap<AccountId, Told>,
    mut of: BTreeMap<AccountId, BTreeSet<GroupName>>,
) -> Vec<ReportedUser> {
    let user = |account: LiveAccount| {
        let (last_active, claim, source) = told.remove(&account.id).unwrap_or(UNSAID);
        let groups = of.remove(&account.id).into_iter().flatten().collect();
        ReportedUser { account, groups, last_active, claim, source, roles: Vec::new(), declared: false }
    };
    let mut users: Vec<ReportedUser> = accounts.into_values().map(user).collect();
    users.sort_by(|a, b| key(a).cmp(&key(b)));
    users
}

/// What the organization says of roles in apps, and Jira of seats. `shown` are the people whom the organization shows.
async fn role_facts(
    surfaces: &Surfaces,
    site: &str,
    jira: Option<&JiraRights>,
    groups: &BTreeMap<GroupName, GroupId>,
    shown: &BTreeSet<AccountId>,
) -> Result<RoleFacts, Error> {
    let organization = surfaces.organization.as_ref().ok_or(Error::NoRoles)?;
    let apps = organization.apps(site).await?;
    let resources = apps.iter().map(|(app, held)| (app.clone(), held.resource.clone())).collect();
    let asked = groups.values().cloned().collect();
    let grants = Box::pin(roles_of_groups(organization, resources, &asked)).await?;
    let people = Box::pin(direct_roles(organization, &grants, shown)).await?;
    let seats = match (&surfaces.jira, jira) {
        // Who does not administer Jira is refused (docs/atlassian.md#administer-jira).
        (Some(jira), Some(rights)) if rights.administer => jira.app_roles().await?,
        (Some(_) | None, _) => Vec::new(),
    };
    let seats = seats.into_iter().map(|role| (role.app, role.seats)).collect();
    Ok(RoleFacts { apps, seats, grants, people })
}

/// When somebody last used an app, whether the organization manages the account, and how it came into the directory.
type Told = (Reading<Option<String>>, Claim, UserSource);

/// What is known of an account that the organization does not show.
const UNSAID: Told = (Reading::NotRead, Claim::NotReported, UserSource::NotReported);

/// Says how many rows have no id, where any has none.
fn left_out(without_id: usize) -> Option<String> {
    (without_id > 0).then(|| {
        format!(
            "Rows of its lists without an ID, which are left out since Atlassian does not say whose they are: \
             {without_id}."
        )
    })
}

fn key(user: &ReportedUser) -> (bool, Option<&Email>, &AccountId) {
    (user.account.email.is_none(), user.account.email.as_ref(), &user.account.id)
}
