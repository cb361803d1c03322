//! Reads a tree at a revision, through git and without touching the work tree (docs/design.md#reading-a-revision).
//!
//! git's own plumbing reads it: nothing of the revision is checked out, filtered or run, nothing is fetched, and only
//! regular files count. The same files are chosen as in a folder.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::config::{Include, LOCK, ROOT};
use crate::model::{Revision, SourceFile, Tree, in_repository};

mod applied;
mod history;
mod names;
mod process;
mod revisions;
mod tracked;
mod trees;

pub use applied::{APPLIED, APPLIED_WORD, applied, last_applied, move_applied, short, trees_added};
pub use history::{
    checked_out, first_parents, is_contained, lacks, line_of, merge_base, messages, remote_branch, whole_id,
};
pub use process::Refusal;
pub use revisions::history_of;
pub use tracked::{Untracked, commit_of, left_out, tracked_like, untracked};
pub use trees::{is_as_at, trees, trees_left_out, trees_of};

use applied::moved_from;
use process::{git, line, run};
use trees::{roots, roots_at};

/// The largest file that is read, in bytes; the same limit as in a folder.
const LARGEST_FILE: u64 = 32 << 20;

const FETCH_BASE: &str = "The clone is shallow: fetch the base first, for example with `git fetch origin main`, or let CI clone with \
                          its history (`fetch-depth: 0`, `GIT_DEPTH: 0`, `clone: depth: full`).";
const FETCH_HISTORY: &str = "The clone is shallow: fetch the history, for example with `git fetch --unshallow`, or let CI clone with \
                             it (`fetch-depth: 0`, `GIT_DEPTH: 0`, `clone: depth: full`).";
const CLONE_WHOLE: &str =
    "Let CI clone with the whole history: `fetch-depth: 0`, `GIT_DEPTH: 0`, `clone: depth: full`.";
const CONTAIN: &str = "Merge that commit, or plan a commit that contains it. If the history was rewritten, \
                       `git update-ref refs/rollbook/applied COMMIT` records the commit that the site last matched.";

/// Why a revision cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitError {
    /// git could not be started.
    #[error("failed to run git")]
    #[diagnostic(help("Install git, or name a folder as the base."))]
    NoGit(#[source] io::Error),
    /// The folder is in no repository, or git refuses it.
    #[error("{0}")]
    #[diagnostic(help("{}", .0.help()))]
    Refused(Refusal),
    /// The folder is in no repository, so that there is no history.
    #[error("the folder is in no git repository")]
    #[diagnostic(help(
        "Start in a clone of the repository that holds the configuration, or name it with -C."
    ))]
    NoRepository,
    /// The repository has no such commit.
    #[error("there is no commit {revision} here")]
    #[diagnostic(help("{}", if *.shallow { FETCH_BASE } else { "Fetch it, or correct the name." }))]
    NoCommit {
        /// The requested name.
        revision: String,
        /// Whether the clone is shallow, which may be why it is missing.
        shallow: bool,
    },
    /// The name means more than one thing.
    #[error("{name} means {} things here: {}", .meanings.len(), .meanings.join(", "))]
    #[diagnostic(help(
        "Write one of them in full, such as `refs/heads/main`, or the full ID of a commit: git would choose by its \
         own order, and anybody who may push can make a tag."
    ))]
    Ambiguous {
        /// The name.
        name: String,
        /// The things that it may mean, in full.
        meanings: Vec<String>,
    },
    /// The commit holds no tree of declarations in this folder.
    #[error("there is no rollbook.yaml at {0}")]
    #[diagnostic(help("A repository's first tree has no base: plan it without one."))]
    NoTree(String),
    /// The commit holds trees only in other folders, and this one may have been in any of them.
    #[error("there is no rollbook.yaml at {revision} in this folder, and it is unknown whether the tree moved here: {}", first(.trees))]
    #[diagnostic(help(
        "A new tree has no base: plan it without one. One that has moved is compared with a folder: check the revision \
         out, for example with `git worktree add ../before REVISION`, and give `--base` the folder that the tree had there, such as \
         ../before/access."
    ))]
    Elsewhere {
        /// The revision.
        revision: String,
        /// The files that begin its trees.
        trees: Vec<String>,
    },
    /// Rollbook cannot read a file of the tree.
    #[error("{path} at {revision} {why}")]
    #[diagnostic(help("Correct the base first, in a separate change."))]
    Unreadable {
        /// The file.
        path: String,
        /// The revision.
        revision: String,
        /// The reason.
        why: &'static str,
    },
    /// A part of the tree is another repository.
    #[error("{path} at {revision} is another repository, a submodule, whose files it does not hold")]
    #[diagnostic(help(
        "Keep the files of the tree in the repository itself: its revisions do not hold those of a submodule."
    ))]
    Submodule {
        /// Its path in the tree.
        path: String,
        /// The revision.
        revision: String,
    },
    /// The clone was made without some of its objects, and nothing is fetched for a plan.
    #[error("the clone is partial, and does not hold all files of {0}")]
    #[diagnostic(help("`git fetch --refetch --no-filter` fetches the rest; or clone without `--filter`."))]
    Partial(String),
    /// The commit that the site last matched is unknown.
    #[error("this clone has no {APPLIED}, the ref of the last commit whose apply completed")]
    #[diagnostic(help(
        "`git fetch origin +refs/rollbook/applied:refs/rollbook/applied` fetches it. If no apply has completed yet, \
         `git update-ref refs/rollbook/applied COMMIT` creates it, with the commit that the site last matched. \
         `apply` moves it on, and `git push origin refs/rollbook/applied` publishes that."
    ))]
    NeverApplied,
    /// HEAD does not contain the last commit whose apply completed.
    #[error("{} {APPLIED}, commit {commit}", if *shallow { "it is unknown whether HEAD contains" } else { "HEAD does not contain" })]
    #[diagnostic(help("{}", if *.shallow { FETCH_HISTORY } else { CONTAIN }))]
    NotContained {
        /// That commit.
        commit: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// Two commits have no history in common in this clone.
    #[error("{one} and {other} have no commit in common{}", if *shallow { " in this shallow clone" } else { "" })]
    #[diagnostic(help(
        "{}", if *.shallow { CLONE_WHOLE } else { "Begin the branch at a commit of the default branch." }
    ))]
    Apart {
        /// The one.
        one: String,
        /// The other.
        other: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// The ref would move to a commit that does not contain the one it names.
    #[error("commit {0} does not contain it")]
    #[diagnostic(help("{CONTAIN}"))]
    GoesBack(String),
    /// The clone is shallow, so the ref may move to a commit that does not contain the one it names.
    #[error("the clone is shallow, so it is unknown whether commit {0} contains it")]
    #[diagnostic(help("{FETCH_HISTORY}"))]
    MayGoBack(String),
    /// The ref is one for the whole repository, and this one has several trees, with the files that begin them.
    #[error("the repository has several trees, and {APPLIED} does not say which of them was applied: {}", first(.0))]
    #[diagnostic(help(
        "Compare with a revision, such as HEAD~1, or keep each tree in a separate repository."
    ))]
    SeveralTrees(Vec<String>),
    /// A change adds a second tree.
    #[error("the change adds {}, a second tree: {APPLIED} does not say which of several was applied, and every apply with `--base {APPLIED_WORD}` would fail", first(.0))]
    #[diagnostic(help("Remove it from the change, whatever its folder, or give it a separate repository."))]
    AddsTree(Vec<String>),
    /// git's output was cut off or is not as documented.
    #[error("unexpected output of git: {0}")]
    #[diagnostic(help("Try `git fsck` in the repository."))]
    Answer(#[from] io::Error),
}

/// Names the first few of a list, and counts the rest.
fn first(paths: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = paths.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

impl GitError {
    fn no_commit(folder: &Path, revision: &str) -> Result<Self, Self> {
        Ok(Self::NoCommit { revision: revision.to_owned(), shallow: is_shallow(folder)? })
    }
}

/// A tree at a revision.
#[derive(Debug)]
pub struct At {
    /// The files.
    pub tree: Tree,
    /// The revision, and whether HEAD contains it.
    pub revision: Revision,
    /// The folder of the repository that held it then, if the tree has moved since.
    moved_from: Option<String>,
}

impl At {
    /// Gives the revision a name for people, with the folder that held the tree.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.revision.name = match &self.moved_from {
            Some(place) => format!("{name}:{place}"),
            None => name.to_owned(),
        };
        self
    }
}

/// Reads the tree that a folder of a repository holds at a revision; if it has moved since, the tree of its earlier folder.
///
/// # Errors
/// [`GitError`] when there is no such revision, or it holds no readable tree.
pub fn tree_at(folder: &Path, revision: &str) -> Result<At, GitError> {
    let commit = commit(folder, revision)?;
    let (tree, moved_from) =
        held_at(folder, &commit, revision).or_else(|error| lacking(folder, revision, error))?;
    let contained = contains(folder, &commit, "HEAD")?;
    let applied = applied(folder)?.as_ref() == Some(&commit);
    let found = Revision { commit: Some(commit), contained, applied, ..Revision::default() };
    Ok(At { tree, revision: found, moved_from }.called(revision))
}

/// Reads the tree that a commit holds in the folder, or in the folder from which it has moved since.
fn held_at(folder: &Path, commit: &str, revision: &str) -> Result<(Tree, Option<String>), GitError> {
    let mut held = entries(folder, commit, None)?;
    let is_here = held.iter().any(|entry| entry.path == ROOT);
    let moved_from = if is_here { None } else { moved_from(folder, commit)? };
    if let Some(place) = &moved_from {
        held = entries(folder, commit, Some(place))?;
    } else if !is_here {
        let trees = roots_at(folder, commit)?;
        if !trees.is_empty() {
            return Err(GitError::Elsewhere { revision: revision.to_owned(), trees });
        }
    }
    let place = Place { commit, revision, moved_from: moved_from.as_deref() };
    Ok((files_of(folder, &place, held)?, moved_from))
}

/// Where a tree is read: in its folder, or in the one from which it has moved since. `revision` is the requested name of the
/// commit.
struct Place<'a> {
    commit: &'a str,
    revision: &'a str,
    moved_from: Option<&'a str>,
}

/// Reads the files of the tree among the entries of its folder, and those that it shares.
fn files_of(folder: &Path, at: &Place<'_>, mut entries: Vec<Entry>) -> Result<Tree, GitError> {
    let revision = at.revision;
    let mut objects = Objects::start(folder)?;
    let root = entries.iter().find(|entry| entry.path == ROOT);
    let root_text = objects.text(root.ok_or_else(|| GitError::NoTree(revision.to_owned()))?, revision)?;
    let include = Include::of(&root_text);
    entries.extend(shared(folder, at, &include)?);
    let mut read = |entry: &Entry| objects.text(entry, revision);
    if let Some(other) =
        entries.iter().find(|entry| entry.kind == Kind::Repository && include.reaches(&entry.path))
    {
        return Err(GitError::Submodule { path: other.path.clone(), revision: revision.to_owned() });
    }
    let mut tree = Tree { files: vec![SourceFile { path: ROOT.into(), text: root_text }] };
    let taken = entries.iter().filter(|entry| entry.path != ROOT);
    for entry in taken.filter(|entry| entry.path == LOCK || include.takes(&entry.path)) {
        tree.files.push(SourceFile { path: entry.path.clone(), text: read(entry)? });
    }
    tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    tree.files.dedup_by(|a, b| a.path == b.path);
    Ok(tree)
}

/// Lists the entries of the folders that a tree shares, with their paths in the tree.
fn shared(folder: &Path, at: &Place<'_>, include: &Include) -> Result<Vec<Entry>, GitError> {
    let mut found = Vec::new();
    if include.shares().next().is_none() {
        return Ok(found);
    }
    let own = match at.moved_from {
        Some("") => String::new(),
        Some(place) => format!("{place}/"),
        None => {
            prefix(folder).ok_or_else(|| io::Error::other("the folder has no place in its repository"))?
        }
    };
    let all = entries(folder, at.commit, Some(""))?;
    for share in include.shares() {
        let unreadable = |why| GitError::Unreadable { path: share.into(), revision: at.revision.into(), why };
        let outside =
            || unreadable("is shared, and not a folder of the repository outside of the tree's own");
        let place = in_repository(&own, share).ok_or_else(outside)?;
        for entry in &all {
            let path = match entry.path.strip_prefix(&place) {
                Some(below) if below.starts_with('/') => format!("{share}{below}"),
                _ if !Path::new(&place).starts_with(&entry.path) => continue,
                _ if entry.kind == Kind::Repository => share.to_owned(),
                _ => return Err(unreadable("is not a folder")),
            };
            found.push(Entry { path, object: entry.object.clone(), kind: entry.kind });
        }
    }
    Ok(found)
}

/// Explains why a file cannot be read: in a partial clone, it was never fetched.
fn lacking<T>(folder: &Path, revision: &str, error: GitError) -> Result<T, GitError> {
    if !matches!(error, GitError::Refused(_) | GitError::Answer(_)) {
        return Err(error);
    }
    let promised = r"^(extensions\.partialclone|remote\..*\.promisor)$";
    let partial = run(folder, &["config", "--get-regexp", promised])?.status.success();
    Err(if partial { GitError::Partial(revision.to_owned()) } else { error })
}

/// The path of a folder in its repository, with a `/` at its end; empty for the repository's own folder.
pub fn prefix(folder: &Path) -> Option<String> {
    let answer = run(folder, &["rev-parse", "--show-prefix"]).ok()?;
    answer.status.success().then(|| line(&answer.stdout))
}

/// The folder of the repository that a folder is in.
pub fn top(folder: &Path) -> Option<PathBuf> {
    let answer = run(folder, &["rev-parse", "--show-toplevel"]).ok()?;
    answer.status.success().then(|| line(&answer.stdout).into())
}

fn commit(folder: &Path, revision: &str) -> Result<String, GitError> {
    let peeled = format!("{revision}^{{commit}}");
    // `--quiet` would suppress the warning, and so may the clone's settings.
    let asked = ["-c", "core.warnAmbiguousRefs=true", "rev-parse", "--verify", "--end-of-options", &peeled];
    let output = run(folder, &asked)?;
    let commit = line(&output.stdout);
    // A full ID, which no ref can replace.
    if output.status.success() && commit.eq_ignore_ascii_case(revision) {
        return Ok(commit);
    }
    names::mean_one_thing(folder, revision)?;
    if let Some(error) = names::git_doubts(folder, revision, &String::from_utf8_lossy(&output.stderr))? {
        return Err(error);
    }
    if output.status.success() { Ok(commit) } else { Err(GitError::no_commit(folder, revision)?) }
}

/// Whether the clone is shallow.
fn is_shallow(folder: &Path) -> Result<bool, GitError> {
    let output = run(folder, &["rev-parse", "--is-shallow-repository"])?;
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    Ok(line(&output.stdout) == "true")
}

/// Whether a revision contains a commit. A shallow clone may hold both, but not the commits between them.
fn contains(folder: &Path, commit: &str, revision: &str) -> Result<Option<bool>, GitError> {
    let output = run(folder, &["merge-base", "--is-ancestor", commit, revision])?;
    Ok(match output.status.code() {
        Some(0) => Some(true),
        Some(1) if !is_shallow(folder)? => Some(false),
        Some(_) | None => None,
    })
}

/// An entry of a commit's folder.
struct Entry {
    path: String,
    object: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A regular file.
    File,
    /// A commit of another repository.
    Repository,
    /// A link.
    Other,
}

/// Lists the entries of the folder, or of another one. Names that are not Unicode do not belong to a tree.
fn entries(folder: &Path, commit: &str, place: Option<&str>) -> Result<Vec<Entry>, GitError> {
    let output = match place {
        Some(place) => run(folder, &["ls-tree", "-rz", "--full-tree", &format!("{commit}:{place}")])?,
        None => run(folder, &["ls-tree", "-rz", commit])?,
    };
    if !output.status.success() {
        return Err(GitError::Refused(Refusal::of(&output)));
    }
    let rows = output.stdout.split(|byte| *byte == 0).filter_map(|row| std::str::from_utf8(row).ok());
    Ok(rows.filter_map(entry).collect())
}

/// `MODE SP TYPE SP OBJECT TAB PATH` (git-ls-tree(1)).
fn entry(row: &str) -> Option<Entry> {
    let (what, path) = row.split_once('\t')?;
    let mut what = what.split(' ');
    let (mode, _, object) = (what.next()?, what.next()?, what.next()?);
    let kind = match mode {
        "100644" | "100755" => Kind::File,
        "160000" => Kind::Repository,
        _ => Kind::Other,
    };
    Some(Entry { path: path.to_owned(), object: object.to_owned(), kind })
}

/// A `git cat-file --batch` that answers one request after the other.
struct Objects {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    fn start(folder: &Path) -> Result<Self, GitError> {
        let mut command = git(folder);
        command
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitError::NoGit)?;
        let requests = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(Self { child, requests, answers: BufReader::new(answers) })
    }

    fn text(&mut self, entry: &Entry, revision: &str) -> Result<String, GitError> {
        let unreadable =
            |why| GitError::Unreadable { path: entry.path.clone(), revision: revision.to_owned(), why };
        if entry.kind != Kind::File {
            return Err(unreadable("is not a regular file"));
        }
        let bytes = self.read(&entry.object)?.ok_or_else(|| unreadable("is too large"))?;
        String::from_utf8(bytes).map_err(|_| unreadable("is not UTF-8 text"))
    }

    /// `OBJECT SP TYPE SP SIZE LF CONTENTS LF` (git-cat-file(1)).
    fn read(&mut self, object: &str) -> Result<Option<Vec<u8>>, GitError> {
        if let Some(requests) = &mut self.requests {
            writeln!(requests, "{object}")?;
            requests.flush()?;
        }
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size = head.split_whitespace().nth(2).and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| io::Error::other("an object is missing"))?;
        if size > LARGEST_FILE {
            // The next answer follows what is not read.
            io::copy(&mut (&mut self.answers).take(size + 1), &mut io::sink())?;
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default() + 1];
        self.answers.read_exact(&mut bytes)?;
        bytes.pop();
        Ok(Some(bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It ends when its input is closed; its last output is of no use.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}
