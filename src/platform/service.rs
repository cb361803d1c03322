//! The questions that Rollbook asks every platform. Each platform's file has its endpoints.

use jiff::Timestamp;
use percent_encoding::AsciiSet;

use super::client::{Client, Credential};
use super::error::Error;
use super::job::{Job, Kind};
use super::people::Person;
use super::range::Record;
use super::trace::{Back, Commit, Push, Told};
use super::{bitbucket, github, gitlab};

/// A platform's API, for one repository.
pub struct Service {
    pub(super) client: Client,
    pub(super) kind: Kind,
    /// The repository's name in the API.
    pub(super) repository: String,
    /// Identifies the runs of an apply.
    pub(super) record: String,
    /// The account that the token acts as, if the environment names it.
    pub(super) login: Option<String>,
}

/// A pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its newest commit; Bitbucket gives the first twelve digits.
    pub head: String,
    /// The target branch.
    pub target: String,
    /// Whether it is open.
    pub open: bool,
    /// How many commits of the target its branch lacks, if the platform reports it.
    pub behind: Option<u64>,
    /// Its title, which a merge may take over as the commit's message.
    pub title: String,
    /// Who opened it.
    pub(super) opener: Person,
    /// When it was opened, if the platform reports it.
    pub(super) opened: Option<Timestamp>,
    /// Its branch; `None` if that is in a fork.
    pub(super) branch: Option<String>,
    /// If it is merged, the commits with which the target contains it.
    pub(super) merges: Vec<String>,
}

/// A comment of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// The account that wrote it, as the platform's API identifies accounts.
    pub author: String,
    /// Its text.
    pub body: String,
}

impl Service {
    /// Connects to the platform of a job. `login` is the account that the token acts as; without it the platform is asked.
    ///
    /// # Errors
    /// [`Error`] when the token cannot be sent, or the certificates are invalid.
    pub fn new(
        job: &Job,
        credential: &Credential,
        login: Option<String>,
        authority: Option<&[u8]>,
    ) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(job.kind, &job.api, credential, authority)?,
            kind: job.kind,
            repository: job.repository.clone(),
            record: job.record.clone(),
            login,
        })
    }

    /// Reads the name of the default branch.
    ///
    /// # Errors
    /// [`Error`] when the platform does not report it.
    pub async fn default_branch(&self) -> Result<String, Error> {
        match self.kind {
            Kind::GitHub => github::default_branch(self).await,
            Kind::GitLab => gitlab::default_branch(self).await,
            Kind::Bitbucket => bitbucket::default_branch(self).await,
        }
    }

    /// Reads the newest commit of a branch.
    ///
    /// # Errors
    /// As above.
    pub async fn newest(&self, branch: &str) -> Result<String, Error> {
        match self.kind {
            Kind::GitHub => github::newest(self, branch).await,
            Kind::GitLab => gitlab::newest(self, branch).await,
            Kind::Bitbucket => bitbucket::newest(self, branch).await,
        }
    }

    /// Reads a pull request of this repository.
    ///
    /// # Errors
    /// As above.
    pub async fn pull_request(&self, number: u64) -> Result<PullRequest, Error> {
        match self.kind {
            Kind::GitHub => github::pull_request(self, number).await,
            Kind::GitLab => gitlab::pull_request(self, number).await,
            Kind::Bitbucket => bitbucket::pull_request(self, number).await,
        }
    }

    /// Lists the pull requests, open or closed, from this branch of this owner. Only GitHub's jobs have to ask.
    ///
    /// # Errors
    /// As above.
    pub async fn pull_requests_of(&self, owner: &str, branch: &str) -> Result<Vec<PullRequest>, Error> {
        match self.kind {
            Kind::GitHub => github::pull_requests_of(self, owner, branch).await,
            Kind::GitLab | Kind::Bitbucket => Ok(Vec::new()),
        }
    }

    /// Reads the platform's lists for a pull request: its commits, and their pushers.
    pub(super) async fn told(&self, pull: &PullRequest) -> Result<Told, Error> {
        match self.kind {
            Kind::GitHub => github::told(self, pull).await,
            Kind::GitLab => gitlab::told(self, pull).await,
            Kind::Bitbucket => bitbucket::told(self, pull).await,
        }
    }

    /// Lists the pull requests that were merged into a branch.
    pub(super) async fn merged_into(&self, branch: &str) -> Result<Vec<PullRequest>, Error> {
        match self.kind {
            Kind::GitHub => github::merged_into(self, branch).await,
            Kind::GitLab => gitlab::merged_into(self, branch).await,
            Kind::Bitbucket => bitbucket::merged_into(self, branch, |_| false).await,
        }
    }

    /// Finds the pull requests that brought each of the commits to a branch.
    pub(super) async fn brought(
        &self,
        commits: &[String],
        branch: &str,
    ) -> Result<Vec<Vec<PullRequest>>, Error> {
        let mut brought = Vec::new();
        for commit in commits {
            brought.push(match self.kind {
                Kind::GitHub => github::brought(self, commit, branch).await?,
                Kind::GitLab => gitlab::brought(self, commit, branch).await?,
                Kind::Bitbucket => return bitbucket::brought(self, commits, branch).await,
            });
        }
        Ok(brought)
    }

    /// Lists the pushes to the repository, newest first. Bitbucket lists only those to the branch of a pull request.
    pub(super) async fn pushes(&self, back: &Back<'_>) -> Result<Vec<Push>, Error> {
        match self.kind {
            Kind::GitHub => github::pushes(self, back).await,
            Kind::GitLab => gitlab::pushes(self, back).await,
            Kind::Bitbucket => Ok(Vec::new()),
        }
    }

    /// Lists the commits that `to` contains and `from` does not; `None` if the platform no longer has them.
    pub(super) async fn between(&self, from: &str, to: &str) -> Result<Option<Vec<Commit>>, Error> {
        match self.kind {
            Kind::GitHub => github::between(self, from, to).await,
            Kind::GitLab => gitlab::between(self, from, to).await,
            Kind::Bitbucket => bitbucket::between(self, from, to).await,
        }
    }

    /// Lists the commits of a branch whose apply completed, newest first: those of successful runs of the apply's own job.
    ///
    /// # Errors
    /// As above.
    pub async fn completed(&self, branch: &str) -> Result<Vec<Record>, Error> {
        match self.kind {
            Kind::GitHub => github::completed(self, branch).await,
            Kind::GitLab => gitlab::completed(self, branch).await,
            Kind::Bitbucket => bitbucket::completed(self, branch).await,
        }
    }

    /// Reads the account that the token acts as; `None` if the platform does not report it to this token.
    ///
    /// # Errors
    /// As above.
    pub async fn me(&self) -> Result<Option<String>, Error> {
        if self.login.is_some() {
            return Ok(self.login.clone());
        }
        match self.kind {
            // A workflow's own token may not ask who it is.
            Kind::GitHub => Ok(Some("github-actions[bot]".to_owned())),
            Kind::GitLab => gitlab::me(self).await,
            Kind::Bitbucket => bitbucket::me(self).await,
        }
    }

    /// Lists the comments of a pull request, oldest first.
    ///
    /// # Errors
    /// As above.
    pub async fn comments(&self, number: u64) -> Result<Vec<Comment>, Error> {
        let mut comments = match self.kind {
            Kind::GitHub => github::comments(self, number).await?,
            Kind::GitLab => gitlab::comments(self, number).await?,
            Kind::Bitbucket => bitbucket::comments(self, number).await?,
        };
        comments.sort_by_key(|comment| comment.id);
        Ok(comments)
    }

    /// Writes a comment.
    ///
    /// # Errors
    /// As above.
    pub async fn comment(&self, number: u64, body: &str) -> Result<Comment, Error> {
        match self.kind {
            Kind::GitHub => github::comment(self, number, body).await,
            Kind::GitLab => gitlab::comment(self, number, body).await,
            Kind::Bitbucket => bitbucket::comment(self, number, body).await,
        }
    }

    /// Changes the text of a comment. Returns false if it no longer exists.
    ///
    /// # Errors
    /// As above.
    pub async fn edit_comment(&self, number: u64, id: u64, body: &str) -> Result<bool, Error> {
        let edited = match self.kind {
            Kind::GitHub => github::edit_comment(self, id, body).await,
            Kind::GitLab => gitlab::edit_comment(self, number, id, body).await,
            Kind::Bitbucket => bitbucket::edit_comment(self, number, id, body).await,
        };
        match edited {
            Ok(()) => Ok(true),
            Err(Error::Refused { status: 404 | 410, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a comment.
    ///
    /// # Errors
    /// As above.
    pub async fn delete_comment(&self, number: u64, id: u64) -> Result<(), Error> {
        match self.kind {
            Kind::GitHub => github::delete_comment(self, id).await,
            Kind::GitLab => gitlab::delete_comment(self, number, id).await,
            Kind::Bitbucket => bitbucket::delete_comment(self, number, id).await,
        }
    }
}

/// The characters to encode in a part of a path: all but the unreserved ones (RFC 3986 §2.3).
const RESERVED: &AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a text as one part of a path or of a query.
pub(super) fn part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}
