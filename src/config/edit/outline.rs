//! Where a file's text takes more: at the end of a mapping that ends the file, and in a list.

use std::ops::Range;

use super::super::events::{At, Style, walk};

/// Where entries of a mapping can be added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The column of its keys.
    pub(super) column: usize,
}

/// A list, and where its items stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    /// How it is written.
    pub(super) style: Style,
    /// Where it starts: its bracket, or its first dash.
    pub(super) start: usize,
    /// The column of that.
    pub(super) column: usize,
    /// From where to where each item goes; a dash does not belong to it.
    pub(super) items: Vec<Range<usize>>,
}

impl List {
    /// Where the last item ends; behind the bracket where there is none.
    pub(super) fn end(&self) -> usize {
        self.items.last().map_or(self.start + 1, |item| item.end)
    }
}

/// The mapping under a key of the file, when it is written in lines and nothing follows it.
pub(super) fn mapping(text: &str, key: &str) -> Option<End> {
    let mut found = None;
    walk(text, |path, node| match node {
        At::Node { start, style, map } if path.len() == 1 => {
            let fits = path == [key] && map && style == Some(Style::Block);
            // Whatever follows takes it back.
            found = fits.then(|| End { column: column(text, start) });
        }
        At::Node { .. } | At::End { .. } => {}
    })?;
    // Behind the end of a document another one would start.
    found.filter(|_| !text.lines().any(|line| line.starts_with("...")))
}

/// The list under keys within each other.
pub(super) fn list(text: &str, keys: [&str; 3]) -> Option<List> {
    let mut open: Option<List> = None;
    let mut found = None;
    walk(text, |path, node| match (&mut open, node) {
        (None, At::Node { start, style: Some(style), map: false }) if path == keys && found.is_none() => {
            open = Some(List { style, start, column: column(text, start), items: Vec::new() });
        }
        (Some(_), At::End { list: true, .. }) if path == keys => found = open.take(),
        (Some(list), At::Node { start, .. }) if path == keys => list.items.push(start..start),
        (Some(list), At::End { end, .. }) => {
            if let Some(item) = list.items.last_mut() {
                item.end = item.end.max(end);
            }
        }
        (None, At::End { .. }) | (None | Some(_), At::Node { .. }) => {}
    })?;
    let mut list = found?;
    // The parser gives a list whose dashes stand below their key another start.
    if let (Style::Block, Some(first)) = (list.style, list.items.first()) {
        let line = text[..first.start].rfind('\n').map_or(0, |newline| newline + 1);
        let dash = line + text[line..first.start].rfind('-')?;
        (list.start, list.column) = (dash, dash - line);
    }
    Some(list)
}

fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 3] = ["groups", "a", "members"];

    fn found(text: &str) -> (Style, usize, usize, usize) {
        let list = list(text, KEYS).unwrap_or_else(|| panic!("{text}"));
        (list.style, list.end(), list.column, list.items.len())
    }

    #[test]
    fn a_list_in_lines_ends_with_its_last_item() {
        let table = [
            (
                "groups:\n  a:\n    members:\n      - x@y.z\n      - user: k@y.z # why\n  b: 1\n",
                "k@y.z",
                6,
                2,
            ),
            ("groups:\n  a:\n    members:\n    - x@y.z", "x@y.z", 4, 1),
            ("groups: \n  a: \n    members: \n    - { user: x@y.z }   \n", "{ user: x@y.z }", 4, 1),
            (
                "groups:\n  a:\n    members:\n      - group: k\n        except: [a, b]\n    id: c\n",
                "[a, b]",
                6,
                1,
            ),
        ];
        for (text, last, column, items) in table {
            let end = text.rfind(last).unwrap() + last.len();
            assert_eq!(found(text), (Style::Block, end, column, items), "{text}");
        }
    }

    #[test]
    fn a_list_in_brackets_ends_before_its_bracket() {
        let text = "groups: { b: { members: [q] }, a: { members: [x@y.z, { group: b }] } }";
        let end = text.find("b }]").unwrap() + 3;
        assert_eq!(found(text), (Style::Flow, end, text.find("[x").unwrap(), 2));
        let text = "groups:\n  a: { members: [ ] }\n";
        assert_eq!(found(text), (Style::Flow, text.find('[').unwrap() + 1, 16, 0));
        assert_eq!(list("groups: { a: { absent: true } }", KEYS), None);
        assert_eq!(list("groups: [", KEYS), None);
    }

    #[test]
    fn a_mapping_takes_more_when_it_ends_the_file() {
        assert_eq!(mapping("# c\ngroups:\n    a: 1\n# d\n", "groups"), Some(End { column: 4 }));
        assert_eq!(mapping("users:\n  a: 1\ngroups:\n  b: { c: d }\n", "groups"), Some(End { column: 2 }));
        for text in
            ["groups:\n  a: 1\nusers:\n  b: 1\n", "groups: {}\n", "groups: { a: 1 }", "users:\n  a: 1\n"]
        {
            assert_eq!(mapping(text, "groups"), None, "{text}");
        }
    }
}
