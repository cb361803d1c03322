//! Why a platform could not be asked, or a job must not continue.

use std::io;

use super::job::Kind;
use crate::exit::Exit;

const PASS_EVENT: &str = "Pass GITHUB_EVENT_PATH and its file on into a container.";
const RUN_AGAIN: &str = "Run the job again; if it fails again, the platform's status page may say why.";

/// Why a job cannot continue.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// No platform's variables are set.
    #[error("this is not a job of GitHub Actions, GitLab CI/CD or Bitbucket Pipelines")]
    #[diagnostic(help(
        "Use `rollbook plan` and `rollbook apply` elsewhere: `rollbook ci` takes the base, the authors and the pull \
         request from the platform's variables."
    ))]
    NoPlatform,
    /// A variable that the platform sets is missing.
    #[error("{0} is not set")]
    #[diagnostic(help("The platform sets it itself: do not clear it, and pass it on into a container."))]
    NoVariable(&'static str),
    /// A variable has an invalid value.
    #[error("{name} is `{value}`, and takes {takes}")]
    #[diagnostic(help("Correct it, or remove it if the platform sets it itself."))]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values that it takes.
        takes: &'static str,
    },
    /// The file in which GitHub describes the event cannot be read.
    #[error("failed to read the event in {path}")]
    #[diagnostic(help("{PASS_EVENT}"))]
    Event {
        /// The file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// The event is not as documented.
    #[error("the event is not as {0} documents it")]
    #[diagnostic(help("{PASS_EVENT}"))]
    EventShape(&'static str, #[source] serde_json::Error),
    /// The command does not handle the event that started the job.
    #[error("this job was started for {what}, and `rollbook ci {command}` is for {takes}")]
    #[diagnostic(help(
        "docs/ci-github.md, docs/ci-gitlab.md and docs/ci-bitbucket.md describe the jobs, and their triggers."
    ))]
    Started {
        /// The event that started it.
        what: String,
        /// The command.
        command: &'static str,
        /// The things that it handles.
        takes: &'static str,
    },
    /// A pull request into a branch that is not the default one, or a push to one.
    #[error("this is for {target}, and only {default} is applied")]
    #[diagnostic(help(
        "Only the default branch is applied to the site: open the pull request into it, and start the job for no other \
         branch."
    ))]
    OtherTarget {
        /// The branch that it goes into.
        target: String,
        /// The default branch.
        default: String,
    },
    /// The platform merged the pull request with a commit that its target does not contain.
    #[error("this is merged with {base}, which is not a commit of {target} in this clone")]
    #[diagnostic(help(
        "In a merge train, run the pipeline again once those ahead are merged. Otherwise clone the target branch too, with \
         its whole history."
    ))]
    OutsideTarget {
        /// The other parent of the merge.
        base: String,
        /// The branch that it goes into.
        target: String,
    },
    /// The commit that is checked out is not the one that the job was started for.
    #[error("{head} is checked out, and the job was started for {change}")]
    #[diagnostic(help(
        "Check out exactly the commit that the platform started the job for, with its whole history."
    ))]
    OtherCheckout {
        /// The commit that is checked out.
        head: String,
        /// The pull request's newest commit.
        change: String,
    },
    /// A commit is the newest one of several pull requests, so a run may be for any of them.
    #[error("{}, so the plan may be for either", several(*.number, .others))]
    #[diagnostic(help(
        "Keep one pull request per branch: close the others, and push another commit to this one."
    ))]
    SeveralPullRequests {
        /// The one into the default branch.
        number: u64,
        /// The others.
        others: Vec<u64>,
    },
    /// The branch has moved on since the job was started.
    #[error("{branch} is at {newest} by now, and this job is for {commit}, so nothing was changed")]
    #[diagnostic(help(
        "The newest commit has its own run, which applies this change as well: run that one again. `--outdated` \
         applies this commit anyway."
    ))]
    Outdated {
        /// The branch.
        branch: String,
        /// Its newest commit.
        newest: String,
        /// The job's commit.
        commit: String,
    },
    /// The commit that the site last matched is unknown.
    #[error("no apply of {branch} has completed yet, as far as {} knows", .kind.name())]
    #[diagnostic(help(
        "In the job that applies, set ROLLBOOK_APPLIED_FROM to the commit that the site last matched, such as the one of \
         `rollbook import`."
    ))]
    NeverApplied {
        /// The platform.
        kind: Kind,
        /// The branch.
        branch: String,
    },
    /// HEAD does not contain the last applied commit.
    #[error("the site last matched {applied}, which {head} does not contain")]
    #[diagnostic(help(
        "The history was rewritten, or the clone has only a part of it: clone the whole history. After a force push, set \
         ROLLBOOK_APPLIED_FROM to the commit of the new history that the site matches."
    ))]
    NotContained {
        /// The commit.
        applied: String,
        /// The commit that is checked out.
        head: String,
    },
    /// `ROLLBOOK_AUTHORS` is invalid.
    #[error("ROLLBOOK_AUTHORS {0}")]
    #[diagnostic(help(
        "Write one JSON object from accounts of the platform to emails: {{\"ada\": \"ada@acme.com\"}} with logins of GitHub or \
         user names of GitLab, {{\"712020:5e1f…\": \"ada@acme.com\"}} with account IDs of Bitbucket."
    ))]
    Authors(String),
    /// There is no token for the platform's API.
    #[error("ROLLBOOK_CI_TOKEN is not set, and {} has to be asked {what}", .kind.name())]
    #[diagnostic(help("{}", token_help(*.kind)))]
    NoToken {
        /// The platform.
        kind: Kind,
        /// The question.
        what: &'static str,
    },
    /// The token cannot be sent.
    #[error("ROLLBOOK_CI_TOKEN holds characters that no token has")]
    #[diagnostic(help("Copy the token again, without quotes or anything else."))]
    Token,
    /// The client cannot be created.
    #[error("failed to set up connections to {api}: {why}")]
    #[diagnostic(help(
        "Correct the certificates or the proxy that the runner names. A small image may have no certificate authorities: \
         install ca-certificates, or let SSL_CERT_FILE name a file of them in PEM."
    ))]
    Setup {
        /// The root of the API.
        api: String,
        /// Why.
        why: String,
    },
    /// There was no response.
    #[error("{request} got no response: {why}")]
    #[diagnostic(help(
        "Let the runner reach the platform's API, through a proxy with HTTPS_PROXY and NO_PROXY. The authority of a proxy that \
         opens TLS belongs in the system's store, or in a file that SSL_CERT_FILE names."
    ))]
    Unanswered {
        /// The request.
        request: String,
        /// The network's error.
        why: String,
    },
    /// The platform refused.
    #[error("{request} was answered with {status}{}", tail(.said))]
    #[diagnostic(help("{}", refused_help(*.kind, *.status, *.lacking)))]
    Refused {
        /// The platform.
        kind: Kind,
        /// The request.
        request: String,
        /// The status of the response.
        status: u16,
        /// Its message.
        said: String,
        /// The permission that the token may lack.
        lacking: Lacking,
    },
    /// The platform asks for a longer wait than a job should make.
    #[error("{request} was answered with {status}: it may be asked again in {seconds} s")]
    #[diagnostic(help("Run the job again then."))]
    Wait {
        /// The request.
        request: String,
        /// The status of the response.
        status: u16,
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// The response is not as documented.
    #[error("the response to {request} is not as documented")]
    #[diagnostic(help("{RUN_AGAIN}"))]
    Answer {
        /// The request.
        request: String,
        /// The mistake.
        source: serde_json::Error,
    },
    /// A listing has more pages than are read.
    #[error("{request} has more than {pages} pages")]
    #[diagnostic(help("{RUN_AGAIN}"))]
    Endless {
        /// The request.
        request: String,
        /// How many pages are read.
        pages: usize,
    },
}

/// The permission that a token needs, for the sentence that says which setting to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// To read pull requests, the people behind them, and branches.
    Reads,
    /// To read the runs that applied.
    Records,
    /// To write comments on pull requests.
    Comments,
    /// To write issues.
    Issues,
}

/// The message of a response, as the end of a sentence.
fn tail(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// Names the pull requests that share their newest commit.
fn several(number: u64, others: &[u64]) -> String {
    let others: Vec<String> = others.iter().map(u64::to_string).collect();
    format!("pull request {number} has the same newest commit as {}", others.join(" and "))
}

impl Error {
    /// How the run ends: as wrong usage if the job is set up wrongly, as a refusal if nothing failed but the job must not
    /// continue.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoPlatform
            | Self::NoVariable(_)
            | Self::Variable { .. }
            | Self::Started { .. }
            | Self::Authors(_)
            | Self::NoToken { .. }
            | Self::Token => Exit::Usage,
            Self::OtherTarget { .. }
            | Self::OutsideTarget { .. }
            | Self::OtherCheckout { .. }
            | Self::SeveralPullRequests { .. }
            | Self::Outdated { .. }
            | Self::NeverApplied { .. }
            | Self::NotContained { .. } => Exit::Refused,
            Self::Event { .. }
            | Self::EventShape(..)
            | Self::Setup { .. }
            | Self::Unanswered { .. }
            | Self::Refused { .. }
            | Self::Wait { .. }
            | Self::Answer { .. }
            | Self::Endless { .. } => Exit::Failed,
        }
    }
}

/// The help for a response without success.
fn refused_help(kind: Kind, status: u16, lacking: Lacking) -> &'static str {
    match status {
        401 => token_help(kind),
        403 | 404 => lacking.help(kind),
        _ => RUN_AGAIN,
    }
}

/// Where the token comes from.
fn token_help(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "Pass a valid token in ROLLBOOK_CI_TOKEN, such as `${{ github.token }}`.",
        Kind::GitLab => {
            "Create a new project access token with the scope `api` and the role Reporter, and set it as the variable \
             ROLLBOOK_CI_TOKEN: not protected, since merge requests get no protected variable, and for the environments of the \
             jobs."
        }
        Kind::Bitbucket => {
            "Create a new repository access token with the scopes `repository`, `pullrequest` and `pipeline`, and set it as \
             the secured variable ROLLBOOK_CI_TOKEN. For an account's API token, set ROLLBOOK_CI_USER to its email."
        }
    }
}

impl Lacking {
    /// Names the setting that gives the token the permission that it lacks.
    fn help(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::GitHub, Self::Reads) => {
                "Give the job `permissions: { contents: read, pull-requests: read }`."
            }
            (Kind::GitHub, Self::Records) => "Give the job `permissions: { actions: read }`.",
            (Kind::GitHub, Self::Comments) => "Give the job `permissions: { pull-requests: write }`.",
            (Kind::GitHub, Self::Issues) => {
                "Give the job `permissions: { issues: write }`, and enable issues in the repository."
            }
            (Kind::GitLab, Self::Reads | Self::Records) => {
                "ROLLBOOK_CI_TOKEN needs the scope `read_api` or `api` and the role Reporter in this project."
            }
            (Kind::GitLab, Self::Comments | Self::Issues) => {
                "ROLLBOOK_CI_TOKEN needs the scope `api` and the role Reporter in this project."
            }
            (Kind::Bitbucket, Self::Reads) => {
                "ROLLBOOK_CI_TOKEN needs the scopes `repository` and `pullrequest` for this repository."
            }
            (Kind::Bitbucket, Self::Records) => {
                "ROLLBOOK_CI_TOKEN needs the scope `pipeline` for this repository."
            }
            // It keeps no issues, so this is never asked.
            (Kind::Bitbucket, Self::Comments | Self::Issues) => {
                "ROLLBOOK_CI_TOKEN needs the scope `pullrequest` for this repository."
            }
        }
    }
}
