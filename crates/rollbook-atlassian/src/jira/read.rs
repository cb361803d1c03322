//! Reads: requests sent, answers as values of the model.

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
    /// Every group of the site.
    ///
    /// # Errors
    /// [`SendKind::Incomplete`](crate::SendKind::Incomplete) when the listing did not come whole, else as [`super::super::Client::read`].
    pub async fn groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::groups).await
    }

    /// The groups that make their members site administrators (docs/atlassian.md#site-administration).
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn site_admin_groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::site_admin_groups).await
    }

    /// The groups that make their members administrators of an app of Jira (docs/atlassian.md#site-administration).
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn admin_groups(&self) -> Result<Listing<LiveGroup>, Error> {
        self.group_listing(requests::admin_groups).await
    }

    /// The members of a group, inactive ones too, and what the listing says of each.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn members(&self, group: &GroupId) -> Result<(Listing<AccountId>, Vec<LiveAccount>), Error> {
        let request = |start| requests::members(group, start);
        Ok(people(paged(&self.client, request).await?))
    }

    /// Every account of the site that has ever been one: active, inactive and deleted ones, apps and customers.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn users(&self) -> Result<(Listing<AccountId>, Vec<LiveAccount>), Error> {
        let rows = bare(&self.client, requests::USERS_PAGE, requests::users).await?;
        Ok(people(rows))
    }

    /// The accounts of these ids, in order of their ids. Ids that nobody has are not among them.
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

    /// The groups that an account is in.
    ///
    /// # Errors
    /// As [`Jira::groups`].
    pub async fn groups_of(&self, account: &AccountId) -> Result<Listing<LiveGroup>, Error> {
        let request = requests::groups_of(account);
        // Not paged: the array is the whole (docs/atlassian.md#accounts-by-id).
        let rows: Vec<Group> = self.client.read(&request).await?;
        let whole = Rows { rows, total: None, ended: true };
        let read = checked(whole).map_err(|cause| incomplete(&self.client, &request, cause))?;
        self.listing(&request, read)
    }

    /// Who may change a group; `None` where the picker does not show it. The name is what it is looked up by, the
    /// id what it is recognised by: the picker finds every name that contains this one
    /// (docs/atlassian.md#group-picker).
    ///
    /// # Errors
    /// As [`super::super::Client::read`].
    pub async fn group_kind(&self, group: &GroupId, name: &GroupName) -> Result<Option<GroupKind>, Error> {
        let found: FoundGroups = self.client.read(&requests::group_picker(name)).await?;
        Ok(found.groups.iter().find_map(|found| found.kind_of(group)))
    }

    /// Which groups give which app. Who may not administer Jira is refused (docs/atlassian.md#administer-jira).
    ///
    /// # Errors
    /// As [`super::super::Client::read`], and a shape error where the id of a group that gives an app is not told: it might
    /// be deleted as one that gives none.
    pub async fn app_roles(&self) -> Result<Vec<AppRole>, Error> {
        let request = requests::app_roles();
        let roles: Vec<ApplicationRole> = self.client.read(&request).await?;
        let roles = roles.into_iter().map(ApplicationRole::role).collect::<Result<Vec<AppRole>, String>>();
        roles.map_err(|app| {
            let why = format!("it does not give the id of every group that gives {app}");
            shape(&self.client, &request, &why)
        })
    }

    /// What the credential may see and do. It is probed with every reading, since a missing right shows as an empty list at
    /// some endpoints (docs/atlassian.md#browse-users-and-groups). `/serverInfo` would prove nothing, it answers
    /// anybody.
    ///
    /// # Errors
    /// As [`Jira::groups`]. An account without "Browse users and groups" gets 403 here, since it may not even
    /// read its own groups.
    pub async fn rights(&self) -> Result<JiraRights, Error> {
        let acting: User = self.client.read(&requests::myself()).await?;
        let acting = LiveAccount::from(acting);
        let ((administer, browse), site_admin_groups, own) =
            try_join3(self.permissions(), self.site_admin_groups(), self.groups_of(&acting.id)).await?;
        let own: BTreeSet<&GroupId> = own.iter().map(|group| &group.id).collect();
        let site_admin = site_admin_groups.iter().any(|group| own.contains(&group.id));
        Ok(JiraRights {
            acting,
            // Where the key is not known: both listings answer 403 to who lacks the permission, as the
            // specification documents for `/group/bulk` and `/user/groups`, and they have just been read.
            browse_users: browse.unwrap_or(true),
            administer,
            site_admin_groups,
            site_admin,
        })
    }

    /// Whether the account has "Administer Jira", and "Browse users and groups" where that can be asked: an
    /// unknown key is answered with 400 (docs/atlassian.md#administer-jira).
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

    /// Rows whose ids are known to be all of them, as a listing.
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
