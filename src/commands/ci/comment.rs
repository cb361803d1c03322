//! `rollbook ci comment`, and the one comment of a pull request that shows its plan.

use std::path::PathBuf;

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::model::Plan;
use crate::plan::SavedPlan;
use crate::platform::{self, Comment, Kind, PullRequest, Service, Started, same_commit};
use crate::render::{self, CommentLimit, Html, Page, Style};

use super::super::show::saved_plan;
use super::super::{Session, block_on};
use super::Context;
use super::out::failure;

/// The arguments of `ci comment`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The plan that the other job made; if there is no such file, the comment says that there is no plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

/// The content of a comment.
pub(super) struct Shown<'a> {
    /// The plan, or the reason why it is missing.
    pub(super) plan: Result<&'a Plan, &'a Error>,
    /// The site's origin, if it is known without a plan.
    pub(super) site: Option<&'a str>,
    /// A sentence for the top.
    pub(super) note: Option<&'a str>,
}

/// Shows a plan that a run has made which read the change. It is only data: this job makes the text, and the platform names
/// the pull request.
///
/// # Errors
/// [`Error`] when the file holds no plan, or the platform refuses.
pub(super) fn run(session: &Session, context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let Started::Planned { owner, branch, head, fork, .. } = &context.job.started else {
        return Err(context.misfit("comment", "runs that follow one that planned"));
    };
    let there = arguments.plan.try_exists().unwrap_or(true);
    let saved = if there { saved_plan(&arguments.plan) } else { Err(Error::NotPlanned) };
    let note = fork.then_some(
        "From a fork, or by Dependabot: made without credentials, from a snapshot. Its author could have made the plan up; read the files.",
    );
    let service = context.service("for the comments of the pull request")?;
    let made = block_on(async {
        let default_branch = context.default_branch().await?;
        let mut of_commit = service.pull_requests_of(owner, branch).await?;
        of_commit.retain(|pull| same_commit(&pull.head, head));
        let into = |pull: &&PullRequest| pull.open && pull.target == default_branch;
        let Some(pull) = of_commit.iter().find(into) else {
            session.terminal.say(&format!(
                "No open pull request into {default_branch} has this commit as its newest: there is nothing to say."
            ));
            return Ok(saved);
        };
        let made = only_one(pull, &of_commit).and(saved);
        let thread =
            Thread { session, context, service, number: pull.number, head, default_branch: &default_branch };
        thread.show(&Shown { plan: made.as_ref().map(SavedPlan::plan), site: None, note }).await?;
        Ok(made)
    })?;
    match made {
        // The job that should have made one says so itself.
        Ok(_) | Err(Error::NotPlanned) => Ok(Exit::Done),
        Err(error) => Err(error),
    }
}

/// Makes sure that a run which planned a commit can have been only for one pull request. GitHub names the branch that it
/// ran for, not the pull request: one into another branch runs the workflow of that branch.
fn only_one(pull: &PullRequest, of_commit: &[PullRequest]) -> Result<(), Error> {
    // One into another branch may have been closed while its run continued.
    let counts = |it: &&PullRequest| it.number != pull.number && (it.open || it.target != pull.target);
    let others: Vec<u64> = of_commit.iter().filter(counts).map(|it| it.number).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(platform::Error::SeveralPullRequests { number: pull.number, others }.into())
}

/// The one comment of a pull request on a platform, as long as `head` is its newest commit.
pub(super) struct Thread<'a> {
    pub(super) session: &'a Session,
    pub(super) context: &'a Context,
    pub(super) service: &'a Service,
    pub(super) number: u64,
    pub(super) head: &'a str,
    pub(super) default_branch: &'a str,
}

impl Thread<'_> {
    /// Shows a plan, or the reason why it is missing.
    ///
    /// # Errors
    /// [`Error`] when the pull request is into another branch, or the platform refuses.
    pub(super) async fn show(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let Self { session, service, number, .. } = *self;
        let pull = service.pull_request(number).await?;
        if pull.target != self.default_branch {
            let (target, default) = (pull.target, self.default_branch.to_owned());
            return Err(platform::Error::OtherTarget { target, default }.into());
        }
        if !pull.open || !same_commit(&pull.head, self.head) {
            session
                .terminal
                .say("A newer commit is there, or the pull request is closed: its comment stays as it is.");
            return Ok(());
        }
        let style = style(self.context.job.kind);
        let page = page(session, self.context, shown, style);
        let me = service.me().await?;
        let own = |comment: &&Comment| {
            me.as_ref().is_some_and(|me| comment.author == *me) && style.is_of(&comment.body, &page)
        };
        let before = service.comments(number).await?;
        let mut kept: Vec<&str> = Vec::new();
        for comment in before.iter().filter(own) {
            let opens = comment.body.lines().next().unwrap_or_default();
            // The oldest comment of a tree stays; others, left by two runs at once, are deleted.
            if kept.contains(&opens) {
                service.delete_comment(number, comment.id).await?;
            } else if service.edit_comment(number, comment.id, &style.said_in(&comment.body, &page)).await? {
                kept.push(opens);
            }
        }
        if !kept.is_empty() {
            session.terminal.say("The comment is edited.");
            return Ok(());
        }
        let posted = service.comment(number, &page.text).await?;
        session.terminal.say("The comment is posted.");
        if let Some(me) = me.filter(|me| *me != posted.author) {
            session.terminal.tell(&format!(
                "warning: the comment is by {} and not by {me}: set ROLLBOOK_CI_LOGIN to that account, or each run posts another",
                posted.author
            ));
        }
        self.keep_only(&posted, |body| style.is_of(body, &page)).await
    }

    /// Deletes the same account's earlier comments that are `like` this one: another run may have posted at the same time. If
    /// the account was unknown, the response of the post names it.
    async fn keep_only(&self, posted: &Comment, like: impl Fn(&str) -> bool) -> Result<(), Error> {
        let now = self.service.comments(self.number).await?;
        let twins = now.iter().filter(|comment| {
            comment.author == posted.author && comment.id < posted.id && like(&comment.body)
        });
        for comment in twins {
            self.service.delete_comment(self.number, comment.id).await?;
        }
        Ok(())
    }
}

fn page(session: &Session, context: &Context, shown: &Shown<'_>, style: Style) -> Page {
    let run = match &context.job.started {
        Started::Planned { page, .. } => Some(page.as_str()),
        Started::Change(_) | Started::Push { .. } | Started::Queue { .. } | Started::Schedule { .. } => {
            context.job.page.as_deref()
        }
    };
    match shown.plan {
        Ok(plan) => render::plan_comment(plan, shown.note, style),
        Err(error) => {
            let host = shown.site.map(render::host_of);
            render::no_plan_comment(host, &failure(session, error, run), style)
        }
    }
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::GitHub => Style { limit: CommentLimit::GITHUB, html: Html::Understood },
        Kind::GitLab => Style { limit: CommentLimit::GITLAB, html: Html::Understood },
        Kind::Bitbucket => Style { limit: CommentLimit::BITBUCKET, html: Html::Text },
    }
}
