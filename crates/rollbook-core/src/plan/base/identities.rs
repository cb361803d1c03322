//! Declared names that mean another account or group than before: they would let one line point an email at somebody
//! else (docs/design.md#when-a-name-means-somebody-else).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountId, Address, Declaration, GroupId, IdentityChange, LiveState, UserRef};
use crate::plan::desired::Desired;

/// The IDs that names mean by a pin or the lock: in a valid tree, both are the same.
type Ids = BTreeMap<Address, String>;

/// A line of the lock has no effect while the tree does not have its name: it counts as new in the change that adds the name.
pub(super) fn changes(base: &Desired<'_>, head: &Desired<'_>, live: &LiveState) -> Vec<IdentityChange> {
    let (mut before, after) = (ids(base.declaration), ids(head.declaration));
    before.retain(|address, _| base.has(address) || !head.has(address));
    let addresses: BTreeSet<&Address> = before.keys().chain(after.keys()).collect();
    let changed = addresses.into_iter().filter(|address| before.get(*address) != after.get(*address));
    changed
        .map(|address| IdentityChange {
            address: address.clone(),
            base: before.get(address).cloned(),
            head: after.get(address).cloned(),
            name: after.get(address).and_then(|id| name(address, id, live)),
        })
        .collect()
}

fn ids(declaration: &Declaration) -> Ids {
    let user = |email| Address::User(UserRef::Email(email));
    let locked = &declaration.lock;
    let mut ids: Ids =
        locked.users.iter().map(|(email, locked)| (user(email.clone()), locked.id.to_string())).collect();
    ids.extend(
        locked.groups.iter().map(|(name, locked)| (Address::Group(name.clone()), locked.id.to_string())),
    );
    ids.extend(declaration.users.iter().filter_map(|(email, declared)| {
        Some((user(email.clone()), declared.account.as_ref()?.value.to_string()))
    }));
    ids.extend(declaration.groups.iter().filter_map(|(name, declared)| {
        Some((Address::Group(name.clone()), declared.id.as_ref()?.value.to_string()))
    }));
    ids
}

fn name(address: &Address, id: &str, live: &LiveState) -> Option<String> {
    match address {
        Address::User(_) => live.accounts.get(&AccountId::new(id)).map(|account| account.name.clone()),
        Address::Group(_) | Address::Member(..) | Address::Grant(..) => {
            let id = GroupId::new(id);
            live.groups.iter().find(|group| group.id == id).map(|group| group.name.to_string())
        }
    }
}
