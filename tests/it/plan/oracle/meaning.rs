//! What a tree means on the true site: whom its emails and which groups its names are, who is to be where, and until
//! when. It is read from the tree's text and the site alone, by none of Rollbook's code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rollbook::model::AccountKind;

use super::site::{Pair, human, is_active, owner};
use super::tree::{Team, Tree, Waived, Who};
use crate::world::{Account, Live};

/// A tree, read on a site and a day.
#[derive(Clone, Copy)]
pub(super) struct Meaning<'a> {
    pub(super) tree: &'a Tree,
    pub(super) live: &'a Live,
    pub(super) today: Date,
}

/// How long a tree lets somebody stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stay {
    Gone,
    Until(Date),
    Forever,
}

/// Whom an email may mean.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    /// What a pin, the lock or the site says today.
    Today,
    /// Also the account of whose address it ever was, so that one person's old and new name are not a difference.
    Ever,
}

impl<'a> Meaning<'a> {
    /// The account that an email means: by pin, by lock, or whose email it is on the site, shown or not.
    pub(super) fn account(&self, email: &str) -> Option<String> {
        let pin = self.tree.users.get(email).and_then(|user| user.account.clone());
        let lock = || self.tree.locked_users.get(email).cloned();
        pin.or_else(lock).or_else(|| self.owner_on_site(email))
    }

    fn owner_on_site(&self, email: &str) -> Option<String> {
        let has = |account: &Account| account.email.as_deref() == Some(email);
        self.live.accounts.iter().find(|(_, account)| has(account)).map(|(id, _)| id.clone())
    }

    /// The accounts that an email may mean: those above, and those of the person whose address it was.
    pub(super) fn accounts(&self, email: &str) -> BTreeSet<String> {
        let mut accounts: BTreeSet<String> =
            self.account(email).into_iter().chain(self.owner_on_site(email)).collect();
        if let Some(person) = owner(email) {
            let theirs = self.live.accounts.keys().filter(|id| human(id) == Some(person));
            accounts.extend(theirs.cloned());
        }
        accounts
    }

    fn reached(&self, email: &str, reach: Reach) -> BTreeSet<String> {
        match reach {
            Reach::Today => self.account(email).into_iter().collect(),
            Reach::Ever => self.accounts(email),
        }
    }

    /// The group that a name means: by pin, by lock, or the one that the site calls so. Where the site calls another
    /// group so than a pin or the lock says, a tree cannot give the name away, and the site goes first.
    pub(super) fn group(&self, name: &str) -> Option<String> {
        self.called(name).or_else(|| self.by_id(name))
    }

    /// The group that a pin or the lock says a name is.
    fn by_id(&self, name: &str) -> Option<String> {
        let pin = self.tree.groups.get(name).and_then(|team| team.id.as_ref());
        let id = pin.or_else(|| self.tree.locked_groups.get(name))?;
        self.live.groups.contains_key(id).then(|| id.clone())
    }

    pub(super) fn called(&self, name: &str) -> Option<String> {
        self.live.groups.iter().find(|(_, group)| group.name == name).map(|(id, _)| id.clone())
    }

    /// The groups that names mark: what a pin or the lock says that each is, and what the site calls so.
    pub(super) fn marked(&self, names: &[String]) -> BTreeSet<String> {
        names.iter().flat_map(|name| self.by_id(name).into_iter().chain(self.called(name))).collect()
    }

    /// The groups that names mean.
    pub(super) fn meant(&self, names: &[String]) -> BTreeSet<String> {
        names.iter().filter_map(|name| self.group(name)).collect()
    }

    /// The privileged groups; those that give site administration are.
    pub(super) fn privileged(&self) -> BTreeSet<String> {
        let mut marked = self.marked(&self.tree.policy.privileged);
        marked.extend(self.live.admin_groups.iter().cloned());
        marked
    }

    /// The keys under which a group is declared.
    pub(super) fn keys(&self, group: &str) -> Vec<&'a String> {
        let tree = self.tree;
        tree.groups.keys().filter(|name| self.group(name).as_deref() == Some(group)).collect()
    }

    /// How long a tree lets somebody have anything: not at all by `active: false`, and until a day by an end of their own.
    fn lasts(&self, account: &str) -> Stay {
        let users = self.tree.users.iter();
        let theirs = users.filter(|(email, _)| self.account(email).as_deref() == Some(account));
        let stay = theirs
            .map(|(_, user)| if user.active == Some(false) { Stay::Gone } else { self.stay(user.until) });
        stay.min().unwrap_or(Stay::Forever)
    }

    fn leaves(&self, account: &str) -> bool {
        self.lasts(account) == Stay::Gone
    }

    /// Whether a tree wants somebody active by its own word.
    pub(super) fn activates(&self, account: &str) -> bool {
        let mut users = self.tree.users.iter();
        let active = users.any(|(email, user)| {
            user.active == Some(true) && self.account(email).as_deref() == Some(account)
        });
        active && !self.leaves(account)
    }

    /// How long a tree lets a member stay in a group, by whatever name it calls them.
    pub(super) fn stays(&self, pair: &Pair, reach: Reach) -> Stay {
        self.lasts(&pair.1).min(self.listed(pair, reach))
    }

    /// How long the entries of groups let a member stay.
    fn listed(&self, (group, account): &Pair, reach: Reach) -> Stay {
        let stay = |key: &&String| {
            let team = self.tree.groups.get(*key).filter(|team| !team.absent)?;
            let named = self.paths(key, reach, true).get(account).copied();
            let kept =
                if team.at_least.unwrap_or(self.tree.policy.at_least) { Stay::Forever } else { Stay::Gone };
            Some(named.unwrap_or(kept))
        };
        let keys = self.keys(group);
        if keys.is_empty() {
            return Stay::Forever;
        }
        keys.iter().filter_map(stay).max().unwrap_or(Stay::Gone)
    }

    /// Whether a tree asks for a membership.
    pub(super) fn wants(&self, (group, account): &Pair) -> bool {
        let named =
            |key: &&String| self.paths(key, Reach::Ever, true).get(account).copied() > Some(Stay::Gone);
        !self.leaves(account) && self.keys(group).iter().any(named)
    }

    /// Everybody whose every path into a group has ended by its day.
    pub(super) fn ended(&self, group: &str) -> BTreeSet<String> {
        let mut latest: BTreeMap<String, Stay> = BTreeMap::new();
        for key in self.keys(group) {
            for (account, stay) in self.paths(key, Reach::Today, false) {
                let known = latest.entry(account).or_insert(stay);
                *known = stay.max(*known);
            }
        }
        let ended = latest.into_iter().filter(|(_, stay)| *stay == Stay::Gone);
        ended.map(|(account, _)| account).filter(|account| !self.leaves(account)).collect()
    }

    /// Everybody a group's entries name, and how long the longest of their paths lasts. A person that an `except` of
    /// its own leaves out counts as named where that is asked for.
    fn paths(&self, key: &str, reach: Reach, excepted_count: bool) -> BTreeMap<String, Stay> {
        let mut paths: BTreeMap<String, Stay> = BTreeMap::new();
        let mut note = |account: String, stay: Stay| {
            let known = paths.entry(account).or_insert(stay);
            *known = stay.max(*known);
        };
        let members = self.tree.groups.get(key).into_iter().flat_map(|team| &team.members);
        for member in members {
            let own = self.stay(member.until);
            match &member.who {
                Who::Email(email) => {
                    self.reached(email, reach).into_iter().for_each(|account| note(account, own));
                }
                Who::Account(id) => note(id.clone(), own),
                Who::Group(inner, except) => {
                    let out: BTreeSet<String> =
                        except.iter().flat_map(|email| self.reached(email, reach)).collect();
                    for (account, stay) in self.paths(inner, reach, false) {
                        if !out.contains(&account) {
                            note(account, stay.min(own));
                        } else if excepted_count {
                            note(account, Stay::Gone);
                        }
                    }
                }
            }
        }
        paths
    }

    fn stay(&self, until: Option<Date>) -> Stay {
        match until {
            None => Stay::Forever,
            Some(day) if day <= self.today => Stay::Gone,
            Some(day) => Stay::Until(day),
        }
    }

    /// Whether a group takes in others, and does not say `nest: true`.
    pub(super) fn nests_unsaid(&self, group: &str) -> bool {
        let teams = self.keys(group).into_iter().filter_map(|key| self.tree.groups.get(key));
        let takes = |team: &Team| team.members.iter().any(|member| matches!(member.who, Who::Group(..)));
        teams.into_iter().any(|team| !team.nest && takes(team))
    }

    /// Whether a waiver that runs takes in one of these groups, or this account.
    pub(super) fn waives(&self, guard: &str, groups: &[&str], account: Option<&str>) -> bool {
        let of_group = |name: &str| {
            let marked = self.marked(&[name.to_owned()]);
            groups.iter().any(|group| marked.contains(*group))
        };
        let of_user = |email: &str| account.is_some_and(|account| self.accounts(email).contains(account));
        let runs =
            self.tree.waivers.iter().filter(|waiver| waiver.guard == guard && waiver.until > self.today);
        runs.into_iter().any(|waiver| match &waiver.of {
            Waived::Group(name) => of_group(name),
            Waived::User(email) => of_user(email),
            Waived::Member(name, email) => of_group(name) && of_user(email),
        })
    }
}

/// How many active people a group has. An invited user has not come yet.
pub(super) fn people_in(live: &Live, group: &str, invited: &BTreeSet<String>) -> usize {
    let counts =
        |id: &&String| live.accounts.get(*id).is_some_and(is_active_person) && !invited.contains(*id);
    live.groups.get(group).map_or(0, |group| group.members.iter().filter(counts).count())
}

pub(super) fn is_active_person(account: &Account) -> bool {
    is_active(account) && account.kind == AccountKind::Atlassian
}
