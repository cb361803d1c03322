//! Blocks operations that depend on something blocked.

use crate::model::{Action, Address, Blocked, Key, Operation, PlannedOperation};

use super::super::identity::{Obstacle, ObstacleCode};
use super::Routes;

/// Blocks operations that depend on something blocked, and those that depend on them.
pub(super) fn block(found: &mut Routes) {
    block_returns(found);
    block_additions(found);
    loop {
        let missing = |key: &&Key| !found.operations.contains_key(*key);
        let orphan =
            |planned: &PlannedOperation| planned.operation.awaits().into_iter().find(missing).cloned();
        let orphans: Vec<(Key, Key)> = found
            .operations
            .values()
            .filter_map(|planned| Some((planned.key.clone(), orphan(planned)?)))
            .collect();
        if orphans.is_empty() {
            return;
        }
        for (key, required) in orphans {
            found.block_planned(&key, Obstacle::requires(&required));
        }
    }
}

/// Blocks additions of people whose return is blocked: Jira adds no inactive account to a group.
fn block_additions(found: &mut Routes) {
    let comes_back = |planned: &PlannedOperation| {
        let user = planned.key.address.user()?;
        let is_theirs = |it: &&Blocked| {
            it.action == Action::Activate && matches!(&it.address, Address::User(who) if who == user)
        };
        found.blocked.iter().find(is_theirs).map(|it| Key { address: it.address.clone(), action: it.action })
    };
    let additions =
        found.operations.values().filter(|it| matches!(it.operation, Operation::AddMember { .. }));
    let held: Vec<(Key, Key)> =
        additions.filter_map(|planned| Some((planned.key.clone(), comes_back(planned)?))).collect();
    for (key, required) in held {
        found.block_planned(&key, Obstacle::requires(&required));
    }
}

/// Blocks returns to a membership that the tree ends and that cannot be ended: it would have an effect again.
fn block_returns(found: &mut Routes) {
    let is_return = |planned: &&PlannedOperation| matches!(planned.operation, Operation::ActivateUser { .. });
    let held = |planned: &PlannedOperation| {
        let user = planned.key.address.user()?;
        found.blocked.iter().find(|it| {
            it.action == Action::Remove && it.address.group().is_some() && it.address.user() == Some(user)
        })
    };
    let returns = found.operations.values().filter(is_return);
    let held: Vec<(Key, String)> = returns
        .filter_map(|planned| Some((planned.key.clone(), held(planned)?.address.to_string())))
        .collect();
    for (key, address) in held {
        let obstacle = Obstacle {
            code: ObstacleCode::RequiresBlocked,
            why: format!(
                "the account would come back to a membership that `remove {address}` should end, which is blocked"
            ),
            help: "Resolve that obstacle first.".into(),
        };
        found.block_planned(&key, obstacle);
    }
}
