//! The state of the site that is not in a tree: groups that it does not declare, and members of those that it does.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{
    Access, AccountId, AccountKind, Additions, Address, App, Change, Changes, Claim, Declaration, Email,
    GroupFacts, GroupId, GroupName, GroupState, Import, ImportedGroup, ImportedMember, LeftOut, LiveAccount,
    LiveGroup, LiveState, ManagedBy, Mode, Questions, Undeclarable, Usage, UserRef, Wanted, hidden,
};

use super::desired::{Desired, DesiredGroup, owners};
use super::identity::{Groups, People, Resolved};

/// The live groups that an import is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    patterns: Vec<(GroupName, Option<GlobMatcher>)>,
}

impl Selection {
    /// Selects groups by names, in which `*` and `?` are wildcards; no names select every group.
    pub fn of(names: &[String]) -> Self {
        let matcher = |name: &String| GlobBuilder::new(name).build().ok().map(|glob| glob.compile_matcher());
        Self { patterns: names.iter().map(|name| (GroupName::new(name), matcher(name))).collect() }
    }

    /// Whether it selects a group.
    pub fn takes(&self, group: &GroupName) -> bool {
        self.patterns.is_empty() || self.named(group)
    }

    /// The patterns that no live group matches.
    pub fn unmatched(&self, live: &LiveState) -> Vec<&GroupName> {
        let patterns = self.patterns.iter();
        let unmatched =
            patterns.filter(|pattern| !live.groups.iter().any(|group| matches(pattern, &group.name)));
        unmatched.map(|(name, _)| name).collect()
    }

    /// Whether a pattern selects a group, and not only the lack of any pattern.
    fn named(&self, group: &GroupName) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, group))
    }
}

fn matches((name, glob): &(GroupName, Option<GlobMatcher>), group: &GroupName) -> bool {
    name == group || glob.as_ref().is_some_and(|glob| glob.is_match(group.as_str()))
}

/// The questions of an import besides the live state: who owns the groups that it adds, and which of them give apps.
pub fn import_questions(desired: &Desired<'_>, live: &LiveState, selection: &Selection) -> Questions {
    let declared = Groups::of(desired.declaration, &live.groups);
    let is_new = |group: &&LiveGroup| declared.declared_as(&group.id).is_none();
    let added = live.groups.iter().filter(|group| selection.takes(&group.name)).filter(is_new);
    let group_kinds: BTreeMap<GroupId, GroupName> =
        added.map(|group| (group.id.clone(), group.name.clone())).collect();
    // A credential that does not administer Jira is refused (docs/atlassian.md#administer-jira).
    let administers = live.rights.jira.as_ref().is_some_and(|jira| jira.administer);
    Questions { app_roles: administers && !group_kinds.is_empty(), group_kinds, ..Questions::default() }
}

/// The selected groups whose roles an import declares: those that are not declared, and those that declare no `grants`. A
/// tombstone gives nothing.
pub fn groups_to_grant(desired: &Desired<'_>, live: &LiveState, selection: &Selection) -> BTreeSet<GroupId> {
    let declared = Groups::of(desired.declaration, &live.groups);
    let lacks = |group: &&LiveGroup| match declared.declared_as(&group.id) {
        None => !desired.declaration.groups.contains_key(&group.name),
        Some(name) => desired.groups.get(name).is_some_and(|group| group.grants.is_none()),
    };
    let selected = live.groups.iter().filter(|group| selection.takes(&group.name));
    selected.filter(lacks).map(|group| group.id.clone()).collect()
}

/// Says what is to be added to a tree, so that what is live and selected is declared: whole groups, members of groups
/// that are declared `exact` or selected by name, and as additions every active person with an email of their own, and the roles
/// of groups that declare none.
/// What a person declared stands, also where it is not what is live. `live` holds the members of the selected groups
/// and every user.
pub fn import(
    desired: &Desired<'_>,
    live: &LiveState,
    facts: &GroupFacts,
    selection: &Selection,
    additions: Additions,
) -> Import {
    let Resolved { desired, people, groups, .. } = Resolved::of(desired.clone(), live);
    let mut importer = Importer {
        desired: &desired,
        live,
        facts,
        people,
        owners: owners(desired.declaration),
        grants: additions.grants,
        import: Import::default(),
    };
    let taken: BTreeSet<&GroupId> =
        desired.declaration.synced().filter_map(|(_, name)| groups.id(name)).collect();
    for group in live.groups.iter().filter(|group| selection.takes(&group.name)) {
        match groups.declared_as(&group.id) {
            None if taken.contains(&group.id) => {
                importer.import.leave(&group.name, "the tree takes its members by `synced`");
            }
            None => importer.add(group),
            Some(name) => {
                // A tombstone has no members to add.
                match desired.groups.get(name) {
                    Some(wanted) if !wanted.unclear.is_empty() => {
                        importer.import.leave(name, "it is unknown whom its `synced` entries bring");
                    }
                    Some(wanted) => {
                        let whole = wanted.mode == Mode::Exact || selection.named(&group.name);
                        importer.complete(name, wanted, group, whole);
                    }
                    None => {}
                }
            }
        }
    }
    for name in live.groups.unidentified().iter().map(GroupName::new).filter(|name| selection.takes(name)) {
        importer.import.leave(&name, "the site does not show its ID");
    }
    if additions.users {
        importer.users();
    }
    importer.import.groups.sort_by(|a, b| a.name.cmp(&b.name));
    importer.import.left.sort();
    importer.import
}

struct Importer<'a> {
    desired: &'a Desired<'a>,
    live: &'a LiveState,
    facts: &'a GroupFacts,
    people: People,
    /// The emails that pins and the lock give to accounts, declared or not: a tree can also name them by `account:`.
    owners: BTreeMap<&'a AccountId, &'a Email>,
    /// Whether roles are declared.
    grants: bool,
    import: Import,
}

impl Importer<'_> {
    /// Adds a group that the tree does not declare, completely or not at all: without one of its members it would plan to remove
    /// them.
    fn add(&mut self, group: &LiveGroup) {
        if self.desired.declaration.groups.contains_key(&group.name) {
            return self.import.leave(&group.name, "the tree declares the name for another group");
        }
        if self.grants && self.is_synced(group) {
            let (name, remark) = (group.name.clone(), Some(self.remarks_of(group).join(" ")));
            let grants = self.grants_of(&name, group);
            let members = Vec::new();
            return self.push(ImportedGroup {
                name,
                declared: false,
                remark,
                members,
                unmanaged: true,
                grants,
            });
        }
        let Some(listing) = self.live.members.get(&group.id) else {
            return self.import.leave(&group.name, "its members were not read");
        };
        let members: Result<Vec<_>, String> =
            listing.iter().filter_map(|id| self.member(id).transpose()).collect();
        match members {
            Err(why) => self.import.leave(&group.name, why),
            Ok(members) => {
                let mut remarks = self.remarks_of(group);
                let others = listing.iter().filter(|id| self.is_left_alone(id)).count();
                if others > 0 {
                    remarks.push(format!("Not listed and left alone: {others} of apps and customers."));
                }
                let unidentified = listing.unidentified().len();
                if unidentified > 0 {
                    remarks.push(format!(
                        "Not listed and left alone: {unidentified} whose ID the site does not show."
                    ));
                }
                let remark = (!remarks.is_empty()).then(|| remarks.join(" "));
                let name = group.name.clone();
                let grants = self.grants_of(&name, group);
                self.push(ImportedGroup { name, declared: false, remark, members, unmanaged: false, grants });
            }
        }
    }

    /// The roles of a group, and who can change it.
    fn remarks_of(&self, group: &LiveGroup) -> Vec<String> {
        let mut remarks = Vec::new();
        let gives = [
            ("site", self.live.rights.site_admin_groups().any(|admins| admins.id == group.id)),
            ("organization", self.live.groups.organization_admins().any(|id| *id == group.id)),
            ("Jira", self.facts.admins.contains(&group.id)),
        ];
        let gives: Vec<&str> = gives.into_iter().filter(|(_, gives)| *gives).map(|(what, _)| what).collect();
        if !gives.is_empty() {
            let listed = &self.desired.declaration.policy.privileged;
            let named = listed.iter().any(|name| name.value == group.name);
            let rule = if named { "." } else { ": `policy.privileged` should name it." };
            remarks.push(format!("Gives {} administration{rule}", gives.join(" and ")));
        }
        let roles = self.facts.app_roles.iter().filter(|role| role.default_groups.contains(&group.id));
        let defaults = self.live.grants.defaults.get(&group.id).into_iter().flatten();
        let apps: BTreeSet<&App> = roles.map(|role| &role.app).chain(defaults).collect();
        let apps: Vec<&str> = apps.into_iter().map(App::as_str).collect();
        if !apps.is_empty() {
            remarks.push(format!(
                "Default group of {}: the site adds everybody who gets the app.",
                apps.join(" and ")
            ));
        }
        let kind = self.facts.kinds.get(&group.id).and_then(Option::as_ref);
        if kind.is_some_and(|kind| kind.usage == Usage::Team) {
            remarks.push("An Atlassian team: its members can change it themselves.".to_owned());
        }
        if self.is_synced(group) {
            let what = if self.grants { "who is in it" } else { "it" };
            remarks.push(format!("Synced: its identity provider alone can change {what}."));
        }
        remarks
    }

    fn is_synced(&self, group: &LiveGroup) -> bool {
        let kind = self.facts.kinds.get(&group.id).and_then(Option::as_ref);
        kind.is_some_and(|kind| kind.managed_by == ManagedBy::External)
    }

    /// The roles of a group that is to declare them. Those that no entry can declare are left out.
    fn grants_of(&mut self, name: &GroupName, group: &LiveGroup) -> Vec<Access> {
        if !self.grants {
            return Vec::new();
        }
        let grants = &self.live.grants;
        let Some(held) = grants.of.get(&group.id) else {
            let why = "its roles in apps were not read: the organization does not show the group".to_owned();
            self.import.left.push(LeftOut { address: Address::Group(name.clone()), why });
            return Vec::new();
        };
        for Undeclarable { resource, app, role } in grants.undeclarable.get(&group.id).into_iter().flatten() {
            let left = match app {
                Some(app) => LeftOut {
                    address: Address::Grant(name.clone(), Access { app: app.clone(), role: role.clone() }),
                    why: "no request assigns the role to a group".to_owned(),
                },
                None => LeftOut {
                    address: Address::Group(name.clone()),
                    why: format!("its role {role} is in {resource}, which is not an app of the site"),
                },
            };
            self.import.left.push(left);
        }
        held.iter().cloned().collect()
    }

    /// The roles of a declared group that manages none, and, of a whole one, the members that it names in no way.
    fn complete(&mut self, name: &GroupName, wanted: &DesiredGroup<'_>, group: &LiveGroup, whole: bool) {
        let members = if whole && !wanted.unmanaged { self.missing(name, wanted, group) } else { Vec::new() };
        let grants = if wanted.grants.is_none() { self.grants_of(name, group) } else { Vec::new() };
        if !members.is_empty() || !grants.is_empty() {
            let (name, remark) = (name.clone(), None);
            self.push(ImportedGroup { name, declared: true, remark, members, unmanaged: false, grants });
        }
    }

    /// The members of a declared group that it names in no way.
    fn missing(
        &mut self,
        name: &GroupName,
        wanted: &DesiredGroup<'_>,
        group: &LiveGroup,
    ) -> Vec<ImportedMember> {
        let mut members = Vec::new();
        for id in self.live.members.get(&group.id).into_iter().flatten() {
            match self.member(id) {
                Ok(Some(member)) => {
                    let named =
                        wanted.members.contains_key(&member.user) || wanted.denied.contains_key(&member.user);
                    members.extend((!named).then_some(member));
                }
                Ok(None) => {}
                Err(why) => {
                    let address = Address::Member(name.clone(), UserRef::Account(id.clone()));
                    self.import.left.push(LeftOut { address, why });
                }
            }
        }
        members
    }

    fn push(&mut self, mut group: ImportedGroup) {
        group.members.sort_by(|a, b| a.user.cmp(&b.user));
        self.import.groups.push(group);
    }

    /// Whether a member stays in any group unless a tree names it.
    fn is_left_alone(&self, id: &AccountId) -> bool {
        self.live.accounts.get(id).is_some_and(|account| !account.kind.is_person())
    }

    /// The member as the tree should name it; `None` for accounts that are left alone, and for people who leave.
    fn member(&self, id: &AccountId) -> Result<Option<ImportedMember>, String> {
        let Some(account) = self.live.accounts.get(id) else {
            return Ok(Some(ImportedMember { user: UserRef::Account(id.clone()), remark: None }));
        };
        if !account.kind.is_person() {
            return Ok(None);
        }
        if self.people.declared_as(id).is_none()
            && let Some(doubt) = self.people.doubt_about(id, account)
        {
            return Err(doubt.why);
        }
        let user = self.name_of(id, account);
        if is_offboarded(self.desired, &user) {
            return Ok(None);
        }
        let remark = self.remark(&user, account);
        Ok(Some(ImportedMember { user, remark }))
    }

    /// The tree's name for them, otherwise an email that is theirs only and that cannot be mistaken for another.
    fn name_of(&self, id: &AccountId, account: &LiveAccount) -> UserRef {
        let owner = || self.owners.get(id).map(|email| UserRef::Email((*email).clone()));
        let named = self.people.declared_as(id).cloned().or_else(owner);
        named.unwrap_or_else(|| match self.people.name_of(id, Some(account)) {
            UserRef::Email(email) if email.as_str().is_ascii() => UserRef::Email(email),
            UserRef::Email(_) | UserRef::Account(_) => UserRef::Account(id.clone()),
        })
    }

    fn remark(&self, user: &UserRef, account: &LiveAccount) -> Option<String> {
        let mut remarks = Vec::new();
        match (user, &account.email) {
            (UserRef::Email(_), _) => {}
            (UserRef::Account(_), None) => remarks.push(format!("{}: the email is hidden", account.name)),
            (UserRef::Account(_), Some(email)) => {
                remarks.push(format!("{}: {email} may mean somebody else too", account.name));
            }
        }
        let person = self.live.people.get(&account.id);
        if person.is_some_and(|person| person.claim == Claim::Unmanaged) {
            remarks.push("not managed by the organization".into());
        }
        if !account.active() {
            remarks.push("not active".into());
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }

    /// Adds the active people that no entry of `users` declares.
    fn users(&mut self) {
        let declared = &self.desired.declaration.users;
        let active = self.live.accounts.iter().filter(|(_, account)| account.active());
        let people: Vec<_> = active.filter(|(_, account)| account.kind == AccountKind::Atlassian).collect();
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, account) in &people {
            *named.entry(&account.name).or_default() += 1;
        }
        let shares = |name: &str| named[name] > 1 && !name.trim().is_empty() && hidden(name).next().is_none();
        for (id, account) in people {
            let doubt =
                self.people.declared_as(id).is_none() && self.people.doubt_about(id, account).is_some();
            match self.name_of(id, account) {
                UserRef::Email(email) if !doubt => {
                    if !declared.contains_key(&email) {
                        let name = shares(&account.name).then(|| account.name.clone());
                        self.import.users.insert(email, name);
                    }
                }
                UserRef::Email(_) | UserRef::Account(_) => self.import.unnamed.push(account.name.clone()),
            }
        }
        self.import.unnamed.sort();
    }
}

/// Withdraws additions to groups that others nest, if the others would ask for something about the same person: a new
/// member of a group would join each group around it. Returns whether anything was withdrawn.
pub fn withhold(import: &mut Import, declaration: &Declaration, asked: &BTreeSet<Address>) -> bool {
    let before = import.left.len();
    for address in asked {
        let (Some(outer), Some(user)) = (address.group(), address.user()) else { continue };
        let inner = inner_groups(declaration, outer);
        let groups = import.groups.iter_mut();
        for group in groups.filter(|group| group.declared && inner.contains(&group.name)) {
            let members = group.members.len();
            group.members.retain(|member| member.user != *user);
            if group.members.len() < members {
                let why = format!("{outer} takes in the members of {}, and would change", group.name);
                let address = Address::Member(group.name.clone(), user.clone());
                import.left.push(LeftOut { address, why });
            }
        }
    }
    import.drop_empty();
    import.left.len() > before
}

/// The groups whose declared members a group takes.
fn inner_groups<'a>(declaration: &'a Declaration, outer: &'a GroupName) -> BTreeSet<&'a GroupName> {
    let mut found = BTreeSet::new();
    let mut next = vec![outer];
    while let Some(name) = next.pop() {
        let Some(GroupState::Present(members)) = declaration.groups.get(name).map(|group| &group.state)
        else {
            continue;
        };
        next.extend(members.nested().filter(|name| found.insert(*name)));
    }
    found
}

/// The requests of a changed tree, `desired`, that it did not make before the change. An offboarded user leaves newly
/// declared groups as well as the others.
pub fn asked_anew(desired: &Desired<'_>, before: &Changes, after: &Changes) -> BTreeSet<Address> {
    let addresses = |changes: &Changes| -> BTreeSet<Address> {
        let changed = changes.changes.iter().map(|change| change.address.clone());
        changed.chain(changes.blocked.iter().map(|blocked| blocked.address.clone())).collect()
    };
    let known = addresses(before);
    // A person who is declared under another email now has another name.
    let wanted: BTreeSet<&Wanted> = before.changes.iter().map(|change| &change.wanted).collect();
    let renamed = |change: &&Change| wanted.contains(&change.wanted);
    let unknown = after.changes.iter().filter(|change| !known.contains(&change.address));
    let renamed: BTreeSet<&Address> = unknown.filter(renamed).map(|change| &change.address).collect();
    let mut asked = addresses(after);
    asked.retain(|address| {
        let leaves = address.user().is_some_and(|user| is_offboarded(desired, user));
        !known.contains(address) && !renamed.contains(address) && !leaves
    });
    asked
}

fn is_offboarded(desired: &Desired<'_>, user: &UserRef) -> bool {
    match user {
        UserRef::Email(email) => desired.offboarded(email).is_some(),
        UserRef::Account(_) => false,
    }
}
