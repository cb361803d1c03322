//! The lock that `rollbook lock` writes, and its gaps: the identities of everybody and everything declared.

use std::collections::BTreeMap;

use crate::model::{
    AccountId, Declaration, DeclaredGroup, Diagnostic, Email, GroupName, GroupState, LiveState, Lock,
    LockedId, Origin, Span, Surface, UserRef,
};

use super::desired::{Desired, owners};
use super::diff::{invitation, not_there, unknown_app};
use super::identity::{
    GroupIdentity, GroupNames, Groups, Identity, Obstacle, ObstacleCode, People, Resolved, only_group,
};

/// A new lock.
#[derive(Clone, Debug)]
pub struct Locking {
    /// The mappings to write: the resolved ones, and those of the old lock for the rest.
    pub lock: Lock,
    /// The names that could not be resolved, at their lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// Resolves everybody and everything that a tree declares. `exported` has accounts by email from an export of the admin
/// console; any live response takes precedence.
pub fn lock(desired: &Desired<'_>, live: &LiveState, exported: &BTreeMap<Email, AccountId>) -> Locking {
    let people = People::exported(desired, live, exported);
    let groups = Groups::of(desired.declaration, &live.groups);
    let listing = if live.rights.has(Surface::Jira) { Surface::Jira } else { Surface::Organization }.as_str();
    let mut locking = Locking { lock: Lock::default(), diagnostics: Vec::new() };
    let mut named = places(desired);
    for (email, origin) in desired.declaration.people_in_rules() {
        named.entry(email.clone()).or_insert(origin);
    }
    for (email, origin) in named {
        let old = desired.declaration.lock.users.get(&email);
        match people.person(&UserRef::Email(email.clone())) {
            Identity::Account(id) if people.shares(&email, id) => {
                locking.report_shared(&people, id, origin, &email);
                locking.lock.users.extend(old.map(|old| (email, old.clone())));
            }
            Identity::Account(id) => {
                let from = people.locked_from(old, &email, id);
                locking.lock.users.insert(email, LockedId { id: id.clone(), from });
            }
            // A person without an account is locked once they have been invited.
            Identity::Missing => {}
            Identity::Unresolved(obstacle) => {
                if !has_left(desired, &email, obstacle) {
                    locking.report(obstacle, origin, email.as_str());
                }
                locking.lock.users.extend(old.map(|old| (email, old.clone())));
            }
        }
    }
    for (name, group) in &desired.declaration.groups {
        match groups.get(name) {
            GroupIdentity::Live(live) => {
                let id = live.id.clone();
                let from = if group.id.is_some() { "pin" } else { listing };
                locking.lock.groups.insert(name.clone(), LockedId { id, from: from.into() });
            }
            GroupIdentity::Missing => {}
            // Its line is removed, too: otherwise it would be reported forever.
            GroupIdentity::Unresolved(obstacle) if is_deleted(group, obstacle) => {}
            GroupIdentity::Unresolved(obstacle) => {
                locking.report(obstacle, group.origin, name.as_str());
                let old = desired.declaration.lock.groups.get(name);
                locking.lock.groups.extend(old.map(|old| (GroupName::clone(name), old.clone())));
            }
        }
    }
    locking.synced_groups(desired.declaration, &groups, listing);
    locking.keep_what_rules_name(desired.declaration);
    locking.add_groups_of_rules(desired.declaration, live, listing);
    let diagnostics = locking.sorted();
    Locking { diagnostics, ..locking }
}

/// The accounts that a tree names only by their IDs, each with the email that may replace the ID: one that the account
/// shows by now, or that an export of the admin console gives it, and that belongs to no other account.
pub fn emails_of_accounts(
    desired: &Desired<'_>,
    live: &LiveState,
    exported: &BTreeMap<Email, AccountId>,
) -> Vec<(AccountId, Email)> {
    let people = People::of(desired, live);
    let (declared, owners) = (desired.people(), owners(desired.declaration));
    let exported: BTreeMap<&AccountId, &Email> = exported.iter().map(|(email, id)| (id, email)).collect();
    let offered = |user: &UserRef| {
        let UserRef::Account(id) = user else { return None };
        let account = live.accounts.get(id).filter(|account| account.kind.is_person())?;
        let email = account.email.as_ref().or_else(|| exported.get(id).copied())?;
        let alone = people.shown_with(email).all(|other| other == id) && email.as_str().is_ascii();
        let free = !declared.contains(&UserRef::Email(email.clone())) && !owners.contains_key(id);
        (alone && free).then(|| (id.clone(), email.clone()))
    };
    declared.iter().filter_map(offered).collect()
}

/// The names in a tree without a live counterpart, at their lines: people who are ambiguous, or who have no account and
/// are not invited, and groups that have changed.
pub fn unresolved(desired: &Desired<'_>, live: &LiveState) -> Vec<Diagnostic> {
    let people = People::of(desired, live);
    let groups = Groups::of(desired.declaration, &live.groups);
    let mut found = Locking { lock: Lock::default(), diagnostics: Vec::new() };
    for (email, origin) in places(desired) {
        let user = UserRef::Email(email.clone());
        match people.person(&user) {
            Identity::Account(id) if people.shares(&email, id) => {
                found.report_shared(&people, id, origin, &email);
            }
            Identity::Account(_) => {}
            Identity::Unresolved(obstacle) if has_left(desired, &email, obstacle) => {}
            Identity::Unresolved(obstacle) => found.report(obstacle, origin, email.as_str()),
            Identity::Missing if desired.offboarded(&email).is_some() => {}
            Identity::Missing => {
                if let Err(obstacle) = invitation(desired, &user) {
                    found.report(&obstacle, origin, email.as_str());
                }
            }
        }
    }
    for (name, group) in &desired.declaration.groups {
        if let GroupIdentity::Unresolved(obstacle) = groups.get(name)
            && !is_deleted(group, obstacle)
        {
            found.report(obstacle, group.origin, name.as_str());
        }
    }
    found.grants_of_nothing(desired, &groups, live);
    found.sources_of_nobody(desired, live);
    found.rules_for_nothing(desired.declaration, live);
    found.sorted()
}

/// Whether a tombstone has served its purpose.
fn is_deleted(group: &DeclaredGroup, obstacle: &Obstacle) -> bool {
    match group.state {
        GroupState::Absent => obstacle.code == ObstacleCode::GroupGone,
        GroupState::Present(_) => false,
    }
}

/// Whether a user that the tree offboards has no account any more.
fn has_left(desired: &Desired<'_>, email: &Email, obstacle: &Obstacle) -> bool {
    obstacle.code == ObstacleCode::AccountGone && desired.offboarded(email).is_some()
}

/// The place where the tree first names each person: under `users:`, in `members`, or in `protect`.
fn places(desired: &Desired<'_>) -> BTreeMap<Email, Origin> {
    let mut places = BTreeMap::new();
    for (email, user) in &desired.declaration.users {
        places.insert(email.clone(), user.origin);
    }
    let entries = desired.groups.values().flat_map(|group| {
        let members = group.members.iter().map(|(user, entry)| (user, entry.origin));
        members.chain(group.denied.iter().map(|(user, denial)| (user, denial.origin)))
    });
    for (user, origin) in entries {
        if let UserRef::Email(email) = user {
            places.entry(email.clone()).or_insert(origin);
        }
    }
    for user in &desired.declaration.policy.protect.users {
        places.entry(user.value.clone()).or_insert(user.origin);
    }
    places
}

impl Locking {
    /// Sorts the diagnostics in the order of the tree.
    fn sorted(&mut self) -> Vec<Diagnostic> {
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        diagnostics
    }

    /// Writes the lines of the synced groups that the tree takes members from, and does not declare: another group of the same
    /// name is not the same group.
    fn synced_groups(&mut self, declaration: &Declaration, groups: &Groups, from: &str) {
        for (member, name) in declaration.synced() {
            if declaration.groups.contains_key(name) || self.lock.groups.contains_key(name) {
                continue;
            }
            let old = || declaration.lock.groups.get(name).cloned();
            let locked = match groups.get(name) {
                GroupIdentity::Live(live) => Some(LockedId { id: live.id.clone(), from: from.into() }),
                GroupIdentity::Missing => None,
                GroupIdentity::Unresolved(obstacle) => {
                    self.report(obstacle, member.origin, name.as_str());
                    old()
                }
            };
            self.lock.groups.extend(locked.map(|locked| (name.clone(), locked)));
        }
    }

    /// Says which `synced:` entries bring nobody since it cannot be told whom.
    fn sources_of_nobody(&mut self, desired: &Desired<'_>, live: &LiveState) {
        let tree = Resolved::of(desired.clone(), live);
        for (member, name) in desired.declaration.synced() {
            if let Some(obstacle) = tree.doubts.get(&member.origin) {
                self.report(obstacle, member.origin, name.as_str());
            }
        }
    }

    /// Keeps the lines of whom and what rules name and nothing declares: without them, a rule holds for whatever goes by the
    /// name.
    fn keep_what_rules_name(&mut self, declaration: &Declaration) {
        for (name, old) in declaration.lock.groups.iter().filter(|(name, _)| declaration.names_group(name)) {
            self.lock.groups.entry(name.clone()).or_insert_with(|| old.clone());
        }
        for (email, old) in declaration.lock.users.iter().filter(|(email, _)| declaration.names_person(email))
        {
            self.lock.users.entry(email.clone()).or_insert_with(|| old.clone());
        }
    }

    /// Writes the lines of groups that rules name and the tree does not declare: by its ID, the rule still means a group
    /// after it is renamed on the site.
    fn add_groups_of_rules(&mut self, declaration: &Declaration, live: &LiveState, from: &str) {
        for (_, name, _) in declaration.policy.named_groups() {
            if declaration.groups.contains_key(name) || self.lock.groups.contains_key(name) {
                continue;
            }
            if let Some(id) = only_group(name, &live.groups) {
                self.lock.groups.insert(name.clone(), LockedId { id: id.clone(), from: from.into() });
            }
        }
    }

    /// Reports rules that name a group that neither the site nor the tree has: a rule without effect must not look as if it
    /// had one.
    fn rules_for_nothing(&mut self, declaration: &Declaration, live: &LiveState) {
        let names = GroupNames::of([declaration], &live.groups);
        for (rule, name, origin) in declaration.policy.named_groups() {
            let declared = declaration.groups.get(name).is_some_and(|group| match group.state {
                GroupState::Present(_) => true,
                GroupState::Absent => false,
            });
            if declared || names.ids(name).next().is_some() {
                continue;
            }
            let obstacle = Obstacle {
                code: ObstacleCode::RuleNamesNothing,
                why: format!(
                    "policy.{rule} names {name}, and neither the site nor the tree has such a group"
                ),
                help: "Correct the name, or remove it from the policy: the rule has no effect.".into(),
            };
            self.report(&obstacle, origin, name.as_str());
        }
    }

    fn report_shared(&mut self, people: &People, id: &AccountId, origin: Origin, email: &Email) {
        if let Some(obstacle) = people.shared(id) {
            self.report(obstacle, origin, email.as_str());
        }
    }

    /// Reports apps that groups give and the site does not have, and groups that it does not have and Rollbook does not create.
    fn grants_of_nothing(&mut self, desired: &Desired<'_>, groups: &Groups, live: &LiveState) {
        let apps = &live.grants.resources;
        let are_read = live.rights.has(Surface::Organization) && live.grants.unread.is_none();
        for (name, group) in &desired.groups {
            if group.unmanaged && matches!(groups.get(name), GroupIdentity::Missing) {
                self.report(&not_there(name), group.declared.origin, name.as_str());
            }
            let held = group.grants.iter().flat_map(|grants| &grants.held);
            let unknown = held.filter(|(access, _)| are_read && !apps.contains_key(&access.app));
            for (access, entry) in unknown {
                self.report(&unknown_app(&access.app, apps.keys()), entry.origin, access.app.as_str());
            }
        }
    }

    fn report(&mut self, obstacle: &Obstacle, origin: Origin, name: &str) {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let diagnostic = Diagnostic::error(obstacle.code.as_str(), obstacle.why.clone())
            .at(Span { origin, length }, "named here")
            .help(obstacle.help.clone());
        self.diagnostics.push(diagnostic);
    }
}
