//! `rollbook ci plan`.

use std::path::PathBuf;

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::model::{ErrorExt, Plan};
use crate::platform::{Change, Started};
use crate::render::{self, CommentLimit, Grouping};

use super::super::plan::{Part, PlanFormat, exit, planned, print};
use super::super::session::Known;
use super::super::{Session, block_on};
use super::Context;
use super::comment::{Shown, Thread};
use super::out::Out;

/// The arguments of `ci plan`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Plan against a snapshot instead of the site, as for a fork: no credential is needed then
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
}

/// Makes the plan for the event that started the job, and shows it.
///
/// # Errors
/// [`Error`] when there is no plan; the pull request gets the reason first, if possible.
pub(super) fn run(session: &Session, context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let out = Out::new(session, &context.job)?;
    let mut site = None;
    let made = make(session, context, arguments, &out, &mut site);
    if let Some(change) = context.job.change().filter(|change| context.plan_comments() && !change.untrusted) {
        let shown = Shown { plan: made.as_ref(), site: site.as_deref(), note: None };
        let told = comment(session, context, change, &shown);
        // The reason why there is no plan takes precedence over a failure to show it.
        if made.is_ok() {
            told?;
        } else if let Err(error) = told {
            session.terminal.tell(&format!("warning: the pull request got no comment: {}", error.chain()));
        }
    }
    ended(session, &made?)
}

/// Makes the plan and writes it. `site` is set once a tree names it.
fn make(
    session: &Session,
    context: &Context,
    arguments: &Arguments,
    out: &Out,
    site: &mut Option<String>,
) -> Result<Plan, Error> {
    let part = part(session, context)?;
    if let Some(against) = &part.against {
        *site = session.base_at(against).ok().map(|base| base.declaration().settings.site.value.clone());
    }
    let loaded = session.load_compared(&part, Known::Tracked)?;
    let plan = planned(session, &loaded, &part, arguments.live.as_deref())?.plan;
    print(session, &plan, PlanFormat::Text, Grouping::Group)?;
    let saved = out.write("plan.json", &render::plan_json(&plan))?;
    out.write_text("plan.txt", &render::plan_text(&plan, Grouping::Group, session.terminal.width()))?;
    let markdown = render::plan_markdown(&plan, CommentLimit::GITHUB);
    out.write("plan.md", &markdown)?;
    out.summarize(&markdown)?;
    out.output("plan", &saved.display().to_string())?;
    out.output("changes", if plan.operations.is_empty() { "false" } else { "true" })?;
    out.output("fingerprint", &plan.fingerprint)?;
    out.output("exit-code", &exit(&plan, true).code().to_string())?;
    Ok(plan)
}

fn part(session: &Session, context: &Context) -> Result<Part, Error> {
    let range = block_on(async {
        match &context.job.started {
            Started::Change(change) => context.range_of_change(session, change).await,
            Started::Queue { target, base, number } => {
                context.range_of_queue(session, target, base, *number).await
            }
            Started::Push { .. } | Started::Schedule { .. } | Started::Planned { .. } => {
                Err(context.misfit("plan", "pull requests and merge queues"))
            }
        }
    })?;
    range.part(context)
}

fn comment(session: &Session, context: &Context, change: &Change, shown: &Shown<'_>) -> Result<(), Error> {
    let service = context.service("for the comments of the pull request")?;
    block_on(async {
        let default_branch = &context.default_branch().await?;
        let (number, head) = (change.number, &change.head);
        Thread { session, context, service, number, head, default_branch }.show(shown).await
    })
}

/// A plan with something blocked may be merged: apply then skips that.
fn ended(session: &Session, plan: &Plan) -> Result<Exit, Error> {
    match exit(plan, false) {
        Exit::Incomplete => {
            session.terminal.say("note: something is blocked; the plan says what");
            Ok(Exit::Done)
        }
        Exit::Refused => Err(Error::PlanRefused(plan.refusals().map(|verdict| verdict.guard).collect())),
        Exit::Done | Exit::Failed | Exit::Pending | Exit::Invalid | Exit::Unfit | Exit::Usage => {
            Ok(Exit::Done)
        }
    }
}
