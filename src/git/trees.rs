//! The trees of a repository, and which of them a change touches.

use std::path::Path;

use crate::config::ROOT;
use crate::model::Tree;

use super::tracked::is_same;
use super::{At, GitError, Refusal, commit, run, tree_at};

/// Lists the folders of the trees that git tracks, each with a `/` at its end; the repository's own is empty.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn trees(folder: &Path) -> Result<Vec<String>, GitError> {
    Ok(folders(&roots(folder)?))
}

/// Whether the tree of a folder equals the revision's: the same files with the same text, including shared ones, as a plan
/// with that base reads both. False if the revision has no readable tree in the folder.
///
/// # Errors
/// [`GitError`] when there is no such revision, or git fails.
pub fn is_as_at(folder: &Path, tree: &Tree, revision: &str) -> Result<bool, GitError> {
    let before = match tree_at(folder, revision) {
        Ok(At { tree, moved_from: None, .. }) => tree,
        Ok(_)
        | Err(
            GitError::NoTree(_)
            | GitError::Elsewhere { .. }
            | GitError::Unreadable { .. }
            | GitError::Submodule { .. },
        ) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(is_same(&before, tree))
}

/// Lists the trees that git tracks and keeps out of the work tree, as in a sparse checkout.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn trees_left_out(folder: &Path) -> Result<Vec<String>, GitError> {
    let everywhere = format!(":(top,glob)**/{ROOT}");
    let marked = paths(folder, &["ls-files", "-t", "-z", "--full-name", "--", &everywhere])?;
    // `TAG SP PATH`; the tag `S` marks files that the work tree leaves out (git-ls-files(1)).
    Ok(marked.iter().filter_map(|row| row.strip_prefix("S ")).map(str::to_owned).collect())
}

/// Lists the folders of the trees that a revision has, each with a `/` at its end.
///
/// # Errors
/// [`GitError`] when there is no such revision, or git fails.
pub fn trees_of(folder: &Path, revision: &str) -> Result<Vec<String>, GitError> {
    Ok(folders(&roots_at(folder, &commit(folder, revision)?)?))
}

fn folders(roots: &[String]) -> Vec<String> {
    roots.iter().map(|root| root.trim_end_matches(ROOT).to_owned()).collect()
}

/// Lists the files that begin a tree, anywhere in a commit.
pub(super) fn roots_at(folder: &Path, commit: &str) -> Result<Vec<String>, GitError> {
    let mut all = paths(folder, &["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit])?;
    all.retain(|path| path.rsplit('/').next() == Some(ROOT));
    Ok(all)
}

/// Lists the files that begin a tree, anywhere in the repository.
pub(super) fn roots(folder: &Path) -> Result<Vec<String>, GitError> {
    let everywhere = format!(":(top,glob)**/{ROOT}");
    paths(folder, &["ls-files", "-z", "--full-name", "--", &everywhere])
}

fn paths(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, GitError> {
    let output = run(folder, arguments)?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let paths = output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
}
