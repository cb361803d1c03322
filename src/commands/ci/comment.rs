//! `rollbook ci comment`, and how a plan is shown as the one comment of a pull request.

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

/// What `ci comment` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The plan that the other job made; where there is no such file, the comment says that there is no plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

/// What a comment shows.
pub(super) struct Shown<'a> {
    /// The plan, or the reason why it is missing.
    pub(super) plan: Result<&'a Plan, &'a Error>,
    /// The site's origin, where it is known without a plan.
    pub(super) site: Option<&'a str>,
    /// A sentence for the top.
    pub(super) note: Option<&'a str>,
}

/// Shows a plan that a run has made which read the change. It is data: its text is made here, and which pull request it is
/// of, the platform says.
///
/// # Errors
/// [`Error`] when the file holds no plan, or the platform refuses.
pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let context = Context::read()?;
    let Started::Planned { owner, branch, head, fork, .. } = &context.job.started else {
        return Err(context.misfit("comment", "runs that follow one that planned"));
    };
    let there = arguments.plan.try_exists().unwrap_or(true);
    let saved = if there { saved_plan(&arguments.plan) } else { Err(Error::NotPlanned) };
    let note = fork.then_some(
        "From a fork: made without credentials, from a snapshot. Its author could have made the plan up; read the files.",
    );
    let shown = Shown { plan: saved.as_ref().map(SavedPlan::plan), site: None, note };
    let service = context.service("for the comments of the pull request")?;
    block_on(async {
        let default_branch = context.default_branch().await?;
        let open = service.pull_requests_of(owner, branch).await?;
        // A branch may have pull requests into others, for which it was planned as well.
        let newest: Vec<&PullRequest> = open
            .iter()
            .filter(|pull| pull.target == default_branch && same_commit(&pull.head, head))
            .collect();
        match newest.as_slice() {
            [] => {
                session.terminal.say(&format!(
                    "No open pull request into {default_branch} has this commit as its newest: there is nothing to say."
                ));
                Ok(())
            }
            [pull] => show(session, &context, service, (pull.number, head), &default_branch, &shown).await,
            [..] => {
                Err(Error::Usage(format!("{} pull requests have this commit as their newest", newest.len())))
            }
        }
    })?;
    match saved {
        // The job that was to make one says so itself.
        Ok(_) | Err(Error::NotPlanned) => Ok(Exit::Done),
        Err(error) => Err(error),
    }
}

/// Shows a plan, or the reason why it is missing, as the one comment of a pull request, while `head` is its newest commit.
pub(super) async fn show(
    session: &Session,
    context: &Context,
    service: &Service,
    (number, head): (u64, &str),
    default_branch: &str,
    shown: &Shown<'_>,
) -> Result<(), Error> {
    let pull = service.pull_request(number).await?;
    if pull.target != default_branch {
        let (target, default) = (pull.target, default_branch.to_owned());
        return Err(platform::Error::OtherTarget { target, default }.into());
    }
    if !pull.open || !same_commit(&pull.head, head) {
        session
            .terminal
            .say("A newer commit is there, or the pull request is closed: its comment stays as it is.");
        return Ok(());
    }
    let style = style(context.job.kind);
    let page = page(context, shown, style);
    let me = service.me().await?;
    let own = |comment: &&Comment| {
        me.as_ref().is_some_and(|me| comment.author == *me) && style.is_of(&comment.body, &page)
    };
    let before = service.comments(number).await?;
    let mut kept: Vec<&str> = Vec::new();
    for comment in before.iter().filter(own) {
        let opens = comment.body.lines().next().unwrap_or_default();
        // The oldest of a tree stays; what two runs at once left beside it goes.
        if kept.contains(&opens) {
            service.delete_comment(number, comment.id).await?;
        } else if service.edit_comment(number, comment.id, &style.said_in(&comment.body, &page)).await? {
            kept.push(opens);
        }
    }
    if !kept.is_empty() {
        session.terminal.say("The comment is up to date.");
        return Ok(());
    }
    let posted = service.comment(number, &page.text).await?;
    session.terminal.say("The comment is posted.");
    only(session, service, number, &posted, me.as_deref(), &page, style).await
}

/// Makes a comment that was just posted the only one: another run may have posted at the same time, and where nobody told
/// which account this is, the answer does.
async fn only(
    session: &Session,
    service: &Service,
    number: u64,
    posted: &Comment,
    me: Option<&str>,
    page: &Page,
    style: Style,
) -> Result<(), Error> {
    if let Some(me) = me.filter(|me| *me != posted.author) {
        session.terminal.tell(&format!(
            "warning: the comment is by {} and not by {me}: set ROLLBOOK_CI_LOGIN, else each run posts another",
            posted.author
        ));
    }
    let now = service.comments(number).await?;
    let twins = now
        .iter()
        .filter(|comment| comment.author == posted.author && comment.id < posted.id)
        .filter(|comment| style.is_of(&comment.body, page));
    for comment in twins {
        service.delete_comment(number, comment.id).await?;
    }
    Ok(())
}

fn page(context: &Context, shown: &Shown<'_>, style: Style) -> Page {
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
            render::no_plan_comment(host, &error.chain(), run, style)
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
