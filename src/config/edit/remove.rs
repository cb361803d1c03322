//! Entries taken out of lists of members. Every other byte stays, and so do the comments above an entry: they may be about
//! more than that.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;

use crate::model::{Declaration, GroupName, GroupState, SourceFile, Tree};

use super::super::events::Style;
use super::super::parse;
use super::EditError;
use super::outline::{self, List};

/// A tree without some entries.
#[derive(Debug)]
pub struct Edited {
    /// All files.
    pub tree: Tree,
    /// What the tree says.
    pub declaration: Declaration,
}

/// Takes entries out of groups, each named by its place among the group's entries.
///
/// # Errors
/// [`EditError::Form`] when an entry stands where it cannot be cut out, [`EditError::Invalid`] and
/// [`EditError::OtherMeaning`] when the tree would not be what it is to be.
pub fn without_entries(
    tree: &Tree,
    declaration: &Declaration,
    entries: &BTreeMap<GroupName, BTreeSet<usize>>,
    today: Date,
) -> Result<Edited, EditError> {
    let mut tree = tree.clone();
    let mut intended = declaration.clone();
    for (name, places) in entries {
        let keys = ["groups", name.as_str(), "members"];
        let form = || EditError::Form(name.clone());
        let found = tree.files.iter_mut().find_map(|file| Some((outline::list(&file.text, keys)?, file)));
        let (list, file) = found.ok_or_else(form)?;
        file.text = match list.style {
            Style::Block => without_lines(file, &list, places),
            Style::Flow => without_items(file, &list, places),
        }
        .ok_or_else(form)?;
        if let Some(GroupState::Present(members)) =
            intended.groups.get_mut(name).map(|group| &mut group.state)
        {
            let mut place = 0..;
            members.entries.retain(|_| !place.next().is_some_and(|place| places.contains(&place)));
        }
    }
    let parsed = parse(&tree, today);
    let found = parsed.declaration.ok_or(EditError::Invalid(parsed.diagnostics))?;
    if found.clone().placeless() != intended.placeless() {
        return Err(EditError::OtherMeaning);
    }
    Ok(Edited { tree, declaration: found })
}

/// Whole lines, with the comments that end them.
fn without_lines(file: &SourceFile, list: &List, places: &BTreeSet<usize>) -> Option<String> {
    let text = &file.text;
    let lines: Vec<Range<usize>> =
        places.iter().map(|place| item_lines(text, list.items.get(*place)?)).collect::<Option<_>>()?;
    let mut left = text.clone();
    for range in lines.iter().rev() {
        left.replace_range(range.clone(), "");
    }
    if places.len() == list.items.len() {
        // An empty list has no lines of its own.
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        left.insert_str(lines.first()?.start, &format!("{}[]{newline}", " ".repeat(list.column + 2)));
    }
    Some(left)
}

/// The lines of an item that has them for itself, its dash in front.
fn item_lines(text: &str, item: &Range<usize>) -> Option<Range<usize>> {
    let start = text[..item.start].rfind('\n').map_or(0, |newline| newline + 1);
    let dash = text[start..item.start].trim() == "-";
    let end = if text[..item.end].ends_with('\n') {
        item.end
    } else {
        text[item.end..].find('\n').map_or(text.len(), |newline| item.end + newline + 1)
    };
    let behind = text[item.end..end].trim_start();
    (dash && (behind.is_empty() || behind.starts_with('#'))).then_some(start..end)
}

/// Items between brackets, with the commas that part them; nothing where a comment stands among them.
fn without_items(file: &SourceFile, list: &List, places: &BTreeSet<usize>) -> Option<String> {
    let mut left = file.text.clone();
    let mut is_last = true;
    for (place, item) in list.items.iter().enumerate().rev() {
        if !places.contains(&place) {
            is_last = false;
            continue;
        }
        let before = place.checked_sub(1).map(|place| &list.items[place]);
        let range = match (is_last, before, list.items.get(place + 1)) {
            (true, Some(before), _) => before.end..item.end,
            (false, _, Some(next)) => item.start..next.start,
            (true, None, _) | (false, _, None) => item.clone(),
        };
        if file.text[range.clone()].contains('#') {
            return None;
        }
        left.replace_range(range, "");
    }
    Some(left)
}
