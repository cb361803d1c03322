//! Who is on a site.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use futures_util::future::OptionFuture;
use tokio::try_join;

use crate::atlassian::{Organization, Reader, Surfaces};
use crate::model::{
    AccountId, Claim, Email, ErrorExt, GroupId, GroupName, LiveAccount, Reading, ReportedUser, UserReport,
};
use crate::plan::Reads;

use super::Error;
use super::live::{rights, users};
use super::members::members;
use super::site::at_site;

const NO_APPS: &str = "Apps, service accounts and the memberships of the admin groups are not shown: the organization does not \
                       show them, and there is no credential for Jira.";

const NO_ACTIVITY: &str = "When anybody was last active is not known, nor whose account the organization manages: its API key tells \
                           it, and there is none.";

const EVERYBODY: Reads = Reads { scim_users: false, users: true };

/// Reads everybody who is on a site, with their groups. With Jira it reads the members of every group; the
/// organization shows everybody's groups in its one listing, and when they were last active.
///
/// # Errors
/// As [`super::live_state`].
pub async fn user_report(surfaces: &Surfaces, site: &str) -> Result<UserReport, Error> {
    at_site(surfaces, Box::pin(read(surfaces, site))).await
}

async fn read(surfaces: &Surfaces, site: &str) -> Result<UserReport, Error> {
    let reader = surfaces.reader().ok_or(Error::NoListing)?;
    let organization = OptionFuture::from(surfaces.organization.as_ref().map(Organization::activity));
    // Where there are Jira's listings, it only adds to what they show.
    let organization = async {
        match organization.await.transpose() {
            Err(error) if surfaces.jira.is_some() && !error.is_another_site() => Ok(Err(error)),
            read => Ok(Ok(read?)),
        }
    };
    let (jira, groups, people) = try_join!(rights(reader, site), reader.groups().err_into(), organization)?;
    let (mut unknown, mut without_id) = (Vec::new(), groups.unidentified().len());
    let mut active = BTreeMap::new();
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
                active.insert(person.account, (last, person.claim));
            }
        }
        Ok(None) => unknown.push(NO_ACTIVITY.to_owned()),
        Err(error) => unknown.push(format!(
            "When anybody was last active, and what the organization says of people, was not read: {}.",
            error.chain()
        )),
    }
    let without_jira = surfaces.jira.is_none().then(|| NO_APPS.to_owned());
    let left_out: Vec<String> = without_jira.into_iter().chain(left_out(without_id)).collect();
    unknown.extend(left_out.iter().filter(|sentence| *sentence != NO_APPS).cloned());
    let mut users: Vec<ReportedUser> = accounts
        .into_values()
        .map(|account| {
            let (last_active, claim) =
                active.remove(&account.id).unwrap_or((Reading::NotRead, Claim::NotReported));
            let groups = of.remove(&account.id).into_iter().flatten().collect();
            ReportedUser { account, groups, last_active, claim, declared: false }
        })
        .collect();
    users.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut groups: Vec<GroupName> = groups.iter().map(|group| group.name.clone()).collect();
    groups.sort();
    Ok(UserReport { site: site.to_owned(), users, groups, unknown, left_out })
}

/// Says how many rows have no id, where any has none.
fn left_out(without_id: usize) -> Option<String> {
    (without_id > 0).then(|| {
        format!(
            "Rows of its lists without an id, which are left out since Atlassian does not say whose they are: \
             {without_id}."
        )
    })
}

fn key(user: &ReportedUser) -> (bool, Option<&Email>, &AccountId) {
    (user.account.email.is_none(), user.account.email.as_ref(), &user.account.id)
}
