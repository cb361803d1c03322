//! The closed sets of values that seeds, the state and the wire share, in Atlassian's spelling.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The kind of an account (docs/atlassian.md#account-kinds). Never `unknown`: the sandbox knows its accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountType {
    /// A person.
    #[default]
    Atlassian,
    /// An app or a service account.
    App,
    /// A Jira Service Management customer.
    Customer,
}

/// The kind of an `app` account (docs/atlassian.md#account-kinds). An app account without one is a Connect or
/// Forge app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppType {
    /// A service account: it has the rights of its groups, like a person (docs/atlassian.md#service-accounts).
    Service,
    /// A Rovo agent.
    Agent,
}

/// Who decides the members of a group (docs/atlassian.md#synced-groups-and-teams-in-jira).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ManagedBy {
    /// Administrators: an ordinary group.
    #[default]
    Admins,
    /// An identity provider: the membership cannot be changed through Jira.
    External,
    /// The members of a team.
    TeamMembers,
    /// Anybody.
    Open,
}

/// The purpose of a group (docs/atlassian.md#synced-groups-and-teams-in-jira).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Usage {
    /// A group of the directory.
    #[default]
    UserbaseGroup,
    /// An Atlassian team, not a group of the directory.
    TeamCollaboration,
    /// A group through which administrators oversee others.
    AdminOversight,
}

/// The role that membership of a group gives in one app (docs/atlassian.md#roles-of-groups). Only `user` takes a seat.
/// Assumption: for `contributor`, `basic` and `viewer` the description says so, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Access to the app; it takes a seat.
    User,
    /// Administration of the app, including *Administer Jira*.
    Admin,
    /// Administration of who has the app, without the app.
    UserAccessAdmin,
    /// Access to one space.
    Guest,
    /// Access to view, comment and vote.
    Contributor,
    /// Access to the help center.
    Customer,
    /// Access to basic features.
    Basic,
    /// Updates about incidents.
    Stakeholder,
    /// Access to view.
    Viewer,
    /// The use of AI; no request assigns or revokes it.
    AiAccess,
}

impl Grant {
    const ALL: [Grant; 10] = [
        Grant::User,
        Grant::Admin,
        Grant::UserAccessAdmin,
        Grant::Guest,
        Grant::Contributor,
        Grant::Customer,
        Grant::Basic,
        Grant::Stakeholder,
        Grant::Viewer,
        Grant::AiAccess,
    ];

    /// The role that an ID on the wire names.
    pub(super) fn of_id(id: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|grant| grant.id() == id)
    }

    /// Its ID on the wire.
    pub(super) fn id(self) -> &'static str {
        match self {
            Grant::User => "atlassian/user",
            Grant::Admin => "atlassian/admin",
            Grant::UserAccessAdmin => "atlassian/user-access-admin",
            Grant::Guest => "atlassian/guest",
            Grant::Contributor => "atlassian/contributor",
            Grant::Customer => "atlassian/customer",
            Grant::Basic => "atlassian/basic",
            Grant::Stakeholder => "atlassian/stakeholder",
            Grant::Viewer => "atlassian/viewer",
            Grant::AiAccess => "atlassian/ai-access",
        }
    }

    /// Whether a group may be given the role in an app. Assumption: which app has which role; the description names an app
    /// only for some of them.
    pub(super) fn suits(self, app: &str) -> bool {
        match self {
            Grant::User | Grant::Admin | Grant::UserAccessAdmin | Grant::Basic | Grant::Viewer => true,
            Grant::Guest => app == "confluence",
            Grant::Contributor => app == "jira-product-discovery",
            Grant::Customer | Grant::Stakeholder => app == "jira-servicedesk",
            Grant::AiAccess => false,
        }
    }
}

/// The roles that a group gives in one app. A single one is written as a word, several as a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenGrants", into = "WrittenGrants")]
pub struct Grants(pub BTreeSet<Grant>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenGrants {
    One(Grant),
    Several(BTreeSet<Grant>),
}

impl Grants {
    /// Whether a role is among them.
    pub fn holds(&self, grant: Grant) -> bool {
        self.0.contains(&grant)
    }
}

impl From<Grant> for Grants {
    fn from(grant: Grant) -> Grants {
        Grants([grant].into())
    }
}

impl From<WrittenGrants> for Grants {
    fn from(written: WrittenGrants) -> Grants {
        match written {
            WrittenGrants::One(grant) => grant.into(),
            WrittenGrants::Several(grants) => Grants(grants),
        }
    }
}

impl From<Grants> for WrittenGrants {
    fn from(grants: Grants) -> WrittenGrants {
        match grants.0.first() {
            Some(only) if grants.0.len() == 1 => WrittenGrants::One(*only),
            Some(_) | None => WrittenGrants::Several(grants.0),
        }
    }
}

/// An account's administrator role beyond its groups (docs/atlassian.md#organization-administrators, `platformRoles`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformRole {
    /// The organization. Assumption: this role gives no right in Jira.
    OrgAdmin,
    /// The site, as a member of a site-admin group does.
    SiteAdmin,
    /// Users and groups.
    UserAccessAdmin,
}

impl PlatformRole {
    const ALL: [PlatformRole; 3] =
        [PlatformRole::OrgAdmin, PlatformRole::SiteAdmin, PlatformRole::UserAccessAdmin];

    /// The role that an ID on the wire names.
    pub(super) fn of_id(id: &str) -> Option<PlatformRole> {
        PlatformRole::ALL.into_iter().find(|role| role.id() == id)
    }

    /// Its ID on the wire.
    pub(super) fn id(self) -> &'static str {
        match self {
            PlatformRole::OrgAdmin => "atlassian/org-admin",
            PlatformRole::SiteAdmin => "atlassian/site-admin",
            PlatformRole::UserAccessAdmin => "atlassian/user-access-admin",
        }
    }
}

/// The stage of the deletion of an account (docs/atlassian.md#deactivating-and-activating).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// The 14 days in which it can be cancelled: `for_deletion`.
    Scheduled,
    /// It is done: `closed`.
    Done,
}
