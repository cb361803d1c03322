//! What becomes of somebody who is offboarded (design §7).

use crate::model::{AccountId, Address, Change, GroupName, Membership, Offboard, Operation, Wanted};

use super::permit::no_surface;
use super::resolve::Obstacle;
use super::route::Router;

impl Router<'_> {
    /// Takes an account out of every group that can be written, and then out of the site if the policy says so.
    pub(super) fn offboard(
        &mut self,
        change: &Change,
        account: &AccountId,
        how: Offboard,
        active: bool,
    ) -> Result<Option<Operation>, Obstacle> {
        self.may_narrow(change.address.user(), account)?;
        let Some(memberships) = self.context.capabilities.memberships.get(account) else {
            return Err(Obstacle {
                code: "not-read",
                why: "the person's groups were not read".into(),
                help: "Plan again.".into(),
            });
        };
        let mut left = Vec::new();
        for (group, membership) in memberships.memberships_of(account) {
            if let Some(removal) = self.removal(change, &group, membership.clone()) {
                self.route(removal);
            }
            if !self.ends(&membership) {
                left.push(membership);
            }
        }
        match how {
            // Assumption: whoever was removed from the site is still listed, as inactive and in no group. The fact
            // sheet (§1.3) says that the account outlives the removal and that the listing shows such accounts.
            Offboard::Remove if !active && memberships.is_empty() => Ok(None),
            Offboard::Remove => {
                Ok(Some(Operation::RemoveUser { account: account.clone(), memberships: left }))
            }
            Offboard::Suspend | Offboard::Deactivate if !active => Ok(None),
            Offboard::Suspend => {
                Err(no_surface("suspending an account, which is still active, takes the organization's API"))
            }
            Offboard::Deactivate => Err(no_surface(
                "deactivating an account, which is still active, takes user management or SCIM",
            )),
        }
    }

    /// The change that a membership of an offboarded account asks for.
    fn removal(&self, change: &Change, group: &GroupName, membership: Membership) -> Option<Change> {
        let user = change.address.user()?.clone();
        let name = self.name_of(membership.group(), group);
        Some(Change {
            address: Address::Member(name, user),
            wanted: Wanted::RemoveMember { membership },
            ..change.clone()
        })
    }
}
