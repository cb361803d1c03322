//! The commits that a branch contains, with the YAML files that each changes.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::config::{Blob, LOCK, history};
use crate::model::{Commit, FileChange, History, Object, Revisions};

use super::process::{git, line, run};
use super::{GitError, Objects, Refusal, commit, is_shallow, lacking};

/// How a commit is printed: its fields end in NUL, as do the rows of files after it, and a message may hold anything else.
const FORMAT: &str = "--format=%x02%H%x00%P%x00%an <%ae>%x00%ct%x00%B%x00";

/// Settings of a clone that would change what is printed.
const SETTINGS: [&str; 6] =
    ["-c", "log.showSignature=false", "-c", "log.follow=false", "-c", "diff.relative=false"];

/// Reads the memberships that the tree of a folder ever declared, in the commits that a revision contains.
///
/// # Errors
/// [`GitError`] when there is no such revision, or git cannot read a commit or a file: nothing is fetched for it.
pub fn history_of(folder: &Path, revision: &str) -> Result<History, GitError> {
    let place = run(folder, &["rev-parse", "--show-prefix"])?;
    if !place.status.success() {
        let refusal = Refusal::of(&place);
        return Err(if refusal.not_in_a_repository() {
            GitError::NoRepository
        } else {
            GitError::Refused(refusal)
        });
    }
    let head = commit(folder, revision)?;
    let read = || {
        let revisions = revisions(folder, line(&place.stdout), &head)?;
        let mut objects = Objects::start(folder)?;
        history(&revisions, |id| blob(&mut objects, id))
    };
    read().or_else(|error| lacking(folder, revision, error))
}

fn blob(objects: &mut Objects, id: &str) -> Result<Blob, GitError> {
    Ok(match objects.read(id)?.map(String::from_utf8) {
        Some(Ok(text)) => Blob::Text(text),
        Some(Err(_)) => Blob::Unreadable("is not UTF-8 text"),
        None => Blob::Unreadable("is too large"),
    })
}

fn revisions(folder: &Path, place: String, head: &str) -> Result<Revisions, GitError> {
    let mut command = git(folder);
    command
        .args(SETTINGS)
        .args([
            "log",
            "--topo-order",
            "--reverse",
            "--full-history",
            "--sparse",
            "--root",
            "--raw",
            "--no-renames",
        ])
        .args([
            "--no-abbrev",
            "--diff-merges=first-parent",
            "--no-ext-diff",
            "--encoding=UTF-8",
            "-z",
            FORMAT,
            head,
        ])
        .args(["--", ":(top,glob)**/*.yaml", ":(top,glob)**/*.yml", &format!(":(top,glob)**/{LOCK}")]);
    let output = command.output().map_err(GitError::NoGit)?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let mut tokens = output.stdout.split(|byte| *byte == 0).peekable();
    let mut commits = Vec::new();
    while let Some(commit) = next_commit(&mut tokens)? {
        commits.push(commit);
    }
    Ok(Revisions { folder: place, commits, cut: cut(folder)? })
}

/// The commits whose parents a shallow clone does not have.
fn cut(folder: &Path) -> Result<BTreeSet<String>, GitError> {
    if !is_shallow(folder)? {
        return Ok(BTreeSet::new());
    }
    let listed = run(folder, &["rev-parse", "--path-format=absolute", "--git-path", "shallow"])?;
    let text = std::fs::read_to_string(line(&listed.stdout))?;
    Ok(text.lines().map(|id| id.trim().to_owned()).collect())
}

/// Reads a commit and its files: `STX ID NUL PARENTS NUL AUTHOR NUL SECONDS NUL MESSAGE NUL NUL`, then rows.
fn next_commit<'t>(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = &'t [u8]>>,
) -> Result<Option<Commit>, GitError> {
    let Some(id) = tokens.next().filter(|id| !id.is_empty()) else { return Ok(None) };
    let text = |token: &[u8]| String::from_utf8_lossy(token).into_owned();
    let id = id.strip_prefix(b"\x02").map(text).ok_or_else(unexpected)?;
    let mut field = || tokens.next().map(text).ok_or_else(unexpected);
    let (parents, author, seconds, message) = (field()?, field()?, field()?, field()?);
    field()?;
    let seconds = seconds.parse().map_err(|_| unexpected())?;
    let mut commit = Commit {
        id,
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author,
        date: Timestamp::from_second(seconds).map_err(|_| unexpected())?,
        message,
        files: Vec::new(),
    };
    while let Some(row) = tokens.next_if(|token| token.starts_with(b":") || token.starts_with(b"\n:")) {
        let path = tokens.next().ok_or_else(unexpected)?;
        let row = object(std::str::from_utf8(row).map_err(|_| unexpected())?)?;
        // What has a name that is not Unicode does not belong to a tree.
        if let Ok(path) = std::str::from_utf8(path) {
            commit.files.push(FileChange { path: path.to_owned(), object: row });
        }
    }
    Ok(Some(commit))
}

fn unexpected() -> GitError {
    GitError::Answer(std::io::Error::other("git log printed something unexpected"))
}

/// `:OLD-MODE SP NEW-MODE SP OLD-ID SP NEW-ID SP STATUS` (git-diff-tree(1), raw output); nothing in it where it is deleted.
fn object(row: &str) -> Result<Option<Object>, GitError> {
    let mut fields = row.trim_start_matches('\n').split(' ');
    let (Some(_), Some(mode), Some(_), Some(id)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(unexpected());
    };
    Ok(match mode {
        "000000" => None,
        "100644" | "100755" => Some(Object::File(id.to_owned())),
        _ => Some(Object::Other),
    })
}
