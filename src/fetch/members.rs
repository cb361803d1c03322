//! The members of groups.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryFutureExt as _, TryStreamExt as _, stream};
use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::atlassian::organization::{self, Place};
use crate::atlassian::{self, IN_FLIGHT, Jira, Organization, Request, Surfaces, jira};
use crate::model::{AccountId, GroupId, Listing, LiveAccount, OrganizationUser, Surface};
use crate::plan::{Speed, Speeds};

use super::Error;

/// The members of groups, and their accounts.
#[derive(Debug, Default)]
pub struct Members {
    /// The members of each group.
    pub of: BTreeMap<GroupId, Listing<AccountId>>,
    /// Their accounts.
    pub accounts: IndexMap<AccountId, LiveAccount>,
}

/// Reads the members of groups through a surface. Reads those that the organization does not show, such as the admin groups,
/// from Jira.
///
/// # Errors
/// As [`super::live_state`].
pub async fn members(surfaces: &Surfaces, through: Surface, groups: &[GroupId]) -> Result<Members, Error> {
    let mut members = Members::default();
    if let (Surface::Organization, Some(organization)) = (through, &surfaces.organization) {
        members.read_organization(organization, groups).await?;
    }
    let left: Vec<&GroupId> = groups.iter().filter(|group| !members.of.contains_key(*group)).collect();
    if let Some(jira) = &surfaces.jira {
        members.read_jira(jira, left).await?;
    }
    Ok(members)
}

/// The speeds at which the surfaces list members, from the documented pages and published limits.
pub(super) fn speeds() -> Speeds {
    let speed = |rows_a_page, groups_a_chain, beside, request: &Request| Speed {
        rows_a_page,
        groups_a_chain,
        beside,
        per_second: atlassian::published_rate(request.method(), request.route()),
    };
    let none = GroupId::new("");
    let place = Place { organization: String::new(), directory: String::new() };
    let organization = organization::reads::members_of(&place, &[], None);
    Speeds {
        jira: speed(jira::MEMBERS_PAGE, 1, 0, &jira::reads::members(&none, 0)),
        // One more request counts the users of the groups.
        organization: speed(organization::PAGE, organization::GROUPS, 1, &organization),
    }
}

impl Members {
    /// Reads as many groups at a time as requests may be under way: each has one under way or waiting, and more groups would
    /// only hold more pages.
    async fn read_jira(&mut self, jira: &Jira, groups: Vec<&GroupId>) -> Result<(), Error> {
        let reads = groups.into_iter().map(|group| jira.members(group).map_ok(move |read| (group, read)));
        let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT);
        while let Some((group, (listing, seen))) = reads.try_next().await? {
            self.add(group, listing, seen);
        }
        Ok(())
    }

    async fn read_organization(
        &mut self,
        organization: &Organization,
        groups: &[GroupId],
    ) -> Result<(), Error> {
        let (of, users) = organization.users_of_groups(groups).await?;
        self.of = of;
        self.accounts =
            users.iter().map(|user| (user.account.clone(), OrganizationUser::live(user))).collect();
        Ok(())
    }

    /// Adds a group. Most people are in several: each is kept once, and so is the text of their ID.
    fn add(&mut self, group: &GroupId, listing: Listing<AccountId>, seen: Vec<LiveAccount>) {
        self.learn(seen);
        self.of.insert(group.clone(), listing.sharing(&self.accounts));
    }

    /// Adds the result of another read, of other groups.
    pub fn take_in(&mut self, other: Self) {
        self.learn(other.accounts.into_values());
        self.of.extend(other.of);
    }

    /// Adds accounts. If two reads differ, the result must not depend on their order.
    fn learn(&mut self, accounts: impl IntoIterator<Item = LiveAccount>) {
        for account in accounts {
            match self.accounts.entry(account.id.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(account);
                }
                Entry::Occupied(mut entry) if account > *entry.get() => {
                    entry.insert(account);
                }
                Entry::Occupied(_) => {}
            }
        }
    }
}
