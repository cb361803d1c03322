//! `rollbook ci`: the jobs of a platform that runs Rollbook. The platform describes a [`Job`]; this wires it to git, to the
//! platform's API, and to the same plans and applies as elsewhere.

mod apply;
mod comment;
mod nightly;
mod out;
mod plan;
mod range;

use std::fs;

use clap::{Args, Subcommand};

use crate::environment::{self, CiEnvironment};
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::model::ErrorExt as _;
use crate::platform::{self, Job, Kind, Service, Started, same_commit};
use crate::render;

use super::Session;

/// The arguments of `ci`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plan a pull request, and if this job may write, show the plan as its one comment
    Plan(plan::Arguments),
    /// Apply the default branch, compared with the last commit whose apply completed
    Apply(apply::Arguments),
    /// Show a plan that another job made as the one comment of its pull request
    Comment(comment::Arguments),
    /// Revoke expired access, and keep an issue open as long as something is wrong
    Nightly(nightly::Arguments),
}

/// Runs the job of a platform.
///
/// # Errors
/// [`Error`] when the job cannot or must not be done.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let context = Context::read()?;
    let done = match &arguments.command {
        Command::Plan(arguments) => plan::run(session, &context, arguments),
        Command::Apply(arguments) => apply::run(session, &context, arguments),
        Command::Comment(arguments) => comment::run(session, &context, arguments),
        Command::Nightly(arguments) => nightly::run(session, &context, arguments),
    };
    if let Err(error) = &done
        && let Err(also) = tell(session, &context.job, error)
    {
        session.terminal.tell(&format!("warning: failed to write to the job's page: {}", also.chain()));
    }
    done
}

/// Writes to the page of a job why it failed; GitHub also shows the mistakes of a tree on the lines of the change.
fn tell(session: &Session, job: &Job, error: &Error) -> Result<(), Error> {
    if let (Kind::GitHub, Error::Invalid(invalid)) = (job.kind, error) {
        session.data(&render::diagnostics_github(&invalid.tree, &invalid.diagnostics, &session.prefix()))?;
    }
    out::summarize_failure(session, job, error)
}

/// A job, and access to its platform's API.
struct Context {
    job: Job,
    service: Option<Service>,
    /// `ROLLBOOK_AUTHORS`, not parsed: a mistake in it is reported when it prevents a plan.
    authors: Option<String>,
    applied_from: Option<String>,
}

impl Context {
    fn read() -> Result<Self, Error> {
        let environment = CiEnvironment::read()?;
        let job = Job::of(&environment.variables, |path| fs::read_to_string(path))?;
        let authority = match &job.authority {
            Some(path) => {
                let failed = Error::io(format!("failed to read {}", path.display()));
                Some(fs::read(path).map_err(failed)?)
            }
            None => None,
        };
        // Requests to this machine bypass every proxy.
        if environment.token.is_some() && !platform::is_loopback(&job.api) {
            environment::judge_proxies(std::iter::once(job.api.as_str()))?;
        }
        let service = environment
            .token
            .map(|token| Service::new(&job, &token, environment.login.clone(), authority.as_deref()));
        Ok(Self {
            service: service.transpose()?,
            authors: environment.authors,
            applied_from: environment.applied_from,
            job,
        })
    }

    /// The platform's API, for a job that cannot continue without it.
    fn service(&self, what: &'static str) -> Result<&Service, Error> {
        let none = || platform::Error::NoToken { kind: self.job.kind, what };
        self.service.as_ref().ok_or_else(|| none().into())
    }

    /// Reads the name of the default branch.
    async fn default_branch(&self) -> Result<String, Error> {
        match &self.job.default_branch {
            Some(branch) => Ok(branch.clone()),
            None => Ok(self.service("for the default branch")?.default_branch().await?),
        }
    }

    /// Makes sure that the commit of the default branch for which the job was started is checked out, and returns it.
    async fn newest_of_default(&self, session: &Session, branch: &str) -> Result<String, Error> {
        let default = self.default_branch().await?;
        if branch != default {
            return Err(platform::Error::OtherTarget { target: branch.to_owned(), default }.into());
        }
        let (head, _) = git::checked_out(&session.root()?)?;
        if !same_commit(&head, &self.job.commit) {
            let change = self.job.commit.clone();
            return Err(platform::Error::OtherCheckout { head, change }.into());
        }
        Ok(head)
    }

    /// The error for a job that was started for something that a command does not handle.
    fn misfit(&self, command: &'static str, takes: &'static str) -> Error {
        let what = match &self.job.started {
            Started::Change(change) => format!("pull request {}", change.number),
            Started::Push { branch } => format!("a push to {branch}"),
            Started::Queue { target, .. } => format!("the merge queue of {target}"),
            Started::Schedule { branch } => format!("a schedule of {branch}"),
            Started::Planned { .. } => "the end of another run".to_owned(),
        };
        platform::Error::Started { what, command, takes }.into()
    }

    /// Whether the job that plans shows the plan itself. On GitHub another run does, which reads nothing of the change: only on
    /// GitHub can a run that may not write start one that may.
    fn plan_comments(&self) -> bool {
        match self.job.kind {
            Kind::GitHub => false,
            Kind::GitLab | Kind::Bitbucket => true,
        }
    }
}
