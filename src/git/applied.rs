//! The ref of the last commit whose apply completed (docs/design.md#the-last-completed-apply).
//!
//! An apply is compared with it, so that anything that an earlier apply refused or left is still part of the change.

use std::path::Path;

use crate::config::ROOT;

use super::{At, GitError, Refusal, commit, contains, prefix, roots, roots_at, run, tree_at};

/// The ref's name.
pub const APPLIED: &str = "refs/rollbook/applied";

/// Its name in `--base`. It wins over a branch or a tag of that name.
pub const APPLIED_WORD: &str = "applied";

/// Returns the commit that the ref names, or `None` if there is no such ref.
///
/// # Errors
/// [`GitError`] when git fails, or the ref names no commit.
pub fn applied(folder: &Path) -> Result<Option<String>, GitError> {
    let exact = run(folder, &["show-ref", "--verify", "--hash", APPLIED])?;
    if exact.status.success() {
        return commit(folder, APPLIED).map(Some);
    }
    let inside = run(folder, &["rev-parse", "--git-dir"])?;
    let refusal = Refusal::of(&inside);
    if inside.status.success() || refusal.not_in_a_repository() {
        return Ok(None);
    }
    Err(GitError::Refused(refusal))
}

/// Moves the ref to a commit, unless it has moved since it named `before`.
///
/// # Errors
/// [`GitError`] when it has moved, the commit does not contain the one that it names, the repository has several trees, or
/// git cannot write it.
pub fn move_applied(folder: &Path, commit: &str, before: Option<&str>) -> Result<(), GitError> {
    if let Some(before) = before {
        match contains(folder, before, commit)? {
            Some(true) => {}
            Some(false) => return Err(GitError::GoesBack(short(commit).to_owned())),
            None => return Err(GitError::MayGoBack(short(commit).to_owned())),
        }
    }
    only_tree(folder)?;
    // An empty old value means that the ref does not exist.
    let old = before.unwrap_or_default();
    let arguments = ["update-ref", "--create-reflog", "-m", "rollbook apply", APPLIED, commit, old];
    let output = run(folder, &arguments)?;
    if output.status.success() {
        return Ok(());
    }
    Err(GitError::Refused(Refusal::of(&output)))
}

/// Reads the tree at the ref.
///
/// # Errors
/// As [`tree_at`], and when there is no such ref, or HEAD does not contain its commit: then this tree does not build on
/// the applied state.
pub fn last_applied(folder: &Path) -> Result<At, GitError> {
    only_tree(folder)?;
    let Some(commit) = applied(folder)? else { return Err(GitError::NeverApplied) };
    let at = tree_at(folder, APPLIED)?;
    match at.revision.contained {
        Some(true) => Ok(at.called(APPLIED_WORD)),
        Some(false) => Err(GitError::NotContained { commit: short(&commit).to_owned(), shallow: false }),
        None => Err(GitError::NotContained { commit: short(&commit).to_owned(), shallow: true }),
    }
}

/// Makes sure that the repository has one tree: the ref does not say for which an apply completed.
fn only_tree(folder: &Path) -> Result<(), GitError> {
    let roots = roots(folder)?;
    if roots.len() > 1 { Err(GitError::SeveralTrees(roots)) } else { Ok(()) }
}

/// Lists the files that begin the trees which are tracked and which a commit does not have, if one tree becomes several.
/// From then on, the ref does not say for which an apply completed.
///
/// # Errors
/// [`GitError`] when git fails, or the ref exists: later changes could not be applied.
pub fn trees_added(folder: &Path, commit: &str) -> Result<Vec<String>, GitError> {
    let mut added = roots(folder)?;
    let several = added.len() > 1;
    let before = roots_at(folder, commit)?;
    added.retain(|path| !before.contains(path));
    if !several || before.len() > 1 {
        return Ok(Vec::new());
    }
    if !added.is_empty() && applied(folder)?.is_some() {
        return Err(GitError::AddsTree(added));
    }
    Ok(added)
}

/// The folder in which a commit holds the only tree of the repository, if that has moved since; `None` if it has not moved, or
/// if several trees may have become this one.
pub(super) fn moved_from(folder: &Path, commit: &str) -> Result<Option<String>, GitError> {
    let Some(prefix) = prefix(folder) else { return Ok(None) };
    let here = format!("{prefix}{ROOT}");
    let (before, now) = (roots_at(folder, commit)?, roots(folder)?);
    let ([was], [is]) = (before.as_slice(), now.as_slice()) else { return Ok(None) };
    Ok((*is == here).then(|| was.trim_end_matches(ROOT).trim_end_matches('/').to_owned()))
}

/// The first digits of a commit, as shown to people.
pub fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
