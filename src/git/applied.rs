//! The ref of the last commit whose apply completed (design §6).
//!
//! It is what an apply is compared with, so that what an earlier one refused or left is still part of the change.

use std::path::Path;

use crate::config::ROOT;

use super::{At, GitError, Refusal, commit, contains, run, tree_at};

/// The ref's name.
pub const APPLIED: &str = "refs/rollbook/applied";

/// What `--base` calls it. It wins over a branch or a tag of that name.
pub const APPLIED_WORD: &str = "applied";

/// The commit that the ref names; nothing where there is no such ref.
///
/// # Errors
/// [`GitError`] when git cannot tell, or the ref names no commit.
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

/// Lets the ref name a commit, unless it has moved since it named `before`.
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
    // An empty old value stands for a ref that is not there.
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
/// As [`tree_at`], and when there is no such ref or what is checked out does not contain its commit: then what was
/// applied is not a state that this tree changes.
pub fn last_applied(folder: &Path) -> Result<At, GitError> {
    only_tree(folder)?;
    let Some(commit) = applied(folder)? else { return Err(GitError::NeverApplied) };
    let mut at = tree_at(folder, APPLIED)?;
    match at.revision.contained {
        Some(true) => {
            APPLIED_WORD.clone_into(&mut at.revision.name);
            Ok(at)
        }
        Some(false) => Err(GitError::NotContained { commit: short(&commit).to_owned(), shallow: false }),
        None => Err(GitError::NotContained { commit: short(&commit).to_owned(), shallow: true }),
    }
}

/// Makes sure that the repository has one tree: the ref does not say of which an apply completed.
fn only_tree(folder: &Path) -> Result<(), GitError> {
    let everywhere = format!(":(top,glob)**/{ROOT}");
    let output = run(folder, &["ls-files", "-z", "--full-name", "--", &everywhere])?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let roots = output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    let roots: Vec<String> = roots.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    if roots.len() > 1 { Err(GitError::SeveralTrees(roots)) } else { Ok(()) }
}

/// As many digits of a commit as are shown to people.
pub fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
