//! Who is active.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::OptionFuture;
use tokio::try_join;

use crate::atlassian::{Organization, Surfaces};
use crate::model::{AccountId, Email, GroupId, GroupName, LiveAccount, Roster, RosterUser};
use crate::plan::Reads;

use super::Error;
use super::live::Lists;
use super::members::members;
use super::site::at_site;

/// Reads everybody who is active on a site, with their groups. With Jira it reads the members of every group; the
/// organization shows everybody's groups in its one listing, and when they were last active.
///
/// # Errors
/// As [`super::live_state`].
pub async fn roster(surfaces: &Surfaces, site: &str) -> Result<Roster, Error> {
    at_site(surfaces, Box::pin(read(surfaces, site))).await
}

async fn read(surfaces: &Surfaces, site: &str) -> Result<Roster, Error> {
    let lists = Lists::of(surfaces)?;
    let organization = OptionFuture::from(surfaces.organization.as_ref().map(Organization::activity));
    let organization = async { Ok(organization.await.transpose()?) };
    let (jira, groups, people) = try_join!(lists.rights(site), lists.groups(), organization)?;
    let mut unknown = Vec::new();
    let mut active = BTreeMap::new();
    let mut accounts: BTreeMap<AccountId, LiveAccount> = BTreeMap::new();
    let mut of: BTreeMap<AccountId, BTreeSet<GroupName>> = BTreeMap::new();
    if let Lists::Jira(_) = lists {
        let ids: Vec<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
        let acting = jira.as_ref().map(|rights| &rights.acting.id);
        let everybody = Reads { scim_users: false, users: true };
        let (members, users) =
            try_join!(members(surfaces, lists.surface(), &ids), lists.users(everybody, acting, None))?;
        let listed = users.into_iter().flat_map(|(_, users)| users);
        accounts = members.accounts;
        accounts.extend(listed.map(|account| (account.id.clone(), account)));
        for group in &groups {
            for member in members.of.get(&group.id).into_iter().flatten() {
                of.entry(member.clone()).or_default().insert(group.name.clone());
            }
        }
    } else {
        unknown.push(
            "Apps, service accounts and the memberships of the admin groups are not shown: the organization does not \
             show them, and there is no credential for Jira."
                .to_owned(),
        );
    }
    match people {
        Some(people) => {
            for (person, groups, last) in people {
                if let Lists::Organization(_) = lists {
                    let names = groups.iter().map(|group| group.name.clone());
                    of.insert(person.account.clone(), names.collect());
                }
                let account = accounts.entry(person.account.clone()).or_insert_with(|| person.live());
                account.learn(&person);
                active.insert(person.account, last);
            }
        }
        None => unknown.push(
            "When anybody was last active is not known: the organization's API key tells it, and there is none."
                .to_owned(),
        ),
    }
    let hidden = accounts.values().filter(|it| it.active() && it.email.is_none()).count();
    if hidden > 0 {
        unknown.push(format!("The e-mails of {hidden} of them are not shown to these credentials."));
    }
    let mut users: Vec<RosterUser> = accounts
        .into_values()
        .filter(LiveAccount::active)
        .map(|account| RosterUser {
            groups: of.remove(&account.id).into_iter().flatten().collect(),
            last_active: active.remove(&account.id).unwrap_or_default(),
            account,
        })
        .collect();
    users.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(Roster { site: site.to_owned(), users, unknown })
}

fn key(user: &RosterUser) -> (bool, Option<&Email>, &AccountId) {
    (user.account.email.is_none(), user.account.email.as_ref(), &user.account.id)
}
