//! An import as YAML: new files, entries at the end of files, items at the end of lists.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    Access, AppsInGroup, Declaration, DeclaredGrant, DeclaredGroup, DeclaredUser, Diagnostic, FileId,
    GroupName, GroupState, Import, Located, Member, MemberRef, Members, Origin, Severity, Source, Tree,
    UserRef, is_shared,
};

use super::super::document::{Comment, Document, Entry, Items, Kind, Value as WriteOutcome, quoted};
use super::super::events;
use super::super::include::{Include, ROOT};
use super::super::mistakes::Mistakes;
use super::super::node::Value;
use super::super::parse;
use super::files::Files;
use super::{EditError, write};

/// The unit for which a file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePer {
    /// One group.
    Group,
    /// All groups whose names start alike, up to the first `-`, `_`, `.` or space.
    Prefix,
}

/// A tree with an import in it.
#[derive(Debug)]
pub struct Imported {
    /// All files.
    pub tree: Tree,
    /// Its declaration.
    pub declaration: Declaration,
    /// The additions, without those that the language cannot express; these are among the ones left out.
    pub import: Import,
}

/// The tree's first file, for a site and perhaps an organization.
pub fn root_text(site: &str, organization: Option<&str>) -> String {
    let organization = organization.map(|id| format!("organization: {}\n", quoted(id)));
    format!("version: 1\nsite: {}\n{}", quoted(site), organization.unwrap_or_default())
}

/// Adds to a tree, which means `declaration`. Groups that the language cannot express, and those of shared files, are left out,
/// each with the reason.
///
/// # Errors
/// [`EditError`]; in that case nothing must be written.
pub fn imported(
    tree: &Tree,
    declaration: &Declaration,
    mut import: Import,
    per: FilePer,
    today: Date,
) -> Result<Imported, EditError> {
    for (name, group) in &declaration.groups {
        let path = &tree.get(group.origin.file).path;
        if is_shared(path) && import.groups.iter().any(|group| group.name == *name) {
            import.leave(name, format!("it is in {path}, which other trees may include"));
        }
    }
    loop {
        let written = written(tree, declaration, &import, per)?;
        let parsed = parse(&written, today);
        let Some(found) = parsed.declaration else {
            let mut errors = parsed.diagnostics;
            errors.retain(|diagnostic| diagnostic.severity == Severity::Error);
            let refused = refused(&written, &import, &errors);
            if refused.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            for (name, why) in refused {
                if !import.leave_grants(&name, &why) {
                    import.leave(&name, why);
                }
            }
            continue;
        };
        if found.clone().placeless() != intended(declaration.clone(), &import).placeless() {
            return Err(EditError::OtherMeaning);
        }
        import.left.sort();
        return Ok(Imported { tree: written, declaration: found, import });
    }
}

/// The imported groups that a mistake is about, with the mistake.
fn refused(tree: &Tree, import: &Import, errors: &[Diagnostic]) -> BTreeMap<GroupName, String> {
    let names: BTreeSet<&GroupName> = import.groups.iter().map(|group| &group.name).collect();
    let mut places: BTreeMap<FileId, Vec<(u32, GroupName)>> = BTreeMap::new();
    let mut refused = BTreeMap::new();
    for error in errors {
        for label in &error.labels {
            let Origin { file, offset } = label.span.origin;
            let groups = places.entry(file).or_insert_with(|| group_places(file, &tree.get(file).text));
            let at = groups.partition_point(|(start, _)| *start <= offset);
            let group = at.checked_sub(1).map(|at| &groups[at].1).filter(|name| names.contains(name));
            if let Some(name) = group {
                refused.insert(name.clone(), error.message.clone());
            }
        }
    }
    refused
}

/// The starts of the entries of a file's groups, in order.
fn group_places(file: FileId, text: &str) -> Vec<(u32, GroupName)> {
    let node = events::read(file, text, &mut Mistakes::default());
    let Some(Value::Map(map)) = node.map(|node| node.value) else { return Vec::new() };
    let groups = map.entries.into_iter().filter(|entry| entry.key.text == "groups");
    let entries = groups.flat_map(|entry| match entry.value.value {
        Value::Map(map) => map.entries,
        Value::Scalar(_) | Value::List(_) | Value::Reported => Vec::new(),
    });
    entries.map(|entry| (entry.span.origin.offset, GroupName::new(&entry.key.text))).collect()
}

/// The intended declaration with an import, apart from places.
fn intended(mut declaration: Declaration, import: &Import) -> Declaration {
    let origin = Origin { file: FileId(0), offset: 0 };
    for group in &import.groups {
        let entries = group.members.iter().map(|member| {
            let who = match &member.user {
                UserRef::Email(email) => MemberRef::User(email.clone()),
                UserRef::Account(id) => MemberRef::Account(id.clone()),
            };
            Member { who, origin, except: Vec::new(), until: None, because: None }
        });
        let declared = declaration.groups.entry(group.name.clone()).or_insert_with(|| DeclaredGroup {
            origin,
            id: None,
            description: None,
            owners: Vec::new(),
            state: GroupState::Present(Members {
                entries: Vec::new(),
                mode: None,
                source: Source::Native,
                apps_in_group: AppsInGroup::Ignore,
                nest: false,
                unmanaged: group.unmanaged,
                grants: None,
            }),
        });
        if let GroupState::Present(members) = &mut declared.state {
            members.entries.extend(entries);
            let grant = |access: &Access| DeclaredGrant {
                access: Located::new(access.clone(), origin),
                absent: false,
                until: None,
                because: None,
            };
            if !group.grants.is_empty() {
                members.grants = Some(group.grants.iter().map(grant).collect());
            }
        }
    }
    for (email, name) in &import.users {
        let active = Some(Located::new(true, origin));
        let name = name.clone().map(|name| Located::new(name, origin));
        let user = DeclaredUser {
            origin,
            name,
            active,
            apps: Vec::new(),
            account: None,
            until: None,
            because: None,
        };
        declaration.users.insert(email.clone(), user);
    }
    declaration
}

/// The files of a tree with an import in them.
fn written(tree: &Tree, declaration: &Declaration, import: &Import, per: FilePer) -> Result<Tree, EditError> {
    let mut files = Files::of(tree);
    let include = Include::of(tree.file(ROOT).map_or("", |(_, root)| &root.text));
    for group in import.groups.iter().filter(|group| group.declared) {
        let form = || EditError::Form(group.name.clone());
        let declared = declaration.groups.get(&group.name).ok_or_else(form)?;
        let path = &tree.get(declared.origin.file).path;
        if !group.members.is_empty() {
            let members = files.items(path, &["groups", group.name.as_str(), "members"]).ok_or_else(form)?;
            let flow = members.flow;
            members.entries.extend(group.members.iter().map(|member| write::member(member, flow)));
        }
        if !group.grants.is_empty() {
            let keys = files.items(path, &["groups", group.name.as_str()]).ok_or_else(form)?;
            let flow = keys.flow;
            keys.entries.push(write::grants(&group.grants, flow));
        }
    }
    for group in import.groups.iter().filter(|group| !group.declared) {
        add(
            &mut files,
            &include,
            ("groups", &write::stem(&group.name, per), per == FilePer::Group),
            write::group(group),
        )?;
    }
    for (email, name) in &import.users {
        add(&mut files, &include, ("users", "people", false), write::user(email, name.as_deref()))?;
    }
    Ok(files.into_tree())
}

/// Adds an entry under `groups` or `users`: to the file of this stem, or to the first of stem-2, stem-3 … that takes one;
/// where each entry has a file, to the first that is not there.
pub(super) fn add(
    files: &mut Files,
    include: &Include,
    (section, stem, each): (&str, &str, bool),
    entry: Entry,
) -> Result<(), EditError> {
    let mut number = 1;
    loop {
        let name = if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") };
        let path = path(include, section, &name)?;
        if !files.has(&path) {
            files.insert(path.clone(), started(section));
        } else if each {
            number += 1;
            continue;
        }
        if let Some(WriteOutcome::Items(items)) =
            files.document(&path).and_then(|document| document.at(&[section]))
        {
            items.entries.push(entry);
            return Ok(());
        }
        number += 1;
    }
}

/// A path that `include` matches.
fn path(include: &Include, section: &str, name: &str) -> Result<String, EditError> {
    let usual = format!("{section}/{name}.yaml");
    let folders = include.folders().into_iter().filter(|folder| !is_shared(folder));
    let other = folders.map(|folder| format!("{folder}/{name}.yaml").trim_start_matches('/').to_owned());
    let mut paths = std::iter::once(usual.clone()).chain(other);
    paths.find(|path| include.takes(path)).ok_or(EditError::NotIncluded(usual))
}

/// A file that an import makes.
fn started(section: &str) -> Document {
    let mut entry = Entry::keyed(section, WriteOutcome::Items(Items::new(Kind::Map, false, Vec::new())));
    entry.above.push(Comment { text: write::HEAD.into(), gap: false });
    Document { marked: false, root: Items::new(Kind::Map, false, vec![entry]) }
}
