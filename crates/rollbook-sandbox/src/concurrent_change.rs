//! Lets an account join or leave a group during one read: a list that changes while it is read.

use std::collections::BTreeSet;

use super::change::{How, Moved};
use super::request_context::Subject;
use super::words::AccountType;
use super::world::World;

impl World {
    /// Moves an account into or out of the group of a read, or of any; [`World::put_back`] undoes it. Accounts with credentials
    /// do not move, so that rights stay; nor do accounts whose last move reads do not see yet.
    pub(super) fn change_concurrently(
        &mut self,
        subject: &Subject,
        rng: &mut fastrand::Rng,
    ) -> Option<Moved> {
        let groups: Vec<&String> = match &subject.group_id {
            Some(id) => self.state.groups.get_key_value(id).map(|(id, _)| id).into_iter().collect(),
            None => self.state.groups.keys().collect(),
        };
        let group_id = rng.choice(groups)?.clone();
        let acting: BTreeSet<&str> = self
            .state
            .credentials
            .iter()
            .filter_map(|credential| self.state.account_id(credential.account()?))
            .collect();
        let people = self.state.accounts.iter().filter(|(id, account)| {
            let person = account.is_live() && account.kind == AccountType::Atlassian;
            person && !acting.contains(id.as_str()) && !self.is_unseen(&group_id, id)
        });
        let account_id = rng.choice(people.map(|(id, _)| id).collect::<Vec<_>>())?.clone();
        let members = &mut self.state.groups.get_mut(&group_id)?.members;
        let how = if members.remove(&account_id) {
            How::Left
        } else {
            members.insert(account_id.clone());
            How::Joined
        };
        Some(Moved { group_id, account_id, how })
    }

    /// Undoes [`World::change_concurrently`].
    pub(super) fn put_back(&mut self, moved: &Moved) {
        if let Some(group) = self.state.groups.get_mut(&moved.group_id) {
            match moved.how {
                How::Joined => group.members.remove(&moved.account_id),
                How::Left => group.members.insert(moved.account_id.clone()),
            };
        }
    }
}
