//! The files of a tree, and places in them.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The files that a declaration is read from. A directory or a git revision gives one.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The files, ordered by path.
    pub files: Vec<SourceFile>,
}

/// A file of a [`Tree`].
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the tree's root, with `/` between the parts.
    pub path: String,
    /// The file's content.
    pub text: String,
}

/// Whether a path of a tree leads out of its folder, to files that other trees may include as well.
pub fn is_shared(path: &str) -> bool {
    path.starts_with("../")
}

/// The path in the repository of a path of a tree: `folder` is the tree's folder in the repository, with a `/` at its end,
/// or empty. `None` if the path leaves the repository, or leads up and back through a folder that contains the tree: each
/// file has one path.
pub fn in_repository(folder: &str, path: &str) -> Option<String> {
    let below = path.trim_start_matches("../");
    let up = (path.len() - below.len()) / "../".len();
    let folders: Vec<&str> = folder.split_terminator('/').collect();
    let (kept, left) = folders.split_at(folders.len().checked_sub(up)?);
    let leads_back = left.first().is_some_and(|left| below.split('/').next() == Some(left));
    (!leads_back).then(|| [kept, &[below]].concat().join("/"))
}

/// The index of a file in [`Tree::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A place in a tree: a file and a byte offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// Bytes from the file's start.
    pub offset: u32,
}

/// A stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Where it starts.
    pub origin: Origin,
    /// Its length in bytes.
    pub length: u32,
}

/// A value and its place. It compares by value.
#[derive(Clone, Copy, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub origin: Origin,
}

/// A place as a person reads it: `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Location {
    /// The file's path, relative to the tree's root.
    pub path: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

/// A text that is not a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place is `FILE:LINE:COLUMN`")]
pub struct NoLocation;

/// Turns origins into locations: it knows where each line of each file starts.
#[derive(Clone, Debug)]
pub struct Locator<'a> {
    files: Vec<LocatedFile<'a>>,
}

#[derive(Clone, Debug)]
struct LocatedFile<'a> {
    path: Arc<str>,
    text: &'a str,
    line_starts: Vec<u32>,
}

impl Tree {
    /// Finds a file by its path.
    pub fn file(&self, path: &str) -> Option<(FileId, &SourceFile)> {
        let index = self.files.iter().position(|file| file.path == path)?;
        Some((FileId(u32::try_from(index).ok()?), &self.files[index]))
    }

    /// Returns a file by its ID.
    ///
    /// # Panics
    /// When the ID is from another tree.
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }
}

impl Span {
    /// The bytes it covers.
    pub fn range(self) -> Range<usize> {
        let start = self.origin.offset as usize;
        start..start + self.length as usize
    }
}

impl<T> Located<T> {
    /// Combines a value and its place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

impl<'a> Locator<'a> {
    /// Finds every line start of a tree once.
    pub fn new(tree: &'a Tree) -> Self {
        let files = tree
            .files
            .iter()
            .map(|file| LocatedFile {
                path: Arc::from(file.path.as_str()),
                text: &file.text,
                line_starts: line_starts(&file.text),
            })
            .collect();
        Self { files }
    }

    /// Finds the line and column of an origin.
    ///
    /// # Panics
    /// When the origin is from another tree.
    pub fn locate(&self, origin: Origin) -> Location {
        let file = &self.files[origin.file.0 as usize];
        let starts = &file.line_starts;
        let line = starts.partition_point(|start| *start <= origin.offset).max(1) - 1;
        let before = file.text.get(starts[line] as usize..origin.offset as usize).unwrap_or_default();
        let column = before.chars().count();
        Location {
            path: file.path.clone(),
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_breaks).filter_map(|at| u32::try_from(at).ok()).collect()
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

impl FromStr for Location {
    type Err = NoLocation;

    fn from_str(text: &str) -> Result<Self, NoLocation> {
        let mut parts = text.rsplitn(3, ':');
        let mut number = || parts.next()?.parse().ok();
        let (column, line) = (number().ok_or(NoLocation)?, number().ok_or(NoLocation)?);
        Ok(Self { path: parts.next().ok_or(NoLocation)?.into(), line, column })
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_a_tree_is_one_of_its_repository() {
        let table = [
            ("", "groups/a.yaml", Some("groups/a.yaml")),
            ("sites/emea/", "groups/a.yaml", Some("sites/emea/groups/a.yaml")),
            ("sites/emea/", "../people/a.yaml", Some("sites/people/a.yaml")),
            ("sites/emea/", "../../people/a.yaml", Some("people/a.yaml")),
            ("sites/emea/", "../../../people/a.yaml", None),
            ("sites/emea/", "../emea/groups/a.yaml", None),
            ("sites/emea/", "../../sites/people/a.yaml", None),
            ("", "../people/a.yaml", None),
        ];
        for (folder, path, wanted) in table {
            assert_eq!(in_repository(folder, path).as_deref(), wanted, "{folder} {path}");
        }
    }

    #[test]
    fn locates_by_line_and_by_character() {
        let tree =
            Tree { files: vec![SourceFile { path: "a.yaml".into(), text: "é: 1\nzwei: ü x\n".into() }] };
        let locator = Locator::new(&tree);
        let at = |offset| locator.locate(Origin { file: FileId(0), offset }).to_string();
        assert_eq!(at(0), "a.yaml:1:1");
        assert_eq!(at(2), "a.yaml:1:2");
        assert_eq!(at(6), "a.yaml:2:1");
        assert_eq!(at(15), "a.yaml:2:9");
        assert_eq!(at(17), "a.yaml:3:1");
        let odd = Location { path: "a:b:1.yaml".into(), line: 3, column: 9 };
        assert_eq!(odd.to_string().parse(), Ok(odd));
        assert_eq!("a.yaml:3".parse::<Location>(), Err(NoLocation));
    }
}
