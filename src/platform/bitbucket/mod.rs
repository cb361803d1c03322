//! Bitbucket Cloud: the variables of Pipelines, and the REST API 2.0.
//!
//! Shapes: Atlassian's description of the API (developer.atlassian.com/cloud/bitbucket/rest), and
//! support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets.

mod comments;
mod job;
mod people;

use serde::Deserialize;

pub(super) use comments::{comment, comments, delete_comment, edit_comment, me};
pub(super) use job::job;
pub(super) use people::{between, brought, merged_into, told};

use super::error::{Error, Lacking};
use super::range::Record;
use super::service::{PullRequest, Service, part};

#[derive(Deserialize)]
pub(super) struct Pull {
    id: u64,
    title: Option<String>,
    state: String,
    author: Option<User>,
    source: End,
    destination: End,
    merge_commit: Option<Hash>,
}

/// One end of a pull request. Deleted things are missing, such as the repository of a fork.
#[derive(Deserialize)]
struct End {
    repository: Option<Repository>,
    branch: Option<Branch>,
    commit: Option<Hash>,
}

#[derive(Deserialize, PartialEq)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
}

#[derive(Deserialize)]
struct Hash {
    /// In pull requests, the first twelve digits.
    hash: String,
}

/// An account. Its Atlassian account ID is the one in a tree, and no user can choose it.
#[derive(Deserialize)]
struct User {
    account_id: Option<String>,
    uuid: Option<String>,
}

#[derive(Deserialize)]
struct Pipeline {
    target: Target,
    state: State,
    trigger: Option<Trigger>,
}

#[derive(Deserialize)]
struct Trigger {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Target {
    ref_type: Option<String>,
    ref_name: Option<String>,
    commit: Option<Hash>,
    selector: Option<Selector>,
}

#[derive(Deserialize)]
struct Selector {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct State {
    result: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Service {
    fn of_repository(&self, rest: &str) -> String {
        format!("/repositories/{}{rest}", self.repository)
    }
}

impl End {
    fn branch(&self) -> &str {
        self.branch.as_ref().map_or("", |branch| &branch.name)
    }

    fn commit(&self) -> String {
        self.commit.as_ref().map_or_else(String::new, |commit| short(&commit.hash))
    }
}

/// Shortens a commit's ID as pull requests do.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// `GET /repositories/{workspace}/{repo_slug}`: no variable names it.
pub(super) async fn default_branch(service: &Service) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Whole {
        mainbranch: Branch,
    }
    let repository: Whole = service.client.get(&service.of_repository(""), Lacking::Reads).await?;
    Ok(repository.mainbranch.name)
}

/// `GET /repositories/{workspace}/{repo_slug}/refs/branches/{name}`.
pub(super) async fn newest(service: &Service, branch: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Ref {
        target: Hash,
    }
    let path = service.of_repository(&format!("/refs/branches/{}", part(branch)));
    let branch: Ref = service.client.get(&path, Lacking::Reads).await?;
    Ok(branch.target.hash)
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let gone = || format!("the account that opened pull request {}", pull.id);
        let own = pull.source.repository == pull.destination.repository;
        Self {
            number: pull.id,
            head: pull.source.commit(),
            target: pull.destination.branch().to_owned(),
            open: pull.state == "OPEN",
            behind: None,
            opener: people::somebody(pull.author.as_ref(), gone),
            opened: None,
            branch: own.then(|| pull.source.branch().to_owned()),
            merges: pull.merge_commit.iter().map(|commit| short(&commit.hash)).collect(),
            title: pull.title.unwrap_or_default(),
        }
    }
}

/// `GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}`.
pub(super) async fn pull_request(service: &Service, number: u64) -> Result<PullRequest, Error> {
    let path = service.of_repository(&format!("/pullrequests/{number}"));
    let pull: Pull = service.client.get(&path, Lacking::Reads).await?;
    Ok(pull.into())
}

/// Lists the successful pipelines of the branch's own steps: `GET /repositories/{workspace}/{repo_slug}/pipelines`. Those of
/// schedules have the selector `custom`, and one that a user started, with their variables, has another trigger.
pub(super) async fn completed(service: &Service, branch: &str) -> Result<Vec<Record>, Error> {
    let own = |pipeline: &Pipeline| {
        let Pipeline { target, state, trigger } = pipeline;
        let selector = target.selector.as_ref().and_then(|selector| selector.kind.as_deref());
        target.ref_type.as_deref() == Some("branch")
            && target.ref_name.as_deref() == Some(branch)
            && selector == Some("branches")
            && trigger.as_ref().is_some_and(|trigger| trigger.kind == "pipeline_trigger_push")
            && state.result.as_ref().is_some_and(|result| result.name == "SUCCESSFUL")
    };
    let path = service
        .of_repository(&format!("/pipelines?target.branch={}&target.selector.type=BRANCH&trigger_type=PUSH&status=PASSED&sort=-created_on", part(branch)));
    let pipelines = service.client.list_until(&path, Lacking::Records, |read| read.iter().any(own)).await?;
    let commit = |pipeline: Pipeline| pipeline.target.commit.map(|commit| commit.hash);
    let record = |commit| Record { commit, certain: true };
    Ok(pipelines.into_iter().filter(own).filter_map(commit).map(record).collect())
}
