//! Starts git, and reads its errors.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tracing::warn;

use super::GitError;

/// The variables that point git to one repository, as `git rev-parse --local-env-vars` lists them. git sets some of them for
/// its hooks, and they would override the folder. Those of settings (`GIT_CONFIG_COUNT`, `GIT_CONFIG_PARAMETERS`) stay, as
/// they do for git's own submodules: a container may name a `safe.directory` by them.
const OF_ONE_REPOSITORY: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The most lines and characters of git's output that are repeated.
const LINES: usize = 8;
const CHARACTERS: usize = 800;

/// Runs git. Passes its warnings on if it succeeds.
pub(super) fn run(folder: &Path, arguments: &[&str]) -> Result<Output, GitError> {
    let output = git(folder).args(arguments).stdin(Stdio::null()).output().map_err(GitError::NoGit)?;
    if output.status.success() {
        for says in String::from_utf8_lossy(&output.stderr).lines().filter(|says| !says.trim().is_empty()) {
            warn!("git says: {says}");
        }
    }
    Ok(output)
}

pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for name in OF_ONE_REPOSITORY {
        command.env_remove(name);
    }
    // A partial clone must not fetch missing objects, and a read must neither write an index nor run programs that the
    // repository's settings name.
    command
        .args(["-c", "core.fsmonitor=false"])
        .arg("-C")
        .arg(folder)
        .env("GIT_NO_LAZY_FETCH", "1")
        // Nor may pushed refs replace the commit that is named.
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C");
    command
}

pub(super) fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim().to_owned()
}

/// git's message when it refused something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    /// Keeps the whole message, within bounds: the second line may hold the subject, and a later one the remedy.
    pub(super) fn of(output: &Output) -> Self {
        let said = String::from_utf8_lossy(&output.stderr);
        let mut lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() > LINES {
            lines.truncate(LINES);
            lines.push("…");
        }
        let said = lines.join("; ");
        match said.char_indices().nth(CHARACTERS) {
            Some((at, _)) => Self(format!("{}…", &said[..at])),
            None => Self(said),
        }
    }

    /// Whether git refused because the folder is in no repository, and for no other reason, such as its owner.
    pub(super) fn not_in_a_repository(&self) -> bool {
        self.0.starts_with("fatal: not a git repository")
    }

    /// A full sentence that says what to do next.
    pub(super) fn help(&self) -> &'static str {
        if self.not_in_a_repository() {
            return "If the tree is in no repository, name a folder as the base, starting with `./` or `/`.";
        }
        if self.0.contains("dubious ownership") {
            return "The repository belongs to another user of this machine, as in a job's container. If you trust what it \
                    holds, `git config --global --add safe.directory FOLDER` lets git read it.";
        }
        if self.0.contains("unknown repository extension") || self.0.contains("Expected git repo version") {
            return "The repository is of a format that this git does not know: use a newer git.";
        }
        "Correct what git says first; `git status` in the tree's folder shows the same."
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
