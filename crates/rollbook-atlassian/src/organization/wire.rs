//! The responses of the Organizations API, as far as they are used.

use std::collections::{BTreeMap, BTreeSet};

use http::Uri;
use jiff::Timestamp;
use serde::Deserialize;

use crate::page::Row;
use crate::page::{identified, present, shown_email};
use rollbook_core::model::{
    AccountId, App, Claim, Email, GroupId, GroupManager, GroupName, OrganizationGroup, OrganizationUser,
    PlatformRole, Reading, Role, RoleMethods, UserSource, UserStatus,
};

/// `MultiDirectoryUser`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(deserialize_with = "present")]
    account_id: AccountId,
    #[serde(default, deserialize_with = "shown_email")]
    email: Option<Email>,
    name: Option<String>,
    account_status: Option<String>,
    membership_status: Option<String>,
    status: Option<String>,
    claim_status: Option<String>,
    management_source: Option<String>,
    platform_roles: Option<Vec<String>>,
    groups: Option<Vec<UserGroup>>,
    product_access: Option<Vec<ProductAccess>>,
}

/// `MultiDirectoryProductAccess`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductAccess {
    last_active_timestamp: Option<String>,
}

/// `MultiDirectoryUserGroup`. Its name may be null.
#[derive(Debug, Deserialize)]
pub(super) struct UserGroup {
    #[serde(deserialize_with = "present")]
    id: String,
    pub(super) name: Option<String>,
}

/// `MultiDirectoryGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    #[serde(deserialize_with = "present")]
    id: String,
    #[serde(deserialize_with = "present")]
    name: String,
    description: Option<String>,
    external_synced: Option<bool>,
    managed_by: Option<String>,
    management_access: Option<ManagementAccess>,
    counts: Option<Counts>,
}

#[derive(Debug, Deserialize)]
struct ManagementAccess {
    deletable: Option<bool>,
    modifiable: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    users: Option<usize>,
    resources: Option<usize>,
}

/// `MultiDirectoryUserDirectory`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Directory {
    #[serde(deserialize_with = "present")]
    pub(super) directory_id: String,
    pub(super) name: Option<String>,
}

/// `DomainModel`.
#[derive(Debug, Deserialize)]
pub(super) struct Domain {
    #[serde(deserialize_with = "present")]
    pub(super) id: String,
    attributes: DomainAttributes,
}

#[derive(Debug, Deserialize)]
struct DomainAttributes {
    #[serde(deserialize_with = "present")]
    name: String,
    claim: Option<DomainClaim>,
}

#[derive(Debug, Deserialize)]
struct DomainClaim {
    status: Option<String>,
}

/// `WorkspaceModel`: an app on a site. Those of Trello and Bitbucket have no site.
#[derive(Debug, Deserialize)]
pub(super) struct Workspace {
    #[serde(deserialize_with = "present")]
    pub(super) id: String,
    attributes: Option<WorkspaceAttributes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceAttributes {
    type_key: Option<String>,
    host_url: Option<String>,
    capacity: Option<usize>,
}

/// `MultiDirectoryGroupRoleAssignment`: a group's roles in one app.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleAssignment {
    #[serde(deserialize_with = "present")]
    pub(super) resource_id: String,
    pub(super) roles: Vec<String>,
    default_role: Option<String>,
}

/// `MultiDirectoryUserRoleAssignment`: what a person has in one app.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersonRoleAssignment {
    #[serde(deserialize_with = "present")]
    pub(super) resource_id: String,
    #[serde(default)]
    pub(super) role_assignments: Vec<AssignedRole>,
    #[serde(default)]
    roles: Vec<String>,
}

/// A role with how it came about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignedRole {
    role: String,
    #[serde(default)]
    role_assignment_methods: Vec<String>,
}

/// The answer to the creation of a group. Its content is not documented, so that all of it may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    id: Option<String>,
    group_id: Option<String>,
    data: Option<Box<Created>>,
}

/// `MultidirectoryInviteSuccessResponse`.
#[derive(Debug, Deserialize)]
pub(super) struct Invited {
    pub(super) data: Vec<InvitedUser>,
}

/// `AdminInviteResponse`.
#[derive(Debug, Deserialize)]
pub(super) struct InvitedUser {
    pub(super) email: Option<String>,
    pub(super) id: Option<String>,
    results: Option<Vec<InviteResult>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InviteResult {
    group_assignment_result: Option<Vec<Assignment>>,
    role_assignment_result: Option<Vec<Assignment>>,
}

/// `GroupAssignmentResult` and `RoleAssignmentResult`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assignment {
    group: Option<String>,
    resource: Option<String>,
    status: Option<String>,
    status_reason: Option<String>,
}

/// A group's bare ID: some responses give an ARI, `ari:cloud:identity::group/UUID`, others only the UUID
/// (docs/atlassian.md#group-ids-and-names). No other code parses it.
pub(super) fn group_id(text: &str) -> GroupId {
    match text.strip_prefix("ari:").and_then(|ari| ari.rsplit_once('/')) {
        Some((_, id)) if !id.is_empty() => GroupId::new(id),
        Some(_) | None => GroupId::new(text),
    }
}

impl Row for User {
    type Id = AccountId;

    fn key(&self) -> Option<AccountId> {
        identified(&self.account_id)
    }

    fn shown(&self) -> String {
        self.name.clone().unwrap_or_default()
    }
}

impl Row for Group {
    type Id = GroupId;

    fn key(&self) -> Option<GroupId> {
        Some(self.id())
    }
}

impl Row for Directory {
    type Id = String;

    fn key(&self) -> Option<String> {
        Some(self.directory_id.clone())
    }
}

impl Row for Domain {
    type Id = String;

    fn key(&self) -> Option<String> {
        Some(self.id.clone())
    }
}

impl Row for Workspace {
    type Id = String;

    fn key(&self) -> Option<String> {
        Some(self.id.clone())
    }
}

impl Row for RoleAssignment {
    type Id = String;

    fn key(&self) -> Option<String> {
        Some(self.resource_id.clone())
    }
}

impl Row for PersonRoleAssignment {
    type Id = String;

    fn key(&self) -> Option<String> {
        Some(self.resource_id.clone())
    }
}

impl RoleAssignment {
    /// Whether the group is a default group of the app.
    pub(super) fn is_default(&self) -> bool {
        self.default_role.as_deref().is_some_and(|role| !role.is_empty())
    }
}

impl User {
    pub(super) fn id(&self) -> AccountId {
        self.account_id.clone()
    }

    /// The IDs of the groups, if the response has them.
    pub(super) fn group_ids(&self) -> Option<BTreeSet<GroupId>> {
        Some(self.groups.as_ref()?.iter().map(UserGroup::id).collect())
    }

    /// The groups, if the response has them.
    pub(super) fn groups(&self) -> Option<&[UserGroup]> {
        self.groups.as_deref()
    }

    /// When an app was last used, in UTC to the second; unread if the response does not have it, or if a time is invalid.
    pub(super) fn last_active(&self) -> Reading<Option<String>> {
        let Some(access) = &self.product_access else { return Reading::NotRead };
        let moments = access.iter().filter_map(|app| app.last_active_timestamp.as_deref());
        let moments: Result<Vec<Timestamp>, _> = moments.map(str::parse).collect();
        let Ok(moments) = moments else { return Reading::NotRead };
        let last = moments.into_iter().max();
        Reading::Read(last.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
    }

    /// The composite status; computed from its parts if it is missing.
    fn status(&self) -> UserStatus {
        let (account, membership) = (self.account_status.as_deref(), self.membership_status.as_deref());
        match (self.status.as_deref(), account, membership) {
            (_, Some("closed"), _) => UserStatus::Closed,
            (Some("for_deletion"), _, _) => UserStatus::ForDeletion,
            (Some("deactivated"), _, _) | (None, Some("inactive"), _) => UserStatus::Deactivated,
            (Some("suspended"), _, _) | (None, Some("active"), Some("suspended")) => UserStatus::Suspended,
            (Some("not_invited"), _, _) | (None, Some("active"), Some("no_membership")) => {
                UserStatus::NotInvited
            }
            (Some("active"), _, _) | (None, Some("active"), Some("active")) => UserStatus::Active,
            _ => UserStatus::NotReported,
        }
    }
}

impl UserGroup {
    pub(super) fn id(&self) -> GroupId {
        group_id(&self.id)
    }
}

impl From<&User> for OrganizationUser {
    fn from(user: &User) -> Self {
        Self {
            account: user.id(),
            email: user.email.clone(),
            name: user.name.clone().unwrap_or_default(),
            status: user.status(),
            claim: match user.claim_status.as_deref() {
                Some("managed") => Claim::Managed,
                Some("unmanaged") => Claim::Unmanaged,
                Some(_) | None => Claim::NotReported,
            },
            source: match user.management_source.as_deref() {
                Some("synced") => UserSource::Synced,
                Some("invited") => UserSource::Invited,
                Some(_) | None => UserSource::NotReported,
            },
            roles: user.platform_roles.iter().flatten().map(|role| role_of(role)).collect(),
        }
    }
}

impl Group {
    pub(super) fn id(&self) -> GroupId {
        group_id(&self.id)
    }

    /// In how many resources it has a role, where that was asked for and came.
    pub(super) fn resources(&self) -> Option<usize> {
        self.counts.as_ref()?.resources
    }
}

impl From<Group> for OrganizationGroup {
    fn from(group: Group) -> Self {
        let access = group.management_access.as_ref();
        Self {
            id: group.id(),
            name: GroupName::new(&group.name),
            modifiable: access.and_then(|access| access.modifiable),
            deletable: access.and_then(|access| access.deletable),
            description: group.description.filter(|text| !text.is_empty()),
            external_synced: group.external_synced == Some(true),
            managed_by: match group.managed_by.as_deref() {
                Some("external") => GroupManager::External,
                Some("admins") => GroupManager::Admins,
                Some("team-members") => GroupManager::TeamMembers,
                Some("open") => GroupManager::Open,
                Some(_) | None => GroupManager::NotReported,
            },
            users: group.counts.and_then(|counts| counts.users),
        }
    }
}

impl Domain {
    /// The domain's name, if the organization has verified it.
    pub(super) fn verified(&self) -> Option<String> {
        let status = self.attributes.claim.as_ref().and_then(|claim| claim.status.as_deref());
        (status == Some("verified")).then(|| self.attributes.name.to_ascii_lowercase())
    }
}

impl PersonRoleAssignment {
    /// Each role, with how it came about; of a role without its methods nobody knows it.
    pub(super) fn roles(&self) -> BTreeMap<Role, RoleMethods> {
        let unsaid = self.roles.iter().map(|id| (Role::of_id(id), RoleMethods::default()));
        let said = self.role_assignments.iter().map(|it| (Role::of_id(&it.role), it.methods()));
        unsaid.chain(said).collect()
    }
}

impl AssignedRole {
    fn methods(&self) -> RoleMethods {
        let has = |method: &str| self.role_assignment_methods.iter().any(|it| it == method);
        let told = !self.role_assignment_methods.is_empty();
        RoleMethods {
            direct: if told { Reading::Read(has("direct")) } else { Reading::NotRead },
            by_group: has("group_direct"),
            inferred: has("inferred"),
        }
    }
}

impl Workspace {
    /// How many people may have the app, where it says so.
    pub(super) fn capacity(&self) -> Option<usize> {
        self.attributes.as_ref()?.capacity
    }

    /// The app that it is, where it is one that this host answers for.
    pub(super) fn app_at(&self, host: &str) -> Option<App> {
        let attributes = self.attributes.as_ref()?;
        let own = host_in(attributes.host_url.as_deref()?)?;
        let key = attributes.type_key.as_deref().filter(|key| !key.is_empty())?;
        own.eq_ignore_ascii_case(host).then(|| App::new(key))
    }
}

/// The host of an address, without a port.
pub(super) fn host_in(address: &str) -> Option<String> {
    let uri: Uri = address.trim().parse().ok()?;
    uri.host().map(str::to_owned)
}

impl Created {
    /// The group's ID, if present.
    pub(super) fn group(&self) -> Option<GroupId> {
        let own = self.group_id.as_deref().or(self.id.as_deref()).filter(|id| !id.is_empty());
        own.map(group_id).or_else(|| self.data.as_ref()?.group())
    }
}

impl InvitedUser {
    /// The result for each group and app: success, or why not.
    pub(super) fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.results.iter().flatten().flat_map(|result| {
            let groups = result.group_assignment_result.iter().flatten();
            groups.chain(result.role_assignment_result.iter().flatten())
        })
    }
}

impl InvitedUser {
    /// The groups that the person joined.
    pub(super) fn joined(&self) -> impl Iterator<Item = GroupId> {
        let went_well = self.assignments().filter(|assignment| assignment.failure().is_none());
        went_well.filter_map(|assignment| assignment.group.as_deref().map(group_id))
    }

    /// Whether everything that failed is a group.
    pub(super) fn only_groups_failed(&self) -> bool {
        let mut failed = self.assignments().filter(|assignment| assignment.failure().is_some());
        failed.all(|assignment| assignment.group.is_some())
    }
}

impl Assignment {
    /// Why it failed.
    pub(super) fn failure(&self) -> Option<String> {
        let what = self.group.as_deref().or(self.resource.as_deref()).unwrap_or("something");
        let reason = self.status_reason.as_deref().filter(|text| !text.is_empty());
        match self.status.as_deref() {
            Some("INVITED") => None,
            Some(status) => Some(format!("{what}: {}", reason.unwrap_or(status))),
            None => Some(format!("{what}: {}", reason.unwrap_or("no status"))),
        }
    }
}

fn role_of(name: &str) -> PlatformRole {
    match name {
        "atlassian/org-admin" => PlatformRole::OrganizationAdmin,
        "atlassian/site-admin" => PlatformRole::SiteAdmin,
        "atlassian/user-access-admin" => PlatformRole::UserAccessAdmin,
        other => PlatformRole::Other(other.to_owned()),
    }
}

/// The API's name for a role.
pub(super) fn role_name(role: &PlatformRole) -> &str {
    match role {
        PlatformRole::OrganizationAdmin => "atlassian/org-admin",
        PlatformRole::SiteAdmin => "atlassian/site-admin",
        PlatformRole::UserAccessAdmin => "atlassian/user-access-admin",
        PlatformRole::Other(name) => name,
    }
}
