//! Reads the roles that groups give in apps with the fewest requests.
//!
//! A group shows its roles in one request. A search shows every group that has a role in an app, which is cheaper if many
//! groups give few roles: one search for each role that a tree declares, one per app for all other roles, and one for all
//! other apps. If a search finds something that a tree does not declare, the group itself is read; also if a search might have
//! confused a role in one app with one in another (docs/atlassian.md#roles-of-groups).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Access, App, GroupId, Listing, LiveGroup, Role};

use super::desired::Desired;
use super::identity::{GroupNames, Groups};
use super::questions::Beside;

/// Groups on a page of a search: the documented maximum (docs/atlassian.md#searches).
const PAGE: usize = 100;

/// Apps that one search names: the documented most (docs/atlassian.md#searches).
pub const APPS: usize = 20;

/// A way to read the roles of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantReads {
    /// Each group by itself.
    Groups,
    /// These searches, and then the groups that [`by_search`] names.
    Searches(Vec<RoleSearch>),
}

/// A search for the groups that have one of some roles in one of some apps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleSearch {
    /// The apps.
    pub apps: Vec<App>,
    /// The roles; empty for any role.
    pub roles: Vec<Role>,
}

/// The result of searches for groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRoles {
    /// The roles of each group about which they say enough.
    pub of: BTreeMap<GroupId, Vec<Access>>,
    /// The groups that must be read separately.
    pub unclear: Vec<GroupId>,
}

/// The groups of the site whose roles a tree or its base manages, or that a run changed which is undone.
pub fn grant_groups(desired: &Desired<'_>, beside: Beside<'_>, live: &Listing<LiveGroup>) -> Vec<GroupId> {
    let mut ids = BTreeSet::new();
    for tree in std::iter::once(desired).chain(beside.base) {
        let groups = Groups::of(tree.declaration, live);
        let managed = groups.live().filter(|(name, _)| grants_of(tree, name).is_some());
        ids.extend(managed.map(|(_, group)| group.id.clone()));
        // Of a group that cannot be told, each that may be meant.
        let names = GroupNames::of([tree.declaration], live);
        let unclear = tree.declaration.groups.keys().filter(|name| groups.is_unclear(name));
        let unclear = unclear.filter(|name| grants_of(tree, name).is_some());
        ids.extend(unclear.flat_map(|name| names.ids(name)).cloned());
    }
    let existing: BTreeSet<&GroupId> = live.iter().map(|group| &group.id).collect();
    let undone = beside.undo.iter().flat_map(|undo| &undo.roles).filter(|id| existing.contains(id));
    ids.extend(undone.cloned());
    ids.into_iter().collect()
}

/// Decides how the roles of some groups are read on a site that has some apps.
pub fn grant_reads(
    groups: &[GroupId],
    desired: &Desired<'_>,
    beside: Beside<'_>,
    apps: &BTreeSet<App>,
) -> GrantReads {
    let declared = declared(desired, beside);
    let mut roles: BTreeMap<&App, BTreeSet<&Role>> = BTreeMap::new();
    for access in declared.keys().filter(|access| apps.contains(&access.app)) {
        roles.entry(&access.app).or_default().insert(&access.role);
    }
    let mut searches = Vec::new();
    for (app, roles) in &roles {
        let search = |roles: Vec<Role>| RoleSearch { apps: vec![(*app).clone()], roles };
        searches.extend(roles.iter().map(|role| search(vec![(*role).clone()])));
        let others = Role::ASSIGNABLE.into_iter().map(Role::new).filter(|role| !roles.contains(role));
        let others: Vec<Role> = others.collect();
        searches.extend((!others.is_empty()).then(|| search(others)));
    }
    let others: Vec<App> = apps.iter().filter(|app| !roles.contains_key(app)).cloned().collect();
    let others = others.chunks(APPS).map(|apps| RoleSearch { apps: apps.to_vec(), roles: Vec::new() });
    searches.extend(others);
    let pages = |search: &RoleSearch| match (search.apps.as_slice(), search.roles.as_slice()) {
        ([app], [role]) => {
            let access = Access { app: app.clone(), role: role.clone() };
            declared.get(&access).map_or(1, |groups| groups.div_ceil(PAGE).max(1))
        }
        _ => 1,
    };
    // If both need as many requests, the reads that show which groups are defaults.
    if groups.len() <= searches.iter().map(pages).sum() {
        return GrantReads::Groups;
    }
    GrantReads::Searches(searches)
}

/// The result of searches for some groups. Roles that cannot be assigned are not asked for.
pub fn by_search(
    groups: &[GroupId],
    found: &[(RoleSearch, BTreeSet<GroupId>)],
    desired: &Desired<'_>,
    beside: Beside<'_>,
    live: &Listing<LiveGroup>,
) -> FoundRoles {
    let wanted: Vec<BTreeMap<GroupId, BTreeSet<&Access>>> =
        std::iter::once(desired).chain(beside.base).map(|tree| wanted(tree, live)).collect();
    let undone: BTreeSet<&GroupId> = beside.undo.iter().flat_map(|undo| &undo.roles).collect();
    let mut roles = FoundRoles::default();
    for group in groups {
        let hits = found.iter().filter(|(_, groups)| groups.contains(group)).map(|(search, _)| search);
        let hits: Vec<&RoleSearch> = hits.collect();
        let exact = |search: &&RoleSearch| match (search.apps.as_slice(), search.roles.as_slice()) {
            ([app], [role]) => Some(Access { app: app.clone(), role: role.clone() }),
            _ => None,
        };
        let held: Option<Vec<Access>> = hits.iter().map(exact).collect();
        let is_told = |held: &Vec<Access>| {
            let apps: BTreeSet<&App> = held.iter().map(|access| &access.app).collect();
            let is_wanted = |tree: &BTreeMap<GroupId, BTreeSet<&Access>>| match tree.get(group) {
                Some(wanted) => held.iter().all(|access| wanted.contains(access)),
                None => true,
            };
            apps.len() == held.len() && wanted.iter().all(is_wanted) && !undone.contains(group)
        };
        match held.filter(is_told) {
            Some(held) => {
                roles.of.insert(group.clone(), held);
            }
            None => roles.unclear.push(group.clone()),
        }
    }
    roles
}

fn grants_of<'a>(
    tree: &'a Desired<'_>,
    name: &crate::model::GroupName,
) -> Option<&'a super::desired::DesiredGrants> {
    tree.groups.get(name)?.grants.as_ref()
}

/// How many groups of a tree and its base give each role.
fn declared(desired: &Desired<'_>, beside: Beside<'_>) -> BTreeMap<Access, usize> {
    let mut declared: BTreeMap<Access, usize> = BTreeMap::new();
    for tree in std::iter::once(desired).chain(beside.base) {
        let mut own: BTreeMap<&Access, usize> = BTreeMap::new();
        for grants in tree.groups.values().filter_map(|group| group.grants.as_ref()) {
            for access in grants.held.keys() {
                *own.entry(access).or_default() += 1;
            }
        }
        for (access, count) in own {
            let most = declared.entry(access.clone()).or_default();
            *most = count.max(*most);
        }
    }
    declared
}

/// The roles that a tree wants its groups of the site to give.
fn wanted<'a>(tree: &'a Desired<'_>, live: &Listing<LiveGroup>) -> BTreeMap<GroupId, BTreeSet<&'a Access>> {
    let groups = Groups::of(tree.declaration, live);
    let wanted = groups
        .live()
        .filter_map(|(name, group)| Some((group.id.clone(), grants_of(tree, name)?.held.keys().collect())));
    wanted.collect()
}
