//! Why a step of Bitbucket Pipelines was started, from its variables
//! (support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets).

use crate::platform::error::Error;
use crate::platform::job::{Change, Folder, Job, Kind, Started, Variables, given, need, number};

/// The root of the API, which no variable of Bitbucket names. `ROLLBOOK_BITBUCKET_API` may only name a stand-in on this
/// machine: anybody who starts a pipeline may set any variable, and the token is sent there.
const API: &str = "https://api.bitbucket.org/2.0";

/// Reads why a step was started. No variable distinguishes a schedule from a push to a branch.
pub(in crate::platform) fn job(variables: &Variables) -> Result<Job, Error> {
    let text = |name| need(variables, name).map(str::to_owned);
    let repository = text("BITBUCKET_REPO_FULL_NAME")?;
    let build = need(variables, "BITBUCKET_BUILD_NUMBER")?;
    let started = if given(variables, "BITBUCKET_PR_ID").is_some() {
        Started::Change(Change {
            number: number(variables, "BITBUCKET_PR_ID")?,
            head: text("BITBUCKET_COMMIT")?,
            target: text("BITBUCKET_PR_DESTINATION_BRANCH")?,
            target_commit: given(variables, "BITBUCKET_PR_DESTINATION_COMMIT").map(str::to_owned),
            // A fork's pull request starts no pipeline here.
            untrusted: false,
        })
    } else {
        Started::Push { branch: text("BITBUCKET_BRANCH")? }
    };
    let api = given(variables, "ROLLBOOK_BITBUCKET_API").unwrap_or(API);
    let here = |uri: http::Uri| uri.host() == Some("127.0.0.1") && !api.contains('@');
    if api != API && !api.parse().is_ok_and(here) {
        let (name, value, takes) = ("ROLLBOOK_BITBUCKET_API", api.to_owned(), "an address of this machine");
        return Err(Error::Variable { name, value, takes });
    }
    Ok(Job {
        kind: Kind::Bitbucket,
        api: api.trim_end_matches('/').to_owned(),
        commit: text("BITBUCKET_COMMIT")?,
        started,
        default_branch: None,
        page: Some(format!("https://bitbucket.org/{repository}/pipelines/results/{build}")),
        repository,
        record: String::new(),
        // Bitbucket stores only files of this folder.
        folder: Folder::Inside(need(variables, "BITBUCKET_CLONE_DIR")?.into()),
        summary: None,
        outputs: None,
        authority: None,
    })
}
