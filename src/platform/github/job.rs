//! Why a job of GitHub Actions was started, from its variables and its event
//! (docs.github.com/en/actions/reference, "Variables" and "Events that trigger workflows").

use serde::Deserialize;

use super::{Pull, RepositoryName};
use crate::platform::error::Error;
use crate::platform::job::{Change, Folder, Job, Kind, Started, Variables, given, need};

/// The account whose runs get no secrets, like those of forks.
const DEPENDABOT: &str = "dependabot[bot]";

#[derive(Deserialize)]
struct Event {
    /// Missing if the event is a schedule.
    repository: Option<Repository>,
    pull_request: Option<Pull>,
    merge_group: Option<MergeGroup>,
    workflow_run: Option<PlannedRun>,
}

#[derive(Deserialize)]
struct Repository {
    default_branch: String,
}

#[derive(Deserialize)]
struct MergeGroup {
    head_ref: String,
    base_ref: String,
    base_sha: String,
}

#[derive(Deserialize)]
struct PlannedRun {
    head_sha: String,
    head_branch: Option<String>,
    /// `None` if the fork was deleted.
    head_repository: Option<RepositoryName>,
    html_url: String,
    actor: Option<super::User>,
}

/// Reads why a job was started.
pub(in crate::platform) fn job(variables: &Variables, event: &str) -> Result<Job, Error> {
    let event: Event = serde_json::from_str(event).map_err(|error| Error::EventShape("GitHub", error))?;
    let repository = need(variables, "GITHUB_REPOSITORY")?;
    let run = given(variables, "GITHUB_RUN_ID");
    let server = given(variables, "GITHUB_SERVER_URL").unwrap_or("https://github.com");
    Ok(Job {
        kind: Kind::GitHub,
        api: need(variables, "GITHUB_API_URL")?.trim_end_matches('/').to_owned(),
        repository: repository.to_owned(),
        commit: need(variables, "GITHUB_SHA")?.to_owned(),
        started: started(variables, &event)?,
        default_branch: event.repository.map(|repository| repository.default_branch),
        page: run.map(|run| format!("{server}/{repository}/actions/runs/{run}")),
        record: given(variables, "ROLLBOOK_APPLY_WORKFLOW").unwrap_or("apply.yml").to_owned(),
        folder: Folder::Outside(need(variables, "RUNNER_TEMP")?.into()),
        summary: given(variables, "GITHUB_STEP_SUMMARY").map(Into::into),
        outputs: given(variables, "GITHUB_OUTPUT").map(Into::into),
        authority: None,
    })
}

fn started(variables: &Variables, event: &Event) -> Result<Started, Error> {
    let repository = need(variables, "GITHUB_REPOSITORY")?;
    let branch = || need(variables, "GITHUB_REF").map(|full| branch_of(full).to_owned());
    let missing =
        |name| Error::Variable { name: "GITHUB_EVENT_PATH", value: name, takes: "the event's file" };
    let what = need(variables, "GITHUB_EVENT_NAME")?;
    Ok(match what {
        "pull_request" => {
            let pull = event.pull_request.as_ref().ok_or_else(|| missing("without a pull request".into()))?;
            let own = pull.head.repo.as_ref().is_some_and(|repo| repo.full_name == repository);
            // Its runs get no secrets, like a fork's (docs.github.com/en/code-security/dependabot).
            let bot = login(pull.user.as_ref()) == Some(DEPENDABOT);
            Started::Change(Change {
                number: pull.number,
                head: pull.head.sha.clone(),
                target: pull.base.branch.clone(),
                target_commit: None,
                untrusted: !own || bot,
            })
        }
        "push" => Started::Push { branch: branch()? },
        "schedule" | "workflow_dispatch" => Started::Schedule { branch: branch()? },
        "merge_group" => {
            let group = event.merge_group.as_ref().ok_or_else(|| missing("without a merge group".into()))?;
            Started::Queue {
                target: branch_of(&group.base_ref).to_owned(),
                base: group.base_sha.clone(),
                number: number_of(&group.head_ref),
            }
        }
        "workflow_run" => {
            let run = event.workflow_run.as_ref().ok_or_else(|| missing("without a run".into()))?;
            let from = run.head_repository.as_ref().map_or("", |repo| &repo.full_name);
            Started::Planned {
                owner: from.split('/').next().unwrap_or_default().to_owned(),
                branch: run.head_branch.clone().unwrap_or_default(),
                head: run.head_sha.clone(),
                fork: from != repository || login(run.actor.as_ref()) == Some(DEPENDABOT),
                page: run.html_url.clone(),
            }
        }
        other => {
            return Err(Error::Variable {
                name: "GITHUB_EVENT_NAME",
                value: other.to_owned(),
                takes: "pull_request, push, merge_group, schedule, workflow_dispatch or workflow_run",
            });
        }
    })
}

fn branch_of(full: &str) -> &str {
    full.strip_prefix("refs/heads/").unwrap_or(full)
}

/// The pull request of a merge group, from the name of its branch: `gh-readonly-queue/BASE/pr-NUMBER-COMMIT`. GitHub does
/// not document this format, but many tools rely on it.
fn number_of(head_ref: &str) -> Option<u64> {
    let (_, last) = branch_of(head_ref).strip_prefix("gh-readonly-queue/")?.rsplit_once('/')?;
    let (number, _) = last.strip_prefix("pr-")?.split_once('-')?;
    number.parse().ok()
}

fn login(user: Option<&super::User>) -> Option<&str> {
    user.and_then(|user| user.login.as_deref())
}
