//! Groups whose key changes: a new key with the members of one that leaves is hardly a new group.

use std::collections::BTreeSet;

use crate::model::{Action, Address, GroupName, UserRef};

use super::identity::{Obstacle, Resolved};
use super::route::Router;

impl Router<'_> {
    /// Blocks a group that would be made with nearly the members of one that the change stops declaring: that one would keep
    /// everybody and every permission, and nobody would manage it.
    pub(super) fn block_renames(&mut self) {
        let Some(base) = self.context.base.filter(|_| !self.context.undoes) else { return };
        let made = self.operations.keys().filter(|key| key.action == Action::Create);
        let made = made.filter_map(|key| Some((key.clone(), key.address.group()?)));
        let mut blocked = Vec::new();
        for (key, name) in made {
            let members = members(self.context.tree, name);
            let twin = base.left(self.context.tree).find_map(|left| {
                let id = left.id?;
                let alike = alike(&members, &self::members(&base.tree, left.name));
                alike.then(|| (left.name.clone(), id.clone()))
            });
            if let Some((old, id)) = twin {
                blocked.push((key, looks_like_a_rename(name, &old, id.as_str())));
            }
        }
        for (key, obstacle) in blocked {
            self.block_planned(&key, obstacle);
        }
    }
}

fn looks_like_a_rename(name: &GroupName, old: &GroupName, id: &str) -> Obstacle {
    Obstacle {
        code: "looks-like-rename",
        why: format!(
            "{name} is new with nearly the members of {old}, which the change stops declaring: it would be another group, and \
             {old} would keep everybody and every permission"
        ),
        help: format!(
            "Atlassian cannot rename a group by API. Where it is a rename, rename {old} in the admin console and declare \
             `id: {id}` in {name}; where {old} is to go, declare it with `absent: true`; where it is to stay as it is, stop \
             declaring it in a change of its own, and add {name} once an apply of that change has completed."
        ),
    }
}

/// Who is declared to be in a group, by account where there is one.
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
