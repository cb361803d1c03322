//! The rules that a tree sets for itself.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::address::{Action, Address};
use super::email::Email;
use super::guard::Guard;
use super::ids::GroupName;
use super::text::joined;
use super::tree::{Located, Origin};
use super::words::words;

/// `policy:` of `rollbook.yaml`. What a tree leaves out has the value of [`Policy::default`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Whether undeclared members of declared groups are removed, unless the group has its own mode.
    pub mode: Mode,
    /// What happens to active accounts that nothing declares.
    pub unlisted_users: Option<Located<UnlistedUsers>>,
    /// What happens to groups that nothing declares.
    pub unlisted_groups: UnlistedGroups,
    /// What happens to roles that people hold directly, not by a group.
    pub direct_roles: DirectRoles,
    /// The domains at which a declared user who does not exist may be invited.
    pub invite_domains: Vec<Located<String>>,
    /// Whether an invitation sends mail, if that can be chosen.
    pub invite_mail: bool,
    /// What `active: false` does.
    pub offboard: Offboard,
    /// How much one plan may revoke.
    pub max_revokes: Option<MaxRevokes>,
    /// How many active members a group must keep.
    pub keep_at_least: BTreeMap<GroupName, Located<u32>>,
    /// The things that are never revoked.
    pub protect: Protect,
    /// Groups that are marked in every plan.
    pub privileged: Vec<Located<GroupName>>,
    /// Whether the author of a change may grant themselves a privileged group.
    pub self_grant: SelfGrant,
    /// Lists of groups; nobody may be in two groups of one list.
    pub exclusive: Vec<Located<Vec<Located<GroupName>>>>,
    /// Who owns the settings, the lock, the users and the CI files.
    pub admins: Vec<Located<Email>>,
}

/// A rule that names groups, by its key under `policy:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupRule {
    /// `protect.groups`.
    Protect,
    /// `privileged`.
    Privileged,
    /// `keep-at-least`.
    KeepAtLeast,
    /// `exclusive`.
    Exclusive,
}

impl fmt::Display for GroupRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protect => "protect.groups",
            Self::Privileged => "privileged",
            Self::KeepAtLeast => "keep-at-least",
            Self::Exclusive => "exclusive",
        })
    }
}

impl Policy {
    /// Every group that a rule names, with the rule and the place.
    pub fn named_groups(&self) -> impl Iterator<Item = (GroupRule, &GroupName, Origin)> {
        let protected = self.protect.groups.iter();
        let protected = protected.map(|name| (GroupRule::Protect, &name.value, name.origin));
        let marked = self.privileged.iter().map(|name| (GroupRule::Privileged, &name.value, name.origin));
        let floors = self.keep_at_least.iter();
        let floors = floors.map(|(name, floor)| (GroupRule::KeepAtLeast, name, floor.origin));
        let listed = self.exclusive.iter().flat_map(|list| &list.value);
        let listed = listed.map(|name| (GroupRule::Exclusive, &name.value, name.origin));
        protected.chain(marked).chain(floors).chain(listed)
    }

    /// Whether a user with this email may be invited.
    pub fn invites_at(&self, email: &Email) -> bool {
        self.invite_domains.iter().any(|listed| email.is_at(&listed.value))
    }
}

words! {
    /// Whether undeclared members of a declared group are removed.
    #[derive(Default)]
    pub enum Mode {
        /// Undeclared members are removed.
        #[default]
        Exact = "exact",
        /// Undeclared members stay.
        AtLeast = "at-least",
    }
}

words! {
    /// What happens to active accounts that nothing declares.
    #[derive(Default)]
    pub enum UnlistedUsers {
        /// Nothing.
        #[default]
        Ignore = "ignore",
        /// The plan names them.
        Report = "report",
        /// They are offboarded.
        Offboard = "offboard",
    }
}

words! {
    /// What happens to groups that nothing declares.
    #[derive(Default)]
    pub enum UnlistedGroups {
        /// Nothing.
        #[default]
        Ignore = "ignore",
        /// The plan names them.
        Report = "report",
    }
}

words! {
    /// What happens to roles that people hold directly, not by a group.
    #[derive(Default)]
    pub enum DirectRoles {
        /// Nothing, and nobody asks for them: a plan changes none of them.
        #[default]
        Ignore = "ignore",
        /// The plan names them.
        Report = "report",
    }
}

words! {
    /// What `active: false` does to an account.
    #[derive(Default)]
    pub enum Offboard {
        /// Revokes its access in one directory; it can be restored.
        #[default]
        Suspend = "suspend",
        /// Closes a managed account for every Atlassian product.
        Deactivate = "deactivate",
        /// Removes it from the directory.
        Remove = "remove",
    }
}

impl Offboard {
    /// The action on the account.
    pub fn action(self) -> Action {
        match self {
            Self::Suspend => Action::Suspend,
            Self::Deactivate => Action::Deactivate,
            Self::Remove => Action::Remove,
        }
    }
}

words! {
    /// Whether the author of a change may grant themselves a privileged group.
    #[derive(Default)]
    pub enum SelfGrant {
        /// They may.
        #[default]
        Allow = "allow",
        /// They may not: the plan is refused.
        Refuse = "refuse",
    }
}

/// `max-revokes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxRevokes {
    /// The most that a plan may revoke.
    pub total: Option<u32>,
    /// The most that one group may lose.
    pub group: Option<GroupRevokes>,
}

/// The most that one group may lose: refused when both figures are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRevokes {
    /// Memberships.
    pub count: u32,
    /// Percent of the live members, 0 to 100.
    pub percent: u32,
}

/// The things that are never revoked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Protect {
    /// People.
    pub users: Vec<Located<Email>>,
    /// Groups.
    pub groups: Vec<Located<GroupName>>,
}

/// An entry of `waive:`: a guard that is waived for some addresses until a date.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// The guard.
    pub guard: Guard,
    /// The addresses it is waived for, as written and checked.
    pub addresses: Vec<Located<Address>>,
    /// Why.
    pub because: String,
    /// The first day on which the guard is back.
    pub until: Date,
    /// Where the entry is.
    pub origin: Origin,
}

impl Waiver {
    /// Whether it covers an address.
    pub fn covers(&self, address: &Address) -> bool {
        self.addresses.iter().any(|waived| waived.value.covers(address))
    }
}

/// The key of a waiver of a guard for an address.
pub fn rule_of_waiver(guard: Guard, address: &Address) -> String {
    format!("waive {guard} for {address}")
}

/// The key of a list of `exclusive`, whatever its order.
pub fn rule_of_exclusive(list: &[Located<GroupName>]) -> String {
    let mut names: Vec<&str> = list.iter().map(|name| name.value.as_str()).collect();
    names.sort_unstable();
    format!("policy.exclusive: {}", joined(names, " and "))
}
