//! Which files of a tree git tracks. The others are in no commit, and no review has seen them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::{Include, ROOT};
use crate::model::{SourceFile, Tree, in_repository};

use super::{GitError, Place, Refusal, commit, entries, files_of, prefix, run};

/// The most files in one call of git, to limit the length of the command line.
const AT_A_TIME: usize = 200;

/// A file of a tree that git does not track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untracked {
    /// The file, relative to the tree.
    pub path: String,
    /// Whether git ignores it, so that not even `git status` shows it.
    pub ignored: bool,
}

/// Lists the files of a tree that git does not track, in the tree's order.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn untracked(folder: &Path, tree: &Tree) -> Result<Vec<Untracked>, GitError> {
    let root = tree.file(ROOT).map_or("", |(_, root)| &root.text);
    let tracked = listed(folder, &["ls-files", "-z"], &places(folder, &Include::of(root)))?;
    let strangers = tree.files.iter().map(|file| file.path.as_str());
    let strangers: Vec<&str> = strangers.filter(|path| !tracked.contains(*path)).collect();
    let mut ignored = BTreeSet::new();
    for some in strangers.chunks(AT_A_TIME) {
        ignored.extend(listed(
            folder,
            &["ls-files", "-z", "--others", "--ignored", "--exclude-standard"],
            some,
        )?);
    }
    let file = |path: &str| Untracked { path: path.to_owned(), ignored: ignored.contains(path) };
    Ok(strangers.into_iter().map(file).collect())
}

/// Lists the files of a tree that git tracks and keeps out of the work tree, as in a sparse checkout: a plan would take them
/// for deleted. The list is empty if the folder is in no repository, or git is not installed.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn left_out(folder: &Path, tree: &Tree) -> Result<Vec<String>, GitError> {
    let Some(root) = tree.files.iter().find(|file| file.path == ROOT) else { return Ok(Vec::new()) };
    let include = Include::of(&root.text);
    let marked = match listed(folder, &["ls-files", "-t", "-z"], &places(folder, &include)) {
        Ok(marked) => marked,
        Err(GitError::NoGit(_)) => return Ok(Vec::new()),
        Err(GitError::Refused(refusal)) if refusal.not_in_a_repository() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let read: BTreeSet<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
    // `TAG SP PATH`; the tag `S` marks files that the work tree leaves out (git-ls-files(1)).
    let skipped = marked.iter().filter_map(|row| row.strip_prefix("S "));
    Ok(skipped.filter(|path| include.takes(path) && !read.contains(path)).map(str::to_owned).collect())
}

/// The commit that is checked out, if it holds the tree that was read; `None` if the tree differs, or there is no commit.
/// Other files of the folder do not count.
pub fn commit_of(folder: &Path, tree: &Tree) -> Option<String> {
    let head = commit(folder, "HEAD").ok()?;
    let at = Place { commit: &head, revision: &head, moved_from: None };
    let committed = files_of(folder, &at, entries(folder, &head, None).ok()?).ok()?;
    is_same(&committed, tree).then_some(head)
}

/// Whether two trees have the same files. Git may check them out with the line breaks of Windows.
pub(super) fn is_same(one: &Tree, other: &Tree) -> bool {
    let same = |(one, other): (&SourceFile, &SourceFile)| {
        one.path == other.path
            && (one.text == other.text || one.text.replace("\r\n", "\n") == other.text.replace("\r\n", "\n"))
    };
    one.files.len() == other.files.len() && one.files.iter().zip(&other.files).all(same)
}

/// The folders that hold a tree's files, relative to its own; git fails for a folder outside the repository.
fn places<'i>(folder: &Path, include: &'i Include) -> Vec<&'i str> {
    let mut shares = include.shares().peekable();
    let own = shares.peek().and_then(|_| prefix(folder));
    let is_here = |share: &&str| own.as_ref().is_some_and(|own| in_repository(own, share).is_some());
    std::iter::once(".").chain(shares.filter(is_here)).collect()
}

fn listed(folder: &Path, arguments: &[&str], paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
    let mut all = vec!["--literal-pathspecs"];
    all.extend(arguments);
    all.push("--");
    all.extend(paths);
    let output = run(folder, &all)?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let paths = output.stdout.split(|byte| *byte == 0).filter_map(|path| std::str::from_utf8(path).ok());
    Ok(paths.map(str::to_owned).collect())
}

/// Lists the tracked files and links whose path matches one of some patterns (`pathspec` in gitglossary(7)), relative to a
/// folder.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn tracked_like(folder: &Path, patterns: &[&str]) -> Result<BTreeSet<String>, GitError> {
    let output = run(folder, &[&["ls-files", "-z", "--"], patterns].concat())?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let paths = output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
}
