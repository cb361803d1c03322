//! The reason why a CI job was started, as values that are the same for all platforms.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::Error;
use super::{bitbucket, github, gitlab};

/// The environment of a job.
pub type Variables = BTreeMap<String, String>;

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// Bitbucket Pipelines.
    Bitbucket,
}

/// A job of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The platform.
    pub kind: Kind,
    /// The root of its API, without a `/` at the end.
    pub api: String,
    /// The repository's name in its API: `OWNER/NAME`, on GitLab the project's number.
    pub repository: String,
    /// The default branch, if the variables name it. Bitbucket's do not; its API does.
    pub default_branch: Option<String>,
    /// The commit that the platform started the job for.
    pub commit: String,
    /// Why the platform started it.
    pub started: Started,
    /// The page of this run.
    pub page: Option<String>,
    /// Identifies the runs of an apply: GitHub's workflow file, GitLab's environment.
    pub record: String,
    /// Where the folder for output files may be created.
    pub folder: Folder,
    /// The file that the platform shows as the job's summary.
    pub summary: Option<PathBuf>,
    /// The file that takes the step's outputs.
    pub outputs: Option<PathBuf>,
    /// A file of certificates to trust as well as the system's.
    pub authority: Option<PathBuf>,
}

/// Where a run keeps its output files for the platform to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// In the runner's own folder, outside the work tree.
    Outside(PathBuf),
    /// In the work tree: the platform stores no other files.
    Inside(PathBuf),
}

/// Why a job was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// A pull request.
    Change(Change),
    /// A push of commits to a branch.
    Push {
        /// The branch.
        branch: String,
    },
    /// A group of a merge queue, with a branch that the platform creates.
    Queue {
        /// The branch that it will be merged into.
        target: String,
        /// The commit that it is based on.
        base: String,
        /// The pull request that the platform names; the group may have more.
        number: Option<u64>,
    },
    /// A schedule, or somebody's click.
    Schedule {
        /// The branch.
        branch: String,
    },
    /// The end of another run, which has planned a pull request (GitHub's `workflow_run`).
    Planned {
        /// The owner of the repository with the branch.
        owner: String,
        /// The branch.
        branch: String,
        /// The commit that was planned.
        head: String,
        /// Whether the branch is in another repository.
        fork: bool,
        /// The page of that run.
        page: String,
    },
}

/// A pull request, as the platform describes it to the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub number: u64,
    /// Its newest commit; on Bitbucket perhaps only its first digits.
    pub head: String,
    /// The branch that it will be merged into.
    pub target: String,
    /// A commit of that branch, which the platform names. GitLab: the merge base.
    pub target_commit: Option<String>,
    /// Whether its author's changes get no secrets: from a fork, or from a bot that the platform treats as one.
    pub untrusted: bool,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI/CD",
            Self::Bitbucket => "Bitbucket Pipelines",
        }
    }
}

impl Job {
    /// Reads why a job was started. `event` reads the file in which GitHub describes it.
    ///
    /// # Errors
    /// [`Error`] when this is not a job of a platform, a variable is missing, or it was started for something else.
    pub fn of(
        variables: &Variables,
        event: impl FnOnce(&str) -> Result<String, std::io::Error>,
    ) -> Result<Self, Error> {
        let is = |name: &str| variables.get(name).is_some_and(|value| value == "true");
        if is("GITHUB_ACTIONS") {
            let path = need(variables, "GITHUB_EVENT_PATH")?;
            let text = event(path).map_err(|source| Error::Event { path: path.to_owned(), source })?;
            github::job(variables, &text)
        } else if is("GITLAB_CI") {
            gitlab::job(variables)
        } else if variables.contains_key("BITBUCKET_BUILD_NUMBER") {
            bitbucket::job(variables)
        } else {
            Err(Error::NoPlatform)
        }
    }

    /// The pull request, if the job was started for one.
    pub fn change(&self) -> Option<&Change> {
        match &self.started {
            Started::Change(change) => Some(change),
            Started::Push { .. }
            | Started::Queue { .. }
            | Started::Schedule { .. }
            | Started::Planned { .. } => None,
        }
    }
}

/// Reads a variable that the platform always sets.
pub(super) fn need<'a>(variables: &'a Variables, name: &'static str) -> Result<&'a str, Error> {
    given(variables, name).ok_or(Error::NoVariable(name))
}

/// Reads a variable that may be missing; an empty one counts as missing.
pub(super) fn given<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// Reads the number of a pull request.
pub(super) fn number(variables: &Variables, name: &'static str) -> Result<u64, Error> {
    let text = need(variables, name)?;
    text.parse().map_err(|_| Error::Variable { name, value: text.to_owned(), takes: "a number" })
}
