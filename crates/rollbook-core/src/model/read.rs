//! Every read that a plan may need: its purpose, and the consequence if it gets no answer.
//!
//! This is the one table of them. `docs/reads.md` is generated from it, and a test refuses each read in turn.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question to a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Which site is it?
    Site,
    /// Who owns the Jira credential, and what may it do?
    Rights,
    /// Which directory of the organization is it?
    Directory,
    /// Which groups exist?
    Groups,
    /// Who is in a group?
    Members,
    /// Who owns an email?
    People,
    /// Which accounts exist?
    Everybody,
    /// What is known about an account that the tree names, and no listing showed?
    Named,
    /// Who has a record in the SCIM directory, when people are looked up?
    Records,
    /// Who may change a group?
    GroupKind,
    /// In which groups is a person who leaves or comes back?
    Memberships,
    /// What is known about an account that will be added, and no listing showed?
    Account,
    /// What does the organization report about a person who is part of a change?
    Standing,
    /// What may user management do to an account?
    Privileges,
    /// Which groups give an app, and how many seats are left?
    AppRoles,
    /// Who administers the site?
    SiteAdmins,
    /// Who administers the organization?
    OrganizationAdmins,
    /// Which domains does the organization own?
    Domains,
    /// Which resources are the site's apps?
    Resources,
    /// Who has a record in the SCIM directory, when it is written to?
    Directories,
    /// Which group of the SCIM directory does a synced group correspond to?
    DirectoryGroup,
    /// Which roles does a group give in apps?
    Grants,
    /// Which groups give a role in an app, and to whom?
    RoleGivers,
    /// Which roles in apps do people hold directly?
    DirectRoles,
    /// Who is in a group that a tree takes members from, and who may change it?
    Synced,
}

/// The consequence if a read is refused, fails, or gets a response of unknown shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// There is no plan: the things that it does not show would look as if they were gone, or somebody else's.
    NoPlan,
    /// Changes that depend on it are blocked, with the surface's own words. The rest of the plan is made.
    Blocked,
    /// A note in the plan says it, with the surface's own words, and planning goes on. Changes that need it are blocked.
    Noted,
}

/// A question that got no answer.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    thiserror::Error,
    miette::Diagnostic,
    JsonSchema,
)]
#[error("{} was not read: {why}", .read.what())]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// The question.
    pub read: Read,
    /// The ID that it was asked about; `None` if it was asked about all at once.
    pub about: Option<String>,
    /// The surface's words, or a description of the fault: a lowercase fragment.
    pub why: String,
    /// A full sentence that says what to do, if anything is known.
    #[help]
    pub help: Option<String>,
}

impl Read {
    /// Every read.
    pub const ALL: [Self; 25] = [
        Self::Site,
        Self::Rights,
        Self::Directory,
        Self::Groups,
        Self::Members,
        Self::People,
        Self::Everybody,
        Self::Named,
        Self::Records,
        Self::GroupKind,
        Self::Memberships,
        Self::Account,
        Self::Standing,
        Self::Privileges,
        Self::AppRoles,
        Self::SiteAdmins,
        Self::OrganizationAdmins,
        Self::Domains,
        Self::Resources,
        Self::Directories,
        Self::DirectoryGroup,
        Self::Grants,
        Self::RoleGivers,
        Self::DirectRoles,
        Self::Synced,
    ];

    /// Its subject, as a fragment that suits "… was not read".
    pub fn what(self) -> &'static str {
        match self {
            Self::Site => "which site answers",
            Self::Rights => "the identity of the Jira credential",
            Self::Directory => "which directory the organization has",
            Self::Groups => "the list of groups",
            Self::Members => "who is in a group",
            Self::People => "the owner of an email",
            Self::Everybody => "who is on the site",
            Self::Named => "an account that the tree names",
            Self::Records => "the user list of the SCIM directory",
            Self::GroupKind => "who may change the group",
            Self::Memberships => "which groups the person is in",
            Self::Account => "the state of the account",
            Self::Standing => "the organization's data on the account",
            Self::Privileges => "what user management may do to the account",
            Self::AppRoles => "which groups give which app, and how many seats are left",
            Self::SiteAdmins => "who administers the site",
            Self::OrganizationAdmins => "who administers the organization",
            Self::Domains => "the list of the organization's domains",
            Self::Resources => "which apps the organization can invite to",
            Self::Directories => "who has a record in the SCIM directory",
            Self::DirectoryGroup => "which group of the SCIM directory it is",
            Self::Grants => "which roles groups give in apps",
            Self::RoleGivers => "which groups give the role, and to whom",
            Self::DirectRoles => "which roles in apps people hold directly",
            Self::Synced => "who is in the synced group, and who may change it",
        }
    }

    /// The requests that ask it, as `METHOD /route`; if there are several, the available surfaces decide.
    pub fn requests(self) -> &'static [&'static str] {
        const USERS: &str = "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";
        const GROUPS: &str = "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search";
        const WORKSPACES: &str = "POST /admin/v2/orgs/{orgId}/workspaces";
        const ROLES: &str =
            "GET /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments";
        const PERSON_ROLES: &str =
            "GET /admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments";
        const SCIM_USERS: &str = "GET /scim/directory/{directoryId}/Users";
        match self {
            Self::Site => &["GET /_edge/tenant_info", "GET /rest/api/3/serverInfo"],
            Self::Rights => &[
                "GET /rest/api/3/myself",
                "GET /rest/api/3/mypermissions",
                "GET /rest/api/3/group/bulk",
                "GET /rest/api/3/user/groups",
            ],
            Self::Directory => &["GET /admin/v2/orgs/{orgId}/directories"],
            Self::Groups => &["GET /rest/api/3/group/bulk", GROUPS],
            Self::Members => &["GET /rest/api/3/group/member", GROUPS, USERS],
            Self::Everybody => &["GET /rest/api/3/users/search", USERS],
            Self::Records | Self::Directories => &[SCIM_USERS],
            Self::GroupKind => &["GET /rest/api/3/groups/picker", GROUPS],
            Self::Memberships => &["GET /rest/api/3/user/groups", USERS, "GET /rest/api/3/group/member"],
            Self::Named | Self::Account => &["GET /rest/api/3/user/bulk", USERS],
            Self::People | Self::Standing | Self::OrganizationAdmins => &[USERS],
            Self::Privileges => &["GET /users/{account_id}/manage"],
            Self::AppRoles => &["GET /rest/api/3/applicationrole"],
            Self::SiteAdmins => &["GET /rest/api/3/group/member", USERS],
            Self::Domains => &["GET /admin/v1/orgs/{orgId}/domains"],
            Self::Resources => &[WORKSPACES],
            Self::DirectoryGroup => &["GET /scim/directory/{directoryId}/Groups"],
            Self::Grants => &[WORKSPACES, GROUPS, ROLES],
            Self::RoleGivers => &[GROUPS, "GET /rest/api/3/group/member", USERS],
            Self::DirectRoles => &[WORKSPACES, USERS, GROUPS, PERSON_ROLES],
            Self::Synced => &["GET /rest/api/3/group/member", "GET /rest/api/3/groups/picker", GROUPS, USERS],
        }
    }

    /// The consequence if it gets no answer. Reads that decide who is revoked, or who somebody is, are all or nothing.
    pub fn without(self) -> Without {
        match self {
            Self::Site
            | Self::Rights
            | Self::Directory
            | Self::Groups
            | Self::Members
            | Self::People
            | Self::Everybody
            | Self::Named
            | Self::Records => Without::NoPlan,
            Self::GroupKind
            | Self::Memberships
            | Self::Account
            | Self::Standing
            | Self::Privileges
            | Self::SiteAdmins
            | Self::OrganizationAdmins
            | Self::Directories
            | Self::DirectoryGroup
            | Self::Grants
            | Self::RoleGivers
            | Self::Synced => Without::Blocked,
            Self::AppRoles | Self::Domains | Self::Resources | Self::DirectRoles => Without::Noted,
        }
    }

    /// Its use, as a full sentence without the full stop.
    pub fn needed_for(self) -> &'static str {
        match self {
            Self::Site => "Nothing is sent to another site, or changed on one",
            Self::Rights => {
                "Listings are empty without the permission to browse; the credential's own account is \
                             never narrowed"
            }
            Self::Directory => "Every other request to the organization names it",
            Self::Groups => "A group that is not shown would be created again",
            Self::Members => {
                "A member who is not shown would be added again, and be missing in the counts of rules"
            }
            Self::People => "A person who is not found is invited, or blocked",
            Self::Everybody => {
                "A person who is not found is invited, or blocked; one who is not declared may be offboarded"
            }
            Self::Named => "An inactive account is activated, and a missing one is blocked",
            Self::Records => "The directory shows the owners of emails that other surfaces hide",
            Self::GroupKind => "Changes of this group: a synced one, or a team, is changed elsewhere",
            Self::Memberships => {
                "Offboarding this person, and activating them; with a base that offboards them and a tree that does not, there is no plan"
            }
            Self::Account => "Adding this account to a group: customers and missing accounts are not added",
            Self::Standing => "Adding this account, activating it or offboarding it",
            Self::Privileges => "Activating or deactivating this account",
            Self::AppRoles => {
                "Seats and default groups are not shown; deleting a group, and inviting to an app if a rule needs \
                 its groups, is blocked"
            }
            Self::SiteAdmins => "Every operation that could leave the site without an administrator",
            Self::OrganizationAdmins => {
                "Every operation that could leave the organization without an administrator"
            }
            Self::Domains => "An invitation that SCIM might make is blocked; others are not",
            Self::Resources => "Invitations to apps go through Jira, with a mail, or are blocked",
            Self::Directories => {
                "Everything that SCIM would write, and every change of an account that it may own"
            }
            Self::DirectoryGroup => "Changes of this synced group",
            Self::Grants => "Every change of the roles that groups give in apps",
            Self::RoleGivers => {
                "Revoking a role that lets people decide about access; for other roles, the number of people who \
                 lose it is an upper bound"
            }
            Self::Synced => {
                "Who comes by a `synced` entry of this group; nobody leaves a group with such an entry for not being declared"
            }
            Self::DirectRoles => "With `direct-roles: report`, roles that no tree manages are not named",
        }
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPlan => "there is no plan",
            Self::Blocked => "what depends on it is blocked",
            Self::Noted => "a note says so",
        })
    }
}
