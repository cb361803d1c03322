//! The issues that a platform keeps for a repository.

use super::error::Error;
use super::job::Kind;
use super::service::Service;
use super::{github, gitlab};

/// An issue that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// The account that wrote it.
    pub author: String,
    /// Its text.
    pub body: String,
}

/// A repository's issues.
pub struct Issues<'a> {
    service: &'a Service,
    tracker: Tracker,
}

enum Tracker {
    GitHub,
    GitLab,
}

impl Service {
    /// The repository's issues; `None` for Bitbucket, which has none any more.
    pub fn issues(&self) -> Option<Issues<'_>> {
        let tracker = match self.kind {
            Kind::GitHub => Tracker::GitHub,
            Kind::GitLab => Tracker::GitLab,
            Kind::Bitbucket => return None,
        };
        Some(Issues { service: self, tracker })
    }
}

impl Issues<'_> {
    /// Lists the open issues that an account wrote.
    ///
    /// # Errors
    /// [`Error`] when the platform does not report it.
    pub async fn by(&self, author: &str) -> Result<Vec<Issue>, Error> {
        match self.tracker {
            Tracker::GitHub => github::issues(self.service, author).await,
            Tracker::GitLab => gitlab::issues(self.service, author).await,
        }
    }

    /// Opens an issue, and returns its number.
    ///
    /// # Errors
    /// [`Error`] when the platform refuses.
    pub async fn open(&self, title: &str, body: &str) -> Result<u64, Error> {
        match self.tracker {
            Tracker::GitHub => github::open_issue(self.service, title, body).await,
            Tracker::GitLab => gitlab::open_issue(self.service, title, body).await,
        }
    }

    /// Changes the title and text of an issue.
    ///
    /// # Errors
    /// As above.
    pub async fn edit(&self, number: u64, title: &str, body: &str) -> Result<(), Error> {
        match self.tracker {
            Tracker::GitHub => github::edit_issue(self.service, number, title, body).await,
            Tracker::GitLab => gitlab::edit_issue(self.service, number, title, body).await,
        }
    }

    /// Closes an issue.
    ///
    /// # Errors
    /// As above.
    pub async fn close(&self, number: u64) -> Result<(), Error> {
        match self.tracker {
            Tracker::GitHub => github::close_issue(self.service, number).await,
            Tracker::GitLab => gitlab::close_issue(self.service, number).await,
        }
    }
}
