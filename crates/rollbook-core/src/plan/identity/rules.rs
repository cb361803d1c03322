//! The groups that the rules of a policy name. A rule is written with names and access depends on IDs, so each name is
//! resolved by every source of its meaning: the tree, its base, their pins and locks, and the site. A rule that may
//! mean two groups applies to both.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Declaration, Effect, Grants, GroupId, GroupName, Key, Listing, LiveGroup, ORGANIZATION_ADMINS, Operation,
    Policy, Rights, TargetGroup,
};

/// The names of groups in a tree, in its base and on the site.
#[derive(Clone, Debug)]
pub(in crate::plan) struct GroupNames {
    /// By the name without regard to case.
    ids: BTreeMap<String, BTreeSet<GroupId>>,
}

impl GroupNames {
    pub(in crate::plan) fn of<'a>(
        trees: impl IntoIterator<Item = &'a Declaration>,
        live: &Listing<LiveGroup>,
    ) -> Self {
        let existing: BTreeSet<&GroupId> = live.iter().map(|group| &group.id).collect();
        let mut ids: BTreeMap<String, BTreeSet<GroupId>> = BTreeMap::new();
        let mut means = |name: &GroupName, id: &GroupId| {
            if existing.contains(id) {
                ids.entry(name.folded()).or_default().insert(id.clone());
            }
        };
        for group in live {
            means(&group.name, &group.id);
        }
        for tree in trees {
            for (name, group) in &tree.groups {
                group.id.iter().for_each(|pin| means(name, &pin.value));
            }
            for (name, locked) in &tree.lock.groups {
                means(name, &locked.id);
            }
        }
        Self { ids }
    }

    /// The groups of the site that a name may mean.
    pub(in crate::plan) fn ids(&self, name: &GroupName) -> impl Iterator<Item = &GroupId> {
        self.ids.get(&name.folded()).into_iter().flatten()
    }
}

/// Groups that rules name: existing ones by ID, and others by name.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct Marked {
    ids: BTreeSet<GroupId>,
    /// Without regard to case.
    names: BTreeSet<String>,
    /// Whether any other group of the site may be one as well: they could not be read.
    in_doubt: bool,
}

impl Marked {
    pub(in crate::plan) fn of<'a>(
        groups: impl IntoIterator<Item = &'a GroupName>,
        names: &GroupNames,
    ) -> Self {
        let mut marked = Self::default();
        for name in groups {
            marked.ids.extend(names.ids(name).cloned());
            marked.names.insert(name.folded());
        }
        marked
    }

    /// The privileged groups: those that a policy names, those that make site administrators, which only Jira reports,
    /// and the one of the organization's administrators.
    pub(in crate::plan) fn privileged<'a>(
        policies: impl IntoIterator<Item = &'a Policy>,
        names: &GroupNames,
        rights: &Rights,
        groups: &Listing<LiveGroup>,
    ) -> Self {
        let listed = policies.into_iter().flat_map(|policy| &policy.privileged).map(|name| &name.value);
        let mut marked = Self::of(listed, names);
        marked.ids.extend(rights.site_admin_groups().map(|group| group.id.clone()));
        marked.ids.extend(groups.organization_admins().cloned());
        marked.names.insert(ORGANIZATION_ADMINS.into());
        marked.in_doubt = rights.jira.is_none();
        marked
    }

    /// Adds the groups that, according to the site, give a role in an app that lets people decide about the access of others.
    pub(in crate::plan) fn and_givers(mut self, grants: &Grants) -> Self {
        let gives = grants.of.iter().filter(|(_, held)| held.iter().any(|it| it.role.is_privileged()));
        self.ids.extend(gives.map(|(id, _)| id.clone()));
        self.ids.extend(grants.deciding.read().into_iter().flatten().cloned());
        self
    }

    /// Marks another group.
    pub(in crate::plan) fn add(&mut self, id: Option<&GroupId>, name: &GroupName) {
        match id {
            Some(id) => drop(self.ids.insert(id.clone())),
            None => drop(self.names.insert(name.folded())),
        }
    }

    /// Whether a group is marked, or may be.
    pub(in crate::plan) fn may_hold(&self, group: &GroupId) -> bool {
        self.in_doubt || self.holds(group)
    }

    pub(in crate::plan) fn holds(&self, group: &GroupId) -> bool {
        self.ids.contains(group)
    }

    /// Whether a group that does not exist yet is marked.
    pub(in crate::plan) fn names(&self, group: &GroupName) -> bool {
        self.names.contains(&group.folded())
    }

    /// Whether a group is marked, by its ID if it exists.
    pub(in crate::plan) fn marks(&self, id: Option<&GroupId>, name: &GroupName) -> bool {
        id.map_or_else(|| self.names(name), |id| self.holds(id))
    }

    /// Whether an operation adds somebody to one of the groups or brings them back to it, removes somebody, creates or
    /// deletes one, or changes its roles; or gives or revokes a role that lets people decide about the access of others.
    pub(in crate::plan) fn touched_by(&self, key: &Key, operation: &Operation) -> bool {
        let made = matches!(operation, Operation::CreateGroup { .. });
        made && key.address.group().is_some_and(|name| self.names(name))
            || operation.effects(&key.address).into_iter().any(|effect| match effect {
                Effect::Joins(TargetGroup::Group(id), _) | Effect::Ends(id) => self.holds(id),
                Effect::Joins(TargetGroup::Made(name), _) => self.names(name),
                Effect::Gives(place, access) => {
                    let marked = match place {
                        TargetGroup::Group(id) => self.holds(id),
                        TargetGroup::Made(name) => self.names(name),
                    };
                    marked || access.role.is_privileged()
                }
                Effect::Takes(held) => self.holds(held.group()) || held.access().role.is_privileged(),
                Effect::Leaves(membership) => self.holds(membership.group()),
                Effect::Wakes(_, kept) | Effect::Sleeps(_, kept) => {
                    kept.iter().any(|kept| self.holds(kept.membership.group()))
                }
            })
    }
}
