//! Why a platform could not be asked, or is asked for something that it must not do.

use std::io;

use super::job::Kind;
use crate::exit::Exit;

const PASS_EVENT: &str = "Pass GITHUB_EVENT_PATH and its file on into a container.";
const RUN_AGAIN: &str = "Run the job again; where it fails again, the platform's status page may say why.";

/// Why a job cannot go on.
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
    /// A variable has a value that it cannot have.
    #[error("{name} is `{value}`, and takes {takes}")]
    #[diagnostic(help("Correct it, or take it out where the platform sets it itself."))]
    Variable {
        /// The variable.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        takes: &'static str,
    },
    /// The file in which GitHub describes the event cannot be read.
    #[error("failed to read the event in {path}")]
    #[diagnostic(help("{PASS_EVENT}"))]
    Event {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The event is not as documented.
    #[error("the event is not as {0} documents it")]
    #[diagnostic(help("{PASS_EVENT}"))]
    EventShape(&'static str, #[source] serde_json::Error),
    /// The job was started for something that the command is not for.
    #[error("this job was started for {what}, and `rollbook ci {command}` is for {takes}")]
    #[diagnostic(help(
        "docs/ci-github.md, docs/ci-gitlab.md and docs/ci-bitbucket.md have the jobs, and what starts them."
    ))]
    Started {
        /// What the job was started for.
        what: String,
        /// The command.
        command: &'static str,
        /// What it is for.
        takes: &'static str,
    },
    /// A pull request into another branch than the default one, or a push to one.
    #[error("this is for {target}, and only {default} is applied")]
    #[diagnostic(help(
        "Only what is in the default branch reaches the site: open the pull request into it, and start the job for no \
         other."
    ))]
    OtherTarget {
        /// The branch that it goes into.
        target: String,
        /// The default branch.
        default: String,
    },
    /// The platform merged the pull request into something that its target does not have.
    #[error("this is merged with {base}, which is not a commit of {target} in this clone")]
    #[diagnostic(help(
        "In a merge train, run the pipeline again once those ahead are merged. Else let the clone have the target branch, \
         with its whole history."
    ))]
    OutsideTarget {
        /// The other parent of the merge.
        base: String,
        /// The branch that it goes into.
        target: String,
    },
    /// What is checked out is not what the job was started for.
    #[error("{head} is checked out, and the job was started for {change}")]
    #[diagnostic(help(
        "Check out what the platform started the job for, and nothing else, with its whole history."
    ))]
    OtherCheckout {
        /// What is checked out.
        head: String,
        /// The pull request's newest commit.
        change: String,
    },
    /// A commit is the newest one of several pull requests, so that nothing tells for which of them a run was.
    #[error("{}, so that the plan may be of either", several(*.number, .others))]
    #[diagnostic(help(
        "Keep one pull request of a branch: close the others, and push another commit to this one."
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
        "The newest commit has a run of its own, which applies this change as well: run that one again. `--outdated` \
         applies this commit all the same."
    ))]
    Outdated {
        /// The branch.
        branch: String,
        /// Its newest commit.
        newest: String,
        /// The job's commit.
        commit: String,
    },
    /// Nothing says what the site was last brought in line with.
    #[error("no apply of {branch} has completed yet, as far as {} knows", .kind.name())]
    #[diagnostic(help(
        "Name the commit that the site was last brought in line with, such as the one of `rollbook import`, in the variable \
         ROLLBOOK_APPLIED_FROM of the job that applies."
    ))]
    NeverApplied {
        /// The platform.
        kind: Kind,
        /// The branch.
        branch: String,
    },
    /// What was applied last is not part of what is checked out.
    #[error("the site was last brought in line with {applied}, which {head} does not contain")]
    #[diagnostic(help(
        "The history was rewritten, or the clone has only a part of it: clone the whole history. After a force push, name the \
         commit of the new history that the site is in line with in ROLLBOOK_APPLIED_FROM."
    ))]
    NotContained {
        /// The commit.
        applied: String,
        /// What is checked out.
        head: String,
    },
    /// `ROLLBOOK_AUTHORS` is not usable.
    #[error("ROLLBOOK_AUTHORS {0}")]
    #[diagnostic(help(
        "Write one JSON object from accounts of the platform to emails: {{\"ada\": \"ada@acme.com\"}} with logins of GitHub or \
         user names of GitLab, {{\"712020:5e1f…\": \"ada@acme.com\"}} with account ids of Bitbucket."
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
    #[diagnostic(help("Copy the token again, alone and without quotes."))]
    Token,
    /// The client cannot be made.
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
    /// No answer came.
    #[error("{request} had no answer: {why}")]
    #[diagnostic(help(
        "Let the runner reach the platform's API; HTTPS_PROXY and NO_PROXY say how, where a proxy is between them. What \
         opens TLS there needs its authority in the system's store, or in a file that SSL_CERT_FILE names."
    ))]
    Unanswered {
        /// What was asked.
        request: String,
        /// What the network did.
        why: String,
    },
    /// The platform refused.
    #[error("{request} was answered with {status}{}", tail(.said))]
    #[diagnostic(help("{}", refused_help(*.kind, *.status, *.lacking)))]
    Refused {
        /// The platform.
        kind: Kind,
        /// What was asked.
        request: String,
        /// The status of the answer.
        status: u16,
        /// What it said.
        said: String,
        /// What the token may lack.
        lacking: Lacking,
    },
    /// The platform asks for a longer wait than a job should make.
    #[error("{request} was answered with {status}: it may be asked again in {seconds} s")]
    #[diagnostic(help("Run the job again then."))]
    Wait {
        /// What was asked.
        request: String,
        /// The status of the answer.
        status: u16,
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// The answer is not as documented.
    #[error("the answer to {request} is not as documented")]
    #[diagnostic(help("{RUN_AGAIN}"))]
    Answer {
        /// What was asked.
        request: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A listing has more pages than are read.
    #[error("{request} has more than {pages} pages")]
    #[diagnostic(help("{RUN_AGAIN}"))]
    Endless {
        /// What was asked.
        request: String,
        /// How many pages are read.
        pages: usize,
    },
}

/// What a token has to be allowed, for the sentence that says which setting to change.
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

/// What an answer said, as the end of a sentence.
fn tail(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// Which pull requests have one newest commit.
fn several(number: u64, others: &[u64]) -> String {
    let others: Vec<String> = others.iter().map(u64::to_string).collect();
    format!("pull request {number} has the same newest commit as {}", others.join(" and "))
}

impl Error {
    /// How the run ends: as wrong usage where the job is set up wrongly, as a refusal where nothing failed and going on
    /// would be wrong.
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

/// What an answer without success says to do.
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
            "Make a new project access token with the scope `api` and the role Reporter, and set it as the variable \
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
    /// Which setting gives the token what it lacks.
    fn help(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::GitHub, Self::Reads) => {
                "Give the job `permissions: { contents: read, pull-requests: read }`."
            }
            (Kind::GitHub, Self::Records) => "Give the job `permissions: { actions: read }`.",
            (Kind::GitHub, Self::Comments) => "Give the job `permissions: { pull-requests: write }`.",
            (Kind::GitHub, Self::Issues) => {
                "Give the job `permissions: { issues: write }`, and let the repository have issues."
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
            // It keeps no issues, so that nobody asks for any.
            (Kind::Bitbucket, Self::Comments | Self::Issues) => {
                "ROLLBOOK_CI_TOKEN needs the scope `pullrequest` for this repository."
            }
        }
    }
}
