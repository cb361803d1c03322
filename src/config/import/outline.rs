//! Where a file's text takes more: at the end of a mapping that ends the file, and in a list.

use super::super::events::{At, Style, walk};

/// Where entries of a mapping can be added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The column of its keys.
    pub(super) column: usize,
}

/// Where items can be added to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Below its last item, whose text ends here; its dashes stand in this column.
    Block { end: usize, column: usize },
    /// Behind its last item, or behind its bracket when it has none.
    Flow { end: usize, empty: bool },
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
    let mut open: Option<(usize, Style)> = None;
    let mut last = None;
    let mut found = None;
    walk(text, |path, node| match node {
        At::Node { start, style: Some(style), map: false } if path == keys && found.is_none() => {
            open = Some((start, style));
            last = None;
        }
        At::End { end, list: true } if path == keys && open.is_some() => {
            if let Some((start, style)) = open.take() {
                found = Some(match style {
                    Style::Block => List::Block { end: last.unwrap_or(end), column: column(text, start) },
                    Style::Flow => List::Flow { end: last.unwrap_or(start + 1), empty: last.is_none() },
                });
            }
        }
        At::End { end, .. } if open.is_some() => last = last.max(Some(end)),
        At::Node { .. } | At::End { .. } => {}
    })?;
    found
}

fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 3] = ["groups", "a", "members"];

    #[test]
    fn a_list_in_lines_ends_with_its_last_item() {
        let table = [
            ("groups:\n  a:\n    members:\n      - x@y.z\n      - user: k@y.z # why\n  b: 1\n", "k@y.z", 6),
            ("groups:\n  a:\n    members:\n    - x@y.z", "x@y.z", 4),
            ("groups: \n  a: \n    members: \n    - { user: x@y.z }   \n", "{ user: x@y.z }", 4),
            (
                "groups:\n  a:\n    members:\n      - user: k@y.z\n        except: [a, b]\n    id: c\n",
                "[a, b]",
                6,
            ),
        ];
        for (text, last, column) in table {
            let end = text.rfind(last).unwrap() + last.len();
            assert_eq!(list(text, KEYS), Some(List::Block { end, column }), "{text}");
        }
    }

    #[test]
    fn a_list_in_brackets_ends_before_its_bracket() {
        let text = "groups: { b: { members: [q] }, a: { members: [x@y.z, { group: b }] } }";
        let end = text.find("b }]").unwrap() + 3;
        assert_eq!(list(text, KEYS), Some(List::Flow { end, empty: false }));
        let text = "groups:\n  a: { members: [ ] }\n";
        let end = text.find('[').unwrap() + 1;
        assert_eq!(list(text, KEYS), Some(List::Flow { end, empty: true }));
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
