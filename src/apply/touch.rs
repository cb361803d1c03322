//! What an operation touches, so that two that touch the same are not under way at once: which of them wins would be
//! chance.

use crate::model::{AccountId, GroupId, Operation, Ref};

/// What an operation touches.
#[derive(Debug)]
pub(super) struct Touch {
    account: Option<Ref<AccountId>>,
    group: Option<Ref<GroupId>>,
    /// Whether it changes the account, or the group, as a whole: every membership is touched with it.
    whole: bool,
}

impl Touch {
    pub(super) fn of(operation: &Operation) -> Self {
        let whole = !matches!(operation, Operation::AddMember { .. } | Operation::RemoveMember { .. });
        Self { account: operation.account_ref(), group: operation.group_ref(), whole }
    }

    /// Whether both touch one membership, or one changes as a whole what the other touches.
    pub(super) fn clashes(&self, other: &Self) -> bool {
        let account = self.account.is_some() && self.account == other.account;
        let group = self.group.is_some() && self.group == other.group;
        account && group || (account || group) && (self.whole || other.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Address, Key};

    #[test]
    fn what_touches_one_membership_or_the_whole_of_it_clashes() {
        let add = |group: &str, account: &str| Operation::AddMember {
            group: Ref::Known(group.into()),
            account: Ref::Known(account.into()),
        };
        let suspend =
            |account: &str| Operation::SuspendUser { account: account.into(), memberships: Vec::new() };
        let delete = |group: &str| Operation::DeleteGroup { group: group.into(), members: Vec::new() };
        let new = Ref::Made(Key { address: Address::Group("new".into()), action: Action::Create });
        let create = Operation::CreateGroup { name: "new".into(), description: None };
        let to_new = Operation::AddMember { group: new, account: Ref::Known("ada".into()) };
        for (one, other, expected) in [
            (add("g", "ada"), add("g", "ada"), true),
            (add("g", "ada"), add("g", "bob"), false),
            (add("g", "ada"), add("h", "ada"), false),
            (add("g", "ada"), suspend("ada"), true),
            (add("g", "ada"), suspend("bob"), false),
            (suspend("ada"), suspend("ada"), true),
            (suspend("ada"), suspend("bob"), false),
            (delete("g"), add("g", "ada"), true),
            (delete("g"), add("h", "ada"), false),
            (delete("g"), suspend("ada"), false),
            (create.clone(), create.clone(), false),
            (create, add("g", "ada"), false),
            (to_new.clone(), suspend("ada"), true),
            (to_new, add("g", "ada"), false),
        ] {
            let (one, other) = (Touch::of(&one), Touch::of(&other));
            assert_eq!((one.clashes(&other), other.clashes(&one)), (expected, expected), "{one:?} {other:?}");
        }
    }
}
