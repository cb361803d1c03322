//! The people and groups of the Organizations and the User management API (docs/atlassian.md#organizations-api).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capability::{GroupKind, ManagedBy, Usage};
use super::email::Email;
use super::ids::{AccountId, GroupId, GroupName};
use super::live::{AccountKind, LiveAccount, LiveGroup};
use super::words::words;

/// A person, as the organization's user search shows them. Service accounts and apps are not among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationUser {
    /// The account.
    pub account: AccountId,
    /// The email, if it is shown.
    pub email: Option<Email>,
    /// The full name; it comes from outside and may contain anything.
    pub name: String,
    /// The combined status of the account and its membership.
    pub status: UserStatus,
    /// Whether the organization owns the account's domain.
    pub claim: Claim,
    /// How they joined the directory.
    pub source: UserSource,
    /// Administration of the organization.
    pub roles: BTreeSet<PlatformRole>,
}

words! {
    /// `status` of the user search, and `closed` of `accountStatus`.
    pub enum UserStatus {
        /// The account is active, and so is its membership.
        Active = "active",
        /// The account is active, and suspended in the directories that were asked.
        Suspended = "suspended",
        /// The account is active, and in no directory.
        NotInvited = "not-invited",
        /// The account is deactivated, everywhere.
        Deactivated = "deactivated",
        /// The account will be deleted, and can be kept for some days.
        ForDeletion = "for-deletion",
        /// The account is closed for good.
        Closed = "closed",
        /// It is not active, and the surface, such as Jira, does not say why.
        Inactive = "inactive",
        /// The API does not say.
        NotReported = "unsaid",
    }
}

/// `claimStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// The organization manages the account.
    Managed,
    /// Somebody else does.
    Unmanaged,
    /// The API does not say.
    NotReported,
}

/// `managementSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserSource {
    /// An admin invited them.
    Invited,
    /// An identity provider provisioned them.
    Synced,
    /// The API does not say.
    NotReported,
}

/// `platformRoles`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformRole {
    /// May do everything in the organization.
    OrganizationAdmin,
    /// Administers a site.
    SiteAdmin,
    /// Administers users and groups.
    UserAccessAdmin,
    /// Any other.
    Other(String),
}

/// A group, as the organization's group search shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganizationGroup {
    /// Its ID; the same as in Jira.
    pub id: GroupId,
    /// Its name.
    pub name: GroupName,
    /// Its purpose; it comes from outside and may contain anything.
    pub description: Option<String>,
    /// Whether an identity provider created it.
    pub external_synced: bool,
    /// Who manages it.
    pub managed_by: GroupManager,
    /// Whether this credential may change it, if the API says so.
    pub modifiable: Option<bool>,
    /// Whether this credential may delete it, if the API says so.
    pub deletable: Option<bool>,
    /// How many users it has, if the request asked for it.
    pub users: Option<usize>,
}

/// `managedBy` of the group search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupManager {
    /// An identity provider.
    External,
    /// Admins.
    Admins,
    /// Its members: it is an Atlassian team.
    TeamMembers,
    /// Anybody may join: it is an Atlassian team.
    Open,
    /// Something else, or the API does not say.
    NotReported,
}

/// The changes that are allowed on a managed account, and who else owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Privileges {
    /// Whether it may be deactivated and activated, or why not.
    pub may_disable: Result<(), Restriction>,
    /// Whether a SCIM directory owns any part of it.
    pub scim_owned: bool,
    /// Whether the organization manages it.
    pub managed: bool,
}

/// Why a change of an account is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restriction {
    /// A SCIM directory owns it: `externalDirectory.scim`.
    Scim,
    /// Google owns it: `externalDirectory.google`.
    Google,
    /// SAML sets it at each login: `authPolicy.saml`.
    Saml,
    /// It is the credential's own account: `administrative.notMyself`.
    Myself,
    /// Only its user may: `myselfOnly`.
    MyselfOnly,
    /// The account is managed, and not by this organization: `managedAccount`.
    ManagedElsewhere,
    /// Only Atlassian may: `administrative`.
    Administrative,
    /// The person is blocked by export control: `blocked.exportControl`.
    ExportControl,
    /// The organization does not manage the account.
    NotManaged,
    /// The account's email is not verified: `forbidden.targetUnverified`.
    Unverified,
    /// The API did not say whether it is allowed.
    NotReported,
    /// Any other, in the API's words.
    Other(String),
}

/// The groups that the organization's API hides from every caller
/// (docs/atlassian.md#what-the-organization-does-not-show).
const UNSHOWN: [&str; 2] = ["system-administrators", "atlassian-addons-admin"];

/// Whether the organization's API never shows a group of this name, and reports the name as free.
pub fn is_unshown(name: &GroupName) -> bool {
    UNSHOWN.contains(&name.as_str())
}

impl OrganizationUser {
    /// The account as every listing shows it. The organization shows only people
    /// (docs/atlassian.md#what-the-organization-does-not-show).
    pub fn live(&self) -> LiveAccount {
        LiveAccount {
            id: self.account.clone(),
            kind: AccountKind::Atlassian,
            status: self.status,
            name: self.name.clone(),
            email: self.email.clone(),
        }
    }
}

impl OrganizationGroup {
    /// The group as every listing shows it.
    pub fn live(&self) -> LiveGroup {
        LiveGroup { id: self.id.clone(), name: self.name.clone() }
    }

    /// Who may change it, in the terms of Jira's picker.
    pub fn kind(&self) -> GroupKind {
        GroupKind {
            modifiable: self.modifiable,
            deletable: self.deletable,
            managed_by: match self.managed_by {
                _ if self.external_synced => ManagedBy::External,
                GroupManager::External => ManagedBy::External,
                GroupManager::Admins | GroupManager::TeamMembers | GroupManager::Open => ManagedBy::People,
                GroupManager::NotReported => ManagedBy::NotReported,
            },
            usage: match self.managed_by {
                GroupManager::TeamMembers | GroupManager::Open => Usage::Team,
                GroupManager::Admins | GroupManager::External => Usage::Group,
                GroupManager::NotReported => Usage::NotReported,
            },
        }
    }
}

impl Restriction {
    /// A clause that gives the reason.
    pub fn why(&self) -> &str {
        match self {
            Self::Scim => "a SCIM directory owns the account",
            Self::Google => "a Google directory owns the account",
            Self::Saml => "SAML sets it at each login",
            Self::Myself => "it is the account of the person who made the API key",
            Self::MyselfOnly => "only the account's user may do this",
            Self::ManagedElsewhere => "another organization manages the account",
            Self::Administrative => "only Atlassian may administer it",
            Self::ExportControl => "the account is blocked by export control",
            Self::NotManaged => "the organization does not manage the account",
            Self::Unverified => "the account's email is not verified",
            Self::NotReported => "the API does not say whether this is allowed",
            Self::Other(words) => words,
        }
    }
}
