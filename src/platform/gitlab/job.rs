//! Why a job of GitLab CI/CD was started, from its variables (<https://docs.gitlab.com/ci/variables/predefined_variables>).

use crate::platform::error::Error;
use crate::platform::job::{Change, Folder, Job, Kind, Started, Variables, given, need, number};

/// Reads why a job was started.
pub(in crate::platform) fn job(variables: &Variables) -> Result<Job, Error> {
    let text = |name| need(variables, name).map(str::to_owned);
    Ok(Job {
        kind: Kind::GitLab,
        api: need(variables, "CI_API_V4_URL")?.trim_end_matches('/').to_owned(),
        repository: text("CI_PROJECT_ID")?,
        commit: text("CI_COMMIT_SHA")?,
        started: started(variables)?,
        default_branch: Some(text("CI_DEFAULT_BRANCH")?),
        page: given(variables, "CI_JOB_URL").map(str::to_owned),
        record: given(variables, "ROLLBOOK_APPLY_ENVIRONMENT").unwrap_or("rollbook-apply").to_owned(),
        // GitLab stores only files of this folder.
        folder: Folder::Inside(need(variables, "CI_PROJECT_DIR")?.into()),
        summary: None,
        outputs: None,
        authority: given(variables, "CI_SERVER_TLS_CA_FILE").map(Into::into),
    })
}

fn started(variables: &Variables) -> Result<Started, Error> {
    let branch = || need(variables, "CI_COMMIT_BRANCH").map(str::to_owned);
    match need(variables, "CI_PIPELINE_SOURCE")? {
        "merge_request_event" => change(variables).map(Started::Change),
        // A child pipeline has its parent's merge request, but not its source
        // (<https://gitlab.com/gitlab-org/gitlab/-/issues/388018>).
        "parent_pipeline" if given(variables, "CI_MERGE_REQUEST_IID").is_some() => {
            change(variables).map(Started::Change)
        }
        "push" => Ok(Started::Push { branch: branch()? }),
        "schedule" | "web" => Ok(Started::Schedule { branch: branch()? }),
        other => Err(Error::Variable {
            name: "CI_PIPELINE_SOURCE",
            value: other.to_owned(),
            takes: "merge_request_event, push, schedule or web",
        }),
    }
}

fn change(variables: &Variables) -> Result<Change, Error> {
    let project = need(variables, "CI_PROJECT_ID")?;
    // In a pipeline of merged results, the merge is checked out, and this is the branch's commit.
    let head = match given(variables, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") {
        Some(head) => head,
        None => need(variables, "CI_COMMIT_SHA")?,
    };
    Ok(Change {
        number: number(variables, "CI_MERGE_REQUEST_IID")?,
        head: head.to_owned(),
        target: need(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")?.to_owned(),
        target_commit: given(variables, "CI_MERGE_REQUEST_DIFF_BASE_SHA").map(str::to_owned),
        untrusted: given(variables, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != Some(project),
    })
}
