//! Entries taken out of lists of members, each with its comments. A comment above that a blank line parts from an entry is
//! about more than that, and stays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{Declaration, GroupName, GroupState, Tree, is_shared};

use super::super::document::{Comment, Entry, Items};
use super::super::parse;
use super::EditError;
use super::files::Files;

/// A tree without some entries.
#[derive(Debug)]
pub struct Edited {
    /// All files.
    pub tree: Tree,
    /// What the tree says.
    pub declaration: Declaration,
    /// How many comments went with the entries.
    pub comments: usize,
}

/// Takes entries out of groups, each named by its place among the group's entries.
///
/// # Errors
/// [`EditError::Form`] when a group's members are not a list of a file of this tree alone, [`EditError::Invalid`] and
/// [`EditError::OtherMeaning`] when the edit would change the meaning of the tree.
pub fn without_entries(
    tree: &Tree,
    declaration: &Declaration,
    entries: &BTreeMap<GroupName, BTreeSet<usize>>,
    today: Date,
) -> Result<Edited, EditError> {
    let mut files = Files::of(tree);
    let mut intended = declaration.clone();
    let mut comments = 0;
    for (name, places) in entries {
        let form = || EditError::Form(name.clone());
        let group = intended.groups.get_mut(name).ok_or_else(form)?;
        let path = &tree.get(group.origin.file).path;
        // Another tree's site may still have the people.
        if is_shared(path) {
            return Err(form());
        }
        comments += take(files.members(path, name).ok_or_else(form)?, places);
        if let GroupState::Present(members) = &mut group.state {
            let mut place = 0..;
            members.entries.retain(|_| !place.next().is_some_and(|place| places.contains(&place)));
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

/// The comments above an entry that a blank line parts from it.
fn parted(entry: &mut Entry) -> Vec<Comment> {
    let last = entry.above.iter().rposition(|comment| comment.gap).unwrap_or(0);
    let parted = if entry.gap { entry.above.len() } else { last };
    entry.above.drain(..parted).collect()
}
