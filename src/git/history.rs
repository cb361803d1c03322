//! How commits relate to each other.

use std::path::Path;

use super::{GitError, Refusal, commit, contains, is_shallow, line, run};

/// Returns the commit that is checked out, and its parents, first to last.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn checked_out(folder: &Path) -> Result<(String, Vec<String>), GitError> {
    let head = commit(folder, "HEAD")?;
    let listed = lines(folder, &["rev-list", "--parents", "--max-count=1", &head])?;
    let parents = listed.first().map(|ids| ids.split(' ').skip(1).map(str::to_owned).collect());
    Ok((head, parents.unwrap_or_default()))
}

/// Returns the full ID of a commit.
///
/// # Errors
/// [`GitError`] when no commit has this name, or several do.
pub fn whole_id(folder: &Path, revision: &str) -> Result<String, GitError> {
    commit(folder, revision)
}

/// Finds the newest commit that two commits both contain.
///
/// # Errors
/// [`GitError`] when there is none, or git fails.
pub fn merge_base(folder: &Path, one: &str, other: &str) -> Result<String, GitError> {
    let output = run(folder, &["merge-base", one, other])?;
    if output.status.success() {
        return Ok(line(&output.stdout));
    }
    match output.status.code() {
        // A shallow clone may lack it.
        Some(1) => Err(GitError::Apart {
            one: one.to_owned(),
            other: other.to_owned(),
            shallow: is_shallow(folder)?,
        }),
        Some(_) | None => Err(GitError::Refused(Refusal::of(&output))),
    }
}

/// Counts the commits that the second contains and the first does not.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn lacks(folder: &Path, one: &str, other: &str) -> Result<usize, GitError> {
    let counted = lines(folder, &["rev-list", "--count", other, &format!("^{one}")])?;
    let count = counted.first().and_then(|count| count.parse().ok());
    count.ok_or_else(|| GitError::Answer(std::io::Error::other("no number came")))
}

/// Lists the commits by which a branch moved from one to another, oldest first: a merge counts as one commit, without the
/// commits that it merged.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn first_parents(folder: &Path, from: &str, to: &str) -> Result<Vec<String>, GitError> {
    lines(folder, &["rev-list", "--first-parent", "--reverse", to, &format!("^{from}")])
}

/// Lists the commits that were the branch's newest, newest first: a merge counts, the commits that it merged do not.
///
/// # Errors
/// [`GitError`] when git cannot decide, as in a shallow clone.
pub fn line_of(folder: &Path, head: &str) -> Result<Vec<String>, GitError> {
    if is_shallow(folder)? {
        return Err(GitError::MayGoBack(head.to_owned()));
    }
    lines(folder, &["rev-list", "--first-parent", head])
}

/// Whether one commit contains another.
///
/// # Errors
/// [`GitError`] when git cannot decide, as in a shallow clone.
pub fn is_contained(folder: &Path, commit: &str, revision: &str) -> Result<bool, GitError> {
    contains(folder, commit, revision)?.ok_or_else(|| GitError::MayGoBack(revision.to_owned()))
}

/// The newest commit of a remote's branch, as this clone knows it.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn remote_branch(folder: &Path, branch: &str) -> Result<Option<String>, GitError> {
    let full = format!("refs/remotes/origin/{branch}");
    let output = run(folder, &["show-ref", "--verify", "--hash", &full])?;
    Ok(output.status.success().then(|| line(&output.stdout)))
}

/// Reads the messages of commits, newest first.
///
/// # Errors
/// [`GitError`] when git fails.
pub fn messages(folder: &Path, from: &str, to: &str) -> Result<Vec<String>, GitError> {
    let output = run(folder, &["log", "-z", "--format=%B", to, &format!("^{from}")])?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let messages = output.stdout.split(|byte| *byte == 0).filter(|message| !message.is_empty());
    Ok(messages.map(|message| String::from_utf8_lossy(message).into_owned()).collect())
}

fn lines(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, GitError> {
    let output = run(folder, arguments)?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
