//! The state of the site: accounts, groups, memberships, apps and rights.
//!
//! Pure values without HTTP: every surface answers from this state.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::credential::SeedCredential;
use super::ids::stable_uuid;
use super::words::{AccountType, AppType, Deletion, Grant, Grants, ManagedBy, PlatformRole, Usage};

/// The state of the site at one time. Serializes as the JSON of `GET /_sandbox/state`, camelCase, without credentials.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The Jira site.
    pub site: Site,
    /// The organization that the site belongs to.
    pub organization: Organization,
    /// The apps by key.
    pub apps: BTreeMap<String, App>,
    /// The accounts by account ID, including removed ones.
    pub accounts: BTreeMap<String, Account>,
    /// The groups by group ID.
    pub groups: BTreeMap<String, Group>,
    /// The users of the SCIM directory by account ID.
    pub scim: BTreeMap<String, ScimRecord>,
    /// How many rows without an ID Jira lists among its users: see [`super::Seed::unknown_accounts`].
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown_accounts: usize,
    /// The credentials of clients; each acts as an account ID.
    #[serde(skip)]
    pub credentials: Vec<SeedCredential>,
}

/// The Jira site.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// `acme` for `https://acme.atlassian.net`.
    pub name: String,
    /// The cloud ID, a UUID.
    pub cloud_id: String,
}

impl Site {
    /// The site's public address, without a slash at the end. The sandbox does not listen there.
    pub fn url(&self) -> String {
        format!("https://{}.atlassian.net", self.name)
    }
}

/// The organization: one site, one directory, one SCIM directory.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The organization's ID.
    pub id: String,
    /// The ID of the directory of users and groups.
    pub directory_id: String,
    /// The ID of the SCIM directory, which differs (docs/atlassian.md#scim-ids).
    pub scim_directory_id: String,
    /// The domains in lower case, and whether each is verified.
    pub domains: BTreeMap<String, bool>,
}

impl Organization {
    /// Whether an email is of a verified domain.
    pub fn has_verified(&self, email: &str) -> bool {
        let domain = email.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        self.domains.get(&domain) == Some(&true)
    }
}

/// The SCIM directory's record of an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScimRecord {
    /// The SCIM ID, which is not an account ID.
    pub id: String,
    /// The user name, unique without regard to ASCII case.
    pub user_name: String,
    /// The identity provider's own ID.
    pub external_id: Option<String>,
    /// The identity provider's last status; the account itself may have changed since.
    pub active: bool,
    /// Its other SCIM attributes; `None` if they are those of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
}

/// An app of the site.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The name that people see.
    pub name: String,
    /// How many people may have access; `None` is unlimited.
    pub seats: Option<u32>,
}

/// An account that the site knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub struct Account {
    /// The email, unique without regard to ASCII case; some apps have none.
    pub email: Option<String>,
    /// The display name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// The kind of app.
    pub app_type: Option<AppType>,
    /// Whether it is active, everywhere.
    pub active: bool,
    /// Whether it is invited and has not accepted.
    pub pending: bool,
    /// Whether its access is suspended in the directory.
    pub suspended: bool,
    /// Whether it is being deleted, or is deleted.
    pub deletion: Option<Deletion>,
    /// Whether the organization manages it.
    pub managed: bool,
    /// Its administrator roles beyond its groups.
    pub roles: BTreeSet<PlatformRole>,
    /// What it may do by itself, not by a group, by app key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<String, Grants>,
    /// Whether the API hides the email from others.
    pub hide_email: bool,
    /// When it last used its apps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active: Option<jiff::Timestamp>,
    /// Whether it was removed from the site and the directory: listed by Jira, inactive, in no group.
    pub removed: bool,
    /// Its profile besides the name: `nickname`, `zoneinfo`, `locale`, `extended_profile`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub profile: Map<String, Value>,
}

/// A group of the directory, or a team.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The name, unique without regard to case; it may change.
    pub name: String,
    /// The description; Jira REST does not show it.
    pub description: Option<String>,
    /// Who decides the members.
    pub managed_by: ManagedBy,
    /// Its purpose.
    pub usage: Usage,
    /// The identity provider's ID of the group, if it owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The roles of members, by app key.
    pub grants: BTreeMap<String, Grants>,
    /// The keys of the apps whose default group it is.
    pub default_for: BTreeSet<String>,
    /// Whether members administer the site.
    pub site_admin: bool,
    /// Whether members have *Browse users and groups*; `None`: when it grants an app or the site.
    pub browse_users: Option<bool>,
    /// The account IDs of the members, including inactive ones.
    pub members: BTreeSet<String>,
    /// How many rows without an ID Jira lists among its members.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown_members: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Account {
    /// Whether it belongs to an erased person: only an ID is left, and `Former user` in lists (captured from real sites by
    /// Swimlane, 2025).
    pub fn is_erased(&self) -> bool {
        self.kind == AccountType::Atlassian && self.email.is_none()
    }

    /// Whether the account is active and may log in.
    pub fn is_live(&self) -> bool {
        self.active && !self.removed && !self.suspended && self.deletion.is_none()
    }
}

impl Group {
    fn gives_browse_users(&self) -> bool {
        self.browse_users.unwrap_or(self.site_admin || !self.grants.is_empty())
    }

    /// Whether members have a role in an app.
    pub fn grants(&self, app: &str, grant: Grant) -> bool {
        self.grants.get(app).is_some_and(|grants| grants.holds(grant))
    }

    /// Whether members have a role in any app.
    pub fn grants_anywhere(&self, grant: Grant) -> bool {
        self.grants.values().any(|grants| grants.holds(grant))
    }

    /// The keys of the apps in which members have access and take a seat.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.grants.iter().filter(|(_, grants)| grants.holds(Grant::User)).map(|(app, _)| app.as_str())
    }
}

impl State {
    /// Finds an account ID by account ID or, without regard to ASCII case, by email.
    pub fn account_id(&self, reference: &str) -> Option<&str> {
        if let Some((id, _)) = self.accounts.get_key_value(reference) {
            return Some(id);
        }
        let has_email = |account: &Account| {
            account.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(reference))
        };
        self.accounts.iter().find(|(_, account)| has_email(account)).map(|(id, _)| id.as_str())
    }

    /// Finds a group ID by group ID or by exact name.
    pub fn group_id(&self, reference: &str) -> Option<&str> {
        if let Some((id, _)) = self.groups.get_key_value(reference) {
            return Some(id);
        }
        self.group_named(reference)
    }

    /// Finds a group ID by exact name.
    pub fn group_named(&self, name: &str) -> Option<&str> {
        self.groups.iter().find(|(_, group)| group.name == name).map(|(id, _)| id.as_str())
    }

    /// Whether a group has this name in any case: such a name is in use.
    pub fn name_in_use(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.groups.values().any(|group| group.name.to_lowercase() == name)
    }

    /// The groups that an account is in.
    pub fn groups_of(&self, account_id: &str) -> impl Iterator<Item = (&str, &Group)> {
        self.groups
            .iter()
            .filter(move |(_, group)| group.members.contains(account_id))
            .map(|(id, group)| (id.as_str(), group))
    }

    /// Whether an account administers the site: by membership of a group, regardless of its name
    /// (docs/atlassian.md#site-administration).
    pub fn is_site_admin(&self, account_id: &str) -> bool {
        self.has_role(account_id, PlatformRole::SiteAdmin) || self.is_in(account_id, |group| group.site_admin)
    }

    /// Whether an account has *Administer Jira*: site admins and the admins of any app.
    pub fn administers_jira(&self, account_id: &str) -> bool {
        let administers = |group: &Group| group.grants_anywhere(Grant::Admin);
        let grants = self.accounts.get(account_id).map(|account| &account.grants);
        let directly = grants.is_some_and(|grants| grants.values().any(|it| it.holds(Grant::Admin)));
        directly || self.is_site_admin(account_id) || self.is_in(account_id, administers)
    }

    /// Whether an account has the global permission *Browse users and groups*.
    pub fn browses_users(&self, account_id: &str) -> bool {
        self.has_role(account_id, PlatformRole::SiteAdmin)
            || self.is_in(account_id, Group::gives_browse_users)
    }

    fn has_role(&self, account_id: &str, role: PlatformRole) -> bool {
        self.accounts.get(account_id).is_some_and(|account| account.roles.contains(&role))
    }

    /// Finds the account ID behind a SCIM ID.
    pub fn account_of_scim(&self, scim_id: &str) -> Option<&str> {
        self.scim.iter().find(|(_, record)| record.id == scim_id).map(|(account_id, _)| account_id.as_str())
    }

    /// The SCIM ID of a group. Assumption: it differs from the group ID, as with users.
    pub fn scim_group_id(group_id: &str) -> String {
        stable_uuid("scim-group", group_id)
    }

    /// Whether an account is in a group of a kind. Every request asks this, and few groups are of these kinds, so the members
    /// are checked last.
    fn is_in(&self, account_id: &str, kind: impl Fn(&Group) -> bool) -> bool {
        self.groups.values().any(|group| kind(group) && group.members.contains(account_id))
    }

    /// The keys of the apps that an account has access to.
    pub fn apps_of(&self, account_id: &str) -> BTreeSet<&str> {
        let by_group = self.groups_of(account_id).flat_map(|(_, group)| group.apps());
        let direct = self.accounts.get(account_id).into_iter().flat_map(|account| &account.grants);
        let direct = direct.filter(|(_, grants)| grants.holds(Grant::User)).map(|(app, _)| app.as_str());
        by_group.chain(direct).collect()
    }

    /// The roles of an account in an app, and of each whether it holds it directly and whether a group gives it.
    pub fn roles_in(&self, account_id: &str, app: &str) -> BTreeMap<Grant, (bool, bool)> {
        let mut roles: BTreeMap<Grant, (bool, bool)> = BTreeMap::new();
        let own = self.accounts.get(account_id).and_then(|account| account.grants.get(app));
        for grant in own.into_iter().flat_map(|grants| &grants.0) {
            roles.entry(*grant).or_default().0 = true;
        }
        let of_groups = self.groups_of(account_id).filter_map(|(_, group)| group.grants.get(app));
        for grant in of_groups.flat_map(|grants| &grants.0) {
            roles.entry(*grant).or_default().1 = true;
        }
        roles
    }

    /// The groups that give access to an app.
    pub fn groups_with_access(&self, app: &str) -> impl Iterator<Item = (&str, &Group)> {
        self.groups
            .iter()
            .filter(move |(_, group)| group.grants(app, Grant::User))
            .map(|(id, group)| (id.as_str(), group))
    }

    /// How many seats of an app are taken: active people in its groups, or who hold it directly. Apps and customers take none.
    pub fn seats_taken(&self, app: &str) -> usize {
        let members: BTreeSet<&String> =
            self.groups_with_access(app).flat_map(|(_, group)| &group.members).collect();
        let holds = |account: &Account| account.grants.get(app).is_some_and(|it| it.holds(Grant::User));
        let direct = self.accounts.iter().filter(|(_, account)| holds(account)).map(|(id, _)| id);
        let members: BTreeSet<&String> = members.into_iter().chain(direct).collect();
        members.into_iter().filter(|id| self.takes_a_seat(id)).count()
    }

    /// The apps that have no seat left for an account that would get access to `apps`.
    pub fn apps_without_seat<'a>(
        &self,
        account_id: &str,
        apps: impl Iterator<Item = &'a str>,
    ) -> Vec<&'a str> {
        let held = self.apps_of(account_id);
        apps.filter(|key| !held.contains(key))
            .filter(|key| {
                let seats = self.apps.get(*key).and_then(|app| app.seats);
                seats.is_some_and(|seats| self.seats_taken(key) >= seats as usize)
            })
            .collect()
    }

    /// Whether an account counts for the licence when it has access.
    pub fn takes_a_seat(&self, account_id: &str) -> bool {
        self.accounts
            .get(account_id)
            .is_some_and(|account| account.is_live() && account.kind == AccountType::Atlassian)
    }
}
