//! Who is behind a pull request or a commit on GitHub.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Pull, User};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::{People, Person};
use crate::platform::service::{PullRequest, Service, part};
use crate::platform::trace::{self, Back, Push, Told};

/// The account with which GitHub commits a merge or an edit on its pages.
const WEB: &str = "web-flow";

/// The most commits in a pull request's listing.
const LISTED_COMMITS: usize = 250;

#[derive(Deserialize)]
struct Commit {
    sha: String,
    /// `None` if no account has the email.
    author: Option<User>,
    committer: Option<User>,
    #[serde(rename = "commit")]
    written: Written,
}

#[derive(Deserialize)]
struct Written {
    author: Option<Signature>,
    committer: Option<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    email: Option<String>,
}

#[derive(Deserialize)]
struct Activity {
    before: Option<String>,
    after: String,
    #[serde(rename = "ref", default)]
    reference: String,
    timestamp: Option<Timestamp>,
    #[serde(rename = "activity_type")]
    kind: String,
    actor: Option<User>,
}

#[derive(Deserialize)]
struct Comparison {
    total_commits: usize,
    commits: Vec<Commit>,
}

/// Lists the commits of a pull request: `GET /repos/{owner}/{repo}/pulls/{pull_number}/commits`, which "lists a maximum of
/// 250 commits".
pub(in crate::platform) async fn told(service: &Service, pull: &PullRequest) -> Result<Told, Error> {
    let number = pull.number;
    let path = service.at(&format!("/pulls/{number}/commits"));
    let commits: Vec<Commit> = service.client.list(&path, Lacking::Reads).await?;
    let mut people = People::new();
    if commits.len() >= LISTED_COMMITS {
        people.insert(Person::Unknown(format!(
            "the authors of what pull request {number} has beyond the {LISTED_COMMITS} commits that GitHub lists"
        )));
    }
    Ok(Told { commits: commits.iter().map(committed).collect(), pushes: None, people })
}

/// `GET /repos/{owner}/{repo}/pulls?state=closed&base=BRANCH`.
pub(in crate::platform) async fn merged_into(
    service: &Service,
    branch: &str,
) -> Result<Vec<PullRequest>, Error> {
    let path = service.at(&format!("/pulls?state=closed&base={}", part(branch)));
    merged(service, &path, branch).await
}

/// Finds the pull requests that brought a commit to a branch: `GET /repos/{owner}/{repo}/commits/{sha}/pulls`.
pub(in crate::platform) async fn brought(
    service: &Service,
    commit: &str,
    branch: &str,
) -> Result<Vec<PullRequest>, Error> {
    merged(service, &service.at(&format!("/commits/{commit}/pulls")), branch).await
}

async fn merged(service: &Service, path: &str, branch: &str) -> Result<Vec<PullRequest>, Error> {
    let pulls: Vec<Pull> = service.client.list(path, Lacking::Reads).await?;
    let merged = pulls.into_iter().filter(|pull| pull.merged_at.is_some() && pull.base.branch == branch);
    Ok(merged.map(|pull| service.of(pull)).collect())
}

/// `GET /repos/{owner}/{repo}/activity`, newest first, of all branches of the repository: a branch may be created from the
/// commits of another one. `before` is "the SHA of the commit before the activity"
/// (docs.github.com/en/rest/repos/repos#list-repository-activities).
pub(in crate::platform) async fn pushes(service: &Service, back: &Back<'_>) -> Result<Vec<Push>, Error> {
    let enough = |read: &[Activity]| {
        back.is_reached(read.iter().map(|it| (it.timestamp, it.branch(), it.after.as_str())))
    };
    let path = service.at("/activity");
    let activities = service.client.list_until(&path, Lacking::Reads, enough).await?;
    Ok(activities.into_iter().filter(|it| it.kind != "branch_deletion").map(Activity::push).collect())
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`, which lists 250 commits at most without a page, and answers 404 if a
/// commit no longer exists.
pub(in crate::platform) async fn between(
    service: &Service,
    from: &str,
    to: &str,
) -> Result<Option<Vec<trace::Commit>>, Error> {
    let path = service.at(&format!("/compare/{from}...{to}"));
    let found: Option<Comparison> = service.client.find(&path, Lacking::Reads).await?;
    let whole = found.filter(|found| found.commits.len() == found.total_commits);
    Ok(whole.map(|found| found.commits.iter().map(committed).collect()))
}

pub(super) fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    let login = user.and_then(|user| user.login.clone());
    login.map_or_else(|| Person::Unknown(gone()), Person::Account)
}

/// A commit's author and committer.
fn committed(commit: &Commit) -> trace::Commit {
    let ends = [(&commit.author, &commit.written.author), (&commit.committer, &commit.written.committer)];
    let unknown = || Person::Unknown(format!("the author of {}", commit.sha));
    let person = |(user, signature): (&Option<User>, &Option<Signature>)| {
        let email = || signature.as_ref().and_then(|it| it.email.clone()).map_or_else(unknown, Person::Email);
        match user.as_ref().and_then(|user| user.login.as_deref()) {
            Some(WEB) => None,
            login => Some(login.map_or_else(email, |login| Person::Account(login.to_owned()))),
        }
    };
    trace::Commit { id: commit.sha.clone(), people: ends.into_iter().filter_map(person).collect() }
}

/// Lists the commits that a branch was at, back to a certain one.
pub(super) async fn positions(
    service: &Service,
    branch: &str,
    back_to: &str,
) -> Result<BTreeSet<String>, Error> {
    let path = service.at(&format!("/activity?ref={}", part(&format!("refs/heads/{branch}"))));
    let reached = |read: &[Activity]| read.iter().any(|activity| activity.after == back_to);
    let activities = service.client.list_until(&path, Lacking::Reads, reached).await?;
    Ok(activities.into_iter().map(|activity| activity.after).collect())
}

impl Activity {
    fn branch(&self) -> &str {
        self.reference.strip_prefix("refs/heads/").unwrap_or(&self.reference)
    }

    /// Turns an activity into a push. A merge on GitHub's pages has the person who merged, who need not be the author.
    fn push(self) -> Push {
        let gone = || format!("the account that pushed {}, which is gone", self.after);
        let is_merge = matches!(self.kind.as_str(), "pr_merge" | "merge_queue_merge");
        let by = (!is_merge).then(|| somebody(self.actor.as_ref(), gone));
        let before = (self.kind != "branch_creation").then(|| self.before.clone().unwrap_or_default());
        Push { branch: self.branch().to_owned(), before, by, after: self.after }
    }
}
