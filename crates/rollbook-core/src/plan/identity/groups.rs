//! Resolves declared groups to live ones: by pin, lock, then the exact name (docs/design.md#where-an-account-comes-from).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Declaration, GroupId, GroupName, Listing, LiveGroup};

use super::obstacle::{Obstacle, ObstacleCode};

/// The live group of each declared group.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Groups {
    declared: BTreeMap<GroupName, GroupIdentity>,
    /// The synced groups that the tree takes members from and does not declare.
    synced: BTreeMap<GroupName, GroupIdentity>,
    declared_as: BTreeMap<GroupId, GroupName>,
}

/// The live group that a declared group means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) enum GroupIdentity {
    /// This one.
    Live(LiveGroup),
    /// There is none.
    Missing,
    /// It is unknown.
    Unresolved(Obstacle),
}

impl Groups {
    /// Resolves every group that a tree declares.
    pub(in crate::plan) fn of(declaration: &Declaration, live: &Listing<LiveGroup>) -> Self {
        let directory = Directory::of(live);
        let mut groups: BTreeMap<GroupName, GroupIdentity> = declaration
            .groups
            .keys()
            .map(|name| (name.clone(), directory.resolve(declaration, name)))
            .collect();
        let declared_as = refuse_shared_groups(&mut groups);
        let synced = declaration.synced().map(|(_, name)| name);
        let synced = synced.filter(|name| !groups.contains_key(*name));
        let synced = synced.map(|name| (name.clone(), directory.resolve(declaration, name))).collect();
        Self { declared: groups, synced, declared_as }
    }

    /// Which live group a declared group is, or one that the tree takes members from.
    pub(in crate::plan) fn get(&self, name: &GroupName) -> &GroupIdentity {
        self.declared.get(name).or_else(|| self.synced.get(name)).unwrap_or(&GroupIdentity::Missing)
    }

    /// A group that exists, as the site has it.
    pub(in crate::plan) fn live_one(&self, name: &GroupName) -> Option<&LiveGroup> {
        match self.get(name) {
            GroupIdentity::Live(group) => Some(group),
            GroupIdentity::Missing | GroupIdentity::Unresolved(_) => None,
        }
    }

    /// The id of a group that exists.
    pub(in crate::plan) fn id(&self, name: &GroupName) -> Option<&GroupId> {
        self.live_one(name).map(|group| &group.id)
    }

    /// The declared name of a live group.
    pub(in crate::plan) fn declared_as(&self, id: &GroupId) -> Option<&GroupName> {
        self.declared_as.get(id)
    }

    /// Whether it is unknown which group a name means.
    pub(in crate::plan) fn is_unclear(&self, name: &GroupName) -> bool {
        matches!(self.get(name), GroupIdentity::Unresolved(_))
    }

    /// The declared groups that exist, with their live groups.
    pub(in crate::plan) fn live(&self) -> impl Iterator<Item = (&GroupName, &LiveGroup)> {
        self.declared.iter().filter_map(|(name, identity)| match identity {
            GroupIdentity::Live(group) => Some((name, group)),
            GroupIdentity::Missing | GroupIdentity::Unresolved(_) => None,
        })
    }
}

struct Directory<'a> {
    ids: BTreeMap<&'a GroupId, &'a LiveGroup>,
    names: BTreeMap<&'a GroupName, Vec<&'a LiveGroup>>,
    folded_names: BTreeMap<String, &'a LiveGroup>,
    /// The names of groups whose IDs the site does not report.
    without_id: BTreeSet<String>,
}

impl<'a> Directory<'a> {
    fn of(live: &'a Listing<LiveGroup>) -> Self {
        let mut names: BTreeMap<&GroupName, Vec<&LiveGroup>> = BTreeMap::new();
        for group in live {
            names.entry(&group.name).or_default().push(group);
        }
        Self {
            ids: live.iter().map(|group| (&group.id, group)).collect(),
            names,
            folded_names: live.iter().map(|group| (group.name.folded(), group)).collect(),
            without_id: live.unidentified().iter().map(|name| GroupName::new(name).folded()).collect(),
        }
    }

    /// A valid tree has no pin that differs from the lock.
    fn resolve(&self, declaration: &Declaration, name: &GroupName) -> GroupIdentity {
        let pin = declaration.groups.get(name).and_then(|group| group.id.as_ref()).map(|pin| &pin.value);
        let lock = declaration.lock.groups.get(name).map(|locked| &locked.id);
        match (pin, lock) {
            (Some(pin), _) => self.pinned(name, pin),
            (None, Some(lock)) => self.locked(name, lock),
            (None, None) => self.named(name),
        }
    }

    fn pinned(&self, name: &GroupName, pin: &GroupId) -> GroupIdentity {
        match self.ids.get(pin) {
            Some(group) => self.unless_named(name, group, "the tree"),
            None => GroupIdentity::Unresolved(Obstacle {
                code: ObstacleCode::GroupGone,
                why: format!("no group of the site has the ID {pin} that {name} is pinned to"),
                help: "Remove the pin to have the group created again, or correct it.".into(),
            }),
        }
    }

    /// If a locked ID is gone and the site gives its name to another ID, that is a different group
    /// (docs/design.md#when-a-name-means-somebody-else).
    fn locked(&self, name: &GroupName, lock: &GroupId) -> GroupIdentity {
        match (self.ids.get(lock), self.named(name)) {
            (Some(group), _) => self.unless_named(name, group, "rollbook.lock"),
            (None, GroupIdentity::Live(other)) => identity_changed(name, lock, &other.id),
            (None, GroupIdentity::Missing) => GroupIdentity::Unresolved(Obstacle {
                code: ObstacleCode::GroupGone,
                why: format!("no group of the site has the ID {lock} that {name} is locked to"),
                help: "Remove its line from rollbook.lock to have the group created again.".into(),
            }),
            (None, otherwise @ GroupIdentity::Unresolved(_)) => otherwise,
        }
    }

    /// The group that an ID means, unless the site has another group with the declared name: then it is unknown which
    /// of the two is meant.
    fn unless_named(&self, name: &GroupName, group: &LiveGroup, by: &str) -> GroupIdentity {
        let others = self.names.get(name).map(Vec::as_slice).unwrap_or_default();
        match others {
            [other, ..] if others.iter().all(|other| other.id != group.id) => {
                GroupIdentity::Unresolved(Obstacle {
                    code: ObstacleCode::IdentityChanged,
                    why: format!(
                        "group {name} is {} according to {by}, and the site has {} under this name",
                        group.id, other.id
                    ),
                    help: format!(
                        "Find out which group is meant. Correct the ID, or declare group {} under its own name.",
                        group.id
                    ),
                })
            }
            _ => GroupIdentity::Live(group.clone()),
        }
    }

    fn named(&self, name: &GroupName) -> GroupIdentity {
        if self.without_id.contains(&name.folded()) {
            return GroupIdentity::Unresolved(Obstacle {
                code: ObstacleCode::GroupWithoutId,
                why: format!("the site lists a group {name} without its ID"),
                help: "Plan again; if this stays, change the group by hand at admin.atlassian.com.".into(),
            });
        }
        match self.names.get(name).map(Vec::as_slice).unwrap_or_default() {
            [] => {}
            [group] => return GroupIdentity::Live((*group).clone()),
            several => {
                let ids: Vec<&str> = several.iter().map(|group| group.id.as_str()).collect();
                return GroupIdentity::Unresolved(Obstacle {
                    code: ObstacleCode::GroupAmbiguous,
                    why: format!("the site has {} groups named {name}: {}", several.len(), ids.join(" and ")),
                    help: "Say which one is meant, with `id:` in the group.".into(),
                });
            }
        }
        match self.folded_names.get(&name.folded()) {
            None => GroupIdentity::Missing,
            Some(group) => GroupIdentity::Unresolved(Obstacle {
                code: ObstacleCode::GroupSpelling,
                why: format!("the site has a group {}, which differs from {name} only in case", group.name),
                help: format!("Spell the group as the site does: {}.", group.name),
            }),
        }
    }
}

/// The only group of the site that has a name.
pub(in crate::plan) fn only_group<'l>(
    name: &GroupName,
    groups: &'l Listing<LiveGroup>,
) -> Option<&'l GroupId> {
    let mut named = groups.iter().filter(|group| group.name == *name);
    match (named.next(), named.next()) {
        (Some(group), None) => Some(&group.id),
        (Some(_) | None, _) => None,
    }
}

fn identity_changed(name: &GroupName, one: &GroupId, other: &GroupId) -> GroupIdentity {
    GroupIdentity::Unresolved(Obstacle {
        code: ObstacleCode::IdentityChanged,
        why: format!("group {name} is {one} according to the configuration, and {other} on the site"),
        help: "A group of the same name is not the same group. Find out which is meant, then correct the pin or \
               the lock in a reviewed change."
            .into(),
    })
}

/// Refuses two declared groups that are one live group: neither of them resolves. Returns the other groups, by ID.
fn refuse_shared_groups(groups: &mut BTreeMap<GroupName, GroupIdentity>) -> BTreeMap<GroupId, GroupName> {
    let mut names: BTreeMap<GroupId, Vec<GroupName>> = BTreeMap::new();
    for (name, identity) in &*groups {
        if let GroupIdentity::Live(group) = identity {
            names.entry(group.id.clone()).or_default().push(name.clone());
        }
    }
    let mut declared_as = BTreeMap::new();
    for (id, shared) in names {
        if let [name] = shared.as_slice() {
            declared_as.insert(id, name.clone());
            continue;
        }
        let together: Vec<&str> = shared.iter().map(GroupName::as_str).collect();
        let obstacle = Obstacle {
            code: ObstacleCode::IdentityShared,
            why: format!("{} are all group {id}", together.join(" and ")),
            help: "Declare each group once; a pin outlives a rename.".into(),
        };
        for name in &shared {
            groups.insert(name.clone(), GroupIdentity::Unresolved(obstacle.clone()));
        }
    }
    declared_as
}
