//! One user's access, edited: granted, revoked, ended, or given like another user's. What an edit would not do, or would do
//! besides, is refused with what to do instead.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    Declaration, DeclaredUser, Email, GroupName, GroupState, Located, Locator, LockedId, Member, MemberRef,
    Members, Mode, Origin, Tree, UserRef, is_shared,
};

use super::super::document::{Entry, Items, Kind, Text, Value};
use super::super::flatten::{Flat, Listing, Way, flattened};
use super::super::include::{Include, ROOT};
use super::super::{codes, parse, suggest};
use super::add::add;
use super::files::Files;
use super::keep::kept;
use super::remove::take;
use super::{EditError, write};

/// A membership to grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccess {
    /// Who gets it.
    pub user: UserRef,
    /// The group.
    pub group: GroupName,
    /// The first day (UTC) on which it has ended.
    pub until: Option<Date>,
    /// Why.
    pub because: Option<String>,
}

/// A tree with access changed in it.
#[derive(Debug)]
pub struct AccessEdit {
    /// All files.
    pub tree: Tree,
    /// What the tree says.
    pub declaration: Declaration,
    /// What somebody who reads the change should know besides, as sentences.
    pub notes: Vec<String>,
}

/// A tree that is edited.
struct Editing<'a> {
    tree: &'a Tree,
    before: &'a Declaration,
    intended: Declaration,
    files: Files,
    today: Date,
}

const NOWHERE: Origin = Origin { file: crate::model::FileId(0), offset: 0 };

/// Adds a user to a group.
///
/// # Errors
/// [`EditError`] when the tree has no such group, or the user is in it already, or would not be in it then as asked.
pub fn granted(
    tree: &Tree,
    declaration: &Declaration,
    access: &NewAccess,
    today: Date,
) -> Result<AccessEdit, EditError> {
    let mut editing = Editing::of(tree, declaration, today);
    if let Some(until) = access.until.filter(|until| *until <= today) {
        let message = format!("a membership until {until} would have ended already");
        return Err(EditError::other(message, "`until` is the first day without it: name a later one."));
    }
    editing.is_active(&access.user)?;
    let members = editing.members(&access.group)?;
    if let Some(entry) = editing.entries(members, &access.user).map(|(_, entry)| entry).next() {
        let same = entry.until.map(|it| it.value) == access.until
            && (access.because.is_none() || access.because == entry.because);
        return if same { editing.done(Vec::new()) } else { Err(editing.listed(access, entry)) };
    }
    editing.not_excepted(members, access)?;
    editing.not_in_yet(access)?;
    editing.add(access)?;
    let edit = editing.done(Vec::new())?;
    let found = lasting(&edit.declaration, &access.group, &access.user);
    let own = access.user.email().and_then(|email| edit.declaration.users.get(email)?.until);
    let wanted = access.until.into_iter().chain(own.map(|own| own.value)).min();
    if found != Some(Lasting { until: wanted }) {
        return Err(EditError::OtherMeaning);
    }
    Ok(edit)
}

/// Takes a user out of a group. In a group whose undeclared members stay, the entry ends today and stays until `prune`.
///
/// # Errors
/// [`EditError`] when the group does not list the user, or the user would be in it still.
pub fn revoked(
    tree: &Tree,
    declaration: &Declaration,
    (user, group): (&UserRef, &GroupName),
    today: Date,
) -> Result<AccessEdit, EditError> {
    let mut editing = Editing::of(tree, declaration, today);
    let members = editing.members(group)?;
    let entries: Vec<(usize, &Member)> = editing.entries(members, user).collect();
    let Some((_, entry)) = entries.first() else { return Err(editing.not_listed(user, group, members)) };
    if let Some(until) = entry.until.filter(|until| until.value <= today) {
        let message = format!(
            "the membership of {user} in {group} has ended on {}, at {}",
            until.value,
            editing.place(entry.origin)
        );
        return Err(EditError::other(
            message,
            "`rollbook prune` takes the entry out once the site has ended the membership.",
        ));
    }
    let stays = declaration.mode(members) == Mode::AtLeast;
    let places: BTreeSet<usize> = entries.iter().map(|(place, _)| *place).collect();
    if stays {
        editing.end(group, &places)?;
    } else {
        editing.remove(group, &places)?;
    }
    let notes = if stays {
        vec![format!(
            "{group} keeps undeclared members (`mode: at-least`), so the entry ends today instead of going: `rollbook prune` takes it out once the site has ended the membership."
        )]
    } else {
        Vec::new()
    };
    let edit = editing.done(notes).map_err(|error| needs_except(tree, declaration, (user, group), error))?;
    match lasting(&edit.declaration, group, user) {
        Some(Lasting { until }) if until.is_none_or(|until| until > today) => {
            Err(through(&edit, user, group))
        }
        Some(_) | None => Ok(edit),
    }
}

/// Ends all access of a user: `active: false` under `users`.
///
/// # Errors
/// [`EditError`] when the tree does not name the user.
pub fn offboarded(
    tree: &Tree,
    declaration: &Declaration,
    user: &Email,
    today: Date,
) -> Result<AccessEdit, EditError> {
    let mut editing = Editing::of(tree, declaration, today);
    editing.is_named(user)?;
    let declared = declaration.users.get(user);
    if declared.is_some_and(|declared| declared.active.is_some_and(|active| !active.value)) {
        return editing.done(Vec::new());
    }
    editing.deactivate(user)?;
    let intended = editing.intended.users.entry(user.clone()).or_insert_with(|| nobody(None));
    intended.active = Some(Located::new(false, NOWHERE));
    // They mean nothing of somebody who is offboarded.
    intended.until = None;
    intended.apps.clear();
    let listed = declaration.groups.values().filter_map(|group| present(&group.state));
    let listed =
        listed.filter(|members| members.entries.iter().any(|it| it.who == MemberRef::User(user.clone())));
    let notes = match listed.count() {
        0 => Vec::new(),
        groups => vec![format!(
            "Entries of {user} in {} stay, and have no effect any more.",
            if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") }
        )],
    };
    editing.done(notes)
}

/// Gives a user what another one has now: the groups that list the other, each until the same day, and the same entry under
/// `users`.
///
/// # Errors
/// [`EditError`] when the tree does not name the other user, or the two would not be in the same groups.
pub fn onboarded(
    tree: &Tree,
    declaration: &Declaration,
    (user, like): (&Email, &Email),
    today: Date,
) -> Result<AccessEdit, EditError> {
    let mut editing = Editing::of(tree, declaration, today);
    let (user_ref, like_ref) = (UserRef::Email(user.clone()), UserRef::Email(like.clone()));
    editing.is_named(like)?;
    editing.is_active(&like_ref)?;
    editing.is_active(&user_ref)?;
    if user == like {
        return Err(EditError::other(format!("{user} is both users"), "Name another user with --like."));
    }
    let before = groups_of(declaration, today);
    let had = before.get(&user_ref).cloned().unwrap_or_default();
    let mut privileged = Vec::new();
    for (name, group) in &declaration.groups {
        let Some(members) = present(&group.state) else { continue };
        let unexpired = |(_, entry): (usize, &Member)| {
            entry.until.is_none_or(|until| until.value > today).then_some(entry.until)
        };
        let Some(until) = editing.entries(members, &like_ref).find_map(unexpired) else { continue };
        if had.contains_key(name) {
            continue;
        }
        let until = until.map(|until| until.value);
        let access = NewAccess { user: user_ref.clone(), group: name.clone(), until, because: None };
        if let Some(entry) = editing.entries(members, &user_ref).map(|(_, entry)| entry).next() {
            return Err(editing.listed(&access, entry));
        }
        editing.not_excepted(members, &access)?;
        editing.add(&access)?;
        if declaration.policy.privileged.iter().any(|it| it.value == *name) {
            privileged.push(name.to_string());
        }
    }
    if let (Some(model), None) = (declaration.users.get(like), declaration.users.get(user)) {
        editing.declare_like(user, model)?;
    }
    let notes = match privileged.as_slice() {
        [] => Vec::new(),
        names => vec![format!("{user} gets privileged groups, too: {}.", names.join(", "))],
    };
    let edit = editing.done(notes)?;
    let after = groups_of(&edit.declaration, today);
    let now = after.get(&user_ref).cloned().unwrap_or_default();
    let model = before.get(&like_ref).cloned().unwrap_or_default();
    if let Some(name) = model.keys().find(|name| !now.contains_key(*name)) {
        return Err(EditError::other(
            format!("{user} would not be in {name}, in which {like} is"),
            "Grant the groups one by one, with `rollbook grant`.",
        ));
    }
    if let Some(name) = now.keys().find(|name| !model.contains_key(*name) && !had.contains_key(*name)) {
        return Err(EditError::other(
            format!("{user} would be in {name}, too, in which {like} is not"),
            "An `except` keeps the one out: add the other to it by hand, or grant the groups one by one.",
        ));
    }
    Ok(edit)
}

impl<'a> Editing<'a> {
    fn of(tree: &'a Tree, before: &'a Declaration, today: Date) -> Self {
        Self { tree, before, intended: before.clone(), files: Files::of(tree), today }
    }

    /// The edited tree, where it reads back as meant. What a file says elsewhere keeps its bytes.
    fn done(self, notes: Vec<String>) -> Result<AccessEdit, EditError> {
        let mut tree = self.files.into_tree();
        for file in &mut tree.files {
            if let Some((_, before)) =
                self.tree.file(&file.path).filter(|(_, before)| before.text != file.text)
            {
                file.text = kept(&before.text, &file.text);
            }
        }
        let parsed = parse(&tree, self.today);
        let declaration = parsed.declaration.ok_or(EditError::Invalid(parsed.diagnostics))?;
        if declaration.clone().placeless() != self.intended.placeless() {
            return Err(EditError::OtherMeaning);
        }
        Ok(AccessEdit { tree, declaration, notes })
    }

    fn place(&self, origin: Origin) -> String {
        Locator::new(self.tree).locate(origin).to_string()
    }

    /// The members of a group that is declared and managed, in a file of this tree alone.
    fn members(&self, name: &GroupName) -> Result<&'a Members, EditError> {
        let declared = &self.before.groups;
        let Some(group) = declared.get(name) else {
            let near = suggest::near(name.as_str(), declared.keys().map(GroupName::as_str));
            return Err(EditError::UnknownGroup { name: name.clone(), near: near.map(GroupName::new) });
        };
        let place = self.place(group.origin);
        let members = present(&group.state).ok_or_else(|| {
            EditError::other(format!("{name} is declared absent at {place}"), "Declare its members first.")
        })?;
        if members.unmanaged {
            return Err(EditError::other(
                format!("the members of {name} are unmanaged, at {place}"),
                "Change them where they are managed, such as in the identity provider.",
            ));
        }
        Ok(members)
    }

    /// The entries that name a user, however they do, each with its place among all.
    fn entries<'m>(
        &self,
        members: &'m Members,
        user: &UserRef,
    ) -> impl Iterator<Item = (usize, &'m Member)> + use<'m, 'a> {
        let owners = self.before.owners();
        let user = user.clone();
        members.entries.iter().enumerate().filter(move |(_, entry)| {
            let named = match &entry.who {
                MemberRef::User(email) => UserRef::Email(email.clone()),
                MemberRef::Account(id) => owners
                    .get(id)
                    .map_or_else(|| UserRef::Account(id.clone()), |email| UserRef::Email((*email).clone())),
                MemberRef::Group(_) | MemberRef::Synced(_) => return false,
            };
            named == user
        })
    }

    fn is_named(&self, user: &Email) -> Result<(), EditError> {
        let groups = self.before.groups.values().filter_map(|group| present(&group.state));
        let members = groups.flat_map(|members| &members.entries).filter_map(|entry| match &entry.who {
            MemberRef::User(email) => Some(email),
            MemberRef::Account(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
        });
        let named: BTreeSet<&Email> = self.before.users.keys().chain(members).collect();
        if named.contains(user) {
            return Ok(());
        }
        let near = suggest::near(user.as_str(), named.iter().map(|email| email.as_str()));
        let help = suggest::help(near, || "Name a user that `users` or a group has.".to_owned());
        Err(EditError::other(format!("the configuration does not name {user}"), help))
    }

    fn is_active(&self, user: &UserRef) -> Result<(), EditError> {
        let declared = user.email().and_then(|email| self.before.users.get(email));
        match declared.and_then(|declared| declared.offboarded_on(self.today)) {
            None => Ok(()),
            Some(origin) => Err(EditError::other(
                format!("{user} is offboarded at {}, which overrides every membership", self.place(origin)),
                "Take that back first, where it is meant.",
            )),
        }
    }

    fn listed(&self, access: &NewAccess, entry: &Member) -> EditError {
        let NewAccess { user, group, .. } = access;
        let place = self.place(entry.origin);
        match entry.until {
            Some(until) if until.value <= self.today => EditError::other(
                format!("{group} lists {user} at {place}, until {}, which is past", until.value),
                "Run `rollbook prune` first, which takes the entry out once the site has ended the membership; or change its `until` by hand.",
            ),
            Some(_) | None => EditError::other(
                format!("{group} lists {user} already, on other terms, at {place}"),
                "Change `until` or `because` there; or revoke it and grant it again.",
            ),
        }
    }

    fn not_excepted(&self, members: &Members, access: &NewAccess) -> Result<(), EditError> {
        let NewAccess { user, group, .. } = access;
        let excepted = members.entries.iter().flat_map(|entry| &entry.except);
        match excepted.into_iter().find(|except| user.email() == Some(&except.value)) {
            None => Ok(()),
            Some(except) => Err(EditError::other(
                format!("an `except` keeps {user} out of {group}, at {}", self.place(except.origin)),
                "Take them out of that `except` instead, or decide by hand which of the two holds.",
            )),
        }
    }

    fn not_in_yet(&self, access: &NewAccess) -> Result<(), EditError> {
        let NewAccess { user, group, .. } = access;
        let flat = flattened(self.before, [group]);
        let way = flat.get(group).and_then(|flat| way_of(flat, user));
        match way.filter(|way| way.holds_on(self.today)) {
            None => Ok(()),
            Some(way) => Err(EditError::other(
                format!("{user} is in {group} already, by the entry at {}", self.place(way.entry.origin)),
                "Nothing would change today. Write the entry by hand where it is to outlast that one.",
            )),
        }
    }

    fn not_listed(&self, user: &UserRef, group: &GroupName, members: &Members) -> EditError {
        let flat = flattened(self.before, [group]);
        if let Some(way) = flat.get(group).and_then(|flat| way_of(flat, user)) {
            return self.taken_in(user, group, way.entry);
        }
        let synced = members.entries.iter().find(|entry| matches!(entry.who, MemberRef::Synced(_)));
        if let Some(entry) = synced {
            return self.taken_in(user, group, entry);
        }
        let names: Vec<String> = members
            .entries
            .iter()
            .filter_map(|entry| match &entry.who {
                MemberRef::User(email) => Some(email.to_string()),
                MemberRef::Account(_) | MemberRef::Group(_) | MemberRef::Synced(_) => None,
            })
            .collect();
        let near = suggest::near(&user.to_string(), names.iter().map(String::as_str)).map(str::to_owned);
        let help = suggest::help(near.as_deref(), || {
            "Only what the configuration declares can be taken out of it; `rollbook import` declares what the site has."
                .to_owned()
        });
        EditError::other(format!("{group} does not list {user}"), help)
    }

    fn taken_in(&self, user: &UserRef, group: &GroupName, entry: &Member) -> EditError {
        let place = self.place(entry.origin);
        match &entry.who {
            MemberRef::Group(inner) => EditError::other(
                format!("{group} takes {user} in through {inner}, at {place}"),
                format!("Revoke it in {inner}, or add {user} to the `except` of that entry by hand."),
            ),
            MemberRef::Synced(source) => EditError::other(
                format!(
                    "{group} does not list {user}, and takes members from the synced group {source}, at {place}"
                ),
                format!(
                    "Remove {user} from {source} in the identity provider, or add {user} to the `except` of that entry by hand."
                ),
            ),
            MemberRef::User(_) | MemberRef::Account(_) => EditError::OtherMeaning,
        }
    }

    fn items(&mut self, group: &GroupName) -> Result<&mut Items, EditError> {
        let form = || EditError::Form(group.clone());
        let declared = self.before.groups.get(group).ok_or_else(form)?;
        let path = &self.tree.get(declared.origin.file).path;
        if is_shared(path) {
            return Err(EditError::Shared(path.clone()));
        }
        self.files.items(path, &["groups", group.as_str(), "members"]).ok_or_else(form)
    }

    fn intended_members(&mut self, group: &GroupName) -> Option<&mut Members> {
        match &mut self.intended.groups.get_mut(group)?.state {
            GroupState::Present(members) => Some(members),
            GroupState::Absent => None,
        }
    }

    fn add(&mut self, access: &NewAccess) -> Result<(), EditError> {
        let items = self.items(&access.group)?;
        let flow = items.flow;
        items.entries.push(write::granted(access, flow));
        let who = match &access.user {
            UserRef::Email(email) => MemberRef::User(email.clone()),
            UserRef::Account(id) => MemberRef::Account(id.clone()),
        };
        let until = access.until.map(|until| Located::new(until, NOWHERE));
        let member =
            Member { who, origin: NOWHERE, except: Vec::new(), until, because: access.because.clone() };
        if let Some(members) = self.intended_members(&access.group) {
            members.entries.push(member);
        }
        Ok(())
    }

    fn remove(&mut self, group: &GroupName, places: &BTreeSet<usize>) -> Result<(), EditError> {
        take(self.items(group)?, places);
        if let Some(members) = self.intended_members(group) {
            let mut place = 0..;
            members.entries.retain(|_| !place.next().is_some_and(|place| places.contains(&place)));
        }
        Ok(())
    }

    /// Has entries end today.
    fn end(&mut self, group: &GroupName, places: &BTreeSet<usize>) -> Result<(), EditError> {
        let today = self.today;
        let items = self.items(group)?;
        for place in places {
            if let Some(entry) = items.entries.get_mut(*place) {
                write::end(entry, today);
            }
        }
        if let Some(members) = self.intended_members(group) {
            for place in places {
                members.entries[*place].until = Some(Located::new(today, NOWHERE));
            }
        }
        Ok(())
    }

    /// Writes `active: false` for a user, and takes out what means nothing then.
    fn deactivate(&mut self, user: &Email) -> Result<(), EditError> {
        let inactive = || Entry::keyed("active", Value::Text(Text::plain("false")));
        let Some(declared) = self.before.users.get(user) else {
            let entry =
                Entry::keyed(user.as_str(), Value::Items(Items::new(Kind::Map, true, vec![inactive()])));
            return self.declare(entry);
        };
        let path = self.tree.get(declared.origin.file).path.clone();
        if is_shared(&path) {
            return Err(EditError::Shared(path));
        }
        let form = || EditError::UserForm(user.clone());
        let key =
            self.before.users.get_key_value(user).map(|(key, _)| key.as_str().to_owned()).unwrap_or_default();
        let document = self.files.document(&path).ok_or_else(form)?;
        let Some(Value::Items(items)) = document.at(&["users", &key]) else { return Err(form()) };
        for dropped in ["until", "apps"] {
            items.entries.retain(|entry| entry.key.as_ref().is_none_or(|key| !key.is(dropped)));
        }
        match items.entry("active") {
            Some(entry) => entry.value = Value::Text(Text::plain("false")),
            None => items.entries.push(inactive()),
        }
        Ok(())
    }

    /// Declares a user with the same `active` and `apps` as another.
    fn declare_like(&mut self, user: &Email, model: &DeclaredUser) -> Result<(), EditError> {
        let active = model.active.map(|_| Entry::keyed("active", Value::Text(Text::plain("true"))));
        let apps =
            model.apps.iter().map(|app| Entry::item(Value::Text(Text::of(app.value.as_str())))).collect();
        let apps = Items::new(Kind::List, true, apps);
        let apps = (!model.apps.is_empty()).then(|| Entry::keyed("apps", Value::Items(apps)));
        let keys = active.into_iter().chain(apps).collect();
        self.declare(Entry::keyed(user.as_str(), Value::Items(Items::new(Kind::Map, true, keys))))?;
        let apps = model.apps.clone();
        let declared = DeclaredUser { apps, ..nobody(model.active.map(|active| active.value)) };
        self.intended.users.insert(user.clone(), declared);
        Ok(())
    }

    fn declare(&mut self, entry: Entry) -> Result<(), EditError> {
        let include = Include::of(self.tree.file(ROOT).map_or("", |(_, root)| &root.text));
        add(&mut self.files, &include, ("users", "people", false), entry)
    }
}

/// An entry of `users` that says nothing else.
fn nobody(active: Option<bool>) -> DeclaredUser {
    DeclaredUser {
        origin: NOWHERE,
        name: None,
        active: active.map(|active| Located::new(active, NOWHERE)),
        apps: Vec::new(),
        account: None,
        until: None,
        because: None,
    }
}

/// What it means that a tree is invalid without a membership: an `except` that would name nobody.
fn needs_except(
    tree: &Tree,
    declaration: &Declaration,
    (user, group): (&UserRef, &GroupName),
    error: EditError,
) -> EditError {
    let is_that = |error: &EditError| matches!(error, EditError::Invalid(all) if all.iter().any(|it| it.code == codes::EXCEPT_NAMES_NOBODY));
    if !is_that(&error) {
        return error;
    }
    let groups = declaration.groups.iter().filter_map(|(name, it)| Some((name, present(&it.state)?)));
    let excepts = groups.flat_map(|(name, members)| {
        members.entries.iter().flat_map(move |entry| entry.except.iter().map(move |except| (name, except)))
    });
    match excepts.into_iter().find(|(_, except)| user.email() == Some(&except.value)) {
        None => error,
        Some((outer, except)) => EditError::other(
            format!(
                "an `except` keeps {user} out of {outer}, at {}, and would name nobody without the entry in {group}",
                Locator::new(tree).locate(except.origin)
            ),
            "Take both out by hand, together.",
        ),
    }
}

fn through(edit: &AccessEdit, user: &UserRef, group: &GroupName) -> EditError {
    let editing = Editing::of(&edit.tree, &edit.declaration, Date::ZERO);
    let flat = flattened(&edit.declaration, [group]);
    match flat.get(group).and_then(|flat| way_of(flat, user)) {
        Some(way) => editing.taken_in(user, group, way.entry),
        None => EditError::OtherMeaning,
    }
}

fn present(state: &GroupState) -> Option<&Members> {
    match state {
        GroupState::Present(members) => Some(members),
        GroupState::Absent => None,
    }
}

fn way_of<'f, 'd>(flat: &'f Flat<'d>, user: &UserRef) -> Option<&'f Way<'d>> {
    flat.iter().find(|(who, _)| who.named() == *user).map(|(_, way)| way)
}

/// A membership, and its first day without it.
#[derive(PartialEq, Eq)]
struct Lasting {
    until: Option<Date>,
}

/// How long a group takes a user in; `None` if it does not.
fn lasting(declaration: &Declaration, group: &GroupName, user: &UserRef) -> Option<Lasting> {
    let flat = flattened(declaration, [group]);
    way_of(flat.get(group)?, user).map(|way| Lasting { until: way.until })
}

/// The groups that everybody is in on a day.
fn groups_of(declaration: &Declaration, today: Date) -> BTreeMap<UserRef, BTreeMap<GroupName, Option<Date>>> {
    let mut groups: BTreeMap<UserRef, BTreeMap<GroupName, Option<Date>>> = BTreeMap::new();
    for (name, flat) in flattened(declaration, declaration.groups.keys()) {
        for (who, way) in flat.iter().filter(|(_, way)| way.holds_on(today)) {
            groups.entry(who.named()).or_default().insert(name.clone(), way.until);
        }
    }
    groups
}

impl Listing for Declaration {
    fn entries(&self, name: &GroupName) -> &[Member] {
        self.groups.get(name).and_then(|group| present(&group.state)).map_or(&[], |members| &members.entries)
    }

    fn user(&self, email: &Email) -> Option<&DeclaredUser> {
        self.users.get(email)
    }

    fn owners(&self) -> BTreeMap<&crate::model::AccountId, &Email> {
        let pin = |email: &Email| self.users.get(email).and_then(|user| user.account.as_ref());
        let locked = self.lock.users.iter().filter(|(email, _)| pin(email).is_none());
        let locked = locked.map(|(email, LockedId { id, .. })| (id, email));
        let pinned =
            self.users.iter().filter_map(|(email, user)| Some((&user.account.as_ref()?.value, email)));
        locked.chain(pinned).collect()
    }
}
