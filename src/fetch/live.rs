//! The live state, as far as a diff needs it.

use std::collections::BTreeMap;

use futures_util::TryFutureExt;
use futures_util::future::try_join_all;
use tokio::try_join;
use tracing::info;

use crate::atlassian::Jira;
use crate::model::{AccountId, GroupId, LiveAccount, LiveState, Reading};
use crate::plan::{self, Desired};

use super::Error;

/// Reads what a diff of this desired state needs: the rights, every group's name, the members of the declared
/// groups that exist, and every user where an identity needs them.
///
/// # Errors
/// [`Error::CannotBrowse`] when reads would be empty for want of a right, [`Error::UsersWithoutReader`] when the
/// listing of users is not whole, else what the surface said.
pub async fn live_state(jira: &Jira, desired: &Desired<'_>) -> Result<LiveState, Error> {
    let (rights, groups) = try_join!(jira.rights(), jira.groups())?;
    if !rights.browse_users {
        return Err(Error::CannotBrowse {
            account: rights.acting.id,
            site: desired.declaration.settings.site.value.clone(),
        });
    }
    let ids = plan::groups_to_read(desired, &groups);
    let reads = plan::reads(desired);
    info!(groups = groups.len(), declared = ids.len(), all_users = reads.users, "reading members");
    let member_reads = try_join_all(ids.iter().map(|id| jira.members(id).map_ok(move |read| (id, read))));
    let (member_lists, users) = try_join!(member_reads, users(jira, reads.users))?;

    let mut accounts: BTreeMap<AccountId, LiveAccount> = BTreeMap::new();
    let mut members = BTreeMap::new();
    let mut remember = |seen: Vec<LiveAccount>| {
        accounts.extend(seen.into_iter().map(|account| (account.id.clone(), account)));
    };
    for (id, (listing, seen)) in member_lists {
        members.insert(GroupId::clone(id), listing);
        remember(seen);
    }
    let users = match users {
        None => Reading::NotRead,
        Some((listing, _)) if !listing.contains(&rights.acting.id) => {
            return Err(Error::UsersWithoutReader { account: rights.acting.id });
        }
        Some((listing, seen)) => {
            remember(seen);
            Reading::Read(listing)
        }
    };
    Ok(LiveState { rights, groups, members, users, accounts })
}

type Users = (crate::model::Listing<AccountId>, Vec<LiveAccount>);

async fn users(jira: &Jira, needed: bool) -> Result<Option<Users>, crate::atlassian::Error> {
    if needed { jira.users().await.map(Some) } else { Ok(None) }
}
