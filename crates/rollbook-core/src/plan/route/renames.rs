//! Groups whose key changes: a new key with the members of a group that leaves is hardly a new group.

use std::collections::BTreeSet;

use crate::model::{Action, Address, GroupName, Key, UserRef};

use super::super::context::Context;
use super::super::identity::{Obstacle, ObstacleCode, Resolved};
use super::Operations;

/// Groups that would be created with nearly the members of one that the change stops declaring: the old one would keep its
/// members and every permission, without being managed.
pub(super) fn found(operations: &Operations, context: &Context<'_>) -> Vec<(Key, Obstacle)> {
    let Some(base) = context.base.filter(|_| !context.undoes) else { return Vec::new() };
    let made = operations.keys().filter(|key| key.action == Action::Create);
    let found = made.filter_map(|key| {
        let name = key.address.group()?;
        let members = members(context.tree, name);
        let (old, id) = base.left(context.tree).find_map(|left| {
            let is_alike = alike(&members, &self::members(&base.tree, left.name));
            Some((left.name, left.id?)).filter(|_| is_alike)
        })?;
        Some((key.clone(), looks_like_a_rename(name, old, id.as_str())))
    });
    found.collect()
}

fn looks_like_a_rename(name: &GroupName, old: &GroupName, id: &str) -> Obstacle {
    Obstacle {
        code: ObstacleCode::LooksLikeRename,
        why: format!(
            "{name} is new with nearly the members of {old}, which the change stops declaring: it would be another group, and \
             {old} would keep everybody and every permission"
        ),
        help: format!(
            "Atlassian cannot rename a group by API. If this is a rename, rename {old} in the admin console and \
             declare `id: {id}` in {name}; if {old} should go, declare it with `absent: true`; if it should stay, \
             stop declaring it in a separate change, and add {name} once an apply of that change has completed."
        ),
    }
}

/// The declared members of a group, by account if there is one.
fn members(tree: &Resolved<'_>, name: &GroupName) -> BTreeSet<Address> {
    let declared = tree.desired.groups.get(name).into_iter().flat_map(|group| group.members.keys());
    let one = |user: &UserRef| {
        let account = tree.account(user).cloned().map(UserRef::Account);
        Address::User(account.unwrap_or_else(|| user.clone()))
    };
    declared.map(one).collect()
}

/// Whether at least two people, and four of five, are in both.
fn alike(one: &BTreeSet<Address>, other: &BTreeSet<Address>) -> bool {
    let shared = one.intersection(other).count();
    shared >= 2 && shared * 5 >= one.union(other).count() * 4
}
