//! Reads a tree from a directory: the one file of `config` that does I/O.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use walkdir::{DirEntry, WalkDir};

use crate::model::{Declaration, Diagnostic, SourceFile, Tree, in_repository};

use super::codes;
use super::include::{Include, LOCK, ROOT, declares};
use super::mistakes::finished;
use super::parse::{LARGEST_FILE, parse, too_large};

/// The largest size of all files of a tree together, in bytes.
pub(super) const LARGEST_TREE: usize = 512 << 20;

/// The most files and folders that are visited.
pub(super) const MOST_ENTRIES: usize = 200_000;

/// A tree with its declaration and its diagnostics.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The files that could be read.
    pub tree: Tree,
    /// The declaration, when no diagnostic is an error.
    pub declaration: Option<Declaration>,
    /// Ordered by file and place; those without a place come last.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads, decodes and checks the tree of a directory.
pub fn load(dir: &Path, today: Date) -> Loaded {
    let (tree, mut diagnostics) = read_tree(dir);
    let parsed = parse(&tree, today);
    let readable = diagnostics.is_empty();
    // Files that cannot be read have already been reported.
    let echo =
        |d: &Diagnostic| !readable && [codes::NO_ROOT, codes::INCLUDE_MATCHES_NOTHING].contains(&d.code);
    diagnostics.extend(parsed.diagnostics.into_iter().filter(|d| !echo(d)));
    Loaded { tree, declaration: parsed.declaration.filter(|_| readable), diagnostics: finished(diagnostics) }
}

/// The nearest directory, from `start` upwards, that contains a rollbook.yaml.
pub fn find_root(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    let root = start.ancestors().find(|dir| dir.join(ROOT).symlink_metadata().is_ok());
    root.map(Path::to_path_buf)
}

/// Reads rollbook.yaml, its included files, and rollbook.lock. Unreadable files are reported, and the rest are read.
pub fn read_tree(dir: &Path) -> (Tree, Vec<Diagnostic>) {
    let mut reader = Reader { dir, tree: Tree::default(), diagnostics: Vec::new(), bytes: 0 };
    let is_there = |name: &str| dir.join(name).symlink_metadata().is_ok();
    if is_there(ROOT) {
        reader.file(ROOT);
    }
    if is_there(LOCK) {
        reader.file(LOCK);
    }
    if let Some(include) = reader.tree.file(ROOT).map(|(_, root)| Include::of(&root.text)) {
        let refused = reader.refused(&include);
        for folder in include.folders() {
            if !refused.iter().any(|share| Path::new(&folder).starts_with(share)) {
                reader.folder(&folder, &include);
            }
        }
    }
    reader.tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    reader.tree.files.dedup_by(|a, b| a.path == b.path);
    (reader.tree, finished(reader.diagnostics))
}

/// A folder's path in the git work tree that contains it, with a `/` at its end, or empty.
fn place_in_work_tree(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let top = dir.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())?;
    dir.strip_prefix(top).ok()?.iter().map(|part| Some(format!("{}/", part.to_str()?))).collect()
}

struct Reader<'d> {
    dir: &'d Path,
    tree: Tree,
    diagnostics: Vec<Diagnostic>,
    bytes: usize,
}

impl Reader<'_> {
    /// Reports and returns the shared folders that are not in the git work tree of the tree.
    fn refused<'i>(&mut self, include: &'i Include) -> Vec<&'i str> {
        let mut shares = include.shares().peekable();
        let place = shares.peek().and_then(|_| place_in_work_tree(self.dir));
        let is_refused =
            |share: &&str| place.as_ref().is_none_or(|place| in_repository(place, share).is_none());
        let refused: Vec<&str> = shares.filter(is_refused).collect();
        self.diagnostics.extend(refused.iter().map(|share| {
            let message = match &place {
                None => format!("`share` names {share}, and the tree is in no git repository"),
                Some(_) => format!(
                    "`share` names {share}, which is not a folder of the repository outside the tree's own"
                ),
            };
            Diagnostic::error(codes::BAD_INCLUDE, message).help(
                "Write the shortest path to another folder of the same repository, such as `../people`.",
            )
        }));
        refused
    }

    /// Walks a folder of the tree. Links are never followed: git would not, and a link's target is not in a
    /// pull request's diff.
    fn folder(&mut self, folder: &str, include: &Include) {
        let mut path = PathBuf::from(self.dir);
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            match path.symlink_metadata() {
                Ok(meta) if meta.is_symlink() => return self.link(&path),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return,
                Err(error) => return self.unreadable(&path, &error),
            }
        }
        let is_hidden =
            |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        let walk = WalkDir::new(&path).sort_by_file_name().into_iter();
        for (seen, entry) in walk.filter_entry(|entry| !is_hidden(entry)).enumerate() {
            if seen >= MOST_ENTRIES {
                self.diagnostics.push(too_many_entries(folder));
                return;
            }
            match entry {
                Ok(entry) => self.entry(&entry, include),
                Err(error) => {
                    let at = error.path().unwrap_or(&path).to_path_buf();
                    self.unreadable(&at, &io::Error::from(error));
                }
            }
        }
    }

    fn entry(&mut self, entry: &DirEntry, include: &Include) {
        let Some(path) = self.relative(entry.path()) else {
            self.not_unicode(entry.path());
            return;
        };
        if path == ROOT || path == LOCK {
            return;
        }
        let kind = entry.file_type();
        if kind.is_symlink() {
            let is_folder = fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
            if is_folder || include.takes(&path) {
                self.link(entry.path());
            }
        } else if include.takes(&path) {
            // Also for a folder with a file's name: the requested file does not exist.
            self.file(&path);
        }
    }

    fn file(&mut self, path: &str) {
        let at = self.dir.join(path);
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_symlink() => return self.link(&at),
            Ok(meta) if !meta.is_file() => return self.unreadable(&at, &no_file()),
            Ok(_) => {}
            Err(error) => return self.unreadable(&at, &error),
        }
        match read_bounded(self.dir, path) {
            Ok(None) => self.diagnostics.push(too_large(path)),
            Ok(Some(bytes)) => self.text(path, bytes),
            Err(error) => self.unreadable(&at, &error),
        }
    }

    fn text(&mut self, path: &str, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        if self.bytes > LARGEST_TREE {
            let message = format!("the files have more than {} MiB together", LARGEST_TREE >> 20);
            if !self.diagnostics.iter().any(|d| d.message == message) {
                let help = "Include only files with declarations.";
                self.diagnostics.push(Diagnostic::error(codes::TOO_LARGE, message).help(help));
            }
            return;
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.tree.files.push(SourceFile { path: path.to_owned(), text }),
            Err(error) => self.diagnostics.push(not_text(path, &error)),
        }
    }

    fn relative(&self, path: &Path) -> Option<String> {
        let relative = path.strip_prefix(self.dir).unwrap_or(path);
        let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.dir).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }

    fn link(&mut self, path: &Path) {
        let message = format!("{} is a symbolic link", self.shown(path));
        self.diagnostics.push(
            Diagnostic::error(codes::SYMBOLIC_LINK, message).help(
                "Put the files themselves there: a pull request does not show the content behind a link.",
            ),
        );
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let message = format!("{} cannot be read: {error}", self.shown(path));
        self.diagnostics.push(
            Diagnostic::error(codes::UNREADABLE, message).help("Check what it is and who may read it."),
        );
    }

    fn not_unicode(&mut self, path: &Path) {
        let message = format!("{} has a name that is not Unicode", self.shown(path));
        self.diagnostics.push(Diagnostic::error(codes::UNREADABLE, message).help("Rename it."));
    }
}

/// Reports the files in a tree's folder that declare users or groups and that no pattern matches: somebody who adds or
/// renames one believes that it counts. Hidden folders, `node_modules` and other trees are left out. It works only on a
/// folder: of a git revision, only the tree's own files are read.
pub fn not_included(dir: &Path, tree: &Tree) -> Vec<Diagnostic> {
    let Some(include) = tree.file(ROOT).and_then(|(_, root)| Include::whole(&root.text)) else {
        return Vec::new();
    };
    let reader = Reader { dir, tree: Tree::default(), diagnostics: Vec::new(), bytes: 0 };
    let mut found = Vec::new();
    let walk = WalkDir::new(dir).sort_by_file_name().into_iter();
    for (seen, entry) in walk.filter_entry(may_hold_declarations).enumerate() {
        if seen >= MOST_ENTRIES {
            let message = format!("the folder holds more than {MOST_ENTRIES} files and folders");
            found.push(left_out(message, "Not all were checked: move the tree to a separate folder."));
            break;
        }
        match &entry {
            Ok(entry) if entry.file_type().is_file() => {
                let path = reader.relative(entry.path()).filter(|path| is_yaml(path) && !include.takes(path));
                found.extend(path.and_then(|path| declared_in_vain(dir, &path)));
            }
            Ok(_) => {}
            Err(error) => {
                let path = reader.shown(error.path().unwrap_or(dir));
                found.push(left_out(format!("{path} cannot be read"), APART));
            }
        }
    }
    found
}

/// The help for a file that may or may not have been meant to be included.
const APART: &str = "No pattern of `include` matches it; keep other files out of the tree's folder.";

/// Reports a file that no pattern matches, unless it certainly declares nothing.
fn declared_in_vain(dir: &Path, path: &str) -> Option<Diagnostic> {
    let message = match read_bounded(dir, path).map(|bytes| bytes.map(String::from_utf8)) {
        Ok(Some(Ok(text))) => {
            return declares(&text).then(|| {
                left_out(
                    format!("{path} declares users or groups, and no pattern of `include` matches it"),
                    "Add a pattern to `include`, or rename or move the file so that one matches it.",
                )
            });
        }
        Ok(Some(Err(_))) => format!("{path} is not UTF-8 text"),
        Ok(None) => format!("{path} is too large to check"),
        Err(error) => format!("{path} cannot be read: {error}"),
    };
    Some(left_out(message, APART))
}

fn is_yaml(path: &str) -> bool {
    let end = Path::new(path).extension();
    end.is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
}

fn left_out(message: String, help: &str) -> Diagnostic {
    Diagnostic::warning(codes::NOT_INCLUDED, message).help(help)
}

/// Whether a walk enters a folder. A folder with its own rollbook.yaml is another tree.
fn may_hold_declarations(entry: &DirEntry) -> bool {
    let is_other = |name: &[u8]| name.starts_with(b".") || name == b"node_modules";
    let is_tree = || entry.file_type().is_dir() && entry.path().join(ROOT).symlink_metadata().is_ok();
    entry.depth() == 0 || !is_other(entry.file_name().as_encoded_bytes()) && !is_tree()
}

/// `None` when the file is too large, whatever its metadata says.
fn read_bounded(dir: &Path, path: &str) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX);
    let file = open_below(dir, path)?;
    // It may have been replaced since it was listed.
    if !file.metadata()?.is_file() {
        return Err(no_file());
    }
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= LARGEST_FILE).then_some(bytes))
}

/// Opens a file below a folder. No part of its path may be a link, not even a new one, and it waits for neither a pipe
/// nor a device.
#[cfg(unix)]
fn open_below(dir: &Path, path: &str) -> io::Result<fs::File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let file = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut at = open(dir, folder, Mode::empty())?;
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        at = openat(&at, part, folder | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(openat(&at, name, file, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open_below(dir: &Path, path: &str) -> io::Result<fs::File> {
    fs::File::open(dir.join(path))
}

fn no_file() -> io::Error {
    io::Error::other("it is not a file")
}

fn not_text(path: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = before.split(|byte| *byte == b'\n').count();
    Diagnostic::error(codes::NOT_TEXT, format!("{path} is not UTF-8 text: see line {line}"))
        .help("Save the file as UTF-8.")
}

fn too_many_entries(folder: &str) -> Diagnostic {
    let place = if folder.is_empty() { "the tree" } else { folder };
    Diagnostic::error(codes::TOO_LARGE, format!("{place} holds more than {MOST_ENTRIES} files and folders"))
        .help("Narrow `include` to the folders of declarations.")
}
