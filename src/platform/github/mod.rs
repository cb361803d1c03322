//! GitHub: the variables and events of Actions, and the REST API, version 2022-11-28.
//!
//! Shapes: the description in github/rest-api-description.

mod comments;
mod job;
mod people;

use serde::Deserialize;

pub(super) use comments::{
    close_issue, comment, comments, delete_comment, edit_comment, edit_issue, issues, open_issue,
};
pub(super) use job::job;
pub(super) use people::{between, brought, merged_into, pushes, told};

use super::error::{Error, Lacking};
use super::range::Record;
use super::service::{PullRequest, Service, part};

#[derive(Deserialize)]
struct RepositoryName {
    full_name: String,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    title: Option<String>,
    state: String,
    user: Option<User>,
    head: End,
    base: End,
    created_at: Option<jiff::Timestamp>,
    merged_at: Option<String>,
    /// The commit of its target after the merge, squash or rebase of a merged pull request
    /// (docs.github.com/en/rest/pulls/pulls#get-a-pull-request).
    merge_commit_sha: Option<String>,
}

/// One end of a pull request.
#[derive(Deserialize)]
struct End {
    sha: String,
    #[serde(rename = "ref")]
    branch: String,
    /// `None` if the fork was deleted.
    repo: Option<RepositoryName>,
}

/// An account. In a commit it may be `{}`.
#[derive(Deserialize)]
struct User {
    login: Option<String>,
}

/// The login, if there is one.
fn login(user: Option<User>) -> Option<String> {
    user.and_then(|user| user.login)
}

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    head_sha: String,
    head_branch: Option<String>,
    event: String,
    conclusion: Option<String>,
    head_repository: Option<RepositoryName>,
}

impl Service {
    fn at(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.repository)
    }
}

/// `GET /repos/{owner}/{repo}`.
pub(super) async fn default_branch(service: &Service) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Repository {
        default_branch: String,
    }
    let repository: Repository = service.client.get(&service.at(""), Lacking::Reads).await?;
    Ok(repository.default_branch)
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`.
pub(super) async fn newest(service: &Service, branch: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Branch {
        commit: Tip,
    }
    #[derive(Deserialize)]
    struct Tip {
        sha: String,
    }
    let path = service.at(&format!("/branches/{}", part(branch)));
    let branch: Branch = service.client.get(&path, Lacking::Reads).await?;
    Ok(branch.commit.sha)
}

impl Service {
    fn of(&self, pull: Pull) -> PullRequest {
        let own = pull.head.repo.as_ref().is_some_and(|repo| repo.full_name == self.repository);
        let gone = || format!("the account that opened pull request {}, which is gone", pull.number);
        PullRequest {
            number: pull.number,
            head: pull.head.sha,
            target: pull.base.branch,
            open: pull.state == "open",
            behind: None,
            title: pull.title.unwrap_or_default(),
            opener: people::somebody(pull.user.as_ref(), gone),
            opened: pull.created_at,
            branch: own.then_some(pull.head.branch),
            merges: pull.merge_commit_sha.into_iter().collect(),
        }
    }
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}`.
pub(super) async fn pull_request(service: &Service, number: u64) -> Result<PullRequest, Error> {
    let path = service.at(&format!("/pulls/{number}"));
    Ok(service.of(service.client.get(&path, Lacking::Reads).await?))
}

/// `GET /repos/{owner}/{repo}/pulls?head=OWNER:BRANCH`, including closed ones.
pub(super) async fn pull_requests_of(
    service: &Service,
    owner: &str,
    branch: &str,
) -> Result<Vec<PullRequest>, Error> {
    let head = part(&format!("{owner}:{branch}"));
    let path = service.at(&format!("/pulls?state=all&head={head}"));
    let pulls: Vec<Pull> = service.client.list(&path, Lacking::Reads).await?;
    Ok(pulls.into_iter().map(|pull| service.of(pull)).collect())
}

/// Lists the successful runs of the workflow that applies: `GET /repos/{owner}/{repo}/actions/workflows/{file}/runs`. A run is
/// GitHub's own record; anybody who may push could write a deployment. They may also delete a run: then an older one
/// counts, and more commits are judged. A run of a tag has the tag's name as its branch, so the branch's own activity has to
/// show that it was at the commit.
pub(super) async fn completed(service: &Service, branch: &str) -> Result<Vec<Record>, Error> {
    let (file, named) = (part(&service.record), part(branch));
    let path = service
        .at(&format!("/actions/workflows/{file}/runs?branch={named}&event=push&status=success&per_page=100"));
    let Some(Runs { workflow_runs }) = service.client.find(&path, Lacking::Records).await? else {
        return Ok(Vec::new());
    };
    let own = |run: &Run| {
        run.head_branch.as_deref() == Some(branch)
            && run.event == "push"
            && run.conclusion.as_deref() == Some("success")
            && run.head_repository.as_ref().is_some_and(|repo| repo.full_name == service.repository)
    };
    let runs: Vec<Run> = workflow_runs.into_iter().filter(own).collect();
    let Some(newest) = runs.first() else { return Ok(Vec::new()) };
    let was_at = people::positions(service, branch, &newest.head_sha).await?;
    let record = |run: Run| Record { certain: was_at.contains(&run.head_sha), commit: run.head_sha };
    Ok(runs.into_iter().map(record).collect())
}
