//! The desired state on a date: nested groups flattened, expired and excepted people separated.

mod grants;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;
use jiff::civil::Date;

use crate::model::{
    Address, AppsInGroup, Authority, Declaration, DeclaredGroup, Email, GroupName, GroupState, Guard, Member,
    MemberRef, Members, Mode, Origin, Reason, Rights, Source, Surface, UserRef, Waiver,
};

pub use grants::{DesiredGrants, GrantEntry};
pub(super) use names::owners;

use names::Names;

/// The desired state, and the date that it was computed for.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    /// Its source.
    pub declaration: &'a Declaration,
    /// The date, in UTC.
    pub today: Date,
    /// The sources in which declared people may be looked up.
    pub lookup: Lookup,
    /// The guards that are set aside for this run.
    pub allow: Vec<Guard>,
    /// Every group that should exist.
    pub groups: BTreeMap<GroupName, DesiredGroup<'a>>,
    /// Computed once: it is used often, and sorting a million names takes a second.
    people: BTreeSet<UserRef>,
    /// The names that mean one person.
    names: Names,
    /// Whom synced groups bring, once the site has told.
    synced: Synced,
}

/// Whom the synced groups bring that a tree takes members from.
#[derive(Clone, Debug, Default)]
pub(super) struct Synced {
    /// Those in each group that was read whole and is an identity provider's, by the names they go by.
    pub(super) members: BTreeMap<GroupName, BTreeSet<UserRef>>,
    /// The entries that bring nobody since it cannot be told whom, by their places.
    pub(super) unclear: BTreeSet<Origin>,
}

/// The sources in which declared people may be looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lookup {
    /// Pins, the lock, and the site.
    #[default]
    Everywhere,
    /// Only pins and the lock: `--locked`.
    Locked,
    /// All sources, to write the lock: every user is read.
    ForLock,
}

/// A group that should exist.
#[derive(Clone, Debug)]
pub struct DesiredGroup<'a> {
    /// Its source.
    pub declared: &'a DeclaredGroup,
    /// Whether undeclared members are removed.
    pub mode: Mode,
    /// Whether undeclared apps are removed too.
    pub apps_in_group: AppsInGroup,
    /// The owner that it gets if it has to be created.
    pub source: Source,
    /// The people who should be in it.
    pub members: BTreeMap<UserRef, Entry>,
    /// The people who are named and should not be in it, in either mode.
    pub denied: BTreeMap<UserRef, Denial>,
    /// The people that entries of this group list twice, under two names of one account.
    pub twice: BTreeMap<UserRef, Twice>,
    /// Whether somebody else owns the members: this group adds and removes nobody.
    pub unmanaged: bool,
    /// The roles in apps that it should give; `None` if they are not managed.
    pub grants: Option<DesiredGrants>,
    /// The `synced:` entries of this group, and of those it takes in, of which nobody can tell whom they bring: who is in the
    /// group may be one of them.
    pub(super) unclear: BTreeSet<Origin>,
    /// The synced groups that this group takes members from, however far away.
    pub(super) synced: BTreeSet<GroupName>,
}

/// A person that a group lists under two names. `config` refuses this if pins or the lock show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The second entry.
    pub origin: Origin,
    /// Whether one of the entries has expired.
    pub ended: bool,
}

/// Why a person should be in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry of this group that adds them.
    pub origin: Origin,
    /// The first day on which it does not any more.
    pub until: Option<Date>,
    /// Whether it is a `group:` or `synced:` entry.
    pub nested: bool,
    /// Whether a synced group brings them here, and no line about them.
    pub synced: bool,
}

impl Entry {
    /// Why somebody comes by it.
    pub(super) fn reason(&self) -> Reason {
        if self.synced { Reason::Synced } else { Reason::Declared }
    }
}

/// Why a named person should not be in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// `Expired`, `Excepted` or `Offboarded`.
    pub reason: Reason,
    /// The place that says so.
    pub origin: Origin,
}

/// An end of all access of a person. The earlier one is the lesser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// The person is offboarded, by the declaration at this place.
    Offboarded(Origin),
    /// The first day on which they are.
    On(Date),
}

/// The members of one group, before the end dates of people are applied.
#[derive(Clone, Debug, Default)]
struct Flat {
    members: BTreeMap<UserRef, Entry>,
    denied: BTreeMap<UserRef, Denial>,
    twice: BTreeMap<UserRef, Twice>,
    unclear: BTreeSet<Origin>,
    synced: BTreeSet<GroupName>,
}

impl<'a> Desired<'a> {
    /// Flattens a declaration for a date. `group:` entries contribute declared members only; membership is the
    /// union of all paths, the latest `until` wins, and `except` works on its own entry only
    /// (docs/design.md#memberships).
    pub fn of(declaration: &'a Declaration, today: Date) -> Self {
        let (names, synced) = (Names::of(declaration), Synced::default());
        let groups = flattened(declaration, &names, &synced, today);
        let people = people(declaration, &groups);
        Self {
            declaration,
            today,
            lookup: Lookup::default(),
            allow: Vec::new(),
            groups,
            people,
            names,
            synced,
        }
    }

    /// Merges the names of one account into one person: their entries, `except` and end dates become one. The first of
    /// each list of names becomes the main name.
    #[must_use]
    pub(super) fn sharing(self, shared: Vec<Vec<UserRef>>) -> Self {
        let names = self.names.with(shared);
        let groups = flattened(self.declaration, &names, &self.synced, self.today);
        Self { groups, names, ..self }
    }

    /// The same, with those whom synced groups bring.
    #[must_use]
    pub(super) fn bringing(self, synced: Synced) -> Self {
        let groups = flattened(self.declaration, &self.names, &synced, self.today);
        Self { groups, synced, ..self }
    }

    /// The one name that a person goes by.
    pub(super) fn name_of(&self, user: &UserRef) -> UserRef {
        self.names.one(user)
    }

    /// Sets where people are looked up.
    #[must_use]
    pub fn with_lookup(mut self, lookup: Lookup) -> Self {
        if lookup == Lookup::ForLock {
            // A rule names somebody as much as a list of members does.
            let named = self.declaration.people_in_rules().map(|(email, _)| email.clone());
            self.people.extend(named.map(UserRef::Email));
        }
        Self { lookup, ..self }
    }

    /// Sets guards aside.
    #[must_use]
    pub fn with_allowed(self, allow: &[Guard]) -> Self {
        Self { allow: allow.to_vec(), ..self }
    }

    /// The waivers of a guard that have not expired.
    pub(super) fn waivers(&self, guard: Guard) -> impl Iterator<Item = &Waiver> {
        let waivers = self.declaration.waivers.iter();
        waivers.filter(move |waiver| waiver.guard == guard && waiver.until > self.today)
    }

    /// Whether a waiver of a guard covers an address.
    pub(super) fn waives(&self, guard: Guard, address: &Address) -> bool {
        self.waivers(guard).any(|waiver| waiver.covers(address))
    }

    /// Whether a guard is waived for an address.
    pub(super) fn sets_aside(&self, guard: Guard, address: &Address) -> bool {
        self.allow.contains(&guard) || self.waives(guard, address)
    }

    /// Whether somebody should be active: by `active`, or by their own `until` if it is past.
    pub(super) fn active(&self, email: &Email) -> Option<bool> {
        self.declaration.users.get(email)?.active_on(self.today).map(|active| active.value)
    }

    /// The date of a person's own `until`, past or future.
    pub(super) fn end_of(&self, user: &UserRef) -> Option<Date> {
        let email = user.email()?;
        self.declaration.users.get(email)?.until.map(|until| until.value)
    }

    /// Whether the tree ends all access of a person: now, by `active: false`, or on their own date.
    pub(super) fn ends_person(&self, user: &UserRef) -> bool {
        let offboarded = || user.email().is_some_and(|email| self.offboarded(email).is_some());
        self.end_of(user).is_some() || offboarded()
    }

    /// Whether a person's own `until` is past.
    pub(super) fn has_ended(&self, user: &UserRef) -> bool {
        self.end_of(user).is_some_and(|end| end <= self.today)
    }

    /// Whether the tree offboards somebody, and the place that says so.
    pub fn offboarded(&self, email: &Email) -> Option<Origin> {
        self.declaration.users.get(email)?.offboarded_on(self.today)
    }

    /// The emails by which the tree declares people: under `users:` and in `members`, and not only in a rule.
    pub(super) fn declared_emails(&self) -> BTreeSet<&Email> {
        let members = self.groups.values().flat_map(|group| group.members.keys().chain(group.denied.keys()));
        let members = members.filter_map(UserRef::email);
        self.declaration.users.keys().chain(members).collect()
    }

    /// Everybody the tree declares: named under `users:`, in `members`, or in `protect` (docs/design.md#people),
    /// and the operator.
    pub fn people(&self) -> &BTreeSet<UserRef> {
        &self.people
    }

    /// Whether the tree has a name: it declares the person or the group, or a rule names them.
    pub(super) fn has(&self, address: &Address) -> bool {
        let declaration = self.declaration;
        match address {
            Address::Group(name) | Address::Grant(name, _) => {
                declaration.groups.contains_key(name)
                    || declaration.names_group(name)
                    || declaration.synced().any(|(_, synced)| synced == name)
            }
            Address::User(user) => {
                self.people.contains(user)
                    || user.email().is_some_and(|email| declaration.names_person(email))
            }
            Address::Member(name, user) => {
                self.groups.get(name).is_some_and(|group| group.members.contains_key(user))
            }
        }
    }

    /// The emails among [`Desired::people`].
    pub fn emails(&self) -> impl Iterator<Item = &Email> {
        self.people.iter().filter_map(UserRef::email)
    }
}

impl DesiredGroup<'_> {
    /// Whether one of its own entries takes in another group, at this place.
    pub(super) fn takes_group_at(&self, origin: Origin) -> bool {
        match &self.declared.state {
            GroupState::Present(members) => {
                members.entries.iter().any(|entry| entry.origin == origin && entry.who.is_group())
            }
            GroupState::Absent => false,
        }
    }

    /// Whether the tree mentions a name.
    pub fn names(&self, user: &UserRef) -> bool {
        self.members.contains_key(user) || self.denied.contains_key(user)
    }

    /// Whether it is explicitly allowed to take the members of other groups although it is privileged.
    pub(super) fn nests(&self) -> bool {
        match &self.declared.state {
            GroupState::Present(members) => members.nest,
            GroupState::Absent => false,
        }
    }

    /// Being offboarded overrides every listing (docs/design.md#people), and no listing lasts longer than the person's
    /// own `until`.
    fn within(mut self, ends: &BTreeMap<UserRef, End>) -> Self {
        if ends.is_empty() {
            return self;
        }
        let named = self.members.keys().chain(self.denied.keys());
        let ending: Vec<(UserRef, End)> =
            named.filter_map(|user| Some((user.clone(), *ends.get(user)?))).collect();
        for (user, end) in ending {
            match end {
                End::Offboarded(origin) => {
                    self.members.remove(&user);
                    self.denied.insert(user, Denial { reason: Reason::Offboarded, origin });
                }
                End::On(day) => {
                    if let Some(entry) = self.members.get_mut(&user) {
                        entry.until = entry.until.into_iter().chain([day]).min();
                    }
                }
            }
        }
        self
    }
}

/// The members of every group that should exist.
fn flattened<'a>(
    declaration: &'a Declaration,
    names: &Names,
    synced: &Synced,
    today: Date,
) -> BTreeMap<GroupName, DesiredGroup<'a>> {
    let mut flat: BTreeMap<&GroupName, Flat> = BTreeMap::new();
    for name in inner_first(declaration) {
        if let Some(members) = present(declaration, name) {
            let flattened = flatten(members, &flat, names, synced, today);
            flat.insert(name, flattened);
        }
    }
    let mut ends: BTreeMap<UserRef, End> = BTreeMap::new();
    for (email, user) in &declaration.users {
        let offboarded = user.offboarded_on(today).map(End::Offboarded);
        if let Some(end) = offboarded.or_else(|| Some(End::On(user.until?.value))) {
            // If one account has two names, the earlier end wins.
            ends.entry(names.of_email(email)).and_modify(|known| *known = end.min(*known)).or_insert(end);
        }
    }
    let desired = |(name, flat): (&GroupName, Flat)| {
        let declared = declaration.groups.get(name)?;
        let members = present(declaration, name)?;
        let group = DesiredGroup {
            declared,
            mode: declaration.mode(members),
            apps_in_group: members.apps_in_group,
            source: members.source,
            members: flat.members,
            denied: flat.denied,
            twice: flat.twice,
            unmanaged: members.unmanaged,
            grants: members.grants.as_deref().map(|grants| DesiredGrants::of(grants, today)),
            unclear: flat.unclear,
            synced: flat.synced,
        };
        Some((name.clone(), group.within(&ends)))
    };
    flat.into_iter().filter_map(desired).collect()
}

fn people(declaration: &Declaration, groups: &BTreeMap<GroupName, DesiredGroup<'_>>) -> BTreeSet<UserRef> {
    let Declaration { users, policy, settings, .. } = declaration;
    let protected = policy.protect.users.iter().map(|email| &email.value);
    let operator = settings.operator.iter().map(|email| &email.value);
    let named: Vec<UserRef> =
        users.keys().chain(protected).chain(operator).cloned().map(UserRef::Email).collect();
    // Most people are in many groups, and each should be stored once.
    let members = groups.values().flat_map(|group| group.members.keys().chain(group.denied.keys()));
    let people: IndexSet<&UserRef> = named.iter().chain(members).collect();
    people.into_iter().cloned().collect()
}

fn present<'a>(declaration: &'a Declaration, name: &GroupName) -> Option<&'a Members> {
    match &declaration.groups.get(name)?.state {
        GroupState::Present(members) => Some(members),
        GroupState::Absent => None,
    }
}

/// Every declared group after the groups that its entries name. `config` refuses cycles; if there is one anyway, it is
/// cut, so that this terminates.
fn inner_first(declaration: &Declaration) -> Vec<&GroupName> {
    enum Step<'a> {
        Enter(&'a GroupName),
        Leave(&'a GroupName),
    }
    let mut order = Vec::new();
    let mut entered = BTreeSet::new();
    let mut steps: Vec<Step<'_>> = declaration.groups.keys().map(Step::Enter).collect();
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(name) => order.push(name),
            Step::Enter(name) => {
                if !entered.insert(name) {
                    continue;
                }
                steps.push(Step::Leave(name));
                let nested = present(declaration, name).into_iter().flat_map(Members::nested);
                steps.extend(nested.map(Step::Enter));
            }
        }
    }
    order
}

fn flatten(
    members: &Members,
    inner: &BTreeMap<&GroupName, Flat>,
    names: &Names,
    synced: &Synced,
    today: Date,
) -> Flat {
    let mut flat = Flat::default();
    let mut listed = BTreeMap::new();
    for member in &members.entries {
        let user = match &member.who {
            MemberRef::User(email) => names.of_email(email),
            MemberRef::Account(id) => names.of_account(id),
            MemberRef::Group(name) => {
                if let Some(group) = inner.get(name) {
                    flat.bring_group(group, member, names, today);
                }
                continue;
            }
            MemberRef::Synced(name) => {
                flat.bring_synced(name, synced, member, names, today);
                continue;
            }
        };
        // Duplicates that pins and the lock show are already a mistake of the tree.
        if names.resolved {
            flat.list(&mut listed, &user, member, today);
        }
        flat.bring(user, member, None, today);
    }
    let Flat { members, denied, .. } = &mut flat;
    denied.retain(|user, _| !members.contains_key(user));
    flat
}

impl Flat {
    /// Records a listed person, and whether they were listed before. If both entries have expired, so has the access.
    fn list(&mut self, listed: &mut BTreeMap<UserRef, bool>, user: &UserRef, member: &Member, today: Date) {
        let ended = member.until.is_some_and(|until| until.value <= today);
        if let Some(before) = listed.insert(user.clone(), ended)
            && !(before && ended)
        {
            self.twice.insert(user.clone(), Twice { origin: member.origin, ended: before || ended });
        }
    }

    fn bring(&mut self, user: UserRef, member: &Member, inner: Option<&Entry>, today: Date) {
        let own_until = member.until.map(|until| until.value);
        let until = match (own_until, inner.and_then(|inner| inner.until)) {
            (Some(own), Some(inner)) => Some(own.min(inner)),
            (own, inner) => own.or(inner),
        };
        if until.is_some_and(|until| until <= today) {
            self.deny(user, Reason::Expired, member.origin);
            return;
        }
        let nested = member.who.is_group();
        let synced = matches!(member.who, MemberRef::Synced(_)) || inner.is_some_and(|inner| inner.synced);
        let entry = Entry { origin: member.origin, until, nested, synced };
        self.members
            .entry(user)
            .and_modify(|known| {
                let direct = !known.nested || !nested;
                let declared = !known.synced || !synced;
                if lasts_longer(entry.until, known.until) {
                    *known = entry;
                }
                known.nested &= !direct;
                known.synced &= !declared;
            })
            .or_insert(entry);
    }

    fn bring_group(&mut self, group: &Self, member: &Member, names: &Names, today: Date) {
        let excepted = excepted(member, names);
        for (user, entry) in &group.members {
            match excepted.get(user) {
                Some(origin) => self.deny(user.clone(), Reason::Excepted, *origin),
                None => self.bring(user.clone(), member, Some(entry), today),
            }
        }
        self.unclear.extend(&group.unclear);
        self.synced.extend(group.synced.iter().cloned());
        // Somebody whose access through the inner group has run out has lost what that group brought here. An
        // `except` inside it, though, works on its own entry only.
        for (user, denial) in &group.denied {
            if denial.reason == Reason::Expired {
                self.deny(user.clone(), Reason::Expired, member.origin);
            }
        }
    }

    /// Before the site has told whom a synced group brings, its entry denies all whom it excepts, so that they are looked up.
    fn bring_synced(
        &mut self,
        name: &GroupName,
        synced: &Synced,
        member: &Member,
        names: &Names,
        today: Date,
    ) {
        self.synced.insert(name.clone());
        let excepted = excepted(member, names);
        if synced.unclear.contains(&member.origin) {
            self.unclear.insert(member.origin);
            return;
        }
        match synced.members.get(name) {
            None => excepted.into_iter().for_each(|(user, origin)| self.deny(user, Reason::Excepted, origin)),
            Some(members) => {
                for user in members {
                    // Two names of the same person may have been found to be one since.
                    let user = names.one(user);
                    match excepted.get(&user) {
                        Some(origin) => self.deny(user, Reason::Excepted, *origin),
                        None => self.bring(user, member, None, today),
                    }
                }
            }
        }
    }

    /// The first denial stands, but that access has run out is passed on to outer groups, so it wins over an
    /// `except`, which is not.
    fn deny(&mut self, user: UserRef, reason: Reason, origin: Origin) {
        let denial = Denial { reason, origin };
        let known = self.denied.entry(user).or_insert(denial);
        if known.reason == Reason::Excepted && reason == Reason::Expired {
            *known = denial;
        }
    }
}

/// Whom an entry leaves out.
fn excepted(member: &Member, names: &Names) -> BTreeMap<UserRef, Origin> {
    member.except.iter().map(|email| (names.of_email(&email.value), email.origin)).collect()
}

/// Whether an end, or none, comes later than another.
pub(super) fn lasts_longer(new: Option<Date>, known: Option<Date>) -> bool {
    match (new, known) {
        (None, Some(_)) => true,
        (Some(new), Some(known)) => new > known,
        (_, None) => false,
    }
}

/// Whether Rollbook may write to the SCIM directory: it has its key, and the tree gives it the authority.
pub(in crate::plan) fn scim_is_ours(declaration: &Declaration, rights: &Rights) -> bool {
    let authority = declaration.settings.scim.as_ref().map(|scim| scim.authority);
    rights.has(Surface::Scim) && authority == Some(Authority::Rollbook)
}
