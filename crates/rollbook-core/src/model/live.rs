//! What the surfaces report.
//!
//! A partial, empty or failed read must never become a plan (docs/design.md#whole-or-nothing). So only
//! [`Listing::checked`] makes a [`Listing`], something that was not read is [`Reading::NotRead`] and not an empty
//! listing, and only a listing hands out a [`Membership`] that an operation may end.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::access::Grants;
use super::capability::GroupKind;
use super::email::Email;
use super::ids::{AccountId, GroupId, GroupName};
use super::operation::Surface;
use super::organization::{OrganizationUser, UserStatus};
use super::read::Unread;
use super::scim::ScimUser;

/// The live state, as far as a plan needs it.
#[derive(Clone, Debug)]
pub struct LiveState {
    /// The access that the credentials have.
    pub rights: Rights,
    /// Every group of the site.
    pub groups: Listing<LiveGroup>,
    /// The members of each declared group that exists, and of each that a tree takes members from.
    pub members: BTreeMap<GroupId, Listing<AccountId>>,
    /// Every account of the site, if an identity needed it.
    pub users: Reading<Listing<AccountId>>,
    /// The data of each account that any read showed.
    pub accounts: BTreeMap<AccountId, LiveAccount>,
    /// The organization's data about the people that it was asked for.
    pub people: BTreeMap<AccountId, OrganizationUser>,
    /// The emails that the organization was asked for, whether it knows them or not.
    pub searched: BTreeSet<Email>,
    /// The users of the SCIM directory, if an identity needed them.
    pub scim_users: Reading<Vec<ScimUser>>,
    /// The roles of groups in apps, if a tree declares any.
    pub grants: Grants,
    /// What the groups are that a tree takes members from. Their members are among `members`.
    pub synced: SyncedGroups,
}

/// The groups that a tree takes members from by `synced`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncedGroups {
    /// Who may change each; `None` where the API did not show the group.
    pub kinds: BTreeMap<GroupId, Option<GroupKind>>,
    /// What of them was asked and has no answer, by the id of the group.
    pub unread: BTreeSet<Unread>,
}

/// A group, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveGroup {
    /// Its ID.
    pub id: GroupId,
    /// Its name.
    pub name: GroupName,
}

/// An account, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveAccount {
    /// Its ID.
    pub id: AccountId,
    /// The kind of account.
    pub kind: AccountKind,
    /// Whether it is active, and if not, why, as far as a surface says.
    pub status: UserStatus,
    /// The display name; it comes from outside and may contain anything.
    pub name: String,
    /// The email, if the API shows it (docs/atlassian.md#hidden-emails).
    pub email: Option<Email>,
}

/// `accountType` of the API (docs/atlassian.md#account-kinds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// A person.
    Atlassian,
    /// An app, a service account or an agent.
    App,
    /// A portal-only customer.
    Customer,
    /// The API does not say.
    Unknown,
}

impl AccountKind {
    /// Whether an account may be a person: one of unknown kind may be (docs/atlassian.md#account-kinds).
    pub fn is_person(self) -> bool {
        match self {
            Self::Atlassian | Self::Unknown => true,
            Self::App | Self::Customer => false,
        }
    }
}

/// The access that the credentials have.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// The surfaces that there is a credential for.
    pub surfaces: BTreeSet<Surface>,
    /// The rights of the Jira credential, if there is one. The owners of other keys are not known.
    pub jira: Option<JiraRights>,
}

/// The rights of the Jira credential, as the probe found them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JiraRights {
    /// The account that the credential acts as.
    pub acting: LiveAccount,
    /// The global permission "Browse users and groups": without it listings come back empty
    /// (docs/atlassian.md#browse-users-and-groups).
    pub browse_users: bool,
    /// The global permission "Administer Jira".
    pub administer: bool,
    /// The groups that make their members site administrators.
    pub site_admin_groups: Listing<LiveGroup>,
    /// Whether the acting account is in one of them, as group writes need.
    pub site_admin: bool,
}

impl Rights {
    /// The account that Jira's credential acts as.
    pub fn acting(&self) -> Option<&AccountId> {
        self.jira.as_ref().map(|jira| &jira.acting.id)
    }

    /// Whether there is a credential for a surface.
    pub fn has(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    /// The groups that make their members site administrators, if Jira reported them.
    pub fn site_admin_groups(&self) -> impl Iterator<Item = &LiveGroup> {
        self.jira.iter().flat_map(|jira| jira.site_admin_groups.iter())
    }
}

/// Atlassian's name for every account that was erased for good. It is nobody's name.
pub const FORMER_USER: &str = "Former user";

impl LiveAccount {
    /// Whether it is active.
    pub fn active(&self) -> bool {
        self.status == UserStatus::Active
    }

    /// Whether it is the account of a person whose email no surface shows. An erased account does not hide its email:
    /// it has none.
    pub fn hides_email(&self) -> bool {
        self.kind.is_person() && self.email.is_none() && !self.is_erased()
    }

    /// Whether it is the remainder of an account that was erased for good: Atlassian keeps the ID, gives it this name, and
    /// shows it as inactive and without an email (captured from sites of 2024 and 2025).
    pub fn is_erased(&self) -> bool {
        !self.active() && self.email.is_none() && self.name == FORMER_USER
    }

    /// Adds the organization's data about the person: it knows emails that Jira hides, and why somebody is not active.
    /// It overwrites nothing that the organization leaves out.
    pub fn learn(&mut self, person: &OrganizationUser) {
        if person.email.is_some() {
            self.email.clone_from(&person.email);
        }
        if person.status != UserStatus::NotReported {
            self.status = person.status;
        }
    }
}

/// Atlassian's own group of an organization's administrators. It has this name in every organization, and gives the role until
/// the Units rollout reaches a tenant (docs/atlassian.md#organization-administrators).
pub const ORGANIZATION_ADMINS: &str = "org-admins";

impl Listing<LiveGroup> {
    /// The groups that administer the organization.
    pub fn organization_admins(&self) -> impl Iterator<Item = &GroupId> {
        self.iter().filter(|group| group.name.as_str() == ORGANIZATION_ADMINS).map(|group| &group.id)
    }
}

impl LiveState {
    /// Adds the organization's data about people.
    pub fn learn(&mut self, people: impl IntoIterator<Item = OrganizationUser>) {
        for person in people {
            self.accounts.entry(person.account.clone()).or_insert_with(|| person.live()).learn(&person);
            self.people.insert(person.account.clone(), person);
        }
    }
}

/// Something that may not have been read, which differs from empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading<T> {
    /// No read asked for it, or the credential lacks the permission.
    #[default]
    NotRead,
    /// Read completely.
    Read(T),
}

/// The rows that a pager collected.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows of every page, in any order.
    pub rows: Vec<T>,
    /// How many rows there are, if the API says so.
    pub total: Option<usize>,
    /// Whether the API marked the last page as the last.
    pub ended: bool,
}

/// Rows that are known to be complete, distinct and in order. A snapshot's listing was complete when it was read; a
/// plan from it is only for people to look at, and apply reads for itself.
///
/// A row whose ID the API does not show counts towards the total, although its owner is unknown. Such a row is never
/// matched or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    rows: Vec<T>,
    unidentified: Vec<String>,
}

/// Why rows are not a listing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncompleteRead {
    /// The last page is missing.
    #[error("the last page is missing after {read} rows")]
    Unended {
        /// Rows that were read.
        read: usize,
    },
    /// The number of distinct rows is not the total.
    #[error("{distinct} distinct rows were read, but the API counts {total}")]
    Miscounted {
        /// Distinct rows that were read.
        distinct: usize,
        /// The API's count.
        total: usize,
    },
    /// A row occurred twice, so the pages moved while they were read.
    #[error("a row occurred twice: the list changed while it was read")]
    Repeated,
}

/// A membership that a listing showed. Only a listing makes one, so nothing that was not read can be revoked; a saved
/// plan has memberships only for display and comparison, and is never itself carried out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    group: GroupId,
    account: AccountId,
}

impl<T> Reading<T> {
    /// Whether it was not read.
    pub fn is_not_read(&self) -> bool {
        self.read().is_none()
    }

    /// What was read.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::NotRead => None,
            Self::Read(value) => Some(value),
        }
    }
}

impl<T: Ord + Clone> Listing<T> {
    /// Only the rows of a given set.
    #[must_use]
    pub fn only(&self, kept: &BTreeSet<T>) -> Self {
        let rows = self.rows.iter().filter(|row| kept.contains(row)).cloned().collect();
        Self { rows, unidentified: Vec::new() }
    }
}

impl<T: Ord> Listing<T> {
    /// A listing of rows that are known to be complete, from several complete reads.
    pub fn joined(rows: BTreeSet<T>) -> Self {
        Self { rows: rows.into_iter().collect(), unidentified: Vec::new() }
    }

    /// Checks that the rows are complete.
    ///
    /// # Errors
    /// [`IncompleteRead`] when the last page is missing, a row occurred twice, or the count differs from the API's.
    pub fn checked(rows: Rows<T>) -> Result<Self, IncompleteRead> {
        let Rows { mut rows, total, ended } = rows;
        let read = rows.len();
        if !ended {
            return Err(IncompleteRead::Unended { read });
        }
        rows.sort();
        rows.dedup();
        let distinct = rows.len();
        match total {
            Some(total) if total != distinct => Err(IncompleteRead::Miscounted { distinct, total }),
            Some(_) | None if distinct != read => Err(IncompleteRead::Repeated),
            Some(_) | None => Ok(Self { rows, unidentified: Vec::new() }),
        }
    }

    /// Whether it contains a row.
    pub fn contains(&self, row: &T) -> bool {
        self.rows.binary_search(row).is_ok()
    }
}

/// The written form of a listing: its rows, if all of them have IDs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written<R> {
    Rows(R),
    Beside { rows: R, unidentified: Vec<String> },
}

impl<T: Serialize> Serialize for Listing<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match self.unidentified.as_slice() {
            [] => Written::Rows(&self.rows),
            names => Written::Beside { rows: &self.rows, unidentified: names.to_vec() },
        };
        written.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Listing<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Written::<Vec<T>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::<Vec<T>>::json_schema(generator)
    }
}

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for Listing<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (rows, unidentified) = match Written::deserialize(deserializer)? {
            Written::Rows(rows) => (rows, Vec::new()),
            Written::Beside { rows, unidentified } => (rows, unidentified),
        };
        let listing = Self::checked(Rows { rows, total: None, ended: true }).map_err(de::Error::custom)?;
        Ok(listing.beside(unidentified))
    }
}

impl<T> Listing<T> {
    /// Adds the names of rows without an ID.
    #[must_use]
    pub fn beside(mut self, unidentified: impl IntoIterator<Item = String>) -> Self {
        self.unidentified = unidentified.into_iter().collect();
        self.unidentified.sort();
        self
    }

    /// Gives its rows without an ID other names.
    #[must_use]
    pub fn calling_unidentified(self, name: impl Fn(&str) -> String) -> Self {
        let names: Vec<String> = self.unidentified.iter().map(|known| name(known)).collect();
        self.beside(names)
    }

    /// The names of the rows without an ID; a name may be empty.
    pub fn unidentified(&self) -> &[String] {
        &self.unidentified
    }

    /// The rows, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<'a, T> IntoIterator for &'a Listing<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Listing<AccountId> {
    /// Makes its IDs share their text with those of known accounts.
    #[must_use]
    pub fn sharing(mut self, known: &IndexMap<AccountId, LiveAccount>) -> Self {
        for id in &mut self.rows {
            if let Some((same, _)) = known.get_key_value(id) {
                id.clone_from(same);
            }
        }
        self
    }

    /// The memberships that this listing, read as the members of a group, shows.
    pub fn memberships(&self, group: &GroupId) -> impl Iterator<Item = Membership> {
        self.iter().map(|account| Membership { group: group.clone(), account: account.clone() })
    }
}

impl Listing<LiveGroup> {
    /// Gives the groups other names.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&LiveGroup) -> GroupName) -> Self {
        let rows = self.iter().map(|group| LiveGroup { id: group.id.clone(), name: name(group) });
        let rows: BTreeSet<LiveGroup> = rows.collect();
        Self { rows: rows.into_iter().collect(), unidentified: self.unidentified.clone() }
    }

    /// The memberships that this listing, read as the groups of an account, shows.
    pub fn memberships_of(&self, account: &AccountId) -> impl Iterator<Item = (GroupName, Membership)> {
        self.iter().map(|group| {
            (group.name.clone(), Membership { group: group.id.clone(), account: account.clone() })
        })
    }
}

impl Membership {
    /// The group.
    pub fn group(&self) -> &GroupId {
        &self.group
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[u8], total: Option<usize>, ended: bool) -> Rows<u8> {
        Rows { rows: rows.to_vec(), total, ended }
    }

    #[test]
    fn only_a_whole_read_is_a_listing() {
        assert_eq!(Listing::checked(rows(&[2, 1], Some(2), true)).unwrap().rows, [1, 2]);
        assert!(Listing::checked(rows(&[], Some(0), true)).unwrap().is_empty());
        assert_eq!(
            Listing::checked(rows(&[1], None, false)),
            Err(IncompleteRead::Unended { read: 1 }),
            "a list that was cut off"
        );
        assert_eq!(
            Listing::checked(rows(&[1, 1], Some(2), true)),
            Err(IncompleteRead::Miscounted { distinct: 1, total: 2 }),
            "somebody was skipped when the pages moved"
        );
        assert_eq!(
            Listing::checked(rows(&[], Some(3), true)),
            Err(IncompleteRead::Miscounted { distinct: 0, total: 3 })
        );
        assert_eq!(Listing::checked(rows(&[1, 2, 1], None, true)), Err(IncompleteRead::Repeated));
    }
}
