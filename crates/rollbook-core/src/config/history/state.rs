//! Who is in which group at a commit, with the grants and the active users, and how that differs from the commit before. Only groups that a changed file concerns
//! are flattened again.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::civil::Date;

use crate::model::{
    AccountId, Address, DeclaredGrant, DeclaredUser, Email, GroupId, GroupName, Lock, Member, MemberRef,
    UserRef,
};

use super::super::flatten::{Flat, Listing, Way, flattened};
use super::super::include::LOCK;
use super::file::{File, Group};

/// What is declared at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The first day on which it has ended.
    pub(super) until: Option<Date>,
    /// Why, as the entry says that lasts longest.
    pub(super) because: Option<String>,
}

/// How what a commit declares differs from what its first parent does.
#[derive(Debug, Default)]
pub(super) struct Delta {
    /// Groups with the same id and another name: the new name, and the old one.
    pub(super) groups: BTreeMap<GroupName, GroupName>,
    /// Addresses of users with the same account and another name, the same way; the groups in both have the new names.
    pub(super) renamed: BTreeMap<Address, Address>,
    /// By the names that the commit has.
    pub(super) changes: BTreeMap<Address, Change>,
}

/// How it differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is new, or its `until` or `because` is another.
    Declared {
        /// What is declared now.
        held: Held,
        /// Whether it was not declared before.
        is_new: bool,
    },
    /// It is not declared any more.
    Lost,
}

/// The users, groups and ties of a commit, each with its file; of several files, the first one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    users: BTreeMap<(Email, Rc<str>), Rc<DeclaredUser>>,
    groups: BTreeMap<(GroupName, Rc<str>), Rc<Group>>,
    lock: Rc<Lock>,
    /// What each group declares.
    held: BTreeMap<GroupName, Rc<BTreeMap<Address, Held>>>,
}

impl Listing for State {
    fn entries(&self, name: &GroupName) -> &[Member] {
        self.group(name).map_or(&[], |group| &group.entries)
    }

    fn user(&self, email: &Email) -> Option<&DeclaredUser> {
        first(&self.users, email).map(Rc::as_ref)
    }

    fn owners(&self) -> BTreeMap<&AccountId, &Email> {
        let pins =
            self.users.iter().filter_map(|((email, _), user)| Some((email, &user.account.as_ref()?.value)));
        let pinned: BTreeSet<&Email> = pins.clone().map(|(email, _)| email).collect();
        let locked = self.lock.users.iter().filter(|(email, _)| !pinned.contains(email));
        locked.map(|(email, locked)| (&locked.id, email)).chain(pins.map(|(email, id)| (id, email))).collect()
    }
}

/// The first file's entry of a name.
fn first<'m, K: Ord + Clone, V>(all: &'m BTreeMap<(K, Rc<str>), V>, name: &K) -> Option<&'m V> {
    let mut from = all.range((name.clone(), Rc::from(""))..);
    from.next().filter(|((it, _), _)| it == name).map(|(_, value)| value)
}

/// A file before and after a commit.
pub(super) type FileVersions = (Rc<str>, Option<Rc<File>>, Option<Rc<File>>);

/// What of a user decides about access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    active: Option<bool>,
    until: Option<Date>,
    because: Option<String>,
    /// A pin.
    account: Option<AccountId>,
}

impl Standing {
    fn of(user: Option<&DeclaredUser>) -> Self {
        user.map_or_else(Self::default, |user| Self {
            active: user.active.map(|active| active.value),
            until: user.until.map(|until| until.value),
            because: user.because.clone(),
            account: user.account.as_ref().map(|account| account.value.clone()),
        })
    }

    /// What decides about memberships.
    fn overrides(&self) -> (bool, Option<Date>, Option<&AccountId>) {
        (self.active == Some(false), self.until, self.account.as_ref())
    }

    /// What is declared of a user who is to be active.
    fn held(&self) -> Option<Held> {
        (self.active == Some(true)).then(|| Held { until: self.until, because: self.because.clone() })
    }
}

/// What was before a commit.
struct Before {
    lock: Rc<Lock>,
    /// The users that its files concern.
    users: BTreeMap<Email, Standing>,
    /// The ids of the groups that its files concern.
    groups: BTreeMap<GroupName, Option<GroupId>>,
}

impl State {
    fn group(&self, name: &GroupName) -> Option<&Rc<Group>> {
        first(&self.groups, name)
    }

    /// The id of a group that is declared, by its pin or the lock.
    fn id(&self, name: &GroupName) -> Option<GroupId> {
        let group = self.group(name)?;
        group.id.clone().or_else(|| self.lock.groups.get(name).map(|locked| locked.id.clone()))
    }

    /// Goes on to what files say now.
    pub(super) fn advance(&mut self, files: &[FileVersions]) -> Delta {
        let versions = || files.iter().flat_map(|(_, before, after)| before.iter().chain(after));
        let emails = versions().flat_map(|file| file.users.keys());
        let mut touched: BTreeSet<GroupName> =
            versions().flat_map(|file| file.groups.keys()).cloned().collect();
        let declared = touched.iter().filter(|name| self.group(name).is_some());
        let before = Before {
            lock: self.lock.clone(),
            users: emails.map(|email| (email.clone(), Standing::of(self.user(email)))).collect(),
            groups: declared.map(|name| (name.clone(), self.id(name))).collect(),
        };
        for (path, before, after) in files {
            self.replace(path, before.as_deref(), after.as_deref());
        }
        self.concern(&mut touched, &before);
        self.compare(&touched, &before)
    }

    fn replace(&mut self, path: &Rc<str>, before: Option<&File>, after: Option<&File>) {
        if let Some(file) = before {
            file.groups.keys().for_each(|name| drop(self.groups.remove(&(name.clone(), path.clone()))));
            file.users.keys().for_each(|email| drop(self.users.remove(&(email.clone(), path.clone()))));
        }
        if let Some(file) = after {
            let groups = file.groups.iter();
            self.groups.extend(groups.map(|(name, group)| ((name.clone(), path.clone()), group.clone())));
            let users = file.users.iter();
            self.users.extend(users.map(|(email, user)| ((email.clone(), path.clone()), user.clone())));
        }
        if &**path == LOCK {
            self.lock = after.map(|file| file.lock.clone()).unwrap_or_default();
        }
    }

    /// Adds the groups that name users whose standing differs, or accounts whose owners may differ, and those that take in
    /// any of them.
    fn concern(&self, touched: &mut BTreeSet<GroupName>, before: &Before) {
        let after = |email: &Email| Standing::of(self.user(email));
        let differ: BTreeSet<&Email> = before
            .users
            .iter()
            .filter(|(email, it)| after(email).overrides() != it.overrides())
            .map(|(email, _)| email)
            .collect();
        let pins = differ.iter().any(|email| before.users[*email].account != after(email).account);
        let ties = pins || before.lock.users != self.lock.users;
        let names = |entry: &Member| matches!(&entry.who, MemberRef::User(email) if differ.contains(email));
        for ((name, _), group) in &self.groups {
            let concerned =
                ties && group.has_accounts || !differ.is_empty() && group.entries.iter().any(names);
            if concerned {
                touched.insert(name.clone());
            }
        }
        let nesting: Vec<_> = self.groups.iter().filter(|(_, group)| group.nests).collect();
        let mut grows = true;
        while grows {
            grows = false;
            for ((name, _), group) in &nesting {
                let takes_in =
                    |entry: &Member| matches!(&entry.who, MemberRef::Group(it) if touched.contains(it));
                if !touched.contains(name) && group.entries.iter().any(takes_in) {
                    grows = touched.insert(name.clone());
                }
            }
        }
    }

    /// Flattens groups again, and says how what they and users declare differs.
    fn compare(&mut self, touched: &BTreeSet<GroupName>, before: &Before) -> Delta {
        let mut delta = Delta { groups: self.renamed(touched, before), ..Delta::default() };
        let flat = flattened(self, touched);
        let now: Vec<(GroupName, BTreeMap<Address, Held>)> = touched
            .iter()
            .map(|name| {
                let grants = self.group(name).map_or(&[][..], |group| &group.grants);
                (name.clone(), held(name, flat.get(name), grants))
            })
            .collect();
        let old_names: BTreeSet<GroupName> = delta.groups.values().cloned().collect();
        let mut old: BTreeMap<GroupName, Rc<BTreeMap<Address, Held>>> = BTreeMap::new();
        for name in touched {
            if let Some(held) = self.held.remove(name) {
                old.insert(name.clone(), held);
            }
        }
        for (name, held) in now {
            let renamed = delta.groups.get(&name).and_then(|was| old.remove(was));
            let old = match renamed {
                Some(old) => old.iter().map(|(it, held)| (in_group(it, &name), held.clone())).collect(),
                None if old_names.contains(&name) => BTreeMap::new(),
                None => old.remove(&name).map(Rc::unwrap_or_clone).unwrap_or_default(),
            };
            self.differ(&mut delta, before, (&old, &held));
            if self.group(&name).is_some() {
                self.held.insert(name, Rc::new(held));
            }
        }
        let user = |email: &Email| Address::User(UserRef::Email(email.clone()));
        let old = before.users.iter().filter_map(|(email, it)| Some((user(email), it.held()?))).collect();
        let now = before
            .users
            .keys()
            .filter_map(|email| Some((user(email), Standing::of(self.user(email)).held()?)));
        self.differ(&mut delta, before, (&old, &now.collect()));
        delta
    }

    /// The groups that have the same id as one that is gone, each with the name that this had.
    fn renamed(&self, touched: &BTreeSet<GroupName>, before: &Before) -> BTreeMap<GroupName, GroupName> {
        let gone = before.groups.iter().filter(|(name, _)| self.group(name).is_none());
        let mut gone: BTreeMap<&GroupId, &GroupName> =
            gone.filter_map(|(name, id)| Some((id.as_ref()?, name))).collect();
        if gone.is_empty() {
            return BTreeMap::new();
        }
        let new = touched.iter().filter(|name| !before.groups.contains_key(*name));
        let same = new.filter_map(|name| Some((name.clone(), gone.remove(&self.id(name)?)?.clone())));
        same.collect()
    }

    /// Notes how what is declared differs. Where a user goes and one with the same account comes, it is one user with
    /// another name.
    fn differ(
        &self,
        delta: &mut Delta,
        before: &Before,
        (old, new): (&BTreeMap<Address, Held>, &BTreeMap<Address, Held>),
    ) {
        let gone = || old.keys().filter(|it| !new.contains_key(*it));
        let account = |it: &Address| self.account_before(before, it.user()?);
        let mut accounts: BTreeMap<AccountId, &Address> =
            gone().filter_map(|it| Some((account(it)?, it))).collect();
        delta.changes.extend(gone().map(|it| (it.clone(), Change::Lost)));
        for (address, held) in new {
            let same = match old.get(address) {
                Some(same) => Some(same),
                None if accounts.is_empty() => None,
                None => {
                    let account = address.user().and_then(|user| self.account(user));
                    account.and_then(|id| accounts.remove(&id)).and_then(|was| {
                        delta.changes.remove(was);
                        delta.renamed.insert(address.clone(), was.clone());
                        old.get(was)
                    })
                }
            };
            if same != Some(held) {
                let change = Change::Declared { held: held.clone(), is_new: same.is_none() };
                delta.changes.insert(address.clone(), change);
            }
        }
    }

    fn account(&self, user: &UserRef) -> Option<AccountId> {
        match user {
            UserRef::Account(id) => Some(id.clone()),
            UserRef::Email(email) => {
                let pin = self.user(email).and_then(|user| Some(user.account.as_ref()?.value.clone()));
                pin.or_else(|| Some(self.lock.users.get(email)?.id.clone()))
            }
        }
    }

    fn account_before(&self, before: &Before, user: &UserRef) -> Option<AccountId> {
        let UserRef::Email(email) = user else { return self.account(user) };
        let pin = before.users.get(email).map_or_else(
            || self.user(email).and_then(|user| Some(user.account.as_ref()?.value.clone())),
            |before| before.account.clone(),
        );
        pin.or_else(|| Some(before.lock.users.get(email)?.id.clone()))
    }
}

/// What a group declares: its members and its grants.
fn held(name: &GroupName, flat: Option<&Flat<'_>>, grants: &[DeclaredGrant]) -> BTreeMap<Address, Held> {
    let way = |way: &Way<'_>| Held { until: way.until, because: way.entry.because.clone() };
    let members = flat.into_iter().flatten();
    let members = members.map(|(who, it)| (Address::Member(name.clone(), who.named()), way(it)));
    let grants = grants.iter().filter(|grant| !grant.absent).map(|grant| {
        let held = Held { until: grant.until.map(|until| until.value), because: grant.because.clone() };
        (Address::Grant(name.clone(), grant.access.value.clone()), held)
    });
    members.chain(grants).collect()
}

/// The same in a group of another name.
pub(super) fn in_group(address: &Address, name: &GroupName) -> Address {
    match address {
        Address::Group(_) => Address::Group(name.clone()),
        Address::User(user) => Address::User(user.clone()),
        Address::Member(_, user) => Address::Member(name.clone(), user.clone()),
        Address::Grant(_, access) => Address::Grant(name.clone(), access.clone()),
    }
}

/// The same of a user of another name.
pub(super) fn of_user(address: &Address, user: &UserRef) -> Address {
    match address {
        Address::User(_) => Address::User(user.clone()),
        Address::Member(name, _) => Address::Member(name.clone(), user.clone()),
        Address::Group(_) | Address::Grant(..) => address.clone(),
    }
}
