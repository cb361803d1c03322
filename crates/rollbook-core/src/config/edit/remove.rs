//! Removes entries from lists of members, each with its comments. A comment above that a blank line separates from an
//! entry is about more than that, and stays.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::{Declaration, GroupState, Spent, Tree, is_shared};

use super::super::document::{Comment, Entry, Items};
use super::super::parse;
use super::EditError;
use super::files::Files;

/// A tree without some entries.
#[derive(Debug)]
pub struct Edited {
    /// All files.
    pub tree: Tree,
    /// Its declaration.
    pub declaration: Declaration,
    /// The number of comments that were removed with the entries.
    pub comments: usize,
}

/// Takes entries out of groups.
///
/// # Errors
/// [`EditError::Form`] when a group's members or grants are not a list of a file of this tree alone, [`EditError::Invalid`] and
/// [`EditError::OtherMeaning`] when the edit would change the meaning of the tree.
pub fn without_entries(
    tree: &Tree,
    declaration: &Declaration,
    entries: &Spent,
    today: Date,
) -> Result<Edited, EditError> {
    let mut files = Files::of(tree);
    let mut intended = declaration.clone();
    let mut comments = 0;
    let members = entries.members.iter().map(|(name, places)| (name, places, "members"));
    let grants = entries.grants.iter().map(|(name, places)| (name, places, "grants"));
    for (name, places, list) in members.chain(grants) {
        let form = || EditError::Form(name.clone());
        let group = intended.groups.get_mut(name).ok_or_else(form)?;
        let path = &tree.get(group.origin.file).path;
        // Another tree's site may still have the people.
        if is_shared(path) {
            return Err(form());
        }
        comments += take(files.items(path, &["groups", name.as_str(), list]).ok_or_else(form)?, places);
        if let GroupState::Present(members) = &mut group.state {
            let mut place = 0..;
            let mut stays = || !place.next().is_some_and(|place| places.contains(&place));
            match (list, &mut members.grants) {
                ("grants", Some(grants)) => grants.retain(|_| stays()),
                _ => members.entries.retain(|_| stays()),
            }
        }
    }
    let tree = files.into_tree();
    let parsed = parse(&tree, today);
    let found = parsed.declaration.ok_or(EditError::Invalid(parsed.diagnostics))?;
    if found.clone().placeless() != intended.placeless() {
        return Err(EditError::OtherMeaning);
    }
    Ok(Edited { tree, declaration: found, comments })
}

/// Takes out entries, and counts the comments that go with them.
pub(super) fn take(members: &mut Items, places: &BTreeSet<usize>) -> usize {
    let mut comments = 0;
    let mut stay = Vec::new();
    for (place, mut entry) in std::mem::take(&mut members.entries).into_iter().enumerate() {
        if places.contains(&place) {
            stay.append(&mut parted(&mut entry));
            comments += entry.comments();
        } else {
            if !stay.is_empty() {
                entry.prepend(std::mem::take(&mut stay));
            }
            members.entries.push(entry);
        }
    }
    members.below.splice(0..0, stay);
    comments
}

/// The comments above an entry that a blank line separates from it.
fn parted(entry: &mut Entry) -> Vec<Comment> {
    let last = entry.above.iter().rposition(|comment| comment.gap).unwrap_or(0);
    let parted = if entry.gap { entry.above.len() } else { last };
    entry.above.drain(..parted).collect()
}
