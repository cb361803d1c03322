//! The live half of a world, and what reads of it and operations on it do.

use std::collections::{BTreeMap, BTreeSet};

use rollbook::model::{
    AccountId, AccountKind, App, AppRole, Capabilities, Email, GroupId, GroupKind, GroupName, Key, Listing,
    LiveAccount, LiveGroup, LiveState, ManagedBy, Operation, Plan, Questions, Reading, Ref, Rights, Rows,
    Usage,
};
use rollbook::plan::{self, Desired};

/// Everything there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Live {
    /// By account id.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By group id.
    pub(crate) groups: BTreeMap<String, Group>,
    /// App, groups that grant it, groups that a new user joins.
    pub(crate) roles: Vec<(String, Vec<String>, Vec<String>)>,
    /// Group ids.
    pub(crate) admin_groups: BTreeSet<String>,
    pub(crate) read_only: bool,
    /// The order in which reads bring their rows.
    pub(crate) backwards: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    pub(crate) email: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: AccountKind,
    pub(crate) active: bool,
    pub(crate) hidden: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) managed_by: ManagedBy,
    pub(crate) usage: Usage,
}

impl Account {
    pub(crate) fn person(email: &str) -> Self {
        let name = email.split('@').next().unwrap_or_default().to_uppercase();
        Self { email: Some(email.into()), name, kind: AccountKind::Atlassian, active: true, hidden: false }
    }

    pub(crate) fn app(name: &str) -> Self {
        Self { email: None, name: name.into(), kind: AccountKind::App, active: true, hidden: true }
    }

    fn live(&self, id: &str) -> LiveAccount {
        let shown = self.email.as_ref().filter(|_| !self.hidden);
        LiveAccount {
            id: AccountId::new(id),
            kind: self.kind,
            active: self.active,
            name: self.name.clone(),
            email: shown.and_then(|email| Email::parse(email).ok()),
        }
    }
}

impl Group {
    pub(crate) fn of(name: &str, members: BTreeSet<String>) -> Self {
        Self { name: name.into(), members, managed_by: ManagedBy::Unsaid, usage: Usage::Unsaid }
    }
}

impl Live {
    pub(crate) fn id_of(&self, email: &str) -> String {
        let same =
            |account: &Account| account.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(email));
        let found = self.accounts.iter().find(|(_, account)| same(account));
        found.map_or_else(|| panic!("nobody is {email}"), |(id, _)| id.clone())
    }

    pub(crate) fn account(&mut self, email: &str) -> &mut Account {
        let id = self.id_of(email);
        self.accounts.get_mut(&id).expect("just found")
    }

    pub(crate) fn group(&mut self, name: &str) -> &mut Group {
        self.groups.values_mut().find(|group| group.name == name).unwrap_or_else(|| panic!("no group {name}"))
    }

    /// Somebody whom nothing declares comes to be.
    pub(crate) fn hire(&mut self, email: &str) {
        let id = format!("acc-{}", email.to_lowercase());
        self.accounts.insert(id, Account::person(email));
    }

    pub(crate) fn join(&mut self, group: &str, email: &str) {
        let id = self.id_of(email);
        self.group(group).members.insert(id);
    }

    pub(crate) fn leave(&mut self, group: &str, email: &str) {
        let id = self.id_of(email);
        assert!(self.group(group).members.remove(&id), "{email} was in {group}");
    }

    /// What reads bring: as much as a diff asks for.
    pub(crate) fn state(&self, desired: &Desired<'_>) -> LiveState {
        let reads = plan::reads(desired);
        let groups = self.listing(self.groups.iter().map(|(id, group)| group.live(id)));
        let mut accounts = BTreeMap::new();
        let mut members = BTreeMap::new();
        for id in plan::groups_to_read(desired, &groups) {
            let rows = &self.groups[id.as_str()].members;
            accounts.extend(rows.iter().map(|id| (AccountId::new(id), self.accounts[id].live(id))));
            members.insert(id, self.listing(rows.iter().map(AccountId::new)));
        }
        let mut users = Reading::NotRead;
        if reads.users {
            users = Reading::Read(self.listing(self.accounts.keys().map(AccountId::new)));
            accounts.extend(self.accounts.iter().map(|(id, account)| (AccountId::new(id), account.live(id))));
        }
        let admin = self.groups.iter().filter(|(id, _)| self.admin_groups.contains(*id));
        let rights = Rights {
            acting: Account::person("root@acme.com").live("acc-root@acme.com"),
            browse_users: true,
            administer: !self.read_only,
            site_admin: !self.read_only,
            site_admin_groups: self.listing(admin.map(|(id, group)| group.live(id))),
        };
        LiveState { rights, groups, members, users, accounts }
    }

    pub(crate) fn answer(&self, questions: &Questions) -> Capabilities {
        let mut kinds: BTreeSet<GroupId> = questions.group_kinds.keys().cloned().collect();
        let mut memberships = BTreeMap::new();
        for id in &questions.memberships {
            let of = self.groups.iter().filter(|(_, group)| group.members.contains(id.as_str()));
            let groups = self.listing(of.map(|(id, group)| group.live(id)));
            kinds.extend(groups.iter().map(|group| group.id.clone()));
            memberships.insert(id.clone(), groups);
        }
        let kind =
            |group: &Group| GroupKind { managed_by: group.managed_by.clone(), usage: group.usage.clone() };
        let ids = |ids: &[String]| ids.iter().map(GroupId::new).collect();
        let roles = self.roles.iter().map(|(app, groups, defaults)| AppRole {
            app: App::new(app),
            groups: ids(groups),
            default_groups: ids(defaults),
        });
        Capabilities {
            group_kinds: kinds
                .iter()
                .map(|id| (id.clone(), self.groups.get(id.as_str()).map(kind)))
                .collect(),
            memberships,
            accounts: questions
                .accounts
                .iter()
                .map(|id| {
                    (id.clone(), self.accounts.get(id.as_str()).map(|account| account.live(id.as_str())))
                })
                .collect(),
            app_roles: if self.read_only { Reading::NotRead } else { Reading::Read(roles.collect()) },
        }
    }

    fn listing<T: Ord>(&self, rows: impl Iterator<Item = T>) -> Listing<T> {
        let mut rows: Vec<T> = rows.collect();
        if self.backwards {
            rows.reverse();
        }
        Listing::checked(Rows { total: Some(rows.len()), rows, ended: true }).expect("a whole read")
    }

    /// Carries a plan out, as the site would; it panics at an operation that the site would refuse.
    pub(crate) fn apply(&mut self, plan: &Plan) {
        let mut made: BTreeMap<Key, String> = BTreeMap::new();
        for planned in &plan.operations {
            match &planned.operation {
                Operation::CreateGroup { name } => {
                    let id = format!("made-{name}");
                    assert!(
                        self.groups.values().all(|group| group.name != name.as_str()),
                        "{name} is in use"
                    );
                    self.groups.insert(id.clone(), Group::of(name.as_str(), BTreeSet::new()));
                    made.insert(planned.key.clone(), id);
                }
                Operation::InviteUser { email, .. } => {
                    let id = format!("made-{email}");
                    self.accounts.insert(id.clone(), Account::person(email.as_str()));
                    made.insert(planned.key.clone(), id);
                }
                Operation::AddMember { group, account } => {
                    let (group, account) = (resolve(group, &made), resolve(account, &made));
                    assert!(self.accounts.contains_key(&account), "{account} exists");
                    let group = self.groups.get_mut(&group).expect("the group exists");
                    assert!(group.members.insert(account), "{}: not a member yet", planned.key);
                }
                Operation::RemoveMember { membership } => {
                    let group = self.groups.get_mut(membership.group().as_str()).expect("the group exists");
                    assert!(group.members.remove(membership.account().as_str()), "{}: a member", planned.key);
                }
                Operation::RemoveUser { account, .. } => {
                    // A user who was removed is still listed (fact sheet §1.3).
                    self.accounts.get_mut(account.as_str()).expect("the account exists").active = false;
                    for group in self.groups.values_mut() {
                        group.members.remove(account.as_str());
                    }
                }
                Operation::DeleteGroup { group, .. } => {
                    assert!(self.groups.remove(group.as_str()).is_some(), "{group} exists");
                }
            }
        }
    }
}

impl Group {
    fn live(&self, id: &str) -> LiveGroup {
        LiveGroup { id: GroupId::new(id), name: GroupName::new(&self.name) }
    }
}

fn resolve<Id: ToString>(id: &Ref<Id>, made: &BTreeMap<Key, String>) -> String {
    match id {
        Ref::Known(id) => id.to_string(),
        Ref::Made(key) => made.get(key).unwrap_or_else(|| panic!("{key} came first")).clone(),
    }
}
