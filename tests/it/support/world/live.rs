//! The live half of a world, and what reads of it and operations on it do.

use std::collections::{BTreeMap, BTreeSet};

use rollbook::model::{
    Access, AccountId, AccountKind, App, AppRole, Capabilities, Claim, Declaration, Email, Grants, GroupId,
    GroupKind, GroupName, JiraRights, Key, Listing, LiveAccount, LiveGroup, LiveState, ManagedBy, Operation,
    OrganizationUser, Plan, PlannedOperation, Privileges, Questions, Read, Reading, Readings, Ref,
    Restriction, Rights, Role, RoleGivers, Rows, ScimId, ScimUser, Seats, Surface, SyncedGroups, Unread,
    Usage, UserSource, UserStatus,
};
use rollbook::plan::{self, Beside, Desired};

/// Everything there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Live {
    /// By account id.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By group id.
    pub(crate) groups: BTreeMap<String, Group>,
    /// App, groups that grant it, groups that a new user joins.
    pub(crate) roles: Vec<(String, Vec<String>, Vec<String>)>,
    /// The apps of the site by which groups have roles, and the roles of each group, by its id, as app and role.
    pub(crate) apps: BTreeSet<String>,
    pub(crate) grants: BTreeSet<(String, String, String)>,
    /// Group ids, each with an app whose default group it is.
    pub(crate) defaults: BTreeSet<(String, String)>,
    /// Group ids.
    pub(crate) admin_groups: BTreeSet<String>,
    pub(crate) read_only: bool,
    /// What there is a credential for; Jira alone where it is empty.
    pub(crate) surfaces: BTreeSet<Surface>,
    /// Account ids.
    pub(crate) organization_admins: BTreeSet<String>,
    /// Seats that are left, by app.
    pub(crate) seats: BTreeMap<String, usize>,
    /// The order in which reads bring their rows.
    pub(crate) backwards: bool,
    /// How many rows without an id Jira's listings of members and of people have besides those with one.
    pub(crate) unidentified: usize,
    /// The questions that are refused when a plan asks them.
    pub(crate) refused: BTreeSet<Read>,
}

#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is to happen")]
pub(crate) struct Account {
    pub(crate) email: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: AccountKind,
    pub(crate) active: bool,
    pub(crate) hidden: bool,
    pub(crate) suspended: bool,
    pub(crate) removed: bool,
    /// Whether the SCIM directory has a record of it.
    pub(crate) scim: bool,
    pub(crate) managed: bool,
    /// Whether the organization does not show it, though Jira does.
    pub(crate) unshown: bool,
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
        Self {
            email: Some(email.into()),
            name,
            kind: AccountKind::Atlassian,
            active: true,
            hidden: false,
            suspended: false,
            removed: false,
            scim: false,
            managed: true,
            unshown: false,
        }
    }

    /// What is left of an account that was erased for good.
    pub(crate) fn former() -> Self {
        let person = Self::person("former@acme.com");
        Self { email: None, name: "Former user".into(), active: false, hidden: true, unshown: true, ..person }
    }

    pub(crate) fn app(name: &str) -> Self {
        let (name, kind) = (name.into(), AccountKind::App);
        Self { email: None, name, kind, hidden: true, ..Self::person("app@acme.com") }
    }

    fn live(&self, id: &str) -> LiveAccount {
        let shown = self.email.as_ref().filter(|_| !self.hidden);
        LiveAccount {
            id: AccountId::new(id),
            kind: self.kind,
            status: match self.status() {
                UserStatus::Active => UserStatus::Active,
                _ => UserStatus::Inactive,
            },
            name: self.name.clone(),
            email: shown.and_then(|email| Email::parse(email).ok()),
        }
    }

    fn status(&self) -> UserStatus {
        match (self.active, self.removed, self.suspended) {
            (false, _, _) => UserStatus::Deactivated,
            (true, true, _) => UserStatus::NotInvited,
            (true, false, true) => UserStatus::Suspended,
            (true, false, false) => UserStatus::Active,
        }
    }

    /// What the organization shows: people alone, and their emails.
    fn person_of(&self, id: &str) -> Option<OrganizationUser> {
        let is_shown = matches!(self.kind, AccountKind::Atlassian | AccountKind::Unknown) && !self.unshown;
        is_shown.then(|| OrganizationUser {
            account: AccountId::new(id),
            email: self.email.as_ref().and_then(|email| Email::parse(email).ok()),
            name: self.name.clone(),
            status: self.status(),
            claim: if self.managed { Claim::Managed } else { Claim::Unmanaged },
            source: if self.scim { UserSource::Synced } else { UserSource::Invited },
            roles: BTreeSet::new(),
        })
    }

    fn scim_user(&self, id: &str) -> Option<ScimUser> {
        let email = self.email.as_ref().filter(|_| self.scim)?;
        Some(ScimUser {
            id: ScimId::new(format!("scim-{id}")),
            account: Some(AccountId::new(id)),
            user_name: email.clone(),
            email: Email::parse(email).ok(),
            name: self.name.clone(),
            active: self.active,
        })
    }
}

impl Group {
    pub(crate) fn of(name: &str, members: BTreeSet<String>) -> Self {
        Self { name: name.into(), members, managed_by: ManagedBy::NotReported, usage: Usage::NotReported }
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

    /// An account that nothing declares is created.
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

    /// What there is a credential for.
    pub(crate) fn surfaces(&self) -> BTreeSet<Surface> {
        if self.surfaces.is_empty() { BTreeSet::from([Surface::Jira]) } else { self.surfaces.clone() }
    }

    fn has(&self, surface: Surface) -> bool {
        self.surfaces().contains(&surface)
    }

    /// Whether an account is listed: the organization shows people alone.
    fn lists(&self, id: &str) -> bool {
        self.has(Surface::Jira)
            || self.accounts[id].person_of(id).is_some_and(|it| it.status != UserStatus::NotInvited)
    }

    fn listed(&self, id: &str) -> LiveAccount {
        let account = &self.accounts[id];
        if self.has(Surface::Jira) {
            account.live(id)
        } else {
            account.person_of(id).expect("a person").live()
        }
    }

    fn scim_users(&self) -> Vec<ScimUser> {
        self.accounts.iter().filter_map(|(id, account)| account.scim_user(id)).collect()
    }

    fn rights(&self) -> Rights {
        let admin = self.groups.iter().filter(|(id, _)| self.admin_groups.contains(*id));
        let jira = JiraRights {
            acting: Account::person("root@acme.com").live("acc-root@acme.com"),
            browse_users: true,
            administer: !self.read_only,
            site_admin: !self.read_only,
            site_admin_groups: self.listing(admin.map(|(id, group)| group.live(id))),
        };
        Rights { surfaces: self.surfaces(), jira: self.has(Surface::Jira).then_some(jira) }
    }

    /// What the organization answers of people.
    fn people(&self, desired: &Desired<'_>, beside: Beside<'_>) -> Vec<OrganizationUser> {
        if !self.has(Surface::Organization) {
            return Vec::new();
        }
        let searches = plan::searches(desired, beside);
        let all = self.accounts.iter().filter_map(|(id, account)| account.person_of(id));
        let asked = all.filter(|person| {
            let by_email = person.email.as_ref().is_some_and(|email| searches.emails.contains(email));
            by_email || searches.accounts.contains(&person.account)
        });
        asked.collect()
    }

    /// What the organization says of everybody in its directory.
    pub(crate) fn everybody(&self) -> Vec<OrganizationUser> {
        let shown = self.accounts.iter().filter(|(_, account)| !account.removed);
        let people = shown.filter_map(|(id, account)| account.person_of(id));
        people.filter(|_| self.has(Surface::Organization)).collect()
    }

    /// What reads bring: as much as a diff asks for.
    pub(crate) fn state(&self, desired: &Desired<'_>, beside: Beside<'_>) -> LiveState {
        let rights = self.rights();
        let people = self.people(desired, beside);
        let found: BTreeSet<Email> = people.iter().filter_map(|person| person.email.clone()).collect();
        let reads = plan::reads(desired, beside, &rights, &found);
        let groups = self.listing(self.groups.iter().map(|(id, group)| group.live(id)));
        let mut accounts = BTreeMap::new();
        let mut members = BTreeMap::new();
        let mut to_read = plan::groups_to_read(desired, beside, &groups);
        let grants = self.grants(desired, beside, &groups);
        to_read.extend(plan::privileged_groups_to_read(desired, beside, &rights, &groups, &grants));
        for id in to_read {
            let rows = self.groups[id.as_str()].members.iter().filter(|id| self.lists(id));
            let rows: Vec<&String> = rows.collect();
            accounts.extend(rows.iter().map(|id| (AccountId::new(id), self.listed(id))));
            members.insert(id, self.accounts_of(rows.into_iter()));
        }
        let mut users = Reading::NotRead;
        if reads.users {
            let all: Vec<&String> = self.accounts.keys().filter(|id| self.lists(id)).collect();
            accounts.extend(all.iter().map(|id| (AccountId::new(id), self.listed(id))));
            users = Reading::Read(self.accounts_of(all.into_iter()));
        }
        let searches = plan::searches(desired, beside);
        let mut live = LiveState {
            rights,
            groups,
            members,
            users,
            accounts,
            people: BTreeMap::new(),
            searched: if self.has(Surface::Organization) { searches.emails } else { BTreeSet::new() },
            scim_users: if reads.scim_users { Reading::Read(self.scim_users()) } else { Reading::NotRead },
            grants,
            synced: SyncedGroups::default(),
        };
        let sources = plan::synced_groups(desired, beside, &live.groups);
        self.synced(&mut live, &sources);
        live.learn(people);
        if self.has(Surface::Jira) {
            for id in searches.accounts {
                if let Some(account) = self.accounts.get(id.as_str()) {
                    live.accounts.entry(id.clone()).or_insert_with(|| account.live(id.as_str()));
                }
            }
        }
        live
    }

    /// What reads of the groups bring that members are taken from.
    fn synced(&self, live: &mut LiveState, groups: &BTreeMap<GroupId, GroupName>) {
        live.synced = self.synced_groups(groups);
        for id in groups.keys().filter(|_| self.is_told(Read::Synced)) {
            let group = &self.groups[id.as_str()];
            let rows: Vec<&String> = group.members.iter().filter(|id| self.lists(id)).collect();
            let seen = rows.iter().map(|id| (AccountId::new(id), self.listed(id)));
            for (id, account) in seen {
                live.accounts.entry(id).or_insert(account);
            }
            live.members.insert(id.clone(), self.accounts_of(rows.into_iter()));
        }
    }

    fn synced_groups(&self, groups: &BTreeMap<GroupId, GroupName>) -> SyncedGroups {
        let refused = |id: &GroupId| {
            let (why, help) = ("status 403, not for you".to_owned(), None);
            Unread { read: Read::Synced, about: Some(id.to_string()), why, help }
        };
        if !self.is_told(Read::Synced) {
            return SyncedGroups { unread: groups.keys().map(refused).collect(), ..SyncedGroups::default() };
        }
        let kinds = groups.keys().map(|id| (id.clone(), Some(self.kind(&self.groups[id.as_str()]))));
        SyncedGroups { kinds: kinds.collect(), ..SyncedGroups::default() }
    }

    fn kind(&self, group: &Group) -> GroupKind {
        let organization = self.has(Surface::Organization);
        GroupKind {
            managed_by: group.managed_by.clone(),
            usage: group.usage.clone(),
            modifiable: organization.then_some(group.managed_by != ManagedBy::External),
            deletable: organization.then_some(true),
        }
    }

    /// What reads of roles bring, each group by itself.
    pub(crate) fn grants(
        &self,
        desired: &Desired<'_>,
        beside: Beside<'_>,
        groups: &Listing<LiveGroup>,
    ) -> Grants {
        let asked = plan::grant_groups(desired, beside, groups);
        let declared = desired.groups.values().any(|group| group.grants.is_some());
        if !self.has(Surface::Organization) {
            return Grants::default();
        }
        let deciding = reading(plan::asks(desired, beside) && self.is_told(Read::RoleGivers), || {
            let deciding = self.grants.iter().filter(|(_, app, role)| access(app, role).role.is_privileged());
            deciding.map(|(group, ..)| GroupId::new(group)).collect()
        });
        if !declared && asked.is_empty() {
            return Grants { deciding, ..Grants::default() };
        }
        if !self.is_told(Read::Grants) {
            let (why, help) = ("status 403, not for you".to_owned(), None);
            let unread = Unread { read: Read::Grants, about: None, why, help };
            return Grants { unread: Some(unread), deciding, ..Grants::default() };
        }
        let held = |id: &GroupId| {
            let of = self.grants.iter().filter(|(group, ..)| group == id.as_str());
            self.listing(of.map(|(_, app, role)| access(app, role)))
        };
        let defaults = |id: &GroupId| {
            let of = self.defaults.iter().filter(|(group, _)| group == id.as_str());
            of.map(|(_, app)| App::new(app)).collect()
        };
        Grants {
            resources: self.apps.iter().map(|app| (App::new(app), format!("ari:{app}"))).collect(),
            of: asked.iter().map(|id| (id.clone(), held(id))).collect(),
            defaults: asked.iter().map(|id| (id.clone(), defaults(id))).collect(),
            undeclarable: BTreeMap::new(),
            unread: None,
            deciding,
        }
    }

    /// The groups that give a role, and the members of those that nothing else reads.
    fn givers(&self, access: &Access) -> RoleGivers {
        let gives = |(_, app, role): &&(String, String, String)| {
            app == access.app.as_str() && role == access.role.as_str()
        };
        let groups = self.grants.iter().filter(gives).map(|(group, ..)| GroupId::new(group)).collect();
        RoleGivers { access: access.clone(), groups }
    }

    /// What reads for a snapshot bring.
    pub(crate) fn readings(&self, desired: &Desired<'_>) -> Readings {
        let rights = self.rights();
        let groups = self.listing(self.groups.iter().map(|(id, group)| group.live(id)));
        let members = |id: GroupId| {
            let rows = self.groups[id.as_str()].members.iter().filter(|id| self.lists(id));
            (id.clone(), self.accounts_of(rows))
        };
        let listed: Vec<&String> = self.accounts.keys().filter(|id| self.lists(id)).collect();
        let organization = self.has(Surface::Organization);
        let people = self.accounts.iter().filter_map(|(id, account)| account.person_of(id));
        let people = people.map(|person| (person.account.clone(), person));
        let synced = plan::synced_groups(desired, Beside::default(), &groups);
        let grants = self.grants(desired, Beside::default(), &groups);
        Readings {
            members: plan::groups_to_read(desired, Beside::default(), &groups)
                .into_iter()
                .chain(plan::privileged_groups_to_read(desired, Beside::default(), &rights, &groups, &grants))
                .chain(synced.keys().filter(|_| self.is_told(Read::Synced)).cloned())
                .map(members)
                .collect(),
            accounts: listed.iter().map(|id| (AccountId::new(id), self.listed(id))).collect(),
            users: self.accounts_of(listed.into_iter()),
            looked_up: plan::searches(desired, Beside::default()).accounts,
            people: if organization { people.collect() } else { BTreeMap::new() },
            searched: if organization { desired.emails().cloned().collect() } else { BTreeSet::new() },
            found: BTreeSet::new(),
            whole: organization,
            scim_users: reading(self.has(Surface::Scim), || self.scim_users()),
            grants,
            synced: self.synced_groups(&synced),
            rights,
            groups,
        }
    }

    pub(crate) fn answer(&self, questions: &Questions, declaration: &Declaration) -> Capabilities {
        let mut questions = questions.clone();
        let unread = self.refuse(&mut questions);
        let mut answers = self.answer_all(&questions, declaration);
        if self.refused.contains(&Read::DirectoryGroup) {
            answers.scim_groups.clear();
        }
        answers.unread = unread;
        answers
    }

    /// Takes out what is refused, and says so of what was asked.
    fn refuse(&self, questions: &mut Questions) -> BTreeSet<Unread> {
        use std::mem::take;
        let mut unread = BTreeSet::new();
        let organization = self.has(Surface::Organization);
        for read in &self.refused {
            let was_asked = match read {
                Read::GroupKind => !take(&mut questions.group_kinds).is_empty(),
                Read::Memberships => !take(&mut questions.memberships).is_empty(),
                Read::Account => !take(&mut questions.accounts).is_empty(),
                Read::Standing => !take(&mut questions.people).is_empty() && organization,
                Read::Privileges => {
                    !take(&mut questions.privileges).is_empty() && self.has(Surface::UserManagement)
                }
                Read::AppRoles => take(&mut questions.app_roles) && self.has(Surface::Jira),
                Read::RoleGivers => !take(&mut questions.role_givers).is_empty() && organization,
                Read::DirectRoles => take(&mut questions.direct_roles) && organization,
                Read::Grants | Read::Synced => continue,
                Read::SiteAdmins | Read::OrganizationAdmins => questions.admins,
                Read::Domains | Read::Resources => questions.invitations && organization,
                Read::Directories => questions.scim_users && self.has(Surface::Scim),
                Read::DirectoryGroup => self.has(Surface::Scim),
                other => panic!("without {other:?} there is no plan"),
            };
            let (why, help) = ("status 403, not for you".to_owned(), None);
            unread.extend(was_asked.then_some(Unread { read: *read, about: None, why, help }));
        }
        unread
    }

    fn is_told(&self, read: Read) -> bool {
        !self.refused.contains(&read)
    }

    fn answer_all(&self, questions: &Questions, declaration: &Declaration) -> Capabilities {
        let organization = self.has(Surface::Organization);
        let mut kinds: BTreeSet<GroupId> = questions.group_kinds.keys().cloned().collect();
        let mut memberships = BTreeMap::new();
        let known = |id: &AccountId| self.accounts.get(id.as_str());
        for id in &questions.memberships {
            if !self.has(Surface::Jira)
                && known(id).is_none_or(|account| account.person_of(id.as_str()).is_none())
            {
                continue;
            }
            let of = self.groups.iter().filter(|(_, group)| group.members.contains(id.as_str()));
            let groups = self.listing(of.map(|(id, group)| group.live(id)));
            let found = groups.iter().filter(|_| self.is_told(Read::GroupKind));
            kinds.extend(found.map(|group| group.id.clone()));
            memberships.insert(id.clone(), groups);
        }
        let kind = |group: &Group| self.kind(group);
        let scim = self.has(Surface::Scim) && declaration.settings.scim.is_some();
        let synced = |id: &&GroupId| {
            self.groups.get(id.as_str()).is_some_and(|group| group.managed_by == ManagedBy::External)
        };
        let asked = |id: &AccountId| {
            let account = known(id)?;
            if self.has(Surface::Jira) {
                return Some(account.live(id.as_str()));
            }
            account.person_of(id.as_str()).map(|person| person.live())
        };
        let givers = questions.role_givers.iter().filter(|_| organization);
        let role_givers: Vec<RoleGivers> = givers.map(|access| self.givers(access)).collect();
        let privileged = role_givers.iter().filter(|givers| givers.access.role.is_privileged());
        let giver_members = privileged
            .flat_map(|givers| &givers.groups)
            .map(|id| {
                let members = self.groups[id.as_str()].members.iter();
                let active = members.filter(|id| self.accounts[*id].status() == UserStatus::Active);
                (id.clone(), self.listing(active.map(AccountId::new)))
            })
            .collect();
        Capabilities {
            unread: BTreeSet::new(),
            direct_roles: Reading::NotRead,
            giver_members,
            role_givers,
            people: questions
                .memberships
                .union(&questions.people)
                .filter(|_| organization)
                .map(|id| (id.clone(), known(id).and_then(|account| account.person_of(id.as_str()))))
                .collect(),
            privileges: questions.privileges.iter().map(|id| (id.clone(), self.privileges(id))).collect(),
            site_admins: self.site_admins(questions),
            organization_admins: reading(
                organization && questions.admins && self.is_told(Read::OrganizationAdmins),
                || self.organization_admins.iter().map(AccountId::new).collect(),
            ),
            verified_domains: reading(
                organization && questions.invitations && self.is_told(Read::Domains),
                || BTreeSet::from(["acme.com".to_owned()]),
            ),
            resources: reading(
                organization && questions.invitations && self.is_told(Read::Resources),
                || self.roles.iter().map(|(app, _, _)| (App::new(app), format!("ari:{app}"))).collect(),
            ),
            scim_users: reading(scim && self.is_told(Read::Directories), || self.scim_users()),
            scim_groups: kinds
                .iter()
                .filter(|_| scim)
                .filter(synced)
                .map(|id| (id.clone(), ScimId::new(format!("scim-{id}"))))
                .collect(),
            group_kinds: kinds
                .iter()
                .map(|id| (id.clone(), self.groups.get(id.as_str()).map(kind)))
                .collect(),
            memberships,
            accounts: questions.accounts.iter().map(|id| (id.clone(), asked(id))).collect(),
            app_roles: reading(
                !self.read_only && self.has(Surface::Jira) && self.is_told(Read::AppRoles),
                || self.app_roles(),
            ),
        }
    }

    fn app_roles(&self) -> Vec<AppRole> {
        let ids = |ids: &[String]| ids.iter().map(GroupId::new).collect();
        let role = |(app, groups, defaults): &(String, Vec<String>, Vec<String>)| AppRole {
            app: App::new(app),
            groups: ids(groups),
            default_groups: ids(defaults),
            seats: self.seats.get(app).map_or(Seats::Unlimited, |left| Seats::Left(*left)),
        };
        self.roles.iter().map(role).collect()
    }

    fn privileges(&self, id: &AccountId) -> Privileges {
        let account = &self.accounts[id.as_str()];
        let may_disable = match (account.scim, account.managed) {
            (true, _) => Err(Restriction::Scim),
            (false, true) => Ok(()),
            (false, false) => Err(Restriction::NotManaged),
        };
        Privileges { may_disable, scim_owned: account.scim, managed: account.managed }
    }

    fn site_admins(&self, questions: &Questions) -> Reading<BTreeSet<(AccountId, Option<GroupId>)>> {
        if !questions.admins || !self.has(Surface::Jira) || !self.is_told(Read::SiteAdmins) {
            return Reading::NotRead;
        }
        let mut admins = BTreeSet::new();
        for group in &self.admin_groups {
            let members = self.groups[group].members.iter();
            let active = members.filter(|id| {
                let account = &self.accounts[*id];
                account.status() == UserStatus::Active && account.kind.is_person()
            });
            admins.extend(active.map(|id| (AccountId::new(id), Some(GroupId::new(group)))));
        }
        Reading::Read(admins)
    }

    /// Accounts as Jira or the organization lists them; Jira's rows may lack an id.
    fn accounts_of<'a>(&self, ids: impl Iterator<Item = &'a String>) -> Listing<AccountId> {
        let unidentified = if self.has(Surface::Jira) { self.unidentified } else { 0 };
        self.listing(ids.map(AccountId::new)).beside(vec!["Former user".to_owned(); unidentified])
    }

    fn listing<T: Ord>(&self, rows: impl Iterator<Item = T>) -> Listing<T> {
        let mut rows: Vec<T> = rows.collect();
        if self.backwards {
            rows.reverse();
        }
        Listing::checked(Rows { total: Some(rows.len()), rows, ended: true }).expect("a whole read")
    }

    /// Carries a plan out, as the surfaces would; it panics at an operation that its surface would refuse.
    pub(crate) fn apply(&mut self, plan: &Plan) {
        let mut made: BTreeMap<Key, String> = BTreeMap::new();
        for planned in &plan.operations {
            assert!(self.has(planned.via), "{}: no credential for {}", planned.key, planned.via);
            self.change(planned, &mut made);
        }
    }

    /// Carries one operation out, as [`Live::apply`] does; `made` has the ids of what earlier ones made.
    pub(crate) fn step(&mut self, planned: &PlannedOperation, made: &mut BTreeMap<Key, String>) {
        self.change(planned, made);
    }

    fn change(&mut self, planned: &PlannedOperation, made: &mut BTreeMap<Key, String>) {
        let (key, via) = (&planned.key, planned.via);
        match &planned.operation {
            Operation::CreateGroup { name, .. } => {
                let id = format!("made-{name}");
                assert!(self.groups.values().all(|group| group.name != name.as_str()), "{name} is in use");
                let mut group = Group::of(name.as_str(), BTreeSet::new());
                if via == Surface::Scim {
                    group.managed_by = ManagedBy::External;
                }
                self.groups.insert(id.clone(), group);
                made.insert(key.clone(), id);
            }
            Operation::InviteUser { email, groups, .. } => {
                // A removed user comes back.
                let gone = self
                    .accounts
                    .iter()
                    .find(|(_, it)| it.removed && it.email.as_deref() == Some(email.as_str()));
                let id = gone.map_or(format!("made-{email}"), |(id, _)| id.clone());
                let account = Account { scim: via == Surface::Scim, ..Account::person(email.as_str()) };
                self.accounts.insert(id.clone(), account);
                for group in groups {
                    assert_eq!(via, Surface::Organization, "{key}");
                    assert!(self.writes(&resolve(group, made), &id, via), "{key}");
                }
                made.insert(key.clone(), id);
            }
            Operation::ActivateUser { account, .. } => {
                let account = self.accounts.get_mut(account.as_str()).expect("the account exists");
                match via {
                    Surface::Organization => {
                        assert_eq!(account.status(), UserStatus::Suspended, "{key}");
                        account.suspended = false;
                    }
                    Surface::UserManagement => {
                        assert!(account.managed && !account.scim && !account.active, "{key}");
                        account.active = true;
                    }
                    Surface::Scim => {
                        assert!(account.scim && !account.active, "{key}");
                        account.active = true;
                    }
                    Surface::Jira => panic!("{key}: jira activates nobody"),
                }
            }
            Operation::UpdateUser { account, name } => {
                let account = self.accounts.get_mut(account.as_str()).expect("the account exists");
                assert!(account.scim && via == Surface::Scim && account.name != *name, "{key}");
                account.name.clone_from(name);
            }
            Operation::AddMember { group, account } => {
                let (group, account) = (resolve(group, made), resolve(account, made));
                assert!(self.writes(&group, &account, via), "{key}: {via} may write");
                let group = self.groups.get_mut(&group).expect("the group exists");
                assert!(group.members.insert(account), "{key}: not a member yet");
            }
            Operation::RemoveMember { membership } => {
                let (group, account) = (membership.group().as_str(), membership.account().as_str());
                assert!(self.writes(group, account, via), "{key}: {via} may write");
                let group = self.groups.get_mut(group).expect("the group exists");
                assert!(group.members.remove(account), "{key}: a member");
            }
            Operation::AssignRole { group, access } => {
                let group = resolve(group, made);
                assert!(via == Surface::Organization && self.groups.contains_key(&group), "{key}");
                let role = (group, access.app.to_string(), access.role.to_string());
                assert!(self.apps.contains(&role.1), "{key}: an app of the site");
                assert!(self.grants.insert(role), "{key}: not given yet");
            }
            Operation::RevokeRole { held } => {
                let access = held.access();
                let role = (held.group().to_string(), access.app.to_string(), access.role.to_string());
                assert!(via == Surface::Organization && self.grants.remove(&role), "{key}");
            }
            Operation::SuspendUser { account, .. } => {
                let account = self.accounts.get_mut(account.as_str()).expect("the account exists");
                assert!(via == Surface::Organization && account.status() == UserStatus::Active, "{key}");
                assert!(!account.unshown, "{key}: the organization does not show them");
                account.suspended = true;
            }
            Operation::DeactivateUser { account, .. } => {
                let account = self.accounts.get_mut(account.as_str()).expect("the account exists");
                let may = match via {
                    Surface::UserManagement => account.managed && !account.scim,
                    Surface::Scim => account.scim,
                    Surface::Jira | Surface::Organization => false,
                };
                assert!(may && account.active, "{key}");
                account.active = false;
            }
            Operation::RemoveUser { account, .. } => {
                assert!(matches!(via, Surface::Jira | Surface::Organization), "{key}");
                // A user who was removed is still listed (docs/atlassian.md#removed-and-inactive-look-alike).
                self.accounts.get_mut(account.as_str()).expect("the account exists").removed = true;
                for group in self.groups.values_mut() {
                    group.members.remove(account.as_str());
                }
            }
            Operation::DeleteGroup { group, .. } => {
                self.grants.retain(|(of, ..)| of != group.as_str());
                let group = self.groups.remove(group.as_str()).expect("the group exists");
                assert_eq!(group.managed_by == ManagedBy::External, via == Surface::Scim, "{key}");
            }
        }
    }

    /// Whether a surface may change who is in a group.
    fn writes(&self, group: &str, account: &str, via: Surface) -> bool {
        let synced = self.groups[group].managed_by == ManagedBy::External;
        let account = &self.accounts[account];
        match via {
            Surface::Jira => !synced,
            Surface::Organization => {
                !synced
                    && matches!(account.kind, AccountKind::Atlassian | AccountKind::Unknown)
                    && !account.removed
                    && !account.unshown
            }
            Surface::UserManagement => false,
            Surface::Scim => synced && account.scim,
        }
    }
}

impl Group {
    fn live(&self, id: &str) -> LiveGroup {
        LiveGroup { id: GroupId::new(id), name: GroupName::new(&self.name) }
    }
}

/// A role in an app.
pub(crate) fn access(app: &str, role: &str) -> Access {
    Access { app: App::new(app), role: Role::new(role) }
}

fn reading<T>(read: bool, value: impl FnOnce() -> T) -> Reading<T> {
    if read { Reading::Read(value()) } else { Reading::NotRead }
}

fn resolve<Id: ToString>(id: &Ref<Id>, made: &BTreeMap<Key, String>) -> String {
    match id {
        Ref::Known(id) => id.to_string(),
        Ref::Made(key) => made.get(key).unwrap_or_else(|| panic!("{key} came first")).clone(),
    }
}
