//! Renames a person's email or a group's key in every file at once.

use std::str::FromStr;

use jiff::civil::Date;

use crate::model::{Address, Declaration, Email, GroupName, Lock, SourceFile, Tree, UserRef, is_shared};

use super::super::document::{Document, Text};
use super::super::{LOCK, lock_text, parse};
use super::EditError;
use super::files::Files;
use super::remove::Edited;

/// A name in a tree, and its new form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rename {
    /// A person's email.
    Email(Email, Email),
    /// A group's key.
    Group(GroupName, GroupName),
}

/// The kind of thing that a text of a tree names.
#[derive(Clone, Copy)]
enum Names {
    Email,
    Group,
    Address,
}

impl Rename {
    /// The reverse.
    fn back(&self) -> Self {
        match self.clone() {
            Self::Email(from, to) => Self::Email(to, from),
            Self::Group(from, to) => Self::Group(to, from),
        }
    }

    /// The new text for one that names this.
    fn of(&self, names: Names, text: &str) -> Option<String> {
        match (self, names) {
            (Self::Email(from, to), Names::Email) => {
                (Email::parse(text).ok()? == *from).then(|| to.to_string())
            }
            (Self::Group(from, to), Names::Group) => (text == from.as_str()).then(|| to.to_string()),
            (_, Names::Address) => {
                let address = Address::from_str(text).ok()?;
                let renamed = self.of_address(address.clone());
                (renamed != address).then(|| renamed.to_string())
            }
            (Self::Email(..), Names::Group) | (Self::Group(..), Names::Email) => None,
        }
    }

    fn of_address(&self, address: Address) -> Address {
        let group = |name: GroupName| match self {
            Self::Group(from, to) if name == *from => to.clone(),
            Self::Group(..) | Self::Email(..) => name,
        };
        let user = |user: UserRef| match (self, user) {
            (Self::Email(from, to), UserRef::Email(email)) if email == *from => UserRef::Email(to.clone()),
            (_, user) => user,
        };
        match address {
            Address::Group(name) => Address::Group(group(name)),
            Address::User(who) => Address::User(user(who)),
            Address::Member(name, who) => Address::Member(group(name), user(who)),
            Address::Grant(name, access) => Address::Grant(group(name), access),
        }
    }

    fn in_document(&self, document: &mut Document) {
        document.texts(&mut |path: &[String], text: &mut Text| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Some(new) = names(&path).and_then(|names| self.of(names, text.says())) {
                *text = Text::of(&new);
            }
        });
    }

    fn in_lock(&self, lock: &mut Lock) {
        match self {
            Self::Email(from, to) => {
                if let Some(locked) = lock.users.remove(from) {
                    lock.users.insert(to.clone(), locked);
                }
            }
            Self::Group(from, to) => {
                if let Some(locked) = lock.groups.remove(from) {
                    lock.groups.insert(to.clone(), locked);
                }
            }
        }
    }
}

/// The kind of text at a path: nested keys, `-` for the items of lists, and at the end `:` for a key itself.
fn names(path: &[&str]) -> Option<Names> {
    match path {
        ["operator"]
        | ["policy", "admins", "-"]
        | ["policy", "protect", "users", "-"]
        | ["users", ":"]
        | ["groups", _, "owners" | "members", "-"]
        | ["groups", _, "members", "-", "user"]
        | ["groups", _, "members", "-", "except", "-"] => Some(Names::Email),
        ["policy", "protect", "groups", "-"]
        | ["policy", "privileged", "-"]
        | ["policy", "exclusive", "-", "-"]
        | ["policy", "keep-at-least", ":"]
        | ["groups", ":"]
        | ["groups", _, "members", "-", "group" | "synced"] => Some(Names::Group),
        ["waive", "-", "for", "-"] => Some(Names::Address),
        _ => None,
    }
}

/// Replaces a name everywhere in a tree, also in its lock: the account or group that it means stays the same.
///
/// # Errors
/// [`EditError::Invalid`] when the tree would become invalid, such as when the new name is taken, [`EditError::Shared`]
/// when a shared file has the name, and [`EditError::OtherMeaning`] when renaming back would not restore the present
/// meaning of the tree.
pub fn renamed(
    tree: &Tree,
    declaration: &Declaration,
    rename: &Rename,
    today: Date,
) -> Result<Edited, EditError> {
    let edited = written(tree, declaration, rename, today)?;
    let mut pairs = tree.files.iter().zip(&edited.tree.files);
    if let Some((file, _)) = pairs.find(|(old, new)| is_shared(&old.path) && old.text != new.text) {
        return Err(EditError::Shared(file.path.clone()));
    }
    let back = written(&edited.tree, &edited.declaration, &rename.back(), today)?;
    if back.declaration.placeless() != declaration.clone().placeless() {
        return Err(EditError::OtherMeaning);
    }
    Ok(edited)
}

fn written(
    tree: &Tree,
    declaration: &Declaration,
    rename: &Rename,
    today: Date,
) -> Result<Edited, EditError> {
    let mut files = Files::of(tree);
    for SourceFile { path, .. } in tree.files.iter().filter(|file| file.path != LOCK) {
        files.change(path, |document| rename.in_document(document));
    }
    let mut written = files.into_tree();
    let mut lock = declaration.lock.clone();
    rename.in_lock(&mut lock);
    if let Some(file) = written.files.iter_mut().find(|file| file.path == LOCK && lock != declaration.lock) {
        file.text = lock_text(&lock);
    }
    let parsed = parse(&written, today);
    let declaration = parsed.declaration.ok_or(EditError::Invalid(parsed.diagnostics))?;
    Ok(Edited { tree: written, declaration, comments: 0 })
}
