//! The reads that are needed: for the diff, and for routing its result.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Access, AccountId, Address, Changes, Declaration, DirectRoles, Email, Grants, GroupId, GroupName,
    Listing, LiveAccount, LiveGroup, LiveState, Offboard, Questions, Ref, Rights, SelfGrant, Source, Surface,
    UnlistedUsers, UserRef, Wanted,
};

use super::desired::scim_is_ours;
use super::desired::{Desired, Lookup};
use super::identity::{GroupNames, Groups, Marked};
use super::import::Selection;

/// The first requests to the organization: by email a hundred a request, by account ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searches {
    /// The emails that neither pin nor lock explains.
    pub emails: BTreeSet<Email>,
    /// The accounts whose status matters.
    pub accounts: BTreeSet<AccountId>,
}

/// The reads that a diff needs besides the group listing and the rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Whether the SCIM directory's users must be listed.
    pub scim_users: bool,
    /// Whether every user of the site must be listed. It is one long read, so it happens only when an identity
    /// or a status needs it.
    pub users: bool,
}

/// The reads that an undo needs, besides those for the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// The groups that the run touched.
    pub groups: BTreeSet<GroupId>,
    /// The accounts that it touched.
    pub accounts: BTreeSet<AccountId>,
    /// The groups to which it gave roles in apps, or from which it revoked some.
    pub roles: BTreeSet<GroupId>,
}

/// Reads besides those that a tree asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The base that the tree is compared with.
    pub base: Option<&'a Desired<'a>>,
    /// The authors of the change from the base to the tree.
    pub authors: &'a [Email],
    /// The groups and accounts of a run that is undone.
    pub undo: Option<&'a Concerned>,
    /// The groups that will be declared.
    pub import: Option<&'a Selection>,
}

/// The searches in an organization for the people that a tree, and the reads besides it, name.
pub fn searches(desired: &Desired<'_>, beside: Beside<'_>) -> Searches {
    let mut searches = searches_of(desired);
    if let Some(base) = beside.base {
        let Searches { emails, accounts } = searches_of(base);
        searches.emails.extend(emails);
        searches.accounts.extend(accounts);
    }
    let trees = || std::iter::once(desired).chain(beside.base).map(|tree| tree.declaration);
    // The accounts of an author's mailbox may show further addresses of theirs.
    let is_authors = |email: &Email| beside.authors.iter().any(|author| author.is_same_mailbox(email));
    let accounts = trees().flat_map(Declaration::tied).filter(|(email, _)| is_authors(email));
    searches.accounts.extend(accounts.map(|(_, id)| id.clone()));
    searches.accounts.extend(newly_named(desired, beside));
    let unexplained = |author: &&Email| explained(desired.declaration, author).is_none();
    searches.emails.extend(beside.authors.iter().filter(unexplained).cloned());
    searches.emails.extend(come_into_rules(desired, beside));
    searches.accounts.extend(beside.undo.iter().flat_map(|undo| undo.accounts.iter().cloned()));
    searches
}

fn searches_of(desired: &Desired<'_>) -> Searches {
    let declaration = desired.declaration;
    let emails = if desired.lookup == Lookup::Locked { BTreeSet::new() } else { unexplained(desired) };
    let declared = declaration.users.iter().filter(|(_, user)| user.active_on(desired.today).is_some());
    let mut accounts: BTreeSet<AccountId> =
        declared.filter_map(|(email, _)| explained(declaration, email).cloned()).collect();
    if desired.lookup == Lookup::ForLock {
        // The email of an account that the tree names by its ID may be known by now.
        accounts.extend(desired.people().iter().filter_map(|user| match user {
            UserRef::Account(id) => Some(id.clone()),
            UserRef::Email(_) => None,
        }));
    }
    Searches { emails, accounts }
}

/// The declared emails whose account, by pin or lock, shows another one: each may belong to somebody else by now.
pub fn moved(desired: &Desired<'_>, live: &LiveState) -> BTreeSet<Email> {
    let shows_another = |email: &&Email| {
        let account = explained(desired.declaration, email).and_then(|id| live.accounts.get(id));
        account.and_then(|account| account.email.as_ref()).is_some_and(|shown| shown != *email)
    };
    desired.emails().filter(shows_another).cloned().collect()
}

/// The reads that a diff needs, once the organization has found these emails.
pub fn reads(desired: &Desired<'_>, beside: Beside<'_>, rights: &Rights, found: &BTreeSet<Email>) -> Reads {
    let own = reads_of(desired, rights, found);
    let base = beside.base.map(|base| reads_of(base, rights, found));
    let unknown =
        |author: &Email| explained(desired.declaration, author).is_none() && !found.contains(author);
    let author = asks(desired, beside) && beside.authors.iter().any(unknown);
    let ruled = come_into_rules(desired, beside).iter().any(|email| !found.contains(email));
    Reads {
        scim_users: own.scim_users || base.is_some_and(|base| base.scim_users),
        users: own.users || base.is_some_and(|base| base.users) || author || ruled,
    }
}

/// Whether a tree or its base asks who made the change.
pub fn asks(desired: &Desired<'_>, beside: Beside<'_>) -> bool {
    let mut trees = beside.base.into_iter().chain([desired]);
    trees.any(|tree| tree.declaration.policy.self_grant == SelfGrant::Refuse)
}

/// The people that a change newly names in a rule about authors, or ties to an account for the first time, while the
/// base ties them to none. Whether the author may do that depends on what the site shows.
fn come_into_rules(desired: &Desired<'_>, beside: Beside<'_>) -> BTreeSet<Email> {
    let Some(base) = beside.base.filter(|_| asks(desired, beside)) else { return BTreeSet::new() };
    let (now, before) = (desired.declaration, base.declaration);
    let waived: BTreeSet<&Email> = newly_waived(now, before).filter_map(UserRef::email).collect();
    let comes = |email: &&Email| {
        let is_new = explained(now, email).is_some() || !before.names_person(email) || waived.contains(email);
        explained(before, email).is_none() && is_new
    };
    now.people_in_rules().map(|(email, _)| email).filter(comes).cloned().collect()
}

/// The people that a change waives `self-grant` for.
fn newly_waived<'a>(now: &'a Declaration, before: &'a Declaration) -> impl Iterator<Item = &'a UserRef> {
    let known: BTreeSet<&Address> = before.self_grant_waived().collect();
    now.self_grant_waived().filter(move |address| !known.contains(address)).filter_map(Address::user)
}

/// The accounts that a change newly ties to an email, names by their IDs, or waives `self-grant` for: their owners depend on the
/// emails that the site shows.
fn newly_named(desired: &Desired<'_>, beside: Beside<'_>) -> BTreeSet<AccountId> {
    let Some(base) = beside.base.filter(|_| asks(desired, beside)) else { return BTreeSet::new() };
    let (now, before) = (desired.declaration, base.declaration);
    let known: BTreeSet<(&Email, &AccountId)> = before.tied().collect();
    let tied = now.tied().filter(|tied| !known.contains(tied)).map(|(_, id)| id);
    let waived = newly_waived(now, before).filter_map(|user| match user {
        UserRef::Account(id) => Some(id),
        UserRef::Email(email) => explained(before, email),
    });
    let listed = desired.people().difference(base.people()).filter_map(|user| match user {
        UserRef::Account(id) => Some(id),
        UserRef::Email(_) => None,
    });
    tied.chain(waived).chain(listed).cloned().collect()
}

fn reads_of(desired: &Desired<'_>, rights: &Rights, found: &BTreeSet<Email>) -> Reads {
    let declaration = desired.declaration;
    let asked = rights.has(Surface::Organization);
    let status = !asked && declaration.users.values().any(|user| user.active_on(desired.today).is_some());
    let policy = declaration.policy.unlisted_users.map(|policy| policy.value);
    let unlisted = policy.is_some_and(|policy| policy != UnlistedUsers::Ignore);
    let for_lock = desired.lookup == Lookup::ForLock;
    let unknown =
        desired.lookup != Lookup::Locked && unexplained(desired).iter().any(|it| !found.contains(it));
    Reads {
        scim_users: unknown && rights.has(Surface::Scim),
        users: status || unlisted || for_lock || unknown,
    }
}

/// The declared emails that neither pin nor lock explains.
fn unexplained(desired: &Desired<'_>) -> BTreeSet<Email> {
    // Writing the lock needs everybody.
    let for_lock = desired.lookup == Lookup::ForLock;
    let unexplained = |email: &&Email| for_lock || explained(desired.declaration, email).is_none();
    desired.emails().filter(unexplained).cloned().collect()
}

/// The account that a pin or the lock gives an email.
fn explained<'a>(declaration: &'a Declaration, email: &Email) -> Option<&'a AccountId> {
    let pin = declaration.users.get(email).and_then(|user| user.account.as_ref());
    pin.map(|pin| &pin.value).or_else(|| declaration.lock.users.get(email).map(|locked| &locked.id))
}

/// The live groups whose members a diff needs: the existing ones that the tree or its base declares, or whose members a
/// rule counts, and those that are read with them.
pub fn groups_to_read(desired: &Desired<'_>, beside: Beside<'_>, live: &Listing<LiveGroup>) -> Vec<GroupId> {
    let mut ids = BTreeSet::new();
    for tree in std::iter::once(desired).chain(beside.base) {
        let groups = Groups::of(tree.declaration, live);
        ids.extend(groups.live().map(|(_, group)| group.id.clone()));
    }
    let trees = || std::iter::once(desired).chain(beside.base).map(|tree| tree.declaration);
    let names = GroupNames::of(trees(), live);
    // If a group is ambiguous, each that it may mean: the members that the base removes from it must not stay hidden.
    for declaration in trees() {
        let groups = Groups::of(declaration, live);
        let unclear = declaration.groups.keys().filter(|name| groups.is_unclear(name));
        ids.extend(unclear.flat_map(|name| names.ids(name)).cloned());
    }
    for policy in trees().map(|declaration| &declaration.policy) {
        let listed = policy.exclusive.iter().flat_map(|list| &list.value).map(|name| &name.value);
        ids.extend(policy.keep_at_least.keys().chain(listed).flat_map(|name| names.ids(name)).cloned());
    }
    let touched = beside.undo.iter().flat_map(|undo| &undo.groups);
    let existing: BTreeSet<&GroupId> = live.iter().map(|group| &group.id).collect();
    ids.extend(touched.filter(|id| existing.contains(id)).cloned());
    if let Some(selection) = beside.import {
        let selected = live.iter().filter(|group| selection.takes(&group.name));
        ids.extend(selected.map(|group| group.id.clone()));
    }
    ids.into_iter().collect()
}

/// The groups of the site that a tree or its base takes members from, by their names there. Each is read by itself, so that one
/// that is refused ends nothing else.
pub fn synced_groups(
    desired: &Desired<'_>,
    beside: Beside<'_>,
    live: &Listing<LiveGroup>,
) -> BTreeMap<GroupId, GroupName> {
    let mut found = BTreeMap::new();
    for tree in std::iter::once(desired).chain(beside.base) {
        let groups = Groups::of(tree.declaration, live);
        let named = tree.declaration.synced().filter_map(|(_, name)| groups.live_one(name));
        found.extend(named.map(|group| (group.id.clone(), group.name.clone())));
    }
    found
}

/// The privileged groups whose members a diff needs though no tree declares them: where `self-grant` is asked for and somebody
/// ends whom neither a pin nor the lock ties to an account. Once their email changes, each member whom the tree does not name
/// may be that person.
pub fn privileged_groups_to_read(
    desired: &Desired<'_>,
    beside: Beside<'_>,
    rights: &Rights,
    live: &Listing<LiveGroup>,
    grants: &Grants,
) -> Vec<GroupId> {
    let trees = || beside.base.into_iter().chain([desired]);
    let ends_untied = |tree: &Desired<'_>| {
        let mut emails = tree.declaration.users.keys();
        emails.any(|email| {
            explained(tree.declaration, email).is_none() && tree.ends_person(&UserRef::Email(email.clone()))
        })
    };
    if !asks(desired, beside) || !trees().any(ends_untied) {
        return Vec::new();
    }
    let names = GroupNames::of(trees().map(|tree| tree.declaration), live);
    let policies = trees().map(|tree| &tree.declaration.policy);
    let privileged = Marked::privileged(policies, &names, rights, live).and_givers(grants);
    let read: BTreeSet<GroupId> = groups_to_read(desired, beside, live).into_iter().collect();
    let ids = live.iter().map(|group| &group.id);
    ids.filter(|id| privileged.holds(id) && !read.contains(*id)).cloned().collect()
}

/// The questions that must be answered before changes can be routed.
pub fn questions(changes: &Changes, live: &LiveState, declaration: &Declaration) -> Questions {
    let mut asking = Asking {
        names: live.groups.iter().map(|group| (&group.id, &group.name)).collect(),
        admin_groups: live
            .rights
            .site_admin_groups()
            .map(|group| &group.id)
            .chain(live.groups.organization_admins())
            .collect(),
        live,
        scim: scim_is_ours(declaration, &live.rights),
        questions: Questions::default(),
    };
    for change in &changes.changes {
        asking.ask(&change.wanted);
    }
    asking.questions.direct_roles = asks_for_direct_roles(declaration, live);
    asking.questions
}

/// Whether a plan is to name the roles that people hold directly, and there is somebody to ask.
pub(super) fn asks_for_direct_roles(declaration: &Declaration, live: &LiveState) -> bool {
    declaration.policy.direct_roles == DirectRoles::Report && live.rights.has(Surface::Organization)
}

struct Asking<'a> {
    names: BTreeMap<&'a GroupId, &'a GroupName>,
    admin_groups: BTreeSet<&'a GroupId>,
    live: &'a LiveState,
    scim: bool,
    questions: Questions,
}

impl Asking<'_> {
    fn ask(&mut self, wanted: &Wanted) {
        match wanted {
            Wanted::AddMember { group, account } => {
                if let Ref::Known(id) = group {
                    self.kind(id);
                }
                if let Ref::Known(id) = account {
                    let known = self.live.accounts.get(id);
                    if known.is_none() {
                        self.questions.accounts.insert(id.clone());
                    }
                    // Jira shows accounts as active that the organization does not show, and so cannot add.
                    let plain =
                        known.is_some_and(LiveAccount::active) && !self.live.rights.has(Surface::Jira);
                    let told = self.live.people.contains_key(id) || plain;
                    if self.live.rights.has(Surface::Organization) && !told {
                        self.questions.people.insert(id.clone());
                    }
                }
                self.questions.app_roles = true;
            }
            Wanted::RemoveMember { membership } => {
                self.decides(membership.group());
                self.kind(membership.group());
                self.questions.app_roles = true;
                // Without Jira, any group may be one that makes administrators.
                let unknown = !self.live.rights.has(Surface::Jira);
                self.questions.admins |= unknown || self.admin_groups.contains(membership.group());
                // The organization removes only accounts that it shows; Jira removes the others.
                let told = self.live.people.contains_key(membership.account());
                if self.live.rights.has(Surface::Organization) && !unknown && !told {
                    self.questions.people.insert(membership.account().clone());
                }
            }
            Wanted::DeleteGroup { group, .. } => {
                self.decides(group);
                self.kind(group);
                self.questions.app_roles = true;
                self.questions.admins |= self.admin_groups.contains(group);
            }
            Wanted::InviteUser { .. } => self.invitation(),
            Wanted::OffboardUser { account, how } => {
                let live = self.live;
                let theirs = live.members.iter().filter(|(_, members)| members.contains(account));
                theirs.for_each(|(group, _)| self.decides(group));
                self.lifecycle(account, *how == Offboard::Deactivate);
                self.questions.admins = true;
            }
            Wanted::ActivateUser { account, .. } => {
                self.lifecycle(account, true);
                self.invitation();
            }
            Wanted::CreateGroup { source, .. } => {
                self.questions.scim_users |= self.scim && *source == Source::Scim;
            }
            Wanted::UpdateUser { .. } => self.questions.scim_users |= self.scim,
            Wanted::AssignRole { group, access } => self.role(group.known(), access),
            Wanted::RevokeRole { held } => self.role(Some(held.group()), held.access()),
        }
    }

    fn kind(&mut self, id: &GroupId) {
        if let Some(name) = self.names.get(id) {
            self.questions.group_kinds.insert(id.clone(), (*name).clone());
        }
    }

    /// The people who get or lose a role depend on the other groups that give it.
    fn role(&mut self, group: Option<&GroupId>, access: &Access) {
        if let Some(id) = group {
            self.kind(id);
        }
        self.questions.app_roles = true;
        self.questions.role_givers.insert(access.clone());
    }

    /// Who leaves a group that lets people decide about the access to an app may be the last who does.
    fn decides(&mut self, group: &GroupId) {
        let live = self.live;
        let held = live.grants.of.get(group).into_iter().flatten();
        self.questions.role_givers.extend(held.filter(|access| access.role.is_privileged()).cloned());
    }

    fn invitation(&mut self) {
        self.questions.app_roles = true;
        self.questions.invitations |= self.live.rights.has(Surface::Organization);
    }

    /// `everywhere` if the account itself may be activated or deactivated, and not only in one directory.
    fn lifecycle(&mut self, account: &AccountId, everywhere: bool) {
        self.questions.memberships.insert(account.clone());
        self.questions.app_roles = true;
        self.questions.scim_users |= self.scim;
        if everywhere && self.live.rights.has(Surface::UserManagement) {
            self.questions.privileges.insert(account.clone());
        }
    }
}
