//! Reads: sends requests, and returns responses as values of the model.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::wire::{
    Directory, Domain, Group, PersonRoleAssignment, RoleAssignment, User, UserGroup, Workspace, host_in,
};
use super::{Organization, requests};
use crate::cursor::chain;
use crate::error::Error;
use crate::page::{incomplete, shape};
use crate::request::Request;
use rollbook_core::model::{
    Access, AccountId, App, Email, GroupId, GroupName, GroupRoles, IncompleteRead, Listing, LiveGroup,
    OrganizationGroup, OrganizationUser, PlatformRole, Reading, Role, RoleMethods, Rows, SiteApp,
    Undeclarable,
};

/// How many batches of one question are under way at a time; the limiter bounds their sum.
const BATCHES_AT_A_TIME: usize = 16;

/// A user, their groups, and when they last used an app.
pub(crate) type Activity = (OrganizationUser, Listing<LiveGroup>, Reading<Option<String>>);

impl Organization {
    /// Reads the IDs and names of the directories that this key may see.
    ///
    /// # Errors
    /// [`SendKind::Incomplete`](crate::SendKind::Incomplete) when the listing is incomplete, otherwise as
    /// [`super::super::Client::read`].
    pub async fn directories(&self) -> Result<Vec<(String, String)>, Error> {
        let request = |cursor: Option<&str>| requests::directories(&self.id, cursor);
        let (_, rows): (_, Vec<Directory>) = chain(&self.client, request).await?;
        Ok(rows.into_iter().map(|row| (row.directory_id, row.name.unwrap_or_default())).collect())
    }

    /// Finds the people with these emails, in every directory, in order of their accounts: a hundred emails per request. A row
    /// may lack the email that it was found by, if it is hidden.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn find_by_email(&self, emails: &[Email]) -> Result<Vec<OrganizationUser>, Error> {
        let asked: Vec<Email> = emails.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let found = stream::iter(asked.chunks(requests::EMAILS))
            .map(|batch| async move {
                let request = |cursor: Option<&str>| requests::by_email(&self.id, batch, cursor);
                chain::<User>(&self.client, request).await
            })
            .buffered(BATCHES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(distinct(found.into_iter().flat_map(|(_, users)| users)))
    }

    /// Lists everybody in the directory, in order of their accounts, a hundred per page. Service accounts and apps are not
    /// shown (docs/atlassian.md#what-the-organization-does-not-show).
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn everybody(&self) -> Result<(Listing<AccountId>, Vec<OrganizationUser>), Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::everybody(place, cursor);
        let (accounts, users): (_, Vec<User>) = chain(&self.client, request).await?;
        Ok((accounts, users.iter().map(OrganizationUser::from).collect()))
    }

    /// Lists everybody in the directory, with their groups and when they last used an app; counts the rows without an ID.
    ///
    /// # Errors
    /// As [`Organization::groups_of_all`].
    pub async fn activity(&self) -> Result<(Vec<Activity>, usize), Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::activity(place, cursor);
        let (ids, users): (_, Vec<User>) = chain(&self.client, request).await?;
        let of = |user: &User| {
            let (_, groups) = self.memberships(&request(None), user)?;
            Ok((OrganizationUser::from(user), groups, user.last_active()))
        };
        let activity = users.iter().map(of).collect::<Result<Vec<Activity>, Error>>()?;
        Ok((activity, ids.unidentified().len()))
    }

    /// Lists the holders of a role in the organization, in any directory. Only rows that show the role count.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn with_role(&self, role: &PlatformRole) -> Result<Vec<OrganizationUser>, Error> {
        let request = |cursor: Option<&str>| requests::with_role(&self.id, role, cursor);
        let (_, rows): (_, Vec<User>) = chain(&self.client, request).await?;
        let mut users = distinct(rows);
        users.retain(|user| user.roles.contains(role));
        Ok(users)
    }

    /// Reads the members of each of the groups, and everybody who is in one of them: ten groups per chain of pages.
    ///
    /// A group that this key may not see, or whose members it may not see, is not among the listings: it is unread, not empty.
    /// The admin groups are such (docs/atlassian.md#what-the-organization-does-not-show).
    ///
    /// Service accounts and apps are not shown; Jira shows them as members of the same groups
    /// (docs/atlassian.md#what-the-organization-does-not-show).
    ///
    /// # Errors
    /// As [`Organization::directories`], and a shape error when a member is shown without the group.
    pub async fn users_of_groups(
        &self,
        groups: &[GroupId],
    ) -> Result<(BTreeMap<GroupId, Listing<AccountId>>, Vec<OrganizationUser>), Error> {
        let place = self.place().await?;
        let asked: Vec<GroupId> = groups.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let read = stream::iter(asked.chunks(requests::GROUPS))
            .map(|batch| async move {
                // Members of a hidden group would be listed without it.
                let mut shown =
                    self.group_rows(|cursor| requests::groups_by_id(place, batch, cursor)).await?;
                shown.retain(|group| batch.contains(&group.id));
                let asked: Vec<GroupId> = shown.iter().map(|group| group.id.clone()).collect();
                if asked.is_empty() {
                    return Ok((BTreeMap::new(), Vec::new()));
                }
                let request = |cursor: Option<&str>| requests::members_of(place, &asked, cursor);
                let (_, users): (_, Vec<User>) = chain(&self.client, request).await?;
                let mut listings = self.by_group(&request(None), &asked, &users)?;
                for group in shown.iter().filter(|group| group.users.is_some_and(|users| users > 0)) {
                    if listings.get(&group.id).is_some_and(Listing::is_empty) {
                        listings.remove(&group.id);
                    }
                }
                Ok::<_, Error>((listings, users))
            })
            .buffered(BATCHES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        let mut listings = BTreeMap::new();
        let mut users = Vec::new();
        for (of_batch, came) in read {
            listings.extend(of_batch);
            users.extend(came);
        }
        Ok((listings, distinct(users)))
    }

    /// Sorts the rows of a complete chain by the requested groups. A row without any of them means that the filter or the shown
    /// groups are not as documented.
    fn by_group(
        &self,
        request: &Request,
        batch: &[GroupId],
        users: &[User],
    ) -> Result<BTreeMap<GroupId, Listing<AccountId>>, Error> {
        let mut members: BTreeMap<GroupId, Vec<AccountId>> =
            batch.iter().map(|group| (group.clone(), Vec::new())).collect();
        for user in users {
            let shown = user.group_ids().ok_or_else(|| {
                shape(&self.client, request, "it shows somebody without the groups that were asked for")
            })?;
            let mut fits = false;
            for (group, members) in &mut members {
                if shown.contains(group) {
                    members.push(user.id());
                    fits = true;
                }
            }
            if !fits {
                return Err(shape(&self.client, request, "it shows somebody who is in none of the groups"));
            }
        }
        members.into_iter().map(|(group, rows)| Ok((group, self.whole(request, rows)?))).collect()
    }

    /// Reads groups by exact name without regard to case, a hundred names per request, or all groups of the directory.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn groups(&self, names: Option<&[GroupName]>) -> Result<Listing<OrganizationGroup>, Error> {
        let place = self.place().await?;
        let all = requests::groups(place, None, None);
        let Some(names) = names else {
            let rows = self.group_rows(|cursor| requests::groups(place, None, cursor)).await?;
            return self.whole(&all, rows);
        };
        // The items must be distinct, and the API folds case.
        let asked: BTreeMap<String, GroupName> =
            names.iter().map(|name| (name.folded(), name.clone())).collect();
        let asked: Vec<GroupName> = asked.into_values().collect();
        let read = stream::iter(asked.chunks(requests::NAMES))
            .map(|batch| self.group_rows(move |cursor| requests::groups(place, Some(batch), cursor)))
            .buffered(BATCHES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        // If the API folds case differently, two batches may list the same group.
        let rows: BTreeSet<OrganizationGroup> = read.into_iter().flatten().collect();
        self.whole(&all, rows.into_iter().collect())
    }

    /// Lists every group, in the form of all surfaces.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn live_groups(&self) -> Result<Listing<LiveGroup>, Error> {
        let groups = self.groups(None).await?;
        let request = requests::groups(self.place().await?, None, None);
        self.whole(&request, groups.iter().map(OrganizationGroup::live).collect())
    }

    /// Reads groups by ID, ten per request. Groups that this key may not see are left out: the admin groups are such, and
    /// exist (docs/atlassian.md#what-the-organization-does-not-show).
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn groups_by_id(
        &self,
        groups: &[GroupId],
    ) -> Result<BTreeMap<GroupId, OrganizationGroup>, Error> {
        let place = self.place().await?;
        let asked: Vec<GroupId> = groups.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let read = stream::iter(asked.chunks(requests::GROUPS))
            .map(|batch| self.group_rows(move |cursor| requests::groups_by_id(place, batch, cursor)))
            .buffered(BATCHES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        let rows = read.into_iter().flatten().filter(|group| asked.binary_search(&group.id).is_ok());
        Ok(rows.map(|group| (group.id.clone(), group)).collect())
    }

    /// Lists the groups that an account is in.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn groups_of(
        &self,
        account: &AccountId,
    ) -> Result<(Listing<LiveGroup>, Vec<OrganizationGroup>), Error> {
        let place = self.place().await?;
        let groups = self.group_rows(|cursor| requests::groups_of(place, account, cursor)).await?;
        let request = requests::groups_of(place, account, None);
        let live = self.whole(&request, groups.iter().map(OrganizationGroup::live).collect())?;
        Ok((live, groups))
    }

    /// Reads the groups of many accounts, ten accounts per request, and the people themselves. Accounts that the directory does
    /// not show are left out, which does not mean that they are in no group.
    ///
    /// # Errors
    /// As [`Organization::directories`], and a shape error when a group has no name.
    pub async fn groups_of_all(
        &self,
        accounts: &[AccountId],
    ) -> Result<(BTreeMap<AccountId, Listing<LiveGroup>>, Vec<OrganizationUser>), Error> {
        let place = self.place().await?;
        let asked: Vec<AccountId> = accounts.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let read = stream::iter(asked.chunks(requests::ACCOUNTS))
            .map(|batch| async move {
                let request = |cursor: Option<&str>| requests::memberships_of(place, batch, cursor);
                let (_, mut users): (_, Vec<User>) = chain(&self.client, request).await?;
                users.retain(|user| batch.contains(&user.id()));
                let listings = users.iter().map(|user| self.memberships(&request(None), user));
                Ok::<_, Error>((listings.collect::<Result<Vec<_>, Error>>()?, users))
            })
            .buffered(BATCHES_AT_A_TIME)
            .try_collect::<Vec<_>>()
            .await?;
        let (listings, users): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        Ok((listings.into_iter().flatten().collect(), distinct(users.into_iter().flatten())))
    }

    fn memberships(&self, request: &Request, user: &User) -> Result<(AccountId, Listing<LiveGroup>), Error> {
        let id = user.id();
        let groups = user.groups().ok_or_else(|| {
            shape(&self.client, request, "it shows somebody without the groups that were asked for")
        })?;
        let live = |group: &UserGroup| {
            let id = group.id();
            match group.name.as_deref().filter(|name| !name.is_empty()) {
                Some(name) => Ok(LiveGroup { id, name: GroupName::new(name) }),
                None => Err(shape(&self.client, request, "a group has no name")),
            }
        };
        let rows = groups.iter().map(live).collect::<Result<Vec<_>, Error>>()?;
        Ok((id, self.whole(request, rows)?))
    }

    /// Reads the people of these accounts, ten per request. Accounts that the directory does not show are left out.
    ///
    /// # Errors
    /// As [`Organization::groups_of_all`].
    pub async fn people(&self, accounts: &[AccountId]) -> Result<Vec<OrganizationUser>, Error> {
        Ok(self.groups_of_all(accounts).await?.1)
    }

    /// Lists the domains that the organization has verified, in lower case.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn verified_domains(&self) -> Result<BTreeSet<String>, Error> {
        let request = |cursor: Option<&str>| requests::domains(&self.id, cursor);
        let (_, rows): (_, Vec<Domain>) = chain(&self.client, request).await?;
        Ok(rows.iter().filter_map(Domain::verified).collect())
    }

    /// Reads the resource (ARI) of each app of a site, such as `ari:cloud:jira-software::site/CLOUD_ID`, which an
    /// invitation names. The site is given by its name, such as `acme.atlassian.net`; workspaces of other sites,
    /// and those that name no site or no app, are left out.
    ///
    /// Assumption: a workspace's `typeKey` is the app's key in Jira, such as `jira-software`. This is not
    /// confirmed; an app with another key is left out.
    ///
    /// # Errors
    /// As [`Organization::directories`], and a shape error when one app of the site has two resources.
    pub async fn resources(&self, site_name: &str) -> Result<BTreeMap<App, String>, Error> {
        let apps = self.apps(site_name).await?;
        Ok(apps.into_iter().map(|(app, held)| (app, held.resource)).collect())
    }

    /// The apps of a site, with how many people may have each.
    ///
    /// # Errors
    /// As [`Organization::resources`].
    pub async fn apps(&self, site_name: &str) -> Result<BTreeMap<App, SiteApp>, Error> {
        let request = |cursor: Option<&str>| requests::workspaces(&self.id, cursor);
        let (_, rows): (_, Vec<Workspace>) = chain(&self.client, request).await?;
        let Some(host) = host_in(site_name) else { return Ok(BTreeMap::new()) };
        let mut apps = BTreeMap::new();
        for row in rows {
            let Some(app) = row.app_at(&host) else { continue };
            let capacity = row.capacity();
            if apps.insert(app, SiteApp { resource: row.id, capacity }).is_some() {
                return Err(shape(&self.client, &request(None), "it shows an app of the site twice"));
            }
        }
        Ok(apps)
    }

    /// The roles of a group. The resources of the site's apps are given; what the group has elsewhere is kept apart, and so
    /// are roles that no request assigns (docs/atlassian.md#roles-of-groups).
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn roles_of(
        &self,
        group: &GroupId,
        resources: &BTreeMap<App, String>,
    ) -> Result<GroupRoles, Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::roles_of(place, group, cursor);
        let (_, rows): (_, Vec<RoleAssignment>) = chain(&self.client, request).await?;
        let apps: BTreeMap<&str, &App> = resources.iter().map(|(app, id)| (id.as_str(), app)).collect();
        let (mut held, mut defaults, mut undeclarable) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for row in &rows {
            let app = apps.get(row.resource_id.as_str()).map(|app| (*app).clone());
            for role in row.roles.iter().map(|id| Role::of_id(id)) {
                match &app {
                    Some(app) if role.is_assignable() => {
                        held.insert(Access { app: app.clone(), role });
                    }
                    _ => {
                        let resource = row.resource_id.clone();
                        undeclarable.insert(Undeclarable { resource, app: app.clone(), role });
                    }
                }
            }
            defaults.extend(app.filter(|_| row.is_default()));
        }
        let held = self.whole(&request(None), held.into_iter().collect())?;
        Ok(GroupRoles { held, defaults, undeclarable })
    }

    /// In how many resources each group has a role, where the organization says it: of some groups, or of all where none is
    /// named. Groups that this key is not shown are not among the answers.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn counts_of_resources(
        &self,
        groups: &BTreeSet<GroupId>,
    ) -> Result<BTreeMap<GroupId, Option<usize>>, Error> {
        let place = self.place().await?;
        // A page has a hundred groups, and a request names ten.
        let asked: Vec<GroupId> =
            groups.iter().filter(|_| groups.len() <= requests::GROUPS).cloned().collect();
        let request = |cursor: Option<&str>| requests::resource_counts(place, &asked, cursor);
        let (_, rows): (_, Vec<Group>) = chain(&self.client, request).await?;
        let counts = rows.iter().map(|group| (group.id(), group.resources()));
        Ok(counts.filter(|(id, _)| groups.is_empty() || groups.contains(id)).collect())
    }

    /// Finds the groups that have one of some roles in one of some apps, which are given by their resources; any role if none
    /// is named.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn groups_with_roles(
        &self,
        resources: &[&str],
        roles: &[Role],
    ) -> Result<BTreeSet<GroupId>, Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::groups_with_roles(place, resources, roles, cursor);
        Ok(self.group_rows(request).await?.into_iter().map(|group| group.id).collect())
    }

    /// The roles of a person in apps, of which the resources are given, each with how it came about.
    ///
    /// # Errors
    /// As [`Organization::directories`].
    pub async fn roles_of_person(
        &self,
        account: &AccountId,
        resources: &BTreeMap<App, String>,
    ) -> Result<BTreeMap<Access, RoleMethods>, Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::roles_of_person(place, account, cursor);
        let (_, rows): (_, Vec<PersonRoleAssignment>) = chain(&self.client, request).await?;
        let apps: BTreeMap<&str, &App> = resources.iter().map(|(app, id)| (id.as_str(), app)).collect();
        let mut roles = BTreeMap::new();
        for row in &rows {
            let Some(app) = apps.get(row.resource_id.as_str()) else { continue };
            let of_app = row.roles().into_iter();
            roles.extend(of_app.map(|(role, methods)| (Access { app: (*app).clone(), role }, methods)));
        }
        Ok(roles)
    }

    /// The people who have a role on a resource, by whatever way, each with the ids of their groups.
    ///
    /// # Errors
    /// As [`Organization::directories`], and a shape error when somebody is shown without their groups.
    pub async fn holders(
        &self,
        resource: &str,
        role: &Role,
    ) -> Result<Vec<(OrganizationUser, BTreeSet<GroupId>)>, Error> {
        let place = self.place().await?;
        let request = |cursor: Option<&str>| requests::holders(place, resource, role, cursor);
        let (_, rows): (_, Vec<User>) = chain(&self.client, request).await?;
        let of = |user: &User| {
            let groups = user.group_ids().ok_or_else(|| {
                shape(
                    &self.client,
                    &request(None),
                    "it shows somebody without the groups that were asked for",
                )
            })?;
            Ok((OrganizationUser::from(user), groups))
        };
        rows.iter().map(of).collect()
    }

    async fn group_rows(
        &self,
        request: impl Fn(Option<&str>) -> Request,
    ) -> Result<Vec<OrganizationGroup>, Error> {
        let (_, rows): (_, Vec<Group>) = chain(&self.client, request).await?;
        Ok(rows.into_iter().map(OrganizationGroup::from).collect())
    }

    /// Turns the rows of a complete chain into a listing.
    fn whole<T: Ord>(&self, request: &Request, rows: Vec<T>) -> Result<Listing<T>, Error> {
        let rows = Rows { rows, total: None, ended: true };
        Listing::checked(rows).map_err(|cause: IncompleteRead| incomplete(&self.client, request, cause))
    }
}

/// Keeps each user once, in order of their accounts.
fn distinct(users: impl IntoIterator<Item = User>) -> Vec<OrganizationUser> {
    let users: BTreeMap<AccountId, User> = users.into_iter().map(|user| (user.id(), user)).collect();
    users.values().map(OrganizationUser::from).collect()
}
