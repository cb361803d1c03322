//! What one file of a tree says of users, groups and ids. Each text is read once for as long as a commit has it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use jiff::civil::Date;

use crate::model::{
    DeclaredGrant, DeclaredUser, Email, FileId, GroupId, GroupName, GroupState, Lock, Member, MemberRef,
    Object, Revisions, Severity, UnreadFile,
};

use super::super::context::Context;
use super::super::draft::Draft;
use super::super::fields::Fields;
use super::super::include::{Include, LOCK, ROOT};
use super::super::lock::lock;
use super::super::parse::declarations;
use super::super::{events, hidden};
use super::Blob;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) users: BTreeMap<Email, Rc<DeclaredUser>>,
    pub(super) groups: BTreeMap<GroupName, Rc<Group>>,
    /// Of rollbook.lock.
    pub(super) lock: Rc<Lock>,
    /// Of rollbook.yaml.
    pub(super) include: Option<Rc<Include>>,
}

/// A group of a file.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) entries: Vec<Member>,
    pub(super) grants: Vec<DeclaredGrant>,
    /// A pin.
    pub(super) id: Option<GroupId>,
    /// Whether an entry names an account.
    pub(super) has_accounts: bool,
    /// Whether an entry takes in another group.
    pub(super) nests: bool,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Root,
    Lock,
    Included,
}

/// The files that were read, and the one tree that is followed.
pub(super) struct Cache {
    /// The tree's folder today.
    pub(super) folder: String,
    /// Whether it is the only tree of the repository today, so that an only tree elsewhere is the same before it moved.
    pub(super) is_only: bool,
    /// What could not be read.
    pub(super) unread: Vec<UnreadFile>,
    read: BTreeMap<(Object, Kind), Weak<File>>,
    failed: BTreeSet<(Object, String)>,
}

impl Cache {
    pub(super) fn new(folder: &str, revisions: &Revisions) -> Self {
        Self {
            folder: folder.to_owned(),
            is_only: is_only(folder, revisions),
            unread: Vec::new(),
            read: BTreeMap::new(),
            failed: BTreeSet::new(),
        }
    }

    /// The contents of a file of a commit; `None` if it cannot be read, which is then noted.
    pub(super) fn file<E>(
        &mut self,
        (commit, path): (&str, &str),
        object: &Object,
        blob: &mut impl FnMut(&str) -> Result<Blob, E>,
    ) -> Result<Option<Rc<File>>, E> {
        let kind = match path {
            ROOT => Kind::Root,
            LOCK => Kind::Lock,
            _ => Kind::Included,
        };
        let key = (object.clone(), kind);
        if let Some(file) = self.read.get(&key).and_then(Weak::upgrade) {
            return Ok(Some(file));
        }
        let failed = (object.clone(), path.to_owned());
        if self.failed.contains(&failed) {
            return Ok(None);
        }
        let read = match object {
            Object::Other => Err("it is not a regular file".to_owned()),
            Object::File(id) => match blob(id)? {
                Blob::Unreadable(why) => Err(format!("it {why}")),
                Blob::Text(text) => decoded(&text, kind),
            },
        };
        match read {
            Ok(file) => {
                let file = Rc::new(file);
                self.read.insert(key, Rc::downgrade(&file));
                Ok(Some(file))
            }
            Err(why) => {
                self.failed.insert(failed);
                self.unread.push(UnreadFile { commit: commit.to_owned(), path: path.to_owned(), why });
                Ok(None)
            }
        }
    }
}

/// Whether the newest commit of a branch has a tree in one folder alone.
fn is_only(folder: &str, revisions: &Revisions) -> bool {
    let mut roots = BTreeSet::new();
    let mut at = revisions.commits.last().map(|commit| commit.id.as_str());
    let mut seen = BTreeSet::new();
    for commit in revisions.commits.iter().rev() {
        if at != Some(commit.id.as_str()) {
            continue;
        }
        for change in &commit.files {
            let is_root = change.path.rsplit('/').next() == Some(ROOT);
            if is_root && seen.insert(&change.path) && change.object.is_some() {
                roots.insert(change.path.as_str());
            }
        }
        at = commit.parents.first().map(String::as_str);
    }
    roots.len() == 1 && roots.contains(format!("{folder}{ROOT}").as_str())
}

fn decoded(text: &str, kind: Kind) -> Result<File, String> {
    let mut cx = Context::new(Date::ZERO);
    let mut draft = Draft::default();
    let node = hidden::check(&mut cx, FileId(0), text)
        .then(|| events::read(FileId(0), text, &mut cx.mistakes))
        .flatten();
    if let Some(node) = &node {
        match kind {
            Kind::Lock => draft.lock = lock(&mut cx, node),
            Kind::Root | Kind::Included => {
                // Keys of other versions of Rollbook say nothing about memberships.
                if let Some(mut fields) = Fields::of(&mut cx, node, "a file of users and groups") {
                    declarations(&mut cx, &mut draft, &mut fields);
                }
            }
        }
    }
    let include = (kind == Kind::Root).then(|| Include::whole(text));
    if include.as_ref().is_some_and(Option::is_none) || !cx.mistakes.no_errors() {
        let mistakes = cx.mistakes.into_sorted();
        let first = mistakes.into_iter().find(|mistake| mistake.severity == Severity::Error);
        return Err(first.map_or_else(|| "`include` cannot be read".to_owned(), |mistake| mistake.message));
    }
    let groups = draft.groups.into_iter().map(|(name, group)| {
        let (entries, grants) = match group.state {
            GroupState::Present(members) => (members.entries, members.grants.unwrap_or_default()),
            GroupState::Absent => (Vec::new(), Vec::new()),
        };
        let names = |named: fn(&MemberRef) -> bool| entries.iter().any(|entry| named(&entry.who));
        let (has_accounts, nests) = (
            names(|who| matches!(who, MemberRef::Account(_))),
            names(|who| matches!(who, MemberRef::Group(_))),
        );
        (name, Rc::new(Group { entries, grants, id: group.id.map(|id| id.value), has_accounts, nests }))
    });
    Ok(File {
        groups: groups.collect(),
        users: draft.users.into_iter().map(|(email, user)| (email, Rc::new(user))).collect(),
        lock: Rc::new(draft.lock.lock),
        include: include.flatten().map(Rc::new),
    })
}
