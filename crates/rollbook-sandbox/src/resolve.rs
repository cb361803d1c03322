//! Seed → state, with every problem of the seed at once; and state → seed.

use std::collections::{BTreeMap, BTreeSet};

use super::credential::{SeedCredential, SeedToken};
use super::ids::stable_uuid;
use super::problem::SeedProblem;
use super::seed::{Seed, SeedApp, SeedGroup, SeedOrganization, SeedScim, SeedSite, SeedUser};
use super::state::{Account, App, Group, Organization, ScimRecord, Site, State};
use super::words::{AccountType, Deletion, Grant};

/// The token of the credential that a seed without credentials gets.
const DEFAULT_TOKEN: &str = "sandbox-token";

impl State {
    /// Makes the state that a seed describes, with the default credential if the seed has none.
    pub(super) fn from_seed(seed: &Seed) -> Result<State, Vec<SeedProblem>> {
        let mut build = Build {
            state: empty(seed),
            by_email: BTreeMap::new(),
            scim_taken: BTreeSet::new(),
            problems: Vec::new(),
        };
        for app in &seed.apps {
            build.app(app);
        }
        for user in &seed.users {
            build.user(user);
        }
        let mut names = BTreeSet::new();
        for group in &seed.groups {
            if !names.insert(group.name.to_lowercase()) {
                build.problems.push(SeedProblem::DuplicateGroup(group.name.clone()));
            }
            build.group(group);
        }
        for credential in &seed.credentials {
            build.credential(credential);
        }
        if !build.problems.is_empty() {
            return Err(build.problems);
        }
        let mut state = build.state;
        if state.credentials.is_empty() {
            state.give_default_credential();
        }
        Ok(state)
    }

    /// The seed that describes this state: `from_seed` makes the same state from it.
    pub(super) fn to_seed(&self) -> Seed {
        let member = |id: &str| {
            let email = self.accounts.get(id).and_then(|account| account.email.as_deref());
            let email = email.filter(|email| !self.accounts.contains_key(*email));
            email.unwrap_or(id).to_owned()
        };
        Seed {
            site: SeedSite { name: self.site.name.clone(), cloud_id: Some(self.site.cloud_id.clone()) },
            organization: self.organization.to_seed(),
            apps: self.apps.iter().map(|(key, app)| seed_app(key, app)).collect(),
            users: self.accounts.iter().map(|(id, account)| self.seed_user(id, account)).collect(),
            unknown_accounts: self.unknown_accounts,
            groups: self
                .groups
                .iter()
                .map(|(id, group)| SeedGroup {
                    members: group.members.iter().map(|id| member(id)).collect(),
                    ..seed_group(id, group)
                })
                .collect(),
            credentials: self
                .credentials
                .iter()
                .map(|credential| match credential.account() {
                    Some(account) => credential.acting_as(&member(account)),
                    None => credential.clone(),
                })
                .collect(),
        }
    }

    fn seed_user(&self, id: &str, account: &Account) -> SeedUser {
        let record = self.scim.get(id).map(|record| SeedScim {
            id: Some(record.id.clone()),
            user_name: Some(record.user_name.clone()),
            external_id: record.external_id.clone(),
            active: record.active,
            attributes: record.attributes.clone(),
        });
        SeedUser {
            account_id: Some(id.to_owned()),
            email: account.email.clone(),
            name: Some(account.name.clone()),
            kind: account.kind,
            app_type: account.app_type,
            active: account.active,
            pending: account.pending,
            suspended: account.suspended,
            deletion: account.deletion,
            managed: (account.managed != self.organization.claims(account.kind, account.email.as_deref()))
                .then_some(account.managed),
            roles: account.roles.iter().copied().collect(),
            grants: account.grants.clone(),
            scim: record,
            hide_email: account.hide_email,
            last_active: account.last_active,
            removed: account.removed,
            profile: account.profile.clone(),
        }
    }

    fn give_default_credential(&mut self) {
        let admin = self
            .accounts
            .iter()
            .find(|(id, account)| account.is_live() && account.email.is_some() && self.is_site_admin(id))
            .map(|(id, _)| id.clone());
        let account = admin.unwrap_or_else(|| self.make_root());
        let token = DEFAULT_TOKEN.to_owned();
        self.credentials.push(SeedCredential::Basic(SeedToken { account, token, ..SeedToken::default() }));
    }

    /// Adds `root@SITE.example` to the first site-admin group, or to a new group `site-admins`.
    fn make_root(&mut self) -> String {
        let site = &self.site.name;
        let email = unused("root", |name| self.account_id(&format!("{name}@{site}.example")).is_some());
        let email = format!("{email}@{site}.example");
        let root = SeedUser { email: Some(email), name: Some("Root".to_owned()), ..SeedUser::default() };
        let id = account_id(&root);
        self.accounts.insert(id.clone(), account(&root, &self.organization));
        if let Some(admins) = self.groups.values_mut().find(|group| group.site_admin) {
            admins.members.insert(id.clone());
            return id;
        }
        let name = unused("site-admins", |name| self.name_in_use(name));
        let seed = SeedGroup { name, site_admin: true, ..SeedGroup::default() };
        let mut admins = group(&seed);
        admins.members.insert(id.clone());
        self.groups.insert(group_id(&seed), admins);
        id
    }
}

/// `wish`, or `wish-1`, `wish-2`…, whichever is free first.
fn unused(wish: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (1_u32..).map(|number| format!("{wish}-{number}"));
    std::iter::once(wish.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

struct Build {
    state: State,
    by_email: BTreeMap<String, String>,
    scim_taken: BTreeSet<(&'static str, String)>,
    problems: Vec<SeedProblem>,
}

impl Build {
    fn app(&mut self, seed: &SeedApp) {
        let name = seed.name.clone().unwrap_or_else(|| seed.key.clone());
        let app = App { name, seats: seed.seats };
        if self.state.apps.insert(seed.key.clone(), app).is_some() {
            self.problems.push(SeedProblem::DuplicateApp(seed.key.clone()));
        }
    }

    fn user(&mut self, seed: &SeedUser) {
        let id = account_id(seed);
        let erased = seed.kind == AccountType::Atlassian && seed.deletion == Some(Deletion::Done);
        let may_have_none = seed.account_id.is_some() && (seed.kind == AccountType::App || erased);
        if seed.email.is_none() && !may_have_none {
            self.problems.push(SeedProblem::NoEmail(seed.name.clone().unwrap_or_else(|| id.clone())));
            return;
        }
        if let Some(email) = &seed.email
            && self.by_email.insert(email.to_ascii_lowercase(), id.clone()).is_some()
        {
            self.problems.push(SeedProblem::DuplicateEmail(email.clone()));
        }
        for app in seed.grants.keys().filter(|app| !self.state.apps.contains_key(*app)) {
            self.problems.push(SeedProblem::UnknownAppOfUser { user: id.clone(), app: app.clone() });
        }
        let made = account(seed, &self.state.organization);
        if self.state.accounts.insert(id.clone(), made).is_some() {
            self.problems.push(SeedProblem::DuplicateAccount(id.clone()));
        }
        if let Some(scim) = &seed.scim {
            self.scim(&id, seed, scim);
        }
    }

    fn scim(&mut self, account_id: &str, seed: &SeedUser, scim: &SeedScim) {
        if seed.kind != AccountType::Atlassian {
            return self.problems.push(SeedProblem::ScimOfNoPerson(account_id.to_owned()));
        }
        let record = scim_record(account_id, seed.email.as_deref(), scim);
        for (what, taken) in [("id", record.id.clone()), ("userName", record.user_name.to_ascii_lowercase())]
        {
            if !self.scim_taken.insert((what, taken.clone())) {
                self.problems.push(SeedProblem::DuplicateScim { what, value: taken });
            }
        }
        self.state.scim.insert(account_id.to_owned(), record);
    }

    fn group(&mut self, seed: &SeedGroup) {
        let name = || seed.name.clone();
        if seed.name.trim().is_empty() {
            self.problems.push(SeedProblem::NoName);
        }
        let mut made = group(seed);
        for app in seed.grants.keys().chain(&seed.default_for) {
            if !self.state.apps.contains_key(app) {
                self.problems.push(SeedProblem::UnknownApp { group: name(), app: app.clone() });
            }
        }
        for app in &seed.default_for {
            if seed.grants.get(app).is_none_or(|grants| !grants.holds(Grant::User)) {
                self.problems.push(SeedProblem::DefaultWithoutGrant { group: name(), app: app.clone() });
            }
        }
        for member in &seed.members {
            match self.find(member) {
                None => {
                    self.problems.push(SeedProblem::UnknownMember { group: name(), member: member.clone() });
                }
                Some(id) if self.state.accounts.get(&id).is_some_and(|account| account.removed) => {
                    self.problems.push(SeedProblem::RemovedMember { group: name(), member: member.clone() });
                }
                Some(id) if !made.members.insert(id.clone()) => {
                    self.problems
                        .push(SeedProblem::DuplicateMember { group: name(), member: member.clone() });
                }
                Some(_) => {}
            }
        }
        let id = group_id(seed);
        if self.state.groups.insert(id.clone(), made).is_some() {
            self.problems.push(SeedProblem::DuplicateGroupId(id));
        }
    }

    fn credential(&mut self, seed: &SeedCredential) {
        let Some(account) = seed.account() else {
            return self.state.credentials.push(seed.clone());
        };
        let Some(id) = self.find(account) else {
            return self.problems.push(SeedProblem::UnknownCredentialAccount(account.to_owned()));
        };
        let needs_email = matches!(seed, SeedCredential::Basic(_) | SeedCredential::Scoped(_));
        if needs_email && self.state.accounts.get(&id).is_some_and(|account| account.email.is_none()) {
            self.problems.push(SeedProblem::CredentialWithoutEmail(id.clone()));
        }
        if matches!(seed, SeedCredential::Basic(token) if !token.scopes.is_empty()) {
            self.problems.push(SeedProblem::ScopesOnBasic(id.clone()));
        }
        self.state.credentials.push(seed.acting_as(&id));
    }

    fn find(&self, reference: &str) -> Option<String> {
        if self.state.accounts.contains_key(reference) {
            return Some(reference.to_owned());
        }
        self.by_email.get(&reference.to_ascii_lowercase()).cloned()
    }
}

fn empty(seed: &Seed) -> State {
    let site = &seed.site;
    let cloud_id = site.cloud_id.clone().unwrap_or_else(|| stable_uuid("cloud", &site.name));
    State {
        site: Site { name: site.name.clone(), cloud_id },
        organization: organization(&seed.organization, &site.name),
        apps: BTreeMap::new(),
        accounts: BTreeMap::new(),
        groups: BTreeMap::new(),
        scim: BTreeMap::new(),
        unknown_accounts: seed.unknown_accounts,
        credentials: Vec::new(),
    }
}

fn organization(seed: &SeedOrganization, site: &str) -> Organization {
    let id = |given: &Option<String>, kind| given.clone().unwrap_or_else(|| stable_uuid(kind, site));
    let verified = seed.domains.iter().map(|domain| (domain.to_ascii_lowercase(), true));
    let others = seed.unverified_domains.iter().map(|domain| (domain.to_ascii_lowercase(), false));
    Organization {
        id: id(&seed.id, "organization"),
        directory_id: id(&seed.directory, "directory"),
        scim_directory_id: id(&seed.scim_directory, "scim-directory"),
        domains: others.chain(verified).collect(),
    }
}

impl Organization {
    /// Whether an account is managed by default: a person's, in a verified domain.
    pub(super) fn claims(&self, kind: AccountType, email: Option<&str>) -> bool {
        kind == AccountType::Atlassian && email.is_some_and(|email| self.has_verified(email))
    }

    fn to_seed(&self) -> SeedOrganization {
        let domains = |wanted: bool| {
            let domains = self.domains.iter().filter(|(_, verified)| **verified == wanted);
            domains.map(|(domain, _)| domain.clone()).collect()
        };
        SeedOrganization {
            id: Some(self.id.clone()),
            directory: Some(self.directory_id.clone()),
            scim_directory: Some(self.scim_directory_id.clone()),
            domains: domains(true),
            unverified_domains: domains(false),
        }
    }
}

/// The SCIM record that a seed describes.
pub(super) fn scim_record(account_id: &str, email: Option<&str>, seed: &SeedScim) -> ScimRecord {
    ScimRecord {
        id: seed.id.clone().unwrap_or_else(|| stable_uuid("scim-user", account_id)),
        user_name: seed.user_name.as_deref().or(email).unwrap_or(account_id).to_owned(),
        external_id: seed.external_id.clone(),
        active: seed.active,
        attributes: seed.attributes.clone(),
    }
}

/// The account ID that a seed user gets: its own, or one made from the email.
fn account_id(seed: &SeedUser) -> String {
    let email = seed.email.as_deref().unwrap_or_default().to_ascii_lowercase();
    seed.account_id.clone().unwrap_or_else(|| format!("712020:{}", stable_uuid("account", &email)))
}

/// The group ID that a seed group gets: its own, or one made from the name.
fn group_id(seed: &SeedGroup) -> String {
    seed.id.clone().unwrap_or_else(|| stable_uuid("group", &seed.name))
}

/// The account that a seed user describes.
pub(super) fn account(seed: &SeedUser, organization: &Organization) -> Account {
    let local_part = || seed.email.as_deref().unwrap_or_default().split('@').next().unwrap_or_default();
    Account {
        email: seed.email.clone(),
        name: seed.name.clone().unwrap_or_else(|| match seed.email {
            None if seed.kind == AccountType::Atlassian => "Former user".to_owned(),
            _ => local_part().to_owned(),
        }),
        kind: seed.kind,
        app_type: seed.app_type,
        active: seed.active,
        pending: seed.pending,
        suspended: seed.suspended,
        deletion: seed.deletion,
        managed: seed.managed.unwrap_or_else(|| organization.claims(seed.kind, seed.email.as_deref())),
        roles: seed.roles.iter().copied().collect(),
        grants: seed.grants.clone(),
        hide_email: seed.hide_email,
        last_active: seed.last_active,
        removed: seed.removed,
        profile: seed.profile.clone(),
    }
}

/// The group that a seed group describes, still without members.
pub(super) fn group(seed: &SeedGroup) -> Group {
    Group {
        name: seed.name.clone(),
        description: seed.description.clone(),
        managed_by: seed.managed_by,
        usage: seed.usage,
        external_id: seed.external_id.clone(),
        grants: seed.grants.clone(),
        default_for: seed.default_for.iter().cloned().collect(),
        site_admin: seed.site_admin,
        browse_users: seed.browse_users,
        members: BTreeSet::new(),
        unknown_members: seed.unknown_members,
    }
}

fn seed_app(key: &str, app: &App) -> SeedApp {
    SeedApp { key: key.to_owned(), name: Some(app.name.clone()), seats: app.seats }
}

fn seed_group(id: &str, group: &Group) -> SeedGroup {
    SeedGroup {
        name: group.name.clone(),
        id: Some(id.to_owned()),
        description: group.description.clone(),
        managed_by: group.managed_by,
        usage: group.usage,
        external_id: group.external_id.clone(),
        grants: group.grants.clone(),
        default_for: group.default_for.iter().cloned().collect(),
        site_admin: group.site_admin,
        browse_users: group.browse_users,
        members: Vec::new(),
        unknown_members: group.unknown_members,
    }
}
