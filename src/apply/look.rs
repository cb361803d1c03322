//! The expectations that a read must meet for an operation to be seen, and one round of reads: one per group, one for all
//! accounts, one for all names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::atlassian::{Fault, MadeIds, Organization, Scim, Surfaces};
use crate::model::{
    Access, AccountId, App, CreatedIds, Email, ErrorExt, GroupId, GroupName, Key, Listing, LiveAccount,
    Operation, OrganizationUser, PlannedOperation, Ref, ScimId, ScimUser, Surface, SurfaceIds,
};

/// The state that a read must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    /// The account is in the group, or is not.
    Member { group: GroupId, account: AccountId, present: bool },
    /// The group exists, or does not.
    Group { group: GroupId, present: bool },
    /// A group of this name exists; its ID was lost with the response, or the surface does not show it.
    Named(GroupName),
    /// The account is active, or is not: a removed one is still shown
    /// (docs/atlassian.md#removed-and-inactive-look-alike).
    Account { account: AccountId, active: bool },
    /// The organization knows a user with this email: the account was lost with the response.
    Person(Email),
    /// The SCIM directory has the user in the group: Atlassian's ID of a group that was created there is unknown.
    ScimMember { group: ScimId, user: ScimId },
    /// The SCIM directory has a user of this unique name.
    ScimUser(Email),
    /// The SCIM directory gives the user this name.
    ScimName { user: ScimId, name: String },
    /// The group has the role in the app of this resource, or does not.
    Role { group: GroupId, access: Access, resource: String, present: bool },
    /// No read can show it.
    Nothing,
}

pub(super) fn expectation(planned: &PlannedOperation, made: &MadeIds, ids: &SurfaceIds) -> Expectation {
    let own = Ref::Made(planned.key.clone());
    match &planned.operation {
        Operation::AddMember { group, account } => match (made.group(group), made.account(account)) {
            (Ok(group), Ok(account)) => Expectation::Member { group, account, present: true },
            (Err(_), _) | (_, Err(_)) => scim_member(group.made(), account, made, ids),
        },
        Operation::RemoveMember { membership } => Expectation::Member {
            group: membership.group().clone(),
            account: membership.account().clone(),
            present: false,
        },
        Operation::CreateGroup { name, .. } => match made.group(&own_group(&planned.key)) {
            Ok(group) => Expectation::Group { group, present: true },
            Err(_) => Expectation::Named(name.clone()),
        },
        Operation::DeleteGroup { group, .. } => Expectation::Group { group: group.clone(), present: false },
        Operation::InviteUser { email, apps, .. } => match made.account(&own) {
            Ok(account) => Expectation::Account { account, active: true },
            Err(_) => match planned.via {
                Surface::Scim => Expectation::ScimUser(email.clone()),
                // A user's existence does not show that they got an app.
                Surface::Organization if apps.is_empty() => Expectation::Person(email.clone()),
                // Jira hides emails, so no read can show it.
                Surface::Organization | Surface::Jira | Surface::UserManagement => Expectation::Nothing,
            },
        },
        Operation::ActivateUser { account, .. } => {
            Expectation::Account { account: account.clone(), active: true }
        }
        Operation::SuspendUser { account, .. }
        | Operation::DeactivateUser { account, .. }
        | Operation::RemoveUser { account, was_active: true, .. } => {
            Expectation::Account { account: account.clone(), active: false }
        }
        Operation::AssignRole { group, access } => match made.group(group) {
            Ok(group) => role(group, access, true, ids),
            Err(_) => Expectation::Nothing,
        },
        Operation::RevokeRole { held } => role(held.group().clone(), held.access(), false, ids),
        // An inactive account looks the same before and after (docs/atlassian.md#removed-and-inactive-look-alike).
        Operation::RemoveUser { was_active: false, .. } => Expectation::Nothing,
        Operation::UpdateUser { account, name } => match ids.scim_users.get(account) {
            Some(user) => Expectation::ScimName { user: user.clone(), name: name.clone() },
            None => Expectation::Nothing,
        },
    }
}

fn role(group: GroupId, access: &Access, present: bool, ids: &SurfaceIds) -> Expectation {
    match ids.resources.get(&access.app) {
        Some(resource) => {
            Expectation::Role { group, access: access.clone(), resource: resource.clone(), present }
        }
        None => Expectation::Nothing,
    }
}

fn own_group(key: &Key) -> Ref<GroupId> {
    Ref::Made(key.clone())
}

fn scim_member(
    group: Option<&Key>,
    account: &Ref<AccountId>,
    made: &MadeIds,
    ids: &SurfaceIds,
) -> Expectation {
    let user = match account {
        Ref::Known(id) => ids.scim_users.get(id),
        Ref::Made(key) => made.scim(key),
    };
    match (group.and_then(|key| made.scim(key)), user) {
        (Some(group), Some(user)) => Expectation::ScimMember { group: group.clone(), user: user.clone() },
        (None, _) | (_, None) => Expectation::Nothing,
    }
}

/// The result of one round of reads.
#[derive(Default)]
pub(super) struct Observed {
    /// `None` if the group no longer exists.
    groups: BTreeMap<GroupId, Result<Option<Listing<AccountId>>, String>>,
    /// The group that has a name; `None` if several have it.
    names: Option<Result<BTreeMap<GroupName, Option<GroupId>>, String>>,
    /// The active ones.
    accounts: Option<Result<BTreeSet<AccountId>, String>>,
    /// The emails that the organization knows.
    people: Option<Result<BTreeMap<Email, AccountId>, String>>,
    /// The roles of groups in the apps that were asked about.
    roles: BTreeMap<GroupId, Result<Listing<Access>, String>>,
    directory: Directory,
}

/// The result of reads of the SCIM directory.
#[derive(Default)]
struct Directory {
    members: BTreeMap<ScimId, Result<BTreeSet<ScimId>, String>>,
    users: BTreeMap<String, Result<Option<ScimUser>, String>>,
    names: BTreeMap<ScimId, Result<String, String>>,
}

/// The reads of one round.
#[derive(Default)]
struct Asked {
    groups: BTreeSet<GroupId>,
    accounts: BTreeSet<AccountId>,
    names: bool,
    people: BTreeSet<Email>,
    scim_groups: BTreeSet<ScimId>,
    scim_emails: BTreeSet<Email>,
    scim_users: BTreeSet<ScimId>,
    roles: BTreeMap<GroupId, BTreeMap<App, String>>,
}

/// Reads the state that these expectations are about.
pub(super) async fn look(surfaces: &Surfaces, expectations: impl Iterator<Item = &Expectation>) -> Observed {
    let mut asked = Asked::default();
    for expectation in expectations {
        asked.ask(expectation);
    }
    let mut seen = Observed { groups: groups(surfaces, asked.groups).await, ..Observed::default() };
    if asked.names {
        seen.names = Some(names(surfaces).await);
    }
    if !asked.accounts.is_empty() {
        let asked: Vec<AccountId> = asked.accounts.into_iter().collect();
        seen.accounts = Some(active(surfaces, &asked).await);
    }
    if let (false, Some(organization)) = (asked.people.is_empty(), &surfaces.organization) {
        let asked: Vec<Email> = asked.people.into_iter().collect();
        let found = organization.find_by_email(&asked).await.map_err(|error| error.chain());
        let known = |person: OrganizationUser| Some((person.email?, person.account));
        seen.people = Some(found.map(|people| people.into_iter().filter_map(known).collect()));
    }
    if let Some(organization) = &surfaces.organization {
        seen.roles = roles(organization, &asked.roles).await;
    }
    if let Some(scim) = &surfaces.scim {
        seen.directory =
            Directory::look(scim, &asked.scim_groups, &asked.scim_emails, &asked.scim_users).await;
    }
    seen
}

impl Asked {
    fn ask(&mut self, expectation: &Expectation) {
        match expectation {
            Expectation::Member { group, .. } | Expectation::Group { group, .. } => {
                self.groups.insert(group.clone());
            }
            Expectation::Account { account, .. } => {
                self.accounts.insert(account.clone());
            }
            Expectation::Named(_) => self.names = true,
            Expectation::Person(email) => {
                self.people.insert(email.clone());
            }
            Expectation::ScimMember { group, .. } => {
                self.scim_groups.insert(group.clone());
            }
            Expectation::ScimUser(email) => {
                self.scim_emails.insert(email.clone());
            }
            Expectation::ScimName { user, .. } => {
                self.scim_users.insert(user.clone());
            }
            Expectation::Role { group, access, resource, .. } => {
                let apps = self.roles.entry(group.clone()).or_default();
                apps.insert(access.app.clone(), resource.clone());
            }
            Expectation::Nothing => {}
        }
    }
}

type Groups = BTreeMap<GroupId, Result<Option<Listing<AccountId>>, String>>;

/// Reads the members of groups: from Jira those of each, including apps and admin groups; otherwise from the organization, ten
/// groups per request.
async fn groups(surfaces: &Surfaces, asked: BTreeSet<GroupId>) -> Groups {
    if let Some(jira) = &surfaces.jira {
        let reads = asked.into_iter().map(async |group| {
            let members = match jira.members(&group).await {
                Ok((listing, _)) => Ok(Some(listing)),
                // A proxy's page may have the same status, and says nothing about the group.
                Err(error) if matches!(error.fault(), Some(Fault::NotFound(_))) => Ok(None),
                Err(error) => Err(error.chain()),
            };
            (group, members)
        });
        return join_all(reads).await.into_iter().collect();
    }
    let asked: Vec<GroupId> = asked.into_iter().collect();
    let read = match &surfaces.organization {
        Some(organization) => organization.users_of_groups(&asked).await.map_err(|error| error.chain()),
        None => Err("no credential can read them".into()),
    };
    let members = |group: &GroupId| match &read {
        Ok((listings, _)) => Ok(listings.get(group).cloned()),
        Err(why) => Err(why.clone()),
    };
    asked.iter().map(|group| (group.clone(), members(group))).collect()
}

/// Reads the roles of groups, one request per group.
async fn roles(
    organization: &Organization,
    asked: &BTreeMap<GroupId, BTreeMap<App, String>>,
) -> BTreeMap<GroupId, Result<Listing<Access>, String>> {
    let reads = asked.iter().map(async |(group, resources)| {
        let held = organization.roles_of(group, resources).await;
        (group.clone(), held.map(|roles| roles.held).map_err(|error| error.chain()))
    });
    join_all(reads).await.into_iter().collect()
}

async fn names(surfaces: &Surfaces) -> Result<BTreeMap<GroupName, Option<GroupId>>, String> {
    let reader = surfaces.reader().ok_or("no credential can read them")?;
    let groups = reader.groups().await.map_err(|error| error.chain())?;
    let mut found = BTreeMap::new();
    for group in &groups {
        found.entry(group.name.clone()).and_modify(|id| *id = None).or_insert(Some(group.id.clone()));
    }
    Ok(found)
}

/// Finds the active ones among the accounts. Jira also shows suspended users as not active.
async fn active(surfaces: &Surfaces, asked: &[AccountId]) -> Result<BTreeSet<AccountId>, String> {
    let Some(reader) = surfaces.reader() else { return Ok(BTreeSet::new()) };
    let accounts = reader.accounts(asked).await.map_err(|error| error.chain())?;
    Ok(accounts.into_iter().filter(LiveAccount::active).map(|account| account.id).collect())
}

impl Directory {
    async fn look(
        scim: &Scim,
        groups: &BTreeSet<ScimId>,
        emails: &BTreeSet<Email>,
        users: &BTreeSet<ScimId>,
    ) -> Self {
        let groups = groups.iter().map(async |id| {
            let members = scim.group(id).await.map(|group| group.members);
            (id.clone(), members.map_err(|error| error.chain()))
        });
        let emails = emails.iter().map(async |email| {
            let found = scim.user_named(email).await;
            (email.to_string(), found.map_err(|error| error.chain()))
        });
        let users = users.iter().map(async |id| {
            let name = scim.user(id).await.map(|user| user.name);
            (id.clone(), name.map_err(|error| error.chain()))
        });
        Self {
            members: join_all(groups).await.into_iter().collect(),
            users: join_all(emails).await.into_iter().collect(),
            names: join_all(users).await.into_iter().collect(),
        }
    }
}

impl Observed {
    /// Whether the reads show it, or why they cannot.
    pub(super) fn shows(&self, expectation: &Expectation) -> Result<bool, String> {
        let unread = || Err("it was not read".to_owned());
        let directory = &self.directory;
        match expectation {
            Expectation::Member { group, account, present } => {
                let members = self.group(group)?;
                Ok(members.is_some_and(|members| members.contains(account)) == *present)
            }
            Expectation::Group { group, present } => Ok(self.group(group)?.is_some() == *present),
            Expectation::Named(name) => match &self.names {
                Some(names) => names.as_ref().map(|names| names.contains_key(name)).map_err(Clone::clone),
                None => unread(),
            },
            Expectation::Account { account, active } => match &self.accounts {
                Some(accounts) => accounts.clone().map(|accounts| accounts.contains(account) == *active),
                None => unread(),
            },
            Expectation::Person(email) => match &self.people {
                Some(people) => {
                    people.as_ref().map(|people| people.contains_key(email)).map_err(Clone::clone)
                }
                None => unread(),
            },
            Expectation::ScimMember { group, user } => match directory.members.get(group) {
                Some(members) => members.clone().map(|members| members.contains(user)),
                None => unread(),
            },
            Expectation::ScimUser(email) => match directory.users.get(email.as_str()) {
                Some(user) => user.as_ref().map(Option::is_some).map_err(Clone::clone),
                None => unread(),
            },
            Expectation::ScimName { user, name } => match directory.names.get(user) {
                Some(shown) => shown.clone().map(|shown| shown == *name),
                None => unread(),
            },
            Expectation::Role { group, access, present, .. } => match self.roles.get(group) {
                Some(held) => {
                    held.as_ref().map(|held| held.contains(access) == *present).map_err(Clone::clone)
                }
                None => unread(),
            },
            Expectation::Nothing => Err("it cannot be confirmed by reading; run `plan` again".into()),
        }
    }

    /// The ID that the reads show, if the response with it was lost.
    pub(super) fn made(&self, expectation: &Expectation) -> Option<CreatedIds> {
        match expectation {
            Expectation::Named(name) => {
                let id = self.names.as_ref()?.as_ref().ok()?.get(name)?;
                id.clone().map(CreatedIds::group)
            }
            Expectation::Person(email) => {
                let account = self.people.as_ref()?.as_ref().ok()?.get(email)?;
                Some(CreatedIds::account(account.clone()))
            }
            Expectation::ScimUser(email) => {
                let user = self.directory.users.get(email.as_str())?.as_ref().ok()?.as_ref()?;
                Some(user.clone().into())
            }
            Expectation::Member { .. }
            | Expectation::Group { .. }
            | Expectation::Account { .. }
            | Expectation::ScimMember { .. }
            | Expectation::ScimName { .. }
            | Expectation::Role { .. }
            | Expectation::Nothing => None,
        }
    }

    fn group(&self, group: &GroupId) -> Result<Option<&Listing<AccountId>>, String> {
        match self.groups.get(group) {
            Some(Ok(members)) => Ok(members.as_ref()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("the group was not read".into()),
        }
    }
}
