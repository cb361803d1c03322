//! The rules of a tree, with the names in them resolved: by identity, since access is a matter of accounts and groups.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, Address, Email, GroupId, GroupName, Guard, LiveAccount, LiveState, Located, Policy,
    TargetGroup, UserRef, Waiver, Who, rule_of_exclusive,
};

use super::context::Context;
use super::desired::DesiredGrants;
use super::identity::{GroupNames, Identity, Marked, Resolved, only_group};
use super::projection::Projection;

/// The rules that a plan is evaluated against: those of the tree, and those of its base.
pub(super) struct RuleBook<'a> {
    pub(super) head: Rules<'a>,
    pub(super) base: Option<Rules<'a>>,
    /// The names of groups in both trees.
    pub(super) names: GroupNames,
    /// The groups that either tree calls privileged, and those that make site administrators.
    pub(super) privileged: Marked,
    /// The accounts that either tree calls its operator.
    operators: BTreeSet<AccountId>,
    /// The people that a tree protects, or has as its operator, and whose account is unknown: each may have any account
    /// that hides its email. The change's own statements about people that the base keeps count only once it has been
    /// applied.
    unseen: Vec<Unseen<'a>>,
}

/// A user that a rule of a tree keeps, and whose account neither that tree nor its base knows.
pub(super) struct Unseen<'a> {
    pub(super) email: &'a Email,
    /// The key of the rule.
    pub(super) rule: &'static str,
    tree: &'a Resolved<'a>,
}

/// The rules of one tree.
pub(super) struct Rules<'a> {
    pub(super) tree: &'a Resolved<'a>,
    live: &'a LiveState,
    /// The accounts that its pins and its lock give an email, computed on first use.
    tied: OnceCell<BTreeSet<AccountId>>,
}

impl<'a> RuleBook<'a> {
    /// The rules of the tree and of its base. In a run that makes no change of the tree, those of a change that was not
    /// applied do not count yet: they keep nobody in a group.
    pub(super) fn in_force(context: &Context<'a>) -> Self {
        let base = context.base.map(|base| &base.tree);
        let applied = context.base.is_some_and(|base| base.revision.applied);
        match base {
            Some(base) if applied && context.scope.is_by_time() => Self::of(base, None, context.live),
            base => Self::of(context.tree, base, context.live),
        }
    }

    fn of(head: &'a Resolved<'a>, base: Option<&'a Resolved<'a>>, live: &'a LiveState) -> Self {
        let trees: Vec<&'a Resolved<'a>> = std::iter::once(head).chain(base).collect();
        let declarations = || trees.iter().map(|tree| tree.desired.declaration);
        let names = GroupNames::of(declarations(), &live.groups);
        let policies = || declarations().map(|declaration| &declaration.policy);
        let operators: Vec<(usize, &'a Email)> = trees
            .iter()
            .enumerate()
            .filter_map(|(at, tree)| Some((at, &tree.desired.declaration.settings.operator.as_ref()?.value)))
            .collect();
        let shielded = trees.iter().enumerate().flat_map(|(at, tree)| {
            let users = &tree.desired.declaration.policy.protect.users;
            users.iter().map(move |user| ("policy.protect.users", at, &user.value))
        });
        let kept = shielded.chain(operators.iter().map(|(at, email)| ("operator", *at, *email)));
        // A tree finds the people that it keeps by itself or by its base, not by a later tree.
        let unseen = kept
            .filter(|(_, at, email)| accounts_of(&trees[*at..], email).is_empty())
            .map(|(rule, at, email)| Unseen { email, rule, tree: trees[at] });
        let mut privileged = Marked::privileged(policies(), &names, &live.rights, &live.groups);
        privileged = privileged.and_givers(&live.grants);
        for tree in &trees {
            // A person who joins such a group can decide about the access of others.
            let gives = tree
                .desired
                .groups
                .iter()
                .filter(|(_, group)| group.grants.as_ref().is_some_and(DesiredGrants::is_privileged));
            gives.for_each(|(name, _)| privileged.add(tree.groups.id(name), name));
        }
        Self {
            privileged,
            operators: operators.iter().flat_map(|(_, email)| kept_of(&trees, email)).collect(),
            unseen: unseen.collect(),
            names,
            head: Rules::of(head, live),
            base: base.map(|tree| Rules::of(tree, live)),
        }
    }

    /// The trees whose rules are in force, the base first.
    pub(super) fn both(&self) -> impl Iterator<Item = &Rules<'a>> {
        self.base.iter().chain([&self.head])
    }

    /// The greatest number of people that either tree wants each group of the site to keep.
    pub(super) fn floors(&self) -> BTreeMap<&GroupId, u32> {
        let mut floors = BTreeMap::new();
        for (name, floor) in self.both().flat_map(|rules| &rules.policy().keep_at_least) {
            for id in self.names.ids(name) {
                let known = floors.entry(id).or_insert(floor.value);
                *known = floor.value.max(*known);
            }
        }
        floors
    }

    /// The lists of groups, of either tree, of which nobody may be in two.
    pub(super) fn excluding(&self) -> Vec<Vec<Listed<'_>>> {
        self.both().flat_map(|rules| self.excluded_by(rules)).map(|(_, list)| list).collect()
    }

    /// The lists of one tree, with the key of each.
    pub(super) fn excluded_by(&self, rules: &Rules<'a>) -> impl Iterator<Item = (String, Vec<Listed<'_>>)> {
        let policy = rules.policy();
        policy.exclusive.iter().map(|list| {
            let listed = |name: &'a Located<GroupName>| Listed {
                name: &name.value,
                ids: self.names.ids(&name.value).collect(),
            };
            (rule_of_exclusive(&list.value), list.value.iter().map(listed).collect())
        })
    }

    /// Whether an account is the operator of either tree.
    pub(super) fn is_operator(&self, account: &AccountId) -> bool {
        self.operators.contains(account)
    }

    /// The user of a rule who may have this account, as far as the tree with the rule knows.
    pub(super) fn may_be(&self, id: &AccountId, account: Option<&LiveAccount>) -> Option<&Unseen<'a>> {
        self.unseen.iter().find(|unseen| unseen.tree.people.hides(id, account))
    }

    /// The accounts that either tree, or the site, gives an email.
    pub(super) fn accounts(&self, email: &Email) -> BTreeSet<AccountId> {
        accounts_of(&self.trees(), email)
    }

    /// The accounts that a rule keeps when it names an email.
    pub(super) fn kept(&self, email: &Email) -> BTreeSet<AccountId> {
        kept_of(&self.trees(), email)
    }

    fn trees(&self) -> Vec<&Resolved<'a>> {
        self.both().map(|rules| rules.tree).collect()
    }
}

/// A group of a list of `exclusive`: its name, and every group that it may mean.
pub(super) struct Listed<'a> {
    pub(super) name: &'a GroupName,
    pub(super) ids: BTreeSet<&'a GroupId>,
}

impl Listed<'_> {
    /// Whether a group is this one.
    pub(super) fn takes(&self, place: TargetGroup<'_>) -> bool {
        match place {
            TargetGroup::Group(id) => self.ids.contains(id),
            TargetGroup::Made(name) => name.folded() == self.name.folded(),
        }
    }

    /// Whether somebody is in it.
    pub(super) fn holds<'b>(&'b self, site: &Projection<'b>, who: Who<'b>) -> bool {
        // The tree may name a group that does not exist yet in any letter case.
        let made = || self.ids.is_empty() && site.holds_made(self.name, who);
        self.ids.iter().any(|id| site.holds(TargetGroup::Group(id), who)) || made()
    }
}

/// The accounts that any of some trees means by an email: its resolution, its pins and its lock, and the accounts that show it.
fn accounts_of(trees: &[&Resolved<'_>], email: &Email) -> BTreeSet<AccountId> {
    let user = UserRef::Email(email.clone());
    let mut accounts = BTreeSet::new();
    for tree in trees {
        accounts.extend(tree.account(&user).cloned());
        accounts.extend(tied(tree, email).cloned());
        accounts.extend(tree.people.shown_with(email).cloned());
    }
    accounts
}

/// The accounts that a rule keeps when it names an email. If a tree ties the email to an account, another account that shows
/// it got it on the site, and the rule does not mean that one.
fn kept_of(trees: &[&Resolved<'_>], email: &Email) -> BTreeSet<AccountId> {
    let by_tree = |tree: &&Resolved<'_>| {
        let tied: BTreeSet<AccountId> = tied(tree, email).cloned().collect();
        if tied.is_empty() { accounts_of(&[*tree], email) } else { tied }
    };
    trees.iter().flat_map(by_tree).collect()
}

/// The account that a tree ties an email to by a pin and by its lock. In a valid tree, both say the same.
fn tied<'t>(tree: &'t Resolved<'_>, email: &Email) -> impl Iterator<Item = &'t AccountId> {
    let declaration = tree.desired.declaration;
    let pin = declaration.users.get(email).and_then(|user| user.account.as_ref()).map(|pin| &pin.value);
    pin.into_iter().chain(declaration.lock.users.get(email).map(|locked| &locked.id))
}

impl<'a> Rules<'a> {
    fn of(tree: &'a Resolved<'a>, live: &'a LiveState) -> Self {
        Self { tree, live, tied: OnceCell::new() }
    }

    /// The accounts that this tree, or the site, gives an email.
    pub(super) fn accounts(&self, email: &Email) -> BTreeSet<AccountId> {
        accounts_of(&[self.tree], email)
    }

    /// The accounts that may use the rights which this tree gives an email: the one that its pin or its lock ties to it.
    /// Without one, those that show it, and to which neither gives another email: a shown email can be changed on the site.
    pub(super) fn holders(&self, email: &Email) -> BTreeSet<AccountId> {
        if let Some(id) = tied(self.tree, email).next() {
            return BTreeSet::from([id.clone()]);
        }
        let declaration = self.tree.desired.declaration;
        let tied = self.tied.get_or_init(|| declaration.tied().map(|(_, id)| id.clone()).collect());
        self.tree.people.shown_with(email).filter(|id| !tied.contains(id)).cloned().collect()
    }

    /// Whether a rule of this tree names a group or a person.
    pub(super) fn speaks_of(&self, address: &Address) -> bool {
        let declaration = self.tree.desired.declaration;
        match address {
            Address::Group(name) => declaration.names_group(name),
            Address::User(UserRef::Email(email)) => declaration.names_person(email),
            Address::User(UserRef::Account(_)) | Address::Member(..) | Address::Grant(..) => false,
        }
    }

    pub(super) fn policy(&self) -> &'a Policy {
        &self.tree.desired.declaration.policy
    }

    /// A waiver of a guard that covers every one of some addresses of a plan of `head`, by the meaning of the names in this tree.
    pub(super) fn waiver(
        &self,
        guard: Guard,
        addresses: &[Address],
        head: &Resolved<'_>,
    ) -> Option<&'a Waiver> {
        let covers = |waiver: &&Waiver| {
            let covered = |address: &Address| {
                waiver.addresses.iter().any(|waived| self.takes_in(&waived.value, address, head))
            };
            !addresses.is_empty() && addresses.iter().all(covered)
        };
        self.tree.desired.waivers(guard).find(covers)
    }

    /// Whether an address of this tree covers an address of a plan of `head`: by account and group, if they are known.
    fn takes_in(&self, waived: &Address, address: &Address, head: &Resolved<'_>) -> bool {
        let group = |name: &GroupName| {
            address.group().is_some_and(|other| {
                match (group_id(self.tree, name, self.live), group_id(head, other, self.live)) {
                    (Some(one), Some(other)) => one == other,
                    (None, None) => name == other,
                    (Some(_), None) | (None, Some(_)) => false,
                }
            })
        };
        let user = |user: &UserRef| {
            let accounts = match user {
                UserRef::Email(email) => self.holders(email),
                UserRef::Account(id) => BTreeSet::from([id.clone()]),
            };
            address.user().is_some_and(|other| match account_id(head, other) {
                Some(other) => accounts.len() == 1 && accounts.contains(other),
                None => accounts.is_empty() && user == other,
            })
        };
        match waived {
            Address::Group(name) => group(name),
            Address::User(who) => user(who),
            Address::Member(name, who) => group(name) && user(who),
            Address::Grant(name, access) => group(name) && address.access() == Some(access),
        }
    }
}

/// The group of the site that a tree means by a name: a declared one, or the only one of this name.
pub(super) fn group_id<'t>(
    tree: &'t Resolved<'_>,
    name: &GroupName,
    live: &'t LiveState,
) -> Option<&'t GroupId> {
    if tree.desired.declaration.groups.contains_key(name) {
        return tree.groups.id(name);
    }
    only_group(name, &live.groups)
}

/// The account that a tree means by a name.
fn account_id<'t>(tree: &'t Resolved<'_>, user: &'t UserRef) -> Option<&'t AccountId> {
    match (tree.people.person(user), user) {
        (Identity::Account(id), _) | (_, UserRef::Account(id)) => Some(id),
        (Identity::Missing | Identity::Unresolved(_), UserRef::Email(email)) => {
            let mut shown = tree.people.shown_with(email);
            match (shown.next(), shown.next()) {
                (Some(id), None) => Some(id),
                (Some(_) | None, _) => None,
            }
        }
    }
}
