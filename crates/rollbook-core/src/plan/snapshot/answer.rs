//! Answers the reads of `fetch` from a snapshot.
//!
//! A plan must be the same as one from the site itself. So this answers only the questions of a plan, although the
//! snapshot has more: the known facts about people decide who can be told apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, Capabilities, Email, Grants, GroupId, GroupKind, GroupName, LiveAccount, LiveState,
    ManagedBy, Offboard, OrganizationUser, Questions, Read, Reading, Readings, Snapshot, Surface,
    SyncedGroups, Unread, UserRef,
};

use super::super::desired::{Desired, scim_is_ours};
use super::super::grant_reads::grant_groups;
use super::super::identity::{Groups, People};
use super::super::questions::{
    Beside, Searches, asks, asks_for_direct_roles, groups_to_read, moved, privileged_groups_to_read, reads,
    searches, synced_groups,
};
use super::document::SnapshotError;

/// The live state, as far as a diff needs it. Declared groups whose members the snapshot does not have count as not read.
///
/// # Errors
/// [`SnapshotError::Lacks`] for an account that no read showed and that was not looked up.
pub fn live_state(
    snapshot: &Snapshot,
    desired: &Desired<'_>,
    beside: Beside<'_>,
) -> Result<LiveState, SnapshotError> {
    let held = &snapshot.readings;
    let searches = searches(desired, beside);
    let people = held.search(&searches);
    let found: BTreeSet<Email> = people.iter().filter_map(|person| person.email.clone()).collect();
    let reads = reads(desired, beside, &held.rights, &found);
    let grants = held.grants_for(desired, beside);
    let more = privileged_groups_to_read(desired, beside, &held.rights, &held.groups, &grants);
    let synced = synced_groups(desired, beside, &held.groups);
    let members: BTreeMap<_, _> = groups_to_read(desired, beside, &held.groups)
        .into_iter()
        .chain(more)
        .chain(synced.keys().cloned())
        .filter_map(|id| Some((id.clone(), held.members.get(&id)?.clone())))
        .collect();
    let mut live = LiveState {
        rights: held.rights.clone(),
        groups: held.groups.clone(),
        accounts: held.accounts_of(members.values().flatten()),
        members,
        users: Reading::NotRead,
        people: BTreeMap::new(),
        searched: held.asked_for(&searches.emails),
        scim_users: if reads.scim_users { held.scim_users.clone() } else { Reading::NotRead },
        grants,
        synced: held.synced.only(&synced),
    };
    if reads.users {
        live.accounts.extend(held.accounts_of(&held.users));
        live.users = Reading::Read(held.users.clone());
    }
    live.learn(people);
    if held.rights.has(Surface::Organization) {
        let moved = moved(desired, &live);
        let shown = |person: &&OrganizationUser| person.email.as_ref().is_some_and(|it| moved.contains(it));
        live.learn(held.people.values().filter(shown).cloned());
        live.searched.extend(held.asked_for(&moved));
    }
    if held.rights.has(Surface::Jira) {
        for id in &searches.accounts {
            match held.accounts.get(id) {
                Some(account) => {
                    live.accounts.entry(id.clone()).or_insert_with(|| account.clone());
                }
                None if held.looked_up.contains(id) => {}
                None => return Err(SnapshotError::Lacks(format!("account {id}"))),
            }
        }
    }
    Ok(live)
}

/// The answers to questions.
///
/// # Errors
/// [`SnapshotError::Lacks`] for questions that were not asked when the snapshot was taken.
pub fn capabilities(
    snapshot: &Snapshot,
    questions: &Questions,
    desired: &Desired<'_>,
) -> Result<Capabilities, SnapshotError> {
    if questions.is_empty() {
        return Ok(Capabilities::default());
    }
    let Snapshot { readings: held, asked, answers, .. } = snapshot;
    let lacks = |what: String| SnapshotError::Lacks(what);
    if let Some(id) = questions.memberships.iter().find(|id| !asked.memberships.contains(*id)) {
        return Err(lacks(format!("the groups of account {id}")));
    }
    if let Some((_, name)) = questions.group_kinds.iter().find(|(id, _)| !asked.group_kinds.contains_key(*id))
    {
        return Err(lacks(format!("who manages group {name}")));
    }
    if let Some(id) = questions.privileges.iter().find(|id| !asked.privileges.contains(*id)) {
        return Err(lacks(format!("the permissions on account {id}")));
    }
    if let Some(access) = questions.role_givers.iter().find(|access| !asked.role_givers.contains(*access)) {
        return Err(lacks(format!("which groups give {access}")));
    }
    let memberships: BTreeMap<_, _> = kept(&answers.memberships, |id| questions.memberships.contains(id));
    let groups: BTreeSet<&GroupId> = memberships.values().flatten().map(|group| &group.id).collect();
    let kinds: BTreeMap<GroupId, Option<GroupKind>> =
        kept(&answers.group_kinds, |id| questions.group_kinds.contains_key(id) || groups.contains(id));
    let synced: BTreeSet<&GroupId> = kinds
        .iter()
        .filter(|(_, kind)| kind.as_ref().is_some_and(|kind| kind.managed_by == ManagedBy::External))
        .map(|(id, _)| id)
        .collect();
    let scim = questions.scim_users || !synced.is_empty();
    if scim && scim_is_ours(desired.declaration, &held.rights) && !asked.scim_users {
        return Err(lacks("the users of the SCIM directory".into()));
    }
    Ok(Capabilities {
        people: held.told(snapshot, questions)?,
        accounts: held.looked_at(snapshot, questions)?,
        privileges: kept(&answers.privileges, |id| questions.privileges.contains(id)),
        app_roles: answers.app_roles.only(questions.app_roles),
        site_admins: answers.site_admins.only(questions.admins),
        organization_admins: answers.organization_admins.only(questions.admins),
        verified_domains: answers.verified_domains.only(questions.invitations),
        resources: answers.resources.only(questions.invitations),
        scim_users: answers.scim_users.only(scim),
        scim_groups: kept(&answers.scim_groups, |id| synced.contains(id)),
        role_givers: answers
            .role_givers
            .iter()
            .filter(|givers| questions.role_givers.contains(&givers.access))
            .cloned()
            .collect(),
        giver_members: answers.giver_members.clone(),
        direct_roles: answers.direct_roles.only(questions.direct_roles),
        unread: unread(answers, questions, &kinds, scim),
        group_kinds: kinds.clone(),
        memberships,
    })
}

/// Questions of a plan that were asked when the snapshot was taken, without an answer.
fn unread(
    answers: &Capabilities,
    questions: &Questions,
    kinds: &BTreeMap<GroupId, Option<GroupKind>>,
    scim: bool,
) -> BTreeSet<Unread> {
    let asked = |unread: &&Unread| {
        let account = |asked: &BTreeSet<AccountId>| {
            unread.about.as_deref().map_or(!asked.is_empty(), |id| asked.contains(&AccountId::new(id)))
        };
        match unread.read {
            Read::GroupKind => {
                unread.about.as_deref().is_none_or(|id| questions.group_kinds.contains_key(&GroupId::new(id)))
            }
            Read::DirectoryGroup => {
                unread.about.as_deref().is_none_or(|id| kinds.contains_key(&GroupId::new(id)))
            }
            Read::Memberships => account(&questions.memberships),
            Read::Account => account(&questions.accounts),
            Read::Standing => account(&questions.people),
            Read::Privileges => account(&questions.privileges),
            Read::AppRoles => questions.app_roles,
            Read::SiteAdmins | Read::OrganizationAdmins => questions.admins,
            Read::Domains | Read::Resources => questions.invitations,
            Read::Directories => scim,
            Read::RoleGivers => !questions.role_givers.is_empty(),
            Read::DirectRoles => questions.direct_roles,
            Read::Site
            | Read::Rights
            | Read::Directory
            | Read::Groups
            | Read::Members
            | Read::People
            | Read::Everybody
            | Read::Named
            | Read::Records
            | Read::Grants
            | Read::Synced => false,
        }
    };
    answers.unread.iter().filter(asked).cloned().collect()
}

/// The questions that any change of a tree's declarations may raise, about people that it already declares and that a
/// listing showed.
pub fn possible(snapshot: &Snapshot, desired: &Desired<'_>, live: &LiveState) -> Questions {
    let declaration = desired.declaration;
    let people = People::of(desired, live);
    let shown = || people.accounts().filter(|(_, id)| snapshot.readings.accounts.contains_key(*id));
    let emailed = shown().filter(|(user, _)| matches!(user, UserRef::Email(_)));
    let groups = Groups::of(declaration, &live.groups);
    let deactivates = declaration.policy.offboard == Offboard::Deactivate;
    let manages = deactivates && live.rights.has(Surface::UserManagement);
    Questions {
        group_kinds: groups.live().map(|(_, group)| (group.id.clone(), group.name.clone())).collect(),
        privileges: if manages { emailed.map(|(_, id)| id.clone()).collect() } else { BTreeSet::new() },
        memberships: shown().map(|(_, id)| id.clone()).collect(),
        accounts: BTreeSet::new(),
        people: BTreeSet::new(),
        app_roles: true,
        admins: true,
        invitations: live.rights.has(Surface::Organization),
        scim_users: scim_is_ours(declaration, &live.rights),
        direct_roles: asks_for_direct_roles(declaration, live),
        role_givers: roles_at_hand(desired, live),
    }
}

/// The roles that a tree declares or a declared group gives: a change may concern each of them.
fn roles_at_hand(desired: &Desired<'_>, live: &LiveState) -> BTreeSet<Access> {
    let declared = desired.groups.values().filter_map(|group| group.grants.as_ref());
    let declared = declared.flat_map(|grants| grants.held.keys().chain(grants.denied.keys()));
    let given = live.grants.of.values().flatten();
    let of_site = |access: &&Access| live.grants.resources.contains_key(&access.app);
    declared.chain(given).filter(of_site).cloned().collect()
}

fn kept<K: Ord + Clone, V: Clone>(map: &BTreeMap<K, V>, keep: impl Fn(&K) -> bool) -> BTreeMap<K, V> {
    map.iter().filter(|(key, _)| keep(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl<T: Clone> Reading<T> {
    /// The value, if it was requested.
    fn only(&self, asked: bool) -> Self {
        if asked { self.clone() } else { Self::NotRead }
    }
}

impl SyncedGroups {
    /// What is known of these groups.
    fn only(&self, asked: &BTreeMap<GroupId, GroupName>) -> Self {
        let is_asked =
            |unread: &&Unread| unread.about.as_deref().is_none_or(|id| asked.contains_key(&GroupId::new(id)));
        Self {
            kinds: kept(&self.kinds, |id| asked.contains_key(id)),
            unread: self.unread.iter().filter(is_asked).cloned().collect(),
        }
    }
}

impl Readings {
    /// The roles of the groups that a plan asks about. Roles that were not read are unknown.
    fn grants_for(&self, desired: &Desired<'_>, beside: Beside<'_>) -> Grants {
        if !self.rights.has(Surface::Organization) {
            return Grants::default();
        }
        let deciding = self.grants.deciding.only(asks(desired, beside));
        let asked = grant_groups(desired, beside, &self.groups);
        // A group that will be created gives roles too.
        let gives_any = desired.groups.values().any(|group| group.grants.is_some());
        if asked.is_empty() && !gives_any {
            return Grants { deciding, ..Grants::default() };
        }
        let is_asked = |id: &GroupId| asked.contains(id);
        Grants {
            resources: self.grants.resources.clone(),
            of: kept(&self.grants.of, is_asked),
            defaults: kept(&self.grants.defaults, is_asked),
            undeclarable: kept(&self.grants.undeclarable, is_asked),
            unread: self.grants.unread.clone(),
            deciding,
        }
    }

    /// The organization's response.
    fn search(&self, searches: &Searches) -> Vec<OrganizationUser> {
        if !self.rights.has(Surface::Organization) {
            return Vec::new();
        }
        let hidden = searches.emails.iter().any(|email| self.searched.contains(email));
        let answers = |person: &&OrganizationUser| {
            let by_email = person.email.as_ref().is_some_and(|email| searches.emails.contains(email));
            let by_account = searches.accounts.contains(&person.account);
            by_email || by_account || hidden && self.found.contains(&person.account)
        };
        self.people.values().filter(answers).cloned().collect()
    }

    /// The emails that the organization would have found, if it knew them.
    fn asked_for(&self, emails: &BTreeSet<Email>) -> BTreeSet<Email> {
        if !self.rights.has(Surface::Organization) {
            return BTreeSet::new();
        }
        emails.iter().filter(|email| self.whole || self.searched.contains(*email)).cloned().collect()
    }

    fn accounts_of<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a AccountId>,
    ) -> BTreeMap<AccountId, LiveAccount> {
        ids.into_iter().filter_map(|id| Some((id.clone(), self.accounts.get(id)?.clone()))).collect()
    }

    /// The organization's data about accounts. An account that is not in its full listing is not shown.
    fn told(
        &self,
        snapshot: &Snapshot,
        questions: &Questions,
    ) -> Result<BTreeMap<AccountId, Option<OrganizationUser>>, SnapshotError> {
        if !self.rights.has(Surface::Organization) {
            return Ok(BTreeMap::new());
        }
        let told = |id: &AccountId| match (snapshot.answers.people.get(id), self.people.get(id)) {
            (Some(answer), _) => Ok((id.clone(), answer.clone())),
            (None, Some(person)) => Ok((id.clone(), Some(person.clone()))),
            (None, None) => Err(SnapshotError::Lacks(format!("the organization's data on account {id}"))),
        };
        let answered = |read, id: &&AccountId| snapshot.answers.unread(read, id.as_str()).is_none();
        let leaving = questions.memberships.iter().filter(|id| answered(Read::Memberships, id));
        let others = questions.people.iter().filter(|id| answered(Read::Standing, id));
        let direct = snapshot.answers.direct_roles.read().filter(|_| questions.direct_roles);
        let holders = direct.into_iter().flatten().map(|held| &held.account);
        leaving.chain(others).chain(holders).map(told).collect()
    }

    /// The accounts that a plan asks for by ID, since no listing has to show them.
    fn looked_at(
        &self,
        snapshot: &Snapshot,
        questions: &Questions,
    ) -> Result<BTreeMap<AccountId, Option<LiveAccount>>, SnapshotError> {
        let looked = |id: &AccountId| match (snapshot.answers.accounts.get(id), self.accounts.get(id)) {
            (Some(answer), _) => Ok((id.clone(), answer.clone())),
            (None, Some(account)) => Ok((id.clone(), Some(account.clone()))),
            (None, None) => Err(SnapshotError::Lacks(format!("account {id}"))),
        };
        let answered = |id: &&AccountId| snapshot.answers.unread(Read::Account, id.as_str()).is_none();
        questions.accounts.iter().filter(answered).map(looked).collect()
    }
}
