//! Reads: sends requests, and returns responses as values of the model.

use std::collections::BTreeSet;

use futures_util::future::try_join3;

use super::wire::{ApplicationRole, FoundGroups, Group, Permissions, User};
use super::{Jira, requests};
use crate::error::Error;
use crate::page::{bare, checked, incomplete, paged, shape};
use crate::request::Request;
use rollbook_core::model::{
    AccountId, AppRole, GroupId, GroupKind, GroupName, JiraRights, Listing, LiveAccount, LiveGroup, Rows,
};

/// "Administer Jira".
const ADMINISTER: &str = "ADMINISTER";

/// "Browse users and groups". The key is not in the specification (docs/atlassian.md#browse-users-and-groups).
const BROWSE: &str = "USER_PICKER";

impl Jira {
    /// Lists the groups of the site.
    ///
    /// # Errors
    /// [`SendKind::Incomplete`](crate::SendKind::Incomplete) when the listing is incomplete, otherwise as
    /// [`super::super::Client::read`].
    pub async fn groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::groups).await
    }

    /// Lists the groups that make their members site administrators (docs/atlassian.md#site-administration).
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn site_admin_groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::site_admin_groups).await
    }

    /// Lists the groups that make their members administrators of a Jira app (docs/atlassian.md#site-administration).
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn admin_groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::admin_groups).await
    }

    /// Lists the members of a group, including inactive ones, with their rows.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn members(&self, group: &GroupId) -> Result<(Listing<AccountId>, Vec<LiveAccount>), Error> {
        let request = |start| requests::members(group, start);
        Ok(people(paged(&self.client, request).await?))
    }

    /// Lists every account that the site has ever had: active, inactive and deleted ones, apps and customers.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn users(&self) -> Result<(Listing<AccountId>, Vec<LiveAccount>), Error> {
        let rows = bare(&self.client, requests::USERS_PAGE, requests::users).await?;
        Ok(people(rows))
    }

    /// Reads the accounts of these IDs, in order of their IDs. Unknown IDs are left out.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<LiveAccount>, Error> {
        let asked: Vec<AccountId> = ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = Vec::new();
        for batch in asked.chunks(requests::BATCH) {
            let request = |start| requests::accounts(batch, start);
            let (_, users): (_, Vec<User>) = paged(&self.client, request).await?;
            found.extend(users.into_iter().map(LiveAccount::from));
        }
        found.retain(|account| asked.binary_search(&account.id).is_ok());
        Ok(found)
    }

    /// Lists the groups that an account is in.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn groups_of(&self, account: &AccountId) -> Result<Listing<LiveGroup>, Error> {
        let request = requests::groups_of(account);
        // Not paged: the array is complete (docs/atlassian.md#accounts-by-id).
        let rows: Vec<Group> = self.client.read(&request).await?;
        let whole = Rows { rows, total: None, ended: true };
        let read = checked(whole).map_err(|cause| incomplete(&self.client, &request, cause))?;
        self.listing(&request, read)
    }

    /// Reads who may change a group; `None` if the picker does not show it. It is looked up by its name and recognized by its
    /// ID: the picker finds every name that contains this one (docs/atlassian.md#group-picker).
    ///
    /// # Errors
    /// As [`super::super::Client::read`].
    pub async fn group_kind(&self, group: &GroupId, name: &GroupName) -> Result<Option<GroupKind>, Error> {
        let found: FoundGroups = self.client.read(&requests::group_picker(name)).await?;
        Ok(found.groups.iter().find_map(|found| found.kind_of(group)))
    }

    /// Reads which groups give which app. Needs the permission to administer Jira (docs/atlassian.md#administer-jira).
    ///
    /// # Errors
    /// As [`super::super::Client::read`], and a shape error when the ID of a group that gives an app is missing: the
    /// group might otherwise be deleted as one that gives none.
    pub async fn app_roles(&self) -> Result<Vec<AppRole>, Error> {
        let request = requests::app_roles();
        let roles: Vec<ApplicationRole> = self.client.read(&request).await?;
        let roles = roles.into_iter().map(ApplicationRole::role).collect::<Result<Vec<AppRole>, String>>();
        roles.map_err(|app| {
            let why = format!("it lacks the ID of a group that gives {app}");
            shape(&self.client, &request, &why)
        })
    }

    /// Reads the rights of the credential. They are probed with every reading, since a missing right shows as an empty list at
    /// some endpoints (docs/atlassian.md#browse-users-and-groups). `/serverInfo` would prove nothing, since it is public.
    ///
    /// # Errors
    /// As [`Jira::groups`]. An account without "Browse users and groups" gets 403, since it may not even read its own groups.
    pub async fn rights(&self) -> Result<JiraRights, Error> {
        let acting: User = self.client.read(&requests::myself()).await?;
        let acting = LiveAccount::from(acting);
        let ((administer, browse), site_admin_groups, own) =
            try_join3(self.permissions(), self.site_admin_groups(), self.groups_of(&acting.id)).await?;
        let own: BTreeSet<&GroupId> = own.iter().map(|group| &group.id).collect();
        let site_admin = site_admin_groups.iter().any(|group| own.contains(&group.id));
        Ok(JiraRights {
            acting,
            // If the key is unknown: without the permission both listings answer 403, as the specification documents for
            // `/group/bulk` and `/user/groups`, and they have just been read.
            browse_users: browse.unwrap_or(true),
            administer,
            site_admin_groups,
            site_admin,
        })
    }

    /// Reads whether the account has "Administer Jira", and "Browse users and groups" if Jira knows that key: it answers an
    /// unknown one with 400 (docs/atlassian.md#administer-jira).
    async fn permissions(&self) -> Result<(bool, Option<bool>), Error> {
        let both = requests::permissions(&format!("{ADMINISTER},{BROWSE}"));
        let (request, answer) = match self.client.read::<Permissions>(&both).await {
            Err(error) if error.status() == Some(400) => {
                let one = requests::permissions(ADMINISTER);
                let answer = self.client.read(&one).await?;
                (one, answer)
            }
            answer => (both, answer?),
        };
        let administer = answer
            .has(ADMINISTER)
            .ok_or_else(|| shape(&self.client, &request, "it does not name the permission asked for"))?;
        Ok((administer, answer.has(BROWSE)))
    }

    async fn group_listing(&self, request: impl Fn(usize) -> Request) -> Result<Listing<LiveGroup>, Error> {
        let first = request(0);
        let read = paged(&self.client, request).await?;
        self.listing(&first, read)
    }

    /// Turns complete rows into a listing.
    fn listing(
        &self,
        request: &Request,
        (ids, groups): (Listing<GroupId>, Vec<Group>),
    ) -> Result<Listing<LiveGroup>, Error> {
        let whole = Rows { rows: groups.iter().filter_map(Group::live).collect(), total: None, ended: true };
        let listing = Listing::checked(whole).map_err(|cause| incomplete(&self.client, request, cause))?;
        Ok(listing.beside(ids.unidentified().iter().cloned()))
    }
}

fn people((ids, users): (Listing<AccountId>, Vec<User>)) -> (Listing<AccountId>, Vec<LiveAccount>) {
    (ids, users.into_iter().map(LiveAccount::from).collect())
}
