//! GitLab: the variables of CI/CD, and the REST API v4.
//!
//! Shapes: docs.gitlab.com/api (`merge_requests`, notes, deployments, events, branches) and the entities in GitLab's
//! sources for anything that the pages omit.

mod comments;
mod job;
mod people;

use serde::Deserialize;

pub(super) use comments::{
    close_issue, comment, comments, delete_comment, edit_comment, edit_issue, issues, me, open_issue,
};
pub(super) use job::job;
pub(super) use people::{between, brought, merged_into, pushes, told};

use super::error::{Error, Lacking};
use super::range::Record;
use super::service::{PullRequest, Service, part};

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    title: Option<String>,
    sha: Option<String>,
    state: String,
    source_branch: String,
    target_branch: String,
    source_project_id: Option<u64>,
    target_project_id: u64,
    author: Option<User>,
    created_at: Option<jiff::Timestamp>,
    diverged_commits_count: Option<u64>,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Deployment {
    sha: String,
    status: String,
    /// The job that deployed. `None` for a deployment that was written through the API.
    deployable: Option<Deployable>,
}

#[derive(Deserialize)]
struct Deployable {
    #[serde(rename = "ref")]
    branch: String,
    tag: Option<bool>,
    pipeline: Option<Pipeline>,
}

#[derive(Deserialize)]
struct Pipeline {
    /// Older versions do not report it.
    source: Option<String>,
}

impl Service {
    fn of_project(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.repository)
    }
}

/// `GET /projects/:id`.
pub(super) async fn default_branch(service: &Service) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Project {
        default_branch: String,
    }
    let project: Project = service.client.get(&service.of_project(""), Lacking::Reads).await?;
    Ok(project.default_branch)
}

/// `GET /projects/:id/repository/branches/:branch`.
pub(super) async fn newest(service: &Service, branch: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Branch {
        commit: Tip,
    }
    #[derive(Deserialize)]
    struct Tip {
        id: String,
    }
    let path = service.of_project(&format!("/repository/branches/{}", part(branch)));
    let branch: Branch = service.client.get(&path, Lacking::Reads).await?;
    Ok(branch.commit.id)
}

impl From<MergeRequest> for PullRequest {
    /// The commits with which its target contains it depend on the method: a merge commit, a squashed one, or its newest one
    /// (`docs.gitlab.com/user/project/merge_requests/methods`).
    fn from(request: MergeRequest) -> Self {
        let own = request.source_project_id == Some(request.target_project_id);
        let gone = || format!("the account that opened !{}, which is gone", request.iid);
        let merges = [request.merge_commit_sha, request.squash_commit_sha, request.sha.clone()];
        Self {
            number: request.iid,
            head: request.sha.unwrap_or_default(),
            target: request.target_branch,
            open: request.state == "opened",
            behind: request.diverged_commits_count,
            title: request.title.unwrap_or_default(),
            opener: people::somebody(request.author.as_ref(), gone),
            opened: request.created_at,
            branch: own.then_some(request.source_branch),
            merges: merges.into_iter().flatten().collect(),
        }
    }
}

/// `GET /projects/:id/merge_requests/:iid`.
pub(super) async fn pull_request(service: &Service, number: u64) -> Result<PullRequest, Error> {
    let path = service.of_project(&format!("/merge_requests/{number}?include_diverged_commits_count=true"));
    let request: MergeRequest = service.client.get(&path, Lacking::Reads).await?;
    Ok(request.into())
}

/// Lists the successful deployments to the environment that applies, by jobs of pushes to the branch:
/// `GET /projects/:id/deployments`. One that was written through the API, which every developer may do, has no job.
pub(super) async fn completed(service: &Service, branch: &str) -> Result<Vec<Record>, Error> {
    let environment = part(&service.record);
    let own = |deployment: &Deployment| {
        deployment.status == "success"
            && deployment.deployable.as_ref().is_some_and(|job| {
                let source = job.pipeline.as_ref().and_then(|pipeline| pipeline.source.as_deref());
                job.branch == branch && job.tag != Some(true) && matches!(source, None | Some("push"))
            })
    };
    let path = service
        .of_project(&format!("/deployments?environment={environment}&status=success&order_by=id&sort=desc"));
    // The newest page is enough if it has one that counts.
    let deployments = service.client.list_until(&path, Lacking::Records, |read| read.iter().any(own)).await?;
    // The job is of a push to the branch, not of a tag: the branch was at the commit.
    let record = |deployment: Deployment| Record { commit: deployment.sha, certain: true };
    Ok(deployments.into_iter().filter(own).map(record).collect())
}
